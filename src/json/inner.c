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

void kg_inner_open(struct kg_inner *i, size_t depth, uint64_t from)
{
    kg_buf_reset(&i->text);
    i->state = KG_INNER_OPEN;
    i->depth = depth;
    i->from = from;
}

/* For lack of room it is only not found, as if it had not been there. */
void kg_inner_copy(struct kg_inner *i, struct kg_str bytes, uint64_t at)
{
    uint64_t next = i->from + kg_buf_len(&i->text);
    size_t skip;

    if (i->state == KG_INNER_NONE || at + bytes.len <= next) {
        return;
    }
    KG_REQUIRE(at <= next);
    skip = (size_t)(next - at);
    if (kg_buf_add(&i->text, kg_str_of(bytes.ptr + skip, bytes.len - skip)) !=
        KG_OK) {
        kg_inner_forget(i);
    }
}

void kg_inner_close(struct kg_inner *i, size_t depth)
{
    if (i->state == KG_INNER_OPEN && depth == i->depth) {
        i->state = KG_INNER_WHOLE;
    } else if (i->state == KG_INNER_WHOLE) {
        kg_inner_forget(i);
    }
}

void kg_inner_stand(struct kg_inner *i)
{
    i->state = KG_INNER_STANDS;
}

void kg_inner_forget(struct kg_inner *i)
{
    i->state = KG_INNER_NONE;
    kg_buf_shrink(&i->text, 0);
}
