/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "kubeglean/heap.h"
#include "kubeglean/profile.h"
#include "schema.h"

enum {
    NAME_MAX_LEN = 40,      /* Jobs' names hold 63, and more than the task's. */
    KEEP_HOURS_MAX = 87600, /* Ten years. */
    HISTORY_MAX = 1000,
};

enum { DELETE, KEEP }; /* Indexes into `fates`. */

static const char *const kinds[] = {"Task", NULL};
static const char *const run_as[] = {"job", "cronjob", NULL};
static const char *const fates[] = {"delete", "keep", NULL};

const char *const kg_config_api_versions[] = {"kubeglean.io/v1", NULL};

struct values {
    unsigned api_version, kind, run_as, complete, other;
    const char *name, *profile, *schedule, *container;
    const struct kg_node *namespaces, *job, *pod;
    uint32_t timeout_s, keep_hours, n_keep_successful, n_keep_failed;
};

static const char *task_name(struct kg_str text)
{
    if (text.len > NAME_MAX_LEN) {
        return "is too long: a Job's name has room for 40 of its letters";
    }
    return kg_schema_dns_label(text);
}

#define AT(member) offsetof(struct values, member)

static const struct schema_field fields[] = {
    {.path = "apiVersion",
     .type = SCHEMA_CHOICE,
     .required = true,
     .choices = kg_config_api_versions,
     .at = AT(api_version)},
    {.path = "kind",
     .type = SCHEMA_CHOICE,
     .required = true,
     .choices = kinds,
     .at = AT(kind)},
    {.path = "metadata", .type = SCHEMA_OBJECT, .required = true},
    {.path = "metadata.name",
     .type = SCHEMA_TEXT,
     .required = true,
     .wants = "the task's name",
     .check = task_name,
     .at = AT(name)},
    {.path = "spec", .type = SCHEMA_OBJECT, .required = true},
    {.path = "spec.profile",
     .type = SCHEMA_TEXT,
     .required = true,
     .wants = "a profile's name, or a file",
     .check = kg_schema_not_empty,
     .at = AT(profile)},
    {.path = "spec.namespaces",
     .type = SCHEMA_TEXTS,
     .wants = "an array of one namespace or more",
     .check = kg_schema_dns_label,
     .at = AT(namespaces)},
    {.path = "spec.schedule",
     .type = SCHEMA_TEXT,
     .wants = "five fields of cron, in quotes",
     .at = AT(schedule)},
    {.path = "spec.runAs",
     .type = SCHEMA_CHOICE,
     .choices = run_as,
     .at = AT(run_as)},
    {.path = "spec.container",
     .type = SCHEMA_TEXT,
     .wants = "the container whose log has the report",
     .check = kg_schema_dns_label,
     .at = AT(container)},
    {.path = "spec.timeoutSeconds",
     .type = SCHEMA_NUMBER,
     .min = 1,
     .max = INT32_MAX,
     .at = AT(timeout_s)},
    {.path = "spec.retention", .type = SCHEMA_OBJECT},
    {.path = "spec.retention.complete",
     .type = SCHEMA_CHOICE,
     .choices = fates,
     .at = AT(complete)},
    {.path = "spec.retention.other",
     .type = SCHEMA_CHOICE,
     .choices = fates,
     .at = AT(other)},
    {.path = "spec.retention.keepHours",
     .type = SCHEMA_NUMBER,
     .max = KEEP_HOURS_MAX,
     .at = AT(keep_hours)},
    {.path = "spec.cronJob", .type = SCHEMA_OBJECT},
    {.path = "spec.cronJob.successfulJobsHistoryLimit",
     .type = SCHEMA_NUMBER,
     .max = HISTORY_MAX,
     .at = AT(n_keep_successful)},
    {.path = "spec.cronJob.failedJobsHistoryLimit",
     .type = SCHEMA_NUMBER,
     .max = HISTORY_MAX,
     .at = AT(n_keep_failed)},
    {.path = "spec.job", .type = SCHEMA_TREE, .at = AT(job)},
    {.path = "spec.pod", .type = SCHEMA_TREE, .at = AT(pod)},
    {0}};

struct reading {
    struct values v;
    struct kg_config_files *files;
    struct config_file *file;
    const struct kg_node *document;
    struct kg_task_config *task;
    struct kg_error *error;
};

/* Says what is wrong with the value at `path`, and where that is. */
static enum kg_errc refuse(const struct reading *r, const char *path,
                           const char *what)
{
    return kg_schema_refuse(r->error, r->file->name,
                            kg_node_path(r->document, path), "%s: %s", path,
                            what);
}

/* The error says already what is wrong with the value at `path`. */
static enum kg_errc place_error(const struct reading *r, const char *path)
{
    char what[KG_ERROR_TEXT_MAX] = "";

    if (r->error != NULL) {
        memcpy(what, r->error->text, sizeof(what));
    }
    return refuse(r, path, what);
}

static enum kg_errc no_memory(const struct reading *r)
{
    return kg_error_set(r->error, KG_ENOMEM, 0, "%s: %s", r->file->name,
                        kg_errc_text(KG_ENOMEM));
}

/* --- the Job -------------------------------------------------------------- */

/* A JobSpec around the PodSpec; NULL: no memory. */
static const struct kg_node *wrap_pod(struct kg_tree *t,
                                      const struct kg_node *pod)
{
    struct kg_node *job = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    struct kg_node *template = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));

    if (job == NULL || template == NULL ||
        !kg_tree_put(t, template, "spec", kg_tree_copy(t, pod)) ||
        !kg_tree_put(t, job, "template", template)) {
        return NULL;
    }
    return job;
}

static enum kg_errc choose_job(const struct reading *r)
{
    const struct values *v = &r->v;

    if (v->job != NULL && v->pod != NULL) {
        return refuse(r, "spec.pod",
                      "spec.job is there as well: leave one out");
    }
    if (v->job == NULL && v->pod == NULL) {
        return refuse(r, "spec",
                      "job (a JobSpec) or pod (a PodSpec) is missing");
    }
    r->task->job = v->job != NULL ? v->job : wrap_pod(&r->file->tree, v->pod);
    return r->task->job != NULL ? KG_OK : no_memory(r);
}

static bool has_container(const struct kg_node *containers, const char *name)
{
    for (const struct kg_node *c = containers->child; c != NULL; c = c->next) {
        if (kg_str_is(kg_node_str(kg_node_get(c, "name")), name)) {
            return true;
        }
    }
    return false;
}

static enum kg_errc check_containers(const struct reading *r)
{
    const struct kg_node *containers =
        kg_node_path(r->task->job, "template.spec.containers");

    if (containers == NULL || containers->kind != KG_ARRAY ||
        containers->n_children == 0) {
        return r->v.job != NULL
                   ? refuse(r, "spec.job",
                            "template.spec.containers is missing")
                   : refuse(r, "spec.pod", "containers is missing");
    }
    if (r->v.container != NULL && !has_container(containers, r->v.container)) {
        return refuse(r, "spec.container",
                      "the Job has no container of this name");
    }
    return KG_OK;
}

/* --- namespaces and schedule ---------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return kg_str_cmp(*(const struct kg_str *)a, *(const struct kg_str *)b);
}

/* Their order means nothing: sorted, one that is there twice is found. */
static enum kg_errc set_namespaces(const struct reading *r)
{
    const struct kg_node *list = r->v.namespaces;
    struct kg_str *names;
    size_t n = 0;

    if (list == NULL) {
        return KG_OK;
    }
    names = kg_calloc(list->n_children, sizeof(*names));
    if (names == NULL) {
        return no_memory(r);
    }
    for (const struct kg_node *c = list->child; c != NULL; c = c->next) {
        names[n++] = c->text;
    }
    qsort(names, n, sizeof(*names), by_bytes);
    r->task->namespaces = names;
    r->task->def.namespaces = names;
    r->task->def.n_namespaces = n;
    for (size_t i = 1; i < n; i++) {
        if (kg_str_eq(names[i - 1], names[i])) {
            return kg_schema_refuse(r->error, r->file->name, list,
                                    "spec.namespaces: %.*s is there twice",
                                    KG_STR_ARG(names[i]));
        }
    }
    return KG_OK;
}

static enum kg_errc set_schedule(const struct reading *r)
{
    struct kg_task_config *t = r->task;

    if (r->v.schedule == NULL) {
        return r->v.run_as == KG_RUN_AS_CRONJOB
                   ? refuse(r, "spec.runAs", "a cronjob needs spec.schedule")
                   : KG_OK;
    }
    t->schedule = kg_str_from(r->v.schedule);
    if (kg_cron_parse(t->schedule, &t->cron, r->error) != KG_OK) {
        return place_error(r, "spec.schedule");
    }
    t->def.schedule = &t->cron;
    return KG_OK;
}

/* --- the whole ------------------------------------------------------------ */

static void set_plain(const struct reading *r)
{
    const struct values *v = &r->v;
    struct kg_task_config *t = r->task;

    t->def.name = kg_str_from(v->name);
    t->def.container = kg_str_from(v->container);
    t->def.run_as = (enum kg_run_as)v->run_as;
    t->def.retention = (struct kg_retention){
        .delete_complete = v->complete == DELETE,
        .delete_other = v->other == DELETE,
        .keep_hours = v->keep_hours,
    };
    t->timeout_s = v->timeout_s;
    t->n_keep_successful = v->n_keep_successful;
    t->n_keep_failed = v->n_keep_failed;
}

static enum kg_errc set_profile(const struct reading *r)
{
    struct kg_task_config *t = r->task;
    enum kg_errc err = kg_config_files_profile(r->files, r->file, r->v.profile,
                                               &t->profile, r->error);

    if (err == KG_ENOMEM) {
        return err;
    }
    if (err != KG_OK) {
        return place_error(r, "spec.profile");
    }
    t->def.profile = kg_str_from(kg_profile_name(t->profile));
    return KG_OK;
}

/* In this order a mistake is told where a reader of the file meets it first. */
static enum kg_errc set_all(const struct reading *r)
{
    static enum kg_errc (*const steps[])(const struct reading *) = {
        set_profile, set_namespaces, set_schedule, choose_job, check_containers,
    };
    enum kg_errc err = KG_OK;

    set_plain(r);
    for (size_t i = 0; err == KG_OK && i < KG_COUNT_OF(steps); i++) {
        err = steps[i](r);
    }
    return err;
}

enum kg_errc kg_task_read(struct kg_config_files *files,
                          struct config_file *file,
                          const struct kg_node *document,
                          struct kg_task_config *ret_task, struct kg_error *e)
{
    struct reading r = {.v = {.complete = DELETE,
                              .other = KEEP,
                              .keep_hours = 72,
                              .n_keep_successful = 1,
                              .n_keep_failed = 3},
                        .files = files,
                        .file = file,
                        .document = document,
                        .task = ret_task,
                        .error = e};
    enum kg_errc err;

    *ret_task = (struct kg_task_config){0};
    err = kg_schema_read(fields, document, file->name, &r.v, e);
    if (err == KG_OK) {
        err = set_all(&r);
    }
    if (err != KG_OK) {
        kg_task_finish(ret_task);
    }
    return err;
}

void kg_task_finish(struct kg_task_config *t)
{
    kg_free(t->namespaces);
    *t = (struct kg_task_config){0};
}
