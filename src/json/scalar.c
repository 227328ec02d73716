/* SPDX-License-Identifier: MIT */
#include "scalar.h"

const bool kg_scalar_bytes[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
    ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true,
    ['+'] = true, ['-'] = true, ['.'] = true, ['A'] = true, ['B'] = true,
    ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true,
    ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true,
    ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true,
    ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true, ['V'] = true,
    ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, ['a'] = true,
    ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true,
    ['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true,
    ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,
    ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true,
    ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true};

/* Takes digits off the front; false when there are none. */
static bool take_digits(struct kg_str *s)
{
    size_t n = 0;

    while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9') {
        n++;
    }
    *s = kg_str_of(s->ptr + n, s->len - n);
    return n > 0;
}

static bool take_any_of(struct kg_str *s, char a, char b)
{
    if (s->len == 0 || (*s->ptr != a && *s->ptr != b)) {
        return false;
    }
    *s = kg_str_of(s->ptr + 1, s->len - 1);
    return true;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_number(struct kg_str s)
{
    (void)take_any_of(&s, '-', '-');
    if (!take_any_of(&s, '0', '0') && !take_digits(&s)) {
        return false;
    }
    if (take_any_of(&s, '.', '.') && !take_digits(&s)) {
        return false;
    }
    if (take_any_of(&s, 'e', 'E')) {
        (void)take_any_of(&s, '-', '+');
        if (!take_digits(&s)) {
            return false;
        }
    }
    return s.len == 0;
}

static inline enum kg_scalar literal(struct kg_str token, struct kg_str word,
                                     enum kg_scalar kind)
{
    return token.len == word.len && memcmp(token.ptr, word.ptr, word.len) == 0
               ? kind
               : KG_SCALAR_NONE;
}

enum kg_scalar kg_scalar_of(struct kg_str token)
{
    if (token.len == 0) {
        return KG_SCALAR_NONE;
    }
    switch (*token.ptr) {
    case 'n':
        return literal(token, KG_STR("null"), KG_SCALAR_NULL);
    case 't':
        return literal(token, KG_STR("true"), KG_SCALAR_TRUE);
    case 'f':
        return literal(token, KG_STR("false"), KG_SCALAR_FALSE);
    case 'N':
        return literal(token, KG_STR("NaN"), KG_SCALAR_NAN);
    case 'I':
        return literal(token, KG_STR("Infinity"), KG_SCALAR_NAN);
    default:
        return is_number(token)
                   ? KG_SCALAR_NUMBER
                   : literal(token, KG_STR("-Infinity"), KG_SCALAR_NAN);
    }
}
