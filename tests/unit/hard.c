/* SPDX-License-Identifier: MIT */
/* json/: inputs that others met in the field. A test is called after its case:
 * T1 to T16 of the text, L4 to L8 of what the kubelet makes of it. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static const struct kg_reader_options objects = {.root = KG_ROOT_OBJECT};

#define PRETTY                              \
    "{\n"                                   \
    "    \"scans\": [\n"                    \
    "        {\n"                           \
    "            \"name\": \"a{\\\"}b\",\n" \
    "            \"pods\": []\n"            \
    "        },\n"                          \
    "        [\n"                           \
    "            1,\n"                      \
    "            -2.5\n"                    \
    "        ],\n"                          \
    "        \"x\"\n"                       \
    "    ],\n"                              \
    "    \"score\": null\n"                 \
    "}\n"
#define COMPACT                                                        \
    "{\"scans\":[{\"name\":\"a{\\\"}b\",\"pods\":[]},[1,-2.5],\"x\"]," \
    "\"score\":null}\n"

/* Without waste: `text` is at most a few MiB. */
static char *trace_of(const struct kg_buf *log, struct kg_reader_stats *stats)
{
    return kt_report_of(&objects, kg_buf_str(log), stats);
}

static void add(struct kg_buf *log, struct kg_str text)
{
    assert_int_equal(kg_buf_add(log, text), KG_OK);
}

/* --- T9: cut anywhere ------------------------------------------------------------ */

/* A document of one line, or indented; so large. */
static void add_large(struct kg_buf *log, const char *indent, size_t len)
{
    size_t end = kg_buf_len(log) + len;

    assert_int_equal(kg_buf_addf(log, "{%s\"scans\":[%s\"x\"", indent, indent),
                     KG_OK);
    while (kg_buf_len(log) < end) {
        assert_int_equal(kg_buf_addf(log, ",%s{\"n\":1}", indent), KG_OK);
    }
    add(log, KG_STR("]}\n"));
}

static void t9_what_follows_a_cut_at_any_byte_is_found(void **state)
{
    static const char *const texts[] = {PRETTY, COMPACT};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        for (size_t n = 0; n + 1 < strlen(texts[i]); n++) {
            struct kg_reader_stats stats;
            struct kg_buf log;
            char *trace;

            kg_buf_init(&log, 1 << 20);
            add(&log, kg_str_of(texts[i], n));
            add(&log, KG_STR("\n" PRETTY "started again\n"));
            trace = trace_of(&log, &stats);
            assert_non_null(strstr(trace, COMPACT));
            assert_int_equal(stats.documents, 1);
            kg_free(trace);
            kg_buf_finish(&log);
        }
    }
}

/* Far larger than what is kept to be read again. */
static void t9_a_large_document_behind_a_cut_is_found(void **state)
{
    static const char *const indents[] = {"\n  ", ""};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(indents); i++) {
        for (size_t n = 0; n + 1 < strlen(PRETTY); n++) {
            struct kg_reader_stats stats;
            struct kg_buf log;

            kg_buf_init(&log, 1 << 20);
            add(&log, kg_str_of(PRETTY, n));
            add(&log, KG_STR("\n"));
            add_large(&log, indents[i], 200 * KG_KIB);
            kg_free(trace_of(&log, &stats));
            assert_int_equal(stats.documents, 1);
            assert_true(stats.looked_at <=
                        kg_buf_len(&log) + KG_LIMIT_RESCAN + 100);
            kg_buf_finish(&log);
        }
    }
}

/* --- T1, T2, T4, L6: lines and more between a document's lines ---------------------- */

/* The documents of `log`, however it is cut. */
static void are_found(struct kg_str log, const char *want)
{
    kt_report_assert(&objects, log, want);
}

/* PRETTY with `line` before its line number `at`, or before each (-1). */
static void add_with(struct kg_buf *log, const char *line, int at)
{
    const char *text = PRETTY;

    for (int i = 0; *text != '\0'; i++) {
        size_t len = (size_t)(strchr(text, '\n') - text) + 1;

        if (i == at || at < 0) {
            add(log, kg_str_from(line));
        }
        add(log, kg_str_of(text, len));
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
        trace = trace_of(&log, &stats);
        assert_string_equal(trace, COMPACT);
        assert_int_equal(stats.noise_bytes,
                         kg_buf_len(&log) - strlen(PRETTY) + 1);
        assert_int_equal(stats.damaged, 0);
        kg_free(trace);
        if (at < 0) {
            are_found(kg_buf_str(&log), COMPACT);
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
            trace = trace_of(&log, &stats);
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
    are_found(KG_STR("{\n  \"a\": [\nprogress 12%   \"w1\"\n  ],\n"
                     "  \"b\": 1\n}\n"),
              "broken cut\n");
    are_found(KG_STR("{\n  \"a\": [\nwaited\n    7\n  ]\n}\n"),
              "{\"a\":[7]}\n");
}

static void t4_a_document_that_does_not_go_on_ends_where_it_stood(void **state)
{
    struct kg_reader_stats stats;
    char *trace = kt_report_of(
        &objects, KG_STR("{\n  \"a\": 1,\nKilled\nx\n\n{\"b\":2}\n"), &stats);

    (void)state;
    assert_string_equal(trace, "broken cut\n{\"b\":2}\n");
    assert_int_equal(stats.noise_bytes, 11);
    kg_free(trace);
    are_found(KG_STR("{\n  \"a\": 1,\nKilled\nx\n\n{\"b\":2}\n"),
              "broken cut\n{\"b\":2}\n");
}

static void t2_colours_inside_a_document_are_taken_out(void **state)
{
    (void)state;
    are_found(KG_STR("\x1b[1;39m{\n  \x1b[0m\x1b[34;1m\"a\"\x1b[0m\x1b[1;39m:"
                     "\x1b[0m \x1b[0;39m1\x1b[0m\x1b[1;39m,\n"
                     "  \x1b[0m\"b\": \"x\x1b[31my\x1b(B\x1b[mz\"\x1b[1;39m\n"
                     "\x1b[0m\x1b[1;39m}\x1b[0m\n"),
              "{\"a\":1,\"b\":\"xyz\"}\n");
    are_found(KG_STR("\x1b[32m{\"a\": \"\\u001b[31m\"\x1b[0m}"),
              "{\"a\":\"\\u001b[31m\"}\n");
    are_found(KG_STR("{\"a\": 1\x1b[0m2}"), "broken cut\n");
    are_found(KG_STR("{\"a\": [\"x\x1b[\",\"b\",\"c\"]}"), "broken cut\n");
    are_found(KG_STR("{\"a\": [1,\x1b[2,3,4]}"), "broken cut\n");
    are_found(KG_STR("{\"a\": [\"x\x1b\",\"b\"]}"), "broken cut\n");
    are_found(KG_STR("{\"a\": 1\x1b[\n2}"), "broken cut\n");
}

/* --- L4 to L8: what the kubelet makes of it ------------------------------------------ */

#define STAMP "2024-01-14T10:00:00.123456789Z "
#define LATER "2024-01-14T12:00:01.000000001+02:00 "

static void l6_stamps_before_every_line_are_taken_out(void **state)
{
    (void)state;
    between_any_lines(""); /* PRETTY itself. */
    are_found(KG_STR(STAMP "noise\n" STAMP "{\n" STAMP "  \"a\": [\n" LATER
                           "    1,\n" STAMP "I0114 waited\n" STAMP
                           "    \"2024\"\n" STAMP "  ]\n" STAMP "}\n"),
              "{\"a\":[1,\"2024\"]}\n");
    are_found(KG_STR("{\n  \"a\": [\n2024,\n2024\n]}\n"),
              "{\"a\":[2024,2024]}\n");
    are_found(KG_STR("{\n  \"a\": [\n    2024-01-14\n  ]\n}\n"),
              "broken cut\n");
}

/* It is another program's, however well it would fit. */
static void l6_a_stamp_in_a_document_without_stamps_breaks_it(void **state)
{
    (void)state;
    are_found(KG_STR("{\n  \"a\": 1,\n" STAMP "\"a\": 2,\n  \"b\": 3\n}\n"),
              "broken cut\n");
    are_found(KG_STR("{\n  \"a\": [\n" STAMP "2,\n  3\n]\n}\n"),
              "broken cut\n");
    are_found(KG_STR("{\n  \"a\": 1,\n" STAMP "waited\n  \"b\": 3\n}\n"),
              "{\"a\":1,\"b\":3}\n");
}

static void l8_a_line_without_stamp_is_no_beginning(void **state)
{
    struct kg_reader_stats stats;

    (void)state;
    kg_free(kt_report_of(&objects, KG_STR("ns\": \"x\"}]}\n" STAMP "done\n"),
                         &stats));
    assert_int_equal(stats.documents, 0);
    assert_true(stats.headless);
}

enum { PIECE = 16 * 1024, SMALL_PIECE = 4096 };

/* {"a":"xxx...","b":["yyy...",12]} with its string or its token's end so many
 * bytes behind a piece's end. */
static void add_long(struct kg_buf *log, size_t behind, size_t piece)
{
    size_t n = piece - strlen("{\"a\":\"") + behind;

    add(log, KG_STR("{\"a\":\""));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(kg_buf_addc(log, (char)('a' + i % 26)), KG_OK);
    }
    add(log, KG_STR("\",\"b\":["));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(kg_buf_addf(log, "\"%zu\",", i), KG_OK);
    }
    add(log, KG_STR("12]}"));
}

/* The kubelet's: pieces with `between` between the first two of them. */
static void is_whole_with(const char *between, size_t piece, const char *first,
                          bool whole)
{
    for (size_t behind = 0; behind < 40; behind++) {
        struct kg_buf text, log;
        struct kg_str doc;
        char *trace;

        kg_buf_init(&text, 1 << 16);
        kg_buf_init(&log, 1 << 16);
        add_long(&text, behind, piece);
        doc = kg_buf_str(&text);
        add(&log, kg_str_from(first));
        add(&log, kg_str_of(doc.ptr, piece));
        add(&log, kg_str_from(between));
        add(&log, kg_str_of(doc.ptr + piece, doc.len - piece));
        add(&log, KG_STR("\n"));
        add(&text, KG_STR("\n"));
        trace = trace_of(&log, NULL);
        if (whole) {
            kt_assert_str(kg_str_from(trace), kg_buf_cstr(&text));
        } else {
            assert_null(strstr(trace, "12]}"));
        }
        kg_free(trace);
        kg_buf_finish(&text);
        kg_buf_finish(&log);
    }
}

static void l4_pieces_of_a_line_are_one_line(void **state)
{
    (void)state;
    is_whole_with("", PIECE, "", true);
}

static void l5_a_line_of_the_other_stream_between_pieces_is_taken_out(
    void **state)
{
    (void)state;
    is_whole_with("I0114 10:00:00.1 Waited for 4.39s due to throttling\n",
                  PIECE, "", true);
    is_whole_with("I0114 10:00:00.1 Waited for 4.39s\n", PIECE - 7, "", false);
}

static void l6_a_stamp_in_the_middle_of_a_line_is_taken_out(void **state)
{
    (void)state;
    is_whole_with("I0114 10:00:00.1 Waited\n" STAMP, PIECE, STAMP, true);
    is_whole_with("I0114 10:00:00.1 Waited\n" STAMP, PIECE, "", false);
}

static void l7_a_stamp_before_every_piece_is_taken_out(void **state)
{
    (void)state;
    is_whole_with(LATER, PIECE, STAMP, true);
    is_whole_with(STAMP, SMALL_PIECE, STAMP, true);
}

/* --- the other cases of the text ----------------------------------------------------- */

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
    are_found(KG_STR(log), "{\"level\":\"info\",\"msg\":\"{\\\"scans\\\":[\"}\n"
                           "{\"kind\":\"Status\",\"code\":404}\n"
                           "{\"scans\":[]}\n");
    kg_profile_destroy(krr);
}

/* An opener alone says nothing of what is behind it. */
static void t3_a_part_of_what_broke_is_no_document(void **state)
{
    static const struct kg_reader_options any = {.root = KG_ROOT_ANY};

    (void)state;
    kt_report_assert(&any, KG_STR("x {[]]"), "[]\n");
    are_found(KG_STR("{\"a\": [x {\"b\":1}, {\"c\":2}]} {\"d\":3}\n"),
              "broken cut\nbroken cut\nbroken cut\n{\"d\":3}\n");
}

/* What was broken has ended with its last closer. */
static void t3_noise_that_broke_says_nothing_of_what_comes_later(void **state)
{
    (void)state;
    are_found(KG_STR("12:00 got {\"a\":1}, done\n"), "{\"a\":1}\n");
    are_found(KG_STR("{\"x\" y}\nfine\n12:00 got {\"a\":1}, done\n"),
              "{\"a\":1}\n");
    are_found(KG_STR("{\"x\": y}\nfine\n12:00 got {\"a\":1}, done\n"),
              "broken cut\n{\"a\":1}\n");
    are_found(KG_STR("{\"x\" y}\n[{\"a\":1},{\"a\":2}]\n"),
              "{\"a\":1}\n{\"a\":2}\n");
    are_found(KG_STR("{\"x\": y\n{\"b\":2}\ngot {\"a\":1}, done\n"),
              "broken cut\n{\"b\":2}\n{\"a\":1}\n");
}

/* The elements of a broken list, each in a line of its own. */
static void t3_a_line_that_a_comma_or_closer_follows_is_a_part(void **state)
{
    static const struct kg_reader_options any = {.root = KG_ROOT_ANY};

    (void)state;
    kt_report_assert(
        &any, KG_STR("[\n{\"a\":1 WARN},\n{\"b\":2},\n{\"c\":3}\n]\n{}\n"),
        "broken cut\nbroken cut\nbroken cut\n{}\n");
    are_found(KG_STR("{\n  \"a\": [\n{\"l\":\"i\"}\n    {\"b\":2}\n  ]\n}\n"),
              "broken cut\n{\"l\":\"i\"}\nbroken head_missing\n");
}

/* --- L1: a log that lacks its beginning ---------------------------------------------- */

static void l1_a_part_of_what_began_before_the_log_is_no_document(void **state)
{
    static const struct kg_reader_options any = {.root = KG_ROOT_ANY};
    static const char *const parts[] = {
        "\"x\"],\n \"a\": [\n  {}\n ]\n}\n", /* A member's value, */
        "\"a\":[1]}",                        /* in one line, */
        ":[1],\"b\":2}",                     /* without its name; */
        "[1],\"b\":2}",                      /* or that begins the log; */
        "  [\n  1\n  ]\n}\n",                /* indented; */
        "1},{\"a\":1},{\"b\":2}",            /* elements, */
        ",\n{\"a\":1},{\"b\":2}",            /* cut at both ends. */
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(parts); i++) {
        struct kg_reader_stats stats;
        char *trace = kt_report_of(&any, kg_str_from(parts[i]), &stats);

        assert_true(
            kg_str_starts(kg_str_from(trace), KG_STR("broken head_missing\n")));
        assert_int_equal(stats.documents, 0);
        assert_true(stats.headless);
        kt_report_assert(&any, kg_str_from(parts[i]), trace);
        kg_free(trace);
    }
}

static void l1_what_follows_the_tail_is_found(void **state)
{
    (void)state;
    are_found(KG_STR("1},{\"a\":1}]}\n{\"b\":2}\ngot {\"c\":3}, done\n"),
              "broken head_missing\n{\"b\":2}\n{\"c\":3}\n");
    are_found(KG_STR("{\"a\":1}\n,\n{\"b\":2}\n\"x\": {\"c\":3} of y\n"),
              "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
}

static void t5_banners_and_progress_are_noise(void **state)
{
    (void)state;
    are_found(KG_STR("\r[/] 0/3\r\x1b[2K[-] 1/3 \xE2\x96\x88 {\r[\\] 3/3\n"
                     " _  __{}~ |\n{\"a\":1}\r\n"),
              "{}\n{\"a\":1}\n");
}

static void t6_documents_stand_in_any_layout(void **state)
{
    static const struct kg_reader_options arrays = {.root = KG_ROOT_ARRAY};

    (void)state;
    are_found(KG_STR(COMPACT COMPACT PRETTY "{}{\"a\":1}{\"b\":2}\nbye\n"),
              COMPACT COMPACT COMPACT "{}\n{\"a\":1}\n{\"b\":2}\n");
    kt_report_assert(&arrays, KG_STR("[12:00:01] x\n[\n  {\"a\":1},\n  2\n]\n"),
                     "[{\"a\":1},2]\n");
}

static void t7_odd_strings_have_an_answer(void **state)
{
    (void)state;
    are_found(KG_STR("{\"}{][\":\"\\\"\\\\\",\"n\":\"\\u0000\\ud800\",\"x\":\""
                     "\xFF\"}"),
              "{\"}{][\":\"\\\"\\\\\",\"n\":\"\\u0000\\ud800\",\"x\":\""
              "\xEF\xBF\xBD\"}\n");
}

static void t8_nan_and_infinities_are_null_and_counted(void **state)
{
    struct kg_reader_stats stats;
    char *trace = kt_report_of(
        &objects, KG_STR("{\"a\":[NaN,-Infinity,\"NaN\"]}"), &stats);

    (void)state;
    assert_string_equal(trace, "{\"a\":[null,null,\"NaN\"]}\n");
    assert_int_equal(stats.nan, 2);
    kg_free(trace);
}

static void fill(struct kg_buf *log, const char *unit, size_t len)
{
    while (kg_buf_len(log) < len) {
        add(log, kg_str_from(unit));
    }
}

/* What is beyond a limit is told, and hides nothing. */
static void t16_sizes_have_limits_that_answer(void **state)
{
    static const char *const units[] = {"{\"a\":\"", "{\"a\":[", "{\"a\":1"};
    static const char *const more[] = {"xxxxxxxx", "[[[[[[[[", "00000000"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        struct kg_buf log;
        char *trace;

        kg_buf_init(&log, 1 << 23);
        add(&log, kg_str_from(units[i]));
        fill(&log, more[i], 2 * KG_MIB);
        add(&log, KG_STR("\n{\"b\":1}\n"));
        trace = trace_of(&log, NULL);
        assert_string_equal(trace, "broken limit\n{\"b\":1}\n");
        kg_free(trace);
        kg_buf_finish(&log);
    }
}

static void t16_work_is_bounded_whatever_comes(void **state)
{
    static const char *const units[] = {"{\"a\":\n",
                                        "{\n",
                                        "{\nx\n",
                                        "{\"a\":1,\nx\n",
                                        "{\"a\":[\n[\n",
                                        "{\"a\":\n{\"b\":1}\n",
                                        "{\n  \"a\": 1,\nx\n",
                                        "[",
                                        "{\"a\":[\nx\n",
                                        STAMP "{\n",
                                        STAMP "{\"a\":\n",
                                        "{\"a\":\x1b[0m\n",
                                        "{\"a\":{\"b\":1}, ",
                                        "{\"a\":\"\n",
                                        "x\n  \"a\": [\n{\"a\":\n"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        for (size_t len = 1 << 16; len <= 1 << 20; len *= 4) {
            struct kg_reader_stats stats;
            struct kg_buf log;

            kg_buf_init(&log, 1 << 23);
            fill(&log, units[i], len);
            kg_free(trace_of(&log, &stats));
            assert_true(stats.looked_at <= 4 * kg_buf_len(&log));
            kg_buf_finish(&log);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t9_what_follows_a_cut_at_any_byte_is_found),
        cmocka_unit_test(t9_a_large_document_behind_a_cut_is_found),
        cmocka_unit_test(t1_brackets_of_time_are_no_arrays_inside_a_document),
        cmocka_unit_test(t4_lines_of_others_are_taken_out),
        cmocka_unit_test(t4_what_may_be_the_documents_is_never_taken_out),
        cmocka_unit_test(t4_an_only_element_is_not_taken_out_with_a_line),
        cmocka_unit_test(t4_a_document_that_does_not_go_on_ends_where_it_stood),
        cmocka_unit_test(t2_colours_inside_a_document_are_taken_out),
        cmocka_unit_test(t3_decoys_hide_no_document_and_match_no_profile),
        cmocka_unit_test(t3_a_part_of_what_broke_is_no_document),
        cmocka_unit_test(t3_noise_that_broke_says_nothing_of_what_comes_later),
        cmocka_unit_test(t3_a_line_that_a_comma_or_closer_follows_is_a_part),
        cmocka_unit_test(l1_a_part_of_what_began_before_the_log_is_no_document),
        cmocka_unit_test(l1_what_follows_the_tail_is_found),
        cmocka_unit_test(t5_banners_and_progress_are_noise),
        cmocka_unit_test(t6_documents_stand_in_any_layout),
        cmocka_unit_test(t7_odd_strings_have_an_answer),
        cmocka_unit_test(t8_nan_and_infinities_are_null_and_counted),
        cmocka_unit_test(t16_sizes_have_limits_that_answer),
        cmocka_unit_test(t16_work_is_bounded_whatever_comes),
        cmocka_unit_test(l4_pieces_of_a_line_are_one_line),
        cmocka_unit_test(
            l5_a_line_of_the_other_stream_between_pieces_is_taken_out),
        cmocka_unit_test(l6_stamps_before_every_line_are_taken_out),
        cmocka_unit_test(l6_a_stamp_in_a_document_without_stamps_breaks_it),
        cmocka_unit_test(l6_a_stamp_in_the_middle_of_a_line_is_taken_out),
        cmocka_unit_test(l7_a_stamp_before_every_piece_is_taken_out),
        cmocka_unit_test(l8_a_line_without_stamp_is_no_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
