/* What all ways of a scan do at brackets, and with a tally: one text, that they
 * tell the same. */
#ifndef KG_JSON_SCAN_TALLY_H
#define KG_JSON_SCAN_TALLY_H

#include "bytes.h"
#include "scalar.h"
#include "scan.h"

static inline const uint8_t *kg_scan_blanks(const uint8_t *p,
                                            const uint8_t *end)
{
    while (p < end && *p <= ' ' && kg_json_is_space(*p)) {
        p++;
    }
    return p;
}

/* False: it is too deep. */
static inline bool kg_nest_open(struct kg_nest *n, bool object)
{
    if (n->depth >= n->max) {
        return false;
    }
    n->kinds = n->kinds << 1 | object;
    n->depth++;
    return true;
}

/* False: it closes no container of its kind. */
static inline bool kg_nest_close(struct kg_nest *n, bool object)
{
    if ((n->kinds & 1) != object) {
        return false;
    }
    n->kinds >>= 1;
    n->depth--;
    return true;
}

/* So many elements have ended. */
static inline void kg_tally_end(struct kg_tally *t, unsigned n)
{
    t->n_all += n;
    t->n_met += t->met && n > 0;
    t->met = t->met && n == 0;
}

static inline bool kg_tally_looks(const struct kg_nest *n)
{
    return n->tally != NULL && n->tally->name.len > 0;
}

/* At a quote in an element that is an object. False: its value is not there
 * whole. */
static inline bool kg_tally_look(struct kg_tally *t, const uint8_t *p,
                                 const uint8_t *end)
{
    size_t len = t->name.len;
    size_t rest;

    if ((size_t)(end - p) < len + 2) {
        return !kg_bytes_equal(p + 1, t->name.ptr, (size_t)(end - p) - 1);
    }
    if (p[len + 1] != '"' || !kg_bytes_equal(p + 1, t->name.ptr, len)) {
        return true;
    }
    p = kg_scan_blanks(p + len + 2, end);
    if (p == end || *p != ':') {
        return p < end;
    }
    p = kg_scan_blanks(p + 1, end);
    rest = (size_t)(end - p);
    if (rest <= t->value.len) {
        bool begins = kg_bytes_equal(p, t->value.ptr, rest);

        t->met = t->met && begins;
        return !begins;
    }
    t->met = (unsigned)kg_bytes_equal(p, t->value.ptr, t->value.len) &
             (unsigned)!kg_scalar_has(p[t->value.len]); /* It may be any. */
    return true;
}

#endif /* KG_JSON_SCAN_TALLY_H */
