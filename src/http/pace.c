/* SPDX-License-Identifier: MIT */
#include "pace.h"

enum { TOKEN = 1000 };

void kg_pace_init(struct kg_pace *p, uint32_t qps, uint32_t burst,
                  uint32_t n_max, uint64_t now_ms)
{
    *p = (struct kg_pace){.qps = qps,
                          .burst = burst > 0 ? burst : 1,
                          .n_max = n_max,
                          .then_ms = now_ms};
    p->thousands = (uint64_t)p->burst * TOKEN;
}

static void refill(struct kg_pace *p, uint64_t now_ms)
{
    uint64_t full = (uint64_t)p->burst * TOKEN;

    p->thousands += (now_ms - p->then_ms) * p->qps;
    p->thousands = p->thousands < full ? p->thousands : full;
    p->then_ms = now_ms;
}

bool kg_pace_take(struct kg_pace *p, uint64_t now_ms)
{
    if (p->qps == 0) {
        return true;
    }
    refill(p, now_ms);
    if (p->thousands < TOKEN) {
        return false;
    }
    p->thousands -= TOKEN;
    return true;
}

uint64_t kg_pace_wait_ms(const struct kg_pace *p)
{
    if (p->qps == 0 || p->thousands >= TOKEN) {
        return 0;
    }
    return (TOKEN - p->thousands + p->qps - 1) / p->qps;
}

bool kg_pace_has_room(const struct kg_pace *p)
{
    return p->n_max == 0 || p->n_now < p->n_max;
}
