/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <stdio.h>
#include <string.h>

#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/profile.h"
#include "kubeglean/yaml.h"
#include "schema.h"

/* One profile under the name by which tasks know it: a document's, a built-in
 * one's, or the path of its file. */
struct config_profile {
    struct kg_queue node;
    char *name;
    struct kg_profile *profile;
};

static void destroy_file(struct config_file *f)
{
    kg_tree_finish(&f->tree);
    kg_free(f->path);
    kg_free(f);
}

static void destroy_profile(struct config_profile *p)
{
    kg_profile_destroy(p->profile);
    kg_free(p->name);
    kg_free(p);
}

void kg_config_files_init(struct kg_config_files *files)
{
    kg_queue_init(&files->files);
    kg_queue_init(&files->profiles);
}

void kg_config_files_finish(struct kg_config_files *files)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&files->files)) != NULL) {
        kg_queue_remove(node);
        destroy_file(KG_CONTAINER_OF(node, struct config_file, node));
    }
    while ((node = kg_queue_head(&files->profiles)) != NULL) {
        kg_queue_remove(node);
        destroy_profile(KG_CONTAINER_OF(node, struct config_profile, node));
    }
}

enum kg_errc kg_config_settle(enum kg_errc err, struct kg_error *e)
{
    if (err == KG_EIO && e != NULL) {
        e->code = KG_ECONFIG;
    }
    return err == KG_EIO ? KG_ECONFIG : err;
}

static enum kg_errc no_memory(const char *path, struct kg_error *e)
{
    return kg_error_set(e, KG_ENOMEM, 0, "%s: %s", path,
                        kg_errc_text(KG_ENOMEM));
}

/* --- files ---------------------------------------------------------------- */

/* NULL: no memory. */
static char *resolve(const struct config_file *from, const char *path)
{
    const char *slash = from != NULL ? strrchr(from->path, '/') : NULL;
    struct kg_buf whole;
    const char *text = NULL;
    char *copy = NULL;

    if (slash == NULL || path[0] == '/') {
        return kg_strdup(path);
    }
    kg_buf_init(&whole, KG_LIMIT_CONFIG);
    if (kg_buf_addf(&whole, "%.*s/%s", (int)(slash - from->path), from->path,
                    path) == KG_OK) {
        text = kg_buf_cstr(&whole);
    }
    if (text != NULL) {
        copy = kg_strdup(text);
    }
    kg_buf_finish(&whole);
    return copy;
}

static const char *name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static enum kg_errc read_documents(const char *path, struct kg_tree *t,
                                   struct kg_node **ret_documents,
                                   struct kg_error *e)
{
    struct kg_buf text;
    enum kg_errc err;

    kg_buf_init(&text, KG_LIMIT_CONFIG);
    err = kg_file_read(path, &text, e);
    if (err == KG_OK) {
        err = kg_yaml_parse(kg_buf_str(&text), name_of(path), t, ret_documents,
                            e);
    }
    kg_buf_finish(&text);
    return err;
}

enum kg_errc kg_config_files_read(struct kg_config_files *files,
                                  const struct config_file *from,
                                  const char *path,
                                  struct config_file **ret_file,
                                  struct kg_error *e)
{
    struct config_file *f = kg_calloc(1, sizeof(*f));
    enum kg_errc err;

    if (f == NULL) {
        return no_memory(path, e);
    }
    kg_tree_init(&f->tree, KG_LIMIT_TREE);
    f->path = resolve(from, path);
    if (f->path == NULL) {
        destroy_file(f);
        return no_memory(path, e);
    }
    err = read_documents(f->path, &f->tree, &f->documents, e);
    if (err != KG_OK) {
        destroy_file(f);
        return err;
    }
    f->name = name_of(f->path);
    kg_queue_insert_tail(&files->files, &f->node);
    *ret_file = f;
    return KG_OK;
}

/* --- profiles ------------------------------------------------------------- */

static struct kg_profile *find_profile(const struct kg_config_files *files,
                                       const char *name)
{
    const struct kg_queue *node;

    kg_queue_foreach (node, &files->profiles) {
        const struct config_profile *p =
            KG_CONTAINER_OF(node, struct config_profile, node);

        if (strcmp(p->name, name) == 0) {
            return p->profile;
        }
    }
    return NULL;
}

/* Takes `profile`, also when it fails. `name` NULL: the profile's own. */
static enum kg_errc keep_profile(struct kg_config_files *files,
                                 const char *name, struct kg_profile *profile,
                                 struct kg_error *e)
{
    struct config_profile *p = kg_calloc(1, sizeof(*p));

    if (name == NULL) {
        name = kg_profile_name(profile);
    }
    if (p == NULL) {
        kg_profile_destroy(profile);
        return no_memory("profile", e);
    }
    p->profile = profile;
    p->name = kg_strdup(name);
    if (p->name == NULL) {
        destroy_profile(p);
        return no_memory("profile", e);
    }
    kg_queue_insert_tail(&files->profiles, &p->node);
    return KG_OK;
}

enum kg_errc kg_config_files_add_profile(struct kg_config_files *files,
                                         const struct config_file *file,
                                         const struct kg_node *document,
                                         struct kg_error *e)
{
    struct kg_profile *profile;
    enum kg_errc err = kg_profile_compile(document, file->name, &profile, e);

    if (err != KG_OK) {
        return err;
    }
    if (find_profile(files, kg_profile_name(profile)) != NULL) {
        (void)kg_schema_refuse(e, file->name,
                               kg_node_path(document, "metadata.name"),
                               "metadata.name: there is a profile %s already",
                               kg_profile_name(profile));
        kg_profile_destroy(profile);
        return KG_ECONFIG;
    }
    return keep_profile(files, NULL, profile, e);
}

static enum kg_errc compile_builtin(const struct kg_builtin *builtin,
                                    struct kg_profile **ret_profile,
                                    struct kg_error *e)
{
    struct kg_node *document;
    struct kg_tree tree;
    enum kg_errc err;

    kg_tree_init(&tree, KG_LIMIT_TREE);
    err = kg_yaml_parse_one(builtin->yaml, builtin->name, &tree, &document, e);
    if (err == KG_OK) {
        err = kg_profile_compile(document, builtin->name, ret_profile, e);
    }
    kg_tree_finish(&tree);
    return err;
}

static enum kg_errc compile_file(const char *path,
                                 struct kg_profile **ret_profile,
                                 struct kg_error *e)
{
    struct kg_node *documents;
    struct kg_tree tree;
    enum kg_errc err;

    kg_tree_init(&tree, KG_LIMIT_TREE);
    err = read_documents(path, &tree, &documents, e);
    if (err == KG_OK && documents->n_children != 1) {
        err = kg_schema_refuse(e, name_of(path), NULL,
                               "one Profile is wanted, %u documents are there",
                               documents->n_children);
    }
    if (err == KG_OK) {
        err =
            kg_profile_compile(documents->child, name_of(path), ret_profile, e);
    }
    kg_tree_finish(&tree);
    return err;
}

static enum kg_errc profile_of_file(struct kg_config_files *files,
                                    const char *path,
                                    struct kg_profile **ret_profile,
                                    struct kg_error *e)
{
    struct kg_profile *profile = find_profile(files, path);
    enum kg_errc err = KG_OK;

    if (profile == NULL) {
        err = compile_file(path, &profile, e);
        if (err == KG_OK) {
            err = keep_profile(files, path, profile, e);
        }
    }
    if (err == KG_OK) {
        *ret_profile = profile;
    }
    return err;
}

static enum kg_errc profile_of_builtin(struct kg_config_files *files,
                                       const struct kg_builtin *builtin,
                                       struct kg_profile **ret_profile,
                                       struct kg_error *e)
{
    struct kg_profile *profile;
    enum kg_errc err = compile_builtin(builtin, &profile, e);

    if (err == KG_OK) {
        err = keep_profile(files, builtin->name, profile, e);
    }
    if (err == KG_OK) {
        *ret_profile = profile;
    }
    return err;
}

static bool is_path(const char *name)
{
    struct kg_str s = kg_str_from(name);

    return strchr(name, '/') != NULL || kg_str_ends(s, KG_STR(".yaml")) ||
           kg_str_ends(s, KG_STR(".yml")) || kg_str_ends(s, KG_STR(".json"));
}

static enum kg_errc refuse_name(const char *name, struct kg_error *e)
{
    char known[KG_ERROR_TEXT_MAX] = "";
    size_t len = 0;

    for (size_t i = 0; i < kg_profile_n_builtins && len < sizeof(known); i++) {
        len += (size_t)snprintf(known + len, sizeof(known) - len, "%s, ",
                                kg_profile_builtins[i].name);
    }
    return kg_error_set(e, KG_ECONFIG, 0,
                        "no profile \"%s\"; there are: %sor a file (%s.yaml)",
                        name, known, name);
}

enum kg_errc kg_config_files_profile(struct kg_config_files *files,
                                     const struct config_file *from,
                                     const char *name,
                                     struct kg_profile **ret_profile,
                                     struct kg_error *e)
{
    const struct kg_builtin *builtin = kg_profile_builtin(kg_str_from(name));
    struct kg_profile *known = find_profile(files, name);
    enum kg_errc err;
    char *path;

    if (known != NULL) {
        *ret_profile = known;
        return KG_OK;
    }
    if (builtin != NULL) {
        return profile_of_builtin(files, builtin, ret_profile, e);
    }
    if (!is_path(name)) {
        return refuse_name(name, e);
    }
    path = resolve(from, name);
    if (path == NULL) {
        return no_memory(name, e);
    }
    err = profile_of_file(files, path, ret_profile, e);
    kg_free(path);
    return err;
}

enum kg_errc kg_profile_load(const char *name_or_path,
                             struct kg_profile **ret_profile,
                             struct kg_error *e)
{
    const struct kg_builtin *builtin =
        kg_profile_builtin(kg_str_from(name_or_path));

    if (builtin != NULL) {
        return compile_builtin(builtin, ret_profile, e);
    }
    if (!is_path(name_or_path)) {
        return refuse_name(name_or_path, e);
    }
    return kg_config_settle(compile_file(name_or_path, ret_profile, e), e);
}
