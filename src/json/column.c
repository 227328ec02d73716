/* SPDX-License-Identifier: MIT */
#include "cell.h"
#include "compile.h"

static const char *const policy_names[] = {[KG_POLICY_NULL] = "null",
                                           [KG_POLICY_REJECT] = "reject",
                                           [KG_POLICY_DEFAULT] = "default",
                                           NULL};

/* --- what it is ------------------------------------------------------------- */

static enum kg_errc compile_head(const struct kg_compile *c,
                                 const struct kg_node *column, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];
    struct kg_str name, type;
    enum kg_errc err = kg_compile_text(c, column, "name", true, &name);

    if (err == KG_OK) {
        err = kg_compile_name(c, kg_node_get(column, "name"), name);
    }
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
                               "numeric, boolean, timestamptz, jsonb, "
                               "text[]",
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

/* --- what becomes of it -------------------------------------------------------- */

static enum kg_errc compile_default(const struct kg_compile *c,
                                    const struct kg_node *value, uint32_t index)
{
    struct kg_column_def *def = &c->p->defs[index];

    if (value == NULL) {
        return KG_OK;
    }
    if (def->source == KG_FROM_CONST) {
        return kg_compile_fail(c, value, "default: const never lacks a value");
    }
    if (value->kind == KG_OBJECT) {
        static const char *const names[] = {"run", NULL};
        enum kg_errc err = kg_compile_known(c, value, names);
        const struct kg_node *run = kg_node_get(value, "run");

        if (err == KG_OK && run == NULL) {
            return kg_compile_fail(c, value, "default: run is missing");
        }
        return err == KG_OK
                   ? kg_compile_run(c, value, def->type, &def->fallback)
                   : err;
    }
    return kg_compile_const(c, value, def->type, &def->fallback);
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
    if (def->source != KG_FROM_PATH && def->source != KG_FROM_PARENT &&
        def->source != KG_FROM_MAP_KEY) {
        return kg_compile_fail(c, regex,
                               "regex: only path, parent and mapKey have it");
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
        err = kg_compile_source(c, column, index);
    }
    if (err == KG_OK) {
        err = compile_policies(c, column, index);
    }
    return err == KG_OK ? compile_regex(c, column, index) : err;
}
