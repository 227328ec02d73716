/* A JSON string from behind its first quote to its last, in pieces. */
#ifndef KG_JSON_TEXT_H
#define KG_JSON_TEXT_H

#include "kubeglean/buf.h"

enum kg_text_state {
    KG_TEXT_PLAIN,
    KG_TEXT_ESCAPE, /* Behind a backslash, */
    KG_TEXT_HEX,    /* in the digits of \uXXXX. */
    KG_TEXT_OVER,   /* The last quote was read. */
};

struct kg_text {
    enum kg_text_state state; /* Read-only. */
    struct kg_buf *out;       /* Private: NULL skips the text. */
    unsigned n_digits;        /* Private: of \uXXXX, */
    uint32_t code;            /* and their value so far. */
    uint32_t high;            /* Private: high surrogate that waits, or 0. */
};

/* What is read is added to `out`, decoded; NULL: it is not kept, however long it
 * is. Borrows `out` until the text is over. */
void kg_text_begin(struct kg_text *t, struct kg_buf *out);
/* Reads from the front of `s`, which is not empty, at most to the last quote;
 * *ret_len is how much. A half of a surrogate pair becomes U+FFFD. KG_ESYNTAX:
 * no string of RFC 8259 (its bytes may still be no UTF-8); or what kg_buf_add()
 * says. */
KG_MUST_USE enum kg_errc kg_text_read(struct kg_text *t, struct kg_str s,
                                      size_t *ret_len);

#endif /* KG_JSON_TEXT_H */
