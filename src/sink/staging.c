/* SPDX-License-Identifier: MIT */
/* The statements on a staging table, but for the merge. */
#include "columns.h"

void kg_sql_stage(struct kg_sql *q, const struct kg_table_def *def,
                  enum kg_sql_how how)
{
    uint32_t n = def->n_columns;

    kg_sql_add(q, "INSERT INTO ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " (");
    kg_columns_add(q, def, KG_COLUMNS_ALL, "");
    kg_sql_add(q,
               ", kubeglean_row, kubeglean_report, kubeglean_attempt)"
               " SELECT u.*, md5($%u::text)::uuid, $%u::text::uuid"
               " FROM (SELECT ",
               n + 2, n + 3);
    for (uint32_t i = 0; i < n; i++) {
        kg_sql_add(q, "unnest($%u::text[]) AS ", i + 1);
        kg_sql_name(q, kg_str_from(def->columns[i].name));
        kg_sql_add(q, ", ");
    }
    kg_sql_add(q, "unnest($%u::bigint[]) AS kubeglean_row) u%s", n + 1,
               how == KG_SQL_CAREFUL ? " ON CONFLICT DO NOTHING" : "");
}

void kg_sql_stage_late(struct kg_sql *q, const struct kg_table_def *def,
                       uint64_t late)
{
    unsigned n = 0;

    kg_sql_add(q, "UPDATE ");
    kg_sql_staging(q, def->name);
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if ((late >> i & 1) != 0) {
            kg_sql_add(q, "%s", n++ == 0 ? " SET " : ", ");
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, " = ($4::text[])[%u]", n);
        }
    }
    kg_sql_add(q, KG_SQL_OF_ATTEMPT " AND kubeglean_row < $3::text::bigint");
}

void kg_sql_staged(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "SELECT count(*) FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, KG_SQL_OF_ATTEMPT);
}

void kg_sql_staged_key(struct kg_sql *q, const struct kg_table_def *def)
{
    const char *before = "";

    kg_sql_add(q, "SELECT json_build_object(");
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (kg_column_is(def, i, KG_COLUMNS_KEYS)) {
            kg_sql_add(q, "%s", before);
            kg_sql_literal(q, kg_str_from(def->columns[i].name));
            kg_sql_add(q, ", ");
            kg_sql_name(q, kg_str_from(def->columns[i].name));
            before = ", ";
        }
    }
    kg_sql_add(q, ")::text FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, KG_SQL_OF_ATTEMPT " AND kubeglean_row = $3::text::bigint");
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
    kg_sql_add(q, KG_SQL_OF_ATTEMPT);
}

void kg_sql_sweep(struct kg_sql *q, const struct kg_table_def *def)
{
    kg_sql_add(q, "DELETE FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " WHERE kubeglean_at < now() - interval '1 day'");
}
