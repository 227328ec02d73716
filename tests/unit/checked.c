/* SPDX-License-Identifier: MIT */
/* json/: the grammar by blocks of 64 bytes takes what the grammar by bytes takes,
 * wherever the blocks and the pieces begin. */
#include <stdlib.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "json/scan.h"

enum { PIECES = 24, TEXT_MAX = 4096, TEXTS = 40, BREAKS = 6 };

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* --- what it stops before --------------------------------------------------------- */

/* In the object or array that `bytes` open, every way takes `want`, and copies it
 * as `copied`. */
static void takes(const char *bytes, const char *want, const char *copied)
{
    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        uint8_t out[TEXT_MAX];
        struct kg_check c = {
            .nest = {.kinds = *bytes == '{', .depth = 1, .max = 4},
            .expected =
                *bytes == '{' ? KG_EXPECT_FIRST_NAME : KG_EXPECT_FIRST_VALUE,
            .max_number = 8,
            .out = out};
        size_t len;

        if (kg_scan_at(i)->checked == NULL) {
            continue;
        }
        len = kg_scan_at(i)->checked(&c, (const uint8_t *)bytes + 1,
                                     strlen(bytes + 1));
        if (len != strlen(want) || memcmp(bytes + 1, want, len) != 0 ||
            (size_t)(c.out - out) != strlen(copied) ||
            memcmp(out, copied, strlen(copied)) != 0) {
            fail_msg("%s: %s: %zu bytes, not %s; copied %.*s",
                     kg_scan_at(i)->name, bytes, len, want, (int)(c.out - out),
                     (char *)out);
        }
    }
}

static void what_is_right_is_copied_without_white_space(void **state)
{
    (void)state;
    takes("[1, -0.5e+9, true,\n\tnull, false, \"a b\"] ",
          "1, -0.5e+9, true,\n\tnull, false, \"a b\"]",
          "1,-0.5e+9,true,null,false,\"a b\"]");
    takes("{ \"a\" : { } , \"b\":[[ ]], \"\\u00e9\\\\\\\"\": \"\xC3\xA9 \"}",
          " \"a\" : { } , \"b\":[[ ]], \"\\u00e9\\\\\\\"\": \"\xC3\xA9 \"}",
          "\"a\":{},\"b\":[[]],\"\\u00e9\\\\\\\"\":\"\xC3\xA9 \"}");
}

static void a_token_where_none_may_be_stops_it_before(void **state)
{
    (void)state;
    takes("[1, 2 3, 4]", "1,", "1,");
    takes("[1, 2,, 4]", "1, 2,", "1,2,");
    takes("[1, 2, ]", "1, 2,", "1,2,");
    takes("[1, [2}, 4]", "1, [", "1,[");
    takes("[1, \"a\": 4]", "1,", "1,");
    takes("[, 1]", "", "");
    takes("{\"a\": 1, }", "\"a\": 1,", "\"a\":1,");
    takes("{\"a\": 1, 2: 3}", "\"a\": 1,", "\"a\":1,");
    takes("{\"a\": 1, \"b\" 3}", "\"a\": 1,", "\"a\":1,");
    takes("{\"a\": 1, \"b\":: 3}", "\"a\": 1,", "\"a\":1,");
    takes("{\"a\": 1, \"b\", \"c\"}", "\"a\": 1,", "\"a\":1,");
    takes("{\"a\": 1 \"b\": 2}", "", "");
}

static void a_token_that_is_none_stops_it_before(void **state)
{
    (void)state;
    takes("[1, 01]", "1,", "1,");
    takes("[1, 1.]", "1,", "1,");
    takes("[1, -]", "1,", "1,");
    takes("[1, 1e]", "1,", "1,");
    takes("[1, truer]", "1,", "1,");
    takes("[1, true/]", "1,", "1,");
    takes("[1, NaN]", "1,", "1,");
    takes("[1, 12345678, 123456789]", "1, 12345678,", "1,12345678,");
    takes("[1, \"\\x\"]", "1,", "1,");
    takes("[1, \"\\u12g4\"]", "1,", "1,");
    takes("[1, \"\t\"]", "1,", "1,");
    takes("[1, \"\xC3\"]", "1,", "1,");
    takes("[1, \"\xED\xA0\x80\"]", "1,", "1,");
    takes("[1, \"\xF4\x90\x80\x80\"]", "1,", "1,");
    takes("[1, [[[[2]]]]]", "1, [[[", "1,[[[");
}

static void what_is_cut_is_taken_up_to_its_last_comma_or_bracket(void **state)
{
    (void)state;
    takes("[1, 2", "1,", "1,");
    takes("[\"a\", \"b, ", "\"a\",", "\"a\",");
    takes("{\"a\": 1, \"b\": tru", "\"a\": 1,", "\"a\":1,");
    takes("[1, \"\xC3", "1,", "1,");
    takes("[1,\n2]", "1,", "1,");
}

/* --- as the grammar does ------------------------------------------------------------ */

static void add_token(struct kg_buf *text, uint64_t *seed)
{
    static const char *const tokens[] = {
        "0",
        "-1.50e-7",
        "2077229056.0",
        "true",
        "false",
        "null",
        "\"\"",
        "\"[{,:\\\"\"",
        "\"a b\"",
        "\"\\u00e9\\n\"",
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
        "\"0123456789012345678901234567890123456789012345678901234567890\""};

    assert_int_equal(
        kg_buf_add(
            text, kg_str_from(tokens[next_random(seed) % KG_COUNT_OF(tokens)])),
        KG_OK);
}

static void add_space(struct kg_buf *text, uint64_t *seed)
{
    static const char space[] = "\n                                ";
    uint32_t r = next_random(seed);

    if (r % 3 == 0) {
        assert_int_equal(kg_buf_add(text, kg_str_of(space, 1 + r / 4 % 32)),
                         KG_OK);
    }
}

static void add_value(struct kg_buf *text, uint64_t *seed, unsigned depth)
{
    uint32_t r = next_random(seed);
    bool object = r % 2 == 0;

    if (depth > 0 && (r / 2 % 3 == 0 || depth > 4)) {
        add_token(text, seed);
        return;
    }
    assert_int_equal(kg_buf_addf(text, object ? "{" : "["), KG_OK);
    for (uint32_t i = 0, n = r / 8 % 5; i < n; i++) {
        add_space(text, seed);
        if (object) {
            assert_int_equal(kg_buf_addf(text, "\"name %u\"", r % 100), KG_OK);
            add_space(text, seed);
            assert_int_equal(kg_buf_addf(text, ":"), KG_OK);
            add_space(text, seed);
        }
        add_value(text, seed, depth + 1);
        add_space(text, seed);
        assert_int_equal(kg_buf_addf(text, i + 1 < n ? "," : ""), KG_OK);
    }
    add_space(text, seed);
    assert_int_equal(kg_buf_addf(text, object ? "}" : "]"), KG_OK);
}

static char *told(const struct kg_reader_options *options, struct kg_str log,
                  size_t piece, const char *way)
{
    struct kt_report t;
    char *trace;

    assert_int_equal(setenv("KG_SIMD", way, 1), 0);
    kt_report_begin(&t, options);
    for (size_t at = 0; at < log.len; at += piece) {
        size_t rest = log.len - at;

        kt_report_feed(&t,
                       kg_str_of(log.ptr + at, rest < piece ? rest : piece));
    }
    kt_report_finish(&t);
    assert_int_equal(t.err, KG_OK);
    trace = kg_alloc(kg_buf_len(&t.trace) + 1);
    assert_non_null(trace);
    memcpy(trace, kg_buf_cstr(&t.trace), kg_buf_len(&t.trace) + 1);
    kt_report_end(&t);
    assert_int_equal(unsetenv("KG_SIMD"), 0);
    return trace;
}

static void assert_same(const struct kg_reader_options *options,
                        struct kg_str log, size_t piece)
{
    char *want = told(options, log, log.len, "scalar");

    for (size_t i = 1; kg_scan_at(i) != NULL; i++) {
        char *got = told(options, log, piece, kg_scan_at(i)->name);

        if (strcmp(got, want) != 0) {
            fail_msg("%s, pieces of %zu: %s, not %s, of: %.*s",
                     kg_scan_at(i)->name, piece, got, want, (int)log.len,
                     log.ptr);
        }
        kg_free(got);
    }
    kg_free(want);
}

/* Whole, and with a byte of it become another. */
static void compare(struct kg_buf *text, uint64_t *seed, bool strict)
{
    static const char bytes[] = "{}[],:\"\\ \n0e-tN\x80\xC3";
    struct kg_reader_options options = {.root = KG_ROOT_ANY, .strict = strict};
    size_t len = kg_buf_len(text);
    char *ptr = (char *)kg_buf_str(text).ptr;

    assert_same(&options, kg_str_of(ptr, len),
                1 + next_random(seed) % (len + 70));
    for (size_t i = 0; i < BREAKS; i++) {
        char *at = &ptr[next_random(seed) % len];
        char was = *at;

        *at = bytes[next_random(seed) % (sizeof(bytes) - 1)];
        assert_same(&options, kg_str_of(ptr, len),
                    1 + next_random(seed) % (len + 70));
        *at = was;
    }
}

static void random_texts_are_told_as_by_the_grammar(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (size_t round = 0; round < TEXTS * PIECES; round++) {
        struct kg_buf text;

        kg_buf_init(&text, TEXT_MAX * PIECES);
        add_value(&text, &seed, 0);
        compare(&text, &seed, round % 2 == 0);
        kg_buf_finish(&text);
    }
}

static void every_border_of_pieces_is_as_good(void **state)
{
    struct kg_reader_options options = {.root = KG_ROOT_ANY};
    uint64_t seed = 12;
    struct kg_buf text;

    (void)state;
    kg_buf_init(&text, TEXT_MAX * PIECES);
    while (kg_buf_len(&text) < 400) {
        kg_buf_reset(&text);
        add_value(&text, &seed, 0);
    }
    for (size_t piece = 1; piece <= kg_buf_len(&text); piece++) {
        options.strict = piece % 2 == 0;
        assert_same(&options, kg_buf_str(&text), piece);
    }
    kg_buf_finish(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_copied_without_white_space),
        cmocka_unit_test(a_token_where_none_may_be_stops_it_before),
        cmocka_unit_test(a_token_that_is_none_stops_it_before),
        cmocka_unit_test(what_is_cut_is_taken_up_to_its_last_comma_or_bracket),
        cmocka_unit_test(random_texts_are_told_as_by_the_grammar),
        cmocka_unit_test(every_border_of_pieces_is_as_good),
    };

    return cmocka_run_group_tests_name("checked", tests, NULL, NULL);
}
