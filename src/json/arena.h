/* Memory for a library that cannot bear a refusal.
 *
 * Room is made beforehand, which may fail; what the library then takes from it
 * cannot. Nothing is given back but all at once: for the life of one document. */
#ifndef KG_JSON_ARENA_H
#define KG_JSON_ARENA_H

#include "kubeglean/error.h"

struct kg_arena_chunk;

struct kg_arena {
    struct kg_arena_chunk *chunk; /* Private: the one in use. */
    size_t smallest;              /* Private: of the one that stays. */
};

/* `smallest` bytes are there at once, and after each reset. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_arena_init(struct kg_arena *a, size_t smallest);
void kg_arena_finish(struct kg_arena *a);
void kg_arena_reset(struct kg_arena *a);
/* Room for takes that sum up to `len`, their headers included. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_arena_reserve(struct kg_arena *a, size_t len);
/* As realloc; within the room that was made. */
void *kg_arena_resize(struct kg_arena *a, void *ptr, size_t len);

#endif /* KG_JSON_ARENA_H */
