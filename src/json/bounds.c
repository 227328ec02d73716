/* SPDX-License-Identifier: MIT */
#include "bounds.h"

#include "kubeglean/limits.h"

static void set_default(size_t *limit, size_t value)
{
    *limit = *limit > 0 ? *limit : value;
}

enum kg_errc kg_bounds_fill(struct kg_reader_limits *l)
{
    set_default(&l->depth, KG_LIMIT_DEPTH);
    set_default(&l->string, KG_LIMIT_STRING);
    set_default(&l->key, KG_LIMIT_KEY);
    set_default(&l->number, KG_LIMIT_NUMBER);
    set_default(&l->row, KG_LIMIT_ROW);
    set_default(&l->held, KG_LIMIT_HELD);
    return l->depth <= KG_LIMIT_DEPTH_MAX ? KG_OK : KG_EUSAGE;
}
