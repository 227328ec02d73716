/* What nobody wants, 64 bytes at a time. */
#ifndef KG_JSON_SCAN_NESTED_H
#define KG_JSON_SCAN_NESTED_H

#include "scan_block.h"

struct nested {
    struct kg_nest nest;
    struct text text;
    uint64_t member; /* The next block may begin behind an object's opener. */
    struct place at;
    bool counts, looks;
    uint8_t first; /* Of the tally's name. */
};

/* The first of the block's brackets and commas, if it has one, is further from
 * the last than may be. */
INLINED bool is_far(const struct nested *n, uint64_t sure)
{
    size_t len = (size_t)(n->at.end - n->at.block);
    size_t past = (size_t)(n->at.block - n->at.sure);

    if (past + BLOCK <= n->nest.gap) {
        return false;
    }
    len = sure != 0 ? (size_t)__builtin_ctzll(sure) : len;
    return past + (len < BLOCK ? len : BLOCK) > n->nest.gap;
}

INLINED bool nested_block(struct nested *n, const uint8_t *bytes)
{
    struct kg_nest nest = n->nest;
    uint64_t before = UINT64_MAX, stop;
    struct mask m;
    struct shape s;

    classify(&m, bytes, n->first);
    read_strings(&n->text, m.quote, m.backslash);
    take_strings_out(&m, &n->text);
    if (is_far(n, m.open | m.close | m.comma)) {
        return false;
    }
    stop = (n->text.inside & m.control) |
           (n->text.outside & ~(m.plain | m.blank | m.open | m.close)) |
           (behind(m.newline, &n->text.lines) & ~(m.blank | m.close));
    stop |= next_of(m.open & m.object, m.blank, &n->member) &
            ~(m.quote | (m.close & m.object));
    walk(&nest, &m, &before, &s, n->counts);
    if (n->counts) {
        uint64_t names =
            n->looks ? names_in(&m, &n->text, &s, bytes, n->first) : 0;

        stop |= s.tallied & ~(m.blank | m.comma | m.open | m.close);
        stop |= n->looks ? m.backslash : 0;
        before =
            tally_up(nest.tally, names, s.ended, before & below(stop), &n->at);
    }
    return keep(&n->nest, &n->at, &m, &nest, before & below(stop));
}

INLINED size_t nested_blocks(struct kg_nest *nest, const uint8_t *p, size_t len,
                             bool counts)
{
    struct nested n = {.nest = *nest,
                       .member = nest->member,
                       .at = {p + len, p, p, false},
                       .counts = counts,
                       .looks = counts && kg_tally_looks(nest)};
    uint8_t copy[BLOCK + AHEAD];
    bool goes_on = true;

    n.first = n.looks ? (uint8_t)*nest->tally->name.ptr : 0;
    while (goes_on && n.at.block < n.at.end) {
        goes_on = nested_block(&n, bytes_of(&n.at, copy));
        n.at.block += BLOCK;
    }
    *nest = n.nest;
    nest->ran_out = (goes_on || n.at.ran_out) &&
                    (size_t)(n.at.end - n.at.sure) <= nest->gap;
    return (size_t)(n.at.sure - p);
}

static size_t scan_nested(struct kg_nest *nest, const uint8_t *p, size_t len)
{
    return nest->tally != NULL ? nested_blocks(nest, p, len, true)
                               : nested_blocks(nest, p, len, false);
}

#endif /* KG_JSON_SCAN_NESTED_H */
