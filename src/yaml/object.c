/* SPDX-License-Identifier: MIT */
/* Duplicates are found by sorting, once an object is complete: looking each
 * name up as it comes would take the square of their number. */
#include <stdlib.h>

#include "kubeglean/heap.h"
#include "reader.h"

struct entry {
    struct kg_node *node;
    size_t rank; /* 0: the object's own; then merged ones, in their order. */
};

static size_t count_merged(const struct kg_node *merge)
{
    size_t n = 0;

    for (const struct kg_node *from = merge != NULL ? merge->child : NULL;
         from != NULL; from = from->next) {
        n += from->n_children;
    }
    return n;
}

static size_t collect(struct entry *entries, size_t n,
                      const struct kg_node *object, size_t rank)
{
    for (struct kg_node *c = object->child; c != NULL; c = c->next) {
        entries[n++] = (struct entry){c, rank};
    }
    return n;
}

static int by_name_then_rank(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = kg_str_cmp(a->node->name, b->node->name);

    if (order != 0) {
        return order;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    if (a->node->name_line != b->node->name_line) {
        return a->node->name_line < b->node->name_line ? -1 : 1;
    }
    return a->node->name_column < b->node->name_column ? -1 : 1;
}

static enum kg_errc refuse_twice(struct reader *r, const struct kg_node *first,
                                 const struct kg_node *second)
{
    return kg_yaml_refuse(r, second->name_line, second->name_column,
                          "%.*s is there twice, first at line %u: take one out",
                          KG_STR_ARG(second->name), first->name_line);
}

/* The entries are sorted: of each name, the first one counts. */
static enum kg_errc settle(struct reader *r, struct kg_node *object,
                           const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && kg_str_eq(entries[i - 1].node->name,
                                        entries[i].node->name);

        if (again && entries[i].rank == 0) {
            return refuse_twice(r, entries[i - 1].node, entries[i].node);
        }
        if (!again && entries[i].rank > 0 &&
            !kg_tree_append(r->tree, object, entries[i].node->name,
                            kg_tree_copy(r->tree, entries[i].node))) {
            return kg_yaml_no_room(r);
        }
    }
    return KG_OK;
}

enum kg_errc kg_yaml_close_object(struct reader *r, const struct frame *f)
{
    size_t n = f->node->n_children + count_merged(f->merge);
    struct entry *entries;
    size_t rank = 0;
    enum kg_errc err;

    if (n < 2 && f->merge == NULL) {
        return KG_OK;
    }
    entries = kg_calloc(n, sizeof(*entries));
    if (entries == NULL) {
        return kg_yaml_no_memory(r);
    }
    n = collect(entries, 0, f->node, rank++);
    for (const struct kg_node *from = f->merge != NULL ? f->merge->child : NULL;
         from != NULL; from = from->next) {
        n = collect(entries, n, from, rank++);
    }
    qsort(entries, n, sizeof(*entries), by_name_then_rank);
    err = settle(r, f->node, entries, n);
    kg_free(entries);
    return err;
}
