/* SPDX-License-Identifier: MIT */
#include "around.h"

void kg_around_init(struct kg_around *a, enum kg_root root)
{
    *a = (struct kg_around){.root = root, .torn = KG_AROUND_WHOLE};
}

/* --- what was read --------------------------------------------------------------- */

/* White space, and what no terminal shows. */
static const uint8_t *skip_blanks_before(const uint8_t *p, const uint8_t *from)
{
    while (p > from && p[-1] <= ' ') {
        p--;
    }
    return p;
}

void kg_around_pass(struct kg_around *a, const uint8_t *from,
                    const uint8_t *end)
{
    const uint8_t *p = skip_blanks_before(end, from);
    uint8_t seen[KG_AROUND_MAX];
    size_t n = 0;

    a->n_blank = (uint64_t)(end - p) + (p > from ? 0 : a->n_blank);
    while (p > from && n < sizeof(seen)) {
        seen[n++] = *--p;
        p = skip_blanks_before(p, from);
    }
    memmove(a->last + n, a->last, sizeof(a->last) - n);
    memcpy(a->last, seen, n);
}

void kg_around_mark(struct kg_around *a, enum kg_around_mark mark)
{
    memmove(a->last + 1, a->last, sizeof(a->last) - 1);
    a->last[0] = (uint8_t)mark;
}

void kg_around_tear(struct kg_around *a, uint64_t n_open, bool told)
{
    uint64_t torn = told ? n_open + 1 : 0;

    a->torn = torn < a->torn ? torn : a->torn;
}

void kg_around_mend(struct kg_around *a)
{
    a->torn = KG_AROUND_WHOLE;
}

/* --- what it says ----------------------------------------------------------------- */

static bool is_one_of(uint8_t byte, const char *bytes)
{
    return byte == 0 || strchr(bytes, byte) != NULL;
}

/* Where the root is an array, objects are noise, and what they have may be a
 * document; as what arrays have, where it is an object. */
static enum kg_standing standing_by_bytes(const struct kg_around *a)
{
    const uint8_t *at = a->last;

    if (*at == 0) {
        return KG_STANDS_FIRST;
    }
    while (*at == '[' && at < a->last + sizeof(a->last) - 2) {
        at++;
    }
    if (at[0] == ',' && at[1] == KG_AROUND_PART) {
        return KG_STANDS_AS_PART;
    }
    if ((at[0] == ':' && is_one_of(at[1], "\"") && a->root != KG_ROOT_ARRAY) ||
        (at[0] == ',' && is_one_of(at[1], "\"}]"))) {
        return KG_STANDS_DOUBTED;
    }
    return KG_STANDS_ALONE;
}

enum kg_standing kg_around_standing(struct kg_around *a, uint64_t n_lowest,
                                    bool headless)
{
    enum kg_standing standing = standing_by_bytes(a);

    if (headless && !a->headless) {
        a->headless = true;
        a->torn = 0;
    }
    if (a->torn == KG_AROUND_WHOLE || n_lowest < a->torn) {
        a->torn = KG_AROUND_WHOLE;
        return standing;
    }
    return standing == KG_STANDS_AS_PART ? standing : KG_STANDS_DOUBTED;
}
