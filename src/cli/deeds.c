/* SPDX-License-Identifier: MIT */
#include "deeds.h"

#include <stdio.h>

static const char *const dry_runs[] = {
    [KG_DRY_RUN_NONE] = "none", [KG_DRY_RUN_SERVER] = "server", NULL};
static const char *const cascades[] = {[KG_KUBE_BACKGROUND] = "background",
                                       [KG_KUBE_FOREGROUND] = "foreground",
                                       [KG_KUBE_ORPHAN] = "orphan",
                                       NULL};

const struct kg_option kg_deeds_options[] = {
    {.name = "name",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_deeds_values, name),
     .help = "trigger: of the Job (default: made of the CronJob's)"},
    {.name = "filename",
     .letter = 'f',
     .type = KG_OPTION_LIST,
     .value = "FILE|-",
     .at = offsetof(struct kg_deeds_values, files),
     .help = "Manifests in YAML or JSON; may be given again"},
    {.name = "output",
     .letter = 'o',
     .type = KG_OPTION_CHOICE,
     .choices = kg_shown_forms,
     .at = offsetof(struct kg_deeds_values, output),
     .help = "Print the objects as the server has them"},
    {.name = "dry-run",
     .type = KG_OPTION_CHOICE,
     .choices = dry_runs,
     .at = offsetof(struct kg_deeds_values, dry_run),
     .help = "The server checks it, and keeps nothing of it"},
    {.name = "force-conflicts",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct kg_deeds_values, force),
     .help = "apply: take fields over that others manage"},
    {.name = "field-manager",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_deeds_values, manager),
     .help = "Who manages the fields (default kubeglean)"},
    {.name = "cascade",
     .type = KG_OPTION_CHOICE,
     .choices = cascades,
     .at = offsetof(struct kg_deeds_values, cascade),
     .help = "delete: what becomes of its Pods (default background)"},
    {.name = "ignore-not-found",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct kg_deeds_values, ignore_missing),
     .help = "delete: what is not there is no error"},
    {.name = "uid",
     .type = KG_OPTION_TEXT,
     .value = "UID",
     .at = offsetof(struct kg_deeds_values, uid),
     .help = "delete: this object alone, not another of its name"},
    KG_CONNECT_GROUP(struct kg_deeds_values, connect),
    {0}};

/* --- usage ---------------------------------------------------------------------- */

static const struct kg_deed *find(const struct kg_deeds_def *def,
                                  const char *name)
{
    const struct kg_deed *const *deed = def->deeds;

    while (name != NULL && *deed != NULL && strcmp((*deed)->name, name) != 0) {
        deed++;
    }
    return name != NULL ? *deed : NULL;
}

static enum kg_exit misused(const struct kg_deeds_def *def)
{
    char names[100] = "";
    size_t len = 0;

    for (const struct kg_deed *const *deed = def->deeds; *deed != NULL;
         deed++) {
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
                                len > 0 ? ", " : "", (*deed)->name);
    }
    return kg_verb_misused(def->verb, "one of %s is expected", names);
}

static enum kg_exit check_options(const struct kg_deeds *d)
{
    const struct kg_deeds_values *v = &d->values;
    const struct {
        bool given;
        const char *option;
        const struct kg_deed *deed;
    } owned[] = {
        {v->force, "force-conflicts", &kg_deed_apply},
        {v->cascade != KG_KUBE_BACKGROUND, "cascade", &kg_deed_delete},
        {v->ignore_missing, "ignore-not-found", &kg_deed_delete},
        {v->uid != NULL, "uid", &kg_deed_delete},
        {v->name != NULL, "name", &kg_deed_trigger},
    };

    for (size_t i = 0; i < KG_COUNT_OF(owned); i++) {
        if (owned[i].given && owned[i].deed != d->deed) {
            return kg_verb_misused(d->def->verb, "--%s is for %s alone",
                                   owned[i].option, owned[i].deed->name);
        }
    }
    if (d->deed == &kg_deed_delete && v->output < KG_SHOWN_NAME) {
        return kg_verb_misused(d->def->verb,
                               "-o %s: of what is deleted there is its name "
                               "alone: -o name",
                               kg_shown_forms[v->output]);
    }
    return KG_EXIT_DONE;
}

static enum kg_exit check_source(const struct kg_deeds *d, size_t n_names)
{
    const struct kg_deeds_values *v = &d->values;
    const char *name = d->deed->name;
    size_t n_files = v->files.n_items;

    if (d->deed->source == KG_DEED_FILES && (n_files == 0 || n_names > 0)) {
        return kg_verb_misused(d->def->verb, "it is %s %s -f FILE",
                               d->def->verb->name, name);
    }
    if (d->deed->source == KG_DEED_NAMES && (n_files > 0 || n_names == 0)) {
        return kg_verb_misused(d->def->verb, "it is %s %s NAME...",
                               d->def->verb->name, name);
    }
    if ((n_files == 0) == (n_names == 0)) {
        return kg_verb_misused(d->def->verb, "it is %s %s NAME... or -f FILE",
                               d->def->verb->name, name);
    }
    if (n_names > 1 && (v->uid != NULL || v->name != NULL)) {
        return kg_verb_misused(d->def->verb,
                               "--%s: is for one %s, and %zu are named",
                               v->uid != NULL ? "uid" : "name",
                               kg_kube_kind_name(d->def->kind), n_names);
    }
    return KG_EXIT_DONE;
}

static bool is_stdin(const char *file)
{
    return file != NULL && strcmp(file, "-") == 0;
}

static enum kg_exit check_stdin(const struct kg_deeds *d)
{
    const struct kg_texts *files = &d->values.files;
    size_t n = is_stdin(d->values.connect.kubeconfig) ? 1 : 0;

    for (size_t i = 0; i < files->n_items; i++) {
        n += is_stdin(files->items[i]) ? 1 : 0;
    }
    return n <= 1 ? KG_EXIT_DONE
                  : kg_verb_misused(d->def->verb,
                                    "standard input can be one of -f and "
                                    "--kubeconfig, once");
}

static enum kg_exit check_name(const struct kg_deeds *d, const char *what,
                               enum kg_kube_kind kind, const char *name)
{
    const char *fault = kg_object_name_fault(kind, kg_str_from(name));

    return fault == NULL ? KG_EXIT_DONE
                         : kg_verb_misused(d->def->verb, "%s\"%s\" %s", what,
                                           name, fault);
}

static enum kg_exit check_names(const struct kg_deeds *d, char **names)
{
    const struct kg_deeds_values *v = &d->values;
    const char *ns = v->connect.over.ns;
    enum kg_exit code = KG_EXIT_DONE;

    if (ns != NULL && !kg_str_is_dns_label(kg_str_from(ns))) {
        return kg_verb_misused(d->def->verb,
                               "--namespace: \"%s\" must be " KG_DNS_RULE, ns);
    }
    if (v->name != NULL) {
        code = check_name(d, "--name: ", KG_KUBE_JOB, v->name);
    }
    for (; code == KG_EXIT_DONE && *names != NULL; names++) {
        code = check_name(d, "", d->def->kind, *names);
    }
    return code;
}

/* --- the verb -------------------------------------------------------------------- */

enum kg_exit kg_deeds_run(const struct kg_deeds_def *def, char **args)
{
    struct kg_deeds d = {.def = def, .values = {.output = KG_SHOWN_DEED}};
    struct kg_args rest;
    enum kg_exit code;

    if (!kg_verb_parse(def->verb, args, &d.values, &rest, &code)) {
        return code;
    }
    d.deed = find(def, rest.items[0]);
    if (d.deed == NULL) {
        return misused(def);
    }
    code = check_options(&d);
    if (code == KG_EXIT_DONE) {
        code = check_source(&d, rest.n_items - 1);
    }
    if (code == KG_EXIT_DONE) {
        code = check_stdin(&d);
    }
    if (code == KG_EXIT_DONE) {
        code = check_names(&d, rest.items + 1);
    }
    return code == KG_EXIT_DONE
               ? kg_deeds_do(&d, rest.items + 1, rest.n_items - 1)
               : code;
}
