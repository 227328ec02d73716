/* SPDX-License-Identifier: MIT */
#include "kubeglean/backoff.h"

void kg_random_init(struct kg_random *r, uint64_t seed)
{
    r->state = seed;
}

/* splitmix64: every seed is a good one. */
uint64_t kg_random_next(struct kg_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t kg_random_below(struct kg_random *r, uint64_t n)
{
    return n > 0 ? kg_random_next(r) % n : 0;
}

void kg_backoff_init(struct kg_backoff *b, uint32_t first_ms, uint32_t max_ms,
                     uint64_t seed)
{
    KG_REQUIRE(first_ms > 0 && first_ms <= max_ms);
    b->first_ms = first_ms;
    b->max_ms = max_ms;
    b->tries = 0;
    kg_random_init(&b->random, seed);
}

uint32_t kg_backoff_next(struct kg_backoff *b)
{
    uint64_t base =
        b->tries < 32 ? (uint64_t)b->first_ms << b->tries : b->max_ms;

    base = base < b->max_ms ? base : b->max_ms;
    b->tries++;
    base += kg_random_below(&b->random, base);
    return base < UINT32_MAX ? (uint32_t)base : UINT32_MAX;
}

void kg_backoff_reset(struct kg_backoff *b)
{
    b->tries = 0;
}
