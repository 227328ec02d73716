/* A TCP client for tests of what listens, in the thread of its loop: it never
 * blocks, and turns the loop while it waits. */
#ifndef KT_CLIENT_H
#define KT_CLIENT_H

#include "kt.h"

struct kt_client {
    int fd;
    char text[16 * 1024]; /* All that was received, with a NUL. */
    size_t len;
    bool closed; /* By the peer. */
};

/* To 127.0.0.1. */
void kt_dial(struct kt_client *c, uint16_t port);
void kt_say(struct kt_client *c, const char *text);
/* Takes what has arrived. */
void kt_hear(struct kt_client *c);
/* Turns the loop until `text` was received; NULL: until the peer has closed.
 * Fails after some seconds. */
void kt_hear_until(struct kt_client *c, struct kg_loop *l, const char *text);
/* Fails unless `text` was received. */
void kt_has(const struct kt_client *c, const char *text);
void kt_hang_up(struct kt_client *c);

#endif /* KT_CLIENT_H */
