/* SPDX-License-Identifier: MIT */
#include "printed.h"

#include <ctype.h>

#include "kubeglean/limits.h"

/* A table's column is as wide as its name and this many characters; what is
 * longer is cut in all columns but the keys. */
enum { CELL_WIDTH = 24 };

void kg_printed_init(struct kg_printed *r, enum kg_printed_form form,
                     const struct kg_table_def *table, struct kg_print *print)
{
    *r = (struct kg_printed){.form = form, .table = table, .print = print};
    kg_buf_init(&r->line, 8 * KG_LIMIT_ROW);
    kg_buf_init(&r->names, 8 * KG_LIMIT_ROW);
}

void kg_printed_finish(struct kg_printed *r)
{
    kg_buf_finish(&r->line);
    kg_buf_finish(&r->names);
}

/* --- NDJSON --------------------------------------------------------------------- */

static bool is_json_as_it_is(enum kg_type type)
{
    return type != KG_TYPE_TEXT && type != KG_TYPE_TIMESTAMPTZ;
}

static enum kg_errc add_json_value(struct kg_buf *line, enum kg_type type,
                                   const struct kg_value *value)
{
    if (value->is_null) {
        return kg_buf_adds(line, "null");
    }
    return is_json_as_it_is(type) ? kg_buf_add(line, value->text)
                                  : kg_buf_add_json(line, value->text);
}

/* All that stands before the values, once for all rows. */
static enum kg_errc make_names(struct kg_printed *r)
{
    enum kg_errc err = KG_OK;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        err = kg_buf_addc(&r->names, i > 0 ? ',' : '{');
        if (err == KG_OK) {
            err = kg_buf_add_json(&r->names,
                                  kg_str_from(r->table->columns[i].name));
        }
        if (err == KG_OK) {
            err = kg_buf_addc(&r->names, ':');
        }
        r->name_ends[i] = kg_buf_len(&r->names);
    }
    return err;
}

static enum kg_errc add_json(struct kg_printed *r, const struct kg_row *row)
{
    enum kg_errc err = kg_buf_len(&r->names) == 0 ? make_names(r) : KG_OK;
    const char *names = kg_buf_str(&r->names).ptr;
    size_t from = 0;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        size_t end = r->name_ends[i];

        err = kg_buf_add(&r->line, kg_str_of(names + from, end - from));
        if (err == KG_OK) {
            err = add_json_value(&r->line, r->table->columns[i].type,
                                 &row->values[i]);
        }
        from = end;
    }
    return err == KG_OK ? kg_buf_adds(&r->line, "}\n") : err;
}

/* --- CSV (RFC 4180) ---------------------------------------------------------------- */

/* An empty text is quoted, so that it is not taken for NULL. */
static bool needs_quotes(struct kg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == ',' || c == '"' || c == '\r' || c == '\n') {
            return true;
        }
    }
    return text.len == 0;
}

static enum kg_errc add_quoted(struct kg_buf *line, struct kg_str text)
{
    enum kg_errc err = kg_buf_addc(line, '"');

    while (err == KG_OK && kg_str_find(text, KG_STR("\"")) >= 0) {
        err = kg_buf_add(line, kg_str_cut(&text, '"'));
        if (err == KG_OK) {
            err = kg_buf_adds(line, "\"\"");
        }
    }
    if (err == KG_OK) {
        err = kg_buf_add(line, text);
    }
    return err == KG_OK ? kg_buf_addc(line, '"') : err;
}

static enum kg_errc add_csv_cell(struct kg_buf *line, uint32_t column,
                                 struct kg_str text)
{
    enum kg_errc err = column > 0 ? kg_buf_addc(line, ',') : KG_OK;

    if (err != KG_OK) {
        return err;
    }
    return needs_quotes(text) ? add_quoted(line, text) : kg_buf_add(line, text);
}

static enum kg_errc add_csv(struct kg_printed *r, const struct kg_row *row)
{
    enum kg_errc err = KG_OK;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        if (!row->values[i].is_null) {
            err = add_csv_cell(&r->line, i, row->values[i].text);
        } else if (i > 0) {
            err = kg_buf_addc(&r->line, ',');
        }
    }
    return err == KG_OK ? kg_buf_addc(&r->line, '\n') : err;
}

static enum kg_errc add_csv_head(struct kg_printed *r)
{
    enum kg_errc err = KG_OK;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        err = add_csv_cell(&r->line, i, kg_str_from(r->table->columns[i].name));
    }
    return err == KG_OK ? kg_buf_addc(&r->line, '\n') : err;
}

/* --- a table ------------------------------------------------------------------------ */

static size_t width(const struct kg_column *column)
{
    size_t name = strlen(column->name);

    if (column->type == KG_TYPE_TEXT || column->type == KG_TYPE_JSONB ||
        column->type == KG_TYPE_TEXT_ARRAY ||
        column->type == KG_TYPE_TIMESTAMPTZ) {
        return name > CELL_WIDTH ? name : CELL_WIDTH;
    }
    return name;
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* At most `max` characters; what a terminal would obey becomes a blank. */
static enum kg_errc add_printable(struct kg_buf *line, struct kg_str text,
                                  size_t max, size_t *ret_n)
{
    enum kg_errc err = KG_OK;
    size_t n = 0;

    for (size_t i = 0; err == KG_OK && i < text.len; i++) {
        char c = text.ptr[i];

        n += !continues_character(c);
        if (n > max) {
            n = max;
            break;
        }
        err = kg_buf_addc(line, iscntrl((unsigned char)c) ? ' ' : c);
    }
    *ret_n = n;
    return err;
}

static enum kg_errc add_table_cell(struct kg_printed *r, uint32_t i,
                                   struct kg_str text, bool whole)
{
    size_t wide = width(&r->table->columns[i]);
    size_t n;
    enum kg_errc err =
        add_printable(&r->line, text, whole ? SIZE_MAX : wide, &n);

    if (i + 1 == r->table->n_columns) {
        return err == KG_OK ? kg_buf_addc(&r->line, '\n') : err;
    }
    do {
        err = err == KG_OK ? kg_buf_addc(&r->line, ' ') : err;
    } while (err == KG_OK && ++n < wide + 2);
    return err;
}

static enum kg_errc add_table(struct kg_printed *r, const struct kg_row *row)
{
    enum kg_errc err = KG_OK;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        const struct kg_value *value = &row->values[i];

        err = add_table_cell(r, i,
                             value->is_null ? KG_STR("<none>") : value->text,
                             r->table->columns[i].key);
    }
    return err;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static enum kg_errc add_table_head(struct kg_printed *r)
{
    enum kg_errc err = KG_OK;

    for (uint32_t i = 0; err == KG_OK && i < r->table->n_columns; i++) {
        struct kg_str name = kg_str_from(r->table->columns[i].name);
        char upper[64];

        name.len = name.len < sizeof(upper) ? name.len : sizeof(upper);
        for (size_t at = 0; at < name.len; at++) {
            upper[at] = to_upper(name.ptr[at]);
        }
        err = add_table_cell(r, i, kg_str_of(upper, name.len), true);
    }
    return err;
}

/* --- all of them ------------------------------------------------------------------------ */

static enum kg_errc print_line(struct kg_printed *r, enum kg_errc err)
{
    if (err == KG_OK) {
        err = kg_print_add(r->print, kg_buf_str(&r->line));
    }
    kg_buf_shrink(&r->line, 64 * KG_KIB);
    return err;
}

enum kg_errc kg_printed_head(struct kg_printed *r)
{
    switch (r->form) {
    case KG_PRINTED_CSV:
        return print_line(r, add_csv_head(r));
    case KG_PRINTED_TABLE:
        return print_line(r, add_table_head(r));
    default:
        return KG_OK;
    }
}

enum kg_errc kg_printed_add(struct kg_printed *r, const struct kg_row *row)
{
    switch (r->form) {
    case KG_PRINTED_CSV:
        return print_line(r, add_csv(r, row));
    case KG_PRINTED_TABLE:
        return print_line(r, add_table(r, row));
    default:
        return print_line(r, add_json(r, row));
    }
}
