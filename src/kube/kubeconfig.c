/* SPDX-License-Identifier: MIT */
/* Where the files are, and which context of them it is. */
#include "kubeglean/kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "kubeglean/file.h"
#include "kubeglean/limits.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* --- the context -------------------------------------------------------------- */

/* The first file's that has one; its place, to tell when it is wrong. */
static enum kg_errc current_context(struct kg_conf *conf,
                                    struct kg_conf_object *ret_where,
                                    const char **ret_name)
{
    enum kg_errc err = KG_OK;

    *ret_name = NULL;
    for (size_t i = 0; err == KG_OK && *ret_name == NULL && i < conf->n_files;
         i++) {
        *ret_where =
            (struct kg_conf_object){conf, &conf->files[i], conf->files[i].root};
        err = kg_conf_text(ret_where, "current-context", ret_name);
    }
    return err;
}

/* Without one, the options must say where the cluster is. */
static enum kg_errc no_context(struct kg_conf *conf)
{
    const struct kg_conf_file *first = &conf->files[0];

    if (conf->over->cluster != NULL || conf->over->server != NULL) {
        return KG_OK;
    }
    if (conf->n_files == 0) {
        return kg_error_set(conf->e, KG_ECONFIG, 0,
                            "no cluster is known: there is no --kubeconfig, no "
                            "KUBECONFIG, no ~/.kube/config, and this is no "
                            "Pod");
    }
    return kg_conf_wrong(&(struct kg_conf_object){conf, first, first->root},
                         first->root,
                         "current-context is not set: choose one by --context");
}

/* Leaves *ret_context empty when there is none, and none is needed. */
static enum kg_errc choose_context(struct kg_conf *conf,
                                   struct kg_conf_object *ret_context)
{
    const char *name = conf->over->context;
    struct kg_conf_object said = {.conf = conf};
    enum kg_errc err = KG_OK;

    *ret_context = said;
    if (name == NULL) {
        err = current_context(conf, &said, &name);
    }
    if (err != KG_OK || name == NULL) {
        return err != KG_OK ? err : no_context(conf);
    }
    err = kg_conf_find(conf, "contexts", name, "context", ret_context);
    if (err != KG_OK || ret_context->node != NULL) {
        return err != KG_OK ? err
                            : kg_conf_option(conf, name, &conf->k->context);
    }
    if (conf->over->context == NULL) {
        return kg_conf_wrong(&said, kg_node_get(said.node, "current-context"),
                             "there is no context \"%s\"", name);
    }
    return kg_error_set(conf->e, KG_ECONFIG, 0,
                        "%s: there is no context \"%s\"", conf->k->source,
                        name);
}

/* The cluster or user that the context names, or an option does. */
static enum kg_errc follow(const struct kg_conf_object *context,
                           const char *member, const char *option,
                           const char **ret_name,
                           struct kg_conf_object *ret_object)
{
    struct kg_conf *conf = context->conf;
    char list[16];
    enum kg_errc err = kg_conf_text(context, member, ret_name);

    *ret_object = (struct kg_conf_object){.conf = conf};
    if (err == KG_OK) {
        err = kg_conf_option(conf, option, ret_name);
    }
    if (err != KG_OK || *ret_name == NULL) {
        return err;
    }
    (void)snprintf(list, sizeof(list), "%ss", member);
    err = kg_conf_find(conf, list, *ret_name, member, ret_object);
    if (err != KG_OK || ret_object->node != NULL) {
        return err;
    }
    return option == NULL
               ? kg_conf_wrong(context, kg_node_get(context->node, member),
                               "there is no %s \"%s\"", member, *ret_name)
               : kg_error_set(conf->e, KG_ECONFIG, 0,
                              "%s: there is no %s \"%s\"", conf->k->source,
                              member, *ret_name);
}

static enum kg_errc read_namespace(const struct kg_conf_object *context)
{
    struct kg_kubeconfig *k = context->conf->k;
    enum kg_errc err = kg_conf_text(context, "namespace", &k->ns);

    if (err == KG_OK && k->ns != NULL &&
        !kg_str_is_dns_label(kg_str_from(k->ns))) {
        return kg_conf_wrong(context, kg_node_get(context->node, "namespace"),
                             "namespace: \"%s\" must be " KG_DNS_RULE, k->ns);
    }
    return err;
}

static enum kg_errc read_context(struct kg_conf *conf)
{
    struct kg_kubeconfig *k = conf->k;
    struct kg_conf_object context;
    struct kg_conf_object cluster;
    struct kg_conf_object user;
    const char *user_name;
    enum kg_errc err = choose_context(conf, &context);

    if (err == KG_OK) {
        err = read_namespace(&context);
    }
    if (err == KG_OK) {
        err = follow(&context, "cluster", conf->over->cluster, &k->cluster,
                     &cluster);
    }
    if (err == KG_OK && k->cluster == NULL && conf->over->server == NULL) {
        return kg_conf_wrong(&context, context.node,
                             "context \"%s\" names no cluster", k->context);
    }
    if (err == KG_OK) {
        k->cluster = k->cluster != NULL ? k->cluster : "";
        err = kg_conf_cluster(&cluster);
    }
    if (err == KG_OK) {
        err = follow(&context, "user", conf->over->user, &user_name, &user);
    }
    if (err == KG_OK) {
        err = kg_conf_user(&user);
    }
    return err == KG_OK ? kg_conf_exec(&user, &cluster) : err;
}

/* --- in a Pod ------------------------------------------------------------------ */

/* The service account's files, whose absence is told when they are needed: the
 * namespace here, the token and the certificate by who connects. */
static enum kg_errc read_service_account(struct kg_conf *conf, const char *root)
{
    struct kg_kubeconfig *k = conf->k;
    const char *file =
        kg_conf_keep(conf, "%s" SERVICE_ACCOUNT "/namespace", root);
    struct kg_buf text;
    enum kg_errc err;

    k->ca_file = kg_conf_keep(conf, "%s" SERVICE_ACCOUNT "/ca.crt", root);
    k->token_file = kg_conf_keep(conf, "%s" SERVICE_ACCOUNT "/token", root);
    if (file == NULL || k->ca_file == NULL || k->token_file == NULL) {
        return kg_conf_no_memory(conf);
    }
    kg_buf_init(&text, KG_LIMIT_KEY);
    err = kg_file_read(file, &text, conf->e);
    if (err == KG_OK) {
        struct kg_str ns = kg_str_trim(kg_buf_str(&text));

        k->ns = kg_conf_keep(conf, "%.*s", KG_STR_ARG(ns));
        err = k->ns != NULL ? KG_OK : kg_conf_no_memory(conf);
    }
    kg_buf_finish(&text);
    return err;
}

/* The options apply here as well. */
static enum kg_errc read_in_cluster(struct kg_conf *conf, const char *host,
                                    const char *port, const char *root)
{
    bool v6 = strchr(host, ':') != NULL;
    struct kg_conf_object none = {.conf = conf};
    enum kg_errc err;

    conf->k->source = "in-cluster";
    conf->k->server = kg_conf_keep(conf, "https://%s%s%s:%s", v6 ? "[" : "",
                                   host, v6 ? "]" : "", port);
    if (conf->k->server == NULL) {
        return kg_conf_no_memory(conf);
    }
    err = read_service_account(conf, root != NULL ? root : "");
    if (err == KG_OK) {
        err = kg_conf_cluster(&none);
    }
    return err == KG_OK ? kg_conf_user(&none) : err;
}

/* --- where it is ---------------------------------------------------------------- */

/* The files of the variable; those that are not there are passed over. */
static enum kg_errc add_variable(struct kg_conf *conf)
{
    struct kg_str rest = kg_str_from(getenv("KUBECONFIG"));
    enum kg_errc err = KG_OK;

    while (err == KG_OK && rest.ptr != NULL) {
        struct kg_str file = kg_str_cut(&rest, ':');
        const char *name = kg_conf_keep(conf, "%.*s", KG_STR_ARG(file));

        if (name == NULL) {
            return kg_conf_no_memory(conf);
        }
        err = file.len > 0 ? kg_conf_add_file(conf, name) : KG_OK;
        if (err == KG_EIO && conf->e->native == ENOENT) {
            err = KG_OK;
        }
    }
    return err;
}

static enum kg_errc add_home(struct kg_conf *conf)
{
    const char *home = getenv("HOME");
    const char *file =
        kg_conf_keep(conf, "%s/.kube/config", home != NULL ? home : "");

    if (file == NULL) {
        return kg_conf_no_memory(conf);
    }
    return home != NULL && access(file, F_OK) == 0
               ? kg_conf_add_file(conf, file)
               : KG_OK;
}

static enum kg_errc add_files(struct kg_conf *conf,
                              const struct kg_kubeconfig_source *source)
{
    const char *list = getenv("KUBECONFIG");

    if (source->text.ptr != NULL) {
        return kg_conf_add(conf, source->text,
                           source->name != NULL ? source->name : "kubeconfig",
                           (struct kg_str){NULL, 0});
    }
    if (source->file != NULL) {
        return kg_conf_add_file(conf, source->file);
    }
    return list != NULL && list[0] != '\0' ? add_variable(conf)
                                           : add_home(conf);
}

/* "/a/config:/b/config", or what takes the place of files. */
static enum kg_errc name_source(struct kg_conf *conf)
{
    const char *all = "the options";

    for (size_t i = 0; all != NULL && i < conf->n_files; i++) {
        const char *name = conf->files[i].name;

        all = i == 0 ? kg_conf_keep(conf, "%s", name)
                     : kg_conf_keep(conf, "%s:%s", all, name);
    }
    conf->k->source = all;
    return all != NULL ? KG_OK : kg_conf_no_memory(conf);
}

static bool names_an_entry(const struct kg_kubeconfig_overrides *over)
{
    return over->context != NULL || over->cluster != NULL || over->user != NULL;
}

/* A server that is named is not the Pod's own, and does not get its token. */
static enum kg_errc load(struct kg_conf *conf,
                         const struct kg_kubeconfig_source *source)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    enum kg_errc err = add_files(conf, source);

    if (err == KG_EIO) {
        err = KG_ECONFIG;
        conf->e->code = err;
    }
    if (err == KG_OK) {
        err = name_source(conf);
    }
    if (err != KG_OK) {
        return err;
    }
    if (conf->n_files == 0 && host != NULL && port != NULL &&
        source->over.server == NULL && !names_an_entry(&source->over)) {
        return read_in_cluster(conf, host, port, source->root);
    }
    return read_context(conf);
}

static enum kg_errc check_namespace(const char *ns, struct kg_error *e)
{
    if (ns == NULL || kg_str_is_dns_label(kg_str_from(ns))) {
        return KG_OK;
    }
    return kg_error_set(e, KG_ECONFIG, 0,
                        "--namespace: \"%s\" must be " KG_DNS_RULE, ns);
}

enum kg_errc kg_kubeconfig_load(struct kg_kubeconfig *k,
                                const struct kg_kubeconfig_source *source,
                                struct kg_error *e)
{
    struct kg_conf conf = {.k = k, .over = &source->over, .e = e};
    enum kg_errc err = check_namespace(source->over.ns, e);

    *k = (struct kg_kubeconfig){.context = "",
                                .cluster = "",
                                .request_timeout_ms =
                                    source->over.request_timeout_ms,
                                .qps = source->over.qps,
                                .burst = source->over.burst};
    kg_tree_init(&k->tree, KG_LIMIT_TREE);
    if (err == KG_OK) {
        err = load(&conf, source);
    }
    if (err == KG_OK) {
        err = kg_conf_option(&conf, source->over.ns, &k->ns);
    }
    if (err != KG_OK) {
        kg_kubeconfig_finish(k);
        return err;
    }
    k->ns = k->ns != NULL ? k->ns : "default";
    return KG_OK;
}

static void wipe(struct kg_str secret)
{
    if (secret.len > 0) {
        explicit_bzero((char *)secret.ptr, secret.len);
    }
}

void kg_kubeconfig_finish(struct kg_kubeconfig *k)
{
    wipe(kg_str_from(k->token));
    wipe(k->key_pem);
    kg_tree_finish(&k->tree);
    *k = (struct kg_kubeconfig){0};
}
