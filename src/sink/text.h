/* Copies a value's text, and looks at it on the way. */
#ifndef KG_SINK_TEXT_H
#define KG_SINK_TEXT_H

#include <stdint.h>
#include <string.h>

#define KG_TEXT_ONES  UINT64_C(0x0101010101010101)
#define KG_TEXT_HIGHS UINT64_C(0x8080808080808080)

/* Not 0 where one of its bytes is a NUL or is not ASCII. */
static inline uint64_t kg_text_odd(uint64_t word)
{
    return ((word - KG_TEXT_ONES) | word) & KG_TEXT_HIGHS;
}

static inline uint64_t kg_text_copy_word(char *to, const char *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof(word));
    memcpy(to, &word, sizeof(word));
    return kg_text_odd(word);
}

static inline uint64_t kg_text_copy_half(char *to, const char *from)
{
    uint32_t half;

    memcpy(&half, from, sizeof(half));
    memcpy(to, &half, sizeof(half));
    return kg_text_odd(half | KG_TEXT_ONES << 32);
}

/* Most values are of a few bytes, for which calling memcpy() is the most of the
 * work. What is left at the end is copied together with bytes before it. Not 0
 * where `from` has a NUL or a byte that is not ASCII. */
static inline uint64_t kg_text_copy(char *to, const char *from, size_t len)
{
    uint64_t odd = 0;

    if (len >= sizeof(uint64_t)) {
        size_t last = len - sizeof(uint64_t);

        for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
            odd |= kg_text_copy_word(to + at, from + at);
        }
        return odd | kg_text_copy_word(to + last, from + last);
    }
    if (len >= sizeof(uint32_t)) {
        size_t last = len - sizeof(uint32_t);

        return kg_text_copy_half(to, from) |
               kg_text_copy_half(to + last, from + last);
    }
    for (size_t at = 0; at < len; at++) {
        to[at] = from[at];
        odd |= kg_text_odd((unsigned char)from[at] | KG_TEXT_ONES << 8);
    }
    return odd;
}

#endif /* KG_SINK_TEXT_H */
