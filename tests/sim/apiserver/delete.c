/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "body.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "lists.h"
#include "status.h"
#include "verbs.h"

enum { TREE_MAX = 64 * 1024 * 1024, GRACE_UNSAID = -1 };

#define ORPHAN_WARNING                                                    \
    "Warning: 299 - \"child pods are preserved by default when jobs are " \
    "deleted; set propagationPolicy=Background to remove them or set "    \
    "propagationPolicy=Orphan to suppress this warning\"\r\n"

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
        if (!sim_body_parse(c, &t)) {
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
    if (o->resource->id == SIM_NAMESPACES && !sim->config.modern) {
        sim_put_text(&t, kg_node_get(t.root, "status"), "phase", "Terminating");
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
