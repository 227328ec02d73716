/* SPDX-License-Identifier: MIT */
/* With AVX-512 (BW, VBMI, VBMI2): a block is one register. */
#ifdef __x86_64__
#include <immintrin.h>

#include "scan_checked.h"
#include "scan_nested.h"

enum {
    OPEN = 1,
    CLOSE = 2,
    QUOTE = 4,
    BACKSLASH = 8,
    COMMA = 16,
    COLON = 32,
    BLANK = 64,
    PLAIN = 128,
};

/* What an ASCII byte is; of 26 letters `E` alone is in a number. */
static const uint8_t classes[128] = {
    ['\t'] = BLANK,        ['\n'] = BLANK,        ['\r'] = BLANK,
    [' '] = BLANK,         ['"'] = QUOTE,         ['\\'] = BACKSLASH,
    ['['] = OPEN,          ['{'] = OPEN,          [']'] = CLOSE,
    ['}'] = CLOSE,         [','] = COMMA | PLAIN, [':'] = COLON | PLAIN,
    ['+'] = PLAIN,         ['-' ... '9'] = PLAIN, ['E'] = PLAIN,
    ['a' ... 'z'] = PLAIN,
};

INLINED uint64_t among(__m512i found, uint8_t class)
{
    return _mm512_test_epi8_mask(found, _mm512_set1_epi8((char)class));
}

INLINED void classify(struct mask *m, const uint8_t *p, uint8_t first)
{
    __m512i bytes = _mm512_loadu_si512(p);
    __m512i low = _mm512_loadu_si512(classes);
    __m512i high = _mm512_loadu_si512(classes + 64);
    __m512i found;

    m->high = _mm512_movepi8_mask(bytes);
    found = _mm512_maskz_permutex2var_epi8(~m->high, low, bytes, high);
    m->open = among(found, OPEN);
    m->close = among(found, CLOSE);
    m->object = among(bytes, '{' & ~'[');
    m->quote = among(found, QUOTE);
    m->backslash = among(found, BACKSLASH);
    m->comma = among(found, COMMA);
    m->colon = among(found, COLON);
    m->newline = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    m->blank = among(found, BLANK);
    m->control = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(' '));
    m->plain = _mm512_movepi8_mask(found);
    m->first = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)first));
}

INLINED void squeeze(uint8_t *out, const uint8_t *bytes, uint64_t keep)
{
    _mm512_storeu_si512(
        out, _mm512_maskz_compress_epi8(keep, _mm512_loadu_si512(bytes)));
}

INLINED uint64_t nth(uint64_t bits, size_t n)
{
    return _pdep_u64(UINT64_C(1) << (n - 1), bits);
}

const struct kg_scan kg_scan_avx512 = {.name = "avx512",
                                       .wide = true,
                                       .nested = scan_nested,
                                       .checked = scan_checked};
#endif
