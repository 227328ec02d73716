/* SPDX-License-Identifier: MIT */
/* The happy path of looking at relations:
 * - one round asks the catalogue for the columns, rights and unique keys;
 * - all of them fit: done.
 *
 * Possible other paths are:
 * - something is missing that may be made: one DO statement makes it under an
 *   advisory lock, then it is asked again;
 * - it may not be made, or there is what does not fit: refused, with the DDL
 *   that would cure it. */
#include "internal.h"

/* Any number will do that all kubegleans share: "kubeglea". */
#define SCHEMA_LOCK "7742369254285698401"

#define RUN_KEY "cluster, job_uid, pod_uid, container, restart"

const struct kg_relation kg_own_relations[KG_OWN_RELATIONS] = {
    {.name = "kubeglean_installation",
     .rights = "SELECT, INSERT",
     .key = "singleton",
     .tail = "",
     .n_columns = 2,
     .columns = {{"singleton", "boolean",
                  "NOT NULL DEFAULT true CHECK (singleton)"},
                 {"id", "uuid", "NOT NULL DEFAULT gen_random_uuid()"}},
     .n_keys = 1,
     .keys = {0}},
    {.name = "kubeglean_rejects",
     .rights = "INSERT",
     .key = NULL,
     .tail = "",
     .indexes = {"CREATE INDEX IF NOT EXISTS kubeglean_rejects_run ON "
                 "kubeglean_rejects (job_uid);\n"},
     .n_columns = 11,
     .columns = {{"cluster", "text", "NOT NULL"},
                 {"job_uid", "uuid", "NOT NULL"},
                 {"pod_uid", "uuid", "NOT NULL"},
                 {"container", "text", "NOT NULL"},
                 {"restart", "integer", "NOT NULL"},
                 {"document", "integer", "NOT NULL"},
                 {"row", "bigint", "NOT NULL"},
                 {"key", "jsonb", ""},
                 {"column_name", "text", ""},
                 {"sqlstate", "text", ""},
                 {"reason", "text", "NOT NULL DEFAULT ''"}}},
    {.name = "kubeglean_runs",
     .rights = "SELECT, INSERT, UPDATE",
     .key = RUN_KEY,
     .tail = " WITH (fillfactor = 70)",
     .indexes = {"CREATE INDEX IF NOT EXISTS kubeglean_runs_running ON "
                 "kubeglean_runs (cluster) WHERE outcome = 'running';\n",
                 "CREATE INDEX IF NOT EXISTS kubeglean_runs_job ON "
                 "kubeglean_runs (job, namespace);\n",
                 "CREATE INDEX IF NOT EXISTS kubeglean_runs_scanned ON "
                 "kubeglean_runs (scanned_at);\n"},
     .n_columns = 26,
     .columns = {{"cluster", "text", "NOT NULL"},
                 {"job_uid", "uuid", "NOT NULL"},
                 {"pod_uid", "uuid", "NOT NULL"},
                 {"container", "text", "NOT NULL"},
                 {"restart", "integer", "NOT NULL"},
                 {"namespace", "text", "NOT NULL DEFAULT ''"},
                 {"job", "text", "NOT NULL DEFAULT ''"},
                 {"pod", "text", "NOT NULL DEFAULT ''"},
                 {"node", "text", "NOT NULL DEFAULT ''"},
                 {"task", "text", "NOT NULL DEFAULT ''"},
                 {"profile", "text", "NOT NULL DEFAULT ''"},
                 {"target", "text", "NOT NULL DEFAULT ''"},
                 {"scope", "text", "NOT NULL DEFAULT ''"},
                 {"outcome", "text", "NOT NULL DEFAULT 'running'"},
                 {"reason", "text", "NOT NULL DEFAULT ''"},
                 {"documents", "integer", "NOT NULL DEFAULT 0"},
                 {"rows", "bigint", "NOT NULL DEFAULT 0"},
                 {"rows_rejected", "bigint", "NOT NULL DEFAULT 0"},
                 {"duplicates", "bigint", "NOT NULL DEFAULT 0"},
                 {"bytes", "bigint", "NOT NULL DEFAULT 0"},
                 {"gap_bytes", "bigint", "NOT NULL DEFAULT 0"},
                 {"scanned_at", "timestamp with time zone", ""},
                 {"started_at", "timestamp with time zone", ""},
                 {"finished_at", "timestamp with time zone", ""},
                 {"stored_at", "timestamp with time zone", ""},
                 {"xids", "xid[]", "NOT NULL DEFAULT '{}'"}},
     .n_keys = 5,
     .keys = {0, 1, 2, 3, 4}},
    {.name = "kubeglean_scopes",
     .rights = "SELECT, INSERT, UPDATE",
     .key = "target, scope",
     .tail = " WITH (fillfactor = 70)",
     .n_columns = 4,
     .columns = {{"target", "text", "NOT NULL"},
                 {"scope", "text", "NOT NULL"},
                 {"newest", "timestamp with time zone", "NOT NULL"},
                 {"run", "text", "COLLATE \"C\" NOT NULL DEFAULT ''"}},
     .n_keys = 2,
     .keys = {0, 1}},
};

/* --- DDL ------------------------------------------------------------------------- */

void kg_relation_column_ddl(struct kg_sql *q,
                            const struct kg_relation_column *c)
{
    kg_sql_name(q, kg_str_from(c->name));
    kg_sql_add(q, " %s%s%s", c->type, c->modifier[0] != '\0' ? " " : "",
               c->modifier);
}

void kg_relation_indexes_ddl(struct kg_sql *q, const struct kg_relation *r)
{
    for (size_t i = 0; i < KG_COUNT_OF(r->indexes) && r->indexes[i] != NULL;
         i++) {
        kg_sql_add(q, "%s", r->indexes[i]);
    }
}

void kg_relation_ddl(struct kg_sql *q, const struct kg_relation *r)
{
    kg_sql_add(q, "CREATE TABLE IF NOT EXISTS %s (\n", r->name);
    for (uint32_t i = 0; i < r->n_columns; i++) {
        kg_sql_add(q, "%s  ", i > 0 ? ",\n" : "");
        kg_relation_column_ddl(q, &r->columns[i]);
    }
    if (r->key != NULL) {
        kg_sql_add(q, ",\n  PRIMARY KEY (%s)", r->key);
    }
    kg_sql_add(q, "\n)%s;\n", r->tail);
    kg_relation_indexes_ddl(q, r);
}

void kg_relation_grant(struct kg_sql *q, const struct kg_relation *r,
                       struct kg_str role)
{
    kg_sql_add(q, "GRANT %s ON %s TO ", r->rights, r->name);
    kg_sql_name(q, role);
    kg_sql_add(q, ";\n");
}

/* --- the run of it -------------------------------------------------------------------- */

static void ask(struct kg_schema *c, struct kg_pg *pg);

void kg_schema_abandon(struct kg_schema *c)
{
    if (c->cb != NULL) {
        kg_binds_finish(&c->args);
        kg_sql_finish(&c->plan.ddl);
        kg_sql_finish(&c->plan.names);
        c->cb = NULL;
    }
}

static void end(struct kg_schema *c, struct kg_pg *pg, const struct kg_error *e)
{
    kg_schema_cb cb = c->cb;

    kg_schema_abandon(c);
    cb(c, pg, e); /* Last. */
}

static void on_made(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_schema *c = pg->data;

    if (e != NULL) {
        struct kg_error told = *e;

        (void)kg_error_wrap(&told, "creating tables");
        end(c, pg, &told); /* Last. */
        return;
    }
    c->made = true;
    ask(c, pg);
}

static void make(struct kg_schema *c, struct kg_pg *pg)
{
    struct kg_sql body;
    struct kg_sql block;

    kg_sql_init(&body);
    kg_sql_init(&block);
    kg_sql_add(&body,
               "BEGIN\nPERFORM pg_advisory_xact_lock(" SCHEMA_LOCK ");\n%s END",
               kg_buf_cstr(&c->plan.ddl.text));
    kg_sql_add(&block, "DO ");
    kg_sql_literal(&block, kg_buf_str(&body.text));
    kg_pg_add(pg, body.err == KG_OK ? kg_sql_text(&block) : NULL, NULL);
    kg_sql_finish(&body);
    kg_sql_finish(&block);
    kg_pg_go(pg, on_made);
}

/* The whole cure where there is room for it. */
static void refuse_to_make(struct kg_schema *c, struct kg_pg *pg)
{
    struct kg_str ddl = kg_str_trim(kg_buf_str(&c->plan.ddl.text));
    struct kg_str names = kg_buf_str(&c->plan.names.text);
    const char *why = c->made ? "still missing after it was made"
                              : "missing, and not ours to make (--migrate no)";
    struct kg_error e;

    if (names.len + ddl.len + 80 > KG_ERROR_TEXT_MAX) {
        ddl = KG_STR("run what \"kubeglean schema\" prints");
    }
    (void)kg_error_set(&e, KG_ESCHEMA, 0, "%s: %.*s; cure: %.*s", why,
                       KG_STR_ARG(names), KG_STR_ARG(ddl));
    end(c, pg, &e); /* Last. */
}

static void on_answers(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_schema *c = pg->data;
    struct kg_error refused = {0};
    bool lacking = false;

    if (e != NULL) {
        end(c, pg, e); /* Last. */
        return;
    }
    for (unsigned i = 0; i < c->n_relations; i++) {
        enum kg_errc code = kg_relation_compare(pg, 2 * i, &c->relations[i],
                                                &c->plan, &refused);

        if (code != KG_OK && code != KG_ENOTFOUND) {
            end(c, pg, &refused); /* Last. */
            return;
        }
        lacking = lacking || code == KG_ENOTFOUND;
    }
    if (!lacking) {
        kg_relation_casts(pg, 0, &c->relations[0], c->casts);
        end(c, pg, NULL); /* Last. */
        return;
    }
    if (kg_sql_text(&c->plan.ddl) == NULL) {
        (void)kg_error_set(&refused, c->plan.ddl.err, 0, "%s",
                           kg_errc_text(c->plan.ddl.err));
        end(c, pg, &refused); /* Last. */
        return;
    }
    if (c->made || !c->migrate) {
        refuse_to_make(c, pg); /* Last. */
        return;
    }
    make(c, pg);
}

static void ask(struct kg_schema *c, struct kg_pg *pg)
{
    kg_buf_reset(&c->plan.ddl.text);
    kg_buf_reset(&c->plan.names.text);
    for (unsigned i = 0; i < c->n_relations; i++) {
        kg_relation_ask(pg, &c->relations[i], &c->args);
    }
    kg_pg_go(pg, on_answers);
}

void kg_schema_check(struct kg_schema *c, struct kg_pg *pg, kg_schema_cb cb)
{
    c->cb = cb;
    c->made = false;
    pg->data = c;
    kg_binds_init(&c->args);
    c->plan.migrate = c->migrate;
    kg_sql_init(&c->plan.ddl);
    kg_sql_init(&c->plan.names);
    ask(c, pg);
}
