/* SPDX-License-Identifier: MIT */
#include "columns.h"

bool kg_column_is(const struct kg_table_def *def, uint32_t i,
                  enum kg_columns which)
{
    switch (which) {
    case KG_COLUMNS_KEYS:
        return def->columns[i].key;
    case KG_COLUMNS_SETTABLE:
        return !def->columns[i].key;
    case KG_COLUMNS_VALUES:
        return !def->columns[i].key && (int32_t)i != def->scanned_at;
    default:
        return true;
    }
}

unsigned kg_columns_count(const struct kg_table_def *def, enum kg_columns which)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        n += kg_column_is(def, i, which);
    }
    return n;
}

bool kg_columns_leave_alone(const struct kg_table_def *def)
{
    return def->scanned_at < 0 ||
           kg_columns_count(def, KG_COLUMNS_SETTABLE) == 0;
}

void kg_columns_add(struct kg_sql *q, const struct kg_table_def *def,
                    enum kg_columns which, const char *alias)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (kg_column_is(def, i, which)) {
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

void kg_column_add_typed(struct kg_sql *q, const struct kg_column *c)
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

void kg_column_add_cast(struct kg_sql *q, struct kg_str cast)
{
    if (cast.len > 0 && compared_as(cast) == NULL) {
        kg_sql_add(q, "::%.*s", KG_STR_ARG(cast));
    }
}

void kg_columns_add_typed(struct kg_sql *q, const struct kg_table_def *def,
                          const struct kg_str *casts)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        const struct kg_column *c = &def->columns[i];
        kg_sql_add(q, "%s", before);
        kg_column_add_typed(q, c);
        kg_column_add_cast(q, casts[i]);
        kg_sql_add(q, " AS ");
        kg_sql_name(q, kg_str_from(c->name));
        before = ", ";
    }
}

void kg_columns_add_values(struct kg_sql *q, const struct kg_table_def *def,
                           const struct kg_str *casts, const char *alias)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        const char *as = compared_as(casts[i]);

        if (kg_column_is(def, i, KG_COLUMNS_VALUES)) {
            kg_sql_add(q, "%s%s", before, alias);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, "%s%s", as != NULL ? "::" : "", as != NULL ? as : "");
            before = ", ";
        }
    }
}

void kg_columns_add_match(struct kg_sql *q, const struct kg_table_def *def,
                          const char *left, const char *right)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (kg_column_is(def, i, KG_COLUMNS_KEYS)) {
            kg_sql_add(q, "%s%s", before, left);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, " = %s", right);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = " AND ";
        }
    }
}

void kg_columns_add_order(struct kg_sql *q, const struct kg_table_def *def)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (kg_column_is(def, i, KG_COLUMNS_KEYS)) {
            kg_sql_add(q, "%su.", before);
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, "::text COLLATE \"C\"");
            before = ", ";
        }
    }
}

void kg_columns_add_scope(struct kg_sql *q, const struct kg_table_def *def,
                          const char *alias)
{
    kg_sql_add(q, "jsonb_build_array(");
    for (uint32_t i = 0; i < def->n_scope; i++) {
        kg_sql_add(q, "%s%s", i > 0 ? ", " : "", alias);
        kg_sql_name(q, kg_str_from(def->columns[def->scope[i]].name));
    }
    kg_sql_add(q, ")::text");
}

/* A value out of the scope's text, as the table has it. */
static void add_scope_value(struct kg_sql *q, const struct kg_table_def *def,
                            uint32_t i, const char *scope)
{
    struct kg_str name = kg_str_from(def->columns[def->scope[i]].name);

    kg_sql_add(q, "(jsonb_populate_record(NULL::");
    kg_sql_table(q, def->name);
    kg_sql_add(q, ", jsonb_build_object(");
    kg_sql_literal(q, name);
    kg_sql_add(q, ", %s::jsonb -> %u))).", scope, i);
    kg_sql_name(q, name);
}

void kg_columns_add_in_scope(struct kg_sql *q, const struct kg_table_def *def,
                             const char *scope)
{
    kg_sql_add(q, "%s = ", scope);
    kg_columns_add_scope(q, def, "t.");
    for (uint32_t i = 0; i < def->n_scope; i++) {
        if (kg_column_is(def, def->scope[i], KG_COLUMNS_KEYS)) {
            kg_sql_add(q, " AND t.");
            kg_sql_name(q, kg_str_from(def->columns[def->scope[i]].name));
            kg_sql_add(q, " = ");
            add_scope_value(q, def, i, scope);
        }
    }
}

void kg_columns_add_typed_scope(struct kg_sql *q,
                                const struct kg_table_def *def,
                                const struct kg_str *casts)
{
    kg_sql_add(q, "jsonb_build_array(");
    for (uint32_t i = 0; i < def->n_scope; i++) {
        kg_sql_add(q, "%s", i > 0 ? ", " : "");
        kg_column_add_typed(q, &def->columns[def->scope[i]]);
        kg_column_add_cast(q, casts[def->scope[i]]);
    }
    kg_sql_add(q, ")::text");
}

void kg_columns_add_scope_arrays(struct kg_sql *q,
                                 const struct kg_table_def *def, unsigned arg)
{
    for (uint32_t i = 0; i < def->n_scope; i++) {
        kg_sql_add(q, "unnest($%u::text[]) AS ", arg + i);
        kg_sql_name(q, kg_str_from(def->columns[def->scope[i]].name));
        kg_sql_add(q, ", ");
    }
    kg_sql_add(q,
               "unnest($%u::timestamptz[]) AS kubeglean_at,"
               " unnest($%u::text[]) AS kubeglean_run",
               arg + def->n_scope, arg + def->n_scope + 1);
}
