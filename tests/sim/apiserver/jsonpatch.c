/* SPDX-License-Identifier: MIT */
#include "jsonpatch.h"

#include <stdio.h>

#include "fieldset.h"

enum { TOKEN_MAX = 400 };

/* The last token of a pointer, and what it is looked for in. */
struct place {
    struct kg_node *parent;
    char token[TOKEN_MAX];
};

/* "~1" is a slash, "~0" a tilde. */
static void unescape(struct kg_str s, char token[TOKEN_MAX])
{
    size_t to = 0;

    for (size_t i = 0; i < s.len && to + 1 < TOKEN_MAX; i++) {
        char c = s.ptr[i];

        if (c == '~' && i + 1 < s.len) {
            c = s.ptr[++i] == '1' ? '/' : '~';
        }
        token[to++] = c;
    }
    token[to] = '\0';
}

static struct kg_node *step(const struct kg_node *value, const char *token)
{
    uint64_t index;
    struct kg_node *n;

    if (value->kind == KG_OBJECT) {
        return kg_node_get(value, token);
    }
    if (value->kind != KG_ARRAY || !kg_str_to_u64(kg_str_from(token), &index)) {
        return NULL;
    }
    for (n = value->child; n != NULL && index > 0; index--) {
        n = n->next;
    }
    return n;
}

static bool find(struct kg_node *root, struct kg_str pointer,
                 struct place *ret_place)
{
    struct kg_node *n = root;

    (void)kg_str_cut(&pointer, '/');
    while (n != NULL && pointer.ptr != NULL) {
        ret_place->parent = n;
        unescape(kg_str_cut(&pointer, '/'), ret_place->token);
        n = pointer.ptr != NULL ? step(n, ret_place->token) : n;
    }
    return n != NULL && ret_place->parent != NULL;
}

static void put_at(struct kg_tree *t, const struct place *p,
                   const struct kg_node *value)
{
    if (p->parent->kind == KG_OBJECT) {
        sim_put(t, p->parent, p->token, sim_copy(t, value));
    } else if (p->parent->kind == KG_ARRAY) {
        sim_add(p->parent, sim_copy(t, value));
    }
}

static void take_at(const struct place *p)
{
    if (p->parent->kind == KG_OBJECT) {
        kg_node_drop(p->parent, p->token);
    } else {
        sim_list_drop(p->parent, step(p->parent, p->token));
    }
}

static bool perform(struct kg_tree *t, struct kg_str op, const struct place *p,
                    const struct kg_node *value)
{
    const struct kg_node *there = step(p->parent, p->token);

    if (kg_str_is(op, "test")) {
        return value != NULL && there != NULL && sim_same(there, value);
    }
    if (kg_str_is(op, "remove")) {
        if (there != NULL) {
            take_at(p);
        }
        return there != NULL;
    }
    if (value == NULL || (!kg_str_is(op, "add") && !kg_str_is(op, "replace")) ||
        (kg_str_is(op, "replace") && there == NULL)) {
        return false;
    }
    put_at(t, p, value);
    return true;
}

enum kg_errc sim_json_patch(struct kg_tree *t, const struct kg_node *operations,
                            struct kg_error *e)
{
    for (const struct kg_node *n = operations->child; n != NULL; n = n->next) {
        struct kg_str op = kg_node_str(kg_node_get(n, "op"));
        struct kg_str path = kg_node_str(kg_node_get(n, "path"));
        struct place p = {NULL, ""};

        if (!find(t->root, path, &p) ||
            !perform(t, op, &p, kg_node_get(n, "value"))) {
            return kg_error_set(
                e, KG_EDATA, 0,
                "the server rejected our request due to an error in our "
                "request: %.*s %.*s",
                KG_STR_ARG(op), KG_STR_ARG(path));
        }
    }
    return KG_OK;
}
