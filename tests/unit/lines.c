/* SPDX-License-Identifier: MIT */
/* json/: reports that are a whole log of documents, one in each line: whatever is
 * missing in it may have been one of them. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"

static const char yaml[] =
    "kind: Profile\nmetadata: {name: lines}\nspec:\n  root: object\n"
    "  table: t\n  unit: log\n  match: [$.k]\n  rows: $\n  columns:\n"
    "  - {name: k, type: text, key: true, path: \"@.k\"}\n";

static void a_log_of_json_lines_can_be_one_report(void **state)
{
    (void)state;
    kt_report_rows(yaml, "{\"k\":\"a\"}\nnoise {\"x\":1}\n{\"k\":\"b\"}\n",
                   "begin 0\nrow a\nrow b\nend complete 2 0\n");
    kt_report_rows(yaml, "{\"k\":\"a\"}\n{\"k\":\"b\"",
                   "begin 0\nrow a\n"
                   "end incomplete cut 1 0\n");
    kt_report_rows(yaml, "{\"k\":\"a\"}\n{\"",
                   "begin 0\nrow a\nend incomplete cut 1 0\n");
    kt_report_rows(yaml, "{\"x\":1,\"k\n{\"k\":\"a\"}",
                   "begin 0\nrow a\nend incomplete cut 1 0\n");
    kt_report_rows(yaml, "\":1}\n{\"k\":\"a\"}",
                   "begin 0\nrow a\nend incomplete head_missing 1 0\n");
}

static void a_gap_between_its_lines_makes_a_log_incomplete(void **state)
{
    struct kg_profile *profile = kt_report_builtin("kubeaudit");
    struct kg_reader_options options = {.profile = profile};
    struct kt_report t;

    (void)state;
    kt_report_begin(&t, &options);
    kt_report_feed(&t, KG_STR("{\"AuditResultName\":1}\n"));
    kg_reader_doubt(t.reader, "gap");
    kt_report_feed(&t, KG_STR("{\"AuditResultName\":2}\n"));
    kt_report_finish(&t);
    assert_non_null(strstr(kg_buf_cstr(&t.trace), "end incomplete gap 0 2\n"));
    kt_report_end(&t);
    kg_profile_destroy(profile);
}

static void a_line_that_is_cut_in_its_first_name_is_missing(void **state)
{
    static const char *const cut[] = {"{\"", "{\"au", "{\"audit", "{\"k\""};
    static const char *const behind[] = {"{\"k\":\"b\"}\n", "\nKilled\n",
                                         "Killed\n"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cut); i++) {
        for (size_t k = 0; k < KG_COUNT_OF(behind); k++) {
            char log[64];

            (void)snprintf(log, sizeof(log), "{\"k\":\"a\"}\n%s%s", cut[i],
                           behind[k]);
            kt_report_rows(yaml, log,
                           k == 0 ? "begin 0\nrow a\nrow b\n"
                                    "end incomplete cut 2 0\n"
                                  : "begin 0\nrow a\n"
                                    "end incomplete cut 1 0\n");
        }
    }
}

static void words_of_others_are_no_line_of_it(void **state)
{
    (void)state;
    kt_report_rows(yaml, "{\"k\":\"a\"}\n{\"x\" in words\n{}\n{x}\n got {\"x\n",
                   "begin 0\nrow a\nend complete 1 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_of_json_lines_can_be_one_report),
        cmocka_unit_test(a_gap_between_its_lines_makes_a_log_incomplete),
        cmocka_unit_test(a_line_that_is_cut_in_its_first_name_is_missing),
        cmocka_unit_test(words_of_others_are_no_line_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
