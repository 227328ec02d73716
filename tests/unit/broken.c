/* SPDX-License-Identifier: MIT */
/* json/: documents that break, lack their beginning or are too large, and what
 * is found of those around them: T3, T9, T16 and L1 of the field. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

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
    kt_log_add(log, KG_STR("]}\n"));
}

static void t9_what_follows_a_cut_at_any_byte_is_found(void **state)
{
    static const char *const texts[] = {KT_PRETTY, KT_COMPACT};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        for (size_t n = 0; n + 1 < strlen(texts[i]); n++) {
            struct kg_reader_stats stats;
            struct kg_buf log;
            char *trace;

            kg_buf_init(&log, 1 << 20);
            kt_log_add(&log, kg_str_of(texts[i], n));
            kt_log_add(&log, KG_STR("\n" KT_PRETTY "started again\n"));
            trace = kt_log_trace(&log, &stats);
            assert_non_null(strstr(trace, KT_COMPACT));
            assert_int_equal(stats.documents, 1);
            kg_free(trace);
            kg_buf_finish(&log);
        }
    }
}

/* The first `n` bytes of `text` may go on with a value, whatever it is. */
static bool takes_a_value(const char *text, size_t n)
{
    while (n > 0 && strchr(" \n", text[n - 1]) != NULL) {
        n--;
    }
    return n > 0 && strchr(":[,", text[n - 1]) != NULL;
}

/* Far larger than what is kept to be read again. */
static void t9_a_large_document_behind_a_cut_is_found(void **state)
{
    static const char *const indents[] = {"\n  ", ""};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(indents); i++) {
        for (size_t n = 1; n + 1 < strlen(KT_PRETTY); n++) {
            struct kg_reader_stats stats;
            struct kg_buf log;

            if (takes_a_value(KT_PRETTY, n)) {
                continue;
            }
            kg_buf_init(&log, 1 << 20);
            kt_log_add(&log, kg_str_of(KT_PRETTY, n));
            kt_log_add(&log, KG_STR("\n"));
            add_large(&log, indents[i], 200 * KG_KIB);
            kg_free(kt_log_trace(&log, &stats));
            assert_int_equal(stats.documents, 1);
            assert_true(stats.looked_at <=
                        kg_buf_len(&log) + KG_LIMIT_RESCAN + 100);
            kg_buf_finish(&log);
        }
    }
}

/* What is one JSON text so far is not given up for what it may be else. */
static void t9_in_a_value_s_place_so_much_is_found_as_is_kept(void **state)
{
    static const char *const openers[] = {"{\"a\":", "{\n  \"scans\": [",
                                          "{\"a\": [1,", "{\n  \"scans\":"};

    (void)state;
    for (size_t i = 0; i < 2 * KG_COUNT_OF(openers); i++) {
        size_t len = i % 2 == 0 ? KG_LIMIT_RESCAN - 200 : KG_LIMIT_RESCAN;
        struct kg_reader_stats stats;
        struct kg_buf log;
        char *trace;

        kg_buf_init(&log, 1 << 20);
        kt_log_add(&log, kg_str_from(openers[i / 2]));
        kt_log_add(&log, KG_STR("\n"));
        add_large(&log, "\n  ", len);
        kt_log_add(&log, KG_STR("done\n{\"b\":1}\n"));
        trace = kt_log_trace(&log, &stats);
        assert_int_equal(stats.documents, i % 2 == 0 ? 2 : 1);
        assert_int_equal(stats.damaged, 1);
        assert_non_null(strstr(trace, "\n{\"b\":1}\n"));
        kg_free(trace);
        kg_buf_finish(&log);
    }
}

/* As lists of Kubernetes are by a printer that does not indent. */
static void t9_a_valid_document_is_whole_in_any_layout(void **state)
{
    static const char *const layouts[][2] = {
        {"{\n\"v\": \"v1\",\n\"items\": [\n", ",\n{\n\"v\": \"v1\"\n}\n]\n}"},
        {"{\n\"spec\":\n", "}"},
        {"{\n  \"spec\":\n", "  , \"b\": 1\n}"},
        {"{\n  \"items\": [\n", "  ]\n}"},
        {"{\"scans\":[\n", "]}"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(layouts); i++) {
        struct kg_reader_stats stats;
        struct kg_buf log;

        kg_buf_init(&log, 1 << 20);
        kt_log_add(&log, kg_str_from(layouts[i][0]));
        add_large(&log, i == 0 ? "\n" : "\n  ", 80 * KG_KIB);
        kt_log_add(&log, kg_str_from(layouts[i][1]));
        kg_free(kt_log_trace(&log, &stats));
        assert_int_equal(stats.documents, 1);
        assert_int_equal(stats.damaged, 0);
        assert_int_equal(stats.noise_bytes, 0);
        kg_buf_finish(&log);
    }
}

/* --- T3: what is left of a broken one -------------------------------------------- */

/* An opener alone says nothing of what is behind it. */
static void t3_a_part_of_what_broke_is_no_document(void **state)
{
    static const struct kg_reader_options any = {.root = KG_ROOT_ANY};

    (void)state;
    kt_report_assert(&any, KG_STR("x {[]]"), "[]\n");
    kt_report_found(KG_STR("{\"a\": [x {\"b\":1}, {\"c\":2}]} {\"d\":3}\n"),
                    "broken cut\nbroken cut\nbroken cut\n{\"d\":3}\n");
}

/* What was broken has ended with its last closer. */
static void t3_noise_that_broke_says_nothing_of_what_comes_later(void **state)
{
    (void)state;
    kt_report_found(KG_STR("12:00 got {\"a\":1}, done\n"), "{\"a\":1}\n");
    kt_report_found(KG_STR("{\"x\" y}\nfine\n12:00 got {\"a\":1}, done\n"),
                    "{\"a\":1}\n");
    kt_report_found(KG_STR("{\"x\": y}\nfine\n12:00 got {\"a\":1}, done\n"),
                    "broken cut\n{\"a\":1}\n");
    kt_report_found(KG_STR("{\"x\" y}\n[{\"a\":1},{\"a\":2}]\n"),
                    "{\"a\":1}\n{\"a\":2}\n");
    kt_report_found(KG_STR("{\"x\": y\n{\"b\":2}\ngot {\"a\":1}, done\n"),
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
    kt_report_found(
        KG_STR("{\n  \"a\": [\n{\"l\":\"i\"}\n    {\"b\":2}\n  ]\n}\n"),
        "broken cut\n{\"l\":\"i\"}\nbroken head_missing\n");
}

/* --- L1: a log that lacks its beginning ------------------------------------------ */

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
    kt_report_found(KG_STR("1},{\"a\":1}]}\n{\"b\":2}\ngot {\"c\":3}, done\n"),
                    "broken head_missing\n{\"b\":2}\n{\"c\":3}\n");
    kt_report_found(KG_STR("{\"a\":1}\n,\n{\"b\":2}\n\"x\": {\"c\":3} of y\n"),
                    "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
}

/* --- T16: sizes ------------------------------------------------------------------ */

static void fill(struct kg_buf *log, const char *unit, size_t len)
{
    while (kg_buf_len(log) < len) {
        kt_log_add(log, kg_str_from(unit));
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
        kt_log_add(&log, kg_str_from(units[i]));
        fill(&log, more[i], 2 * KG_MIB);
        kt_log_add(&log, KG_STR("\n{\"b\":1}\n"));
        trace = kt_log_trace(&log, NULL);
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
                                        KT_STAMP "{\n",
                                        KT_STAMP "{\"a\":\n",
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
            kg_free(kt_log_trace(&log, &stats));
            assert_true(stats.looked_at <= 4 * kg_buf_len(&log));
            kg_buf_finish(&log);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t3_a_part_of_what_broke_is_no_document),
        cmocka_unit_test(t3_noise_that_broke_says_nothing_of_what_comes_later),
        cmocka_unit_test(t3_a_line_that_a_comma_or_closer_follows_is_a_part),
        cmocka_unit_test(t9_what_follows_a_cut_at_any_byte_is_found),
        cmocka_unit_test(t9_a_large_document_behind_a_cut_is_found),
        cmocka_unit_test(t9_in_a_value_s_place_so_much_is_found_as_is_kept),
        cmocka_unit_test(t9_a_valid_document_is_whole_in_any_layout),
        cmocka_unit_test(t16_sizes_have_limits_that_answer),
        cmocka_unit_test(t16_work_is_bounded_whatever_comes),
        cmocka_unit_test(l1_a_part_of_what_began_before_the_log_is_no_document),
        cmocka_unit_test(l1_what_follows_the_tail_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
