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
#include "kubeglean/limits.h"

/* All of the guard, the store, and what KG_MODE_REPLACE has behind. */
enum {
    STORES_MAX = KG_LIMIT_GATHER_ROWS / KG_LIMIT_NEW_ROWS + 1,
    STATEMENTS_PER_TABLE = KG_GUARD_NR + STORES_MAX + 1
};

/* Gathered reports are stored a fast way first. */
static enum kg_sql_how how_to(struct kg_batch *b, const struct kg_target *t)
{
    enum kg_sql_how how =
        b->care == KG_CARE_GATHERED ? kg_target_how(t) : KG_SQL_CAREFUL;

    b->hopes = b->hopes || how == KG_SQL_NEW;
    return how;
}

/* --- scopes, each once for neighbours of one report that share it --------------- */

/* Where the next scope, or report, begins. */
static uint64_t scope_end(const struct kg_row_set *set, uint64_t from,
                          uint64_t to)
{
    uint64_t i = from + 1;

    while (i < to && set->refs[i].scope == set->refs[from].scope) {
        i++;
    }
    return i;
}

static void add_scope_columns(struct kg_batch *b, const struct kg_row_set *set,
                              uint64_t from, uint64_t to)
{
    const struct kg_table_def *def = set->def;

    for (uint32_t c = 0; c < def->n_scope; c++) {
        kg_binds_array_begin(&b->args, KG_BINDS_TEXT);
        for (uint64_t i = from; i < to; i = scope_end(set, i, to)) {
            kg_binds_element_value(&b->args,
                                   kg_row_set_value(set, i, def->scope[c]));
        }
        kg_binds_array_end(&b->args);
    }
}

/* Which of one instant is the later one. A run's documents come in order: where
 * they add up they are of one place, where they replace they are not. */
static struct kg_str run_of(const struct kg_report *r)
{
    return kg_str_from(
        r->target->def->mode == KG_MODE_REPLACE ? r->key : r->item.run->key);
}

static void add_scopes(struct kg_batch *b, const struct kg_row_set *set,
                       uint64_t from, uint64_t to)
{
    const struct kg_row_ref *refs = set->refs;

    add_scope_columns(b, set, from, to);
    kg_binds_array_begin(&b->args, KG_BINDS_TIMESTAMPTZ);
    for (uint64_t i = from; i < to; i = scope_end(set, i, to)) {
        const struct kg_report *r = b->reports[refs[i].report];

        kg_binds_element_instant(&b->args, r->item.run->info.scanned_at_us);
    }
    kg_binds_array_end(&b->args);
    kg_binds_array_begin(&b->args, KG_BINDS_TEXT);
    for (uint64_t i = from; i < to; i = scope_end(set, i, to)) {
        kg_binds_element(&b->args, run_of(b->reports[refs[i].report]));
    }
    kg_binds_array_end(&b->args);
    kg_binds_text(&b->args, kg_str_from(set->def->name));
}

/* --- rows ------------------------------------------------------------------------- */

static void add_numbers(struct kg_batch *b, const struct kg_row_set *set,
                        uint64_t from, uint64_t to)
{
    kg_binds_array_begin(&b->args, KG_BINDS_BIGINT);
    for (uint64_t i = from; i < to; i++) {
        kg_binds_element_bigint(&b->args, (int64_t)set->refs[i].row->number);
    }
    kg_binds_array_end(&b->args);
}

static void add_runs(struct kg_batch *b)
{
    kg_binds_array_begin(&b->args, KG_BINDS_TEXT);
    for (size_t i = 0; i < b->n_reports; i++) {
        kg_binds_element(&b->args, run_of(b->reports[i]));
    }
    kg_binds_array_end(&b->args);
}

static void rows_args(struct kg_batch *b, struct kg_row_set *set, uint64_t from,
                      uint64_t to, enum kg_sql_how how)
{
    if (kg_sql_is_scoped(set->def)) {
        kg_row_set_number_scopes(set, from, to);
    }
    kg_binds_reset(&b->args);
    kg_row_set_args(set, from, to, &b->args);
    kg_binds_array_begin(&b->args, KG_BINDS_INTEGER);
    for (uint64_t i = from; i < to; i++) {
        int32_t report = (int32_t)set->refs[i].report;

        kg_binds_element_integer(&b->args,
                                 set->refs[i].lost ? ~report : report);
    }
    kg_binds_array_end(&b->args);
    if (kg_sql_is_scoped(set->def)) {
        kg_binds_array_begin(&b->args, KG_BINDS_INTEGER);
        for (uint64_t i = from; i < to; i++) {
            kg_binds_element_integer(&b->args, set->refs[i].scope);
        }
        kg_binds_array_end(&b->args);
        add_scopes(b, set, from, to);
    }
    if (kg_sql_is_row_guarded(set->def) && how != KG_SQL_NEW) {
        add_runs(b);
    }
    if (how == KG_SQL_CAREFUL) {
        add_numbers(b, set, from, to);
    }
}

static void add_guard(struct kg_batch *b, struct kg_pg *pg,
                      const struct kg_report *r, struct kg_sql q[KG_GUARD_NR])
{
    if (r->target->def->mode == KG_MODE_REPLACE) {
        kg_pg_add(pg, kg_sql_text(&q[KG_GUARD_TAKE]), &b->args);
        if (!r->partial) {
            kg_pg_add(pg, kg_sql_text(&q[KG_GUARD_CLEAR]), &b->args);
        }
    }
    kg_pg_add(pg, kg_sql_text(&q[KG_GUARD_ADVANCE]), &b->args);
    kg_pg_add(pg, kg_sql_text(&q[KG_GUARD_LOCK]), &b->args);
}

/* New rows go in several statements: the server stores some while the next are
 * made. Others go in one, where keys that it alone holds equal meet. */
static void add_stores(struct kg_batch *b, struct kg_pg *pg,
                       struct kg_target *t, struct kg_row_set *set,
                       uint64_t from, uint64_t to)
{
    enum kg_sql_how how = how_to(b, t);
    uint64_t n_rows = to - from;
    uint64_t n = how == KG_SQL_NEW ? (n_rows - 1) / KG_LIMIT_NEW_ROWS + 1 : 1;

    rows_args(b, set, from, from + n_rows / n, how);
    kg_pg_add(pg, kg_sql_text(&t->store[how]), &b->args);
    for (uint64_t i = 1; i < n; i++) {
        kg_pg_push(pg);
        rows_args(b, set, from + n_rows * i / n, from + n_rows * (i + 1) / n,
                  how);
        kg_pg_add_again(pg, &b->args);
    }
}

void kg_store_rows(struct kg_batch *b, struct kg_pg *pg, struct kg_row_set *set,
                   uint64_t from, uint64_t to)
{
    const struct kg_report *r;

    if (from == to) {
        return;
    }
    r = b->reports[set->refs[from].report];
    if (kg_sql_is_scoped(set->def)) {
        kg_row_set_number_scopes(set, from, to);
        kg_binds_reset(&b->args);
        add_scopes(b, set, from, to);
        add_guard(b, pg, r, r->target->guard);
    }
    add_stores(b, pg, r->target, set, from, to);
}

void kg_store_check(const struct kg_batch *b, struct kg_pg *pg)
{
    if (b->care != KG_CARE_GATHERED) {
        kg_pg_add(pg, "SET CONSTRAINTS ALL IMMEDIATE", NULL);
    }
}

static void attempt_args(struct kg_batch *b, const struct kg_report *r)
{
    kg_binds_reset(&b->args);
    kg_binds_text(&b->args, kg_str_from(r->key));
    kg_binds_text(&b->args, kg_str_from(r->attempt));
}

static void place_args(struct kg_batch *b, const struct kg_report *r)
{
    int64_t at_us = r->item.run->info.scanned_at_us;
    char text[KG_TIME_TEXT_MAX];

    kg_binds_text(&b->args, kg_str_from(at_us == KG_TIME_NONE
                                            ? "-infinity"
                                            : kg_time_format(at_us, text)));
    kg_binds_text(&b->args, run_of(r));
    kg_binds_text(&b->args, kg_str_from(r->target->def->name));
}

void kg_store_staged(struct kg_batch *b, struct kg_pg *pg, uint64_t from,
                     uint64_t to)
{
    const struct kg_report *r = b->reports[0];
    struct kg_target *t = r->target;
    bool scoped = kg_sql_is_scoped(t->def);
    enum kg_sql_how how = how_to(b, t);

    if (scoped) {
        attempt_args(b, r);
        place_args(b, r);
        add_guard(b, pg, r, t->merge_guard);
    }
    attempt_args(b, r);
    kg_binds_u64(&b->args, from);
    kg_binds_u64(&b->args, to - 1);
    if (scoped) {
        place_args(b, r);
    } else if (kg_sql_is_row_guarded(t->def) && how != KG_SQL_NEW) {
        kg_binds_text(&b->args, run_of(r));
    }
    kg_pg_add(pg, kg_sql_text(&t->merge[how]), &b->args);
}

static void note_scopes(struct kg_report *r, const struct kg_pg *pg,
                        unsigned statement, size_t row)
{
    struct kg_str scopes = {NULL, 0};

    if (r->target->def->mode == KG_MODE_REPLACE) {
        scopes = kg_pg_text(pg, statement, row, 7);
    }
    if (scopes.len > 0) {
        kg_sql_add(&r->scopes, "%.*s\n", KG_STR_ARG(scopes));
    }
}

static void count(struct kg_report *r, const struct kg_pg *pg,
                  unsigned statement, size_t row)
{
    struct kg_report_result *result = &r->result;
    uint64_t n_inserted = kg_pg_u64(pg, statement, row, 1);
    uint64_t n_updated = kg_pg_u64(pg, statement, row, 2);
    uint64_t n_unchanged = kg_pg_u64(pg, statement, row, 3);
    uint64_t n_refused = kg_pg_u64(pg, statement, row, 4);

    result->n_inserted += n_inserted;
    result->n_updated += n_updated;
    result->n_unchanged += n_unchanged;
    result->n_refused += n_refused;
    kg_target_note(r->target, n_inserted, n_updated + n_unchanged + n_refused);
}

static void move(uint64_t *from, uint64_t *to, uint64_t *n)
{
    uint64_t moved = *from < *n ? *from : *n;

    *from -= moved;
    *to += moved;
    *n -= moved;
}

/* The careful way left rows of a scope alone that somebody else had written
 * meanwhile: as they should be, or newer. */
static void correct(struct kg_report *r, uint64_t n_missed)
{
    struct kg_report_result *result = &r->result;
    uint64_t *to = r->target->def->scanned_at < 0 ? &result->n_unchanged
                                                  : &result->n_refused;

    move(&result->n_updated, to, &n_missed);
    move(&result->n_inserted, to, &n_missed);
    move(&result->n_unchanged, to, &n_missed);
}

bool kg_store_count(struct kg_batch *b, struct kg_pg *pg, unsigned statement)
{
    uint64_t n_due = 0;
    uint64_t n_hit = 0;

    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        uint64_t place = kg_pg_u64(pg, statement, i, 0);

        KG_REQUIRE(place < b->n_reports);
        note_scopes(b->reports[place], pg, statement, i);
        if (b->reports[place]->rows.blank) {
            continue; /* What was counted is no row. */
        }
        count(b->reports[place], pg, statement, i);
        n_due += kg_pg_u64(pg, statement, i, 5);
        n_hit = kg_pg_u64(pg, statement, i, 6);
    }
    if (n_hit >= n_due) {
        return true;
    }
    if (b->care == KG_CARE_GATHERED ||
        kg_sql_is_row_guarded(b->reports[0]->target->def)) {
        return false;
    }
    correct(b->reports[0], n_due - n_hit);
    return true;
}

/* What a report alone has too many of are keys that came again, also where the
 * server alone knows that they are equal. */
static void count_duplicates(struct kg_report *r)
{
    struct kg_report_result *result = &r->result;
    uint64_t n_rows = kg_report_is_staged(r) ? r->n_staged : r->rows.n;

    result->n_duplicates = n_rows - result->n_inserted - result->n_updated -
                           result->n_unchanged - result->n_refused -
                           (result->n_rejected - r->n_read_rejected);
}

void kg_store_ended(struct kg_batch *b, struct kg_pg *pg)
{
    if (b->n_reports == 1 && !b->reports[0]->rows.blank) {
        count_duplicates(b->reports[0]);
    }
    kg_batch_stored(b, pg); /* Last. */
}

void kg_store_raced(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_error e;

    (void)kg_error_set(&e, KG_ECONFLICT, KG_SQLSTATE("40001"),
                       "somebody else wrote the same rows");
    kg_batch_failed(b, pg, &e); /* Last. */
}

static void on_row_again(void *data, const struct kg_row_ref *dropped)
{
    struct kg_batch *b = data;

    b->reports[dropped->report]->result.n_duplicates++;
}

/* The reports from n_asked on that go to the same table. */
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
        code = kg_row_set_sort(&set, on_row_again, b);
    }
    if (code == KG_OK && set.n > 0) {
        kg_store_rows(b, pg, &set, 0, set.n);
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
        if (!kg_store_count(b, pg, i)) {
            kg_store_raced(b, pg); /* Last. */
            return;
        }
    }
    store_more(b, pg); /* Last. */
}

static void store_more(struct kg_batch *b, struct kg_pg *pg)
{
    enum kg_errc code = KG_OK;

    if (b->n_asked == b->n_reports) {
        kg_store_ended(b, pg); /* Last. */
        return;
    }
    while (code == KG_OK && b->n_asked < b->n_reports &&
           pg->n_sent + STATEMENTS_PER_TABLE <= KG_PG_STATEMENTS_MAX) {
        code = add_table(b, pg);
    }
    if (code != KG_OK) {
        kg_pg_add(pg, NULL, NULL); /* Told by the round as out of memory. */
    }
    b->n_statements = pg->n_sent;
    kg_store_check(b, pg);
    kg_pg_go(pg, on_stored);
}

/* Staged rows that somebody took away are noticed before they are missed. */
static void on_merged(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_batch *b = KG_CONTAINER_OF(pg->data, struct kg_batch, job);
    struct kg_report *r = b->reports[0];
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
    if (!kg_store_count(b, pg, b->n_statements - 1)) {
        kg_store_raced(b, pg); /* Last. */
        return;
    }
    kg_store_ended(b, pg); /* Last. */
}

static void merge(struct kg_batch *b, struct kg_pg *pg)
{
    struct kg_report *r = b->reports[0];

    attempt_args(b, r);
    kg_batch_add(b, pg, kg_sql_staged, r);
    kg_store_staged(b, pg, 0, r->n_numbers);
    b->n_statements = pg->n_sent;
    kg_store_check(b, pg);
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
