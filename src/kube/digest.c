/* SPDX-License-Identifier: MIT */
#include "digest.h"

#define LANES ((size_t)4)
#define WORD  sizeof(uint64_t)
#define BLOCK (LANES * WORD)

void kg_digest_init(struct kg_digest *d)
{
    *d = (struct kg_digest){.len = 0};
    for (size_t i = 0; i < LANES; i++) {
        d->lanes[i] = UINT64_C(0x9e3779b97f4a7c15);
    }
}

/* Each step can be undone, so that no word is lost in it. */
static inline uint64_t mix(uint64_t lane, const unsigned char *word)
{
    uint64_t w;

    memcpy(&w, word, sizeof(w));
    lane ^= w;
    lane = lane << 29 | lane >> 35;
    return lane * UINT64_C(0xbf58476d1ce4e5b9);
}

static void add_blocks(struct kg_digest *d, const unsigned char *at, size_t n)
{
    uint64_t a = d->lanes[0];
    uint64_t b = d->lanes[1];
    uint64_t c = d->lanes[2];
    uint64_t e = d->lanes[3];

    for (; n > 0; n--, at += BLOCK) {
        a = mix(a, at);
        b = mix(b, at + WORD);
        c = mix(c, at + 2 * WORD);
        e = mix(e, at + 3 * WORD);
    }
    d->lanes[0] = a;
    d->lanes[1] = b;
    d->lanes[2] = c;
    d->lanes[3] = e;
}

void kg_digest_add(struct kg_digest *d, struct kg_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    size_t left = bytes.len;
    size_t carried = d->len % BLOCK;

    if (left == 0) {
        return;
    }
    d->len += left;
    if (carried > 0) {
        size_t len = BLOCK - carried;

        len = len < left ? len : left;
        memcpy(d->carry + carried, at, len);
        at += len;
        left -= len;
        if (carried + len < BLOCK) {
            return;
        }
        add_blocks(d, d->carry, 1);
    }
    add_blocks(d, at, left / BLOCK);
    memcpy(d->carry, at + left / BLOCK * BLOCK, left % BLOCK);
}

bool kg_digest_eq(const struct kg_digest *a, const struct kg_digest *b)
{
    return a->len == b->len &&
           memcmp(a->lanes, b->lanes, sizeof(a->lanes)) == 0 &&
           memcmp(a->carry, b->carry, a->len % BLOCK) == 0;
}
