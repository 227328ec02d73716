/* SPDX-License-Identifier: MIT */
#include "printed.h"

#include "kubeglean/limits.h"

/* A table's column is as wide as its name and this many characters; what is
 * longer is cut in all columns but the keys. */
enum { CELL_WIDTH = 24, GAP = 2 };

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

static size_t wanted_width(const struct kg_column *column)
{
    size_t name = strlen(column->name);
    bool is_long = column->type == KG_TYPE_TEXT ||
                   column->type == KG_TYPE_JSONB ||
                   column->type == KG_TYPE_TEXT_ARRAY ||
                   column->type == KG_TYPE_TIMESTAMPTZ;

    return is_long && name < CELL_WIDTH ? CELL_WIDTH : name;
}

/* The widest of those that are wider than their name, or -1. */
static int32_t find_widest(const struct kg_printed *r)
{
    int32_t widest = -1;

    for (uint32_t i = 0; i < r->table->n_columns; i++) {
        if (r->widths[i] > strlen(r->table->columns[i].name) &&
            (widest < 0 || r->widths[i] > r->widths[widest])) {
            widest = (int32_t)i;
        }
    }
    return widest;
}

/* On a terminal the widest columns become narrower, down to their names. */
static void set_widths(struct kg_printed *r)
{
    size_t sum = 0;
    int32_t widest;

    for (uint32_t i = 0; i < r->table->n_columns; i++) {
        r->widths[i] = wanted_width(&r->table->columns[i]);
        sum += r->widths[i] + GAP;
    }
    while (r->max_width > 0 && sum > r->max_width + GAP &&
           (widest = find_widest(r)) >= 0) {
        r->widths[widest]--;
        sum--;
    }
}

/* Bytes of the character that begins so. */
static size_t utf8_len(char first)
{
    unsigned char c = (unsigned char)first;

    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Does a terminal obey it? C0, DEL, C1, line separators, and what turns the
 * direction of text around. */
static bool is_obeyed(struct kg_str c)
{
    const unsigned char *at = (const unsigned char *)c.ptr;

    switch (c.len) {
    case 1:
        return at[0] < 0x20 || at[0] == 0x7F;
    case 2:
        return at[0] == 0xC2 && at[1] < 0xA0;
    case 3:
        return at[0] == 0xE2 &&
               ((at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE) ||
                (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9));
    default:
        return false;
    }
}

/* At most `max` characters; what a terminal would obey becomes a blank. */
static enum kg_errc add_printable(struct kg_printed *r, struct kg_str text,
                                  size_t max, size_t *ret_n)
{
    enum kg_errc err = KG_OK;
    size_t n = 0;

    for (size_t i = 0; err == KG_OK && i < text.len && n < max; n++) {
        size_t len = utf8_len(text.ptr[i]);
        struct kg_str c =
            kg_str_of(text.ptr + i, len < text.len - i ? len : text.len - i);

        err = kg_buf_add(&r->line, is_obeyed(c) ? KG_STR(" ") : c);
        i += c.len;
    }
    *ret_n = n;
    return err;
}

/* A line ends at the terminal's edge. */
static size_t room(const struct kg_printed *r, size_t max)
{
    size_t left = r->max_width > 0 ? r->max_width - r->at : SIZE_MAX;

    return max < left ? max : left;
}

static enum kg_errc add_table_cell(struct kg_printed *r, uint32_t i,
                                   struct kg_str text, bool whole)
{
    bool last = i + 1 == r->table->n_columns;
    size_t wide = r->widths[i];
    size_t n;
    enum kg_errc err =
        add_printable(r, text, room(r, whole ? SIZE_MAX : wide), &n);

    r->at += n;
    for (bool gap = true;
         err == KG_OK && !last && room(r, 1) > 0 && (gap || n < wide + GAP);
         n++, gap = false) {
        err = kg_buf_addc(&r->line, ' ');
        r->at++;
    }
    return err == KG_OK && last ? kg_buf_addc(&r->line, '\n') : err;
}

static enum kg_errc add_table(struct kg_printed *r, const struct kg_row *row)
{
    enum kg_errc err = KG_OK;

    r->at = 0;
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

    r->at = 0;
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

void kg_printed_init(struct kg_printed *r, enum kg_printed_form form,
                     const struct kg_table_def *table, struct kg_print *print)
{
    *r = (struct kg_printed){.form = form, .table = table, .print = print};
    kg_buf_init(&r->line, 8 * KG_LIMIT_ROW);
    kg_buf_init(&r->names, 8 * KG_LIMIT_ROW);
    r->max_width = kg_print_width(print);
    set_widths(r);
}

void kg_printed_finish(struct kg_printed *r)
{
    kg_buf_finish(&r->line);
    kg_buf_finish(&r->names);
}

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
