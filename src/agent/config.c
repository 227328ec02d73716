/* SPDX-License-Identifier: MIT */
/* Two passes: all files are read and their profiles compiled, then tasks, which
 * name profiles, are made of their documents. */
#include "kubeglean/config.h"

#include <string.h>

#include "files.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "schema.h"
#include "task.h"

enum { JOBS_DEFAULT = 100000, STREAMS_DEFAULT = 500, SPOOL_DEFAULT = 1024 };

enum kind { TASK, PROFILE, CONFIG, KIND_NR };

static const char *const kind_names[KIND_NR] = {"Task", "Profile", "Config"};
static const char *const kinds[] = {"Config", NULL};

struct values {
    unsigned api_version, kind;
    const char *name;
    const struct kg_node *tasks;
    struct kg_config config;
};

static const char *listen_address(struct kg_str text)
{
    const char *colon = memrchr(text.ptr, ':', text.len);
    uint64_t port;

    if (colon == NULL ||
        !kg_str_to_u64(
            kg_str_of(colon + 1, (size_t)(text.ptr + text.len - colon - 1)),
            &port) ||
        port > UINT16_MAX) {
        return "is no address: it should look like 127.0.0.1:8080";
    }
    return NULL;
}

#define AT(member) offsetof(struct values, member)

static const struct schema_field fields[] = {
    {.path = "apiVersion",
     .type = SCHEMA_CHOICE,
     .choices = kg_config_api_versions,
     .at = AT(api_version)},
    {.path = "kind",
     .type = SCHEMA_CHOICE,
     .required = true,
     .choices = kinds,
     .at = AT(kind)},
    {.path = "metadata", .type = SCHEMA_OBJECT},
    {.path = "metadata.name",
     .type = SCHEMA_TEXT,
     .wants = "the Config's name",
     .check = kg_schema_dns_label,
     .at = AT(name)},
    {.path = "spec", .type = SCHEMA_OBJECT, .required = true},
    {.path = "spec.clusterName",
     .type = SCHEMA_TEXT,
     .wants = "what rows call the cluster",
     .check = kg_schema_not_empty,
     .at = AT(config.cluster)},
    {.path = "spec.database", .type = SCHEMA_OBJECT},
    {.path = "spec.database.url",
     .type = SCHEMA_TEXT,
     .required = true,
     .wants = "postgresql://...",
     .at = AT(config.database_url)},
    {.path = "spec.database.migrate",
     .type = SCHEMA_BOOL,
     .at = AT(config.migrate)},
    {.path = "spec.tasks",
     .type = SCHEMA_TEXTS,
     .wants = "an array of one file or more",
     .check = kg_schema_not_empty,
     .at = AT(tasks)},
    {.path = "spec.listen",
     .type = SCHEMA_TEXT,
     .wants = "127.0.0.1:8080",
     .check = listen_address,
     .at = AT(config.listen)},
    {.path = "spec.tokenFile",
     .type = SCHEMA_TEXT,
     .wants = "a file that holds a bearer token",
     .check = kg_schema_not_empty,
     .at = AT(config.token_file)},
    {.path = "spec.limits", .type = SCHEMA_OBJECT},
    {.path = "spec.limits.logStreams",
     .type = SCHEMA_NUMBER,
     .min = 1,
     .max = 65536,
     .at = AT(config.n_streams_max)},
    {.path = "spec.limits.jobs",
     .type = SCHEMA_NUMBER,
     .min = 1,
     .max = 10000000,
     .at = AT(config.n_jobs_max)},
    {.path = "spec.spool", .type = SCHEMA_OBJECT},
    {.path = "spec.spool.dir",
     .type = SCHEMA_TEXT,
     .required = true,
     .wants = "a directory",
     .check = kg_schema_not_empty,
     .at = AT(config.spool_dir)},
    {.path = "spec.spool.maxMiB",
     .type = SCHEMA_NUMBER,
     .min = 1,
     .max = 16777216,
     .at = AT(config.spool_max_mib)},
    {0}};

/* --- documents ------------------------------------------------------------ */

static enum kg_errc kind_of(const struct config_file *f,
                            const struct kg_node *document, enum kind *ret_kind,
                            struct kg_error *e)
{
    const struct kg_node *kind = kg_node_get(document, "kind");

    for (int i = 0; i < KIND_NR; i++) {
        if (kg_str_is(kg_node_str(kind), kind_names[i])) {
            *ret_kind = (enum kind)i;
            return KG_OK;
        }
    }
    return kg_schema_refuse(e, f->name, kind != NULL ? kind : document,
                            "kind: none of: Task, Profile, Config");
}

/* What the first pass finds. */
struct found {
    size_t n_tasks;
    bool config_wanted;
    const struct kg_node *config;
};

/* Counts a file's tasks, compiles its profiles, and finds the Config. */
static enum kg_errc survey_document(struct kg_config *c,
                                    const struct config_file *f,
                                    const struct kg_node *document,
                                    struct found *found, struct kg_error *e)
{
    enum kind kind = TASK;
    enum kg_errc err = kind_of(f, document, &kind, e);

    if (err != KG_OK) {
        return err;
    }
    switch (kind) {
    case PROFILE:
        return kg_config_files_add_profile(c->files, f, document, e);
    case CONFIG:
        if (!found->config_wanted || found->config != NULL) {
            return kg_schema_refuse(
                e, f->name, document,
                "kind: only one Config is wanted, in the file "
                "that -c names");
        }
        found->config = document;
        return KG_OK;
    default:
        found->n_tasks++;
        return KG_OK;
    }
}

static enum kg_errc survey(struct kg_config *c, const struct config_file *f,
                           struct found *found, struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    for (const struct kg_node *d = f->documents->child;
         err == KG_OK && d != NULL; d = d->next) {
        err = survey_document(c, f, d, found, e);
    }
    return err;
}

/* --- tasks ---------------------------------------------------------------- */

static bool is_taken(const struct kg_config *c, struct kg_str name)
{
    for (size_t i = 0; i < c->n_tasks; i++) {
        if (kg_str_eq(c->tasks[i].def.name, name)) {
            return true;
        }
    }
    return false;
}

static enum kg_errc add_task(struct kg_config *c, struct config_file *f,
                             const struct kg_node *document, struct kg_error *e)
{
    struct kg_task_config *t = &c->tasks[c->n_tasks];
    enum kg_errc err = kg_task_read(c->files, f, document, t, e);

    if (err != KG_OK) {
        return err;
    }
    if (is_taken(c, t->def.name)) {
        err = kg_schema_refuse(e, f->name,
                               kg_node_path(document, "metadata.name"),
                               "metadata.name: there is a task %.*s already",
                               KG_STR_ARG(t->def.name));
        kg_task_finish(t);
        return err;
    }
    c->n_tasks++;
    return KG_OK;
}

static enum kg_errc add_tasks_of(struct kg_config *c, struct config_file *f,
                                 struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    for (const struct kg_node *d = f->documents->child;
         err == KG_OK && d != NULL; d = d->next) {
        enum kind kind = TASK;

        err = kind_of(f, d, &kind, e);
        if (err == KG_OK && kind == TASK) {
            err = add_task(c, f, d, e);
        }
    }
    return err;
}

/* They do not move once made: a task points to its own schedule. */
static enum kg_errc add_tasks(struct kg_config *c, size_t n, const char *path,
                              struct kg_error *e)
{
    enum kg_errc err = KG_OK;
    struct kg_queue *node;

    if (n == 0) {
        return kg_schema_refuse(e, path, NULL, "there is no Task");
    }
    c->tasks = kg_calloc(n, sizeof(*c->tasks));
    if (c->tasks == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "%s: %s", path,
                            kg_errc_text(KG_ENOMEM));
    }
    kg_queue_foreach (node, &c->files->files) {
        err =
            add_tasks_of(c, KG_CONTAINER_OF(node, struct config_file, node), e);
        if (err != KG_OK) {
            break;
        }
    }
    return err;
}

/* --- the whole ------------------------------------------------------------ */

/* Keeps what is set already: the files. */
static enum kg_errc read_config(struct kg_config *c,
                                const struct config_file *f,
                                const struct kg_node *document,
                                const struct kg_node **ret_tasks,
                                struct kg_error *e)
{
    struct values v = {.config = *c};
    enum kg_errc err = kg_schema_read(fields, document, f->name, &v, e);

    if (err == KG_OK) {
        *c = v.config;
        *ret_tasks = v.tasks;
    }
    return err;
}

static enum kg_errc read_named(struct kg_config *c, const struct config_file *f,
                               const struct kg_node *names, struct found *found,
                               struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    for (const struct kg_node *n = names != NULL ? names->child : NULL;
         err == KG_OK && n != NULL; n = n->next) {
        struct config_file *named;

        err = kg_config_files_read(c->files, f, n->text.ptr, &named, e);
        if (err == KG_EIO) {
            (void)kg_error_wrap(e, "%s:%u:%u: spec.tasks", f->name, n->line,
                                n->column);
        }
        if (err == KG_OK) {
            err = survey(c, named, found, e);
        }
    }
    return err;
}

static enum kg_errc load(const char *path, bool config_wanted,
                         struct kg_config *c, struct kg_error *e)
{
    struct found found = {.config_wanted = config_wanted};
    const struct kg_node *names = NULL;
    struct config_file *f;
    enum kg_errc err = kg_config_files_read(c->files, NULL, path, &f, e);

    if (err == KG_OK) {
        err = survey(c, f, &found, e);
    }
    if (err == KG_OK && config_wanted) {
        err = found.config != NULL
                  ? read_config(c, f, found.config, &names, e)
                  : kg_schema_refuse(e, path, NULL, "there is no Config");
    }
    if (err == KG_OK) {
        err = read_named(c, f, names, &found, e);
    }
    return err == KG_OK ? add_tasks(c, found.n_tasks, path, e) : err;
}

void kg_config_init(struct kg_config *c)
{
    *c = (struct kg_config){.migrate = true,
                            .spool_max_mib = SPOOL_DEFAULT,
                            .n_streams_max = STREAMS_DEFAULT,
                            .n_jobs_max = JOBS_DEFAULT};
}

static enum kg_errc load_or_finish(const char *path, bool config_wanted,
                                   struct kg_config *c, struct kg_error *e)
{
    enum kg_errc err;

    kg_config_init(c);
    c->files = kg_alloc(sizeof(*c->files));
    if (c->files == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "%s: %s", path,
                            kg_errc_text(KG_ENOMEM));
    }
    kg_config_files_init(c->files);
    err = kg_config_settle(load(path, config_wanted, c, e), e);
    if (err != KG_OK) {
        kg_config_finish(c);
    }
    return err;
}

enum kg_errc kg_config_load(const char *path, struct kg_config *c,
                            struct kg_error *e)
{
    return load_or_finish(path, true, c, e);
}

enum kg_errc kg_config_load_tasks(const char *path, struct kg_config *c,
                                  struct kg_error *e)
{
    return load_or_finish(path, false, c, e);
}

void kg_config_finish(struct kg_config *c)
{
    for (size_t i = 0; i < c->n_tasks; i++) {
        kg_task_finish(&c->tasks[i]);
    }
    kg_free(c->tasks);
    kg_config_files_finish(c->files);
    kg_free(c->files);
    *c = (struct kg_config){0};
}
