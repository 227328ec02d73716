/* Classifies a block in lanes of 16 or 32 bytes: LANE is a lane's type, and
 * LANE_DO(name) the name of an instruction on it. */
#ifndef KG_JSON_SCAN_LANES_H
#define KG_JSON_SCAN_LANES_H

#include "scan_nested.h"

INLINED LANE load(const uint8_t *p)
{
    LANE bytes;

    memcpy(&bytes, p, sizeof(bytes));
    return bytes;
}

INLINED LANE is(LANE bytes, char byte)
{
    return LANE_DO(cmpeq_epi8)(bytes, LANE_DO(set1_epi8)(byte));
}

/* From `low` on, so many. */
INLINED LANE is_among(LANE bytes, char low, char n)
{
    LANE at = LANE_DO(sub_epi8)(bytes, LANE_DO(set1_epi8)(low));
    LANE last = LANE_DO(set1_epi8)((char)(n - 1));

    return LANE_DO(cmpeq_epi8)(LANE_DO(min_epu8)(at, last), at);
}

INLINED uint64_t bits(LANE marks, unsigned at)
{
    return (uint64_t)(uint32_t)LANE_DO(movemask_epi8)(marks) << at;
}

INLINED void add(struct mask *m, const uint8_t *from, char first, unsigned at)
{
    LANE bytes = load(from + at);
    LANE lower = bytes | LANE_DO(set1_epi8)(0x20);
    LANE open = is(lower, '{');
    LANE close = is(lower, '}');
    LANE quote = is(bytes, '"');
    LANE newline = is(bytes, '\n');
    LANE blank = is(bytes, ' ') | newline | is(bytes, '\r') | is(bytes, '\t');
    LANE plain =
        is_among(bytes, '+', 16) | is_among(bytes, 'a', 26) | is(bytes, 'E');

    m->open |= bits(open, at);
    m->close |= bits(close, at);
    m->object |= bits(LANE_DO(slli_epi16)(bytes, 2), at);
    m->quote |= bits(quote, at);
    m->backslash |= bits(is(bytes, '\\'), at);
    m->comma |= bits(is(bytes, ','), at);
    m->colon |= bits(is(bytes, ':'), at);
    m->newline |= bits(newline, at);
    m->blank |= bits(blank, at);
    m->control |= bits(is_among(bytes, 0, 0x20), at);
    m->high |= bits(bytes, at);
    m->plain |= bits(plain, at);
    m->first |= bits(is(bytes, first), at);
}

INLINED void classify(struct mask *m, const uint8_t *bytes, uint8_t first)
{
    *m = (struct mask){0};
#pragma GCC unroll 4
    for (unsigned at = 0; at < 64; at += sizeof(LANE)) {
        add(m, bytes, (char)first, at);
    }
}

#endif /* KG_JSON_SCAN_LANES_H */
