/* A JSON value in memory, with the place each part was written at.
 *
 * Configuration files, profiles, manifests and small API objects are trees.
 * Logs and reports never are: they stream. Scalars keep the text as it was
 * written: a number never passes through a double.
 *
 * A tree and all its nodes live in one arena: kg_tree_finish() frees all. */
#ifndef KUBEGLEAN_TREE_H
#define KUBEGLEAN_TREE_H

#include "kubeglean/buf.h"

enum kg_kind {
    KG_NULL,
    KG_BOOL,
    KG_NUMBER,
    KG_STRING,
    KG_ARRAY,
    KG_OBJECT,
};

struct kg_node {
    enum kg_kind kind;
    uint32_t line, column; /* From 1; 0 for a node that was made by code. */
    uint32_t name_line;    /* Where a member's name is: the same, */
    uint32_t name_column;  /* and 0 where there is no name. */
    uint32_t n_children;
    struct kg_str name;    /* Member's name inside an object, else empty. */
    struct kg_str text;    /* Scalars: true, 12.50, decoded string. */
    struct kg_node *next;  /* Next sibling, or NULL. */
    struct kg_node *child; /* First member or element, or NULL. */
    struct kg_node *last;  /* Private: last child. */
};

struct kg_tree {
    struct kg_node *root; /* Read-only; NULL until something was made. */
    void *arena;          /* Private. */
    size_t len;           /* Private: bytes allocated so far, */
    size_t max;           /* Read-only: never beyond this. */
    bool full;            /* Read-only: the maximum refused something. */
};

void kg_tree_init(struct kg_tree *t, size_t max_bytes);
void kg_tree_finish(struct kg_tree *t);

/* All of these return NULL for lack of memory (or beyond the maximum). Texts
 * and names are copied into the arena. */
KG_MUST_USE struct kg_node *kg_tree_new(struct kg_tree *t, enum kg_kind kind,
                                        struct kg_str text);
KG_MUST_USE struct kg_node *kg_tree_string(struct kg_tree *t, const char *text);
KG_MUST_USE struct kg_node *kg_tree_int(struct kg_tree *t, int64_t value);
KG_MUST_USE struct kg_node *kg_tree_bool(struct kg_tree *t, bool value);
/* Sub-tree with names, texts and places, from any tree. */
KG_MUST_USE struct kg_node *kg_tree_copy(struct kg_tree *t,
                                         const struct kg_node *from);
/* Adds to the end of an object (replacing a member of that name) or array.
 * False for lack of memory, also when `child` is NULL, so that calls can be
 * nested: kg_tree_put(t, o, "kind", kg_tree_string(t, "Job")). */
KG_MUST_USE bool kg_tree_put(struct kg_tree *t, struct kg_node *object,
                             const char *name, struct kg_node *child);
KG_MUST_USE bool kg_tree_add(struct kg_node *array, struct kg_node *child);
/* Adds a member without looking for one of that name, which takes time: for
 * parsers, who see to it that names are unique. */
KG_MUST_USE bool kg_tree_append(struct kg_tree *t, struct kg_node *object,
                                struct kg_str name, struct kg_node *child);
/* Takes a member out; harmless when there is none. */
void kg_node_drop(struct kg_node *object, const char *name);

/* The member, or NULL; NULL also when `object` is NULL or no object, so that
 * calls can be nested. */
struct kg_node *kg_node_get(const struct kg_node *object, const char *name);
struct kg_node *kg_node_member(const struct kg_node *object,
                               struct kg_str name);
/* "metadata.labels" walks down by names. */
struct kg_node *kg_node_path(const struct kg_node *object, const char *path);
/* A string's text, or "" with length 0 when `n` is NULL or no string. */
struct kg_str kg_node_str(const struct kg_node *n);
bool kg_node_is_true(const struct kg_node *n);
KG_MUST_USE bool kg_node_int(const struct kg_node *n, int64_t *ret_value);
const char *kg_kind_name(enum kg_kind kind); /* "string", ... */

/* Compact JSON (RFC 8259). */
KG_MUST_USE enum kg_errc kg_node_json(const struct kg_node *n,
                                      struct kg_buf *out);
/* For people: a line for each value, four spaces a level, as kubectl has it. */
KG_MUST_USE enum kg_errc kg_node_json_lines(const struct kg_node *n,
                                            struct kg_buf *out);

#endif /* KUBEGLEAN_TREE_H */
