/* HTTP/1.1 for the simulated server: connections, requests, answers, streams.
 *
 *            request read           answered, or stream ended
 *   READING --------------> ANSWERING -----------------------> READING
 *      '------ EOF, error, fault: CLOSING from either ------'
 *
 * One request at a time and connection: what is pipelined waits. What is not
 * yet sent is bounded: a stream is asked for more only when there is room. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "kubeglean/buf.h"
#include "kubeglean/loop.h"
#include "kubeglean/tree.h"

struct sim_conn;
struct sim_server;

/* Borrowed until the request has been answered. Path and query are as they
 * came: sim_query() undoes the percent signs. */
struct sim_request {
    const char *method; /* GET, POST, ... */
    struct kg_str path;
    struct kg_str query;
    struct kg_str type;   /* Content-Type, without its parameters. */
    struct kg_str accept; /* Accept */
    struct kg_str agent;  /* User-Agent */
    struct kg_str token;  /* Bearer token; ptr is NULL without one. */
    struct kg_str body;
};

/* Called with each whole request; must answer, begin a stream or hold it. */
typedef void (*sim_request_cb)(void *data, struct sim_conn *c,
                               const struct sim_request *r);

/* A chunked answer. `pump_cb` is called when there is room, when it was woken,
 * and when its time has come: it writes what there is until sim_stream_full().
 * `gone_cb` is the last call: the stream was ended or its connection is gone. */
struct sim_stream;
typedef void (*sim_stream_cb)(struct sim_stream *s);

struct sim_stream {
    struct sim_conn *conn;   /* Private. */
    struct kg_deferred wake; /* Private. */
    sim_stream_cb pump_cb;   /* Private. */
    sim_stream_cb gone_cb;   /* Private. */
};

/* What happens to an answer in place of its regular end. */
enum sim_harm {
    SIM_HARM_NONE,
    SIM_HARM_CLOSE, /* FIN in the middle. */
    SIM_HARM_RESET, /* RST. */
    SIM_HARM_STALL, /* Nothing more is sent, and nothing is closed. */
    SIM_HARM_END,   /* A clean end of the answer, too early. */
};

enum { SIM_HARM_AT_ONCE = -1 }; /* Not even a status line. */

struct sim_server {
    uv_tcp_t listener;         /* Private. */
    struct kg_loop *loop;      /* Private. */
    struct kg_queue conns;     /* Private. */
    sim_request_cb request_cb; /* Private. */
    void *data;                /* Private. */
    unsigned n_conns;          /* Read-only. */
    unsigned n_streams;        /* Read-only. */
    uint64_t bytes_sent;       /* Read-only. */
};

/* On loopback. Port 0: any; *ret_port is what it became. */
KG_MUST_USE enum kg_errc sim_server_init(struct sim_server *s,
                                         struct kg_loop *loop, int port,
                                         int *ret_port);
void sim_server_start(struct sim_server *s, sim_request_cb request_cb,
                      void *data);
void sim_server_close(struct sim_server *s);

/* A whole answer. `headers`: further lines, each with its CRLF, or NULL. The
 * connection may be gone when this returns. */
void sim_answer(struct sim_conn *c, int status, const char *type,
                const char *headers, struct kg_str body);
/* Answers with `status` after `ms`, copying the body. */
void sim_answer_later(struct sim_conn *c, uint64_t ms, int status,
                      const char *headers, struct kg_str body);
/* Body bytes from `at` on meet `harm`; applies to the answer of the request
 * under way. */
void sim_conn_harm(struct sim_conn *c, enum sim_harm harm, int64_t at);

/* The streams that are open now, of requests whose target begins with `path`:
 * each meets `harm` at once. Returns how many. */
unsigned sim_server_harm(struct sim_server *s, struct kg_str path,
                         enum sim_harm harm);

void sim_stream_begin(struct sim_conn *c, struct sim_stream *s,
                      const char *type, sim_stream_cb pump_cb,
                      sim_stream_cb gone_cb);
/* One chunk. */
void sim_stream_write(struct sim_stream *s, struct kg_str bytes);
bool sim_stream_full(const struct sim_stream *s);
void sim_stream_wake(struct sim_stream *s);
void sim_stream_wake_in(struct sim_stream *s, uint64_t ms);
/* The clean end. Calls `gone_cb`. */
void sim_stream_end(struct sim_stream *s);

/* The decoded value of a parameter, to be freed; NULL when it is not there. */
char *sim_query(struct kg_str query, const char *name);
/* False when there is none, or it is no whole number. */
bool sim_query_int(struct kg_str query, const char *name, int64_t *ret_value);
bool sim_query_true(struct kg_str query, const char *name);

#endif /* SIM_HTTP_H */
