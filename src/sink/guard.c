/* SPDX-License-Identifier: MIT */
/* The guard of scoped tables: who has locked a scope's newest, and found its own
 * place not before it, stores until COMMIT. Places are ordered by scanned_at,
 * then by run; of one run's documents under KG_MODE_REPLACE, by ordinal. */
#include "columns.h"

/* The scopes, each once, and the last place given for it. */
static void add_scopes_given(struct kg_sql *q, const struct kg_table_def *def,
                             const struct kg_str *casts)
{
    kg_sql_add(q, "SELECT DISTINCT ON (1) ");
    kg_columns_add_typed_scope(q, def, casts);
    kg_sql_add(q, " AS scope, u.kubeglean_at AS newest, u.kubeglean_run AS run"
                  " FROM (SELECT ");
    kg_columns_add_scope_arrays(q, def, 1);
    kg_sql_add(q, ") u ORDER BY 1, 2 DESC, u.kubeglean_run COLLATE \"C\" DESC");
}

static void add_scopes_staged(struct kg_sql *q, const struct kg_table_def *def,
                              const struct kg_str *casts)
{
    kg_sql_add(q, "SELECT ");
    kg_columns_add_typed_scope(q, def, casts);
    kg_sql_add(q, " AS scope, $3::text::timestamptz AS newest,"
                  " $4::text AS run FROM ");
    kg_sql_staging(q, def->name);
    kg_sql_add(q, " u" KG_SQL_OF_ATTEMPT " GROUP BY 1");
}

typedef void (*scopes_fn)(struct kg_sql *q, const struct kg_table_def *def,
                          const struct kg_str *casts);

/* Where the scopes come from, and which parameter is the target's name. */
struct source {
    const struct kg_table_def *def;
    const struct kg_str *casts;
    scopes_fn scopes;
    unsigned target_arg;
};

static void add_source(struct kg_sql *q, const struct source *from)
{
    kg_sql_add(q, "(");
    from->scopes(q, from->def, from->casts);
    kg_sql_add(q, ") s");
}

/* Locks the scopes, and makes those that are missing; changes none. */
static void add_take(struct kg_sql *q, const struct source *from)
{
    kg_sql_add(q,
               "INSERT INTO kubeglean_scopes AS g (target, scope, newest)"
               " SELECT $%u::text, s.scope, '-infinity' FROM ",
               from->target_arg);
    add_source(q, from);
    kg_sql_add(q, " ORDER BY s.scope COLLATE \"C\" ON CONFLICT (target, scope)"
                  " DO UPDATE SET newest = g.newest");
}

/* What reports before ours stored at our own instant: its scanned_at will not
 * tell it from ours. Mostly there is none, and the table is not looked at. */
static void add_clear(struct kg_sql *q, const struct source *from)
{
    kg_sql_add(q, "WITH b AS MATERIALIZED (SELECT g.scope, g.newest FROM ");
    add_source(q, from);
    kg_sql_add(q,
               " JOIN kubeglean_scopes g ON g.target = $%u::text"
               " AND g.scope = s.scope AND g.newest = s.newest"
               " AND g.run < s.run COLLATE \"C\") DELETE FROM ",
               from->target_arg);
    kg_sql_table(q, from->def->name);
    kg_sql_add(q, " AS t USING b WHERE EXISTS (SELECT FROM b) AND t.");
    kg_sql_name(q, kg_str_from(from->def->columns[from->def->scanned_at].name));
    kg_sql_add(q, " = b.newest AND ");
    kg_columns_add_in_scope(q, from->def, "b.scope");
}

static void add_advance(struct kg_sql *q, const struct source *from)
{
    kg_sql_add(q,
               "INSERT INTO kubeglean_scopes AS g (target, scope, newest, run)"
               " SELECT $%u::text, s.scope, s.newest, s.run FROM ",
               from->target_arg);
    add_source(q, from);
    kg_sql_add(q,
               " WHERE NOT EXISTS (SELECT FROM kubeglean_scopes o"
               " WHERE o.target = $%u::text AND o.scope = s.scope"
               " AND (o.newest, o.run) >= (s.newest, s.run COLLATE \"C\"))"
               " ORDER BY s.scope COLLATE \"C\""
               " ON CONFLICT (target, scope) DO UPDATE"
               " SET newest = excluded.newest, run = excluded.run"
               " WHERE (g.newest, g.run)"
               " < (excluded.newest, excluded.run COLLATE \"C\")",
               from->target_arg);
}

static void add_lock(struct kg_sql *q, const struct source *from)
{
    kg_sql_add(q,
               "SELECT FROM (SELECT FROM kubeglean_scopes g"
               " WHERE g.target = $%u::text"
               " AND g.scope IN (SELECT s.scope FROM ",
               from->target_arg);
    add_source(q, from);
    kg_sql_add(q, ") ORDER BY g.scope COLLATE \"C\" FOR SHARE OF g) l"
                  " HAVING count(*) < 0"); /* Answers nothing. */
}

static void add_guard(struct kg_sql q[KG_GUARD_NR], const struct source *from)
{
    if (from->def->mode == KG_MODE_REPLACE) {
        add_take(&q[KG_GUARD_TAKE], from);
        add_clear(&q[KG_GUARD_CLEAR], from);
    }
    add_advance(&q[KG_GUARD_ADVANCE], from);
    add_lock(&q[KG_GUARD_LOCK], from);
}

void kg_sql_guard(struct kg_sql q[KG_GUARD_NR], const struct kg_table_def *def,
                  const struct kg_str *casts)
{
    const struct source given = {def, casts, add_scopes_given,
                                 def->n_scope + 3};

    add_guard(q, &given);
}

void kg_sql_merge_guard(struct kg_sql q[KG_GUARD_NR],
                        const struct kg_table_def *def,
                        const struct kg_str *casts)
{
    const struct source staged = {def, casts, add_scopes_staged, 5};

    add_guard(q, &staged);
}
