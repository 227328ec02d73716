/* SPDX-License-Identifier: MIT */
/* Each block carries its length in front, so that bytes can be counted. The
 * memory itself comes from malloc: sanitizers and valgrind see every block. */
#include <dlfcn.h>
#include <execinfo.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "kt.h"
#include "kubeglean/heap.h"

struct header {
    alignas(max_align_t) size_t len;
};

static struct {
    size_t live, bytes, peak;
    size_t until_refused; /* SIZE_MAX: never. */
    bool sticky;
    size_t refused;
    const char *spared;
} heap;

/* Who called kg_alloc() or the like: the first caller outside of the program, if
 * it is behind no more of our functions than heap.c has. */
static bool is_spared(void)
{
    void *callers[6];
    int n =
        heap.spared != NULL ? backtrace(callers, (int)KG_COUNT_OF(callers)) : 0;

    for (int i = 0; i < n; i++) {
        Dl_info info;

        if (dladdr(callers[i], &info) != 0 && info.dli_fname != NULL &&
            strstr(info.dli_fname, heap.spared) != NULL) {
            return true;
        }
    }
    return false;
}

static bool refuse(void)
{
    if (heap.until_refused == SIZE_MAX || is_spared()) {
        return false;
    }
    if (heap.until_refused > 0) {
        heap.until_refused--;
        return false;
    }
    if (!heap.sticky) {
        heap.until_refused = SIZE_MAX;
    }
    heap.refused++;
    return true;
}

static void *resize(void *data, void *ptr, size_t len)
{
    struct header *old = ptr != NULL ? (struct header *)ptr - 1 : NULL;
    size_t old_len = old != NULL ? old->len : 0;
    struct header *h;

    (void)data;
    if (refuse()) {
        return NULL;
    }
    h = realloc(old, sizeof(*h) + len);
    if (h == NULL) {
        return NULL;
    }
    h->len = len;
    heap.live += old == NULL;
    heap.bytes += len - old_len;
    heap.peak = heap.bytes > heap.peak ? heap.bytes : heap.peak;
    return h + 1;
}

static void release(void *data, void *ptr)
{
    struct header *h = (struct header *)ptr - 1;

    (void)data;
    heap.live--;
    heap.bytes -= h->len;
    free(h);
}

static const struct kg_heap counting = {NULL, resize, release};

void kt_heap_setup(void)
{
    heap.live = 0;
    heap.bytes = 0;
    heap.peak = 0;
    kt_heap_fail_never();
    kg_heap_set(&counting);
}

void kt_heap_fail_at(size_t n, bool sticky)
{
    heap.until_refused = n;
    heap.sticky = sticky;
    heap.refused = 0;
}

void kt_heap_fail_never(void)
{
    heap.until_refused = SIZE_MAX;
    heap.sticky = false;
    heap.refused = 0;
}

void kt_heap_spare(const char *library)
{
    heap.spared = library;
}

size_t kt_heap_refused(void)
{
    return heap.refused;
}

size_t kt_heap_live(void)
{
    return heap.live;
}

size_t kt_heap_bytes(void)
{
    return heap.bytes;
}

size_t kt_heap_peak(void)
{
    return heap.peak;
}

void kt_heap_teardown(void)
{
    kt_heap_fail_never();
    assert_int_equal(heap.live, 0);
    kg_heap_set(NULL);
}

void kt_torture(void (*body)(void *data, bool may_fail), void *data)
{
    for (int sticky = 0; sticky <= 1; sticky++) {
        bool again = true;

        for (size_t n = 0; again; n++) {
            kt_heap_setup();
            kt_heap_fail_at(n, sticky == 1);
            body(data, true);
            again = kt_heap_refused() > 0;
            kt_heap_teardown();
        }
    }
    kt_heap_setup();
    body(data, false);
    kt_heap_teardown();
}
