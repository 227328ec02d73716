/* The one door to the allocator.
 *
 * All of our memory, and that of the libraries that accept an allocator
 * (libuv, libcurl, yajl), comes through here, so that one fault injector
 * covers them. Any call may fail; callers check every one. */
#ifndef KUBEGLEAN_HEAP_H
#define KUBEGLEAN_HEAP_H

#include "kubeglean/base.h"

/* Shaped as malloc, realloc, calloc and free, with the same meaning. */
struct kg_heap {
    void *data; /* Handed back to each function. */
    void *(*resize)(void *data, void *ptr, size_t len); /* ptr NULL: new. */
    void (*release)(void *data, void *ptr);
};

/* Takes effect for all threads; call it before anything is allocated. Borrows
 * `heap` until the next call. NULL: the C library's. */
void kg_heap_set(const struct kg_heap *heap);

/* kg_alloc(0) and kg_calloc of nothing return a pointer that can be freed. */
KG_MUST_USE void *kg_alloc(size_t len);
KG_MUST_USE void *kg_calloc(size_t n, size_t len); /* Zeroed, overflow safe. */
KG_MUST_USE void *kg_realloc(void *ptr, size_t len);
KG_MUST_USE char *kg_strdup(const char *text);
KG_MUST_USE char *kg_strndup(const char *text, size_t len); /* Adds a NUL. */
void kg_free(void *ptr); /* NULL is allowed. */

#endif /* KUBEGLEAN_HEAP_H */
