/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

/* --- mistakes, and texts of our own ------------------------------------------- */

enum kg_errc kg_conf_no_memory(const struct kg_conf *conf)
{
    return kg_error_set(conf->e, KG_ENOMEM, 0, "out of memory");
}

enum kg_errc kg_conf_wrong(const struct kg_conf_object *o,
                           const struct kg_node *where, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(o->conf->e, KG_ECONFIG, 0, fmt, args);
    va_end(args);
    (void)kg_error_wrap(o->conf->e, "%s:%u:%u", o->file->name, where->line,
                        where->column);
    return KG_ECONFIG;
}

const char *kg_conf_keep(struct kg_conf *conf, const char *fmt, ...)
{
    struct kg_node *n = NULL;
    struct kg_buf text;
    va_list args;

    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    va_start(args, fmt);
    if (kg_buf_addv(&text, fmt, args) == KG_OK) {
        n = kg_tree_new(&conf->k->tree, KG_STRING, kg_buf_str(&text));
    }
    va_end(args);
    kg_buf_finish(&text);
    return n != NULL ? n->text.ptr : NULL;
}

/* --- files -------------------------------------------------------------------- */

enum kg_errc kg_conf_add(struct kg_conf *conf, struct kg_str text,
                         const char *name, struct kg_str dir)
{
    struct kg_node *root;
    enum kg_errc err;

    if (conf->n_files == KG_CONF_FILES_MAX) {
        return kg_error_set(conf->e, KG_ECONFIG, 0,
                            "KUBECONFIG names more than %d files",
                            KG_CONF_FILES_MAX);
    }
    err = kg_yaml_parse_one(text, name, &conf->k->tree, &root, conf->e);
    if (err == KG_OK && root->kind != KG_OBJECT) {
        err = kg_error_set(conf->e, KG_ECONFIG, 0, "%s:%u:%u: is no kubeconfig",
                           name, root->line, root->column);
    }
    if (err == KG_OK) {
        conf->files[conf->n_files++] = (struct kg_conf_file){name, dir, root};
    }
    return err;
}

enum kg_errc kg_conf_add_file(struct kg_conf *conf, const char *name)
{
    const char *slash = strrchr(name, '/');
    struct kg_str dir = {NULL, 0};
    struct kg_buf text;
    enum kg_errc err;

    if (slash != NULL) {
        dir = kg_str_of(name, (size_t)(slash - name) + 1);
    }
    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    err = kg_file_read(name, &text, conf->e);
    if (err == KG_OK) {
        err = kg_conf_add(conf, kg_buf_str(&text), name, dir);
    }
    explicit_bzero((char *)kg_buf_str(&text).ptr, kg_buf_len(&text));
    kg_buf_finish(&text);
    return err;
}

static const struct kg_node *next_named(const struct kg_node *n,
                                        const char *name)
{
    while (n != NULL && !kg_str_is(kg_node_str(kg_node_get(n, "name")), name)) {
        n = n->next;
    }
    return n;
}

enum kg_errc kg_conf_find(struct kg_conf *conf, const char *list,
                          const char *name, const char *member,
                          struct kg_conf_object *ret_object)
{
    *ret_object = (struct kg_conf_object){.conf = conf};
    for (size_t i = 0; i < conf->n_files; i++) {
        const struct kg_node *all = kg_node_get(conf->files[i].root, list);
        const struct kg_node *first =
            next_named(all != NULL ? all->child : NULL, name);
        const struct kg_node *second;

        if (first == NULL) {
            continue;
        }
        ret_object->file = &conf->files[i];
        ret_object->node = kg_node_get(first, member);
        second = next_named(first->next, name);
        return second == NULL
                   ? KG_OK
                   : kg_conf_wrong(ret_object, second,
                                   "%s: \"%s\" is there twice", list, name);
    }
    return KG_OK;
}

/* --- values ------------------------------------------------------------------- */

enum kg_errc kg_conf_text(const struct kg_conf_object *o, const char *name,
                          const char **ret_text)
{
    const struct kg_node *n = kg_node_get(o->node, name);

    *ret_text = NULL;
    if (n == NULL || n->kind == KG_NULL) {
        return KG_OK;
    }
    if (n->kind != KG_STRING) {
        return kg_conf_wrong(o, n, "%s: must be a string, not %s", name,
                             kg_kind_name(n->kind));
    }
    if (memchr(n->text.ptr, '\0', n->text.len) != NULL) {
        return kg_conf_wrong(o, n, "%s: holds a NUL", name);
    }
    *ret_text = n->text.len > 0 ? n->text.ptr : NULL;
    return KG_OK;
}

enum kg_errc kg_conf_bool(const struct kg_conf_object *o, const char *name,
                          bool *ret_value)
{
    const struct kg_node *n = kg_node_get(o->node, name);

    if (n != NULL && n->kind != KG_BOOL && n->kind != KG_NULL) {
        return kg_conf_wrong(o, n, "%s: must be true or false, not %s", name,
                             kg_kind_name(n->kind));
    }
    *ret_value = kg_node_is_true(n);
    return KG_OK;
}

enum kg_errc kg_conf_file(const struct kg_conf_object *o, const char *name,
                          const char **ret_file)
{
    const char *text;
    enum kg_errc err = kg_conf_text(o, name, &text);

    if (err != KG_OK || text == NULL) {
        return err;
    }
    *ret_file = text[0] == '/' ? text
                               : kg_conf_keep(o->conf, "%.*s%s",
                                              KG_STR_ARG(o->file->dir), text);
    if (*ret_file == NULL) {
        return kg_conf_no_memory(o->conf);
    }
    if (access(*ret_file, R_OK) != 0) {
        return kg_conf_wrong(o, kg_node_get(o->node, name), "%s: %s: %s", name,
                             *ret_file, strerror(errno));
    }
    return KG_OK;
}

static enum kg_errc decode(const struct kg_conf_object *o,
                           const struct kg_node *n, char *out,
                           struct kg_str *ret_pem)
{
    struct kg_node *kept;
    size_t len;

    if (!kg_str_base64(n->text, out, &len)) {
        return kg_conf_wrong(o, n, "%.*s: is no base64", KG_STR_ARG(n->name));
    }
    if (kg_str_find(kg_str_of(out, len), KG_STR("-----BEGIN ")) < 0) {
        return kg_conf_wrong(o, n,
                             "%.*s: is no PEM (-----BEGIN ...) within its "
                             "base64",
                             KG_STR_ARG(n->name));
    }
    kept = kg_tree_new(&o->conf->k->tree, KG_STRING, kg_str_of(out, len));
    explicit_bzero(out, len);
    if (kept == NULL) {
        return kg_conf_no_memory(o->conf);
    }
    *ret_pem = kept->text;
    return KG_OK;
}

enum kg_errc kg_conf_pem(const struct kg_conf_object *o, const char *name,
                         struct kg_str *ret_pem, const char **ret_file)
{
    char data_name[64];
    const char *text;
    char *out;
    enum kg_errc err;

    (void)snprintf(data_name, sizeof(data_name), "%s-data", name);
    err = kg_conf_text(o, data_name, &text);
    if (err != KG_OK || text == NULL) {
        return err != KG_OK ? err : kg_conf_file(o, name, ret_file);
    }
    out = kg_alloc(strlen(text));
    if (out == NULL) {
        return kg_conf_no_memory(o->conf);
    }
    err = decode(o, kg_node_get(o->node, data_name), out, ret_pem);
    kg_free(out);
    return err;
}

/* --- options ------------------------------------------------------------------ */

enum kg_errc kg_conf_option(struct kg_conf *conf, const char *text,
                            const char **ret_text)
{
    const char *kept = text != NULL ? kg_conf_keep(conf, "%s", text) : NULL;

    if (text != NULL && kept == NULL) {
        return kg_conf_no_memory(conf);
    }
    *ret_text = text != NULL ? kept : *ret_text;
    return KG_OK;
}

enum kg_errc kg_conf_option_file(struct kg_conf *conf, const char *name,
                                 const char *file, const char **ret_file)
{
    if (file != NULL && access(file, R_OK) != 0) {
        return kg_error_set(conf->e, KG_ECONFIG, 0, "--%s: %s: %s", name, file,
                            strerror(errno));
    }
    return kg_conf_option(conf, file, ret_file);
}
