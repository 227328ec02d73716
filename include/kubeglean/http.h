/* A client of one HTTP server, on the loop.
 *
 * A request tells its story phase by phase, always from the loop, never from
 * inside a call of these functions:
 *
 *            start             head              body ...           done
 *     IDLE ---------> ASKED ---------> ANSWERED ----------> (again) ------> IDLE
 *      ^                 '--- done with an error ---------------'
 *      '--- cancel: from any state, at once, silent
 *
 * Requests share HTTP/2 connections where the server speaks it. A stream has an
 * HTTP/1.1 connection of its own, so that pausing it holds back TCP itself:
 * libcurl keeps up to 32 MiB for a paused HTTP/2 stream (curl/curl#4939).
 *
 * A connection that went silent is not given to later requests: after a
 * KG_ETIMEOUT all that start later use new connections.
 *
 * The program ignores SIGPIPE. */
#ifndef KUBEGLEAN_HTTP_H
#define KUBEGLEAN_HTTP_H

#include "kubeglean/buf.h"
#include "kubeglean/error.h"
#include "kubeglean/loop.h"
#include "kubeglean/str.h"

struct kg_http;     /* Opaque: libcurl is behind it. */
struct kg_transfer; /* Private. */

/* A certificate or key: PEM in memory, or else the name of a file that is read
 * for each new connection. Neither: none. */
struct kg_http_pem {
    struct kg_str text;
    const char *file;
};

struct kg_http_options {
    const char *server;      /* "https://10.0.0.1:6443", with a path or not. */
    struct kg_http_pem ca;   /* Neither: the system's certificates. */
    struct kg_http_pem cert; /* The client's, with its chain, */
    struct kg_http_pem key;  /* and its key. */
    const char *tls_server_name; /* Verified in place of the host, or NULL. */
    bool insecure;               /* The server is not verified. */
    const char *proxy;   /* "http://p:3128", https or socks5; NULL: none. */
    struct kg_str token; /* As for kg_http_set_token(). */
    const char *headers; /* Lines of each request, between '\n'; or NULL. */
    const char *user_agent;
    uint32_t qps;       /* Requests a second, watches apart; 0: any number. */
    uint32_t burst;     /* So many may come at once before that counts. */
    uint32_t n_at_once; /* Under way, streams and watches apart; 0: any. */
};

/* Copies the options. KG_ECONFIG when they cannot be used: `e` says which. */
KG_MUST_USE enum kg_errc kg_http_create(struct kg_loop *loop,
                                        const struct kg_http_options *options,
                                        struct kg_error *e,
                                        struct kg_http **ret_http);
/* For requests that begin from now on: "Authorization: Bearer <token>". Copies;
 * empty: none. KG_EINVALID when it holds what a header cannot. */
KG_MUST_USE enum kg_errc kg_http_set_token(struct kg_http *http,
                                           struct kg_str token);
/* For requests that begin from now on, which use new connections; the others go
 * on. Copies; NULL: as before. KG_ENOMEM: all is as before. */
KG_MUST_USE enum kg_errc kg_http_set_certificates(
    struct kg_http *http, const struct kg_http_pem *ca,
    const struct kg_http_pem *cert, const struct kg_http_pem *key);
/* No request begins from now on; those that are started wait, and their times
 * run. Idempotent. */
void kg_http_hold(struct kg_http *http);
/* Those that wait begin on the next turn; or with `e` they fail at once, so that
 * it may be called from the loop only. */
void kg_http_release(struct kg_http *http, const struct kg_error *e);
typedef void (*kg_http_close_cb)(void *data);
/* Once. Cancels all requests and frees `http`; `close_cb` comes when the loop
 * knows nothing of it any more, and is its last. NULL for none. */
void kg_http_close(struct kg_http *http, kg_http_close_cb close_cb, void *data);
/* "10.0.0.1:6443", for messages. Borrowed until `http` is closed. */
const char *kg_http_host(const struct kg_http *http);

struct kg_http_head {
    int status;                 /* 100s are not told. */
    struct kg_str content_type; /* Without parameters; empty when absent. */
    uint32_t retry_after_s;     /* 0 when absent. */
};

struct kg_http_req;

/* All may start, cancel, pause and resume any request, and close `http`; a
 * request's memory may be freed once it is IDLE. Slices are borrowed. */
struct kg_http_events {
    /* The answer begins. NULL: not of interest. */
    void (*head)(struct kg_http_req *r, const struct kg_http_head *head);
    /* The next bytes of the answer, as they arrive. */
    void (*body)(struct kg_http_req *r, struct kg_str piece);
    /* It ended; `e` is NULL when the answer is whole, whatever its status. `r`
     * is IDLE already, and may be started again. */
    void (*done)(struct kg_http_req *r, const struct kg_error *e);
};

/* What is asked. Borrowed until kg_http_start() returns. */
struct kg_http_ask {
    const char *method;       /* "GET" */
    const char *path;         /* "/api/v1/pods?limit=500": escaped already. */
    const char *accept;       /* NULL: application/json */
    const char *content_type; /* Of the body; NULL: application/json */
    struct kg_str body;
    /* One of the two should be given: libcurl may lose sight of a request when
     * it is short of memory. */
    uint32_t idle_ms;  /* KG_ETIMEOUT after so long without a byte; 0: never. */
    uint32_t total_ms; /* KG_ETIMEOUT after so long in all; 0: never. */
    bool stream;       /* A connection of its own. */
    bool watch;        /* Open for long: it does not wait for its turn. */
};

/* Embedded in who asks. */
struct kg_http_req {
    void *data;                          /* Public: the owner's. */
    struct kg_transfer *transfer;        /* Private: NULL when IDLE. */
    const struct kg_http_events *events; /* Private: borrowed while it runs. */
};

void kg_http_req_init(struct kg_http_req *r);
/* From IDLE. If it fails (KG_ENOMEM), no callback will come. */
KG_MUST_USE enum kg_errc kg_http_start(struct kg_http *http,
                                       struct kg_http_req *r,
                                       const struct kg_http_events *events,
                                       const struct kg_http_ask *ask);
/* Idempotent, immediate and silent: `r` is IDLE, no callback follows. */
void kg_http_cancel(struct kg_http_req *r);
bool kg_http_is_idle(const struct kg_http_req *r);
/* No body callback comes until it is resumed; `done` may, when there is nothing
 * more. Its idle time stands still. Harmless when IDLE. */
void kg_http_pause(struct kg_http_req *r);
void kg_http_resume(struct kg_http_req *r);

/* Adds `s` with everything but letters, digits and "-._~" as %XX. */
KG_MUST_USE enum kg_errc kg_http_escape(struct kg_buf *out, struct kg_str s);

/* "7.88.1": libcurl's, for `kubeglean version`. */
const char *kg_http_client_version(void);

#endif /* KUBEGLEAN_HTTP_H */
