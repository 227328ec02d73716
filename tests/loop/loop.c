/* SPDX-License-Identifier: MIT */
/* loop/: a callback never comes from inside the call that asked for it. */
#include <errno.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/clock.h"
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

struct pair {
    struct kg_loop loop;
    struct kg_deferred first, second;
    unsigned n_first, n_second;
};

static void on_first(struct kg_deferred *d)
{
    struct pair *p = KG_CONTAINER_OF(d, struct pair, first);

    p->n_first++;
    kg_deferred_cancel(&p->second);
}

static void on_second(struct kg_deferred *d)
{
    KG_CONTAINER_OF(d, struct pair, second)->n_second++;
}

static void a_call_may_cancel_the_one_behind_it(void **state)
{
    struct pair p = {.n_first = 0};

    (void)state;
    assert_int_equal(kg_loop_init(&p.loop), KG_OK);
    kg_deferred_init(&p.first, on_first);
    kg_deferred_init(&p.second, on_second);
    kg_defer(&p.loop, &p.first);
    kg_defer(&p.loop, &p.second);
    (void)kg_loop_turn(&p.loop);
    assert_int_equal(p.n_first, 1);
    assert_int_equal(p.n_second, 0);
    kg_defer(&p.loop, &p.second);
    (void)kg_loop_turn(&p.loop);
    assert_int_equal(p.n_second, 1);
    kg_loop_close(&p.loop);
}

static void on_turn(void *data, uint64_t busy_ns)
{
    uint64_t *longest_ns = data;

    *longest_ns = busy_ns > *longest_ns ? busy_ns : *longest_ns;
}

static void on_slow_timer(uv_timer_t *timer)
{
    uint64_t until_ns = kg_clock_mono_ns() + 5000000;

    while (kg_clock_mono_ns() < until_ns) {
    }
    uv_close((uv_handle_t *)timer, NULL);
}

static void what_our_code_costs_is_told_without_the_waiting(void **state)
{
    uint64_t longest_ns = 0;
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_loop_on_turn(&o.loop, on_turn, &longest_ns);
    assert_int_equal(uv_timer_init(&o.loop.uv, &o.timer), 0);
    assert_int_equal(uv_timer_start(&o.timer, on_slow_timer, 100, 0), 0);
    kg_loop_run(&o.loop);
    for (int i = 0; i < 2; i++) { /* It is told by the next turn. */
        (void)uv_run(&o.loop.uv, UV_RUN_NOWAIT);
    }
    assert_in_range(longest_ns, 5000000, 90000000);
    assert_in_range(o.loop.n_turns, 2, 10);
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

static void a_hold_taken_late_is_waited_for(void **state)
{
    struct object o = {0};

    (void)state;
    assert_int_equal(kg_loop_init(&o.loop), KG_OK);
    kg_latch_init(&o.latch, &o.loop);
    assert_false(kg_latch_closing(&o.latch));
    kg_latch_close(&o.latch, on_latch);
    assert_true(kg_latch_closing(&o.latch));
    kg_latch_hold(&o.latch);
    kg_latch_hold(&o.latch);
    kg_latch_release(&o.latch);
    for (int i = 0; i < 3; i++) {
        (void)uv_run(&o.loop.uv, UV_RUN_NOWAIT);
    }
    assert_false(o.done);
    kg_latch_release(&o.latch);
    kg_latch_hold(&o.latch);
    kg_latch_release(&o.latch);
    assert_false(o.done);
    kt_loop_until(&o.loop, &o.done, 1);
    o.done = false; /* Once is enough. */
    (void)uv_run(&o.loop.uv, UV_RUN_NOWAIT);
    assert_false(o.done);
    kg_loop_close(&o.loop);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void closed_at_every_turn_the_latch_calls_once(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 5; turns++) {
        struct object o = {0};

        kt_heap_setup();
        assert_int_equal(kg_loop_init(&o.loop), KG_OK);
        kg_latch_init(&o.latch, &o.loop);
        kg_deferred_init(&o.deferred, on_deferred_again);
        assert_int_equal(uv_timer_init(&o.loop.uv, &o.timer), 0);
        assert_int_equal(uv_timer_start(&o.timer, on_tick, 1, 1), 0);
        kg_defer(&o.loop, &o.deferred);
        for (unsigned i = 0; i < turns; i++) {
            (void)kg_loop_turn(&o.loop);
        }
        kg_deferred_cancel(&o.deferred);
        o.done = false;
        kg_latch_close_handle(&o.latch, (uv_handle_t *)&o.timer);
        kg_latch_close(&o.latch, on_latch);
        assert_false(o.done);
        kt_loop_until(&o.loop, &o.done, 3);
        assert_false(kg_loop_turn(&o.loop));
        kg_loop_close(&o.loop);
        kt_heap_teardown();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_come_on_the_next_turn_once),
        cmocka_unit_test(a_canceled_call_does_not_come),
        cmocka_unit_test(a_call_may_cancel_the_one_behind_it),
        cmocka_unit_test(what_our_code_costs_is_told_without_the_waiting),
        cmocka_unit_test(latch_waits_for_every_hold),
        cmocka_unit_test(a_peer_that_has_gone_does_not_end_the_process),
        cmocka_unit_test(latch_without_holds_closes_from_the_loop),
        cmocka_unit_test(a_hold_taken_late_is_waited_for),
        cmocka_unit_test(closed_at_every_turn_the_latch_calls_once),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
