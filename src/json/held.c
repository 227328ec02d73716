/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "kubeglean/heap.h"

void kg_held_init(struct kg_held *h, uint32_t n_columns, size_t max)
{
    *h = (struct kg_held){.n_columns = n_columns, .max = max};
    kg_queue_init(&h->rows);
}

bool kg_held_empty(const struct kg_held *h)
{
    return kg_queue_empty(&h->rows);
}

bool kg_held_misses(const struct kg_held *h, uint32_t slot)
{
    return h->since[slot] != NULL;
}

static size_t cost(const struct kg_held *h, const struct kg_held_row *row)
{
    size_t len = sizeof(*row) + h->n_columns * sizeof(*row->values);

    for (uint32_t i = 0; i < h->n_columns; i++) {
        len += row->values[i].text.len;
    }
    return len;
}

/* A NULL's text is not its own. */
static void free_value(struct kg_value *value)
{
    if (!value->is_null) {
        kg_free((void *)value->text.ptr);
    }
}

static void free_row(const struct kg_held *h, struct kg_held_row *row)
{
    for (uint32_t i = 0; i < h->n_columns; i++) {
        free_value(&row->values[i]);
    }
    kg_free(row->values);
    kg_free(row);
}

/* An empty text is copied too: its pointer is freed like the others. */
static bool copy_value(struct kg_value *to, const struct kg_value *from)
{
    struct kg_value copy = *from;

    if (!from->is_null) {
        copy.text.ptr = kg_strndup(from->text.len > 0 ? from->text.ptr : "",
                                   from->text.len);
    }
    if (!from->is_null && copy.text.ptr == NULL) {
        return false;
    }
    free_value(to);
    *to = copy;
    return true;
}

static struct kg_held_row *copy_row(const struct kg_held *h,
                                    const struct kg_held_row *from)
{
    struct kg_held_row *row = kg_calloc(1, sizeof(*row));
    bool copied;

    if (row == NULL) {
        return NULL;
    }
    row->missing = from->missing;
    row->column = from->column;
    row->why = from->why;
    row->values = kg_calloc(h->n_columns, sizeof(*row->values));
    copied = row->values != NULL;
    for (uint32_t i = 0; copied && i < h->n_columns; i++) {
        copied = copy_value(&row->values[i], &from->values[i]);
    }
    if (!copied && row->values != NULL) {
        free_row(h, row);
    } else if (!copied) {
        kg_free(row);
    }
    return copied ? row : NULL;
}

static void note_missing(struct kg_held *h, struct kg_held_row *row)
{
    for (uint64_t rest = row->missing; rest != 0; rest &= rest - 1) {
        uint32_t slot = (uint32_t)__builtin_ctzll(rest);

        if (h->since[slot] == NULL) {
            h->since[slot] = &row->node;
        }
    }
}

enum kg_errc kg_held_add(struct kg_held *h, const struct kg_held_row *row)
{
    size_t len = cost(h, row);
    struct kg_held_row *copy;

    if (len > h->max - h->len) {
        return KG_ELIMIT;
    }
    copy = copy_row(h, row);
    if (copy == NULL) {
        return KG_ENOMEM;
    }
    h->len += len;
    kg_queue_insert_tail(&h->rows, &copy->node);
    note_missing(h, copy);
    return KG_OK;
}

static enum kg_errc fill(struct kg_held *h, struct kg_held_row *row,
                         const struct kg_held_news *news)
{
    struct kg_value *value = &row->values[news->column];
    size_t was = value->text.len;

    if (news->value.text.len > h->max - h->len) {
        return KG_ELIMIT;
    }
    if (!copy_value(value, &news->value)) {
        return KG_ENOMEM;
    }
    h->len += value->text.len;
    h->len -= was;
    return KG_OK;
}

/* Is it better than what the row has? */
static bool is_better(struct kg_held_row *row, const struct kg_held_news *news)
{
    const struct kg_value *value = &row->values[news->column];
    bool has_none = value->is_null && value->text.ptr == NULL;

    switch (news->kind) {
    case KG_HELD_VALUE:
        return true;
    case KG_HELD_NULL:
        return has_none;
    default:
        return has_none && (row->missing & news->others) == 0;
    }
}

static void judge(struct kg_held_row *row, const struct kg_held_news *news)
{
    struct kg_value *value = &row->values[news->column];

    if (row->why == NULL && value->is_null && *value->text.ptr != '\0') {
        row->column = news->name;
        row->why = value->text.ptr;
    }
}

static enum kg_errc tell(struct kg_held *h, struct kg_held_row *row,
                         const struct kg_held_news *news)
{
    uint64_t slot = UINT64_C(1) << news->slot;
    enum kg_errc err = KG_OK;

    if ((row->missing & slot) == 0) {
        return KG_OK;
    }
    row->missing &=
        news->kind == KG_HELD_VALUE ? ~(news->others & -slot) : ~slot;
    if (is_better(row, news)) {
        err = fill(h, row, news);
    }
    if (err == KG_OK && (row->missing & news->others) == 0) {
        judge(row, news);
    }
    return err;
}

/* What rows before `since` miss was told before: each row is looked at once for
 * each slot. */
enum kg_errc kg_held_fill(struct kg_held *h, const struct kg_held_news *news)
{
    struct kg_queue *node = h->since[news->slot];
    enum kg_errc err = KG_OK;

    h->since[news->slot] = NULL;
    while (err == KG_OK && node != NULL && node != &h->rows) {
        struct kg_held_row *row =
            KG_CONTAINER_OF(node, struct kg_held_row, node);

        err = tell(h, row, news);
        node = node->next;
    }
    return err;
}

struct kg_held_row *kg_held_first(struct kg_held *h, uint64_t but)
{
    struct kg_queue *head = kg_queue_head(&h->rows);
    struct kg_held_row *row;

    if (head == NULL) {
        return NULL;
    }
    row = KG_CONTAINER_OF(head, struct kg_held_row, node);
    return (row->missing & ~but) == 0 ? row : NULL;
}

/* A slot may be settled by another one of its column. */
static void leave_behind(struct kg_held *h, const struct kg_held_row *row)
{
    struct kg_queue *next = row->node.next != &h->rows ? row->node.next : NULL;

    for (uint32_t i = 0; i < KG_SLOTS_MAX; i++) {
        if (h->since[i] == &row->node) {
            h->since[i] = next;
        }
    }
}

void kg_held_drop(struct kg_held *h, struct kg_held_row *row)
{
    leave_behind(h, row);
    h->len -= cost(h, row);
    kg_queue_remove(&row->node);
    free_row(h, row);
}

void kg_held_clear(struct kg_held *h)
{
    struct kg_queue *head;

    while ((head = kg_queue_head(&h->rows)) != NULL) {
        kg_held_drop(h, KG_CONTAINER_OF(head, struct kg_held_row, node));
    }
}
