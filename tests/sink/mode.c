/* SPDX-License-Identifier: MIT */
/* sink/: upsert, append and replace; tables that are all key; what is empty. */
#include "sink.h"

#include <stdio.h>
#include <unistd.h>

enum { NOON = 1790000000 };

static const struct kt_row a_and_b[] = {{"a", "1", NULL, "OK"},
                                        {"b", "1", NULL, "OK"}};

static struct kg_table_def krr_as(enum kg_mode mode)
{
    struct kg_table_def def = kt_krr;

    def.mode = mode;
    def.allow_empty = true;
    return def;
}

static struct kg_report *begin(struct kt_sink *t,
                               const struct kg_table_def *def,
                               const struct kg_run_info *run,
                               const struct kt_row *rows, size_t n)
{
    struct kg_report *r;
    bool pause;

    assert_int_equal(kg_report_begin(t->sink, def, run, 0, &r), KG_OK);
    for (size_t i = 0; i < n; i++) {
        kt_add(r, run, &rows[i], i, &pause);
    }
    return r;
}

static struct kt_stored end(struct kt_sink *t, struct kg_report *r)
{
    struct kt_stored s = {0};

    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(t, &s.done, 20);
    if (s.failed) {
        fail_msg("%s", s.error.text);
    }
    return s;
}

static struct kt_stored store(struct kt_sink *t, const struct kg_table_def *def,
                              const struct kg_run_info *run,
                              const struct kt_row *rows, size_t n)
{
    return end(t, begin(t, def, run, rows, n));
}

/* --- append ------------------------------------------------------------------- */

static void append_keeps_every_row_once(void **state)
{
    static const struct kt_row rows[] = {{"a", "1", NULL, "OK"},
                                         {"a", "2", NULL, "OK"}};
    struct kg_table_def def = krr_as(KG_MODE_APPEND);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(store(&t, &def, &run, rows, 2).result.n_inserted, 2);
    assert_true(store(&t, &def, &run, rows, 2).result.replayed);
    run = kt_run(2, NOON - 60);
    assert_int_equal(store(&t, &def, &run, rows, 2).result.n_inserted, 2);
    kt_assert_query("SELECT count(*) FROM scan_history", "4");
    kt_sink_end(&t);
}

/* --- replace ------------------------------------------------------------------ */

#define INSERT_FOREIGN                                             \
    "INSERT INTO scan_history VALUES ('c2', 'ns', 'z', 'D', 'm', " \
    "1, NULL, 'other scope', to_timestamp(1700000000))"
#define NAMES "SELECT string_agg(name, ' ' ORDER BY name) FROM scan_history"

static void replace_takes_away_what_the_new_report_lacks(void **state)
{
    static const struct kt_row second[] = {{"b", "2", NULL, "OK"},
                                           {"c", "2", NULL, "OK"}};
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);
    struct kg_run_info late = kt_run(3, NOON + 30);

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    (void)kt_pg_query(INSERT_FOREIGN);
    (void)store(&t, &def, &later, second, 2);
    assert_int_equal(store(&t, &def, &late, a_and_b, 2).result.outcome,
                     KG_SUPERSEDED);
    kt_assert_query("SELECT name, pods FROM scan_history ORDER BY 1",
                    "b|2\nc|2\nz|1");
    kt_sink_end(&t);
}

#define MANY_FOREIGN                                                         \
    "INSERT INTO scan_history SELECT 'c2', 'ns', 'z' || i, 'D', 'm', 1,"     \
    " NULL, 'OK', to_timestamp(1700000000) FROM generate_series(1, 5000) i;" \
    "ANALYZE scan_history; SELECT pg_stat_reset()"
#define STATISTICS(what) \
    "SELECT " what " FROM pg_stat_user_tables WHERE relname = 'scan_history'"

static void replace_looks_at_rows_of_its_own_scope_alone(void **state)
{
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);
    struct kg_run_info twin = kt_run(3, NOON + 60);

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &def).code, KG_OK);
    (void)kt_pg_query(MANY_FOREIGN);
    (void)store(&t, &def, &run, a_and_b, 2);
    (void)store(&t, &def, &later, a_and_b, 1);
    (void)store(&t, &def, &twin, &a_and_b[1], 1);
    kt_assert_query("SELECT name FROM scan_history WHERE cluster = 'c1'", "b");
    kt_sink_end(&t);
    /* Told when a session ends, or is idle for ten seconds. */
    for (unsigned i = 0;
         i < 500 && strcmp(kt_pg_query(STATISTICS("n_tup_del")), "2") != 0;
         i++) {
        (void)usleep(20000);
    }
    kt_assert_query(STATISTICS("n_tup_del"), "2");
    kt_assert_query(STATISTICS("seq_tup_read < 5000"), "t");
}

static void a_scope_may_be_of_any_types(void **state)
{
    static const struct kg_column columns[] = {
        {"shard", KG_TYPE_INTEGER, true},
        {"day", KG_TYPE_TIMESTAMPTZ, true},
        {"share", KG_TYPE_NUMERIC, false},
        {"name", KG_TYPE_TEXT, true},
        {"scanned_at", KG_TYPE_TIMESTAMPTZ, false}};
    static const uint32_t scope[] = {0, 1, 2};
    static const struct kg_table_def def = {.name = "Shards",
                                            .mode = KG_MODE_REPLACE,
                                            .n_columns = 5,
                                            .columns = columns,
                                            .n_scope = 3,
                                            .scope = scope,
                                            .scanned_at = 4};
#define SHARD(share, name, at) "7", "2026-09-21T00:00:00Z", share, name, at
#define FIRST                  "2026-09-21T14:13:20Z"
#define SECOND                 "2026-09-21T14:14:20Z"
    static const char *const first[] = {SHARD("1.50", "a", FIRST),
                                        SHARD("1.50", "b", FIRST)};
    static const char *const other[] = {SHARD(NULL, "c", FIRST)};
    static const char *const second[] = {SHARD("1.50", "b", SECOND)};
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_false(kt_store_texts(&t, &def, &run, first, 2).failed);
    run = kt_run(2, NOON);
    assert_false(kt_store_texts(&t, &def, &run, other, 1).failed);
    run = kt_run(3, NOON + 60);
    assert_false(kt_store_texts(&t, &def, &run, second, 1).failed);
    kt_assert_query("SELECT share, name FROM \"Shards\" ORDER BY 2",
                    "1.50|b\n|c");
    kt_sink_end(&t);
}

static void a_large_report_replaces_as_a_small_one_does(void **state)
{
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);
    struct kg_report *r;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    (void)kt_pg_query(INSERT_FOREIGN);
    r = begin(&t, &def, &later, NULL, 0);
    kt_add_many(&t, r, &later, 0, 2500);
    assert_int_equal(end(&t, r).result.n_inserted, 2500);
    kt_assert_query("SELECT count(*), min(name), max(name) FROM scan_history",
                    "2501|row000000|z");
    kt_sink_end(&t);
}

static void a_report_that_is_not_whole_takes_nothing_away(void **state)
{
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);
    struct kg_report *r;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    r = begin(&t, &def, &later, a_and_b, 1);
    kg_report_partial(r);
    assert_int_equal(end(&t, r).result.n_unchanged, 1);
    kt_assert_query(NAMES, "a b");
    kt_sink_end(&t);
}

/* Jobs of a schedule start in the same second. */
static void a_whole_report_of_one_second_spares_the_scope_of_another(
    void **state)
{
    static const char *const other[] = {
        "c2", "ns", "z", "D", "m", NULL, NULL, NULL, "2026-09-21T14:13:20Z"};
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info whole = kt_run(1, NOON);
    struct kg_run_info partial = kt_run(2, NOON);
    struct kg_value values[9];
    const struct kg_row row = {values, 0};
    struct kg_report *r;
    bool pause;

    (void)state;
    for (unsigned i = 0; i < KG_COUNT_OF(values); i++) {
        values[i] = (struct kg_value){KG_STR(""), other[i] == NULL};
        values[i].text = other[i] != NULL ? kg_str_from(other[i]) : KG_STR("");
    }
    kt_sink_fresh(&t);
    assert_int_equal(kg_report_begin(t.sink, &def, &partial, 0, &r), KG_OK);
    (void)kt_pg_query("CREATE TABLE IF NOT EXISTS scan_history (cluster text,"
                      " namespace text, name text, kind text, container text,"
                      " pods int, allocations jsonb, severity text,"
                      " scanned_at timestamptz, PRIMARY KEY (cluster,"
                      " namespace, name, kind, container))");
    (void)kt_pg_query("INSERT INTO scan_history VALUES ('c2', 'ns', 'old', 'D',"
                      " 'm', 1, NULL, '', to_timestamp(1700000000))");
    assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    kg_report_partial(r);
    (void)end(&t, r);
    (void)store(&t, &def, &whole, a_and_b, 2);
    kt_assert_query(NAMES, "a b old z");
    kt_sink_end(&t);
}

static struct kt_stored store_empty(struct kt_sink *t,
                                    const struct kg_table_def *def,
                                    const struct kg_run_info *run)
{
    struct kg_value values[9];
    const struct kg_row scope = {values, 0};
    struct kg_report *r;

    for (unsigned i = 0; i < KG_COUNT_OF(values); i++) {
        values[i] = (struct kg_value){.is_null = true};
    }
    values[0] = (struct kg_value){KG_STR("c1"), false};
    assert_int_equal(kg_report_begin(t->sink, def, run, 0, &r), KG_OK);
    assert_int_equal(kg_report_empty(r, &scope), KG_OK);
    return end(t, r);
}

static void an_empty_report_empties_its_scope_where_that_is_allowed(
    void **state)
{
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info late = kt_run(2, NOON - 60);
    struct kg_run_info later = kt_run(3, NOON + 60);
    struct kg_run_info last = kt_run(4, NOON + 90);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    (void)kt_pg_query(INSERT_FOREIGN);
    assert_int_equal(store_empty(&t, &def, &late).result.outcome,
                     KG_SUPERSEDED);
    kt_assert_query(NAMES, "a b z");
    s = store_empty(&t, &def, &later);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_inserted + s.result.n_updated +
                         s.result.n_unchanged + s.result.n_refused,
                     0);
    kt_assert_query(NAMES, "z");
    run = kt_run(5, NOON + 30); /* Late, too: what is empty was newer. */
    assert_int_equal(store(&t, &def, &run, a_and_b, 2).result.outcome,
                     KG_SUPERSEDED);
    assert_int_equal(store(&t, &def, &last, a_and_b, 2).result.n_inserted, 2);
    kt_assert_query("SELECT scope FROM kubeglean_runs WHERE rows = 0"
                    " AND reason = ''",
                    "[\"c1\"]");
    kt_sink_end(&t);
}

static void without_a_word_an_empty_report_takes_nothing_away(void **state)
{
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    assert_int_equal(store(&t, &def, &later, NULL, 0).result.outcome,
                     KG_COMPLETE);
    kt_assert_query(NAMES, "a b");
    kt_sink_end(&t);
}

static void replace_goes_on_around_a_bad_row(void **state)
{
    static const struct kt_row second[] = {{"b", "2", NULL, "OK"},
                                           {"c", "no number", NULL, "OK"},
                                           {"d", "2", NULL, "OK"}};
    struct kg_table_def def = krr_as(KG_MODE_REPLACE);
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &def, &run, a_and_b, 2);
    (void)kt_pg_query(INSERT_FOREIGN);
    assert_int_equal(store(&t, &def, &later, second, 3).result.n_rejected, 1);
    kt_assert_query(NAMES, "b d z");
    kt_sink_end(&t);
}

/* --- a table that is all key ---------------------------------------------------- */

static const struct kg_column all_key_columns[] = {
    {"cluster", KG_TYPE_TEXT, true},
    {"name", KG_TYPE_TEXT, true},
    {"scanned_at", KG_TYPE_TIMESTAMPTZ, true},
};
static const uint32_t first_column[] = {0};

static struct kt_stored store_all_key(struct kt_sink *t, uint32_t n_columns,
                                      const struct kg_run_info *run,
                                      const char *const *texts, size_t n_rows)
{
    static struct kg_table_def def;

    def = (struct kg_table_def){.name = "seen",
                                .n_columns = n_columns,
                                .columns = all_key_columns,
                                .n_scope = 1,
                                .scope = first_column,
                                .scanned_at = n_columns == 3 ? 2 : -1};
    return kt_store_texts(t, &def, run, texts, n_rows);
}

static void a_table_that_is_all_key_takes_each_row_once(void **state)
{
    static const char *const rows[] = {"c1", "a", "c1", "b"};
    static const char *const more[] = {"c1", "b", "c1", "c"};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info later = kt_run(2, NOON + 60);
    struct kg_run_info late = kt_run(3, NOON + 30);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(store_all_key(&t, 2, &run, rows, 2).result.n_inserted, 2);
    s = store_all_key(&t, 2, &later, more, 2);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_unchanged, 1);
    s = store_all_key(&t, 2, &late, more, 2);
    assert_int_equal(s.result.outcome, KG_SUPERSEDED);
    kt_assert_query("SELECT name FROM seen ORDER BY 1", "a\nb\nc");
    kt_sink_end(&t);
}

static void a_time_in_the_key_makes_a_history_without_repeats(void **state)
{
    static const char *const rows[] = {"c1", "a", "2026-09-21T14:13:20Z",
                                       "c1", "b", "2026-09-21T14:13:20Z"};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info again = kt_run(2, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(store_all_key(&t, 3, &run, rows, 2).result.n_inserted, 2);
    s = store_all_key(&t, 3, &again, rows, 2);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_unchanged, 2);
    kt_assert_query("SELECT count(*) FROM seen", "2");
    kt_sink_end(&t);
}

static void a_large_report_counts_a_table_that_is_all_key(void **state)
{
    enum { ROWS = 1500 };
    static char names[ROWS][16];
    static const char *texts[3 * ROWS];
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info again = kt_run(2, NOON);
    struct kt_stored s;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "n%zu", i);
        texts[3 * i] = "c1";
        texts[3 * i + 1] = names[i];
        texts[3 * i + 2] = "2026-09-21T14:13:20Z";
    }
    kt_sink_fresh(&t);
    s = store_all_key(&t, 3, &run, texts, ROWS);
    assert_int_equal(s.result.n_inserted, ROWS);
    s = store_all_key(&t, 3, &again, texts, ROWS);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_unchanged, ROWS);
    kt_sink_end(&t);
}

/* Two clusters run the same workload: the key has the cluster. */
static void the_same_workload_of_two_clusters_is_two_rows(void **state)
{
    static const char *const here[] = {
        "c1", "ns", "web", "D", "m", "1", NULL, "OK", "2026-09-21T14:13:20Z"};
    static const char *const there[] = {
        "c2", "ns", "web", "D", "m", "2", NULL, "OK", "2026-09-21T14:13:20Z"};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info other = kt_run(2, NOON);

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_store_texts(&t, &kt_krr, &run, here, 1);
    other.id.cluster = KG_STR("c2");
    assert_int_equal(
        kt_store_texts(&t, &kt_krr, &other, there, 1).result.n_inserted, 1);
    kt_assert_query("SELECT cluster, pods FROM scan_history ORDER BY 1",
                    "c1|1\nc2|2");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_keeps_every_row_once),
        cmocka_unit_test(replace_takes_away_what_the_new_report_lacks),
        cmocka_unit_test(replace_looks_at_rows_of_its_own_scope_alone),
        cmocka_unit_test(a_scope_may_be_of_any_types),
        cmocka_unit_test(a_large_report_replaces_as_a_small_one_does),
        cmocka_unit_test(a_report_that_is_not_whole_takes_nothing_away),
        cmocka_unit_test(
            a_whole_report_of_one_second_spares_the_scope_of_another),
        cmocka_unit_test(
            an_empty_report_empties_its_scope_where_that_is_allowed),
        cmocka_unit_test(without_a_word_an_empty_report_takes_nothing_away),
        cmocka_unit_test(replace_goes_on_around_a_bad_row),
        cmocka_unit_test(a_table_that_is_all_key_takes_each_row_once),
        cmocka_unit_test(a_time_in_the_key_makes_a_history_without_repeats),
        cmocka_unit_test(a_large_report_counts_a_table_that_is_all_key),
        cmocka_unit_test(the_same_workload_of_two_clusters_is_two_rows),
    };

    return cmocka_run_group_tests_name("mode", tests, NULL, NULL);
}
