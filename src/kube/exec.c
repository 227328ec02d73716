/* SPDX-License-Identifier: MIT */
/* Run as a child of the loop -> its output is an ExecCredential -> told.
 *
 * Failure modes: it cannot be run, it fails, it takes too long, it prints
 * something else. Who asks again within a moment is told the same: many
 * requests may begin at once, and each of them asks. */
#include "exec.h"

#include <stdlib.h>
#include <unistd.h>

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum {
    TIME_MS = 60 * 1000, /* A plugin that asks a cloud. */
    FAILED_MS = 5 * 1000,
};

/* --- how it is run ---------------------------------------------------------------- */

static void free_all(char **texts)
{
    for (char **t = texts; t != NULL && *t != NULL; t++) {
        kg_free(*t);
    }
    kg_free(texts);
}

static char **args_of(const struct kg_kubeconfig_exec *config)
{
    const struct kg_node *n = config->args != NULL ? config->args->child : NULL;
    size_t n_args = config->args != NULL ? config->args->n_children : 0;
    char **args = kg_calloc(n_args + 2, sizeof(*args));
    size_t i = 0;

    if (args == NULL || (args[i++] = kg_strdup(config->command)) == NULL) {
        free_all(args);
        return NULL;
    }
    for (; n != NULL; n = n->next) {
        args[i] = kg_strndup(n->text.ptr, n->text.len);
        if (args[i++] == NULL) {
            free_all(args);
            return NULL;
        }
    }
    return args;
}

static char *variable_of(struct kg_str name, struct kg_str value)
{
    struct kg_buf text;
    char *copy = NULL;

    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    if (kg_buf_addf(&text, "%.*s=%.*s", KG_STR_ARG(name), KG_STR_ARG(value)) ==
        KG_OK) {
        copy = kg_strndup(kg_buf_str(&text).ptr, kg_buf_len(&text));
    }
    kg_buf_finish(&text);
    return copy;
}

/* Instead of one of that name, or behind all others. */
static bool set_variable(char **env, struct kg_str name, struct kg_str value)
{
    char *variable = variable_of(name, value);
    size_t i = 0;

    if (variable == NULL) {
        return false;
    }
    while (env[i] != NULL && strncmp(env[i], variable, name.len + 1) != 0) {
        i++;
    }
    kg_free(env[i]);
    env[i] = variable;
    return true;
}

/* Ours, with the plugin's own in place of those of their names. */
static char **env_of(const struct kg_kubeconfig_exec *config)
{
    const struct kg_node *n = config->env != NULL ? config->env->child : NULL;
    size_t n_env = config->env != NULL ? config->env->n_children : 0;
    size_t n_ours = 0;
    char **env;
    bool ok;

    while (environ[n_ours] != NULL) {
        n_ours++;
    }
    env = kg_calloc(n_ours + n_env + 2, sizeof(*env));
    ok = env != NULL;
    for (size_t i = 0; ok && i < n_ours; i++) {
        env[i] = kg_strdup(environ[i]);
        ok = env[i] != NULL;
    }
    for (; ok && n != NULL; n = n->next) {
        ok = set_variable(env, kg_node_str(kg_node_get(n, "name")),
                          kg_node_str(kg_node_get(n, "value")));
    }
    ok = ok && set_variable(env, KG_STR("KUBERNETES_EXEC_INFO"),
                            kg_str_from(config->info));
    if (!ok) {
        free_all(env);
        env = NULL;
    }
    return env;
}

/* --- runs ------------------------------------------------------------------------- */

/* "credential plugin aws: ...", with the way to get it when it is not there. */
static void failed(struct kg_exec *x, const struct kg_error *e)
{
    x->error = *e;
    x->failed_ms = kg_loop_now_ms(x->open->loop);
    (void)kg_error_wrap(&x->error, "credential plugin");
    if (e->code == KG_ECONFIG && x->install_hint != NULL) {
        struct kg_error hinted;

        (void)kg_error_set(&hinted, e->code, e->native, "%s: %s", x->error.text,
                           x->install_hint);
        x->error = hinted;
    }
}

static void on_telling(struct kg_deferred *d)
{
    struct kg_exec *x = KG_CONTAINER_OF(d, struct kg_exec, telling);

    x->cb(x, &x->error, false); /* Last. */
}

static bool is_same(const struct kg_exec_answer *a,
                    const struct kg_exec_answer *b)
{
    return kg_str_eq(a->token, b->token) && kg_str_eq(a->cert, b->cert) &&
           kg_str_eq(a->key, b->key);
}

static void on_done(void *data, const struct kg_error *e, struct kg_str output)
{
    struct kg_exec *x = data;
    struct kg_exec_answer answer = {.expires_us = 0};
    struct kg_error wrong;
    bool changed;

    x->child = NULL;
    if (e != NULL) {
        wrong = *e;
    } else if (kg_exec_answer_read(&answer, output, x->api_version, &wrong) ==
               KG_OK) {
        changed = !x->answered || !is_same(&answer, &x->answer);
        kg_exec_answer_finish(&x->answer);
        x->answer = answer;
        x->answered = true;
        x->failed_ms = 0;
        x->cb(x, NULL, changed); /* Last. */
        return;
    }
    kg_exec_answer_finish(&answer);
    (void)kg_error_wrap(&wrong, "%s", x->args[0]);
    failed(x, &wrong);
    x->cb(x, &x->error, false); /* Last. */
}

void kg_exec_run(struct kg_exec *x)
{
    const struct kg_child_options options = {
        .args = (const char *const *)x->args,
        .env = (const char *const *)x->env,
        .input = x->input,
        .time_ms = TIME_MS,
        .output_max = KG_LIMIT_CREDENTIAL,
        .done_cb = on_done,
        .data = x,
    };
    struct kg_error e;

    if (kg_exec_is_running(x)) {
        return;
    }
    if (x->failed_ms != 0 &&
        kg_loop_now_ms(x->open->loop) - x->failed_ms < FAILED_MS) {
        kg_defer(x->open->loop, &x->telling);
        return;
    }
    if (kg_child_start(x->open, &options, &e, &x->child) != KG_OK) {
        failed(x, &e);
        kg_defer(x->open->loop, &x->telling);
    }
}

bool kg_exec_is_running(const struct kg_exec *x)
{
    return x->child != NULL || kg_deferred_is_due(&x->telling);
}

bool kg_exec_is_due(const struct kg_exec *x)
{
    int64_t until_us = x->answer.expires_us;

    return !x->answered || (until_us != 0 && kg_clock_now_us() >= until_us);
}

/* --- life ------------------------------------------------------------------------- */

struct kg_exec *kg_exec_create(struct kg_latch *open,
                               const struct kg_kubeconfig_exec *config,
                               kg_exec_cb cb)
{
    struct kg_exec *x = kg_calloc(1, sizeof(*x));
    const char *hint = config->install_hint;

    if (x == NULL) {
        return NULL;
    }
    kg_tree_init(&x->answer.tree, KG_LIMIT_CREDENTIAL);
    kg_deferred_init(&x->telling, on_telling);
    x->open = open;
    x->cb = cb;
    x->input = config->interactive;
    x->args = args_of(config);
    x->env = env_of(config);
    x->api_version = kg_strdup(config->api_version);
    x->install_hint = hint != NULL ? kg_strdup(hint) : NULL;
    if (x->args == NULL || x->env == NULL || x->api_version == NULL ||
        (hint != NULL && x->install_hint == NULL)) {
        kg_exec_destroy(x);
        return NULL;
    }
    return x;
}

void kg_exec_stop(struct kg_exec *x)
{
    kg_child_kill(x->child);
    x->child = NULL;
    kg_deferred_cancel(&x->telling);
}

void kg_exec_destroy(struct kg_exec *x)
{
    if (x == NULL) {
        return;
    }
    kg_exec_answer_finish(&x->answer);
    free_all(x->args);
    free_all(x->env);
    kg_free(x->api_version);
    kg_free(x->install_hint);
    kg_free(x);
}
