/* What a document says of one column, and what becomes of it. */
#ifndef KG_JSON_CELL_H
#define KG_JSON_CELL_H

#include "profile_def.h"

enum kg_cell_state {
    KG_CELL_ABSENT,
    KG_CELL_NULL,
    KG_CELL_BOOL,
    KG_CELL_NUMBER,
    KG_CELL_STRING,
    KG_CELL_RAW,       /* JSON text, */
    KG_CELL_RAW_NULL,  /* which is null. */
    KG_CELL_CONTAINER, /* An array or object where a scalar should be. */
};

struct kg_cell {
    enum kg_cell_state state;
    struct kg_buf text;
};

/* Of each enum kg_run_field. */
struct kg_run_values {
    struct kg_value values[KG_RUN_NR];
    char times[3][32];
};

void kg_run_values_init(struct kg_run_values *v, const struct kg_run_info *run);

/* KG_ENOMEM; KG_ELIMIT: longer than the cell's maximum. */
KG_MUST_USE enum kg_errc kg_cell_set(struct kg_cell *cell, enum kg_kind kind,
                                     struct kg_str text);
/* Why a column of this type does not take the text, a static string; or NULL. */
const char *kg_cell_refuse(enum kg_type type, struct kg_str text);
/* The column's value, borrowed from the cell (NULL: it has none), the profile
 * and `run`; or why the row is refused: a static string, else NULL. The cell's
 * text may get a NUL behind it. */
const char *kg_cell_resolve(struct kg_cell *cell,
                            const struct kg_column_def *def,
                            const struct kg_run_values *run,
                            struct kg_value *ret_value);

#endif /* KG_JSON_CELL_H */
