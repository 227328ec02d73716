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
    while (p < end && kg_json_is_space(*p)) {
        p = kg_bytes_skip_blanks(p + 1, end, false);
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
    if (n->depth == 1 && n->tally != NULL) {
        n->tally->n_all++;
        n->tally->n_met += n->tally->met;
        n->tally->met = false;
    }
    return true;
}

static inline bool kg_tally_looks(const struct kg_nest *n)
{
    return n->tally != NULL && n->tally->name.len > 0;
}

/* In the array that is counted, from `p`, behind its opener or a comma: is a
 * container next, or its end, or is nothing known? */
static inline bool kg_tally_goes_on(const uint8_t *p, const uint8_t *end)
{
    bool first = p[-1] == '[';

    p = kg_scan_blanks(p, end);
    return p == end || *p == '{' || *p == '[' || (*p == ']' && first);
}

/* Behind one of its elements. */
static inline bool kg_tally_goes_on_behind(const uint8_t *p, const uint8_t *end)
{
    p = kg_scan_blanks(p, end);
    return p == end || *p == ']' || (*p == ',' && kg_tally_goes_on(p + 1, end));
}

/* At a quote in an element that is an object. False: its value is not there
 * whole. */
static inline bool kg_tally_look(struct kg_tally *t, const uint8_t *p,
                                 const uint8_t *end)
{
    size_t len = t->name.len;
    size_t rest;

    if ((size_t)(end - p) < len + 2) {
        return false;
    }
    if (p[len + 1] != '"' || memcmp(p + 1, t->name.ptr, len) != 0) {
        return true;
    }
    p = kg_scan_blanks(p + len + 2, end);
    if (p == end || *p != ':') {
        return p < end;
    }
    p = kg_scan_blanks(p + 1, end);
    rest = (size_t)(end - p);
    if (memcmp(p, t->value.ptr, rest < t->value.len ? rest : t->value.len) !=
        0) {
        t->met = false;
        return true;
    }
    if (rest <= t->value.len) {
        return false;
    }
    t->met = !kg_scalar_has(p[t->value.len]);
    return true;
}

#endif /* KG_JSON_SCAN_TALLY_H */
