/* SPDX-License-Identifier: MIT */
/* The guard of scoped tables: who has locked a scope's newest, and found its own
 * instant not older, stores until COMMIT. */
#include "columns.h"

/* The scopes, each once, and their newest: the first parameters are as those of
 * the rows, but of the scope's columns alone. */
static void add_scopes_given(struct kg_sql *q, const struct kg_table_def *def,
                             const struct kg_str *casts)
{
    kg_sql_add(q, "SELECT ");
    kg_columns_add_typed_scope(q, def, casts);
    kg_sql_add(q, " AS scope, max(u.kubeglean_at) AS newest"
                  " FROM (SELECT ");
    kg_columns_add_scope_arrays(q, def, 1);
    kg_sql_add(q, "unnest($%u::timestamptz[]) AS kubeglean_at) u GROUP BY 1",
               def->n_scope + 1);
}

static void add_scopes_staged(struct kg_sql *q, const struct kg_table_def *def,
                              const struct kg_str *casts)
{
    kg_sql_add(q, "SELECT ");
    kg_columns_add_typed_scope(q, def, casts);
    kg_sql_add(q, " AS scope, max($3::text::timestamptz) AS newest FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " u" KG_SQL_OF_ATTEMPT " GROUP BY 1");
}

typedef void (*scopes_fn)(struct kg_sql *q, const struct kg_table_def *def,
                          const struct kg_str *casts);

static void add_advance(struct kg_sql *q, const struct kg_table_def *def,
                        scopes_fn scopes, const struct kg_str *casts,
                        unsigned target_arg)
{
    kg_sql_add(q,
               "INSERT INTO kubeglean_scopes AS g (target, scope, newest)"
               " SELECT $%u::text, s.scope, s.newest FROM (",
               target_arg);
    scopes(q, def, casts);
    kg_sql_add(q,
               ") s WHERE NOT EXISTS (SELECT FROM kubeglean_scopes o"
               " WHERE o.target = $%u::text AND o.scope = s.scope"
               " AND o.newest >= s.newest) ORDER BY s.scope COLLATE \"C\""
               " ON CONFLICT (target, scope) DO UPDATE"
               " SET newest = excluded.newest"
               " WHERE g.newest < excluded.newest",
               target_arg);
}

static void add_lock(struct kg_sql *q, const struct kg_table_def *def,
                     scopes_fn scopes, const struct kg_str *casts,
                     unsigned target_arg)
{
    kg_sql_add(q,
               "SELECT FROM (SELECT FROM kubeglean_scopes g"
               " WHERE g.target = $%u::text"
               " AND g.scope IN (SELECT s.scope FROM (",
               target_arg);
    scopes(q, def, casts);
    kg_sql_add(q, ") s) ORDER BY g.scope COLLATE \"C\" FOR SHARE OF g) l"
                  " HAVING count(*) < 0"); /* Answers nothing. */
}

void kg_sql_guard(struct kg_sql *advance, struct kg_sql *lock,
                  const struct kg_table_def *def, const struct kg_str *casts)
{
    add_advance(advance, def, add_scopes_given, casts, def->n_scope + 2);
    add_lock(lock, def, add_scopes_given, casts, def->n_scope + 2);
}

void kg_sql_merge_guard(struct kg_sql *advance, struct kg_sql *lock,
                        const struct kg_table_def *def,
                        const struct kg_str *casts)
{
    add_advance(advance, def, add_scopes_staged, casts, 4);
    add_lock(lock, def, add_scopes_staged, casts, 4);
}
