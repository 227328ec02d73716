/* SPDX-License-Identifier: MIT */
/* sink/: inputs and faults that others met in the field, P1 to P13, those that
 * one server and one report can show. The rest: README.md of this folder. */
#include <stdio.h>

#include "kubeglean/heap.h"
#include "sink.h"
#include "sink/pg.h"

enum { NOON = 1790000000 };

static struct kg_run_info run_at(unsigned number)
{
    return kt_run(number, NOON + (int)number);
}

/* 21000: ON CONFLICT DO UPDATE cannot affect a row a second time. */
static void p1_the_same_key_twice_in_a_report(void **state)
{
    static const struct kt_row rows[] = {
        {"a", "1", NULL, "OK"}, {"b", "1", NULL, "OK"}, {"a", "2", NULL, "OK"}};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, rows, 3);
    assert_int_equal(s.result.n_inserted, 2);
    assert_int_equal(s.result.n_duplicates, 1);
    kt_assert_query("SELECT name, pods FROM scan_history ORDER BY 1",
                    "a|2\nb|1");
    kt_sink_end(&t);
}

/* A statement has 65535 parameters at most. */
static void p3_more_values_than_a_statement_has_parameters(void **state)
{
    enum { COLUMNS = 60, ROWS = 1200 };
    static const char *texts[ROWS * COLUMNS];
    static char keys[ROWS][8];
    static char names[COLUMNS][8];
    struct kg_column columns[COLUMNS];
    const struct kg_table_def def = {.name = "wide",
                                     .n_columns = COLUMNS,
                                     .columns = columns,
                                     .scanned_at = -1};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;

    (void)state;
    for (unsigned i = 0; i < COLUMNS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "c%u", i);
        columns[i] = (struct kg_column){names[i], KG_TYPE_TEXT, i == 0};
    }
    for (unsigned i = 0; i < ROWS * COLUMNS; i++) {
        texts[i] = i % COLUMNS == 0 ? keys[i / COLUMNS] : "v";
    }
    for (unsigned i = 0; i < ROWS; i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), "k%u", i);
    }
    kt_sink_fresh(&t);
    assert_int_equal(
        kt_store_texts(&t, &def, &run, texts, ROWS).result.n_inserted, ROWS);
    kt_assert_query("SELECT count(*), count(c59) FROM wide", "1200|1200");
    kt_sink_end(&t);
}

/* DO UPDATE SET with nothing to set is a syntax error. The bad row's company is
 * stored with care, by the statement that has such a clause. */
static void p4_every_column_is_a_key_column(void **state)
{
    static const struct kg_column columns[] = {{"name", KG_TYPE_TEXT, true},
                                               {"rule", KG_TYPE_INTEGER, true}};
    static const struct kg_table_def def = {
        .name = "pairs", .n_columns = 2, .columns = columns, .scanned_at = -1};
    static const char *const texts[] = {"a", "1", "a", "2"};
    static const char *const bad[] = {"a", "2", "a", "bad", "a", "3"};
    struct kg_run_info runs[] = {run_at(1), run_at(2), run_at(3)};
    struct kg_report_result result;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    result = kt_store_texts(&t, &def, &runs[0], texts, 2).result;
    assert_int_equal(result.n_inserted, 2);
    result = kt_store_texts(&t, &def, &runs[1], texts, 2).result;
    assert_int_equal(result.n_unchanged, 2);
    result = kt_store_texts(&t, &def, &runs[2], bad, 3).result;
    assert_int_equal(result.n_rejected, 1);
    assert_int_equal(result.n_unchanged, 1);
    assert_int_equal(result.n_inserted, 1);
    kt_assert_query("SELECT string_agg(rule::text, '' ORDER BY rule)"
                    " FROM pairs",
                    "123");
    kt_sink_end(&t);
}

/* --- the pipeline ----------------------------------------------------------------- */

enum { MEGABYTE = 1000 * 1000 };

struct pipeline {
    struct kg_loop loop;
    struct kg_pg pg;
    struct kg_error error;
    bool done, closed;
};

static void on_pg_done(struct kg_pg *pg, const struct kg_error *e)
{
    struct pipeline *p = pg->data;

    p->done = true;
    kg_error_clear(&p->error);
    if (e != NULL) {
        p->error = *e;
    }
}

static void on_pg_closed(struct kg_pg *pg)
{
    struct pipeline *p = pg->data;

    p->closed = true;
}

static void until(struct pipeline *p, const bool *done)
{
    while (!*done) {
        (void)kg_loop_turn(&p->loop);
    }
}

static void open_pipeline(struct pipeline *p)
{
    *p = (struct pipeline){0};
    kt_heap_setup();
    assert_int_equal(kg_loop_init(&p->loop), KG_OK);
    kg_pg_init(&p->pg, &p->loop, kt_pg_conninfo(), 20000, on_pg_done);
    p->pg.data = p;
    kg_pg_connect(&p->pg, on_pg_done);
    until(p, &p->done);
    assert_int_equal(p->error.code, KG_OK);
}

static void close_pipeline(struct pipeline *p)
{
    kg_pg_close(&p->pg, on_pg_closed);
    until(p, &p->closed);
    kg_loop_close(&p->loop);
    kt_heap_teardown();
}

/* Who writes all before reading waits for a server that waits for its reader. */
static void p6_more_is_sent_and_answered_than_sockets_hold(void **state)
{
    struct pipeline p;
    struct kg_binds args;
    char *text = kg_alloc(MEGABYTE);

    (void)state;
    memset(text, 'x', MEGABYTE);
    open_pipeline(&p);
    kg_binds_init(&args);
    kg_binds_text(&args, kg_str_of(text, MEGABYTE));
    for (unsigned i = 0; i < KG_PG_STATEMENTS_MAX; i++) {
        kg_pg_add(&p.pg, "SELECT repeat($1::text, 2)", &args);
    }
    p.done = false;
    kg_pg_go(&p.pg, on_pg_done);
    until(&p, &p.done);
    assert_int_equal(p.error.code, KG_OK);
    for (unsigned i = 0; i < KG_PG_STATEMENTS_MAX; i++) {
        assert_int_equal(kg_pg_text(&p.pg, i, 0, 0).len, 2 * MEGABYTE);
    }
    kg_binds_finish(&args);
    close_pipeline(&p);
    kg_free(text);
}

/* What stands behind it is not carried out; the next round is as if new. */
static void p6_one_error_ends_its_round_alone(void **state)
{
    struct pipeline p;

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("CREATE TABLE kt_log (n int)");
    open_pipeline(&p);
    kg_pg_add(&p.pg, "SELECT 1", NULL);
    kg_pg_add(&p.pg, "SELECT 1 / 0", NULL);
    kg_pg_add(&p.pg, "INSERT INTO kt_log VALUES (1)", NULL);
    p.done = false;
    kg_pg_go(&p.pg, on_pg_done);
    until(&p, &p.done);
    assert_int_equal(p.error.code, KG_EDATA);
    assert_true(p.error.native == KG_SQLSTATE("22012"));
    kg_pg_add(&p.pg, "INSERT INTO kt_log VALUES (2)", NULL);
    p.done = false;
    kg_pg_go(&p.pg, on_pg_done);
    until(&p, &p.done);
    assert_int_equal(p.error.code, KG_OK);
    kt_assert_query("SELECT n FROM kt_log", "2");
    close_pipeline(&p);
}

/* --- tables of others ----------------------------------------------------------------- */

/* TimescaleDB's rule: the unique index holds the time column; and a partial one
 * serves nobody who does not repeat its WHERE. */
static void p7_the_time_is_part_of_the_key(void **state)
{
    static const struct kg_column columns[] = {
        {"name", KG_TYPE_TEXT, true},
        {"at", KG_TYPE_TIMESTAMPTZ, true},
        {"pods", KG_TYPE_INTEGER, false}};
    static const struct kg_table_def def = {
        .name = "series", .n_columns = 3, .columns = columns, .scanned_at = -1};
    static const char *const texts[] = {"a", "2026-01-01 00:00:00+00", "1",
                                        "a", "2026-01-02 00:00:00+00", "2"};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE series (name text NOT NULL, at timestamptz"
                      " NOT NULL, pods integer);"
                      "CREATE UNIQUE INDEX ON series (at, name)"
                      " WHERE pods > 0");
    s = kt_store_texts(&t, &def, &run, texts, 2);
    assert_true(s.failed);
    assert_int_equal(s.error.code, KG_ESCHEMA);
    assert_non_null(strstr(s.error.text, "no unique index on exactly"));
    assert_non_null(strstr(s.error.text, "cure: "));
    (void)kt_pg_query("CREATE UNIQUE INDEX ON series (at, name)");
    assert_int_equal(kg_sink_prepare(t.sink, &def, NULL, NULL), KG_OK);
    run = run_at(2);
    assert_int_equal(kt_store_texts(&t, &def, &run, texts, 2).result.n_inserted,
                     2);
    kt_sink_end(&t);
}

/* --- values -------------------------------------------------------------------------------- */

static void p8_a_nul_in_jsonb_is_isolated(void **state)
{
    static const struct kt_row rows[] = {
        {"bad", "1", "{\"note\": \"\\u0000\"}", "OK"},
        {"good", "1", "{}", "OK"}};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_store_wait(&t, &run, 0, rows, 2).result.n_rejected, 1);
    kt_assert_query("SELECT name FROM scan_history", "good");
    kt_assert_query("SELECT key->>'name', sqlstate FROM kubeglean_rejects",
                    "bad|22P05");
    kt_sink_end(&t);
}

static void p9_a_value_longer_than_its_column_is_isolated(void **state)
{
    static char long_name[102];
    const char *const texts[] = {"ns", long_name, "D", "m", "1", "{}", "OK",
                                 "ns", "short",   "D", "m", "1", "{}", "OK"};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;

    (void)state;
    memset(long_name, 'n', sizeof(long_name) - 1);
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE scan_histories (namespace varchar(100),"
                      " name varchar(100), kind varchar(100), container"
                      " varchar(100), pods bigint, allocations varchar(1000),"
                      " severity varchar(1000),"
                      " PRIMARY KEY (namespace, name, kind, container))");
    assert_int_equal(
        kt_store_texts(&t, &kt_seed, &run, texts, 2).result.n_rejected, 1);
    kt_assert_query("SELECT name FROM scan_histories", "short");
    kt_assert_query("SELECT sqlstate FROM kubeglean_rejects", "22001");
    kt_sink_end(&t);
}

/* The seed's key lacks the cluster: the second one's row took the first one's. */
static void p11_the_same_workload_in_two_clusters(void **state)
{
    static const char *const texts[] = {
        "c1", "ns", "web", "Deployment", "main", "1", "{}", "OK", NULL,
        "c2", "ns", "web", "Deployment", "main", "2", "{}", "OK", NULL};
    struct kg_run_info run = run_at(1);
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(
        kt_store_texts(&t, &kt_krr, &run, texts, 2).result.n_inserted, 2);
    kt_assert_query("SELECT cluster, pods FROM scan_history ORDER BY 1",
                    "c1|1\nc2|2");
    kt_sink_end(&t);
}

static void p12_one_bad_row_does_not_fail_the_others(void **state)
{
    static const struct kt_row bad[] = {{"a", "1", "{}", "OK"},
                                        {"b", "many", "{}", "OK"},
                                        {"c", "1", "{}", "OK"}};
    static const struct kt_row good[] = {{"d", "1", "{}", "OK"}};
    struct kg_run_info first = run_at(1);
    struct kg_run_info second = run_at(2);
    struct kt_sink t;
    struct kt_stored s[2];

    (void)state;
    kt_sink_fresh(&t);
    kt_store(&t, &first, 0, bad, 3, &s[0]); /* Gathered. */
    kt_store(&t, &second, 0, good, 1, &s[1]);
    kt_sink_until(&t, &s[0].done, 20);
    kt_sink_until(&t, &s[1].done, 20);
    assert_int_equal(s[0].result.n_rejected, 1);
    assert_int_equal(s[1].result.n_rejected, 0);
    kt_assert_query("SELECT string_agg(name, '' ORDER BY name)"
                    " FROM scan_history",
                    "acd");
    kt_assert_query("SELECT key->>'name', sqlstate FROM kubeglean_rejects",
                    "b|22P02");
    kt_sink_end(&t);
}

/* --- more at once than connections ---------------------------------------------------------- */

static void on_known(void *data, bool known, const struct kg_error *e)
{
    (void)known;
    assert_null(e);
    ++*(unsigned *)data;
}

static void on_run(void *data, const struct kg_ledger_entry *entry,
                   const struct kg_error *e)
{
    (void)entry;
    assert_null(e);
    ++*(unsigned *)data;
}

static void on_listed(void *data, const struct kg_run_info *run,
                      const struct kg_error *e)
{
    assert_null(e);
    *(unsigned *)data += run == NULL;
}

/* "another command is already in progress". */
static void p13_everything_is_asked_for_at_once(void **state)
{
    enum { N = 60 };
    static struct kt_stored stored[N];
    static const struct kt_row row = {"a", "1", "{}", "OK"};
    unsigned n_answers = 0;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < N; i++) {
        struct kg_run_info run = run_at(i + 1);

        assert_int_equal(kg_sink_seen(t.sink, &run, on_run, &n_answers), KG_OK);
        kt_store(&t, &run, 0, &row, 1, &stored[i]);
        assert_int_equal(kg_sink_job_known(t.sink, KG_STR("c1"),
                                           KG_STR("team-a"), KG_STR("krr-1"),
                                           on_known, &n_answers),
                         KG_OK);
        assert_int_equal(
            kg_sink_running(t.sink, KG_STR("c1"), on_listed, &n_answers),
            KG_OK);
    }
    for (unsigned i = 0; i < N; i++) {
        kt_sink_until(&t, &stored[i].done, 20);
        assert_false(stored[i].failed);
    }
    for (unsigned i = 0; i < 2000 && n_answers < 3 * N; i++) {
        kt_turn_for(&t, 5);
    }
    assert_int_equal(n_answers, 3 * N);
    kt_assert_query("SELECT count(*), sum(documents) FROM kubeglean_runs",
                    "60|60");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p1_the_same_key_twice_in_a_report),
        cmocka_unit_test(p3_more_values_than_a_statement_has_parameters),
        cmocka_unit_test(p4_every_column_is_a_key_column),
        cmocka_unit_test(p6_more_is_sent_and_answered_than_sockets_hold),
        cmocka_unit_test(p6_one_error_ends_its_round_alone),
        cmocka_unit_test(p7_the_time_is_part_of_the_key),
        cmocka_unit_test(p8_a_nul_in_jsonb_is_isolated),
        cmocka_unit_test(p9_a_value_longer_than_its_column_is_isolated),
        cmocka_unit_test(p11_the_same_workload_in_two_clusters),
        cmocka_unit_test(p12_one_bad_row_does_not_fail_the_others),
        cmocka_unit_test(p13_everything_is_asked_for_at_once),
    };

    return cmocka_run_group_tests_name("hard", tests, NULL, NULL);
}
