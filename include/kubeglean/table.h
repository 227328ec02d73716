/* Two ways to find an object again: by a name, and by an id that dies with it.
 *
 * kg_map: intrusive hash table with string keys. The node is in the object;
 * the table allocates its array of buckets alone.
 *
 * kg_slots: ids with a generation. Long-lived objects refer to each other by
 * id, never by pointer across a turn of the loop: an id whose object is gone
 * finds nothing, also when its place was given away since. */
#ifndef KUBEGLEAN_TABLE_H
#define KUBEGLEAN_TABLE_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

struct kg_map_node {
    struct kg_map_node *next; /* Private. */
    uint64_t hash;            /* Private. */
    struct kg_str key;        /* Read-only: borrowed from the object. */
};

struct kg_map {
    struct kg_map_node **buckets; /* Private. */
    size_t n_buckets;             /* Private: 0 or a power of two. */
    size_t n_nodes;               /* Read-only. */
};

void kg_map_init(struct kg_map *m);   /* Allocates nothing. */
void kg_map_finish(struct kg_map *m); /* Forgets its nodes. */
struct kg_map_node *kg_map_find(const struct kg_map *m, struct kg_str key);
/* Borrows `key` until the node is removed. KG_EEXISTS, KG_ENOMEM: unchanged. */
KG_MUST_USE enum kg_errc kg_map_insert(struct kg_map *m,
                                       struct kg_map_node *node,
                                       struct kg_str key);
/* `node` must be in `m`. */
void kg_map_remove(struct kg_map *m, struct kg_map_node *node);
/* All nodes, in no order: start with NULL; NULL at the end. The node that was
 * returned last may be removed before the next call only if kg_map_next() was
 * called for its successor already. */
struct kg_map_node *kg_map_next(const struct kg_map *m,
                                const struct kg_map_node *node);

struct kg_id {
    uint32_t index;
    uint32_t generation; /* 0: no object. */
};

static inline bool kg_id_eq(struct kg_id a, struct kg_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

struct kg_slot; /* Private. */

struct kg_slots {
    struct kg_slot *slots; /* Private. */
    uint32_t n_slots;      /* Private. */
    uint32_t free;         /* Private: first free one, or UINT32_MAX. */
    uint32_t n_used;       /* Read-only. */
    uint32_t max;          /* Read-only. */
};

void kg_slots_init(struct kg_slots *s, uint32_t max); /* Allocates nothing. */
void kg_slots_finish(struct kg_slots *s);
/* KG_ELIMIT beyond `max`, KG_ENOMEM. Borrows `object` until it is removed. */
KG_MUST_USE enum kg_errc kg_slots_add(struct kg_slots *s, void *object,
                                      struct kg_id *ret_id);
void *kg_slots_get(const struct kg_slots *s, struct kg_id id); /* Or NULL. */
void kg_slots_remove(struct kg_slots *s, struct kg_id id);

#endif /* KUBEGLEAN_TABLE_H */
