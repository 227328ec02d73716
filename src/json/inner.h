/* A document inside a broken one.
 *
 * A program that dies behind `{"a":` and is started again leaves an opener that
 * takes the next document for its member's value, until something shows that it
 * was none. So the last container that began at a line's very start is kept,
 * and if its surroundings break right behind it, it was a document.
 *
 *     NONE --opener at a line's start--> OPEN --its closer--> WHOLE
 *       ^                                 |  |                  |
 *       '------- larger than its maximum -'  '--- such another one opens
 *
 * Pretty-printed documents indent what is inside, so this costs them nothing. */
#ifndef KG_JSON_INNER_H
#define KG_JSON_INNER_H

#include "kubeglean/buf.h"

enum kg_inner_state { KG_INNER_NONE, KG_INNER_OPEN, KG_INNER_WHOLE };

struct kg_inner {
    enum kg_inner_state state; /* Read-only. */
    struct kg_buf text;        /* Read-only: without white space. */
    size_t depth;              /* Read-only: containers around it. */
    uint64_t from, to;         /* Read-only: where in the stream. */
    uint64_t n_nan;            /* Public: nothing to do with it here. */
    uint64_t copied;           /* Private: outer text that was seen. */
};

void kg_inner_init(struct kg_inner *i, size_t max);
void kg_inner_finish(struct kg_inner *i);
/* It opens at `from`, with `at` bytes of the outer text before it. */
void kg_inner_open(struct kg_inner *i, size_t depth, uint64_t from,
                   uint64_t at);
/* The outer text's bytes `at` and following, up to or beyond what was seen. */
void kg_inner_copy(struct kg_inner *i, struct kg_str text, uint64_t at);
/* Its closer was the last byte copied. */
void kg_inner_close(struct kg_inner *i, uint64_t to);
/* The outer text broke with `at` bytes: is the inner one right before? */
bool kg_inner_stands(const struct kg_inner *i, uint64_t at);
void kg_inner_forget(struct kg_inner *i);

#endif /* KG_JSON_INNER_H */
