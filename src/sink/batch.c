/* SPDX-License-Identifier: MIT */
/* The happy path of a batch is three rounds:
 * - claim: BEGIN; each run has a row in the ledger, and it is ours to change;
 *   what is settled or stored already drops out here;
 * - store: one statement for each table, its rows sorted as one set (or merged
 *   from staging);
 * - ledger: rejects, counts and last words; COMMIT.
 *
 * Possible failure modes are:
 * - a row is bad: what was gathered is tried report by report; a report that
 *   fails alone is tried by halves within savepoints, see bisect.c;
 * - deadlock, lock timeout, server in trouble: rolled back, tried again later,
 *   alone;
 * - the connection is lost, perhaps after COMMIT was sent: all of it goes back
 *   to the queue, and the claim of the next try says what was stored;
 * - a table or a right is gone: all are looked at anew. */
#include "internal.h"

#include <stdlib.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { BATCH_ITEMS_MAX = 500, LOOKS_MAX = 3 };

/* --- gathering -------------------------------------------------------------------- */

static struct kg_report *report_of(struct kg_item *item)
{
    return item->kind == KG_ITEM_REPORT
               ? KG_CONTAINER_OF(item, struct kg_report, item)
               : NULL;
}

static bool turn_has_come(const struct kg_batch *b, const struct kg_item *item)
{
    const struct kg_queue *before = item->run_node.prev;

    return before == &item->run->items ||
           KG_CONTAINER_OF(before, struct kg_item, run_node)->taken == b;
}

/* Is its table ready for it? A report whose table is refused ends here. */
static bool table_fits(struct kg_report *r)
{
    switch (r->target->sm.state) {
    case KG_TARGET_FITS:
        return true;
    case KG_TARGET_REFUSED:
        r->item.failed = true;
        r->item.error = r->target->error;
        kg_item_done(&r->item, r->sink);
        return false;
    default:
        kg_target_check(r->target);
        return false;
    }
}

static bool wants_to_be_alone(struct kg_item *item)
{
    struct kg_report *r = report_of(item);

    return item->care != KG_CARE_GATHERED ||
           (r != NULL && (kg_report_is_staged(r) ||
                          r->target->def->mode == KG_MODE_REPLACE));
}

static void take(struct kg_batch *b, struct kg_item *item)
{
    kg_queue_remove(&item->node);
    kg_queue_insert_tail(&b->items, &item->node);
    item->taken = b;
    b->n_items++;
    b->care = item->care;
}

bool kg_batch_gather(struct kg_batch *b)
{
    struct kg_sink *s = b->job.sink;
    uint64_t now_ms = kg_loop_now_ms(s->loop);
    size_t n_rows = 0;
    size_t n_bytes = 0;
    struct kg_queue *next;

    for (struct kg_queue *node = s->ready.next; node != &s->ready;
         node = next) {
        struct kg_item *item = KG_CONTAINER_OF(node, struct kg_item, node);
        struct kg_report *r = report_of(item);

        next = node->next;
        if (item->due_ms > now_ms || !turn_has_come(b, item) ||
            (r != NULL && !table_fits(r))) {
            continue;
        }
        if (r != NULL) {
            n_rows += r->rows.n;
            n_bytes += r->rows.len;
        }
        if (b->n_items > 0 &&
            (wants_to_be_alone(item) || n_rows > KG_LIMIT_GATHER_ROWS ||
             n_bytes > KG_LIMIT_GATHER_BYTES ||
             b->n_items == BATCH_ITEMS_MAX)) {
            break;
        }
        take(b, item);
        if (wants_to_be_alone(item)) {
            break;
        }
    }
    return b->n_items > 0;
}

/* --- the ends ---------------------------------------------------------------------- */

static void clean_up(struct kg_batch *b)
{
    for (size_t i = 0; i < b->n_runs; i++) {
        b->runs[i].run->in_batch = NULL;
    }
    kg_free(b->runs);
    kg_free(b->reports);
    kg_row_set_finish(&b->set);
    kg_row_set_init(&b->set, NULL);
    b->runs = NULL;
    b->reports = NULL;
    b->n_runs = 0;
    b->n_reports = 0;
    b->n_asked = 0;
    b->n_ranges = 0;
    b->n_items = 0;
    b->storing = false;
    b->hopes = false;
}

/* To the front of the queue, in their order, none before `due_ms`. */
static void give_back(struct kg_batch *b, enum kg_care care, uint64_t due_ms)
{
    struct kg_sink *s = b->job.sink;
    struct kg_queue *node;

    kg_queue_foreach (node, &b->items) {
        struct kg_item *item = KG_CONTAINER_OF(node, struct kg_item, node);

        item->taken = NULL;
        item->care = care;
        item->due_ms = due_ms;
    }
    clean_up(b);
    kg_queue_move(&s->ready, &b->items);
    kg_queue_move(&b->items, &s->ready);
    kg_sink_dispatch(s);
}

static void end_items(struct kg_batch *b, const struct kg_error *e)
{
    struct kg_queue *node;

    clean_up(b);
    while ((node = kg_queue_head(&b->items)) != NULL) {
        struct kg_item *item = KG_CONTAINER_OF(node, struct kg_item, node);

        item->taken = NULL;
        if (e != NULL) {
            item->failed = true;
            item->error = *e;
            item->entry = (struct kg_ledger_entry){0};
        }
        kg_item_done(item, b->job.sink);
    }
}

/* A conflict without the server's number: staged rows are gone for good. */
static bool is_ours(const struct kg_error *e)
{
    return e->code == KG_ECONFLICT && e->native == 0;
}

static bool wants_new_look(const struct kg_error *e)
{
    return e->code == KG_ESCHEMA || e->code == KG_EFORBIDDEN;
}

/* The fast way failed because somebody else wrote the same rows, or at COMMIT,
 * where a deferred constraint does not say whose row it is. */
static bool wants_care(const struct kg_batch *b, const struct kg_error *e)
{
    if (b->care != KG_CARE_GATHERED) {
        return false;
    }
    return b->storing ? e->native == KG_SQLSTATE("23505") ||
                            e->native == KG_SQLSTATE("40001")
                      : kg_sqlstate_is_data(e->native);
}

/* Rows that were hoped to be new are not. */
static bool was_in_vain(const struct kg_batch *b, const struct kg_error *e)
{
    return b->storing && b->hopes && e->native == KG_SQLSTATE("23505");
}

static void hope_no_more(struct kg_batch *b)
{
    for (size_t i = 0; i < b->n_reports; i++) {
        kg_target_note(b->reports[i]->target, 0, 1);
    }
    give_back(b, b->care, 0);
}

/* Nothing of the batch is stored: what now? */
static void decide(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_sink *s = b->job.sink;
    struct kg_error e = b->error;
    struct kg_item *first =
        KG_CONTAINER_OF(kg_queue_head(&b->items), struct kg_item, node);
    bool alone = b->n_items == 1;

    if (pg->sm.state == KG_PG_DOWN) {
        give_back(b, b->care, 0);
    } else if (was_in_vain(b, &e)) {
        hope_no_more(b);
    } else if (!alone || wants_care(b, &e)) {
        give_back(b, KG_CARE_ALONE, 0);
    } else if (wants_new_look(&e) && first->tries < LOOKS_MAX) {
        kg_sink_doubt(s);
        give_back(b, b->care, kg_sink_later(s, first->tries++));
    } else if (kg_sqlstate_is_data(e.native) && b->storing &&
               b->care != KG_CARE_BISECTED) {
        give_back(b, KG_CARE_BISECTED, 0);
    } else if (kg_job_may_retry(&e) && !is_ours(&e)) {
        give_back(b, b->care, kg_sink_later(s, first->tries++));
    } else {
        end_items(b, &e);
    }
    kg_job_done(pg, &e); /* Last. */
}

static void on_rolled_back(struct kg_pg *pg, const struct kg_error *e)
{
    (void)e; /* Lost on the way: rolled back as well. */
    decide(KG_CONTAINER_OF(pg->data, struct kg_batch, job), pg); /* Last. */
}

void kg_batch_failed(struct kg_batch *b, struct kg_pg *pg,
                     const struct kg_error *e)
{
    b->error = *e;
    if (pg->sm.state == KG_PG_DOWN) {
        decide(b, pg); /* Last. */
        return;
    }
    kg_pg_add(pg, "ROLLBACK", NULL);
    kg_pg_go(pg, on_rolled_back);
}

/* --- third round: the ledger --------------------------------------------------------- */

static bool is_first(const struct kg_batch_run *run)
{
    return run->n_before == 0 && run->last == NULL;
}

static void add_result(struct kg_batch_run *run, struct kg_report *r)
{
    struct kg_report_result *result = &r->result;
    uint64_t n_stored =
        result->n_inserted + result->n_updated + result->n_unchanged;
    bool superseded = r->rows.blank ? kg_buf_len(&r->scopes.text) == 0
                                    : n_stored == 0 && result->n_refused > 0;

    result->outcome = superseded ? KG_SUPERSEDED : KG_COMPLETE;
    run->all_superseded = superseded && (run->all_superseded || is_first(run));
    run->n_rows += n_stored;
    run->n_rejected += result->n_rejected;
    run->n_duplicates += result->n_duplicates;
    run->last = r;
}

/* Each run's sums, in the order in which things were asked for it. */
static void sum_up(struct kg_batch *b)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &b->items) {
        struct kg_item *item = KG_CONTAINER_OF(node, struct kg_item, node);
        struct kg_batch_run *run = item->run->in_batch;
        struct kg_report *r = report_of(item);

        if (r != NULL && !r->result.replayed) {
            add_result(run, r);
        }
        if (run->settle != NULL && run->settle->outcome == KG_COMPLETE &&
            run->all_superseded) {
            run->entry.outcome = KG_SUPERSEDED;
        }
        item->entry = run->entry;
    }
}

static void on_committed(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = KG_CONTAINER_OF(pg->data, struct kg_batch, job);
    struct kg_error undone;

    if (e != NULL) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    if (strcmp(kg_pg_tag(pg, b->n_statements - 1), "COMMIT") != 0) {
        (void)kg_error_set(&undone, KG_ESERVER, 0,
                           "COMMIT was answered by a rollback");
        kg_batch_failed(b, pg, &undone); /* Last. */
        return;
    }
    end_items(b, NULL);
    kg_job_done(pg, NULL); /* Last. */
}

void kg_batch_add(struct kg_batch *b, struct kg_pg *pg,
                  void (*write)(struct kg_sql *q,
                                const struct kg_table_def *def),
                  const struct kg_report *r)
{
    struct kg_sql sql;

    kg_sql_init(&sql);
    write(&sql, r->target->def);
    kg_pg_add(pg, kg_sql_text(&sql), &b->args);
    kg_sql_finish(&sql);
}

static void add_replace(struct kg_batch *b, struct kg_pg *pg,
                        struct kg_report *r)
{
    const char *scopes = kg_sql_text(&r->scopes);

    if (scopes == NULL) {
        kg_pg_add(pg, NULL, NULL); /* Told by the round as out of memory. */
        return;
    }
    kg_binds_reset(&b->args);
    kg_binds_time(&b->args, r->item.run->info.scanned_at_us);
    kg_binds_text(&b->args, kg_str_from(r->target->def->name));
    kg_binds_text(&b->args, kg_str_from(scopes));
    kg_batch_add(b, pg, kg_sql_replace, r);
}

/* What concerns one report that is alone in its batch: also one that turned out
 * to be stored already has to leave its staging clean. */
static void add_last_statements(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_queue *first = kg_queue_head(&b->items);
    struct kg_report *r;

    KG_REQUIRE(first != NULL); /* Nothing makes no batch. */
    r = report_of(KG_CONTAINER_OF(first, struct kg_item, node));
    if (r == NULL) {
        return;
    }
    if (b->n_reports == 1 && b->reports[0] == r &&
        r->target->def->mode == KG_MODE_REPLACE &&
        r->result.outcome == KG_COMPLETE && !r->partial) {
        add_replace(b, pg, r);
    }
    if (kg_report_is_staged(r)) {
        kg_binds_reset(&b->args);
        kg_binds_text(&b->args, kg_str_from(r->key));
        kg_batch_add(b, pg, kg_sql_unstage, r);
    }
}

void kg_batch_stored(struct kg_batch *b, struct kg_pg *pg)
{
    b->storing = false;
    sum_up(b);
    add_last_statements(b, pg);
    kg_ledger_write(b, pg);
    kg_pg_add(pg, "COMMIT", NULL);
    b->n_statements = pg->n_sent;
    kg_pg_go(pg, on_committed);
}

/* --- first round: the claim --------------------------------------------------------------- */

static void begin_report(struct kg_batch *b, struct kg_report *r)
{
    struct kg_batch_run *run = r->item.run->in_batch;

    if (run->entry.outcome != KG_RUNNING ||
        r->ordinal < run->entry.n_documents) {
        /* Its counts are those of the try whose COMMIT was not answered. */
        r->result.replayed = true;
        r->result.outcome =
            run->all_superseded || run->entry.outcome == KG_SUPERSEDED
                ? KG_SUPERSEDED
                : KG_COMPLETE;
        return;
    }
    r->result = (struct kg_report_result){.n_rejected = r->n_read_rejected};
    kg_report_forget_rejects(r, r->n_read_rejects);
    kg_sql_finish(&r->scopes);
    kg_sql_init(&r->scopes);
    run->entry.n_documents = r->ordinal + 1;
    b->reports[b->n_reports++] = r;
}

static void begin_settle(const struct kg_settle_item *q)
{
    struct kg_batch_run *run = q->item.run->in_batch;

    if (run->entry.outcome == KG_RUNNING) {
        run->entry.outcome = q->settlement.outcome;
        run->settle = &q->settlement;
    }
}

/* COMMIT as well when nothing is to be changed: the claim made the row. */
static void on_claimed(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = KG_CONTAINER_OF(pg->data, struct kg_batch, job);
    struct kg_error gone;
    struct kg_queue *node;

    if (e != NULL) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    if (!kg_ledger_claimed(b, pg, b->n_statements - 1)) {
        (void)kg_error_set(&gone, KG_ECONFLICT, KG_SQLSTATE("40001"),
                           "a run's line in kubeglean_runs was taken away");
        kg_batch_failed(b, pg, &gone); /* Last. */
        return;
    }
    kg_queue_foreach (node, &b->items) {
        struct kg_item *item = KG_CONTAINER_OF(node, struct kg_item, node);

        if (item->kind == KG_ITEM_REPORT) {
            begin_report(b, report_of(item));
        } else if (item->kind == KG_ITEM_SETTLE) {
            begin_settle(KG_CONTAINER_OF(item, struct kg_settle_item, item));
        }
    }
    b->storing = true;
    kg_store_begin(b, pg);
}

static int compare_runs(const void *left, const void *right)
{
    const struct kg_batch_run *a = left;
    const struct kg_batch_run *b = right;

    return strcmp(a->run->key, b->run->key);
}

static enum kg_errc list_runs(struct kg_batch *b)
{
    struct kg_queue *node;

    b->runs = kg_calloc(b->n_items, sizeof(b->runs[0]));
    b->reports = kg_calloc(b->n_items, sizeof(struct kg_report *));
    if (b->runs == NULL || b->reports == NULL) {
        return KG_ENOMEM;
    }
    kg_queue_foreach (node, &b->items) {
        struct kg_run_ref *run =
            KG_CONTAINER_OF(node, struct kg_item, node)->run;

        if (run->in_batch == NULL) {
            run->in_batch = &b->runs[b->n_runs];
            b->runs[b->n_runs++].run = run;
        }
    }
    qsort(b->runs, b->n_runs, sizeof(b->runs[0]), compare_runs);
    for (size_t i = 0; i < b->n_runs; i++) {
        b->runs[i].run->in_batch = &b->runs[i];
    }
    return KG_OK;
}

static void begin_batch(struct kg_job *job, struct kg_pg *pg)
{
    struct kg_batch *b = KG_CONTAINER_OF(job, struct kg_batch, job);

    if (list_runs(b) != KG_OK) {
        give_back(b, b->care, kg_sink_later(job->sink, 0));
        kg_job_done(pg, NULL); /* Last. */
        return;
    }
    kg_pg_add(pg, "BEGIN", NULL);
    /* The planner cannot know how many rows a piece of staging has: by index is
     * right for few and for many, a scan for each row is not. Row by row is also
     * the order in which rows are to be locked. What is in the arrays changes no
     * plan either, and one made for them would begin by copying them several
     * times. */
    kg_pg_add_xact(
        pg, "SELECT " KG_PG_XACT ", set_config('lock_timeout', '5s', true),"
            " set_config('enable_seqscan', 'off', true),"
            " set_config('enable_hashjoin', 'off', true),"
            " set_config('enable_mergejoin', 'off', true),"
            " set_config('plan_cache_mode', 'force_generic_plan', true)");
    kg_ledger_claim(b, pg);
    b->n_statements = pg->n_sent;
    kg_pg_go(pg, on_claimed);
}

/* --- life ------------------------------------------------------------------------------------ */

static void discard_batch(struct kg_job *job)
{
    clean_up(KG_CONTAINER_OF(job, struct kg_batch, job));
}

static const struct kg_job_ops job_ops = {.begin = begin_batch,
                                          .discard = discard_batch};

void kg_batch_init(struct kg_batch *b, struct kg_sink *s)
{
    *b = (struct kg_batch){0};
    kg_job_init(&b->job, s, &job_ops);
    kg_queue_init(&b->items);
    kg_binds_init(&b->args);
    kg_row_set_init(&b->set, NULL);
}

void kg_batch_finish(struct kg_batch *b)
{
    kg_binds_finish(&b->args);
}
