/* SPDX-License-Identifier: MIT */
/* With AVX2, BMI and carry-less multiplication: processors from 2013 on. */
#ifdef __x86_64__
#include <immintrin.h>

#include "scan_block.h"
#include "scan_ways.h"

/* Called more than once, and slower if it is. */
#define INLINED static inline __attribute__((always_inline))

static inline __m256i is(__m256i bytes, char byte)
{
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

/* From `low` on, so many. */
static inline __m256i is_among(__m256i bytes, char low, char n)
{
    __m256i at = _mm256_sub_epi8(bytes, _mm256_set1_epi8(low));

    return _mm256_cmpeq_epi8(
        _mm256_min_epu8(at, _mm256_set1_epi8((char)(n - 1))), at);
}

static inline __m256i either(__m256i a, __m256i b)
{
    return _mm256_or_si256(a, b);
}

static inline uint64_t bits(__m256i marks, unsigned at)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(marks) << at;
}

INLINED void add(struct mask *m, const uint8_t *from, char first, unsigned at)
{
    __m256i bytes =
        _mm256_loadu_si256((const __m256i *)(const void *)(from + at));
    __m256i lower = either(bytes, _mm256_set1_epi8(0x20));
    __m256i open = is(lower, '{');
    __m256i close = is(lower, '}');
    __m256i quote = is(bytes, '"');
    __m256i newline = is(bytes, '\n');
    __m256i blank = either(either(is(bytes, ' '), newline),
                           either(is(bytes, '\r'), is(bytes, '\t')));
    __m256i text =
        either(either(is_among(bytes, '+', 16), is_among(bytes, 'a', 26)),
               either(is(bytes, 'E'), quote));

    m->open |= bits(open, at);
    m->close |= bits(close, at);
    m->object |= bits(_mm256_slli_epi16(bytes, 2), at);
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
    add(m, bytes, (char)first, 32);
    m->odd = ~m->odd;
}

static inline uint64_t prefix_xor(uint64_t bits)
{
    __m128i sums = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits),
                                        _mm_set1_epi8(-1), 0);

    return (uint64_t)_mm_cvtsi128_si64(sums);
}

static size_t nested(struct kg_nest *n, const uint8_t *p, size_t len)
{
    return scan_nested(n, p, len);
}

const struct kg_scan kg_scan_avx2 = {
    .name = "avx2", .wide = true, .nested = nested};
#endif
