/* What lies inside of containers, at memory speed: `nested` looks at little more
 * than strings and nesting, in what nobody wants; `checked` at all that the
 * grammar of RFC 8259 says.
 *
 * The ways to do so, one for each kind of processor, tell exactly the same: what
 * is skipped, and where one stops, is up to the bytes alone. */
#ifndef KG_JSON_SCAN_H
#define KG_JSON_SCAN_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

enum { KG_NEST_MAX = 64, KG_NEST_GAP_MIN = 64, KG_CHECK_SLACK = 80 };

/* An array that is only counted: all its elements, and the objects among them
 * that have a member with a certain value. */
struct kg_tally {
    struct kg_str name;  /* The member's; empty: all that matters is n_all. */
    struct kg_str value; /* A number or a literal. */
    uint64_t n_all, n_met;
    bool met; /* The element that is open has it, so far. */
};

/* The containers that are open, up to the one whose end is looked for. */
struct kg_nest {
    uint64_t kinds; /* A bit for each, the innermost lowest: 1 is an object. */
    unsigned depth; /* How many; 0: its end was found. */
    unsigned max;   /* No deeper than this, at most KG_NEST_MAX. */
    size_t gap;     /* So long, at least KG_NEST_GAP_MIN, it goes on without a
                   * bracket or a comma. */
    struct kg_tally
        *tally;   /* The outermost is its array. NULL: there is none. */
    bool member;  /* What is read is right behind an object's opener. */
    bool ran_out; /* Told by `nested`: with more bytes it might go on. */
};

/* What comes next where a check begins. */
enum kg_expected {
    KG_EXPECT_NAME,
    KG_EXPECT_FIRST_NAME, /* Or the object's end. */
    KG_EXPECT_VALUE,
    KG_EXPECT_FIRST_VALUE, /* Or the array's end. */
};

struct kg_check {
    struct kg_nest nest;
    enum kg_expected expected;
    bool at_line;      /* The first byte is a line's. */
    size_t max_number; /* Bytes. */
    uint8_t *out; /* Here goes what is skipped, without the white space between
                   * its tokens; then, where that ends. There has to be room for
                   * all that is read, and KG_CHECK_SLACK. */
};

struct kg_scan {
    const char *name; /* As KG_SIMD has it. */
    bool wide;        /* bytes.h: 16 bytes at a time. */
    /* Reads from behind an opener, a closer or a comma. Returns how much is sure
     * to be inside, up to and with another; `n` is as it is there. 0: nothing is.
     * Cut anywhere and read on from there, by as many calls as it takes, the same
     * is sure. It stops
     * - behind the closer that makes n->depth 0;
     * - before a closer of the other kind, and an opener that is too deep;
     * - before a string with a control character in it; with a tally's name, with
     *   a backslash;
     * - before a byte that no JSON text has outside strings, a member that does
     *   not begin with a quote, and a line that does not begin with white space
     *   or a closer;
     * - before n->gap bytes without a bracket or a comma;
     * - with a tally, before an element that is no container, and a member of
     *   its name whose value is not there whole. */
    size_t (*nested)(struct kg_nest *n, const uint8_t *p, size_t len);
    /* The same for what is held to the grammar: from between two tokens, where
     * c->expected comes next. It stops besides
     * - before what no JSON text has there: a token, an escape, bytes that are no
     *   UTF-8;
     * - before a number that is too long, and a line that begins with a closer;
     * - when it has read enough.
     * Strings are as long as they like. NULL: this way has none. */
    size_t (*checked)(struct kg_check *c, const uint8_t *p, size_t len);
};

/* Of this name; NULL and "" are the fastest one. KG_EUSAGE: there is none, or
 * the processor has no such instructions. */
KG_MUST_USE enum kg_errc kg_scan_choose(const char *name,
                                        const struct kg_scan **ret_scan,
                                        struct kg_error *e);
/* The i-th that the processor can, the slowest first, or NULL. */
const struct kg_scan *kg_scan_at(size_t i);

#endif /* KG_JSON_SCAN_H */
