/* SPDX-License-Identifier: MIT */
/* Happy path: pages of a list, each element told as it is read; SYNCED; then a
 * watch that goes on from the list's resourceVersion, and from each event's and
 * bookmark's after that, request after request.
 *
 * What can go wrong, and what is done:
 * - 410, as a status or as an ERROR event: list again. When a page's token is
 *   too old, the next list comes in one piece.
 * - the connection breaks, the server is busy or fails, the answer is no JSON,
 *   memory runs out: wait, then go on from where it was.
 * - nothing comes for longer than a bookmark may take: the link is dead, though
 *   nobody said so: go on with a new request at once.
 * - a watch that ends at once, again and again, waits longer each time.
 * - 401, 403, 404: nobody can go on; the owner is told. */
#include "kubeglean/watch.h"

#include <stdio.h>

#include "changes.h"
#include "creds.h"
#include "known.h"
#include "kubeglean/limits.h"
#include "kubeglean/log.h"
#include "kubeglean/pick.h"
#include "path.h"
#include "status.h"

static const struct kg_sm_state states[STATE_NR] = {
    [IDLE] = {"idle", KG_SM_TO(WAITING) | KG_SM_TO(CLOSING)},
    [LISTING] = {"listing", KG_SM_TO(LISTING) | KG_SM_TO(WATCHING) |
                                KG_SM_TO(WAITING) | KG_SM_TO(IDLE) |
                                KG_SM_TO(CLOSING)},
    [WATCHING] = {"watching",
                  KG_SM_TO(WAITING) | KG_SM_TO(IDLE) | KG_SM_TO(CLOSING)},
    [WAITING] = {"waiting", KG_SM_TO(LISTING) | KG_SM_TO(WATCHING) |
                                KG_SM_TO(IDLE) | KG_SM_TO(CLOSING)},
    [CLOSING] = {"closing", KG_SM_TO(CLOSED)},
    [CLOSED] = {"closed", 0},
};

enum {
    PAGE = 500,
    LIST_IDLE_MS = 30 * 1000,
    WATCH_IDLE_MS = 90 * 1000, /* Bookmarks come every 60 to 75 seconds. */
    WATCH_MIN_S = 300,         /* For how long the server is asked to go on: */
    WATCH_SPREAD_S = 300,      /* so much more, by chance. */
    BACKOFF_FIRST_MS = 800,
    BACKOFF_MAX_MS = 30 * 1000,
    LASTED_MS = 10 * 1000, /* A watch that lasted so long has worked. */
    VERSION_MAX = 1024,
};

static void wait_before(struct kg_watch *w, uint64_t wait_ms);

/* --- requests ---------------------------------------------------------------- */

static enum kg_errc add_list_query(struct kg_watch *w, struct kg_buf *path)
{
    enum kg_errc err = KG_OK;

    if (!w->unpaged) {
        err = kg_buf_addf(path, "limit=%d", PAGE);
    }
    if (err == KG_OK && kg_buf_len(&w->page) > 0) {
        err = kg_buf_adds(path, "&continue=");
        if (err == KG_OK) {
            err = kg_http_escape(path, kg_buf_str(&w->page));
        }
    }
    return err;
}

static enum kg_errc add_watch_query(struct kg_watch *w, struct kg_buf *path)
{
    unsigned seconds = WATCH_MIN_S + (unsigned)kg_random_below(
                                         &w->backoff.random, WATCH_SPREAD_S);
    enum kg_errc err = kg_buf_addf(
        path,
        "watch=1&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=",
        seconds);

    return err == KG_OK ? kg_http_escape(path, kg_buf_str(&w->version)) : err;
}

static const struct kg_http_events events;

static enum kg_errc ask_server(struct kg_watch *w, bool list)
{
    struct kg_http_ask ask = {.method = "GET",
                              .idle_ms = list ? LIST_IDLE_MS : w->idle_ms};
    struct kg_buf path;
    enum kg_errc err;

    kg_buf_init(&path, KG_LIMIT_URL);
    err = kg_buf_add(&path, kg_buf_str(&w->path));
    if (err == KG_OK) {
        err = list ? add_list_query(w, &path) : add_watch_query(w, &path);
    }
    ask.path = err == KG_OK ? kg_buf_cstr(&path) : NULL;
    if (err == KG_OK) {
        err = ask.path != NULL ? kg_changes_expect(w, list) : KG_ENOMEM;
    }
    if (err == KG_OK) {
        w->head = (struct kg_http_head){0};
        w->status = (struct kg_kube_status){0};
        w->failed = KG_OK;
        w->began_ms = kg_loop_now_ms(w->kube->loop);
        kg_creds_keep_fresh(w->kube->creds);
        w->creds_generation = kg_creds_generation(w->kube->creds);
        err = kg_http_start(w->kube->http, &w->req, &events, &ask);
    }
    kg_buf_finish(&path);
    return err;
}

static void fail_to_send(struct kg_watch *w, enum kg_errc err)
{
    KG_LOG(KG_LOG_WARN, "watch cannot ask",
           KG_F("watch", kg_kube_resource_name(w->kind)),
           KG_F("err", kg_errc_text(err)));
    wait_before(w, kg_backoff_next(&w->backoff));
}

static void begin_watch(struct kg_watch *w)
{
    enum kg_errc err;

    kg_sm_move(&w->sm, WATCHING);
    err = ask_server(w, false);
    if (err != KG_OK) {
        fail_to_send(w, err);
    }
}

static void begin_page(struct kg_watch *w)
{
    enum kg_errc err;

    kg_sm_move(&w->sm, LISTING);
    err = ask_server(w, true);
    if (err != KG_OK) {
        fail_to_send(w, err);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct kg_watch *w = KG_CONTAINER_OF(timer, struct kg_watch, timer);

    if (kg_buf_len(&w->version) > 0) {
        begin_watch(w);
        return;
    }
    kg_buf_reset(&w->page);
    w->generation++;
    begin_page(w);
}

static void wait_before(struct kg_watch *w, uint64_t wait_ms)
{
    kg_sm_move(&w->sm, WAITING);
    (void)uv_timer_start(&w->timer, on_timer, wait_ms, 0);
}

/* --- how a request ends --------------------------------------------------------- */

static void give_up(struct kg_watch *w, const struct kg_error *e)
{
    kg_watch_stop(w);
    w->fail_cb(w, e); /* Last. */
}

/* A list or watch that ended by `e`, which names neither. */
static void recover(struct kg_watch *w, const struct kg_error *cause)
{
    enum kg_remedy remedy = kg_error_remedy(cause->code);
    struct kg_error e = *cause;
    uint64_t wait_ms;

    (void)kg_error_wrap(&e, "%s %s", w->sm.state == LISTING ? "list" : "watch",
                        kg_kube_resource_name(w->kind));
    if (remedy == KG_REMEDY_RESYNC) {
        w->unpaged = w->sm.state == LISTING && kg_buf_len(&w->page) > 0;
        kg_buf_reset(&w->version);
    } else if (remedy != KG_REMEDY_RETRY) {
        give_up(w, &e); /* Last. */
        return;
    }
    wait_ms = kg_backoff_next(&w->backoff);
    if (wait_ms < w->status.retry_after_ms) {
        wait_ms = w->status.retry_after_ms;
    }
    KG_LOG(KG_LOG_WARN, "watch waits", KG_F("state", kg_sm_name(&w->sm)),
           KG_F("err", e.text), KG_FU("retry_ms", wait_ms));
    wait_before(w, wait_ms);
}

/* Status is not 200: its body was read into `status`. */
static void refused(struct kg_watch *w)
{
    uint32_t after_s = w->head.retry_after_s;
    struct kg_str path = kg_buf_str(&w->path);
    char what[256];
    struct kg_error e;

    if (w->status.http == 0) {
        kg_kube_status_read(&w->status, w->head.status, NULL, kg_str_of("", 0));
    }
    if (w->status.retry_after_ms == 0 && after_s < UINT32_MAX / 1000) {
        w->status.retry_after_ms = after_s * 1000;
    }
    path = kg_str_cut(&path, '?');
    (void)snprintf(what, sizeof(what), "GET %s%.*s", kg_kube_host(w->kube),
                   KG_STR_ARG(path));
    kg_kube_status_error(&w->status, what, &e);
    recover(w, &e); /* Last. */
}

static void on_creds(struct kg_creds_wait *wait)
{
    struct kg_watch *w = KG_CONTAINER_OF(wait, struct kg_watch, creds_wait);

    if (w->creds_generation != kg_creds_generation(w->kube->creds)) {
        wait_before(w, 0);
        return;
    }
    refused(w); /* Last. */
}

static void end_list(struct kg_watch *w)
{
    struct kg_error e;

    if (kg_buf_len(&w->page) > 0) {
        begin_page(w);
        return;
    }
    if (kg_buf_len(&w->listed) == 0 ||
        kg_buf_set(&w->version, kg_buf_str(&w->listed)) != KG_OK) {
        (void)kg_error_set(&e, KG_EPROTOCOL, 0, "no resourceVersion");
        recover(w, &e); /* Last. */
        return;
    }
    w->n_lists++;
    w->unpaged = false;
    switch (kg_changes_tell_vanished(w)) {
    case KG_OK:
        break;
    case KG_ECANCELED:
        return; /* The owner stopped it. */
    default:
        kg_buf_reset(&w->version);
        (void)kg_error_set(&e, KG_ENOMEM, 0, "out of memory");
        recover(w, &e); /* Last. */
        return;
    }
    if (kg_changes_tell_synced(w) == KG_OK) {
        begin_watch(w);
    }
}

/* The server ended it, or it went silent, as every watch does once. */
static void end_watch(struct kg_watch *w, const struct kg_error *e)
{
    bool lasted = kg_loop_now_ms(w->kube->loop) - w->began_ms >= LASTED_MS;

    w->n_restarts++;
    if (lasted) {
        kg_backoff_reset(&w->backoff);
    }
    if (e != NULL && e->code != KG_ETIMEOUT) {
        recover(w, e); /* Last. */
        return;
    }
    wait_before(w, lasted ? 0 : kg_backoff_next(&w->backoff));
}

static struct kg_watch *watch_of(struct kg_http_req *req)
{
    return KG_CONTAINER_OF(req, struct kg_watch, req);
}

static void on_head(struct kg_http_req *req, const struct kg_http_head *head)
{
    struct kg_watch *w = watch_of(req);

    w->head = *head;
    w->tried_anew = false;
    w->head.content_type = kg_str_of(NULL, 0); /* Was borrowed. */
}

/* What the answer holds is wrong: the transfer ends here. */
static void broken_answer(struct kg_watch *w, enum kg_errc err,
                          const struct kg_error *e)
{
    struct kg_error told = *e;

    kg_http_cancel(&w->req);
    if (err == KG_ESYNTAX) {
        told.code = KG_EPROTOCOL; /* Ask again: what we know still holds. */
    }
    if (w->status.http != 0) {
        refused(w); /* Last. An ERROR event. */
        return;
    }
    recover(w, &told); /* Last. */
}

static void on_body(struct kg_http_req *req, struct kg_str piece)
{
    struct kg_watch *w = watch_of(req);
    struct kg_error e;
    enum kg_errc err;

    if (w->failed != KG_OK) {
        return; /* A refusal that is no JSON. */
    }
    err = kg_pick_feed(w->pick, piece, &e);
    if (err == KG_OK || err == KG_ECANCELED) {
        return;
    }
    if (w->head.status != 200) {
        w->failed = err;
        return;
    }
    broken_answer(w, err, &e); /* Last. */
}

static void on_creds_renewed(struct kg_creds_wait *wait)
{
    struct kg_watch *w = KG_CONTAINER_OF(wait, struct kg_watch, creds_wait);

    wait_before(w, 0);
}

/* One of us does not know the other: whom we trust, or who we are, may be in
 * files that were replaced. True when it is tried once more. */
static bool may_try_anew(struct kg_watch *w)
{
    if (w->kube->creds == NULL || w->tried_anew) {
        return false;
    }
    w->tried_anew = true;
    kg_creds_wait(w->kube->creds, &w->creds_wait, on_creds_renewed);
    return true;
}

static void on_done(struct kg_http_req *req, const struct kg_error *e)
{
    struct kg_watch *w = watch_of(req);
    struct kg_error cut;

    if (e != NULL && e->code == KG_ETLS && may_try_anew(w)) {
        return;
    }
    if (e == NULL && w->head.status == 401 && w->kube->creds != NULL) {
        kg_creds_wait(w->kube->creds, &w->creds_wait, on_creds);
        return;
    }
    if (e == NULL && w->head.status != 200) {
        refused(w); /* Last. */
        return;
    }
    if (e == NULL && kg_pick_end(w->pick, &cut) != KG_OK) {
        cut.code = KG_ECLOSED;
        e = &cut;
    }
    if (w->sm.state == WATCHING) {
        end_watch(w, e); /* Last. */
        return;
    }
    if (e != NULL) {
        recover(w, e); /* Last. */
        return;
    }
    end_list(w); /* Last. */
}

static const struct kg_http_events events = {on_head, on_body, on_done};

/* --- life --------------------------------------------------------------------- */

static enum kg_errc set_path(struct kg_watch *w,
                             const struct kg_watch_options *options)
{
    struct kg_kube_ref ref = {
        .kind = options->kind, .ns = options->ns, .labels = options->labels};
    enum kg_errc err = kg_kube_path(w->kube, ref, &w->path);

    return err == KG_OK
               ? kg_buf_addc(&w->path, options->labels.len > 0 ? '&' : '?')
               : err;
}

enum kg_errc kg_watch_init(struct kg_watch *w, struct kg_kube *kube,
                           const struct kg_watch_options *options)
{
    enum kg_errc err;

    *w = (struct kg_watch){.data = w->data,
                           .kube = kube,
                           .kind = options->kind,
                           .idle_ms = options->idle_ms,
                           .paths = options->paths};
    if (w->idle_ms == 0) {
        w->idle_ms = WATCH_IDLE_MS;
    }
    kg_buf_init(&w->path, KG_LIMIT_URL);
    err = set_path(w, options);
    if (err != KG_OK) {
        kg_buf_finish(&w->path);
        return err;
    }
    kg_sm_init(&w->sm, kg_kube_resource_name(options->kind), states, IDLE);
    kg_http_req_init(&w->req);
    kg_creds_wait_init(&w->creds_wait);
    kg_buf_init(&w->version, VERSION_MAX);
    kg_buf_init(&w->listed, VERSION_MAX);
    kg_buf_init(&w->page, KG_LIMIT_URL);
    kg_map_init(&w->known);
    kg_backoff_init(&w->backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS,
                    options->seed);
    kg_latch_init(&w->open, kube->loop);
    (void)uv_timer_init(&kube->loop->uv, &w->timer);
    return KG_OK;
}

void kg_watch_start(struct kg_watch *w, kg_watch_change_cb change_cb,
                    kg_watch_fail_cb fail_cb)
{
    KG_REQUIRE(w->sm.state == IDLE);
    w->change_cb = change_cb;
    w->fail_cb = fail_cb;
    w->synced = false;
    kg_buf_reset(&w->version);
    kg_backoff_reset(&w->backoff);
    wait_before(w, 0);
}

static void silence(struct kg_watch *w)
{
    kg_http_cancel(&w->req);
    kg_creds_wait_cancel(&w->creds_wait);
    (void)uv_timer_stop(&w->timer);
}

size_t kg_watch_n_objects(const struct kg_watch *w)
{
    return w->known.n_nodes;
}

void kg_watch_stop(struct kg_watch *w)
{
    if (w->sm.state == IDLE) {
        return;
    }
    silence(w);
    kg_sm_move(&w->sm, IDLE);
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_watch *w = KG_CONTAINER_OF(open, struct kg_watch, open);

    kg_sm_move(&w->sm, CLOSED);
    kg_pick_destroy(w->pick);
    kg_known_finish(&w->known);
    kg_buf_finish(&w->path);
    kg_buf_finish(&w->version);
    kg_buf_finish(&w->listed);
    kg_buf_finish(&w->page);
    w->close_cb(w); /* Last: `w` may be gone when this returns. */
}

void kg_watch_close(struct kg_watch *w, kg_watch_close_cb close_cb)
{
    silence(w);
    kg_sm_move(&w->sm, CLOSING);
    w->close_cb = close_cb;
    kg_latch_close_handle(&w->open, (uv_handle_t *)&w->timer);
    kg_latch_close(&w->open, on_all_closed);
}
