/* SPDX-License-Identifier: MIT */
/* What follow.c decides, carried out: requests, a timer, and the owner told.
 *
 * A request's answer goes through the picker and changes.c into events; each
 * event may end the request, and whoever is told may stop or close the watch:
 * nothing of it is used behind kg_watch_drive(). */
#include "kubeglean/watch.h"

#include <stdio.h>

#include "changes.h"
#include "creds.h"
#include "kubeglean/limits.h"
#include "kubeglean/log.h"
#include "kubeglean/pick.h"
#include "path.h"
#include "status.h"

enum {
    PAGE = 500,
    LIST_IDLE_MS = 30 * 1000,
    WATCH_IDLE_MS = 90 * 1000, /* Bookmarks come every 60 to 75 seconds. */
};

/* --- requests ---------------------------------------------------------------- */

static enum kg_errc add_list_query(struct kg_watch *w, struct kg_buf *path)
{
    enum kg_errc err = KG_OK;

    if (!w->follow.unpaged) {
        err = kg_buf_addf(path, "limit=%d", PAGE);
    }
    if (err == KG_OK && kg_buf_len(&w->follow.page) > 0) {
        err = kg_buf_adds(path, "&continue=");
        if (err == KG_OK) {
            err = kg_http_escape(path, kg_buf_str(&w->follow.page));
        }
    }
    return err;
}

static enum kg_errc add_watch_query(struct kg_watch *w, struct kg_buf *path,
                                    const struct kg_follow_action *action)
{
    enum kg_errc err =
        kg_buf_addf(path, "watch=1&allowWatchBookmarks=true&timeoutSeconds=%u",
                    action->seconds);

    if (err != KG_OK) {
        return err;
    }
    if (action->kind == KG_FOLLOW_STREAM) {
        return kg_buf_adds(path, "&sendInitialEvents=true"
                                 "&resourceVersionMatch=NotOlderThan");
    }
    err = kg_buf_adds(path, "&resourceVersion=");
    return err == KG_OK ? kg_http_escape(path, kg_buf_str(&w->follow.version))
                        : err;
}

static const struct kg_http_events events;

static enum kg_errc send_request(struct kg_watch *w, const char *path,
                                 bool list)
{
    const struct kg_http_ask ask = {.method = "GET",
                                    .path = path,
                                    .watch = !list,
                                    .idle_ms =
                                        list ? LIST_IDLE_MS : w->idle_ms};
    enum kg_errc err = kg_changes_expect(w, list);

    if (err != KG_OK) {
        return err;
    }
    w->head = (struct kg_http_head){0};
    w->status = (struct kg_kube_status){0};
    w->failed = KG_OK;
    kg_creds_keep_fresh(w->kube->creds);
    w->creds_generation = kg_creds_generation(w->kube->creds);
    return kg_http_start(w->kube->http, &w->req, &events, &ask);
}

static enum kg_errc ask_server(struct kg_watch *w,
                               const struct kg_follow_action *action)
{
    bool list = action->kind == KG_FOLLOW_LIST;
    const char *text = NULL;
    struct kg_buf path;
    enum kg_errc err;

    kg_buf_init(&path, KG_LIMIT_URL);
    err = kg_buf_add(&path, kg_buf_str(&w->path));
    if (err == KG_OK) {
        err =
            list ? add_list_query(w, &path) : add_watch_query(w, &path, action);
    }
    if (err == KG_OK) {
        text = kg_buf_cstr(&path);
        err = text != NULL ? send_request(w, text, list) : KG_ENOMEM;
    }
    kg_buf_finish(&path);
    return err;
}

/* --- what is decided, carried out --------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct kg_watch *w = KG_CONTAINER_OF(timer, struct kg_watch, timer);
    struct kg_follow_event event = {.kind = KG_FOLLOW_DUE};

    if (!w->kube->server.streams_lists) {
        w->follow.may_stream = false;
    }
    kg_watch_drive(w, &event, NULL); /* Last. */
}

static void silence(struct kg_watch *w)
{
    kg_http_cancel(&w->req);
    kg_creds_wait_cancel(&w->creds_wait);
    (void)uv_timer_stop(&w->timer);
}

static void wait_for(struct kg_watch *w, uint64_t wait_ms)
{
    kg_http_cancel(&w->req);
    (void)uv_timer_start(&w->timer, on_timer, wait_ms, 0);
}

/* `act` is what it was about to do: "list jobs". */
static void tell_trouble(struct kg_watch *w, const char *act,
                         const struct kg_follow_action *action,
                         const struct kg_error *cause)
{
    struct kg_error e = {action->why, 0, ""};

    if (cause != NULL) {
        e = *cause;
    } else {
        (void)kg_error_set(&e, action->why, 0, "%s", kg_errc_text(action->why));
    }
    (void)kg_error_wrap(&e, "%s %s", act, kg_kube_resource_name(w->kind));
    if (action->kind == KG_FOLLOW_FAIL) {
        silence(w);
        w->fail_cb(w, &e); /* Last. */
        return;
    }
    KG_LOG(KG_LOG_WARN, "watch waits", KG_F("err", e.text),
           KG_FU("retry_ms", action->wait_ms));
    wait_for(w, action->wait_ms);
}

static enum kg_errc tell_vanished(struct kg_watch *w, struct kg_str uid)
{
    struct kg_node *root;
    struct kg_node *metadata;
    struct kg_tree t;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, 16 * KG_KIB);
    root = kg_tree_new(&t, KG_OBJECT, kg_str_of("", 0));
    metadata = kg_tree_new(&t, KG_OBJECT, kg_str_of("", 0));
    if (kg_tree_put(&t, root, "metadata", metadata) &&
        kg_tree_put(&t, metadata, "uid", kg_tree_new(&t, KG_STRING, uid))) {
        w->change_cb(w, KG_WATCH_DELETED, root);
        err = KG_OK;
    }
    kg_tree_finish(&t);
    return err;
}

static enum kg_errc carry_out(struct kg_watch *w,
                              const struct kg_follow_action *action,
                              const struct kg_node *object)
{
    switch (action->kind) {
    case KG_FOLLOW_WAIT:
        wait_for(w, action->wait_ms);
        return KG_OK;
    case KG_FOLLOW_LIST:
    case KG_FOLLOW_STREAM:
    case KG_FOLLOW_WATCH:
        return ask_server(w, action);
    case KG_FOLLOW_TELL_PUT:
        w->change_cb(w, KG_WATCH_PUT, object);
        return KG_OK;
    case KG_FOLLOW_TELL_DELETED:
        w->change_cb(w, KG_WATCH_DELETED, object);
        return KG_OK;
    case KG_FOLLOW_TELL_VANISHED:
        return tell_vanished(w, action->uid);
    case KG_FOLLOW_TELL_SYNCED:
        w->change_cb(w, KG_WATCH_SYNCED, NULL);
        return KG_OK;
    default:
        return KG_OK;
    }
}

static bool has_more(const struct kg_follow_action *action)
{
    return action->kind == KG_FOLLOW_TELL_VANISHED ||
           action->kind == KG_FOLLOW_TELL_SYNCED;
}

void kg_watch_drive(struct kg_watch *w, struct kg_follow_event *event,
                    const struct kg_node *object)
{
    struct kg_follow_event next;
    struct kg_error failed;

    while (event != NULL) {
        bool watches = w->follow.sm.state == KG_FOLLOW_WATCHING;
        struct kg_follow_action action;
        enum kg_errc err;

        event->now_ms = kg_loop_now_ms(w->kube->loop);
        action = kg_follow_step(&w->follow, event);
        if (action.why != KG_OK) {
            tell_trouble(w, watches ? "watch" : "list", &action,
                         event->e); /* Last. */
            return;
        }
        err = carry_out(w, &action, object);
        next = (struct kg_follow_event){.kind = KG_FOLLOW_NEXT};
        if (err != KG_OK) {
            (void)kg_error_set(&failed, err, 0, "%s", kg_errc_text(err));
            next.kind = KG_FOLLOW_ENDED;
            next.e = &failed;
        }
        event = err != KG_OK || has_more(&action) ? &next : NULL;
    }
}

/* --- how a request ends --------------------------------------------------------- */

static void end(struct kg_watch *w, const struct kg_error *e, bool renewed)
{
    struct kg_follow_event event = {.kind = KG_FOLLOW_ENDED,
                                    .e = e,
                                    .retry_after_ms = w->status.retry_after_ms,
                                    .renewed = renewed};

    kg_watch_drive(w, &event, NULL); /* Last. */
}

/* Status is not 200: its body was read into `status`. */
static void refused(struct kg_watch *w, bool renewed)
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
    if (w->follow.sm.state == KG_FOLLOW_STREAMING &&
        (e.code == KG_EINVALID || e.code == KG_EBADREQUEST)) {
        w->kube->server.streams_lists = false;
    }
    end(w, &e, renewed); /* Last. */
}

static void on_creds(struct kg_creds_wait *wait)
{
    struct kg_watch *w = KG_CONTAINER_OF(wait, struct kg_watch, creds_wait);

    refused(w, w->creds_generation !=
                   kg_creds_generation(w->kube->creds)); /* Last. */
}

static void on_creds_renewed(struct kg_creds_wait *wait)
{
    struct kg_watch *w = KG_CONTAINER_OF(wait, struct kg_watch, creds_wait);
    const struct kg_error e = {.code = KG_ETLS};

    end(w, &e, true); /* Last. */
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
        refused(w, false); /* Last. An ERROR event. */
        return;
    }
    end(w, &told, false); /* Last. */
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
        refused(w, false); /* Last. */
        return;
    }
    if (e == NULL && kg_pick_end(w->pick, &cut) != KG_OK) {
        cut.code = KG_ECLOSED;
        e = &cut;
    }
    end(w, e, false); /* Last. */
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
    kg_follow_init(&w->follow, kg_kube_resource_name(options->kind),
                   options->seed);
    kg_http_req_init(&w->req);
    kg_creds_wait_init(&w->creds_wait);
    kg_latch_init(&w->open, kube->loop);
    (void)uv_timer_init(&kube->loop->uv, &w->timer);
    return KG_OK;
}

void kg_watch_start(struct kg_watch *w, kg_watch_change_cb change_cb,
                    kg_watch_fail_cb fail_cb)
{
    struct kg_follow_event event = {.kind = KG_FOLLOW_START};

    w->change_cb = change_cb;
    w->fail_cb = fail_cb;
    kg_watch_drive(w, &event, NULL);
}

size_t kg_watch_n_objects(const struct kg_watch *w)
{
    return w->follow.known.n_nodes;
}

void kg_watch_stop(struct kg_watch *w)
{
    silence(w);
    kg_follow_stop(&w->follow);
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_watch *w = KG_CONTAINER_OF(open, struct kg_watch, open);

    kg_pick_destroy(w->pick);
    kg_follow_finish(&w->follow);
    kg_buf_finish(&w->path);
    w->close_cb(w); /* Last: `w` may be gone when this returns. */
}

void kg_watch_close(struct kg_watch *w, kg_watch_close_cb close_cb)
{
    kg_watch_stop(w);
    w->close_cb = close_cb;
    kg_latch_close_handle(&w->open, (uv_handle_t *)&w->timer);
    kg_latch_close(&w->open, on_all_closed);
}
