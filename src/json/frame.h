/* Finds JSON texts in a stream of any bytes, and takes the air out of them.
 *
 *              opener                        last closer
 *     NOISE ------------> inside a candidate ------------> CLOSED, NOISE
 *       ^                   |           |                    ^
 *       |<-- byte that no --'           '-- a limit          | no comma, no
 *       |    JSON text has                    |              | closer follows
 *       |    here: BROKEN                     v              |
 *       |<--- last closer ---- BROKEN, DRAINING              |
 *       |                                     |              |
 *       |     a line begins with an opener: a candidate      |
 *       |     of which what is around it may go on           |
 *       |                                     |              |
 *       |                          last closer '---------> JUDGE
 *       '<----- a comma or a closer follows: BROKEN ---------'
 *
 * A candidate is held to the grammar of RFC 8259 byte by byte, so it is given
 * up at the first byte that cannot be right, and that byte may open the next
 * one. What is read again is a document inside it (inner.h), and a line that was
 * looked at before the grammar met it (mend.h). What is handed on has no white
 * space outside its strings and no members that nobody wants, in pieces that end
 * between tokens. What is wanted as text alone has pieces of its own, without its
 * opener and its closer: the parser has no need to meet them.
 *
 * NaN and infinities are handed on as null, bytes that are no UTF-8 as U+FFFD;
 * with `strict` both are errors, and the whole stream is one JSON text, which is
 * CLOSED at its end. */
#ifndef KG_JSON_FRAME_H
#define KG_JSON_FRAME_H

#include "around.h"
#include "inner.h"
#include "interest.h"
#include "mend.h"
#include "noise.h"
#include "state.h"
#include "torn.h"

struct kg_frame_limits {
    size_t depth, string, key, number;
};

struct kg_frame_options {
    enum kg_root root;
    bool strict;
    bool lines;    /* Each document begins a line, and was one of many: what
                    * begins as they do is damaged when it breaks. */
    bool delimits; /* For a parser, which needs found.blank. */
    struct kg_frame_limits limits;
    struct kg_interest *interest; /* Borrowed; NULL: all is wanted. */
    const struct kg_scan *scan;   /* How what is muted is skipped. */
};

enum kg_frame_event {
    KG_FRAME_HUNGRY, /* All was read: more, or the end. */
    KG_FRAME_NONE,   /* Inside of the frame: nothing yet, reading goes on. */
    KG_FRAME_PIECE,  /* `piece` has tokens of the candidate. */
    KG_FRAME_CLOSED, /* The same, and they are its last ones. */
    KG_FRAME_BROKEN, /* The candidate is given up, with `fault`. */
    KG_FRAME_NOMEM,  /* A long token had no room. The frame is of no use. */
};

enum kg_frame_fault {
    KG_FAULT_SYNTAX,
    KG_FAULT_PART, /* It is a part of what began before the log. */
    KG_FAULT_CUT,  /* By the stream's end. */
    KG_FAULT_DEPTH,
    KG_FAULT_STRING,
    KG_FAULT_KEY,
    KG_FAULT_NUMBER,
};

/* Of PIECE and CLOSED, borrowed until the next call; and of BROKEN. */
struct kg_frame_found {
    struct kg_str piece;
    size_t blank; /* 1: a blank behind it, for the parser alone. */
    bool text;    /* The inside of what is wanted as text, not to be parsed. */
    const struct kg_tally *tally; /* Not NULL: no piece, but what it says. */
    enum kg_frame_fault fault;
    bool damaged;      /* BROKEN behind a whole name or element, or in what
                        * options.lines says; with `strict` anywhere. */
    uint64_t from, to; /* Where in the stream; `to` not for PIECE. */
    uint64_t n_nan;    /* So far. */
    uint64_t n_taken;  /* Bytes between `from` and `to` that are none of it. */
};

/* What is to be handed on. */
struct kg_frame_out {
    uint8_t *ptr;
    size_t len;
    size_t capacity;
    size_t given;   /* Bytes that the last call handed on. */
    uint8_t handed; /* The last byte handed on. */
    uint8_t lent;   /* The byte that has to be put back behind them. */
};

/* The string or scalar that is being read, or was last. */
struct kg_frame_token {
    size_t text;      /* Where in the output it begins, */
    size_t member;    /* and its member with the comma, if it is a name. */
    uint64_t end;     /* Where in the stream the last string ended, */
    bool braced;      /* and if its last character was an opener. */
    bool naming;      /* A member's name, */
    bool escaped;     /* with escapes. */
    uint8_t lacks;    /* Bytes to come of an escape or a UTF-8 sequence, */
    uint8_t had;      /* bytes of the sequence in the output, */
    uint8_t low, top; /* and what its next byte may be. */
};

/* A member that nobody wants, from its name on; or what is wanted as text, from
 * its opener to its closer. */
struct kg_frame_span {
    bool on;
    size_t depth; /* Outside of it. */
};

/* What is muted, as far as scan.h has gone over it. */
struct kg_frame_skip {
    size_t gap;     /* kg_nest.gap; 0: nothing is skipped. */
    bool goes_on;   /* It goes on with the next byte, */
    uint64_t bound; /* up to there in the stream. */
};

/* An array that is only counted, while it is muted. */
struct kg_frame_tally {
    bool on;
    bool looks; /* The member's value comes that decides. */
    struct kg_tally sum;
};

/* A candidate that is given up, while its last tokens are handed on. */
struct kg_frame_ending {
    struct kg_frame_found found; /* To be told, */
    enum kg_grammar_state state; /* and how to go on. */
    bool turned;                 /* It began inside a string of noise. */
};

/* What is read once more, before what comes. */
struct kg_frame_again {
    struct kg_buf text;
    struct kg_str rest; /* Of it. */
};

struct kg_frame {
    struct kg_frame_options options; /* Read-only. */
    struct kg_frame_found found;     /* Read-only. */
    struct kg_noise noise;           /* Read-only. */
    uint64_t offset;                 /* Read-only: where it reads. */
    uint64_t n_read;                 /* Read-only: bytes, again each time. */

    uint64_t from;  /* Private from here on: where the candidate opened, */
    uint64_t to;    /* and where it closed, in JUDGE. */
    uint64_t n_nan; /* In it. */
    size_t depth;   /* Containers open; */
    uint8_t *kinds; /* of each, one bit: 1 is an object. */
    enum kg_grammar_state state;
    bool whole;    /* Nobody asks for tokens, and blocks can be checked. */
    bool damaging; /* To be told as found.damaged. */
    enum kg_standing standing;
    bool begins; /* It begins its line. */
    struct kg_around around;
    uint8_t last; /* The byte before the next one. */
    struct kg_frame_out out;
    struct kg_frame_token token;
    struct kg_frame_span mute;
    struct kg_frame_span text;
    struct kg_frame_skip skip;
    struct kg_frame_tally tally;
    struct kg_frame_ending ending;
    struct kg_inner inner; /* A document that may be inside a broken one. */
    struct kg_frame_again again;
    struct kg_torn torn;
    bool ended;          /* There is no more input. */
    struct kg_mend mend; /* What is between its bytes, and none of them. */
};

/* Copies `options`. KG_ENOMEM: nothing is due. */
KG_MUST_USE enum kg_errc kg_frame_init(struct kg_frame *f,
                                       const struct kg_frame_options *options);
void kg_frame_finish(struct kg_frame *f);
/* Reads from `in`, and takes off it what was read. To be called until HUNGRY. */
KG_MUST_USE enum kg_frame_event kg_frame_next(struct kg_frame *f,
                                              struct kg_str *in);
/* There is no more; to be called until HUNGRY. */
KG_MUST_USE enum kg_frame_event kg_frame_end(struct kg_frame *f);

#endif /* KG_JSON_FRAME_H */
