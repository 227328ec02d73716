/* SPDX-License-Identifier: MIT */
/* sink/: partitioned tables are tables whose key has the partition's column. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000 };

#define KEYS                                                              \
    "cluster text NOT NULL, namespace text NOT NULL, name text NOT NULL," \
    " kind text NOT NULL, container text NOT NULL"
#define BY_CLUSTER                                                            \
    "CREATE TABLE scan_history (" KEYS                                        \
    ", allocations jsonb, severity text, scanned_at timestamptz,"             \
    " PRIMARY KEY (cluster, namespace, name, kind, container))"               \
    " PARTITION BY HASH (cluster);"                                           \
    "CREATE TABLE part0 PARTITION OF scan_history FOR VALUES WITH (modulus 2" \
    ", remainder 0);"                                                         \
    "CREATE TABLE part1 PARTITION OF scan_history FOR VALUES WITH (modulus 2" \
    ", remainder 1);"

static struct kt_stored store(struct kt_sink *t, const struct kg_table_def *def,
                              unsigned number, const char *const *texts,
                              size_t n_rows)
{
    struct kg_run_info run = kt_run(number, NOON + (int)number);
    struct kt_stored s = kt_store_texts(t, def, &run, texts, n_rows);

    if (s.failed) {
        fail_msg("%s", s.error.text);
    }
    return s;
}

#define ROW(cluster, name, severity) \
    cluster, "ns", name, "D", "m", "1", NULL, severity, "2026-09-21T14:13:21Z"

static void a_table_of_hashed_partitions_is_one_table(void **state)
{
    static const char *const rows[] = {
        ROW("c1", "a", "OK"), ROW("c2", "a", "OK"), ROW("c3", "a", "OK"),
        ROW("c4", "a", "OK")};
    static const char *const more[] = {
        ROW("c1", "a", "OK"), ROW("c2", "a", "bad"), ROW("c5", "a", "OK")};
    struct kt_sink t;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(BY_CLUSTER);
    assert_int_equal(store(&t, &kt_krr, 1, rows, 4).result.n_inserted, 4);
    s = store(&t, &kt_krr, 2, more, 3);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_updated, 1);
    assert_int_equal(s.result.n_unchanged, 1);
    kt_assert_query("SELECT count(*) > 0 FROM part0", "t");
    kt_assert_query("SELECT count(*) > 0 FROM part1", "t");
    kt_assert_query("SELECT cluster, pods, severity FROM scan_history"
                    " ORDER BY 1",
                    "c1|1|OK\nc2|1|bad\nc3|1|OK\nc4|1|OK\nc5|1|OK");
    kt_sink_end(&t);
}

static void a_large_report_replaces_its_scope_across_partitions(void **state)
{
    static const char *const old[] = {ROW("c1", "old", "OK"),
                                      ROW("c2", "old", "OK")};
    struct kg_table_def def = kt_krr;
    struct kg_run_info run = kt_run(9, NOON + 60);
    struct kt_stored s = {0};
    struct kg_report *r;
    struct kt_sink t;

    (void)state;
    def.mode = KG_MODE_REPLACE;
    kt_sink_fresh(&t);
    (void)kt_pg_query(BY_CLUSTER);
    (void)store(&t, &def, 1, old, 2);
    assert_int_equal(kg_report_begin(t.sink, &def, &run, 0, &r), KG_OK);
    kt_add_many(&t, r, &run, 0, 1500);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(&t, &s.done, 20);
    assert_int_equal(s.result.n_inserted, 1500);
    kt_assert_query("SELECT cluster, count(*) FROM scan_history GROUP BY 1"
                    " ORDER BY 1",
                    "c1|1500\nc2|1");
    kt_sink_end(&t);
}

/* --- by time ------------------------------------------------------------------- */

static const struct kg_column history_columns[] = {
    {"cluster", KG_TYPE_TEXT, true},
    {"name", KG_TYPE_TEXT, true},
    {"scanned_at", KG_TYPE_TIMESTAMPTZ, true},
    {"pods", KG_TYPE_INTEGER, false},
};
static const uint32_t first_column[] = {0};
static const struct kg_table_def history = {.name = "history",
                                            .n_columns = 4,
                                            .columns = history_columns,
                                            .n_scope = 1,
                                            .scope = first_column,
                                            .scanned_at = 2};

#define BY_TIME                                                        \
    "CREATE TABLE history (cluster text, name text, scanned_at"        \
    " timestamptz, pods int, PRIMARY KEY (cluster, name, scanned_at))" \
    " PARTITION BY RANGE (scanned_at);"                                \
    "CREATE TABLE september PARTITION OF history FOR VALUES FROM"      \
    " ('2026-09-01 00:00+00') TO ('2026-10-01 00:00+00');"             \
    "CREATE TABLE october PARTITION OF history FOR VALUES FROM"        \
    " ('2026-10-01 00:00+00') TO ('2026-11-01 00:00+00');"

static void a_scan_goes_to_the_partition_of_its_time(void **state)
{
    static const char *const first[] = {"c1", "a", "2026-09-30T23:59:59Z", "1",
                                        "c1", "b", "2026-09-30T23:59:59Z", "1"};
    static const char *const second[] = {"c1", "a", "2026-10-01T00:00:00Z",
                                         "2"};
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(BY_TIME);
    assert_int_equal(store(&t, &history, 1, first, 2).result.n_inserted, 2);
    assert_int_equal(store(&t, &history, 2, first, 2).result.n_unchanged, 2);
    assert_int_equal(store(&t, &history, 3, second, 1).result.n_inserted, 1);
    kt_assert_query("SELECT tableoid::regclass, name, pods FROM history"
                    " ORDER BY 1, 2",
                    "september|a|1\nseptember|b|1\noctober|a|2");
    kt_sink_end(&t);
}

static void a_row_without_a_partition_costs_itself_alone(void **state)
{
    static const char *const rows[] = {"c1", "a", "2026-09-30T00:00:00Z", "1",
                                       "c1", "b", "2026-12-30T00:00:00Z", "1"};
    struct kt_stored s;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(BY_TIME);
    s = store(&t, &history, 1, rows, 2);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query("SELECT key->>'name', sqlstate, reason LIKE"
                    " '%no partition%' FROM kubeglean_rejects",
                    "b|23514|t");
    kt_sink_end(&t);
}

/* --- what does not fit ----------------------------------------------------------- */

/* A row could move only if its partition were told by what is no key. */
static void a_partition_by_what_is_no_key_is_refused(void **state)
{
    struct kg_error e;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE scan_history (" KEYS
                      ", pods int, allocations jsonb, severity text, scanned_at"
                      " timestamptz, PRIMARY KEY (cluster, namespace, name,"
                      " kind, container, scanned_at)) PARTITION BY RANGE"
                      " (scanned_at)");
    e = kt_prepare(&t, &kt_krr);
    assert_string_equal(
        e.text,
        "table \"scan_history\": it is partitioned by scanned_at, which the "
        "profile's key lacks (\"key: true\"); cure: ALTER TABLE "
        "\"scan_history\" RENAME TO scan_history_before");
    (void)kt_pg_query(strstr(e.text, "ALTER"));
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_hashed_partitions_is_one_table),
        cmocka_unit_test(a_large_report_replaces_its_scope_across_partitions),
        cmocka_unit_test(a_scan_goes_to_the_partition_of_its_time),
        cmocka_unit_test(a_row_without_a_partition_costs_itself_alone),
        cmocka_unit_test(a_partition_by_what_is_no_key_is_refused),
    };

    return cmocka_run_group_tests_name("part", tests, NULL, NULL);
}
