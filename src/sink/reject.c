/* SPDX-License-Identifier: MIT */
/* Bad rows of a report, to be written down with it: those that the reader or
 * kg_report_add() turned away, then those that the server refused. */
#include "internal.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static struct kg_str keep(char **end, struct kg_str s)
{
    struct kg_str kept = kg_str_of(*end, s.len);

    if (s.len > 0) {
        memcpy(*end, s.ptr, s.len);
    }
    *end += s.len;
    return kept;
}

enum kg_errc kg_report_note_reject(struct kg_report *r,
                                   const struct kg_reject *reject,
                                   const char *state)
{
    bool last = r->n_rejects + 1 == KG_LIMIT_REJECTS;
    struct kg_str more = kg_str_from(last ? "; no more are written down" : "");
    struct kg_str state_text = kg_str_from(state);
    struct kg_reject_row *row;
    char *end;

    if (r->n_rejects == KG_LIMIT_REJECTS) {
        return KG_OK;
    }
    row = kg_alloc(sizeof(*row) + reject->key.len + reject->column.len +
                   reject->reason.len + more.len + state_text.len);
    if (row == NULL) {
        return KG_ENOMEM;
    }
    end = row->texts;
    row->row = reject->row;
    row->key = keep(&end, reject->key);
    row->column = keep(&end, reject->column);
    row->reason = keep(&end, reject->reason);
    row->reason.len += keep(&end, more).len;
    row->state = keep(&end, state_text);
    kg_queue_init(&row->node);
    kg_queue_insert_tail(&r->rejects, &row->node);
    r->n_rejects++;
    return KG_OK;
}

void kg_report_forget_rejects(struct kg_report *r, uint32_t n)
{
    while (r->n_rejects > n) {
        struct kg_queue *last = r->rejects.prev;

        kg_queue_remove(last);
        kg_free(KG_CONTAINER_OF(last, struct kg_reject_row, node));
        r->n_rejects--;
    }
}

/* Known before the batch: it is not found again when that is repeated. */
static enum kg_errc reject_before(struct kg_report *r, const struct kg_row *row,
                                  struct kg_reject *reject, const char *state)
{
    struct kg_buf key;
    enum kg_errc code;

    kg_buf_init(&key, KG_LIMIT_KEY);
    code = kg_row_key(row->values, r->target->def, &key);
    reject->row = row->number;
    if (code == KG_OK) {
        reject->key = kg_buf_str(&key);
    }
    if (code == KG_OK || code == KG_ELIMIT) {
        code = kg_report_note_reject(r, reject, state);
    }
    kg_buf_finish(&key);
    r->n_read_rejected++;
    r->n_read_rejects = r->n_rejects;
    return code;
}

enum kg_errc kg_report_reject(struct kg_report *r, const struct kg_row *row,
                              const char *column, const char *reason)
{
    struct kg_reject reject = {.column = kg_str_from(column),
                               .reason = kg_str_from(reason)};

    return reject_before(r, row, &reject, "");
}

enum kg_errc kg_report_reject_text(struct kg_report *r,
                                   const struct kg_row *row)
{
    const struct kg_column *bad = kg_row_bad_text(r->target->def, row);
    struct kg_reject reject = {
        .column = kg_str_from(bad->name),
        .reason = KG_STR("a text with U+0000 or bytes that are no UTF-8"),
    };

    return reject_before(r, row, &reject, "22021");
}
