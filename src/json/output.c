/* SPDX-License-Identifier: MIT */
#include "output.h"

static bool fail(struct kg_select *s, enum kg_errc err)
{
    s->err = err;
    return err == KG_OK;
}

/* The columns of these slots, one bit each. */
static uint64_t columns_of(const struct kg_select *s, uint64_t slots)
{
    uint64_t columns = 0;

    for (uint64_t rest = slots; rest != 0; rest &= rest - 1) {
        uint32_t slot = (uint32_t)__builtin_ctzll(rest);

        columns |= UINT64_C(1) << s->profile->slots[slot].column;
    }
    return columns;
}

/* Of what waits. */
static bool fail_held(struct kg_select *s, enum kg_errc err)
{
    s->held_full = err == KG_ELIMIT;
    return fail(s, err);
}

static bool send_row(struct kg_select *s, const struct kg_held_row *row)
{
    bool go_on =
        row->why != NULL
            ? s->ops->reject_cb(s->data, row->values, row->column, row->why)
            : s->ops->row_cb(s->data, row->values, columns_of(s, row->missing));

    return fail(s, go_on ? KG_OK : KG_ECANCELED);
}

static bool send_held(struct kg_select *s)
{
    struct kg_held_row *row;

    while (s->matched && (row = kg_held_first(&s->held, s->passing)) != NULL) {
        bool go_on = send_row(s, row);

        kg_held_drop(&s->held, row);
        if (!go_on) {
            return false;
        }
    }
    return true;
}

static bool is_null(const struct kg_cell *cell)
{
    return cell->state == KG_CELL_NULL || cell->state == KG_CELL_RAW_NULL;
}

/* The first of a column's slots for these rows that has a value, else one that
 * is null; NULL: there is none yet. *ret_missing are those that may still come,
 * and would be better. */
static struct kg_cell *choose(struct kg_select *s,
                              const struct kg_column_def *def, uint64_t rows,
                              uint64_t *ret_missing)
{
    struct kg_cell *chosen = NULL;

    *ret_missing = 0;
    for (uint64_t rest = def->slots; rest != 0; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);
        const struct kg_slot *slot = &s->profile->slots[i];
        struct kg_cell *cell = &s->cells[i];

        if ((slot->rows & rows) == 0) {
            continue;
        }
        if (cell->state == KG_CELL_ABSENT) {
            bool better = chosen == NULL || is_null(chosen);

            *ret_missing |= (uint64_t)(slot->waits && better) << i;
            continue;
        }
        s->seen.slots |= (uint64_t)(def->source != KG_FROM_COUNT) << i;
        if (chosen == NULL || (is_null(chosen) && !is_null(cell))) {
            chosen = cell;
        }
    }
    return chosen;
}

/* The first column that refuses the row names it. */
static void resolve(struct kg_select *s, uint32_t column,
                    struct kg_held_row *row)
{
    const struct kg_column_def *def = &s->profile->defs[column];
    struct kg_value value = {.is_null = true};
    uint64_t missing;
    struct kg_cell *cell = choose(s, def, UINT64_C(1) << s->rows, &missing);
    const char *why = NULL;

    if (cell != NULL || missing == 0) {
        why = kg_cell_resolve(cell, def, &s->run, &value);
    }
    row->missing |= missing;
    if (cell != NULL && missing != 0) {
        value = kg_held_value(why, value);
    } else if (why != NULL && row->why == NULL) {
        row->column = def->name;
        row->why = why;
    }
    row->values[column] = value;
}

static bool send_or_hold(struct kg_select *s, const struct kg_held_row *row)
{
    enum kg_errc err;

    if (s->matched && (row->missing & ~s->passing) == 0 &&
        kg_held_empty(&s->held)) {
        return send_row(s, row);
    }
    err = kg_held_add(&s->held, row);
    if (err != KG_ELIMIT || s->passing == s->may_pass) {
        return fail_held(s, err);
    }
    s->passing = s->may_pass;
    return send_held(s) && send_or_hold(s, row);
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
    return send_or_hold(s, &row);
}

static void clear_values(struct kg_select *s)
{
    for (uint32_t i = 0; i < s->profile->table.n_columns; i++) {
        s->values[i] = (struct kg_value){.is_null = true};
    }
}

const struct kg_value *kg_output_late(struct kg_select *s, struct kg_error *e)
{
    uint64_t missing;

    clear_values(s);
    for (uint64_t rest = columns_of(s, s->passing); rest != 0;
         rest &= rest - 1) {
        uint32_t column = (uint32_t)__builtin_ctzll(rest);
        const struct kg_column_def *def = &s->profile->defs[column];
        struct kg_cell *cell = choose(s, def, UINT64_MAX, &missing);
        const char *why =
            kg_cell_resolve(cell, def, &s->run, &s->values[column]);

        if (why != NULL) {
            (void)kg_error_set(e, KG_EDATA, 0, "rows: column %s: %s", def->name,
                               why);
            return NULL;
        }
    }
    return s->values;
}

/* Compiled so that each column of the scope can do without a row. */
const struct kg_value *kg_output_scope(struct kg_select *s)
{
    const struct kg_table_def *table = &s->profile->table;
    uint64_t missing;

    clear_values(s);
    for (uint32_t i = 0; i < table->n_scope; i++) {
        uint32_t column = table->scope[i];
        const struct kg_column_def *def = &s->profile->defs[column];
        struct kg_cell *cell = def->source == KG_FROM_PARENT
                                   ? choose(s, def, UINT64_MAX, &missing)
                                   : NULL;

        if (kg_cell_resolve(cell, def, &s->run, &s->values[column]) != NULL) {
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

bool kg_output_parent(struct kg_select *s, uint32_t slot)
{
    uint32_t column = s->profile->slots[slot].column;
    const struct kg_column_def *def = &s->profile->defs[column];
    struct kg_cell *cell = &s->cells[slot];
    struct kg_held_news news = {.slot = slot,
                                .others = def->slots,
                                .kind = cell->state == KG_CELL_ABSENT
                                            ? KG_HELD_ABSENT
                                        : is_null(cell) ? KG_HELD_NULL
                                                        : KG_HELD_VALUE,
                                .column = column,
                                .name = def->name};
    struct kg_value value = {.is_null = true};
    const char *why;

    if (!kg_held_misses(&s->held, slot)) {
        return true;
    }
    why = kg_cell_resolve(cell, def, &s->run, &value);
    news.value = kg_held_value(why, value);
    return fail_held(s, kg_held_fill(&s->held, &news)) && send_held(s);
}
