/* Rows of several reports for one table: in the order of their keys, and as the
 * parameters of a statement. */
#ifndef KG_SINK_ROWSET_H
#define KG_SINK_ROWSET_H

#include "binds.h"
#include "rows.h"

/* One row of a set. */
struct kg_row_ref {
    const struct kg_held_row *row; /* Borrowed from its kg_rows. */
    uint64_t first;                /* Private: what it is compared by first. */
    uint32_t report; /* Which of the set's reports: later ones win. */
    int32_t scope;   /* See kg_row_set_number_scopes(). */
    bool lost;       /* A later report has its key, or it is blank. */
};

struct kg_row_set {
    const struct kg_table_def *def; /* Borrowed. */
    struct kg_row_ref *refs;        /* Read-only. */
    size_t n;                       /* Read-only. */
    size_t capacity;                /* Private. */
};

void kg_row_set_init(struct kg_row_set *s, const struct kg_table_def *def);
void kg_row_set_finish(struct kg_row_set *s);
/* Borrows `rows` until finish. Reports come in the order of their numbers. */
KG_MUST_USE enum kg_errc kg_row_set_add(struct kg_row_set *s,
                                        const struct kg_rows *rows,
                                        uint32_t report);

/* Told of each row whose key comes again later in its own report. */
typedef void (*kg_row_again_cb)(void *data, const struct kg_row_ref *dropped);
/* Sorts by the full key, bytewise. Of each key one row of each report is kept,
 * its last, and all but the last report's are `lost`. KG_MODE_APPEND keeps all,
 * in order. */
KG_MUST_USE enum kg_errc kg_row_set_sort(struct kg_row_set *s,
                                         kg_row_again_cb again_cb, void *data);

struct kg_value kg_row_set_value(const struct kg_row_set *s, size_t i,
                                 uint32_t column);
/* Numbers the scopes of rows `from` up to `to` by 1, 2, ...: neighbours of one
 * report, which are often of one scope, share a number. */
void kg_row_set_number_scopes(struct kg_row_set *s, size_t from, size_t to);
/* Rows `from` up to `to` as arrays, one parameter for each column. */
void kg_row_set_args(const struct kg_row_set *s, size_t from, size_t to,
                     struct kg_binds *args);
/* The key of row `i`, as kg_row_key() has it. */
KG_MUST_USE enum kg_errc kg_row_set_key(const struct kg_row_set *s, size_t i,
                                        struct kg_buf *out);

#endif /* KG_SINK_ROWSET_H */
