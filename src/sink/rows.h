/* Rows of one report in memory, and sets of rows of several reports.
 *
 * A row is stored as its columns in order: length (or -1 for NULL) and bytes.
 * A set refers to rows, sorts them by key and turns them into arrays. */
#ifndef KG_SINK_ROWS_H
#define KG_SINK_ROWS_H

#include "binds.h"
#include "kubeglean/row.h"

struct kg_rows {
    struct kg_buf bytes;  /* Read-only. */
    struct kg_buf places; /* Private: struct kg_place of each row. */
    size_t n;             /* Read-only. */
    bool blank;           /* Its one row names a scope, and is none itself. */
};

void kg_rows_init(struct kg_rows *r, size_t max_bytes);
void kg_rows_finish(struct kg_rows *r);
/* Empties, and gives the memory back: many reports wait with nothing to hold. */
void kg_rows_reset(struct kg_rows *r);
void kg_rows_swap(struct kg_rows *a, struct kg_rows *b);
/* Copies. KG_ELIMIT, KG_ENOMEM: unchanged. */
KG_MUST_USE enum kg_errc kg_rows_add(struct kg_rows *r, uint32_t n_columns,
                                     const struct kg_row *row);

/* One row of a set. */
struct kg_row_ref {
    const char *bytes; /* Borrowed from its kg_rows. */
    const char *at;    /* Private: its next value. */
    uint64_t number;   /* Within its report. */
    uint32_t report;   /* Which of the set's reports: later ones win. */
    int32_t scope;     /* See kg_row_set_number_scopes(). */
    bool lost;         /* A later report has its key, or it is blank. */
};

struct kg_row_set {
    const struct kg_table_def *def; /* Borrowed. */
    struct kg_row_ref *refs;        /* Read-only. */
    size_t n;                       /* Read-only. */
    size_t capacity;                /* Private. */
};

void kg_row_set_init(struct kg_row_set *s, const struct kg_table_def *def);
void kg_row_set_finish(struct kg_row_set *s);
/* Borrows `rows` until finish. */
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

struct kg_value kg_row_ref_value(const struct kg_row_ref *ref, uint32_t column);

/* Numbers the scopes of rows `from` up to `to` by 1, 2, ...: neighbours of one
 * report, which are often of one scope, share a number. */
void kg_row_set_number_scopes(struct kg_row_set *s, size_t from, size_t to);
/* Rows `from` up to `to` as arrays, one parameter for each column. */
void kg_row_set_args(struct kg_row_set *s, size_t from, size_t to,
                     struct kg_binds *args);
/* A row's key as a JSON object; NULs, which jsonb cannot hold, are U+FFFD.
 * KG_ELIMIT: longer than `out` takes. */
KG_MUST_USE enum kg_errc kg_row_key(const struct kg_value *values,
                                    const struct kg_table_def *def,
                                    struct kg_buf *out);
KG_MUST_USE enum kg_errc kg_row_ref_key(const struct kg_row_ref *ref,
                                        const struct kg_table_def *def,
                                        struct kg_buf *out);

#endif /* KG_SINK_ROWS_H */
