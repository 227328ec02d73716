/* A wire that can be cut, or go dead: TCP connections are passed on to a server.
 *
 * It counts the pieces that clients send, and cuts the connection of the piece
 * that was asked for, after the server had time to act upon it: what the server
 * answers to it never arrives. Or it counts the pieces of both directions, and
 * from one of them on passes nothing more, without a word to either side. */
#ifndef KT_PROXY_H
#define KT_PROXY_H

#include "kubeglean/latch.h"
#include "kubeglean/loop.h"

struct kt_proxy {
    struct kg_loop *loop;
    uv_tcp_t listener;
    int port;           /* On 127.0.0.1, */
    int server_port;    /* as this one. */
    const char *needle; /* Only pieces that contain it are counted, or NULL. */
    unsigned n_pieces;  /* Sent by clients so far, while counted. */
    unsigned cut_at;    /* The piece to cut at; UINT_MAX: none. */
    bool was_cut;
    unsigned n_both;     /* Pieces of both directions. */
    unsigned hold_at;    /* The wire of this one goes dead; UINT_MAX: none. */
    unsigned hold_bytes; /* So many bytes of it pass before. */
    bool was_held;
    bool swallows_ends; /* A client that leaves is still there to its server. */
    struct kg_queue wires;
    struct kg_latch latch;
    bool closed;
};

void kt_proxy_open(struct kt_proxy *p, struct kg_loop *loop, int server_port);
/* The test server's connection string, through it. In a static buffer. */
const char *kt_proxy_conninfo(const struct kt_proxy *p);
void kt_proxy_close(struct kt_proxy *p); /* `closed` comes from the loop. */

#endif /* KT_PROXY_H */
