/* Rows as text: NDJSON, CSV or a table for people.
 *
 * CSV is that of RFC 4180, but for the end of a line, which is LF as PostgreSQL's
 * COPY has it; NULL is nothing at all, an empty text is "". */
#ifndef KG_CLI_PRINTED_H
#define KG_CLI_PRINTED_H

#include "kubeglean/row.h"
#include "print.h"

enum kg_printed_form { KG_PRINTED_NDJSON, KG_PRINTED_CSV, KG_PRINTED_TABLE };

struct kg_printed {
    enum kg_printed_form form;        /* Private. */
    const struct kg_table_def *table; /* Private. */
    struct kg_print *print;           /* Private. */
    struct kg_buf line;               /* Private. */
    struct kg_buf names;              /* Private: {"a": ,"b": ... */
    size_t name_ends[KG_COLUMNS_MAX]; /* Private. */
    size_t widths[KG_COLUMNS_MAX];    /* Private: of a table's columns. */
    size_t max_width;                 /* Private: 0: lines have no edge. */
    size_t at;                        /* Private: characters of the line. */
};

/* Borrows `table` and `print`. */
void kg_printed_init(struct kg_printed *r, enum kg_printed_form form,
                     const struct kg_table_def *table, struct kg_print *print);
void kg_printed_finish(struct kg_printed *r);
/* The names of the columns, where the form has such a line. KG_ENOMEM, and
 * what the print returns. */
KG_MUST_USE enum kg_errc kg_printed_head(struct kg_printed *r);
KG_MUST_USE enum kg_errc kg_printed_add(struct kg_printed *r,
                                        const struct kg_row *row);

#endif /* KG_CLI_PRINTED_H */
