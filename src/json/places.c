/* SPDX-License-Identifier: MIT */
#include "places.h"

#include "kubeglean/heap.h"

/* A node has one parent, so it is active once at most: there is room for all. */
enum kg_errc kg_places_init(struct kg_places *p, const struct kg_trie *trie)
{
    *p = (struct kg_places){.trie = trie};
    p->active = kg_calloc(trie->n_nodes, sizeof(*p->active));
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

static bool steps_to(const struct kg_step *step, const struct kg_level *level,
                     struct kg_str name)
{
    switch (step->kind) {
    case KG_STEP_NAME:
        return step->name.len == name.len && level->kind == KG_OBJECT &&
               memcmp(step->name.ptr, name.ptr, name.len) == 0;
    case KG_STEP_MEMBERS:
        return level->kind == KG_OBJECT;
    case KG_STEP_ELEMENTS:
        return level->kind == KG_ARRAY;
    default:
        return level->kind == KG_ARRAY && step->index == level->n_elements;
    }
}

static void step_into(struct kg_places *p, const struct kg_level *level,
                      struct kg_str name)
{
    const struct kg_trie_node *nodes = p->trie->nodes;
    size_t end = (size_t)level->first + level->n;

    p->first = end;
    p->n = 0;
    for (size_t i = level->first; i < end; i++) {
        uint16_t child = nodes[p->active[i]].child;

        for (; child != KG_NODE_NONE; child = nodes[child].next) {
            if (steps_to(&nodes[child].step, level, name)) {
                p->active[end + p->n++] = child;
            }
        }
    }
}

void kg_places_name(struct kg_places *p, struct kg_str name)
{
    if (p->n_dead > 0) {
        p->n = 0;
        return;
    }
    step_into(p, &p->levels[p->n_levels - 1], name);
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
        step_into(p, level, KG_STR(""));
        level->n_elements++;
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
