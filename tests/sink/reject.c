/* SPDX-License-Identifier: MIT */
/* sink/: one bad row stays one bad row. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000 };

static void bad_rows_are_isolated_and_the_rest_is_stored(void **state)
{
    static const struct kt_row rows[] = {
        {"a", "1", NULL, "OK"},
        {"b", "99999999999", NULL, "out of range"},
        {"c", "3", "{\"x\": \"\\u0000\"}", "no such character in jsonb"},
        {"d", "4", "{\"x\": ", "not JSON"},
        {"e", "5", "{}", "OK"},
    };
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, rows, 5);
    assert_false(s.failed);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_inserted, 2);
    assert_int_equal(s.result.n_rejected, 3);
    kt_assert_query("SELECT name FROM scan_history ORDER BY 1", "a\ne");
    kt_assert_query("SELECT document, \"row\", key->>'name', key->>'kind',"
                    " sqlstate FROM kubeglean_rejects ORDER BY 2",
                    "0|1|b|Deployment|22003\n0|2|c|Deployment|22P05\n"
                    "0|3|d|Deployment|22P02");
    kt_assert_query("SELECT count(*) FROM kubeglean_rejects"
                    " WHERE reason LIKE '%99999999999%'",
                    "1");
    kt_assert_query("SELECT rows, rows_rejected, documents FROM kubeglean_runs",
                    "2|3|1");
    assert_int_equal(kt_settle(&t, &run, KG_COMPLETE, "").entry.outcome,
                     KG_COMPLETE);
    kt_sink_end(&t);
}

static void a_text_that_nothing_can_hold_is_rejected_by_column(void **state)
{
    static const struct kt_row good = {"a", "1", NULL, "OK"};
    struct kg_value values[9];
    const struct kg_row bad = {values, 1};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_stored s = {0};
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kg_report_begin(t.sink, &kt_krr, &run, 0, &r), KG_OK);
    kt_add(r, &run, &good, 0, &pause);
    for (unsigned i = 0; i < KG_COUNT_OF(values); i++) {
        values[i] = (struct kg_value){KG_STR("1"), false};
    }
    values[7].text = KG_STR("nul \0 inside");
    assert_int_equal(kg_report_add(r, &bad, &pause), KG_OK);
    values[7].text = KG_STR("latin \xE9");
    assert_int_equal(kg_report_add(r, &bad, &pause), KG_OK);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(&t, &s.done, 20);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_rejected, 2);
    kt_assert_query("SELECT key->>'kind', column_name, sqlstate"
                    " FROM kubeglean_rejects",
                    "1|severity|22021\n1|severity|22021");
    kt_sink_end(&t);
}

static void what_the_reader_turned_away_is_written_down(void **state)
{
    static const struct kt_row good = {"a", "1", NULL, "OK"};
    struct kg_value values[9] = {{KG_STR("c1"), false},
                                 {KG_STR("ns"), false},
                                 {KG_STR("nul \0 inside"), false},
                                 {KG_STR(""), true}};
    const struct kg_row bad = {values, 4};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_stored s = {0};
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kg_report_begin(t.sink, &kt_krr, &run, 0, &r), KG_OK);
    kt_add(r, &run, &good, 0, &pause);
    assert_int_equal(kg_report_reject(r, &bad, "kind", "a key is null"), KG_OK);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(&t, &s.done, 20);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query("SELECT \"row\", key->>'name', column_name, reason"
                    " FROM kubeglean_rejects",
                    "4|nul \xEF\xBF\xBD inside|kind|a key is null");
    kt_assert_query("SELECT rows, rows_rejected FROM kubeglean_runs", "1|1");
    kt_sink_end(&t);
}

static void gathered_neighbours_of_a_bad_row_lose_nothing(void **state)
{
    enum { REPORTS = 30, BAD = 17 };
    static struct kt_stored stored[REPORTS];
    static char names[REPORTS][16];
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < REPORTS; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);
        struct kt_row rows[2] = {{names[i], "1", NULL, "OK"},
                                 {"shared", "1", NULL, "OK"}};

        (void)snprintf(names[i], sizeof(names[i]), "own%u", i);
        if (i == BAD) {
            rows[0].pods = "no number";
        }
        kt_store(&t, &run, 0, rows, 2, &stored[i]);
    }
    for (unsigned i = 0; i < REPORTS; i++) {
        kt_sink_until(&t, &stored[i].done, 20);
        assert_false(stored[i].failed);
        assert_int_equal(stored[i].result.n_rejected, i == BAD);
    }
    kt_assert_query("SELECT count(*) FROM scan_history", "30");
    kt_assert_query("SELECT count(*), min(key->>'name') FROM kubeglean_rejects",
                    "1|own17");
    kt_sink_end(&t);
}

static void many_bad_rows_are_all_counted_and_some_written_down(void **state)
{
    enum { ROWS = 300 };
    static struct kt_row rows[ROWS];
    static char names[ROWS][16];
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < ROWS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "n%u", i);
        rows[i] = (struct kt_row){names[i], i % 2 == 0 ? "1" : "x", NULL, "OK"};
    }
    s = kt_store_wait(&t, &run, 0, rows, ROWS);
    assert_int_equal(s.result.n_inserted, ROWS / 2);
    assert_int_equal(s.result.n_rejected, ROWS / 2);
    kt_assert_query("SELECT count(*), count(*) FILTER (WHERE reason LIKE"
                    " '%; no more are written down')"
                    " FROM kubeglean_rejects",
                    "100|1");
    kt_assert_query("SELECT rows, rows_rejected FROM kubeglean_runs",
                    "150|150");
    kt_sink_end(&t);
}

static void a_report_of_bad_rows_alone_is_complete_and_empty(void **state)
{
    static const struct kt_row rows[] = {{"a", "x", NULL, "OK"}};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, rows, 1);
    assert_false(s.failed);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_rejected, 1);
    s = kt_store_wait(&t, &run, 1, NULL, 0);
    assert_false(s.failed);
    kt_assert_query("SELECT documents, rows, rows_rejected FROM kubeglean_runs",
                    "2|0|1");
    kt_sink_end(&t);
}

/* 54000: "index row size exceeds btree maximum". */
static void a_key_too_long_for_its_index_is_isolated(void **state)
{
    static char name[400 * 1024];
    struct kt_row rows[] = {{"a", "1", NULL, "OK"}, {name, "1", NULL, "OK"}};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;
    uint64_t x = 88172645463325252;

    (void)state;
    for (size_t i = 0; i < sizeof(name) - 1; i++) { /* Incompressible. */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        name[i] = (char)('a' + x % 26);
    }
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, rows, 2);
    assert_false(s.failed);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query("SELECT sqlstate FROM kubeglean_rejects", "54000");
    kt_sink_end(&t);
}

/* P0001: RAISE in a trigger. */
static void a_row_that_a_trigger_refuses_is_isolated(void **state)
{
    static const struct kt_row first[] = {{"a", "1", NULL, "OK"}};
    static const struct kt_row rows[] = {
        {"a", "2", NULL, "OK"}, {"b", "2", NULL, "no"}, {"c", "2", NULL, "OK"}};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info next = kt_run(2, NOON + 1);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, first, 1);
    assert_false(s.failed);
    (void)kt_pg_query(
        "CREATE OR REPLACE FUNCTION kt_refuse() RETURNS trigger"
        " LANGUAGE plpgsql AS $$BEGIN IF new.severity = 'no' THEN"
        " RAISE 'not this one'; END IF; RETURN new; END$$;"
        " CREATE TRIGGER kt_refuse BEFORE INSERT OR UPDATE ON scan_history"
        " FOR EACH ROW EXECUTE FUNCTION kt_refuse()");
    s = kt_store_wait(&t, &next, 0, rows, 3);
    assert_false(s.failed);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query("SELECT name, pods FROM scan_history ORDER BY 1",
                    "a|2\nc|2");
    kt_assert_query("SELECT key->>'name', sqlstate FROM kubeglean_rejects",
                    "b|P0001");
    kt_sink_end(&t);
}

/* What is deferred fails at COMMIT, where it would take all reports with it. */
static void a_row_that_a_deferred_constraint_refuses_is_isolated(void **state)
{
    static const struct kt_row first[] = {{"a", "1", NULL, "x"}};
    static const struct kt_row rows[] = {
        {"b", "2", NULL, "x"}, {"c", "2", NULL, "no"}, {"d", "2", NULL, "y"}};
    static const struct kt_row other[] = {{"e", "2", NULL, "z"}};
    static const struct kt_row bad = {"f", "2", NULL, "no"};
    struct kg_run_info runs[] = {kt_run(1, NOON), kt_run(2, NOON + 1),
                                 kt_run(3, NOON + 1), kt_run(4, NOON + 1)};
    struct kt_sink t;
    struct kt_stored s[2];
    struct kt_stored large = {0};
    struct kg_report *r;
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_store_wait(&t, &runs[0], 0, first, 1);
    (void)kt_pg_query(
        "CREATE TABLE kt_levels AS SELECT * FROM unnest('{OK,x,y,z}'::text[])"
        " AS level; ALTER TABLE kt_levels ADD PRIMARY KEY (level);"
        "ALTER TABLE scan_history ADD UNIQUE (name, severity) DEFERRABLE"
        " INITIALLY DEFERRED, ADD FOREIGN KEY (severity) REFERENCES kt_levels"
        " DEFERRABLE INITIALLY DEFERRED");
    kt_store(&t, &runs[1], 0, rows, 3, &s[0]); /* One transaction, at first. */
    kt_store(&t, &runs[2], 0, other, 1, &s[1]);
    for (size_t i = 0; i < 2; i++) {
        kt_sink_until(&t, &s[i].done, 20);
        assert_false(s[i].failed);
    }
    assert_int_equal(s[0].result.n_rejected, 1);
    assert_int_equal(s[1].result.n_rejected, 0);
    assert_int_equal(kg_report_begin(t.sink, &kt_krr, &runs[3], 0, &r), KG_OK);
    kt_add_many(&t, r, &runs[3], 0, 1500);
    kt_add(r, &runs[3], &bad, 1500, &pause);
    kg_report_end(r, kt_on_done, &large);
    kt_sink_until(&t, &large.done, 20);
    assert_false(large.failed);
    assert_int_equal(large.result.n_inserted, 1500);
    assert_int_equal(large.result.n_rejected, 1);
    kt_assert_query("SELECT name FROM scan_history WHERE severity <> 'OK'"
                    " ORDER BY 1",
                    "a\nb\nd\ne");
    kt_assert_query("SELECT key->>'name', sqlstate FROM kubeglean_rejects"
                    " ORDER BY 1",
                    "c|23503\nf|23503");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_rows_are_isolated_and_the_rest_is_stored),
        cmocka_unit_test(a_text_that_nothing_can_hold_is_rejected_by_column),
        cmocka_unit_test(what_the_reader_turned_away_is_written_down),
        cmocka_unit_test(gathered_neighbours_of_a_bad_row_lose_nothing),
        cmocka_unit_test(many_bad_rows_are_all_counted_and_some_written_down),
        cmocka_unit_test(a_report_of_bad_rows_alone_is_complete_and_empty),
        cmocka_unit_test(a_key_too_long_for_its_index_is_isolated),
        cmocka_unit_test(a_row_that_a_trigger_refuses_is_isolated),
        cmocka_unit_test(a_row_that_a_deferred_constraint_refuses_is_isolated),
    };

    return cmocka_run_group_tests_name("reject", tests, NULL, NULL);
}
