/* SPDX-License-Identifier: MIT */
#include "kubeglean/profile.h"

#include "compile.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static const char *const root_names[] = {[KG_ROOT_OBJECT] = "object",
                                         [KG_ROOT_ARRAY] = "array",
                                         [KG_ROOT_ANY] = "any",
                                         NULL};
static const char *const unit_names[] = {
    [KG_UNIT_DOCUMENT] = "document", [KG_UNIT_LOG] = "log", NULL};
static const char *const encoding_names[] = {[KG_PACKING_NONE] = "plain",
                                             [KG_PACKING_GZIP] = "base64+gzip",
                                             [KG_PACKING_BZIP2] =
                                                 "base64+bzip2",
                                             NULL};
static const char *const mode_names[] = {[KG_MODE_UPSERT] = "upsert",
                                         [KG_MODE_APPEND] = "append",
                                         [KG_MODE_REPLACE] = "replace",
                                         NULL};
static const char *const incomplete_names[] = {"drop", "keep", NULL};
static const char *const absent_names[] = {"reject", "empty", NULL};

/* --- the document's head ------------------------------------------------------ */

static enum kg_errc compile_header(const struct kg_compile *c,
                                   const struct kg_node *document)
{
    static const char *const names[] = {"apiVersion", "kind", "metadata",
                                        "spec", NULL};
    static const char *const metadata_names[] = {"name", "labels",
                                                 "annotations", NULL};
    static const char *const versions[] = {"kubeglean.io/v1", NULL};
    static const char *const kinds[] = {"Profile", NULL};
    const struct kg_node *metadata = kg_node_get(document, "metadata");
    unsigned ignored;
    enum kg_errc err = kg_compile_known(c, document, names);

    if (err == KG_OK) {
        err = kg_compile_word(c, document, "apiVersion", versions, &ignored);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, document, "kind", kinds, &ignored);
    }
    if (err == KG_OK && metadata == NULL) {
        return kg_compile_fail(c, document, "metadata is missing");
    }
    if (err == KG_OK) {
        err = kg_compile_known(c, metadata, metadata_names);
    }
    return err != KG_OK
               ? err
               : kg_compile_text(c, metadata, "name", true, &c->p->name);
}

static enum kg_errc compile_words(const struct kg_compile *c,
                                  const struct kg_node *spec)
{
    struct kg_profile *p = c->p;
    unsigned root = KG_ROOT_OBJECT;
    unsigned unit = KG_UNIT_DOCUMENT;
    unsigned packing = KG_PACKING_NONE;
    unsigned mode = KG_MODE_UPSERT;
    unsigned keep = 0;
    unsigned empty = 0;
    enum kg_errc err = kg_compile_word(c, spec, "root", root_names, &root);

    if (err == KG_OK) {
        err = kg_compile_word(c, spec, "unit", unit_names, &unit);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, spec, "encoding", encoding_names, &packing);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, spec, "mode", mode_names, &mode);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, spec, "incomplete", incomplete_names, &keep);
    }
    if (err == KG_OK) {
        err = kg_compile_word(c, spec, "absentRows", absent_names, &empty);
    }
    if (err == KG_OK) {
        err = kg_compile_bool(c, spec, "allowEmpty", &p->table.allow_empty);
    }
    p->root = (enum kg_root)root;
    p->unit = (enum kg_unit)unit;
    p->packing = (enum kg_packing)packing;
    p->table.mode = (enum kg_mode)mode;
    p->keep_incomplete = keep != 0;
    p->may_lack_rows = empty != 0;
    return err;
}

/* --- columns and the table -------------------------------------------------------- */

/* When a row closes: first its columns, then itself, then its parents. */
static enum kg_errc compile_row_end(const struct kg_compile *c,
                                    const struct kg_node *columns)
{
    enum kg_errc err = KG_OK;

    for (size_t i = 0; i < c->p->n_rows && err == KG_OK; i++) {
        const struct kg_path *rows = &c->p->rows[i];

        err = kg_compile_act(c, columns, rows, rows->n_steps,
                             (struct kg_action){.kind = KG_ACT_ROW_END});
    }
    return err == KG_OK ? kg_compile_scopes(c, columns) : err;
}

static enum kg_errc compile_columns(const struct kg_compile *c,
                                    const struct kg_node *spec)
{
    const struct kg_node *columns = kg_node_get(spec, "columns");
    uint32_t n = 0;

    if (columns == NULL || columns->kind != KG_ARRAY ||
        columns->n_children == 0 || columns->n_children > KG_COLUMNS_MAX) {
        return kg_compile_fail(c, columns != NULL ? columns : spec,
                               "columns: a list of 1 to %d is expected",
                               KG_COLUMNS_MAX);
    }
    for (const struct kg_node *column = columns->child; column != NULL;
         column = column->next) {
        enum kg_errc err = kg_compile_column(c, column, n++);

        if (err != KG_OK) {
            return err;
        }
    }
    c->p->table.n_columns = n;
    c->p->table.columns = c->p->columns;
    return compile_row_end(c, columns);
}

static int32_t find_column(const struct kg_profile *p, struct kg_str name)
{
    for (uint32_t i = 0; i < p->table.n_columns; i++) {
        if (kg_str_is(name, p->columns[i].name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* A parent of a log's documents is that of the last one alone. */
static bool can_do_without_row(const struct kg_profile *p, int32_t column)
{
    const struct kg_column_def *def = &p->defs[column];

    return def->source == KG_FROM_RUN || def->source == KG_FROM_CONST ||
           (def->source == KG_FROM_PARENT && p->unit == KG_UNIT_DOCUMENT) ||
           (def->source != KG_FROM_PARENT && def->absent == KG_POLICY_DEFAULT);
}

static enum kg_errc compile_scope(const struct kg_compile *c,
                                  const struct kg_node *scope)
{
    struct kg_profile *p = c->p;

    if (scope == NULL) {
        return KG_OK;
    }
    if (scope->kind != KG_ARRAY || scope->n_children > KG_COLUMNS_MAX) {
        return kg_compile_fail(c, scope,
                               "scope: a list of columns is expected");
    }
    for (const struct kg_node *n = scope->child; n != NULL; n = n->next) {
        int32_t column = find_column(p, kg_node_str(n));

        if (column < 0) {
            return kg_compile_fail(c, n, "scope: there is no column %.*s",
                                   KG_STR_ARG(kg_node_str(n)));
        }
        if (p->table.allow_empty && !can_do_without_row(p, column)) {
            return kg_compile_fail(c, n,
                                   "scope: a report without rows lacks %s: "
                                   "allowEmpty wants it from run, const or "
                                   "parent, or with a default",
                                   p->columns[column].name);
        }
        p->scope[p->table.n_scope++] = (uint32_t)column;
    }
    p->table.scope = p->scope;
    return KG_OK;
}

/* What is older than the run's own time goes, with replace: a row that has
 * another time would go with it. */
static enum kg_errc compile_guard(const struct kg_compile *c,
                                  const struct kg_node *spec)
{
    struct kg_profile *p = c->p;
    int32_t column = find_column(p, KG_STR("scanned_at"));
    const struct kg_column_def *def = column >= 0 ? &p->defs[column] : NULL;

    if (p->table.mode == KG_MODE_REPLACE &&
        (def == NULL || def->source != KG_FROM_RUN ||
         def->given.field != KG_RUN_SCANNED_AT ||
         def->type != KG_TYPE_TIMESTAMPTZ)) {
        return kg_compile_fail(
            c, spec,
            "mode replace: the column {name: scanned_at, "
            "type: timestamptz, run: scanned_at} is missing");
    }
    p->table.scanned_at =
        def != NULL && def->type == KG_TYPE_TIMESTAMPTZ ? column : -1;
    return KG_OK;
}

/* Its name, or schema.name. */
static enum kg_errc compile_table_name(const struct kg_compile *c,
                                       const struct kg_node *spec)
{
    const struct kg_node *table = kg_node_get(spec, "table");
    struct kg_str rest, part;
    size_t n_parts = 0;
    enum kg_errc err = kg_compile_text(c, spec, "table", true, &rest);

    c->p->table.name = rest.ptr; /* The tree's texts end with a NUL. */
    while (err == KG_OK && rest.ptr != NULL) {
        part = kg_str_cut(&rest, '.');
        if (part.len == 0 || ++n_parts > 2) {
            return kg_compile_fail(c, table,
                                   "table: NAME or SCHEMA.NAME is expected");
        }
        err = kg_compile_name(c, table, part);
    }
    return err;
}

static enum kg_errc compile_table(const struct kg_compile *c,
                                  const struct kg_node *spec)
{
    struct kg_profile *p = c->p;
    uint32_t n_keys = 0;
    enum kg_errc err = compile_table_name(c, spec);

    if (err == KG_OK) {
        err = compile_columns(c, spec);
    }
    if (err == KG_OK) {
        err = compile_scope(c, kg_node_get(spec, "scope"));
    }
    if (err != KG_OK) {
        return err;
    }
    for (uint32_t i = 0; i < p->table.n_columns; i++) {
        n_keys += p->columns[i].key;
    }
    if (n_keys == 0 && p->table.mode != KG_MODE_APPEND) {
        return kg_compile_fail(c, spec, "columns: none is a key");
    }
    if (p->table.allow_empty && p->table.mode != KG_MODE_REPLACE) {
        return kg_compile_fail(c, kg_node_get(spec, "allowEmpty"),
                               "allowEmpty: only mode replace has it");
    }
    if (p->table.mode == KG_MODE_REPLACE && p->table.n_scope == 0) {
        return kg_compile_fail(c, spec, "mode replace: scope is missing");
    }
    return compile_guard(c, spec);
}

/* --- the profile ------------------------------------------------------------------- */

static enum kg_errc compile(const struct kg_compile *c)
{
    static const char *const names[] = {
        "summary",    "root",       "unit",    "encoding", "match",
        "rows",       "absentRows", "table",   "mode",     "scope",
        "incomplete", "allowEmpty", "columns", NULL};
    const struct kg_node *document = c->p->texts.root;
    const struct kg_node *spec = kg_node_get(document, "spec");
    enum kg_errc err = compile_header(c, document);

    if (err == KG_OK && spec == NULL) {
        return kg_compile_fail(c, document, "spec is missing");
    }
    if (err == KG_OK) {
        err = kg_compile_known(c, spec, names);
    }
    if (err == KG_OK) {
        err = kg_compile_text(c, spec, "summary", false, &c->p->summary);
    }
    if (err == KG_OK) {
        err = compile_words(c, spec);
    }
    if (err == KG_OK) {
        err = kg_compile_rows(c, spec);
    }
    if (err == KG_OK) {
        err = kg_compile_match(c, spec);
    }
    if (err == KG_OK) {
        err = compile_table(c, spec);
    }
    kg_trie_seal(&c->p->trie);
    kg_profile_note_counted(c->p);
    return err;
}

enum kg_errc kg_profile_compile(const struct kg_node *document,
                                const char *file,
                                struct kg_profile **ret_profile,
                                struct kg_error *e)
{
    struct kg_profile *p = kg_calloc(1, sizeof(*p));
    enum kg_errc err = KG_ENOMEM;

    if (p == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "%s", file);
    }
    kg_tree_init(&p->texts, KG_LIMIT_CONFIG);
    p->defs = kg_calloc(KG_COLUMNS_MAX, sizeof(*p->defs));
    p->slots = kg_calloc(KG_SLOTS_MAX, sizeof(*p->slots));
    p->texts.root = kg_tree_copy(&p->texts, document);
    if (p->defs == NULL || p->slots == NULL || p->texts.root == NULL) {
        (void)kg_error_set(e, KG_ENOMEM, 0, "%s", file);
    } else {
        err = compile(&(struct kg_compile){p, file, e});
    }
    if (err != KG_OK) {
        kg_profile_destroy(p);
        return err;
    }
    *ret_profile = p;
    return KG_OK;
}

void kg_profile_destroy(struct kg_profile *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; p->defs != NULL && i < KG_COLUMNS_MAX; i++) {
        if (p->defs[i].has_regex) {
            regfree(&p->defs[i].regex);
        }
    }
    kg_free(p->defs);
    kg_free(p->slots);
    kg_trie_finish(&p->trie);
    kg_tree_finish(&p->texts);
    kg_free(p);
}

const char *kg_profile_name(const struct kg_profile *p)
{
    return p->name.ptr;
}

/* The tree's texts end with a NUL. */
const char *kg_profile_summary(const struct kg_profile *p)
{
    return p->summary.len > 0 ? p->summary.ptr : "";
}

size_t kg_profile_n_paths(const struct kg_profile *p)
{
    return p->n_rows + p->n_matches + p->n_slots;
}

struct kg_profile_path kg_profile_path(const struct kg_profile *p, size_t i)
{
    struct kg_profile_path path = {.of = "rows", .column = -1};

    if (i < p->n_rows) {
        path.text = p->rows_text[i];
        return path;
    }
    i -= p->n_rows;
    if (i < p->n_matches) {
        path.of = "match";
        path.text = p->match_text[i];
        return path;
    }
    i -= p->n_matches;
    path.column = (int32_t)p->slots[i].column;
    path.of = p->defs[path.column].name;
    path.text = p->slots[i].text;
    return path;
}

const struct kg_table_def *kg_profile_table(const struct kg_profile *p)
{
    return &p->table;
}

enum kg_root kg_profile_root(const struct kg_profile *p)
{
    return p->root;
}

enum kg_unit kg_profile_unit(const struct kg_profile *p)
{
    return p->unit;
}

bool kg_profile_keeps_incomplete(const struct kg_profile *p)
{
    return p->keep_incomplete;
}

const struct kg_builtin *kg_profile_builtin(struct kg_str name)
{
    for (size_t i = 0; i < kg_profile_n_builtins; i++) {
        if (kg_str_is(name, kg_profile_builtins[i].name)) {
            return &kg_profile_builtins[i];
        }
    }
    return NULL;
}
