/* yajl, behind a fence: it meets whole tokens only, of limited length and
 * depth, and memory that was there before it asks.
 *
 * yajl lexes an unfinished token again with every piece, has no limit on
 * nesting, and does not survive a refused allocation. The frame and the arena
 * keep all three from happening. */
#ifndef KG_JSON_PARSE_H
#define KG_JSON_PARSE_H

#include "arena.h"
#include "kubeglean/tree.h"

/* What is met, in the order of the text. Borrowed. False ends the parsing. */
struct kg_parse_ops {
    /* KG_NULL to KG_STRING; `text` as it is written, strings decoded. */
    bool (*scalar_cb)(void *data, enum kg_kind kind, struct kg_str text);
    bool (*name_cb)(void *data, struct kg_str name);
    bool (*open_cb)(void *data, enum kg_kind kind);
    bool (*close_cb)(void *data, enum kg_kind kind);
};

struct kg_parse {
    struct kg_arena arena;          /* Private. */
    void *yajl;                     /* Private: NULL between documents. */
    const struct kg_parse_ops *ops; /* Private. */
    void *data;                     /* Private. */
    size_t stacks;                  /* Private: room that is always left. */
};

/* Borrows `ops`. `max_depth` is what the frame lets through. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_parse_init(struct kg_parse *p, size_t max_depth,
                                       const struct kg_parse_ops *ops,
                                       void *data);
void kg_parse_finish(struct kg_parse *p);
/* A document begins. */
void kg_parse_begin(struct kg_parse *p);
/* Its next whole tokens. KG_ENOMEM; KG_ECANCELED: an op returned false;
 * KG_ESYNTAX: yajl knows better than the frame. */
KG_MUST_USE enum kg_errc kg_parse_feed(struct kg_parse *p, struct kg_str piece);
/* Bytes of the piece that yajl has read when it calls: the token's end. */
size_t kg_parse_at(const struct kg_parse *p);
void kg_parse_end(struct kg_parse *p);

#endif /* KG_JSON_PARSE_H */
