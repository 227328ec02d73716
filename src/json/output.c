/* SPDX-License-Identifier: MIT */
#include "output.h"

static bool fail(struct kg_select *s, enum kg_errc err)
{
    s->err = err;
    return err == KG_OK;
}

static bool send_row(struct kg_select *s, const struct kg_held_row *row)
{
    bool go_on = row->why != NULL
                     ? s->ops->reject_cb(s->data, row->column, row->why)
                     : s->ops->row_cb(s->data, row->values);

    return fail(s, go_on ? KG_OK : KG_ECANCELED);
}

static bool send_held(struct kg_select *s)
{
    struct kg_held_row *row;

    while (s->matched && (row = kg_held_first(&s->held)) != NULL) {
        bool go_on = send_row(s, row);

        kg_held_drop(&s->held, row);
        if (!go_on) {
            return false;
        }
    }
    return true;
}

static bool is_missing(const struct kg_select *s, uint32_t column)
{
    return s->profile->defs[column].source == KG_FROM_PARENT &&
           s->cells[column].state == KG_CELL_ABSENT;
}

/* The first column that refuses the row names it. */
static void resolve(struct kg_select *s, uint32_t column,
                    struct kg_held_row *row)
{
    const struct kg_column_def *def = &s->profile->defs[column];
    struct kg_value value = {.is_null = true};
    const char *why = NULL;

    if (is_missing(s, column)) {
        row->missing |= UINT64_C(1) << column;
    } else {
        why = kg_cell_resolve(&s->cells[column], def, &s->run, &value);
    }
    if (why != NULL && row->why == NULL) {
        row->column = def->name;
        row->why = why;
    }
    row->values[column] = value;
}

bool kg_output_row(struct kg_select *s)
{
    struct kg_held_row row = {.values = s->values};
    size_t len = 0;

    for (uint32_t i = 0; i < s->profile->table.n_columns; i++) {
        resolve(s, i, &row);
        len += row.values[i].text.len;
    }
    if (len > s->max_row) {
        return fail(s, KG_ELIMIT);
    }
    if (s->matched && row.missing == 0 && kg_held_empty(&s->held)) {
        return send_row(s, &row);
    }
    return fail(s, kg_held_add(&s->held, &row));
}

/* Compiled so that each column of the scope can do without a row. */
const struct kg_value *kg_output_scope(struct kg_select *s)
{
    const struct kg_table_def *table = &s->profile->table;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        s->values[i] = (struct kg_value){.is_null = true};
        if (s->profile->defs[i].source != KG_FROM_PARENT) {
            s->cells[i].state = KG_CELL_ABSENT;
        }
    }
    for (uint32_t i = 0; i < table->n_scope; i++) {
        uint32_t column = table->scope[i];

        if (kg_cell_resolve(&s->cells[column], &s->profile->defs[column],
                            &s->run, &s->values[column]) != NULL) {
            return NULL;
        }
    }
    return s->values;
}

bool kg_output_matched(struct kg_select *s)
{
    s->matched = true;
    if (!s->ops->matched_cb(s->data)) {
        return fail(s, KG_ECANCELED);
    }
    return send_held(s);
}

bool kg_output_parent(struct kg_select *s, uint32_t column)
{
    const struct kg_column_def *def = &s->profile->defs[column];
    struct kg_value value = {.is_null = true};
    const char *why;

    if (kg_held_empty(&s->held)) {
        return true;
    }
    why = kg_cell_resolve(&s->cells[column], def, &s->run, &value);
    return fail(s, kg_held_fill(&s->held, column, def, &value, why)) &&
           send_held(s);
}
