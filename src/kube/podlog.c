/* SPDX-License-Identifier: MIT */
/* Happy path: one request with follow=true, whose bytes are handed on, but for
 * those that may be the kubelet's error text, until it ends.
 *
 * After a break: the file that the server has is read without follow, to its
 * end, and the place where we were is looked for (SCANNING). Then it is read
 * again with follow, and what is before the place must be what was scanned
 * (JOINING); from there on it is the log's next bytes. The two readings cost
 * little beside a log that is read twice, and never hang on a file that is
 * shorter than expected.
 *
 * What can go wrong: no place is found, and a gap is told; the file is rotated
 * between the two readings, and it is scanned again; the server does not know
 * `stream=Stdout`, and it is asked without, once for all. */
#include "kubeglean/podlog.h"

#include <stdio.h>

#include "creds.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"
#include "path.h"
#include "sentence.h"
#include "status.h"
#include "tail.h"

enum { IDLE, SCANNING, JOINING, STREAMING, CLOSING, CLOSED, STATE_NR };

static const struct kg_sm_state states[STATE_NR] = {
    [IDLE] = {"idle",
              KG_SM_TO(SCANNING) | KG_SM_TO(STREAMING) | KG_SM_TO(CLOSING)},
    [SCANNING] = {"scanning", KG_SM_TO(JOINING) | KG_SM_TO(STREAMING) |
                                  KG_SM_TO(SCANNING) | KG_SM_TO(IDLE) |
                                  KG_SM_TO(CLOSING)},
    [JOINING] = {"joining", KG_SM_TO(STREAMING) | KG_SM_TO(SCANNING) |
                                KG_SM_TO(JOINING) | KG_SM_TO(IDLE) |
                                KG_SM_TO(CLOSING)},
    [STREAMING] = {"streaming",
                   KG_SM_TO(STREAMING) | KG_SM_TO(IDLE) | KG_SM_TO(CLOSING)},
    [CLOSING] = {"closing", KG_SM_TO(CLOSED)},
    [CLOSED] = {"closed", 0},
};

enum {
    SCAN_IDLE_MS = 30 * 1000,
    FOLLOW_IDLE_MS = 10 * 60 * 1000, /* A program may be silent for long. */
    REFUSAL_MAX = 64 * 1024,
};

/* --- ends --------------------------------------------------------------------- */

static void end(struct kg_podlog *l, enum kg_podlog_end how,
                const struct kg_error *e)
{
    struct kg_error told;

    if (e != NULL) {
        told = *e;
        (void)kg_error_wrap(&told, "log");
    }
    kg_podlog_stop(l);
    l->end_cb(l, how, e != NULL ? &told : NULL); /* Last. */
}

static void end_for_lack_of_memory(struct kg_podlog *l)
{
    struct kg_error e;

    (void)kg_error_set(&e, KG_ENOMEM, 0, "out of memory");
    end(l, KG_PODLOG_BROKEN, &e); /* Last. */
}

static bool is_waiting_to_start(struct kg_str message)
{
    return kg_str_find(message, KG_STR(" is waiting to start")) >= 0;
}

static enum kg_podlog_end end_of_status(const struct kg_kube_status *s)
{
    switch (s->http) {
    case 400:
        return is_waiting_to_start(kg_str_from(s->message))
                   ? KG_PODLOG_NOT_STARTED
                   : KG_PODLOG_REFUSED;
    case 404:
        return KG_PODLOG_GONE;
    default:
        return KG_PODLOG_REFUSED;
    }
}

static enum kg_errc on_status(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct kg_podlog *l = data;

    (void)kind;
    kg_kube_status_read(&l->status, l->head.status, root, kg_str_of("", 0));
    return KG_OK;
}

/* The body of a status that is no 200 is small, and was kept. */
static void read_refusal(struct kg_podlog *l)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    struct kg_str body = kg_buf_str(&l->held);
    struct kg_pick *pick;

    kg_kube_status_read(&l->status, l->head.status, NULL, body);
    if (kg_pick_create(&def, on_status, l, &pick) == KG_OK) {
        (void)!kg_pick_feed(pick, body, NULL);
        kg_pick_destroy(pick);
    }
    l->retry_after_ms = l->status.retry_after_ms;
    if (l->retry_after_ms == 0 && l->head.retry_after_s < UINT32_MAX / 1000) {
        l->retry_after_ms = l->head.retry_after_s * 1000;
    }
}

static enum kg_errc ask(struct kg_podlog *l, unsigned state);

static void refused(struct kg_podlog *l)
{
    char what[256];
    struct kg_error e;

    read_refusal(l);
    if (l->split && (l->head.status == 422 || l->head.status == 400) &&
        !is_waiting_to_start(kg_str_from(l->status.message))) {
        l->kube->server.split_logs = false; /* Once, and remembered. */
        if (ask(l, l->sm.state) != KG_OK) {
            end_for_lack_of_memory(l); /* Last. */
        }
        return;
    }
    if (l->head.status == 401) {
        kg_creds_renew(l->kube->creds);
    }
    (void)snprintf(what, sizeof(what), "GET %s%.*s", kg_kube_host(l->kube),
                   KG_STR_ARG(kg_buf_str(&l->path)));
    kg_kube_status_error(&l->status, what, &e);
    end(l, end_of_status(&l->status), &e); /* Last. */
}

/* --- bytes -------------------------------------------------------------------- */

/* False when the owner stopped it meanwhile. */
static bool hand_out(struct kg_podlog *l, struct kg_str bytes)
{
    unsigned run = l->run;

    if (bytes.len > 0) {
        l->offset += bytes.len;
        (void)!kg_tail_add(l->tail, bytes); /* At worst a gap will be told. */
        l->bytes_cb(l, bytes);
    }
    return l->sm.state == STREAMING && l->run == run;
}

static void scan_again(struct kg_podlog *l)
{
    kg_http_cancel(&l->req);
    if (kg_tail_scan_begin(l->tail) != KG_OK || ask(l, SCANNING) != KG_OK) {
        end_for_lack_of_memory(l); /* Last. */
    }
}

static void join(struct kg_podlog *l, struct kg_str bytes)
{
    bool reached;
    bool same;
    struct kg_str rest =
        kg_tail_skip(l->tail, &l->place, bytes, &reached, &same);

    if (!reached) {
        return;
    }
    if (!same) {
        scan_again(l); /* Rotated since. */
        return;
    }
    kg_tail_move(l->tail, &l->place);
    kg_sm_move(&l->sm, STREAMING);
    (void)hand_out(l, rest); /* Last. */
}

/* Bytes that are the log's, as far as can be known. */
static bool pass(struct kg_podlog *l, struct kg_str bytes)
{
    switch (l->sm.state) {
    case SCANNING:
        kg_tail_scan(l->tail, bytes);
        return true;
    case JOINING:
        join(l, bytes);
        return l->sm.state == STREAMING || l->sm.state == JOINING;
    default:
        return hand_out(l, bytes);
    }
}

/* What was held back goes on being held while it can be the sentence. */
static bool hold_more(struct kg_podlog *l, struct kg_str *bytes)
{
    size_t held = kg_buf_len(&l->held);
    size_t room = KG_SENTENCE_MAX + 1 - held;
    size_t len = bytes->len < room ? bytes->len : room;
    char first[KG_SENTENCE_MAX + 1];

    if (held == 0) {
        return true;
    }
    (void)!kg_buf_add(&l->held, kg_str_of(bytes->ptr, len));
    if (kg_sentence_begins(kg_buf_str(&l->held))) {
        *bytes = kg_str_of(bytes->ptr + len, bytes->len - len);
        return true;
    }
    memcpy(first, kg_buf_str(&l->held).ptr, held);
    kg_buf_reset(&l->held);
    return pass(l, kg_str_of(first, held));
}

static void on_log(struct kg_podlog *l, struct kg_str bytes)
{
    size_t hold;

    if (!hold_more(l, &bytes) || bytes.len == 0) {
        return;
    }
    hold = kg_sentence_at_end(bytes);
    if (!kg_buf_len(&l->held) && hold > 0 &&
        kg_buf_add(&l->held, kg_str_of(bytes.ptr + bytes.len - hold, hold)) ==
            KG_OK) {
        bytes.len -= hold;
    }
    (void)pass(l, bytes); /* Last. */
}

/* --- requests ----------------------------------------------------------------- */

static struct kg_podlog *podlog_of(struct kg_http_req *req)
{
    return KG_CONTAINER_OF(req, struct kg_podlog, req);
}

static void on_head(struct kg_http_req *req, const struct kg_http_head *head)
{
    struct kg_podlog *l = podlog_of(req);

    l->head = *head;
    l->head.content_type = kg_str_of(NULL, 0); /* Was borrowed. */
}

static void on_body(struct kg_http_req *req, struct kg_str piece)
{
    struct kg_podlog *l = podlog_of(req);

    if (l->head.status != 200) {
        (void)!kg_buf_add(&l->held, piece); /* More than that says nothing. */
        return;
    }
    on_log(l, piece); /* Last. */
}

static void end_scan(struct kg_podlog *l)
{
    unsigned run = l->run;

    if (kg_tail_scan_end(l->tail, &l->place)) {
        kg_tail_skip_begin(l->tail);
        if (ask(l, JOINING) != KG_OK) {
            end_for_lack_of_memory(l); /* Last. */
        }
        return;
    }
    kg_tail_restart(l->tail);
    l->n_gaps++;
    l->gap_cb(l);
    if (l->sm.state == SCANNING && l->run == run &&
        ask(l, STREAMING) != KG_OK) {
        end_for_lack_of_memory(l); /* Last. */
    }
}

static void end_stream(struct kg_podlog *l)
{
    struct kg_error e;

    if (l->sm.state == SCANNING) {
        end_scan(l); /* Last. */
        return;
    }
    if (l->sm.state == JOINING) {
        (void)kg_error_set(&e, KG_ECLOSED, 0,
                           "it ended before the place it was at");
        end(l, KG_PODLOG_BROKEN, &e); /* Last. */
        return;
    }
    end(l, KG_PODLOG_EOF, NULL); /* Last. */
}

static void on_end_of_log(struct kg_podlog *l)
{
    struct kg_str held = kg_buf_str(&l->held);
    char copy[KG_SENTENCE_MAX];
    struct kg_error e;

    if (kg_sentence_is(held)) {
        (void)kg_error_set(&e, KG_ESERVER, 200, "%.*s", KG_STR_ARG(held));
        end(l, KG_PODLOG_REFUSED, &e); /* Last. */
        return;
    }
    memcpy(copy, held.ptr, held.len);
    kg_buf_reset(&l->held);
    if (held.len == 0 || pass(l, kg_str_of(copy, held.len))) {
        end_stream(l); /* Last. */
    }
}

static void on_done(struct kg_http_req *req, const struct kg_error *e)
{
    struct kg_podlog *l = podlog_of(req);

    if (e != NULL) {
        if (e->code == KG_ETLS) {
            kg_creds_renew(l->kube->creds);
        }
        end(l, KG_PODLOG_BROKEN, e); /* Last. */
        return;
    }
    if (l->head.status != 200) {
        refused(l); /* Last. */
        return;
    }
    on_end_of_log(l); /* Last. */
}

static const struct kg_http_events events = {on_head, on_body, on_done};

static enum kg_errc ask(struct kg_podlog *l, unsigned state)
{
    bool follow = state != SCANNING;
    struct kg_http_ask q = {.method = "GET",
                            .accept = "*/*",
                            .stream = true,
                            .idle_ms = follow ? FOLLOW_IDLE_MS : SCAN_IDLE_MS};
    struct kg_buf path;
    enum kg_errc err;

    l->head = (struct kg_http_head){0};
    l->status = (struct kg_kube_status){0};
    l->split = l->kube->server.split_logs;
    kg_buf_reset(&l->held);
    kg_buf_init(&path, KG_LIMIT_URL);
    err = kg_buf_addf(&path, "%.*s?container=%s%s%s",
                      KG_STR_ARG(kg_buf_str(&l->path)), l->container,
                      follow ? "&follow=true" : "",
                      l->split ? "&stream=Stdout" : "");
    q.path = err == KG_OK ? kg_buf_cstr(&path) : NULL;
    if (err == KG_OK) {
        kg_creds_keep_fresh(l->kube->creds);
        err = q.path != NULL
                  ? kg_http_start(l->kube->http, &l->req, &events, &q)
                  : KG_ENOMEM;
    }
    kg_buf_finish(&path);
    if (err == KG_OK) {
        kg_sm_move(&l->sm, state);
    }
    return err;
}

/* --- life --------------------------------------------------------------------- */

static enum kg_errc init(struct kg_podlog *l, struct kg_str ns,
                         struct kg_str pod, struct kg_str container)
{
    struct kg_kube_ref ref = {KG_KUBE_POD, ns, pod};
    enum kg_errc err;

    if (ns.len == 0 || pod.len == 0 || !kg_str_is_dns_subdomain(container)) {
        return KG_EINVALID;
    }
    err = kg_kube_path(l->kube, ref, &l->path);
    if (err == KG_OK) {
        err = kg_buf_adds(&l->path, "/log");
    }
    l->container = kg_strndup(container.ptr, container.len);
    l->tail = kg_calloc(1, sizeof(*l->tail));
    if (err == KG_OK && (l->container == NULL || l->tail == NULL)) {
        err = KG_ENOMEM;
    }
    if (err == KG_OK) {
        kg_tail_init(l->tail);
    }
    return err;
}

static void finish(struct kg_podlog *l)
{
    if (l->tail != NULL) {
        kg_tail_finish(l->tail);
    }
    kg_free(l->tail);
    kg_free(l->container);
    kg_buf_finish(&l->path);
    kg_buf_finish(&l->held);
}

enum kg_errc kg_podlog_init(struct kg_podlog *l, struct kg_kube *kube,
                            struct kg_str ns, struct kg_str pod,
                            struct kg_str container)
{
    enum kg_errc err;

    *l = (struct kg_podlog){.data = l->data, .kube = kube};
    kg_buf_init(&l->path, KG_LIMIT_URL);
    kg_buf_init(&l->held, REFUSAL_MAX);
    err = init(l, ns, pod, container);
    if (err != KG_OK) {
        finish(l);
        return err;
    }
    kg_sm_init(&l->sm, "log", states, IDLE);
    kg_http_req_init(&l->req);
    kg_latch_init(&l->open, kube->loop);
    return KG_OK;
}

enum kg_errc kg_podlog_start(struct kg_podlog *l, kg_podlog_bytes_cb bytes_cb,
                             kg_podlog_gap_cb gap_cb, kg_podlog_end_cb end_cb)
{
    enum kg_errc err;

    KG_REQUIRE(l->sm.state == IDLE);
    l->bytes_cb = bytes_cb;
    l->gap_cb = gap_cb;
    l->end_cb = end_cb;
    l->retry_after_ms = 0;
    l->run++;
    if (l->tail->read.len == 0) {
        return ask(l, STREAMING);
    }
    err = kg_tail_scan_begin(l->tail);
    return err == KG_OK ? ask(l, SCANNING) : err;
}

void kg_podlog_pause(struct kg_podlog *l)
{
    kg_http_pause(&l->req);
}

void kg_podlog_resume(struct kg_podlog *l)
{
    kg_http_resume(&l->req);
}

void kg_podlog_stop(struct kg_podlog *l)
{
    kg_http_cancel(&l->req);
    if (l->sm.state != IDLE) {
        kg_sm_move(&l->sm, IDLE);
    }
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_podlog *l = KG_CONTAINER_OF(open, struct kg_podlog, open);

    kg_sm_move(&l->sm, CLOSED);
    finish(l);
    l->close_cb(l); /* Last. */
}

void kg_podlog_close(struct kg_podlog *l, kg_podlog_close_cb close_cb)
{
    kg_http_cancel(&l->req);
    kg_sm_move(&l->sm, CLOSING);
    l->close_cb = close_cb;
    kg_latch_close(&l->open, on_all_closed);
}
