/* SPDX-License-Identifier: MIT */
/* The happy path of looking at relations:
 * - one round asks the catalogue for the columns, rights and unique keys;
 * - all of them fit: done.
 *
 * Possible other paths are:
 * - something is missing that may be made: one DO statement makes it under an
 *   advisory lock, then it is asked again;
 * - it may not be made, or there is what does not fit: refused, with the DDL
 *   that would cure it. */
#include "internal.h"

/* Any number will do that all kubegleans share: "kubeglea". */
#define SCHEMA_LOCK "7742369254285698401"

#define RUN_KEY "cluster, job_uid, pod_uid, container, restart"

const struct kg_relation kg_own_relations[KG_OWN_RELATIONS] = {
    {.name = "kubeglean_installation",
     .rights = "SELECT, INSERT",
     .key = "singleton",
     .tail = "",
     .n_columns = 2,
     .columns = {{"singleton", "boolean",
                  "NOT NULL DEFAULT true CHECK (singleton)"},
                 {"id", "uuid", "NOT NULL DEFAULT gen_random_uuid()"}},
     .n_keys = 1,
     .keys = {0}},
    {.name = "kubeglean_rejects",
     .rights = "SELECT, INSERT",
     .key = NULL,
     .tail = "",
     .indexes = {"CREATE INDEX IF NOT EXISTS kubeglean_rejects_run ON "
                 "kubeglean_rejects (job_uid);\n"},
     .n_columns = 11,
     .columns = {{"cluster", "text", "NOT NULL"},
                 {"job_uid", "uuid", "NOT NULL"},
                 {"pod_uid", "uuid", "NOT NULL"},
                 {"container", "text", "NOT NULL"},
                 {"restart", "integer", "NOT NULL"},
                 {"document", "integer", "NOT NULL"},
                 {"row", "bigint", "NOT NULL"},
                 {"key", "jsonb", ""},
                 {"column_name", "text", ""},
                 {"sqlstate", "text", ""},
                 {"reason", "text", "NOT NULL DEFAULT ''"}}},
    {.name = "kubeglean_runs",
     .rights = "SELECT, INSERT, UPDATE",
     .key = RUN_KEY,
     .tail = " WITH (fillfactor = 70)",
     .indexes = {"CREATE INDEX IF NOT EXISTS kubeglean_runs_running ON "
                 "kubeglean_runs (cluster) WHERE outcome = 'running';\n",
                 "CREATE INDEX IF NOT EXISTS kubeglean_runs_job ON "
                 "kubeglean_runs (job, namespace);\n"},
     .n_columns = 25,
     .columns = {{"cluster", "text", "NOT NULL"},
                 {"job_uid", "uuid", "NOT NULL"},
                 {"pod_uid", "uuid", "NOT NULL"},
                 {"container", "text", "NOT NULL"},
                 {"restart", "integer", "NOT NULL"},
                 {"namespace", "text", "NOT NULL DEFAULT ''"},
                 {"job", "text", "NOT NULL DEFAULT ''"},
                 {"pod", "text", "NOT NULL DEFAULT ''"},
                 {"node", "text", "NOT NULL DEFAULT ''"},
                 {"task", "text", "NOT NULL DEFAULT ''"},
                 {"profile", "text", "NOT NULL DEFAULT ''"},
                 {"target", "text", "NOT NULL DEFAULT ''"},
                 {"scope", "text", "NOT NULL DEFAULT ''"},
                 {"outcome", "text", "NOT NULL DEFAULT 'running'"},
                 {"reason", "text", "NOT NULL DEFAULT ''"},
                 {"documents", "integer", "NOT NULL DEFAULT 0"},
                 {"rows", "bigint", "NOT NULL DEFAULT 0"},
                 {"rows_rejected", "bigint", "NOT NULL DEFAULT 0"},
                 {"duplicates", "bigint", "NOT NULL DEFAULT 0"},
                 {"bytes", "bigint", "NOT NULL DEFAULT 0"},
                 {"gap_bytes", "bigint", "NOT NULL DEFAULT 0"},
                 {"scanned_at", "timestamp with time zone", ""},
                 {"started_at", "timestamp with time zone", ""},
                 {"finished_at", "timestamp with time zone", ""},
                 {"stored_at", "timestamp with time zone", ""}},
     .n_keys = 5,
     .keys = {0, 1, 2, 3, 4}},
    {.name = "kubeglean_scopes",
     .rights = "SELECT, INSERT, UPDATE",
     .key = "target, scope",
     .tail = " WITH (fillfactor = 70)",
     .n_columns = 3,
     .columns = {{"target", "text", "NOT NULL"},
                 {"scope", "text", "NOT NULL"},
                 {"newest", "timestamp with time zone", "NOT NULL"}},
     .n_keys = 2,
     .keys = {0, 1}},
};

/* --- DDL ------------------------------------------------------------------------- */

static void add_column(struct kg_sql *q, const struct kg_relation_column *c)
{
    kg_sql_name(q, kg_str_from(c->name));
    kg_sql_add(q, " %s%s%s", c->type, c->modifier[0] != '\0' ? " " : "",
               c->modifier);
}

void kg_relation_ddl(struct kg_sql *q, const struct kg_relation *r)
{
    kg_sql_add(q, "CREATE TABLE IF NOT EXISTS %s (\n", r->name);
    for (uint32_t i = 0; i < r->n_columns; i++) {
        kg_sql_add(q, "%s  ", i > 0 ? ",\n" : "");
        add_column(q, &r->columns[i]);
    }
    if (r->key != NULL) {
        kg_sql_add(q, ",\n  PRIMARY KEY (%s)", r->key);
    }
    kg_sql_add(q, "\n)%s;\n", r->tail);
    for (size_t i = 0; i < KG_COUNT_OF(r->indexes) && r->indexes[i] != NULL;
         i++) {
        kg_sql_add(q, "%s", r->indexes[i]);
    }
}

void kg_relation_grant(struct kg_sql *q, const struct kg_relation *r,
                       struct kg_str role)
{
    kg_sql_add(q, "GRANT %s ON %s TO ", r->rights, r->name);
    kg_sql_name(q, role);
    kg_sql_add(q, ";\n");
}

/* --- questions and answers --------------------------------------------------------- */

static const char ask_columns[] =
    "SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull,"
    " a.atthasdef OR a.attidentity <> ''"
    " FROM pg_attribute a WHERE a.attrelid = to_regclass($1::text)"
    " AND a.attnum > 0 AND NOT a.attisdropped";

static const char ask_rights[] =
    "SELECT to_regclass($1::text) IS NOT NULL, current_user,"
    " coalesce(current_schema(), ''),"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),"
    " (SELECT coalesce(string_agg(p, ', '), '')"
    " FROM unnest(string_to_array($2::text, ', ')) p"
    " WHERE NOT has_table_privilege(to_regclass($1::text), p)),"
    " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = to_regclass($1::text)"
    " AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL"
    " AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)"
    " FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum ="
    " ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))"
    " = (SELECT array_agg(k ORDER BY k) FROM unnest($3::text[]) k))";

/* Columns of the two answers. */
enum { A_NAME, A_TYPE, A_NOT_NULL, A_HAS_DEFAULT };
enum { A_EXISTS, A_ROLE, A_SCHEMA, A_MAY_CREATE, A_LACKING, A_UNIQUE };

void kg_relation_ask(struct kg_pg *pg, const struct kg_relation *r,
                     struct kg_binds *args)
{
    kg_binds_reset(args);
    kg_binds_text(args, kg_str_from(r->name));
    kg_pg_add(pg, ask_columns, args);
    kg_binds_text(args, kg_str_from(r->rights));
    kg_binds_array_begin(args);
    for (uint32_t i = 0; i < r->n_keys; i++) {
        kg_binds_element(args, kg_str_from(r->columns[r->keys[i]].name));
    }
    kg_binds_array_end(args);
    kg_pg_add(pg, ask_rights, args);
}

static bool is_one_of(struct kg_str s, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (kg_str_is(s, *list)) {
            return true;
        }
    }
    return false;
}

static bool is_text(struct kg_str type)
{
    return kg_str_is(type, "text") || kg_str_is(type, "character varying");
}

/* Can a column of type `is` take values of type `want` by an assignment that
 * refuses what does not fit? */
static bool type_fits(const char *want, struct kg_str is)
{
    static const char *const integers[] = {
        "smallint", "integer",          "bigint", "numeric",
        "real",     "double precision", NULL};
    static const char *const numbers[] = {"numeric", "real", "double precision",
                                          NULL};

    if (kg_str_is(is, want) || is_text(is)) {
        return true;
    }
    if (strcmp(want, "integer") == 0 || strcmp(want, "bigint") == 0) {
        return is_one_of(is, integers);
    }
    return strcmp(want, "numeric") == 0 && is_one_of(is, numbers);
}

static const struct kg_relation_column *find_column(const struct kg_relation *r,
                                                    struct kg_str name)
{
    for (uint32_t i = 0; i < r->n_columns; i++) {
        if (kg_str_is(name, r->columns[i].name)) {
            return &r->columns[i];
        }
    }
    return NULL;
}

static bool is_key(const struct kg_relation *r,
                   const struct kg_relation_column *c)
{
    for (uint32_t i = 0; i < r->n_keys; i++) {
        if (&r->columns[r->keys[i]] == c) {
            return true;
        }
    }
    return false;
}

/* A column that is there: does it suit us? */
static enum kg_errc compare_present(struct kg_pg *pg, unsigned statement,
                                    size_t row, const struct kg_relation *r,
                                    struct kg_error *e)
{
    struct kg_str name = kg_pg_text(pg, statement, row, A_NAME);
    struct kg_str type = kg_pg_text(pg, statement, row, A_TYPE);
    const struct kg_relation_column *c = find_column(r, name);

    if (c == NULL) {
        if (!kg_pg_true(pg, statement, row, A_NOT_NULL) ||
            kg_pg_true(pg, statement, row, A_HAS_DEFAULT)) {
            return KG_OK;
        }
        return kg_error_set(
            e, KG_ESCHEMA, 0,
            "table %s: column \"%.*s\" is NOT NULL without a default, and "
            "nothing fills it; cure: ALTER TABLE %s ALTER COLUMN \"%.*s\" DROP "
            "NOT NULL",
            r->name, KG_STR_ARG(name), r->name, KG_STR_ARG(name));
    }
    if (!type_fits(c->type, type)) {
        return kg_error_set(e, KG_ESCHEMA, 0,
                            "table %s: column \"%s\" is of type %.*s, not %s; "
                            "cure: ALTER TABLE %s ALTER COLUMN \"%s\" TYPE %s",
                            r->name, c->name, KG_STR_ARG(type), c->type,
                            r->name, c->name, c->type);
    }
    return KG_OK;
}

static bool is_present(struct kg_pg *pg, unsigned statement, const char *name)
{
    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        if (kg_str_is(kg_pg_text(pg, statement, i, A_NAME), name)) {
            return true;
        }
    }
    return false;
}

static enum kg_errc compare_absent(const struct kg_relation *r,
                                   const struct kg_relation_column *c,
                                   struct kg_sql *ddl, struct kg_error *e)
{
    if (is_key(r, c)) {
        return kg_error_set(
            e, KG_ESCHEMA, 0,
            "table %s: key column \"%s\" is missing; cure: ALTER TABLE %s ADD "
            "COLUMN \"%s\" %s, then CREATE UNIQUE INDEX ON %s (%s)",
            r->name, c->name, r->name, c->name, c->type, r->name, r->key);
    }
    kg_sql_add(ddl, "ALTER TABLE %s ADD COLUMN IF NOT EXISTS ", r->name);
    add_column(ddl, c);
    kg_sql_add(ddl, ";\n");
    return KG_ENOTFOUND;
}

static enum kg_errc compare_rights(struct kg_pg *pg, unsigned statement,
                                   const struct kg_relation *r,
                                   struct kg_error *e)
{
    struct kg_str role = kg_pg_text(pg, statement, 0, A_ROLE);
    struct kg_str lacking = kg_pg_text(pg, statement, 0, A_LACKING);

    if (lacking.len > 0) {
        return kg_error_set(e, KG_EFORBIDDEN, 0,
                            "table %s: role \"%.*s\" lacks the right %.*s; "
                            "cure: GRANT %.*s ON %s TO \"%.*s\"",
                            r->name, KG_STR_ARG(role), KG_STR_ARG(lacking),
                            KG_STR_ARG(lacking), r->name, KG_STR_ARG(role));
    }
    if (r->n_keys > 0 && !kg_pg_true(pg, statement, 0, A_UNIQUE)) {
        return kg_error_set(e, KG_ESCHEMA, 0,
                            "table %s: no unique index on exactly (%s); cure: "
                            "CREATE UNIQUE INDEX ON %s (%s)",
                            r->name, r->key, r->name, r->key);
    }
    return KG_OK;
}

static enum kg_errc compare_missing(struct kg_pg *pg, unsigned statement,
                                    const struct kg_relation *r,
                                    struct kg_sql *ddl, struct kg_error *e)
{
    struct kg_str role = kg_pg_text(pg, statement, 0, A_ROLE);
    struct kg_str schema = kg_pg_text(pg, statement, 0, A_SCHEMA);

    if (!kg_pg_true(pg, statement, 0, A_MAY_CREATE)) {
        return kg_error_set(e, KG_EFORBIDDEN, 0,
                            "table %s: it is missing, and role \"%.*s\" lacks "
                            "the right CREATE on schema \"%.*s\"; cure: its "
                            "owner runs what \"kubeglean schema --grants\" "
                            "prints, or GRANT CREATE ON SCHEMA \"%.*s\" TO "
                            "\"%.*s\"",
                            r->name, KG_STR_ARG(role), KG_STR_ARG(schema),
                            KG_STR_ARG(schema), KG_STR_ARG(role));
    }
    kg_relation_ddl(ddl, r);
    return KG_ENOTFOUND;
}

enum kg_errc kg_relation_compare(struct kg_pg *pg, unsigned statement,
                                 const struct kg_relation *r,
                                 struct kg_sql *ddl, struct kg_error *e)
{
    enum kg_errc worst = KG_OK;
    enum kg_errc code;

    if (!kg_pg_true(pg, statement + 1, 0, A_EXISTS)) {
        return compare_missing(pg, statement + 1, r, ddl, e);
    }
    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        if ((code = compare_present(pg, statement, i, r, e)) != KG_OK) {
            return code;
        }
    }
    for (uint32_t i = 0; i < r->n_columns; i++) {
        if (is_present(pg, statement, r->columns[i].name)) {
            continue;
        }
        worst = compare_absent(r, &r->columns[i], ddl, e);
        if (worst != KG_ENOTFOUND) {
            return worst;
        }
    }
    code = compare_rights(pg, statement + 1, r, e);
    return code != KG_OK ? code : worst;
}

/* --- the run of it -------------------------------------------------------------------- */

static uint64_t columns_as_text(struct kg_pg *pg, unsigned statement,
                                const struct kg_relation *r)
{
    uint64_t as_text = 0;

    for (size_t i = 0; i < kg_pg_rows(pg, statement); i++) {
        const struct kg_relation_column *c =
            find_column(r, kg_pg_text(pg, statement, i, A_NAME));

        if (c != NULL && c - r->columns < KG_COLUMNS_MAX &&
            is_text(kg_pg_text(pg, statement, i, A_TYPE)) &&
            strcmp(c->type, "text") != 0) {
            as_text |= UINT64_C(1) << (c - r->columns);
        }
    }
    return as_text;
}

static void ask(struct kg_schema *c, struct kg_pg *pg);

void kg_schema_abandon(struct kg_schema *c)
{
    if (c->cb != NULL) {
        kg_binds_finish(&c->args);
        kg_sql_finish(&c->ddl);
        c->cb = NULL;
    }
}

static void end(struct kg_schema *c, struct kg_pg *pg, const struct kg_error *e)
{
    kg_schema_cb cb = c->cb;

    kg_schema_abandon(c);
    cb(c, pg, e); /* Last. */
}

static void on_made(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_schema *c = pg->data;

    if (e != NULL) {
        struct kg_error told = *e;

        (void)kg_error_wrap(&told, "creating tables");
        end(c, pg, &told); /* Last. */
        return;
    }
    c->made = true;
    ask(c, pg);
}

static void make(struct kg_schema *c, struct kg_pg *pg)
{
    struct kg_sql body;
    struct kg_sql block;

    kg_sql_init(&body);
    kg_sql_init(&block);
    kg_sql_add(&body,
               "BEGIN\nPERFORM pg_advisory_xact_lock(" SCHEMA_LOCK ");\n%s END",
               kg_buf_cstr(&c->ddl.text));
    kg_sql_add(&block, "DO ");
    kg_sql_literal(&block, kg_buf_str(&body.text));
    kg_pg_add(pg, body.err == KG_OK ? kg_sql_text(&block) : NULL, NULL);
    kg_sql_finish(&body);
    kg_sql_finish(&block);
    kg_pg_go(pg, on_made);
}

static void refuse_to_make(struct kg_schema *c, struct kg_pg *pg)
{
    struct kg_error e;

    (void)kg_error_set(&e, KG_ESCHEMA, 0,
                       "%s, and tables are neither created nor changed without "
                       "--migrate; cure: %s",
                       c->made ? "tables are still missing after their creation"
                               : "tables or columns are missing",
                       kg_sql_text(&c->ddl));
    end(c, pg, &e); /* Last. */
}

static void on_answers(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_schema *c = pg->data;
    struct kg_error refused = {0};
    bool lacking = false;

    if (e != NULL) {
        end(c, pg, e); /* Last. */
        return;
    }
    for (unsigned i = 0; i < c->n_relations; i++) {
        enum kg_errc code =
            kg_relation_compare(pg, 2 * i, &c->relations[i], &c->ddl, &refused);

        if (code != KG_OK && code != KG_ENOTFOUND) {
            end(c, pg, &refused); /* Last. */
            return;
        }
        lacking = lacking || code == KG_ENOTFOUND;
    }
    if (!lacking) {
        c->as_text = columns_as_text(pg, 0, &c->relations[0]);
        end(c, pg, NULL); /* Last. */
        return;
    }
    if (kg_sql_text(&c->ddl) == NULL) {
        (void)kg_error_set(&refused, c->ddl.err, 0, "%s",
                           kg_errc_text(c->ddl.err));
        end(c, pg, &refused); /* Last. */
        return;
    }
    if (c->made || !c->migrate) {
        refuse_to_make(c, pg); /* Last. */
        return;
    }
    make(c, pg);
}

static void ask(struct kg_schema *c, struct kg_pg *pg)
{
    kg_buf_reset(&c->ddl.text);
    for (unsigned i = 0; i < c->n_relations; i++) {
        kg_relation_ask(pg, &c->relations[i], &c->args);
    }
    kg_pg_go(pg, on_answers);
}

void kg_schema_check(struct kg_schema *c, struct kg_pg *pg, kg_schema_cb cb)
{
    c->cb = cb;
    c->made = false;
    pg->data = c;
    kg_binds_init(&c->args);
    kg_sql_init(&c->ddl);
    ask(c, pg);
}
