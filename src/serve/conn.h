/* One connection of the endpoint; its states are drawn in serve.h. */
#ifndef KG_SERVE_CONN_H
#define KG_SERVE_CONN_H

#include "answer.h"
#include "kubeglean/latch.h"
#include "kubeglean/serve.h"
#include "kubeglean/sm.h"
#include "parser.h"
#include "route.h"

enum kg_serve_conn_state {
    KG_SERVE_FREE, /* A place for a connection. */
    KG_SERVE_IDLE,
    KG_SERVE_READING,
    KG_SERVE_CHECKING,
    KG_SERVE_ANSWERING,
    KG_SERVE_WRITING,
    KG_SERVE_LINGERING,
    KG_SERVE_CLOSING,
    KG_SERVE_STATE_NR
};

struct kg_serve_conn {
    struct kg_sm sm;
    struct kg_serve *serve;
    struct kg_queue node; /* In `vacant` if FREE, in `patient` if IDLE or
                              READING, else in none. */
    struct kg_id id;      /* Of its present request. */
    uv_tcp_t tcp;
    uv_timer_t deadline;    /* Of the present state; always armed. */
    uv_write_t write;       /* In WRITING. */
    uv_shutdown_t shutdown; /* In LINGERING. */
    struct kg_latch open;
    struct kg_serve_parser parser;
    struct kg_serve_match match;   /* In CHECKING and ANSWERING. */
    struct kg_serve_target target; /* The same. */
    struct kg_buf rest; /* What a pipelining client has sent ahead. */
    struct kg_buf out;  /* The answer, in WRITING. */
    size_t n_lingered;  /* Bytes thrown away in LINGERING. */
    bool keep_alive;    /* Once written, back to IDLE. */
};

/* Makes it a free place. */
void kg_serve_conn_init(struct kg_serve_conn *c, struct kg_serve *serve,
                        uint32_t index);
/* From FREE; takes the connection that waits at the listener. It may close at
 * once, and tells the server when it is free again. */
void kg_serve_conn_accept(struct kg_serve_conn *c);
/* CHECKING is over. */
void kg_serve_conn_checked(struct kg_serve_conn *c, bool allowed);
/* `a` without its way of sending; from any state that has a request. */
void kg_serve_conn_answer(struct kg_serve_conn *c, struct kg_serve_answer a);
/* {"error": text} with one more header, or NULL. */
void kg_serve_conn_refuse(struct kg_serve_conn *c, unsigned status,
                          const char *text, const char *header);
/* Answered later, or not at all, when the server drains. */
void kg_serve_conn_drain(struct kg_serve_conn *c);
/* From any state; harmless when it is free or closing. */
void kg_serve_conn_close(struct kg_serve_conn *c);

#endif /* KG_SERVE_CONN_H */
