/* Picks wanted parts out of JSON while it arrives.
 *
 *     create --> feed, feed, ... --> end --> (reset, and again) --> destroy
 *
 * What is wanted becomes a small tree; all else is skipped without being kept.
 * The pieces may be cut anywhere. One tree is delivered for each text at the
 * top (a stream of watch events has many), or for each element of one array at
 * the top ("items" of a list), whose rest is delivered last.
 *
 * A path is names with dots between ("metadata.labels"); what it leads to is
 * kept whole. "[*]" behind a name steps into each element of an array
 * ("spec.containers[*].name"). Names that hold dots cannot be written. */
#ifndef KUBEGLEAN_PICK_H
#define KUBEGLEAN_PICK_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

struct kg_pick; /* Opaque. */

enum kg_pick_kind {
    KG_PICK_ELEMENT, /* One element of the array `each`. */
    KG_PICK_TEXT,    /* The text's rest, or all of it: it ended. */
};

/* `root` is borrowed, and an object unless a path picked something else: an
 * element or a text in which nothing could be wanted is left out. The
 * callback may not feed, reset or destroy the picker. A result other than KG_OK
 * ends the feeding with that error. */
typedef enum kg_errc (*kg_pick_cb)(void *data, enum kg_pick_kind kind,
                                   const struct kg_node *root);

/* Lists end with NULL, and may be NULL. */
struct kg_pick_def {
    const char *each;  /* Deliver this array's elements alone, or NULL. */
    const char *under; /* `paths` begin here, e.g. "object", or NULL. */
    const char *const *paths; /* In each element, or under `under`. */
    const char *const *top;   /* From the top of the text. */
    bool whole;               /* Instead of `paths` and `top`: everything. */
    size_t max_bytes;         /* One tree's memory: beyond it KG_ELIMIT. */
};

/* Copies the paths. */
KG_MUST_USE enum kg_errc kg_pick_create(const struct kg_pick_def *def,
                                        kg_pick_cb cb, void *data,
                                        struct kg_pick **ret_pick);
void kg_pick_destroy(struct kg_pick *p); /* NULL is allowed. */
/* KG_ESYNTAX, KG_ELIMIT (the tree, the depth, or a wanted string beyond
 * KG_LIMIT_STRING), KG_ENOMEM, or what the callback returned; then until a reset the same error
 * again. `e` tells the offset. */
KG_MUST_USE enum kg_errc kg_pick_feed(struct kg_pick *p, struct kg_str bytes,
                                      struct kg_error *e);
/* The bytes are all: KG_ESYNTAX if a text is not whole. */
KG_MUST_USE enum kg_errc kg_pick_end(struct kg_pick *p, struct kg_error *e);
/* Forgets what came, keeps the paths. */
void kg_pick_reset(struct kg_pick *p);

#endif /* KUBEGLEAN_PICK_H */
