/* SPDX-License-Identifier: MIT */
/* sink/: tables are made, extended, adopted, or refused with the cure. */
#include "sink.h"

#include <stdio.h>

#include "kubeglean/heap.h"

enum { NOON = 1790000000 };

static const struct kt_row one[] = {{"a", "1", "{\"cpu\": 1}", "OK"}};

#define KRR_COLUMNS                                                       \
    "cluster text NOT NULL, namespace text NOT NULL, name text NOT NULL," \
    " kind text NOT NULL, container text NOT NULL, pods integer,"         \
    " allocations jsonb, severity text, scanned_at timestamptz"
#define KRR_KEY "PRIMARY KEY (cluster, namespace, name, kind, container)"

static void a_missing_table_is_made(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    kt_assert_query("SELECT reloptions FROM pg_class"
                    " WHERE relname = 'scan_history'",
                    "{fillfactor=50}");
    kt_assert_query(
        "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod),"
        " ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'scan_history'::regclass AND attnum > 5",
        "pods integer, allocations jsonb, severity text, scanned_at timestamp"
        " with time zone");
    kt_assert_query("SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                    " WHERE conrelid = 'scan_history'::regclass",
                    "PRIMARY KEY (cluster, namespace, name, kind, container)");
    kt_sink_end(&t);
}

static void unchanged_rows_are_updated_in_place(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < 8; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON + (int)i);

        assert_false(kt_store_wait(&t, &run, 0, one, 1).failed);
    }
    kt_assert_query("SELECT pg_relation_size('scan_history_pkey')", "16384");
    kt_assert_query("SELECT (ctid::text::point)[0] FROM scan_history", "0");
    kt_sink_end(&t);
}

static void a_new_column_is_added(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE scan_history (" KRR_COLUMNS ", " KRR_KEY
                      ");"
                      "ALTER TABLE scan_history DROP COLUMN allocations;"
                      "CREATE TABLE kubeglean_staging_scan_history ("
                      "kubeglean_report uuid, kubeglean_attempt uuid,"
                      " kubeglean_row bigint, PRIMARY KEY (kubeglean_report,"
                      " kubeglean_attempt, kubeglean_row))");
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    assert_false(kt_store_wait(&t, &run, 0, one, 1).failed);
    kt_assert_query("SELECT allocations FROM scan_history", "{\"cpu\": 1}");
    kt_sink_end(&t);
}

static void a_table_that_exists_is_adopted_as_it_stands(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(
        "CREATE TABLE scan_history (id bigserial PRIMARY KEY, note text,"
        " cluster varchar(100) NOT NULL, namespace varchar(100) NOT NULL,"
        " name varchar(100) NOT NULL, kind varchar(100) NOT NULL,"
        " container varchar(100) NOT NULL, pods bigint,"
        " allocations varchar(1000), severity varchar(1000),"
        " scanned_at timestamptz);"
        "CREATE UNIQUE INDEX ON scan_history (container, kind, name, namespace,"
        " cluster)");
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    assert_false(kt_store_wait(&t, &run, 0, one, 1).failed);
    kt_assert_query(
        "SELECT id, note, name, pods, allocations FROM scan_history",
        "1||a|1|{\"cpu\": 1}");
    kt_sink_end(&t);
}

static void a_refused_table_stops_no_other(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE scan_histories (id int)");
    assert_int_not_equal(kt_prepare(&t, &kt_seed).code, KG_OK);
    assert_false(kt_store_wait(&t, &run, 0, one, 1).failed);
    (void)kt_pg_query("DROP TABLE scan_histories");
    assert_int_equal(kt_prepare(&t, &kt_seed).code, KG_OK);
    kt_sink_end(&t);
}

static void without_migrate_nothing_is_made(void **state)
{
    const struct kg_sink_options options = {.conninfo = kt_pg_conninfo()};
    struct kt_sink t;
    bool told = false;

    (void)state;
    kt_pg_reset();
    kt_heap_setup();
    kt_sink_open(&t, &options);
    while (!told) {
        (void)kg_loop_turn(&t.loop);
        told = t.n_states > 0;
    }
    assert_false(t.ready);
    assert_int_equal(t.error.code, KG_ESCHEMA);
    assert_string_equal(
        t.error.text,
        "missing, and not ours to make (--migrate no): kubeglean_installation, "
        "kubeglean_rejects, kubeglean_runs, kubeglean_scopes; cure: run what "
        "\"kubeglean schema\" prints");
    kt_assert_query("SELECT count(*) FROM pg_tables"
                    " WHERE schemaname = 'public'",
                    "0");
    kt_sink_end(&t);
}

static void names_are_quoted(void **state)
{
    static const struct kg_column columns[] = {
        {"a\"; DROP TABLE x; --", KG_TYPE_TEXT, true},
        {"select", KG_TYPE_INTEGER, false},
        {"it's", KG_TYPE_TEXT, false},
    };
    static const struct kg_table_def def = {
        .name = "odd \"schema\".odd 'table'",
        .n_columns = 3,
        .columns = columns,
        .scanned_at = -1,
    };
    struct kg_value values[] = {
        {KG_STR("k"), false}, {KG_STR("7"), false}, {KG_STR("v"), false}};
    const struct kg_row row = {values, 0};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    struct kt_stored s = {0};
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE SCHEMA IF NOT EXISTS \"odd \"\"schema\"\"\"");
    assert_int_equal(kg_report_begin(t.sink, &def, &run, 0, &r), KG_OK);
    assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(&t, &s.done, 20);
    assert_int_equal(s.result.n_inserted, 1);
    kt_assert_query("SELECT \"select\", \"it's\" FROM \"odd \"\"schema\"\"\""
                    ".\"odd 'table'\"",
                    "7|v");
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP SCHEMA \"odd \"\"schema\"\"\" CASCADE");
    kt_sink_end(&t);
}

/* --- the seed's table, as GORM made it ------------------------------------------ */

static void store_seed(struct kt_sink *t, const struct kg_run_info *run,
                       const char *ns, const char *severity,
                       struct kt_stored *s)
{
    const struct kg_value values[] = {
        {kg_str_from(ns), false},      {KG_STR("web"), false},
        {KG_STR("Job"), false},        {KG_STR("main"), false},
        {KG_STR("2"), false},          {KG_STR("{}"), false},
        {kg_str_from(severity), false}};
    const struct kg_row row = {values, 0};
    struct kg_report *r;
    bool pause;

    *s = (struct kt_stored){0};
    assert_int_equal(kg_report_begin(t->sink, &kt_seed, run, 0, &r), KG_OK);
    assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    kg_report_end(r, kt_on_done, s);
    kt_sink_until(t, &s->done, 20);
}

static void the_seeds_table_is_adopted_and_guarded_by_its_scope(void **state)
{
    static char long_text[1200];
    struct kt_sink t;
    struct kg_run_info newer_run = kt_run(1, NOON);
    struct kg_run_info older_run = kt_run(2, NOON - 60);
    struct kg_run_info newest_run = kt_run(3, NOON + 60);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(
        "CREATE TABLE scan_histories (namespace varchar(100), name"
        " varchar(100), kind varchar(100), container varchar(100), pods bigint,"
        " allocations varchar(1000), severity varchar(1000),"
        " PRIMARY KEY (namespace, name, kind, container))");
    store_seed(&t, &newer_run, "team-a", "NEW", &s);
    assert_int_equal(s.result.n_inserted, 1);
    store_seed(&t, &older_run, "team-a", "OLD", &s);
    assert_int_equal(s.result.outcome, KG_SUPERSEDED);
    kt_assert_query("SELECT severity FROM scan_histories", "NEW");
    older_run = kt_run(4, NOON - 60);
    store_seed(&t, &older_run, "team-b", "OTHER", &s); /* Another scope. */
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    store_seed(&t, &newest_run, "team-a", "NEW", &s);
    assert_int_equal(s.result.n_unchanged, 1);
    kt_assert_query("SELECT target, scope, extract(epoch FROM newest)::bigint"
                    " - 1790000000 FROM kubeglean_scopes ORDER BY scope",
                    "scan_histories|[\"team-a\"]|60\n"
                    "scan_histories|[\"team-b\"]|-60");
    memset(long_text, 'x', sizeof(long_text) - 1);
    newest_run = kt_run(5, NOON + 90);
    store_seed(&t, &newest_run, "team-a", long_text, &s);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query("SELECT sqlstate, key->>'name' FROM kubeglean_rejects",
                    "22001|web");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_table_is_made),
        cmocka_unit_test(unchanged_rows_are_updated_in_place),
        cmocka_unit_test(a_new_column_is_added),
        cmocka_unit_test(a_table_that_exists_is_adopted_as_it_stands),
        cmocka_unit_test(a_refused_table_stops_no_other),
        cmocka_unit_test(without_migrate_nothing_is_made),
        cmocka_unit_test(names_are_quoted),
        cmocka_unit_test(the_seeds_table_is_adopted_and_guarded_by_its_scope),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
