/* SPDX-License-Identifier: MIT */
/* sink/: closed at every turn of the loop, and every allocation refused. */
#include <stdio.h>
#include <unistd.h>

#include "kubeglean/clock.h"
#include "sink.h"

enum { NOON = 1790000000, NS_PER_MS = 1000000, PATIENCE_MS = 60 };

static void on_known(void *data, bool known, const struct kg_error *e)
{
    (void)known;
    (void)e;
    *(bool *)data = true;
}

static void on_listed(void *data, const struct kg_run_info *run,
                      const struct kg_error *e)
{
    (void)e;
    if (run == NULL) {
        *(bool *)data = true;
    }
}

static void on_done(void *data, const struct kg_report_result *result,
                    const struct kg_error *e)
{
    (void)result;
    (void)e;
    *(bool *)data = true;
}

static void on_run(void *data, const struct kg_ledger_entry *entry,
                   const struct kg_error *e)
{
    (void)entry;
    (void)e;
    *(bool *)data = true;
}

/* Everything that can be asked for at once, and what has come of it. */
struct work {
    struct kt_sink t;
    unsigned base;          /* Its runs are base + 1, ...: new ones. */
    struct kg_report *open; /* Begun, neither ended nor aborted. */
    bool seen, stored, bad, large, listed, known, settled;
};

static bool add(struct kg_report *r, unsigned n_rows)
{
    for (unsigned i = 0; i < n_rows; i++) {
        struct kg_value values[9];
        const struct kg_row row = {values, i};
        char name[16];
        bool pause;

        (void)snprintf(name, sizeof(name), "r%u", i);
        for (unsigned k = 0; k < KG_COUNT_OF(values); k++) {
            values[k] = (struct kg_value){KG_STR("1"), false};
        }
        values[2].text = kg_str_from(name);
        values[5].text = n_rows == 2 && i == 1 ? KG_STR("bad") : KG_STR("1");
        values[8].text = KG_STR("2026-11-22T09:42:00Z");
        if (kg_report_add(r, &row, &pause) != KG_OK) {
            return false;
        }
    }
    return true;
}

/* What is refused at once counts as answered. */
static void put(struct work *w, unsigned number, unsigned n_rows, bool *done)
{
    struct kg_run_info run = kt_run(w->base + number, NOON);
    struct kg_report *r;

    if (kg_report_begin(w->t.sink, &kt_krr, &run, 0, &r) != KG_OK) {
        *done = true;
        return;
    }
    if (!add(r, n_rows)) {
        kg_report_abort(r);
        *done = true;
        return;
    }
    kg_report_end(r, on_done, done);
}

static void put_loose_ends(struct work *w)
{
    struct kg_run_info run = kt_run(w->base + 4, NOON);
    struct kg_report *aborted;

    if (kg_report_begin(w->t.sink, &kt_krr, &run, 0, &aborted) == KG_OK) {
        (void)add(aborted, 1100);
        kg_report_abort(aborted);
    }
    if (kg_report_begin(w->t.sink, &kt_krr, &run, 1, &w->open) != KG_OK) {
        w->open = NULL;
    }
}

static void ask_for_all(struct work *w)
{
    struct kg_run_info run = kt_run(w->base + 1, NOON);
    const struct kg_settlement word = {.outcome = KG_COMPLETE,
                                       .reason = KG_STR("because")};

    w->seen = kg_sink_seen(w->t.sink, &run, on_run, &w->seen) != KG_OK;
    put(w, 1, 1, &w->stored);
    put(w, 2, 2, &w->bad);
    put(w, 3, 1200, &w->large);
    put_loose_ends(w);
    w->listed = kg_sink_running(w->t.sink, KG_STR("c1"), on_listed,
                                &w->listed) != KG_OK;
    w->known = kg_sink_job_known(w->t.sink, KG_STR("c1"), KG_STR("n"),
                                 KG_STR("j"), on_known, &w->known) != KG_OK;
    w->settled =
        kg_sink_settle(w->t.sink, &run, &word, on_run, &w->settled) != KG_OK;
}

static bool all_done(const struct work *w)
{
    return w->seen && w->stored && w->bad && w->large && w->listed &&
           w->known && w->settled;
}

static bool open_sink(struct work *w)
{
    static unsigned base;
    const struct kg_sink_options options = {.conninfo = kt_pg_conninfo(),
                                            .migrate = true};
    struct kg_error e;

    *w = (struct work){.base = base};
    base += 4;
    assert_int_equal(kg_loop_init(&w->t.loop), KG_OK);
    if (kg_sink_create(&w->t.loop, &options, &e, &w->t.sink) != KG_OK) {
        kg_loop_close(&w->t.loop);
        return false;
    }
    kg_sink_start(w->t.sink, kt_on_state, &w->t);
    return true;
}

static void closed_at_any_turn_it_leaves_nothing_open(void **state)
{
    bool again = true;

    (void)state;
    for (unsigned n = 0; again; n++) {
        struct work w;

        kt_pg_reset();
        kt_heap_setup();
        assert_true(open_sink(&w));
        ask_for_all(&w);
        for (unsigned i = 0; i < n && !all_done(&w); i++) {
            (void)kg_loop_turn(&w.t.loop);
        }
        again = !all_done(&w);
        kt_sink_teardown(&w.t);
        kt_heap_teardown();
        assert_true(n < 500);
    }
}

static void on_state_close(void *data, const struct kg_error *e)
{
    struct work *w = data;

    (void)e;
    kg_sink_close(w->t.sink, kt_on_closed, &w->t);
}

static void a_callback_may_close_the_sink(void **state)
{
    const struct kg_sink_options options = {.conninfo = kt_pg_conninfo(),
                                            .migrate = true};
    struct kg_error e;
    struct work w = {0};

    (void)state;
    kt_heap_setup();
    assert_int_equal(kg_loop_init(&w.t.loop), KG_OK);
    assert_int_equal(kg_sink_create(&w.t.loop, &options, &e, &w.t.sink), KG_OK);
    kg_sink_start(w.t.sink, on_state_close, &w);
    ask_for_all(&w);
    kt_sink_until(&w.t, &w.t.closed, 20);
    kg_loop_close(&w.t.loop);
    kt_heap_teardown();
}

static void turn_for(struct work *w, unsigned ms)
{
    uint64_t end_ns = kg_clock_mono_ns() + (uint64_t)ms * NS_PER_MS;

    while (!all_done(w) && kg_clock_mono_ns() < end_ns) {
        (void)uv_run(&w->t.loop.uv, UV_RUN_NOWAIT);
        (void)usleep(500);
    }
}

/* True: an allocation was refused, and everything was done all the same. */
static bool refuse_one(size_t n)
{
    struct work w;
    bool refused;

    kt_heap_setup();
    kt_heap_fail_at(n, false);
    if (open_sink(&w)) {
        ask_for_all(&w);
        turn_for(&w, 20000);
        if (!all_done(&w)) {
            fail_msg("allocation %zu refused: %s", n, w.t.error.text);
        }
        kt_sink_teardown(&w.t);
    }
    refused = kt_heap_refused() > 0;
    kt_heap_teardown();
    return refused;
}

/* Refused memory ends one try: the next one has it. */
static void one_refused_allocation_loses_nothing(void **state)
{
    size_t n = 0;

    (void)state;
    kt_pg_reset();
    while (refuse_one(n)) {
        n++;
    }
    assert_true(n > 100);
}

static void memory_that_stays_refused_breaks_nothing(void **state)
{
    bool again = true;

    (void)state;
    kt_pg_reset();
    for (size_t n = 0; again; n += 7) {
        struct work w;

        kt_heap_setup();
        kt_heap_fail_at(n, true);
        if (open_sink(&w)) {
            ask_for_all(&w);
            turn_for(&w, PATIENCE_MS);
            kt_sink_teardown(&w.t);
        }
        again = kt_heap_refused() > 0;
        kt_heap_teardown();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_at_any_turn_it_leaves_nothing_open),
        cmocka_unit_test(a_callback_may_close_the_sink),
        cmocka_unit_test(one_refused_allocation_loses_nothing),
        cmocka_unit_test(memory_that_stays_refused_breaks_nothing),
    };

    return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
