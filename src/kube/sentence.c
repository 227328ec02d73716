/* SPDX-License-Identifier: MIT */
#include "sentence.h"

static const struct kg_str words = {"unable to retrieve container logs for ",
                                    38};

static bool is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '/';
}

bool kg_sentence_begins(struct kg_str s)
{
    size_t len = s.len < words.len ? s.len : words.len;

    if (s.len > KG_SENTENCE_MAX || memcmp(s.ptr, words.ptr, len) != 0) {
        return false;
    }
    while (len < s.len && is_id_byte(s.ptr[len])) {
        len++;
    }
    return len == s.len;
}

bool kg_sentence_is(struct kg_str s)
{
    return s.len > words.len && kg_sentence_begins(s) &&
           kg_str_find(s, KG_STR("://")) > 0;
}

size_t kg_sentence_at_end(struct kg_str s)
{
    size_t from = s.len > KG_SENTENCE_MAX ? s.len - KG_SENTENCE_MAX : 0;

    for (; from < s.len; from++) {
        struct kg_str end = kg_str_of(s.ptr + from, s.len - from);

        if (s.ptr[from] == words.ptr[0] && kg_sentence_begins(end)) {
            return end.len;
        }
    }
    return 0;
}
