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

enum kg_errc kg_sink_grants(const struct kg_table_def *const *defs,
                            size_t n_defs, struct kg_str role,
                            struct kg_buf *out)
{
    return for_all(defs, n_defs, kg_relation_grant, role, out);
}
