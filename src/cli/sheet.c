/* SPDX-License-Identifier: MIT */
#include "profiles.h"

static void keep(struct kg_sheet *s, enum kg_errc err)
{
    s->err = s->err != KG_OK ? s->err : err;
}

void kg_sheet_begin(struct kg_sheet *s, const struct kg_column *columns,
                    uint32_t n_columns, struct kg_print *print)
{
    *s = (struct kg_sheet){
        .table = {.name = "", .columns = columns, .n_columns = n_columns}};
    kg_printed_init(&s->printed, KG_PRINTED_TABLE, &s->table, print);
    keep(s, kg_printed_head(&s->printed));
}

void kg_sheet_add(struct kg_sheet *s, const struct kg_value *values)
{
    struct kg_row row = {.values = values};

    if (s->err == KG_OK) {
        keep(s, kg_printed_add(&s->printed, &row));
    }
}

enum kg_errc kg_sheet_end(struct kg_sheet *s)
{
    kg_printed_finish(&s->printed);
    return s->err;
}
