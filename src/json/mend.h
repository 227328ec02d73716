/* A document with something between its bytes that is none of them: the mending
 * of a frame. What is certain is taken out, and the candidate goes on where it
 * stood; what is not is left to the grammar, which breaks there.
 *
 *                  first byte of a line, or a fault
 *     the grammar reads ------------------------> LINE, PIECE, STAMP, ANSI
 *          ^                                        |       |
 *          |<--- it was the document's: read again -'       | taken out
 *          '<-----------------------------------------------'
 *
 * LINE: a line whose first byte is no blank, quote, opener of an object or
 * closer. It is taken out if it is foreign (foreign.h) and the next one that is
 * not goes on with a blank or a closer; where the document's lines have the
 * kubelet's time stamps, the stamp.
 * PIECE: the kubelet splits what a program writes into pieces of 16 KiB, and may
 * put a line of the other stream between two. A fault that is so far into its
 * line begins one, and goes up to the line's end. Inside a string, it is the
 * line's end that is the fault, and there must be one such place in the string.
 * STAMP: where a stamped log may have one in a piece.
 * ANSI: a sequence for the terminal, between tokens or inside a string. */
#ifndef KG_JSON_MEND_H
#define KG_JSON_MEND_H

#include "foreign.h"
#include "kubeglean/buf.h"

enum kg_mend_kind {
    KG_MEND_NONE,
    KG_MEND_LINE,
    KG_MEND_PIECE,
    KG_MEND_STAMP,
    KG_MEND_ANSI,
};

struct kg_mend {
    enum kg_mend_kind kind;
    enum kg_ansi ansi;
    struct kg_buf text; /* Looked at before the grammar meets it. */
    struct kg_str rest; /* Of it, what the grammar is to meet. */
    uint64_t from;      /* Where in the stream `text` begins. */
    uint64_t done;      /* Up to here all was looked at. */
    uint64_t since;     /* Where lines are being taken out from; 0: none are. */
    uint64_t n_taken;   /* Bytes taken out of the candidate. */
    uint64_t mangled;   /* Where a string last was not copied as it stands. */
    uint64_t line;      /* Where the line that is read begins. */
    uint8_t before;     /* The byte before `text`. */
    bool stamped;       /* The candidate's lines have time stamps. */
    uint64_t head_from; /* Outside of candidates: where a line begins, */
    uint8_t n_head;     /* and so much of its beginning, up to the first */
    char head[KG_STAMP_MAX]; /* candidate in it. */
};

void kg_mend_init(struct kg_mend *m);
void kg_mend_finish(struct kg_mend *m);
/* A candidate begins. */
void kg_mend_begin(struct kg_mend *m);

#endif /* KG_JSON_MEND_H */
