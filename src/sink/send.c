/* SPDX-License-Identifier: MIT */
/* The statements of a round, on their way into libpq: each is copied there, and
 * leaves it when it is large, or pushed, or the round is complete. */
#include "pg.h"

static const struct kg_binds no_args;

/* libpq's unnamed statement, made of `sql` unless that is the one it is. */
static int send_statement(struct kg_pg *pg, const char *sql,
                          const struct kg_binds *args)
{
    const char *values[KG_BINDS_MAX];
    int formats[KG_BINDS_MAX];

    for (unsigned i = 0; i < args->n; i++) {
        values[i] = kg_binds_ptr(args, i);
        formats[i] = 1;
    }
    return sql != NULL ? PQsendQueryParams(pg->conn, sql, (int)args->n, NULL,
                                           values, args->len, formats, 0)
                       : PQsendQueryPrepared(pg->conn, "", (int)args->n, values,
                                             args->len, formats, 0);
}

static void add(struct kg_pg *pg, const char *sql, enum kg_errc code,
                const struct kg_binds *args)
{
    KG_REQUIRE(pg->sm.state == KG_PG_IDLE);
    KG_REQUIRE(pg->n_sent < KG_PG_STATEMENTS_MAX);
    if (pg->failed) {
        return;
    }
    if (code != KG_OK) {
        pg->failed = true;
        (void)kg_error_set(&pg->error, code, 0, "a statement: %s",
                           kg_errc_text(code));
        return;
    }
    if (send_statement(pg, sql, args) != 1) {
        pg->failed = true;
        kg_pg_note_conn(pg, KG_ENOMEM);
        return;
    }
    pg->n_sent++;
}

void kg_pg_add(struct kg_pg *pg, const char *sql, const struct kg_binds *args)
{
    const struct kg_binds *given = args != NULL ? args : &no_args;

    add(pg, sql, sql == NULL ? KG_ENOMEM : given->err, given);
}

void kg_pg_add_again(struct kg_pg *pg, const struct kg_binds *args)
{
    add(pg, NULL, args->err, args);
}

void kg_pg_push(struct kg_pg *pg)
{
    if (!pg->failed && PQflush(pg->conn) < 0) {
        pg->failed = true;
        kg_pg_note_conn(pg, KG_ECLOSED);
    }
}
