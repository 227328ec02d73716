/* What a client is inside: shared by http.c (its life, and requests), work.c
 * (transfers into and out of libcurl) and sweep.c (their time).
 *
 *     kg_http_start()      starting   waits for the loop, and for an address
 *     on_work()            active     libcurl has it
 *     on_ended()           dead       its owner was told, once
 *     on_work()            -          libcurl has let go of it
 *
 * A transfer is in one of these lists, or in `batch` while the owners of many
 * are told one after the other: each may start, cancel and close meanwhile. */
#ifndef KG_HTTP_CLIENT_H
#define KG_HTTP_CLIENT_H

#include "kubeglean/http.h"
#include "pace.h"
#include "resolver.h"
#include "transfer.h"

struct kg_http {
    struct kg_loop *loop;
    struct kg_latch open;
    struct kg_origin origin;
    char *authorization; /* The whole line, or NULL. */
    bool held;           /* Nothing begins; what waits is in `starting`. */
    struct kg_pace pace; /* Of requests; watches are free. */
    struct kg_resolver resolver;
    struct kg_lane *shared;  /* NULL until needed, and after a time-out. */
    struct kg_lane *watches; /* The same. */
    struct kg_lane *streams; /* NULL until needed. */
    struct kg_queue lanes;   /* Those three, and older ones that empty. */
    struct kg_queue starting;
    struct kg_queue active;
    struct kg_queue dead;
    struct kg_queue batch;
    struct kg_queue resuming; /* Some of the active ones, by flow_node. */
    struct kg_deferred work;
    uv_timer_t sweep; /* Armed for the first time that may run out. */
    uint64_t sweep_ms;
    kg_http_close_cb close_cb;
    void *close_data;
};

static inline struct kg_transfer *kg_transfer_of(struct kg_queue *node)
{
    return KG_CONTAINER_OF(node, struct kg_transfer, node);
}

static inline void kg_transfer_move(struct kg_transfer *t,
                                    struct kg_queue *list)
{
    kg_queue_remove(&t->node);
    kg_queue_insert_tail(list, &t->node);
}

/* Nobody listens to `t` any more; libcurl is told on the next turn. */
void kg_http_bury(struct kg_transfer *t);
void kg_http_bury_all(struct kg_queue *list);
/* Buries `t` and tells its owner. */
void kg_http_fail(struct kg_transfer *t, const struct kg_error *e);
/* Fails all that wait for their begin. */
void kg_http_fail_starting(struct kg_http *http, const struct kg_error *e);
/* No transfer begins on `lane` any more; those that have begun stay. */
void kg_http_retire(struct kg_http *http, struct kg_lane *lane);
/* The deferred call of a client that is open. */
void kg_http_on_work(struct kg_deferred *d);
/* Takes what is dead out of libcurl, and closes lanes that are of no use. */
void kg_http_clean_up(struct kg_http *http);
/* The sweep's timer fires then at the latest, or at `t`'s next time. What waits
 * for its turn is looked at again. */
void kg_http_arm_at(struct kg_http *http, uint64_t due_ms);
void kg_http_arm_sweep(struct kg_http *http, const struct kg_transfer *t);

#endif /* KG_HTTP_CLIENT_H */
