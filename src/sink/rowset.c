/* SPDX-License-Identifier: MIT */
#include "rowset.h"

#include <arpa/inet.h>

#include "kubeglean/heap.h"
#include "text.h"

void kg_row_set_init(struct kg_row_set *s, const struct kg_table_def *def)
{
    *s = (struct kg_row_set){.def = def};
}

void kg_row_set_finish(struct kg_row_set *s)
{
    kg_free(s->refs);
}

static enum kg_errc make_room(struct kg_row_set *s, size_t n)
{
    size_t capacity = s->capacity * 2 > n ? s->capacity * 2 : n;
    void *refs;

    if (n <= s->capacity) {
        return KG_OK;
    }
    refs = kg_realloc(s->refs, capacity * sizeof(s->refs[0]));
    if (refs == NULL) {
        return KG_ENOMEM;
    }
    s->refs = refs;
    s->capacity = capacity;
    return KG_OK;
}

enum kg_errc kg_row_set_add(struct kg_row_set *s, const struct kg_rows *rows,
                            uint32_t report)
{
    enum kg_errc code = make_room(s, s->n + rows->n);

    if (code != KG_OK) {
        return code;
    }
    for (size_t i = 0; i < rows->n; i++) {
        s->refs[s->n++] = (struct kg_row_ref){
            .row = rows->rows[i], .report = report, .lost = rows->blank};
    }
    return KG_OK;
}

struct kg_value kg_row_set_value(const struct kg_row_set *s, size_t i,
                                 uint32_t column)
{
    return kg_held_value(s->refs[i].row, s->def, column);
}

enum kg_errc kg_row_set_key(const struct kg_row_set *s, size_t i,
                            struct kg_buf *out)
{
    struct kg_value values[KG_COLUMNS_MAX];

    for (uint32_t k = 0; k < s->def->n_columns; k++) {
        values[k] = kg_row_set_value(s, i, k);
    }
    return kg_row_key(values, s->def, out);
}

/* Rows are in no cache any more when they are sorted, nor when they are copied:
 * asked for ahead, they come while others are worked on. */
static void ask_for(const struct kg_row_set *s, size_t i, size_t len)
{
    enum { LINE = 64 };

    if (i < s->n) {
        for (size_t at = 0; at < len; at += LINE) {
            __builtin_prefetch((const char *)s->refs[i].row + at);
        }
    }
}

/* --- sorting ------------------------------------------------------------------ */

static struct kg_str key_of(const struct kg_row_set *s,
                            const struct kg_row_ref *ref)
{
    return kg_held_key(ref->row, s->def);
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

/* Most keys differ within the eight bytes behind what all have in common: these
 * lie in the references, side by side. */
static void note_firsts(struct kg_row_set *s)
{
    struct kg_str common = key_of(s, &s->refs[0]);

    for (size_t i = 1; i < s->n; i++) {
        ask_for(s, i + 16, 128);
        common.len = common_prefix(common, key_of(s, &s->refs[i]));
    }
    for (size_t i = 0; i < s->n; i++) {
        struct kg_str key = key_of(s, &s->refs[i]);

        s->refs[i].first =
            first_bytes(kg_str_of(key.ptr + common.len, key.len - common.len));
    }
}

static int compare(const struct kg_row_set *s, const struct kg_row_ref *a,
                   const struct kg_row_ref *b)
{
    return a->first != b->first ? (a->first < b->first ? -1 : 1)
                                : kg_str_cmp(key_of(s, a), key_of(s, b));
}

/* Merges the sorted halves of `refs`, the lower one by way of `spare`. */
static void merge(const struct kg_row_set *s, struct kg_row_ref *refs,
                  size_t half, size_t n, struct kg_row_ref *spare)
{
    size_t low = 0;
    size_t high = half;
    size_t to = 0;

    memcpy(spare, refs, half * sizeof(refs[0]));
    while (low < half && high < n) {
        refs[to++] = compare(s, &spare[low], &refs[high]) <= 0 ? spare[low++]
                                                               : refs[high++];
    }
    memcpy(&refs[to], &spare[low], (half - low) * sizeof(refs[0]));
}

/* Equal ones stay in order. What is in order already costs n comparisons. */
static void sort(const struct kg_row_set *s, struct kg_row_ref *refs, size_t n,
                 struct kg_row_ref *spare)
{
    size_t half = n / 2;

    if (n < 2) {
        return;
    }
    sort(s, refs, half, spare);
    sort(s, refs + half, n - half, spare);
    if (compare(s, &refs[half - 1], &refs[half]) > 0) {
        merge(s, refs, half, n, spare);
    }
}

/* Of each key the last row of each report is kept, and all but the last
 * report's are `lost`. */
static void keep_last(struct kg_row_set *s, kg_row_again_cb again_cb,
                      void *data)
{
    size_t n = s->n;

    s->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct kg_row_ref ref = s->refs[i];
        bool again = i + 1 < n && compare(s, &s->refs[i], &s->refs[i + 1]) == 0;

        if (again && ref.report == s->refs[i + 1].report) {
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
    struct kg_row_ref *spare;

    if (s->def->mode == KG_MODE_APPEND || s->n < 2) {
        return KG_OK;
    }
    spare = kg_alloc(s->n / 2 * sizeof(*spare));
    if (spare == NULL) {
        return KG_ENOMEM;
    }
    note_firsts(s);
    sort(s, s->refs, s->n, spare);
    keep_last(s, again_cb, data);
    kg_free(spare);
    return KG_OK;
}

/* --- scopes ------------------------------------------------------------------- */

static bool is_same_scope(const struct kg_row_set *s, size_t left, size_t right)
{
    for (uint32_t i = 0; i < s->def->n_scope; i++) {
        struct kg_value a = kg_row_set_value(s, left, s->def->scope[i]);
        struct kg_value b = kg_row_set_value(s, right, s->def->scope[i]);

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
             !is_same_scope(s, i - 1, i);
        s->refs[i].scope = n;
    }
}

/* --- arrays ------------------------------------------------------------------- */

/* The columns as a held row has their values: the key's first. */
struct order {
    uint32_t columns[KG_COLUMNS_MAX];
    uint32_t n, n_keys;
};

static struct order order_of(const struct kg_table_def *def)
{
    struct order o = {.n = 0};

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (def->columns[i].key) {
            o.columns[o.n_keys++] = i;
        }
    }
    o.n = o.n_keys;
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            o.columns[o.n++] = i;
        }
    }
    return o;
}

static void add_lens(const struct kg_held_row *row, uint32_t n, size_t *lens)
{
    for (uint32_t i = 0; i < n; i++) {
        lens[i] += row->lens[i] > 0 ? (size_t)row->lens[i] : 0;
    }
}

/* Puts each value behind its column's end. */
static void put_row(const struct kg_row_set *s, const struct kg_held_row *row,
                    const struct order *o, char **ends)
{
    const char *at = kg_held_key(row, s->def).ptr;

    for (uint32_t i = 0; i < o->n; i++) {
        int32_t len = row->lens[o->columns[i]];
        uint32_t net_len = htonl((uint32_t)len);
        size_t text = len > 0 ? (size_t)len : 0;
        char **end = &ends[o->columns[i]];

        memcpy(*end, &net_len, sizeof(net_len));
        (void)kg_text_copy(*end + sizeof(net_len), at, text);
        *end += sizeof(net_len) + text;
        at += text;
        if (i < o->n_keys) {
            at += 1 + (len < 0); /* The NUL, and what stands for NULL. */
        }
    }
}

/* Row by row, since each is read once and then in no cache. */
void kg_row_set_args(const struct kg_row_set *s, size_t from, size_t to,
                     struct kg_binds *args)
{
    struct order order = order_of(s->def);
    size_t lens[KG_COLUMNS_MAX] = {0};
    char *ends[KG_COLUMNS_MAX];
    unsigned first = args->n;

    for (size_t i = from; i < to; i++) {
        add_lens(s->refs[i].row, order.n, lens);
    }
    for (uint32_t i = 0; i < order.n; i++) {
        kg_binds_array_of(args, KG_BINDS_TEXT, to - from, lens[i]);
    }
    if (args->err != KG_OK) {
        return;
    }
    for (uint32_t i = 0; i < order.n; i++) {
        ends[i] = kg_binds_elements(args, first + i);
    }
    for (size_t i = from; i < to; i++) {
        ask_for(s, i + 4, 512);
        put_row(s, s->refs[i].row, &order, ends);
    }
}
