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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greater_run_of_one_second_keeps_its_scope),
        cmocka_unit_test(a_run_of_one_second_spares_the_scope_of_another),
        cmocka_unit_test(
            reports_gathered_of_one_second_end_as_their_runs_are_ordered),
        cmocka_unit_test(replace_leaves_the_greater_run_of_one_second_alone),
        cmocka_unit_test(documents_of_one_run_add_up_where_rows_are_upserted),
        cmocka_unit_test(a_document_replaces_the_one_before_it),
        cmocka_unit_test(scopes_that_know_no_run_are_extended),
    };

    return cmocka_run_group_tests_name("tie", tests, NULL, NULL);
}
