/* SPDX-License-Identifier: MIT */
#include "kubeglean/table.h"

#include <string.h>

#include "kubeglean/heap.h"

enum { SMALLEST = 16 };

void kg_map_init(struct kg_map *m)
{
    *m = (struct kg_map){0};
}

void kg_map_finish(struct kg_map *m)
{
    kg_free(m->buckets);
    *m = (struct kg_map){0};
}

static struct kg_map_node **bucket_of(const struct kg_map *m, uint64_t hash)
{
    return &m->buckets[hash & (m->n_buckets - 1)];
}

struct kg_map_node *kg_map_find(const struct kg_map *m, struct kg_str key)
{
    uint64_t hash = kg_str_hash(key);

    if (m->n_buckets == 0) {
        return NULL;
    }
    for (struct kg_map_node *n = *bucket_of(m, hash); n != NULL; n = n->next) {
        if (n->hash == hash && kg_str_eq(n->key, key)) {
            return n;
        }
    }
    return NULL;
}

static void push(const struct kg_map *m, struct kg_map_node *node)
{
    struct kg_map_node **bucket = bucket_of(m, node->hash);

    node->next = *bucket;
    *bucket = node;
}

static enum kg_errc grow(struct kg_map *m)
{
    struct kg_map bigger = {.n_buckets =
                                m->n_buckets > 0 ? m->n_buckets * 2 : SMALLEST};

    bigger.buckets = kg_calloc(bigger.n_buckets, sizeof(struct kg_map_node *));
    if (bigger.buckets == NULL) {
        return KG_ENOMEM;
    }
    for (size_t i = 0; i < m->n_buckets; i++) {
        struct kg_map_node *n = m->buckets[i];

        while (n != NULL) {
            struct kg_map_node *next = n->next;

            push(&bigger, n);
            n = next;
        }
    }
    kg_free(m->buckets);
    m->buckets = bigger.buckets;
    m->n_buckets = bigger.n_buckets;
    return KG_OK;
}

enum kg_errc kg_map_insert(struct kg_map *m, struct kg_map_node *node,
                           struct kg_str key)
{
    if (kg_map_find(m, key) != NULL) {
        return KG_EEXISTS;
    }
    /* A full table still works, only slower: growing may fail later. */
    if (m->n_nodes >= m->n_buckets && grow(m) != KG_OK && m->n_buckets == 0) {
        return KG_ENOMEM;
    }
    node->key = key;
    node->hash = kg_str_hash(key);
    push(m, node);
    m->n_nodes++;
    return KG_OK;
}

void kg_map_remove(struct kg_map *m, struct kg_map_node *node)
{
    struct kg_map_node **at = bucket_of(m, node->hash);

    while (*at != node) {
        KG_REQUIRE(*at != NULL);
        at = &(*at)->next;
    }
    *at = node->next;
    m->n_nodes--;
}

struct kg_map_node *kg_map_next(const struct kg_map *m,
                                const struct kg_map_node *node)
{
    size_t at = 0;

    if (node != NULL) {
        if (node->next != NULL) {
            return node->next;
        }
        at = (size_t)(node->hash & (m->n_buckets - 1)) + 1;
    }
    for (; at < m->n_buckets; at++) {
        if (m->buckets[at] != NULL) {
            return m->buckets[at];
        }
    }
    return NULL;
}

struct kg_slot {
    void *object;        /* NULL while free. */
    uint32_t generation; /* Of the object, or of the last one. */
    uint32_t next;       /* Free ones: the next free. */
};

enum { SLOTS_FIRST = 16 };

void kg_slots_init(struct kg_slots *s, uint32_t max)
{
    *s = (struct kg_slots){.free = UINT32_MAX, .max = max};
}

void kg_slots_finish(struct kg_slots *s)
{
    kg_free(s->slots);
    kg_slots_init(s, s->max);
}

static enum kg_errc slots_grow(struct kg_slots *s)
{
    uint32_t n = s->n_slots > 0 ? s->n_slots * 2 : SLOTS_FIRST;
    struct kg_slot *slots;

    n = n > s->max ? s->max : n;
    if (n <= s->n_slots) {
        return KG_ELIMIT;
    }
    slots = kg_realloc(s->slots, n * sizeof(*slots));
    if (slots == NULL) {
        return KG_ENOMEM;
    }
    for (uint32_t i = s->n_slots; i < n; i++) {
        slots[i] = (struct kg_slot){.next = i + 1 < n ? i + 1 : UINT32_MAX};
    }
    s->free = s->n_slots;
    s->slots = slots;
    s->n_slots = n;
    return KG_OK;
}

enum kg_errc kg_slots_add(struct kg_slots *s, void *object,
                          struct kg_id *ret_id)
{
    struct kg_slot *slot;

    KG_REQUIRE(object != NULL);
    if (s->free == UINT32_MAX) {
        enum kg_errc err = slots_grow(s);

        if (err != KG_OK) {
            return err;
        }
    }
    slot = &s->slots[s->free];
    ret_id->index = s->free;
    s->free = slot->next;
    slot->object = object;
    slot->generation = slot->generation + 1 > 0 ? slot->generation + 1 : 1;
    ret_id->generation = slot->generation;
    s->n_used++;
    return KG_OK;
}

void *kg_slots_get(const struct kg_slots *s, struct kg_id id)
{
    if (id.generation == 0 || id.index >= s->n_slots ||
        s->slots[id.index].generation != id.generation) {
        return NULL;
    }
    return s->slots[id.index].object;
}

void kg_slots_remove(struct kg_slots *s, struct kg_id id)
{
    KG_REQUIRE(kg_slots_get(s, id) != NULL);
    s->slots[id.index].object = NULL;
    s->slots[id.index].next = s->free;
    s->free = id.index;
    s->n_used--;
}
