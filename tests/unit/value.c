/* SPDX-License-Identifier: MIT */
/* json/: what a value becomes by its column's type, and what a report without
 * any row says of its scope. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"

#define HEAD                                       \
    "apiVersion: kubeglean.io/v1\nkind: Profile\n" \
    "metadata: {name: test}\nspec:\n  table: t\n"

static void values_become_what_their_type_takes(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: $\n  columns:\n"
             "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
             "  - {name: i, type: integer, path: \"@.i\"}\n"
             "  - {name: num, type: numeric, path: \"@.n\", mismatch: default, "
             "default: 0.5}\n"
             "  - {name: b, type: boolean, path: \"@.b\", mismatch: \"null\"}\n"
             "  - {name: t, type: timestamptz, path: \"@.t\"}\n"
             "  - {name: j, type: jsonb, path: \"@.j\"}\n"
             "  - {name: c, type: text, const: x}\n",
        "{\"k\":\"a\",\"i\":2147483647,\"n\":1.0e400,\"b\":true,"
        "\"t\":\"2026-01-02T03:04:05+01:00\",\"j\":\"q\\\"\"}"
        "{\"k\":\"a\",\"i\":2147483648}{\"k\":\"a\",\"i\":1.0}"
        "{\"k\":\"a\",\"i\":\"1\"}{\"k\":\"a\",\"t\":\"yesterday\"}"
        "{\"k\":1}{\"k\":\"a\",\"n\":\"x\",\"b\":[],\"j\":[ 1 , 2 ]}",
        "begin 0\nrow a|2147483647|1.0e400|true|2026-01-02T03:04:05+01:00|"
        "\"q\\\"\"|x\nend complete 1 0\n"
        "begin 1\nreject 0 i: it is no integer\nend complete 0 1\n"
        "begin 2\nreject 0 i: it is no integer\nend complete 0 1\n"
        "begin 3\nreject 0 i: it is of another type\nend complete 0 1\n"
        "begin 4\nreject 0 t: it is no time of RFC 3339\nend complete 0 1\n"
        "begin 5\nreject 0 k: it is of another type\nend complete 0 1\n"
        "begin 6\nrow a|NULL|0.5|NULL|NULL|[1,2]|x\nend complete 1 0\n");
}

/* KRR has a number, "?" or null in one field. */
static void t10_one_field_may_be_a_number_a_text_or_null(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD
        "  rows: \"$.r[*]\"\n  columns:\n"
        "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
        "  - {name: cpu, type: numeric, path: \"@.cpu\", mismatch: "
        "\"null\"}\n"
        "  - {name: text, type: text, path: \"@.cpu\", mismatch: \"null\"}\n"
        "  - {name: raw, type: jsonb, raw: \"@.cpu\"}\n",
        "{\"r\":[{\"k\":\"1\",\"cpu\":0.10},{\"k\":\"2\",\"cpu\":\"?\"},"
        "{\"k\":\"3\",\"cpu\":null},{\"k\":\"4\"},"
        "{\"k\":\"5\",\"cpu\":NaN},{\"k\":\"6\",\"cpu\":1e400}]}",
        "begin 0\nrow 1|0.10|NULL|0.10\nrow 2|NULL|?|\"?\"\n"
        "row 3|NULL|NULL|NULL\nrow 4|NULL|NULL|NULL\n"
        "row 5|NULL|NULL|NULL\nrow 6|1e400|NULL|1e400\n"
        "end complete 6 0\n");
}

static void an_array_of_strings_is_all_that_text_arrays_take(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: \"$.r[*]\"\n  columns:\n"
             "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
             "  - {name: a, type: \"text[]\", path: \"@.a\"}\n"
             "  - {name: d, type: \"text[]\", path: \"@.d\", "
             "default: '[]'}\n",
        "{\"r\":[{\"k\":\"1\",\"a\":[ \"x\" , \"\\\"],\\\\\", \"\" ],"
        "\"d\":[\"\\ud83d\\ude00\"]},{\"k\":\"2\",\"a\":[]},{\"k\":\"3\","
        "\"a\":null},{\"k\":\"4\",\"a\":[\"x\",1]},{\"k\":\"5\",\"a\":[[]]},"
        "{\"k\":\"6\",\"a\":\"x\"},{\"k\":\"7\",\"a\":{\"x\":\"y\"}},"
        "{\"k\":\"8\",\"a\":[\"\\u0000\"]},{\"k\":\"9\",\"a\":[null]}]}",
        "begin 0\nrow 1|[\"x\",\"\\\"],\\\\\",\"\"]|"
        "[\"\\ud83d\\ude00\"]\n"
        "row 2|[]|[]\nrow 3|NULL|[]\n"
        "reject 3 a: it is no array of strings\n"
        "reject 4 a: it is no array of strings\n"
        "reject 5 a: it is no array of strings\n"
        "reject 6 a: it is no array of strings\n"
        "reject 7 a: U+0000 or half a surrogate pair cannot be stored\n"
        "reject 8 a: it is no array of strings\n"
        "end complete 3 6\n");
}

#define REPLACE                                     \
    HEAD "  rows: \"$.rows[*]\"\n  mode: replace\n" \
         "  allowEmpty: true\n"
#define KEY "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
#define AT  "  - {name: scanned_at, type: timestamptz, run: scanned_at}\n"

static void a_report_without_rows_names_the_scope_it_empties(void **state)
{
    (void)state;
    kt_report_rows(REPLACE
                   "  scope: [p, d, c, cl]\n  columns:\n" KEY
                   "  - {name: p, type: text, parent: \"$.p\"}\n"
                   "  - {name: d, type: text, path: \"@.d\", default: x}\n"
                   "  - {name: c, type: integer, const: 7}\n"
                   "  - {name: cl, type: text, run: cluster}\n" AT,
                   "{\"rows\":[],\"p\":\"one\"}{\"p\":\"two\",\"rows\":[]}"
                   "{\"rows\":[]}{\"rows\":[],\"p\":1}{\"rows\":[{}]}"
                   "{\"rows\":[{\"k\":\"a\"}]}{\"rows\":{}}{\"rows\":[",
                   "begin 0\nscope NULL|one|x|7||NULL\nend complete 0 0\n"
                   "begin 1\nscope NULL|two|x|7||NULL\nend complete 0 0\n"
                   "begin 2\nscope NULL|NULL|x|7||NULL\nend complete 0 0\n"
                   "begin 3\nend complete 0 0\n"
                   "begin 4\nreject 0 k: a key is null\nend complete 0 1\n"
                   "begin 5\nrow a|NULL|x|7||NULL\nend complete 1 0\n"
                   "begin 6\nend rejected rows 0 0\n"
                   "begin 7\nend incomplete cut 0 0\n");
}

static void a_scope_that_only_rows_know_cannot_be_empty(void **state)
{
    (void)state;
    kt_report_refused(
        REPLACE "  scope: [k]\n  columns:\n" KEY,
        "p.yaml:9:11: scope: a report without rows lacks k: allowEmpty "
        "wants it from run, const or parent, or with a default");
    kt_report_refused(REPLACE "  scope: [c]\n  columns:\n" KEY
                              "  - {name: c, type: text, const: x}\n"
                              "  - {name: scanned_at, type: timestamptz, "
                              "path: \"@.at\"}\n",
                      "p.yaml:5:3: mode replace: the column {name: scanned_at, "
                      "type: timestamptz, run: scanned_at} is missing");
    kt_report_refused(HEAD "  rows: $\n  allowEmpty: true\n  columns:\n" KEY,
                      "p.yaml:7:15: allowEmpty: only mode replace has it");
}

/* Of a reader that holds hardly any row. */
static void assert_late(const char *yaml, const char *log, bool takes_late,
                        const char *want)
{
    struct kg_profile *profile = kt_report_profile(yaml);
    struct kg_reader_options options = {
        .profile = profile, .limits = {.held = 200}, .takes_late = takes_late};

    kt_report_assert(&options, kg_str_from(log), want);
    kg_profile_destroy(profile);
}

#define ROWS_OF_GROUPS HEAD "  rows: \"$.g[*].r[*]\"\n  columns:\n"
#define LATE                                                      \
    ROWS_OF_GROUPS                                                \
    "  - {name: k, type: text, key: true, path: \"@\"}\n"         \
    "  - {name: c, type: text, key: true, parent: \"$.c\"}\n"     \
    "  - {name: m, type: integer, parent: \"$.m\", default: 0}\n" \
    "  - {name: o, type: text, parent: \"$.g[*].o\", default: x}\n"

static void too_many_rows_go_out_before_the_documents_last_values(void **state)
{
    (void)state;
    assert_late(LATE,
                "{\"g\":[{\"o\":\"y\",\"r\":[1,\"1\",\"2\",\"3\"]},"
                "{\"r\":[\"4\"]}],\"c\":\"k1\",\"g\":[{\"o\":\"z\","
                "\"r\":[\"5\"]}]}",
                true,
                "begin 0\nreject 0 k: it is of another type\n"
                "row 1|LATE|LATE|y\nrow 2|LATE|LATE|y\nrow 3|LATE|LATE|y\n"
                "row 4|LATE|LATE|x\nrow 5|k1|LATE|z\n"
                "late NULL|k1|0|NULL\nend complete 5 1\n");
}

static void late_rows_that_lack_a_key_reject_their_report(void **state)
{
    (void)state;
    assert_late(LATE,
                "{\"g\":[{\"o\":\"y\",\"r\":[\"1\",\"2\",\"3\"]}],"
                "\"m\":7}",
                true,
                "begin 0\nrow 1|LATE|LATE|y\nrow 2|LATE|LATE|y\n"
                "row 3|LATE|LATE|y\nend rejected rows 3 0\n");
}

static void late_rows_of_a_report_that_is_cut_get_no_values(void **state)
{
    (void)state;
    assert_late(LATE, "{\"g\":[{\"o\":\"y\",\"r\":[\"1\",\"2\"]}],\"c\":\"k\"",
                true,
                "begin 0\nrow 1|LATE|LATE|y\nrow 2|LATE|LATE|y\n"
                "end incomplete cut 2 0\n");
}

static void rows_that_wait_for_more_than_the_document_are_limited(void **state)
{
    static const char log[] =
        "{\"g\":[{\"r\":[\"1\",\"2\",\"3\"],\"o\":\"y\"}],\"c\":\"k\"}";

    (void)state;
    assert_late(LATE, log, true, "begin 0\nend incomplete limit 0 0\n");
    assert_late(ROWS_OF_GROUPS
                "  - {name: k, type: text, key: true, path: \"@\"}\n"
                "  - {name: c, type: text, parent: \"$.c\"}\n",
                log, false, "begin 0\nend incomplete limit 0 0\n");
}

static void a_regex_gets_no_text_that_it_may_cut_or_choke_on(void **state)
{
    static const char yaml[] =
        HEAD "  rows: \"$.r[*]\"\n  columns:\n"
             "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
             "  - {name: a, type: text, path: \"@.a\", regex: \"x+$\", "
             "mismatch: default, default: odd}\n";
    char log[5000];

    (void)state;
    kt_report_rows(
        yaml,
        "{\"r\":[{\"k\":\"1\",\"a\":\"x\\u0000y\"},"
        "{\"k\":\"2\",\"a\":\"yx\"},{\"k\":\"3\",\"a\":7}]}",
        "begin 0\nrow 1|odd\nrow 2|x\nrow 3|odd\nend complete 3 0\n");
    (void)snprintf(log, sizeof(log),
                   "{\"r\":[{\"k\":\"4\",\"a\":\"%04097d\"}]}", 0);
    kt_report_rows(yaml, log, "begin 0\nrow 4|odd\nend complete 1 0\n");
}

static void a_condition_may_be_any_scalar(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD
        "  rows: \"$.r[*]\"\n  columns:\n"
        "  - {name: k, type: text, key: true, path: \"@.k\"}\n"
        "  - {name: a, type: integer, count: \"@.p[*]\", where: {x: null}}\n"
        "  - {name: b, type: integer, count: \"@.p[*]\", where: {x: true}}\n"
        "  - {name: c, type: integer, count: \"@.p[*]\", where: {x: 1.50}}\n"
        "  - {name: d, type: integer, count: \"@.p[*]\", where: {x: \"\"}}\n",
        "{\"r\":[{\"k\":\"1\",\"p\":[{\"x\":null},{},{\"x\":true},{\"x\":1.50},"
        "{\"x\":1.5},{\"x\":\"\"},{\"x\":[]},{\"x\":null},7,null]}]}",
        "begin 0\nrow 1|2|1|1|1\nend complete 1 0\n");
}

/* --- one of several parents ----------------------------------------------------- */

enum { N_KINDS = 4 };

static const char *const members[][N_KINDS] = {
    {"\"r\":[1]", "\"r\":[1]", "\"r\":[1]", "\"r\":[1]"},
    {"\"x\":0", "\"a\":null", "\"a\":\"A\"", "\"a\":7"},
    {"\"x\":0", "\"b\":null", "\"b\":\"B\"", "\"b\":7"}};
/* By what `a` and `b` are: absent, null, a value, of a wrong type. */
static const char *const becomes[N_KINDS][N_KINDS] = {
    {"row 1|NULL", "row 1|NULL", "row 1|B", "reject"},
    {"row 1|NULL", "row 1|NULL", "row 1|B", "reject"},
    {"row 1|A", "row 1|A", "row 1|A", "row 1|A"},
    {"reject", "reject", "reject", "reject"}};

static void assert_union(const struct kg_reader_options *options,
                         const char *log, const char *want)
{
    char *trace = kt_report_of(options, kg_str_from(log), NULL);

    if (strstr(trace, want) == NULL) {
        fail_msg("%s: %s, not %s", log, trace, want);
    }
    kg_free(trace);
}

static void the_first_parent_with_a_value_counts_in_any_order(void **state)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct kg_profile *profile = kt_report_profile(
        HEAD "  rows: \"$.l[*].r[*]\"\n  columns:\n"
             "  - {name: k, type: integer, key: true, const: 1}\n"
             "  - {name: u, type: text, parent: [\"$.l[*].a\", "
             "\"$.l[*].b\"]}\n");
    struct kg_reader_options options = {.profile = profile};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(orders) * N_KINDS * N_KINDS; i++) {
        const unsigned *order = orders[i / N_KINDS / N_KINDS];
        const size_t kinds[] = {0, i / N_KINDS % N_KINDS, i % N_KINDS};
        char log[128];

        (void)snprintf(log, sizeof(log), "{\"l\":[{%s,%s,%s}]}",
                       members[order[0]][kinds[order[0]]],
                       members[order[1]][kinds[order[1]]],
                       members[order[2]][kinds[order[2]]]);
        assert_union(&options, log, becomes[kinds[1]][kinds[2]]);
    }
    kg_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_what_their_type_takes),
        cmocka_unit_test(t10_one_field_may_be_a_number_a_text_or_null),
        cmocka_unit_test(an_array_of_strings_is_all_that_text_arrays_take),
        cmocka_unit_test(a_report_without_rows_names_the_scope_it_empties),
        cmocka_unit_test(a_scope_that_only_rows_know_cannot_be_empty),
        cmocka_unit_test(too_many_rows_go_out_before_the_documents_last_values),
        cmocka_unit_test(late_rows_that_lack_a_key_reject_their_report),
        cmocka_unit_test(late_rows_of_a_report_that_is_cut_get_no_values),
        cmocka_unit_test(rows_that_wait_for_more_than_the_document_are_limited),
        cmocka_unit_test(a_regex_gets_no_text_that_it_may_cut_or_choke_on),
        cmocka_unit_test(a_condition_may_be_any_scalar),
        cmocka_unit_test(the_first_parent_with_a_value_counts_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
