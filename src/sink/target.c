/* SPDX-License-Identifier: MIT */
/* The happy path of a target is:
 * - its table and its staging table are looked at, made or extended as need be;
 * - staged rows that nobody came back for are swept;
 * - it fits: those who asked are told, and its reports go on.
 *
 * Possible failure modes are:
 * - it does not fit, or a right is missing: REFUSED, until asked for again;
 * - it fitted once, and a statement failed because it does no more: UNKNOWN. */
#include "internal.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static const struct kg_sm_state states[KG_TARGET_STATE_NR] = {
    [KG_TARGET_UNKNOWN] = {"unknown", KG_SM_TO(KG_TARGET_CHECKING) |
                                          KG_SM_TO(KG_TARGET_REFUSED)},
    [KG_TARGET_CHECKING] = {"checking", KG_SM_TO(KG_TARGET_FITS) |
                                            KG_SM_TO(KG_TARGET_REFUSED)},
    [KG_TARGET_FITS] = {"fits", KG_SM_TO(KG_TARGET_UNKNOWN)},
    [KG_TARGET_REFUSED] = {"refused", KG_SM_TO(KG_TARGET_UNKNOWN)},
};

struct asking { /* One kg_sink_prepare(). */
    struct kg_queue node;
    kg_sink_table_cb table_cb;
    void *data;
};

/* --- the two relations --------------------------------------------------------- */

/* As format_type() writes it, to be compared. */
static const char *type_name(enum kg_type type)
{
    return type == KG_TYPE_TIMESTAMPTZ ? "timestamp with time zone"
                                       : kg_type_name(type);
}

/* No more than the statements need. */
static const char *rights_for(const struct kg_table_def *def)
{
    bool updates = false;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        updates = updates || !def->columns[i].key;
    }
    switch (def->mode) {
    case KG_MODE_APPEND:
        return "INSERT";
    case KG_MODE_REPLACE:
        return updates ? "SELECT, INSERT, UPDATE, DELETE"
                       : "SELECT, INSERT, DELETE";
    default:
        return updates ? "SELECT, INSERT, UPDATE" : "SELECT, INSERT";
    }
}

static void describe_table(struct kg_target *t)
{
    const struct kg_table_def *def = t->def;
    struct kg_relation *r = &t->relations[0];

    kg_sql_table(&t->names[0], def->name);
    r->rights = rights_for(def);
    r->tail = def->mode == KG_MODE_APPEND ? "" : " WITH (fillfactor = 50)";
    for (uint32_t i = 0; i < def->n_columns; i++) {
        bool key = def->columns[i].key && def->mode != KG_MODE_APPEND;

        r->columns[r->n_columns++] = (struct kg_relation_column){
            def->columns[i].name, type_name(def->columns[i].type),
            key ? "NOT NULL" : "", (int32_t)i == def->scanned_at};
        if (key) {
            kg_sql_add(&t->keys[0], "%s", r->n_keys > 0 ? ", " : "");
            kg_sql_name(&t->keys[0], kg_str_from(def->columns[i].name));
            r->keys[r->n_keys++] = i;
        }
    }
    r->adopted = true;
    r->name = kg_sql_text(&t->names[0]);
    r->key = r->n_keys > 0 ? kg_sql_text(&t->keys[0]) : NULL;
}

static void describe_staging(struct kg_target *t)
{
    static const struct kg_relation_column own[] = {
        {"kubeglean_report", "uuid", "NOT NULL"},
        {"kubeglean_attempt", "uuid", "NOT NULL"},
        {"kubeglean_row", "bigint", "NOT NULL"},
        {"kubeglean_at", "timestamp with time zone", "NOT NULL DEFAULT now()"},
    };
    const struct kg_table_def *def = t->def;
    struct kg_relation *r = &t->relations[1];

    kg_sql_staging(&t->names[1], def->name);
    for (uint32_t i = 0; i < KG_COUNT_OF(own); i++) {
        r->columns[i] = own[i];
    }
    r->n_columns = KG_COUNT_OF(own);
    for (uint32_t i = 0; i < def->n_columns; i++) {
        r->columns[r->n_columns++] = (struct kg_relation_column){
            def->columns[i].name, "text", "", false};
    }
    r->name = kg_sql_text(&t->names[1]);
    r->rights = "SELECT, INSERT, UPDATE, DELETE";
    r->tail = "";
    r->key = "kubeglean_report, kubeglean_attempt, kubeglean_row";
    r->n_keys = 3;
    r->keys[0] = 0;
    r->keys[1] = 1;
    r->keys[2] = 2;
}

enum kg_errc kg_target_describe(struct kg_target *t,
                                const struct kg_table_def *def)
{
    t->def = def;
    for (unsigned i = 0; i < 2; i++) {
        kg_sql_init(&t->names[i]);
        kg_sql_init(&t->keys[i]);
        t->relations[i] = (struct kg_relation){0};
    }
    describe_table(t);
    describe_staging(t);
    return t->relations[0].name == NULL || t->relations[1].name == NULL ||
                   (t->relations[0].n_keys > 0 && t->relations[0].key == NULL)
               ? KG_ENOMEM
               : KG_OK;
}

void kg_target_undescribe(struct kg_target *t)
{
    for (unsigned i = 0; i < 2; i++) {
        kg_sql_finish(&t->names[i]);
        kg_sql_finish(&t->keys[i]);
    }
}

/* --- telling ---------------------------------------------------------------------- */

static void kick_reports(struct kg_target *t)
{
    struct kg_sink *s = t->job.sink;
    struct kg_queue *node;

    kg_queue_foreach (node, &s->reports) {
        struct kg_report *r = KG_CONTAINER_OF(node, struct kg_report, node);

        if (r->target == t) {
            kg_report_kick(r);
        }
    }
    kg_sink_dispatch(s);
}

static void on_answer(struct kg_deferred *d)
{
    struct kg_target *t = KG_CONTAINER_OF(d, struct kg_target, answer);
    struct kg_sink *s = t->job.sink;
    struct kg_error refusal = t->error;
    bool fits = t->sm.state == KG_TARGET_FITS;
    struct kg_queue batch;
    struct kg_queue *node;

    kick_reports(t);
    kg_queue_init(&batch);
    kg_queue_move(&t->asking, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct asking *q = KG_CONTAINER_OF(node, struct asking, node);
        struct asking copy = *q;

        kg_queue_remove(node);
        kg_free(q);
        if (s->sm.state != KG_SINK_CLOSING && copy.table_cb != NULL) {
            copy.table_cb(copy.data, fits ? NULL : &refusal); /* May close. */
        }
    }
}

static void settle(struct kg_target *t, const struct kg_error *e)
{
    if (e != NULL) {
        t->error = *e;
    }
    kg_sm_move(&t->sm, e == NULL ? KG_TARGET_FITS : KG_TARGET_REFUSED);
    kg_defer(t->job.sink->loop, &t->answer);
}

/* --- looking at it ------------------------------------------------------------------- */

static void end(struct kg_target *t, struct kg_pg *pg, const struct kg_error *e)
{
    if (e != NULL && kg_job_may_retry(e)) {
        pg->data = &t->job;
        kg_job_retry(&t->job, pg, e); /* Last. */
        return;
    }
    settle(t, e);
    kg_job_done(pg, NULL); /* Last. */
}

static void on_swept(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_schema *c = pg->data;
    struct kg_target *t = KG_CONTAINER_OF(c, struct kg_target, schema);

    if (e == NULL && t->def->mode == KG_MODE_UPSERT) {
        t->n_new = kg_pg_true(pg, 1, 0, 0) ? KG_LIMIT_BATCH_ROWS : 0;
    }
    end(t, pg, e); /* Last. */
}

static struct kg_sql *statement_of(struct kg_target *t, size_t i)
{
    struct kg_sql *const hows[] = {&t->store[0], &t->store[1], &t->store[2],
                                   &t->merge[0], &t->merge[1], &t->merge[2],
                                   &t->stage[0], &t->stage[1], &t->stage[2]};

    if (i < KG_COUNT_OF(hows)) {
        return hows[i];
    }
    i -= KG_COUNT_OF(hows);
    if (i < KG_GUARD_NR) {
        return &t->guard[i];
    }
    i -= KG_GUARD_NR;
    return i < KG_GUARD_NR ? &t->merge_guard[i] : NULL;
}

/* Now that the columns' types are known. */
static enum kg_errc write_statements(struct kg_target *t)
{
    const struct kg_str *casts = t->schema.casts;
    struct kg_sql *q;

    for (size_t i = 0; (q = statement_of(t, i)) != NULL; i++) {
        kg_sql_finish(q);
        kg_sql_init(q);
    }
    for (unsigned how = 0; how < KG_SQL_HOW_NR; how++) {
        kg_sql_store(&t->store[how], t->def, casts, (enum kg_sql_how)how);
        kg_sql_merge(&t->merge[how], t->def, casts, (enum kg_sql_how)how);
        kg_sql_stage(&t->stage[how], t->def, (enum kg_sql_how)how);
    }
    kg_sql_guard(t->guard, t->def, casts);
    kg_sql_merge_guard(t->merge_guard, t->def, casts);
    for (size_t i = 0; (q = statement_of(t, i)) != NULL; i++) {
        if (kg_sql_text(q) == NULL) {
            return KG_ENOMEM;
        }
    }
    return KG_OK;
}

static void add_question(struct kg_target *t, struct kg_pg *pg,
                         void (*write)(struct kg_sql *q,
                                       const struct kg_table_def *def))
{
    struct kg_sql sql;

    kg_sql_init(&sql);
    write(&sql, t->def);
    kg_pg_add(pg, kg_sql_text(&sql), NULL);
    kg_sql_finish(&sql);
}

static void on_schema(struct kg_schema *c, struct kg_pg *pg,
                      const struct kg_error *e)
{
    struct kg_target *t = KG_CONTAINER_OF(c, struct kg_target, schema);
    struct kg_error refused;

    if (e == NULL && write_statements(t) != KG_OK) {
        (void)kg_error_set(&refused, KG_ENOMEM, 0, "table %s: out of memory",
                           t->def->name);
        e = &refused;
    }
    if (e != NULL) {
        end(t, pg, e); /* Last. */
        return;
    }
    add_question(t, pg, kg_sql_sweep);
    if (t->def->mode == KG_MODE_UPSERT) {
        add_question(t, pg, kg_sql_is_empty);
    }
    kg_pg_go(pg, on_swept);
}

static void begin_job(struct kg_job *job, struct kg_pg *pg)
{
    struct kg_target *t = KG_CONTAINER_OF(job, struct kg_target, job);

    kg_schema_check(&t->schema, pg, on_schema);
}

static const struct kg_job_ops job_ops = {.begin = begin_job};

static const char *find_misfit(const struct kg_table_def *def)
{
    if (def->mode != KG_MODE_APPEND && !kg_table_has_key(def)) {
        return "its profile names no key column; cure: \"key: true\"";
    }
    if (def->mode == KG_MODE_REPLACE && def->scanned_at < 0) {
        return "mode replace needs a column with \"run: scanned_at\"";
    }
    return NULL;
}

void kg_target_check(struct kg_target *t)
{
    const char *misfit = find_misfit(t->def);
    struct kg_error e;

    if (t->sm.state == KG_TARGET_REFUSED) {
        kg_sm_move(&t->sm, KG_TARGET_UNKNOWN);
    }
    if (t->sm.state != KG_TARGET_UNKNOWN) {
        return;
    }
    if (misfit != NULL) {
        (void)kg_error_set(&e, KG_ESCHEMA, 0, "table %s: %s", t->def->name,
                           misfit);
        settle(t, &e);
        return;
    }
    kg_sm_move(&t->sm, KG_TARGET_CHECKING);
    kg_job_submit(&t->job);
}

enum kg_sql_how kg_target_how(const struct kg_target *t)
{
    return t->n_new >= KG_LIMIT_BATCH_ROWS ? KG_SQL_NEW : KG_SQL_FAST;
}

void kg_target_note(struct kg_target *t, uint64_t n, uint64_t n_known)
{
    t->n_new = n_known > 0 ? 0 : t->n_new + n;
}

void kg_target_doubt(struct kg_target *t)
{
    if (t->sm.state == KG_TARGET_FITS) {
        kg_sm_move(&t->sm, KG_TARGET_UNKNOWN);
    }
}

/* --- life -------------------------------------------------------------------------------- */

void kg_target_free(struct kg_target *t)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&t->asking)) != NULL) {
        kg_queue_remove(node);
        kg_free(KG_CONTAINER_OF(node, struct asking, node));
    }
    kg_deferred_cancel(&t->answer);
    kg_schema_abandon(&t->schema);
    kg_map_remove(&t->job.sink->target_defs, &t->by_def);
    kg_queue_remove(&t->node);
    kg_queue_remove(&t->job.node);
    for (size_t i = 0; statement_of(t, i) != NULL; i++) {
        kg_sql_finish(statement_of(t, i));
    }
    kg_target_undescribe(t);
    kg_free(t);
}

/* A table that two profiles share is two targets: the definition is the key. */
static struct kg_str def_key(const struct kg_table_def *const *def)
{
    return kg_str_of((const char *)def, sizeof(void *));
}

static enum kg_errc new_target(struct kg_sink *s,
                               const struct kg_table_def *def,
                               struct kg_target **ret_target)
{
    struct kg_target *t = kg_calloc(1, sizeof(*t));
    enum kg_errc code;

    if (t == NULL) {
        return KG_ENOMEM;
    }
    kg_sm_init(&t->sm, "target", states, KG_TARGET_UNKNOWN);
    kg_job_init(&t->job, s, &job_ops);
    kg_queue_init(&t->asking);
    kg_queue_init(&t->node);
    kg_deferred_init(&t->answer, on_answer);
    for (size_t i = 0; statement_of(t, i) != NULL; i++) {
        kg_sql_init(statement_of(t, i));
    }
    t->def = def;
    code = kg_map_insert(&s->target_defs, &t->by_def, def_key(&t->def));
    if (code != KG_OK) {
        kg_free(t);
        return code;
    }
    kg_queue_insert_tail(&s->targets, &t->node);
    code = kg_target_describe(t, def);
    if (code != KG_OK) {
        kg_target_free(t);
        return code;
    }
    t->schema = (struct kg_schema){
        .relations = t->relations, .n_relations = 2, .migrate = s->migrate};
    *ret_target = t;
    return KG_OK;
}

enum kg_errc kg_target_get(struct kg_sink *s, const struct kg_table_def *def,
                           struct kg_target **ret_target)
{
    struct kg_map_node *node = kg_map_find(&s->target_defs, def_key(&def));

    if (node == NULL) {
        return new_target(s, def, ret_target);
    }
    *ret_target = KG_CONTAINER_OF(node, struct kg_target, by_def);
    return KG_OK;
}

enum kg_errc kg_sink_prepare(struct kg_sink *s, const struct kg_table_def *def,
                             kg_sink_table_cb table_cb, void *data)
{
    struct asking *q = kg_alloc(sizeof(*q));
    struct kg_target *t;
    enum kg_errc code;

    if (q == NULL) {
        return KG_ENOMEM;
    }
    code = kg_target_get(s, def, &t);
    if (code != KG_OK) {
        kg_free(q);
        return code;
    }
    q->table_cb = table_cb;
    q->data = data;
    kg_queue_init(&q->node);
    kg_queue_insert_tail(&t->asking, &q->node);
    kg_target_check(t);
    if (t->sm.state == KG_TARGET_FITS) {
        kg_defer(s->loop, &t->answer);
    }
    return KG_OK;
}
