/* SPDX-License-Identifier: MIT */
/* The cluster of a kubeconfig, and the options that take its place. */
#include "conf.h"
#include "proxy.h"

static enum kg_errc read_file(const struct kg_conf_object *o)
{
    struct kg_kubeconfig *k = o->conf->k;
    enum kg_errc err = kg_conf_text(o, "server", &k->server);

    if (err == KG_OK) {
        err = kg_conf_text(o, "proxy-url", &k->proxy);
    }
    if (err == KG_OK && k->proxy != NULL && !kg_proxy_is_known(k->proxy)) {
        return kg_conf_wrong(o, kg_node_get(o->node, "proxy-url"),
                             "proxy-url: must begin with http://, https:// or "
                             "socks5://");
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
    if (err == KG_OK && over->proxy != NULL &&
        !kg_proxy_is_known(over->proxy)) {
        return kg_error_set(conf->e, KG_ECONFIG, 0,
                            "--proxy-url: must begin with http://, https:// or "
                            "socks5://");
    }
    return err == KG_OK ? kg_conf_option(conf, over->proxy, &k->proxy) : err;
}

/* Where neither names one, the environment may: there a proxy need not have a
 * scheme. */
static enum kg_errc read_environment(struct kg_conf *conf)
{
    struct kg_kubeconfig *k = conf->k;
    const char *proxy = kg_proxy_of_environment(k->server);

    if (k->proxy != NULL || proxy == NULL) {
        return KG_OK;
    }
    k->proxy = kg_conf_keep(conf, "%s%s",
                            kg_proxy_is_known(proxy) ? "" : "http://", proxy);
    return k->proxy != NULL ? KG_OK : kg_conf_no_memory(conf);
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
    if (err == KG_OK) {
        err = check(cluster);
    }
    return err == KG_OK ? read_environment(cluster->conf) : err;
}
