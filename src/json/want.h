/* What a picker wants, as a tree of steps: one for each name of each path. */
#ifndef KG_JSON_WANT_H
#define KG_JSON_WANT_H

#include "kubeglean/pick.h"

struct kg_want {
    struct kg_str name;    /* Borrowed from the set's copy. */
    struct kg_want *next;  /* Beside this one. */
    struct kg_want *child; /* Members; NULL: none. */
    struct kg_want *each;  /* The elements; NULL: none. */
    bool whole;            /* All that is below. */
    bool deliver;          /* Delivered alone: the array `each` of a def. */
};

struct kg_wants {
    struct kg_want *top;
    void *memory; /* Private: steps, and the names behind them. */
};

/* KG_ENOMEM: nothing is to be finished. */
KG_MUST_USE enum kg_errc kg_wants_init(struct kg_wants *w,
                                       const struct kg_pick_def *def);
void kg_wants_finish(struct kg_wants *w);
/* What is wanted of a member or element of something wanted by `w`, or NULL.
 * `w` may be NULL. */
const struct kg_want *kg_want_member(const struct kg_want *w,
                                     struct kg_str name);
const struct kg_want *kg_want_element(const struct kg_want *w);

#endif /* KG_JSON_WANT_H */
