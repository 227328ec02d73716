/* SPDX-License-Identifier: MIT */
/* The Pods of Jobs, as the Job controller makes them from a template. */
#include <stdio.h>

#include "jobs.h"
#include "kubeglean/clock.h"

enum { TREE_MAX = 64 * 1024 * 1024 };

struct maker {
    struct sim *sim;
    struct sim_object *job;
    const struct kg_node *root; /* Of the Job. */
    unsigned attempt;
};

static void put_owner(const struct maker *m, struct kg_tree *t,
                      struct kg_node *metadata)
{
    struct kg_node *owners = sim_array(t);
    struct kg_node *o = sim_object(t);

    sim_put_text(t, o, "apiVersion", "batch/v1");
    sim_put_text(t, o, "kind", "Job");
    sim_put_str(t, o, "name", m->job->now->name);
    sim_put_str(t, o, "uid", m->job->now->uid);
    sim_put_bool(t, o, "controller", true);
    sim_put_bool(t, o, "blockOwnerDeletion", true);
    sim_add(owners, o);
    sim_put(t, metadata, "ownerReferences", owners);
}

static void put_names(const struct maker *m, struct kg_tree *t,
                      struct kg_node *metadata)
{
    struct kg_str job = m->job->now->name;
    char suffix[6];
    char uid[37];
    char text[300];

    job.len = job.len < 57 ? job.len : 57; /* A name has at most 63. */
    sim_store_suffix(&m->sim->store, suffix);
    sim_store_uid(&m->sim->store, uid);
    (void)snprintf(text, sizeof(text), "%.*s-%s", KG_STR_ARG(job), suffix);
    sim_put_text(t, metadata, "name", text);
    (void)snprintf(text, sizeof(text), "%.*s-", KG_STR_ARG(job));
    sim_put_text(t, metadata, "generateName", text);
    sim_put_str(t, metadata, "namespace", m->job->now->ns);
    sim_put_text(t, metadata, "uid", uid);
    sim_put_time(t, metadata, "creationTimestamp", kg_clock_now_us());
}

/* What the Job's own annotations say holds for its Pods, unless the template
 * says otherwise. */
static void inherit_notes(const struct maker *m, struct kg_tree *t,
                          struct kg_node *metadata)
{
    const struct kg_node *from = kg_node_path(m->root, "metadata.annotations");
    struct kg_node *to;

    for (const struct kg_node *n = from != NULL ? from->child : NULL; n != NULL;
         n = n->next) {
        if (!kg_str_starts(n->name, KG_STR("sim/")) &&
            !kg_str_starts(n->name, KG_STR("lab/"))) {
            continue;
        }
        to = sim_member(t, metadata, "annotations", KG_OBJECT);
        if (kg_node_get(to, n->name.ptr) == NULL) {
            sim_put(t, to, n->name.ptr, sim_copy(t, n));
        }
    }
}

/* "1,1,0" is one for each attempt, the last one for the rest. */
static void choose_exit_code(const struct maker *m, struct kg_tree *t,
                             struct kg_node *metadata)
{
    static const char *const names[] = {"sim/exit-code", "lab/exit-code"};
    struct kg_node *notes = kg_node_get(metadata, "annotations");

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        struct kg_str rest = kg_node_str(kg_node_get(notes, names[i]));
        struct kg_str one = rest;

        if (kg_str_find(rest, KG_STR(",")) < 0) {
            continue;
        }
        for (unsigned k = 0; k <= m->attempt && rest.ptr != NULL; k++) {
            one = kg_str_cut(&rest, ',');
        }
        sim_put_str(t, notes, names[i], one);
    }
}

void sim_make_pod(struct sim *sim, struct sim_object *job,
                  const struct kg_node *root_of_job, unsigned attempt)
{
    const struct maker m = {sim, job, root_of_job, attempt};
    const struct kg_node *template = kg_node_path(root_of_job, "spec.template");
    const struct kg_node *finalizers;
    struct kg_node *metadata;
    struct kg_node *status;
    struct kg_node *root;
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    root = sim_copy(&t, template);
    metadata = sim_member(&t, root, "metadata", KG_OBJECT);
    kg_node_drop(metadata, "creationTimestamp");
    put_names(&m, &t, metadata);
    put_owner(&m, &t, metadata);
    inherit_notes(&m, &t, metadata);
    if (kg_node_path(root, "spec.restartPolicy") == NULL ||
        kg_str_is(kg_node_str(kg_node_path(root, "spec.restartPolicy")),
                  "Never")) {
        choose_exit_code(&m, &t, metadata);
    }
    if (sim->config.modern) {
        sim_add_text(&t, sim_member(&t, metadata, "finalizers", KG_ARRAY),
                     SIM_TRACKING);
    }
    finalizers = kg_node_get(metadata, "finalizers");
    KG_REQUIRE(finalizers == NULL || finalizers->n_children > 0);
    status = sim_object(&t);
    sim_put_text(&t, status, "phase", "Pending");
    sim_put_text(&t, status, "qosClass", "BestEffort");
    sim_put(&t, root, "status", status);
    (void)sim_store_create(&sim->store, SIM_PODS, &t, root);
    kg_tree_finish(&t);
}
