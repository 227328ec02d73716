/* The inner loops: eight bytes at a time in plain C, or 16 where a processor can
 * and `wide` asks for it. */
#ifndef KG_JSON_BYTES_H
#define KG_JSON_BYTES_H

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "kubeglean/str.h"

#define KG_BYTES_ONES  UINT64_C(0x0101010101010101)
#define KG_BYTES_HIGHS UINT64_C(0x8080808080808080)

/* Between the tokens of one line. */
static inline bool kg_json_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Between tokens. */
static inline bool kg_json_is_space(uint8_t byte)
{
    return byte == '\n' || kg_json_is_blank(byte);
}

static inline bool kg_json_is_hex(uint8_t byte)
{
    uint8_t letter = byte | 0x20;

    return (byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'f');
}

/* Behind a backslash; \u is another matter. */
static inline bool kg_json_is_escaped(uint8_t byte)
{
    switch (byte) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

/* As if read on a little-endian machine: the first byte is the lowest. */
static inline uint64_t kg_bytes_load(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint32_t kg_bytes_load4(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* Names and literals, mostly: too short to call for. Two words have them all. */
static inline bool kg_bytes_equal(const void *a, const void *b, size_t len)
{
    const uint8_t *p = a, *q = b;

    if (len < 4 || len > 16) {
        return memcmp(a, b, len) == 0;
    }
    if (len < 8) {
        return ((kg_bytes_load4(p) ^ kg_bytes_load4(q)) |
                (kg_bytes_load4(p + len - 4) ^ kg_bytes_load4(q + len - 4))) ==
               0;
    }
    return ((kg_bytes_load(p) ^ kg_bytes_load(q)) |
            (kg_bytes_load(p + len - 8) ^ kg_bytes_load(q + len - 8))) == 0;
}

/* Index of the first byte marked by its high bit; `marks` is not 0. */
static inline unsigned kg_bytes_first(uint64_t marks)
{
    return (unsigned)__builtin_ctzll(marks) / 8;
}

/* Marks what needs a closer look inside a string: a quote, a backslash, a
 * control character, and all that is not ASCII. The first mark is exact: below
 * it nothing is borrowed, and a byte that is not ASCII is marked anyway. */
static inline uint64_t kg_bytes_special(uint64_t word)
{
    uint64_t control = word - KG_BYTES_ONES * 0x20;
    uint64_t quote = (word ^ KG_BYTES_ONES * '"') - KG_BYTES_ONES;
    uint64_t backslash = (word ^ KG_BYTES_ONES * '\\') - KG_BYTES_ONES;

    return (control | quote | backslash | word) & KG_BYTES_HIGHS;
}

#ifdef __SSE2__
static inline __m128i kg_bytes_load16(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Marks bytes that are equal to `byte`, a bit for each. */
static inline unsigned kg_bytes_equal16(__m128i bytes, char byte)
{
    return (unsigned)_mm_movemask_epi8(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

/* As kg_bytes_special(): as signed numbers all that is not ASCII is below the
 * blank, too. */
static inline unsigned kg_bytes_special16(__m128i bytes)
{
    __m128i special = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));

    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(special);
}
#endif

/* The first byte from `p` that is no blank, or `end`. */
static inline const uint8_t *kg_bytes_skip_blanks(const uint8_t *p,
                                                  const uint8_t *end, bool wide)
{
#ifdef __SSE2__
    while (wide && end - p >= 16) {
        unsigned others = kg_bytes_equal16(kg_bytes_load16(p), ' ') ^ 0xFFFF;

        if (others != 0) {
            return p + __builtin_ctz(others);
        }
        p += 16;
    }
#else
    (void)wide;
#endif
    while (end - p >= 8) {
        uint64_t others = kg_bytes_load(p) ^ KG_BYTES_ONES * ' ';

        if (others != 0) {
            return p + (unsigned)__builtin_ctzll(others) / 8;
        }
        p += 8;
    }
    while (p < end && *p == ' ') {
        p++;
    }
    return p;
}

/* Copies the plain part of a string's text that `*p` begins with. `o` has room
 * for 16 bytes more than there are up to `end`. */
static inline void kg_bytes_copy_plain(const uint8_t **p, const uint8_t *end,
                                       uint8_t **o, bool wide)
{
    const uint8_t *from = *p;
    uint8_t *to = *o;

#ifdef __SSE2__
    while (wide && end - from >= 16) {
        __m128i bytes = kg_bytes_load16(from);
        unsigned marks = kg_bytes_special16(bytes);

        _mm_storeu_si128((__m128i *)(void *)to, bytes);
        if (marks != 0) {
            *p = from + __builtin_ctz(marks);
            *o = to + __builtin_ctz(marks);
            return;
        }
        from += 16;
        to += 16;
    }
#else
    (void)wide;
#endif
    while (end - from >= 8) {
        uint64_t marks = kg_bytes_special(kg_bytes_load(from));

        memcpy(to, from, 8);
        if (marks != 0) {
            *p = from + kg_bytes_first(marks);
            *o = to + kg_bytes_first(marks);
            return;
        }
        from += 8;
        to += 8;
    }
    while (from < end && *from >= 0x20 && *from < 0x80 && *from != '"' &&
           *from != '\\') {
        *to++ = *from++;
    }
    *p = from;
    *o = to;
}

#endif /* KG_JSON_BYTES_H */
