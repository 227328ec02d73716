/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include <stdio.h>

#include "body.h"
#include "kinds.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "lists.h"
#include "managed.h"
#include "selector.h"
#include "status.h"
#include "version.h"

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

/* What a client creates is its own. */
static void own_all(struct sim_call *c, struct kg_tree *t, struct kg_node *root)
{
    struct kg_node *metadata = kg_node_get(root, "metadata");
    char *manager = sim_manager_of(c);

    kg_node_drop(metadata, "managedFields");
    sim_managed_put(c, t, metadata, kg_str_from(manager), "Update",
                    sim_managed_set(t, root));
    kg_free(manager);
}

void sim_create_object(struct sim_call *c, struct kg_tree *t,
                       struct kg_node *root)
{
    struct kg_node *metadata = sim_member(t, root, "metadata", KG_OBJECT);

    if (!take_name(c, t, metadata) ||
        !sim_namespace_is_open(c, kg_node_str(kg_node_get(metadata, "name")))) {
        return;
    }
    if (!c->applies) {
        own_all(c, t, root);
    }
    stamp(c->sim, t, metadata);
    sim_kind_default(c->sim, c->kind, t, root);
    sim_kind_prepare(c->sim, c->kind, t, root);
    if (is_valid(c, root, NULL)) {
        store_new(c, t, root);
    }
}

static bool is_bad_dry_run(struct sim_call *c)
{
    char *text = sim_query(c->req->query, "dryRun");
    bool bad = text != NULL && text[0] != '\0' && strcmp(text, "All") != 0;
    struct sim_causes causes = {.n = 0};

    if (bad) {
        sim_cause(&causes, "FieldValueNotSupported", "dryRun",
                  "Unsupported value: []string{\"%s\"}: supported values: "
                  "\"All\"",
                  text);
        sim_invalid(c, "CreateOptions.meta.k8s.io", kg_str_of("", 0), &causes);
    }
    kg_free(text);
    return bad;
}

void sim_create(struct sim_call *c)
{
    struct kg_tree t;

    if (is_bad_dry_run(c) || !sim_body_object(c, &t)) {
        return;
    }
    if (kg_node_path(t.root, "metadata.resourceVersion") != NULL) {
        sim_fail(c, 500, NULL, NULL,
                 "resourceVersion should not be set on objects to be created");
        kg_tree_finish(&t);
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

/* Who owns what is the server's to say. */
static void keep_managed(struct kg_tree *t, struct kg_node *root,
                         const struct kg_node *old)
{
    const struct kg_node *was = kg_node_path(old, "metadata.managedFields");
    struct kg_node *metadata = kg_node_get(root, "metadata");

    kg_node_drop(metadata, "managedFields");
    if (was != NULL) {
        sim_put(t, metadata, "managedFields", sim_copy(t, was));
    }
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

    if (!sim_is_dry_run(c) && sim_store_update(o, t, root)) {
        sim_show(c, 200, NULL, o->now);
        return;
    }
    /* Nothing was stored, or its last finalizer went, and it with it. */
    shown = sim_version_dry(t, root);
    sim_show(c, 200, NULL, shown);
    sim_version_release(shown);
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
    if (!c->applies) {
        keep_managed(t, root, old.root);
    }
    sim_kind_default(c->sim, c->kind, t, root);
    sim_kind_prepare_change(c->sim, c->kind, t, root, old.root,
                            kg_str_is(c->sub, "status"));
    if (!c->applies) {
        sim_managed_update(c, t, root, old.root);
    }
    if (is_valid(c, root, old.root)) {
        store_changed(c, o, t, root);
    }
    kg_tree_finish(&old);
}

/* False: the uid is another's; answered. */
static bool is_same_uid(struct sim_call *c, const struct sim_object *o,
                        const struct kg_node *metadata)
{
    struct kg_str uid = kg_node_str(kg_node_get(metadata, "uid"));
    const struct sim_kind *k = c->kind;
    bool grouped = c->sim->config.modern && k->group[0] != '\0';
    char why[600];

    if (uid.len == 0 || kg_str_eq(uid, o->now->uid)) {
        return true;
    }
    (void)snprintf(why, sizeof(why),
                   "StorageError: invalid object, Code: 4, Key: "
                   "/registry/%s%s%s/%.*s/%.*s, ResourceVersion: 0, "
                   "AdditionalErrorMsg: Precondition failed: UID in "
                   "precondition: %.*s, UID in object meta: %.*s",
                   grouped ? k->group : "", grouped ? "/" : "", k->plural,
                   KG_STR_ARG(c->ns), KG_STR_ARG(c->name), KG_STR_ARG(uid),
                   KG_STR_ARG(o->now->uid));
    sim_conflict(c, NULL, why);
    return false;
}

/* 1.20 takes no blind update of a Lease. */
static bool is_blind(struct sim_call *c, const struct kg_node *metadata)
{
    struct sim_causes causes = {.n = 0};

    if (c->kind->id != SIM_LEASES || c->sim->config.modern ||
        kg_node_str(kg_node_get(metadata, "resourceVersion")).len > 0) {
        return false;
    }
    sim_cause(&causes, "FieldValueInvalid", "metadata.resourceVersion",
              "Invalid value: 0x0: must be specified for an update");
    sim_invalid(c, "leases.coordination.k8s.io", c->name, &causes);
    return true;
}

void sim_update(struct sim_call *c)
{
    struct sim_object *o;
    struct kg_node *metadata;
    struct kg_tree t;

    if (is_bad_dry_run(c) || !sim_body_object(c, &t)) {
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
    } else if (is_same_uid(c, o, metadata) && !is_blind(c, metadata)) {
        if (c->kind->namespaced) {
            sim_put_str(&t, metadata, "namespace", c->ns);
        }
        sim_replace_object(c, o, &t, t.root);
    }
    kg_tree_finish(&t);
}
