/* SPDX-License-Identifier: MIT */
/* json/: profiles that could never work are refused when they are checked, not
 * when a table is made or a report is read. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"

#define KIND "kind: Profile\nmetadata: {name: test}\nspec:\n"
#define COLUMNS(first)                  \
    "  rows: $\n  columns:\n  - " first \
    "\n  - {name: z, type: text, run: job}\n"
#define KEY COLUMNS("{name: k, type: text, key: true, path: \"@.k\"}")

/* 63 bytes, and 64. */
#define LONGEST \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define TOO_LONG LONGEST "l"

static void accepted(const char *yaml)
{
    kg_profile_destroy(kt_report_profile(yaml));
}

static void a_text_that_yaml_takes_for_something_else_wants_quotes(void **state)
{
    (void)state;
    kt_report_refused(
        KIND "  table: t\n" COLUMNS("{name: n, type: text, path: \"@.k\"}"),
        "p.yaml:7:12: name: a text is expected: put it in quotes");
    kt_report_refused(KIND "  table: 7\n" KEY,
                      "p.yaml:4:10: table: a text is expected: put it in "
                      "quotes");
    kt_report_refused(KIND "  table: [t]\n" KEY,
                      "p.yaml:4:10: table: a text is expected");
    kt_report_refused(KIND "  table: \"\"\n" KEY,
                      "p.yaml:4:10: table: a text is expected");
}

static void a_name_with_a_nul_is_refused(void **state)
{
    (void)state;
    kt_report_refused(KIND "  table: t\n" COLUMNS(
                          "{name: \"a\\0b\", type: text, path: \"@.k\"}"),
                      "p.yaml:7:12: name: a text without \\0 is expected");
    kt_report_refused(KIND "  table: \"t\\0\"\n" KEY,
                      "p.yaml:4:10: table: a text without \\0 is expected");
}

static void a_name_that_postgresql_would_cut_is_refused(void **state)
{
    (void)state;
    kt_report_refused(KIND "  table: t\n" COLUMNS(
                          "{name: " TOO_LONG ", type: text, path: \"@.k\"}"),
                      "p.yaml:7:12: name: a name of at most 63 bytes is "
                      "expected");
    kt_report_refused(KIND "  table: " TOO_LONG "\n" KEY,
                      "p.yaml:4:10: table: a name of at most 63 bytes is "
                      "expected");
    kt_report_refused(KIND "  table: " TOO_LONG ".t\n" KEY,
                      "p.yaml:4:10: table: a name of at most 63 bytes is "
                      "expected");
    accepted(KIND "  table: " LONGEST "." LONGEST "\n" COLUMNS(
        "{name: " LONGEST ", type: text, key: true, path: \"@.k\"}"));
}

static void a_table_has_one_name_and_one_schema_at_most(void **state)
{
    static const char *const tables[] = {"a.b.c", ".b", "a.", "."};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(tables); i++) {
        char yaml[512];

        (void)snprintf(yaml, sizeof(yaml), KIND "  table: %s\n" KEY, tables[i]);
        kt_report_refused(
            yaml, "p.yaml:4:10: table: NAME or SCHEMA.NAME is expected");
    }
}

static void a_path_that_its_root_cannot_have_is_refused(void **state)
{
    (void)state;
    kt_report_refused(
        KIND "  table: t\n  root: array\n  match: [$.scans]\n" KEY,
        "p.yaml:6:11: path \"$.scans\": with root: array it leads to nothing");
    kt_report_refused(
        KIND "  table: t\n  match: [\"$[0]\"]\n" KEY,
        "p.yaml:5:11: path \"$[0]\": with root: object it leads to nothing");
    kt_report_refused(
        KIND "  table: t\n  root: array\n  rows: $.*\n",
        "p.yaml:6:9: path \"$.*\": with root: array it leads to nothing");
    accepted(KIND "  table: t\n  root: any\n  match: [[$.a, \"$[0]\"]]\n" KEY);
}

static void one_word_is_no_choice(void **state)
{
    (void)state;
    kt_report_refused("kind: Task\nmetadata: {name: t}\nspec: {}\n",
                      "p.yaml:1:7: kind: Profile is expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_text_that_yaml_takes_for_something_else_wants_quotes),
        cmocka_unit_test(a_name_with_a_nul_is_refused),
        cmocka_unit_test(a_name_that_postgresql_would_cut_is_refused),
        cmocka_unit_test(a_table_has_one_name_and_one_schema_at_most),
        cmocka_unit_test(a_path_that_its_root_cannot_have_is_refused),
        cmocka_unit_test(one_word_is_no_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
