/* How fast requests may follow each other, and how many may be under way: a
 * bucket of `burst` tokens into which `qps` fall each second, as client-go has
 * it, and a count. Pure. */
#ifndef KG_HTTP_PACE_H
#define KG_HTTP_PACE_H

#include "kubeglean/base.h"

struct kg_pace {
    uint32_t qps;       /* 0: as fast as they come. */
    uint32_t burst;     /* At least 1. */
    uint32_t n_max;     /* Under way at a time; 0: any number. */
    uint32_t n_now;     /* Read-only: under way. */
    uint64_t thousands; /* Private: of a token, in the bucket, */
    uint64_t then_ms;   /* at this time. */
};

/* The bucket is full. */
void kg_pace_init(struct kg_pace *p, uint32_t qps, uint32_t burst,
                  uint32_t n_max, uint64_t now_ms);
/* Takes a token, if there is one. */
KG_MUST_USE bool kg_pace_take(struct kg_pace *p, uint64_t now_ms);
/* Until there is one; 0: there is. */
uint64_t kg_pace_wait_ms(const struct kg_pace *p);
/* Whether one more may be under way. */
bool kg_pace_has_room(const struct kg_pace *p);

#endif /* KG_HTTP_PACE_H */
