/* SPDX-License-Identifier: MIT */
#include "managed.h"

#include <stdio.h>

#include "fieldset.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

enum { PATH_LEN = 300 };

char *sim_manager_of(const struct sim_call *c)
{
    char *said = sim_query(c->req->query, "fieldManager");
    struct kg_str agent = c->req->agent;

    if (said != NULL && said[0] != '\0') {
        return said;
    }
    kg_free(said);
    agent = kg_str_cut(&agent, '/');
    return sim_cstr(agent.len > 0 ? agent : KG_STR("unknown"));
}

/* --- sets of objects ------------------------------------------------------------- */

/* What can be owned of an object: some of its metadata, all of its spec. */
static struct kg_node *ownable(struct kg_tree *t, const struct kg_node *object)
{
    static const char *const names[] = {"labels", "annotations",
                                        "ownerReferences"};
    const struct kg_node *metadata = kg_node_get(object, "metadata");
    const struct kg_node *spec = kg_node_get(object, "spec");
    struct kg_node *part = sim_object(t);
    struct kg_node *own = sim_object(t);

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        const struct kg_node *n = kg_node_get(metadata, names[i]);

        if (n != NULL) {
            sim_put(t, own, names[i], sim_copy(t, n));
        }
    }
    if (own->n_children > 0) {
        sim_put(t, part, "metadata", own);
    }
    if (spec != NULL) {
        sim_put(t, part, "spec", sim_copy(t, spec));
    }
    return part;
}

struct kg_node *sim_managed_set(struct kg_tree *t, const struct kg_node *object)
{
    return sim_set_of(t, ownable(t, object), kg_str_of("", 0));
}

/* --- entries ----------------------------------------------------------------------- */

static bool is_entry(const struct kg_node *entry, struct kg_str manager,
                     const char *operation)
{
    return kg_str_eq(kg_node_str(kg_node_get(entry, "manager")), manager) &&
           kg_str_is(kg_node_str(kg_node_get(entry, "operation")), operation);
}

struct kg_node *sim_managed_find(const struct kg_node *metadata,
                                 struct kg_str manager, const char *operation)
{
    const struct kg_node *list = kg_node_get(metadata, "managedFields");

    for (struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = n->next) {
        if (is_entry(n, manager, operation)) {
            return n;
        }
    }
    return NULL;
}

static void new_entry(struct sim_call *c, struct kg_tree *t,
                      struct kg_node *list, struct kg_str manager,
                      const char *operation, struct kg_node *set)
{
    struct kg_node *entry = sim_object(t);
    char version[64];

    sim_put_str(t, entry, "manager", manager);
    sim_put_text(t, entry, "operation", operation);
    sim_put_text(t, entry, "apiVersion",
                 sim_api_version(c->kind, c->version, version));
    sim_put_time(t, entry, "time", kg_clock_now_us());
    sim_put_text(t, entry, "fieldsType", "FieldsV1");
    sim_put(t, entry, "fieldsV1", set);
    sim_add(list, entry);
}

void sim_managed_put(struct sim_call *c, struct kg_tree *t,
                     struct kg_node *metadata, struct kg_str manager,
                     const char *operation, struct kg_node *set)
{
    struct kg_node *list = sim_member(t, metadata, "managedFields", KG_ARRAY);
    struct kg_node *entry = sim_managed_find(metadata, manager, operation);

    if (set->n_children == 0) {
        if (entry != NULL) {
            sim_list_drop(list, entry);
        }
    } else if (entry == NULL) {
        new_entry(c, t, list, manager, operation, set);
    } else if (!sim_same(kg_node_get(entry, "fieldsV1"), set)) {
        sim_put(t, entry, "fieldsV1", set);
        sim_put_time(t, entry, "time", kg_clock_now_us());
    }
    if (list->n_children == 0) {
        kg_node_drop(metadata, "managedFields");
    }
}

/* Entries that own nothing any more. */
static void sweep(struct kg_node *metadata)
{
    struct kg_node *list = kg_node_get(metadata, "managedFields");
    struct kg_node *next;

    for (struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = next) {
        const struct kg_node *set = kg_node_get(n, "fieldsV1");

        next = n->next;
        if (set == NULL || set->n_children == 0) {
            sim_list_drop(list, n);
        }
    }
}

void sim_managed_update(struct sim_call *c, struct kg_tree *t,
                        struct kg_node *root, const struct kg_node *old)
{
    struct kg_node *metadata = kg_node_get(root, "metadata");
    struct kg_node *now = ownable(t, root);
    struct kg_node *changed =
        sim_set_changed(t, now, ownable(t, old), kg_str_of("", 0));
    struct kg_node *list = kg_node_get(metadata, "managedFields");
    const struct kg_node *entry;
    struct kg_node *mine;
    char *manager;

    if (changed == NULL) {
        return;
    }
    for (struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = n->next) {
        struct kg_node *set = kg_node_get(n, "fieldsV1");

        sim_set_subtract(set, changed);
        sim_set_fit(set, now);
    }
    manager = sim_manager_of(c);
    entry = sim_managed_find(metadata, kg_str_from(manager), "Update");
    mine = sim_object(t);
    if (entry != NULL) {
        sim_set_add(t, mine, kg_node_get(entry, "fieldsV1"));
    }
    sim_set_add(t, mine, changed);
    sim_managed_put(c, t, metadata, kg_str_from(manager), "Update", mine);
    sweep(metadata);
    kg_free(manager);
}

/* --- conflicts ----------------------------------------------------------------------- */

/* One walk through two sets and two values at a time. */
struct clash {
    const struct kg_node *entry; /* Whose `theirs` is. */
    struct sim_causes *causes;   /* NULL: take it from them. */
};

static void tell_clash(const struct clash *c, const char *path)
{
    struct kg_str manager = kg_node_str(kg_node_get(c->entry, "manager"));
    struct kg_str version = kg_node_str(kg_node_get(c->entry, "apiVersion"));

    if (kg_str_is(kg_node_str(kg_node_get(c->entry, "operation")), "Apply")) {
        sim_cause(c->causes, "FieldManagerConflict", path,
                  "conflict with \"%.*s\"", KG_STR_ARG(manager));
    } else {
        sim_cause(c->causes, "FieldManagerConflict", path,
                  "conflict with \"%.*s\" using %.*s", KG_STR_ARG(manager),
                  KG_STR_ARG(version));
    }
}

static void clash_in(const struct clash *c, const struct kg_node *mine,
                     struct kg_node *theirs, const struct kg_node *live,
                     const struct kg_node *config, const char *path)
{
    struct kg_node *next;

    for (struct kg_node *n = theirs->child; n != NULL; n = next) {
        const struct kg_node *own = kg_node_get(mine, n->name.ptr);
        const struct kg_node *a = sim_set_step(live, n);
        const struct kg_node *b = sim_set_step(config, n);
        char inner[PATH_LEN];

        next = n->next;
        if (own == NULL || kg_str_is(n->name, ".")) {
            continue;
        }
        (void)snprintf(inner, sizeof(inner), "%s", path);
        sim_set_show(n, inner, sizeof(inner));
        if (own->n_children > 0 && n->n_children > 0) {
            clash_in(c, own, n, a, b, inner);
            if (n->n_children == 0) {
                kg_node_drop(theirs, n->name.ptr);
            }
        } else if (!sim_same(a, b) && c->causes != NULL) {
            tell_clash(c, inner);
        } else if (!sim_same(a, b)) {
            kg_node_drop(theirs, n->name.ptr);
        }
    }
}

static void clash_all(const struct kg_node *metadata, struct kg_str manager,
                      const struct kg_node *mine, const struct kg_node *live,
                      const struct kg_node *config, struct sim_causes *causes)
{
    const struct kg_node *list = kg_node_get(metadata, "managedFields");

    for (const struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = n->next) {
        struct clash c = {n, causes};

        if (!is_entry(n, manager, "Apply")) {
            clash_in(&c, mine, kg_node_get(n, "fieldsV1"), live, config, "");
        }
    }
}

void sim_managed_conflicts(const struct kg_node *metadata,
                           struct kg_str manager, const struct kg_node *mine,
                           const struct kg_node *live,
                           const struct kg_node *config,
                           struct sim_causes *causes)
{
    clash_all(metadata, manager, mine, live, config, causes);
}

void sim_managed_force(struct kg_node *metadata, struct kg_str manager,
                       const struct kg_node *mine, const struct kg_node *live,
                       const struct kg_node *config)
{
    clash_all(metadata, manager, mine, live, config, NULL);
    sweep(metadata);
}

/* --- merging --------------------------------------------------------------------------- */

struct others {
    const struct kg_node *sets[SIM_SETS_MAX];
    size_t n;
};

static struct others step_all(const struct others *o,
                              const struct kg_node *name)
{
    struct others inner = {.n = 0};

    for (size_t i = 0; i < o->n; i++) {
        const struct kg_node *n = kg_node_get(o->sets[i], name->name.ptr);

        if (n != NULL) {
            inner.sets[inner.n++] = n;
        }
    }
    return inner;
}

static void drop_value(struct kg_node *live, const struct kg_node *name,
                       const struct kg_node *value)
{
    if (live->kind == KG_ARRAY) {
        sim_list_drop(live, value);
    } else {
        kg_node_drop(live, name->name.ptr + 2);
    }
}

static void remove_in(struct kg_node *live, const struct kg_node *old_set,
                      const struct kg_node *mine, const struct others *o)
{
    for (const struct kg_node *n = old_set->child; n != NULL; n = n->next) {
        const struct kg_node *own = kg_node_get(mine, n->name.ptr);
        struct kg_node *value = sim_set_step(live, n);
        struct others inner = step_all(o, n);

        if (value == NULL || kg_str_is(n->name, ".")) {
            continue;
        }
        remove_in(value, n, own, &inner);
        if (own == NULL && inner.n == 0 &&
            (n->n_children == 0 || live->kind == KG_ARRAY ||
             value->n_children == 0)) {
            drop_value(live, n, value);
        }
    }
}

void sim_managed_remove(struct kg_node *live, const struct kg_node *metadata,
                        struct kg_str manager, const struct kg_node *old_set,
                        const struct kg_node *mine)
{
    const struct kg_node *list = kg_node_get(metadata, "managedFields");
    struct others o = {.n = 0};

    for (const struct kg_node *n = list != NULL ? list->child : NULL;
         n != NULL && o.n < SIM_SETS_MAX; n = n->next) {
        if (!is_entry(n, manager, "Apply")) {
            o.sets[o.n++] = kg_node_get(n, "fieldsV1");
        }
    }
    remove_in(live, old_set, mine, &o);
}

static void merge_list(struct kg_tree *t, struct kg_node *live,
                       const struct kg_node *config, const char *key)
{
    for (const struct kg_node *n = config->child; n != NULL; n = n->next) {
        struct kg_node *own = sim_list_find(live, key, n);

        if (own != NULL) {
            sim_managed_merge(t, own, n);
        } else {
            sim_add(live, sim_copy(t, n));
        }
    }
}

void sim_managed_merge(struct kg_tree *t, struct kg_node *live,
                       const struct kg_node *config)
{
    for (const struct kg_node *n = config->child; n != NULL; n = n->next) {
        struct kg_node *own = kg_node_get(live, n->name.ptr);
        const char *key = sim_list_key(n->name);

        if (n->kind == KG_OBJECT) {
            sim_managed_merge(t, sim_member(t, live, n->name.ptr, KG_OBJECT),
                              n);
        } else if (n->kind == KG_ARRAY && key != NULL && own != NULL &&
                   own->kind == KG_ARRAY) {
            merge_list(t, own, n, key);
        } else {
            sim_put(t, live, n->name.ptr, sim_copy(t, n));
        }
    }
}
