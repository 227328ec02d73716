/* SPDX-License-Identifier: MIT */
/* What the last round was answered. */
#include "pg.h"

size_t kg_pg_rows(const struct kg_pg *pg, unsigned statement)
{
    return (size_t)PQntuples(pg->answers[statement]);
}

struct kg_str kg_pg_text(const struct kg_pg *pg, unsigned statement, size_t row,
                         int column)
{
    const PGresult *r = pg->answers[statement];

    return kg_str_of(PQgetvalue(r, (int)row, column),
                     (size_t)PQgetlength(r, (int)row, column));
}

uint64_t kg_pg_u64(const struct kg_pg *pg, unsigned statement, size_t row,
                   int column)
{
    uint64_t value;

    return kg_str_to_u64(kg_pg_text(pg, statement, row, column), &value) ? value
                                                                         : 0;
}

bool kg_pg_true(const struct kg_pg *pg, unsigned statement, size_t row,
                int column)
{
    return kg_str_is(kg_pg_text(pg, statement, row, column), "t");
}

const char *kg_pg_tag(const struct kg_pg *pg, unsigned statement)
{
    return PQcmdStatus(pg->answers[statement]);
}

struct kg_str kg_pg_failed_column(const struct kg_pg *pg)
{
    for (unsigned i = 0; i < KG_PG_STATEMENTS_MAX; i++) {
        if (PQresultStatus(pg->answers[i]) == PGRES_FATAL_ERROR &&
            pg->answers[i] != NULL) {
            return kg_str_from(
                PQresultErrorField(pg->answers[i], PG_DIAG_COLUMN_NAME));
        }
    }
    return KG_STR("");
}
