/* What the end of a piece of input tore: bytes that are to be looked at with those
 * that follow. So what is found does not hang on where pieces end.
 *
 *     pieces:   ... , "na    me": "x", "y ...
 *     text:           "na    me": "x", "y      what is not read yet is `rest`,
 *                            '-- lent --'      up to its end bytes of the input
 *
 * The next piece is read from where the text was read up to. */
#ifndef KG_JSON_TORN_H
#define KG_JSON_TORN_H

#include "kubeglean/str.h"

enum { KG_TORN_MAX = 1024 };

struct kg_torn {
    struct kg_str rest; /* Read-only: comes before the input. */
    bool waits;         /* Private: for more, before it is read. */
    size_t n_lent;      /* Private. */
    char text[2 * KG_TORN_MAX];
};

/* `in` is not to be read before there is more of it: the input, of which at most
 * KG_TORN_MAX bytes are left and taken off it, or t->rest. */
void kg_torn_wait(struct kg_torn *t, struct kg_str *in);
/* The input has ended. */
void kg_torn_end(struct kg_torn *t);
/* What is to be read next: `in` or t->rest. It is empty where nothing is. */
struct kg_str *kg_torn_source(struct kg_torn *t, struct kg_str *in);
/* The input was read to its end, and is no longer there. */
void kg_torn_let_go(struct kg_torn *t);

#endif /* KG_JSON_TORN_H */
