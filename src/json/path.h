/* The part of JSONPath (RFC 9535) that can be followed while a text streams by:
 * names, wildcards and indexes from 0.
 *
 *     $.a.b  $['a b'].c  $.list[*].x  $.map.*  $[0]     from the root
 *     @.a                                               from the row
 *
 * Here [*] is every element of an array, and .* every member of an object. */
#ifndef KG_JSON_PATH_H
#define KG_JSON_PATH_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

enum { KG_PATH_MAX = 16 };

enum kg_step_kind {
    KG_STEP_NAME,
    KG_STEP_INDEX,
    KG_STEP_ELEMENTS, /* [*] */
    KG_STEP_MEMBERS,  /* .* */
};

struct kg_step {
    enum kg_step_kind kind;
    struct kg_str name; /* Borrowed from the path's text. */
    uint64_t index;
};

struct kg_path {
    bool from_row; /* '@' */
    size_t n_steps;
    struct kg_step steps[KG_PATH_MAX];
};

/* KG_ECONFIG: `e` says what is wrong with it. Borrows `text`. */
KG_MUST_USE enum kg_errc kg_path_parse(struct kg_str text,
                                       struct kg_path *ret_path,
                                       struct kg_error *e);
bool kg_step_eq(const struct kg_step *a, const struct kg_step *b);
/* A member, not an element. */
bool kg_step_is_of_object(const struct kg_step *s);
/* Is there a value that both lead to? */
bool kg_step_meets(const struct kg_step *a, const struct kg_step *b);
/* Steps that both begin with. */
size_t kg_path_common(const struct kg_path *a, const struct kg_path *b);
/* Where they part, do both want an object, or both an array? */
bool kg_path_agree(const struct kg_path *a, const struct kg_path *b);
/* Steps before the first wildcard from step `from` on. */
size_t kg_path_certain(const struct kg_path *p, size_t from);
/* false: it would be too long. */
KG_MUST_USE bool kg_path_join(struct kg_path *p, const struct kg_path *tail);

#endif /* KG_JSON_PATH_H */
