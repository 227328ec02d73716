/* SPDX-License-Identifier: MIT */
/* Rows that came before values of their report (kg_row.late): they are staged
 * without them, and given them there, in one statement, when all were told. */
#include "internal.h"

enum kg_errc kg_report_note_late(struct kg_report *r, const struct kg_row *row)
{
    r->late |= row->late;
    r->n_late = row->number + 1;
    return r->first_late.n > 0
               ? KG_OK
               : kg_rows_add(&r->first_late, r->target->def, row);
}

/* The first late row becomes what it should be. */
static enum kg_errc complete(struct kg_report *r, const struct kg_value *late)
{
    const struct kg_table_def *def = r->target->def;
    struct kg_value values[KG_COLUMNS_MAX];
    struct kg_row row = {.values = values};
    struct kg_rows rows;
    enum kg_errc code;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        values[i] = (r->late >> i & 1) != 0
                        ? late[i]
                        : kg_held_value(r->first_late.rows[0], def, i);
    }
    kg_rows_init(&rows, r->first_late.max);
    code = kg_rows_add(&rows, def, &row);
    if (code == KG_OK) {
        kg_report_note_scope(r, &row);
        kg_rows_swap(&rows, &r->first_late);
    }
    kg_rows_reset(&rows);
    return code;
}

/* One value for many rows, and none of them can be stored with it. */
static enum kg_errc refuse(struct kg_report *r)
{
    r->item.failed = true;
    (void)kg_error_set(&r->item.error, KG_EDATA, KG_SQLSTATE("22021"),
                       "table %s: a value that came behind the rows has U+0000"
                       " or bytes that are no UTF-8",
                       r->target->def->name);
    return KG_OK; /* Its end will tell. */
}

enum kg_errc kg_report_join(struct kg_report *r, const struct kg_value *late)
{
    enum kg_errc code;

    if (r->first_late.n == 0) {
        return KG_OK;
    }
    r->join_due = true;
    code = complete(r, late);
    if (code == KG_EDATA) {
        return refuse(r);
    }
    if (code == KG_OK && r->sm.state == KG_REPORT_GATHERING) {
        code = kg_report_stage(r);
    }
    return code;
}

static void bind_late(const struct kg_report *r, struct kg_binds *args)
{
    const struct kg_held_row *first = r->first_late.rows[0];

    kg_binds_array_begin(args, KG_BINDS_TEXT);
    for (uint64_t rest = r->late; rest != 0; rest &= rest - 1) {
        uint32_t column = (uint32_t)__builtin_ctzll(rest);

        kg_binds_element_value(args,
                               kg_held_value(first, r->target->def, column));
    }
    kg_binds_array_end(args);
}

void kg_report_send_join(struct kg_report *r, struct kg_pg *pg)
{
    struct kg_binds args;
    struct kg_sql sql;

    kg_binds_init(&args);
    kg_sql_init(&sql);
    kg_sql_stage_late(&sql, r->target->def, r->late);
    kg_binds_text(&args, kg_str_from(r->key));
    kg_binds_text(&args, kg_str_from(r->attempt));
    kg_binds_u64(&args, r->n_late);
    bind_late(r, &args);
    kg_pg_add(pg, kg_sql_text(&sql), &args);
    kg_binds_finish(&args);
    kg_sql_finish(&sql);
}
