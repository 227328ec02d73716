/* SPDX-License-Identifier: MIT */
#include "fieldset.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 600 };

const char *sim_list_key(struct kg_str name)
{
    static const char *const keys[][2] = {
        {"containers", "name"},
        {"initContainers", "name"},
        {"env", "name"},
        {"volumes", "name"},
        {"imagePullSecrets", "name"},
        {"volumeMounts", "mountPath"},
        {"ports", "containerPort"},
        {"ownerReferences", "uid"},
    };

    for (size_t i = 0; i < KG_COUNT_OF(keys); i++) {
        if (kg_str_is(name, keys[i][0])) {
            return keys[i][1];
        }
    }
    return NULL;
}

struct kg_node *sim_list_find(const struct kg_node *list, const char *key,
                              const struct kg_node *like)
{
    struct kg_node *wanted = kg_node_get(like, key);

    for (struct kg_node *n = list->child; wanted != NULL && n != NULL;
         n = n->next) {
        const struct kg_node *own = kg_node_get(n, key);

        if (own != NULL && kg_str_eq(own->text, wanted->text)) {
            return n;
        }
    }
    return NULL;
}

void sim_list_drop(struct kg_node *list, const struct kg_node *element)
{
    struct kg_node *before = NULL;

    for (struct kg_node *n = list->child; n != NULL; before = n, n = n->next) {
        if (n != element) {
            continue;
        }
        if (before != NULL) {
            before->next = n->next;
        } else {
            list->child = n->next;
        }
        if (list->last == n) {
            list->last = before;
        }
        list->n_children--;
        return;
    }
}

/* `k:{"name":"main"}`; false when the element has no such key. */
static bool element_name(const struct kg_node *element, const char *key,
                         char name[NAME_MAX_LEN])
{
    const struct kg_node *value = kg_node_get(element, key);
    const char *quote;

    if (value == NULL) {
        return false;
    }
    quote = value->kind == KG_STRING ? "\"" : "";
    (void)snprintf(name, NAME_MAX_LEN, "k:{\"%s\":%s%.*s%s}", key, quote,
                   KG_STR_ARG(value->text), quote);
    return true;
}

static bool is_keyed(const struct kg_node *list, struct kg_str name)
{
    const char *key = sim_list_key(name);

    for (const struct kg_node *n = list->child; n != NULL; n = n->next) {
        if (key == NULL || kg_node_get(n, key) == NULL) {
            return false;
        }
    }
    return key != NULL;
}

static void put_member(struct kg_tree *t, struct kg_node *set,
                       struct kg_str name, struct kg_node *inner)
{
    char text[NAME_MAX_LEN];

    (void)snprintf(text, sizeof(text), "f:%.*s", KG_STR_ARG(name));
    sim_put(t, set, text, inner);
}

struct kg_node *sim_set_of(struct kg_tree *t, const struct kg_node *value,
                           struct kg_str name)
{
    return sim_set_changed(t, value, NULL, name);
}

static void change_of_element(struct kg_tree *t, struct kg_node *set,
                              const struct kg_node *element,
                              const struct kg_node *old, const char *key)
{
    struct kg_node *inner = sim_set_changed(t, element, old, kg_str_of("", 0));
    char name[NAME_MAX_LEN];

    if (inner == NULL || !element_name(element, key, name)) {
        return;
    }
    if (old == NULL) {
        sim_put(t, inner, ".", sim_object(t));
    }
    sim_put(t, set, name, inner);
}

struct kg_node *sim_set_changed(struct kg_tree *t, const struct kg_node *value,
                                const struct kg_node *old, struct kg_str name)
{
    struct kg_node *set;

    if (old != NULL && sim_same(value, old)) {
        return NULL;
    }
    set = sim_object(t);
    if (value->kind == KG_OBJECT) {
        for (const struct kg_node *n = value->child; n != NULL; n = n->next) {
            struct kg_node *inner =
                sim_set_changed(t, n, kg_node_get(old, n->name.ptr), n->name);

            if (inner != NULL) {
                put_member(t, set, n->name, inner);
            }
        }
    } else if (value->kind == KG_ARRAY && is_keyed(value, name)) {
        const char *key = sim_list_key(name);

        for (const struct kg_node *n = value->child; n != NULL; n = n->next) {
            change_of_element(t, set, n,
                              old != NULL ? sim_list_find(old, key, n) : NULL,
                              key);
        }
    }
    return set;
}

struct kg_node *sim_set_step(const struct kg_node *value,
                             const struct kg_node *name)
{
    static const char *const keys[] = {"name", "mountPath", "containerPort",
                                       "uid"};
    char own[NAME_MAX_LEN];

    if (value == NULL) {
        return NULL;
    }
    if (kg_str_starts(name->name, KG_STR("f:"))) {
        return kg_node_get(value, name->name.ptr + 2);
    }
    for (struct kg_node *n = value->child; n != NULL; n = n->next) {
        for (size_t i = 0; i < KG_COUNT_OF(keys); i++) {
            if (element_name(n, keys[i], own) && kg_str_is(name->name, own)) {
                return n;
            }
        }
    }
    return NULL;
}

void sim_set_show(const struct kg_node *name, char *path, size_t max)
{
    size_t len = strlen(path);
    struct kg_str rest = name->name;
    struct kg_str key;

    if (kg_str_starts(rest, KG_STR("f:"))) {
        (void)snprintf(path + len, max - len, ".%s", rest.ptr + 2);
        return;
    }
    rest = kg_str_of(rest.ptr + 4, rest.len - 5); /* `name":"main"` */
    key = kg_str_cut(&rest, '"');
    (void)snprintf(path + len, max - len, "[%.*s=%.*s]", KG_STR_ARG(key),
                   (int)rest.len - 1, rest.ptr + 1);
}

void sim_set_add(struct kg_tree *t, struct kg_node *set,
                 const struct kg_node *more)
{
    for (const struct kg_node *n = more->child; n != NULL; n = n->next) {
        sim_set_add(t, sim_member(t, set, n->name.ptr, KG_OBJECT), n);
    }
}

void sim_set_subtract(struct kg_node *set, const struct kg_node *less)
{
    struct kg_node *next;

    for (struct kg_node *n = set->child; n != NULL; n = next) {
        const struct kg_node *other = kg_node_get(less, n->name.ptr);

        next = n->next;
        if (other == NULL) {
            continue;
        }
        if (n->n_children > 0 && other->n_children > 0) {
            sim_set_subtract(n, other);
        }
        if (n->n_children == 0 || other->n_children == 0) {
            kg_node_drop(set, n->name.ptr);
        }
    }
}

void sim_set_fit(struct kg_node *set, const struct kg_node *value)
{
    struct kg_node *next;

    for (struct kg_node *n = set->child; n != NULL; n = next) {
        const struct kg_node *inner = sim_set_step(value, n);

        next = n->next;
        if (kg_str_is(n->name, ".")) {
            continue;
        }
        if (inner != NULL && n->n_children > 0) {
            sim_set_fit(n, inner);
            inner = n->n_children > 0 ? inner : NULL;
        }
        if (inner == NULL) {
            kg_node_drop(set, n->name.ptr);
        }
    }
}
