/* What stands between the lines of a document, and is none of them.
 *
 * Every line of a JSON text is made of whole tokens: a line that is not was
 * written by somebody else, or holds something that was. */
#ifndef KG_JSON_FOREIGN_H
#define KG_JSON_FOREIGN_H

#include "kubeglean/profile.h"

enum kg_line {
    KG_LINE_TOKENS,   /* Made of tokens: may be a document's. */
    KG_LINE_FOREIGN,  /* No part of it is a document's. */
    KG_LINE_DOUBTFUL, /* Neither is certain. */
};

/* `line` is without its end. Of a document whose own lines are indented, while
 * this one is not. Doubtful is what could be the rest of such a line with
 * something before it, and what could begin a document. */
enum kg_line kg_foreign_judge(struct kg_str line, enum kg_root root);

/* Does a log's line begin so: with the time, or how bad it is? "I0114 10:00:00",
 * "[10:00:00]", "2024-01-14 10:00:00", "10:00:00", "ERROR". */
bool kg_foreign_is_head(struct kg_str line);

enum { KG_STAMP_MAX = 36 };

/* The length of the kubelet's time stamp and its blank that `text` begins with,
 * as "2024-01-14T10:00:00.123456789Z "; 0: it does not. *ret_open: it may, with
 * what follows. */
size_t kg_foreign_stamp(struct kg_str text, bool *ret_open);

/* Parts of an escape sequence of a terminal (ECMA-48). */
enum kg_ansi {
    KG_ANSI_BEGUN,
    KG_ANSI_CSI,
    KG_ANSI_SHORT,
    KG_ANSI_OVER,
    KG_ANSI_BAD
};

/* What the next byte behind ESC makes of it. */
enum kg_ansi kg_foreign_ansi(enum kg_ansi ansi, uint8_t byte);

#endif /* KG_JSON_FOREIGN_H */
