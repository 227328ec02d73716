/* SPDX-License-Identifier: MIT */
/* The ledger's statements. Runs come sorted by key, and are locked in that
 * order. What is written here and the rows that it speaks of commit together. */
#include "internal.h"

#define KEY_ARRAYS "$1::text[], $2::text[], $3::text[], $4::text[], $5::text[]"
#define KEY_NAMES  "cluster, job_uid, pod_uid, container, restart"
#define KEY_MATCH                                                    \
    "r.cluster = u.cluster AND r.job_uid = u.job_uid::uuid"          \
    " AND r.pod_uid = u.pod_uid::uuid AND r.container = u.container" \
    " AND r.restart = u.restart::integer"
/* The last of them, of which a run of many documents has many. */
#define KNOWN_XIDS "r.xids[cardinality(r.xids) - 62:]"

static const char insert_running[] =
    "INSERT INTO kubeglean_runs AS r (" KEY_NAMES
    ", namespace, job, pod, node, task, profile, scanned_at, started_at)"
    " SELECT u.cluster, u.job_uid::uuid, u.pod_uid::uuid, u.container,"
    " u.restart::integer, u.namespace, u.job, u.pod, u.node, u.task,"
    " u.profile, u.scanned_at::timestamptz, u.started_at::timestamptz"
    " FROM unnest(" KEY_ARRAYS ", $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])"
    " AS u (" KEY_NAMES ", namespace, job, pod, node, task, profile,"
    " scanned_at, started_at) ON CONFLICT DO NOTHING";

static const char lock_runs[] =
    "SELECT u.i, r.outcome, r.documents, r.reason"
    " FROM unnest(" KEY_ARRAYS ") WITH ORDINALITY AS u (" KEY_NAMES ", i)"
    " JOIN kubeglean_runs r ON " KEY_MATCH
    " ORDER BY u.i FOR NO KEY UPDATE OF r";

static const char update_runs[] =
    "UPDATE kubeglean_runs r SET outcome = u.outcome, reason = u.reason,"
    " documents = u.documents::integer, rows = r.rows + u.rows::bigint,"
    " rows_rejected = r.rows_rejected + u.rows_rejected::bigint,"
    " duplicates = r.duplicates + u.duplicates::bigint,"
    " target = coalesce(u.target, r.target),"
    " scope = coalesce(u.scope, r.scope),"
    " bytes = coalesce(u.bytes::bigint, r.bytes),"
    " gap_bytes = coalesce(u.gap_bytes::bigint, r.gap_bytes),"
    " scanned_at = coalesce(r.scanned_at, u.scanned_at::timestamptz),"
    " started_at = coalesce(r.started_at, u.started_at::timestamptz),"
    " finished_at = coalesce(u.finished_at::timestamptz, r.finished_at),"
    " node = coalesce(nullif(u.node, ''), r.node),"
    " xids = CASE WHEN u.target IS NULL THEN r.xids"
    " ELSE " KNOWN_XIDS " || pg_current_xact_id()::xid END,"
    " stored_at = now()"
    " FROM unnest(" KEY_ARRAYS ", $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],"
    " $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],"
    " $19::text[])"
    " AS u (" KEY_NAMES ", outcome, reason, documents, rows, rows_rejected,"
    " duplicates, target, scope, bytes, gap_bytes, scanned_at, started_at,"
    " finished_at, node) WHERE " KEY_MATCH;

/* The line itself was written before, in the savepoint before: its own xmin. */
static const char mark_runs[] =
    "UPDATE kubeglean_runs r SET xids = " KNOWN_XIDS " || r.xmin"
    " FROM unnest(" KEY_ARRAYS ") AS u (" KEY_NAMES ") WHERE " KEY_MATCH;

/* A NUL that a report wrote as an escape cannot be in jsonb. */
static const char insert_rejects[] =
    "INSERT INTO kubeglean_rejects (" KEY_NAMES
    ", document, \"row\", key, column_name, sqlstate, reason)"
    " SELECT u.cluster, u.job_uid::uuid, u.pod_uid::uuid, u.container,"
    " u.restart::integer, u.document::integer, u.number::bigint,"
    " replace(nullif(u.key, ''), '\\u0000', '\\ufffd')::jsonb,"
    " nullif(u.column_name, ''), nullif(u.sqlstate, ''), u.reason"
    " FROM unnest(" KEY_ARRAYS ", $6::text[], $7::text[], $8::text[],"
    " $9::text[], $10::text[], $11::text[]) AS u (" KEY_NAMES
    ", document, number, key, column_name, sqlstate, reason)";

/* --- arrays over the batch's runs ------------------------------------------------- */

/* One column of an array parameter; NULL where `ret_value` is left alone. */
typedef void (*column_fn)(struct kg_binds *a, const struct kg_batch_run *run);

static void cluster(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.id.cluster);
}

static void job_uid(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.id.job_uid);
}

static void pod_uid(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.id.pod_uid);
}

static void container(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.id.container);
}

static void restart(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_u64(a, run->run->info.id.restart);
}

static void namespace(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.ns);
}

static void job(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.job);
}

static void pod(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.pod);
}

static void node(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.node);
}

static void task(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.task);
}

static void profile(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, run->run->info.profile);
}

static void scanned_at(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_time(a, run->run->info.scanned_at_us);
}

static void started_at(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_time(a, run->run->info.started_at_us);
}

static void finished_at(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_time(a, run->run->info.finished_at_us);
}

static void outcome(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element(a, kg_str_from(kg_outcome_name(run->entry.outcome)));
}

/* While a run is running, the reason remembers that nothing of it was newer
 * than what the tables had. */
static void reason(struct kg_binds *a, const struct kg_batch_run *run)
{
    if (run->settle != NULL) {
        kg_binds_element(a, run->settle->reason);
    } else {
        kg_binds_element(a, run->all_superseded ? KG_STR("superseded")
                                                : KG_STR(""));
    }
}

static void documents(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_u64(a, run->entry.n_documents);
}

static void rows(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_u64(a, run->n_rows);
}

static void rows_rejected(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_u64(a, run->n_rejected);
}

static void duplicates(struct kg_binds *a, const struct kg_batch_run *run)
{
    kg_binds_element_u64(a, run->n_duplicates);
}

static void target(struct kg_binds *a, const struct kg_batch_run *run)
{
    if (run->last == NULL) {
        kg_binds_element_null(a);
    } else {
        kg_binds_element(a, kg_str_from(run->last->target->def->name));
    }
}

static void scope(struct kg_binds *a, const struct kg_batch_run *run)
{
    if (run->last == NULL) {
        kg_binds_element_null(a);
    } else {
        kg_binds_element(a, kg_buf_str(&run->last->scope));
    }
}

static void bytes(struct kg_binds *a, const struct kg_batch_run *run)
{
    if (run->settle == NULL) {
        kg_binds_element_null(a);
    } else {
        kg_binds_element_u64(a, run->settle->bytes);
    }
}

static void gap_bytes(struct kg_binds *a, const struct kg_batch_run *run)
{
    if (run->settle == NULL) {
        kg_binds_element_null(a);
    } else {
        kg_binds_element_u64(a, run->settle->gap_bytes);
    }
}

static const column_fn key_columns[] = {cluster, job_uid, pod_uid, container,
                                        restart};
static const column_fn running_columns[] = {
    namespace, job, pod, node, task, profile, scanned_at, started_at};
static const column_fn update_columns[] = {
    outcome, reason, documents, rows,       rows_rejected, duplicates,  target,
    scope,   bytes,  gap_bytes, scanned_at, started_at,    finished_at, node};

static bool is_any(const struct kg_batch_run *run)
{
    return run->run != NULL;
}

static bool is_changed(const struct kg_batch_run *run)
{
    return run->last != NULL || run->settle != NULL;
}

static void add_columns(struct kg_batch *b, const column_fn *columns,
                        size_t n_columns,
                        bool (*want)(const struct kg_batch_run *run))
{
    for (size_t c = 0; c < n_columns; c++) {
        kg_binds_array_begin(&b->args, KG_BINDS_TEXT);
        for (size_t i = 0; i < b->n_runs; i++) {
            if (want(&b->runs[i])) {
                columns[c](&b->args, &b->runs[i]);
            }
        }
        kg_binds_array_end(&b->args);
    }
}

/* --- claim --------------------------------------------------------------------------- */

void kg_ledger_claim(struct kg_batch *b, struct kg_pg *pg)
{
    kg_binds_reset(&b->args);
    add_columns(b, key_columns, KG_COUNT_OF(key_columns), is_any);
    add_columns(b, running_columns, KG_COUNT_OF(running_columns), is_any);
    kg_pg_add(pg, insert_running, &b->args);
    kg_binds_reset(&b->args);
    add_columns(b, key_columns, KG_COUNT_OF(key_columns), is_any);
    kg_pg_add(pg, lock_runs, &b->args);
}

static enum kg_outcome outcome_of(struct kg_str name)
{
    for (unsigned i = 0; i < KG_OUTCOME_NR; i++) {
        if (kg_str_is(name, kg_outcome_name((enum kg_outcome)i))) {
            return (enum kg_outcome)i;
        }
    }
    return KG_COMPLETE; /* A word of a later version: settled in any case. */
}

bool kg_ledger_claimed(struct kg_batch *b, struct kg_pg *pg, unsigned statement)
{
    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        uint64_t place = kg_pg_u64(pg, statement, i, 0);
        struct kg_batch_run *run = &b->runs[place - 1];

        KG_REQUIRE(place >= 1 && place <= b->n_runs);
        run->entry.outcome = outcome_of(kg_pg_text(pg, statement, i, 1));
        run->entry.n_documents = (uint32_t)kg_pg_u64(pg, statement, i, 2);
        run->n_before = run->entry.n_documents;
        run->all_superseded =
            kg_str_is(kg_pg_text(pg, statement, i, 3), "superseded");
    }
    return kg_pg_rows(pg, statement) == b->n_runs;
}

/* --- write ---------------------------------------------------------------------------- */

enum { REJECT_COLUMNS = 11 };

static void add_reject_column(struct kg_binds *a, const struct kg_report *r,
                              const struct kg_reject_row *row, unsigned column)
{
    switch (column) {
    case 5:
        kg_binds_element_u64(a, r->ordinal);
        return;
    case 6:
        kg_binds_element_u64(a, row->row);
        return;
    case 7:
        kg_binds_element(a, row->key);
        return;
    case 8:
        kg_binds_element(a, row->column);
        return;
    case 9:
        kg_binds_element(a, row->state);
        return;
    case 10:
        kg_binds_element(a, row->reason);
        return;
    default:
        key_columns[column](a, r->item.run->in_batch);
        return;
    }
}

static void write_rejects(struct kg_batch *b, struct kg_pg *pg)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_reports; i++) {
        n += b->reports[i]->n_rejects;
    }
    if (n == 0) {
        return;
    }
    kg_binds_reset(&b->args);
    for (unsigned column = 0; column < REJECT_COLUMNS; column++) {
        kg_binds_array_begin(&b->args, KG_BINDS_TEXT);
        for (size_t i = 0; i < b->n_reports; i++) {
            const struct kg_report *r = b->reports[i];
            struct kg_queue *at;

            kg_queue_foreach (at, &r->rejects) {
                add_reject_column(
                    &b->args, r,
                    KG_CONTAINER_OF(at, struct kg_reject_row, node), column);
            }
        }
        kg_binds_array_end(&b->args);
    }
    kg_pg_add(pg, insert_rejects, &b->args);
}

void kg_ledger_mark(struct kg_batch *b, struct kg_pg *pg)
{
    kg_binds_reset(&b->args);
    add_columns(b, key_columns, KG_COUNT_OF(key_columns), is_any);
    kg_pg_add(pg, mark_runs, &b->args);
}

void kg_ledger_write(struct kg_batch *b, struct kg_pg *pg)
{
    bool changed = false;

    for (size_t i = 0; i < b->n_runs; i++) {
        changed = changed || is_changed(&b->runs[i]);
    }
    if (!changed) {
        return;
    }
    write_rejects(b, pg);
    if (b->care == KG_CARE_BISECTED) {
        kg_ledger_mark(b, pg);
    }
    kg_binds_reset(&b->args);
    add_columns(b, key_columns, KG_COUNT_OF(key_columns), is_changed);
    add_columns(b, update_columns, KG_COUNT_OF(update_columns), is_changed);
    kg_pg_add(pg, update_runs, &b->args);
}
