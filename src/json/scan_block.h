/* The ways of a scan that look at 64 bytes at a time. Each says how it
 * classifies them, and includes scan_nested.h and scan_checked.h for the rest. */
#ifndef KG_JSON_SCAN_BLOCK_H
#define KG_JSON_SCAN_BLOCK_H

#include "scan_tally.h"
#include "scan_ways.h"

/* Called more than once, and slower if it is. */
#define INLINED static inline __attribute__((always_inline))

enum {
    BLOCK = 64,
    AHEAD = 1, /* So many bytes behind it can be read, */
    FAR = 2048 /* and those are asked for: a processor guesses up to a page. */
};

/* Of 64 bytes, a bit for each. */
struct mask {
    uint64_t open, close;
    uint64_t object; /* Of brackets: 1 is a brace. */
    uint64_t quote, backslash, comma, colon, newline;
    uint64_t blank;   /* White space. */
    uint64_t control; /* Below 0x20. */
    uint64_t high;    /* Not ASCII. */
    uint64_t plain;   /* Of numbers and literals, or a comma or a colon. */
    uint64_t first;   /* Equal to the byte asked for. */
};

INLINED void classify(struct mask *m, const uint8_t *bytes, uint8_t first);

/* Each bit becomes the sum, modulo 2, of itself and the lower ones. */
static inline uint64_t prefix_xor(uint64_t bits)
{
#ifdef __PCLMUL__
    __m128i sums = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits),
                                        _mm_set1_epi8(-1), 0);

    return (uint64_t)_mm_cvtsi128_si64(sums);
#else
    for (unsigned by = 1; by < 64; by *= 2) {
        bits ^= bits << by;
    }
    return bits;
#endif
}

/* Where the scan is. */
struct place {
    const uint8_t *end;
    const uint8_t *block;
    const uint8_t *sure; /* Up to here. */
    bool ran_out;        /* A value that decides is not there whole. */
};

static inline uint64_t lowest(uint64_t bits)
{
    return bits & (~bits + 1);
}

/* All below the lowest; all when there is none. */
static inline uint64_t below(uint64_t bits)
{
    return lowest(bits) - 1;
}

static inline uint64_t all_if(bool yes)
{
    return 0 - (uint64_t)yes;
}

/* The bytes behind those of `bits`. */
INLINED uint64_t behind(uint64_t bits, uint64_t *carry)
{
    uint64_t next = bits << 1 | *carry;

    *carry = bits >> 63;
    return next;
}

/* From each of `from` on, the first byte that is not blank. */
INLINED uint64_t past_blanks(uint64_t from, uint64_t blank, uint64_t *carry)
{
    uint64_t sum;

    *carry |= __builtin_add_overflow(blank, from & blank, &sum);
    return (sum | from) & ~blank;
}

/* The byte that is not blank behind each of `bits`. */
INLINED uint64_t next_of(uint64_t bits, uint64_t blank, uint64_t *carry)
{
    uint64_t from = behind(bits, carry);

    return past_blanks(from, blank, carry);
}

/* --- strings -------------------------------------------------------------------- */

/* What goes on from one block to the next. */
struct text {
    uint64_t in;      /* All ones: inside a string. */
    uint64_t escapes; /* 1: the first byte is escaped, */
    uint64_t lines;   /* or begins a line. */

    uint64_t escaped; /* Of this block: behind a backslash, */
    uint64_t quote;   /* a string's first or last byte, */
    uint64_t inside;  /* from its first quote to before its last, */
    uint64_t outside; /* and none of it. */
};

INLINED uint64_t escaped_by(uint64_t backslash, uint64_t *carry)
{
    uint64_t escaped = *carry;

    *carry = 0;
    for (backslash &= ~escaped; backslash != 0; backslash &= backslash - 1) {
        uint64_t next = lowest(backslash) << 1;

        *carry = next == 0;
        escaped |= next;
        backslash &= ~next;
    }
    return escaped;
}

INLINED void read_strings(struct text *t, uint64_t quote, uint64_t backslash)
{
    t->escaped = escaped_by(backslash, &t->escapes);
    t->quote = quote & ~t->escaped;
    t->inside = prefix_xor(t->quote) ^ t->in;
    t->outside = ~(t->inside | t->quote);
    t->in = (uint64_t)((int64_t)t->inside >> 63);
}

/* Brackets, commas and colons in strings are none. */
INLINED void take_strings_out(struct mask *m, const struct text *t)
{
    m->open &= t->outside;
    m->close &= t->outside;
    m->comma &= t->outside;
    m->colon &= t->outside;
}

/* --- brackets ------------------------------------------------------------------- */

/* What the bytes of a block are in. */
struct shape {
    uint64_t object;  /* An object; */
    uint64_t tallied; /* the tally's array, */
    uint64_t element; /* an object that is an element of it; */
    uint64_t ended;   /* and the closers of those elements. */
};

/* From `rest` on it is so. */
INLINED void set_from(uint64_t *bits, uint64_t rest, bool yes)
{
    *bits = (*bits & ~rest) | (rest & all_if(yes));
}

/* Up to `before`, or to the bracket that ends the scan, which becomes `before`.
 * Without a tally `shape` has its `object` alone. */
INLINED void walk(struct kg_nest *n, const struct mask *m, uint64_t *before,
                  struct shape *ret_shape, bool counts)
{
    uint64_t events = (m->open | m->close) & *before;
    bool object = (n->kinds & 1) != 0;
    struct shape s = {.object = all_if(object),
                      .tallied = all_if(n->depth == 1),
                      .element = all_if(n->depth == 2 && object)};

    for (; events != 0; events &= events - 1) {
        uint64_t bit = lowest(events);
        uint64_t rest = 0 - (bit << 1);

        object = (m->object & bit) != 0;
        if ((m->open & bit) != 0 ? !kg_nest_open(n, object)
                                 : !kg_nest_close(n, object)) {
            *before = bit - 1;
            break;
        }
        if (n->depth == 0) {
            *before = bit | (bit - 1);
            break;
        }
        object = (n->kinds & 1) != 0;
        set_from(&s.object, rest, object);
        if (counts) {
            s.ended |= (m->close & bit) & all_if(n->depth == 1);
            set_from(&s.tallied, rest, n->depth == 1);
            set_from(&s.element, rest, n->depth == 2 && object);
        }
    }
    *ret_shape = s;
}

/* What of a block comes before `before`. False: nothing behind it is read. */
INLINED bool keep(struct kg_nest *kept, struct place *at, const struct mask *m,
                  const struct kg_nest *nest, uint64_t before)
{
    uint64_t sure = (m->open | m->close | m->comma) & before;
    struct shape s;

    if (sure != 0) {
        at->sure = at->block + BLOCK - __builtin_clzll(sure);
    }
    if (before == UINT64_MAX) {
        *kept = *nest;
        return nest->depth > 0;
    }
    walk(kept, m, &before, &s, false);
    return false;
}

/* Counts the elements that ended before `before`; `names` may be names that
 * decide. Returns `before`, or less where a value is not there whole. */
INLINED uint64_t tally_up(struct kg_tally *t, uint64_t names, uint64_t ended,
                          uint64_t before, struct place *at)
{
    for (names &= before; names != 0; names &= names - 1) {
        uint64_t bit = lowest(names);

        kg_tally_end(t, (unsigned)__builtin_popcountll(ended & (bit - 1)));
        ended &= ~(bit - 1);
        if (!kg_tally_look(t, at->block + __builtin_ctzll(bit), at->end)) {
            at->ran_out = true;
            before = bit - 1;
            break;
        }
    }
    ended &= before;
    if (ended != 0) {
        kg_tally_end(t, (unsigned)__builtin_popcountll(ended));
    }
    return before;
}

/* Quotes before the first byte of a tally's name, where it may be one. */
INLINED uint64_t names_in(const struct mask *m, const struct text *t,
                          const struct shape *s, const uint8_t *bytes,
                          uint8_t first)
{
    uint64_t before = m->first >> 1 | (uint64_t)(bytes[BLOCK] == first) << 63;

    return before & t->quote & t->inside & s->element;
}

/* --- the end -------------------------------------------------------------------- */

/* The block at `at`, or a copy of it, so that AHEAD can be read behind it. */
INLINED const uint8_t *bytes_of(const struct place *at,
                                uint8_t copy[BLOCK + AHEAD])
{
    size_t rest = (size_t)(at->end - at->block);

    if (rest >= BLOCK + AHEAD) {
        __builtin_prefetch(at->block + FAR);
        return at->block;
    }
    memset(copy, ' ', BLOCK + AHEAD);
    memcpy(copy, at->block, rest);
    return copy;
}

#endif /* KG_JSON_SCAN_BLOCK_H */
