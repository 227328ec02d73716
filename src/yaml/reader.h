/* What the parts of reading a text share: the text and its errors (yaml.c), the
 * events that libyaml makes of it (events.c), and objects whose members are all
 * there (object.c). */
#ifndef KG_YAML_READER_H
#define KG_YAML_READER_H

#include <yaml.h>

#include "kubeglean/error.h"
#include "kubeglean/limits.h"
#include "kubeglean/table.h"
#include "kubeglean/tree.h"

/* A collection that was opened and not closed yet. */
struct frame {
    struct kg_node *node;
    struct kg_node *key;   /* Objects: the name that waits for its value. */
    struct kg_node *merge; /* Objects: an array of what << names, or NULL. */
    bool key_is_merge;     /* `key` is <<. */
};

struct reader {
    yaml_parser_t parser;
    struct kg_str text; /* Borrowed, as is `file`. */
    const char *file;
    struct kg_tree *tree;
    struct kg_node *documents;
    struct kg_map anchors; /* Of struct anchor, of this document. */
    struct kg_buf number;  /* A number as JSON writes it. */
    struct frame stack[KG_LIMIT_YAML_DEPTH];
    size_t depth; /* Frames in use. */
    struct kg_error error;
};

/* Sets the error, "krr.yaml:3:7: ..."; returns KG_ECONFIG. */
enum kg_errc kg_yaml_refuse(struct reader *r, uint32_t line, uint32_t column,
                            const char *fmt, ...) KG_PRINTF(4, 5);
enum kg_errc kg_yaml_no_memory(struct reader *r);
/* The tree had no room: says whether memory or its maximum is why. */
enum kg_errc kg_yaml_no_room(struct reader *r);

KG_MUST_USE enum kg_errc kg_yaml_on_event(struct reader *r,
                                          const yaml_event_t *ev);
/* At a document's end, and when reading is given up. */
void kg_yaml_forget_anchors(struct reader *r);

/* Refuses names that are there twice, and takes over from `merge` what the
 * object does not say itself; of those, the first that says it counts. */
KG_MUST_USE enum kg_errc kg_yaml_close_object(struct reader *r,
                                              const struct frame *f);

#endif /* KG_YAML_READER_H */
