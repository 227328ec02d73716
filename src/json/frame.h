/* Finds JSON texts in a stream of any bytes, and takes the air out of them.
 *
 *              opener                        last closer
 *     NOISE ------------> inside a candidate ------------> CLOSED, NOISE
 *       ^                   |           |
 *       |<-- byte that no --'           '-- a limit --> BROKEN, DRAINING
 *       |    JSON text has                                |
 *       |    here: BROKEN        last closer, a line that |
 *       '------------------------ begins with an opener --'
 *
 * A candidate is held to the grammar of RFC 8259 byte by byte, so it is given
 * up at the first byte that cannot be right, and that byte may open the next
 * one: nothing is read twice. What is handed on has no white space outside its
 * strings and no members that nobody wants, in pieces that end between tokens.
 *
 * NaN and infinities are handed on as null, bytes that are no UTF-8 as U+FFFD;
 * with `strict` both are errors, and the whole stream is one JSON text. */
#ifndef KG_JSON_FRAME_H
#define KG_JSON_FRAME_H

#include "inner.h"
#include "interest.h"
#include "noise.h"

struct kg_frame_limits {
    size_t depth, string, key, number;
};

enum kg_frame_event {
    KG_FRAME_HUNGRY, /* All was read: more, or the end. */
    KG_FRAME_PIECE,  /* `piece` has tokens of the candidate. */
    KG_FRAME_CLOSED, /* The same, and they are its last ones. */
    KG_FRAME_BROKEN, /* The candidate is given up, with `fault`. */
    KG_FRAME_NOMEM,  /* A long token had no room. The frame is of no use. */
};

enum kg_frame_fault {
    KG_FAULT_SYNTAX,
    KG_FAULT_CUT, /* By the stream's end. */
    KG_FAULT_DEPTH,
    KG_FAULT_STRING,
    KG_FAULT_KEY,
    KG_FAULT_NUMBER,
};

/* Of PIECE and CLOSED, borrowed until the next call; and of BROKEN. */
struct kg_frame_found {
    struct kg_str piece;
    size_t blank; /* 1: a blank behind it, for the parser alone. */
    enum kg_frame_fault fault;
    bool damaged;      /* BROKEN behind a whole name or element. */
    uint64_t from, to; /* Where in the stream; `to` not for PIECE. */
    uint64_t n_nan;    /* So far. */
};

struct kg_frame {
    struct kg_frame_limits limits; /* Read-only. */
    enum kg_root root;             /* Read-only. */
    bool strict;                   /* Read-only. */
    struct kg_frame_found found;   /* Read-only. */
    struct kg_noise noise;         /* Read-only. */
    uint64_t offset;               /* Read-only: bytes read. */

    int state;      /* Private from here on. */
    size_t depth;   /* Containers open. */
    uint8_t *kinds; /* Of each, one bit: 1 is an object. */
    bool naming;    /* The string is a member's name. */
    bool escaped;   /* A name with escapes. */
    bool damaging;  /* To be told as found.damaged. */
    uint8_t last;   /* The byte before the next one. */
    uint64_t quote; /* Where the last string ended, */
    bool braced;    /* and if its last character was an opener. */
    uint64_t from;  /* Where the candidate opened. */
    uint64_t n_nan;

    uint8_t *out;    /* What is to be handed on, */
    size_t len;      /* so many bytes; */
    size_t given;    /* that many were handed on by the last call. */
    size_t text;     /* Where the last string or scalar begins. */
    size_t member;   /* Where the last member begins, with its comma. */
    size_t capacity; /* Of `out`. */
    uint8_t handed;  /* The last byte handed on. */
    bool delimits;   /* found.blank is for somebody; */
    uint8_t lent;    /* this byte has to be put back where it is. */
    uint64_t before; /* Bytes handed on before those in `out`. */

    uint8_t lacks;    /* Bytes to come of an escape or a UTF-8 sequence, */
    uint8_t had;      /* bytes of the sequence in `out`, */
    uint8_t low, top; /* and what its next byte may be. */

    struct kg_interest *interest; /* Or NULL: all is wanted. */
    bool muted;                   /* The member is not, */
    size_t muted_depth;           /* which stands at this depth. */

    struct kg_frame_found broken; /* While it is given up, */
    int after;                    /* the state that comes then. */
    bool turned;                  /* It began inside a string of noise. */

    struct kg_inner inner; /* A document that may be inside a broken one. */
};

/* Borrows `interest`; without one all is handed on. `delimits`: pieces are for a
 * parser, which knows a number's end only by what follows. KG_ENOMEM: nothing is
 * due. */
KG_MUST_USE enum kg_errc kg_frame_init(struct kg_frame *f, enum kg_root root,
                                       bool strict,
                                       const struct kg_frame_limits *limits,
                                       struct kg_interest *interest,
                                       bool delimits);
void kg_frame_finish(struct kg_frame *f);
/* Reads from `in`, and takes off it what was read. To be called until HUNGRY. */
KG_MUST_USE enum kg_frame_event kg_frame_next(struct kg_frame *f,
                                              struct kg_str *in);
/* There is no more; to be called until HUNGRY. */
KG_MUST_USE enum kg_frame_event kg_frame_end(struct kg_frame *f);

#endif /* KG_JSON_FRAME_H */
