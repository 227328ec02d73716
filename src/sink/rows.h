/* Rows of one report in memory.
 *
 * A row is held in one piece: a head, the length of each column's value, the
 * values. Those of the key come first, each with a NUL behind it, which no text
 * has: the order of these bytes is that of keys. Pieces lie in chunks, so that
 * none is moved when there are more. */
#ifndef KG_SINK_ROWS_H
#define KG_SINK_ROWS_H

#include "kubeglean/buf.h"
#include "kubeglean/row.h"

struct kg_held_row {
    uint64_t number;  /* Within its report. */
    uint32_t key_len; /* Of the key's values, with their NULs. */
    int32_t lens[];   /* Of each column's value; -1: NULL. */
};

struct kg_row_chunk; /* Private. */

struct kg_rows {
    const struct kg_held_row **rows; /* Read-only: in the order of adding, */
    size_t n;                        /* Read-only: so many. */
    size_t len;                      /* Read-only: their bytes, */
    size_t max;                      /* Read-only: never more than these. */
    size_t capacity;                 /* Private: of `rows`. */
    struct kg_row_chunk *chunks;     /* Private: the last one first. */
    bool blank; /* Its one row names a scope, and is none itself. */
};

void kg_rows_init(struct kg_rows *r, size_t max_bytes);
/* Empties, and gives the memory back: many reports wait with nothing to hold. */
void kg_rows_reset(struct kg_rows *r);
void kg_rows_swap(struct kg_rows *a, struct kg_rows *b);
/* Copies. KG_EDATA: kg_row_bad_text() says which column; KG_ELIMIT, KG_ENOMEM.
 * With an error it is unchanged. */
KG_MUST_USE enum kg_errc kg_rows_add(struct kg_rows *r,
                                     const struct kg_table_def *def,
                                     const struct kg_row *row);
/* The first column whose text is stored nowhere, since it has a NUL or is no
 * UTF-8; or NULL. */
const struct kg_column *kg_row_bad_text(const struct kg_table_def *def,
                                        const struct kg_row *row);
/* A row's key as a JSON object; NULs, which jsonb cannot hold, are U+FFFD.
 * KG_ELIMIT: longer than `out` takes. */
KG_MUST_USE enum kg_errc kg_row_key(const struct kg_value *values,
                                    const struct kg_table_def *def,
                                    struct kg_buf *out);

static inline struct kg_str kg_held_key(const struct kg_held_row *row,
                                        const struct kg_table_def *def)
{
    return kg_str_of((const char *)(row->lens + def->n_columns), row->key_len);
}

/* Borrowed from the row. */
struct kg_value kg_held_value(const struct kg_held_row *row,
                              const struct kg_table_def *def, uint32_t column);

#endif /* KG_SINK_ROWS_H */
