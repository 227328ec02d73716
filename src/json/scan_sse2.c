/* SPDX-License-Identifier: MIT */
/* What every x86-64 has. */
#ifdef __x86_64__
#include <emmintrin.h>

#include "scan_block.h"
#include "scan_ways.h"

/* Called more than once, and slower if it is. */
#define INLINED static inline __attribute__((always_inline))

static inline __m128i is(__m128i bytes, char byte)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}

/* From `low` on, so many. */
static inline __m128i is_among(__m128i bytes, char low, char n)
{
    __m128i at = _mm_sub_epi8(bytes, _mm_set1_epi8(low));

    return _mm_cmpeq_epi8(_mm_min_epu8(at, _mm_set1_epi8((char)(n - 1))), at);
}

static inline __m128i either(__m128i a, __m128i b)
{
    return _mm_or_si128(a, b);
}

static inline uint64_t bits(__m128i marks, unsigned at)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(marks) << at;
}

INLINED void add(struct mask *m, const uint8_t *from, char first, unsigned at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + at));
    __m128i lower = either(bytes, _mm_set1_epi8(0x20));
    __m128i open = is(lower, '{');
    __m128i close = is(lower, '}');
    __m128i quote = is(bytes, '"');
    __m128i newline = is(bytes, '\n');
    __m128i blank = either(either(is(bytes, ' '), newline),
                           either(is(bytes, '\r'), is(bytes, '\t')));
    __m128i text =
        either(either(is_among(bytes, '+', 16), is_among(bytes, 'a', 26)),
               either(is(bytes, 'E'), quote));

    m->open |= bits(open, at);
    m->close |= bits(close, at);
    m->object |= bits(_mm_slli_epi16(bytes, 2), at);
    m->quote |= bits(quote, at);
    m->backslash |= bits(is(bytes, '\\'), at);
    m->comma |= bits(is(bytes, ','), at);
    m->newline |= bits(newline, at);
    m->blank |= bits(blank, at);
    m->control |= bits(is_among(bytes, 0, 0x20), at);
    m->odd |= bits(either(either(open, close), either(blank, text)), at);
    m->first |= bits(is(bytes, first), at);
}

static inline void classify(struct mask *m, const uint8_t *bytes, uint8_t first)
{
    *m = (struct mask){0};
    add(m, bytes, (char)first, 0);
    add(m, bytes, (char)first, 16);
    add(m, bytes, (char)first, 32);
    add(m, bytes, (char)first, 48);
    m->odd = ~m->odd;
}

static inline uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned by = 1; by < 64; by *= 2) {
        bits ^= bits << by;
    }
    return bits;
}

static size_t nested(struct kg_nest *n, const uint8_t *p, size_t len)
{
    return scan_nested(n, p, len);
}

const struct kg_scan kg_scan_sse2 = {
    .name = "sse2", .wide = true, .nested = nested};
#endif
