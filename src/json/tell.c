/* SPDX-License-Identifier: MIT */
#include "tell.h"

bool kg_tell_begin(struct kg_tell *t, uint64_t offset)
{
    if (t->begun) {
        return true;
    }
    t->begun = true;
    t->number = 0;
    t->late = 0;
    t->end = (struct kg_report_end){
        .outcome = KG_COMPLETE, .reason = "", .detail = "", .offset = offset};
    kg_error_clear(&t->why);
    return t->ops->begin_cb(t->data, t->n_begun++);
}

bool kg_tell_row(struct kg_tell *t, const struct kg_value *values,
                 uint64_t late)
{
    struct kg_row row = {.values = values, .number = t->number++, .late = late};

    t->late |= late;
    t->end.n_rows++;
    t->stats->rows++;
    return t->ops->row_cb(t->data, &row);
}

bool kg_tell_reject(struct kg_tell *t, const struct kg_value *values,
                    const char *column, const char *why)
{
    struct kg_row row = {.values = values, .number = t->number++};

    t->end.n_rejected++;
    t->stats->rejected++;
    return t->ops->reject_cb == NULL ||
           t->ops->reject_cb(t->data, &row, column, why);
}

void kg_tell_spoil(struct kg_tell *t, enum kg_outcome outcome,
                   const char *reason)
{
    if (!kg_tell_is_spoilt(t)) {
        t->end.outcome = outcome;
        t->end.reason = reason;
    }
}

bool kg_tell_end(struct kg_tell *t)
{
    t->begun = false;
    t->end.detail = t->why.text;
    t->stats->incomplete += t->end.outcome == KG_INCOMPLETE;
    t->stats->refused += t->end.outcome == KG_REJECTED;
    return t->ops->end_cb(t->data, &t->end);
}
