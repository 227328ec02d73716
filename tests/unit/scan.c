/* SPDX-License-Identifier: MIT */
/* json/: what is skipped of containers that nobody wants, by each way that this
 * processor can. */
#include "json/scan.h"
#include "kt.h"

enum { ALIGNMENTS = 64, LEN_MAX = 200, ROUNDS = 200, REST = 64, GAP = 64 };

/* What is read stands behind an opener: bytes[0] is it. */
static size_t skip_in(const struct kg_scan *scan, struct kg_nest *n,
                      const char *bytes)
{
    n->gap = GAP;
    n->member = *bytes == '{';
    return scan->nested(n, (const uint8_t *)bytes + 1, strlen(bytes) - 1);
}

/* In the object or array that `bytes` open, every way skips `want`. */
static void skips(const char *bytes, size_t want, unsigned depth)
{
    const struct kg_scan *scan;

    for (size_t i = 0; (scan = kg_scan_at(i)) != NULL; i++) {
        struct kg_nest n = {
            .kinds = *bytes == '{', .depth = 1, .max = KG_NEST_MAX};
        size_t got = skip_in(scan, &n, bytes);

        if (got != want || n.depth != depth) {
            fail_msg("%s: %s: %zu bytes and depth %u, not %zu and %u",
                     scan->name, bytes, got, n.depth, want, depth);
        }
    }
}

#define SKIPS(bytes, skipped, depth) skips(bytes, sizeof(skipped) - 1, depth)

static void the_closer_of_the_outermost_is_its_end(void **state)
{
    (void)state;
    SKIPS("{}, \"b\": 1", "}", 0);
    SKIPS("{\"a\": {\"b\": [1, {}]}}}", "\"a\": {\"b\": [1, {}]}}", 0);
    SKIPS("[[[]],\n  [],\r\n\t{}]", "[[]],\n  [],\r\n\t{}]", 0);
}

static void brackets_in_strings_are_none(void **state)
{
    (void)state;
    SKIPS("[\"]\", \"\\\"]\", \"\\\\\"] ", "\"]\", \"\\\"]\", \"\\\\\"]", 0);
    SKIPS("{\"}\\\\\\\"}\":\"{[\"}", "\"}\\\\\\\"}\":\"{[\"}", 0);
}

static void what_is_cut_is_skipped_up_to_its_last_comma_or_bracket(void **state)
{
    (void)state;
    SKIPS("[1, 2, 3", "1, 2,", 1);
    SKIPS("{\"a\": {\"b\": \"c, d", "\"a\": {", 2);
    SKIPS("[\"a, b", "", 1);
    SKIPS("[", "", 1);
}

static void what_breaks_it_stops_it_before(void **state)
{
    (void)state;
    SKIPS("[1, [2, 3}, 4]", "1, [2,", 2);
    SKIPS("[1, \"a\nb\", 2]", "1,", 1);
    SKIPS("[1, NaN, 2]", "1,", 1);
    SKIPS("[1, \x1b[31m 2, 2]", "1,", 1);
    SKIPS("[1, {2: 3, 4", "1, {", 2);
    SKIPS("{{}", "", 1);
}

static void a_line_begins_with_white_space_or_a_closer(void **state)
{
    (void)state;
    SKIPS("[1,\n  2,\n\n\t3\n]", "1,\n  2,\n\n\t3\n]", 0);
    SKIPS("[1,\n{\"a\": 1}]", "1,", 1);
    SKIPS("[1,\n  2,\ntime, 3", "1,\n  2,", 1);
}

static void no_deeper_than_asked(void **state)
{
    (void)state;
    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        struct kg_nest n = {.kinds = 0, .depth = 1, .max = 3};

        assert_int_equal(skip_in(kg_scan_at(i), &n, "[[1, [2, [3]]]]"), 7);
        assert_int_equal(n.depth, 3);
    }
}

/* --- counting ------------------------------------------------------------------- */

static void counts(const char *bytes, uint64_t n_all, uint64_t n_met,
                   size_t want)
{
    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        struct kg_tally t = {.name = KG_STR("dead"), .value = KG_STR("false")};
        struct kg_nest n = {.depth = 1, .max = KG_NEST_MAX, .tally = &t};

        assert_int_equal(skip_in(kg_scan_at(i), &n, bytes), want);
        assert_int_equal(t.n_all, n_all);
        assert_int_equal(t.n_met, n_met);
    }
}

#define COUNTS(bytes, n_all, n_met) \
    counts(bytes, n_all, n_met, sizeof(bytes) - 2)

static void elements_are_counted_and_those_with_a_value(void **state)
{
    (void)state;
    COUNTS("[]", 0, 0);
    COUNTS("[{}, {}, []]", 3, 0);
    COUNTS("[{\"dead\": false}, {\"x\": 1, \"dead\" : false}]", 2, 2);
    COUNTS("[{\"dead\": true}, {\"dead\": falsey}, {\"dead\":\tfalse}]", 3, 1);
    COUNTS("[{\"x\": {\"dead\": false}}, {\"x\": \"dead\"}]", 2, 0);
    COUNTS("[{\"dead\": false, \"dead\": 0}]", 1, 0);
    COUNTS("[{\"dead\": 0, \"dead\": false}]", 1, 1);
}

static void what_cannot_be_counted_stops_it_before(void **state)
{
    (void)state;
    counts("[{}, 1, {}]", 1, 0, 3);
    counts("[1, {}]", 0, 0, 0);
    counts("[{\"a\": 1, \"\\u0064ead\": false}]", 0, 0, 8);
    counts("[{\"a\": 1, \"dead\": fals", 0, 0, 8);
    counts("[{\"a\": 1, \"dead\": false", 0, 0, 8);
}

/* --- all ways --------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Mostly what JSON is made of; `sane`: what strings are made of, too. */
static void fill(uint8_t *bytes, size_t len, uint64_t *seed, bool sane)
{
    static const char json[] = "{}[],:\"\"\"\"  \n\n\\de1fN\x80";

    for (size_t i = 0; i < len; i++) {
        uint32_t r = next_random(seed);

        bytes[i] = (uint8_t)json[r % (sizeof(json) - 1 - (sane ? 6 : 0))];
        if (!sane && r / 64 % 32 == 0) {
            bytes[i] = (uint8_t)(r / 4096);
        }
        if (sane && bytes[i] == '\n') {
            bytes[i] = ' ';
        }
    }
}

struct told {
    size_t len;
    struct kg_nest nest;
    struct kg_tally tally;
};

/* Of the first `cut` bytes, and as often as it may go on with one byte more. */
static struct told tell_in_pieces(const struct kg_scan *scan,
                                  const uint8_t *bytes, size_t len,
                                  uint32_t how, size_t cut)
{
    struct told t = {.tally = {.name = KG_STR("d"), .value = KG_STR("1")}};

    t.nest = (struct kg_nest){.kinds = how & 7,
                              .depth = 1 + how / 8 % 3,
                              .max = KG_NEST_MAX,
                              .gap = GAP,
                              .tally = how / 32 % 2 == 0 ? &t.tally : NULL};
    if (t.nest.tally != NULL) {
        t.nest.kinds &= ~(UINT64_C(1) << (t.nest.depth - 1));
    }
    do {
        t.nest.member = bytes[t.len] == '{';
        t.len += scan->nested(&t.nest, bytes + 1 + t.len, cut - t.len);
    } while (t.nest.ran_out && cut++ < len);
    return t;
}

/* Of what is behind bytes[0]. */
static struct told tell(const struct kg_scan *scan, const uint8_t *bytes,
                        size_t len, uint32_t how)
{
    return tell_in_pieces(scan, bytes, len, how, len);
}

static void assert_same(const struct kg_scan *scan, const uint8_t *bytes,
                        size_t len, uint32_t how)
{
    struct told want = tell(kg_scan_at(0), bytes, len, how);
    struct told got = tell(scan, bytes, len, how);

    if (got.len != want.len || got.nest.depth != want.nest.depth ||
        (got.nest.depth > 0 && got.nest.kinds != want.nest.kinds) ||
        got.nest.ran_out != want.nest.ran_out ||
        got.tally.n_all != want.tally.n_all ||
        got.tally.n_met != want.tally.n_met) {
        fail_msg("%s: %zu of %zu bytes, not %zu, of: %.*s", scan->name, got.len,
                 len, want.len, (int)len + 1, (const char *)bytes);
    }
}

static void every_way_tells_the_same(void **state)
{
    static uint8_t bytes[ALIGNMENTS + LEN_MAX + REST];
    uint64_t seed = 1;

    (void)state;
    for (size_t len = 0; len <= LEN_MAX; len++) {
        for (size_t at = 1; at <= ALIGNMENTS; at++) {
            uint32_t how = next_random(&seed);

            fill(bytes, sizeof(bytes), &seed, how % 4 > 0);
            bytes[at - 1] = (uint8_t) "{[,"[how / 4 % 3];
            for (size_t i = 1; kg_scan_at(i) != NULL; i++) {
                assert_same(kg_scan_at(i), bytes + at - 1, len, how / 16);
            }
        }
    }
}

static void what_is_said_of_a_text_does_not_hang_on_what_follows(void **state)
{
    static uint8_t bytes[1 + LEN_MAX + REST];
    uint64_t seed = 2;

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        fill(bytes, sizeof(bytes), &seed, true);
        for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
            struct told all = tell(kg_scan_at(i), bytes, LEN_MAX, 32);

            for (size_t len = all.len; len <= LEN_MAX; len++) {
                struct told part = tell(kg_scan_at(i), bytes, len, 32);

                assert_int_equal(part.len, all.len);
                assert_int_equal(part.nest.depth, all.nest.depth);
            }
        }
    }
}

static void what_is_cut_is_read_on_as_if_it_had_not_been(void **state)
{
    static uint8_t bytes[1 + LEN_MAX + REST];
    uint64_t seed = 3;

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        uint32_t how = next_random(&seed);

        fill(bytes, sizeof(bytes), &seed, how % 4 > 0);
        bytes[0] = (uint8_t) "{[,"[how / 4 % 3];
        for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
            struct told all = tell(kg_scan_at(i), bytes, LEN_MAX, how);
            struct told parts = tell_in_pieces(kg_scan_at(i), bytes, LEN_MAX,
                                               how, how / 64 % LEN_MAX);

            assert_int_equal(parts.len, all.len);
            assert_int_equal(parts.nest.depth, all.nest.depth);
            assert_int_equal(parts.nest.ran_out, all.nest.ran_out);
            assert_int_equal(parts.tally.n_all, all.tally.n_all);
            assert_int_equal(parts.tally.n_met, all.tally.n_met);
        }
    }
}

/* --- choosing --------------------------------------------------------------------- */

static void a_way_that_is_not_there_is_told(void **state)
{
    const struct kg_scan *scan = NULL;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_scan_choose("scalar", &scan, &e), KG_OK);
    assert_string_equal(scan->name, "scalar");
    assert_int_equal(kg_scan_choose("", &scan, &e), KG_OK);
    assert_int_equal(kg_scan_choose("mmx", &scan, &e), KG_EUSAGE);
    assert_string_equal(e.text, "KG_SIMD=mmx: it is one of scalar, sse2, avx2, "
                                "avx512, or unset");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closer_of_the_outermost_is_its_end),
        cmocka_unit_test(brackets_in_strings_are_none),
        cmocka_unit_test(
            what_is_cut_is_skipped_up_to_its_last_comma_or_bracket),
        cmocka_unit_test(what_breaks_it_stops_it_before),
        cmocka_unit_test(a_line_begins_with_white_space_or_a_closer),
        cmocka_unit_test(no_deeper_than_asked),
        cmocka_unit_test(elements_are_counted_and_those_with_a_value),
        cmocka_unit_test(what_cannot_be_counted_stops_it_before),
        cmocka_unit_test(every_way_tells_the_same),
        cmocka_unit_test(what_is_said_of_a_text_does_not_hang_on_what_follows),
        cmocka_unit_test(what_is_cut_is_read_on_as_if_it_had_not_been),
        cmocka_unit_test(a_way_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
