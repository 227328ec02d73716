/* SPDX-License-Identifier: MIT */
/* A turn of the loop, as libuv runs it: timers, idle (our deferred calls),
 * prepare, poll (waits; I/O callbacks), check, closing. What our code costs is
 * what passes between the end of poll and the next prepare, I/O included: the
 * poll's own waiting is taken out with libuv's idle time. */
#include "kubeglean/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/clock.h"

static void run_deferred(uv_idle_t *idle)
{
    struct kg_loop *l = KG_CONTAINER_OF(idle, struct kg_loop, idle);
    struct kg_queue batch;
    struct kg_queue *node;

    /* Stopped first: a callback that defers anew starts it again, and what it
     * deferred waits for the next turn. */
    (void)uv_idle_stop(idle);
    kg_queue_init(&batch);
    kg_queue_move(&l->waiting, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct kg_deferred *d = KG_CONTAINER_OF(node, struct kg_deferred, node);

        kg_queue_remove(node);
        d->cb(d);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct kg_loop *l = KG_CONTAINER_OF(prepare, struct kg_loop, prepare);
    uint64_t now_ns = kg_clock_mono_ns();
    uint64_t waited_ns = uv_metrics_idle_time(&l->uv);
    uint64_t busy_ns = now_ns - waited_ns - l->turn_began_ns;

    l->turn_began_ns = now_ns - waited_ns;
    l->n_turns++;
    if (l->turn_cb != NULL && l->n_turns > 1) {
        l->turn_cb(l->turn_data, busy_ns);
    }
}

enum kg_errc kg_loop_init(struct kg_loop *l)
{
    int err = uv_loop_init(&l->uv);

    /* libuv writes to sockets whose peer has gone; that is an error there, and
     * nothing to die of. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (err != 0) {
        return err == UV_ENOMEM ? KG_ENOMEM : KG_EIO;
    }
    (void)uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME);
    (void)uv_idle_init(&l->uv, &l->idle);
    (void)uv_prepare_init(&l->uv, &l->prepare);
    (void)uv_prepare_start(&l->prepare, on_prepare);
    uv_unref((uv_handle_t *)&l->prepare);
    kg_queue_init(&l->waiting);
    l->turn_began_ns = kg_clock_mono_ns();
    l->n_turns = 0;
    l->turn_cb = NULL;
    l->turn_data = NULL;
    return KG_OK;
}

void kg_loop_run(struct kg_loop *l)
{
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

bool kg_loop_turn(struct kg_loop *l)
{
    return uv_run(&l->uv, UV_RUN_ONCE) != 0;
}

void kg_loop_close(struct kg_loop *l)
{
    bool all_closed;

    uv_close((uv_handle_t *)&l->idle, NULL);
    uv_close((uv_handle_t *)&l->prepare, NULL);
    (void)uv_run(&l->uv, UV_RUN_NOWAIT);
    all_closed = uv_loop_close(&l->uv) == 0;
    if (!all_closed) {
        uv_print_all_handles(&l->uv, stderr);
    }
    KG_REQUIRE(all_closed);
}

void kg_loop_on_turn(struct kg_loop *l, kg_loop_turn_cb turn_cb, void *data)
{
    l->turn_cb = turn_cb;
    l->turn_data = data;
}

uint64_t kg_loop_now_ms(const struct kg_loop *l)
{
    return uv_now(&l->uv);
}

void kg_deferred_init(struct kg_deferred *d, kg_deferred_cb cb)
{
    kg_queue_init(&d->node);
    d->cb = cb;
}

bool kg_deferred_is_due(const struct kg_deferred *d)
{
    return !kg_queue_empty(&d->node);
}

void kg_defer(struct kg_loop *l, struct kg_deferred *d)
{
    if (kg_deferred_is_due(d)) {
        return;
    }
    kg_queue_insert_tail(&l->waiting, &d->node);
    (void)uv_idle_start(&l->idle, run_deferred);
}

void kg_deferred_cancel(struct kg_deferred *d)
{
    kg_queue_remove(&d->node);
}
