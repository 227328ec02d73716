/* SPDX-License-Identifier: MIT */
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

static const char *const policy_names[] = {[KG_POLICY_NULL] = "null",
                                           [KG_POLICY_REJECT] = "reject",
                                           [KG_POLICY_DEFAULT] = "default",
                                           NULL};

static bool is_scalar(const struct kg_node *n)
{
    return n->kind != KG_ARRAY && n->kind != KG_OBJECT;
}

static bool is_integer(enum kg_type type)
{
    return type == KG_TYPE_INTEGER || type == KG_TYPE_BIGINT;
}

static bool is_time(enum kg_run_field field)
{
    return field >= KG_RUN_SCANNED_AT;
}

/* --- what it is ------------------------------------------------------------- */

static enum kg_errc compile_head(const struct kg_compile *c,
                                 const struct kg_node *column, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    struct kg_str name, type;
    enum kg_errc err = kg_compile_text(c, column, "name", true, &name);

    if (err == KG_OK) {
        err = kg_compile_text(c, column, "type", true, &type);
    }
    if (err == KG_OK) {
        err = kg_compile_bool(c, column, "key", &def->key);
    }
    if (err != KG_OK) {
        return err;
    }
    if (!kg_type_parse(type, &def->type)) {
        return kg_compile_fail(c, kg_node_get(column, "type"),
                               "type: %.*s is none of text, integer, bigint, "
                               "numeric, boolean, timestamptz, jsonb",
                               KG_STR_ARG(type));
    }
    def->name = name.ptr; /* The tree's texts end with a NUL. */
    for (uint32_t i = 0; i < index; i++) {
        if (kg_str_is(name, c->p->defs[i].name)) {
            return kg_compile_fail(c, column, "column %s is there twice",
                                   def->name);
        }
    }
    c->p->columns[index] = (struct kg_column){def->name, def->type, def->key};
    return KG_OK;
}

/* --- where it comes from ------------------------------------------------------ */

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

static struct kg_action act(enum kg_action_kind kind, uint32_t column)
{
    return (struct kg_action){.kind = kind, .column = (uint16_t)column};
}

/* A path below the row, as one from the root. */
static enum kg_errc row_path(const struct kg_compile *c,
                             const struct kg_node *text, struct kg_path *ret)
{
    struct kg_path tail;
    enum kg_errc err = kg_compile_path(c, text, true, &tail);

    if (err != KG_OK) {
        return err;
    }
    *ret = c->p->rows;
    return kg_path_join(ret, &tail)
               ? KG_OK
               : kg_compile_fail(c, text, "the path is too long");
}

static enum kg_errc compile_path(const struct kg_compile *c,
                                 const struct kg_node *text, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    struct kg_path path;
    enum kg_errc err = row_path(c, text, &path);

    if (err != KG_OK) {
        return err;
    }
    if (def->source == KG_FROM_RAW && def->type != KG_TYPE_JSONB &&
        def->type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, text, "raw: the type is jsonb or text");
    }
    if (def->type == KG_TYPE_JSONB) {
        def->source = KG_FROM_RAW;
    }
    return kg_compile_act(
        c, text, &path, path.n_steps,
        act(def->source == KG_FROM_RAW ? KG_ACT_RAW : KG_ACT_VALUE, index));
}

static enum kg_errc compile_condition(const struct kg_compile *c,
                                      const struct kg_path *counted,
                                      const struct kg_node *member,
                                      uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    struct kg_path path = *counted;
    struct kg_path tail = {.n_steps = 1};
    struct kg_action action = act(KG_ACT_CONDITION, index);

    if (!is_scalar(member)) {
        return kg_compile_fail(c, member, "where: a scalar is expected");
    }
    if (def->n_where == KG_WHERE_MAX) {
        return kg_compile_fail(c, member, "where: at most %d conditions",
                               KG_WHERE_MAX);
    }
    action.condition = (uint16_t)def->n_where;
    def->where[def->n_where++] =
        (struct kg_condition){member->name, member->kind, member->text};
    tail.steps[0] =
        (struct kg_step){.kind = KG_STEP_NAME, .name = member->name};
    if (!kg_path_join(&path, &tail)) {
        return kg_compile_fail(c, member, "where: the path is too long");
    }
    return kg_compile_act(c, member, &path, path.n_steps, action);
}

static enum kg_errc compile_count(const struct kg_compile *c,
                                  const struct kg_node *text,
                                  const struct kg_node *where, uint32_t index)
{
    struct kg_path path;
    size_t holder;
    enum kg_errc err = row_path(c, text, &path);

    if (err != KG_OK) {
        return err;
    }
    if (!is_integer(c->p->defs[index].type)) {
        return kg_compile_fail(c, text, "count: the type is integer or bigint");
    }
    holder = kg_path_certain(&path, c->p->rows.n_steps);
    if (holder < path.n_steps) {
        err =
            kg_compile_act(c, text, &path, holder, act(KG_ACT_COUNTED, index));
    }
    if (err == KG_OK) {
        err = kg_compile_act(c, text, &path, path.n_steps,
                             act(KG_ACT_COUNT, index));
    }
    if (err != KG_OK || where == NULL) {
        return err;
    }
    if (where->kind != KG_OBJECT) {
        return kg_compile_fail(c, where, "where: {name: value} is expected");
    }
    for (const struct kg_node *n = where->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = compile_condition(c, &path, n, index);
    }
    return err;
}

static enum kg_errc compile_parent(const struct kg_compile *c,
                                   const struct kg_node *text, uint32_t index)
{
    struct kg_path path;
    size_t common;
    enum kg_errc err = kg_compile_path(c, text, false, &path);

    if (err != KG_OK) {
        return err;
    }
    common = kg_path_common(&path, &c->p->rows);
    for (size_t i = common; i < path.n_steps; i++) {
        if (path.steps[i].kind == KG_STEP_ELEMENTS ||
            path.steps[i].kind == KG_STEP_MEMBERS) {
            return kg_compile_fail(c, text,
                                   "parent: a wildcard that the path of the "
                                   "rows does not have leads to many values");
        }
    }
    if (c->p->defs[index].type == KG_TYPE_JSONB) {
        return kg_compile_fail(c, text, "parent: the type cannot be jsonb");
    }
    c->p->n_parents++;
    return kg_compile_act(c, text, &path, path.n_steps,
                          act(KG_ACT_PARENT, index));
}

enum kg_errc kg_compile_scope(const struct kg_compile *c,
                              const struct kg_node *column, uint32_t index)
{
    const struct kg_node *text = kg_node_get(column, "parent");
    struct kg_path path;
    enum kg_errc err;

    if (text == NULL) {
        return KG_OK;
    }
    err = kg_compile_path(c, text, false, &path);
    return err != KG_OK ? err
                        : kg_compile_act(c, text, &path,
                                         kg_path_common(&path, &c->p->rows),
                                         act(KG_ACT_SCOPE, index));
}

static enum kg_errc compile_map_key(const struct kg_compile *c,
                                    const struct kg_node *levels,
                                    uint32_t index)
{
    const struct kg_path *rows = &c->p->rows;
    int64_t up;

    if (!kg_node_int(levels, &up) || up < 0 || (uint64_t)up >= rows->n_steps ||
        rows->steps[rows->n_steps - 1 - (size_t)up].kind != KG_STEP_MEMBERS) {
        return kg_compile_fail(c, levels,
                               "mapKey: the number of levels above the row at "
                               "which its path has a .*");
    }
    if (c->p->defs[index].type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, levels, "mapKey: the type is text");
    }
    return kg_compile_act(c, levels, rows, rows->n_steps - (size_t)up,
                          act(KG_ACT_MAP_KEY, index));
}

static enum kg_errc compile_run(const struct kg_compile *c,
                                const struct kg_node *from,
                                const struct kg_node *member, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    unsigned field = 0;
    enum kg_errc err =
        kg_compile_word(c, from, member->name.ptr, run_names, &field);

    if (err != KG_OK) {
        return err;
    }
    def->given.from_run = true;
    def->given.field = (enum kg_run_field)field;
    if (is_time(def->given.field) && def->type != KG_TYPE_TIMESTAMPTZ &&
        def->type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, member, "run: %s is a timestamptz",
                               run_names[field]);
    }
    if (!is_time(def->given.field) && def->type != KG_TYPE_TEXT) {
        return kg_compile_fail(c, member, "run: %s is a text",
                               run_names[field]);
    }
    return KG_OK;
}

static enum kg_errc compile_const(const struct kg_compile *c,
                                  const struct kg_node *scalar, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    const char *why;

    if (!is_scalar(scalar)) {
        return kg_compile_fail(c, scalar, "a scalar is expected");
    }
    why = scalar->kind != KG_NULL ? kg_cell_refuse(def->type, scalar->text)
                                  : NULL;
    if (why != NULL) {
        return kg_compile_fail(c, scalar, "%.*s: %s", KG_STR_ARG(scalar->name),
                               why);
    }
    def->given.value = (struct kg_value){scalar->text, scalar->kind == KG_NULL};
    return KG_OK;
}

static enum kg_errc compile_source(const struct kg_compile *c,
                                   const struct kg_node *column, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    const struct kg_node *where = kg_node_get(column, "where");
    const struct kg_node *source = find_source(c, column, &def->source);

    if (source == NULL) {
        return KG_ECONFIG;
    }
    if (where != NULL && def->source != KG_FROM_COUNT) {
        return kg_compile_fail(c, where, "where: only count has it");
    }
    switch (def->source) {
    case KG_FROM_PATH:
    case KG_FROM_RAW:
        return compile_path(c, source, index);
    case KG_FROM_COUNT:
        return compile_count(c, source, where, index);
    case KG_FROM_PARENT:
        return compile_parent(c, source, index);
    case KG_FROM_MAP_KEY:
        return compile_map_key(c, source, index);
    case KG_FROM_RUN:
        return compile_run(c, column, source, index);
    default:
        return compile_const(c, source, index);
    }
}

/* --- what becomes of it -------------------------------------------------------- */

static enum kg_errc compile_default(const struct kg_compile *c,
                                    const struct kg_node *value, uint32_t index)
{
    const struct kg_column_def *def = &c->p->defs[index];

    if (value == NULL) {
        return KG_OK;
    }
    if (def->source == KG_FROM_RUN || def->source == KG_FROM_CONST) {
        return kg_compile_fail(c, value, "default: %s never lacks a value",
                               source_names[def->source]);
    }
    if (value->kind == KG_OBJECT) {
        static const char *const names[] = {"run", NULL};
        enum kg_errc err = kg_compile_known(c, value, names);
        const struct kg_node *run = kg_node_get(value, "run");

        if (err == KG_OK && run == NULL) {
            return kg_compile_fail(c, value, "default: run is missing");
        }
        return err == KG_OK ? compile_run(c, value, run, index) : err;
    }
    return compile_const(c, value, index);
}

static enum kg_errc compile_policies(const struct kg_compile *c,
                                     const struct kg_node *column,
                                     uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    const struct kg_node *fallback = kg_node_get(column, "default");
    unsigned lacking = fallback != NULL ? KG_POLICY_DEFAULT : KG_POLICY_NULL;
    unsigned absent = lacking;
    unsigned null = lacking;
    unsigned mismatch = KG_POLICY_REJECT;
    enum kg_errc err = compile_default(c, fallback, index);

    if (err == KG_OK) {
        err = kg_compile_word(c, column, "absent", policy_names, &absent);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, column, "null", policy_names, &null);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, column, "mismatch", policy_names, &mismatch);
    }
    if (err != KG_OK) {
        return err;
    }
    if (fallback == NULL &&
        (absent == KG_POLICY_DEFAULT || null == KG_POLICY_DEFAULT ||
         mismatch == KG_POLICY_DEFAULT)) {
        return kg_compile_fail(c, column, "default is missing");
    }
    def->absent = (enum kg_policy)absent;
    def->null = (enum kg_policy)null;
    def->mismatch = (enum kg_policy)mismatch;
    return KG_OK;
}

static enum kg_errc compile_group(const struct kg_compile *c,
                                  const struct kg_node *column,
                                  struct kg_column_def *def)
{
    const struct kg_node *group = kg_node_get(column, "group");
    int64_t number = def->regex.re_nsub > 0 ? 1 : 0;

    if (group != NULL &&
        (!kg_node_int(group, &number) || number < 0 ||
         number >= KG_GROUPS_MAX || (uint64_t)number > def->regex.re_nsub)) {
        return kg_compile_fail(c, group, "group: the regex has %zu",
                               def->regex.re_nsub);
    }
    def->group = (size_t)number;
    return KG_OK;
}

/* Back-references are refused: with them the time would not be linear. */
static bool has_back_reference(struct kg_str regex)
{
    for (size_t i = 0; i + 1 < regex.len; i++) {
        if (regex.ptr[i] == '\\') {
            i++;
            if (regex.ptr[i] >= '1' && regex.ptr[i] <= '9') {
                return true;
            }
        }
    }
    return false;
}

static enum kg_errc compile_regex(const struct kg_compile *c,
                                  const struct kg_node *column, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    const struct kg_node *regex = kg_node_get(column, "regex");
    struct kg_str text;
    enum kg_errc err = kg_compile_text(c, column, "regex", false, &text);
    char why[100];
    int code;

    if (err != KG_OK || regex == NULL) {
        const struct kg_node *group = kg_node_get(column, "group");

        return err != KG_OK || group == NULL
                   ? err
                   : kg_compile_fail(c, group, "group: there is no regex");
    }
    if (def->source != KG_FROM_PATH && def->source != KG_FROM_PARENT) {
        return kg_compile_fail(c, regex, "regex: only path and parent have it");
    }
    if (has_back_reference(text)) {
        return kg_compile_fail(c, regex, "regex: no back-references");
    }
    code = regcomp(&def->regex, text.ptr, REG_EXTENDED);
    if (code != 0) {
        (void)regerror(code, &def->regex, why, sizeof(why));
        return kg_compile_fail(c, regex, "regex: %s", why);
    }
    def->has_regex = true;
    return compile_group(c, column, def);
}

enum kg_errc kg_compile_column(const struct kg_compile *c,
                               const struct kg_node *column, uint32_t index)
{
    static const char *const names[] = {
        "name",   "type",    "key",    "path", "raw",      "count",
        "parent", "where",   "mapKey", "run",  "const",    "regex",
        "group",  "default", "absent", "null", "mismatch", NULL};
    enum kg_errc err = kg_compile_known(c, column, names);

    if (err == KG_OK) {
        err = compile_head(c, column, index);
    }
    if (err == KG_OK) {
        err = compile_source(c, column, index);
    }
    if (err == KG_OK) {
        err = compile_policies(c, column, index);
    }
    return err == KG_OK ? compile_regex(c, column, index) : err;
}
