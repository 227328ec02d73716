/* SPDX-License-Identifier: MIT */
#include "kubeglean/heap.h"

#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *data, void *ptr, size_t len)
{
    (void)data;
    return realloc(ptr, len); /* The door itself. */
}

static void libc_release(void *data, void *ptr)
{
    (void)data;
    free(ptr); /* The door itself. */
}

static const struct kg_heap libc_heap = {NULL, libc_resize, libc_release};

/* libuv's and libcurl's allocators carry no pointer of ours, so that the heap
 * can only be one for the whole process. */
static const struct kg_heap *heap = &libc_heap;

void kg_heap_set(const struct kg_heap *new_heap)
{
    heap = new_heap != NULL ? new_heap : &libc_heap;
}

void *kg_alloc(size_t len)
{
    return heap->resize(heap->data, NULL, len > 0 ? len : 1);
}

void *kg_calloc(size_t n, size_t len)
{
    size_t total;
    void *ptr;

    if (__builtin_mul_overflow(n, len, &total)) {
        return NULL;
    }
    ptr = kg_alloc(total);
    if (ptr != NULL) {
        memset(ptr, 0, total);
    }
    return ptr;
}

void *kg_realloc(void *ptr, size_t len)
{
    return heap->resize(heap->data, ptr, len > 0 ? len : 1);
}

char *kg_strndup(const char *text, size_t len)
{
    char *copy = kg_alloc(len + 1);

    if (copy != NULL) {
        if (len > 0) {
            memcpy(copy, text, len);
        }
        copy[len] = '\0';
    }
    return copy;
}

char *kg_strdup(const char *text)
{
    return kg_strndup(text, strlen(text));
}

void kg_free(void *ptr)
{
    if (ptr != NULL) {
        heap->release(heap->data, ptr);
    }
}
