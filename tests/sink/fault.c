/* SPDX-License-Identifier: MIT */
/* sink/: the server stalls, dies, or its answer is lost; many at work. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kubeglean/clock.h"
#include "proxy.h"
#include "sink.h"

enum { NOON = 1790000000, NS_PER_MS = 1000000 };

static const struct kt_row two[] = {{"a", "1", "{}", "OK"},
                                    {"b", "2", "{}", "OK"}};

/* --- to be cut off ------------------------------------------------------------------ */

struct cut {
    struct kt_sink t;
    struct kt_proxy proxy;
};

/* A sink on the far side of a wire. */
static void open_cut(struct cut *c)
{
    struct kg_sink_options options = {.migrate = true};

    *c = (struct cut){0};
    assert_int_equal(kg_loop_init(&c->t.loop), KG_OK);
    kt_proxy_open(&c->proxy, &c->t.loop, kt_pg_port());
    options.conninfo = kt_proxy_conninfo(&c->proxy);
    kt_sink_open_on(&c->t, &options);
}

static void close_cut(struct cut *c)
{
    kg_sink_close(c->t.sink, kt_on_closed, &c->t);
    kt_proxy_close(&c->proxy);
    kt_sink_until(&c->t, &c->t.closed, 20);
    kt_sink_until(&c->t, &c->proxy.closed, 20);
    kg_loop_close(&c->t.loop);
}

/* Rows are appended, so that a second time would show. */
static struct kt_stored append(struct kt_sink *t, const struct kg_run_info *run,
                               unsigned n_rows)
{
    static struct kg_table_def def;
    struct kg_report *r;
    struct kt_stored s = {0};

    def = kt_krr;
    def.mode = KG_MODE_APPEND;
    assert_int_equal(kg_report_begin(t->sink, &def, run, 0, &r), KG_OK);
    kt_add_many(t, r, run, 0, n_rows);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(t, &s.done, 30);
    assert_false(s.failed);
    return s;
}

static void a_commit_whose_answer_is_lost_is_not_repeated(void **state)
{
    struct cut c;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_pg_reset();
    kt_heap_setup();
    open_cut(&c);
    kt_sink_until_ready(&c.t);
    c.proxy.needle = "COMMIT";
    c.proxy.n_pieces = 0;
    c.proxy.cut_at = 0;
    s = append(&c.t, &run, 2);
    assert_true(c.proxy.was_cut);
    assert_true(s.result.replayed);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_inserted, 2);
    kt_assert_query("SELECT count(*) FROM scan_history", "2");
    kt_assert_query("SELECT documents, rows FROM kubeglean_runs", "1|2");
    close_cut(&c);
    kt_heap_teardown();
}

/* Cuts at the first piece, the second, ..., until there is none to cut at. */
static void cut_everywhere(unsigned n_rows)
{
    bool again = true;

    for (unsigned at = 0; again; at++) {
        struct cut c;
        struct kg_run_info run = kt_run(1, NOON);
        char want[32];

        kt_pg_reset();
        kt_heap_setup();
        open_cut(&c);
        c.proxy.cut_at = at;
        (void)append(&c.t, &run, n_rows);
        assert_int_equal(kt_settle(&c.t, &run, KG_COMPLETE, "").entry.outcome,
                         KG_COMPLETE);
        again = c.proxy.was_cut;
        (void)snprintf(want, sizeof(want), "%u|%u", n_rows, n_rows);
        kt_assert_query("SELECT count(*), count(DISTINCT name)"
                        " FROM scan_history",
                        want);
        (void)snprintf(want, sizeof(want), "1|%u|complete", n_rows);
        kt_assert_query("SELECT documents, rows, outcome FROM kubeglean_runs",
                        want);
        close_cut(&c);
        kt_heap_teardown();
        assert_true(at < 200);
    }
}

static void a_wire_cut_at_any_step_stores_once(void **state)
{
    (void)state;
    cut_everywhere(2);
}

static void a_wire_cut_at_any_step_of_staging_stores_once(void **state)
{
    (void)state;
    cut_everywhere(2500);
}

static void a_server_killed_mid_batch_loses_and_doubles_nothing(void **state)
{
    enum { REPORTS = 150 };
    static struct kt_stored stored[REPORTS];
    static char names[REPORTS][16];
    struct kt_sink t;

    (void)state;
    kt_pg_needs_own();
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < REPORTS; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);
        struct kt_row rows[2] = {{names[i], "1", NULL, "OK"},
                                 {"shared", "1", NULL, "OK"}};

        (void)snprintf(names[i], sizeof(names[i]), "own%u", i);
        kt_store(&t, &run, 0, rows, 2, &stored[i]);
        if (i % 10 == 0) {
            kt_turn_for(&t, 5);
        }
        if (i == 50 || i == 110) {
            kt_pg_ctl("kill");
            kt_turn_for(&t, 50);
            kt_pg_ctl("start");
        }
    }
    for (unsigned i = 0; i < REPORTS; i++) {
        kt_sink_until(&t, &stored[i].done, 30);
        assert_false(stored[i].failed);
    }
    kt_assert_query("SELECT count(*) FROM scan_history", "151");
    /* The shared row is of whoever is the greatest; lesser ones leave it. */
    kt_assert_query("SELECT count(*), sum(documents),"
                    " sum(rows) BETWEEN 151 AND 300 FROM kubeglean_runs",
                    "150|150|t");
    kt_sink_end(&t);
}

/* --- to stall -------------------------------------------------------------------------- */

/* The server is stopped, as a machine that hangs: while connecting, or at work. */
static void stall(bool connected)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;
    struct kt_ticks ticks;

    kt_pg_needs_own();
    kt_pg_reset();
    if (connected) {
        kt_sink_open_with(&t, kt_pg_conninfo(), false);
        kt_sink_until_ready(&t);
    }
    kt_pg_ctl("pause");
    if (!connected) {
        kt_sink_open_with(&t, kt_pg_conninfo_with("host=127.0.0.1"), false);
    }
    kt_ticks_start(&ticks, &t.loop);
    kt_store(&t, &run, 0, two, 2, &s);
    kt_turn_for(&t, 1500);
    assert_false(s.done);
    kt_ticks_end(&ticks, 50);
    kt_pg_ctl("resume");
    kt_sink_until(&t, &s.done, 30);
    assert_false(s.failed);
    kt_sink_end(&t);
}

static void the_loop_turns_while_the_server_stalls_at_work(void **state)
{
    (void)state;
    stall(true);
}

static void the_loop_turns_while_the_server_stalls_connecting(void **state)
{
    (void)state;
    stall(false);
}

static void a_foreign_lock_delays_its_report_alone(void **state)
{
    struct kt_sink t;
    struct kg_run_info locked = kt_run(1, NOON);
    struct kg_run_info other = kt_run(2, NOON);
    const struct kt_row free_row = {"free", "1", NULL, "OK"};
    struct kt_stored s1;
    struct kt_stored s2;
    char command[600];

    (void)state;
    kt_sink_fresh(&t);
    assert_false(kt_store_wait(&t, &locked, 0, two, 2).failed);
    (void)snprintf(command, sizeof(command),
                   "psql -qAtX '%s' -c \"BEGIN; SELECT FROM scan_history FOR"
                   " UPDATE; SELECT pg_sleep(8)\" >/dev/null 2>&1 &",
                   kt_pg_conninfo());
    assert_int_equal(system(command), 0);
    kt_turn_for(&t, 500);
    kt_store(&t, &locked, 1, two, 2, &s1);
    kt_store(&t, &other, 0, &free_row, 1, &s2); /* Gathered with the other. */
    kt_sink_until(&t, &s2.done, 7);
    assert_false(s1.done);
    kt_sink_until(&t, &s1.done, 30);
    assert_false(s1.failed);
    kt_sink_end(&t);
}

/* --- more than one agent ------------------------------------------------------------------ */

enum { AGENTS = 3, REPORTS = 20, ROWS = 60 };

struct crowd {
    struct kt_sink t[AGENTS];
    struct kt_stored stored[AGENTS][REPORTS];
    char names[ROWS][16];
};

/* The same keys in another order each time. */
static void crowd_store(struct crowd *c, unsigned agent, unsigned i)
{
    unsigned number = 1 + i * AGENTS + agent;
    struct kg_run_info run = kt_run(number, NOON + (int)number);
    struct kt_row rows[ROWS];

    for (unsigned k = 0; k < ROWS; k++) {
        unsigned at = (k * 7 + agent * 13 + i * 29) % ROWS;

        rows[k] = (struct kt_row){c->names[at], "1", NULL, "OK"};
    }
    kt_store(&c->t[agent], &run, 0, rows, ROWS, &c->stored[agent][i]);
}

static void crowd_wait(struct crowd *c, const struct kt_stored *s)
{
    while (!s->done) {
        for (unsigned agent = 0; agent < AGENTS; agent++) {
            kt_turn_for(&c->t[agent], 1);
        }
    }
    if (s->failed) {
        fail_msg("a report failed: %s", s->error.text);
    }
}

static void agents_on_the_same_keys_do_not_stop_each_other(void **state)
{
    static struct crowd c;

    (void)state;
    for (unsigned i = 0; i < ROWS; i++) {
        (void)snprintf(c.names[i], sizeof(c.names[i]), "n%02u", i);
    }
    kt_sink_fresh(&c.t[0]);
    for (unsigned agent = 1; agent < AGENTS; agent++) {
        kt_sink_setup(&c.t[agent], NULL);
    }
    for (unsigned i = 0; i < REPORTS; i++) {
        for (unsigned agent = 0; agent < AGENTS; agent++) {
            crowd_store(&c, agent, i);
            (void)uv_run(&c.t[agent].loop.uv, UV_RUN_NOWAIT);
        }
    }
    for (unsigned i = 0; i < AGENTS * REPORTS; i++) {
        crowd_wait(&c, &c.stored[i % AGENTS][i / AGENTS]);
    }
    kt_assert_query("SELECT count(*), count(DISTINCT scanned_at)"
                    " FROM scan_history",
                    "60|1");
    kt_assert_query("SELECT sum(documents) FROM kubeglean_runs", "60");
    for (unsigned agent = 1; agent < AGENTS; agent++) {
        kt_sink_teardown(&c.t[agent]);
    }
    kt_sink_end(&c.t[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_whose_answer_is_lost_is_not_repeated),
        cmocka_unit_test(a_wire_cut_at_any_step_stores_once),
        cmocka_unit_test(a_wire_cut_at_any_step_of_staging_stores_once),
        cmocka_unit_test(a_server_killed_mid_batch_loses_and_doubles_nothing),
        cmocka_unit_test(the_loop_turns_while_the_server_stalls_at_work),
        cmocka_unit_test(the_loop_turns_while_the_server_stalls_connecting),
        cmocka_unit_test(a_foreign_lock_delays_its_report_alone),
        cmocka_unit_test(agents_on_the_same_keys_do_not_stop_each_other),
    };

    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
