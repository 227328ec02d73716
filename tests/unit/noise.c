/* SPDX-License-Identifier: MIT */
/* json/: openers in noise. What is looked at behind one is there when a log is
 * read whole, and is not when it is read byte by byte: both must tell the same. */
#include <stdlib.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/backoff.h"
#include "kubeglean/heap.h"
#include "json/scan.h"

static const struct kg_reader_options objects = {.root = KG_ROOT_OBJECT};
static const struct kg_reader_options any = {.root = KG_ROOT_ANY};

static struct kg_reader_stats stats_of(const struct kg_reader_options *options,
                                       struct kg_str log)
{
    struct kg_reader_stats stats;

    kg_free(kt_report_of(options, log, &stats));
    return stats;
}

static void brackets_of_logs_open_no_array(void **state)
{
    static const char *const lines[] = {
        "\x1b[2K\x1b[1;32mstep\x1b[0m",
        "[12:00:01] [INFO] [web-12] [14 days] [null pointer] [N/A] [tests]",
        "if [ -f x ]; then [[ 1 -eq 2 ]]; a[i] b[0:3] c[1.2.3] d[-]",
        "[0x1f] [1e] [1e5:] [007] [99999999999999999999: x] [Infinity-] [.5]",
        "map[a:{b}] {cpu 100m} { x } ${Y} up{namespace=\"x\"} {'a': 1} {{ Z }}",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(lines); i++) {
        struct kg_str line = kg_str_from(lines[i]);
        struct kg_reader_stats stats = stats_of(&any, line);

        kt_report_assert(&any, line, "");
        assert_int_equal(stats.noise_bytes, line.len);
        assert_int_equal(stats.damaged, 0);
    }
}

static void what_may_be_an_array_is_looked_at(void **state)
{
    (void)state;
    kt_report_assert(
        &any,
        KG_STR("a[1] b[ 1 ] [-1,2] [NaN] [true ,1] [1e5] [12\n]"
               " [1\x1b[0m] [\n1] [null] [] [ [] ] [\"x\"] [0] [{}]"),
        "[1]\n[1]\n[-1,2]\n[null]\n[true,1]\n[1e5]\n[12]\n[1]\n"
        "[1]\n[null]\n[]\n[[]]\n[\"x\"]\n[0]\n[{}]\n");
}

static void a_number_beyond_its_limit_is_told_in_an_array_too(void **state)
{
    struct kg_reader_options options = any;

    (void)state;
    options.limits.number = 3;
    kt_report_assert(&options, KG_STR("[123:45] [12]"), "[12]\n");
    kt_report_assert(&options, KG_STR("[1234:5] [12]\n[1]\n"),
                     "broken limit\n[12]\n[1]\n");
}

/* By each way of the processor, at each place of a block and of its end. */
static void openers_are_found_wherever_they_stand(void **state)
{
    char log[200];

    (void)state;
    for (size_t len = 1; len < sizeof(log); len++) {
        memset(log, len % 2 != 0 ? '[' : '.', len);
        memcpy(log + len - 1, "\n", 1);
        for (size_t at = 0; at + 4 < len; at += 3) {
            memcpy(log + at, at % 2 != 0 ? "[1]." : "{}..", 4);
        }
        for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
            assert_int_equal(setenv("KG_SIMD", kg_scan_at(i)->name, 1), 0);
            assert_int_equal(stats_of(&any, kg_str_of(log, len)).documents,
                             len < 5 ? 0 : (len - 5) / 3 + 1);
        }
    }
    assert_int_equal(unsetenv("KG_SIMD"), 0);
}

/* --- what is counted ------------------------------------------------------------ */

static const char *const parts[] = {
    "[",
    "{",
    "]",
    "}",
    "\n",
    " ",
    "\t",
    "\"",
    "\"a\":",
    ",",
    ":",
    "1",
    "12:00",
    "[INFO] ",
    "\x1b[2K",
    "\x1b[32m",
    "\x1b[",
    "[14 days]",
    "{x}",
    "{ y",
    "[ 1 ",
    "[1]",
    "{\"b\":2}",
    "null",
    "[t",
    "-",
    "e",
    "2024-01-14T10:00:00Z ",
    "text",
    "\0",
    "      ",
    "[0123456789]",
    "level=info msg={\"c\": [1, 2",
};

static void add_noise(struct kg_buf *log, struct kg_random *random)
{
    kg_buf_reset(log);
    for (uint64_t n = kg_random_below(random, 60); n > 0; n--) {
        const char *part = parts[kg_random_below(random, KG_COUNT_OF(parts))];

        assert_int_equal(
            kg_buf_add(log, kg_str_of(part, strlen(part) + (*part == '\0'))),
            KG_OK);
    }
}

static struct kg_reader_stats stats_byte_by_byte(
    const struct kg_reader_options *options, struct kg_str log)
{
    struct kg_reader_stats stats;
    struct kt_report t;

    kt_report_begin(&t, options);
    for (size_t i = 0; i < log.len; i++) {
        kt_report_feed(&t, kg_str_of(log.ptr + i, 1));
    }
    kt_report_finish(&t);
    assert_int_equal(t.err, KG_OK);
    stats = *kg_reader_stats(t.reader);
    kt_report_end(&t);
    return stats;
}

static void looking_ahead_changes_no_count(void **state)
{
    struct kg_random random;
    struct kg_buf log;

    (void)state;
    kg_random_init(&random, 5);
    kg_buf_init(&log, 1 << 16);
    for (unsigned round = 0; round < 6000; round++) {
        struct kg_reader_options options = {.root = (enum kg_root)(round % 3)};
        struct kg_reader_stats whole, bytes;

        add_noise(&log, &random);
        whole = stats_of(&options, kg_buf_str(&log));
        bytes = stats_byte_by_byte(&options, kg_buf_str(&log));
        assert_int_equal(whole.documents, bytes.documents);
        assert_int_equal(whole.damaged, bytes.damaged);
        assert_int_equal(whole.noise_bytes, bytes.noise_bytes);
        assert_int_equal(whole.headless, bytes.headless);
    }
    kg_buf_finish(&log);
}

static void closers_are_set_against_openers_that_were_passed(void **state)
{
    (void)state;
    assert_false(stats_of(&objects, KG_STR("x\n{a {b\n}\n}\n")).headless);
    assert_true(stats_of(&objects, KG_STR("x\n{a {b\n}\n}\n}\n")).headless);
    assert_true(stats_of(&any, KG_STR("x\n[a {b\n}\n}\n")).headless);
    assert_false(stats_of(&any, KG_STR("x\ny }{a\n}\n{b }\n")).headless);
}

/* --- time stamps ------------------------------------------------------------------ */

enum { PIECE = 16 * 1024 };

#define STAMP "2024-01-14T10:00:00.123456789Z "

/* The kubelet's: a line's second piece has a stamp of its own. */
static void a_bracket_before_a_document_hides_no_stamp(void **state)
{
    static const char *const heads[] = {"", "[INFO] ", "{ y } ", "[1] ",
                                        "{\"x\" y "};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(heads); i++) {
        struct kg_buf log;
        char *trace;

        kg_buf_init(&log, 1 << 16);
        assert_int_equal(kg_buf_addf(&log, STAMP "%s{\"a\":\"", heads[i]),
                         KG_OK);
        while (kg_buf_len(&log) < PIECE + strlen(STAMP)) {
            assert_int_equal(kg_buf_addc(&log, 'x'), KG_OK);
        }
        assert_int_equal(kg_buf_adds(&log, STAMP "\"}\n"), KG_OK);
        trace = kt_report_of(&any, kg_buf_str(&log), NULL);
        assert_null(strstr(trace, STAMP));
        assert_non_null(strstr(trace, "x\"}\n"));
        kg_free(trace);
        kg_buf_finish(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_of_logs_open_no_array),
        cmocka_unit_test(what_may_be_an_array_is_looked_at),
        cmocka_unit_test(a_number_beyond_its_limit_is_told_in_an_array_too),
        cmocka_unit_test(openers_are_found_wherever_they_stand),
        cmocka_unit_test(looking_ahead_changes_no_count),
        cmocka_unit_test(closers_are_set_against_openers_that_were_passed),
        cmocka_unit_test(a_bracket_before_a_document_hides_no_stamp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
