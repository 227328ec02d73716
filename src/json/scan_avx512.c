/* SPDX-License-Identifier: MIT */
/* With AVX-512BW: a block is one register. */
#ifdef __x86_64__
#include <immintrin.h>

#include "scan_block.h"

static inline uint64_t is(__m512i bytes, char byte)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

/* From `low` on, so many. */
static inline uint64_t is_among(__m512i bytes, char low, char n)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(low)),
                                  _mm512_set1_epi8(n));
}

static inline void classify(struct mask *m, const uint8_t *p, uint8_t first)
{
    __m512i bytes = _mm512_loadu_si512(p);
    __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));

    m->open = is(lower, '{');
    m->close = is(lower, '}');
    m->object = _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(0x20));
    m->quote = is(bytes, '"');
    m->backslash = is(bytes, '\\');
    m->comma = is(bytes, ',');
    m->newline = is(bytes, '\n');
    m->blank = is(bytes, ' ') | m->newline | is(bytes, '\r') | is(bytes, '\t');
    m->control = is_among(bytes, 0, 0x20);
    m->odd = ~(m->open | m->close | m->quote | m->blank | is(bytes, 'E') |
               is_among(bytes, '+', 16) | is_among(bytes, 'a', 26));
    m->first = is(bytes, (char)first);
}

const struct kg_scan kg_scan_avx512 = {
    .name = "avx512", .wide = true, .nested = scan_nested};
#endif
