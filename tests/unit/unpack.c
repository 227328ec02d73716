/* SPDX-License-Identifier: MIT */
/* json/: reports that are packed, as trivy-operator has them: base64 of gzip or
 * bzip2 among the lines of a log. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"

static const char gzip[] = "base64+gzip";
static const char bzip2[] = "base64+bzip2";

static char *data_of(const char *name, size_t *ret_len)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "reports/%s", name);
    return kt_data(path, ret_len);
}

/* The rows' last column is a jsonb, so that broken text would show. */
static struct kg_profile *profile_with(const char *encoding)
{
    struct kg_profile *profile;
    struct kg_buf yaml;

    kg_buf_init(&yaml, 1 << 16);
    assert_int_equal(
        kg_buf_addf(
            &yaml,
            "kind: Profile\nmetadata: {name: test}\nspec:\n  table: t\n"
            "  encoding: %s\n  match: [$.ArtifactName]\n"
            "  rows: \"$.Results[*].Vulnerabilities[*]\"\n"
            "  absentRows: empty\n  columns:\n"
            "  - {name: k, type: text, key: true, path: \"@.PkgName\"}\n"
            "  - {name: a, type: text, parent: $.ArtifactName}\n"
            "  - {name: j, type: jsonb, raw: \"@.CVSS\"}\n",
            encoding),
        KG_OK);
    profile = kt_report_profile(kg_buf_cstr(&yaml));
    kg_buf_finish(&yaml);
    return profile;
}

static const char rows[] = "begin 0\n"
                           "row libssl1.1|registry.example/web:1.2|"
                           "{\"nvd\":{\"V3Score\":5.3,\"V2Score\":5.0}}\n"
                           "row libcrypto1.1|registry.example/web:1.2|NULL\n"
                           "row org.example:a|registry.example/web:1.2|NULL\n"
                           "end complete 3 0\n";

static void gives(const char *encoding, const char *log, const char *want)
{
    struct kg_profile *profile = profile_with(encoding);
    struct kg_reader_options options = {.profile = profile};
    size_t len;
    char *text = data_of(log, &len);

    kt_report_assert(&options, kg_str_of(text, len), want);
    kg_free(text);
    kg_profile_destroy(profile);
}

static void t13_a_packed_report_is_found_however_the_log_is_cut(void **state)
{
    (void)state;
    gives(gzip, "packed/gzip.log", rows);
    gives(bzip2, "packed/bzip2.log", rows);
    gives(gzip, "packed/one-line.log", rows);
}

static void several_packed_reports_may_follow_each_other(void **state)
{
    (void)state;
    gives(gzip, "packed/two.log",
          "begin 0\nend complete 0 0\nbegin 1\nend complete 0 0\n");
}

static void t14_a_plain_report_is_taken_where_a_packed_one_was_expected(
    void **state)
{
    (void)state;
    gives(gzip, "trivy-image/image.json", rows);
    gives(bzip2, "trivy-image/image.json", rows);
}

static void t14_a_packed_one_where_none_was_expected_is_noise(void **state)
{
    (void)state;
    gives("plain", "packed/gzip.log", "");
    gives(gzip, "packed/bzip2.log", "");
}

/* --- damage --------------------------------------------------------------------- */

/* What is told: the rows, or nothing complete at all. */
static bool is_right(const char *trace)
{
    return strcmp(trace, rows) == 0 || strstr(trace, "end complete") == NULL;
}

static void cut_at(const char *encoding, const char *log, size_t n_end)
{
    struct kg_profile *profile = profile_with(encoding);
    struct kg_reader_options options = {.profile = profile};
    struct kg_reader_stats stats;
    size_t len;
    char *text = data_of(log, &len);

    for (size_t cut = 0; cut < len - n_end; cut++) {
        char *trace = kt_report_of(&options, kg_str_of(text, cut), &stats);

        if (strstr(trace, "end complete") != NULL) {
            fail_msg("cut at %zu of %zu: %s", cut, len, trace);
        }
        kg_free(trace);
    }
    assert_int_equal(stats.damaged, 1);
    kg_free(text);
    kg_profile_destroy(profile);
}

static void t13_a_body_that_is_cut_anywhere_is_never_complete(void **state)
{
    (void)state;
    cut_at(gzip, "packed/gzip.log", strlen("==\ndone {\"x\": 1}\n"));
    cut_at(bzip2, "packed/bzip2.log", strlen("==\ndone\n"));
    cut_at(gzip, "packed/one-line.log", strlen("=="));
}

static void flip_each(const char *encoding, const char *log)
{
    struct kg_profile *profile = profile_with(encoding);
    struct kg_reader_options options = {.profile = profile};
    size_t len;
    char *text = data_of(log, &len);

    for (size_t at = 0; at < len; at++) {
        char was = text[at];
        char *trace;

        text[at] = was == 'A' ? 'B' : 'A';
        trace = kt_report_of(&options, kg_str_of(text, len), NULL);
        if (!is_right(trace)) {
            fail_msg("changed at %zu: %s", at, trace);
        }
        kg_free(trace);
        text[at] = was;
    }
    kg_free(text);
    kg_profile_destroy(profile);
}

static void t13_no_change_in_a_body_gives_other_rows(void **state)
{
    (void)state;
    flip_each(gzip, "packed/gzip.log");
    flip_each(bzip2, "packed/bzip2.log");
}

static void a_line_of_others_inside_a_body_breaks_it(void **state)
{
    struct kg_profile *profile = profile_with(gzip);
    struct kg_reader_options options = {.profile = profile};
    const char *reason;
    struct kt_report t;
    size_t len;
    char *text = data_of("packed/one-line.log", &len);

    (void)state;
    kt_report_begin(&t, &options);
    kt_report_feed(&t, kg_str_of(text, 400));
    kt_report_feed(&t, KG_STR("\n2026 WARN slow\n"));
    kt_report_feed(&t, kg_str_of(text + 400, len - 400));
    kt_report_finish(&t);
    assert_null(strstr(kg_buf_cstr(&t.trace), "end complete"));
    if (strstr(kg_buf_cstr(&t.trace), "incomplete") == NULL) {
        assert_int_equal(kg_reader_outcome(t.reader, &reason), KG_INCOMPLETE);
        assert_string_equal(reason, "cut");
    }
    kt_report_end(&t);
    kg_free(text);
    kg_profile_destroy(profile);
}

static void a_body_that_grows_beyond_measure_is_given_up(void **state)
{
    struct kg_profile *profile = profile_with(bzip2);
    struct kg_reader_options options = {.profile = profile};
    struct kg_reader_stats stats;
    size_t len;
    char *text = data_of("packed/bomb.log", &len);
    char *trace;

    (void)state;
    kt_heap_setup();
    trace = kt_report_of(&options, kg_str_of(text, len), &stats);
    assert_string_equal(trace, "");
    assert_int_equal(stats.damaged, 1);
    assert_true(stats.looked_at < (size_t)20 << 20);
    assert_true(kt_heap_peak() < (size_t)8 << 20);
    kg_free(trace);
    kt_heap_teardown();
    kg_free(text);
    kg_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t13_a_packed_report_is_found_however_the_log_is_cut),
        cmocka_unit_test(several_packed_reports_may_follow_each_other),
        cmocka_unit_test(
            t14_a_plain_report_is_taken_where_a_packed_one_was_expected),
        cmocka_unit_test(t14_a_packed_one_where_none_was_expected_is_noise),
        cmocka_unit_test(t13_a_body_that_is_cut_anywhere_is_never_complete),
        cmocka_unit_test(t13_no_change_in_a_body_gives_other_rows),
        cmocka_unit_test(a_line_of_others_inside_a_body_breaks_it),
        cmocka_unit_test(a_body_that_grows_beyond_measure_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
