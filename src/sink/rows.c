/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdalign.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "text.h"

enum { NULL_LEN = -1, CHUNK_FIRST = 2048, CHUNK = 8192, ROWS_FIRST = 8 };

struct kg_row_chunk {
    struct kg_row_chunk *next;
    size_t len, capacity; /* Of `bytes`. */
    char bytes[];
};

/* What a NULL has as its key: last, and no UTF-8. */
static const char null_key = '\xff';

void kg_rows_init(struct kg_rows *r, size_t max_bytes)
{
    KG_REQUIRE(max_bytes <= INT32_MAX); /* So is every length. */
    *r = (struct kg_rows){.max = max_bytes};
}

void kg_rows_reset(struct kg_rows *r)
{
    struct kg_row_chunk *next;

    for (struct kg_row_chunk *chunk = r->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        kg_free(chunk);
    }
    kg_free(r->rows);
    *r = (struct kg_rows){.max = r->max, .blank = r->blank};
}

void kg_rows_swap(struct kg_rows *a, struct kg_rows *b)
{
    struct kg_rows was_a = *a;

    *a = *b;
    *b = was_a;
}

/* --- adding ------------------------------------------------------------------- */

/* All but the values. */
static size_t head_size(const struct kg_table_def *def)
{
    return offsetof(struct kg_held_row, lens) +
           def->n_columns * sizeof(int32_t);
}

static size_t size_of(const struct kg_table_def *def, const struct kg_row *row)
{
    size_t size = head_size(def);

    for (uint32_t i = 0; i < def->n_columns; i++) {
        size += row->values[i].is_null ? 0 : row->values[i].text.len;
        size += def->columns[i].key ? 1 + row->values[i].is_null : 0;
    }
    return (size + alignof(struct kg_held_row) - 1) &
           ~(alignof(struct kg_held_row) - 1);
}

static enum kg_errc make_room(struct kg_rows *r, size_t size)
{
    size_t usual = r->chunks == NULL ? CHUNK_FIRST : CHUNK;
    size_t capacity = size > usual ? size : usual;
    struct kg_row_chunk *chunk;

    if (r->chunks != NULL && r->chunks->capacity - r->chunks->len >= size) {
        return KG_OK;
    }
    chunk = kg_alloc(sizeof(*chunk) + capacity);
    if (chunk == NULL) {
        return KG_ENOMEM;
    }
    *chunk = (struct kg_row_chunk){.next = r->chunks, .capacity = capacity};
    r->chunks = chunk;
    return KG_OK;
}

static enum kg_errc make_place(struct kg_rows *r)
{
    size_t capacity = r->capacity > 0 ? 2 * r->capacity : ROWS_FIRST;
    void *rows;

    if (r->n < r->capacity) {
        return KG_OK;
    }
    rows = kg_realloc(r->rows, capacity * sizeof(const struct kg_held_row *));
    if (rows == NULL) {
        return KG_ENOMEM;
    }
    r->rows = rows;
    r->capacity = capacity;
    return KG_OK;
}

/* Puts one value behind `*end`; what kg_text_copy() thinks of it. */
static uint64_t put(struct kg_held_row *held, uint32_t column,
                    const struct kg_value *v, char **end)
{
    uint64_t odd;

    if (v->is_null) {
        held->lens[column] = NULL_LEN;
        return 0;
    }
    held->lens[column] = (int32_t)v->text.len;
    odd = kg_text_copy(*end, v->text.ptr, v->text.len);
    *end += v->text.len;
    return odd;
}

static uint64_t put_values(struct kg_held_row *held,
                           const struct kg_table_def *def,
                           const struct kg_value *values)
{
    char *begin = (char *)held + head_size(def);
    char *end = begin;
    uint64_t odd = 0;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (def->columns[i].key) {
            odd |= put(held, i, &values[i], &end);
            if (values[i].is_null) {
                *end++ = null_key;
            }
            *end++ = '\0';
        }
    }
    held->key_len = (uint32_t)(end - begin);
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            odd |= put(held, i, &values[i], &end);
        }
    }
    return odd;
}

const struct kg_column *kg_row_bad_text(const struct kg_table_def *def,
                                        const struct kg_row *row)
{
    for (uint32_t i = 0; i < def->n_columns; i++) {
        struct kg_str text = row->values[i].text;

        if (!row->values[i].is_null && text.len > 0 &&
            (memchr(text.ptr, '\0', text.len) != NULL ||
             kg_str_utf8_span(text) < text.len)) {
            return &def->columns[i];
        }
    }
    return NULL;
}

enum kg_errc kg_rows_add(struct kg_rows *r, const struct kg_table_def *def,
                         const struct kg_row *row)
{
    size_t size = size_of(def, row);
    struct kg_held_row *held;

    if (size > r->max - r->len) {
        return KG_ELIMIT;
    }
    if (make_room(r, size) != KG_OK || make_place(r) != KG_OK) {
        return KG_ENOMEM;
    }
    held = (void *)(r->chunks->bytes + r->chunks->len);
    held->number = row->number;
    if (put_values(held, def, row->values) != 0 &&
        kg_row_bad_text(def, row) != NULL) {
        return KG_EDATA;
    }
    r->chunks->len += size;
    r->len += size;
    r->rows[r->n++] = held;
    return KG_OK;
}

/* --- reading ------------------------------------------------------------------ */

/* Bytes that a value takes. */
static size_t room_of(const struct kg_held_row *row,
                      const struct kg_table_def *def, uint32_t column)
{
    int32_t len = row->lens[column];
    size_t text = len == NULL_LEN ? 0 : (size_t)len;

    return def->columns[column].key ? text + 1 + (len == NULL_LEN) : text;
}

struct kg_value kg_held_value(const struct kg_held_row *row,
                              const struct kg_table_def *def, uint32_t column)
{
    bool key = def->columns[column].key;
    const char *at = kg_held_key(row, def).ptr + (key ? 0 : row->key_len);

    for (uint32_t i = 0; i < column; i++) {
        at += def->columns[i].key == key ? room_of(row, def, i) : 0;
    }
    return row->lens[column] == NULL_LEN
               ? (struct kg_value){{NULL, 0}, true}
               : (struct kg_value){kg_str_of(at, (size_t)row->lens[column]),
                                   false};
}

/* --- a key, told -------------------------------------------------------------- */

static enum kg_errc add_json_without_nul(struct kg_buf *out, struct kg_str s)
{
    struct kg_buf clean;
    enum kg_errc code = KG_OK;

    kg_buf_init(&clean, KG_LIMIT_SINK_BINDS);
    while (code == KG_OK && s.ptr != NULL) {
        code = kg_buf_add(&clean, kg_str_cut(&s, '\0'));
        if (code == KG_OK && s.ptr != NULL) {
            code = kg_buf_adds(&clean, "\xEF\xBF\xBD");
        }
    }
    if (code == KG_OK) {
        code = kg_buf_add_json(out, kg_buf_str(&clean));
    }
    kg_buf_finish(&clean);
    return code;
}

enum kg_errc kg_row_key(const struct kg_value *values,
                        const struct kg_table_def *def, struct kg_buf *out)
{
    enum kg_errc code = KG_OK;
    char before = '{';

    for (uint32_t i = 0; code == KG_OK && i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            continue;
        }
        if ((code = kg_buf_addc(out, before)) != KG_OK ||
            (code = kg_buf_add_json(out, kg_str_from(def->columns[i].name))) !=
                KG_OK ||
            (code = kg_buf_addc(out, ':')) != KG_OK) {
            break;
        }
        code = values[i].is_null ? kg_buf_adds(out, "null")
                                 : add_json_without_nul(out, values[i].text);
        before = ',';
    }
    if (code == KG_OK) {
        code = kg_buf_adds(out, before == '{' ? "{}" : "}");
    }
    return code;
}
