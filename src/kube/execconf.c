/* SPDX-License-Identifier: MIT */
/* The credential plugin of a user: how it is run, and what it is told. */
#include <stdio.h>
#include <unistd.h>

#include "conf.h"
#include "kubeglean/file.h"
#include "kubeglean/limits.h"

static enum kg_errc check_strings(const struct kg_conf_object *o,
                                  const struct kg_node *list)
{
    const struct kg_node *n = list != NULL ? list->child : NULL;

    if (list != NULL && list->kind != KG_ARRAY) {
        return kg_conf_wrong(o, list, "exec: %.*s: must be a list, not %s",
                             KG_STR_ARG(list->name), kg_kind_name(list->kind));
    }
    for (; n != NULL; n = n->next) {
        if (n->kind != KG_STRING ||
            memchr(n->text.ptr, '\0', n->text.len) != NULL) {
            return kg_conf_wrong(o, n, "exec: %.*s: must be strings",
                                 KG_STR_ARG(list->name));
        }
    }
    return KG_OK;
}

static enum kg_errc check_env(const struct kg_conf_object *o,
                              const struct kg_node *list)
{
    const struct kg_node *n = list != NULL ? list->child : NULL;

    if (list != NULL && list->kind != KG_ARRAY) {
        return kg_conf_wrong(o, list, "exec: env: must be a list, not %s",
                             kg_kind_name(list->kind));
    }
    for (; n != NULL; n = n->next) {
        struct kg_conf_object entry = {o->conf, o->file, n};
        const char *name;
        const char *value;
        enum kg_errc err = kg_conf_text(&entry, "name", &name);

        if (err == KG_OK) {
            err = kg_conf_text(&entry, "value", &value);
        }
        if (err == KG_OK && (name == NULL || strchr(name, '=') != NULL)) {
            err = kg_conf_wrong(o, n, "exec: env: needs a name without '='");
        }
        if (err != KG_OK) {
            return err;
        }
    }
    return KG_OK;
}

/* A member that is there, or NULL. */
static const struct kg_node *member(const struct kg_conf_object *o,
                                    const char *name)
{
    const struct kg_node *n = kg_node_get(o->node, name);

    return n != NULL && n->kind != KG_NULL ? n : NULL;
}

static enum kg_errc read_version(const struct kg_conf_object *o)
{
    const char **version = &o->conf->k->exec.api_version;
    enum kg_errc err = kg_conf_text(o, "apiVersion", version);

    if (err != KG_OK) {
        return err;
    }
    if (*version == NULL ||
        (strcmp(*version, "client.authentication.k8s.io/v1") != 0 &&
         strcmp(*version, "client.authentication.k8s.io/v1beta1") != 0)) {
        return kg_conf_wrong(o, o->node,
                             "exec: apiVersion must be "
                             "client.authentication.k8s.io/v1 or v1beta1");
    }
    return KG_OK;
}

/* v1beta1 need not say it. */
static enum kg_errc read_mode(const struct kg_conf_object *o)
{
    static const char *const modes[] = {"Never", "IfAvailable", "Always", NULL};
    struct kg_kubeconfig_exec *exec = &o->conf->k->exec;
    const char *mode;
    enum kg_errc err = kg_conf_text(o, "interactiveMode", &mode);
    bool terminal = isatty(STDIN_FILENO) == 1;

    if (err != KG_OK) {
        return err;
    }
    if (mode == NULL && strstr(exec->api_version, "/v1beta1") != NULL) {
        mode = "IfAvailable";
    }
    switch (kg_str_which(kg_str_from(mode), modes)) {
    case 0:
        return KG_OK;
    case 1:
        exec->interactive = terminal;
        return KG_OK;
    case 2:
        exec->interactive = true;
        return terminal ? KG_OK
                        : kg_conf_wrong(o, o->node,
                                        "exec: interactiveMode Always: "
                                        "standard input is no terminal");
    default:
        return kg_conf_wrong(o, o->node,
                             "exec: interactiveMode must be Never, IfAvailable "
                             "or Always");
    }
}

/* A name with a '/' is relative to its file. */
static enum kg_errc read_command(const struct kg_conf_object *o)
{
    struct kg_kubeconfig_exec *exec = &o->conf->k->exec;
    const char *text;
    enum kg_errc err = kg_conf_text(o, "command", &text);

    if (err != KG_OK) {
        return err;
    }
    if (text == NULL) {
        return kg_conf_wrong(o, o->node, "exec: command is missing");
    }
    exec->command = text;
    if (text[0] != '/' && strchr(text, '/') != NULL) {
        exec->command =
            kg_conf_keep(o->conf, "%.*s%s", KG_STR_ARG(o->file->dir), text);
    }
    return exec->command != NULL ? KG_OK : kg_conf_no_memory(o->conf);
}

static enum kg_errc read_plugin(const struct kg_conf_object *o)
{
    struct kg_kubeconfig_exec *exec = &o->conf->k->exec;
    enum kg_errc err = read_version(o);

    exec->args = member(o, "args");
    exec->env = member(o, "env");
    if (err == KG_OK) {
        err = read_command(o);
    }
    if (err == KG_OK) {
        err = read_mode(o);
    }
    if (err == KG_OK) {
        err = check_strings(o, exec->args);
    }
    if (err == KG_OK) {
        err = check_env(o, exec->env);
    }
    return err == KG_OK ? kg_conf_text(o, "installHint", &exec->install_hint)
                        : err;
}

/* --- what it is told -------------------------------------------------------------- */

static enum kg_errc add_base64(struct kg_buf *b, struct kg_str s)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum kg_errc err = KG_OK;

    for (size_t i = 0; err == KG_OK && i < s.len; i += 3) {
        size_t n = s.len - i < 3 ? s.len - i : 3;
        uint32_t bits = 0;
        char four[4];

        for (size_t j = 0; j < 3; j++) {
            bits = bits << 8 | (j < n ? (unsigned char)s.ptr[i + j] : 0);
        }
        for (size_t j = 0; j < 4; j++) {
            four[j] = j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=';
        }
        err = kg_buf_add(b, kg_str_of(four, sizeof(four)));
    }
    return err;
}

/* "certificate-authority-data", from wherever it is. */
static bool put_ca(struct kg_conf *conf, struct kg_node *cluster)
{
    const struct kg_kubeconfig *k = conf->k;
    struct kg_str pem = k->ca_pem;
    struct kg_buf text;
    struct kg_buf data;
    bool ok = true;

    if (pem.len == 0 && k->ca_file == NULL) {
        return true;
    }
    kg_buf_init(&text, KG_LIMIT_CREDENTIAL);
    kg_buf_init(&data, 2 * KG_LIMIT_CREDENTIAL);
    if (pem.len == 0) {
        ok = kg_file_read(k->ca_file, &text, conf->e) == KG_OK;
        pem = kg_buf_str(&text);
    }
    ok = ok && add_base64(&data, pem) == KG_OK &&
         kg_tree_put(&conf->k->tree, cluster, "certificate-authority-data",
                     kg_tree_new(&conf->k->tree, KG_STRING, kg_buf_str(&data)));
    kg_buf_finish(&text);
    kg_buf_finish(&data);
    return ok;
}

/* What the cluster holds for plugins. */
static const struct kg_node *find_config(const struct kg_conf_object *cluster)
{
    const struct kg_node *all = kg_node_get(cluster->node, "extensions");
    const struct kg_node *n = all != NULL ? all->child : NULL;

    while (n != NULL && !kg_str_is(kg_node_str(kg_node_get(n, "name")),
                                   "client.authentication.k8s.io/exec")) {
        n = n->next;
    }
    return kg_node_get(n, "extension");
}

static bool put_cluster(const struct kg_conf_object *cluster,
                        struct kg_node *spec)
{
    struct kg_conf *conf = cluster->conf;
    struct kg_kubeconfig *k = conf->k;
    struct kg_tree *t = &k->tree;
    struct kg_node *c = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    const struct kg_node *config = find_config(cluster);

    return c != NULL &&
           kg_tree_put(t, c, "server", kg_tree_string(t, k->server)) &&
           (k->tls_server_name == NULL ||
            kg_tree_put(t, c, "tls-server-name",
                        kg_tree_string(t, k->tls_server_name))) &&
           (!k->insecure || kg_tree_put(t, c, "insecure-skip-tls-verify",
                                        kg_tree_bool(t, true))) &&
           put_ca(conf, c) &&
           (k->proxy == NULL ||
            kg_tree_put(t, c, "proxy-url", kg_tree_string(t, k->proxy))) &&
           (config == NULL ||
            kg_tree_put(t, c, "config", kg_tree_copy(t, config))) &&
           kg_tree_put(t, spec, "cluster", c);
}

static bool put_info(const struct kg_conf_object *cluster, bool tell_cluster,
                     struct kg_node *info)
{
    struct kg_kubeconfig *k = cluster->conf->k;
    struct kg_tree *t = &k->tree;
    struct kg_node *spec = kg_tree_new(t, KG_OBJECT, KG_STR(""));

    return info != NULL && spec != NULL &&
           kg_tree_put(t, info, "apiVersion",
                       kg_tree_string(t, k->exec.api_version)) &&
           kg_tree_put(t, info, "kind", kg_tree_string(t, "ExecCredential")) &&
           kg_tree_put(t, spec, "interactive",
                       kg_tree_bool(t, k->exec.interactive)) &&
           (!tell_cluster || put_cluster(cluster, spec)) &&
           kg_tree_put(t, info, "spec", spec);
}

static enum kg_errc make_info(const struct kg_conf_object *cluster,
                              bool tell_cluster)
{
    struct kg_conf *conf = cluster->conf;
    struct kg_kubeconfig_exec *exec = &conf->k->exec;
    struct kg_node *info = kg_tree_new(&conf->k->tree, KG_OBJECT, KG_STR(""));
    struct kg_buf text;

    kg_error_clear(conf->e);
    if (!put_info(cluster, tell_cluster, info)) {
        return conf->e->code != KG_OK ? conf->e->code : kg_conf_no_memory(conf);
    }
    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    if (kg_node_json(info, &text) == KG_OK) {
        exec->info = kg_conf_keep(conf, "%.*s", KG_STR_ARG(kg_buf_str(&text)));
    }
    kg_buf_finish(&text);
    return exec->info != NULL ? KG_OK : kg_conf_no_memory(conf);
}

enum kg_errc kg_conf_exec(const struct kg_conf_object *user,
                          const struct kg_conf_object *cluster)
{
    struct kg_kubeconfig *k = user->conf->k;
    struct kg_conf_object o = {user->conf, user->file, member(user, "exec")};
    bool tell_cluster = false;
    enum kg_errc err;

    if (o.node == NULL || k->token != NULL || k->token_file != NULL ||
        k->cert_file != NULL || k->cert_pem.len > 0) {
        return KG_OK;
    }
    err = read_plugin(&o);
    if (err == KG_OK) {
        err = kg_conf_bool(&o, "provideClusterInfo", &tell_cluster);
    }
    return err == KG_OK ? make_info(cluster, tell_cluster) : err;
}
