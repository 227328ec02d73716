/* SPDX-License-Identifier: MIT */
/* sink/: runs of one second, and the documents of one run: who is newer? */
#include "sink.h"

#include <stdio.h>

#include "kubeglean/clock.h"

enum { NOON = 1790000000, LARGE = 1500 };

/* --- one small table, guarded in each of the ways ------------------------------- */

static const struct kg_column columns[] = {
    {"cluster", KG_TYPE_TEXT, true},
    {"name", KG_TYPE_TEXT, true},
    {"v", KG_TYPE_INTEGER, false},
    {"scanned_at", KG_TYPE_TIMESTAMPTZ, false},
};
static const uint32_t scope[] = {0};

static const struct kg_table_def by_scope = {.name = "held",
                                             .n_columns = 3,
                                             .columns = columns,
                                             .n_scope = 1,
                                             .scope = scope,
                                             .scanned_at = -1};
static const struct kg_table_def replaced = {.name = "held",
                                             .mode = KG_MODE_REPLACE,
                                             .n_columns = 4,
                                             .columns = columns,
                                             .n_scope = 1,
                                             .scope = scope,
                                             .scanned_at = 3};

static const struct kg_table_def by_row = {.name = "held",
                                           .n_columns = 4,
                                           .columns = columns,
                                           .n_scope = 1,
                                           .scope = scope,
                                           .scanned_at = 3};

/* A report of the second NOON: of a run, which of its documents, and names. */
struct told {
    unsigned run;
    uint32_t ordinal;
    const char *names; /* "a b"; */
    bool large;        /* and LARGE more. */
    bool partial;
    const char *cluster; /* NULL: "c1". */
};

static void add(struct kg_report *r, const struct told *told,
                struct kg_str name, uint64_t number)
{
    char at[KG_TIME_TEXT_MAX];
    char v[16];
    bool pause;

    (void)snprintf(v, sizeof(v), "%u", told->run * 10 + told->ordinal);
    const struct kg_value values[] = {
        {kg_str_from(told->cluster != NULL ? told->cluster : "c1"), false},
        {name, false},
        {kg_str_from(kg_str_is(name, "bad") ? "bad" : v), false},
        {kg_str_from(kg_time_format((int64_t)NOON * 1000000, at)), false}};
    const struct kg_row row = {values, number};

    assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
}

static void begin(struct kt_sink *t, const struct kg_table_def *def,
                  const struct told *told, struct kt_stored *s)
{
    const struct kg_run_info run = kt_run(told->run, NOON);
    struct kg_str rest = kg_str_from(told->names);
    struct kg_report *r;
    uint64_t n = 0;

    *s = (struct kt_stored){0};
    assert_int_equal(kg_report_begin(t->sink, def, &run, told->ordinal, &r),
                     KG_OK);
    while (rest.len > 0) {
        add(r, told, kg_str_cut(&rest, ' '), n++);
    }
    for (unsigned i = 0; told->large && i < LARGE; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "row%u", i);
        add(r, told, kg_str_from(name), n++);
    }
    if (told->partial) {
        kg_report_partial(r);
    }
    kg_report_end(r, kt_on_done, s);
}

static struct kg_report_result store(struct kt_sink *t,
                                     const struct kg_table_def *def,
                                     struct told told)
{
    struct kt_stored s;

    begin(t, def, &told, &s);
    kt_sink_until(t, &s.done, 20);
    assert_false(s.failed);
    return s.result;
}

#define HELD "SELECT name, v FROM held WHERE name NOT LIKE 'row%' ORDER BY 1"
#define MANY "SELECT count(*), min(v), max(v) FROM held WHERE name LIKE 'row%'"

/* --- runs of one second ------------------------------------------------------------ */

static void the_greater_run_of_one_second_keeps_its_scope(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_scope, (struct told){2, .names = "a b"});
    assert_int_equal(
        store(&t, &by_scope, (struct told){1, .names = "b c"}).outcome,
        KG_SUPERSEDED);
    kt_assert_query(HELD, "a|20\nb|20");
    (void)store(&t, &by_scope, (struct told){3, .names = "b c"});
    kt_assert_query(HELD, "a|20\nb|30\nc|30");
    assert_int_equal(
        store(&t, &by_scope, (struct told){1, .names = "b", .large = true})
            .outcome,
        KG_SUPERSEDED);
    (void)store(&t, &by_scope, (struct told){4, .names = "b", .large = true});
    kt_assert_query(HELD, "a|20\nb|40\nc|30");
    kt_assert_query(MANY, "1500|40|40");
    kt_sink_end(&t);
}

static void a_run_of_one_second_spares_the_scope_of_another(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_scope, (struct told){2, .names = "a"});
    assert_int_equal(
        store(&t, &by_scope, (struct told){1, .names = "a", .cluster = "c2"})
            .outcome,
        KG_COMPLETE);
    kt_assert_query(HELD, "a|20\na|10");
    kt_sink_end(&t);
}

/* Whatever order they come in, and however they are gathered. */
static void reports_gathered_of_one_second_end_as_their_runs_are_ordered(
    void **state)
{
    static const struct told all[] = {
        {3, .names = "a b c"}, {1, .names = "a b c"}, {2, .names = "a b c"}};
    struct kt_stored s[KG_COUNT_OF(all)];
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &by_scope).code, KG_OK);
    for (size_t i = 0; i < KG_COUNT_OF(all); i++) {
        begin(&t, &by_scope, &all[i], &s[i]);
    }
    for (size_t i = 0; i < KG_COUNT_OF(all); i++) {
        kt_sink_until(&t, &s[i].done, 20);
    }
    assert_int_equal(s[0].result.outcome, KG_COMPLETE);
    kt_assert_query(HELD, "a|30\nb|30\nc|30");
    kt_sink_end(&t);
}

static void replace_leaves_the_greater_run_of_one_second_alone(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &replaced, (struct told){2, .names = "a b"});
    assert_int_equal(
        store(&t, &replaced, (struct told){1, .names = "b c"}).outcome,
        KG_SUPERSEDED);
    kt_assert_query(HELD, "a|20\nb|20");
    (void)store(&t, &replaced, (struct told){3, .names = "b c"});
    kt_assert_query(HELD, "b|30\nc|30");
    (void)store(&t, &replaced, (struct told){4, .names = "d", .large = true});
    kt_assert_query(HELD, "d|40");
    kt_assert_query(MANY, "1500|40|40");
    assert_int_equal(
        store(&t, &replaced, (struct told){3, 1, "e", .large = true}).outcome,
        KG_SUPERSEDED);
    (void)store(&t, &replaced, (struct told){5, .names = "b"});
    kt_assert_query(HELD, "b|50");
    kt_assert_query(MANY, "0||");
    kt_sink_end(&t);
}

/* --- rows, each with its own guard ---------------------------------------------- */

static void the_greater_run_of_one_second_keeps_its_rows(void **state)
{
    struct kg_report_result result;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_row, (struct told){2, .names = "a b"});
    result = store(&t, &by_row, (struct told){1, .names = "b c"});
    assert_int_equal(result.n_refused, 1);
    assert_int_equal(result.n_inserted, 1);
    kt_assert_query(HELD, "a|20\nb|20\nc|10");
    (void)store(&t, &by_row, (struct told){3, .names = "b c"});
    kt_assert_query(HELD, "a|20\nb|30\nc|30");
    assert_int_equal(
        store(&t, &by_row, (struct told){1, 1, .names = "a b"}).outcome,
        KG_SUPERSEDED);
    kt_assert_query(HELD, "a|20\nb|30\nc|30");
    kt_sink_end(&t);
}

static void a_large_report_of_one_second_is_held_to_the_same(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_row, (struct told){2, .names = "a", .large = true});
    kt_assert_query(MANY, "1500|20|20");
    (void)store(&t, &by_row, (struct told){1, .names = "a b", .large = true});
    kt_assert_query(HELD, "a|20\nb|10");
    kt_assert_query(MANY, "1500|20|20");
    (void)store(&t, &by_row, (struct told){3, .names = "row7", .large = true});
    kt_assert_query(MANY, "1500|30|30");
    kt_sink_end(&t);
}

/* A greater run is there, and the row is not its own. */
static void a_row_of_a_lesser_run_is_nobody_elses(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_row, (struct told){3, .names = "x"});
    (void)store(&t, &by_row, (struct told){1, .names = "a"});
    (void)store(&t, &by_row, (struct told){2, .names = "a"});
    (void)store(&t, &by_row, (struct told){2, 1, .names = "a"});
    kt_assert_query(HELD, "a|21\nx|30");
    kt_sink_end(&t);
}

/* What is stored within savepoints is of transactions of their own. */
static void rows_beside_a_bad_one_are_kept_as_well(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_row, (struct told){2, .names = "a b bad c d"});
    assert_int_equal(
        store(&t, &by_row, (struct told){1, .names = "a b c d"}).n_refused, 4);
    kt_assert_query(HELD, "a|20\nb|20\nc|20\nd|20");
    (void)store(&t, &by_row, (struct told){3, .names = "a b bad c d"});
    kt_assert_query(HELD, "a|30\nb|30\nc|30\nd|30");
    kt_sink_end(&t);
}

/* Run 9 stores, and commits while somebody waits for it. */
#define RUN_9                                                             \
    "BEGIN; INSERT INTO held VALUES ('c1', 'm', 90, "                     \
    "to_timestamp(1790000000));"                                          \
    " INSERT INTO kubeglean_runs (cluster, job_uid, pod_uid, container,"  \
    " restart, target, scanned_at, documents, xids) SELECT 'c1', id, id," \
    " 'krr', 0, 'held', to_timestamp(1790000000), 1,"                     \
    " ARRAY[pg_current_xact_id()::xid] FROM"                              \
    " (SELECT '00000009-0000-4000-8000-000000000000'::uuid AS id) u;"     \
    " DO 'BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted" \
    " AND transactionid = pg_current_xact_id()::xid) LOOP"                \
    " PERFORM pg_sleep(0.01); END LOOP; END'; COMMIT"

static void a_greater_run_that_commits_meanwhile_keeps_its_rows(void **state)
{
    static const struct told slow = {1, .names = "bad m n"};
    struct kt_stored s;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &by_row).code, KG_OK);
    kt_pg_in_background(RUN_9);
    kt_until_query(&t,
                   "SELECT count(*) FROM pg_stat_activity"
                   " WHERE wait_event = 'PgSleep'",
                   "1");
    begin(&t, &by_row, &slow, &s);
    kt_sink_until(&t, &s.done, 20);
    assert_int_equal(s.result.n_refused, 1);
    assert_int_equal(s.result.n_rejected, 1);
    kt_assert_query(HELD, "m|90\nn|10");
    kt_sink_end(&t);
}

/* --- documents of one run ------------------------------------------------------------ */

static void documents_of_one_run_add_up_where_rows_are_upserted(void **state)
{
    static const struct told second = {1, 1, "b c"};
    static const struct told first = {1, 0, "a b"};
    struct kt_stored s[2];
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &by_scope).code, KG_OK);
    begin(&t, &by_scope, &first, &s[0]); /* Both in one transaction, */
    begin(&t, &by_scope, &second, &s[1]);
    kt_sink_until(&t, &s[1].done, 20);
    (void)store(&t, &by_scope, (struct told){1, 2, "c d"}); /* or not. */
    kt_assert_query(HELD, "a|10\nb|11\nc|12\nd|12");
    kt_sink_end(&t);
}

static void a_document_replaces_the_one_before_it(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &replaced, (struct told){1, 0, "a b"});
    (void)store(&t, &replaced, (struct told){1, 1, "b c"});
    kt_assert_query(HELD, "b|11\nc|11");
    (void)store(&t, &replaced, (struct told){1, 2, "c", .large = true});
    (void)store(&t, &replaced, (struct told){1, 3, "bad e f"});
    kt_assert_query(HELD, "e|13\nf|13");
    kt_assert_query(MANY, "0||");
    (void)store(&t, &replaced, (struct told){1, 4, "g", .partial = true});
    kt_assert_query(HELD, "e|13\nf|13\ng|14");
    kt_assert_query("SELECT DISTINCT run FROM kubeglean_scopes",
                    "c1 00000001-0000-4000-8000-000000000000 "
                    "00000001-0000-4000-8000-000000000000 krr "
                    "0000000000#0000000004");
    kt_sink_end(&t);
}

/* --- an installation from before ------------------------------------------------------ */

static void scopes_that_know_no_run_are_extended(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    kt_heap_setup();
    (void)kt_pg_query("CREATE TABLE kubeglean_scopes (target text NOT NULL,"
                      " scope text NOT NULL, newest timestamptz NOT NULL,"
                      " PRIMARY KEY (target, scope));"
                      "INSERT INTO kubeglean_scopes VALUES ('held', '[\"c1\"]',"
                      " to_timestamp(1790000000))");
    kt_sink_setup(&t, NULL);
    (void)store(&t, &by_scope, (struct told){1, .names = "a"});
    kt_assert_query(HELD, "a|10");
    kt_assert_query("SELECT run > '' FROM kubeglean_scopes", "t");
    kt_sink_end(&t);
}

static void runs_that_know_no_transaction_are_extended(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, &by_row, (struct told){2, .names = "a"});
    kt_sink_teardown(&t);
    (void)kt_pg_query("DROP INDEX kubeglean_runs_scanned;"
                      "ALTER TABLE kubeglean_runs DROP COLUMN xids");
    kt_sink_setup(&t, NULL);
    (void)store(&t, &by_row, (struct told){1, .names = "a b"});
    kt_assert_query(HELD, "a|10\nb|10"); /* As it was then. */
    (void)store(&t, &by_row, (struct told){0, .names = "a b"});
    kt_assert_query(HELD, "a|10\nb|10");
    kt_assert_query("SELECT to_regclass('kubeglean_runs_scanned') IS NOT NULL",
                    "t");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greater_run_of_one_second_keeps_its_scope),
        cmocka_unit_test(a_run_of_one_second_spares_the_scope_of_another),
        cmocka_unit_test(
            reports_gathered_of_one_second_end_as_their_runs_are_ordered),
        cmocka_unit_test(replace_leaves_the_greater_run_of_one_second_alone),
        cmocka_unit_test(the_greater_run_of_one_second_keeps_its_rows),
        cmocka_unit_test(a_large_report_of_one_second_is_held_to_the_same),
        cmocka_unit_test(a_row_of_a_lesser_run_is_nobody_elses),
        cmocka_unit_test(rows_beside_a_bad_one_are_kept_as_well),
        cmocka_unit_test(a_greater_run_that_commits_meanwhile_keeps_its_rows),
        cmocka_unit_test(documents_of_one_run_add_up_where_rows_are_upserted),
        cmocka_unit_test(a_document_replaces_the_one_before_it),
        cmocka_unit_test(scopes_that_know_no_run_are_extended),
        cmocka_unit_test(runs_that_know_no_transaction_are_extended),
    };

    return cmocka_run_group_tests_name("tie", tests, NULL, NULL);
}
