/* One request on its way through libcurl. Lives from kg_http_start() until
 * libcurl has let go of it, which may be after its kg_http_req went. */
#ifndef KG_HTTP_TRANSFER_H
#define KG_HTTP_TRANSFER_H

#include "lane.h"
#include "origin.h"

/* Whether bytes pass.
 *
 *     FLOWING <--pause, resume--> PAUSED --bytes came--> HELD
 *        '<--- libcurl goes on --- RESUMING <--resume, pause--> '
 *
 * PAUSED is a wish: libcurl is told when it has bytes, which it then keeps. */
enum kg_flow { KG_FLOWING, KG_PAUSED, KG_HELD, KG_RESUMING };

struct kg_transfer {
    struct kg_queue node;      /* In one of the client's lists. */
    struct kg_queue flow_node; /* In the client's `resuming`. */
    struct kg_http *http;
    struct kg_http_req *req; /* NULL: nobody listens any more. */
    struct kg_lane *lane;    /* NULL until libcurl has it. */
    bool stream;
    bool watch;    /* Begins at once. */
    bool counted;  /* It is one of those under way. */
    bool answered; /* The head is complete. */
    enum kg_flow flow;
    CURL *easy;
    struct kg_identity *identity;                   /* Held from its begin. */
    struct curl_slist *headers, *resolve, *connect; /* libcurl copies none. */
    char *body;
    char *what;             /* "GET https://...", for messages. */
    size_t header_bytes;    /* Of the answer. */
    uint64_t last_ms;       /* When bytes came, or it began, or was resumed. */
    uint64_t due_ms;        /* In all; 0: never. */
    uint32_t idle_ms;       /* 0: never. */
    struct kg_error failed; /* What we found wrong in the answer. */
    char text[CURL_ERROR_SIZE]; /* What libcurl says went wrong. */
};

/* NULL for lack of memory. */
KG_MUST_USE struct kg_transfer *kg_transfer_create(
    struct kg_http *http, const struct kg_origin *origin,
    const struct kg_http_ask *ask);
/* libcurl must not have it any more. NULL is allowed. */
void kg_transfer_destroy(struct kg_transfer *t);
/* As whom it asks: `authorization` is a header line, or NULL. */
KG_MUST_USE enum kg_errc kg_transfer_identify(struct kg_transfer *t,
                                              struct kg_identity *identity,
                                              const char *authorization);
/* To connect to what the resolver found. */
KG_MUST_USE enum kg_errc kg_transfer_resolve(struct kg_transfer *t,
                                             const char *entry);
/* Why it ended; `e` is cleared when nothing was wrong. */
void kg_transfer_result(const struct kg_transfer *t, CURLcode result,
                        struct kg_error *e);

#endif /* KG_HTTP_TRANSFER_H */
