/* SPDX-License-Identifier: MIT */
/* Any bytes behind an opener or a comma: every way of a scan tells the same. The
 * first byte says what is open, the second is it. */
#include "json/scan.h"
#include "kubeglean/heap.h"

struct told {
    size_t len;
    struct kg_nest nest;
    struct kg_tally tally;
};

static struct told tell(const struct kg_scan *scan, const uint8_t *bytes,
                        size_t len, uint8_t how)
{
    struct told t = {.tally = {.name = KG_STR("d"), .value = KG_STR("1")}};

    t.nest = (struct kg_nest){.kinds = how & 3,
                              .depth = 1 + how / 4 % 4,
                              .max = 4 + how / 16 % 8,
                              .gap = KG_NEST_GAP_MIN,
                              .member = bytes[-1] == '{'};
    if (how >= 128) {
        t.nest.tally = &t.tally;
        t.nest.kinds &= ~(UINT64_C(1) << (t.nest.depth - 1));
    }
    t.len = scan->nested(&t.nest, bytes, len);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct kg_scan *scan;
    struct told want, got;

    if (len < 2 || memchr("{[,", bytes[1], 3) == NULL) {
        return 0;
    }
    want = tell(kg_scan_at(0), bytes + 2, len - 2, bytes[0]);
    for (size_t i = 1; (scan = kg_scan_at(i)) != NULL; i++) {
        got = tell(scan, bytes + 2, len - 2, bytes[0]);
        KG_REQUIRE(got.len == want.len && got.nest.depth == want.nest.depth &&
                   got.nest.kinds == want.nest.kinds &&
                   got.nest.ran_out == want.nest.ran_out &&
                   got.tally.n_all == want.tally.n_all &&
                   got.tally.n_met == want.tally.n_met);
    }
    return 0;
}
