/* How long to wait before the next try: doubles from `first` to `max`, with
 * jitter. Pure: the random numbers come from a seed. */
#ifndef KUBEGLEAN_BACKOFF_H
#define KUBEGLEAN_BACKOFF_H

#include "kubeglean/base.h"

struct kg_random {
    uint64_t state;
};

void kg_random_init(struct kg_random *r, uint64_t seed);
uint64_t kg_random_next(struct kg_random *r);
uint64_t kg_random_below(struct kg_random *r, uint64_t n); /* 0 for n == 0. */

struct kg_backoff {
    uint32_t first_ms; /* Read-only. */
    uint32_t max_ms;   /* Read-only. */
    uint32_t tries;    /* Read-only: since the last reset. */
    struct kg_random random;
};

void kg_backoff_init(struct kg_backoff *b, uint32_t first_ms, uint32_t max_ms,
                     uint64_t seed);
/* Between one and two times min(max, first * 2^tries); counts the try. */
uint32_t kg_backoff_next(struct kg_backoff *b);
void kg_backoff_reset(struct kg_backoff *b); /* It worked. */

#endif /* KUBEGLEAN_BACKOFF_H */
