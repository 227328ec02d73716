/* SPDX-License-Identifier: MIT */
/* sink/: two servers, of which the second follows the first and takes its place
 * when that is killed. Both are named in the connection's words, the one that
 * may only be read first. */
#include <stdio.h>
#include <stdlib.h>

#include "sink.h"

enum { NOON = 1790000000, REPORTS = 120, ROWS = 3, KILLED_AT = 40 };

static struct kg_table_def append;
static struct kt_stored stored[REPORTS];

/* Appended, so that a second time would show. */
static void store(struct kt_sink *t, unsigned i)
{
    struct kg_run_info run = kt_run(i + 1, NOON + (int)i);
    struct kg_report *r;
    char name[16];
    const struct kt_row row = {name, "1", "{}", "OK"};
    bool pause;

    assert_int_equal(kg_report_begin(t->sink, &append, &run, 0, &r), KG_OK);
    for (unsigned k = 0; k < ROWS; k++) {
        (void)snprintf(name, sizeof(name), "r%u.%u", i, k);
        kt_add(r, &run, &row, k, &pause);
    }
    kg_report_end(r, kt_on_done, &stored[i]);
}

static void until_stored(struct kt_sink *t, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        kt_sink_until(t, &stored[i].done, 30);
        assert_false(stored[i].failed);
    }
}

/* From here on, psql asks the second server. */
static void look_at_the_second(void)
{
    char more[32];

    (void)snprintf(more, sizeof(more), "port=%d", kt_pg_port() + 100);
    (void)setenv("KT_PG", kt_pg_conninfo_with(more), 1);
}

static void assert_all_stored_once(unsigned n)
{
    char want[64];

    (void)snprintf(want, sizeof(want), "%u|%u|%u|%u", n * ROWS, n * ROWS, n, n);
    kt_assert_query("SELECT count(*), count(DISTINCT name),"
                    " (SELECT count(*) FROM kubeglean_runs),"
                    " (SELECT sum(documents) FROM kubeglean_runs)"
                    " FROM scan_history",
                    want);
}

/* What the first confirmed is on the second: else no client could help. */
static void p10_a_failover_loses_and_doubles_nothing(void **state)
{
    struct kt_sink t;
    char more[100];

    (void)state;
    append = kt_krr;
    append.mode = KG_MODE_APPEND;
    kt_pg_reset();
    kt_pg_ctl("standby");
    (void)kt_pg_query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    (void)kt_pg_query("SELECT pg_reload_conf()");
    (void)snprintf(more, sizeof(more), "host=127.0.0.1,127.0.0.1 port=%d,%d",
                   kt_pg_port() + 100, kt_pg_port());
    kt_sink_open_with(&t, kt_pg_conninfo_with(more), false);
    kt_sink_until_ready(&t);
    for (unsigned i = 0; i < KILLED_AT; i++) {
        store(&t, i);
        kt_turn_for(&t, 2);
    }
    until_stored(&t, 0, KILLED_AT / 2); /* The others are under way. */
    kt_pg_ctl("kill");
    for (unsigned i = KILLED_AT; i < 2 * KILLED_AT; i++) {
        store(&t, i);
        kt_turn_for(&t, 5);
    }
    assert_false(stored[2 * KILLED_AT - 1].done);
    kt_pg_ctl("promote");
    until_stored(&t, 0, 2 * KILLED_AT);
    for (unsigned i = 2 * KILLED_AT; i < REPORTS; i++) {
        store(&t, i);
    }
    until_stored(&t, 2 * KILLED_AT, REPORTS);
    look_at_the_second();
    assert_all_stored_once(REPORTS);
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p10_a_failover_loses_and_doubles_nothing),
    };

    return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
