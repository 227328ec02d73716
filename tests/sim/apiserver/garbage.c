/* SPDX-License-Identifier: MIT */
#include "garbage.h"

#include "jobs.h"
#include "verbs.h"

static bool has_finalizer(const struct kg_node *root, const char *name)
{
    const struct kg_node *list = kg_node_path(root, "metadata.finalizers");

    for (const struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = n->next) {
        if (kg_str_is(n->text, name)) {
            return true;
        }
    }
    return false;
}

static void drop_finalizer(struct sim_object *o, struct kg_tree *t,
                           const char *name)
{
    struct kg_node *metadata = kg_node_get(t->root, "metadata");
    struct kg_node *old = kg_node_get(metadata, "finalizers");
    struct kg_node *list = sim_array(t);

    for (const struct kg_node *n = old->child; n != NULL; n = n->next) {
        if (!kg_str_is(n->text, name)) {
            sim_add(list, sim_copy(t, n));
        }
    }
    kg_node_drop(metadata, "finalizers");
    if (list->n_children > 0) {
        sim_put(t, metadata, "finalizers", list);
    }
    (void)sim_store_update(o, t, t->root);
}

static void set_free(struct sim_object *child)
{
    struct kg_node *metadata;
    struct kg_tree t;

    sim_store_open(child, &t);
    metadata = kg_node_get(t.root, "metadata");
    kg_node_drop(metadata, "ownerReferences");
    (void)sim_store_update(child, &t, t.root);
    kg_tree_finish(&t);
}

static void orphan(struct sim_object *o, struct kg_tree *t)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&o->children)) != NULL) {
        set_free(KG_CONTAINER_OF(node, struct sim_object, siblings));
    }
    drop_finalizer(o, t, "orphan");
}

static void foreground(struct sim *sim, struct sim_object *o, struct kg_tree *t)
{
    struct kg_queue *node = o->children.next;

    if (kg_queue_empty(&o->children)) {
        drop_finalizer(o, t, "foregroundDeletion");
        return;
    }
    while (node != &o->children) {
        struct sim_object *child =
            KG_CONTAINER_OF(node, struct sim_object, siblings);

        node = node->next;
        if (!child->leaving) {
            (void)sim_delete_object(sim, child, SIM_BACKGROUND, -1);
        }
    }
}

/* --- namespaces --------------------------------------------------------------- */

/* Deletes what is in the namespace; true when nothing is left. */
static bool empty_out(struct sim *sim, struct sim_resource *r, struct kg_str ns)
{
    size_t i = sim_store_seek(r, ns, kg_str_of("", 0));
    bool empty = true;

    while (i < r->n_objects && kg_str_eq(r->objects[i]->now->ns, ns)) {
        struct sim_object *o = r->objects[i];

        if (o->leaving || sim_delete_object(sim, o, SIM_BACKGROUND, -1)) {
            i++;
            empty = false;
        }
    }
    return empty;
}

static void end_namespace(struct sim *sim, struct sim_object *o,
                          struct kg_tree *t)
{
    static const enum sim_resource_id order[] = {SIM_CRONJOBS, SIM_JOBS,
                                                 SIM_PODS, SIM_LEASES};
    struct kg_str name = o->now->name;
    bool empty = true;

    if (!kg_str_is(o->now->phase, "Terminating")) {
        sim_put_text(t, kg_node_get(t->root, "status"), "phase", "Terminating");
        (void)sim_store_update(o, t, t->root);
        return; /* Looks again for the change. */
    }
    for (size_t i = 0; i < KG_COUNT_OF(order); i++) {
        empty = empty_out(sim, &sim->store.resources[order[i]], name) && empty;
    }
    if (empty) {
        kg_node_drop(kg_node_get(t->root, "spec"), "finalizers");
        (void)sim_store_update(o, t, t->root);
    }
}

void sim_garbage_in(struct sim *sim, struct kg_str ns)
{
    struct sim_object *o =
        ns.len > 0
            ? sim_store_find(&sim->store, SIM_NAMESPACES, kg_str_of("", 0), ns)
            : NULL;

    if (o != NULL && o->leaving) {
        sim_store_look(o);
    }
}

/* A Pod whose Job is gone, or goes with it, is counted by nobody any more. */
static bool is_uncounted(const struct sim_object *pod)
{
    return pod->owner == NULL || (pod->owner->leaving && pod->leaving);
}

static void untrack(struct sim_object *o)
{
    struct kg_tree t;

    sim_store_open(o, &t);
    if (has_finalizer(t.root, SIM_TRACKING)) {
        drop_finalizer(o, &t, SIM_TRACKING);
    }
    kg_tree_finish(&t);
}

bool sim_garbage_look(struct sim *sim, struct sim_object *o)
{
    struct kg_tree t;

    if (o->resource->id == SIM_PODS && is_uncounted(o)) {
        untrack(o);
    }
    if (!o->leaving) {
        return o->owned && o->owner == NULL &&
               !sim_delete_object(sim, o, SIM_BACKGROUND, -1);
    }
    sim_store_open(o, &t);
    if (o->resource->id == SIM_NAMESPACES) {
        end_namespace(sim, o, &t);
    } else if (has_finalizer(t.root, "orphan")) {
        orphan(o, &t);
    } else if (has_finalizer(t.root, "foregroundDeletion")) {
        foreground(sim, o, &t);
    }
    kg_tree_finish(&t);
    return o->resource->id != SIM_PODS;
}
