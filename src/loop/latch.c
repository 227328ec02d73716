/* SPDX-License-Identifier: MIT */
#include "kubeglean/latch.h"

static void on_deferred(struct kg_deferred *d)
{
    struct kg_latch *l = KG_CONTAINER_OF(d, struct kg_latch, deferred);

    if (l->n_holds == 0) {
        l->cb(l); /* Last: the object may be gone. */
    }
}

void kg_latch_init(struct kg_latch *l, struct kg_loop *loop)
{
    l->loop = loop;
    l->n_holds = 0;
    l->cb = NULL;
    kg_deferred_init(&l->deferred, on_deferred);
}

void kg_latch_hold(struct kg_latch *l)
{
    l->n_holds++;
}

void kg_latch_release(struct kg_latch *l)
{
    KG_REQUIRE(l->n_holds > 0);
    l->n_holds--;
    if (l->n_holds == 0 && l->cb != NULL) {
        kg_defer(l->loop, &l->deferred);
    }
}

void kg_latch_close(struct kg_latch *l, kg_latch_cb cb)
{
    KG_REQUIRE(l->cb == NULL);
    l->cb = cb;
    if (l->n_holds == 0) {
        kg_defer(l->loop, &l->deferred);
    }
}

bool kg_latch_closing(const struct kg_latch *l)
{
    return l->cb != NULL;
}

static void on_handle_closed(uv_handle_t *handle)
{
    kg_latch_release(handle->data); /* Last: the latch's owner may go. */
}

void kg_latch_close_handle(struct kg_latch *l, uv_handle_t *handle)
{
    kg_latch_hold(l);
    handle->data = l;
    uv_close(handle, on_handle_closed);
}
