/* A doubly linked list whose links are inside the objects.
 *
 * An object is in at most one list per node; kg_queue_remove() leaves the node
 * empty, so removing twice is harmless. */
#ifndef KUBEGLEAN_QUEUE_H
#define KUBEGLEAN_QUEUE_H

#include "kubeglean/base.h"

struct kg_queue {
    struct kg_queue *next;
    struct kg_queue *prev;
};

static inline void kg_queue_init(struct kg_queue *q)
{
    q->next = q;
    q->prev = q;
}

/* True for an empty head, and for a node that is in no list. */
static inline bool kg_queue_empty(const struct kg_queue *q)
{
    return q->next == q;
}

static inline struct kg_queue *kg_queue_head(const struct kg_queue *q)
{
    return q->next == q ? NULL : q->next;
}

static inline void kg_queue_insert_tail(struct kg_queue *q,
                                        struct kg_queue *node)
{
    node->next = q;
    node->prev = q->prev;
    q->prev->next = node;
    q->prev = node;
}

static inline void kg_queue_remove(struct kg_queue *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    kg_queue_init(node);
}

/* Moves all of `from` to the end of `to`. The way to call back for each: move
 * to a local list first, then take the head until it is empty. */
static inline void kg_queue_move(struct kg_queue *from, struct kg_queue *to)
{
    if (kg_queue_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    kg_queue_init(from);
}

/* The list may not change inside. */
#define kg_queue_foreach(node, q) \
    for ((node) = (q)->next; (node) != (q); (node) = (node)->next)

#endif /* KUBEGLEAN_QUEUE_H */
