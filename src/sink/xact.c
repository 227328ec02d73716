/* SPDX-License-Identifier: MIT */
/* A transaction that we gave up together with its connection. A server notices
 * that we are gone where it can (KG_PG_XACT asks it to), or when its statement
 * ends; a wire that went dead tells it nothing. So the next connection ends what
 * is left: the server's process is known, and whose transaction it is in.
 *
 * libpq 15 has no other way that could be taken here: PQcancel() blocks for as
 * long as the server does, is never encrypted, and what it sends, a secret of
 * the connection, is libpq's own. This one is a connection like any other, and
 * works through a pool of transactions. */
#include "pg.h"

#include <stdio.h>

static void copy(char *to, size_t room, const PGresult *result, int column)
{
    (void)snprintf(to, room, "%s", PQgetvalue(result, 0, column));
}

void kg_pg_add_xact(struct kg_pg *pg, const char *sql)
{
    pg->xact.statement = pg->n_sent;
    kg_pg_add(pg, sql, NULL);
}

void kg_pg_answer_now(struct kg_pg *pg)
{
    (void)PQsendFlushRequest(pg->conn); /* Or later: no harm. */
}

void kg_xact_note(struct kg_xact *x, unsigned statement, const PGresult *result)
{
    if (statement == x->statement && PQntuples(result) == 1) {
        copy(x->pid, sizeof(x->pid), result, 0);
        copy(x->since, sizeof(x->since), result, 1);
    }
}

void kg_pg_forget_xact(struct kg_pg *pg)
{
    pg->xact = (struct kg_xact){.statement = KG_PG_STATEMENTS_MAX};
}

bool kg_pg_has_xact(const struct kg_pg *pg)
{
    return pg->xact.pid[0] != '\0';
}

void kg_pg_end_xact(struct kg_pg *pg, kg_pg_round_cb cb)
{
    struct kg_binds args;

    kg_binds_init(&args);
    kg_binds_text(&args, kg_str_from(pg->xact.pid));
    kg_binds_text(&args, kg_str_from(pg->xact.since));
    pg->xact.statement = KG_PG_STATEMENTS_MAX;
    kg_pg_add(pg,
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              " WHERE pid = $1::text::integer"
              " AND " KG_PG_INSTANT("xact_start") " = $2::text",
              &args);
    kg_binds_finish(&args);
    kg_pg_go(pg, cb);
}
