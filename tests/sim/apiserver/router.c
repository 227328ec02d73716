/* SPDX-License-Identifier: MIT */
#include "router.h"

#include <stdio.h>

#include "body.h"
#include "control.h"
#include "discovery.h"
#include "events.h"
#include "kubeglean/heap.h"
#include "lists.h"
#include "logs.h"
#include "patch.h"
#include "stats.h"
#include "status.h"
#include "verbs.h"

const struct sim_kind sim_kinds[SIM_RESOURCE_NR] = {
    [SIM_NAMESPACES] = {.id = SIM_NAMESPACES,
                        .plural = "namespaces",
                        .singular = "namespace",
                        .kind = "Namespace",
                        .group = "",
                        .shorter = "ns",
                        .go_group = "v1.Namespace",
                        .empty = "\"spec\":{},\"status\":{}"},
    [SIM_PODS] = {.id = SIM_PODS,
                  .plural = "pods",
                  .singular = "pod",
                  .kind = "Pod",
                  .group = "",
                  .shorter = "po",
                  .go_group = "v1.Pod",
                  .empty = "\"spec\":{\"containers\":null},\"status\":{}",
                  .namespaced = true,
                  .in_all = true},
    [SIM_JOBS] = {.id = SIM_JOBS,
                  .plural = "jobs",
                  .singular = "job",
                  .kind = "Job",
                  .group = "batch",
                  .go_group = "batchv1.Job",
                  .empty = "\"spec\":{\"template\":{\"metadata\":{},\"spec\":"
                           "{\"containers\":null}}},\"status\":{}",
                  .namespaced = true,
                  .in_all = true},
    [SIM_CRONJOBS] = {.id = SIM_CRONJOBS,
                      .plural = "cronjobs",
                      .singular = "cronjob",
                      .kind = "CronJob",
                      .group = "batch",
                      .shorter = "cj",
                      .go_group = "batchv1.CronJob",
                      .empty = "\"spec\":{\"schedule\":\"\",\"jobTemplate\":"
                               "{\"metadata\":{},\"spec\":{\"template\":"
                               "{\"metadata\":{},\"spec\":{\"containers\":"
                               "null}}}}},\"status\":{}",
                      .namespaced = true,
                      .in_all = true},
    [SIM_LEASES] = {.id = SIM_LEASES,
                    .plural = "leases",
                    .singular = "lease",
                    .kind = "Lease",
                    .group = "coordination.k8s.io",
                    .go_group = "v1.Lease",
                    .empty = "\"spec\":{}",
                    .namespaced = true},
};

/* A path of the API taken apart: /apis/GROUP/VERSION/namespaces/NS/RESOURCE
 * and so on. */
struct parts {
    bool is_resource;
    struct kg_str group;
    struct kg_str version;
    struct kg_str ns;
    struct kg_str resource;
    struct kg_str name;
    struct kg_str sub;
};

static void take_object(struct parts *p, struct kg_str path)
{
    p->resource = kg_str_cut(&path, '/');
    p->name = kg_str_cut(&path, '/');
    p->sub = kg_str_cut(&path, '/');
    p->is_resource = p->resource.len > 0 && path.ptr == NULL;
}

static struct parts take_apart(struct kg_str path)
{
    struct parts p = {0};
    struct kg_str rest;
    struct kg_str first;

    (void)kg_str_cut(&path, '/');
    first = kg_str_cut(&path, '/');
    if (kg_str_is(first, "apis")) {
        p.group = kg_str_cut(&path, '/');
    } else if (!kg_str_is(first, "api")) {
        return p;
    }
    p.version = kg_str_cut(&path, '/');
    rest = path;
    if (kg_str_is(kg_str_cut(&rest, '/'), "namespaces")) {
        p.ns = kg_str_cut(&rest, '/');
        /* /api/v1/namespaces/NAME is the namespace itself. */
        if (rest.ptr != NULL && !kg_str_is(rest, "status") &&
            !kg_str_is(rest, "finalize")) {
            take_object(&p, rest);
            return p;
        }
    }
    take_object(&p, path);
    if (!kg_str_is(p.resource, "namespaces")) {
        p.ns = kg_str_of("", 0);
    }
    return p;
}

static const char *verb_of(const struct sim_request *r, const struct parts *p)
{
    bool one = p->name.len > 0;

    if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0) {
        if (sim_query_true(r->query, "watch") && !one) {
            return "watch";
        }
        return one || !p->is_resource ? "get" : "list";
    }
    if (strcmp(r->method, "POST") == 0) {
        return "create";
    }
    if (strcmp(r->method, "PUT") == 0) {
        return "update";
    }
    if (strcmp(r->method, "PATCH") == 0) {
        return "patch";
    }
    return one ? "delete" : "deletecollection";
}

/* --- who, and may they ----------------------------------------------------- */

/* NULL: nobody we know, and an answer was given. */
static const char *authenticate(struct sim_call *c)
{
    const struct sim_config *config = &c->sim->config;

    if (c->req->token.ptr == NULL) {
        if (config->anonymous || config->forbid_nobody) {
            return "system:anonymous";
        }
        sim_fail(c, 401, "Unauthorized", NULL, "Unauthorized");
        return NULL;
    }
    for (size_t i = 0; i < config->n_tokens; i++) {
        if (kg_str_is(c->req->token, config->tokens[i].text)) {
            return config->tokens[i].user;
        }
    }
    if (config->n_tokens == 0) {
        return "admin";
    }
    sim_fail(c, 401, "Unauthorized", NULL, "Unauthorized");
    return NULL;
}

static bool covers(struct kg_str rule, const char *word)
{
    return kg_str_is(rule, "*") || kg_str_is(rule, word);
}

static bool may(const struct sim_call *c, const char *verb,
                const char *resource)
{
    const struct sim_config *config = &c->sim->config;

    if (strcmp(c->user, "system:anonymous") == 0 && config->forbid_nobody) {
        return false;
    }
    for (size_t i = 0; i < config->n_denials; i++) {
        const struct sim_denial *d = &config->denials[i];

        if (covers(d->user, c->user) && covers(d->verb, verb) &&
            covers(d->resource, resource)) {
            return false;
        }
    }
    return true;
}

static void forbid(struct sim_call *c, const struct parts *p, const char *verb,
                   const char *resource)
{
    struct kg_buf what;
    struct kg_buf details;

    kg_buf_init(&what, SIM_BODY_MAX);
    kg_buf_init(&details, SIM_BODY_MAX);
    sim_require(kg_buf_addf(&what, "%.*s%s%.*s", KG_STR_ARG(p->resource),
                            p->group.len > 0 ? "." : "", KG_STR_ARG(p->group)));
    sim_require(kg_buf_adds(&details, "{"));
    if (p->name.len > 0) {
        sim_require(kg_buf_addf(&what, " \"%.*s\"", KG_STR_ARG(p->name)));
        sim_require(
            kg_buf_addf(&details, "\"name\":\"%.*s\",", KG_STR_ARG(p->name)));
    }
    if (p->group.len > 0) {
        sim_require(
            kg_buf_addf(&details, "\"group\":\"%.*s\",", KG_STR_ARG(p->group)));
    }
    sim_require(
        kg_buf_addf(&details, "\"kind\":\"%.*s\"}", KG_STR_ARG(p->resource)));
    sim_fail(c, 403, "Forbidden", kg_buf_cstr(&details),
             "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API "
             "group \"%.*s\" %s%.*s%s",
             kg_buf_cstr(&what), c->user, verb, resource, KG_STR_ARG(p->group),
             p->ns.len > 0 ? "in the namespace \"" : "at the cluster scope",
             KG_STR_ARG(p->ns), p->ns.len > 0 ? "\"" : "");
    kg_buf_finish(&what);
    kg_buf_finish(&details);
}

static bool authorize(struct sim_call *c, const struct parts *p,
                      const char *verb)
{
    char resource[200];

    (void)snprintf(resource, sizeof(resource), "%.*s%s%.*s",
                   KG_STR_ARG(p->resource), p->sub.len > 0 ? "/" : "",
                   KG_STR_ARG(p->sub));
    if (!p->is_resource || may(c, verb, resource)) {
        return true; /* Anyone may see what there is, and whether it lives. */
    }
    if (p->is_resource) {
        forbid(c, p, verb, resource);
    } else {
        sim_fail(c, 403, "Forbidden", "{}",
                 "forbidden: User \"%s\" cannot %s path \"%.*s\"", c->user,
                 verb, KG_STR_ARG(c->req->path));
    }
    return false;
}

/* --- for what -------------------------------------------------------------- */

/* Finds kind and version; false when there is no such resource here. */
static bool find_kind(struct sim_call *c, const struct parts *p)
{
    static const char *const versions[] = {"v1", "v1beta1"};

    for (size_t k = 0; k < SIM_RESOURCE_NR; k++) {
        const struct sim_kind *kind = &sim_kinds[k];

        if (!kg_str_is(p->resource, kind->plural) ||
            !kg_str_is(p->group, kind->group)) {
            continue;
        }
        for (size_t v = 0; v < KG_COUNT_OF(versions); v++) {
            if (kg_str_is(p->version, versions[v]) &&
                sim_serves(c->sim, kind, versions[v])) {
                c->kind = kind;
                c->version = versions[v];
                c->resource = &c->sim->store.resources[k];
                return true;
            }
        }
    }
    return false;
}

/* What the spec asks, answered with the spec. */
static void review_access(struct sim_call *c)
{
    const struct kg_node *attributes;
    struct kg_str sub;
    char resource[200];
    struct kg_buf b;
    struct kg_tree t;
    char *verb;

    c->kind = &sim_kinds[SIM_JOBS]; /* For messages about the body. */
    if (!sim_body_parse(c, &t)) {
        return;
    }
    attributes = kg_node_path(t.root, "spec.resourceAttributes");
    sub = kg_node_str(kg_node_get(attributes, "subresource"));
    (void)snprintf(resource, sizeof(resource), "%.*s%s%.*s",
                   KG_STR_ARG(kg_node_str(kg_node_get(attributes, "resource"))),
                   sub.len > 0 ? "/" : "", KG_STR_ARG(sub));
    verb = sim_cstr(kg_node_str(kg_node_get(attributes, "verb")));
    sim_put_bool(&t, sim_member(&t, t.root, "status", KG_OBJECT), "allowed",
                 may(c, verb, resource));
    (void)sim_member(&t, t.root, "metadata", KG_OBJECT);
    kg_buf_init(&b, SIM_BODY_MAX);
    sim_require(kg_node_json(t.root, &b));
    sim_answer(c->conn, 201, "application/json", NULL, kg_buf_str(&b));
    kg_buf_finish(&b);
    kg_free(verb);
    kg_tree_finish(&t);
}

static void on_collection(struct sim_call *c, const char *verb)
{
    bool nowhere = c->kind->namespaced && c->ns.len == 0;

    if (strcmp(verb, "list") == 0) {
        sim_list(c);
    } else if (strcmp(verb, "watch") == 0) {
        sim_watch(c);
    } else if (strcmp(verb, "create") == 0 && !nowhere) {
        sim_create(c);
    } else if (strcmp(verb, "deletecollection") == 0 && !nowhere) {
        sim_delete_collection(c);
    } else {
        sim_no_such_method(c);
    }
}

static void on_object(struct sim_call *c, const char *verb)
{
    if (strcmp(verb, "get") == 0) {
        sim_get(c);
    } else if (strcmp(verb, "update") == 0) {
        sim_update(c);
    } else if (strcmp(verb, "patch") == 0) {
        sim_patch(c);
    } else if (strcmp(verb, "delete") == 0 && c->sub.len == 0) {
        sim_delete(c);
    } else {
        sim_no_such_method(c);
    }
}

static bool accepts_json(struct kg_str accept)
{
    return accept.len == 0 || kg_str_find(accept, KG_STR("json")) >= 0 ||
           kg_str_find(accept, KG_STR("*/*")) >= 0 ||
           kg_str_find(accept, KG_STR("application/*")) >= 0 ||
           kg_str_find(accept, KG_STR("text/plain")) >= 0;
}

static bool is_review(const struct sim_call *c, const struct parts *p)
{
    return kg_str_is(p->group, "authorization.k8s.io") &&
           kg_str_is(p->resource, "selfsubjectaccessreviews") &&
           strcmp(c->req->method, "POST") == 0;
}

static void on_resource(struct sim_call *c, const struct parts *p,
                        const char *verb)
{
    if (!find_kind(c, p)) {
        sim_no_such_path(c);
        return;
    }
    if (!accepts_json(c->req->accept)) {
        sim_fail(c, 406, "NotAcceptable", NULL,
                 "only the following media types are accepted: "
                 "application/json, application/yaml, "
                 "application/vnd.kubernetes.protobuf");
        return;
    }
    c->ns = c->kind->namespaced ? p->ns : kg_str_of("", 0);
    c->name = p->name;
    c->sub = p->sub;
    if (c->name.len == 0) {
        on_collection(c, verb);
    } else if (c->kind->id == SIM_PODS && kg_str_is(c->sub, "log")) {
        sim_log(c);
    } else if (c->sub.len == 0 || kg_str_is(c->sub, "status")) {
        on_object(c, verb);
    } else {
        sim_no_such_path(c);
    }
}

static bool are_events(const struct parts *p, const char *verb)
{
    return p->group.len == 0 && kg_str_is(p->resource, "events") &&
           strcmp(verb, "list") == 0;
}

static void count(struct sim_call *c, const struct parts *p, const char *verb)
{
    char what[300];

    if (p->is_resource) {
        (void)snprintf(what, sizeof(what), "%s %.*s%s%.*s", verb,
                       KG_STR_ARG(p->resource), p->sub.len > 0 ? "/" : "",
                       KG_STR_ARG(p->sub));
    } else {
        (void)snprintf(what, sizeof(what), "%s %.*s", verb,
                       KG_STR_ARG(c->req->path));
    }
    sim_count(&c->sim->stats, what);
}

void sim_route(void *data, struct sim_conn *conn, const struct sim_request *r)
{
    struct sim_call c = {.sim = data, .conn = conn, .req = r};
    struct parts p;
    const char *verb;

    if (kg_str_starts(r->path, KG_STR("/sim/"))) {
        sim_control(&c);
        return;
    }
    p = take_apart(r->path);
    verb = verb_of(r, &p);
    count(&c, &p, verb);
    if (sim_faults_answer(&c, verb)) {
        return;
    }
    c.user = authenticate(&c);
    if (c.user == NULL) {
        return;
    }
    if (is_review(&c, &p)) {
        review_access(&c);
    } else if (!authorize(&c, &p, verb)) {
        return;
    } else if (are_events(&p, verb)) {
        sim_events_list(&c, p.ns);
    } else if (p.is_resource) {
        on_resource(&c, &p, verb);
    } else {
        sim_discover(&c);
    }
}
