/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "connect.h"
#include "host.h"
#include "kubeglean/heap.h"
#include "kubeglean/profile.h"
#include "printed.h"

enum { SPEC_MAX = 1024 * 1024 };

/* As spec.timeoutSeconds of a task. */
#define TIMEOUT_MAX_MS ((uint64_t)INT32_MAX * 1000)

struct values {
    const char *file, *profile, *image, *name, *database;
    uint64_t timeout_ms;
    unsigned output, migrate;
    bool keep;
    struct kg_connect connect;
};

enum { MIGRATE_YES, MIGRATE_NO };
static const char *const migrations[] = {
    [MIGRATE_YES] = "yes", [MIGRATE_NO] = "no", NULL};
static const char *const outputs[] = {"ndjson", "csv", "table", NULL};

static const struct kg_option options[] = {
    {.name = "file",
     .letter = 'f',
     .type = KG_OPTION_TEXT,
     .value = "TASK",
     .at = offsetof(struct values, file),
     .help = "File of Tasks to run once; - is standard input"},
    {.name = "profile",
     .type = KG_OPTION_TEXT,
     .value = "NAME|FILE",
     .at = offsetof(struct values, profile),
     .help = "How its report becomes rows"},
    {.name = "image",
     .type = KG_OPTION_TEXT,
     .value = "IMAGE",
     .at = offsetof(struct values, image),
     .help = "What to run"},
    {.name = "name",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct values, name),
     .help = "Of the Job (default: made of profile and time)"},
    {.name = "timeout",
     .type = KG_OPTION_DURATION,
     .at = offsetof(struct values, timeout_ms),
     .help = "The Job's deadline"},
    {.name = "database",
     .type = KG_OPTION_TEXT,
     .value = "URL",
     .at = offsetof(struct values, database),
     .help = "Store the rows there (default: print them)"},
    {.name = "migrate",
     .type = KG_OPTION_CHOICE,
     .choices = migrations,
     .at = offsetof(struct values, migrate),
     .help = "Make tables and new columns there (default yes)"},
    {.name = "output",
     .letter = 'o',
     .type = KG_OPTION_CHOICE,
     .choices = outputs,
     .at = offsetof(struct values, output),
     .help = "Form of printed rows (default ndjson)"},
    {.name = "keep",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct values, keep),
     .help = "Leave the Job in the cluster"},
    KG_CONNECT_GROUP(struct values, connect),
    {0}};

struct run {
    struct values values;
    struct kg_config config;
    struct kg_kubeconfig kubeconfig;
    struct kg_print print;
    struct kg_printed rows;
    struct kg_str ns;
    char *database;             /* The URL, taken out of the arguments. */
    struct kg_task_config task; /* Made of options, without a file. */
    struct kg_tree tree;        /* Its JobSpec. */
};

/* --- rows --------------------------------------------------------------------- */

static bool on_row(void *data, const struct kg_table_def *def,
                   const struct kg_row *row)
{
    struct run *r = data;

    if (r->rows.table != def) {
        if (r->rows.table != NULL) {
            kg_printed_finish(&r->rows);
        }
        kg_printed_init(&r->rows, (enum kg_printed_form)r->values.output, def,
                        &r->print);
        if (kg_printed_head(&r->rows) != KG_OK) {
            return false;
        }
    }
    return kg_printed_add(&r->rows, row) == KG_OK;
}

static enum kg_exit end_rows(struct run *r, enum kg_exit code)
{
    if (r->rows.table != NULL) {
        kg_printed_finish(&r->rows);
    }
    if (kg_print_flush(&r->print) != KG_OK) {
        code =
            kg_exit_worse(code, kg_verb_failed(&kg_verb_run, &r->print.error));
    }
    kg_print_finish(&r->print);
    return code;
}

/* --- a task made of options ----------------------------------------------------- */

static struct kg_node *command_of(struct kg_tree *t, char **words)
{
    struct kg_node *list = kg_tree_new(t, KG_ARRAY, KG_STR(""));

    for (; list != NULL && *words != NULL; words++) {
        if (!kg_tree_add(list, kg_tree_string(t, *words))) {
            return NULL;
        }
    }
    return list;
}

/* {template: {spec: {containers: [{name, image, command}]}}} */
static struct kg_node *spec_of(struct kg_tree *t, const struct values *v,
                               struct kg_str name, char **command)
{
    struct kg_node *spec = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *template = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *pod = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *list = kg_tree_new(t, KG_ARRAY, KG_STR(""));
    struct kg_node *container = kg_tree_new(t, KG_OBJECT, KG_STR(""));

    if (spec == NULL || template == NULL || pod == NULL || list == NULL ||
        container == NULL ||
        !kg_tree_put(t, container, "name", kg_tree_new(t, KG_STRING, name)) ||
        !kg_tree_put(t, container, "image", kg_tree_string(t, v->image)) ||
        (*command != NULL &&
         !kg_tree_put(t, container, "command", command_of(t, command))) ||
        !kg_tree_add(list, container) ||
        !kg_tree_put(t, pod, "containers", list) ||
        !kg_tree_put(t, template, "spec", pod) ||
        !kg_tree_put(t, spec, "template", template)) {
        return NULL;
    }
    return spec;
}

static enum kg_errc make_task(struct run *r, char **command, struct kg_error *e)
{
    struct kg_task_config *task = &r->task;
    enum kg_errc rc = kg_profile_load(r->values.profile, &task->profile, e);

    if (rc != KG_OK) {
        return rc;
    }
    task->def.name = kg_str_from(kg_profile_name(task->profile));
    task->def.profile = task->def.name;
    task->def.retention = (struct kg_retention){.delete_complete = true};
    task->job = spec_of(&r->tree, &r->values, task->def.name, command);
    if (task->job == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "no memory for the Job");
    }
    kg_config_init(&r->config);
    r->config.tasks = task;
    r->config.n_tasks = 1;
    return KG_OK;
}

/* Options come before what the file says; run means now, and once. */
static void override(struct run *r)
{
    const struct values *v = &r->values;
    const char *ns = v->connect.over.ns;

    r->ns = kg_str_from(ns);
    r->config.database_url = v->database;
    r->config.migrate = v->migrate == MIGRATE_YES;
    r->config.listen = NULL;
    for (size_t i = 0; i < r->config.n_tasks; i++) {
        struct kg_task_config *task = &r->config.tasks[i];

        task->def.schedule = NULL;
        task->def.run_as = KG_RUN_AS_JOB;
        if (ns != NULL) {
            task->def.namespaces = &r->ns;
            task->def.n_namespaces = 1;
        }
        if (v->name != NULL) {
            task->def.job_name = kg_str_from(v->name);
        }
        if (v->timeout_ms > 0) {
            task->timeout_s = (uint32_t)((v->timeout_ms + 999) / 1000);
        }
        if (v->keep) {
            task->def.retention = (struct kg_retention){.keep_hours = 0};
        }
    }
}

/* --- the verb ------------------------------------------------------------------- */

static enum kg_exit check_values(const struct values *v)
{
    if (v->image != NULL && v->image[0] == '\0') {
        return kg_verb_misused(&kg_verb_run, "--image must not be empty");
    }
    if (v->name != NULL && !kg_str_is_job_name(kg_str_from(v->name))) {
        return kg_verb_misused(&kg_verb_run,
                               "--name: \"%s\" must be " KG_DNS_RULE, v->name);
    }
    if (v->timeout_ms > TIMEOUT_MAX_MS) {
        return kg_verb_misused(&kg_verb_run, "--timeout: at most %d seconds",
                               INT32_MAX);
    }
    return KG_EXIT_DONE;
}

static enum kg_exit check(const struct values *v, const struct kg_args *rest)
{
    if (v->file != NULL && (v->profile != NULL || v->image != NULL)) {
        return kg_verb_misused(&kg_verb_run,
                               "give either -f TASK, or --profile and --image");
    }
    if (v->file == NULL && (v->profile == NULL || v->image == NULL)) {
        return kg_verb_misused(&kg_verb_run,
                               "say what to run: -f TASK, or --profile P and "
                               "--image I");
    }
    if (rest->n_before > 0 || (v->file != NULL && rest->n_items > 0)) {
        return kg_verb_misused(&kg_verb_run,
                               "\"%s\": only a command, behind --, may follow "
                               "the options, and not with -f",
                               rest->items[0]);
    }
    if (v->file != NULL && v->connect.kubeconfig != NULL &&
        strcmp(v->file, "-") == 0 && strcmp(v->connect.kubeconfig, "-") == 0) {
        return kg_verb_misused(&kg_verb_run,
                               "-f - and --kubeconfig -: standard input can be "
                               "only one of them");
    }
    return check_values(v);
}

static enum kg_exit run_tasks(struct run *r)
{
    struct kg_host_options host = {.verb = &kg_verb_run,
                                   .config = &r->config,
                                   .kubeconfig = &r->kubeconfig,
                                   .once = true,
                                   .data = r};
    struct kg_error e;
    enum kg_exit code;

    if (kg_connect_load(&r->values.connect, &r->kubeconfig, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_run, &e);
    }
    override(r);
    host.row_cb = r->values.database == NULL ? on_row : NULL;
    kg_print_init(&r->print, STDOUT_FILENO);
    code = end_rows(r, kg_host_run(&host));
    kg_kubeconfig_finish(&r->kubeconfig);
    return code;
}

static enum kg_exit run_file(struct run *r)
{
    struct kg_error e;
    enum kg_exit code;

    if (kg_config_load_tasks(r->values.file, &r->config, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_run, &e);
    }
    code = r->values.name != NULL && r->config.n_tasks > 1
               ? kg_verb_misused(&kg_verb_run,
                                 "--name: %s has %zu Tasks, and one Job alone "
                                 "can have the name",
                                 r->values.file, r->config.n_tasks)
               : run_tasks(r);
    kg_config_finish(&r->config);
    return code;
}

static enum kg_exit run_options(struct run *r, char **command)
{
    struct kg_error e;
    enum kg_exit code;

    kg_tree_init(&r->tree, SPEC_MAX);
    code = make_task(r, command, &e) == KG_OK
               ? run_tasks(r)
               : kg_verb_failed(&kg_verb_run, &e);
    kg_tree_finish(&r->tree);
    kg_profile_destroy(r->task.profile);
    return code;
}

/* Everybody may read our arguments in the list of processes, and a URL may
 * hold a password. */
static enum kg_errc hide_database(struct run *r, struct kg_error *e)
{
    char *given = (char *)r->values.database;

    if (given == NULL) {
        return KG_OK;
    }
    r->database = kg_strndup(given, strlen(given));
    if (r->database == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "no memory for --database");
    }
    r->values.database = r->database;
    memset(given, '*', strlen(given));
    return KG_OK;
}

static enum kg_exit run(char **args)
{
    struct run r = {.values = {.output = KG_PRINTED_NDJSON}};
    struct kg_args rest;
    struct kg_error e;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_run, args, &r.values, &rest, &code)) {
        return code;
    }
    if (hide_database(&r, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_run, &e);
    }
    code = check(&r.values, &rest);
    if (code == KG_EXIT_DONE) {
        code =
            r.values.file != NULL ? run_file(&r) : run_options(&r, rest.items);
    }
    kg_free(r.database);
    return code;
}

const struct kg_verb kg_verb_run = {
    .name = "run",
    .summary = "Run a Job now, follow its log, and store or print its rows",
    .synopsis = "-f TASK | --profile P --image I [OPTION]... [-- COMMAND...]",
    .about =
        "COMMAND takes the place of the image's entrypoint.\n"
        "Ctrl-C leaves the Job where it is, names it, and exits with 130.\n"
        "Exit codes: 0 all stored; 1 error; 2 usage; 3 no report; 4 a report "
        "is\nincomplete or rejected; 5 the Job failed.\n",
    .options = options,
    .run = run,
};
