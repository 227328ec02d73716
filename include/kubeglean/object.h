/* Objects that somebody wrote to a file, ready to be sent to a server.
 *
 * A text holds any number of documents, and Lists of objects. All of them are
 * checked before the first is sent: their kind and its version, where they
 * belong, their names. Messages say where: "krr.yaml:4:9: metadata.name: ...". */
#ifndef KUBEGLEAN_OBJECT_H
#define KUBEGLEAN_OBJECT_H

#include "kubeglean/kube.h"

/* All borrowed for as long as the objects. */
struct kg_object_rules {
    const char *file;       /* What messages call the text. */
    enum kg_kube_kind kind; /* The only one that is taken: a Job, a CronJob. */
    struct kg_str ns;       /* Of objects that do not say theirs. */
    bool ns_given;          /* By the user: no object may say another. */
    bool may_generate;      /* metadata.generateName will do for a name. */
};

struct kg_object {
    const struct kg_node *root;
    struct kg_kube_ref ref;    /* Without a name, the server makes one. */
    struct kg_str api_version; /* As it is written. */
};

struct kg_objects {
    struct kg_object *items; /* Read-only, in their order. */
    size_t n_items;          /* At least 1. */
    struct kg_tree tree;     /* Private. */
};

/* KG_ECONFIG with the place, KG_ELIMIT, KG_ENOMEM; then `o` is nothing that must
 * be finished. */
KG_MUST_USE enum kg_errc kg_objects_read(struct kg_objects *o,
                                         struct kg_str text,
                                         const struct kg_object_rules *rules,
                                         struct kg_error *e);
void kg_objects_finish(struct kg_objects *o);

/* NULL, or what is wrong with it as a name of that kind: a phrase. */
const char *kg_object_name_fault(enum kg_kube_kind kind, struct kg_str name);

/* The part that a server's message means by
 *
 *     spec.template.spec.containers[0].image
 *     .spec.template.spec.containers[name="krr"].image
 *
 * or what is nearest above it, where the object does not have it. */
const struct kg_node *kg_object_part(const struct kg_object *o,
                                     struct kg_str field);
/* The field that a server's message names, or empty:
 *
 *     ... strict decoding error: unknown field "spec.x"
 *     ... typed patch object: .spec.x: field not declared in schema */
struct kg_str kg_object_field_named(struct kg_str message);

typedef void (*kg_object_part_cb)(void *data, const struct kg_node *part);
/* Calls back for each part of its spec that is not in `kept`, the server's
 * answer: an old server drops what it does not know. */
void kg_object_dropped(const struct kg_object *o, const struct kg_node *kept,
                       kg_object_part_cb part_cb, void *data);

#endif /* KUBEGLEAN_OBJECT_H */
