/* SPDX-License-Identifier: MIT */
/* Optimal string alignment: the edit distance in which two neighbours that
 * changed places are one slip. */
#include "options.h"

unsigned kg_typing_distance(struct kg_str a, struct kg_str b)
{
    enum { MAX = 31 };
    unsigned d[MAX + 1][MAX + 1];

    if (a.len > MAX || b.len > MAX) {
        return MAX;
    }
    for (size_t i = 0; i <= a.len; i++) {
        for (size_t k = 0; k <= b.len; k++) {
            unsigned best = (unsigned)(i + k);

            if (i > 0 && k > 0) {
                unsigned same = a.ptr[i - 1] == b.ptr[k - 1] ? 0 : 1;
                unsigned edit =
                    d[i - 1][k] < d[i][k - 1] ? d[i - 1][k] : d[i][k - 1];

                best = d[i - 1][k - 1] + same;
                best = edit + 1 < best ? edit + 1 : best;
            }
            if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] &&
                a.ptr[i - 2] == b.ptr[k - 1] && d[i - 2][k - 2] + 1 < best) {
                best = d[i - 2][k - 2] + 1;
            }
            d[i][k] = best;
        }
    }
    return d[a.len][b.len];
}
