/* The grammar of RFC 8259, 64 bytes at a time, in two goes.
 *
 * First the white space between tokens is taken out, so that a token stands right
 * behind the one before. Then the brackets of 64 bytes of what is left are walked,
 * which tells what each byte is in; what may stand behind a token is from there on
 * a shift of a mask. */
#ifndef KG_JSON_SCAN_CHECKED_H
#define KG_JSON_SCAN_CHECKED_H

#include "scan_block.h"

enum {
    CHECK_BLOCKS = 64,            /* So many are read at a time, at most: */
    CHECK_FIRST = 3,              /* first, since it may soon stop, */
    CHECK_NEXT = 8,               /* and then. */
    CHECK_AHEAD = KG_CHECK_SLACK, /* What a token may reach into. */
};

/* Copies the bytes of `keep`; writes up to BLOCK. */
INLINED void squeeze(uint8_t *out, const uint8_t *bytes, uint64_t keep);
/* The n-th lowest of them. */
INLINED uint64_t nth(uint64_t bits, size_t n);

/* What is left of the text. */
struct pressed {
    struct text text;
    struct place at;
    uint8_t *out, *end; /* It, up to here. */
    uint64_t *kept;     /* Bytes of each block that are in it. */
    uint64_t
        scalar; /* 1: the next block may begin behind a number or a literal, */
    uint64_t gap; /* or in the white space behind one. */
    unsigned n_blocks;
    bool over; /* There will be no more. */
};

/* What the next block may begin with, or is in: 1 or 0. */
struct flow {
    uint64_t name, value, colon, separator; /* It has to come. */
    uint64_t opened;                        /* Behind an opener. */
    uint64_t in_name;                       /* A name goes on, */
    uint64_t in_scalar;                     /* or a number or a literal. */
    unsigned in_sequence;                   /* So many bytes of a character. */
};

struct checked {
    struct kg_nest nest;
    struct text text;
    struct flow flow;
    struct place at;
    size_t max_number;
    bool counts, looks;
    uint8_t first; /* Of the tally's name. */
};

/* Where tokens begin. */
struct tokens {
    uint64_t text;   /* Strings, */
    uint64_t scalar; /* numbers and literals. */
};

/* --- white space ------------------------------------------------------------------ */

/* Bytes of numbers and literals. */
INLINED uint64_t scalars_of(const struct mask *m, const struct text *t)
{
    return t->outside & m->plain & ~(m->comma | m->colon);
}

/* Where one begins behind another, which would become one. */
INLINED uint64_t joined(struct pressed *p, const struct mask *m)
{
    uint64_t scalar = scalars_of(m, &p->text);
    uint64_t gap = (behind(scalar, &p->scalar) & m->blank) | p->gap;

    p->gap = 0;
    return past_blanks(gap, m->blank, &p->gap) & scalar;
}

INLINED void press_block(struct pressed *p, const uint8_t *bytes)
{
    size_t rest = (size_t)(p->at.end - p->at.block);
    uint64_t keep = rest < BLOCK ? (UINT64_C(1) << rest) - 1 : UINT64_MAX;
    struct mask m;
    uint64_t stop;

    classify(&m, bytes, 0);
    read_strings(&p->text, m.quote, m.backslash);
    stop = (p->text.inside & m.control) |
           (behind(m.newline, &p->text.lines) & ~m.blank) | joined(p, &m);
    keep &= below(stop) & ~(m.blank & p->text.outside);
    squeeze(p->end, bytes, keep);
    p->end += __builtin_popcountll(keep);
    p->kept[p->n_blocks++] = keep;
    p->at.block += BLOCK;
    p->over = stop != 0 || p->at.block >= p->at.end;
}

/* Behind it are zeros, which stop everything. */
INLINED void press(struct pressed *p, unsigned n)
{
    uint8_t copy[BLOCK + AHEAD];

    for (; n > 0 && !p->over; n--) {
        press_block(p, bytes_of(&p->at, copy));
    }
    memset(p->end, 0, CHECK_AHEAD);
}

/* Where the text's first `n` bytes that are left end in it. */
static inline size_t read_for(const struct pressed *p, size_t n)
{
    size_t i = 0;

    if (n == 0) {
        return 0;
    }
    while (n > (size_t)__builtin_popcountll(p->kept[i])) {
        n -= (size_t)__builtin_popcountll(p->kept[i++]);
    }
    return i * BLOCK + (size_t)__builtin_ctzll(nth(p->kept[i], n)) + 1;
}

/* --- tokens --------------------------------------------------------------------- */

static inline const uint8_t *skip_digits(const uint8_t *p)
{
    while ((uint8_t)(*p - '0') < 10) {
        p++;
    }
    return p;
}

/* Behind the number at `p`; NULL: it is none. */
static inline const uint8_t *skip_number(const uint8_t *p)
{
    const uint8_t *from = p + (*p == '-');

    p = skip_digits(from);
    if (p == from || (*from == '0' && p - from > 1)) {
        return NULL;
    }
    if (*p == '.') {
        from = p + 1;
        p = skip_digits(from);
        if (p == from) {
            return NULL;
        }
    }
    if ((*p | 0x20) == 'e') {
        from = p + 1 + (p[1] == '-' || p[1] == '+');
        p = skip_digits(from);
        if (p == from) {
            return NULL;
        }
    }
    return p;
}

/* Bytes of the literal at `p`; 0: it is none. */
static inline unsigned literal_len(const uint8_t *p)
{
    return 4 * (unsigned)(memcmp(p, "true", 4) == 0) +
           4 * (unsigned)(memcmp(p, "null", 4) == 0) +
           5 * (unsigned)(memcmp(p, "false", 5) == 0);
}

/* It is a number or a literal, and what is behind it is there, and none of it. */
static inline bool is_scalar(const uint8_t *p, size_t max)
{
    unsigned len = literal_len(p);
    const uint8_t *last = len > 0 ? p + len : skip_number(p);

    return last != NULL && *last != '\0' &&
           (len > 0 || last - p <= (ptrdiff_t)max) && !kg_scalar_has(*last) &&
           *last != '/';
}

/* At the byte behind a backslash. */
static inline bool is_escape(const uint8_t *p)
{
    return *p != 'u' ? kg_json_is_escaped(*p)
                     : kg_json_is_hex(p[1]) && kg_json_is_hex(p[2]) &&
                           kg_json_is_hex(p[3]) && kg_json_is_hex(p[4]);
}

/* RFC 3629: bytes of the character that begins at `p`; 0: it is none. */
static inline unsigned sequence_len(const uint8_t *p)
{
    unsigned len = *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    uint8_t low = *p == 0xE0 ? 0xA0 : *p == 0xF0 ? 0x90 : 0x80;
    uint8_t top = *p == 0xED ? 0x9F : *p == 0xF4 ? 0x8F : 0xBF;

    if (*p < 0xC2 || *p > 0xF4 || p[1] < low || p[1] > top) {
        return 0;
    }
    for (unsigned i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

INLINED uint64_t bad_scalars(uint64_t begin, const uint8_t *block, size_t max)
{
    for (; begin != 0; begin &= begin - 1) {
        if (!is_scalar(block + __builtin_ctzll(begin), max)) {
            break;
        }
    }
    return lowest(begin);
}

INLINED uint64_t bad_escapes(uint64_t escaped, const uint8_t *block)
{
    for (; escaped != 0; escaped &= escaped - 1) {
        if (!is_escape(block + __builtin_ctzll(escaped))) {
            break;
        }
    }
    return lowest(escaped);
}

INLINED uint64_t bad_sequences(uint64_t high, struct flow *f,
                               const uint8_t *block)
{
    high &= UINT64_MAX << f->in_sequence;
    f->in_sequence = 0;
    while (high != 0) {
        unsigned from = (unsigned)__builtin_ctzll(high);
        unsigned len = sequence_len(block + from);

        if (len == 0) {
            return lowest(high);
        }
        if (from + len >= BLOCK) {
            f->in_sequence = from + len - BLOCK;
            return 0;
        }
        high &= UINT64_MAX << (from + len);
    }
    return 0;
}

/* --- the grammar ----------------------------------------------------------------- */

/* Closing quotes of the strings that begin at `names`. */
INLINED uint64_t ends_of(uint64_t names, const struct text *t, uint64_t *carry)
{
    uint64_t sum;
    uint64_t over = __builtin_add_overflow(t->inside, names, &sum);

    over |= __builtin_add_overflow(sum, *carry, &sum);
    *carry = over;
    return sum & t->quote & ~t->inside;
}

/* Bytes that cannot stand where they do. */
INLINED uint64_t misplaced(const struct mask *m, const struct text *t,
                           const struct shape *s, struct flow *f,
                           struct tokens *ret_tokens)
{
    uint64_t scalar = scalars_of(m, t);
    uint64_t behind_scalar = behind(scalar, &f->in_scalar);
    uint64_t text = t->quote & t->inside;
    uint64_t begin = text | m->open | (scalar & ~behind_scalar);
    uint64_t empty = m->close & behind(m->open, &f->opened);
    uint64_t name =
        behind((m->open & m->object) | (m->comma & s->object), &f->name);
    uint64_t value = behind(
        (m->open & ~m->object) | (m->comma & ~s->object) | m->colon, &f->value);
    uint64_t name_ends = ends_of(name & text, t, &f->in_name);
    uint64_t colon = behind(name_ends, &f->colon);
    uint64_t value_ends = (t->quote & ~t->inside & ~name_ends) | m->close;
    uint64_t separator =
        behind(value_ends, &f->separator) | (behind_scalar & ~scalar);

    *ret_tokens = (struct tokens){text, scalar & ~behind_scalar};
    return (t->outside & ~(m->plain | m->open | m->close)) |
           (name & ~(text | empty)) | (value & ~(begin | empty)) |
           (begin & ~(name | value)) | (m->colon ^ colon) |
           (separator ^ ((m->comma | m->close) & ~empty));
}

/* What ends the scan in a block. */
INLINED uint64_t check(struct checked *c, struct mask *m, const struct shape *s,
                       uint64_t before)
{
    struct tokens begin;
    uint64_t stop = misplaced(m, &c->text, s, &c->flow, &begin);

    if (c->counts) {
        stop |= s->tallied & (begin.text | begin.scalar);
        stop |= c->looks ? m->backslash : 0;
    }
    if ((m->high | c->flow.in_sequence) != 0) {
        stop |= bad_sequences(m->high, &c->flow, c->at.block);
    }
    if (c->text.escaped != 0) {
        stop |= bad_escapes(c->text.escaped, c->at.block);
    }
    return stop | bad_scalars(begin.scalar & before & below(stop), c->at.block,
                              c->max_number);
}

/* --- the scan --------------------------------------------------------------------- */

INLINED bool checked_block(struct checked *c)
{
    struct kg_nest nest = c->nest;
    uint64_t before = UINT64_MAX;
    struct mask m;
    struct shape s;

    classify(&m, c->at.block, c->first);
    read_strings(&c->text, m.quote, m.backslash);
    take_strings_out(&m, &c->text);
    walk(&nest, &m, &before, &s, c->counts);
    before &= below(check(c, &m, &s, before));
    if (c->counts) {
        uint64_t names =
            c->looks ? names_in(&m, &c->text, &s, c->at.block, c->first) : 0;

        before = tally_up(nest.tally, names, s.ended, before, &c->at);
    }
    return keep(&c->nest, &c->at, &m, &nest, before);
}

/* False: it stopped. */
INLINED bool check_blocks(struct checked *c, const struct pressed *p)
{
    size_t ahead = p->over ? 0 : BLOCK + CHECK_AHEAD - 1;
    bool goes_on = true;

    c->at.end = p->end;
    while (goes_on && c->at.block + ahead < p->end) {
        goes_on = checked_block(c);
        c->at.block += BLOCK;
    }
    return goes_on;
}

static struct flow flow_of(enum kg_expected expected)
{
    bool name = expected == KG_EXPECT_NAME || expected == KG_EXPECT_FIRST_NAME;

    return (struct flow){.name = name,
                         .value = !name,
                         .opened = expected == KG_EXPECT_FIRST_NAME ||
                                   expected == KG_EXPECT_FIRST_VALUE};
}

INLINED size_t scan_as(struct kg_check *check, struct pressed *p, bool counts)
{
    struct checked c = {.nest = check->nest,
                        .flow = flow_of(check->expected),
                        .at = {p->out, p->out, p->out},
                        .max_number = check->max_number,
                        .counts = counts,
                        .looks = counts && kg_tally_looks(&check->nest)};
    unsigned n = CHECK_FIRST;
    bool goes_on = true;

    c.first = c.looks ? (uint8_t)*check->nest.tally->name.ptr : 0;
    while (goes_on && !p->over) {
        press(p, n);
        goes_on = check_blocks(&c, p);
        n = CHECK_NEXT;
    }
    check->nest = c.nest;
    return (size_t)(c.at.sure - p->out);
}

static size_t scan_checked(struct kg_check *check, const uint8_t *p, size_t len)
{
    size_t max = (size_t)CHECK_BLOCKS * BLOCK;
    uint64_t kept[CHECK_BLOCKS];
    struct pressed pressed = {
        .text = {.lines = check->at_line},
        .at = {p + (len < max ? len : max), p, p},
        .out = check->out,
        .end = check->out,
        .kept = kept,
        .over = len == 0,
    };
    size_t n = check->nest.tally != NULL ? scan_as(check, &pressed, true)
                                         : scan_as(check, &pressed, false);

    check->out += n;
    return read_for(&pressed, n);
}

#endif /* KG_JSON_SCAN_CHECKED_H */
