/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "kubeglean/heap.h"

struct known {
    struct kg_map_node node;
    unsigned generation;
    char uid[];
};

static struct known *known_of(const struct kg_map_node *node)
{
    return KG_CONTAINER_OF(node, struct known, node);
}

enum kg_errc kg_known_put(struct kg_map *known, struct kg_str uid,
                          unsigned generation)
{
    struct kg_map_node *node = kg_map_find(known, uid);
    struct known *k;

    if (node != NULL) {
        known_of(node)->generation = generation;
        return KG_OK;
    }
    k = kg_calloc(1, sizeof(*k) + uid.len);
    if (k == NULL) {
        return KG_ENOMEM;
    }
    memcpy(k->uid, uid.ptr, uid.len);
    k->generation = generation;
    if (kg_map_insert(known, &k->node, kg_str_of(k->uid, uid.len)) != KG_OK) {
        kg_free(k);
        return KG_ENOMEM;
    }
    return KG_OK;
}

static void drop(struct kg_map *known, struct kg_map_node *node)
{
    kg_map_remove(known, node);
    kg_free(known_of(node));
}

void kg_known_drop(struct kg_map *known, struct kg_str uid)
{
    struct kg_map_node *node = kg_map_find(known, uid);

    if (node != NULL) {
        drop(known, node);
    }
}

const struct kg_map_node *kg_known_stale(const struct kg_map *known,
                                         unsigned generation,
                                         const struct kg_map_node *node)
{
    do {
        node = kg_map_next(known, node);
    } while (node != NULL && known_of(node)->generation == generation);
    return node;
}

void kg_known_finish(struct kg_map *known)
{
    struct kg_map_node *node = kg_map_next(known, NULL);

    while (node != NULL) {
        struct kg_map_node *next = kg_map_next(known, node);

        drop(known, node);
        node = next;
    }
    kg_map_finish(known);
}
