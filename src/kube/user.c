/* SPDX-License-Identifier: MIT */
/* The user of a kubeconfig, and the options that take its place. */
#include "conf.h"

/* What would be wrong to pass over in silence. */
static enum kg_errc refuse_unknown(const struct kg_conf_object *o)
{
    static const struct {
        const char *name;
        const char *cure;
    } unknown[] = {
        {"auth-provider", "authentication providers are not supported: use a "
                          "token, or a client certificate"},
        {"username", "Kubernetes has no passwords since 1.19: use a token, or "
                     "a client certificate"},
    };

    for (size_t i = 0; i < KG_COUNT_OF(unknown); i++) {
        const struct kg_node *n = kg_node_get(o->node, unknown[i].name);

        if (n != NULL && n->kind != KG_NULL) {
            return kg_conf_wrong(o, n, "%s: %s", unknown[i].name,
                                 unknown[i].cure);
        }
    }
    return KG_OK;
}

static enum kg_errc read_file(const struct kg_conf_object *o)
{
    struct kg_kubeconfig *k = o->conf->k;
    enum kg_errc err = refuse_unknown(o);

    if (err == KG_OK) {
        err = kg_conf_text(o, "token", &k->token);
    }
    if (err == KG_OK) {
        err = kg_conf_file(o, "tokenFile", &k->token_file);
    }
    if (err == KG_OK) {
        err = kg_conf_pem(o, "client-certificate", &k->cert_pem, &k->cert_file);
    }
    if (err == KG_OK) {
        err = kg_conf_pem(o, "client-key", &k->key_pem, &k->key_file);
    }
    return err;
}

static enum kg_errc read_options(struct kg_conf *conf)
{
    const struct kg_kubeconfig_overrides *over = conf->over;
    struct kg_kubeconfig *k = conf->k;
    enum kg_errc err;

    if (over->token != NULL) {
        k->token_file = NULL;
    }
    if (over->cert_file != NULL) {
        k->cert_pem = (struct kg_str){NULL, 0};
    }
    if (over->key_file != NULL) {
        k->key_pem = (struct kg_str){NULL, 0};
    }
    err = kg_conf_option(conf, over->token, &k->token);
    if (err == KG_OK) {
        err = kg_conf_option_file(conf, "client-certificate", over->cert_file,
                                  &k->cert_file);
    }
    if (err == KG_OK) {
        err = kg_conf_option_file(conf, "client-key", over->key_file,
                                  &k->key_file);
    }
    return err;
}

static enum kg_errc check(const struct kg_conf_object *o)
{
    const struct kg_kubeconfig *k = o->conf->k;
    bool cert = k->cert_pem.len > 0 || k->cert_file != NULL;
    bool key = k->key_pem.len > 0 || k->key_file != NULL;
    const char *has = cert ? "client-certificate" : "client-key";
    const char *lacks = cert ? "client-key" : "client-certificate";

    if (cert == key) {
        return KG_OK;
    }
    if (o->node != NULL) {
        return kg_conf_wrong(o, o->node, "%s without %s", has, lacks);
    }
    return kg_error_set(o->conf->e, KG_ECONFIG, 0, "--%s without --%s", has,
                        lacks);
}

enum kg_errc kg_conf_user(const struct kg_conf_object *user)
{
    enum kg_errc err = user->node != NULL ? read_file(user) : KG_OK;

    if (err == KG_OK) {
        err = read_options(user->conf);
    }
    if (err == KG_OK) {
        err = check(user);
    }
    return err == KG_OK ? kg_conf_as(user) : err;
}
