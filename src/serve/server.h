/* The endpoint: its listener, and its places for connections. */
#ifndef KG_SERVE_SERVER_H
#define KG_SERVE_SERVER_H

#include "conn.h"
#include "kubeglean/limits.h"

enum { KG_SERVE_PIECE = 8 * 1024 }; /* Read at a time. */

/* OPEN --drain--> DRAINING --close--> SHUT; close leads there from OPEN too. */
enum kg_serve_state {
    KG_SERVE_OPEN,
    KG_SERVE_DRAINING,
    KG_SERVE_SHUT,
    KG_SERVE_SERVER_STATE_NR
};

struct kg_serve {
    struct kg_sm sm;
    struct kg_loop *loop;
    struct kg_serve_config config; /* Its listen is not kept. */
    char *token_file;              /* Or NULL. */
    uv_tcp_t listener;
    struct kg_latch open; /* The listener, each connection, each check. */
    struct kg_deferred drained;
    kg_serve_cb drained_cb;
    void *drained_data;
    kg_serve_cb close_cb;
    void *close_data;
    bool knocked;            /* A connection waits at the listener. */
    struct kg_queue vacant;  /* Places that are FREE. */
    struct kg_queue patient; /* IDLE or READING; longest waiting first. */
    struct kg_serve_conn conns[KG_LIMIT_SERVE_CONNECTIONS];
    char piece[KG_SERVE_PIECE]; /* What any connection has just read. */
};

/* Reads the token file in libuv's pool, then kg_serve_conn_checked(). */
void kg_serve_check(struct kg_serve *s, struct kg_serve_conn *c);
/* If a connection waits at the listener, the peer that has kept us waiting
 * longest is closed for it. */
void kg_serve_make_room(struct kg_serve *s);
/* `c` is FREE again: the next may have its place. */
void kg_serve_vacated(struct kg_serve *s, struct kg_serve_conn *c);

#endif /* KG_SERVE_SERVER_H */
