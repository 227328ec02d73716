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

static void free_row(const struct kg_held *h, struct kg_held_row *row)
{
    for (uint32_t i = 0; i < h->n_columns; i++) {
        kg_free((void *)row->values[i].text.ptr);
    }
    kg_free(row->values);
    kg_free(row);
}

/* An empty text is copied too: its pointer is freed like the others. */
static bool copy_value(struct kg_value *to, const struct kg_value *from)
{
    char *text =
        kg_strndup(from->text.len > 0 ? from->text.ptr : "", from->text.len);

    if (text == NULL) {
        return false;
    }
    kg_free((void *)to->text.ptr);
    *to = (struct kg_value){kg_str_of(text, from->text.len), from->is_null};
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
                         uint32_t column, const struct kg_value *value)
{
    if (value->text.len > h->max - h->len) {
        return KG_ELIMIT;
    }
    if (!copy_value(&row->values[column], value)) {
        return KG_ENOMEM;
    }
    h->len += value->text.len;
    return KG_OK;
}

/* Does the row know its value now? */
static bool is_settled(struct kg_held_row *row, const struct kg_held_news *news)
{
    uint64_t slot = UINT64_C(1) << news->slot;

    if ((row->missing & slot) == 0) {
        return false;
    }
    row->missing &= news->is_there ? ~news->others : ~slot;
    return (row->missing & news->others) == 0;
}

static enum kg_errc settle(struct kg_held *h, struct kg_held_row *row,
                           const struct kg_held_news *news)
{
    if (news->why == NULL) {
        return fill(h, row, news->column, &news->value);
    }
    if (row->why == NULL) {
        row->column = news->name;
        row->why = news->why;
    }
    return KG_OK;
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

        if (is_settled(row, news)) {
            err = settle(h, row, news);
        }
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
