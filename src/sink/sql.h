/* SQL text, built from table definitions alone: names are quoted, values are
 * always parameters. */
#ifndef KG_SINK_SQL_H
#define KG_SINK_SQL_H

#include "kubeglean/buf.h"
#include "kubeglean/row.h"

struct kg_sql {
    struct kg_buf text; /* Private. */
    enum kg_errc err;   /* Read-only: the first failure; sticky. */
};

void kg_sql_init(struct kg_sql *q);
void kg_sql_finish(struct kg_sql *q);
void kg_sql_add(struct kg_sql *q, const char *fmt, ...) KG_PRINTF(2, 3);
void kg_sql_name(struct kg_sql *q, struct kg_str name); /* "na""me" */
void kg_sql_literal(struct kg_sql *q, struct kg_str text);
/* "schema.table" is "schema"."table". */
void kg_sql_table(struct kg_sql *q, const char *name);
/* The target's staging table. */
void kg_sql_staging(struct kg_sql *q, const char *target);
/* The text, or NULL if something failed. Borrowed until the next change. */
const char *kg_sql_text(struct kg_sql *q);

/* Must the whole scope be guarded by kubeglean_scopes? Else each row is, by its
 * scanned_at, or (KG_MODE_APPEND) none need be. */
bool kg_sql_is_scoped(const struct kg_table_def *def);
/* Is each row guarded, by its scanned_at alone? */
bool kg_sql_is_row_guarded(const struct kg_table_def *def);

/* KG_SQL_NEW takes it that the table has none of the keys, and fails with one
 * that exists. KG_SQL_FAST relies on what the statement saw before it wrote: it
 * fails likewise, or hits fewer rows than were due, when somebody else wrote the
 * same keys meanwhile. KG_SQL_CAREFUL does not. */
enum kg_sql_how { KG_SQL_NEW, KG_SQL_FAST, KG_SQL_CAREFUL, KG_SQL_HOW_NR };

/* Stores rows, and answers one row for each report among them: report's number,
 * how many rows were inserted, updated, unchanged, refused, how many of them had
 * to be written, and how many were, of all reports; with KG_MODE_REPLACE also
 * the scopes that took them, a line each.
 *
 * kg_sql_store: parameters are the columns' arrays, then an array of the
 * report's number, or its complement if the row has lost to a later one of the
 * statement, whose fate it shares. If it is scoped: an array of the scope's
 * number (from 1); then those of kg_sql_guard. If its rows are guarded, but for
 * KG_SQL_NEW: an array of the reports' runs. KG_SQL_CAREFUL: an array of the
 * rows' numbers within their one report.
 * kg_sql_merge: from staging. Report's key, attempt, first and last row's
 * number; if it is scoped scanned_at (or -infinity), run, target's name; if its
 * rows are guarded, but for KG_SQL_NEW: run.
 *
 * `casts` has for each column the type, ready for SQL, that the table holds it
 * as when that is not the column's own, else "". The value must be one of the
 * column's type all the same. */
void kg_sql_store(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts, enum kg_sql_how how);
void kg_sql_merge(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts, enum kg_sql_how how);
/* Asks whether the table has no row at all. */
void kg_sql_is_empty(struct kg_sql *q, const struct kg_table_def *def);
/* Before the store, if it is scoped, in this order. */
enum kg_guard {
    KG_GUARD_TAKE,    /* KG_MODE_REPLACE: locks the scopes, so that */
    KG_GUARD_CLEAR,   /* rows of our own instant, of others, can go. */
    KG_GUARD_ADVANCE, /* Moves the newest of the scopes forward, */
    KG_GUARD_LOCK,    /* and keeps others from doing so. */
    KG_GUARD_NR
};

/* Parameters: arrays of the scope's columns, of scanned_at (or -infinity) and of
 * the run, target's name; for a merge report's key, attempt, scanned_at, run,
 * target's name. */
void kg_sql_guard(struct kg_sql q[KG_GUARD_NR], const struct kg_table_def *def,
                  const struct kg_str *casts);
void kg_sql_merge_guard(struct kg_sql q[KG_GUARD_NR],
                        const struct kg_table_def *def,
                        const struct kg_str *casts);
/* KG_MODE_REPLACE, after the store: what these scopes of this scanned_at no
 * longer have. Parameters: scanned_at, target's name, scopes, a line each. */
void kg_sql_replace(struct kg_sql *q, const struct kg_table_def *def);

/* Parameters: report's key, attempt. */
#define KG_SQL_OF_ATTEMPT                           \
    " WHERE kubeglean_report = md5($1::text)::uuid" \
    " AND kubeglean_attempt = $2::text::uuid"

/* Parameters: the columns' arrays, array of row numbers, report's key, attempt.
 * KG_SQL_CAREFUL: some of the rows may be there already. */
void kg_sql_stage(struct kg_sql *q, const struct kg_table_def *def,
                  enum kg_sql_how how);
/* The columns `late`, one bit each, of an attempt's rows below a number.
 * Parameters: report's key, attempt, the number, array of the columns' values. */
void kg_sql_stage_late(struct kg_sql *q, const struct kg_table_def *def,
                       uint64_t late);
/* Count of an attempt's rows. Parameters: report's key, attempt. */
void kg_sql_staged(struct kg_sql *q, const struct kg_table_def *def);
/* The table's key of one row of an attempt, as JSON. Parameters: report's key,
 * attempt, row's number. */
void kg_sql_staged_key(struct kg_sql *q, const struct kg_table_def *def);
/* Takes away all attempts of a report (parameter: its key), or one of them
 * (parameters: key, attempt), or what nobody came back for (none). */
void kg_sql_unstage(struct kg_sql *q, const struct kg_table_def *def);
void kg_sql_unstage_attempt(struct kg_sql *q, const struct kg_table_def *def);
void kg_sql_sweep(struct kg_sql *q, const struct kg_table_def *def);

#endif /* KG_SINK_SQL_H */
