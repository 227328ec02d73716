/* SPDX-License-Identifier: MIT */
#include "compile.h"

enum kg_errc kg_compile_fail(const struct kg_compile *c,
                             const struct kg_node *at, const char *fmt, ...)
{
    va_list args;
    struct kg_buf text;
    const char *cstr = NULL;

    kg_buf_init(&text, KG_ERROR_TEXT_MAX);
    va_start(args, fmt);
    if (kg_buf_addv(&text, fmt, args) == KG_OK) {
        cstr = kg_buf_cstr(&text);
    }
    va_end(args);
    (void)kg_error_set(c->e, KG_ECONFIG, 0, "%s:%u:%u: %s", c->file, at->line,
                       at->column, cstr != NULL ? cstr : "not valid");
    kg_buf_finish(&text);
    return KG_ECONFIG;
}

static enum kg_errc refuse_name(const struct kg_compile *c,
                                const struct kg_node *member,
                                const char *const *names)
{
    const struct kg_node at = {.line = member->name_line,
                               .column = member->name_column};
    struct kg_buf all;

    kg_buf_init(&all, KG_ERROR_TEXT_MAX);
    kg_buf_add_list(&all, names);
    (void)kg_compile_fail(c, &at, "%.*s is not known here; these are: %.*s",
                          KG_STR_ARG(member->name),
                          KG_STR_ARG(kg_buf_str(&all)));
    kg_buf_finish(&all);
    return KG_ECONFIG;
}

enum kg_errc kg_compile_known(const struct kg_compile *c,
                              const struct kg_node *object,
                              const char *const *names)
{
    if (object->kind != KG_OBJECT) {
        return kg_compile_fail(c, object, "an object is expected, not %s",
                               kg_kind_name(object->kind));
    }
    for (const struct kg_node *n = object->child; n != NULL; n = n->next) {
        if (kg_str_which(n->name, names) < 0) {
            return refuse_name(c, n, names);
        }
    }
    return KG_OK;
}

/* What YAML takes for another scalar: n, no and on are booleans. */
static bool is_unquoted(const struct kg_node *n)
{
    return n->kind == KG_BOOL || n->kind == KG_NUMBER || n->kind == KG_NULL;
}

enum kg_errc kg_compile_text(const struct kg_compile *c,
                             const struct kg_node *parent, const char *name,
                             bool required, struct kg_str *ret_text)
{
    const struct kg_node *n = kg_node_get(parent, name);

    if (n == NULL && required) {
        return kg_compile_fail(c, parent, "%s is missing", name);
    }
    if (n != NULL && (n->kind != KG_STRING || n->text.len == 0)) {
        return kg_compile_fail(c, n, "%s: a text is expected%s", name,
                               is_unquoted(n) ? ": put it in quotes" : "");
    }
    if (n != NULL && memchr(n->text.ptr, 0, n->text.len) != NULL) {
        return kg_compile_fail(c, n, "%s: a text without \\0 is expected",
                               name);
    }
    *ret_text = kg_node_str(n);
    return KG_OK;
}

enum kg_errc kg_compile_name(const struct kg_compile *c,
                             const struct kg_node *at, struct kg_str name)
{
    return name.len <= KG_NAME_MAX
               ? KG_OK
               : kg_compile_fail(c, at,
                                 "%.*s: a name of at most %d bytes is expected",
                                 KG_STR_ARG(at->name), KG_NAME_MAX);
}

enum kg_errc kg_compile_word(const struct kg_compile *c,
                             const struct kg_node *parent, const char *name,
                             const char *const *words, unsigned *ret_index)
{
    const struct kg_node *n = kg_node_get(parent, name);
    struct kg_buf all;
    ptrdiff_t index = -1;

    if (n == NULL) {
        return KG_OK;
    }
    if (n->kind == KG_STRING) {
        index = kg_str_which(n->text, words);
    } else if (n->kind == KG_NULL) { /* YAML reads an unquoted null so. */
        index = kg_str_which(KG_STR("null"), words);
    }
    if (index >= 0) {
        *ret_index = (unsigned)index;
        return KG_OK;
    }
    kg_buf_init(&all, KG_ERROR_TEXT_MAX);
    kg_buf_add_list(&all, words);
    (void)kg_compile_fail(c, n, "%s: %s%.*s is expected", name,
                          words[1] != NULL ? "one of " : "",
                          KG_STR_ARG(kg_buf_str(&all)));
    kg_buf_finish(&all);
    return KG_ECONFIG;
}

enum kg_errc kg_compile_bool(const struct kg_compile *c,
                             const struct kg_node *parent, const char *name,
                             bool *ret_value)
{
    const struct kg_node *n = kg_node_get(parent, name);

    if (n != NULL && n->kind != KG_BOOL) {
        return kg_compile_fail(c, n, "%s: true or false is expected", name);
    }
    *ret_value = kg_node_is_true(n);
    return KG_OK;
}

/* Can one of the documents that are looked for have anything there? */
static bool is_of_root(enum kg_root root, const struct kg_path *path)
{
    enum kg_root wanted;

    if (path->from_row || path->n_steps == 0 || root == KG_ROOT_ANY) {
        return true;
    }
    wanted =
        kg_step_is_of_object(&path->steps[0]) ? KG_ROOT_OBJECT : KG_ROOT_ARRAY;
    return root == wanted;
}

enum kg_errc kg_compile_path(const struct kg_compile *c,
                             const struct kg_node *text, bool from_row,
                             struct kg_path *ret_path)
{
    struct kg_error why;

    if (kg_path_parse(kg_node_str(text), ret_path, &why) != KG_OK) {
        return kg_compile_fail(c, text, "%s", why.text);
    }
    if (ret_path->from_row != from_row) {
        return kg_compile_fail(c, text, "path \"%.*s\": it begins with %s here",
                               KG_STR_ARG(text->text),
                               from_row ? "@ (the row)" : "$ (the document)");
    }
    if (!is_of_root(c->p->root, ret_path)) {
        return kg_compile_fail(
            c, text, "path \"%.*s\": with root: %s it leads to nothing",
            KG_STR_ARG(text->text),
            c->p->root == KG_ROOT_ARRAY ? "array" : "object");
    }
    return KG_OK;
}

enum kg_errc kg_compile_act(const struct kg_compile *c,
                            const struct kg_node *at,
                            const struct kg_path *path, size_t n_steps,
                            struct kg_action action)
{
    enum kg_errc err = kg_trie_add(&c->p->trie, path, n_steps, action);

    if (err == KG_ELIMIT) {
        return kg_compile_fail(c, at, "there are too many paths");
    }
    return err == KG_OK ? KG_OK : kg_error_set(c->e, err, 0, "%s", c->file);
}
