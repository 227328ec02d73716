/* SPDX-License-Identifier: MIT */
/* Two proofs that a place in a file is where we were:
 *
 * - the file begins with all we read: same length, same hash;
 * - it was rotated since, and the last 64 KiB we read are in it, once. Fewer
 *   would prove little; and if all we read is less, only a file that was not
 *   rotated can hold it, which is the first proof.
 *
 * The second looks for a text of 64 KiB in a stream of any length: Knuth, Morris
 * and Pratt, so that no text makes it slow. */
#include "tail.h"

#include "kubeglean/heap.h"

enum { FIRST_CAPACITY = 4096 };

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_on(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
    }
    return hash;
}

void kg_tail_init(struct kg_tail *t)
{
    *t = (struct kg_tail){.hash = FNV_BASIS};
}

void kg_tail_finish(struct kg_tail *t)
{
    kg_free(t->ring);
    kg_free(t->fallbacks);
    kg_tail_init(t);
}

/* --- reading ------------------------------------------------------------------ */

/* The ring grows before it would go round, until it is as large as it gets. */
static bool make_room(struct kg_tail *t, size_t len)
{
    size_t capacity = t->capacity > 0 ? t->capacity : (size_t)FIRST_CAPACITY;
    char *ring;

    while (capacity < KG_TAIL_LEN && capacity - t->filled < len) {
        capacity *= 2;
    }
    if (capacity == t->capacity) {
        return true;
    }
    ring = kg_realloc(t->ring, capacity);
    if (ring == NULL) {
        return false;
    }
    t->ring = ring;
    t->capacity = capacity;
    t->at = t->filled;
    return true;
}

static void put(struct kg_tail *t, struct kg_str bytes)
{
    size_t first;

    if (bytes.len > t->capacity) {
        bytes.ptr += bytes.len - t->capacity;
        bytes.len = t->capacity;
    }
    first = t->capacity - t->at < bytes.len ? t->capacity - t->at : bytes.len;
    memcpy(t->ring + t->at, bytes.ptr, first);
    memcpy(t->ring, bytes.ptr + first, bytes.len - first);
    t->at = (t->at + bytes.len) % t->capacity;
    t->filled += bytes.len;
    t->filled = t->filled < t->capacity ? t->filled : t->capacity;
}

enum kg_errc kg_tail_add(struct kg_tail *t, struct kg_str bytes)
{
    t->hash = hash_on(t->hash, bytes.ptr, bytes.len);
    t->len += bytes.len;
    if (t->capacity < KG_TAIL_LEN && !make_room(t, bytes.len)) {
        kg_free(t->ring); /* No second proof, then. */
        t->ring = NULL;
        t->capacity = 0;
        t->filled = 0;
        t->at = 0;
        return KG_ENOMEM;
    }
    put(t, bytes);
    return KG_OK;
}

void kg_tail_restart(struct kg_tail *t)
{
    t->len = 0;
    t->hash = FNV_BASIS;
    t->filled = 0;
    t->at = 0;
}

/* --- scanning ----------------------------------------------------------------- */

/* Whether the last 64 KiB are all there. */
static bool has_tail(const struct kg_tail *t)
{
    return t->filled == KG_TAIL_LEN;
}

static char tail_byte(const struct kg_tail *t, size_t i)
{
    return t->ring[(t->at + i) % KG_TAIL_LEN];
}

static void prepare_fallbacks(struct kg_tail *t)
{
    size_t k = 0;

    t->fallbacks[0] = 0;
    for (size_t i = 1; i < KG_TAIL_LEN; i++) {
        while (k > 0 && tail_byte(t, i) != tail_byte(t, k)) {
            k = t->fallbacks[k - 1];
        }
        k += tail_byte(t, i) == tail_byte(t, k);
        t->fallbacks[i] = (uint32_t)k;
    }
}

static void see(struct kg_tail *t)
{
    t->seen = 0;
    t->seen_hash = FNV_BASIS;
}

enum kg_errc kg_tail_scan_begin(struct kg_tail *t)
{
    see(t);
    t->prefix_fits = t->len == 0;
    t->matched = 0;
    t->n_found = 0;
    if (has_tail(t)) {
        if (t->fallbacks == NULL) {
            t->fallbacks = kg_alloc(KG_TAIL_LEN * sizeof(*t->fallbacks));
        }
        if (t->fallbacks == NULL) {
            return KG_ENOMEM;
        }
        prepare_fallbacks(t);
    }
    return KG_OK;
}

static void match(struct kg_tail *t, char byte)
{
    while (t->matched > 0 && tail_byte(t, t->matched) != byte) {
        t->matched = t->fallbacks[t->matched - 1];
    }
    t->matched += tail_byte(t, t->matched) == byte;
    if (t->matched < KG_TAIL_LEN) {
        return;
    }
    t->matched = t->fallbacks[KG_TAIL_LEN - 1];
    if (t->n_found++ == 0) {
        t->found_at = t->seen;
        t->found_hash = t->seen_hash;
    }
}

void kg_tail_scan(struct kg_tail *t, struct kg_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        t->seen_hash = hash_on(t->seen_hash, bytes.ptr + i, 1);
        t->seen++;
        if (t->seen == t->len) {
            t->prefix_fits = t->seen_hash == t->hash;
        }
        if (t->fallbacks != NULL) {
            match(t, bytes.ptr[i]);
        }
    }
}

bool kg_tail_scan_end(struct kg_tail *t, struct kg_tail_place *ret_place)
{
    kg_free(t->fallbacks);
    t->fallbacks = NULL;
    if (t->prefix_fits) {
        *ret_place = (struct kg_tail_place){t->len, t->hash};
        return true;
    }
    *ret_place = (struct kg_tail_place){t->found_at, t->found_hash};
    return t->n_found == 1;
}

/* --- skipping ----------------------------------------------------------------- */

void kg_tail_skip_begin(struct kg_tail *t)
{
    see(t);
}

struct kg_str kg_tail_skip(struct kg_tail *t, const struct kg_tail_place *place,
                           struct kg_str bytes, bool *ret_reached,
                           bool *ret_same)
{
    uint64_t left = place->len - t->seen;
    size_t len = left < bytes.len ? (size_t)left : bytes.len;

    t->seen_hash = hash_on(t->seen_hash, bytes.ptr, len);
    t->seen += len;
    *ret_reached = t->seen == place->len;
    *ret_same = t->seen_hash == place->hash;
    return kg_str_of(bytes.ptr + len, bytes.len - len);
}

void kg_tail_move(struct kg_tail *t, const struct kg_tail_place *place)
{
    t->len = place->len;
    t->hash = place->hash;
}
