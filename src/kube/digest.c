/* SPDX-License-Identifier: MIT */
#include "digest.h"

void kg_digest_init(struct kg_digest *d)
{
    *d = (struct kg_digest){.state = UINT64_C(0x9e3779b97f4a7c15)};
}

/* Each step can be undone, so that no word is lost in it. */
static uint64_t mix(uint64_t state, const unsigned char *word)
{
    uint64_t w;

    memcpy(&w, word, sizeof(w));
    state ^= w;
    state = state << 29 | state >> 35;
    return state * UINT64_C(0xbf58476d1ce4e5b9);
}

void kg_digest_add(struct kg_digest *d, struct kg_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    size_t left = bytes.len;
    size_t carried = d->len % sizeof(d->carry);

    if (left == 0) {
        return;
    }
    d->len += left;
    if (carried > 0) {
        size_t len = sizeof(d->carry) - carried;

        len = len < left ? len : left;
        memcpy(d->carry + carried, at, len);
        at += len;
        left -= len;
        if (carried + len < sizeof(d->carry)) {
            return;
        }
        d->state = mix(d->state, d->carry);
    }
    for (; left >= sizeof(d->carry); left -= sizeof(d->carry)) {
        d->state = mix(d->state, at);
        at += sizeof(d->carry);
    }
    memcpy(d->carry, at, left);
}

bool kg_digest_eq(const struct kg_digest *a, const struct kg_digest *b)
{
    return a->len == b->len && a->state == b->state &&
           memcmp(a->carry, b->carry, a->len % sizeof(a->carry)) == 0;
}
