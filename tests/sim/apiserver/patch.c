/* SPDX-License-Identifier: MIT */
#include "patch.h"

#include "apply.h"
#include "body.h"
#include "jsonpatch.h"
#include "schema.h"
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

    if (!sim_body_parse(c, &patch)) {
        return;
    }
    sim_store_open(o, &t);
    sim_merge(&t, t.root, patch.root);
    sim_schema_prune(c->sim, c->kind, t.root);
    sim_replace_object(c, o, &t, t.root);
    kg_tree_finish(&t);
    kg_tree_finish(&patch);
}

static void operate(struct sim_call *c, struct sim_object *o)
{
    struct kg_tree patch;
    struct kg_error e;
    struct kg_tree t;

    if (!sim_body_parse(c, &patch)) {
        return;
    }
    sim_store_open(o, &t);
    if (sim_json_patch(&t, patch.root, &e) == KG_OK) {
        sim_replace_object(c, o, &t, t.root);
    } else {
        sim_fail(c, 422, "Invalid", NULL, "%s", e.text);
    }
    kg_tree_finish(&t);
    kg_tree_finish(&patch);
}

void sim_patch(struct sim_call *c)
{
    static const struct {
        const char *type;
        void (*act)(struct sim_call *c, struct sim_object *o);
    } kinds[] = {
        {"application/merge-patch+json", merge},
        {"application/strategic-merge-patch+json", merge},
        {"application/json-patch+json", operate},
    };
    struct sim_object *o;

    if (kg_str_is(c->req->type, "application/apply-patch+yaml")) {
        sim_apply(c);
        return;
    }
    for (size_t i = 0; i < KG_COUNT_OF(kinds); i++) {
        if (kg_str_is(c->req->type, kinds[i].type)) {
            o = sim_call_object(c);
            if (o != NULL) {
                kinds[i].act(c, o);
            }
            return;
        }
    }
    sim_fail(c, 415, "UnsupportedMediaType", NULL,
             "the body of the request was in an unknown format - accepted "
             "media types include: application/json-patch+json, "
             "application/merge-patch+json, "
             "application/strategic-merge-patch+json, "
             "application/apply-patch+yaml");
}
