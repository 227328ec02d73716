/* SPDX-License-Identifier: MIT */
/* With AVX-512 (BW, VBMI2): a block is one register. */
#ifdef __x86_64__
#include <immintrin.h>

#include "scan_checked.h"
#include "scan_nested.h"

INLINED uint64_t is(__m512i bytes, char byte)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

/* From `low` on, so many. */
INLINED uint64_t is_among(__m512i bytes, char low, char n)
{
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8(low)),
                                  _mm512_set1_epi8(n));
}

INLINED void classify(struct mask *m, const uint8_t *p, uint8_t first)
{
    __m512i bytes = _mm512_loadu_si512(p);
    __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));

    m->open = is(lower, '{');
    m->close = is(lower, '}');
    m->object = _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(0x20));
    m->quote = is(bytes, '"');
    m->backslash = is(bytes, '\\');
    m->comma = is(bytes, ',');
    m->colon = is(bytes, ':');
    m->newline = is(bytes, '\n');
    m->blank = is(bytes, ' ') | m->newline | is(bytes, '\r') | is(bytes, '\t');
    m->control = is_among(bytes, 0, 0x20);
    m->high = _mm512_movepi8_mask(bytes);
    m->plain =
        is(bytes, 'E') | is_among(bytes, '+', 16) | is_among(bytes, 'a', 26);
    m->first = is(bytes, (char)first);
}

INLINED void squeeze(uint8_t *out, const uint8_t *bytes, uint64_t keep)
{
    _mm512_storeu_si512(
        out, _mm512_maskz_compress_epi8(keep, _mm512_loadu_si512(bytes)));
}

const struct kg_scan kg_scan_avx512 = {.name = "avx512",
                                       .wide = true,
                                       .nested = scan_nested,
                                       .checked = scan_checked};
#endif
