/* SPDX-License-Identifier: MIT */
/* How a relation that is there differs from what is wanted: one round of
 * questions to the catalogue, and what the answers come to. Who reads a refusal
 * finds behind "cure:" what he may run as it stands. */
#include "internal.h"

/* --- questions ----------------------------------------------------------------- */

/* $1 is a name ready for SQL. Unlike to_regclass() this finds what is in a
 * schema that the role may not use. */
#define FIND                                                               \
    "WITH i AS (SELECT CASE WHEN array_length(p, 1) > 1 THEN p[1] END AS " \
    "schema, p[array_length(p, 1)]::name AS name FROM parse_ident("        \
    "$1::text) p), c AS (SELECT c.* FROM i, pg_class c JOIN pg_namespace"  \
    " n ON n.oid = c.relnamespace WHERE c.relname = i.name AND CASE WHEN"  \
    " i.schema IS NULL THEN pg_table_is_visible(c.oid)"                    \
    " ELSE n.nspname = i.schema END) "

static const char ask_columns[] =
    FIND "SELECT a.attname, format_type(a.atttypid, NULL),"
         " format_type(a.atttypid, a.atttypmod), t.typtype = 'e', a.attnotnull,"
         " a.atthasdef OR a.attidentity <> '', a.attgenerated <> '',"
         " a.attidentity = 'a'"
         " FROM c JOIN pg_attribute a ON a.attrelid = c.oid"
         " JOIN pg_type t ON t.oid = a.atttypid"
         " WHERE a.attnum > 0 AND NOT a.attisdropped";

/* Columns of its answer. */
enum {
    A_NAME,
    A_TYPE,
    A_FULL_TYPE, /* With its length or precision. */
    A_IS_ENUM,
    A_NOT_NULL,
    A_HAS_DEFAULT,
    A_IS_GENERATED,
    A_IS_IDENTITY
};

/* Where it is, or would be made: n; its unique indexes: x. */
static const char ask_table[] = FIND
    ", n AS (SELECT n.* FROM i LEFT JOIN c ON true, pg_namespace n"
    " WHERE CASE WHEN c.oid IS NOT NULL THEN n.oid = c.relnamespace"
    " ELSE n.nspname = coalesce(i.schema, current_schema(),"
    " (SELECT p.nspname FROM unnest(string_to_array(replace(current_setting("
    "'search_path'), '\"$user\"', current_user), ',')) WITH ORDINALITY"
    " s (name, at) JOIN pg_namespace p ON p.nspname = btrim(s.name, ' \"')"
    " ORDER BY s.at LIMIT 1)) END)"
    ", k AS (SELECT coalesce(array_agg(k ORDER BY k), '{}') AS names"
    " FROM unnest($3::text[]) k)"
    ", x AS (SELECT x.indexrelid AS oid, x.indexrelid::regclass::text AS name,"
    " CASE WHEN x.indexprs IS NOT NULL THEN 'is on an expression'"
    " WHEN NOT x.indimmediate THEN 'is deferrable'"
    " WHEN x.indpred IS NOT NULL THEN 'is partial'"
    " WHEN NOT x.indisvalid THEN 'is not valid' END AS flaw"
    " FROM c JOIN pg_index x ON x.indrelid = c.oid, k WHERE x.indisunique"
    " AND (x.indexprs IS NOT NULL OR k.names ="
    " (SELECT array_agg(a.attname::text ORDER BY a.attname::text)"
    " FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum ="
    " ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))))"
    " SELECT c.oid IS NOT NULL, current_user,"
    " coalesce(n.nspname, i.schema, ''), n.oid IS NOT NULL,"
    " coalesce(has_schema_privilege(n.oid, 'USAGE'), false),"
    " coalesce(has_schema_privilege(n.oid, 'CREATE'), false),"
    " coalesce(pg_has_role(c.relowner, 'USAGE'), false),"
    " (SELECT coalesce(string_agg(p, ', '), '')"
    " FROM unnest(string_to_array($2::text, ', ')) p"
    " WHERE NOT has_table_privilege(c.oid, p)),"
    " EXISTS (SELECT FROM x WHERE flaw IS NULL),"
    " (SELECT string_agg(name || ' ' || flaw, ', ' ORDER BY name) FROM x),"
    " (SELECT string_agg('DROP CONSTRAINT ' || quote_ident(p.relname), ', ')"
    " FROM x JOIN pg_class p ON p.oid = x.oid WHERE flaw = 'is deferrable'),"
    " CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'"
    " WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN"
    " 'INDEX' WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' ELSE '' END,"
    " quote_ident(left(i.name, 50) || '_before'),"
    " (SELECT string_agg(coalesce(quote_ident(a.attname), 'an expression'),"
    " ', ') FROM pg_partitioned_table p, unnest(p.partattrs) at"
    " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = at, k"
    " WHERE p.partrelid = c.oid"
    " AND NOT coalesce(a.attname::text = ANY (k.names), false))"
    " FROM i LEFT JOIN n ON true LEFT JOIN c ON true";

enum {
    B_EXISTS,
    B_ROLE,
    B_SCHEMA,
    B_SCHEMA_EXISTS,
    B_MAY_USE,
    B_MAY_CREATE,
    B_OWNS,
    B_LACKING,
    B_UNIQUE,
    B_FLAWS,     /* Of indexes that would do but for them. */
    B_DEFERRED,  /* "DROP CONSTRAINT c": it spoils a good index beside it. */
    B_OTHER,     /* What it is when it is no table. */
    B_RENAMED,   /* A name it could be given. */
    B_PARTITIONS /* Columns it is partitioned by that no key column is. */
};

void kg_relation_ask(struct kg_pg *pg, const struct kg_relation *r,
                     struct kg_binds *args)
{
    kg_binds_reset(args);
    kg_binds_text(args, kg_str_from(r->name));
    kg_binds_text(args, kg_str_from(r->rights));
    kg_binds_array_begin(args, KG_BINDS_TEXT);
    for (uint32_t i = 0; i < r->n_keys; i++) {
        kg_binds_element(args, kg_str_from(r->columns[r->keys[i]].name));
    }
    kg_binds_array_end(args);
    kg_pg_add(pg, ask_table, args);
    /* Behind it: another agent may make the table in between, and one that is
     * there has its columns. */
    kg_binds_reset(args);
    kg_binds_text(args, kg_str_from(r->name));
    kg_pg_add(pg, ask_columns, args);
}

/* --- refusals ------------------------------------------------------------------ */

/* One relation's answers, and the sentence about what does not fit. */
struct comparison {
    struct kg_pg *pg;
    unsigned columns, table; /* Numbers of the two statements. */
    const struct kg_relation *r;
    struct kg_plan *plan;
    struct kg_sql text;
};

static struct kg_str about(const struct comparison *c, int column)
{
    return kg_pg_text(c->pg, c->table, 0, column);
}

static bool is_so(const struct comparison *c, int column)
{
    return kg_pg_true(c->pg, c->table, 0, column);
}

/* "table t: column "c"" */
static struct kg_sql *say_column(struct comparison *c, struct kg_str column)
{
    kg_sql_add(&c->text, "table %s: column ", c->r->name);
    kg_sql_name(&c->text, column);
    return &c->text;
}

static struct kg_sql *say_role(struct comparison *c, const char *before)
{
    kg_sql_add(&c->text, "table %s: %srole ", c->r->name, before);
    kg_sql_name(&c->text, about(c, B_ROLE));
    return &c->text;
}

/* "; cure: ALTER TABLE t ALTER COLUMN "c"" */
static void alter_column(struct comparison *c, struct kg_str column)
{
    kg_sql_add(&c->text, "; cure: ALTER TABLE %s ALTER COLUMN ", c->r->name);
    kg_sql_name(&c->text, column);
}

static void to_role(struct comparison *c)
{
    kg_sql_add(&c->text, " TO ");
    kg_sql_name(&c->text, about(c, B_ROLE));
}

/* --- columns ------------------------------------------------------------------- */

enum fit {
    MISFIT,
    FITS,
    FITS_CAST, /* If a value is cast to it: an assignment does not do it. */
};

static bool is_text(struct kg_str type)
{
    return kg_str_is(type, "text") || kg_str_is(type, "character varying");
}

/* Other types that are welcome in a table that is adopted. */
static bool is_welcome(const char *want, struct kg_str is, bool is_enum)
{
    static const char *const for_texts[] = {"uuid", "date", NULL};
    static const char *const for_integers[] = {
        "smallint", "integer",          "bigint", "numeric",
        "real",     "double precision", NULL};
    static const char *const for_numbers[] = {"real", "double precision", NULL};

    if (strcmp(want, "text") == 0) {
        return is_enum || kg_str_which(is, for_texts) >= 0;
    }
    if (strcmp(want, "integer") == 0 || strcmp(want, "bigint") == 0) {
        return kg_str_which(is, for_integers) >= 0;
    }
    if (strcmp(want, "numeric") == 0) {
        return kg_str_which(is, for_numbers) >= 0;
    }
    if (strcmp(want, "jsonb") == 0) {
        return kg_str_is(is, "json");
    }
    return strcmp(want, "text[]") == 0 && kg_str_is(is, "character varying[]");
}

/* A length is never cast to: that would cut a text which is too long. */
static enum fit fit_of(const struct comparison *c, size_t row,
                       const struct kg_relation_column *wanted)
{
    struct kg_str is = kg_pg_text(c->pg, c->columns, row, A_TYPE);
    struct kg_str full = kg_pg_text(c->pg, c->columns, row, A_FULL_TYPE);

    if (kg_str_is(full, wanted->type) ||
        (is_text(is) && strcmp(wanted->type, "text") == 0)) {
        return FITS;
    }
    if (!c->r->adopted || (is_text(is) && wanted->is_guard)) {
        return MISFIT;
    }
    return kg_str_is(is, wanted->type) || is_text(is) ||
                   is_welcome(wanted->type, is,
                              kg_pg_true(c->pg, c->columns, row, A_IS_ENUM))
               ? FITS_CAST
               : MISFIT;
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

/* A column that the table has, and the profile does not. */
static enum kg_errc compare_foreign(struct comparison *c, size_t row)
{
    struct kg_str name = kg_pg_text(c->pg, c->columns, row, A_NAME);

    if (!kg_pg_true(c->pg, c->columns, row, A_NOT_NULL) ||
        kg_pg_true(c->pg, c->columns, row, A_HAS_DEFAULT)) {
        return KG_OK;
    }
    kg_sql_add(say_column(c, name),
               " is NOT NULL without a default, and nothing fills it");
    alter_column(c, name);
    kg_sql_add(&c->text, " DROP NOT NULL");
    return KG_ESCHEMA;
}

/* A column that both have. */
static enum kg_errc compare_present(struct comparison *c, size_t row)
{
    struct kg_str name = kg_pg_text(c->pg, c->columns, row, A_NAME);
    struct kg_str type = kg_pg_text(c->pg, c->columns, row, A_FULL_TYPE);
    const struct kg_relation_column *wanted = find_column(c->r, name);

    if (wanted == NULL) {
        return compare_foreign(c, row);
    }
    if (kg_pg_true(c->pg, c->columns, row, A_IS_GENERATED)) {
        kg_sql_add(say_column(c, name), " is generated by the table");
        alter_column(c, name);
        kg_sql_add(&c->text, " DROP EXPRESSION");
        return KG_ESCHEMA;
    }
    if (kg_pg_true(c->pg, c->columns, row, A_IS_IDENTITY)) {
        kg_sql_add(say_column(c, name), " is GENERATED ALWAYS AS IDENTITY");
        alter_column(c, name);
        kg_sql_add(&c->text, " SET GENERATED BY DEFAULT");
        return KG_ESCHEMA;
    }
    if (fit_of(c, row, wanted) == MISFIT) {
        kg_sql_add(say_column(c, name), " is of type %.*s, not %s",
                   KG_STR_ARG(type), wanted->type);
        alter_column(c, name);
        kg_sql_add(&c->text, " TYPE %s USING ", wanted->type);
        kg_sql_name(&c->text, name);
        kg_sql_add(&c->text, "::text::%s", wanted->type);
        return KG_ESCHEMA;
    }
    return KG_OK;
}

static bool is_present(const struct comparison *c, const char *name)
{
    for (size_t i = 0; i < kg_pg_rows(c->pg, c->columns); i++) {
        if (kg_str_is(kg_pg_text(c->pg, c->columns, i, A_NAME), name)) {
            return true;
        }
    }
    return false;
}

/* Rows that are there have no value for it: that is for people to decide. */
static enum kg_errc compare_keys(struct comparison *c)
{
    const struct kg_relation *r = c->r;
    struct kg_sql adds;
    const char *before = "";

    kg_sql_init(&adds);
    for (uint32_t i = 0; i < r->n_columns; i++) {
        const struct kg_relation_column *column = &r->columns[i];

        if (!is_key(r, column) || is_present(c, column->name)) {
            continue;
        }
        kg_sql_add(&c->text, *before == '\0' ? "table %s: key column " : "%s",
                   *before == '\0' ? r->name : before);
        kg_sql_name(&c->text, kg_str_from(column->name));
        kg_sql_add(&adds, "%s ADD COLUMN ", *before == '\0' ? "" : ",");
        kg_sql_name(&adds, kg_str_from(column->name));
        kg_sql_add(&adds, " %s", column->type);
        before = ", ";
    }
    if (*before != '\0') {
        kg_sql_add(&c->text,
                   " is missing; cure: ALTER TABLE %s%s; CREATE UNIQUE INDEX "
                   "ON %s (%s)",
                   r->name, adds.err == KG_OK ? kg_sql_text(&adds) : "",
                   r->name, r->key);
    }
    kg_sql_finish(&adds);
    return *before != '\0' ? KG_ESCHEMA : KG_OK;
}

/* What may be added is planned; KG_ENOTFOUND. */
static enum kg_errc compare_absent(struct comparison *c)
{
    const struct kg_relation *r = c->r;
    size_t from = kg_buf_len(&c->plan->ddl.text);
    enum kg_errc code = compare_keys(c);

    for (uint32_t i = 0; code == KG_OK && i < r->n_columns; i++) {
        if (!is_present(c, r->columns[i].name)) {
            kg_sql_add(&c->plan->ddl,
                       "ALTER TABLE %s ADD COLUMN IF NOT EXISTS ", r->name);
            kg_relation_column_ddl(&c->plan->ddl, &r->columns[i]);
            kg_sql_add(&c->plan->ddl, ";\n");
            kg_sql_add(&c->plan->names, "%scolumn ",
                       kg_buf_len(&c->plan->names.text) > 0 ? ", " : "");
            kg_sql_name(&c->plan->names, kg_str_from(r->columns[i].name));
            kg_sql_add(&c->plan->names, " of %s", r->name);
        }
    }
    if (code != KG_OK || kg_buf_len(&c->plan->ddl.text) == from) {
        return code;
    }
    kg_relation_indexes_ddl(&c->plan->ddl, r); /* A column may have its own. */
    if (!is_so(c, B_OWNS) && c->plan->migrate) {
        struct kg_str ddl = kg_buf_str(&c->plan->ddl.text);

        kg_sql_add(say_role(c, "it lacks columns, and "),
                   " is not its owner; cure: %.*s", (int)(ddl.len - from),
                   ddl.ptr + from);
        return KG_EFORBIDDEN;
    }
    return KG_ENOTFOUND;
}

/* --- the table ----------------------------------------------------------------- */

static enum kg_errc refuse_schema(struct comparison *c, const char *before,
                                  const char *right)
{
    kg_sql_add(say_role(c, before), " lacks the right %s on schema ", right);
    kg_sql_name(&c->text, about(c, B_SCHEMA));
    kg_sql_add(&c->text, "; cure: GRANT %s ON SCHEMA ", right);
    kg_sql_name(&c->text, about(c, B_SCHEMA));
    to_role(c);
    return KG_EFORBIDDEN;
}

static enum kg_errc compare_missing(struct comparison *c)
{
    if (!is_so(c, B_SCHEMA_EXISTS)) {
        kg_sql_add(&c->text, "table %s: there is no schema ", c->r->name);
        kg_sql_name(&c->text, about(c, B_SCHEMA));
        kg_sql_add(&c->text, "; cure: CREATE SCHEMA ");
        kg_sql_name(&c->text, about(c, B_SCHEMA));
        return KG_ESCHEMA;
    }
    if (!is_so(c, B_MAY_USE)) {
        return refuse_schema(c, "", "USAGE");
    }
    if (!is_so(c, B_MAY_CREATE) && c->plan->migrate) {
        return refuse_schema(c,
                             "it is missing (\"kubeglean schema\" prints it), "
                             "and ",
                             "CREATE");
    }
    kg_relation_ddl(&c->plan->ddl, c->r);
    kg_sql_add(&c->plan->names, "%s%s",
               kg_buf_len(&c->plan->names.text) > 0 ? ", " : "", c->r->name);
    return KG_ENOTFOUND;
}

static enum kg_errc compare_rights(struct comparison *c)
{
    struct kg_str lacking = about(c, B_LACKING);

    if (!is_so(c, B_MAY_USE)) {
        return refuse_schema(c, "", "USAGE");
    }
    if (lacking.len == 0) {
        return KG_OK;
    }
    kg_sql_add(say_role(c, ""), " lacks the right %.*s; cure: GRANT %.*s ON %s",
               KG_STR_ARG(lacking), KG_STR_ARG(lacking), c->r->name);
    to_role(c);
    return KG_EFORBIDDEN;
}

/* Can it be what ON CONFLICT speaks of? */
static enum kg_errc compare_index(struct comparison *c)
{
    const struct kg_relation *r = c->r;
    struct kg_str flaws = about(c, B_FLAWS);
    struct kg_str deferred = about(c, B_DEFERRED);
    struct kg_str partitions = about(c, B_PARTITIONS);

    if (r->n_keys == 0 || (is_so(c, B_UNIQUE) && deferred.len == 0)) {
        return KG_OK;
    }
    if (partitions.len > 0) {
        kg_sql_add(&c->text,
                   "table %s: it is partitioned by %.*s, which the profile's "
                   "key lacks (\"key: true\"); cure: ALTER TABLE %s RENAME TO "
                   "%.*s",
                   r->name, KG_STR_ARG(partitions), r->name,
                   KG_STR_ARG(about(c, B_RENAMED)));
        return KG_ESCHEMA;
    }
    kg_sql_add(&c->text,
               "table %s: no unique index on exactly (%s)%s%.*s%s; cure: ",
               r->name, r->key, flaws.len > 0 ? " serves (" : "",
               KG_STR_ARG(flaws), flaws.len > 0 ? ")" : "");
    if (deferred.len > 0) {
        kg_sql_add(&c->text, "ALTER TABLE %s %.*s%s", r->name,
                   KG_STR_ARG(deferred), is_so(c, B_UNIQUE) ? "" : "; ");
    }
    if (!is_so(c, B_UNIQUE)) {
        kg_sql_add(&c->text, "CREATE UNIQUE INDEX ON %s (%s)", r->name, r->key);
    }
    return KG_ESCHEMA;
}

static enum kg_errc compare_kind(struct comparison *c)
{
    struct kg_str other = about(c, B_OTHER);

    if (other.len == 0 || c->r->n_keys == 0) {
        return KG_OK;
    }
    kg_sql_add(&c->text,
               "table %s: it is a %.*s, and no table; cure: ALTER %.*s %s "
               "RENAME TO %.*s",
               c->r->name, KG_STR_ARG(other), KG_STR_ARG(other), c->r->name,
               KG_STR_ARG(about(c, B_RENAMED)));
    return KG_ESCHEMA;
}

static enum kg_errc compare(struct comparison *c)
{
    enum kg_errc code;
    enum kg_errc absent;

    if (!is_so(c, B_EXISTS)) {
        return compare_missing(c);
    }
    code = compare_kind(c);
    for (size_t i = 0; code == KG_OK && i < kg_pg_rows(c->pg, c->columns);
         i++) {
        code = compare_present(c, i);
    }
    absent = code == KG_OK ? compare_absent(c) : code;
    if (absent != KG_OK && absent != KG_ENOTFOUND) {
        return absent;
    }
    code = compare_rights(c);
    code = code == KG_OK ? compare_index(c) : code;
    return code == KG_OK ? absent : code;
}

enum kg_errc kg_relation_compare(struct kg_pg *pg, unsigned statement,
                                 const struct kg_relation *r,
                                 struct kg_plan *plan, struct kg_error *e)
{
    struct comparison c = {.pg = pg,
                           .table = statement,
                           .columns = statement + 1,
                           .r = r,
                           .plan = plan};
    enum kg_errc code;

    kg_sql_init(&c.text);
    code = compare(&c);
    if (code != KG_OK && code != KG_ENOTFOUND) {
        const char *text = kg_sql_text(&c.text);

        (void)kg_error_set(e, code, 0, "%s", text != NULL ? text : r->name);
    }
    kg_sql_finish(&c.text);
    return code;
}

void kg_relation_casts(struct kg_pg *pg, unsigned statement,
                       const struct kg_relation *r, struct kg_str *casts)
{
    const struct comparison c = {.pg = pg, .columns = statement + 1, .r = r};

    for (uint32_t i = 0; i < KG_COLUMNS_MAX; i++) {
        casts[i] = KG_STR("");
    }
    for (size_t i = 0; r->adopted && i < kg_pg_rows(pg, c.columns); i++) {
        struct kg_str type = kg_pg_text(pg, c.columns, i, A_TYPE);
        const struct kg_relation_column *wanted =
            find_column(r, kg_pg_text(pg, c.columns, i, A_NAME));

        if (wanted != NULL && fit_of(&c, i, wanted) == FITS_CAST) {
            casts[wanted - r->columns] =
                is_text(type) ? KG_STR("text")
                              : kg_pg_text(pg, c.columns, i, A_FULL_TYPE);
        }
    }
}
