/* Rows that wait for the end of their report, in a temporary file: printed when
 * it has told what they lack. Memory is a block and the largest row. */
#ifndef KG_CLI_ROWFILE_H
#define KG_CLI_ROWFILE_H

#include "kubeglean/buf.h"
#include "kubeglean/row.h"

struct kg_rowfile {
    uint64_t n;            /* Read-only: rows. */
    int fd;                /* Private: -1: no file yet. */
    uint64_t len;          /* Private: of the file. */
    struct kg_buf written; /* Private: not yet in the file. */
    uint32_t n_columns;    /* Private. */
};

/* Allocates nothing. */
void kg_rowfile_init(struct kg_rowfile *f, uint32_t n_columns);
void kg_rowfile_finish(struct kg_rowfile *f);
/* Copies. KG_EIO (no such folder, no space), KG_ENOMEM: `e` tells. */
KG_MUST_USE enum kg_errc kg_rowfile_add(struct kg_rowfile *f,
                                        const struct kg_row *row,
                                        struct kg_error *e);

/* `row` is borrowed until it returns. False stops. */
typedef bool (*kg_rowfile_cb)(void *data, const struct kg_row *row);

/* All rows, in their order, with the columns that they lack from `late`.
 * KG_ECANCELED: the callback stopped; else as above. */
KG_MUST_USE enum kg_errc kg_rowfile_read(struct kg_rowfile *f,
                                         const struct kg_value *late,
                                         kg_rowfile_cb cb, void *data,
                                         struct kg_error *e);
void kg_rowfile_clear(struct kg_rowfile *f);

#endif /* KG_CLI_ROWFILE_H */
