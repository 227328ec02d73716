/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <stdlib.h>

#include "json.h"
#include "kubeglean/heap.h"

enum { COUNTERS_MAX = 1000 }; /* Paths are the peer's to make up. */

struct counter {
    struct kg_map_node node;
    uint64_t n;
    char what[];
};

void sim_count(struct kg_map *stats, const char *what)
{
    struct kg_map_node *node = kg_map_find(stats, kg_str_from(what));
    size_t len = strlen(what) + 1;
    struct counter *c;

    if (node != NULL) {
        KG_CONTAINER_OF(node, struct counter, node)->n++;
        return;
    }
    if (stats->n_nodes == COUNTERS_MAX) {
        return;
    }
    c = kg_alloc(sizeof(*c) + len);
    KG_REQUIRE(c != NULL);
    memcpy(c->what, what, len);
    c->n = 1;
    sim_require(kg_map_insert(stats, &c->node, kg_str_from(c->what)));
}

static int by_name(const void *a, const void *b)
{
    const struct counter *const *x = a;
    const struct counter *const *y = b;

    return strcmp((*x)->what, (*y)->what);
}

void sim_stats_json(const struct kg_map *stats, struct kg_buf *out)
{
    const struct counter *all[COUNTERS_MAX];
    struct kg_map_node *node = NULL;
    size_t n = 0;

    while ((node = kg_map_next(stats, node)) != NULL) {
        all[n++] = KG_CONTAINER_OF(node, struct counter, node);
    }
    qsort(all, n, sizeof(const struct counter *), by_name);
    for (size_t i = 0; i < n; i++) {
        sim_require(kg_buf_adds(out, i > 0 ? "," : ""));
        sim_require(kg_buf_add_json(out, kg_str_from(all[i]->what)));
        sim_require(kg_buf_addf(out, ":%llu", (unsigned long long)all[i]->n));
    }
}

void sim_stats_clear(struct kg_map *stats)
{
    struct kg_map_node *node;

    while ((node = kg_map_next(stats, NULL)) != NULL) {
        kg_map_remove(stats, node);
        kg_free(KG_CONTAINER_OF(node, struct counter, node));
    }
}
