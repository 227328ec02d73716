/* SPDX-License-Identifier: MIT */
/* Byte by byte, on any processor. What the others tell is compared with it. */
#include "scan_tally.h"
#include "scan_ways.h"

enum { ODD, BLANK, QUOTE, COMMA, OPENER, CLOSER, TEXT };

#define DIGITS                                                            \
    ['0'] = TEXT, ['1'] = TEXT, ['2'] = TEXT, ['3'] = TEXT, ['4'] = TEXT, \
    ['5'] = TEXT, ['6'] = TEXT, ['7'] = TEXT, ['8'] = TEXT, ['9'] = TEXT

#define LETTERS                                                           \
    ['a'] = TEXT, ['b'] = TEXT, ['c'] = TEXT, ['d'] = TEXT, ['e'] = TEXT, \
    ['f'] = TEXT, ['g'] = TEXT, ['h'] = TEXT, ['i'] = TEXT, ['j'] = TEXT, \
    ['k'] = TEXT, ['l'] = TEXT, ['m'] = TEXT, ['n'] = TEXT, ['o'] = TEXT, \
    ['p'] = TEXT, ['q'] = TEXT, ['r'] = TEXT, ['s'] = TEXT, ['t'] = TEXT, \
    ['u'] = TEXT, ['v'] = TEXT, ['w'] = TEXT, ['x'] = TEXT, ['y'] = TEXT, \
    ['z'] = TEXT

static const uint8_t classes[256] = {
    [' '] = BLANK,  ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = BLANK,
    ['"'] = QUOTE,  [','] = COMMA,  ['{'] = OPENER, ['['] = OPENER,
    ['}'] = CLOSER, [']'] = CLOSER, ['+'] = TEXT,   ['-'] = TEXT,
    ['.'] = TEXT,   ['/'] = TEXT,   [':'] = TEXT,   ['E'] = TEXT,
    DIGITS,         LETTERS};

/* Behind the string that begins at `p`; NULL: it stops before it. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end,
                                  bool plain)
{
    for (p++; p < end; p++) {
        if (*p < 0x20 || (*p == '\\' && plain)) {
            return NULL;
        }
        if (*p == '"') {
            return p + 1;
        }
        p += *p == '\\' && p + 1 < end && p[1] >= 0x20;
    }
    return NULL;
}

static const uint8_t *on_quote(struct kg_nest *n, const uint8_t *p,
                               const uint8_t *end)
{
    struct kg_tally *t = n->tally;

    if (kg_tally_looks(n) && n->depth == 2 && (n->kinds & 1) != 0 &&
        p + 1 < end && p[1] == (uint8_t)*t->name.ptr &&
        !kg_tally_look(t, p, end)) {
        return NULL;
    }
    return skip_string(p, end, kg_tally_looks(n));
}

/* Behind the token at `p`; NULL: it stops before it. */
static const uint8_t *skip_token(struct kg_nest *n, const uint8_t *p,
                                 const uint8_t *end)
{
    switch (classes[*p]) {
    case QUOTE:
        return on_quote(n, p, end);
    case OPENER:
        return kg_nest_open(n, *p == '{') ? p + 1 : NULL;
    case CLOSER:
        return kg_nest_close(n, *p == '}') ? p + 1 : NULL;
    default:
        return classes[*p] != ODD ? p + 1 : NULL;
    }
}

/* A line's first byte. */
static bool may_begin_line(uint8_t byte)
{
    return kg_json_is_space(byte) || classes[byte] == CLOSER;
}

static bool begins_member(const uint8_t *p, const uint8_t *end)
{
    p = kg_scan_blanks(p, end);
    return p == end || *p == '"' || *p == '}';
}

/* With a tally: an element that is no container, or what none has. */
static bool is_uncounted(const struct kg_nest *n, uint8_t byte)
{
    return n->tally != NULL && n->depth == 1 &&
           (classes[byte] == QUOTE || classes[byte] == TEXT);
}

/* Behind the bracket at `p`: does it go on? */
static bool goes_on_behind(struct kg_nest *n, const uint8_t *p,
                           const uint8_t *end)
{
    if (classes[*p] == CLOSER && n->depth == 1 && n->tally != NULL) {
        kg_tally_end(n->tally, 1);
    }
    return n->depth > 0 && (*p != '{' || begins_member(p + 1, end));
}

static size_t nested(struct kg_nest *n, const uint8_t *p, size_t len)
{
    const uint8_t *start = p, *end = p + len, *sure = p;

    if (p[-1] == '{' && !begins_member(p, end)) {
        return 0;
    }
    while (p < end && (p[-1] != '\n' || may_begin_line(*p)) &&
           !is_uncounted(n, *p)) {
        const uint8_t *token = p;
        uint8_t class = classes[*p];

        p = skip_token(n, p, end);
        if (p == NULL) {
            break;
        }
        if (class == COMMA || class == OPENER || class == CLOSER) {
            sure = p;
        }
        if ((class == OPENER || class == CLOSER) &&
            !goes_on_behind(n, token, end)) {
            break;
        }
    }
    return (size_t)(sure - start);
}

const struct kg_scan kg_scan_scalar = {.name = "scalar", .nested = nested};
