/* SPDX-License-Identifier: MIT */
#include "inner.h"

void kg_inner_init(struct kg_inner *i, size_t max)
{
    *i = (struct kg_inner){.state = KG_INNER_NONE};
    kg_buf_init(&i->text, max);
}

void kg_inner_finish(struct kg_inner *i)
{
    kg_buf_finish(&i->text);
}

void kg_inner_open(struct kg_inner *i, size_t depth, uint64_t from, uint64_t at)
{
    kg_buf_reset(&i->text);
    i->state = KG_INNER_OPEN;
    i->depth = depth;
    i->from = from;
    i->copied = at;
}

/* For lack of room it is only not found, as if it had not been there. */
void kg_inner_copy(struct kg_inner *i, struct kg_str text, uint64_t at)
{
    size_t skip;

    if (i->state != KG_INNER_OPEN || at + text.len <= i->copied) {
        return;
    }
    KG_REQUIRE(at <= i->copied);
    skip = (size_t)(i->copied - at);
    i->copied = at + text.len;
    if (kg_buf_add(&i->text, kg_str_of(text.ptr + skip, text.len - skip)) !=
        KG_OK) {
        kg_inner_forget(i);
    }
}

void kg_inner_close(struct kg_inner *i, uint64_t to)
{
    if (i->state == KG_INNER_OPEN) {
        i->state = KG_INNER_WHOLE;
        i->to = to;
    }
}

bool kg_inner_stands(const struct kg_inner *i, uint64_t at)
{
    return i->state == KG_INNER_WHOLE && i->copied == at;
}

void kg_inner_forget(struct kg_inner *i)
{
    i->state = KG_INNER_NONE;
    kg_buf_shrink(&i->text, 0);
}
