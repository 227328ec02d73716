/* SPDX-License-Identifier: MIT */
/* The cluster of a kubeconfig, and the options that take its place. */
#include "conf.h"

static enum kg_errc read_file(const struct kg_conf_object *o)
{
    struct kg_kubeconfig *k = o->conf->k;
    enum kg_errc err = kg_conf_text(o, "server", &k->server);
    const char *proxy = NULL;

    if (err == KG_OK) {
        err = kg_conf_text(o, "proxy-url", &proxy);
    }
    if (err == KG_OK && proxy != NULL) {
        return kg_conf_wrong(o, kg_node_get(o->node, "proxy-url"),
                             "proxy-url: proxies are not supported");
    }
    if (err == KG_OK) {
        err = kg_conf_text(o, "tls-server-name", &k->tls_server_name);
    }
    if (err == KG_OK) {
        err = kg_conf_bool(o, "insecure-skip-tls-verify", &k->insecure);
    }
    if (err == KG_OK) {
        err = kg_conf_pem(o, "certificate-authority", &k->ca_pem, &k->ca_file);
    }
    return err;
}

/* Who names another way to know the server does not want the file's, nor its
 * TLS name for another server: both as kubectl has it. */
static enum kg_errc read_options(struct kg_conf *conf)
{
    const struct kg_kubeconfig_overrides *over = conf->over;
    struct kg_kubeconfig *k = conf->k;
    enum kg_errc err;

    if (over->insecure || over->ca_file != NULL) {
        k->insecure = over->insecure;
        k->ca_file = NULL;
        k->ca_pem = (struct kg_str){NULL, 0};
    }
    if (over->server != NULL) {
        k->tls_server_name = NULL;
    }
    err = kg_conf_option_file(conf, "certificate-authority", over->ca_file,
                              &k->ca_file);
    if (err == KG_OK) {
        err = kg_conf_option(conf, over->server, &k->server);
    }
    if (err == KG_OK) {
        err = kg_conf_option(conf, over->tls_server_name, &k->tls_server_name);
    }
    return err;
}

static enum kg_errc check(const struct kg_conf_object *o)
{
    const struct kg_kubeconfig *k = o->conf->k;

    if (k->server == NULL && o->node != NULL) {
        return kg_conf_wrong(o, o->node, "cluster \"%s\" has no server",
                             k->cluster);
    }
    if (k->server == NULL) {
        return kg_error_set(o->conf->e, KG_ECONFIG, 0,
                            "%s: no server is named: add --server", k->source);
    }
    if (k->insecure && (k->ca_file != NULL || k->ca_pem.len > 0)) {
        return kg_error_set(o->conf->e, KG_ECONFIG, 0,
                            "%s: cluster \"%s\": insecure-skip-tls-verify and "
                            "certificate-authority exclude each other",
                            k->source, k->cluster);
    }
    return KG_OK;
}

enum kg_errc kg_conf_cluster(const struct kg_conf_object *cluster)
{
    enum kg_errc err = cluster->node != NULL ? read_file(cluster) : KG_OK;

    if (err == KG_OK) {
        err = read_options(cluster->conf);
    }
    return err == KG_OK ? check(cluster) : err;
}
