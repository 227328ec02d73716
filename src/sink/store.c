/* SPDX-License-Identifier: MIT */
/* The second round of a batch, in one of three ways:
 * - gathered reports: their rows as one sorted set for each table;
 * - a staged report: its rows are counted, then merged from staging;
 * - a report with bad rows: range by range, see bisect.c.
 *
 * Possible failure modes are:
 * - a statement fails: the batch does, and decides what becomes of its items;
 * - staged rows are missing: the report has to be read again. */
#include "internal.h"

#include <stdlib.h>

#include "kubeglean/clock.h"

static void add_instant(struct kg_binds *a, int64_t us)
{
    if (us == KG_TIME_NONE) {
        kg_binds_element(a, KG_STR("-infinity"));
    } else {
        kg_binds_element_time(a, us);
    }
}

void kg_store_args(struct kg_batch *b, const struct kg_row_set *set,
                   uint64_t from, uint64_t to)
{
    kg_binds_reset(&b->args);
    kg_row_set_args(set, from, to, &b->args);
    kg_binds_array_begin(&b->args);
    for (uint64_t i = from; i < to; i++) {
        kg_binds_element_u64(&b->args, set->refs[i].report);
    }
    kg_binds_array_end(&b->args);
    kg_binds_array_begin(&b->args);
    for (uint64_t i = from; i < to; i++) {
        const struct kg_report *r = b->reports[set->refs[i].report];

        add_instant(&b->args, r->item.run->info.scanned_at_us);
    }
    kg_binds_array_end(&b->args);
    kg_binds_array_begin(&b->args);
    for (uint64_t i = from; i < to; i++) {
        kg_binds_element(&b->args,
                         set->refs[i].lost ? KG_STR("t") : KG_STR("f"));
    }
    kg_binds_array_end(&b->args);
    if (kg_sql_is_scoped(set->def)) {
        kg_binds_text(&b->args, kg_str_from(set->def->name));
    }
}

void kg_merge_args(struct kg_batch *b, const struct kg_report *r, uint64_t from,
                   uint64_t to)
{
    int64_t at_us = r->item.run->info.scanned_at_us;
    char text[KG_TIME_TEXT_MAX];

    kg_binds_reset(&b->args);
    kg_binds_text(&b->args, kg_str_from(r->key));
    kg_binds_text(&b->args, kg_str_from(r->attempt));
    kg_binds_u64(&b->args, from);
    kg_binds_u64(&b->args, to - 1);
    kg_binds_text(&b->args, kg_str_from(at_us == KG_TIME_NONE
                                            ? "-infinity"
                                            : kg_time_format(at_us, text)));
    if (kg_sql_is_scoped(r->target->def)) {
        kg_binds_text(&b->args, kg_str_from(r->target->def->name));
    }
}

static void note_scopes(struct kg_report *r, const struct kg_pg *pg,
                        unsigned statement, size_t row)
{
    struct kg_str scopes = {NULL, 0};

    if (r->target->def->mode == KG_MODE_REPLACE) {
        scopes = kg_pg_text(pg, statement, row, 5);
    }
    if (scopes.len > 0) {
        kg_sql_add(&r->scopes, "%.*s\n", KG_STR_ARG(scopes));
    }
}

void kg_store_count(struct kg_batch *b, struct kg_pg *pg, unsigned statement)
{
    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        uint64_t place = kg_pg_u64(pg, statement, i, 0);
        struct kg_report_result *result;

        KG_REQUIRE(place < b->n_reports);
        note_scopes(b->reports[place], pg, statement, i);
        if (b->reports[place]->rows.blank) {
            continue; /* What was counted is no row. */
        }
        result = &b->reports[place]->result;
        result->n_inserted += kg_pg_u64(pg, statement, i, 1);
        result->n_updated += kg_pg_u64(pg, statement, i, 2);
        result->n_unchanged += kg_pg_u64(pg, statement, i, 3);
        result->n_refused += kg_pg_u64(pg, statement, i, 4);
    }
}

static void on_row_again(void *data, const struct kg_row_ref *dropped)
{
    struct kg_batch *b = data;

    b->reports[dropped->report]->result.n_duplicates++;
}

/* The reports from n_asked on that go to the same table: one statement. */
static enum kg_errc add_table(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_target *t = b->reports[b->n_asked]->target;
    struct kg_row_set set;
    enum kg_errc code = KG_OK;

    kg_row_set_init(&set, t->def);
    while (code == KG_OK && b->n_asked < b->n_reports &&
           b->reports[b->n_asked]->target == t) {
        code = kg_row_set_add(&set, &b->reports[b->n_asked]->rows,
                              (uint32_t)b->n_asked);
        b->n_asked++;
    }
    if (code == KG_OK) {
        kg_row_set_sort(&set, on_row_again, b);
        kg_store_args(b, &set, 0, set.n);
        kg_pg_add(pg, kg_sql_text(&t->store), &b->args);
    }
    kg_row_set_finish(&set);
    return code;
}

static void store_more(struct kg_batch *b, struct kg_pg *pg);

static void on_stored(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = KG_CONTAINER_OF(pg->data, struct kg_batch, job);

    if (e != NULL) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    for (unsigned i = 0; i < b->n_statements; i++) {
        kg_store_count(b, pg, i);
    }
    store_more(b, pg); /* Last. */
}

static void store_more(struct kg_batch *b, struct kg_pg *pg)
{
    enum kg_errc code = KG_OK;

    if (b->n_asked == b->n_reports) {
        kg_batch_stored(b, pg);
        return;
    }
    while (code == KG_OK && b->n_asked < b->n_reports &&
           pg->n_sent < KG_PG_STATEMENTS_MAX) {
        code = add_table(b, pg);
    }
    if (code != KG_OK) {
        kg_pg_add(pg, NULL, NULL); /* Told by the round as out of memory. */
    }
    b->n_statements = pg->n_sent;
    kg_pg_go(pg, on_stored);
}

/* Staged rows that somebody took away are noticed before they are missed. */
static void on_merged(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = KG_CONTAINER_OF(pg->data, struct kg_batch, job);
    struct kg_report *r = b->reports[0];
    struct kg_report_result *result = &r->result;
    struct kg_error missing;

    if (e != NULL) {
        kg_batch_failed(b, pg, e); /* Last. */
        return;
    }
    if (kg_pg_u64(pg, 0, 0, 0) != r->n_staged) {
        (void)kg_error_set(&missing, KG_ECONFLICT, 0,
                           "table %s: staged rows of the report are gone",
                           r->target->relations[1].name);
        kg_batch_failed(b, pg, &missing); /* Last. */
        return;
    }
    kg_store_count(b, pg, 1);
    result->n_duplicates = r->n_staged - result->n_inserted -
                           result->n_updated - result->n_unchanged -
                           result->n_refused;
    kg_batch_stored(b, pg);
}

static void merge(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_report *r = b->reports[0];

    kg_binds_reset(&b->args);
    kg_binds_text(&b->args, kg_str_from(r->key));
    kg_binds_text(&b->args, kg_str_from(r->attempt));
    kg_batch_add(b, pg, kg_sql_staged, r);
    kg_merge_args(b, r, 0, r->n_numbers);
    kg_pg_add(pg, kg_sql_text(&r->target->merge), &b->args);
    kg_pg_go(pg, on_merged);
}

/* By table; of one table the newer later, ties by the greater run. */
static int compare_reports(const void *left, const void *right)
{
    const struct kg_report *a = *(struct kg_report *const *)left;
    const struct kg_report *b = *(struct kg_report *const *)right;
    int64_t at_a = a->item.run->info.scanned_at_us;
    int64_t at_b = b->item.run->info.scanned_at_us;
    int order = strcmp(a->target->def->name, b->target->def->name);

    if (order != 0) {
        return order;
    }
    if (a->target != b->target) {
        return a->target < b->target ? -1 : 1;
    }
    if (at_a != at_b) {
        return at_a < at_b ? -1 : 1;
    }
    order = strcmp(a->item.run->key, b->item.run->key);
    if (order != 0) {
        return order;
    }
    return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

void kg_store_begin(struct kg_batch *b, struct kg_pg *pg)
{
    if (b->n_reports == 0) {
        kg_batch_stored(b, pg);
        return;
    }
    qsort(b->reports, b->n_reports, sizeof(struct kg_report *),
          compare_reports);
    if (b->care == KG_CARE_BISECTED) {
        kg_bisect_begin(b, pg);
    } else if (kg_report_is_staged(b->reports[0])) {
        merge(b, pg);
    } else {
        store_more(b, pg);
    }
}
