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

/* Behind the string that begins at `p`, or `end`; NULL: it stops before it. */
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
    return end;
}

static const uint8_t *on_quote(struct kg_nest *n, const uint8_t *p,
                               const uint8_t *end)
{
    struct kg_tally *t = n->tally;

    if (kg_tally_looks(n) && n->depth == 2 && (n->kinds & 1) != 0 &&
        p + 1 < end && p[1] == (uint8_t)*t->name.ptr &&
        !kg_tally_look(t, p, end)) {
        return end;
    }
    return skip_string(p, end, kg_tally_looks(n));
}

/* Behind the bytes of one class at `p`, or behind the line's end. */
static const uint8_t *skip_run(const uint8_t *p, const uint8_t *end)
{
    uint8_t class = classes[*p++];

    while (p < end && classes[*p] == class && p[-1] != '\n') {
        p++;
    }
    return p;
}

/* Behind the token at `p`, or `end`; NULL: it stops before it. */
static const uint8_t *skip_token(struct kg_nest *n, const uint8_t *p,
                                 const uint8_t *end)
{
    switch (classes[*p]) {
    case ODD:
        return NULL;
    case QUOTE:
        return on_quote(n, p, end);
    case COMMA:
        return p + 1;
    case OPENER:
        return kg_nest_open(n, *p == '{') ? p + 1 : NULL;
    case CLOSER:
        return kg_nest_close(n, *p == '}') ? p + 1 : NULL;
    default:
        return skip_run(p, end);
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

static bool is_sure_behind(uint8_t byte)
{
    return classes[byte] == COMMA || classes[byte] == OPENER ||
           classes[byte] == CLOSER;
}

/* Is the token at `p`, which begins a line or not, to be left to the grammar? */
static bool stops_before(const struct kg_nest *n, const uint8_t *p,
                         bool at_line)
{
    return (at_line && !may_begin_line(*p)) || is_uncounted(n, *p);
}

/* Behind the last byte that is sure, from `sure` on. */
static const uint8_t *skip(struct kg_nest *n, const uint8_t *sure,
                           const uint8_t *end)
{
    const uint8_t *p = sure;
    bool at_line = false;

    while (p < end && !stops_before(n, p, at_line)) {
        const uint8_t *token = p;
        bool bracket = classes[*p] == OPENER || classes[*p] == CLOSER;

        if (is_sure_behind(*p) && (size_t)(p - sure) > n->gap) {
            return sure;
        }
        p = skip_token(n, p, end);
        if (p == NULL) {
            return sure;
        }
        at_line = p[-1] == '\n';
        sure = is_sure_behind(*token) ? p : sure;
        if (bracket && !goes_on_behind(n, token, end)) {
            return sure;
        }
    }
    n->ran_out = p == end && (size_t)(p - sure) <= n->gap;
    return sure;
}

static size_t nested(struct kg_nest *n, const uint8_t *p, size_t len)
{
    n->ran_out = false;
    if (n->member && !begins_member(p, p + len)) {
        return 0;
    }
    return (size_t)(skip(n, p, p + len) - p);
}

const struct kg_scan kg_scan_scalar = {.name = "scalar", .nested = nested};
