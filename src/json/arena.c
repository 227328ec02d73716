/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <string.h>

#include "kubeglean/heap.h"

enum { ALIGN = 16 };

struct kg_arena_chunk {
    struct kg_arena_chunk *older;
    size_t used, capacity;
    max_align_t bytes[];
};

/* Before each piece: its length, so that it can be moved. */
struct piece {
    size_t len;
    max_align_t bytes[];
};

static size_t rounded(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

static enum kg_errc add_chunk(struct kg_arena *a, size_t capacity)
{
    struct kg_arena_chunk *chunk = kg_alloc(sizeof(*chunk) + capacity);

    if (chunk == NULL) {
        return KG_ENOMEM;
    }
    *chunk = (struct kg_arena_chunk){.older = a->chunk, .capacity = capacity};
    a->chunk = chunk;
    return KG_OK;
}

enum kg_errc kg_arena_init(struct kg_arena *a, size_t smallest)
{
    *a = (struct kg_arena){.smallest = rounded(smallest)};
    return add_chunk(a, a->smallest);
}

static void drop_chunk(struct kg_arena *a)
{
    struct kg_arena_chunk *chunk = a->chunk;

    a->chunk = chunk->older;
    kg_free(chunk);
}

void kg_arena_finish(struct kg_arena *a)
{
    while (a->chunk != NULL) {
        drop_chunk(a);
    }
}

void kg_arena_reset(struct kg_arena *a)
{
    while (a->chunk->older != NULL) {
        drop_chunk(a);
    }
    a->chunk->used = 0;
}

enum kg_errc kg_arena_reserve(struct kg_arena *a, size_t len)
{
    if (a->chunk->capacity - a->chunk->used >= len) {
        return KG_OK;
    }
    return add_chunk(a, rounded(len));
}

void *kg_arena_resize(struct kg_arena *a, void *ptr, size_t len)
{
    struct kg_arena_chunk *chunk = a->chunk;
    size_t need = sizeof(struct piece) + rounded(len);
    struct piece *piece =
        (struct piece *)(void *)((char *)chunk->bytes + chunk->used);

    KG_REQUIRE(chunk->capacity - chunk->used >= need);
    chunk->used += need;
    piece->len = len;
    if (ptr != NULL) {
        const struct piece *old = KG_CONTAINER_OF(ptr, struct piece, bytes);

        memcpy(piece->bytes, ptr, old->len < len ? old->len : len);
    }
    return piece->bytes;
}
