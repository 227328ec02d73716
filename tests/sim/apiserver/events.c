/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <stdio.h>

#include "json.h"
#include "kubeglean/heap.h"
#include "notes.h"

struct kg_str sim_refusal(const struct kg_node *job)
{
    struct kg_str own = sim_note(job, "refused");

    return own.ptr != NULL
               ? own
               : sim_note(kg_node_path(job, "spec.template"), "refused");
}

static void put_event(struct kg_tree *t, struct kg_node *items,
                      const struct sim_object *job, struct kg_str refusal)
{
    struct kg_node *event = sim_object(t);
    struct kg_node *of = sim_object(t);
    char message[600];

    (void)snprintf(message, sizeof(message),
                   "Error creating: pods \"%.*s-x7k2p\" is forbidden: %.*s",
                   KG_STR_ARG(job->now->name), KG_STR_ARG(refusal));
    sim_put_text(t, of, "kind", "Job");
    sim_put_str(t, of, "namespace", job->now->ns);
    sim_put_str(t, of, "name", job->now->name);
    sim_put_str(t, of, "uid", job->now->uid);
    sim_put(t, event, "involvedObject", of);
    sim_put_text(t, event, "type", "Warning");
    sim_put_text(t, event, "reason", "FailedCreate");
    sim_put_text(t, event, "message", message);
    sim_add(items, event);
}

/* Of the selectors that a real server takes, an object's uid counts. */
static bool is_selected(const struct sim_call *c, const struct sim_object *job)
{
    char *selector = sim_query(c->req->query, "fieldSelector");
    bool yes = selector == NULL ||
               kg_str_find(kg_str_from(selector), job->now->uid) >= 0;

    kg_free(selector);
    return yes;
}

static void tell_job(const struct sim_call *c, struct kg_tree *t,
                     struct kg_node *items, const struct sim_object *job)
{
    struct kg_tree of_job;
    struct kg_str refusal;

    sim_store_open(job, &of_job);
    refusal = sim_refusal(of_job.root);
    if (refusal.ptr != NULL && is_selected(c, job)) {
        put_event(t, items, job, refusal);
    }
    kg_tree_finish(&of_job);
}

void sim_events_list(struct sim_call *c, struct kg_str ns)
{
    const struct sim_resource *jobs = &c->sim->store.resources[SIM_JOBS];
    struct kg_node *root;
    struct kg_node *items;
    struct kg_buf b;
    struct kg_tree t;

    kg_tree_init(&t, SIM_BODY_MAX);
    kg_buf_init(&b, SIM_BODY_MAX);
    root = sim_object(&t);
    items = sim_array(&t);
    sim_put_text(&t, root, "kind", "EventList");
    sim_put_text(&t, root, "apiVersion", "v1");
    sim_put(&t, root, "items", items);
    for (size_t i = 0; i < jobs->n_objects; i++) {
        if (kg_str_eq(jobs->objects[i]->now->ns, ns)) {
            tell_job(c, &t, items, jobs->objects[i]);
        }
    }
    sim_require(kg_node_json(root, &b));
    sim_answer(c->conn, 200, "application/json", NULL, kg_buf_str(&b));
    kg_buf_finish(&b);
    kg_tree_finish(&t);
}
