/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdlib.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { NULL_LEN = -1 };

struct place {
    size_t offset; /* Into `bytes`. */
    uint64_t number;
};

void kg_rows_init(struct kg_rows *r, size_t max_bytes)
{
    kg_buf_init(&r->bytes, max_bytes);
    kg_buf_init(&r->places, max_bytes);
    r->n = 0;
    r->blank = false;
}

void kg_rows_finish(struct kg_rows *r)
{
    kg_buf_finish(&r->bytes);
    kg_buf_finish(&r->places);
}

void kg_rows_reset(struct kg_rows *r)
{
    kg_buf_shrink(&r->bytes, 0);
    kg_buf_shrink(&r->places, 0);
    r->n = 0;
}

void kg_rows_swap(struct kg_rows *a, struct kg_rows *b)
{
    struct kg_rows was_a = *a;

    *a = *b;
    *b = was_a;
}

static enum kg_errc add_value(struct kg_buf *b, const struct kg_value *v)
{
    int32_t len = v->is_null ? NULL_LEN : (int32_t)v->text.len;
    enum kg_errc code;

    if (v->text.len > INT32_MAX) {
        return KG_ELIMIT;
    }
    code = kg_buf_add(b, kg_str_of((const char *)&len, sizeof(len)));
    if (code != KG_OK || v->is_null) {
        return code;
    }
    return kg_buf_add(b, v->text);
}

enum kg_errc kg_rows_add(struct kg_rows *r, uint32_t n_columns,
                         const struct kg_row *row)
{
    struct place place = {kg_buf_len(&r->bytes), row->number};
    enum kg_errc code = KG_OK;

    for (uint32_t i = 0; code == KG_OK && i < n_columns; i++) {
        code = add_value(&r->bytes, &row->values[i]);
    }
    if (code == KG_OK) {
        code = kg_buf_add(&r->places,
                          kg_str_of((const char *)&place, sizeof(place)));
    }
    if (code != KG_OK) {
        kg_buf_truncate(&r->bytes, place.offset);
        return code;
    }
    r->n++;
    return KG_OK;
}

void kg_row_set_init(struct kg_row_set *s, const struct kg_table_def *def)
{
    *s = (struct kg_row_set){.def = def};
}

void kg_row_set_finish(struct kg_row_set *s)
{
    kg_free(s->refs);
}

enum kg_errc kg_row_set_add(struct kg_row_set *s, const struct kg_rows *rows,
                            uint32_t report)
{
    const char *places = kg_buf_str(&rows->places).ptr;
    const char *bytes = kg_buf_str(&rows->bytes).ptr;

    if (s->n + rows->n > s->capacity) {
        size_t capacity =
            s->capacity * 2 > s->n + rows->n ? s->capacity * 2 : s->n + rows->n;
        void *refs = kg_realloc(s->refs, capacity * sizeof(s->refs[0]));

        if (refs == NULL) {
            return KG_ENOMEM;
        }
        s->refs = refs;
        s->capacity = capacity;
    }
    for (size_t i = 0; i < rows->n; i++) {
        struct place place;

        memcpy(&place, places + i * sizeof(place), sizeof(place));
        s->refs[s->n++] = (struct kg_row_ref){
            .bytes = bytes + place.offset,
            .number = place.number,
            .report = report,
            .lost = rows->blank,
        };
    }
    return KG_OK;
}

/* Takes the value at `*at` and moves on to the next column's. */
static struct kg_value next_value(const char **at)
{
    struct kg_value v = {{NULL, 0}, true};
    int32_t len;

    memcpy(&len, *at, sizeof(len));
    *at += sizeof(len);
    if (len != NULL_LEN) {
        v = (struct kg_value){kg_str_of(*at, (size_t)len), false};
        *at += len;
    }
    return v;
}

struct kg_value kg_row_ref_value(const struct kg_row_ref *ref, uint32_t column)
{
    const char *at = ref->bytes;

    for (uint32_t i = 0; i < column; i++) {
        (void)next_value(&at);
    }
    return next_value(&at);
}

static int compare_keys(const struct kg_row_ref *a, const struct kg_row_ref *b,
                        const struct kg_table_def *def)
{
    const char *at_a = a->bytes;
    const char *at_b = b->bytes;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        struct kg_value va = next_value(&at_a);
        struct kg_value vb = next_value(&at_b);
        int order;

        if (!def->columns[i].key) {
            continue;
        }
        order = va.is_null != vb.is_null ? va.is_null - vb.is_null
                                         : kg_str_cmp(va.text, vb.text);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_refs(const void *left, const void *right, void *data)
{
    const struct kg_row_ref *a = left;
    const struct kg_row_ref *b = right;
    const struct kg_table_def *def = data;
    int order = def->mode == KG_MODE_APPEND ? 0 : compare_keys(a, b, def);

    if (order != 0) {
        return order;
    }
    if (a->report != b->report) {
        return a->report < b->report ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

void kg_row_set_sort(struct kg_row_set *s, kg_row_again_cb again_cb, void *data)
{
    size_t n_kept = 0;

    if (s->n == 0) {
        return;
    }
    qsort_r(s->refs, s->n, sizeof(s->refs[0]), compare_refs,
            (void *)(uintptr_t)s->def);
    if (s->def->mode == KG_MODE_APPEND) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        struct kg_row_ref *ref = &s->refs[i];
        bool again = i + 1 < s->n && compare_keys(ref, ref + 1, s->def) == 0;

        if (again && ref->report == ref[1].report) {
            again_cb(data, ref);
            continue;
        }
        ref->lost = ref->lost || again;
        s->refs[n_kept++] = *ref;
    }
    s->n = n_kept;
}

void kg_row_set_args(const struct kg_row_set *s, size_t from, size_t to,
                     struct kg_binds *args)
{
    for (uint32_t column = 0; column < s->def->n_columns; column++) {
        kg_binds_array_begin(args, KG_BINDS_TEXT);
        for (size_t i = from; i < to; i++) {
            kg_binds_element_value(args, kg_row_ref_value(&s->refs[i], column));
        }
        kg_binds_array_end(args);
    }
}

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

enum kg_errc kg_row_ref_key(const struct kg_row_ref *ref,
                            const struct kg_table_def *def, struct kg_buf *out)
{
    enum kg_errc code = KG_OK;
    char before = '{';

    for (uint32_t i = 0; code == KG_OK && i < def->n_columns; i++) {
        struct kg_value v = kg_row_ref_value(ref, i);

        if (!def->columns[i].key) {
            continue;
        }
        if ((code = kg_buf_addc(out, before)) != KG_OK ||
            (code = kg_buf_add_json(out, kg_str_from(def->columns[i].name))) !=
                KG_OK ||
            (code = kg_buf_addc(out, ':')) != KG_OK) {
            break;
        }
        code = v.is_null ? kg_buf_adds(out, "null")
                         : add_json_without_nul(out, v.text);
        before = ',';
    }
    if (code == KG_OK) {
        code = kg_buf_adds(out, before == '{' ? "{}" : "}");
    }
    return code;
}
