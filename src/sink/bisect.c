/* SPDX-License-Identifier: MIT */
/* The happy path of looking for bad rows is, within the batch's transaction:
 * - a savepoint, a range of rows, and the savepoint's release, in one round;
 * - then the next range, until none is left.
 *
 * Possible failure modes are:
 * - the range has a bad row: back to the savepoint, and its halves are next; a
 *   range of one row is the bad one, and is noted;
 * - anything else: the batch has failed. */
#include "internal.h"

#include <stdio.h>

#include "kubeglean/limits.h"

static void next_range(struct kg_batch *b, struct kg_pg *pg, bool back);

static struct kg_batch *batch_of(struct kg_pg *pg)
{
    return KG_CONTAINER_OF(pg->data, struct kg_batch, job);
}

static void push(struct kg_batch *b, uint64_t from, uint64_t to)
{
    KG_REQUIRE(b->n_ranges < KG_RANGES_MAX);
    b->ranges[b->n_ranges++] = (struct kg_range){from, to};
}

/* --- a bad row ------------------------------------------------------------------- */

static enum kg_errc note(struct kg_batch *b, uint64_t row, struct kg_str key)
{
    struct kg_report *r = b->reports[0];
    char state[6];
    const struct kg_reject reject = {
        .row = row,
        .key = key,
        .column = kg_str_from(b->column),
        .reason = kg_str_from(b->error.text),
    };

    r->result.n_rejected++;
    return kg_report_note_reject(r, &reject,
                                 kg_sqlstate_text(b->error.native, state));
}

static void noted(struct kg_batch *b, struct kg_pg *pg, enum kg_errc code)
{
    struct kg_error e;

    if (code != KG_OK) {
        (void)kg_error_set(&e, code, 0, "a bad row: %s", kg_errc_text(code));
        kg_batch_failed(b, pg, &e); /* Last. */
        return;
    }
    next_range(b, pg, true);
}

static void on_key(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = batch_of(pg);
    struct kg_range bad = b->ranges[b->n_ranges];

    if (e != NULL) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    /* Row numbers have gaps: a number without a row cannot fail. */
    noted(b, pg, note(b, bad.from, kg_pg_text(pg, 1, 0, 0))); /* Last. */
}

static void ask_key(struct kg_batch *b, struct kg_pg *pg, uint64_t number)
{
    struct kg_report *r = b->reports[0];
    struct kg_sql sql;

    kg_sql_init(&sql);
    kg_sql_staged_key(&sql, r->target->def);
    kg_binds_reset(&b->args);
    kg_binds_text(&b->args, kg_str_from(r->key));
    kg_binds_text(&b->args, kg_str_from(r->attempt));
    kg_binds_u64(&b->args, number);
    kg_pg_add(pg, "ROLLBACK TO SAVEPOINT kubeglean", NULL);
    kg_pg_add(pg, kg_sql_text(&sql), &b->args);
    kg_sql_finish(&sql);
    kg_pg_go(pg, on_key);
}

static void found_bad(struct kg_batch *b, struct kg_pg *pg, uint64_t place)
{
    struct kg_buf key;
    enum kg_errc code;

    if (kg_report_is_staged(b->reports[0])) {
        ask_key(b, pg, place);
        return;
    }
    kg_buf_init(&key, KG_LIMIT_SINK_BINDS);
    code = kg_row_set_key(&b->set, place, &key);
    if (code == KG_OK) {
        code = note(b, b->set.refs[place].row->number, kg_buf_str(&key));
    }
    kg_buf_finish(&key);
    noted(b, pg, code); /* Last. */
}

/* --- ranges ------------------------------------------------------------------------- */

static void on_range(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = batch_of(pg);
    struct kg_range range = b->ranges[--b->n_ranges];
    uint64_t middle = range.from + (range.to - range.from) / 2;

    if (e == NULL && !kg_store_count(b, pg, b->n_statements - 1)) {
        kg_store_raced(b, pg); /* Last. */
        return;
    }
    if (e == NULL) {
        next_range(b, pg, false);
        return;
    }
    if (pg->sm.state == KG_PG_DOWN || !kg_sqlstate_is_data(e->native)) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    if (range.to - range.from > 1) {
        push(b, middle, range.to);
        push(b, range.from, middle);
        next_range(b, pg, true);
        return;
    }
    b->error = *e;
    (void)snprintf(b->column, sizeof(b->column), "%.*s",
                   KG_STR_ARG(kg_pg_failed_column(pg)));
    found_bad(b, pg, range.from);
}

static void next_range(struct kg_batch *b, struct kg_pg *pg, bool back)
{
    struct kg_report *r = b->reports[0];
    const struct kg_range *range;

    if (back) {
        kg_pg_add(pg, "ROLLBACK TO SAVEPOINT kubeglean", NULL);
    }
    if (b->n_ranges == 0) {
        kg_store_ended(b, pg); /* Last. */
        return;
    }
    range = &b->ranges[b->n_ranges - 1];
    if (!back) {
        kg_pg_add(pg, "SAVEPOINT kubeglean", NULL);
    }
    if (kg_report_is_staged(r)) {
        kg_store_staged(b, pg, range->from, range->to);
    } else {
        kg_store_rows(b, pg, &b->set, range->from, range->to);
    }
    b->n_statements = pg->n_sent;
    kg_store_check(b, pg);
    kg_ledger_mark(b, pg);
    kg_pg_add(pg, "RELEASE SAVEPOINT kubeglean", NULL);
    kg_pg_go(pg, on_range);
}

static void on_row_again(void *data, const struct kg_row_ref *dropped)
{
    struct kg_report *r = data;

    (void)dropped;
    r->result.n_duplicates++;
}

void kg_bisect_begin(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_report *r = b->reports[0];
    enum kg_errc code;

    b->n_ranges = 0;
    if (kg_report_is_staged(r)) {
        push(b, 0, r->n_numbers);
        next_range(b, pg, false);
        return;
    }
    kg_row_set_init(&b->set, r->target->def);
    code = kg_row_set_add(&b->set, &r->rows, 0);
    if (code == KG_OK) {
        code = kg_row_set_sort(&b->set, on_row_again, r);
    }
    if (code != KG_OK) {
        kg_pg_add(pg, NULL, NULL); /* Told by the round as out of memory. */
    }
    push(b, 0, b->set.n);
    next_range(b, pg, false);
}
