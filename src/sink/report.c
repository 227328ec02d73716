/* SPDX-License-Identifier: MIT */
/* The happy path of a small report is:
 * - rows gather in memory until the end;
 * - it waits its turn as an item of its run, and commits in a batch.
 *
 * A large one, or any one while all reports together hold too much:
 * - its rows go to the staging table, a piece at a time, each piece in a short
 *   transaction of its own that may be repeated;
 * - its late rows are given there what they lack;
 * - after its end and its last piece it waits its turn; its batch merges.
 *
 * Possible failure modes are:
 * - rows come faster than pieces go: the reader is paused, and resumed;
 * - aborted: what was staged is swept, quietly; if not even that can be done,
 *   what nobody came back for is swept a day later. */
#include "internal.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { RESUMED_IN_A_TURN = 8 };

/*              too large            ended, all staged
 * GATHERING -------------> STAGING ------> ENDED ~~> (batch)
 *     '------- ended -------------------------^
 * STAGING --aborted--> SWEEPING ~~> gone */
static const struct kg_sm_state states[KG_REPORT_STATE_NR] = {
    [KG_REPORT_GATHERING] = {"gathering", KG_SM_TO(KG_REPORT_STAGING) |
                                              KG_SM_TO(KG_REPORT_ENDED)},
    [KG_REPORT_STAGING] = {"staging", KG_SM_TO(KG_REPORT_ENDED) |
                                          KG_SM_TO(KG_REPORT_SWEEPING)},
    [KG_REPORT_ENDED] = {"ended", 0},
    [KG_REPORT_SWEEPING] = {"sweeping", 0},
};

static void drop_rows(struct kg_report *r)
{
    kg_sink_bytes(r->sink, 0, r->rows.len + r->piece.len);
    kg_rows_reset(&r->rows);
    kg_rows_reset(&r->piece);
}

void kg_report_free(struct kg_report *r)
{
    drop_rows(r);
    kg_item_finish(&r->item, r->sink);
    kg_queue_remove(&r->node);
    kg_queue_remove(&r->pause_node);
    kg_queue_remove(&r->job.node);
    kg_report_forget_rejects(r, 0);
    kg_rows_reset(&r->first_late);
    kg_buf_finish(&r->scope);
    kg_sql_finish(&r->scopes);
    kg_free(r->key);
    kg_free(r);
}

static void fail(struct kg_report *r, const struct kg_error *e)
{
    r->item.failed = true;
    r->item.error = *e;
    kg_report_kick(r);
}

/* --- staging ------------------------------------------------------------------ */

static void on_staged(struct kg_pg *pg, const struct kg_error *e);
static void on_swept(struct kg_pg *pg, const struct kg_error *e);

/* Rows `from` up to `to` in one statement. */
static void send_rows(struct kg_report *r, struct kg_pg *pg,
                      struct kg_row_set *set, size_t from, size_t to)
{
    struct kg_binds args;

    kg_binds_init(&args);
    kg_row_set_args(set, from, to, &args);
    kg_binds_array_begin(&args, KG_BINDS_BIGINT);
    for (size_t i = from; i < to; i++) {
        kg_binds_element_bigint(&args, (int64_t)set->refs[i].row->number);
    }
    kg_binds_array_end(&args);
    kg_binds_text(&args, kg_str_from(r->key));
    kg_binds_text(&args, kg_str_from(r->attempt));
    kg_pg_add(pg, kg_sql_text(&r->target->stage[r->piece_how]), &args);
    kg_binds_finish(&args);
}

/* A report's first piece is as large as a batch. It goes in a few statements of
 * one transaction, so that it is not held three times over: as rows, as
 * parameters, and in libpq's buffer. */
static void begin_piece(struct kg_report *r, struct kg_pg *pg)
{
    struct kg_row_set set;

    kg_pg_add_xact(pg, "SELECT " KG_PG_XACT);
    kg_pg_answer_now(pg);
    kg_row_set_init(&set, r->target->def);
    if (kg_row_set_add(&set, &r->piece, 0) != KG_OK) {
        kg_pg_add(pg, NULL, NULL); /* No memory: the round fails. */
    } else {
        size_t n = r->piece.len / KG_LIMIT_STAGE_BYTES;
        size_t step = n > 1 ? set.n / n + 1 : set.n;

        for (size_t from = 0; from < set.n; from += step) {
            size_t left = set.n - from;

            send_rows(r, pg, &set, from, from + (left < step ? left : step));
        }
    }
    kg_row_set_finish(&set);
    kg_pg_go(pg, on_staged);
}

static void begin_sweep(struct kg_report *r, struct kg_pg *pg)
{
    struct kg_sql sql;
    struct kg_binds args;

    kg_sql_init(&sql);
    kg_binds_init(&args);
    kg_sql_unstage_attempt(&sql, r->target->def);
    kg_binds_text(&args, kg_str_from(r->key));
    kg_binds_text(&args, kg_str_from(r->attempt));
    kg_pg_add(pg, kg_sql_text(&sql), &args);
    kg_binds_finish(&args);
    kg_sql_finish(&sql);
    kg_pg_go(pg, on_swept);
}

static void begin_job(struct kg_job *job, struct kg_pg *pg)
{
    struct kg_report *r = KG_CONTAINER_OF(job, struct kg_report, job);

    if (r->sm.state == KG_REPORT_SWEEPING) {
        begin_sweep(r, pg);
    } else if (r->piece.n > 0) {
        begin_piece(r, pg);
    } else {
        kg_report_send_join(r, pg);
        kg_pg_go(pg, on_staged);
    }
}

static const struct kg_job_ops job_ops = {.begin = begin_job};

static void submit_job(struct kg_report *r)
{
    r->job_busy = true;
    kg_job_submit(&r->job);
}

static void on_swept(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_job *job = pg->data;

    if (e != NULL && kg_job_may_retry(e)) {
        kg_job_retry(job, pg, e); /* Last. */
        return;
    }
    kg_report_free(KG_CONTAINER_OF(job, struct kg_report, job));
    kg_job_done(pg, e); /* Last. */
}

/* The piece is there, or never will be. */
static void piece_ended(struct kg_report *r, const struct kg_error *e)
{
    r->job_busy = false;
    if (r->sm.state == KG_REPORT_SWEEPING) { /* Aborted meanwhile. */
        submit_job(r);
        return;
    }
    if (e == NULL) {
        r->join_due = r->join_due && r->piece.n > 0;
        r->n_staged += r->piece.n;
        kg_sink_bytes(r->sink, 0, r->piece.len);
        kg_rows_reset(&r->piece);
        kg_report_kick(r);
        return;
    }
    if (e->code == KG_ESCHEMA || e->code == KG_EFORBIDDEN) {
        kg_sink_doubt(r->sink); /* Kicked again when the table is clear. */
        kg_target_check(r->target);
        return;
    }
    fail(r, e);
}

static void on_staged(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_job *job = pg->data;

    struct kg_report *r = KG_CONTAINER_OF(job, struct kg_report, job);

    r->piece_how = e == NULL ? KG_SQL_FAST : KG_SQL_CAREFUL;
    if (e != NULL && kg_job_may_retry(e)) {
        kg_job_retry(job, pg, e); /* Last. */
        return;
    }
    piece_ended(r, e);
    kg_job_done(pg, e); /* Last. */
}

/* --- going on ------------------------------------------------------------------- */

/* Something is on its way to the server, or about to be, whose end makes room. */
static bool is_busy(const struct kg_sink *s)
{
    if (kg_deferred_is_due(&s->dispatch)) {
        return true;
    }
    for (unsigned i = 0; i < s->n_workers; i++) {
        if (s->workers[i].job != NULL) {
            return true;
        }
    }
    return false;
}

static bool holds_much(const struct kg_sink *s)
{
    return s->n_bytes > KG_LIMIT_SINK_BYTES;
}

static bool is_large(const struct kg_report *r)
{
    size_t len = r->rows.len;

    return r->rows.n > KG_LIMIT_BATCH_ROWS || len > KG_LIMIT_BATCH_BYTES ||
           (holds_much(r->sink) && len > KG_LIMIT_STAGE_BYTES / 16 &&
            !is_busy(r->sink));
}

static bool is_piece(const struct kg_report *r)
{
    return r->rows.n >= KG_LIMIT_BATCH_ROWS ||
           r->rows.len >= KG_LIMIT_STAGE_BYTES;
}

static void stage_more(struct kg_report *r)
{
    if (r->job_busy) {
        return;
    }
    if (r->piece.n == 0 && r->rows.n > 0 && (r->ended || is_piece(r))) {
        kg_rows_swap(&r->rows, &r->piece);
    }
    if (r->piece.n > 0 || (r->ended && r->join_due)) {
        submit_job(r);
        return;
    }
    if (r->ended) {
        kg_sm_move(&r->sm, KG_REPORT_ENDED);
        kg_item_ready(&r->item, r->sink);
    }
}

void kg_report_kick(struct kg_report *r)
{
    if (r->item.failed) {
        drop_rows(r);
        if (r->ended && r->sm.state != KG_REPORT_ENDED && !r->job_busy) {
            kg_item_done(&r->item, r->sink);
        }
        return;
    }
    if (r->sm.state == KG_REPORT_GATHERING && r->ended) {
        kg_sm_move(&r->sm, KG_REPORT_ENDED);
        kg_item_ready(&r->item, r->sink);
        return;
    }
    if (r->sm.state != KG_REPORT_STAGING) {
        return;
    }
    switch (r->target->sm.state) {
    case KG_TARGET_FITS:
        stage_more(r);
        return;
    case KG_TARGET_REFUSED:
        fail(r, &r->target->error);
        return;
    default:
        kg_target_check(r->target);
        return;
    }
}

/* Only where something is under way that will end the pause: a report that
 * gathers must be read to its end to be stored. */
static bool must_pause(const struct kg_report *r)
{
    bool much = holds_much(r->sink);

    if (r->sm.state == KG_REPORT_STAGING) {
        return is_piece(r) || (much && r->job_busy);
    }
    return much && (!kg_sink_is_ready(r->sink) || is_busy(r->sink));
}

/* A few in each turn while there is room: all at once, each would take a row of
 * it, and none its last. */
void kg_report_resume(struct kg_sink *s)
{
    size_t max = holds_much(s) ? SIZE_MAX : RESUMED_IN_A_TURN;
    size_t n = 0;
    struct kg_queue batch;
    struct kg_queue *node;

    kg_queue_init(&batch);
    kg_queue_move(&s->paused, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct kg_report *r =
            KG_CONTAINER_OF(node, struct kg_report, pause_node);

        kg_queue_remove(node);
        if (s->sm.state == KG_SINK_CLOSING) {
            continue;
        }
        if (n == max || must_pause(r)) {
            kg_queue_insert_tail(&s->paused, node);
        } else if (r->resume_cb != NULL) {
            n++;
            r->resume_cb(r->resume_data); /* May abort any report, or close. */
        }
    }
    if (n == max) {
        kg_sink_dispatch(s);
    }
}

/* --- from outside ------------------------------------------------------------------ */

static char *make_report_key(const char *run_key, uint32_t ordinal)
{
    size_t room = strlen(run_key) + 16;
    char *key = kg_alloc(room);

    if (key != NULL) {
        (void)snprintf(key, room, "%s#%010u", run_key, ordinal);
    }
    return key;
}

enum kg_errc kg_report_begin(struct kg_sink *s, const struct kg_table_def *def,
                             const struct kg_run_info *run, uint32_t ordinal,
                             struct kg_report **ret_report)
{
    struct kg_report *r = kg_calloc(1, sizeof(*r));
    enum kg_errc code = KG_ENOMEM;

    if (r == NULL) {
        return KG_ENOMEM;
    }
    r->sink = s;
    r->ordinal = ordinal;
    r->result.outcome = KG_COMPLETE;
    kg_sm_init(&r->sm, "report", states, KG_REPORT_GATHERING);
    kg_queue_init(&r->node);
    kg_queue_init(&r->pause_node);
    kg_queue_init(&r->rejects);
    kg_rows_init(&r->rows, KG_LIMIT_SINK_ROWS);
    kg_rows_init(&r->piece, KG_LIMIT_SINK_ROWS);
    kg_rows_init(&r->first_late, KG_LIMIT_SINK_ROWS);
    kg_buf_init(&r->scope, KG_LIMIT_KEY);
    kg_sql_init(&r->scopes);
    kg_job_init(&r->job, s, &job_ops);
    code = kg_item_init(&r->item, s, KG_ITEM_REPORT, run);
    if (code == KG_OK) {
        r->key = make_report_key(r->item.run->key, ordinal);
        code = r->key == NULL ? KG_ENOMEM : kg_target_get(s, def, &r->target);
    }
    if (code != KG_OK) {
        kg_report_free(r);
        return code;
    }
    if (r->target->sm.state == KG_TARGET_REFUSED) {
        kg_target_check(r->target); /* It may fit by now. */
    }
    kg_queue_insert_tail(&s->reports, &r->node);
    *ret_report = r;
    return KG_OK;
}

void kg_report_on_resume(struct kg_report *r, kg_report_resume_cb resume_cb,
                         void *data)
{
    r->resume_cb = resume_cb;
    r->resume_data = data;
}

/* ["c1", "team-a"], for the ledger. One that is too long is cut short. */
void kg_report_note_scope(struct kg_report *r, const struct kg_row *row)
{
    const struct kg_table_def *def = r->target->def;
    enum kg_errc code;

    if (kg_buf_len(&r->scope) > 0) {
        return;
    }
    code = kg_buf_addc(&r->scope, '[');
    for (uint32_t i = 0; code == KG_OK && i < def->n_scope; i++) {
        const struct kg_value *v = &row->values[def->scope[i]];

        code = i > 0 ? kg_buf_adds(&r->scope, ", ") : KG_OK;
        if (code == KG_OK) {
            code = v->is_null ? kg_buf_adds(&r->scope, "null")
                              : kg_buf_add_json(&r->scope, v->text);
        }
    }
    if (code == KG_OK) {
        code = kg_buf_addc(&r->scope, ']');
    }
    if (code != KG_OK) {
        kg_buf_reset(&r->scope);
    }
}

static enum kg_errc take_row(struct kg_report *r, const struct kg_row *row)
{
    enum kg_errc code = kg_rows_add(&r->rows, r->target->def, row);

    if (code == KG_OK) {
        r->n_numbers = row->number + 1;
        if (row->late != 0) {
            code = kg_report_note_late(r, row);
        } else {
            kg_report_note_scope(r, row);
        }
    }
    return code;
}

enum kg_errc kg_report_stage(struct kg_report *r)
{
    unsigned char b[16];

    if (uv_random(NULL, NULL, b, sizeof(b), 0, NULL) != 0) {
        return KG_EIO;
    }
    (void)snprintf(r->attempt, sizeof(r->attempt),
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                   "%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
                   b[10], b[11], b[12], b[13], b[14], b[15]);
    kg_sm_move(&r->sm, KG_REPORT_STAGING);
    return KG_OK;
}

enum kg_errc kg_report_add(struct kg_report *r, const struct kg_row *row,
                           bool *ret_pause)
{
    size_t was = r->rows.len;
    enum kg_errc code = KG_OK;

    *ret_pause = false;
    if (r->item.failed) {
        return KG_OK; /* Its end will tell. */
    }
    code = take_row(r, row);
    if (code == KG_EDATA) {
        code = kg_report_reject_text(r, row);
    }
    if (code != KG_OK) {
        return code;
    }
    kg_sink_bytes(r->sink, r->rows.len - was, 0);
    if (r->sm.state == KG_REPORT_GATHERING && is_large(r)) {
        code = kg_report_stage(r);
    }
    if (code == KG_OK && r->sm.state == KG_REPORT_STAGING && is_piece(r)) {
        kg_report_kick(r);
    }
    if (must_pause(r)) {
        *ret_pause = true;
        kg_queue_remove(&r->pause_node);
        kg_queue_insert_tail(&r->sink->paused, &r->pause_node);
    }
    return code;
}

enum kg_errc kg_report_empty(struct kg_report *r, const struct kg_row *scope)
{
    bool pause;

    KG_REQUIRE(r->rows.n == 0 && r->target->def->allow_empty);
    r->rows.blank = true;
    return kg_report_add(r, scope, &pause);
}

void kg_report_partial(struct kg_report *r)
{
    r->partial = true;
}

void kg_report_end(struct kg_report *r, kg_report_done_cb done_cb, void *data)
{
    KG_REQUIRE(r->first_late.n == 0 || r->join_due);
    kg_queue_remove(&r->pause_node);
    r->resume_cb = NULL;
    r->done_cb = done_cb;
    r->done_data = data;
    r->ended = true;
    kg_report_kick(r);
}

void kg_report_abort(struct kg_report *r)
{
    KG_REQUIRE(!r->ended);
    kg_queue_remove(&r->pause_node);
    kg_item_finish(&r->item, r->sink);
    kg_sink_dispatch(r->sink); /* The run's next item may go now. */
    if (r->sm.state == KG_REPORT_GATHERING) {
        kg_report_free(r);
        return;
    }
    kg_sm_move(&r->sm, KG_REPORT_SWEEPING);
    if (!r->job_busy) {
        submit_job(r);
    }
}
