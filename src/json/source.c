/* SPDX-License-Identifier: MIT */
/* Where a column's value comes from: its slots, and what the automaton does for
 * them. */
#include "cell.h"
#include "compile.h"

static const char *const source_names[] = {
    [KG_FROM_PATH] = "path",      [KG_FROM_RAW] = "raw",
    [KG_FROM_COUNT] = "count",    [KG_FROM_PARENT] = "parent",
    [KG_FROM_MAP_KEY] = "mapKey", [KG_FROM_RUN] = "run",
    [KG_FROM_CONST] = "const",    NULL};

static const char *const run_names[] = {[KG_RUN_CLUSTER] = "cluster",
                                        [KG_RUN_NAMESPACE] = "namespace",
                                        [KG_RUN_JOB] = "job",
                                        [KG_RUN_POD] = "pod",
                                        [KG_RUN_NODE] = "node",
                                        [KG_RUN_TASK] = "task",
                                        [KG_RUN_CONTAINER] = "container",
                                        [KG_RUN_JOB_UID] = "job_uid",
                                        [KG_RUN_POD_UID] = "pod_uid",
                                        [KG_RUN_SCANNED_AT] = "scanned_at",
                                        [KG_RUN_STARTED_AT] = "started_at",
                                        [KG_RUN_FINISHED_AT] = "finished_at",
                                        NULL};

static bool is_scalar(const struct kg_node *n)
{
    return n->kind != KG_ARRAY && n->kind != KG_OBJECT;
}

static bool is_integer(enum kg_type type)
{
    return type == KG_TYPE_INTEGER || type == KG_TYPE_BIGINT;
}

/* Such a column takes whole pieces of the document. */
static bool is_json(enum kg_type type)
{
    return type == KG_TYPE_JSONB || type == KG_TYPE_TEXT_ARRAY;
}

static bool is_time(enum kg_run_field field)
{
    return field >= KG_RUN_SCANNED_AT;
}

/* The one member that names the source; NULL with the error set. */
static const struct kg_node *find_source(const struct kg_compile *c,
                                         const struct kg_node *column,
                                         enum kg_source *ret_source)
{
    const struct kg_node *found = NULL;

    for (unsigned i = 0; source_names[i] != NULL; i++) {
        const struct kg_node *n = kg_node_get(column, source_names[i]);

        if (n != NULL && found != NULL) {
            (void)kg_compile_fail(c, n, "a column has one source: %.*s or %s",
                                  KG_STR_ARG(found->name), source_names[i]);
            return NULL;
        }
        if (n != NULL) {
            found = n;
            *ret_source = (enum kg_source)i;
        }
    }
    if (found == NULL) {
        (void)kg_compile_fail(c, column,
                              "one of path, raw, count, parent, mapKey, run, "
                              "const is missing");
    }
    return found;
}

/* --- values that are given ------------------------------------------------------ */

enum kg_errc kg_compile_run(const struct kg_compile *c,
                            const struct kg_node *from, enum kg_type type,
                            struct kg_given *ret_given)
{
    const struct kg_node *member = kg_node_get(from, "run");
    unsigned field = 0;
    enum kg_errc err = kg_compile_word(c, from, "run", run_names, &field);

    if (err != KG_OK) {
        return err;
    }
    *ret_given =
        (struct kg_given){.from_run = true, .field = (enum kg_run_field)field};
    if (is_time(ret_given->field) && type != KG_TYPE_TIMESTAMPTZ &&
        type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, member, "run: %s is a timestamptz",
                               run_names[field]);
    }
    if (!is_time(ret_given->field) && type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, member, "run: %s is a text",
                               run_names[field]);
    }
    return KG_OK;
}

enum kg_errc kg_compile_const(const struct kg_compile *c,
                              const struct kg_node *scalar, enum kg_type type,
                              struct kg_given *ret_given)
{
    const char *why;

    if (!is_scalar(scalar)) {
        return kg_compile_fail(c, scalar, "a scalar is expected");
    }
    why = scalar->kind != KG_NULL ? kg_cell_refuse(type, scalar->text) : NULL;
    if (why != NULL) {
        return kg_compile_fail(c, scalar, "%.*s: %s", KG_STR_ARG(scalar->name),
                               why);
    }
    *ret_given =
        (struct kg_given){.value = {scalar->text, scalar->kind == KG_NULL}};
    return KG_OK;
}

/* --- slots ------------------------------------------------------------------------ */

static struct kg_action act(enum kg_action_kind kind, size_t slot)
{
    return (struct kg_action){.kind = kind, .slot = (uint16_t)slot};
}

static enum kg_errc add_slot(const struct kg_compile *c,
                             const struct kg_node *text, uint32_t column,
                             struct kg_slot *slot)
{
    struct kg_profile *p = c->p;

    if (p->n_slots == KG_SLOTS_MAX) {
        return kg_compile_fail(c, text, "columns: they have more than %d paths",
                               KG_SLOTS_MAX);
    }
    slot->column = column;
    slot->text = text->text;
    p->defs[column].slots |= UINT64_C(1) << p->n_slots;
    p->slots[p->n_slots++] = *slot;
    return KG_OK;
}

/* A path below the row, as one from the root. */
static enum kg_errc row_path(const struct kg_compile *c,
                             const struct kg_node *text, size_t rows,
                             const struct kg_path *tail, struct kg_path *ret)
{
    *ret = c->p->rows[rows];
    return kg_path_join(ret, tail)
               ? KG_OK
               : kg_compile_fail(c, text, "the path is too long");
}

/* --- path and raw ------------------------------------------------------------------- */

static enum kg_errc compile_path(const struct kg_compile *c,
                                 const struct kg_node *text, uint32_t column)
{
    const struct kg_column_def *def = &c->p->defs[column];
    struct kg_slot slot = {.rows = UINT64_MAX};
    size_t number = c->p->n_slots;
    struct kg_path tail, path;
    enum kg_errc err = kg_compile_path(c, text, true, &tail);

    if (err == KG_OK) {
        err = add_slot(c, text, column, &slot);
    }
    for (size_t i = 0; err == KG_OK && i < c->p->n_rows; i++) {
        err = row_path(c, text, i, &tail, &path);
        if (err == KG_OK) {
            err = kg_compile_act(
                c, text, &path, path.n_steps,
                act(def->source == KG_FROM_RAW ? KG_ACT_RAW : KG_ACT_VALUE,
                    number));
        }
    }
    return err;
}

static enum kg_errc prepare_raw(const struct kg_compile *c,
                                const struct kg_node *source, uint32_t column)
{
    struct kg_column_def *def = &c->p->defs[column];

    if (def->source == KG_FROM_RAW && !is_json(def->type) &&
        def->type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, source,
                               "raw: the type is jsonb, text[] or text");
    }
    if (is_json(def->type)) {
        def->source = KG_FROM_RAW;
    }
    return KG_OK;
}

/* --- count -------------------------------------------------------------------------- */

static enum kg_errc add_condition(const struct kg_compile *c,
                                  const struct kg_node *member,
                                  struct kg_column_def *def)
{
    if (!is_scalar(member)) {
        return kg_compile_fail(c, member, "where: a scalar is expected");
    }
    if (def->n_where == KG_WHERE_MAX) {
        return kg_compile_fail(c, member, "where: at most %d conditions",
                               KG_WHERE_MAX);
    }
    def->where[def->n_where++] = (struct kg_condition){
        member->name, member->kind,
        member->kind == KG_NULL ? KG_STR("null") : member->text};
    return KG_OK;
}

static enum kg_errc read_conditions(const struct kg_compile *c,
                                    const struct kg_node *where,
                                    struct kg_column_def *def)
{
    enum kg_errc err = KG_OK;

    if (where == NULL) {
        return KG_OK;
    }
    if (where->kind != KG_OBJECT) {
        return kg_compile_fail(c, where, "where: {name: value} is expected");
    }
    for (const struct kg_node *n = where->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = add_condition(c, n, def);
    }
    return err;
}

static enum kg_errc act_on_conditions(const struct kg_compile *c,
                                      const struct kg_node *text,
                                      const struct kg_path *counted,
                                      size_t slot)
{
    const struct kg_column_def *def = &c->p->defs[c->p->slots[slot].column];
    enum kg_errc err = KG_OK;

    for (size_t i = 0; i < def->n_where && err == KG_OK; i++) {
        struct kg_path tail = {.n_steps = 1};
        struct kg_path path = *counted;
        struct kg_action action = act(KG_ACT_CONDITION, slot);

        action.condition = (uint16_t)i;
        tail.steps[0] =
            (struct kg_step){.kind = KG_STEP_NAME, .name = def->where[i].name};
        err = kg_path_join(&path, &tail)
                  ? kg_compile_act(c, text, &path, path.n_steps, action)
                  : kg_compile_fail(c, text, "where: the path is too long");
    }
    return err;
}

/* What is counted, and where the count begins anew. */
static enum kg_errc act_on_counted(const struct kg_compile *c,
                                   const struct kg_node *text, size_t rows,
                                   const struct kg_path *path, size_t slot)
{
    size_t holder = kg_path_certain(path, c->p->rows[rows].n_steps);
    enum kg_errc err = KG_OK;

    if (holder < path->n_steps) {
        err = kg_compile_act(c, text, path, holder, act(KG_ACT_COUNTED, slot));
    }
    if (err == KG_OK) {
        err = kg_compile_act(c, text, path, path->n_steps,
                             act(KG_ACT_COUNT, slot));
    }
    return err == KG_OK ? act_on_conditions(c, text, path, slot) : err;
}

static enum kg_errc compile_count(const struct kg_compile *c,
                                  const struct kg_node *text,
                                  const struct kg_node *where, uint32_t column)
{
    struct kg_column_def *def = &c->p->defs[column];
    struct kg_slot slot = {.rows = UINT64_MAX};
    size_t number = c->p->n_slots;
    struct kg_path tail, path;
    enum kg_errc err = kg_compile_path(c, text, true, &tail);

    if (err == KG_OK && !is_integer(def->type)) {
        return kg_compile_fail(c, text, "count: the type is integer or bigint");
    }
    if (err == KG_OK) {
        err = read_conditions(c, where, def);
    }
    if (err == KG_OK) {
        err = add_slot(c, text, column, &slot);
    }
    for (size_t i = 0; err == KG_OK && i < c->p->n_rows; i++) {
        err = row_path(c, text, i, &tail, &path);
        if (err == KG_OK) {
            err = act_on_counted(c, text, i, &path, number);
        }
    }
    return err;
}

/* --- parent ------------------------------------------------------------------------- */

/* Steps up to the last one that many values have: what is below is one. */
static size_t scope_of(const struct kg_path *path)
{
    size_t n = path->n_steps;

    while (n > 0 && path->steps[n - 1].kind != KG_STEP_ELEMENTS &&
           path->steps[n - 1].kind != KG_STEP_MEMBERS) {
        n--;
    }
    return n;
}

/* Rows have the parent's value if they lie inside its scope, and one document
 * may have both. */
static uint64_t rows_inside(const struct kg_profile *p,
                            const struct kg_slot *parent)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < p->n_rows; i++) {
        const struct kg_path *row = &p->rows[i];
        bool inside = kg_path_common(&parent->path, row) >= parent->scope &&
                      kg_path_agree(&parent->path, row);

        rows |= inside ? UINT64_C(1) << i : 0;
    }
    return rows;
}

static enum kg_errc compile_parent(const struct kg_compile *c,
                                   const struct kg_node *text, uint32_t column)
{
    struct kg_slot slot = {.waits = true};
    size_t number = c->p->n_slots;
    enum kg_errc err = kg_compile_path(c, text, false, &slot.path);

    if (err != KG_OK) {
        return err;
    }
    slot.scope = scope_of(&slot.path);
    slot.rows = rows_inside(c->p, &slot);
    if (slot.rows == 0) {
        return kg_compile_fail(c, text,
                               "parent: a wildcard that the path of the rows "
                               "does not have leads to many values");
    }
    if (is_json(c->p->defs[column].type)) {
        return kg_compile_fail(c, text, "parent: the type cannot be %s",
                               kg_type_name(c->p->defs[column].type));
    }
    err = add_slot(c, text, column, &slot);
    return err == KG_OK ? kg_compile_act(c, text, &slot.path, slot.path.n_steps,
                                         act(KG_ACT_PARENT, number))
                        : err;
}

enum kg_errc kg_compile_scopes(const struct kg_compile *c,
                               const struct kg_node *columns)
{
    enum kg_errc err = KG_OK;

    for (size_t i = 0; i < c->p->n_slots && err == KG_OK; i++) {
        const struct kg_slot *slot = &c->p->slots[i];

        if (slot->waits) {
            err = kg_compile_act(c, columns, &slot->path, slot->scope,
                                 act(KG_ACT_SCOPE, i));
        }
    }
    return err;
}

/* --- mapKey ------------------------------------------------------------------------- */

/* Do the rows have a name so many levels up? */
static bool is_named(const struct kg_path *rows, int64_t up)
{
    return up >= 0 && (uint64_t)up < rows->n_steps &&
           rows->steps[rows->n_steps - 1 - (size_t)up].kind == KG_STEP_MEMBERS;
}

static enum kg_errc compile_map_key(const struct kg_compile *c,
                                    const struct kg_node *levels,
                                    uint32_t column)
{
    struct kg_slot slot = {.rows = 0};
    size_t number = c->p->n_slots;
    int64_t up = -1;
    enum kg_errc err = KG_OK;

    for (size_t i = 0; kg_node_int(levels, &up) && i < c->p->n_rows; i++) {
        slot.rows |= is_named(&c->p->rows[i], up) ? UINT64_C(1) << i : 0;
    }
    if (slot.rows == 0) {
        return kg_compile_fail(c, levels,
                               "mapKey: the number of levels above the row at "
                               "which its path has a .*");
    }
    if (c->p->defs[column].type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, levels, "mapKey: the type is text");
    }
    err = add_slot(c, levels, column, &slot);
    for (size_t i = 0; i < c->p->n_rows && err == KG_OK; i++) {
        const struct kg_path *rows = &c->p->rows[i];

        if ((slot.rows >> i & 1) != 0) {
            err = kg_compile_act(c, levels, rows, rows->n_steps - (size_t)up,
                                 act(KG_ACT_MAP_KEY, number));
        }
    }
    return err;
}

/* --- a column's source ---------------------------------------------------------------- */

static enum kg_errc compile_alternative(const struct kg_compile *c,
                                        const struct kg_node *text,
                                        uint32_t column)
{
    return c->p->defs[column].source == KG_FROM_PARENT
               ? compile_parent(c, text, column)
               : compile_path(c, text, column);
}

/* One path, or a list of them. */
static enum kg_errc compile_alternatives(const struct kg_compile *c,
                                         const struct kg_node *source,
                                         uint32_t column)
{
    enum kg_errc err = KG_OK;

    if (source->kind != KG_ARRAY) {
        return compile_alternative(c, source, column);
    }
    if (source->n_children == 0) {
        return kg_compile_fail(c, source, "%.*s: a path is expected",
                               KG_STR_ARG(source->name));
    }
    for (const struct kg_node *n = source->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = compile_alternative(c, n, column);
    }
    return err;
}

enum kg_errc kg_compile_source(const struct kg_compile *c,
                               const struct kg_node *column, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    const struct kg_node *where = kg_node_get(column, "where");
    const struct kg_node *source = find_source(c, column, &def->source);
    enum kg_errc err;

    if (source == NULL) {
        return KG_ECONFIG;
    }
    if (where != NULL && def->source != KG_FROM_COUNT) {
        return kg_compile_fail(c, where, "where: only count has it");
    }
    switch (def->source) {
    case KG_FROM_PATH:
    case KG_FROM_RAW:
        err = prepare_raw(c, source, index);
        return err == KG_OK ? compile_alternatives(c, source, index) : err;
    case KG_FROM_PARENT:
        return compile_alternatives(c, source, index);
    case KG_FROM_COUNT:
        return compile_count(c, source, where, index);
    case KG_FROM_MAP_KEY:
        return compile_map_key(c, source, index);
    case KG_FROM_RUN:
        return kg_compile_run(c, column, def->type, &def->given);
    default:
        return kg_compile_const(c, source, def->type, &def->given);
    }
}
