/* SPDX-License-Identifier: MIT */
/* json/: what is found does not hang on where reads end, however odd the log is:
 * what is skipped of a document, and where it breaks, is up to its bytes alone. */
#include <stdio.h>
#include <stdlib.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "json/scan.h"

enum { LOGS = 150, CHUNKINGS = 4, LOG_MAX = 1 << 20, DEPTH = 5 };

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* --- logs ----------------------------------------------------------------------- */

static void add_run(struct kg_buf *log, char byte, size_t n)
{
    while (n-- > 0) {
        assert_int_equal(kg_buf_addc(log, byte), KG_OK);
    }
}

/* Around the limits of names and numbers, and of what is skipped. */
static size_t some_length(uint64_t *seed)
{
    static const size_t lengths[] = {1020, 1024, 1025, 4096, 4097, 9000};
    uint32_t r = next_random(seed);

    return r % 16 > 0 ? r / 16 % 40 : lengths[r / 16 % KG_COUNT_OF(lengths)];
}

static void add_string(struct kg_buf *log, uint64_t *seed)
{
    static const char *const texts[] = {
        "deleted", "pods", "scans", "name",     "a, b", "{[",      "\\\"",
        "\\u12aB", "\\q",  "\\",    "\xC3\xA4", "\xFF", "\x1b[0m", "x\ny"};
    uint32_t r = next_random(seed);
    size_t n = KG_COUNT_OF(texts) - (r % 8 > 0 ? 7 : 0);

    kt_log_add(log, KG_STR("\""));
    add_run(log, 'x', some_length(seed) / 2);
    if (r % 2 == 0) {
        kt_log_add(log, kg_str_from(texts[r / 16 % n]));
    }
    add_run(log, 'y', some_length(seed) / 2);
    kt_log_add(log, KG_STR("\""));
}

static void add_scalar(struct kg_buf *log, uint64_t *seed)
{
    static const char *const texts[] = {
        "true", "null", "false", "-1.5e3", "0", "\"deleted\"",
        "NaN",  "tru",  "1 2",   "01",     "@", ":"};
    uint32_t r = next_random(seed);

    switch (r % 8) {
    case 0:
        add_run(log, '1', 1 + some_length(seed));
        break;
    case 1:
    case 2:
        add_string(log, seed);
        break;
    default:
        kt_log_add(log, kg_str_from(texts[r / 64 % (r % 64 > 3 ? 6 : 12)]));
        break;
    }
}

static void add_blank(struct kg_buf *log, uint64_t *seed)
{
    static const char *const blanks[] = {
        "", "", "", " ", "\n  ", "\n\t", "\n", "\nI0114 waited\n    "};
    uint32_t r = next_random(seed);

    kt_log_add(log, kg_str_from(blanks[r % (r / 8 % 32 > 0 ? 6 : 8)]));
}

static void add_value(struct kg_buf *log, uint64_t *seed, int depth)
{
    bool object = next_random(seed) % 2 == 0;
    uint32_t n = next_random(seed) % 6;

    if (depth == 0 || next_random(seed) % 3 == 0) {
        add_scalar(log, seed);
        return;
    }
    kt_log_add(log, object ? KG_STR("{") : KG_STR("["));
    for (uint32_t i = 0; i < n; i++) {
        add_blank(log, seed);
        if (object) {
            add_string(log, seed);
            kt_log_add(log, KG_STR(":"));
            add_blank(log, seed);
        }
        add_value(log, seed, depth - 1);
        kt_log_add(log, i + 1 < n ? KG_STR(",") : KG_STR(""));
    }
    add_blank(log, seed);
    kt_log_add(log, object ? KG_STR("}") : KG_STR("]"));
}

/* Reports of krr with members that it does not ask for. */
static void add_reports(struct kg_buf *log, uint64_t *seed)
{
    for (uint32_t i = 0; i < 3; i++) {
        kt_log_add(log, KG_STR("{\"x\": "));
        add_value(log, seed, DEPTH);
        kt_log_add(log, KG_STR(", \"scans\": [{\"y\": "));
        add_value(log, seed, DEPTH);
        kt_log_add(log, KG_STR(", \"object\": {\"name\": \"n\", \"namespace\": "
                               "\"s\", \"kind\": \"Job\", \"container\": \"c\""
                               ", \"pods\": "));
        add_value(log, seed, DEPTH);
        kt_log_add(log, KG_STR("}}]}\nnoise\n"));
    }
}

/* --- reading ----------------------------------------------------------------------- */

static size_t some_chunk(uint64_t *seed, uint32_t most)
{
    return 1 + next_random(seed) % most;
}

/* In pieces of at most so many bytes. */
static char *said_of(const struct kg_reader_options *options, struct kg_str log,
                     uint64_t *seed, uint32_t most)
{
    const struct kg_reader_stats *s;
    struct kt_report t;
    char *said;

    kt_report_begin(&t, options);
    while (log.len > 0) {
        size_t n = some_chunk(seed, most);

        n = n < log.len ? n : log.len;
        kt_report_feed(&t, kg_str_of(log.ptr, n));
        log = kg_str_of(log.ptr + n, log.len - n);
    }
    kt_report_finish(&t);
    assert_int_equal(t.err, KG_OK);
    s = kg_reader_stats(t.reader);
    assert_int_equal(
        kg_buf_addf(&t.trace,
                    "documents %llu nan %llu damaged %llu (%llu to %llu) noise "
                    "%llu %d",
                    (unsigned long long)s->documents,
                    (unsigned long long)s->nan, (unsigned long long)s->damaged,
                    (unsigned long long)s->damaged_from,
                    (unsigned long long)s->damaged_to,
                    (unsigned long long)s->noise_bytes, s->headless),
        KG_OK);
    said = kg_strndup(kg_buf_str(&t.trace).ptr, kg_buf_len(&t.trace));
    assert_non_null(said);
    kt_report_end(&t);
    return said;
}

static void is_said_of(const struct kg_reader_options *options,
                       struct kg_str log, uint64_t *seed, const char *want)
{
    static const uint32_t most[CHUNKINGS] = {7, 100, 3000, 70000};

    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        assert_int_equal(setenv("KG_SIMD", kg_scan_at(i)->name, 1), 0);
        for (size_t k = 0; k < CHUNKINGS; k++) {
            char *said = said_of(options, log, seed, most[k]);

            assert_string_equal(said, want);
            kg_free(said);
        }
    }
    assert_int_equal(unsetenv("KG_SIMD"), 0);
}

static void what_is_found_does_not_hang_on_where_reads_end(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    const struct kg_reader_options options = {.profile = krr};
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < LOGS; i++) {
        struct kg_buf log;
        char *whole;

        kg_buf_init(&log, LOG_MAX);
        add_reports(&log, &seed);
        whole = said_of(&options, kg_buf_str(&log), &seed, LOG_MAX);
        is_said_of(&options, kg_buf_str(&log), &seed, whole);
        kg_free(whole);
        kg_buf_finish(&log);
    }
    kg_profile_destroy(krr);
}

/* --- limits ------------------------------------------------------------------------ */

static const struct limit {
    const char *before, *behind;
    char fill;
    size_t max;
} limits[] = {{"{\"x\":{\"", "\":1},", 'n', 4096},
              {"{\"x\":[", "],", '7', 1024},
              {"{\"x\":[\"", "\"],", 's', 5000},
              {"{\"x\":{\"a\":\"", "\"},", 's', 5000}};

/* In a member that no column needs. */
static void limits_hold_in_what_is_skipped(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    const struct kg_reader_options options = {.profile = krr,
                                              .limits = {.string = 5000}};

    (void)state;
    for (size_t i = 0; i < 2 * KG_COUNT_OF(limits); i++) {
        const struct limit *l = &limits[i / 2];
        uint64_t seed = i;
        struct kg_buf log;

        kg_buf_init(&log, LOG_MAX);
        kt_log_add(&log, kg_str_from(l->before));
        add_run(&log, l->fill, l->max + i % 2);
        kt_log_add(&log, kg_str_from(l->behind));
        kt_log_add(&log, KG_STR("\"scans\":[]}"));
        for (uint32_t most = 1; most < LOG_MAX; most *= 20) {
            char *said = said_of(&options, kg_buf_str(&log), &seed, most);

            assert_int_equal(strncmp(said, "begin 0\nend complete 0 0\n", 25) ==
                                 0,
                             i % 2 == 0);
            kg_free(said);
        }
        kg_buf_finish(&log);
    }
    kg_profile_destroy(krr);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_does_not_hang_on_where_reads_end),
        cmocka_unit_test(limits_hold_in_what_is_skipped),
    };

    return cmocka_run_group_tests_name("chunks", tests, NULL, NULL);
}
