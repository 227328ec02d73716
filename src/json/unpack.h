/* A packed body in a log: base64 of gzip or bzip2, found where a line begins with
 * what all of them begin with, unpacked while it streams by. The rest of the log
 * is left as it is.
 *
 *              magic                     the stream is over, its check right
 *     LINE ---------> BODY ------------------------------> ENDING --> LINE
 *      ^               |^------ another stream of the body ---'
 *      '--- BROKEN ----'
 *
 * What was unpacked is handed on a window later, so that a document which ends
 * in the last one waits for the check. A body may have several streams, as pigz
 * and pbzip2 write them; behind the last one its line ends, or its base64. */
#ifndef KG_JSON_UNPACK_H
#define KG_JSON_UNPACK_H

#include "inflate.h"

enum {
    KG_UNPACK_WINDOW = 16 * 1024,
    KG_UNPACK_MAGIC = 4, /* Characters of base64 that tell. */
};

enum kg_unpack_event {
    KG_UNPACK_MORE,   /* All was read. */
    KG_UNPACK_TEXT,   /* u->text: of the log, or of a body. */
    KG_UNPACK_BROKEN, /* A body: u->broken. */
    KG_UNPACK_NOMEM,
};

enum kg_unpack_state {
    KG_UNPACK_LINE,   /* Outside; at a line's beginning, some of the magic */
    KG_UNPACK_BODY,   /* was read. */
    KG_UNPACK_ENDING, /* What is left of it is handed on. */
};

/* The last body that was. */
struct kg_unpack_broken {
    uint64_t from, to;  /* Where it stood in the log, up to the damage. */
    const char *reason; /* "cut" or "limit". */
    const char *detail; /* For people. */
};

struct kg_unpack {
    enum kg_unpack_state state; /* Private. */
    enum kg_packing packing;    /* Private: what a body has to be. */
    struct kg_str text;         /* Read-only: borrowed until the next call. */
    struct kg_unpack_broken broken; /* Read-only. */
    uint64_t offset;                /* Private: in the log. */
    bool at_begin;                  /* Private: of a line; */
    enum kg_packing met;            /* so much of this magic */
    size_t n_magic;                 /* was there. */
    struct kg_inflate inflate;      /* Private: from here on. */
    uint32_t bits, n_bits;          /* Of base64, not yet a byte. */
    bool over;                      /* No base64 follows. */
    bool full;                      /* There may be more to unpack. */
    struct kg_str packed;           /* In `bytes`. */
    uint64_t n_in, n_out;           /* Of all bodies. */
    size_t len[2];                  /* Of the windows: one is filled while */
    unsigned filling;               /* the other waits. */
    char (*windows)[KG_UNPACK_WINDOW];
    char bytes[1024];
};

/* KG_ENOMEM: nothing is due. */
KG_MUST_USE enum kg_errc kg_unpack_init(struct kg_unpack *u,
                                        enum kg_packing packing);
void kg_unpack_finish(struct kg_unpack *u);
/* Reads from the front of *log. */
KG_MUST_USE enum kg_unpack_event kg_unpack_next(struct kg_unpack *u,
                                                struct kg_str *log);
/* The log is over for this reason: is a body broken by that? */
KG_MUST_USE bool kg_unpack_end(struct kg_unpack *u, const char *reason);
/* Is u->text of a body, not of the log? */
bool kg_unpack_is_unpacked(const struct kg_unpack *u);

#endif /* KG_JSON_UNPACK_H */
