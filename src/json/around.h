/* What a document stands behind: whether it may be a part of one that is broken,
 * or that began before the log does.
 *
 * A member's value stands behind `"name":`, an element behind `[` or a comma. So
 * may a document in a line of text, `got "x": {"a":1} of y`. What follows it tells
 * the two apart: behind a part there is a comma or a closer. */
#ifndef KG_JSON_AROUND_H
#define KG_JSON_AROUND_H

#include "kubeglean/profile.h"

enum kg_standing {
    KG_STANDS_ALONE,
    KG_STANDS_FIRST,   /* In the log: the rest of its line judges it. */
    KG_STANDS_DOUBTED, /* The next byte that is no white space judges it. */
    KG_STANDS_AS_PART, /* Whatever follows. */
};

/* What stands in `last` for a candidate. */
enum kg_around_mark {
    KG_AROUND_DOCUMENT = 1,
    KG_AROUND_PART,
    KG_AROUND_BROKEN,
};

enum { KG_AROUND_MAX = 6 };

struct kg_around {
    enum kg_root root;
    uint8_t last[KG_AROUND_MAX]; /* The latest first, without white space; 0
                                  * where the log begins. */
    uint64_t n_blank;            /* Bytes of white space behind the last of
                                  * them, or behind a candidate. */
    uint64_t torn; /* Of a broken one parts may come while so many openers of
                    * the noise are open; KG_AROUND_WHOLE: none may. */
    bool headless; /* It was seen that the log's beginning is missing. */
};

#define KG_AROUND_WHOLE UINT64_MAX

void kg_around_init(struct kg_around *a, enum kg_root root);
/* Bytes that belong to no candidate. */
void kg_around_pass(struct kg_around *a, const uint8_t *from,
                    const uint8_t *end);
/* A candidate ended here. */
void kg_around_mark(struct kg_around *a, enum kg_around_mark mark);
/* One broke behind a name or an element; before it `n_open` openers of the noise
 * were open. `told`: its last closer will be counted there. */
void kg_around_tear(struct kg_around *a, uint64_t n_open, bool told);
/* What was torn has ended: its last closer was read, or behind it a document that
 * begins a line. */
void kg_around_mend(struct kg_around *a);
/* Of the document that opens here. `n_lowest`: what the openers of the noise that
 * are open fell to, since it was torn. */
enum kg_standing kg_around_standing(struct kg_around *a, uint64_t n_lowest,
                                    bool headless);

#endif /* KG_JSON_AROUND_H */
