/* SPDX-License-Identifier: MIT */
/* The sink is closing: what is under way, waits, or was not yet told goes. */
#include "internal.h"

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
