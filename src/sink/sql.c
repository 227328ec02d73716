/* SPDX-License-Identifier: MIT */
/* The statement that stores, for scan_history with its row guard:
 *
 *     WITH d AS MATERIALIZED (
 *       SELECT d."cluster", ..., d."pods"::integer AS "pods", ...,
 *              kubeglean_report::integer, ...
 *       FROM unnest($1::text[], ...) AS d ("cluster", ..., kubeglean_report, ...)
 *     ), u AS MATERIALIZED (
 *       SELECT d.*, t."cluster" IS NOT NULL AS was,
 *              (t."pods", ...) IS NOT DISTINCT FROM (d."pods", ...) AS same
 *       FROM d LEFT JOIN "scan_history" t ON <key>
 *     ), w AS (
 *       INSERT INTO "scan_history" AS t ("cluster", ...)
 *       SELECT u."cluster", ... FROM u ORDER BY <key, bytewise>
 *       ON CONFLICT ("cluster", ...) DO UPDATE SET "pods" = excluded."pods", ...
 *       WHERE t."scanned_at" IS NULL OR t."scanned_at" <= excluded."scanned_at"
 *       RETURNING t."cluster", ..., true AS hit
 *     ) SELECT kubeglean_report, count(...), ... FROM u LEFT JOIN w ON <key>
 *       GROUP BY 1
 *
 * All parts see the table as it was before the statement, so u knows what was
 * there, and whether it was the same. It says so in d's own rows: joined at the
 * end, the planner would take what was there for one row, and go row by row.
 *
 * A scoped table has two more steps before w: g moves the scopes' newest forward
 * (and locks them), a keeps the rows that are not older than that. */
#include "sql.h"

bool kg_sql_is_scoped(const struct kg_table_def *def)
{
    return def->mode == KG_MODE_REPLACE ||
           (def->mode == KG_MODE_UPSERT && def->scanned_at < 0);
}

/* --- lists of columns -------------------------------------------------------- */

/* SETTABLE: no key; VALUES: nor scanned_at. */
enum which { ALL, KEYS, SETTABLE, VALUES };

static bool is_among(const struct kg_table_def *def, uint32_t i,
                     enum which which)
{
    switch (which) {
    case KEYS:
        return def->columns[i].key;
    case SETTABLE:
        return !def->columns[i].key;
    case VALUES:
        return !def->columns[i].key && (int32_t)i != def->scanned_at;
    default:
        return true;
    }
}

static unsigned count_columns(const struct kg_table_def *def, enum which which)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        n += is_among(def, i, which);
    }
    return n;
}

/* <alias>"a", <alias>"b" */
static void add_columns(struct kg_sql *q, const struct kg_table_def *def,
                        enum which which, const char *alias)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (is_among(def, i, which)) {
            kg_sql_add(q, "%s%s", before, alias);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = ", ";
        }
    }
}

/* A table's column of these types has no equality with ours: it is compared as
 * ours, and an assignment does the rest. */
static const char *compared_as(struct kg_str cast)
{
    if (kg_str_is(cast, "json")) {
        return "jsonb";
    }
    return kg_str_starts(cast, KG_STR("character varying")) ? "text[]" : NULL;
}

/* A text becomes the column's type; that of text[] is JSON. */
static void add_typed(struct kg_sql *q, const struct kg_column *c)
{
    if (c->type == KG_TYPE_TEXT_ARRAY) {
        kg_sql_add(q, "CASE WHEN u.");
        kg_sql_name(q, kg_str_from(c->name));
        kg_sql_add(q, " IS NOT NULL THEN ARRAY(SELECT"
                      " jsonb_array_elements_text(u.");
        kg_sql_name(q, kg_str_from(c->name));
        kg_sql_add(q, "::jsonb)) END");
        return;
    }
    kg_sql_add(q, "u.");
    kg_sql_name(q, kg_str_from(c->name));
    if (c->type != KG_TYPE_TEXT) {
        kg_sql_add(q, "::%s", kg_type_name(c->type));
    }
}

/* u."a", u."b"::integer AS "b" */
static void add_typed_columns(struct kg_sql *q, const struct kg_table_def *def,
                              const struct kg_str *casts)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        const struct kg_column *c = &def->columns[i];
        bool is_cast = casts[i].len > 0 && compared_as(casts[i]) == NULL;

        kg_sql_add(q, "%s", before);
        add_typed(q, c);
        if (is_cast) {
            kg_sql_add(q, "::%.*s", KG_STR_ARG(casts[i]));
        }
        if (is_cast || c->type != KG_TYPE_TEXT) {
            kg_sql_add(q, " AS ");
            kg_sql_name(q, kg_str_from(c->name));
        }
        before = ", ";
    }
}

/* <alias>"a", <alias>"b"::jsonb: values, to be compared. */
static void add_values(struct kg_sql *q, const struct kg_table_def *def,
                       const struct kg_str *casts, const char *alias)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        const char *as = compared_as(casts[i]);

        if (is_among(def, i, VALUES)) {
            kg_sql_add(q, "%s%s", before, alias);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, "%s%s", as != NULL ? "::" : "", as != NULL ? as : "");
            before = ", ";
        }
    }
}

/* left"a" = right"a" AND ... */
static void add_key_match(struct kg_sql *q, const struct kg_table_def *def,
                          const char *left, const char *right)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (is_among(def, i, KEYS)) {
            kg_sql_add(q, "%s%s", before, left);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, " = %s", right);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = " AND ";
        }
    }
}

static void add_key_order(struct kg_sql *q, const struct kg_table_def *def)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (is_among(def, i, KEYS)) {
            kg_sql_add(q, "%su.", before);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, "::text COLLATE \"C\"");
            before = ", ";
        }
    }
}

/* ["c1","team-a"]: what kubeglean_scopes and the ledger call the scope. */
static void add_scope(struct kg_sql *q, const struct kg_table_def *def,
                      const char *alias)
{
    kg_sql_add(q, "jsonb_build_array(");
    for (uint32_t i = 0; i < def->n_scope; i++) {
        kg_sql_add(q, "%s%s", i > 0 ? ", " : "", alias);
        kg_sql_name(q, kg_str_from(def->columns[def->scope[i]].name));
    }
    kg_sql_add(q, ")::text");
}

/* --- the parts of the storing statement ---------------------------------------- */

/* From arrays. */
static void add_rows_given(struct kg_sql *q, const struct kg_table_def *def,
                           const struct kg_str *casts)
{
    uint32_t n = def->n_columns;

    kg_sql_add(q, "WITH d AS MATERIALIZED (SELECT ");
    add_typed_columns(q, def, casts);
    kg_sql_add(q, ", u.kubeglean_report::integer"
                  ", u.kubeglean_at::timestamptz"
                  ", u.kubeglean_lost::boolean FROM unnest(");
    for (uint32_t i = 1; i <= n + 3; i++) {
        kg_sql_add(q, "%s$%u::text[]", i > 1 ? ", " : "", i);
    }
    kg_sql_add(q, ") AS u (");
    add_columns(q, def, ALL, "");
    kg_sql_add(q, ", kubeglean_report, kubeglean_at, kubeglean_lost))");
}

/* From staging: the last of each key. */
static void add_rows_staged(struct kg_sql *q, const struct kg_table_def *def,
                            const struct kg_str *casts)
{
    bool distinct = def->mode != KG_MODE_APPEND;

    kg_sql_add(q, "WITH d AS MATERIALIZED (SELECT ");
    if (distinct) {
        kg_sql_add(q, "DISTINCT ON (");
        add_key_order(q, def);
        kg_sql_add(q, ") ");
    }
    add_typed_columns(q, def, casts);
    kg_sql_add(q,
               ", 0 AS kubeglean_report, $5::text::timestamptz AS kubeglean_at"
               ", false AS kubeglean_lost FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " u WHERE u.kubeglean_report = md5($1::text)::uuid"
                  " AND u.kubeglean_attempt = $2::text::uuid"
                  " AND u.kubeglean_row BETWEEN $3::text::bigint"
                  " AND $4::text::bigint ORDER BY ");
    if (distinct) {
        add_key_order(q, def);
        kg_sql_add(q, ", ");
    }
    kg_sql_add(q, "u.kubeglean_row%s)", distinct ? " DESC" : "");
}

static void add_scope_guard(struct kg_sql *q, const struct kg_table_def *def,
                            unsigned target_arg)
{
    kg_sql_add(q,
               ", g AS (INSERT INTO kubeglean_scopes AS g"
               " (target, scope, newest) SELECT $%u::text, ",
               target_arg);
    add_scope(q, def, "u.");
    kg_sql_add(q, ", max(u.kubeglean_at) FROM u GROUP BY 2"
                  " ORDER BY 2"
                  " ON CONFLICT (target, scope) DO UPDATE"
                  " SET newest = excluded.newest"
                  " WHERE g.newest <= excluded.newest"
                  " RETURNING g.scope, g.newest)"
                  ", a AS (SELECT u.* FROM u JOIN g ON g.scope = ");
    add_scope(q, def, "u.");
    kg_sql_add(q,
               " AND u.kubeglean_at >= g.newest WHERE NOT u.kubeglean_lost)");
}

static void add_set(struct kg_sql *q, const struct kg_table_def *def)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            kg_sql_add(q, "%s", before);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, " = excluded.");
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = ", ";
        }
    }
}

/* t's row is not newer than ours. */
static void add_row_guard(struct kg_sql *q, const struct kg_table_def *def,
                          const char *ours)
{
    if (def->scanned_at < 0) {
        kg_sql_add(q, "true");
        return;
    }
    struct kg_str at = kg_str_from(def->columns[def->scanned_at].name);

    kg_sql_add(q, "(t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " IS NULL OR t.");
    kg_sql_name(q, at);
    kg_sql_add(q, " <= %s", ours);
    kg_sql_name(q, at);
    kg_sql_add(q, ")");
}

static void add_conflict(struct kg_sql *q, const struct kg_table_def *def,
                         const struct kg_str *casts)
{
    kg_sql_add(q, " ON CONFLICT (");
    add_columns(q, def, KEYS, "");
    kg_sql_add(q, ")");
    if (count_columns(def, SETTABLE) == 0) {
        kg_sql_add(q, " DO NOTHING");
        return;
    }
    kg_sql_add(q, " DO UPDATE SET ");
    add_set(q, def);
    if (def->scanned_at < 0) { /* Equal rows are not touched at all. */
        kg_sql_add(q, " WHERE (");
        add_values(q, def, casts, "t.");
        kg_sql_add(q, ") IS DISTINCT FROM (");
        add_values(q, def, casts, "excluded.");
        kg_sql_add(q, ")");
        return;
    }
    kg_sql_add(q, " WHERE ");
    add_row_guard(q, def, "excluded.");
}

static void add_first_key(struct kg_sql *q, const struct kg_table_def *def)
{
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (is_among(def, i, KEYS)) {
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            return;
        }
    }
}

/* u: the rows, and what the table had before. */
static void add_before(struct kg_sql *q, const struct kg_table_def *def,
                       const struct kg_str *casts)
{
    if (def->mode == KG_MODE_APPEND) {
        kg_sql_add(q, ", u AS (SELECT * FROM d)");
        return;
    }
    kg_sql_add(q, ", u AS MATERIALIZED (SELECT d.*, t.");
    add_first_key(q, def);
    kg_sql_add(q, " IS NOT NULL AS kubeglean_was, ");
    if (count_columns(def, VALUES) == 0) {
        kg_sql_add(q, "true");
    } else {
        kg_sql_add(q, "(");
        add_values(q, def, casts, "t.");
        kg_sql_add(q, ") IS NOT DISTINCT FROM (");
        add_values(q, def, casts, "d.");
        kg_sql_add(q, ")");
    }
    kg_sql_add(q, " AS kubeglean_same, ");
    add_row_guard(q, def, "d.");
    kg_sql_add(q, " AS kubeglean_open FROM d LEFT JOIN ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, " t ON ");
    add_key_match(q, def, "t.", "d.");
    kg_sql_add(q, ")");
}

/* The scopes that took the report, a line each: they are replaced. */
static void add_scopes_taken(struct kg_sql *q, const struct kg_table_def *def)
{
    if (def->mode == KG_MODE_REPLACE) {
        kg_sql_add(q, ", (SELECT string_agg(g.scope, E'\\n') FROM g)");
    }
}

/* A row that is there: may it be left alone? */
static bool leaves_alone(const struct kg_table_def *def)
{
    return def->scanned_at < 0 || count_columns(def, SETTABLE) == 0;
}

/* Not returned by w: refused by the row guard, or, where there is none, left
 * alone as equal unless its scope refused it. */
static void add_counts(struct kg_sql *q, const struct kg_table_def *def)
{
    bool scoped = kg_sql_is_scoped(def);
    const char *allowed = scoped ? "g.scope IS NOT NULL" : "true";
    const char *alone = leaves_alone(def) ? allowed : "false";

    kg_sql_add(q,
               " SELECT u.kubeglean_report,"
               " count(*) FILTER (WHERE w.kubeglean_hit"
               " AND NOT u.kubeglean_lost AND NOT u.kubeglean_was),"
               " count(*) FILTER (WHERE w.kubeglean_hit AND (u.kubeglean_lost"
               " OR (u.kubeglean_was AND NOT u.kubeglean_same))),"
               " count(*) FILTER (WHERE (w.kubeglean_hit"
               " AND NOT u.kubeglean_lost"
               " AND u.kubeglean_was AND u.kubeglean_same)"
               " OR (w.kubeglean_hit IS NULL AND %s)),"
               " count(*) FILTER (WHERE w.kubeglean_hit IS NULL AND NOT (%s))",
               alone, alone);
    add_scopes_taken(q, def);
    kg_sql_add(q, " FROM u LEFT JOIN w ON ");
    add_key_match(q, def, "w.", "u.");
    if (scoped) {
        kg_sql_add(q, " LEFT JOIN g ON g.scope = ");
        add_scope(q, def, "u.");
        kg_sql_add(q, " AND u.kubeglean_at >= g.newest");
    }
    kg_sql_add(q, " GROUP BY 1");
}

typedef void (*count_fn)(struct kg_sql *q, const struct kg_table_def *def);

/* The same for one report, of which the planner thinks that it has one row: no
 * join at all. What u knows may be older than what w met, so no difference may
 * fall below 0. */
static void add_totals(struct kg_sql *q, const struct kg_table_def *def)
{
    static const char by_row[] =
        " SELECT 0, n.new, greatest(n.hit - n.new - n.same, 0), n.same,"
        " n.given - n.hit";
    static const char from_row[] =
        " FROM (SELECT c.given, c.hit,"
        " greatest(c.hit - c.open, 0) AS new, least(c.same, c.hit) AS same"
        " FROM c) n";
    static const char by_scope[] =
        " SELECT 0, c.kept - c.old, greatest(c.hit - (c.kept - c.old), 0),"
        " c.kept - c.hit, c.given - c.kept";
    bool alone = leaves_alone(def);

    kg_sql_add(q,
               ", c AS (SELECT (SELECT count(*) FROM u) AS given,"
               " (SELECT count(*) FROM w) AS hit, count(*) AS kept,"
               " count(*) FILTER (WHERE k.kubeglean_was) AS old,"
               " count(*) FILTER (WHERE k.kubeglean_was AND k.kubeglean_open)"
               " AS open, count(*) FILTER (WHERE k.kubeglean_was"
               " AND k.kubeglean_open AND k.kubeglean_same) AS same"
               " FROM %s k)%s",
               kg_sql_is_scoped(def) ? "a" : "u", alone ? by_scope : by_row);
    add_scopes_taken(q, def);
    kg_sql_add(q, "%s", alone ? " FROM c" : from_row);
}

static void add_insert(struct kg_sql *q, const struct kg_table_def *def,
                       const struct kg_str *casts, unsigned target_arg,
                       count_fn count)
{
    bool scoped = kg_sql_is_scoped(def);

    add_before(q, def, casts);
    if (scoped) {
        add_scope_guard(q, def, target_arg);
    }
    kg_sql_add(q, ", w AS (INSERT INTO ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, " AS t (");
    add_columns(q, def, ALL, "");
    kg_sql_add(q, ") SELECT ");
    add_columns(q, def, ALL, "u.");
    kg_sql_add(q, " FROM %s u WHERE NOT u.kubeglean_lost", scoped ? "a" : "u");
    if (def->mode == KG_MODE_APPEND) {
        kg_sql_add(q, ") SELECT u.kubeglean_report, count(*), 0, 0, 0"
                      " FROM u GROUP BY 1");
        return;
    }
    kg_sql_add(q, " ORDER BY ");
    add_key_order(q, def);
    add_conflict(q, def, casts);
    kg_sql_add(q, " RETURNING ");
    add_columns(q, def, KEYS, "t.");
    kg_sql_add(q, ", true AS kubeglean_hit)");
    count(q, def);
}

void kg_sql_store(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts)
{
    add_rows_given(q, def, casts);
    add_insert(q, def, casts, def->n_columns + 4, add_counts);
}

void kg_sql_merge(struct kg_sql *q, const struct kg_table_def *def,
                  const struct kg_str *casts)
{
    add_rows_staged(q, def, casts);
    add_insert(q, def, casts, 6, add_totals);
}

void kg_sql_replace(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_table(q, def->name);
    kg_sql_add(q, " AS t USING kubeglean_scopes g WHERE g.target = $2::text"
                  " AND g.newest = $1::text::timestamptz"
                  " AND g.scope = ANY (string_to_array($3::text, E'\\n'))"
                  " AND g.scope = ");
    add_scope(q, def, "t.");
    kg_sql_add(q, " AND (t.");
    kg_sql_name(q, kg_str_from(def->columns[def->scanned_at].name));
    kg_sql_add(q, " < g.newest OR t.");
    kg_sql_name(q, kg_str_from(def->columns[def->scanned_at].name));
    kg_sql_add(q, " IS NULL)");
}

/* --- staging ------------------------------------------------------------------- */

void kg_sql_stage(struct kg_sql *q, const struct kg_table_def *def)
{
    uint32_t n = def->n_columns;

    kg_sql_add(q, "INSERT INTO ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " (");
    add_columns(q, def, ALL, "");
    kg_sql_add(q,
               ", kubeglean_row, kubeglean_report, kubeglean_attempt) SELECT ");
    add_columns(q, def, ALL, "u.");
    kg_sql_add(q,
               ", u.kubeglean_row::bigint, md5($%u::text)::uuid,"
               " $%u::text::uuid FROM unnest(",
               n + 2, n + 3);
    for (uint32_t i = 1; i <= n + 1; i++) {
        kg_sql_add(q, "%s$%u::text[]", i > 1 ? ", " : "", i);
    }
    kg_sql_add(q, ") AS u (");
    add_columns(q, def, ALL, "");
    kg_sql_add(q, ", kubeglean_row) ON CONFLICT DO NOTHING");
}

#define OF_ATTEMPT                                  \
    " WHERE kubeglean_report = md5($1::text)::uuid" \
    " AND kubeglean_attempt = $2::text::uuid"

void kg_sql_staged(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "SELECT count(*) FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, OF_ATTEMPT);
}

void kg_sql_staged_key(struct kg_sql *q, const struct kg_table_def *def)
{
    const char *before = "";

    kg_sql_add(q, "SELECT json_build_object(");
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (is_among(def, i, KEYS)) {
            kg_sql_add(q, "%s", before);
            kg_sql_literal(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, ", ");
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = ", ";
        }
    }
    kg_sql_add(q, ")::text FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, OF_ATTEMPT " AND kubeglean_row = $3::text::bigint");
}

void kg_sql_unstage(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " WHERE kubeglean_report = md5($1::text)::uuid");
}

void kg_sql_unstage_attempt(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, OF_ATTEMPT);
}

void kg_sql_sweep(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " WHERE kubeglean_at < now() - interval '1 day'");
}
