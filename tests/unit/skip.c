/* SPDX-License-Identifier: MIT */
/* json/: what no column needs is not looked at closely; nothing else is lost. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"

static void krr_rows(const char *log, const char *want)
{
    struct kg_profile *profile = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = profile};

    kt_report_assert(&options, kg_str_from(log), want);
    kg_profile_destroy(profile);
}

/* What is counted alone never reaches the parser: pods, and those that live. */
static void counts(const char *pods, int n_all, int n_met)
{
    char log[512], want[128];

    (void)snprintf(log, sizeof(log),
                   "{\"x\":{\"y\":[{\"z\":[]}]},\"scans\":[{\"object\":"
                   "{\"cluster\":\"\",\"name\":\"n\",\"container\":\"c\","
                   "\"namespace\":\"s\",\"kind\":\"Job\",\"pods\":%s}}]}",
                   pods);
    (void)snprintf(want, sizeof(want),
                   "begin 0\nrow |s|n|Job|c|%d|%d|NULL|NULL|NULL|NULL\n"
                   "end complete 1 0\n",
                   n_all, n_met);
    krr_rows(log, want);
}

static void elements_that_are_only_counted_are_counted(void **state)
{
    (void)state;
    counts("null", 0, 0);
    counts("{\"a\":{\"deleted\":false}}", 0, 0);
    counts("[]", 0, 0);
    counts("[{}, 1, \"{\", [], null, {\"deleted\":false}]", 6, 1);
    counts("[{\"deleted\":true,\"deleted\":false},"
           "{\"deleted\":false,\"deleted\":true}]",
           2, 1);
    counts("[{\"a\":{\"deleted\":false}},{\"deleted\":\"false\"},"
           "{\"deleted\":[false]},[\"deleted\",false]]",
           4, 0);
    counts("[{\"deleted\":{\"a\":1}},[false],{\"d\\u0065leted\" : false}]", 3,
           1);
    counts("[{\n \"n\": \"a\\\"b\",\n \"deleted\": false\n },"
           " {\"n\": \"deleted\"}]",
           2, 1);
}

#define ROW                                                             \
    "{\"object\":{\"cluster\":\"\",\"name\":\"n\",\"container\":\"c\"," \
    "\"namespace\":\"s\",\"kind\":\"Job\"}}"
#define ROW_IS \
    "begin 0\nrow |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\nend complete 1 0\n"

static void a_report_behind_a_broken_opener_is_found(void **state)
{
    (void)state;
    krr_rows("{\"x\": {oops\n {\"scans\":[" ROW "]}\n", ROW_IS);
    krr_rows("{\"x\": {\"y\":\n{\"scans\":[" ROW "]}\nend\n", ROW_IS);
    krr_rows("{\"x\": [\"y\n{\"scans\":[" ROW "]}\n", ROW_IS);
}

static void lines_of_others_are_taken_out_of_what_is_skipped(void **state)
{
    (void)state;
    krr_rows("{\n  \"x\": {\n    \"y\": [\n      1,\n12:00:01 INFO x, y\n"
             "      2\n    ]\n  },\n  \"scans\": [\n    " ROW "\n  ]\n}\n",
             ROW_IS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_that_are_only_counted_are_counted),
        cmocka_unit_test(a_report_behind_a_broken_opener_is_found),
        cmocka_unit_test(lines_of_others_are_taken_out_of_what_is_skipped),
    };

    return cmocka_run_group_tests_name("skip", tests, NULL, NULL);
}
