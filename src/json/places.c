/* SPDX-License-Identifier: MIT */
#include "places.h"

#include "bytes.h"
#include "kubeglean/heap.h"

/* A node has one parent, so it is active once at most: there is room for all, and
 * for what is written behind them and is none. */
enum kg_errc kg_places_init(struct kg_places *p, const struct kg_trie *trie)
{
    *p = (struct kg_places){.trie = trie};
    p->active = kg_calloc(trie->n_nodes + 1, sizeof(*p->active));
    return p->active != NULL ? KG_OK : KG_ENOMEM;
}

void kg_places_finish(struct kg_places *p)
{
    kg_free(p->active);
}

void kg_places_begin(struct kg_places *p)
{
    p->n_levels = 0;
    p->n_dead = 0;
    p->n = 0;
}

static inline bool is_named(const struct kg_trie_node *node, struct kg_str name)
{
    return node->step.name.len == name.len &&
           kg_bytes_equal(node->step.name.ptr, name.ptr, name.len);
}

static inline bool fits_index(const struct kg_trie_node *node, uint64_t index)
{
    return node->step.kind == KG_STEP_ELEMENTS ||
           (node->step.kind == KG_STEP_INDEX && node->step.index == index);
}

/* The first member's place comes behind those of the level. */
static inline uint16_t *begin_next(struct kg_places *p,
                                   const struct kg_level *level)
{
    p->first = (size_t)level->first + level->n;
    return &p->active[p->first];
}

static inline void end_next(struct kg_places *p, const uint16_t *next)
{
    p->n = (size_t)(next - &p->active[p->first]);
}

static inline uint16_t child_named(const struct kg_trie_node *nodes,
                                   const struct kg_trie_node *parent,
                                   struct kg_str name)
{
    uint16_t c = parent->named[kg_name_sort(name)];

    while (c != KG_NODE_NONE && !is_named(&nodes[c], name)) {
        c = nodes[c].alike;
    }
    return c;
}

void kg_places_name(struct kg_places *p, struct kg_str name)
{
    const struct kg_trie_node *nodes = p->trie->nodes;
    const struct kg_level *level = &p->levels[p->n_levels - 1];
    uint16_t *next;

    if (p->n_dead > 0) {
        p->n = 0;
        return;
    }
    next = begin_next(p, level);
    for (const uint16_t *at = next - level->n; at < &p->active[p->first];
         at++) {
        *next = child_named(nodes, &nodes[*at], name);
        next += *next != KG_NODE_NONE;
        if (nodes[*at].members != KG_NODE_NONE) {
            *next++ = nodes[*at].members;
        }
    }
    end_next(p, next);
}

static void step_to_element(struct kg_places *p, struct kg_level *level)
{
    const struct kg_trie_node *nodes = p->trie->nodes;
    uint16_t *next = begin_next(p, level);
    uint64_t index = level->n_elements++;
    const uint16_t *at;

    for (at = next - level->n; at < &p->active[p->first]; at++) {
        for (uint16_t c = nodes[*at].child; c != KG_NODE_NONE;
             c = nodes[c].next) {
            if (fits_index(&nodes[c], index)) {
                *next++ = c;
            }
        }
    }
    end_next(p, next);
}

void kg_places_value(struct kg_places *p)
{
    struct kg_level *level;

    if (p->n_dead > 0) {
        p->n = 0;
        return;
    }
    if (p->n_levels == 0) {
        p->active[0] = 0;
        p->first = 0;
        p->n = 1;
        return;
    }
    level = &p->levels[p->n_levels - 1];
    if (level->kind == KG_ARRAY) {
        step_to_element(p, level);
    }
}

void kg_places_open(struct kg_places *p, enum kg_kind kind)
{
    if (p->n == 0) {
        p->n_dead++;
        return;
    }
    p->levels[p->n_levels++] = (struct kg_level){
        .first = (uint16_t)p->first, .n = (uint16_t)p->n, .kind = kind};
}

void kg_places_close(struct kg_places *p)
{
    const struct kg_level *level;

    p->n = 0;
    if (p->n_dead > 0) {
        p->n_dead--;
        return;
    }
    level = &p->levels[--p->n_levels];
    p->first = level->first;
    p->n = level->n;
}
