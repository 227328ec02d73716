/* SPDX-License-Identifier: MIT */
#include "connect.h"

#include "kubeglean/file.h"
#include "kubeglean/limits.h"

const struct kg_option kg_connect_options[] = {
    {.name = "kubeconfig",
     .type = KG_OPTION_TEXT,
     .value = "FILE|-",
     .at = offsetof(struct kg_connect, kubeconfig),
     .help = "Instead of KUBECONFIG, ~/.kube/config, in-cluster"},
    {.name = "context",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_connect, over.context),
     .help = "Instead of the kubeconfig's current-context"},
    {.name = "namespace",
     .letter = 'n',
     .type = KG_OPTION_TEXT,
     .value = "NS",
     .at = offsetof(struct kg_connect, over.ns),
     .help = "Instead of the context's"},
    {.name = "cluster",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_connect, over.cluster),
     .help = "Instead of the context's"},
    {.name = "user",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_connect, over.user),
     .help = "Instead of the context's"},
    {.name = "server",
     .type = KG_OPTION_TEXT,
     .value = "URL",
     .at = offsetof(struct kg_connect, over.server),
     .help = "Instead of the cluster's"},
    {.name = "certificate-authority",
     .type = KG_OPTION_TEXT,
     .value = "FILE",
     .at = offsetof(struct kg_connect, over.ca_file),
     .help = "By which the server is verified"},
    {.name = "tls-server-name",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct kg_connect, over.tls_server_name),
     .help = "For which it is verified, not for its host"},
    {.name = "insecure-skip-tls-verify",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct kg_connect, over.insecure),
     .help = "Do not verify the server"},
    {.name = "client-certificate",
     .type = KG_OPTION_TEXT,
     .value = "FILE",
     .at = offsetof(struct kg_connect, over.cert_file),
     .help = "Who we are, instead of the user's"},
    {.name = "client-key",
     .type = KG_OPTION_TEXT,
     .value = "FILE",
     .at = offsetof(struct kg_connect, over.key_file),
     .help = "Its key"},
    {.name = "token",
     .type = KG_OPTION_TEXT,
     .value = "TOKEN",
     .at = offsetof(struct kg_connect, over.token),
     .help = "Bearer token, instead of the user's"},
    {.name = "as",
     .type = KG_OPTION_TEXT,
     .value = "USER",
     .at = offsetof(struct kg_connect, over.as),
     .help = "Act for this user"},
    {.name = "as-group",
     .type = KG_OPTION_LIST,
     .value = "GROUP",
     .at = offsetof(struct kg_connect, as_groups),
     .help = "and for this group; may be given many times"},
    {.name = "as-uid",
     .type = KG_OPTION_TEXT,
     .value = "UID",
     .at = offsetof(struct kg_connect, over.as_uid),
     .help = "and by this uid"},
    {.name = "proxy-url",
     .type = KG_OPTION_TEXT,
     .value = "URL",
     .at = offsetof(struct kg_connect, over.proxy),
     .help = "http, https or socks5, instead of the cluster's"},
    {.name = "request-timeout",
     .type = KG_OPTION_DURATION,
     .at = offsetof(struct kg_connect, over.request_timeout_ms),
     .help = "For one request (default 2m)"},
    {.name = "qps",
     .type = KG_OPTION_NUMBER,
     .at = offsetof(struct kg_connect, over.qps),
     .help = "Requests a second at most (default 400)"},
    {.name = "burst",
     .type = KG_OPTION_NUMBER,
     .at = offsetof(struct kg_connect, over.burst),
     .help = "So many at once before that counts (default 800)"},
    {0}};

static void hide(const char *secret)
{
    if (secret != NULL) {
        memset((char *)secret, '*', strlen(secret)); /* It is an argument's. */
    }
}

enum kg_errc kg_connect_load(const struct kg_connect *c,
                             struct kg_kubeconfig *ret_config,
                             struct kg_error *e)
{
    struct kg_kubeconfig_source source = {.file = c->kubeconfig,
                                          .over = c->over};

    source.over.as_groups = c->as_groups.items;
    source.over.n_as_groups = c->as_groups.n_items;
    struct kg_buf text;
    enum kg_errc rc = KG_OK;

    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    if (c->kubeconfig != NULL && strcmp(c->kubeconfig, "-") == 0) {
        rc = kg_file_read(c->kubeconfig, &text, e);
        source.file = NULL;
        source.text = kg_buf_str(&text);
        source.name = "standard input";
    }
    if (rc == KG_OK) {
        rc = kg_kubeconfig_load(ret_config, &source, e);
    }
    kg_buf_finish(&text);
    hide(c->over.token);
    hide(c->over.proxy); /* It may hold a password. */
    return rc;
}
