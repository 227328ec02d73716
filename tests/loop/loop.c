/* SPDX-License-Identifier: MIT */
/* loop/: a callback never comes from inside the call that asked for it. */
#include <errno.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/latch.h"

struct object {
    struct kg_loop loop;
    struct kg_deferred deferred;
    struct kg_latch latch;
    uv_timer_t timer;
    unsigned n_calls;
    bool done;
};

static void on_deferred_again(struct kg_deferred *d)
{
    struct object *o = KG_CONTAINER_OF(d, struct object, deferred);

    o->n_calls++;
    if (o->n_calls < 3) {
        kg_defer(&o->loop, d);
        return;
    }
    o->done = true;
}

static void deferred_calls_come_on_the_next_turn_once(void **state)
{
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_deferred_init(&o.deferred, on_deferred_again);
    kg_defer(&o.loop, &o.deferred);
    kg_defer(&o.loop, &o.deferred);
    assert_int_equal(o.n_calls, 0);
    (void)kg_loop_turn(&o.loop);
    assert_int_equal(o.n_calls, 1);
    kt_loop_until(&o.loop, &o.done, 5);
    assert_int_equal(o.n_calls, 3);
    assert_false(kg_loop_turn(&o.loop));
    kg_loop_close(&o.loop);
}

static void a_canceled_call_does_not_come(void **state)
{
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_deferred_init(&o.deferred, on_deferred_again);
    kg_defer(&o.loop, &o.deferred);
    kg_deferred_cancel(&o.deferred);
    kg_deferred_cancel(&o.deferred);
    (void)kg_loop_turn(&o.loop);
    assert_int_equal(o.n_calls, 0);
    kg_loop_close(&o.loop);
}

static void on_latch(struct kg_latch *l)
{
    struct object *o = KG_CONTAINER_OF(l, struct object, latch);

    o->done = true;
}

static void latch_waits_for_every_hold(void **state)
{
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_latch_init(&o.latch, &o.loop);
    assert_int_equal(uv_timer_init(&o.loop.uv, &o.timer), 0);
    kg_latch_hold(&o.latch);
    kg_latch_close(&o.latch, on_latch);
    kg_latch_close_handle(&o.latch, (uv_handle_t *)&o.timer);
    for (int i = 0; i < 3; i++) {
        (void)uv_run(&o.loop.uv, UV_RUN_NOWAIT);
    }
    assert_false(o.done);
    kg_latch_release(&o.latch);
    assert_false(o.done);
    kt_loop_until(&o.loop, &o.done, 2);
    kg_loop_close(&o.loop);
}

static void latch_without_holds_closes_from_the_loop(void **state)
{
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_latch_init(&o.latch, &o.loop);
    kg_latch_close(&o.latch, on_latch);
    assert_false(o.done);
    kt_loop_until(&o.loop, &o.done, 1);
    kg_loop_close(&o.loop);
}

static void a_peer_that_has_gone_does_not_end_the_process(void **state)
{
    struct kg_loop l;
    int ends[2];

    (void)state;
    assert_int_equal(kg_loop_init(&l), KG_OK);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(close(ends[1]), 0);
    kg_loop_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_come_on_the_next_turn_once),
        cmocka_unit_test(a_canceled_call_does_not_come),
        cmocka_unit_test(latch_waits_for_every_hold),
        cmocka_unit_test(a_peer_that_has_gone_does_not_end_the_process),
        cmocka_unit_test(latch_without_holds_closes_from_the_loop),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
