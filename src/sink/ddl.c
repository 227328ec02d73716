/* SPDX-License-Identifier: MIT */
/* The same relations that a sink looks at, as scripts for people. */
#include "internal.h"

#include "kubeglean/heap.h"

typedef void (*relation_fn)(struct kg_sql *q, const struct kg_relation *r,
                            struct kg_str role);

static void as_ddl(struct kg_sql *q, const struct kg_relation *r,
                   struct kg_str role)
{
    (void)role;
    kg_relation_ddl(q, r);
}

static enum kg_errc for_target(struct kg_sql *q, const struct kg_table_def *def,
                               relation_fn fn, struct kg_str role)
{
    struct kg_target *t = kg_calloc(1, sizeof(*t));
    enum kg_errc code;

    if (t == NULL) {
        return KG_ENOMEM;
    }
    code = kg_target_describe(t, def);
    for (unsigned i = 0; code == KG_OK && i < 2; i++) {
        fn(q, &t->relations[i], role);
    }
    kg_target_undescribe(t);
    kg_free(t);
    return code;
}

static enum kg_errc for_all(const struct kg_table_def *const *defs,
                            size_t n_defs, relation_fn fn, struct kg_str role,
                            struct kg_buf *out)
{
    struct kg_sql q;
    enum kg_errc code = KG_OK;

    kg_sql_init(&q);
    for (size_t i = 0; i < KG_OWN_RELATIONS; i++) {
        fn(&q, &kg_own_relations[i], role);
    }
    for (size_t i = 0; code == KG_OK && i < n_defs; i++) {
        code = for_target(&q, defs[i], fn, role);
    }
    code = code != KG_OK ? code : q.err;
    if (code == KG_OK) {
        code = kg_buf_add(out, kg_buf_str(&q.text));
    }
    kg_sql_finish(&q);
    return code;
}

enum kg_errc kg_sink_ddl(const struct kg_table_def *const *defs, size_t n_defs,
                         struct kg_buf *out)
{
    return for_all(defs, n_defs, as_ddl, KG_STR(""), out);
}

/* Of the database and the schema that the script runs in: a block, because
 * GRANT takes no expression. */
static void add_place(struct kg_sql *q, const char *rights, struct kg_str role)
{
    struct kg_sql block;

    kg_sql_init(&block);
    kg_sql_add(&block, "BEGIN\n  EXECUTE format('GRANT CONNECT ON DATABASE "
                       "%%I TO %%I', current_database(), ");
    kg_sql_literal(&block, role);
    kg_sql_add(&block,
               ");\n  EXECUTE format('GRANT %s ON SCHEMA %%I TO %%I', "
               "current_schema(), ",
               rights);
    kg_sql_literal(&block, role);
    kg_sql_add(&block, ");\nEND");
    kg_sql_add(q, "DO ");
    kg_sql_literal(q, kg_buf_str(&block.text));
    kg_sql_add(q, ";\n");
    q->err = q->err == KG_OK ? block.err : q->err;
    kg_sql_finish(&block);
}

static void add_schema(struct kg_sql *q, const char *rights,
                       const struct kg_table_def *def, struct kg_str role)
{
    struct kg_str table = kg_str_from(def->name);
    struct kg_str schema = kg_str_cut(&table, '.');

    if (table.ptr == NULL) {
        return;
    }
    kg_sql_add(q, "GRANT %s ON SCHEMA ", rights);
    kg_sql_name(q, schema);
    kg_sql_add(q, " TO ");
    kg_sql_name(q, role);
    kg_sql_add(q, ";\n");
}

enum kg_errc kg_sink_grants(const struct kg_table_def *const *defs,
                            size_t n_defs, struct kg_str role, bool migrate,
                            struct kg_buf *out)
{
    const char *rights = migrate ? "USAGE, CREATE" : "USAGE";
    struct kg_sql q;
    enum kg_errc code;

    kg_sql_init(&q);
    add_place(&q, rights, role);
    for (size_t i = 0; i < n_defs; i++) {
        add_schema(&q, rights, defs[i], role);
    }
    code = q.err != KG_OK ? q.err : kg_buf_add(out, kg_buf_str(&q.text));
    kg_sql_finish(&q);
    return code != KG_OK || migrate
               ? code
               : for_all(defs, n_defs, kg_relation_grant, role, out);
}
