/* SPDX-License-Identifier: MIT */
#include "kubeglean/kube.h"

#include "creds.h"
#include "kubeglean/limits.h"
#include "path.h"
#include "request.h"

#define USER_AGENT "kubeglean"
#define MANAGER    "kubeglean"

enum { REQUEST_MS = 120 * 1000 };

/* --- life --------------------------------------------------------------------- */

static uint32_t rate_of(uint64_t said, uint32_t otherwise)
{
    if (said == 0) {
        return otherwise;
    }
    return said < UINT32_MAX ? (uint32_t)said : UINT32_MAX;
}

static struct kg_http_options options_of(const struct kg_kubeconfig *c)
{
    return (struct kg_http_options){
        .server = c->server,
        .ca = {c->ca_pem, c->ca_file},
        .cert = {c->cert_pem, c->cert_file},
        .key = {c->key_pem, c->key_file},
        .tls_server_name = c->tls_server_name,
        .proxy = c->proxy,
        .insecure = c->insecure,
        .token = kg_str_from(c->token),
        .headers = c->impersonate,
        .user_agent = USER_AGENT,
        .qps = rate_of(c->qps, KG_LIMIT_QPS),
        .burst = rate_of(c->burst, KG_LIMIT_BURST),
        .n_at_once = KG_LIMIT_REQUESTS,
    };
}

static uint32_t timeout_of(const struct kg_kubeconfig *c)
{
    uint64_t ms = c->request_timeout_ms;

    if (ms == 0) {
        return REQUEST_MS;
    }
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

enum kg_errc kg_kube_init(struct kg_kube *kube, struct kg_loop *loop,
                          const struct kg_kubeconfig *config,
                          struct kg_error *e)
{
    struct kg_http_options options = options_of(config);
    enum kg_errc err;

    *kube = (struct kg_kube){.data = kube->data, .loop = loop};
    kube->server.has_cronjobs = true;
    kube->request_timeout_ms = timeout_of(config);
    kube->server.streams_lists = true;
    kg_latch_init(&kube->open, loop);
    err = kg_creds_create(&kube->open, config, e, &kube->creds);
    if (err == KG_OK) {
        kg_creds_fill(kube->creds, &options);
        err = kg_http_create(loop, &options, e, &kube->http);
    }
    if (err != KG_OK) {
        kg_creds_destroy(kube->creds);
        (void)kg_error_wrap(e, "%s", config->source);
        return err;
    }
    if (kube->creds != NULL) {
        kube->creds->http = kube->http;
    }
    return KG_OK;
}

static void on_http_closed(void *data)
{
    struct kg_kube *kube = data;

    kg_latch_release(&kube->open); /* Last. */
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_kube *kube = KG_CONTAINER_OF(open, struct kg_kube, open);

    kg_creds_destroy(kube->creds);
    kube->creds = NULL;
    kube->close_cb(kube); /* Last. */
}

void kg_kube_close(struct kg_kube *kube, kg_kube_close_cb close_cb)
{
    kube->close_cb = close_cb;
    kg_creds_close(kube->creds);
    kg_latch_hold(&kube->open);
    kg_http_close(kube->http, on_http_closed, kube);
    kg_latch_close(&kube->open, on_all_closed);
}

const char *kg_kube_host(const struct kg_kube *kube)
{
    return kg_http_host(kube->http);
}

/* --- requests ------------------------------------------------------------------- */

/* "?fieldManager=kubeglean&dryRun=All", and what the verb has besides. */
static enum kg_errc add_query(const struct kg_kube_how *how, const char *more,
                              struct kg_buf *path)
{
    const char *manager = how->manager != NULL ? how->manager : MANAGER;
    enum kg_errc err = kg_buf_adds(path, "?fieldManager=");

    if (err == KG_OK) {
        err = kg_http_escape(path, kg_str_from(manager));
    }
    return err == KG_OK
               ? kg_buf_addf(path, "%s%s%s", more,
                             how->dry_run ? "&dryRun=All" : "",
                             how->strict ? "&fieldValidation=Strict" : "")
               : err;
}

/* `more` is the verb's part of the query; NULL: it has none at all. */
static enum kg_errc send_to(struct kg_kube *kube, struct kg_kube_req *r,
                            struct kg_kube_ref ref, const char *more,
                            struct kg_kube_ask *ask, kg_kube_done_cb done_cb)
{
    struct kg_buf path;
    enum kg_errc err;

    kg_buf_init(&path, KG_LIMIT_URL);
    err = kg_kube_path(kube, ref, &path);
    if (err == KG_OK && more != NULL) {
        err = add_query(&r->how, more, &path);
    }
    ask->path = err == KG_OK ? kg_buf_cstr(&path) : NULL;
    if (err == KG_OK) {
        err =
            ask->path != NULL ? kg_kube_send(kube, r, ask, done_cb) : KG_ENOMEM;
    }
    kg_buf_finish(&path);
    return err;
}

/* Sends the manifest as the server's version of its kind, under ref's name. */
static enum kg_errc send_manifest(struct kg_kube *kube, struct kg_kube_req *r,
                                  struct kg_kube_ref ref, const char *more,
                                  struct kg_kube_ask *ask,
                                  kg_kube_done_cb done_cb)
{
    struct kg_tree t;
    struct kg_node *root;
    struct kg_node *metadata;
    enum kg_errc err = KG_ENOMEM;
    bool ok;

    kg_tree_init(&t, KG_LIMIT_TREE);
    root = kg_tree_copy(&t, ask->body);
    ok = kg_tree_put(&t, root, "apiVersion",
                     kg_tree_string(&t, kg_kube_api_version(kube, ref.kind))) &&
         kg_tree_put(&t, root, "kind",
                     kg_tree_string(&t, kg_kube_kind_name(ref.kind)));
    metadata = kg_node_get(root, "metadata");
    if (ok && ref.name.len > 0 && metadata != NULL) {
        ok = kg_tree_put(&t, metadata, "name",
                         kg_tree_new(&t, KG_STRING, ref.name));
    }
    if (ok) {
        ask->body = root;
        err = send_to(kube, r, ref, more, ask, done_cb);
    }
    kg_tree_finish(&t);
    return err;
}

enum kg_errc kg_kube_get(struct kg_kube *kube, struct kg_kube_req *r,
                         struct kg_kube_ref ref, kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "GET"};

    return send_to(kube, r, ref, NULL, &ask, done_cb);
}

enum kg_errc kg_kube_create(struct kg_kube *kube, struct kg_kube_req *r,
                            struct kg_kube_ref ref,
                            const struct kg_node *manifest,
                            kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "POST", .body = manifest};
    struct kg_kube_ref all = {ref.kind, ref.ns, {NULL, 0}};

    return send_manifest(kube, r, all, "", &ask, done_cb);
}

enum kg_errc kg_kube_apply(struct kg_kube *kube, struct kg_kube_req *r,
                           struct kg_kube_ref ref,
                           const struct kg_node *manifest, bool force,
                           kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "PATCH",
                              .type = "application/apply-patch+yaml",
                              .body = manifest};

    return send_manifest(kube, r, ref, force ? "&force=true" : "&force=false",
                         &ask, done_cb);
}

enum kg_errc kg_kube_update(struct kg_kube *kube, struct kg_kube_req *r,
                            struct kg_kube_ref ref,
                            const struct kg_node *manifest,
                            kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "PUT", .body = manifest};

    return send_manifest(kube, r, ref, "", &ask, done_cb);
}

enum kg_errc kg_kube_patch(struct kg_kube *kube, struct kg_kube_req *r,
                           struct kg_kube_ref ref, const struct kg_node *patch,
                           kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "PATCH",
                              .type = "application/merge-patch+json",
                              .body = patch};

    return send_to(kube, r, ref, "", &ask, done_cb);
}

static bool put_dry_run(struct kg_tree *t, struct kg_node *options)
{
    struct kg_node *list = kg_tree_new(t, KG_ARRAY, kg_str_of("", 0));

    return list != NULL && kg_tree_add(list, kg_tree_string(t, "All")) &&
           kg_tree_put(t, options, "dryRun", list);
}

static bool put_uid(struct kg_tree *t, struct kg_node *options,
                    struct kg_str uid)
{
    struct kg_node *only = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));

    return kg_tree_put(t, only, "uid", kg_tree_new(t, KG_STRING, uid)) &&
           kg_tree_put(t, options, "preconditions", only);
}

static struct kg_node *delete_options(struct kg_tree *t,
                                      const struct kg_kube_how *how,
                                      struct kg_str uid)
{
    static const char *const policies[] = {
        [KG_KUBE_BACKGROUND] = "Background",
        [KG_KUBE_FOREGROUND] = "Foreground",
        [KG_KUBE_ORPHAN] = "Orphan",
    };
    struct kg_node *root = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    bool ok =
        kg_tree_put(t, root, "kind", kg_tree_string(t, "DeleteOptions")) &&
        kg_tree_put(t, root, "apiVersion", kg_tree_string(t, "v1")) &&
        kg_tree_put(t, root, "propagationPolicy",
                    kg_tree_string(t, policies[how->propagation])) &&
        (uid.len == 0 || put_uid(t, root, uid)) &&
        (!how->dry_run || put_dry_run(t, root));

    return ok ? root : NULL;
}

enum kg_errc kg_kube_delete(struct kg_kube *kube, struct kg_kube_req *r,
                            struct kg_kube_ref ref, struct kg_str uid,
                            kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "DELETE"};
    struct kg_tree t;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, KG_MIB);
    ask.body = delete_options(&t, &r->how, uid);
    if (ask.body != NULL) {
        err = send_to(kube, r, ref, NULL, &ask, done_cb);
    }
    kg_tree_finish(&t);
    return err;
}
