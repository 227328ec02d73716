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
}

/* --- bodies of several streams ------------------------------------------------------ */

/* {"ArtifactName":"a","Results":[]}, without padding and with it; */
#define EVEN                                                       \
    "H4sIAAAAAAACA6tWciwqyUxLTC7xS8xNVbJSSlTSUQpKLS7NKSlWsoqOrVUA" \
    "AG9IpSEiAAAA"
#define PADDED                                                     \
    "H4sIAAAAAAACA6tWciwqyUxLTC7xS8xNVbJSSlTSUQpKLS7NKSlWsoqOrQUA" \
    "MqrWHiEAAAA="
/* in two streams; and behind noise. */
#define GZIPS                                                      \
    "H4sIAAAAAAACA6tWciwqyUxLTC7xS8xNVQIA0St7GA8AAAAfiwgAAAAAAAID" \
    "s1JKVNJRCkotLs0pKVayio6tBQCmO75eEgAAAA=="
#define BZIP2S                                                     \
    "QlpoOTFBWSZTWS3EkxEAAAcVgBAAIAErIhQIIAAxA0DQIADIbc7eAVHA94u5" \
    "IpwoSBbiSYiAQlpoOTFBWSZTWbreNIUAAAKbgBAEABAQCiIEDgIgADEA0AFM" \
    "EweqetncTiyshph8XckU4UJC63jSFA=="
#define NOISY                                                      \
    "H4sIAAAAAAACA8vJLylWyE9TyMvPLE5VyBnlQXlc1UqORSWZaYnJJX6JualK" \
    "VkqJSjpKQanFpTklxUpW0bG1AC0FC2Q6AQAA"

static void comes_of(const char *encoding, const char *log, const char *want,
                     uint64_t n_damaged)
{
    struct kg_profile *profile = profile_with(encoding);
    struct kg_reader_options options = {.profile = profile};
    struct kg_reader_stats stats;

    kt_report_assert(&options, kg_str_from(log), want);
    kg_free(kt_report_of(&options, kg_str_from(log), &stats));
    assert_int_equal(stats.damaged, n_damaged);
    kg_profile_destroy(profile);
}

#define ONE "begin 0\nend complete 0 0\n"
#define TWO ONE "begin 1\nend complete 0 0\n"

static void several_streams_are_one_text(void **state)
{
    (void)state;
    comes_of(gzip, GZIPS "\n", ONE, 0);
    comes_of(bzip2, "x\n" BZIP2S, ONE, 0);
    comes_of(gzip, EVEN EVEN " done\n", TWO, 0);
    comes_of(gzip, EVEN "AAAA\ndone\n", ONE, 0);
}

static void behind_padding_another_body_may_begin(void **state)
{
    (void)state;
    comes_of(gzip, PADDED PADDED "\n" EVEN "\n",
             TWO "begin 2\nend complete 0 0\n", 0);
    comes_of(gzip, PADDED "done {\"x\":1}\n", ONE, 0);
}

static void what_else_follows_in_its_line_is_damage(void **state)
{
    (void)state;
    comes_of(gzip, EVEN "Zm9v\n", ONE, 1);
    comes_of(gzip, EVEN "H4sI\n", ONE, 1);
}

static void what_is_packed_counts_as_no_noise(void **state)
{
    struct kg_profile *profile = profile_with(gzip);
    struct kg_reader_options options = {.profile = profile};
    struct kg_reader_stats stats;

    (void)state;
    kg_free(kt_report_of(&options, KG_STR("ab\n" NOISY "\n"), &stats));
    assert_int_equal(stats.documents, 1);
    assert_int_equal(stats.noise_bytes, strlen("ab\n"));
    kg_profile_destroy(profile);
}

/* --- damage --------------------------------------------------------------------- */

static void told_of(const char *encoding, struct kg_str log, uint64_t from,
                    uint64_t to, const char *why, const char *reason)
{
    struct kg_profile *profile = profile_with(encoding);
    struct kg_reader_options options = {.profile = profile};
    const struct kg_reader_stats *stats;
    const char *told;
    struct kt_report t;

    kt_report_begin(&t, &options);
    kt_report_feed(&t, log);
    kt_report_finish(&t);
    stats = kg_reader_stats(t.reader);
    assert_int_equal(stats->damaged, 1);
    assert_int_equal(stats->damaged_from, from);
    assert_int_equal(stats->damaged_to, to);
    assert_string_equal(stats->damaged_why, why);
    assert_int_equal(kg_reader_outcome(t.reader, &told), KG_INCOMPLETE);
    assert_string_equal(told, reason);
    kt_report_end(&t);
    kg_profile_destroy(profile);
}

static void t13_what_is_wrong_with_a_body_is_told_with_its_place(void **state)
{
    size_t len;
    char *bomb = data_of("packed/bomb.log", &len);

    (void)state;
    told_of(gzip, KG_STR("x\nH4sIAAAA!!\n"), 2, 10,
            "this is no base64, and it is not over", "cut");
    told_of(gzip, KG_STR("H4sIAAAA"), 0, 8, "the log ends inside it", "cut");
    told_of(gzip, KG_STR("H4sI////\n"), 0, 9,
            "what the base64 holds is no gzip, or its check sum is another",
            "cut");
    told_of(bzip2, KG_STR("QlpoAAAA\n"), 0, 9,
            "what the base64 holds is no bzip2, or its check sum is another",
            "cut");
    told_of(gzip, KG_STR("x\nQlpoOTFB\n"), 2, 6,
            "it is base64+bzip2, and the profile's encoding base64+gzip",
            "cut");
    told_of(bzip2, KG_STR("H4sIAAAA\n"), 0, 4,
            "it is base64+gzip, and the profile's encoding base64+bzip2",
            "cut");
    told_of(bzip2, kg_str_of(bomb, len), 0, 171,
            "unpacked it is above 16 MiB and 256 times as long", "limit");
    kg_free(bomb);
}

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
        cmocka_unit_test(several_streams_are_one_text),
        cmocka_unit_test(behind_padding_another_body_may_begin),
        cmocka_unit_test(what_else_follows_in_its_line_is_damage),
        cmocka_unit_test(what_is_packed_counts_as_no_noise),
        cmocka_unit_test(t13_what_is_wrong_with_a_body_is_told_with_its_place),
        cmocka_unit_test(t13_a_body_that_is_cut_anywhere_is_never_complete),
        cmocka_unit_test(t13_no_change_in_a_body_gives_other_rows),
        cmocka_unit_test(a_line_of_others_inside_a_body_breaks_it),
        cmocka_unit_test(a_body_that_grows_beyond_measure_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
