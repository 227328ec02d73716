/* SPDX-License-Identifier: MIT */
/* Discovered -> lists are probed -> each right of each namespace is asked for,
 * one after the other -> told. The first failure is told in its place. */
#include <stdio.h>

#include "checked.h"
#include "cli.h"
#include "connect.h"
#include "kubeglean/config.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

struct values {
    const char *config;
    unsigned output;
    struct kg_connect connect;
};

enum { OUTPUT_TEXT, OUTPUT_JSON };
static const char *const outputs[] = {
    [OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", NULL};

static const struct kg_option options[] = {
    {.name = "config",
     .letter = 'c',
     .type = KG_OPTION_TEXT,
     .value = "FILE",
     .at = offsetof(struct values, config),
     .help = "The agent's: the rights that its tasks need (default: those of "
             "`run`)"},
    {.name = "output",
     .letter = 'o',
     .type = KG_OPTION_CHOICE,
     .choices = outputs,
     .at = offsetof(struct values, output),
     .help = "Form of what is found (default text)"},
    KG_CONNECT_GROUP(struct values, connect),
    {0}};

/* What the program asks of a namespace (README, "Rights"); its CronJobs alone
 * where a task is one. */
static const struct kg_kube_right needed[] = {
    {"batch", "jobs", "", "get"},
    {"batch", "jobs", "", "list"},
    {"batch", "jobs", "", "watch"},
    {"batch", "jobs", "", "create"},
    {"batch", "jobs", "", "patch"},
    {"batch", "jobs", "", "delete"},
    {"", "pods", "", "get"},
    {"", "pods", "", "list"},
    {"", "pods", "", "watch"},
    {"", "pods", "log", "get"},
    {"", "events", "", "list"},
    {"batch", "cronjobs", "", "get"},
    {"batch", "cronjobs", "", "create"},
    {"batch", "cronjobs", "", "patch"},
};

enum { N_OF_CRONJOBS = 3 };

struct check {
    struct kg_config config; /* Without tasks when there is no file. */
    struct kg_kubeconfig kubeconfig;
    struct kg_checked found;
    size_t next; /* The right that is asked for. */
    struct kg_loop loop;
    struct kg_kube kube;
    struct kg_kube_req req;
    struct kg_error error;
};

/* --- what is asked ------------------------------------------------------------------ */

static bool is_there(const struct check *c, struct kg_str ns)
{
    for (size_t i = 0; i < c->found.n_rights; i++) {
        if (kg_str_eq(c->found.rights[i].ns, ns)) {
            return true;
        }
    }
    return false;
}

static bool is_of(const struct kg_task_def *def, struct kg_str ns,
                  struct kg_str default_ns)
{
    for (size_t i = 0; i < def->n_namespaces; i++) {
        if (kg_str_eq(def->namespaces[i], ns)) {
            return true;
        }
    }
    return def->n_namespaces == 0 && kg_str_eq(default_ns, ns);
}

static bool has_cronjobs(const struct check *c, struct kg_str ns)
{
    struct kg_str default_ns = kg_str_from(c->kubeconfig.ns);

    for (size_t i = 0; i < c->config.n_tasks; i++) {
        const struct kg_task_def *def = &c->config.tasks[i].def;

        if (def->run_as == KG_RUN_AS_CRONJOB && is_of(def, ns, default_ns)) {
            return true;
        }
    }
    return false;
}

static enum kg_errc add_namespace(struct check *c, struct kg_str ns)
{
    size_t n = KG_COUNT_OF(needed) - (has_cronjobs(c, ns) ? 0 : N_OF_CRONJOBS);
    struct kg_checked *f = &c->found;
    struct kg_checked_right *more;

    if (is_there(c, ns)) {
        return KG_OK;
    }
    more = kg_realloc(f->rights, (f->n_rights + n) * sizeof(*more));
    if (more == NULL) {
        return KG_ENOMEM;
    }
    f->rights = more;
    for (size_t i = 0; i < n; i++) {
        f->rights[f->n_rights++] =
            (struct kg_checked_right){ns, &needed[i], false};
    }
    return KG_OK;
}

static enum kg_errc add_namespaces(struct check *c)
{
    struct kg_str default_ns = kg_str_from(c->kubeconfig.ns);
    enum kg_errc err = KG_OK;

    for (size_t i = 0; i < c->config.n_tasks; i++) {
        const struct kg_task_def *def = &c->config.tasks[i].def;

        if (def->n_namespaces == 0) {
            err = add_namespace(c, default_ns);
        }
        for (size_t j = 0; err == KG_OK && j < def->n_namespaces; j++) {
            err = add_namespace(c, def->namespaces[j]);
        }
        if (err != KG_OK) {
            return err;
        }
    }
    return c->config.n_tasks > 0 ? KG_OK : add_namespace(c, default_ns);
}

/* --- asking -------------------------------------------------------------------------- */

static void on_closed(struct kg_kube *kube)
{
    (void)kube; /* Nothing is left in the loop: it returns. */
}

static void end(struct check *c, const struct kg_error *e)
{
    if (e != NULL) {
        c->error = *e;
    }
    kg_kube_close(&c->kube, on_closed);
}

/* KG_OK, or it could not even be sent. */
static void go_on(struct check *c, enum kg_errc err)
{
    struct kg_error e;

    if (err != KG_OK) {
        (void)kg_error_set(&e, err, 0, "%s", kg_errc_text(err));
        end(c, &e);
    }
}

static void ask_next(struct check *c);

static void on_reviewed(struct kg_kube_req *r, const struct kg_error *e,
                        const struct kg_node *answer)
{
    struct check *c = r->data;

    if (e != NULL) {
        end(c, e);
        return;
    }
    c->found.rights[c->next++].allowed = kg_kube_is_allowed(answer);
    ask_next(c);
}

static void ask_next(struct check *c)
{
    const struct kg_checked_right *right = &c->found.rights[c->next];

    if (c->next == c->found.n_rights) {
        end(c, NULL);
        return;
    }
    go_on(c, kg_kube_review(&c->kube, &c->req, right->right, right->ns,
                            on_reviewed));
}

static void on_probed(struct kg_kube_req *r, const struct kg_error *e,
                      const struct kg_node *answer)
{
    struct check *c = r->data;

    (void)answer;
    if (e != NULL) {
        end(c, e);
        return;
    }
    ask_next(c);
}

static void on_discovered(struct kg_kube_req *r, const struct kg_error *e,
                          const struct kg_node *answer)
{
    struct check *c = r->data;

    (void)answer;
    if (e != NULL) {
        end(c, e);
        return;
    }
    if (!c->kube.server.streams_lists) {
        ask_next(c);
        return;
    }
    go_on(c, kg_kube_probe_lists(&c->kube, &c->req, c->found.rights[0].ns,
                                 on_probed));
}

static enum kg_errc ask_all(struct check *c, struct kg_error *e)
{
    enum kg_errc err = kg_kube_init(&c->kube, &c->loop, &c->kubeconfig, e);

    if (err != KG_OK) {
        return err;
    }
    c->found.server = &c->kube.server;
    c->req.data = c;
    kg_kube_req_init(&c->req);
    go_on(c, kg_kube_discover(&c->kube, &c->req, on_discovered));
    kg_loop_run(&c->loop);
    if (c->error.code != KG_OK) {
        *e = c->error;
    }
    return c->error.code;
}

/* --- the verb ------------------------------------------------------------------------ */

static enum kg_errc print(const struct kg_checked *found, unsigned output,
                          struct kg_error *e)
{
    struct kg_buf out;
    struct kg_str text;
    enum kg_errc err;

    kg_buf_init(&out, KG_LIMIT_TREE);
    err = output == OUTPUT_JSON ? kg_checked_json(found, &out)
                                : kg_checked_text(found, &out);
    text = kg_buf_str(&out);
    if (err != KG_OK) {
        (void)kg_error_set(e, err, 0, "%s", kg_errc_text(err));
    } else if (fwrite(text.ptr, 1, text.len, stdout) != text.len ||
               fflush(stdout) != 0) {
        err = kg_error_set(e, KG_EIO, 0, "standard output: cannot write");
    }
    kg_buf_finish(&out);
    return err;
}

static enum kg_exit check_cluster(struct check *c, unsigned output)
{
    struct kg_error e;
    enum kg_errc err;

    if (add_namespaces(c) != KG_OK || kg_loop_init(&c->loop) != KG_OK) {
        (void)kg_error_set(&e, KG_ENOMEM, 0, "no memory to start");
        return kg_verb_failed(&kg_verb_check, &e);
    }
    err = ask_all(c, &e);
    kg_loop_close(&c->loop);
    if (err == KG_OK) {
        err = print(&c->found, output, &e);
    }
    if (err != KG_OK) {
        return kg_verb_failed(&kg_verb_check, &e);
    }
    return kg_checked_missing(&c->found) == 0 ? KG_EXIT_DONE : KG_EXIT_ERROR;
}

static enum kg_exit run(const struct values *v)
{
    struct check c = {.found = {.kubeconfig = &c.kubeconfig}};
    struct kg_error e;
    enum kg_exit code;

    if (v->config != NULL &&
        kg_config_load(v->config, &c.config, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_check, &e);
    }
    if (kg_connect_load(&v->connect, &c.kubeconfig, &e) == KG_OK) {
        code = check_cluster(&c, v->output);
        kg_kubeconfig_finish(&c.kubeconfig);
    } else {
        code = kg_verb_failed(&kg_verb_check, &e);
    }
    kg_free(c.found.rights);
    if (v->config != NULL) {
        kg_config_finish(&c.config);
    }
    return code;
}

static enum kg_exit check(char **args)
{
    struct values v = {.config = NULL};
    struct kg_args rest;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_check, args, &v, &rest, &code)) {
        return code;
    }
    if (rest.n_items > 0) {
        return kg_verb_misused(&kg_verb_check, "takes no operand, not \"%s\"",
                               rest.items[0]);
    }
    return run(&v);
}

const struct kg_verb kg_verb_check = {
    .name = "check",
    .summary = "Tell what the cluster is, and which rights are missing there",
    .synopsis = "[-c CONFIG] [OPTION]...",
    .about = "Exit codes: 0 nothing is missing; 1 a right is missing, or the "
             "cluster\ncannot be asked; 2 usage.\n",
    .options = options,
    .run = check,
};
