/* SPDX-License-Identifier: MIT */
/* The sink is closing: what is under way, waits, or was not yet told goes. */
#include "internal.h"

#include "kubeglean/limits.h"

/* --- connections: some have a transaction to end --------------------------------- */

static void on_pg_closed(struct kg_pg *pg)
{
    struct kg_worker *w = KG_CONTAINER_OF(pg, struct kg_worker, pg);

    kg_latch_release(&w->sink->latch); /* Last. */
}

static void close_worker(struct kg_worker *w)
{
    kg_pg_close(&w->pg, on_pg_closed);
    kg_latch_close_handle(&w->sink->latch, (uv_handle_t *)&w->timer);
}

static void on_last_round(struct kg_pg *pg, const struct kg_error *e)
{
    (void)e; /* It was tried. */
    close_worker(KG_CONTAINER_OF(pg, struct kg_worker, pg));
}

static void on_last_connected(struct kg_pg *pg, const struct kg_error *e)
{
    if (e != NULL) {
        on_last_round(pg, e);
        return;
    }
    kg_pg_end_xact(pg, on_last_round);
}

static void on_leave_timer(uv_timer_t *timer)
{
    close_worker(KG_CONTAINER_OF(timer, struct kg_worker, timer));
}

void kg_worker_leave(struct kg_worker *w)
{
    kg_latch_hold(&w->sink->latch);
    kg_pg_drop(&w->pg);
    if (!kg_pg_has_xact(&w->pg)) {
        close_worker(w);
        return;
    }
    (void)uv_timer_start(&w->timer, on_leave_timer, KG_LIMIT_LEAVE_MS, 0);
    kg_pg_connect(&w->pg, on_last_connected);
}

/* --- what was asked for ------------------------------------------------------------ */

static void discard_items(struct kg_queue *items, struct kg_sink *s)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(items)) != NULL) {
        kg_queue_remove(node);
        kg_item_discard(KG_CONTAINER_OF(node, struct kg_item, node), s);
    }
}

static void discard_runs(struct kg_sink *s)
{
    struct kg_map_node *node;

    while ((node = kg_map_next(&s->runs, NULL)) != NULL) {
        struct kg_run_ref *run =
            KG_CONTAINER_OF(node, struct kg_run_ref, by_key);

        kg_item_discard(KG_CONTAINER_OF(kg_queue_head(&run->items),
                                        struct kg_item, run_node),
                        s);
    }
}

static void discard_jobs(struct kg_sink *s)
{
    struct kg_queue *node;

    for (unsigned i = 0; i < s->n_workers; i++) {
        struct kg_job *job = s->workers[i].job;

        if (job != NULL && job->ops->discard != NULL) {
            job->ops->discard(job);
        }
    }
    while ((node = kg_queue_head(&s->jobs)) != NULL) {
        struct kg_job *job = KG_CONTAINER_OF(node, struct kg_job, node);

        kg_queue_remove(node);
        if (job->ops->discard != NULL) {
            job->ops->discard(job);
        }
    }
}

void kg_sink_discard(struct kg_sink *s)
{
    struct kg_queue *node;

    kg_schema_abandon(&s->schema);
    discard_jobs(s);
    discard_items(&s->done, s);
    discard_runs(s);
    while ((node = kg_queue_head(&s->reports)) != NULL) {
        kg_report_free(KG_CONTAINER_OF(node, struct kg_report, node));
    }
    while ((node = kg_queue_head(&s->targets)) != NULL) {
        kg_target_free(KG_CONTAINER_OF(node, struct kg_target, node));
    }
}
