/* A connection, inside: what http.c reads and writes, and answer.c fills. */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include <llhttp.h>

#include "http.h"
#include "kubeglean/latch.h"
#include "kubeglean/sm.h"

enum { SIM_READING, SIM_ANSWERING, SIM_CLOSING, SIM_CONN_STATE_NR };

struct sim_conn {
    struct kg_queue node;
    struct sim_server *server;
    struct kg_sm sm;
    struct kg_latch latch;
    uv_tcp_t tcp;
    uv_timer_t timer; /* A stream's, or of an answer that comes later. */
    uv_write_t write;
    bool writing;  /* `sending` belongs to libuv. */
    bool answered; /* All of the answer is in `out`. */
    bool last;     /* The peer wants no further request answered. */
    struct kg_deferred flush;
    struct kg_buf out;
    struct kg_buf sending;
    struct sim_stream *stream; /* While one is under way. */
    /* What came in. */
    llhttp_t parser;
    struct kg_buf in; /* Not parsed yet. */
    struct kg_buf url;
    struct kg_buf field;
    struct kg_buf value;
    struct kg_buf body;
    char *type;
    char *accept;
    char *agent;
    char *token;
    /* A fault. */
    enum sim_harm harm;
    int64_t harm_at;   /* Body bytes, or SIM_HARM_AT_ONCE. */
    int64_t n_written; /* Body bytes of this answer. */
    bool harmed;       /* It has happened: the rest is dropped. */
    /* An answer that comes later. */
    int later_status;
    char *later_headers;
    struct kg_buf later_body;
};

/* Adds to what is to be written, and has it written on the next turn. */
void sim_conn_put(struct sim_conn *c, struct kg_str bytes);
/* The stream under way has ended: its owner is told. */
void sim_conn_stream_gone(struct sim_conn *c);

#endif /* SIM_CONN_H */
