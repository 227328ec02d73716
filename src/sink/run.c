/* SPDX-License-Identifier: MIT */
/* Runs, and what is asked for them.
 *
 *     asked --> its place among its run's items --> ready --> in a batch
 *           --> done --> told (from the loop), and gone
 *
 * An item leaves its run when it is done: then the next one's turn has come. */
#include "internal.h"

#include <stdio.h>

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

static const char nil_uuid[] = "00000000-0000-0000-0000-000000000000";

/* --- a run, shared by its items -------------------------------------------------- */

static struct kg_str or_nil(struct kg_str uuid)
{
    return uuid.len > 0 ? uuid : kg_str_from(nil_uuid);
}

static void copy_text(char **end, struct kg_str *text)
{
    if (text->len > 0) {
        memcpy(*end, text->ptr, text->len);
    }
    text->ptr = *end;
    *end += text->len;
}

/* One allocation for all of `info`'s texts. */
static char *copy_info(struct kg_run_info *info)
{
    struct kg_str *const texts[] = {&info->id.cluster, &info->id.job_uid,
                                    &info->id.pod_uid, &info->id.container,
                                    &info->ns,         &info->job,
                                    &info->pod,        &info->node,
                                    &info->task,       &info->profile};
    size_t len = 1;
    char *copy;
    char *end;

    info->id.job_uid = or_nil(info->id.job_uid);
    info->id.pod_uid = or_nil(info->id.pod_uid);
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        len += texts[i]->len;
    }
    copy = kg_alloc(len);
    end = copy;
    for (size_t i = 0; copy != NULL && i < KG_COUNT_OF(texts); i++) {
        copy_text(&end, texts[i]);
    }
    return copy;
}

static char *make_key(const struct kg_run_id *id)
{
    struct kg_str pod = or_nil(id->pod_uid);
    struct kg_str job = or_nil(id->job_uid);
    size_t room = id->cluster.len + job.len + pod.len + id->container.len + 32;
    char *key = kg_alloc(room);

    if (key != NULL) {
        (void)snprintf(key, room, "%.*s %.*s %.*s %.*s %010u",
                       KG_STR_ARG(id->cluster), KG_STR_ARG(job),
                       KG_STR_ARG(pod), KG_STR_ARG(id->container), id->restart);
    }
    return key;
}

static struct kg_run_ref *new_run(struct kg_sink *s, char *key,
                                  const struct kg_run_info *info)
{
    struct kg_run_ref *run = kg_calloc(1, sizeof(*run));

    if (run == NULL) {
        return NULL;
    }
    kg_queue_init(&run->items);
    run->info = *info;
    run->texts = copy_info(&run->info);
    run->key = key;
    if (run->texts == NULL ||
        kg_map_insert(&s->runs, &run->by_key, kg_str_from(key)) != KG_OK) {
        kg_free(run->texts);
        kg_free(run);
        return NULL;
    }
    return run;
}

/* Takes `key`, unless it fails. */
static struct kg_run_ref *get_run(struct kg_sink *s, char *key,
                                  const struct kg_run_info *info)
{
    struct kg_map_node *node = kg_map_find(&s->runs, kg_str_from(key));

    if (node == NULL) {
        return new_run(s, key, info);
    }
    struct kg_run_ref *run = KG_CONTAINER_OF(node, struct kg_run_ref, by_key);

    if (info->finished_at_us != KG_TIME_NONE) {
        run->info.finished_at_us = info->finished_at_us;
    }
    kg_free(key);
    return run;
}

static void free_run(struct kg_run_ref *run, struct kg_sink *s)
{
    kg_map_remove(&s->runs, &run->by_key);
    kg_free(run->key);
    kg_free(run->texts);
    kg_free(run);
}

/* --- items ---------------------------------------------------------------------------- */

enum kg_errc kg_item_init(struct kg_item *item, struct kg_sink *s,
                          enum kg_item_kind kind, const struct kg_run_info *run)
{
    char *key = make_key(&run->id);

    *item = (struct kg_item){.kind = kind};
    kg_queue_init(&item->node);
    kg_queue_init(&item->run_node);
    if (key == NULL) {
        return KG_ENOMEM;
    }
    item->run = get_run(s, key, run);
    if (item->run == NULL) {
        kg_free(key);
        return KG_ENOMEM;
    }
    kg_queue_insert_tail(&item->run->items, &item->run_node);
    return KG_OK;
}

void kg_item_finish(struct kg_item *item, struct kg_sink *s)
{
    struct kg_run_ref *run = item->run;

    kg_queue_remove(&item->node);
    kg_queue_remove(&item->run_node);
    item->run = NULL;
    if (run != NULL && kg_queue_empty(&run->items)) {
        free_run(run, s);
    }
}

void kg_item_ready(struct kg_item *item, struct kg_sink *s)
{
    kg_queue_remove(&item->node);
    kg_queue_insert_tail(&s->ready, &item->node);
    kg_sink_dispatch(s);
}

void kg_item_done(struct kg_item *item, struct kg_sink *s)
{
    kg_item_finish(item, s);
    kg_queue_insert_tail(&s->done, &item->node);
    kg_defer(s->loop, &s->tell);
    kg_sink_dispatch(s); /* The run's next item may go now. */
}

static struct kg_report *report_of(struct kg_item *item)
{
    return KG_CONTAINER_OF(item, struct kg_report, item);
}

static struct kg_settle_item *settle_of(struct kg_item *item)
{
    return KG_CONTAINER_OF(item, struct kg_settle_item, item);
}

static void tell_report(struct kg_report *r)
{
    kg_report_done_cb done_cb = r->done_cb;
    void *data = r->done_data;
    struct kg_report_result result = r->result;
    struct kg_error e = r->item.error;
    bool failed = r->item.failed;

    kg_report_free(r);
    done_cb(data, &result, failed ? &e : NULL); /* Last: may close. */
}

static void tell_run(struct kg_settle_item *q)
{
    struct kg_settle_item copy = *q;

    kg_free(q);
    copy.run_cb(copy.data, &copy.item.entry,
                copy.item.failed ? &copy.item.error : NULL); /* Last. */
}

void kg_item_tell(struct kg_item *item, struct kg_sink *s)
{
    (void)s;
    if (item->kind == KG_ITEM_REPORT) {
        tell_report(report_of(item)); /* Last. */
        return;
    }
    tell_run(settle_of(item)); /* Last. */
}

void kg_item_discard(struct kg_item *item, struct kg_sink *s)
{
    if (item->kind == KG_ITEM_REPORT) {
        kg_report_free(report_of(item));
        return;
    }
    kg_item_finish(item, s);
    kg_free(settle_of(item));
}

/* --- seen, settle ------------------------------------------------------------------------ */

static enum kg_errc ask_for_run(struct kg_sink *s, enum kg_item_kind kind,
                                const struct kg_run_info *run,
                                const struct kg_settlement *settlement,
                                struct kg_settle_item **ret_item)
{
    struct kg_str reason = settlement != NULL ? settlement->reason : KG_STR("");
    struct kg_settle_item *q = kg_alloc(sizeof(*q) + reason.len);
    enum kg_errc code;

    if (q == NULL) {
        return KG_ENOMEM;
    }
    code = kg_item_init(&q->item, s, kind, run);
    if (code != KG_OK) {
        kg_free(q);
        return code;
    }
    q->settlement = (struct kg_settlement){0};
    if (settlement != NULL) {
        q->settlement = *settlement;
        if (reason.len > 0) {
            memcpy(q->reason, reason.ptr, reason.len);
        }
        q->settlement.reason = kg_str_of(q->reason, reason.len);
    }
    *ret_item = q;
    return KG_OK;
}

enum kg_errc kg_sink_seen(struct kg_sink *s, const struct kg_run_info *run,
                          kg_sink_run_cb run_cb, void *data)
{
    struct kg_settle_item *q;
    enum kg_errc code = ask_for_run(s, KG_ITEM_SEEN, run, NULL, &q);

    if (code != KG_OK) {
        return code;
    }
    q->run_cb = run_cb;
    q->data = data;
    kg_item_ready(&q->item, s);
    return KG_OK;
}

enum kg_errc kg_sink_settle(struct kg_sink *s, const struct kg_run_info *run,
                            const struct kg_settlement *settlement,
                            kg_sink_run_cb run_cb, void *data)
{
    struct kg_settle_item *q;
    enum kg_errc code = ask_for_run(s, KG_ITEM_SETTLE, run, settlement, &q);

    KG_REQUIRE(settlement->outcome != KG_RUNNING);
    if (code != KG_OK) {
        return code;
    }
    q->run_cb = run_cb;
    q->data = data;
    kg_item_ready(&q->item, s);
    return KG_OK;
}
