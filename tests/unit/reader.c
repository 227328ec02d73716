/* SPDX-License-Identifier: MIT */
/* json/: documents in noise, without a profile; adversarial inputs first. Every
 * log is read whole, cut in two at every place, and byte by byte. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static const struct kg_reader_options plain = {.root = KG_ROOT_OBJECT};
static const struct kg_reader_options arrays = {.root = KG_ROOT_ARRAY};
static const struct kg_reader_options any = {.root = KG_ROOT_ANY};
static const struct kg_reader_options strict = {.root = KG_ROOT_ANY,
                                                .strict = true};

static void documents_are(const struct kg_reader_options *options,
                          const char *log, const char *want)
{
    kt_report_assert(options, kg_str_from(log), want);
}

static struct kg_reader_stats stats_of(const struct kg_reader_options *options,
                                       const char *log)
{
    struct kg_reader_stats stats;

    kg_free(kt_report_of(options, kg_str_from(log), &stats));
    return stats;
}

/* --- noise -------------------------------------------------------------------- */

static void brackets_of_timestamps_are_no_arrays(void **state)
{
    (void)state;
    documents_are(&any, "[12:00:01] INFO x\n[INFO] y\n[WARN]\n[1] {\"a\":1}\n",
                  "[1]\n{\"a\":1}\n");
    documents_are(&any, "[[[1:[2]", "[2]\n");
    assert_int_equal(stats_of(&any, "[12:00:01] INFO\n[INFO]\n").damaged, 0);
}

static void colours_around_and_between_lines_are_noise(void **state)
{
    (void)state;
    documents_are(&plain,
                  "\x1b[2J\x1b[31mERROR\x1b[0m {\x1b[1m\n"
                  "\x1b[32m{\"a\":\"\\u001b[31m\"}\x1b[0m\n",
                  "{\"a\":\"\\u001b[31m\"}\n");
}

#define TEN(text) text text text text text text text text text text

static void what_only_looks_like_json_is_noise(void **state)
{
    (void)state;
    documents_are(&plain,
                  "{namespace=\"x\"} map[a:{b}] ${X} {'a': 1} {{ .Values }}\n"
                  "{ \"a\" \"b\" } {\"a\":tru} {\"a\":01} {\"a\":1.} {\"a\":+1}"
                  " {\"a\":\"\\x\"} {\"a\":\"\\u12g4\"} {\"a\":1 2}"
                  " {\"a\":[1,]} {\"a\":1,} {\"a\":} {1:2} {\"b\":2}\n",
                  TEN("broken cut\n") "{\"b\":2}\n");
}

static void bom_crlf_and_nul_are_noise(void **state)
{
    static const char log[] =
        "\xEF\xBB\xBF{\"a\":1}\r\n\0\0{\r\n\"b\"\r:\t2}\0";

    (void)state;
    kt_report_assert(&plain, kg_str_of(log, sizeof(log) - 1),
                     "{\"a\":1}\n{\"b\":2}\n");
}

static void a_tail_without_head_is_told(void **state)
{
    (void)state;
    assert_true(stats_of(&plain, "    \"x\": 1\n  }\n}\ndone\n").headless);
    assert_true(stats_of(&plain, "\"OK\"}],\"score\":3}\n").headless);
    assert_false(
        stats_of(&plain, "x\na } b\n${X} {'a': 1}\n{\n x\n}\n").headless);
    assert_false(stats_of(&plain, "{\n \"a\": {}\n}\n").headless);
}

/* --- documents ------------------------------------------------------------------ */

static void white_space_stays_inside_strings_alone(void **state)
{
    (void)state;
    documents_are(&plain, "{ \"a b\" :\n\t[ 1 ,\r\n \" c  \" , { } , [ ] ] }",
                  "{\"a b\":[1,\" c  \",{},[]]}\n");
}

static void documents_stand_back_to_back(void **state)
{
    (void)state;
    documents_are(&plain, "x{\"a\":1}{\"b\":{}}\n{}y{\"c\":[]}",
                  "{\"a\":1}\n{\"b\":{}}\n{}\n{\"c\":[]}\n");
    documents_are(&any, "[]{}[{\"a\":[]}]", "[]\n{}\n[{\"a\":[]}]\n");
    documents_are(&arrays, "{\"a\":[1]} [{\"b\":2}]", "[1]\n[{\"b\":2}]\n");
}

static void braces_and_quotes_in_strings_are_text(void **state)
{
    (void)state;
    documents_are(
        &plain, "{\"a}{\":\"}]{[\\\"\\\\\",\"\\\"\":\"\\/\\b\\f\\n\\r\\t\"}",
        "{\"a}{\":\"}]{[\\\"\\\\\",\"\\\"\":\"\\/\\b\\f\\n\\r\\t\"}\n");
    documents_are(&plain, "{\"a\":\"\\u0000\\ud800\"}",
                  "{\"a\":\"\\u0000\\ud800\"}\n");
}

static void bytes_that_are_no_utf8_become_a_replacement(void **state)
{
    (void)state;
    documents_are(&plain,
                  "{\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\":\"\xC3\","
                  "\"b\":\"\xE2\x82x\xED\xA0\x80\xFF\xC0\xAF\"}",
                  "{\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\":\"\xEF\xBF\xBD\","
                  "\"b\":\"\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
}

static void nan_and_infinities_become_null_and_are_counted(void **state)
{
    static const char log[] =
        "{\"a\":NaN,\"b\":[-Infinity,Infinity],\"c\":\"NaN\",\"d\":-1e-9}";

    (void)state;
    documents_are(&plain, log,
                  "{\"a\":null,\"b\":[null,null],\"c\":\"NaN\",\"d\":-1e-9}\n");
    assert_int_equal(stats_of(&plain, log).nan, 3);
    documents_are(&plain, "{\"a\":Nan} {\"a\":-NaN} {\"a\":Infinit}",
                  "broken cut\nbroken cut\nbroken cut\n");
}

/* --- damage ----------------------------------------------------------------------- */

static void a_document_cut_anywhere_is_damaged_and_never_printed(void **state)
{
    static const char log[] = "{\"a\": [1, {\"b\": \"c\"}], \"d\": null}";

    (void)state;
    for (size_t n = 0; n < sizeof(log) - 1; n++) {
        struct kg_reader_stats stats;
        char *trace = kt_report_of(&plain, kg_str_of(log, n), &stats);

        assert_string_equal(trace, n > 4 ? "broken cut\n" : "");
        assert_int_equal(stats.damaged, n > 4);
        assert_int_equal(stats.documents, 0);
        kg_free(trace);
    }
}

static void a_good_document_behind_a_broken_one_is_found(void **state)
{
    (void)state;
    documents_are(&plain, "{\"a\": 1,\n{\"b\":2}\n",
                  "broken cut\n"
                  "{\"b\":2}\n");
    documents_are(&plain, "{\"a\": \"x\n{\"b\":2}\n",
                  "broken cut\n"
                  "{\"b\":2}\n");
    documents_are(&plain, "{\"a\": [1 oops {\"b\":2}",
                  "broken cut\n"
                  "{\"b\":2}\n");
    documents_are(&plain, "{\"a\": {{\"b\":2}",
                  "broken cut\n"
                  "{\"b\":2}\n");
}

static void a_good_document_inside_a_broken_one_is_found(void **state)
{
    (void)state;
    documents_are(&plain, "{\"a\":\n{\"b\":[{}]}\nnoise",
                  "broken cut\n"
                  "{\"b\":[{}]}\n");
    documents_are(&plain, "{\"a\":\n{\"b\":2}",
                  "broken cut\n"
                  "{\"b\":2}\n");
    documents_are(&plain, "{\"a\":\n{\"a\":[\n{\"b\":NaN}\n{\"c\":3}",
                  "broken cut\n"
                  "{\"b\":null}\n{\"c\":3}\n");
}

static void parts_of_a_broken_document_are_no_documents(void **state)
{
    (void)state;
    documents_are(&plain, "{\n  \"a\": [\n    {\"b\": 1},\n    {\"c\": 2}\n",
                  "broken cut\n"
                  "");
    documents_are(&plain, "{\"a\":\n{\"b\":2},\nnoise",
                  "broken cut\n"
                  "");
    documents_are(&plain, "{\"a\":{\"b\":2} oops",
                  "broken cut\n"
                  "");
}

static void a_string_that_began_in_noise_hides_no_document(void **state)
{
    (void)state;
    documents_are(&plain, "{\"msg\":\"got {\"b\":\"x\"}\n {\"no {\"c\":2}",
                  "broken cut\n{\"b\":\"x\"}\n{\"c\":2}\n");
}

static void noise_bytes_are_those_of_no_document(void **state)
{
    struct kg_reader_stats stats = stats_of(&plain, "ab {x} {\"a\": 1} cd\n");

    (void)state;
    assert_int_equal(stats.noise_bytes, 11);
    assert_int_equal(stats.bytes, 19);
    stats = stats_of(&plain, "{\"a\": 1 x\n");
    assert_int_equal(stats.noise_bytes, 2);
}

/* --- strict ------------------------------------------------------------------------- */

static void strict_is_one_text_and_no_more(void **state)
{
    static const char *const good[] = {
        "{}",   " [] ",   "\"a\"",      "0",    "-1.5e+3",
        "true", "null\n", "[1,[2,{}]]", "\"\"", "1 \t\n"};
    static const char *const bad[] = {
        "",    " ",          "{} {}",    "[NaN]",          "Infinity", "01",
        "1.",  "-",          "tru",      "[1,]",           "{\"a\"}",  "[1]x",
        "'a'", "\"\x01\"",   "\"\xFF\"", "\xEF\xBB\xBF{}", "[",        "\"",
        "1 2", "{\"a\":1,}", "nul"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(good); i++) {
        struct kg_reader_stats stats = stats_of(&strict, good[i]);

        assert_int_equal(stats.documents, 1);
        assert_int_equal(stats.damaged, 0);
    }
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        assert_int_equal(stats_of(&strict, bad[i]).damaged, 1);
        assert_int_equal(stats_of(&strict, bad[i]).noise_bytes, 0);
    }
    documents_are(&strict, " [1 , \"a\"]\n", "[1,\"a\"]\n");
    documents_are(&strict, "-12.5e3", "-12.5e3\n");
}

/* --- limits -------------------------------------------------------------------------- */

static const struct kg_reader_options small = {
    .root = KG_ROOT_OBJECT,
    .limits = {.depth = 3, .string = 8, .key = 4, .number = 5}};

static void at_the_limit_is_not_beyond_it(void **state)
{
    (void)state;
    documents_are(&small, "{\"abcd\":[[\"12345678\",12345]]}",
                  "{\"abcd\":[[\"12345678\",12345]]}\n");
}

static void a_limit_costs_its_document_and_no_other(void **state)
{
    static const char *const logs[] = {
        "{\"a\":\"123456789\",\"b\":{\"c\":1}} {\"d\":1}",
        "{\"abcde\":1,\"b\":{\"c\":1}} {\"d\":1}",
        "{\"a\":123456,\"b\":{\"c\":1}} {\"d\":1}",
        "{\"a\":[[[{\"b\":1}]]],\"c\":{}} {\"d\":1}",
        "{\"a\":[[[[[[\n{\"d\":1}"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(logs); i++) {
        struct kg_reader_stats stats;
        char *trace = kt_report_of(&small, kg_str_from(logs[i]), &stats);

        assert_string_equal(trace, "broken limit\n{\"d\":1}\n");
        assert_int_equal(stats.damaged, 1);
        kg_free(trace);
    }
}

static void limits_out_of_range_are_refused(void **state)
{
    struct kg_reader_options options = {.limits = {.depth = 10001}};
    struct kg_reader_ops ops = {NULL};
    struct kg_reader *reader;

    (void)state;
    assert_int_equal(kg_reader_create(&options, &ops, NULL, &reader),
                     KG_EUSAGE);
}

/* --- work and memory ------------------------------------------------------------------- */

/* `unit`, over and over, up to `len`. */
static char *repeat(const char *unit, size_t len)
{
    size_t n = strlen(unit);
    char *text = kg_alloc(len);

    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = unit[i % n];
    }
    return text;
}

static void overwrite(char *at, const char *text)
{
    while (*text != '\0') {
        *at++ = *text++;
    }
}

static void nothing_is_looked_at_more_than_thrice(void **state)
{
    static const char *const units[] = {"{\"a\":",
                                        "[",
                                        "{",
                                        "{\"a\":\n",
                                        "{\"",
                                        "[[1:",
                                        "{\"a\":{\"b\":1}, ",
                                        "\"",
                                        "{\"{\":\"",
                                        "{\"a\":\"",
                                        "{\"a\":1}",
                                        "[\n",
                                        "{\"a\":[\n{\"b\":1}\n"};
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_reader_options rows = {.profile = krr, .parse_all = true};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        for (size_t len = 1 << 14; len <= 1 << 18; len *= 4) {
            struct kg_reader_stats stats;
            char *log = repeat(units[i], len);

            kg_free(kt_report_of(&rows, kg_str_of(log, len), &stats));
            assert_true(stats.looked_at <= 3 * len);
            kg_free(log);
        }
    }
    kg_profile_destroy(krr);
}

/* Fed in small pieces, as from a slow socket. */
static size_t peak_of(const struct kg_reader_options *options, const char *log,
                      size_t len)
{
    struct kt_report t;
    size_t peak;

    kt_heap_setup();
    kt_report_begin(&t, options);
    for (size_t at = 0; at < len; at += 4096) {
        kt_report_feed(&t,
                       kg_str_of(log + at, len - at < 4096 ? len - at : 4096));
        kg_buf_shrink(&t.text, 0);
        kg_buf_shrink(&t.trace, 0);
    }
    peak = kt_heap_peak();
    kt_report_end(&t);
    kt_heap_teardown();
    return peak;
}

static void memory_does_not_grow_with_hostile_logs(void **state)
{
    static const char *const units[] = {"[", "{\"a\":", "{\"a\":\n", "x",
                                        "{\"a\":[1,2,{}]}\n"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        char *log = repeat(units[i], 1 << 22);

        assert_int_equal(peak_of(&any, log, 1 << 20),
                         peak_of(&any, log, 1 << 22));
        assert_true(peak_of(&any, log, 1 << 20) < 128 * KG_KIB);
        kg_free(log);
    }
}

static void one_long_string_stops_at_its_limit(void **state)
{
    char *log = repeat("x", 1 << 24);

    (void)state;
    overwrite(log, "{\"a\":\"");
    assert_true(peak_of(&plain, log, 1 << 24) < 5 * KG_MIB);
    kg_free(log);
}

static void white_space_takes_no_memory(void **state)
{
    char *log = repeat(" ", 1 << 22);
    struct kt_report t;

    (void)state;
    log[0] = '{';
    kt_heap_setup();
    kt_report_begin(&t, &plain);
    kt_report_feed(&t, kg_str_of(log, 1 << 22));
    assert_true(kt_heap_peak() < 64 * KG_KIB);
    kt_report_end(&t);
    kt_heap_teardown();
    kg_free(log);
}

static void members_that_nobody_wants_are_no_long_token(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = krr};
    char *log = repeat("\"m\":1     ,", 1 << 20);
    char *trace;

    (void)state;
    overwrite(log, "{\"scans\":[{");
    trace = kt_report_of(&options, kg_str_of(log, 1 << 20), NULL);
    assert_string_equal(trace, "begin 0\nend incomplete cut 0 0\n");
    kg_free(trace);
    kg_free(log);
    kg_profile_destroy(krr);
}

static void a_long_string_that_begins_a_piece_has_room(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = krr};
    char *log = repeat("y", 40000);
    char *trace;

    (void)state;
    overwrite(log, "{\"scans\":[{\"recommended\":\"");
    overwrite(log + 39996, "\"}]}");
    trace = kt_report_of(&options, kg_str_of(log, 40000), NULL);
    assert_string_equal(trace, "begin 0\nreject 0 namespace: a key is null\n"
                               "end complete 0 1\n");
    kg_free(trace);
    kg_free(log);
    kg_profile_destroy(krr);
}

static void a_reader_costs_less_than_32_kib(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = krr};

    (void)state;
    assert_true(peak_of(&options, "", 0) < 32 * KG_KIB);
    kg_profile_destroy(krr);
}

/* --- stopping ---------------------------------------------------------------------------- */

static bool refuse_piece(void *data, struct kg_str bytes)
{
    unsigned *n_calls = data;

    (void)bytes;
    ++*n_calls;
    return false;
}

static bool accept_begin(void *data, uint64_t ordinal)
{
    (void)data;
    (void)ordinal;
    return true;
}

static bool never_end(void *data, const struct kg_report_end *end)
{
    (void)data;
    (void)end;
    fail_msg("called back after an error");
    return false;
}

static void nothing_is_called_after_a_callback_said_stop(void **state)
{
    static const struct kg_reader_ops ops = {.begin_cb = accept_begin,
                                             .piece_cb = refuse_piece,
                                             .end_cb = never_end};
    unsigned n_calls = 0;
    struct kg_reader *reader;

    (void)state;
    assert_int_equal(kg_reader_create(&plain, &ops, &n_calls, &reader), KG_OK);
    assert_int_equal(kg_reader_feed(reader, KG_STR("{\"a\":1}{\"b\":2}")),
                     KG_ECANCELED);
    assert_int_equal(kg_reader_feed(reader, KG_STR("{\"c\":3}")), KG_ECANCELED);
    assert_int_equal(kg_reader_finish(reader, "cut"), KG_ECANCELED);
    assert_int_equal(n_calls, 1);
    kg_reader_destroy(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_of_timestamps_are_no_arrays),
        cmocka_unit_test(colours_around_and_between_lines_are_noise),
        cmocka_unit_test(what_only_looks_like_json_is_noise),
        cmocka_unit_test(bom_crlf_and_nul_are_noise),
        cmocka_unit_test(a_tail_without_head_is_told),
        cmocka_unit_test(white_space_stays_inside_strings_alone),
        cmocka_unit_test(documents_stand_back_to_back),
        cmocka_unit_test(braces_and_quotes_in_strings_are_text),
        cmocka_unit_test(bytes_that_are_no_utf8_become_a_replacement),
        cmocka_unit_test(nan_and_infinities_become_null_and_are_counted),
        cmocka_unit_test(a_document_cut_anywhere_is_damaged_and_never_printed),
        cmocka_unit_test(a_good_document_behind_a_broken_one_is_found),
        cmocka_unit_test(a_good_document_inside_a_broken_one_is_found),
        cmocka_unit_test(parts_of_a_broken_document_are_no_documents),
        cmocka_unit_test(a_string_that_began_in_noise_hides_no_document),
        cmocka_unit_test(noise_bytes_are_those_of_no_document),
        cmocka_unit_test(strict_is_one_text_and_no_more),
        cmocka_unit_test(at_the_limit_is_not_beyond_it),
        cmocka_unit_test(a_limit_costs_its_document_and_no_other),
        cmocka_unit_test(limits_out_of_range_are_refused),
        cmocka_unit_test(nothing_is_looked_at_more_than_thrice),
        cmocka_unit_test(memory_does_not_grow_with_hostile_logs),
        cmocka_unit_test(one_long_string_stops_at_its_limit),
        cmocka_unit_test(white_space_takes_no_memory),
        cmocka_unit_test(a_long_string_that_begins_a_piece_has_room),
        cmocka_unit_test(members_that_nobody_wants_are_no_long_token),
        cmocka_unit_test(a_reader_costs_less_than_32_kib),
        cmocka_unit_test(nothing_is_called_after_a_callback_said_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
