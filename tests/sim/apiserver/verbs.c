/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include <stdio.h>

#include "kinds.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "lists.h"
#include "selector.h"
#include "status.h"
#include "version.h"

enum { TREE_MAX = 64 * 1024 * 1024, GRACE_UNSAID = -1 };

#define ORPHAN_WARNING                                                    \
    "Warning: 299 - \"child pods are preserved by default when jobs are " \
    "deleted; set propagationPolicy=Background to remove them or set "    \
    "propagationPolicy=Orphan to suppress this warning\"\r\n"

bool sim_is_dry_run(const struct sim_call *c)
{
    char *text = sim_query(c->req->query, "dryRun");
    bool yes = text != NULL && strcmp(text, "All") == 0;

    kg_free(text);
    return yes;
}

struct sim_object *sim_call_object(struct sim_call *c)
{
    struct sim_object *o =
        sim_store_find(&c->sim->store, c->kind->id, c->ns, c->name);

    if (o == NULL) {
        sim_not_found(c);
    }
    return o;
}

void sim_get(struct sim_call *c)
{
    struct sim_object *o = sim_call_object(c);

    if (o != NULL) {
        sim_show(c, 200, NULL, o->now);
    }
}

bool sim_call_body(struct sim_call *c, struct kg_tree *t)
{
    kg_tree_init(t, TREE_MAX);
    if (sim_json_parse(t, c->req->body, NULL) == KG_OK &&
        t->root->kind == KG_OBJECT) {
        return true;
    }
    kg_tree_finish(t);
    sim_bad_request(c,
                    "the object provided is unrecognized (must be of type "
                    "%s): couldn't get version/kind; json parse error",
                    c->kind->kind);
    return false;
}

/* --- create ----------------------------------------------------------------- */

bool sim_namespace_is_open(struct sim_call *c, struct kg_str name)
{
    struct sim_object *ns;
    struct kg_buf details;

    if (!c->kind->namespaced) {
        return true;
    }
    ns =
        sim_store_find(&c->sim->store, SIM_NAMESPACES, kg_str_of("", 0), c->ns);
    if (ns == NULL) {
        sim_no_namespace(c);
        return false;
    }
    if (!ns->leaving) {
        return true;
    }
    kg_buf_init(&details, SIM_BODY_MAX);
    sim_details(c, &details, name, NULL);
    sim_require(kg_buf_addf(
        &details,
        ",\"causes\":[{\"reason\":\"NamespaceTerminating\",\"message\":"
        "\"namespace %.*s is being terminated\",\"field\":"
        "\"metadata.namespace\"}]}",
        KG_STR_ARG(c->ns)));
    sim_fail(c, 403, "Forbidden", kg_buf_cstr(&details),
             "%s%s%s \"%.*s\" is forbidden: unable to create new content in "
             "namespace %.*s because it is being terminated",
             c->kind->plural, c->kind->group[0] != '\0' ? "." : "",
             c->kind->group, KG_STR_ARG(name), KG_STR_ARG(c->ns));
    kg_buf_finish(&details);
    return false;
}

/* False: the names do not fit the path; answered. */
static bool take_name(struct sim_call *c, struct kg_tree *t,
                      struct kg_node *metadata)
{
    struct kg_str ns = kg_node_str(kg_node_get(metadata, "namespace"));
    struct kg_str name = kg_node_str(kg_node_get(metadata, "name"));
    struct kg_str stem = kg_node_str(kg_node_get(metadata, "generateName"));
    char full[300];
    char suffix[6];

    if (ns.len > 0 && !kg_str_eq(ns, c->ns)) {
        sim_bad_request(c, "the namespace of the provided object does not "
                           "match the namespace sent on the request");
        return false;
    }
    if (c->kind->namespaced) {
        sim_put_str(t, metadata, "namespace", c->ns);
    }
    if (name.len == 0 && stem.len > 0) {
        sim_store_suffix(&c->sim->store, suffix);
        (void)snprintf(full, sizeof(full), "%.*s%s", KG_STR_ARG(stem), suffix);
        sim_put_text(t, metadata, "name", full);
    }
    return true;
}

static void stamp(struct sim *sim, struct kg_tree *t, struct kg_node *metadata)
{
    char uid[37];

    sim_store_uid(&sim->store, uid);
    sim_put_text(t, metadata, "uid", uid);
    sim_put_time(t, metadata, "creationTimestamp", kg_clock_now_us());
    kg_node_drop(metadata, "deletionTimestamp");
    kg_node_drop(metadata, "deletionGracePeriodSeconds");
    kg_node_drop(metadata, "selfLink");
}

static bool is_valid(struct sim_call *c, const struct kg_node *root,
                     const struct kg_node *old)
{
    struct sim_causes causes = {.n = 0};

    sim_kind_validate(c->sim, c->kind, root, old, &causes);
    if (causes.n == 0) {
        return true;
    }
    sim_invalid(c, NULL, kg_node_str(kg_node_path(root, "metadata.name")),
                &causes);
    return false;
}

static void store_new(struct sim_call *c, struct kg_tree *t,
                      struct kg_node *root)
{
    struct kg_str name = kg_node_str(kg_node_path(root, "metadata.name"));
    struct sim_version *shown;

    if (sim_store_find(&c->sim->store, c->kind->id, c->ns, name) != NULL) {
        sim_exists(c, name);
        return;
    }
    if (sim_is_dry_run(c)) {
        shown = sim_version_dry(t, root);
    } else {
        shown = sim_version_hold(
            sim_store_create(&c->sim->store, c->kind->id, t, root)->now);
    }
    sim_show(c, 201, NULL, shown);
    sim_version_release(shown);
}

void sim_create_object(struct sim_call *c, struct kg_tree *t,
                       struct kg_node *root)
{
    struct kg_node *metadata = sim_member(t, root, "metadata", KG_OBJECT);

    if (!take_name(c, t, metadata) ||
        !sim_namespace_is_open(c, kg_node_str(kg_node_get(metadata, "name")))) {
        return;
    }
    stamp(c->sim, t, metadata);
    sim_kind_default(c->sim, c->kind, t, root);
    sim_kind_prepare(c->sim, c->kind, t, root);
    if (is_valid(c, root, NULL)) {
        store_new(c, t, root);
    }
}

void sim_create(struct sim_call *c)
{
    struct kg_tree t;

    if (!sim_call_body(c, &t)) {
        return;
    }
    sim_create_object(c, &t, t.root);
    kg_tree_finish(&t);
}

struct sim_object *sim_make_object(struct sim *sim, enum sim_resource_id id,
                                   struct kg_str ns, struct kg_tree *t,
                                   struct kg_node *root)
{
    const struct sim_kind *k = &sim_kinds[id];
    struct kg_node *metadata = sim_member(t, root, "metadata", KG_OBJECT);
    struct kg_str name = kg_node_str(kg_node_get(metadata, "name"));

    if (sim_store_find(&sim->store, id, ns, name) != NULL) {
        return NULL;
    }
    if (k->namespaced) {
        sim_put_str(t, metadata, "namespace", ns);
    }
    stamp(sim, t, metadata);
    sim_kind_default(sim, k, t, root);
    sim_kind_prepare(sim, k, t, root);
    return sim_store_create(&sim->store, id, t, root);
}

/* --- update ----------------------------------------------------------------- */

/* What a client cannot change. */
static void keep_identity(struct kg_tree *t, struct kg_node *root,
                          const struct kg_node *old)
{
    static const char *const names[] = {
        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "generateName"};
    struct kg_node *metadata = kg_node_get(root, "metadata");
    const struct kg_node *was = kg_node_get(old, "metadata");

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        const struct kg_node *n = kg_node_get(was, names[i]);

        kg_node_drop(metadata, names[i]);
        if (n != NULL) {
            sim_put(t, metadata, names[i], sim_copy(t, n));
        }
    }
    if (kg_node_get(metadata, "uid") == NULL) {
        sim_put_str(t, metadata, "uid", kg_node_str(kg_node_get(was, "uid")));
    }
    kg_node_drop(metadata, "selfLink");
}

static bool is_stale(const struct sim_object *o, const struct kg_node *root)
{
    struct kg_str rv =
        kg_node_str(kg_node_path(root, "metadata.resourceVersion"));
    uint64_t value;

    return rv.len > 0 && (!kg_str_to_u64(rv, &value) || value != o->now->rv);
}

static void store_changed(struct sim_call *c, struct sim_object *o,
                          struct kg_tree *t, struct kg_node *root)
{
    struct sim_version *shown;

    if (sim_is_dry_run(c)) {
        shown = sim_version_dry(t, root);
        sim_show(c, 200, NULL, shown);
        sim_version_release(shown);
    } else if (sim_store_update(o, t, root)) {
        sim_show(c, 200, NULL, o->now);
    } else { /* Its last finalizer went, and it with it. */
        shown = sim_version_dry(t, root);
        sim_show(c, 200, NULL, shown);
        sim_version_release(shown);
    }
}

void sim_replace_object(struct sim_call *c, struct sim_object *o,
                        struct kg_tree *t, struct kg_node *root)
{
    struct kg_tree old;

    if (is_stale(o, root)) {
        sim_conflict(c, NULL,
                     "the object has been modified; please apply your changes "
                     "to the latest version and try again");
        return;
    }
    sim_store_open(o, &old);
    keep_identity(t, root, old.root);
    sim_kind_default(c->sim, c->kind, t, root);
    sim_kind_prepare_change(c->sim, c->kind, t, root, old.root,
                            kg_str_is(c->sub, "status"));
    if (is_valid(c, root, old.root)) {
        store_changed(c, o, t, root);
    }
    kg_tree_finish(&old);
}

void sim_update(struct sim_call *c)
{
    struct sim_object *o;
    struct kg_node *metadata;
    struct kg_tree t;

    if (!sim_call_body(c, &t)) {
        return;
    }
    metadata = sim_member(&t, t.root, "metadata", KG_OBJECT);
    o = sim_store_find(&c->sim->store, c->kind->id, c->ns, c->name);
    if (!kg_str_eq(kg_node_str(kg_node_get(metadata, "name")), c->name)) {
        sim_bad_request(c,
                        "the name of the object (%.*s) does not match the "
                        "name on the URL (%.*s)",
                        KG_STR_ARG(kg_node_str(kg_node_get(metadata, "name"))),
                        KG_STR_ARG(c->name));
    } else if (o == NULL) {
        sim_not_found(c);
    } else {
        if (c->kind->namespaced) {
            sim_put_str(&t, metadata, "namespace", c->ns);
        }
        sim_replace_object(c, o, &t, t.root);
    }
    kg_tree_finish(&t);
}

/* --- delete ----------------------------------------------------------------- */

/* What DELETE was asked for, from its body and its query. */
struct options {
    enum sim_policy policy;
    bool policy_said;
    int64_t grace_seconds;
    char uid[64];
    char rv[32];
    char bad_policy[64];
    bool dry;
};

static void take_policy(struct sim_call *c, struct options *o,
                        struct kg_str text)
{
    static const char *const names[] = {[SIM_BACKGROUND] = "Background",
                                        [SIM_FOREGROUND] = "Foreground",
                                        [SIM_ORPHAN] = "Orphan"};

    /* batch/v1 orphans unless told otherwise; v1beta1 does not. */
    o->policy = c->kind->id == SIM_JOBS ? SIM_ORPHAN : SIM_BACKGROUND;
    if (text.len == 0) {
        return;
    }
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        if (kg_str_is(text, names[i])) {
            o->policy = (enum sim_policy)i;
            o->policy_said = true;
            return;
        }
    }
    (void)snprintf(o->bad_policy, sizeof(o->bad_policy), "%.*s",
                   KG_STR_ARG(text));
}

static void take_body_options(struct options *o, const struct kg_node *body)
{
    struct kg_str uid = kg_node_str(kg_node_path(body, "preconditions.uid"));
    struct kg_str rv =
        kg_node_str(kg_node_path(body, "preconditions.resourceVersion"));
    const struct kg_node *dry = kg_node_get(body, "dryRun");

    (void)snprintf(o->uid, sizeof(o->uid), "%.*s", KG_STR_ARG(uid));
    (void)snprintf(o->rv, sizeof(o->rv), "%.*s", KG_STR_ARG(rv));
    o->grace_seconds = sim_int(body, "gracePeriodSeconds", GRACE_UNSAID);
    o->dry = dry != NULL && dry->n_children > 0;
}

/* False: the body is none; answered. */
static bool take_options(struct sim_call *c, struct options *o)
{
    struct kg_tree t;
    char *policy = sim_query(c->req->query, "propagationPolicy");
    struct kg_str text = kg_str_from(policy);

    *o = (struct options){.grace_seconds = GRACE_UNSAID};
    kg_tree_init(&t, TREE_MAX);
    if (c->req->body.len > 0) {
        kg_tree_finish(&t);
        if (!sim_call_body(c, &t)) {
            kg_free(policy);
            return false;
        }
        take_body_options(o, t.root);
        if (text.len == 0) {
            text = kg_node_str(kg_node_get(t.root, "propagationPolicy"));
        }
    }
    take_policy(c, o, text);
    (void)sim_query_int(c->req->query, "gracePeriodSeconds", &o->grace_seconds);
    o->dry = o->dry || sim_is_dry_run(c);
    kg_tree_finish(&t);
    kg_free(policy);
    return true;
}

static void bad_policy(struct sim_call *c, const struct options *o)
{
    struct sim_causes causes = {.n = 0};

    sim_cause(&causes, "FieldValueNotSupported", "propagationPolicy",
              "Unsupported value: \"%s\": supported values: \"Foreground\", "
              "\"Background\", \"Orphan\", \"nil\"",
              o->bad_policy);
    sim_invalid(c, "DeleteOptions.meta.k8s.io", kg_str_of("", 0), &causes);
}

/* False: a precondition does not hold; answered. */
static bool preconditions_hold(struct sim_call *c, const struct options *o,
                               const struct sim_version *v)
{
    char why[300];
    char rv[24];

    (void)snprintf(rv, sizeof(rv), "%llu", (unsigned long long)v->rv);
    if (o->uid[0] != '\0' && !kg_str_is(v->uid, o->uid)) {
        (void)snprintf(why, sizeof(why),
                       "the UID in the precondition (%s) does not match the "
                       "UID in record (%.*s). The object might have been "
                       "deleted and then recreated",
                       o->uid, KG_STR_ARG(v->uid));
    } else if (o->rv[0] != '\0' && strcmp(o->rv, rv) != 0) {
        (void)snprintf(why, sizeof(why),
                       "the ResourceVersion in the precondition (%s) does not "
                       "match the ResourceVersion in record (%s). The object "
                       "might have been modified",
                       o->rv, rv);
    } else {
        return true;
    }
    sim_conflict(c, c->kind->kind, why);
    return false;
}

static void add_finalizer(struct kg_tree *t, struct kg_node *metadata,
                          const char *name)
{
    struct kg_node *list = sim_member(t, metadata, "finalizers", KG_ARRAY);

    for (const struct kg_node *n = list->child; n != NULL; n = n->next) {
        if (kg_str_is(n->text, name)) {
            return;
        }
    }
    sim_add_text(t, list, name);
}

/* A Pod that runs is given its grace; all else goes at once. */
static int64_t grace_of(const struct sim_object *o, const struct kg_node *root,
                        int64_t asked)
{
    struct kg_str phase = o->now->phase;

    if (o->resource->id != SIM_PODS || o->now->node.len == 0 ||
        kg_str_is(phase, "Succeeded") || kg_str_is(phase, "Failed")) {
        return 0;
    }
    return asked != GRACE_UNSAID ? asked
                                 : sim_int(kg_node_get(root, "spec"),
                                           "terminationGracePeriodSeconds", 30);
}

bool sim_delete_object(struct sim *sim, struct sim_object *o,
                       enum sim_policy policy, int64_t grace_seconds)
{
    struct kg_tree t;
    struct kg_node *metadata;
    int64_t grace;
    bool there;

    (void)sim;
    sim_store_open(o, &t);
    metadata = kg_node_get(t.root, "metadata");
    grace = grace_of(o, t.root, grace_seconds);
    if (policy == SIM_ORPHAN) {
        add_finalizer(&t, metadata, "orphan");
    } else if (policy == SIM_FOREGROUND) {
        add_finalizer(&t, metadata, "foregroundDeletion");
    }
    if (!o->leaving) {
        sim_put_time(&t, metadata, "deletionTimestamp",
                     kg_clock_now_us() + grace * 1000000);
    }
    if (kg_node_get(metadata, "finalizers") == NULL && grace == 0 &&
        o->resource->id != SIM_NAMESPACES) {
        sim_store_remove(o); /* No MODIFIED comes first. */
        there = false;
    } else {
        if (o->resource->id != SIM_NAMESPACES) {
            sim_put_int(&t, metadata, "deletionGracePeriodSeconds", grace);
        }
        there = sim_store_update(o, &t, t.root);
    }
    kg_tree_finish(&t);
    return there;
}

/* 1.20 shows a Pod that went at once; today's server a Status. */
static void show_deleted(struct sim_call *c, const struct sim_version *v)
{
    if (c->kind->id == SIM_PODS && !c->sim->config.modern) {
        sim_show(c, 200, NULL, v);
    } else {
        sim_deleted(c, v);
    }
}

void sim_delete(struct sim_call *c)
{
    struct sim_object *o = sim_call_object(c);
    struct sim_version *was;
    struct options options;
    const char *warning = NULL;

    if (o == NULL || !take_options(c, &options)) {
        return;
    }
    if (options.bad_policy[0] != '\0') {
        bad_policy(c, &options);
        return;
    }
    if (!preconditions_hold(c, &options, o->now)) {
        return;
    }
    if (c->kind->id == SIM_JOBS && !options.policy_said &&
        c->sim->config.modern) {
        warning = ORPHAN_WARNING;
    }
    was = sim_version_hold(o->now);
    if (options.dry ||
        !sim_delete_object(c->sim, o, options.policy, options.grace_seconds)) {
        show_deleted(c, was);
    } else {
        sim_show(c, 200, warning, o->now);
    }
    sim_version_release(was);
}

void sim_delete_collection(struct sim_call *c)
{
    struct sim_resource *r = c->resource;
    struct sim_selector selector;
    struct options options;
    size_t i;

    if (!take_options(c, &options) || !sim_call_selector(c, &selector)) {
        return;
    }
    i = sim_store_seek(r, c->ns, kg_str_of("", 0));
    while (i < r->n_objects && kg_str_eq(r->objects[i]->now->ns, c->ns)) {
        struct sim_object *o = r->objects[i];

        if (!sim_selector_fits(&selector, o->now) ||
            sim_delete_object(c->sim, o, options.policy,
                              options.grace_seconds)) {
            i++;
        }
    }
    sim_selector_finish(&selector);
    sim_list(c);
}
