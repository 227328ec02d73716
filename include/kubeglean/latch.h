/* Counts what the loop still knows of a closing object.
 *
 *     init --- hold, release ... --- close(cb) --- last release ~~> cb
 *
 * Every libuv handle and every foreign request of an object takes one hold. The
 * close callback comes from the loop when the last was released, also when
 * there was none: never from inside kg_latch_close(). */
#ifndef KUBEGLEAN_LATCH_H
#define KUBEGLEAN_LATCH_H

#include "kubeglean/loop.h"

struct kg_latch;
typedef void (*kg_latch_cb)(struct kg_latch *l);

struct kg_latch {
    struct kg_loop *loop;        /* Private. */
    struct kg_deferred deferred; /* Private. */
    unsigned n_holds;            /* Read-only. */
    kg_latch_cb cb;              /* Private: set by close. */
};

void kg_latch_init(struct kg_latch *l, struct kg_loop *loop);
void kg_latch_hold(struct kg_latch *l);
/* May be the object's end, but never within this call. */
void kg_latch_release(struct kg_latch *l);
/* Once. Holds may still be taken until the callback comes. */
void kg_latch_close(struct kg_latch *l, kg_latch_cb cb);
bool kg_latch_closing(const struct kg_latch *l);
/* Takes a hold, closes `handle` (its `data` becomes ours) and releases the hold
 * when libuv has let go of it. */
void kg_latch_close_handle(struct kg_latch *l, uv_handle_t *handle);

#endif /* KUBEGLEAN_LATCH_H */
