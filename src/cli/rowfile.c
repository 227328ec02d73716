/* SPDX-License-Identifier: MIT */
#include "rowfile.h"

#include <unistd.h>

#include "kubeglean/limits.h"
#include "temporary.h"

#define BLOCK (64 * KG_KIB)

enum { NULL_LEN = -1 };

/* Before each row; then for each column its length and its text. */
struct head {
    uint64_t number, late;
    uint64_t len; /* Of what follows. */
};

void kg_rowfile_init(struct kg_rowfile *f, uint32_t n_columns)
{
    *f = (struct kg_rowfile){.fd = -1, .n_columns = n_columns};
    kg_buf_init(&f->written, 2 * KG_LIMIT_ROW);
}

void kg_rowfile_clear(struct kg_rowfile *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    f->fd = -1;
    f->n = 0;
    f->len = 0;
    kg_buf_shrink(&f->written, 0);
}

void kg_rowfile_finish(struct kg_rowfile *f)
{
    kg_rowfile_clear(f);
    kg_buf_finish(&f->written);
}

static enum kg_errc no_memory(struct kg_error *e)
{
    return kg_error_set(e, KG_ENOMEM, 0, "%s", kg_errc_text(KG_ENOMEM));
}

/* --- writing -------------------------------------------------------------------- */

static enum kg_errc write_block(struct kg_rowfile *f, struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    if (f->fd < 0) {
        err = kg_temporary_open(&f->fd, e);
    }
    if (err == KG_OK) {
        err = kg_temporary_write(f->fd, kg_buf_str(&f->written), e);
    }
    f->len += kg_buf_len(&f->written);
    kg_buf_shrink(&f->written, BLOCK);
    return err;
}

static enum kg_errc add_bytes(struct kg_rowfile *f, const void *ptr, size_t len)
{
    return kg_buf_add(&f->written, kg_str_of(ptr, len));
}

static enum kg_errc add_value(struct kg_rowfile *f, const struct kg_value *v)
{
    int32_t len = v->is_null ? NULL_LEN : (int32_t)v->text.len;
    enum kg_errc err = add_bytes(f, &len, sizeof(len));

    return err == KG_OK && !v->is_null ? kg_buf_add(&f->written, v->text) : err;
}

static uint64_t len_of(const struct kg_rowfile *f, const struct kg_row *row)
{
    uint64_t len = 0;

    for (uint32_t i = 0; i < f->n_columns; i++) {
        len += sizeof(int32_t);
        len += row->values[i].is_null ? 0 : row->values[i].text.len;
    }
    return len;
}

enum kg_errc kg_rowfile_add(struct kg_rowfile *f, const struct kg_row *row,
                            struct kg_error *e)
{
    struct head head = {row->number, row->late, len_of(f, row)};
    enum kg_errc err = add_bytes(f, &head, sizeof(head));

    for (uint32_t i = 0; err == KG_OK && i < f->n_columns; i++) {
        err = add_value(f, &row->values[i]);
    }
    if (err != KG_OK) {
        return no_memory(e);
    }
    f->n++;
    return kg_buf_len(&f->written) < BLOCK ? KG_OK : write_block(f, e);
}

/* --- reading -------------------------------------------------------------------- */

struct reading {
    const struct kg_rowfile *file;
    uint64_t at; /* Of the file. */
    struct kg_buf bytes;
    struct kg_value values[KG_COLUMNS_MAX];
};

/* At least `len` bytes are there. */
static enum kg_errc need(struct reading *r, uint64_t len, struct kg_error *e)
{
    while (kg_buf_len(&r->bytes) < len) {
        enum kg_errc err;
        char *to;
        size_t n;

        if (kg_buf_reserve(&r->bytes, BLOCK, &to) != KG_OK) {
            return no_memory(e);
        }
        err = kg_temporary_read(r->file->fd, r->at, to, BLOCK, &n, e);
        if (err != KG_OK) {
            return err;
        }
        KG_REQUIRE(n > 0);
        kg_buf_commit(&r->bytes, n);
        r->at += n;
    }
    return KG_OK;
}

static void take(struct reading *r, void *to, size_t len)
{
    memcpy(to, kg_buf_str(&r->bytes).ptr, len);
    kg_buf_consume(&r->bytes, len);
}

/* All of the row is there. Its texts stay where they are. */
static size_t take_values(struct reading *r, const struct head *head,
                          const struct kg_value *late)
{
    const char *at = kg_buf_str(&r->bytes).ptr;

    for (uint32_t i = 0; i < r->file->n_columns; i++) {
        int32_t len;

        memcpy(&len, at, sizeof(len));
        at += sizeof(len);
        r->values[i] = (struct kg_value){.is_null = len == NULL_LEN};
        if (len != NULL_LEN) {
            r->values[i].text = kg_str_of(at, (size_t)len);
            at += len;
        }
        if ((head->late >> i & 1) != 0) {
            r->values[i] = late[i];
        }
    }
    return head->len;
}

static enum kg_errc read_row(struct reading *r, const struct kg_value *late,
                             kg_rowfile_cb cb, void *data, struct kg_error *e)
{
    struct head head;
    struct kg_row row = {.values = r->values};
    enum kg_errc err = need(r, sizeof(head), e);
    size_t len;

    if (err != KG_OK) {
        return err;
    }
    take(r, &head, sizeof(head));
    err = need(r, head.len, e);
    if (err != KG_OK) {
        return err;
    }
    len = take_values(r, &head, late);
    row.number = head.number;
    err = cb(data, &row) ? KG_OK : KG_ECANCELED;
    kg_buf_consume(&r->bytes, len);
    return err;
}

enum kg_errc kg_rowfile_read(struct kg_rowfile *f, const struct kg_value *late,
                             kg_rowfile_cb cb, void *data, struct kg_error *e)
{
    struct reading r = {.file = f};
    enum kg_errc err = write_block(f, e);

    kg_buf_init(&r.bytes, 2 * KG_LIMIT_ROW);
    for (uint64_t i = 0; err == KG_OK && i < f->n; i++) {
        err = read_row(&r, late, cb, data, e);
    }
    kg_buf_finish(&r.bytes);
    return err;
}
