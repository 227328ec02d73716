/* SPDX-License-Identifier: MIT */
/* The file is read by libuv's pool; a token that differs is handed to the
 * client. A file that cannot be read leaves the old token in use, which the
 * server will refuse in time: then it is said why. */
#include "token.h"

#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/log.h"

enum { FRESH_MS = 60 * 1000 };

/* Keeps what was read, if it is a token, and new. */
static enum kg_errc take(struct kg_token *t, bool *ret_new, struct kg_error *e)
{
    struct kg_str token = kg_str_trim(kg_buf_str(&t->next));
    enum kg_errc err;

    if (token.len == 0) {
        return kg_error_set(e, KG_ECONFIG, 0, "%s: is empty", t->file);
    }
    *ret_new = !kg_str_eq(token, kg_buf_str(&t->text));
    if (!*ret_new) {
        return KG_OK;
    }
    kg_buf_reset(&t->text);
    err = kg_buf_add(&t->text, token);
    t->generation++;
    return err == KG_OK
               ? KG_OK
               : kg_error_set(e, err, 0, "%s: %s", t->file, kg_errc_text(err));
}

static enum kg_errc use_new(struct kg_token *t)
{
    bool is_new = false;
    enum kg_errc err = take(t, &is_new, &t->error);

    if (err == KG_OK && is_new) {
        err = kg_http_set_token(t->http, kg_buf_str(&t->text));
        if (err != KG_OK) {
            (void)kg_error_set(&t->error, err, 0, "%s: %s", t->file,
                               kg_errc_text(err));
        }
    }
    return err;
}

static void destroy(struct kg_token *t)
{
    struct kg_latch *open = t->open;

    kg_buf_finish(&t->text);
    kg_buf_finish(&t->next);
    kg_free(t->file);
    kg_free(t);
    kg_latch_release(open); /* Last. */
}

/* On a thread of the pool: nobody else touches `next` and `error` meanwhile. */
static void read_file(uv_work_t *work)
{
    struct kg_token *t = KG_CONTAINER_OF(work, struct kg_token, work);

    kg_error_clear(&t->error);
    kg_buf_reset(&t->next);
    (void)!kg_file_read(t->file, &t->next, &t->error);
}

static void tell_waiting(struct kg_token *t)
{
    struct kg_queue batch;
    struct kg_queue *node;

    kg_queue_init(&batch);
    kg_queue_move(&t->waiting, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct kg_token_wait *w =
            KG_CONTAINER_OF(node, struct kg_token_wait, node);

        kg_queue_remove(node);
        w->cb(w);
    }
}

static void on_read(uv_work_t *work, int status)
{
    struct kg_token *t = KG_CONTAINER_OF(work, struct kg_token, work);

    t->busy = false;
    if (t->http == NULL) {
        destroy(t);
        return;
    }
    t->read_ms = kg_loop_now_ms(t->open->loop);
    if (status == 0 && t->error.code == KG_OK) {
        (void)use_new(t);
    }
    if (t->error.code != KG_OK) {
        KG_LOG(KG_LOG_WARN, "token not renewed", KG_F("err", t->error.text));
    }
    tell_waiting(t);
}

void kg_token_read_again(struct kg_token *t)
{
    if (!t->busy &&
        uv_queue_work(&t->open->loop->uv, &t->work, read_file, on_read) == 0) {
        t->busy = true;
    }
}

enum kg_errc kg_token_create(struct kg_latch *open, const char *file,
                             struct kg_error *e, struct kg_token **ret_token)
{
    struct kg_token *t = kg_calloc(1, sizeof(*t));
    enum kg_errc err = KG_ENOMEM;
    bool is_new;

    if (t == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    t->open = open;
    kg_latch_hold(open);
    kg_queue_init(&t->waiting);
    kg_buf_init(&t->text, KG_LIMIT_HEADERS);
    kg_buf_init(&t->next, KG_LIMIT_HEADERS);
    t->file = kg_strdup(file);
    if (t->file == NULL) {
        (void)kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    } else {
        err = kg_file_read(file, &t->next, e);
    }
    if (err == KG_OK) {
        err = take(t, &is_new, e);
    }
    if (err != KG_OK) {
        destroy(t);
        return err;
    }
    t->read_ms = kg_loop_now_ms(open->loop);
    *ret_token = t;
    return KG_OK;
}

void kg_token_close(struct kg_token *t)
{
    if (t == NULL) {
        return;
    }
    t->http = NULL;
    if (!t->busy) {
        destroy(t);
    }
}

void kg_token_keep_fresh(struct kg_token *t)
{
    if (t != NULL && kg_loop_now_ms(t->open->loop) - t->read_ms >= FRESH_MS) {
        kg_token_read_again(t);
    }
}

void kg_token_wait(struct kg_token *t, struct kg_token_wait *w,
                   void (*cb)(struct kg_token_wait *w))
{
    w->cb = cb;
    kg_queue_insert_tail(&t->waiting, &w->node);
    kg_token_read_again(t);
}

void kg_token_wait_init(struct kg_token_wait *w)
{
    kg_queue_init(&w->node);
}

void kg_token_wait_cancel(struct kg_token_wait *w)
{
    kg_queue_remove(&w->node);
}
