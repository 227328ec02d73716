/* What a reader tells of its reports, from their beginning to what they come to.
 *
 *     begin_cb ---> row_cb, reject_cb, piece_cb ... ---> end_cb
 *
 * The first thing that is wrong with a report is the one it tells. */
#ifndef KG_JSON_TELL_H
#define KG_JSON_TELL_H

#include "kubeglean/reader.h"

struct kg_tell {
    const struct kg_reader_ops *ops; /* Borrowed, as `data` is. */
    void *data;
    struct kg_reader_stats *stats; /* Borrowed: counts reports and rows. */
    bool begun;                    /* Read-only: a report is open. */
    uint64_t n_begun;              /* Private: reports. */
    uint64_t number;               /* Private: of its next row. */
    uint64_t late;            /* Read-only: columns that rows of it lack. */
    struct kg_report_end end; /* What it comes to. */
    struct kg_error why;      /* The text of its detail. */
};

/* False, here as below: a callback refused. At `offset` of the log; nothing if one
 * is open. */
KG_MUST_USE bool kg_tell_begin(struct kg_tell *t, uint64_t offset);
KG_MUST_USE bool kg_tell_row(struct kg_tell *t, const struct kg_value *values,
                             uint64_t late);
KG_MUST_USE bool kg_tell_reject(struct kg_tell *t,
                                const struct kg_value *values,
                                const char *column, const char *why);
void kg_tell_spoil(struct kg_tell *t, enum kg_outcome outcome,
                   const char *reason);
KG_MUST_USE bool kg_tell_end(struct kg_tell *t);

static inline bool kg_tell_is_spoilt(const struct kg_tell *t)
{
    return t->end.outcome != KG_COMPLETE;
}

#endif /* KG_JSON_TELL_H */
