/* SPDX-License-Identifier: MIT */
#include "torn.h"

#include "kubeglean/error.h"

void kg_torn_wait(struct kg_torn *t, struct kg_str *in)
{
    t->waits = true;
    if (in != &t->rest) {
        KG_REQUIRE(in->len <= KG_TORN_MAX);
        memcpy(t->text, in->ptr, in->len);
        t->rest = kg_str_of(t->text, in->len);
        *in = kg_str_of(in->ptr + in->len, 0);
    }
}

void kg_torn_end(struct kg_torn *t)
{
    t->waits = false;
}

/* False: there is no more. */
static bool add(struct kg_torn *t, struct kg_str *in)
{
    size_t room = sizeof(t->text) - t->rest.len;
    size_t n = in->len < room ? in->len : room;

    memmove(t->text, t->rest.ptr, t->rest.len);
    memcpy(t->text + t->rest.len, in->ptr, n);
    t->rest = kg_str_of(t->text, t->rest.len + n);
    t->n_lent += n;
    *in = kg_str_of(in->ptr + n, in->len - n);
    return n > 0;
}

struct kg_str *kg_torn_source(struct kg_torn *t, struct kg_str *in)
{
    if (t->rest.len <= t->n_lent) {
        *in = kg_str_of(in->ptr - t->rest.len, in->len + t->rest.len);
        t->rest = kg_str_of(t->text, 0);
        t->n_lent = 0;
        return in;
    }
    if (t->waits && !add(t, in)) {
        return in;
    }
    t->waits = false;
    return &t->rest;
}

void kg_torn_let_go(struct kg_torn *t)
{
    t->n_lent = 0;
}
