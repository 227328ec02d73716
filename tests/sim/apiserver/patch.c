/* SPDX-License-Identifier: MIT */
#include "patch.h"

#include "kubeglean/heap.h"
#include "status.h"
#include "verbs.h"

void sim_merge(struct kg_tree *t, struct kg_node *target,
               const struct kg_node *patch)
{
    for (const struct kg_node *n = patch->child; n != NULL; n = n->next) {
        const char *name = n->name.ptr;

        if (n->kind == KG_NULL) {
            kg_node_drop(target, name);
        } else if (n->kind == KG_OBJECT) {
            sim_merge(t, sim_member(t, target, name, KG_OBJECT), n);
        } else {
            sim_put(t, target, name, sim_copy(t, n));
        }
    }
}

static void merge(struct sim_call *c, struct sim_object *o)
{
    struct kg_tree patch;
    struct kg_tree t;

    if (!sim_call_body(c, &patch)) {
        return;
    }
    sim_store_open(o, &t);
    sim_merge(&t, t.root, patch.root);
    sim_replace_object(c, o, &t, t.root);
    kg_tree_finish(&t);
    kg_tree_finish(&patch);
}

void sim_patch(struct sim_call *c)
{
    struct sim_object *o;

    if (kg_str_is(c->req->type, "application/merge-patch+json") ||
        kg_str_is(c->req->type, "application/strategic-merge-patch+json")) {
        o = sim_call_object(c);
        if (o != NULL) {
            merge(c, o);
        }
        return;
    }
    sim_fail(c, 415, "UnsupportedMediaType", NULL,
             "the body of the request was in an unknown format - accepted "
             "media types include: application/json-patch+json, "
             "application/merge-patch+json, "
             "application/strategic-merge-patch+json, "
             "application/apply-patch+yaml");
}
