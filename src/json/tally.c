/* SPDX-License-Identifier: MIT */
#include "profile_def.h"

static bool has_only(const struct kg_trie *t, uint16_t node,
                     enum kg_action_kind kind)
{
    const struct kg_trie_node *n = &t->nodes[node];

    for (size_t i = n->action; i < n->action + (size_t)n->n_actions; i++) {
        if (t->actions[i].kind != kind) {
            return false;
        }
    }
    return true;
}

/* The one condition of all columns that have one, in the member `node` of what
 * is counted; NULL: there are several, or one that has to be decoded. */
static const struct kg_condition *condition_at(const struct kg_profile *p,
                                               uint16_t node)
{
    const struct kg_trie_node *n = &p->trie.nodes[node];
    const struct kg_condition *found = NULL;

    if (n->next != KG_NODE_NONE || n->child != KG_NODE_NONE ||
        n->step.kind != KG_STEP_NAME || n->step.name.len == 0 ||
        !has_only(&p->trie, node, KG_ACT_CONDITION)) {
        return NULL;
    }
    for (size_t i = 0; i < n->n_actions; i++) {
        const struct kg_action *a = &p->trie.actions[n->action + i];
        const struct kg_condition *c =
            &kg_profile_def_of(p, a->slot)->where[a->condition];

        if (kg_profile_def_of(p, a->slot)->n_where > 1 ||
            c->kind == KG_STRING ||
            (found != NULL && !kg_str_eq(c->text, found->text))) {
            return NULL;
        }
        found = c;
    }
    return found;
}

static void note(const struct kg_profile *p, struct kg_trie_node *node)
{
    const struct kg_trie *t = &p->trie;
    uint16_t elements = node->child;
    uint16_t member;

    if (elements == KG_NODE_NONE || node->whole ||
        t->nodes[elements].next != KG_NODE_NONE ||
        t->nodes[elements].step.kind != KG_STEP_ELEMENTS ||
        t->nodes[elements].n_actions == 0 ||
        !has_only(t, elements, KG_ACT_COUNT)) {
        return;
    }
    member = t->nodes[elements].child;
    node->counted_if = member != KG_NODE_NONE ? condition_at(p, member) : NULL;
    node->counted = member == KG_NODE_NONE || node->counted_if != NULL;
}

void kg_profile_note_counted(struct kg_profile *p)
{
    for (size_t i = 0; i < p->trie.n_nodes; i++) {
        note(p, &p->trie.nodes[i]);
    }
}
