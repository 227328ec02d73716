/* SPDX-License-Identifier: MIT */
#include "apply.h"

#include <stdio.h>

#include "body.h"
#include "kubeglean/heap.h"
#include "managed.h"
#include "schema.h"
#include "status.h"
#include "verbs.h"

/* --- refusals ---------------------------------------------------------------------- */

static void no_manager(struct sim_call *c)
{
    struct sim_causes causes = {.n = 0};

    sim_cause(&causes, "FieldValueRequired", "fieldManager",
              "Required value: is required for apply patch");
    sim_invalid(c, "PatchOptions.meta.k8s.io", kg_str_of("", 0), &causes);
}

/* Grouped by manager, as they come. */
static void put_conflicts(struct kg_buf *b, const struct sim_causes *all)
{
    const char *last = "";

    if (all->n == 1) {
        sim_require(kg_buf_addf(b, "%s: %s", all->items[0].message,
                                all->items[0].field));
        return;
    }
    for (size_t i = 0; i < all->n; i++) {
        const struct sim_cause *one = &all->items[i];

        if (strcmp(one->message, last) != 0) {
            sim_require(kg_buf_addf(b, "%sconflicts%s:", i > 0 ? "\n" : "",
                                    one->message + strlen("conflict")));
            last = one->message;
        }
        sim_require(kg_buf_addf(b, "\n- %s", one->field));
    }
}

static void in_conflict(struct sim_call *c, const struct sim_causes *all)
{
    struct kg_buf message;
    struct kg_buf details;

    kg_buf_init(&message, SIM_BODY_MAX);
    kg_buf_init(&details, SIM_BODY_MAX);
    sim_require(kg_buf_addf(&message, "Apply failed with %zu conflict%s: ",
                            all->n, all->n > 1 ? "s" : ""));
    put_conflicts(&message, all);
    sim_require(kg_buf_adds(&details, "{"));
    sim_put_causes(&details, all);
    sim_require(kg_buf_adds(&details, "}"));
    sim_fail(c, 409, "Conflict", kg_buf_cstr(&details), "%s",
             kg_buf_cstr(&message));
    kg_buf_finish(&message);
    kg_buf_finish(&details);
}

struct finding {
    char path[SIM_MESSAGE_MAX]; /* Of the first one. */
    const char *what;
};

static void find(struct finding *f, const char *path, const char *what)
{
    if (f->path[0] == '\0') {
        (void)snprintf(f->path, sizeof(f->path), "%s", path);
        f->what = what;
    }
}

static void on_unknown(void *data, const char *path)
{
    find(data, path, "field not declared in schema");
}

static void on_mistyped(void *data, const char *path)
{
    find(data, path, "expected string, got &value.valueUnstructured{}");
}

/* True: a field is not in the schema, or of another type; answered. */
static bool is_untyped(struct sim_call *c, const struct kg_node *config)
{
    struct finding f = {.what = ""};
    struct sim_schema_report report = {on_unknown, on_mistyped, &f};
    char version[64];

    sim_schema_check(c->sim, c->kind, config, &report);
    if (f.path[0] == '\0') {
        return false;
    }
    if (c->sim->config.modern) {
        sim_fail(c, 500, NULL, NULL,
                 "failed to create typed patch object (/%.*s; %s, Kind=%s): "
                 ".%s: %s",
                 KG_STR_ARG(c->name),
                 sim_api_version(c->kind, c->version, version), c->kind->kind,
                 f.path, f.what);
    } else {
        sim_fail(c, 500, NULL, NULL,
                 "failed to create typed patch object: .%s: %s", f.path,
                 f.what);
    }
    return true;
}

static bool is_misnamed(struct sim_call *c, const struct kg_node *config)
{
    struct kg_str name = kg_node_str(kg_node_path(config, "metadata.name"));

    if (name.len == 0 || kg_str_eq(name, c->name)) {
        return false;
    }
    sim_bad_request(c,
                    "the name of the object (%.*s) does not match the name on "
                    "the URL (%.*s)",
                    KG_STR_ARG(name), KG_STR_ARG(c->name));
    return true;
}

/* --- doing it ----------------------------------------------------------------------- */

static void apply_new(struct sim_call *c, struct kg_tree *t,
                      struct kg_str manager)
{
    struct kg_node *metadata = sim_member(t, t->root, "metadata", KG_OBJECT);

    sim_put_str(t, metadata, "name", c->name);
    sim_managed_put(c, t, metadata, manager, "Apply",
                    sim_managed_set(t, t->root));
    sim_create_object(c, t, t->root);
}

/* False: conflicts, answered. */
static bool resolve(struct sim_call *c, struct kg_tree *live,
                    struct kg_str manager, const struct kg_node *mine,
                    const struct kg_node *config)
{
    struct kg_node *metadata = kg_node_get(live->root, "metadata");
    struct sim_causes *causes;
    bool good = true;

    if (sim_query_true(c->req->query, "force")) {
        sim_managed_force(metadata, manager, mine, live->root, config);
        return true;
    }
    causes = kg_calloc(1, sizeof(*causes));
    KG_REQUIRE(causes != NULL);
    sim_managed_conflicts(metadata, manager, mine, live->root, config, causes);
    if (causes->n > 0) {
        in_conflict(c, causes);
        good = false;
    }
    kg_free(causes);
    return good;
}

static void apply_to(struct sim_call *c, struct sim_object *o,
                     const struct kg_node *config, struct kg_str manager)
{
    struct kg_node *metadata;
    struct kg_node *mine;
    const struct kg_node *entry;
    struct kg_tree t;

    sim_store_open(o, &t);
    metadata = kg_node_get(t.root, "metadata");
    mine = sim_managed_set(&t, config);
    if (resolve(c, &t, manager, mine, config)) {
        entry = sim_managed_find(metadata, manager, "Apply");
        if (entry != NULL) {
            sim_managed_remove(t.root, metadata, manager,
                               kg_node_get(entry, "fieldsV1"), mine);
        }
        sim_managed_merge(&t, t.root, config);
        sim_managed_put(c, &t, metadata, manager, "Apply", mine);
        sim_replace_object(c, o, &t, t.root);
    }
    kg_tree_finish(&t);
}

void sim_apply(struct sim_call *c)
{
    char *manager = sim_query(c->req->query, "fieldManager");
    struct sim_object *o;
    struct kg_tree t;

    c->applies = true;
    if (manager == NULL || manager[0] == '\0') {
        no_manager(c);
    } else if (sim_body_parse(c, &t)) {
        o = sim_store_find(&c->sim->store, c->kind->id, c->ns, c->name);
        if (is_misnamed(c, t.root) || is_untyped(c, t.root)) {
            /* Answered. */
        } else if (o == NULL) {
            apply_new(c, &t, kg_str_from(manager));
        } else {
            apply_to(c, o, t.root, kg_str_from(manager));
        }
        kg_tree_finish(&t);
    }
    kg_free(manager);
}
