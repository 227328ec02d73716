/* SPDX-License-Identifier: MIT */
/* Sent -> head -> body into the picker -> done. A 401, or a failed verification
 * of either side, sends it once more when we are somebody newer by then. What
 * goes wrong within an answer (no JSON, too large) is kept in `failed` and
 * cancels the transfer. */
#include "request.h"

#include <stdio.h>

#include "creds.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"
#include "status.h"

enum { IDLE_MS = 30 * 1000, TEXT_MAX = 512 };

static struct kg_kube_req *req_of(struct kg_http_req *http)
{
    return KG_CONTAINER_OF(http, struct kg_kube_req, http);
}

/* "POST 10.0.0.1:6443/apis/...", without the query. */
static void name_request(const struct kg_kube_req *r, char *out, size_t size)
{
    struct kg_str path = kg_str_from(r->path);

    path = kg_str_cut(&path, '?');
    (void)snprintf(out, size, "%s %s%.*s", r->method, kg_kube_host(r->kube),
                   KG_STR_ARG(path));
}

static void forget_answer(struct kg_kube_req *r)
{
    kg_pick_destroy(r->pick);
    r->pick = NULL;
    kg_tree_finish(&r->answer);
    kg_buf_finish(&r->text);
}

static void forget_all(struct kg_kube_req *r)
{
    forget_answer(r);
    kg_buf_finish(&r->body);
    kg_free(r->path);
    r->path = NULL;
}

/* What the callback borrows is freed behind it: `r` may be in use again, or
 * gone. */
static void finish(struct kg_kube_req *r, const struct kg_error *e)
{
    struct kg_tree answer = r->answer;
    bool is_told = e == NULL || r->status.http >= 400;

    kg_tree_init(&r->answer, KG_LIMIT_RESPONSE);
    forget_all(r);
    r->done_cb(r, e, is_told ? answer.root : NULL); /* Not `r` from here. */
    kg_tree_finish(&answer);
}

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct kg_kube_req *r = data;

    (void)kind;
    kg_tree_finish(&r->answer);
    return kg_tree_copy(&r->answer, root) != NULL ? KG_OK : KG_ENOMEM;
}

static void on_head(struct kg_http_req *http, const struct kg_http_head *head)
{
    struct kg_kube_req *r = req_of(http);

    r->status.http = head->status;
    r->status.retry_after_ms = head->retry_after_s < UINT32_MAX / 1000
                                   ? head->retry_after_s * 1000
                                   : UINT32_MAX;
    r->is_json = kg_str_is(head->content_type, "application/json");
}

static void on_body(struct kg_http_req *http, struct kg_str piece)
{
    struct kg_kube_req *r = req_of(http);
    size_t room = TEXT_MAX - kg_buf_len(&r->text);

    if (!r->is_json) { /* Its beginning will do for the message. */
        piece.len = piece.len < room ? piece.len : room;
        (void)!kg_buf_add(&r->text, piece);
        return;
    }
    if (kg_pick_feed(r->pick, piece, &r->failed) != KG_OK) {
        char what[256];

        name_request(r, what, sizeof(what));
        (void)kg_error_wrap(&r->failed, "%s: answer", what);
        kg_http_cancel(http);
        kg_defer(r->kube->loop, &r->failing);
    }
}

static void on_failing(struct kg_deferred *d)
{
    struct kg_kube_req *r = KG_CONTAINER_OF(d, struct kg_kube_req, failing);
    struct kg_error e = r->failed;

    finish(r, &e); /* Last. */
}

static void refused(struct kg_kube_req *r)
{
    uint32_t retry_after_ms = r->status.retry_after_ms;
    char what[256];
    struct kg_error e;

    kg_kube_status_read(&r->status, r->status.http, r->answer.root,
                        kg_buf_str(&r->text));
    if (retry_after_ms > r->status.retry_after_ms) {
        r->status.retry_after_ms = retry_after_ms;
    }
    name_request(r, what, sizeof(what));
    kg_kube_status_error(&r->status, what, &e);
    finish(r, &e); /* Last. */
}

static enum kg_errc start(struct kg_kube_req *r);

static void ask_again(struct kg_kube_req *r)
{
    struct kg_error e;
    enum kg_errc err;

    forget_answer(r);
    err = start(r);
    if (err != KG_OK) {
        (void)kg_error_set(&e, err, 0, "%s: %s", r->path, kg_errc_text(err));
        finish(r, &e); /* Last. */
    }
}

static void on_creds(struct kg_creds_wait *w)
{
    struct kg_kube_req *r = KG_CONTAINER_OF(w, struct kg_kube_req, wait);
    struct kg_error e = r->failed;

    if (r->generation != kg_creds_generation(r->kube->creds)) {
        ask_again(r); /* Last. */
    } else if (e.code != KG_OK) {
        finish(r, &e); /* Last. */
    } else {
        refused(r); /* Last. */
    }
}

/* One of us does not know the other: whom we trust, or who we are, may be in
 * files that were replaced. True when they are read again. */
static bool may_ask_again(struct kg_kube_req *r)
{
    if (r->kube->creds == NULL || r->asked_again) {
        return false;
    }
    r->asked_again = true;
    kg_creds_wait(r->kube->creds, &r->wait, on_creds);
    return true;
}

static void on_done(struct kg_http_req *http, const struct kg_error *e)
{
    struct kg_kube_req *r = req_of(http);
    struct kg_error told;

    if (e == NULL && r->is_json && kg_pick_end(r->pick, &r->failed) != KG_OK) {
        char what[256];

        name_request(r, what, sizeof(what));
        (void)kg_error_wrap(&r->failed, "%s: answer", what);
        e = &r->failed;
    }
    if (e != NULL) {
        told = *e;
        r->status.http = 0;
        r->failed = told;
        if (told.code != KG_ETLS || !may_ask_again(r)) {
            finish(r, &told); /* Last. */
        }
        return;
    }
    if (r->status.http == 401 && may_ask_again(r)) {
        return;
    }
    if (r->status.http < 200 || r->status.http > 299) {
        refused(r); /* Last. */
        return;
    }
    finish(r, NULL); /* Last. */
}

static const struct kg_http_events events = {on_head, on_body, on_done};

static enum kg_errc start(struct kg_kube_req *r)
{
    const struct kg_pick_def def = {.whole = true,
                                    .max_bytes = KG_LIMIT_RESPONSE};
    const struct kg_http_ask ask = {.method = r->method,
                                    .path = r->path,
                                    .content_type = r->type,
                                    .body = kg_buf_str(&r->body),
                                    .idle_ms = IDLE_MS,
                                    .total_ms = r->kube->request_timeout_ms};
    enum kg_errc err = kg_pick_create(&def, on_picked, r, &r->pick);

    r->status = (struct kg_kube_status){0};
    kg_error_clear(&r->failed);
    kg_buf_init(&r->text, TEXT_MAX);
    if (err == KG_OK) {
        kg_creds_keep_fresh(r->kube->creds);
        r->generation = kg_creds_generation(r->kube->creds);
        err = kg_http_start(r->kube->http, &r->http, &events, &ask);
    }
    return err;
}

void kg_kube_req_init(struct kg_kube_req *r)
{
    *r = (struct kg_kube_req){.data = r->data, .how = r->how};
    kg_http_req_init(&r->http);
    kg_creds_wait_init(&r->wait);
    kg_deferred_init(&r->failing, on_failing);
    kg_tree_init(&r->answer, KG_LIMIT_RESPONSE);
    kg_buf_init(&r->body, KG_LIMIT_RESPONSE);
    kg_buf_init(&r->text, TEXT_MAX);
}

void kg_kube_cancel(struct kg_kube_req *r)
{
    kg_http_cancel(&r->http);
    kg_creds_wait_cancel(&r->wait);
    kg_deferred_cancel(&r->failing);
    forget_all(r);
}

bool kg_kube_is_idle(const struct kg_kube_req *r)
{
    return r->path == NULL;
}

enum kg_errc kg_kube_send(struct kg_kube *kube, struct kg_kube_req *r,
                          const struct kg_kube_ask *ask,
                          kg_kube_done_cb done_cb)
{
    enum kg_errc err = KG_OK;

    KG_REQUIRE(kg_kube_is_idle(r));
    r->kube = kube;
    r->done_cb = done_cb;
    r->method = ask->method;
    r->type = ask->type;
    r->asked_again = false;
    kg_buf_init(&r->body, KG_LIMIT_RESPONSE);
    if (ask->body != NULL) {
        err = kg_node_json(ask->body, &r->body);
    }
    r->path = kg_strdup(ask->path);
    if (err == KG_OK) {
        err = r->path != NULL ? start(r) : KG_ENOMEM;
    }
    if (err != KG_OK) {
        forget_all(r);
    }
    return err;
}
