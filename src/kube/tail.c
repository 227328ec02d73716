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

#include "digest.h"
#include "kubeglean/heap.h"

enum { FIRST_CAPACITY = 4096 };

void kg_tail_init(struct kg_tail *t)
{
    *t = (struct kg_tail){0};
    kg_digest_init(&t->read);
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
    kg_digest_add(&t->read, bytes);
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
    kg_digest_init(&t->read);
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

enum kg_errc kg_tail_scan_begin(struct kg_tail *t)
{
    kg_digest_init(&t->seen);
    t->prefix_fits = t->read.len == 0;
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

/* Whether the tail ends with `byte`. */
static bool match(struct kg_tail *t, char byte)
{
    while (t->matched > 0 && tail_byte(t, t->matched) != byte) {
        t->matched = t->fallbacks[t->matched - 1];
    }
    t->matched += tail_byte(t, t->matched) == byte;
    if (t->matched < KG_TAIL_LEN) {
        return false;
    }
    t->matched = t->fallbacks[KG_TAIL_LEN - 1];
    return true;
}

/* How much of `bytes` to see before something is looked at: where the prefix
 * ends, or the tail. */
static size_t next_stop(struct kg_tail *t, struct kg_str bytes, bool *ret_found)
{
    uint64_t left = t->read.len - t->seen.len; /* Huge when behind it. */
    size_t len = left > 0 && left < bytes.len ? (size_t)left : bytes.len;

    *ret_found = false;
    for (size_t i = 0; t->fallbacks != NULL && i < len; i++) {
        if (match(t, bytes.ptr[i])) {
            *ret_found = true;
            return i + 1;
        }
    }
    return len;
}

void kg_tail_scan(struct kg_tail *t, struct kg_str bytes)
{
    while (bytes.len > 0) {
        bool found;
        size_t len = next_stop(t, bytes, &found);

        kg_digest_add(&t->seen, kg_str_of(bytes.ptr, len));
        bytes = kg_str_of(bytes.ptr + len, bytes.len - len);
        if (t->seen.len == t->read.len) {
            t->prefix_fits = kg_digest_eq(&t->seen, &t->read);
        }
        if (found && t->n_found++ == 0) {
            t->found = t->seen;
        }
    }
}

bool kg_tail_scan_end(struct kg_tail *t, struct kg_digest *ret_place)
{
    kg_free(t->fallbacks);
    t->fallbacks = NULL;
    if (t->prefix_fits) {
        *ret_place = t->read;
        return true;
    }
    *ret_place = t->found;
    return t->n_found == 1;
}

/* --- skipping ----------------------------------------------------------------- */

void kg_tail_skip_begin(struct kg_tail *t)
{
    kg_digest_init(&t->seen);
}

struct kg_str kg_tail_skip(struct kg_tail *t, const struct kg_digest *place,
                           struct kg_str bytes, bool *ret_reached,
                           bool *ret_same)
{
    uint64_t left = place->len - t->seen.len;
    size_t len = left < bytes.len ? (size_t)left : bytes.len;

    kg_digest_add(&t->seen, kg_str_of(bytes.ptr, len));
    *ret_reached = t->seen.len == place->len;
    *ret_same = kg_digest_eq(&t->seen, place);
    return kg_str_of(bytes.ptr + len, bytes.len - len);
}

void kg_tail_move(struct kg_tail *t, const struct kg_digest *place)
{
    t->read = *place;
}
