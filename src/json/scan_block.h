/* The ways of a scan that look at 64 bytes at a time. Each says how it
 * classifies them, and includes this for the rest. */
#ifndef KG_JSON_SCAN_BLOCK_H
#define KG_JSON_SCAN_BLOCK_H

#include "scan_tally.h"
#include "scan_ways.h"

/* Of 64 bytes, a bit for each. */
struct mask {
    uint64_t open, close;
    uint64_t object; /* Of brackets: 1 is a brace. */
    uint64_t quote, backslash, comma, newline;
    uint64_t blank;   /* White space. */
    uint64_t control; /* Below 0x20. */
    uint64_t odd;     /* In no JSON text outside strings. */
    uint64_t first;   /* Equal to the byte asked for. */
};

static inline void classify(struct mask *m, const uint8_t *bytes,
                            uint8_t first);

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

/* What goes on from one block to the next. */
struct carry {
    uint64_t inside;  /* All ones: inside a string. */
    uint64_t escaped; /* 1: the first byte is escaped, */
    uint64_t line;    /* or begins a line, */
    uint64_t member;  /* or is behind an object's opener. */
};

/* Where the scan is. */
struct place {
    const uint8_t *start, *end;
    const uint8_t *block;
    const uint8_t *sure; /* Up to here. */
};

static inline uint64_t lowest(uint64_t bits)
{
    return bits & (~bits + 1);
}

static inline uint64_t escaped_by(uint64_t backslash, uint64_t *carry)
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

/* The byte that is not blank behind each of `bits`. */
static inline uint64_t next_of(uint64_t bits, uint64_t blank, uint64_t *carry)
{
    uint64_t behind = bits << 1 | *carry;
    uint64_t sum;

    *carry = bits >> 63;
    *carry |= __builtin_add_overflow(blank, behind & blank, &sum);
    return (sum & ~blank) | (behind & ~blank);
}

/* Takes strings out of the brackets and commas. What ends the scan: a bit for
 * each reason. */
static inline uint64_t settle(struct mask *m, struct carry *c, bool looks)
{
    uint64_t quote = m->quote & ~escaped_by(m->backslash, &c->escaped);
    uint64_t inside = prefix_xor(quote) ^ c->inside;
    uint64_t outside = ~(inside | quote);
    uint64_t line = m->newline << 1 | c->line;
    uint64_t stop;

    c->inside = (uint64_t)((int64_t)inside >> 63);
    c->line = m->newline >> 63;
    m->open &= outside;
    m->close &= outside;
    m->comma &= outside;
    stop = (inside & m->control) | (outside & m->odd);
    stop |= line & ~(m->blank | m->close);
    stop |= next_of(m->open & m->object, m->blank, &c->member) &
            ~(m->quote | (m->close & m->object));
    if (looks) {
        stop |= m->backslash;
        m->quote = quote & inside;
    }
    return stop;
}

/* At a bracket, or a quote that may begin a tally's name. False: it stops
 * before it. */
static inline bool step(struct kg_nest *n, const struct mask *m, uint64_t bit,
                        const uint8_t *p, const uint8_t *end)
{
    bool object = (m->object & bit) != 0;

    if ((m->open & bit) != 0) {
        return kg_nest_open(n, object);
    }
    if ((m->close & bit) != 0) {
        return kg_nest_close(n, object);
    }
    return n->tally == NULL || n->depth != 2 || (n->kinds & 1) == 0 ||
           kg_tally_look(n->tally, p, end);
}

/* What of a block comes before `stop`. False: nothing behind it is read. */
static inline bool walk(struct kg_nest *n, const struct mask *m, uint64_t stop,
                        struct place *at)
{
    uint64_t before = lowest(stop) - 1;
    uint64_t brackets = (m->open | m->close) & before;
    uint64_t events = brackets | (m->first & m->quote & before);
    uint64_t sure;

    for (; events != 0; events &= events - 1) {
        uint64_t bit = lowest(events);
        const uint8_t *p = at->block + __builtin_ctzll(bit);

        if (!step(n, m, bit, p, at->end)) {
            before = bit - 1;
            break;
        }
        if (n->depth == 0 || (n->depth == 1 && n->tally != NULL &&
                              !kg_tally_goes_on_behind(p + 1, at->end))) {
            before = bit | (bit - 1);
            break;
        }
    }
    sure = (brackets | m->comma) & before;
    if (sure != 0) {
        at->sure = at->block + 64 - __builtin_clzll(sure);
    }
    return events == 0 && stop == 0;
}

static inline bool scan_block(struct kg_nest *n, const uint8_t *bytes,
                              struct carry *c, struct place *at)
{
    bool looks = kg_tally_looks(n);
    uint8_t first = looks ? (uint8_t)*n->tally->name.ptr : '"';
    struct mask m;
    uint64_t stop;

    classify(&m, bytes, first);
    m.first = looks ? m.first >> 1 : 0;
    if (looks && bytes[64] == first) {
        m.first |= UINT64_C(1) << 63;
    }
    stop = settle(&m, c, looks);
    return walk(n, &m, stop, at);
}

/* What is left, 64 bytes at most. */
static inline void scan_rest(struct kg_nest *n, struct carry *c,
                             struct place *at)
{
    uint8_t bytes[64 + 1];

    memset(bytes, ' ', sizeof(bytes));
    memcpy(bytes, at->block, (size_t)(at->end - at->block));
    (void)scan_block(n, bytes, c, at);
}

static size_t scan_nested(struct kg_nest *n, const uint8_t *p, size_t len)
{
    struct carry c = {.member = p[-1] == '{'};
    struct place at = {p, p + len, p, p};
    bool goes_on =
        n->tally == NULL || n->depth != 1 || kg_tally_goes_on(p, at.end);

    while (goes_on && at.end - at.block > 64) {
        goes_on = scan_block(n, at.block, &c, &at);
        at.block += 64;
    }
    if (goes_on) {
        scan_rest(n, &c, &at);
    }
    return (size_t)(at.sure - p);
}

#endif /* KG_JSON_SCAN_BLOCK_H */
