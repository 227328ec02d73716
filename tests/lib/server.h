/* A server within the test, on the test's own loop: it answers raw bytes from a
 * script, cuts them as it is told, stalls, closes and resets.
 *
 * It takes nothing from the heap that is tested. */
#ifndef KT_SERVER_H
#define KT_SERVER_H

#include "kubeglean/loop.h"

enum kt_then {
    KT_KEEP,  /* The connection stays open. */
    KT_CLOSE, /* A clean end. */
    KT_RESET, /* A broken one. */
};

struct kt_reply {
    const char *request; /* Only for requests that begin so; NULL: for any. */
    const char *bytes;   /* NULL: nothing. */
    size_t len;          /* 0: strlen(bytes). */
    enum kt_then then;
    size_t chop;   /* So many bytes a turn of the loop; 0: all at once. */
    unsigned more; /* May be used so many times more. */
};

enum { KT_CONNS_MAX = 16, KT_REQUEST_MAX = 8 * 1024, KT_SEEN_MAX = 64 * 1024 };

struct kt_conn;

struct kt_server {
    struct kg_loop *loop;
    uv_tcp_t listener;
    char url[64]; /* "http://127.0.0.1:12345" */
    const struct kt_reply *replies;
    size_t n_replies;
    unsigned used[64]; /* How often each reply was. */
    unsigned n_requests;
    unsigned n_connections; /* Accepted so far. */
    unsigned n_open;        /* Handles that the loop has. */
    char seen[KT_SEEN_MAX]; /* All requests, one after the other. */
    size_t seen_len;
    struct kt_conn *conns[KT_CONNS_MAX];
};

/* `replies` are borrowed. A request that none is for gets a 599. */
void kt_server_start(struct kt_server *s, struct kg_loop *loop,
                     const struct kt_reply *replies, size_t n_replies);
/* Closes everything, and turns the loop until that is done. */
void kt_server_stop(struct kt_server *s);
/* How often `text` was in the requests seen. */
unsigned kt_server_saw(const struct kt_server *s, const char *text);

#endif /* KT_SERVER_H */
