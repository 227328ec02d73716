/* SPDX-License-Identifier: MIT */
#include "kubeglean/kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* What is at hand while a file is read. */
struct reading {
    struct kg_kubeconfig *k;
    const char *file;  /* As messages call it. */
    struct kg_str dir; /* Relative names are below it; with its slash. */
    struct kg_error *e;
};

static enum kg_errc no_memory(struct kg_error *e)
{
    return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
}

static enum kg_errc wrong(const struct reading *r, const struct kg_node *where,
                          const char *fmt, ...) KG_PRINTF(3, 4);

static enum kg_errc wrong(const struct reading *r, const struct kg_node *where,
                          const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(r->e, KG_ECONFIG, 0, fmt, args);
    va_end(args);
    (void)kg_error_wrap(r->e, "%s:%u:%u", r->file, where->line, where->column);
    return KG_ECONFIG;
}

/* A text of our own, kept in the tree; NULL for lack of memory. */
static const char *keep(struct kg_kubeconfig *k, const char *fmt, ...)
    KG_PRINTF(2, 3);

static const char *keep(struct kg_kubeconfig *k, const char *fmt, ...)
{
    struct kg_node *n = NULL;
    struct kg_buf text;
    va_list args;

    kg_buf_init(&text, KG_LIMIT_URL);
    va_start(args, fmt);
    if (kg_buf_addv(&text, fmt, args) == KG_OK) {
        n = kg_tree_new(&k->tree, KG_STRING, kg_buf_str(&text));
    }
    va_end(args);
    kg_buf_finish(&text);
    return n != NULL ? n->text.ptr : NULL;
}

/* --- values ------------------------------------------------------------------- */

/* A text that is not there, or empty, is NULL, as kubectl has it. */
static enum kg_errc read_text(const struct reading *r,
                              const struct kg_node *object, const char *name,
                              const char **ret_text)
{
    const struct kg_node *n = kg_node_get(object, name);

    *ret_text = NULL;
    if (n == NULL || n->kind == KG_NULL) {
        return KG_OK;
    }
    if (n->kind != KG_STRING) {
        return wrong(r, n, "%s: must be a string, not %s", name,
                     kg_kind_name(n->kind));
    }
    if (memchr(n->text.ptr, '\0', n->text.len) != NULL) {
        return wrong(r, n, "%s: holds a NUL", name);
    }
    *ret_text = n->text.len > 0 ? n->text.ptr : NULL;
    return KG_OK;
}

static enum kg_errc read_bool(const struct reading *r,
                              const struct kg_node *object, const char *name,
                              bool *ret_value)
{
    const struct kg_node *n = kg_node_get(object, name);

    if (n != NULL && n->kind != KG_BOOL && n->kind != KG_NULL) {
        return wrong(r, n, "%s: must be true or false, not %s", name,
                     kg_kind_name(n->kind));
    }
    *ret_value = kg_node_is_true(n);
    return KG_OK;
}

/* The name of a file that can be read. */
static enum kg_errc read_file_name(const struct reading *r,
                                   const struct kg_node *object,
                                   const char *name, const char **ret_file)
{
    const char *text;
    enum kg_errc err = read_text(r, object, name, &text);

    if (err != KG_OK || text == NULL) {
        return err;
    }
    *ret_file =
        text[0] == '/' ? text : keep(r->k, "%.*s%s", KG_STR_ARG(r->dir), text);
    if (*ret_file == NULL) {
        return no_memory(r->e);
    }
    if (access(*ret_file, R_OK) != 0) {
        return wrong(r, kg_node_get(object, name), "%s: %s: %s", name,
                     *ret_file, strerror(errno));
    }
    return KG_OK;
}

static enum kg_errc decode(const struct reading *r, const struct kg_node *n,
                           char *out, struct kg_str *ret_pem)
{
    struct kg_node *kept;
    size_t len;

    if (!kg_str_base64(n->text, out, &len)) {
        return wrong(r, n, "%.*s: is no base64", KG_STR_ARG(n->name));
    }
    if (kg_str_find(kg_str_of(out, len), KG_STR("-----BEGIN ")) < 0) {
        return wrong(r, n, "%.*s: is no PEM (-----BEGIN ...) within its base64",
                     KG_STR_ARG(n->name));
    }
    kept = kg_tree_new(&r->k->tree, KG_STRING, kg_str_of(out, len));
    explicit_bzero(out, len);
    if (kept == NULL) {
        return no_memory(r->e);
    }
    *ret_pem = kept->text;
    return KG_OK;
}

/* `<name>-data` in base64, or the file `<name>`. */
static enum kg_errc read_pem(const struct reading *r,
                             const struct kg_node *object, const char *name,
                             struct kg_str *ret_pem, const char **ret_file)
{
    char data_name[64];
    const char *text;
    char *out;
    enum kg_errc err;

    (void)snprintf(data_name, sizeof(data_name), "%s-data", name);
    err = read_text(r, object, data_name, &text);
    if (err != KG_OK || text == NULL) {
        return err != KG_OK ? err : read_file_name(r, object, name, ret_file);
    }
    out = kg_alloc(strlen(text));
    if (out == NULL) {
        return no_memory(r->e);
    }
    err = decode(r, kg_node_get(object, data_name), out, ret_pem);
    kg_free(out);
    return err;
}

/* --- clusters, users, contexts ------------------------------------------------ */

/* The `member` of the element of `list` that is called `name`, or NULL. */
static const struct kg_node *find(const struct kg_node *root, const char *list,
                                  const char *name, const char *member)
{
    const struct kg_node *all = kg_node_get(root, list);
    const struct kg_node *n = all != NULL ? all->child : NULL;

    for (; n != NULL; n = n->next) {
        if (kg_str_is(kg_node_str(kg_node_get(n, "name")), name)) {
            return kg_node_get(n, member);
        }
    }
    return NULL;
}

static enum kg_errc read_cluster(const struct reading *r,
                                 const struct kg_node *cluster)
{
    struct kg_kubeconfig *k = r->k;
    const char *proxy = NULL;
    enum kg_errc err = read_text(r, cluster, "server", &k->server);

    if (err == KG_OK && k->server == NULL) {
        return wrong(r, cluster, "cluster \"%s\" has no server", k->cluster);
    }
    if (err == KG_OK) {
        err = read_text(r, cluster, "proxy-url", &proxy);
    }
    if (err == KG_OK && proxy != NULL) {
        return wrong(r, kg_node_get(cluster, "proxy-url"),
                     "proxy-url: proxies are not supported");
    }
    if (err == KG_OK) {
        err = read_text(r, cluster, "tls-server-name", &k->tls_server_name);
    }
    if (err == KG_OK) {
        err = read_bool(r, cluster, "insecure-skip-tls-verify", &k->insecure);
    }
    if (err == KG_OK) {
        err = read_pem(r, cluster, "certificate-authority", &k->ca_pem,
                       &k->ca_file);
    }
    return err;
}

/* What would be wrong to pass over in silence. */
static enum kg_errc refuse_unknown(const struct reading *r,
                                   const struct kg_node *user)
{
    static const struct {
        const char *name;
        const char *cure;
    } unknown[] = {
        {"exec", "credential plugins are not supported: use a token, or a "
                 "client certificate"},
        {"auth-provider", "authentication providers are not supported: use a "
                          "token, or a client certificate"},
        {"username", "Kubernetes has no passwords since 1.19: use a token, or "
                     "a client certificate"},
        {"as", "impersonation is not supported"},
    };

    for (size_t i = 0; i < KG_COUNT_OF(unknown); i++) {
        const struct kg_node *n = kg_node_get(user, unknown[i].name);

        if (n != NULL && n->kind != KG_NULL) {
            return wrong(r, n, "%s: %s", unknown[i].name, unknown[i].cure);
        }
    }
    return KG_OK;
}

static enum kg_errc read_user(const struct reading *r,
                              const struct kg_node *user)
{
    struct kg_kubeconfig *k = r->k;
    enum kg_errc err = refuse_unknown(r, user);
    bool cert;
    bool key;

    if (err == KG_OK) {
        err = read_text(r, user, "token", &k->token);
    }
    if (err == KG_OK) {
        err = read_file_name(r, user, "tokenFile", &k->token_file);
    }
    if (err == KG_OK) {
        err = read_pem(r, user, "client-certificate", &k->cert_pem,
                       &k->cert_file);
    }
    if (err == KG_OK) {
        err = read_pem(r, user, "client-key", &k->key_pem, &k->key_file);
    }
    cert = k->cert_pem.len > 0 || k->cert_file != NULL;
    key = k->key_pem.len > 0 || k->key_file != NULL;
    if (err == KG_OK && cert != key) {
        return wrong(r, user, "%s without %s",
                     cert ? "client-certificate" : "client-key",
                     cert ? "client-key" : "client-certificate");
    }
    return err;
}

static enum kg_errc choose_context(const struct reading *r,
                                   const struct kg_node *root,
                                   const char *wanted,
                                   const struct kg_node **ret_context)
{
    const char *name = wanted;
    enum kg_errc err = KG_OK;

    if (name == NULL) {
        err = read_text(r, root, "current-context", &name);
    }
    if (err != KG_OK) {
        return err;
    }
    if (name == NULL) {
        return wrong(r, root,
                     "current-context is not set: choose one by --context");
    }
    *ret_context = find(root, "contexts", name, "context");
    if (*ret_context == NULL) {
        const struct kg_node *said = kg_node_get(root, "current-context");

        return wrong(r, wanted == NULL ? said : root,
                     "there is no context \"%s\"", name);
    }
    r->k->context = name;
    return KG_OK;
}

static enum kg_errc read_root(const struct reading *r,
                              const struct kg_node *root,
                              const struct kg_kubeconfig_source *source)
{
    struct kg_kubeconfig *k = r->k;
    const struct kg_node *context = NULL;
    const struct kg_node *cluster;
    const struct kg_node *user;
    const char *user_name = NULL;
    enum kg_errc err = choose_context(r, root, source->context, &context);

    if (err == KG_OK) {
        err = read_text(r, context, "cluster", &k->cluster);
    }
    if (err == KG_OK) {
        err = read_text(r, context, "user", &user_name);
    }
    if (err == KG_OK) {
        err = read_text(r, context, "namespace", &k->ns);
    }
    if (err != KG_OK) {
        return err;
    }
    if (k->ns != NULL && !kg_str_is_dns_label(kg_str_from(k->ns))) {
        return wrong(r, kg_node_get(context, "namespace"),
                     "namespace: \"%s\" must be " KG_DNS_RULE, k->ns);
    }
    if (k->cluster == NULL) {
        return wrong(r, context, "context \"%s\" names no cluster", k->context);
    }
    cluster = find(root, "clusters", k->cluster, "cluster");
    if (cluster == NULL) {
        return wrong(r, kg_node_get(context, "cluster"),
                     "there is no cluster \"%s\"", k->cluster);
    }
    err = read_cluster(r, cluster);
    if (err != KG_OK || user_name == NULL) {
        return err;
    }
    user = find(root, "users", user_name, "user");
    if (user == NULL) {
        return wrong(r, kg_node_get(context, "user"), "there is no user \"%s\"",
                     user_name);
    }
    return read_user(r, user);
}

/* --- where it is -------------------------------------------------------------- */

static enum kg_errc parse(struct kg_kubeconfig *k, struct kg_str text,
                          const char *file,
                          const struct kg_kubeconfig_source *source,
                          struct kg_error *e)
{
    struct reading r = {.k = k, .file = file, .e = e};
    const char *slash = strrchr(file, '/');
    struct kg_node *root;
    enum kg_errc err;

    if (source->text.ptr == NULL && slash != NULL) {
        r.dir = kg_str_of(file, (size_t)(slash - file) + 1);
    }
    err = kg_yaml_parse_one(text, file, &k->tree, &root, e);
    if (err != KG_OK) {
        return err;
    }
    if (root->kind != KG_OBJECT) {
        return wrong(&r, root, "is no kubeconfig");
    }
    k->source = keep(k, "%s", file);
    return k->source != NULL ? read_root(&r, root, source) : no_memory(e);
}

static enum kg_errc read_file(struct kg_kubeconfig *k, const char *file,
                              const struct kg_kubeconfig_source *source,
                              struct kg_error *e)
{
    struct kg_buf text;
    enum kg_errc err;

    kg_buf_init(&text, KG_LIMIT_KUBECONFIG);
    err = kg_file_read(file, &text, e);
    if (err == KG_EIO) {
        err = KG_ECONFIG;
        e->code = err;
    }
    if (err == KG_OK) {
        err = parse(k, kg_buf_str(&text), file, source, e);
    }
    explicit_bzero((char *)kg_buf_str(&text).ptr, kg_buf_len(&text));
    kg_buf_finish(&text);
    return err;
}

/* The service account's files, whose absence is told when they are needed: the
 * namespace here, the token and the certificate by who connects. */
static enum kg_errc read_service_account(struct kg_kubeconfig *k,
                                         const char *root, struct kg_error *e)
{
    struct kg_buf text;
    const char *file = keep(k, "%s" SERVICE_ACCOUNT "/namespace", root);
    enum kg_errc err;

    k->ca_file = keep(k, "%s" SERVICE_ACCOUNT "/ca.crt", root);
    k->token_file = keep(k, "%s" SERVICE_ACCOUNT "/token", root);
    if (file == NULL || k->ca_file == NULL || k->token_file == NULL) {
        return no_memory(e);
    }
    kg_buf_init(&text, KG_LIMIT_KEY);
    err = kg_file_read(file, &text, e);
    if (err == KG_OK) {
        struct kg_str ns = kg_str_trim(kg_buf_str(&text));

        k->ns = keep(k, "%.*s", KG_STR_ARG(ns));
        err = k->ns != NULL ? KG_OK : no_memory(e);
    }
    kg_buf_finish(&text);
    return err;
}

static enum kg_errc read_in_cluster(struct kg_kubeconfig *k, const char *root,
                                    struct kg_error *e)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    bool v6 = host != NULL && strchr(host, ':') != NULL;

    if (host == NULL || port == NULL) {
        return kg_error_set(
            e, KG_ECONFIG, 0,
            "no cluster is known: there is no --kubeconfig, no KUBECONFIG, no "
            "~/.kube/config, and this is no Pod");
    }
    k->source = "in-cluster";
    k->context = "";
    k->cluster = "";
    k->server =
        keep(k, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    if (k->server == NULL) {
        return no_memory(e);
    }
    return read_service_account(k, root != NULL ? root : "", e);
}

/* The one file of the variable KUBECONFIG; NULL when it names none. */
static enum kg_errc read_variable(struct kg_kubeconfig *k,
                                  const char **ret_file, struct kg_error *e)
{
    struct kg_str rest = kg_str_from(getenv("KUBECONFIG"));
    struct kg_str only = {NULL, 0};

    *ret_file = NULL;
    while (rest.ptr != NULL) {
        struct kg_str file = kg_str_cut(&rest, ':');

        if (file.len > 0 && only.len > 0) {
            return kg_error_set(e, KG_ECONFIG, 0,
                                "KUBECONFIG names several files, which is not "
                                "supported: choose one by --kubeconfig");
        }
        only = file.len > 0 ? file : only;
    }
    if (only.len > 0) {
        *ret_file = keep(k, "%.*s", KG_STR_ARG(only));
    }
    return only.len > 0 && *ret_file == NULL ? no_memory(e) : KG_OK;
}

static enum kg_errc load(struct kg_kubeconfig *k,
                         const struct kg_kubeconfig_source *source,
                         struct kg_error *e)
{
    const char *home = getenv("HOME");
    const char *file = source->file;
    enum kg_errc err = KG_OK;

    if (source->text.ptr != NULL) {
        return parse(k, source->text,
                     source->name != NULL ? source->name : "kubeconfig", source,
                     e);
    }
    if (file == NULL) {
        err = read_variable(k, &file, e);
    }
    if (err == KG_OK && file == NULL && home != NULL) {
        file = keep(k, "%s/.kube/config", home);
        if (file == NULL) {
            return no_memory(e);
        }
        file = access(file, F_OK) == 0 ? file : NULL;
    }
    if (err != KG_OK) {
        return err;
    }
    return file != NULL ? read_file(k, file, source, e)
                        : read_in_cluster(k, source->root, e);
}

static void wipe(struct kg_str secret)
{
    if (secret.len > 0) {
        explicit_bzero((char *)secret.ptr, secret.len);
    }
}

enum kg_errc kg_kubeconfig_load(struct kg_kubeconfig *k,
                                const struct kg_kubeconfig_source *source,
                                struct kg_error *e)
{
    enum kg_errc err;

    *k = (struct kg_kubeconfig){0};
    kg_tree_init(&k->tree, KG_LIMIT_TREE);
    err = load(k, source, e);
    if (err != KG_OK) {
        kg_kubeconfig_finish(k);
        return err;
    }
    if (source->ns != NULL) {
        k->ns = keep(k, "%s", source->ns);
        if (k->ns == NULL) {
            kg_kubeconfig_finish(k);
            return no_memory(e);
        }
    }
    k->ns = k->ns != NULL ? k->ns : "default";
    return KG_OK;
}

void kg_kubeconfig_finish(struct kg_kubeconfig *k)
{
    wipe(kg_str_from(k->token));
    wipe(k->key_pem);
    kg_tree_finish(&k->tree);
    *k = (struct kg_kubeconfig){0};
}
