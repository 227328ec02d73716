/* SPDX-License-Identifier: MIT */
#include "execanswer.h"

#include "kubeglean/clock.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct kg_exec_answer *a = data;

    (void)kind;
    if (a->tree.root != NULL) {
        return KG_EPROTOCOL; /* One is what was asked for. */
    }
    return kg_tree_copy(&a->tree, root) != NULL ? KG_OK : KG_ENOMEM;
}

static enum kg_errc parse(struct kg_exec_answer *a, struct kg_str text,
                          struct kg_error *e)
{
    const struct kg_pick_def def = {.whole = true,
                                    .max_bytes = 4 * KG_LIMIT_CREDENTIAL};
    struct kg_pick *pick;
    enum kg_errc err = kg_pick_create(&def, on_picked, a, &pick);

    if (err != KG_OK) {
        return kg_error_set(e, err, 0, "out of memory");
    }
    err = kg_pick_feed(pick, text, e);
    if (err == KG_OK) {
        err = kg_pick_end(pick, e);
    }
    kg_pick_destroy(pick);
    if (err == KG_ENOMEM) {
        return err;
    }
    if (err != KG_OK || a->tree.root == NULL) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "its output is not one JSON object");
    }
    return KG_OK;
}

static enum kg_errc read_time(struct kg_exec_answer *a,
                              const struct kg_node *status, struct kg_error *e)
{
    const struct kg_node *n = kg_node_get(status, "expirationTimestamp");

    if (n == NULL || n->kind == KG_NULL) {
        return KG_OK;
    }
    if (!kg_time_parse(kg_node_str(n), &a->expires_us)) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "expirationTimestamp is no time such as "
                            "2026-11-22T09:42:00Z");
    }
    return KG_OK;
}

static enum kg_errc check_status(const struct kg_exec_answer *a,
                                 struct kg_error *e)
{
    static const struct kg_str begin = {"-----BEGIN ", 11};

    if ((a->cert.len > 0) != (a->key.len > 0)) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "it gave only one of clientCertificateData and "
                            "clientKeyData");
    }
    if (a->cert.len > 0 &&
        (kg_str_find(a->cert, begin) < 0 || kg_str_find(a->key, begin) < 0)) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "clientCertificateData or clientKeyData is no PEM "
                            "(-----BEGIN ...)");
    }
    if (a->token.len == 0 && a->cert.len == 0) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "it gave neither a token nor a certificate");
    }
    return KG_OK;
}

enum kg_errc kg_exec_answer_read(struct kg_exec_answer *a, struct kg_str text,
                                 const char *api_version, struct kg_error *e)
{
    const struct kg_node *status;
    struct kg_str version;
    enum kg_errc err;

    *a = (struct kg_exec_answer){.expires_us = 0};
    kg_tree_init(&a->tree, 4 * KG_LIMIT_CREDENTIAL);
    err = parse(a, text, e);
    if (err != KG_OK) {
        return err;
    }
    version = kg_node_str(kg_node_get(a->tree.root, "apiVersion"));
    if (!kg_str_is(kg_node_str(kg_node_get(a->tree.root, "kind")),
                   "ExecCredential") ||
        !kg_str_is(version, api_version)) {
        return kg_error_set(e, KG_EPROTOCOL, 0,
                            "its output is no ExecCredential of %s",
                            api_version);
    }
    status = kg_node_get(a->tree.root, "status");
    a->token = kg_node_str(kg_node_get(status, "token"));
    a->cert = kg_node_str(kg_node_get(status, "clientCertificateData"));
    a->key = kg_node_str(kg_node_get(status, "clientKeyData"));
    err = read_time(a, status, e);
    return err == KG_OK ? check_status(a, e) : err;
}

static void wipe(struct kg_str secret)
{
    if (secret.len > 0) {
        explicit_bzero((char *)secret.ptr, secret.len);
    }
}

void kg_exec_answer_finish(struct kg_exec_answer *a)
{
    wipe(a->token);
    wipe(a->key);
    kg_tree_finish(&a->tree);
    *a = (struct kg_exec_answer){.expires_us = 0};
}
