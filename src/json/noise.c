/* SPDX-License-Identifier: MIT */
#include "noise.h"

#include "bytes.h"

void kg_noise_init(struct kg_noise *n, const struct kg_openers *openers)
{
    *n = (struct kg_noise){
        .openers = *openers, .line = KG_NOISE_FIRST, .n_lowest = UINT64_MAX};
}

static size_t find(struct kg_str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? (size_t)(at - s.ptr) : s.len;
}

/* What the line is made of before `at`, which is inside `s`. */
static enum kg_noise_line line_before(const struct kg_noise *n, struct kg_str s,
                                      size_t at)
{
    while (at > 0 && kg_json_is_blank((uint8_t)s.ptr[at - 1])) {
        at--;
    }
    if (at == 0) {
        return n->line;
    }
    return s.ptr[at - 1] == '\n' ? KG_NOISE_BLANK : KG_NOISE_OTHER;
}

static void note_closer(struct kg_noise *n, enum kg_noise_line line)
{
    if (n->n_open > 0) {
        n->n_open--;
        n->n_lowest = n->n_open < n->n_lowest ? n->n_open : n->n_lowest;
    } else if (line != KG_NOISE_OTHER) {
        n->headless = true;
    }
}

static uint64_t count(struct kg_str s, char c)
{
    uint64_t n = 0;

    for (size_t at = find(s, c); at < s.len; n++) {
        s = kg_str_of(s.ptr + at + 1, s.len - at - 1);
        at = find(s, c);
    }
    return n;
}

/* The openers were given up. */
static void note_closers(struct kg_noise *n, struct kg_str s)
{
    bool array = n->openers.root == KG_ROOT_ARRAY;
    size_t first_line = n->line == KG_NOISE_FIRST ? find(s, '\n') : 0;
    size_t at = 0;

    while (!n->headless) {
        struct kg_str rest = kg_str_of(s.ptr + at, s.len - at);
        size_t closer = find(rest, array ? ']' : '}');

        n->n_open += count(kg_str_of(rest.ptr, closer), array ? '[' : '{');
        at += closer;
        if (at == s.len) {
            return;
        }
        note_closer(n,
                    at < first_line ? KG_NOISE_FIRST : line_before(n, s, at));
        at++;
    }
}

static void note_line(struct kg_noise *n, struct kg_str s)
{
    if (n->line == KG_NOISE_FIRST && find(s, '\n') == s.len) {
        return;
    }
    n->line = line_before(n, s, s.len);
}

size_t kg_noise_span(struct kg_noise *n, struct kg_str bytes)
{
    struct kg_str s = kg_str_of(bytes.ptr, kg_openers_find(&n->openers, bytes));

    note_closers(n, s);
    note_line(n, s);
    n->n_bytes += s.len;
    return s.len;
}

void kg_noise_after(struct kg_noise *n, uint64_t n_open)
{
    n->n_open += n_open;
    if (n->line != KG_NOISE_FIRST) {
        n->line = KG_NOISE_OTHER;
    }
}
