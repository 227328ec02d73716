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
               : kg_rows_add(&r->first_late, r->target->def->n_columns, row);
}

/* The first late row becomes what it should be. */
static enum kg_errc complete(struct kg_report *r,
                             const struct kg_row_ref *first,
                             const struct kg_value *late)
{
    uint32_t n_columns = r->target->def->n_columns;
    struct kg_value values[KG_COLUMNS_MAX];
    struct kg_row row = {.values = values};
    struct kg_rows rows;
    enum kg_errc code;

    for (uint32_t i = 0; i < n_columns; i++) {
        values[i] =
            (r->late >> i & 1) != 0 ? late[i] : kg_row_ref_value(first, i);
    }
    kg_rows_init(&rows, r->first_late.bytes.max);
    code = kg_rows_add(&rows, n_columns, &row);
    if (code == KG_OK) {
        kg_report_note_scope(r, &row);
        kg_rows_swap(&rows, &r->first_late);
    }
    kg_rows_finish(&rows);
    return code;
}

enum kg_errc kg_report_join(struct kg_report *r, const struct kg_value *late)
{
    struct kg_row_set set;
    enum kg_errc code;

    if (r->first_late.n == 0) {
        return KG_OK;
    }
    kg_row_set_init(&set, r->target->def);
    code = kg_row_set_add(&set, &r->first_late, 0);
    if (code == KG_OK) {
        code = complete(r, &set.refs[0], late);
    }
    kg_row_set_finish(&set);
    if (code == KG_OK && r->sm.state == KG_REPORT_GATHERING) {
        code = kg_report_stage(r);
    }
    r->join_due = true;
    return code;
}

static void bind_late(const struct kg_report *r, const struct kg_row_ref *first,
                      struct kg_binds *args)
{
    kg_binds_array_begin(args, KG_BINDS_TEXT);
    for (uint64_t rest = r->late; rest != 0; rest &= rest - 1) {
        uint32_t column = (uint32_t)__builtin_ctzll(rest);

        kg_binds_element_value(args, kg_row_ref_value(first, column));
    }
    kg_binds_array_end(args);
}

void kg_report_send_join(struct kg_report *r, struct kg_pg *pg)
{
    struct kg_row_set set;
    struct kg_binds args;
    struct kg_sql sql;

    kg_row_set_init(&set, r->target->def);
    kg_binds_init(&args);
    kg_sql_init(&sql);
    kg_sql_stage_late(&sql, r->target->def, r->late);
    kg_binds_text(&args, kg_str_from(r->key));
    kg_binds_text(&args, kg_str_from(r->attempt));
    kg_binds_u64(&args, r->n_late);
    if (kg_row_set_add(&set, &r->first_late, 0) == KG_OK) {
        bind_late(r, &set.refs[0], &args);
        kg_pg_add(pg, kg_sql_text(&sql), &args);
    } else {
        kg_pg_add(pg, NULL, NULL); /* No memory: the round fails. */
    }
    kg_row_set_finish(&set);
    kg_binds_finish(&args);
    kg_sql_finish(&sql);
}
