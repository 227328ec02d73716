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

static char *put_value(char *end, const struct kg_value *v)
{
    int32_t len = v->is_null ? NULL_LEN : (int32_t)v->text.len;

    memcpy(end, &len, sizeof(len));
    end += sizeof(len);
    if (len > 0) {
        memcpy(end, v->text.ptr, (size_t)len);
        end += len;
    }
    return end;
}

enum kg_errc kg_rows_add(struct kg_rows *r, uint32_t n_columns,
                         const struct kg_row *row)
{
    struct place place = {kg_buf_len(&r->bytes), row->number};
    size_t len = n_columns * sizeof(int32_t);
    enum kg_errc code;
    char *room;
    char *end;

    for (uint32_t i = 0; i < n_columns; i++) {
        if (row->values[i].text.len > INT32_MAX) {
            return KG_ELIMIT;
        }
        len += row->values[i].is_null ? 0 : row->values[i].text.len;
    }
    code = kg_buf_reserve(&r->bytes, len, &room);
    if (code == KG_OK) {
        code = kg_buf_add(&r->places,
                          kg_str_of((const char *)&place, sizeof(place)));
    }
    if (code != KG_OK) {
        return code;
    }
    end = room;
    for (uint32_t i = 0; i < n_columns; i++) {
        end = put_value(end, &row->values[i]);
    }
    kg_buf_commit(&r->bytes, len);
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

/* --- sorting ------------------------------------------------------------------ */

/* What a row is sorted by: its key's values one behind the other, each ended by a
 * NUL, which none of them holds. Bytewise that is the order of the values. Keys
 * lie side by side, apart from their rows, and most differ within a few bytes of
 * where the first two do. */
struct sort_key {
    uint64_t first; /* Eight bytes behind what all have in common. */
    struct kg_str bytes;
    struct kg_row_ref ref;
};

static const struct kg_str null_key = {"\xff", 1}; /* Last; no UTF-8. */

static enum kg_errc add_key(struct kg_buf *keys, const struct kg_row_ref *ref,
                            const struct kg_table_def *def)
{
    const char *at = ref->bytes;
    enum kg_errc code = KG_OK;

    for (uint32_t i = 0; code == KG_OK && i < def->n_columns; i++) {
        struct kg_value v = next_value(&at);

        if (def->columns[i].key) {
            code = kg_buf_add(keys, v.is_null ? null_key : v.text);
            code = code == KG_OK ? kg_buf_addc(keys, '\0') : code;
        }
    }
    return code;
}

static size_t common_prefix(struct kg_str a, struct kg_str b)
{
    size_t max = a.len < b.len ? a.len : b.len;
    size_t n = 0;

    while (n < max && a.ptr[n] == b.ptr[n]) {
        n++;
    }
    return n;
}

static uint64_t first_bytes(struct kg_str s)
{
    uint64_t first = 0;

    for (size_t i = 0; i < sizeof(first); i++) {
        first = first << 8 | (i < s.len ? (unsigned char)s.ptr[i] : 0);
    }
    return first;
}

static void note_firsts(struct sort_key *sort, size_t n)
{
    size_t common = sort[0].bytes.len;

    for (size_t i = 1; i < n; i++) {
        common =
            common_prefix(kg_str_of(sort[0].bytes.ptr, common), sort[i].bytes);
    }
    for (size_t i = 0; i < n; i++) {
        sort[i].first = first_bytes(
            kg_str_of(sort[i].bytes.ptr + common, sort[i].bytes.len - common));
    }
}

static int compare_keys(const struct sort_key *a, const struct sort_key *b)
{
    return a->first != b->first ? (a->first < b->first ? -1 : 1)
                                : kg_str_cmp(a->bytes, b->bytes);
}

static int compare_sort_keys(const void *left, const void *right)
{
    const struct sort_key *a = left;
    const struct sort_key *b = right;
    int order = compare_keys(a, b);

    if (order != 0) {
        return order;
    }
    if (a->ref.report != b->ref.report) {
        return a->ref.report < b->ref.report ? -1 : 1;
    }
    return a->ref.number < b->ref.number ? -1 : a->ref.number > b->ref.number;
}

/* KG_MODE_APPEND has no key: all are equal, and stay in order. */
static enum kg_errc make_keys(const struct kg_row_set *s, struct kg_buf *keys,
                              struct sort_key *sort)
{
    enum kg_errc code = KG_OK;
    size_t begin = 0;

    for (size_t i = 0; code == KG_OK && i < s->n; i++) {
        sort[i] = (struct sort_key){.ref = s->refs[i]};
        if (s->def->mode != KG_MODE_APPEND) {
            code = add_key(keys, &s->refs[i], s->def);
        }
        sort[i].bytes.len = kg_buf_len(keys) - begin;
        begin = kg_buf_len(keys);
    }
    begin = 0;
    for (size_t i = 0; i < s->n; i++) {
        sort[i].bytes.ptr = kg_buf_str(keys).ptr + begin;
        begin += sort[i].bytes.len;
    }
    return code;
}

/* Of each key the last row of each report is kept, and all but the last
 * report's are `lost`. */
static void keep_last(struct kg_row_set *s, const struct sort_key *sort,
                      kg_row_again_cb again_cb, void *data)
{
    size_t n = s->n;

    s->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct kg_row_ref ref = sort[i].ref;
        bool again = s->def->mode != KG_MODE_APPEND && i + 1 < n &&
                     compare_keys(&sort[i], &sort[i + 1]) == 0;

        if (again && ref.report == sort[i + 1].ref.report) {
            again_cb(data, &ref);
            continue;
        }
        ref.lost = ref.lost || again;
        s->refs[s->n++] = ref;
    }
}

enum kg_errc kg_row_set_sort(struct kg_row_set *s, kg_row_again_cb again_cb,
                             void *data)
{
    struct sort_key *sort;
    struct kg_buf keys;
    enum kg_errc code;

    if (s->n == 0) {
        return KG_OK;
    }
    sort = kg_calloc(s->n, sizeof(*sort));
    if (sort == NULL) {
        return KG_ENOMEM;
    }
    kg_buf_init(&keys, KG_LIMIT_SINK_BINDS);
    code = make_keys(s, &keys, sort);
    if (code == KG_OK) {
        note_firsts(sort, s->n);
        qsort(sort, s->n, sizeof(*sort), compare_sort_keys);
        keep_last(s, sort, again_cb, data);
    }
    kg_buf_finish(&keys);
    kg_free(sort);
    return code;
}

/* --- scopes ------------------------------------------------------------------- */

static bool is_same_scope(const struct kg_table_def *def,
                          const struct kg_row_ref *left,
                          const struct kg_row_ref *right)
{
    for (uint32_t i = 0; i < def->n_scope; i++) {
        struct kg_value a = kg_row_ref_value(left, def->scope[i]);
        struct kg_value b = kg_row_ref_value(right, def->scope[i]);

        if (a.is_null != b.is_null || kg_str_cmp(a.text, b.text) != 0) {
            return false;
        }
    }
    return true;
}

void kg_row_set_number_scopes(struct kg_row_set *s, size_t from, size_t to)
{
    int32_t n = 0;

    for (size_t i = from; i < to; i++) {
        n += i == from || s->refs[i - 1].report != s->refs[i].report ||
             !is_same_scope(s->def, &s->refs[i - 1], &s->refs[i]);
        s->refs[i].scope = n;
    }
}

/* --- arrays ------------------------------------------------------------------- */

void kg_row_set_args(struct kg_row_set *s, size_t from, size_t to,
                     struct kg_binds *args)
{
    for (size_t i = from; i < to; i++) {
        s->refs[i].at = s->refs[i].bytes;
    }
    for (uint32_t column = 0; column < s->def->n_columns; column++) {
        kg_binds_array_begin(args, KG_BINDS_TEXT);
        for (size_t i = from; i < to; i++) {
            kg_binds_element_value(args, next_value(&s->refs[i].at));
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

enum kg_errc kg_row_ref_key(const struct kg_row_ref *ref,
                            const struct kg_table_def *def, struct kg_buf *out)
{
    struct kg_value values[KG_COLUMNS_MAX];
    const char *at = ref->bytes;

    for (uint32_t i = 0; i < def->n_columns; i++) {
        values[i] = next_value(&at);
    }
    return kg_row_key(values, def, out);
}
