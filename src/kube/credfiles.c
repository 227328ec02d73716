/* SPDX-License-Identifier: MIT */
/* Read by libuv's pool -> what differs is in use, and told.
 *
 * A file that cannot be read, or holds what it cannot, leaves all of the old
 * texts in use; `error` says why. A certificate and its key are replaced one
 * after the other: they are read until two readings are the same. */
#include "credfiles.h"

#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { READINGS_MAX = 4 };

static void finish_secret(struct kg_buf *text)
{
    explicit_bzero((char *)kg_buf_str(text).ptr, kg_buf_len(text));
    kg_buf_finish(text);
}

static enum kg_errc read_each(struct kg_credfiles *f, uint64_t *ret_hash)
{
    enum kg_errc err = KG_OK;

    *ret_hash = 0;
    for (size_t i = 0; err == KG_OK && i < KG_CREDFILE_NR; i++) {
        struct kg_buf *next = &f->items[i].next;

        if (f->items[i].name != NULL) {
            kg_buf_reset(next);
            err = kg_file_read(f->items[i].name, next, &f->error);
            *ret_hash = *ret_hash * 31 + kg_str_hash(kg_buf_str(next));
        }
    }
    return err;
}

static void read_all(struct kg_credfiles *f)
{
    uint64_t hash;
    uint64_t before;

    kg_error_clear(&f->error);
    if (read_each(f, &hash) != KG_OK) {
        return;
    }
    for (int i = 1; i < READINGS_MAX; i++) {
        before = hash;
        if (read_each(f, &hash) != KG_OK || hash == before) {
            return;
        }
    }
    (void)kg_error_set(&f->error, KG_EIO, 0,
                       "token and certificates change while they are read");
}

/* --- what was read -------------------------------------------------------------- */

/* What is around a token is no part of it. */
static enum kg_errc check(struct kg_credfiles *f, enum kg_credfile which)
{
    struct kg_str text = kg_buf_str(&f->items[which].next);

    if (which == KG_CREDFILE_TOKEN) {
        struct kg_str token = kg_str_trim(text);

        kg_buf_consume(&f->items[which].next, (size_t)(token.ptr - text.ptr));
        kg_buf_truncate(&f->items[which].next, token.len);
        return token.len > 0
                   ? KG_OK
                   : kg_error_set(&f->error, KG_ECONFIG, 0, "%s: is empty",
                                  f->items[which].name);
    }
    return kg_str_find(text, KG_STR("-----BEGIN ")) >= 0
               ? KG_OK
               : kg_error_set(&f->error, KG_ECONFIG, 0,
                              "%s: is no PEM (-----BEGIN ...)",
                              f->items[which].name);
}

/* Either all of them are taken, or none. */
static enum kg_errc take(struct kg_credfiles *f, unsigned *ret_changed)
{
    enum kg_errc err = f->error.code;

    *ret_changed = 0;
    for (unsigned i = 0; err == KG_OK && i < KG_CREDFILE_NR; i++) {
        err = f->items[i].name != NULL ? check(f, i) : KG_OK;
    }
    for (unsigned i = 0; err == KG_OK && i < KG_CREDFILE_NR; i++) {
        struct kg_buf old = f->items[i].text;

        if (f->items[i].name != NULL &&
            !kg_str_eq(kg_buf_str(&old), kg_buf_str(&f->items[i].next))) {
            f->items[i].text = f->items[i].next;
            f->items[i].next = old;
            *ret_changed |= 1u << i;
        }
    }
    return err;
}

static void on_work(uv_work_t *work)
{
    read_all(KG_CONTAINER_OF(work, struct kg_credfiles, work));
}

static void on_read(uv_work_t *work, int status)
{
    struct kg_credfiles *f = KG_CONTAINER_OF(work, struct kg_credfiles, work);
    struct kg_latch *open = f->open;
    unsigned changed = 0;

    f->busy = false;
    f->read_ms = kg_loop_now_ms(open->loop);
    if (status == 0) {
        (void)!take(f, &changed);
    }
    kg_latch_release(open); /* It waits for the next turn. */
    f->cb(f, changed);      /* Last. */
}

void kg_credfiles_read_again(struct kg_credfiles *f)
{
    if (!f->busy && !kg_credfiles_none(f) &&
        uv_queue_work(&f->open->loop->uv, &f->work, on_work, on_read) == 0) {
        f->busy = true;
        kg_latch_hold(f->open);
    }
}

/* --- life ------------------------------------------------------------------------ */

enum kg_errc kg_credfiles_init(struct kg_credfiles *f, struct kg_latch *open,
                               const struct kg_kubeconfig *config,
                               void (*cb)(struct kg_credfiles *f,
                                          unsigned changed),
                               struct kg_error *e)
{
    const char *const names[KG_CREDFILE_NR] = {
        [KG_CREDFILE_TOKEN] = config->token_file,
        [KG_CREDFILE_CA] = config->ca_file,
        [KG_CREDFILE_CERT] = config->cert_file,
        [KG_CREDFILE_KEY] = config->key_file,
    };
    unsigned changed;

    *f = (struct kg_credfiles){.open = open, .cb = cb};
    for (size_t i = 0; i < KG_CREDFILE_NR; i++) {
        kg_buf_init(&f->items[i].text, KG_LIMIT_CREDENTIAL);
        kg_buf_init(&f->items[i].next, KG_LIMIT_CREDENTIAL);
        f->items[i].name = names[i] != NULL ? kg_strdup(names[i]) : NULL;
        if (names[i] != NULL && f->items[i].name == NULL) {
            return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
        }
    }
    read_all(f);
    f->read_ms = kg_loop_now_ms(open->loop);
    if (take(f, &changed) != KG_OK) {
        *e = f->error;
    }
    return f->error.code;
}

void kg_credfiles_finish(struct kg_credfiles *f)
{
    for (size_t i = 0; i < KG_CREDFILE_NR; i++) {
        finish_secret(&f->items[i].text);
        finish_secret(&f->items[i].next);
        kg_free(f->items[i].name);
    }
}

bool kg_credfiles_none(const struct kg_credfiles *f)
{
    for (size_t i = 0; i < KG_CREDFILE_NR; i++) {
        if (f->items[i].name != NULL) {
            return false;
        }
    }
    return true;
}

struct kg_str kg_credfiles_text(const struct kg_credfiles *f,
                                enum kg_credfile which)
{
    return f->items[which].name != NULL ? kg_buf_str(&f->items[which].text)
                                        : kg_str_of(NULL, 0);
}
