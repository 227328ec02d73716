/* Where in a profile's automaton a reader of tokens stands.
 *
 * A stack of levels, one for each container that a path leads into, holds the
 * places the container has in the trie: more than one where a name and a
 * wildcard both fit. Containers that no path leads into are only counted. */
#ifndef KG_JSON_PLACES_H
#define KG_JSON_PLACES_H

#include "profile_def.h"

struct kg_level {
    uint16_t first, n; /* Its places: in `active`. */
    enum kg_kind kind;
    uint64_t n_elements;
};

struct kg_places {
    const struct kg_trie *trie; /* Private. */
    uint16_t *active;           /* Read-only: of all levels, */
    size_t first, n;            /* Read-only: and these of the next value. */
    uint64_t n_dead;            /* Read-only: open, and nobody's place. */
    size_t n_levels;            /* Private. */
    struct kg_level levels[KG_PATH_MAX + 2]; /* Private. */
};

/* KG_ENOMEM: nothing is due. */
KG_MUST_USE enum kg_errc kg_places_init(struct kg_places *p,
                                        const struct kg_trie *trie);
void kg_places_finish(struct kg_places *p);
void kg_places_begin(struct kg_places *p);
/* A member's name was read; its value has p->n places. */
void kg_places_name(struct kg_places *p, struct kg_str name);
/* A value begins that is no member of an object, or any at all: sets p->n. */
void kg_places_value(struct kg_places *p);
/* The value is a container. */
void kg_places_open(struct kg_places *p, enum kg_kind kind);
/* Its places, or none when it had none, are those of p->n again. */
void kg_places_close(struct kg_places *p);

/* The i-th place of the next value. */
static inline const struct kg_trie_node *kg_places_node(
    const struct kg_places *p, size_t i)
{
    return &p->trie->nodes[p->active[p->first + i]];
}

#endif /* KG_JSON_PLACES_H */
