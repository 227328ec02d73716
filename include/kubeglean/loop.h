/* The one libuv loop, with deferred calls.
 *
 * A callback never comes from inside the call that asked for it. What is ready
 * at once is deferred: it is called on the loop's next turn. */
#ifndef KUBEGLEAN_LOOP_H
#define KUBEGLEAN_LOOP_H

#include <uv.h>

#include "kubeglean/error.h"
#include "kubeglean/queue.h"

struct kg_deferred;
typedef void (*kg_deferred_cb)(struct kg_deferred *d);

/* Embedded in who wants to be called. */
struct kg_deferred {
    struct kg_queue node; /* Private. */
    kg_deferred_cb cb;    /* Private. */
};

struct kg_loop;
/* After each turn that had something to do: how long our code ran. */
typedef void (*kg_loop_turn_cb)(void *data, uint64_t busy_ns);

struct kg_loop {
    uv_loop_t uv;            /* Public: for uv_*_init. */
    uv_idle_t idle;          /* Private: active while `waiting` has some. */
    uv_prepare_t prepare;    /* Private: once a turn, before waiting. */
    struct kg_queue waiting; /* Private. */
    uint64_t turn_began_ns;  /* Private. */
    uint64_t n_turns;        /* Read-only: wake-ups since the start. */
    kg_loop_turn_cb turn_cb; /* Private. */
    void *turn_data;         /* Private. */
};

/* libuv may abort for lack of memory inside; nothing else does. The process
 * ignores SIGPIPE from here on. */
KG_MUST_USE enum kg_errc kg_loop_init(struct kg_loop *l);
/* Runs until no handle or request is active. */
void kg_loop_run(struct kg_loop *l);
/* One turn; waits for something to happen unless something is due. True while
 * there is something left to run for. */
bool kg_loop_turn(struct kg_loop *l);
/* Closes the loop's own handles and the loop. Every other handle must have been
 * closed: one that was not is our mistake, is named on standard error, and
 * aborts. */
void kg_loop_close(struct kg_loop *l);
/* NULL: none. */
void kg_loop_on_turn(struct kg_loop *l, kg_loop_turn_cb turn_cb, void *data);
/* Milliseconds of a clock that never steps, as of this turn's begin. */
uint64_t kg_loop_now_ms(const struct kg_loop *l);

void kg_deferred_init(struct kg_deferred *d, kg_deferred_cb cb);
/* `d` is called once, on the next turn; again before that, nothing changes. */
void kg_defer(struct kg_loop *l, struct kg_deferred *d);
bool kg_deferred_is_due(const struct kg_deferred *d);
/* Immediate and idempotent: it will not be called. */
void kg_deferred_cancel(struct kg_deferred *d);

#endif /* KUBEGLEAN_LOOP_H */
