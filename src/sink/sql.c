/* SPDX-License-Identifier: MIT */
/* The statement that stores, for scan_history with its row guard:
 *
 *     WITH u AS MATERIALIZED (
 *       SELECT d.*, t.ctid AS at_ctid, t."cluster" IS NOT NULL AS was,
 *              (t."pods", ...) IS NOT DISTINCT FROM (d."pods", ...) AS same,
 *              t."scanned_at" IS NULL OR ... AS open
 *       FROM (SELECT "cluster", ..., "pods"::integer, ..., report
 *             FROM (SELECT unnest($1::text[]) AS "cluster", ...) u OFFSET 0) d
 *       LEFT JOIN "scan_history" t ON <key> ORDER BY <as given>
 *     ), x AS (
 *       UPDATE "scan_history" t SET "pods" = u."pods", ... FROM u
 *       WHERE t.ctid = u.at_ctid AND <key> AND <guard> RETURNING 1
 *     ), w AS (
 *       INSERT INTO "scan_history" SELECT "cluster", ... FROM u
 *       WHERE open AND NOT was RETURNING 1
 *     ) SELECT report, count(...), ..., <hits of x and w> FROM u GROUP BY 1
 *
 * All parts see the table as it was before the statement: u knows what was
 * there, where, and whether it was the same. What somebody else changed in
 * between is no longer where u saw it, or is a key that exists: then fewer rows
 * are hit than were due, or the INSERT fails, and the careful form is next,
 *
 *     w AS (INSERT INTO "scan_history" AS t SELECT ... FROM u
 *           ON CONFLICT ("cluster", ...) DO UPDATE SET ... WHERE <guard>
 *           RETURNING 1)
 *
 * which waits for the other and then asks the guard again. It looks each key up
 * twice or three times, where once is most of the work; so it is not the first.
 *
 * A row of our own instant does not say whose it is. But the transaction that it
 * comes from (xmin) is among those that its run has in the ledger: a later run's
 * is left alone. This is asked of no other row. One that was not there when u
 * looked may be of a run that the statement cannot see yet: such are left as
 * well, fewer rows are hit than were due, and the batch is tried again.
 *
 * Rows of which the table has none yet are only inserted, which looks once: u is
 * no more than a count of them.
 *
 * A scoped table's newest is moved forward by a statement before this one, and
 * locked: u sees what the others did who had it. */
#include "columns.h"

bool kg_sql_is_scoped(const struct kg_table_def *def)
{
    return def->mode == KG_MODE_REPLACE ||
           (def->mode == KG_MODE_UPSERT && def->scanned_at < 0);
}

bool kg_sql_is_row_guarded(const struct kg_table_def *def)
{
    return def->mode == KG_MODE_UPSERT && def->scanned_at >= 0;
}

enum source { GIVEN, STAGED };

/* --- where rows come from ------------------------------------------------------ */

/* What is said of a row beside its columns, */
static void add_marks(struct kg_sql *q, const struct kg_table_def *def)
{
    static const char report[] = "CASE WHEN u.kubeglean_report < 0"
                                 " THEN ~u.kubeglean_report"
                                 " ELSE u.kubeglean_report END";

    kg_sql_add(q,
               "%s AS kubeglean_report,"
               " u.kubeglean_report < 0 AS kubeglean_lost",
               report);
    if (kg_sql_is_scoped(def)) {
        kg_sql_add(q, ", u.kubeglean_scope");
    }
}

/* and where it comes from. */
static void add_mark_arrays(struct kg_sql *q, const struct kg_table_def *def,
                            enum kg_sql_how how)
{
    uint32_t n = def->n_columns;
    uint32_t last = kg_sql_is_scoped(def) ? n + def->n_scope + 5 : n + 1;

    if (kg_sql_is_scoped(def)) {
        kg_sql_add(q, "unnest($%u::integer[]) AS kubeglean_scope, ", n + 2);
    }
    if (kg_sql_is_row_guarded(def)) {
        last++; /* The runs: see add_row_open(). */
    }
    if (how == KG_SQL_CAREFUL) {
        kg_sql_add(q, "unnest($%u::bigint[]) AS kubeglean_row, ", last + 1);
    }
    kg_sql_add(q, "unnest($%u::integer[]) AS kubeglean_report) u OFFSET 0",
               n + 1);
}

/* Arrays side by side: cheaper than unnest() of all of them in FROM. */
static void add_rows_given(struct kg_sql *q, const struct kg_table_def *def,
                           const struct kg_str *casts, enum kg_sql_how how)
{
    kg_sql_add(q, "SELECT ");
    kg_columns_add_typed(q, def, casts);
    kg_sql_add(q, ", ");
    if (how == KG_SQL_CAREFUL) {
        kg_sql_add(q, "u.kubeglean_row, ");
    }
    add_marks(q, def);
    kg_sql_add(q, " FROM (SELECT ");
    for (uint32_t i = 0; i < def->n_columns; i++) {
        kg_sql_add(q, "unnest($%u::text[]) AS ", i + 1);
        kg_sql_name(q, kg_str_from(def->columns[i].name));
        kg_sql_add(q, ", ");
    }
    add_mark_arrays(q, def, how);
}

/* From staging: the last of each key. */
static void add_rows_staged(struct kg_sql *q, const struct kg_table_def *def,
                            const struct kg_str *casts)
{
    bool distinct = def->mode != KG_MODE_APPEND;

    kg_sql_add(q, "SELECT ");
    if (distinct) {
        kg_sql_add(q, "DISTINCT ON (");
        kg_columns_add_order(q, def);
        kg_sql_add(q, ") ");
    }
    kg_columns_add_typed(q, def, casts);
    kg_sql_add(q, ", u.kubeglean_row, 0 AS kubeglean_report,"
                  " false AS kubeglean_lost FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " u" KG_SQL_OF_ATTEMPT " AND u.kubeglean_row"
                  " BETWEEN $3::text::bigint AND $4::text::bigint ORDER BY ");
    if (distinct) {
        kg_columns_add_order(q, def);
        kg_sql_add(q, ", ");
    }
    kg_sql_add(q, "u.kubeglean_row%s", distinct ? " DESC" : "");
}

/* "a" = <from>"a", ... */
static void add_set(struct kg_sql *q, const struct kg_table_def *def,
                    const char *from)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            kg_sql_add(q, "%s", before);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, " = %s", from);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = ", ";
        }
    }
}

/* "(t.at IS NULL OR t.at <compare> <ours>at": the parenthesis is left open. */
static void add_row_is(struct kg_sql *q, const struct kg_table_def *def,
                       const char *compare, const char *ours)
{
    struct kg_str at = kg_str_from(def->columns[def->scanned_at].name);

    kg_sql_add(q, "(t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " IS NULL OR t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " %s %s", compare, ours);
    kg_sql_name(q, at);
}

/* t's row is not newer than ours. */
static void add_row_guard(struct kg_sql *q, const struct kg_table_def *def,
                          const char *ours)
{
    if (def->scanned_at < 0) {
        kg_sql_add(q, "true");
        return;
    }
    add_row_is(q, def, "<=", ours);
    kg_sql_add(q, ")");
}

/* Nor is it a later run's of the same instant. */
static void add_row_open(struct kg_sql *q, const struct kg_table_def *def,
                         enum source source)
{
    struct kg_str at = kg_str_from(def->columns[def->scanned_at].name);

    add_row_is(q, def, "<", "d.");
    kg_sql_add(q, " OR (t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " = d.");
    kg_sql_name(q, at);
    kg_sql_add(q, " AND NOT EXISTS (SELECT FROM kubeglean_runs r"
                  " WHERE r.scanned_at = t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " AND r.target = ");
    kg_sql_literal(q, kg_str_from(def->name));
    kg_sql_add(q, " AND t.xmin = ANY (r.xids)"
                  " AND concat_ws(' ', r.cluster, r.job_uid, r.pod_uid,"
                  " r.container, lpad(r.restart::text, 10, '0'))"
                  " COLLATE \"C\" > ");
    if (source == GIVEN) {
        kg_sql_add(q, "($%u::text[])[d.kubeglean_report + 1])))",
                   def->n_columns + 2);
    } else {
        kg_sql_add(q, "$5::text)))");
    }
}

static void add_conflict(struct kg_sql *q, const struct kg_table_def *def,
                         const struct kg_str *casts)
{
    kg_sql_add(q, " ON CONFLICT (");
    kg_columns_add(q, def, KG_COLUMNS_KEYS, "");
    kg_sql_add(q, ")");
    if (kg_columns_count(def, KG_COLUMNS_SETTABLE) == 0) {
        kg_sql_add(q, " DO NOTHING");
        return;
    }
    kg_sql_add(q, " DO UPDATE SET ");
    add_set(q, def, "excluded.");
    if (def->scanned_at < 0) { /* Equal rows are not touched at all. */
        kg_sql_add(q, " WHERE (");
        kg_columns_add_values(q, def, casts, "t.");
        kg_sql_add(q, ") IS DISTINCT FROM (");
        kg_columns_add_values(q, def, casts, "excluded.");
        kg_sql_add(q, ")");
        return;
    }
    kg_sql_add(q, " WHERE ");
    if (!kg_sql_is_row_guarded(def)) {
        add_row_guard(q, def, "excluded.");
        return;
    }
    add_row_is(q, def, "<", "excluded.");
    kg_sql_add(q, " OR t.ctid IN (SELECT s.kubeglean_ctid FROM u s))");
}

static void add_first_key(struct kg_sql *q, const struct kg_table_def *def)
{
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (kg_column_is(def, i, KG_COLUMNS_KEYS)) {
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            return;
        }
    }
}

/* --- the parts of the storing statement ---------------------------------------- */

static void add_same(struct kg_sql *q, const struct kg_table_def *def,
                     const struct kg_str *casts)
{
    if (kg_columns_count(def, KG_COLUMNS_VALUES) == 0) {
        kg_sql_add(q, "true");
        return;
    }
    kg_sql_add(q, "(");
    kg_columns_add_values(q, def, casts, "t.");
    kg_sql_add(q, ") IS NOT DISTINCT FROM (");
    kg_columns_add_values(q, def, casts, "d.");
    kg_sql_add(q, ")");
}

/* n: does each scope that is given take its report, in that order? One row: to
 * look a scope up for each of its rows would cost more than to store them. */
static void add_taken(struct kg_sql *q, const struct kg_table_def *def,
                      const struct kg_str *casts)
{
    unsigned arg = def->n_columns + 3;

    kg_sql_add(q, "n AS MATERIALIZED (SELECT array_agg("
                  "(s.kubeglean_at, s.kubeglean_run COLLATE \"C\")"
                  " >= (g.newest, g.run) ORDER BY s.kubeglean_i) AS taken,"
                  " array_agg(s.scope ORDER BY s.kubeglean_i) AS scope"
                  " FROM (SELECT u.*, ");
    kg_columns_add_typed_scope(q, def, casts);
    kg_sql_add(q, " AS scope FROM (SELECT ");
    kg_columns_add_scope_arrays(q, def, arg);
    kg_sql_add(q,
               ", generate_subscripts($%u::timestamptz[], 1) AS kubeglean_i) u)"
               " s LEFT JOIN kubeglean_scopes g ON g.target = $%u::text"
               " AND g.scope = s.scope), ",
               arg + def->n_scope, arg + def->n_scope + 2);
}

static const char taken_given[] =
    "((SELECT n.taken FROM n))[d.kubeglean_scope]";
static const char taken_staged[] =
    "($5::text::timestamptz, $6::text COLLATE \"C\") >= (g.newest, g.run)";

/* Does the row's scope take it? And which is it? */
static void add_scope_guard(struct kg_sql *q, const struct kg_table_def *def,
                            enum source source)
{
    const char *taken = source == GIVEN ? taken_given : taken_staged;

    kg_sql_add(q, "%s AND ", taken);
    add_row_guard(q, def, "d.");
    kg_sql_add(q, " AS kubeglean_open");
    if (def->mode == KG_MODE_REPLACE) {
        kg_sql_add(q, ", %s AS kubeglean_taken, %s AS kubeglean_in", taken,
                   source == GIVEN
                       ? "((SELECT n.scope FROM n))[d.kubeglean_scope]"
                       : "g.scope");
    }
}

/* u: the rows, in their order, and what the table has now. Keys that differ in
 * bytes may be equal to the server (1 and 1.0): the fast ways stumble over such,
 * the careful one takes the last of them. */
static void add_before(struct kg_sql *q, const struct kg_table_def *def,
                       const struct kg_str *casts, enum source source,
                       enum kg_sql_how how)
{
    bool scoped = kg_sql_is_scoped(def);
    bool distinct = how == KG_SQL_CAREFUL && def->mode != KG_MODE_APPEND;

    kg_sql_add(q, "WITH ");
    if (scoped && source == GIVEN) {
        add_taken(q, def, casts);
    }
    kg_sql_add(q, "u AS MATERIALIZED (SELECT ");
    if (distinct) {
        kg_sql_add(q, "DISTINCT ON (");
        kg_columns_add(q, def, KG_COLUMNS_KEYS, "d.");
        kg_sql_add(q, ") ");
    }
    kg_sql_add(q, "d.*");
    if (def->mode != KG_MODE_APPEND) {
        kg_sql_add(q, ", t.ctid AS kubeglean_ctid, t.");
        add_first_key(q, def);
        kg_sql_add(q, " IS NOT NULL AS kubeglean_was, ");
        add_same(q, def, casts);
        kg_sql_add(q, " AS kubeglean_same, ");
    }
    if (scoped) {
        add_scope_guard(q, def, source);
    } else if (def->mode != KG_MODE_APPEND) {
        add_row_open(q, def, source);
        kg_sql_add(q, " AS kubeglean_open");
    }
    kg_sql_add(q, " FROM (");
    if (source == GIVEN) {
        add_rows_given(q, def, casts, how);
    } else {
        add_rows_staged(q, def, casts);
    }
    kg_sql_add(q, ") d");
    if (def->mode != KG_MODE_APPEND) {
        kg_sql_add(q, " LEFT JOIN ");
        kg_sql_table(q, def->name);
        kg_sql_add(q, " t ON ");
        kg_columns_add_match(q, def, "t.", "d.");
    }
    if (scoped && source == STAGED) {
        kg_sql_add(q, " LEFT JOIN kubeglean_scopes g ON g.target = $7::text"
                      " AND g.scope = ");
        kg_columns_add_scope(q, def, "d.");
    }
    if (distinct) {
        kg_sql_add(q, " ORDER BY ");
        kg_columns_add(q, def, KG_COLUMNS_KEYS, "d.");
        kg_sql_add(q, ", d.kubeglean_row DESC");
    }
    kg_sql_add(q, ")");
}

/* Those of u that are to be in the table and are not as they should be. */
static void add_due(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "u.kubeglean_open AND NOT u.kubeglean_lost%s",
               kg_columns_leave_alone(def)
                   ? " AND NOT (u.kubeglean_was AND u.kubeglean_same)"
                   : "");
}

/* w, up to where its rows come from. */
static void add_insert(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "w AS (INSERT INTO ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, " AS t (");
    kg_columns_add(q, def, KG_COLUMNS_ALL, "");
    kg_sql_add(q, ") SELECT ");
    kg_columns_add(q, def, KG_COLUMNS_ALL, "u.");
    kg_sql_add(q, " FROM ");
}

static const char no_x[] = ", x AS (SELECT 1 WHERE false), ";

/* x and w: by the place where u saw a row, or as new. */
static void add_fast(struct kg_sql *q, const struct kg_table_def *def)
{
    if (kg_columns_count(def, KG_COLUMNS_SETTABLE) > 0) {
        kg_sql_add(q, ", x AS (UPDATE ");
        kg_sql_table(q, def->name);
        kg_sql_add(q, " t SET ");
        add_set(q, def, "u.");
        kg_sql_add(q, " FROM u WHERE t.ctid = u.kubeglean_ctid AND ");
        kg_columns_add_match(q, def, "t.", "u.");
        kg_sql_add(q, " AND ");
        add_due(q, def);
        kg_sql_add(q, " AND ");
        add_row_guard(q, def, "u.");
        kg_sql_add(q, " RETURNING 1), ");
    } else {
        kg_sql_add(q, "%s", no_x);
    }
    add_insert(q, def);
    kg_sql_add(q, "u WHERE NOT u.kubeglean_was AND ");
    add_due(q, def);
    kg_sql_add(q, " RETURNING 1)");
}

/* x and w: whatever somebody else does meanwhile. */
static void add_careful(struct kg_sql *q, const struct kg_table_def *def,
                        const struct kg_str *casts)
{
    kg_sql_add(q, "%s", no_x);
    add_insert(q, def);
    kg_sql_add(q, "u WHERE u.kubeglean_open AND NOT u.kubeglean_lost"
                  " ORDER BY ");
    kg_columns_add_order(q, def);
    add_conflict(q, def, casts);
    kg_sql_add(q, " RETURNING 1)");
}

/* What u knew. A row that has lost to a later one of the statement was there
 * for a moment, in effect. */
static void add_counts(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, " SELECT u.kubeglean_report,"
                  " count(*) FILTER (WHERE u.kubeglean_open"
                  " AND NOT u.kubeglean_lost AND NOT u.kubeglean_was),"
                  " count(*) FILTER (WHERE u.kubeglean_open"
                  " AND (u.kubeglean_lost OR (u.kubeglean_was"
                  " AND NOT u.kubeglean_same))),"
                  " count(*) FILTER (WHERE u.kubeglean_open"
                  " AND NOT u.kubeglean_lost"
                  " AND u.kubeglean_was AND u.kubeglean_same),"
                  " count(*) FILTER (WHERE u.kubeglean_open IS NOT TRUE),"
                  " count(*) FILTER (WHERE ");
    add_due(q, def);
    kg_sql_add(q, "), (SELECT count(*) FROM x) + (SELECT count(*) FROM w)");
    if (def->mode == KG_MODE_REPLACE) {
        kg_sql_add(q, ", (SELECT string_agg(DISTINCT s.kubeglean_in, E'\\n')"
                      " FROM u s WHERE s.kubeglean_taken)");
    }
    kg_sql_add(q, " FROM u GROUP BY 1");
}

static void add_store(struct kg_sql *q, const struct kg_table_def *def,
                      const struct kg_str *casts, enum kg_sql_how how)
{
    if (def->mode == KG_MODE_APPEND) {
        kg_sql_add(q, ", ");
        add_insert(q, def);
        kg_sql_add(q, "u WHERE NOT u.kubeglean_lost) SELECT u.kubeglean_report,"
                      " count(*), 0, 0, 0, 0, 0 FROM u GROUP BY 1");
        return;
    }
    if (how == KG_SQL_CAREFUL) {
        add_careful(q, def, casts);
    } else {
        add_fast(q, def);
    }
    add_counts(q, def);
}

/* --- rows that the table has none of -------------------------------------------- */

/* u: their marks alone. The rows go by nothing but the INSERT. */
static void add_new_given(struct kg_sql *q, const struct kg_table_def *def,
                          const struct kg_str *casts)
{
    const char *open = kg_sql_is_scoped(def) ? taken_given : "true";

    kg_sql_add(q, "WITH ");
    if (kg_sql_is_scoped(def)) {
        add_taken(q, def, casts);
    }
    kg_sql_add(q,
               "u AS (SELECT d.*, false AS kubeglean_was,"
               " false AS kubeglean_same, %s AS kubeglean_open FROM (SELECT ",
               open);
    add_marks(q, def);
    kg_sql_add(q, " FROM (SELECT ");
    add_mark_arrays(q, def, KG_SQL_NEW);
    kg_sql_add(q, ") d)%s", no_x);
    add_insert(q, def);
    kg_sql_add(q, "(SELECT d.* FROM (");
    add_rows_given(q, def, casts, KG_SQL_NEW);
    kg_sql_add(q,
               ") d WHERE %s AND NOT d.kubeglean_lost) u"
               " RETURNING 1)",
               open);
    add_counts(q, def);
}

static void add_new_staged(struct kg_sql *q, const struct kg_table_def *def,
                           const struct kg_str *casts)
{
    kg_sql_add(q, "WITH ");
    add_insert(q, def);
    kg_sql_add(q, "(");
    add_rows_staged(q, def, casts);
    kg_sql_add(q, ") u RETURNING 1) SELECT 0, count(*), 0, 0, 0, count(*),"
                  " count(*) FROM w");
}

void kg_sql_store(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts, enum kg_sql_how how)
{
    if (how == KG_SQL_NEW && def->mode == KG_MODE_UPSERT) {
        add_new_given(q, def, casts);
        return;
    }
    add_before(q, def, casts, GIVEN, how);
    add_store(q, def, casts, how);
}

/* The scopes of staged rows are known only by looking at each: no less work than
 * to look for what the table has. */
void kg_sql_merge(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts, enum kg_sql_how how)
{
    if (how == KG_SQL_NEW && def->mode == KG_MODE_UPSERT &&
        !kg_sql_is_scoped(def)) {
        add_new_staged(q, def, casts);
        return;
    }
    add_before(q, def, casts, STAGED, how);
    add_store(q, def, casts, how);
}

void kg_sql_is_empty(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "SELECT NOT EXISTS (SELECT FROM ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, ")");
}

void kg_sql_replace(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, " AS t USING kubeglean_scopes g WHERE g.target = $2::text"
                  " AND g.newest = $1::text::timestamptz"
                  " AND g.scope = ANY (string_to_array($3::text, E'\\n'))"
                  " AND ");
    kg_columns_add_in_scope(q, def, "g.scope");
    kg_sql_add(q, " AND (t.");
    kg_sql_name(q, kg_str_from(def->columns[def->scanned_at].name));
    kg_sql_add(q, " < g.newest OR t.");
    kg_sql_name(q, kg_str_from(def->columns[def->scanned_at].name));
    kg_sql_add(q, " IS NULL)");
}
