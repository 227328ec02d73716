/* SPDX-License-Identifier: MIT */
#include "openers.h"

#include "bytes.h"
#include "scalar.h"

/* The inner loop: it has the bytes it looks for as constants. */
#define INLINED static inline __attribute__((always_inline))

enum { BLOCK = 64, SET_IN_BRACES = '{' ^ '[' };

struct search {
    const struct kg_openers *wanted; /* What is looked for, */
    const uint8_t *end;              /* up to here. */
};

/* --- what is behind one ------------------------------------------------------- */

static bool ends_all_numbers(uint8_t byte)
{
    return byte == ':' ||
           (byte > '9' && (byte | 0x20) != 'e' && kg_scalar_has(byte));
}

/* Most brackets are a terminal's colours and times, as "[0m" and "[12:00:01]".
 * `p` is behind one. */
INLINED bool is_colour_or_time(const struct search *s, const uint8_t *p)
{
    uint64_t word, others;
    unsigned n;

    if (s->end - p < 8) {
        return false;
    }
    word = kg_bytes_load(p);
    others = word ^ KG_BYTES_ONES * '0';
    others = ((others + KG_BYTES_ONES * (0x80 - 10)) | others) & KG_BYTES_HIGHS;
    if (others == 0) {
        return false;
    }
    n = kg_bytes_first(others);
    return n > 0 && n <= s->wanted->number &&
           ends_all_numbers((uint8_t)(word >> 8 * n));
}

static const uint8_t *skip_blanks(const struct search *s, const uint8_t *p)
{
    while (p < s->end && kg_json_is_blank(*p)) {
        p++;
    }
    return p;
}

/* Or it is not there yet, or a line's end or what a terminal is sent, which may
 * stand between tokens. */
static bool may_be(const struct search *s, const uint8_t *p, const char *bytes)
{
    return p == s->end || *p < ' ' || strchr(bytes, *p) != NULL;
}

static bool may_be_scalar(const struct search *s, const uint8_t *p)
{
    const uint8_t *from = p;
    enum kg_scalar kind;
    size_t len;

    while (p < s->end && kg_scalar_has(*p)) {
        p++;
    }
    len = (size_t)(p - from);
    if (p == s->end || len > KG_OPENERS_TOKEN_MAX) {
        return true;
    }
    kind = kg_scalar_of(kg_str_of((const char *)from, len));
    return kind != KG_SCALAR_NONE &&
           (may_be(s, skip_blanks(s, p), ",]") ||
            (kind == KG_SCALAR_NUMBER && len > s->wanted->number));
}

static bool may_open(struct search *s, const uint8_t *p)
{
    const uint8_t *next = skip_blanks(s, p + 1);
    bool scalar = *p == '[' && next < s->end && kg_scalar_has(*next);

    return scalar ? may_be_scalar(s, next)
                  : may_be(s, next, *p == '{' ? "\"}" : "\"{[]");
}

/* --- where they are ----------------------------------------------------------- */

/* libc finds one byte alone fastest. */
static const uint8_t *find_brace(struct search *s, const uint8_t *p)
{
    while (p < s->end && (p = memchr(p, '{', (size_t)(s->end - p))) != NULL) {
        if (may_open(s, p)) {
            return p;
        }
        p++;
    }
    return s->end;
}

static uint64_t plain_marks(const uint8_t *p, uint8_t set, uint8_t opener)
{
    uint64_t marks = 0;

    for (unsigned at = 0; at < BLOCK; at += 8) {
        uint64_t word = kg_bytes_load(p + at) | KG_BYTES_ONES * set;
        uint64_t differs = word ^ KG_BYTES_ONES * opener;

        differs |= (differs & ~KG_BYTES_HIGHS) + ~KG_BYTES_HIGHS;
        differs = (~differs & KG_BYTES_HIGHS) >> 7;
        marks |= differs * UINT64_C(0x0102040810204080) >> 56 << at;
    }
    return marks;
}

/* A bit for each of 64 bytes that is `opener`, once the bits of `set` are set in
 * it. */
INLINED uint64_t marks_of(const uint8_t *p, uint8_t set, uint8_t opener,
                          bool wide)
{
#ifdef __SSE2__
    if (wide) {
        __m128i bits = _mm_set1_epi8((char)set);
        uint64_t marks = 0;

#pragma GCC unroll 4
        for (unsigned at = 0; at < BLOCK; at += 16) {
            __m128i bytes = _mm_or_si128(kg_bytes_load16(p + at), bits);

            marks |= (uint64_t)kg_bytes_equal16(bytes, (char)opener) << at;
        }
        return marks;
    }
#else
    (void)wide;
#endif
    return plain_marks(p, set, opener);
}

INLINED const uint8_t *first_of(struct search *s, uint64_t marks,
                                const uint8_t *p)
{
    for (; marks != 0; marks &= marks - 1) {
        const uint8_t *at = p + __builtin_ctzll(marks);

        if (!(*at == '[' && is_colour_or_time(s, at + 1)) && may_open(s, at)) {
            return at;
        }
    }
    return NULL;
}

INLINED const uint8_t *find_marked(struct search *s, const uint8_t *p,
                                   uint8_t set, uint8_t opener)
{
    bool wide = s->wanted->wide;
    uint8_t rest[BLOCK] = {0};
    const uint8_t *at;

    for (; s->end - p >= BLOCK; p += BLOCK) {
        at = first_of(s, marks_of(p, set, opener, wide), p);
        if (at != NULL) {
            return at;
        }
    }
    memcpy(rest, p, (size_t)(s->end - p));
    at = first_of(s, marks_of(rest, set, opener, wide), p);
    return at != NULL ? at : s->end;
}

static const uint8_t *find(struct search *s, const uint8_t *p)
{
    switch (s->wanted->root) {
    case KG_ROOT_OBJECT:
        return find_brace(s, p);
    case KG_ROOT_ARRAY:
        return find_marked(s, p, 0, '[');
    default:
        return find_marked(s, p, SET_IN_BRACES, '{');
    }
}

size_t kg_openers_find(const struct kg_openers *o, struct kg_str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    struct search search = {.wanted = o, .end = p + s.len};

    return (size_t)(find(&search, p) - p);
}
