/* SPDX-License-Identifier: MIT */
/* /version, then batch/v1; only if that has no CronJobs, batch/v1beta1. */
#include <stdio.h>

#include "request.h"

enum { SPLIT_LOGS_SINCE = 32, STREAMED_LISTS_SINCE = 27 };

/* "20", or "27+" of a vendor. */
static int number_of(struct kg_str s)
{
    int n = 0;

    for (size_t i = 0; i < s.len && n < 1000; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            break;
        }
        n = n * 10 + (s.ptr[i] - '0');
    }
    return n;
}

static bool has_cronjobs(const struct kg_node *list)
{
    const struct kg_node *resources = kg_node_get(list, "resources");
    const struct kg_node *r = resources != NULL ? resources->child : NULL;

    while (r != NULL &&
           !kg_str_is(kg_node_str(kg_node_get(r, "name")), "cronjobs")) {
        r = r->next;
    }
    return r != NULL;
}

/* The next question with the same request; its own callback is the owner's. */
static void ask_next(struct kg_kube_req *r, const char *path,
                     kg_kube_done_cb done_cb)
{
    const struct kg_kube_ask ask = {.method = "GET", .path = path};
    enum kg_errc err = kg_kube_send(r->kube, r, &ask, done_cb);
    struct kg_error e;

    if (err != KG_OK) {
        (void)kg_error_set(&e, err, 0, "%s: %s", path, kg_errc_text(err));
        r->then_cb(r, &e, NULL); /* Last. */
    }
}

static void on_beta(struct kg_kube_req *r, const struct kg_error *e,
                    const struct kg_node *answer)
{
    struct kg_kube_server *server = &r->kube->server;

    server->beta_cronjobs = e == NULL && has_cronjobs(answer);
    server->has_cronjobs = server->beta_cronjobs;
    if (e != NULL && e->code == KG_ENOTFOUND) {
        e = NULL; /* A server without CronJobs is none the worse. */
    }
    r->then_cb(r, e, NULL); /* Last. */
}

static void on_batch(struct kg_kube_req *r, const struct kg_error *e,
                     const struct kg_node *answer)
{
    struct kg_kube_server *server = &r->kube->server;

    if (e != NULL || has_cronjobs(answer)) {
        server->has_cronjobs = e == NULL;
        server->beta_cronjobs = false;
        r->then_cb(r, e, NULL); /* Last. */
        return;
    }
    ask_next(r, "/apis/batch/v1beta1", on_beta); /* Last. */
}

static void on_version(struct kg_kube_req *r, const struct kg_error *e,
                       const struct kg_node *answer)
{
    struct kg_kube_server *server = &r->kube->server;

    if (e != NULL) {
        r->then_cb(r, e, NULL); /* Last. */
        return;
    }
    server->minor = number_of(kg_node_str(kg_node_get(answer, "minor")));
    server->split_logs = server->minor >= SPLIT_LOGS_SINCE;
    server->streams_lists =
        server->streams_lists && server->minor >= STREAMED_LISTS_SINCE;
    (void)snprintf(server->version, sizeof(server->version), "%.*s",
                   KG_STR_ARG(kg_node_str(kg_node_get(answer, "gitVersion"))));
    ask_next(r, "/apis/batch/v1", on_batch); /* Last. */
}

enum kg_errc kg_kube_discover(struct kg_kube *kube, struct kg_kube_req *r,
                              kg_kube_done_cb done_cb)
{
    const struct kg_kube_ask ask = {.method = "GET", .path = "/version"};

    r->then_cb = done_cb;
    return kg_kube_send(kube, r, &ask, on_version);
}
