/* A document inside a broken one: the second of two candidates that share the
 * bytes.
 *
 * A program that dies behind `{"a":` and is started again leaves an opener that
 * takes the next document for its member's value, until something shows that it
 * was none. So the last container that began at a line's very start is kept as
 * it stands in the stream, and read again when its surroundings break.
 *
 *     NONE --opener at a line's start--> OPEN --its closer--> WHOLE
 *       ^                                 |  |                  |
 *       |          such another one opens '--'                  | they break
 *       |                                 | they are too deep   v right behind
 *       |                                 '------------------> STANDS
 *       '-- they go on behind it, or it is too large to be kept
 *
 * Too large: its surroundings are one JSON text so far, and stay the candidate.
 * Pretty-printed documents indent what is inside, so this costs them nothing. */
#ifndef KG_JSON_INNER_H
#define KG_JSON_INNER_H

#include "kubeglean/buf.h"

enum kg_inner_state {
    KG_INNER_NONE,
    KG_INNER_OPEN,
    KG_INNER_WHOLE,
    KG_INNER_STANDS, /* To be read again. */
};

struct kg_inner {
    enum kg_inner_state state; /* Read-only. */
    struct kg_buf text;        /* Read-only: from its opener on. */
    size_t depth;              /* Read-only: containers around it. */
    uint64_t from;             /* Read-only: where in the stream. */
};

void kg_inner_init(struct kg_inner *i, size_t max);
void kg_inner_finish(struct kg_inner *i);
void kg_inner_open(struct kg_inner *i, size_t depth, uint64_t from);
/* The stream's bytes from `at` on. What was not kept yet is kept. */
void kg_inner_copy(struct kg_inner *i, struct kg_str bytes, uint64_t at);
/* A container with so many around it was closed. */
void kg_inner_close(struct kg_inner *i, size_t depth);
/* Its surroundings are given up: it is a candidate of its own. */
void kg_inner_stand(struct kg_inner *i);
void kg_inner_forget(struct kg_inner *i);

static inline bool kg_inner_is_kept(const struct kg_inner *i)
{
    return i->state == KG_INNER_OPEN || i->state == KG_INNER_WHOLE;
}

/* Where in the stream it is too large to be kept. */
static inline uint64_t kg_inner_bound(const struct kg_inner *i)
{
    return i->from + i->text.max;
}

#endif /* KG_JSON_INNER_H */
