/* SPDX-License-Identifier: MIT */
/* One timer for all times that can run out. It is never moved back: when it
 * fires too early it is armed again, so that bytes that arrive cost nothing
 * here. */
#include "client.h"

enum { SWEEP_MIN_MS = 20 };

static uint64_t due_of(const struct kg_transfer *t)
{
    uint64_t due_ms = t->due_ms != 0 ? t->due_ms : UINT64_MAX;

    if (t->idle_ms != 0 && t->flow == KG_FLOWING &&
        t->last_ms + t->idle_ms < due_ms) {
        due_ms = t->last_ms + t->idle_ms;
    }
    return due_ms;
}

static void on_sweep(uv_timer_t *timer);

void kg_http_arm_at(struct kg_http *http, uint64_t due_ms)
{
    uint64_t now_ms = kg_loop_now_ms(http->loop);
    uint64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;

    if (due_ms == UINT64_MAX ||
        (uv_is_active((uv_handle_t *)&http->sweep) != 0 &&
         http->sweep_ms <= due_ms)) {
        return;
    }
    http->sweep_ms = due_ms;
    wait_ms = wait_ms > SWEEP_MIN_MS ? wait_ms : SWEEP_MIN_MS;
    (void)uv_timer_start(&http->sweep, on_sweep, wait_ms, 0);
}

void kg_http_arm_sweep(struct kg_http *http, const struct kg_transfer *t)
{
    kg_http_arm_at(http, due_of(t));
}

static void time_out(struct kg_transfer *t, uint64_t now_ms)
{
    struct kg_error e;

    if (t->due_ms != 0 && t->due_ms <= now_ms) {
        (void)kg_error_set(&e, KG_ETIMEOUT, 0, "%s: not done in time", t->what);
    } else {
        (void)kg_error_set(&e, KG_ETIMEOUT, 0,
                           "%s: no byte came for %u seconds", t->what,
                           (t->idle_ms + 999) / 1000);
    }
    if (t->lane != NULL && !t->stream) {
        kg_http_retire(t->http, t->lane); /* Its connection may be dead. */
    }
    kg_http_fail(t, &e); /* Last. */
}

static void take_overdue(struct kg_queue *list, uint64_t now_ms,
                         struct kg_queue *overdue)
{
    struct kg_queue *node = list->next;

    while (node != list) {
        struct kg_transfer *t = kg_transfer_of(node);

        node = node->next;
        if (due_of(t) <= now_ms) {
            kg_transfer_move(t, overdue);
        }
    }
}

static uint64_t first_due(const struct kg_queue *list, uint64_t due_ms)
{
    struct kg_queue *node;

    kg_queue_foreach (node, list) {
        uint64_t its_ms = due_of(kg_transfer_of(node));

        due_ms = its_ms < due_ms ? its_ms : due_ms;
    }
    return due_ms;
}

static void on_sweep(uv_timer_t *timer)
{
    struct kg_http *http = KG_CONTAINER_OF(timer, struct kg_http, sweep);
    uint64_t now_ms = kg_loop_now_ms(http->loop);
    struct kg_queue *node;

    if (!kg_queue_empty(&http->starting)) {
        kg_defer(http->loop, &http->work);
    }
    take_overdue(&http->starting, now_ms, &http->batch);
    take_overdue(&http->active, now_ms, &http->batch);
    kg_http_arm_at(
        http, first_due(&http->active, first_due(&http->starting, UINT64_MAX)));
    while ((node = kg_queue_head(&http->batch)) != NULL) {
        time_out(kg_transfer_of(node), now_ms);
    }
}
