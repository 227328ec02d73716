/* SPDX-License-Identifier: MIT */
#include "seen.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { SMALLEST = 256 };

void kg_seen_init(struct kg_seen *s)
{
    *s = (struct kg_seen){.hashes = NULL};
}

void kg_seen_finish(struct kg_seen *s)
{
    kg_free(s->hashes);
}

void kg_seen_clear(struct kg_seen *s)
{
    kg_free(s->hashes);
    kg_seen_init(s);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

/* With its length before it, so that no two keys run together. */
static uint64_t mix_text(uint64_t hash, struct kg_str text)
{
    uint64_t word = 0;

    for (hash = mix(hash, text.len); text.len >= sizeof(word);
         text = kg_str_of(text.ptr + sizeof(word), text.len - sizeof(word))) {
        memcpy(&word, text.ptr, sizeof(word));
        hash = mix(hash, word);
    }
    if (text.len > 0) {
        word = 0;
        memcpy(&word, text.ptr, text.len);
        hash = mix(hash, word);
    }
    return hash;
}

static uint64_t hash_key(const struct kg_table_def *table,
                         const struct kg_row *row)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].key) {
            hash = mix_text(hash, row->values[i].text);
        }
    }
    return hash != 0 ? hash : 1;
}

/* Where the hash is, or the empty slot where it would be. */
static size_t find(const struct kg_seen *s, uint64_t hash)
{
    size_t i = hash & (s->n_slots - 1);

    while (s->hashes[i] != 0 && s->hashes[i] != hash) {
        i = (i + 1) & (s->n_slots - 1);
    }
    return i;
}

static bool grow(struct kg_seen *s)
{
    struct kg_seen larger = {.n_slots =
                                 s->n_slots > 0 ? s->n_slots * 2 : SMALLEST,
                             .n_used = s->n_used};

    larger.hashes = kg_calloc(larger.n_slots, sizeof(*larger.hashes));
    if (larger.hashes == NULL) {
        return false;
    }
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->hashes[i] != 0) {
            larger.hashes[find(&larger, s->hashes[i])] = s->hashes[i];
        }
    }
    kg_free(s->hashes);
    *s = larger;
    return true;
}

uint64_t kg_seen_look_for(const struct kg_seen *s,
                          const struct kg_table_def *table,
                          const struct kg_row *row)
{
    uint64_t hash = kg_table_has_key(table) ? hash_key(table, row) : 0;

    if (s->n_slots > 0) {
        __builtin_prefetch(&s->hashes[hash & (s->n_slots - 1)]);
    }
    return hash;
}

bool kg_seen_note(struct kg_seen *s, uint64_t hash)
{
    size_t at;

    if (hash == 0) {
        return false;
    }
    if (s->n_used >= s->n_slots / 4 * 3 && s->n_used < KG_LIMIT_SEEN &&
        !grow(s)) {
        return false;
    }
    at = find(s, hash);
    if (s->hashes[at] == hash) {
        return true;
    }
    if (s->n_used < KG_LIMIT_SEEN) {
        s->hashes[at] = hash;
        s->n_used++;
    }
    return false;
}
