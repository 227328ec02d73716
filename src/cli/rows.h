/* Rows as text: NDJSON, CSV or a table for people. */
#ifndef KG_CLI_ROWS_H
#define KG_CLI_ROWS_H

#include "kubeglean/row.h"
#include "print.h"

enum kg_rows_form { KG_ROWS_NDJSON, KG_ROWS_CSV, KG_ROWS_TABLE };

struct kg_rows {
    enum kg_rows_form form;           /* Private. */
    const struct kg_table_def *table; /* Private. */
    struct kg_print *print;           /* Private. */
    struct kg_buf line;               /* Private. */
};

/* Borrows `table` and `print`. */
void kg_rows_init(struct kg_rows *r, enum kg_rows_form form,
                  const struct kg_table_def *table, struct kg_print *print);
void kg_rows_finish(struct kg_rows *r);
/* The names of the columns, where the form has such a line. KG_ENOMEM, and
 * what the print returns. */
KG_MUST_USE enum kg_errc kg_rows_head(struct kg_rows *r);
KG_MUST_USE enum kg_errc kg_rows_add(struct kg_rows *r,
                                     const struct kg_row *row);

#endif /* KG_CLI_ROWS_H */
