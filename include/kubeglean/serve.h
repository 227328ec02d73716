/* Our own HTTP endpoint: small requests, small answers, on the loop.
 *
 * What is served is a table of routes. A request is handed over whole, and
 * answered once, at once or later, by its id: when its client has gone in the
 * meantime, the answer is dropped. A connection's life:
 *
 *              first byte         whole           allowed
 *      IDLE ------------> READING -----> CHECKING --------> ANSWERING
 *       ^                    |              |                   |
 *       |     late, too big, |              | wrong token       | answer,
 *       |        not HTTP    v              v                   v or late
 *       +---- kept alive -- WRITING <-------+-------------------+
 *                            | to be closed
 *                            v
 *                         LINGERING --- the peer has closed, or 1 s --> CLOSING
 *
 * One request of a connection is under way at a time: while it is checked,
 * answered or written, nothing more is read, so that a client that pipelines
 * is held back by TCP. Every state that waits has a deadline, every buffer a
 * maximum (limits.h), and when all places for connections are taken, the one
 * that kept us waiting longest is closed for the new one.
 *
 * Refused before a route sees it: what is not HTTP/1.1 or 1.0 or could be read
 * in two ways (400), too much of a body (413), path (414), head (431), a slow
 * request (408), an unknown path (404) or method (405 with Allow). */
#ifndef KUBEGLEAN_SERVE_H
#define KUBEGLEAN_SERVE_H

#include "kubeglean/loop.h"
#include "kubeglean/metrics.h"
#include "kubeglean/table.h"

struct kg_serve;

/* A whole request; borrowed until the callback returns. */
struct kg_request {
    struct kg_serve *serve;
    struct kg_id id;     /* For the answer. */
    struct kg_str name;  /* What stands for the route's "*", as written. */
    struct kg_str query; /* Behind "?", as written. */
    struct kg_str body;  /* At most KG_LIMIT_SERVE_BODY. */
};

/* May answer at once, and may close the endpoint. */
typedef void (*kg_route_cb)(void *data, const struct kg_request *r);

struct kg_route {
    const char *method; /* "GET" answers HEAD too. */
    const char *path;   /* "/livez"; one segment may be a single "*". */
    bool changes;       /* Changes state: wants the token, if there is one;
                           without one, a browser's page may not (403). */
    kg_route_cb cb;
};

struct kg_serve_config {
    const char *listen;     /* "127.0.0.1:8080", "[::1]:0", ":8080" (all). */
    const char *token_file; /* Bearer token, read anew for each request that
                               needs it; NULL: none, loopback only. */
    const struct kg_route *routes; /* Borrowed as long as it serves. */
    size_t n_routes;
    void *data;          /* Handed to each route. */
    uint32_t idle_ms;    /* Between two requests; 0: the default, as below. */
    uint32_t request_ms; /* First to last byte of a request. */
    uint32_t answer_ms;  /* Until a route has answered (else 504), and again
                            until the client has taken the answer. */
};

/* Listens. KG_ECONFIG: the address is none, is not loopback and there is no
 * token file, or the token file has no token; KG_EIO: it cannot be listened
 * on; KG_ENOMEM. `e` says which. After KG_OK, kg_serve_close() is due. Copies
 * the texts of `config`. */
KG_MUST_USE enum kg_errc kg_serve_create(struct kg_loop *loop,
                                         const struct kg_serve_config *config,
                                         struct kg_serve **ret_serve,
                                         struct kg_error *e);
uint16_t kg_serve_port(const struct kg_serve *s); /* Where it listens. */

/* Answers `id` with `status`; copies `body`, at most KG_LIMIT_SERVE_ANSWER
 * bytes, else 500 is answered. `type` is borrowed for ever: a content type.
 * Harmless when `id` is known no more. */
void kg_serve_answer(struct kg_serve *s, struct kg_id id, unsigned status,
                     const char *type, struct kg_str body);
/* {"error": "<text>"} */
void kg_serve_refuse(struct kg_serve *s, struct kg_id id, unsigned status,
                     const char *text);

/* No more connections and requests: those that wait for a request are closed,
 * those under way are answered first. Once. From the loop, `drained_cb` comes
 * when no connection is left; not after a close. */
typedef void (*kg_serve_cb)(void *data);
void kg_serve_drain(struct kg_serve *s, kg_serve_cb drained_cb, void *data);
/* Once, at any time: lets go of everything at once.
 * `close_cb` comes later, from the loop, when `s` was freed. */
void kg_serve_close(struct kg_serve *s, kg_serve_cb close_cb, void *data);

/* --- kubeglean's own routes ----------------------------------------------- */

/* True when ready; else says in `reason` why not ("no connection to ..."). */
typedef bool (*kg_ready_cb)(void *data, struct kg_buf *reason);
/* Asked to run a task now: ends in kg_endpoint_started() or _refused() with
 * this `id`, at once or later. `task` is borrowed until it returns. */
typedef void (*kg_run_cb)(void *data, struct kg_serve *s, struct kg_id id,
                          struct kg_str task);

/* The metrics are about to be written: levels are set now. */
typedef void (*kg_scrape_cb)(void *data);

/* The `data` of kg_endpoint_routes; the owner's, as long as it serves. */
struct kg_endpoint {
    struct kg_metrics *metrics;
    kg_ready_cb ready_cb;
    kg_run_cb run_cb;
    void *data;             /* Handed to all. */
    kg_scrape_cb scrape_cb; /* Or NULL. */
};

enum { KG_ENDPOINT_ROUTES = 4 };

/* GET /livez, /readyz (200, or 503 with the reason), /metrics;
 * POST /api/v1/tasks/NAME/run. */
extern const struct kg_route kg_endpoint_routes[KG_ENDPOINT_ROUTES];

struct kg_started {
    struct kg_str ns, job, uid;
};

/* 202 {"runs":[{"namespace":"...","job":"...","uid":"..."}]} */
void kg_endpoint_started(struct kg_serve *s, struct kg_id id,
                         const struct kg_started *runs, size_t n_runs);
/* By e's code: KG_ENOTFOUND 404, KG_ECONFLICT and KG_EEXISTS 409, KG_EFORBIDDEN
 * 403, KG_EBUSY 503, others 500; e's text is the body's. */
void kg_endpoint_refused(struct kg_serve *s, struct kg_id id,
                         const struct kg_error *e);

/* "8.1.0": llhttp's, for `kubeglean version`. */
const char *kg_serve_parser_version(void);

#endif /* KUBEGLEAN_SERVE_H */
