/* SPDX-License-Identifier: MIT */
/* json/: inputs that others met in the field. A test is called after its case:
 * T1 to T8 of the text; broken.c has the others, kubelet.c what is made of it. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"

/* --- T1, T2, T4: lines and more between a document's lines ----------------------- */

/* KT_PRETTY with `line` before its line number `at`, or before each (-1). */
static void add_with(struct kg_buf *log, const char *line, int at)
{
    const char *text = KT_PRETTY;

    for (int i = 0; *text != '\0'; i++) {
        size_t len = (size_t)(strchr(text, '\n') - text) + 1;

        if (i == at || at < 0) {
            kt_log_add(log, kg_str_from(line));
        }
        kt_log_add(log, kg_str_of(text, len));
        text += len;
    }
}

enum { PRETTY_LINES = 14 };

static void between_any_lines(const char *line)
{
    for (int at = -1; at <= PRETTY_LINES; at++) {
        struct kg_reader_stats stats;
        struct kg_buf log;
        char *trace;

        kg_buf_init(&log, 1 << 16);
        add_with(&log, line, at);
        trace = kt_log_trace(&log, &stats);
        assert_string_equal(trace, KT_COMPACT);
        assert_int_equal(stats.noise_bytes,
                         kg_buf_len(&log) - strlen(KT_PRETTY) + 1);
        assert_int_equal(stats.damaged, 0);
        kg_free(trace);
        if (at < 0) {
            kt_report_found(kg_buf_str(&log), KT_COMPACT);
        }
        kg_buf_finish(&log);
    }
}

static void t1_brackets_of_time_are_no_arrays_inside_a_document(void **state)
{
    (void)state;
    between_any_lines("[12:00:01] INFO     Calculating     runner.py:123\n");
    between_any_lines("[INFO] Using config file\n[WARN] \"x\" is old\n");
}

static void t2_colours_inside_a_document_are_taken_out(void **state)
{
    (void)state;
    kt_report_found(
        KG_STR("\x1b[1;39m{\n  \x1b[0m\x1b[34;1m\"a\"\x1b[0m\x1b[1;39m:"
               "\x1b[0m \x1b[0;39m1\x1b[0m\x1b[1;39m,\n"
               "  \x1b[0m\"b\": \"x\x1b[31my\x1b(B\x1b[mz\"\x1b[1;39m\n"
               "\x1b[0m\x1b[1;39m}\x1b[0m\n"),
        "{\"a\":1,\"b\":\"xyz\"}\n");
    kt_report_found(KG_STR("\x1b[32m{\"a\": \"\\u001b[31m\"\x1b[0m}"),
                    "{\"a\":\"\\u001b[31m\"}\n");
    kt_report_found(KG_STR("{\"a\": 1\x1b[0m2}"), "broken cut\n");
    kt_report_found(KG_STR("{\"a\": [\"x\x1b[\",\"b\",\"c\"]}"),
                    "broken cut\n");
    kt_report_found(KG_STR("{\"a\": [1,\x1b[2,3,4]}"), "broken cut\n");
    kt_report_found(KG_STR("{\"a\": [\"x\x1b\",\"b\"]}"), "broken cut\n");
    kt_report_found(KG_STR("{\"a\": 1\x1b[\n2}"), "broken cut\n");
}

static void t4_lines_of_others_are_taken_out(void **state)
{
    (void)state;
    between_any_lines(
        "I0114 10:00:00.123456       1 request.go:682] Waited for "
        "4.39s due to client-side throttling, not priority\n");
    between_any_lines("12 of 13 done\n\n");
    between_any_lines("\x1b[31mERROR\x1b[0m it burns\r\n");
    between_any_lines("null and void\n");
}

/* What could be a line of the document, or the rest of one, is no row. */
static void t4_what_may_be_the_documents_is_never_taken_out(void **state)
{
    static const char *const lines[] = {
        "\"b\": 2, oops\n",           /* A member, damaged; */
        "progress 12%   \"b\": 2,\n", /* one behind a line's beginning; */
        "progress 12%       7,\n",    /* an element behind one; */
        "progress 12%   [\n",         /* what an element begins with; */
        "{\"level\":\"info\"}\n",     /* a document; */
        "got {\"a\":1} from x\n",     /* one in the noise; */
        "  size: 3,\n",               /* no JSON at all, */
        "x\n\"b\": 2\n"};             /* and not indented as the others. */

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(lines); i++) {
        for (int at = 1; at < PRETTY_LINES; at++) {
            struct kg_reader_stats stats;
            struct kg_buf log;
            char *trace;

            kg_buf_init(&log, 1 << 16);
            add_with(&log, lines[i], at);
            trace = kt_log_trace(&log, &stats);
            assert_null(strstr(trace, "scans"));
            assert_true(at == 1 || stats.damaged > 0);
            kg_free(trace);
            kg_buf_finish(&log);
        }
    }
}

static void t4_an_only_element_is_not_taken_out_with_a_line(void **state)
{
    (void)state;
    kt_report_found(KG_STR("{\n  \"a\": [\nprogress 12%   \"w1\"\n  ],\n"
                           "  \"b\": 1\n}\n"),
                    "broken cut\n");
    kt_report_found(KG_STR("{\n  \"a\": [\nwaited\n    7\n  ]\n}\n"),
                    "{\"a\":[7]}\n");
}

static void t4_a_document_that_does_not_go_on_ends_where_it_stood(void **state)
{
    struct kg_reader_stats stats;
    char *trace = kt_report_of(
        &kt_report_objects, KG_STR("{\n  \"a\": 1,\nKilled\nx\n\n{\"b\":2}\n"),
        &stats);

    (void)state;
    assert_string_equal(trace, "broken cut\n{\"b\":2}\n");
    assert_int_equal(stats.noise_bytes, 11);
    kg_free(trace);
    kt_report_found(KG_STR("{\n  \"a\": 1,\nKilled\nx\n\n{\"b\":2}\n"),
                    "broken cut\n{\"b\":2}\n");
}

/* --- the other cases of the text ------------------------------------------------- */

static void t3_decoys_hide_no_document_and_match_no_profile(void **state)
{
    static const char log[] =
        "{\"level\":\"info\",\"msg\":\"{\\\"scans\\\":[\"}\n"
        "Response body: {\"kind\":\"Status\",\"code\":404}\n"
        "map[a:{b} c:[{d}]] up{namespace=\"x\",pod=~\".*{2}\"} 1\n"
        "{\"scans\":[]}\n";
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_reader_options rows = {.profile = krr};

    (void)state;
    kt_report_assert(&rows, KG_STR(log), "begin 0\nend complete 0 0\n");
    kt_report_found(KG_STR(log),
                    "{\"level\":\"info\",\"msg\":\"{\\\"scans\\\":[\"}\n"
                    "{\"kind\":\"Status\",\"code\":404}\n"
                    "{\"scans\":[]}\n");
    kg_profile_destroy(krr);
}

static void t5_banners_and_progress_are_noise(void **state)
{
    (void)state;
    kt_report_found(
        KG_STR("\r[/] 0/3\r\x1b[2K[-] 1/3 \xE2\x96\x88 {\r[\\] 3/3\n"
               " _  __{}~ |\n{\"a\":1}\r\n"),
        "{}\n{\"a\":1}\n");
}

static void t6_documents_stand_in_any_layout(void **state)
{
    static const struct kg_reader_options arrays = {.root = KG_ROOT_ARRAY};

    (void)state;
    kt_report_found(
        KG_STR(KT_COMPACT KT_COMPACT KT_PRETTY "{}{\"a\":1}{\"b\":2}\nbye\n"),
        KT_COMPACT KT_COMPACT KT_COMPACT "{}\n{\"a\":1}\n{\"b\":2}\n");
    kt_report_assert(&arrays, KG_STR("[12:00:01] x\n[\n  {\"a\":1},\n  2\n]\n"),
                     "[{\"a\":1},2]\n");
}

static void t7_odd_strings_have_an_answer(void **state)
{
    (void)state;
    kt_report_found(
        KG_STR("{\"}{][\":\"\\\"\\\\\",\"n\":\"\\u0000\\ud800\",\"x\":\""
               "\xFF\"}"),
        "{\"}{][\":\"\\\"\\\\\",\"n\":\"\\u0000\\ud800\",\"x\":\""
        "\xEF\xBF\xBD\"}\n");
}

static void t8_nan_and_infinities_are_null_and_counted(void **state)
{
    struct kg_reader_stats stats;
    char *trace = kt_report_of(
        &kt_report_objects, KG_STR("{\"a\":[NaN,-Infinity,\"NaN\"]}"), &stats);

    (void)state;
    assert_string_equal(trace, "{\"a\":[null,null,\"NaN\"]}\n");
    assert_int_equal(stats.nan, 2);
    kg_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t1_brackets_of_time_are_no_arrays_inside_a_document),
        cmocka_unit_test(t2_colours_inside_a_document_are_taken_out),
        cmocka_unit_test(t3_decoys_hide_no_document_and_match_no_profile),
        cmocka_unit_test(t4_lines_of_others_are_taken_out),
        cmocka_unit_test(t4_what_may_be_the_documents_is_never_taken_out),
        cmocka_unit_test(t4_an_only_element_is_not_taken_out_with_a_line),
        cmocka_unit_test(t4_a_document_that_does_not_go_on_ends_where_it_stood),
        cmocka_unit_test(t5_banners_and_progress_are_noise),
        cmocka_unit_test(t6_documents_stand_in_any_layout),
        cmocka_unit_test(t7_odd_strings_have_an_answer),
        cmocka_unit_test(t8_nan_and_infinities_are_null_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
