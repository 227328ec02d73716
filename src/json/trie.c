/* SPDX-License-Identifier: MIT */
#include "kubeglean/heap.h"
#include "profile_def.h"

static enum kg_errc add_node(struct kg_trie *t, const struct kg_step *step,
                             uint16_t *ret_node)
{
    struct kg_trie_node *nodes;

    if (t->n_nodes == KG_NODE_NONE) {
        return KG_ELIMIT;
    }
    nodes = kg_realloc(t->nodes, (t->n_nodes + 1) * sizeof(*nodes));
    if (nodes == NULL) {
        return KG_ENOMEM;
    }
    t->nodes = nodes;
    nodes[t->n_nodes] = (struct kg_trie_node){.child = KG_NODE_NONE,
                                              .next = KG_NODE_NONE,
                                              .alike = KG_NODE_NONE,
                                              .members = KG_NODE_NONE,
                                              .action = KG_NODE_NONE};
    memset(nodes[t->n_nodes].named, 0xFF, sizeof(nodes->named)); /* None. */
    if (step != NULL) {
        nodes[t->n_nodes].step = *step;
    }
    *ret_node = (uint16_t)t->n_nodes++;
    return KG_OK;
}

static void add_child(struct kg_trie *t, uint16_t parent, uint16_t child)
{
    struct kg_trie_node *p = &t->nodes[parent];
    struct kg_trie_node *c = &t->nodes[child];
    uint16_t *named = &p->named[kg_name_sort(c->step.name)];

    c->next = p->child;
    p->child = child;
    if (c->step.kind == KG_STEP_NAME) {
        c->alike = *named;
        *named = child;
    } else if (c->step.kind == KG_STEP_MEMBERS) {
        p->members = child;
    }
    /* Which element it is can only be told by counting all. */
    p->whole = p->whole || c->step.kind == KG_STEP_INDEX;
}

static enum kg_errc find_or_add(struct kg_trie *t, uint16_t parent,
                                const struct kg_step *step, uint16_t *ret_node)
{
    uint16_t node = t->nodes[parent].child;
    enum kg_errc err;

    while (node != KG_NODE_NONE && !kg_step_eq(&t->nodes[node].step, step)) {
        node = t->nodes[node].next;
    }
    if (node != KG_NODE_NONE) {
        *ret_node = node;
        return KG_OK;
    }
    err = add_node(t, step, ret_node);
    if (err == KG_OK) {
        add_child(t, parent, *ret_node);
    }
    return err;
}

static enum kg_errc add_action(struct kg_trie *t, uint16_t node,
                               struct kg_action action)
{
    struct kg_action *actions;

    if (t->n_actions == KG_NODE_NONE) {
        return KG_ELIMIT;
    }
    actions = kg_realloc(t->actions, (t->n_actions + 1) * sizeof(*actions));
    if (actions == NULL) {
        return KG_ENOMEM;
    }
    t->actions = actions;
    action.node = node;
    actions[t->n_actions++] = action;
    t->nodes[node].whole = t->nodes[node].whole || action.kind == KG_ACT_RAW;
    return KG_OK;
}

/* By insertion: equal ones keep their order, and there are few. */
static void sort_actions(struct kg_trie *t)
{
    for (size_t i = 1; i < t->n_actions; i++) {
        struct kg_action action = t->actions[i];
        size_t at = i;

        for (; at > 0 && t->actions[at - 1].node > action.node; at--) {
            t->actions[at] = t->actions[at - 1];
        }
        t->actions[at] = action;
    }
}

void kg_trie_seal(struct kg_trie *t)
{
    sort_actions(t);
    for (size_t i = t->n_actions; i-- > 0;) {
        struct kg_trie_node *node = &t->nodes[t->actions[i].node];

        node->action = (uint16_t)i;
        node->n_actions++;
        node->as_text = node->whole && node->child == KG_NODE_NONE;
    }
}

enum kg_errc kg_trie_add(struct kg_trie *t, const struct kg_path *path,
                         size_t n_steps, struct kg_action action)
{
    uint16_t node = 0;
    enum kg_errc err = t->n_nodes > 0 ? KG_OK : add_node(t, NULL, &node);

    for (size_t i = 0; err == KG_OK && i < n_steps; i++) {
        err = find_or_add(t, node, &path->steps[i], &node);
    }
    return err == KG_OK ? add_action(t, node, action) : err;
}

void kg_trie_finish(struct kg_trie *t)
{
    kg_free(t->nodes);
    kg_free(t->actions);
}
