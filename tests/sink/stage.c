/* SPDX-License-Identifier: MIT */
/* sink/: large reports become visible whole, or not at all. */
#include <unistd.h>

#include "sink.h"

enum { NOON = 1790000000, LARGE = 25000 };

static struct kg_report *begin(struct kt_sink *t, const struct kg_run_info *run)
{
    struct kg_report *r;

    assert_int_equal(kg_report_begin(t->sink, &kt_krr, run, 0, &r), KG_OK);
    return r;
}

static struct kt_stored finish(struct kt_sink *t, struct kg_report *r)
{
    struct kt_stored s = {0};

    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(t, &s.done, 60);
    if (s.failed) {
        print_message("%s\n", s.error.text);
    }
    return s;
}

static void a_large_report_becomes_visible_whole(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, LARGE);
    kt_assert_query("SELECT count(*) FROM scan_history", "0");
    kt_assert_query(
        "SELECT count(*) > 20000 FROM kubeglean_staging_scan_history", "t");
    s = finish(&t, r);
    assert_false(s.failed);
    assert_int_equal(s.result.n_inserted, LARGE);
    assert_int_equal(s.result.n_duplicates, 0);
    kt_assert_query("SELECT count(*), count(DISTINCT name), sum(pods)"
                    " FROM scan_history",
                    "25000|25000|75000");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_assert_query("SELECT documents, rows, target FROM kubeglean_runs",
                    "1|25000|scan_history");
    kt_sink_end(&t);
}

static void a_large_report_holds_little_memory(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, LARGE);
    assert_true(kt_heap_peak() < (size_t)3 * 1024 * 1024);
    assert_false(finish(&t, r).failed);
    kt_sink_end(&t);
}

static void a_report_aborted_half_way_leaves_nothing(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, LARGE / 2);
    kt_assert_query(
        "SELECT count(*) > 1000 FROM kubeglean_staging_scan_history", "t");
    kg_report_abort(r);
    assert_int_equal(kt_settle(&t, &run, KG_INCOMPLETE, "cut").entry.outcome,
                     KG_INCOMPLETE);
    for (int i = 0; i < 200; i++) {
        (void)uv_run(&t.loop.uv, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    kt_assert_query("SELECT count(*) FROM scan_history", "0");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_assert_query(
        "SELECT outcome, reason, documents, rows FROM kubeglean_runs",
        "incomplete|cut|0|0");
    kt_sink_end(&t);
}

static void the_last_of_a_key_wins_in_a_large_report_too(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    const struct kt_row again = {"row000007", "77", NULL, "LAST"};
    struct kg_report *r;
    struct kt_stored s;
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, 3000);
    kt_add(r, &run, &again, 3000, &pause);
    s = finish(&t, r);
    assert_int_equal(s.result.n_inserted, 3000);
    assert_int_equal(s.result.n_duplicates, 1);
    kt_assert_query("SELECT pods, severity FROM scan_history"
                    " WHERE name = 'row000007'",
                    "77|LAST");
    kt_sink_end(&t);
}

static void a_large_report_updates_the_one_row_that_is_known(void **state)
{
    static const struct kt_row known = {"row001234", "1", NULL, "OLD"};
    struct kt_sink t;
    struct kg_run_info earlier = kt_run(1, NOON - 60);
    struct kg_run_info run = kt_run(2, NOON);
    struct kg_report *r;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(
        kt_store_wait(&t, &earlier, 0, &known, 1).result.n_inserted, 1);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, 3000);
    s = finish(&t, r);
    assert_int_equal(s.result.n_inserted, 2999);
    assert_int_equal(s.result.n_updated, 1);
    kt_assert_query("SELECT count(*) FROM scan_history", "3000");
    kt_sink_end(&t);
}

static void a_bad_row_of_a_large_report_is_isolated(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    const struct kt_row bad = {"bad", "99999999999", NULL, "OK"};
    struct kg_report *r;
    struct kt_stored s;
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, 1500);
    kt_add(r, &run, &bad, 1500, &pause);
    kt_add_many(&t, r, &run, 1501, 3000);
    s = finish(&t, r);
    assert_false(s.failed);
    assert_int_equal(s.result.n_rejected, 1);
    assert_int_equal(s.result.n_inserted, 2999);
    kt_assert_query("SELECT document, \"row\", key->>'name', sqlstate"
                    " FROM kubeglean_rejects",
                    "0|1500|bad|22003");
    kt_assert_query("SELECT rows, rows_rejected FROM kubeglean_runs", "2999|1");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_end(&t);
}

static void an_older_large_report_is_superseded(void **state)
{
    struct kt_sink t;
    struct kg_run_info newer_run = kt_run(1, NOON);
    struct kg_run_info older_run = kt_run(2, NOON - 1);
    struct kg_report *r;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &newer_run);
    kt_add_many(&t, r, &newer_run, 0, 3000);
    assert_false(finish(&t, r).failed);
    r = begin(&t, &older_run);
    kt_add_many(&t, r, &older_run, 0, 2000);
    s = finish(&t, r);
    assert_int_equal(s.result.outcome, KG_SUPERSEDED);
    assert_int_equal(s.result.n_refused, 2000);
    kt_assert_query("SELECT count(*) FROM scan_history"
                    " WHERE scanned_at < to_timestamp(1790000000)",
                    "0");
    kt_sink_end(&t);
}

/* The first agent was killed; the second one reads the log again. */
static void a_crashed_attempt_is_gone_with_the_replay(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, LARGE / 2);
    kt_sink_teardown(&t);
    kt_assert_query("SELECT count(*) > 0 FROM kubeglean_staging_scan_history",
                    "t");
    kt_sink_setup(&t, NULL);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, LARGE);
    assert_int_equal(finish(&t, r).result.n_inserted, LARGE);
    kt_assert_query("SELECT count(*) FROM scan_history", "25000");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_end(&t);
}

static void two_agents_store_the_same_report_once(void **state)
{
    struct kt_sink a;
    struct kt_sink b;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *of_a;
    struct kg_report *of_b;
    struct kt_stored stored_a;
    struct kt_stored stored_b;

    (void)state;
    kt_sink_fresh(&a);
    kt_sink_setup(&b, NULL);
    of_a = begin(&a, &run);
    of_b = begin(&b, &run);
    kt_add_many(&a, of_a, &run, 0, 5000);
    kt_add_many(&b, of_b, &run, 0, 5000);
    stored_a = finish(&a, of_a);
    stored_b = finish(&b, of_b);
    assert_false(stored_a.failed);
    assert_false(stored_b.failed);
    assert_false(stored_a.result.replayed);
    assert_true(stored_b.result.replayed);
    kt_assert_query("SELECT documents, rows FROM kubeglean_runs", "1|5000");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_teardown(&b);
    kt_sink_end(&a);
}

static void staged_rows_that_are_gone_are_noticed(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, 5000);
    (void)kt_pg_query("DELETE FROM kubeglean_staging_scan_history"
                      " WHERE kubeglean_row < 10");
    s = finish(&t, r);
    assert_true(s.failed);
    assert_int_equal(s.error.code, KG_ECONFLICT);
    kt_assert_query("SELECT count(*) FROM scan_history", "0");
    kt_sink_end(&t);
}

static void what_nobody_came_back_for_is_swept(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_row one = {"a", "1", NULL, "OK"};

    (void)state;
    kt_sink_fresh(&t);
    r = begin(&t, &run);
    kt_add_many(&t, r, &run, 0, 5000);
    kt_sink_teardown(&t);
    (void)kt_pg_query("UPDATE kubeglean_staging_scan_history"
                      " SET kubeglean_at = now() - interval '25 hours'");
    kt_sink_setup(&t, NULL);
    run = kt_run(2, NOON);
    assert_false(kt_store_wait(&t, &run, 0, &one, 1).failed);
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_end(&t);
}

static void on_resume(void *data)
{
    bool *resumed = data;

    *resumed = true;
}

static void when_all_reports_hold_much_small_ones_are_staged(void **state)
{
    enum { REPORTS = 40 };
    static char pad[400 * 1024];
    static struct kt_stored stored[REPORTS];
    struct kg_report *r[REPORTS];
    struct kt_sink t;
    bool pause;

    (void)state;
    memset(pad, 'x', sizeof(pad) - 1);
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < REPORTS; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);
        const struct kt_row row = {"a", "1", NULL, pad};

        r[i] = begin(&t, &run);
        kt_add(r[i], &run, &row, 0, &pause);
        if (pause) {
            bool resumed = false;

            kg_report_on_resume(r[i], on_resume, &resumed);
            kt_sink_until(&t, &resumed, 20);
        }
    }
    assert_true(kt_heap_peak() < (size_t)15 * 1024 * 1024);
    for (unsigned i = 0; i < REPORTS; i++) {
        stored[i] = (struct kt_stored){0};
        kg_report_end(r[i], kt_on_done, &stored[i]);
    }
    for (unsigned i = 0; i < REPORTS; i++) {
        kt_sink_until(&t, &stored[i].done, 30);
        assert_false(stored[i].failed);
    }
    kt_assert_query("SELECT count(*), sum(documents) FROM kubeglean_runs",
                    "40|40");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_end(&t);
}

/* Not even while no connection has begun with them. */
static void what_is_about_to_be_stored_keeps_others_from_staging(void **state)
{
    enum { REPORTS = 13 };
    static char pad[700 * 1024];
    static struct kt_stored stored[REPORTS];
    const struct kt_row row = {"a", "1", NULL, pad};
    bool pause = false;
    struct kt_sink t;

    (void)state;
    memset(pad, 'x', sizeof(pad) - 1);
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < REPORTS; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);
        struct kg_report *r = begin(&t, &run);

        kt_add(r, &run, &row, 0, &pause);
        stored[i] = (struct kt_stored){0};
        kg_report_end(r, kt_on_done, &stored[i]);
    }
    assert_true(pause);
    for (unsigned i = 0; i < REPORTS; i++) {
        kt_sink_until(&t, &stored[i].done, 30);
        assert_false(stored[i].failed);
    }
    kt_assert_query("SELECT pg_relation_size('kubeglean_staging_scan_history')",
                    "0");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_report_becomes_visible_whole),
        cmocka_unit_test(a_large_report_holds_little_memory),
        cmocka_unit_test(a_report_aborted_half_way_leaves_nothing),
        cmocka_unit_test(the_last_of_a_key_wins_in_a_large_report_too),
        cmocka_unit_test(a_large_report_updates_the_one_row_that_is_known),
        cmocka_unit_test(a_bad_row_of_a_large_report_is_isolated),
        cmocka_unit_test(an_older_large_report_is_superseded),
        cmocka_unit_test(a_crashed_attempt_is_gone_with_the_replay),
        cmocka_unit_test(two_agents_store_the_same_report_once),
        cmocka_unit_test(staged_rows_that_are_gone_are_noticed),
        cmocka_unit_test(what_nobody_came_back_for_is_swept),
        cmocka_unit_test(when_all_reports_hold_much_small_ones_are_staged),
        cmocka_unit_test(what_is_about_to_be_stored_keeps_others_from_staging),
    };

    return cmocka_run_group_tests_name("stage", tests, NULL, NULL);
}
