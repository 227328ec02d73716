/* SPDX-License-Identifier: MIT */
/* What we may do, and what the server can do, as it answers itself. */
#include "kubeglean/limits.h"
#include "request.h"

/* --- rights ------------------------------------------------------------------- */

static bool put(struct kg_tree *t, struct kg_node *object, const char *name,
                const char *text)
{
    return text[0] == '\0' ||
           kg_tree_put(t, object, name, kg_tree_string(t, text));
}

static struct kg_node *review_of(struct kg_tree *t,
                                 const struct kg_kube_right *right,
                                 struct kg_str ns)
{
    struct kg_node *root = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *spec = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *what = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    bool ok =
        root != NULL && spec != NULL && what != NULL &&
        put(t, root, "apiVersion", "authorization.k8s.io/v1") &&
        put(t, root, "kind", "SelfSubjectAccessReview") &&
        kg_tree_put(t, what, "namespace", kg_tree_new(t, KG_STRING, ns)) &&
        put(t, what, "verb", right->verb) &&
        put(t, what, "group", right->group) &&
        put(t, what, "resource", right->resource) &&
        put(t, what, "subresource", right->subresource) &&
        kg_tree_put(t, spec, "resourceAttributes", what) &&
        kg_tree_put(t, root, "spec", spec);

    return ok ? root : NULL;
}

enum kg_errc kg_kube_review(struct kg_kube *kube, struct kg_kube_req *r,
                            const struct kg_kube_right *right, struct kg_str ns,
                            kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {
        .method = "POST",
        .path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"};
    struct kg_tree t;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, KG_MIB);
    ask.body = review_of(&t, right, ns);
    if (ask.body != NULL) {
        err = kg_kube_send(kube, r, &ask, done_cb);
    }
    kg_tree_finish(&t);
    return err;
}

bool kg_kube_is_allowed(const struct kg_node *answer)
{
    return kg_node_is_true(kg_node_path(answer, "status.allowed"));
}

/* --- streamed lists ------------------------------------------------------------- */

static void on_streamed(struct kg_kube_req *r, const struct kg_error *e,
                        const struct kg_node *answer)
{
    (void)answer;
    if (e != NULL && (e->code == KG_EINVALID || e->code == KG_EBADREQUEST)) {
        r->kube->server.streams_lists = false;
        e = NULL;
    } else if (e != NULL && e->code == KG_EFORBIDDEN) {
        e = NULL; /* Its version alone is known. */
    }
    r->then_cb(r, e, NULL); /* Last. */
}

enum kg_errc kg_kube_probe_lists(struct kg_kube *kube, struct kg_kube_req *r,
                                 struct kg_str ns, kg_kube_done_cb done_cb)
{
    struct kg_kube_ask ask = {.method = "GET"};
    struct kg_buf path;
    enum kg_errc err;

    kg_buf_init(&path, KG_LIMIT_URL);
    err = kg_buf_addf(&path,
                      "/apis/batch/v1/namespaces/%.*s/jobs?watch=1"
                      "&sendInitialEvents=true&allowWatchBookmarks=true"
                      "&resourceVersionMatch=NotOlderThan&timeoutSeconds=1",
                      KG_STR_ARG(ns));
    ask.path = err == KG_OK ? kg_buf_cstr(&path) : NULL;
    if (err == KG_OK) {
        r->then_cb = done_cb;
        err = ask.path != NULL ? kg_kube_send(kube, r, &ask, on_streamed)
                               : KG_ENOMEM;
    }
    kg_buf_finish(&path);
    return err;
}
