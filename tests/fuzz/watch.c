/* SPDX-License-Identifier: MIT */
/* A watch is given any bytes as a server's answers: whole or byte by byte it
 * tells the same and ends in the same state, and it tells no object that has no
 * uid. A NUL ends an answer, whose first byte is its status. */
#include "kube/changes.h"
#include "kubeglean/limits.h"
#include "kubeglean/log.h"

struct client {
    struct kg_loop loop;
    struct kg_kube kube;
    struct kg_watch watch;
    struct kg_buf told;
    unsigned n_open;
};

static void on_change(struct kg_watch *w, enum kg_watch_kind kind,
                      const struct kg_node *object)
{
    struct client *c = w->data;
    struct kg_str uid = kg_node_str(kg_node_path(object, "metadata.uid"));

    KG_REQUIRE(kind != KG_WATCH_PUT || uid.len > 0);
    KG_REQUIRE(kg_buf_addf(&c->told, "%d %.*s\n", (int)kind, KG_STR_ARG(uid)) ==
               KG_OK);
}

static void on_fail(struct kg_watch *w, const struct kg_error *e)
{
    struct client *c = w->data;

    KG_REQUIRE(kg_str_utf8_span(kg_str_from(e->text)) == strlen(e->text));
    KG_REQUIRE(kg_buf_addf(&c->told, "failed %d\n", (int)e->code) == KG_OK);
}

static void on_watch_closed(struct kg_watch *w)
{
    ((struct client *)w->data)->n_open--;
}

static void on_kube_closed(struct kg_kube *kube)
{
    ((struct client *)kube->data)->n_open--;
}

/* Nothing is connected to: the loop never turns before the end. */
static void open_client(struct client *c, bool streams)
{
    static const char *const paths[] = {"metadata.name", "status", NULL};
    const struct kg_watch_options options = {
        .kind = KG_KUBE_JOB, .paths = paths, .seed = 1};
    struct kg_kubeconfig config = {.source = "fuzz",
                                   .server = "http://127.0.0.1:9"};
    struct kg_error e;

    *c = (struct client){.n_open = 2};
    kg_buf_init(&c->told, 64 * KG_MIB);
    KG_REQUIRE(kg_loop_init(&c->loop) == KG_OK);
    c->kube.data = c;
    KG_REQUIRE(kg_kube_init(&c->kube, &c->loop, &config, &e) == KG_OK);
    c->kube.server.streams_lists = streams;
    c->watch.data = c;
    KG_REQUIRE(kg_watch_init(&c->watch, &c->kube, &options) == KG_OK);
    kg_watch_start(&c->watch, on_change, on_fail);
}

static void close_client(struct client *c)
{
    kg_watch_close(&c->watch, on_watch_closed);
    kg_kube_close(&c->kube, on_kube_closed);
    while (c->n_open > 0) {
        (void)kg_loop_turn(&c->loop);
    }
    kg_loop_close(&c->loop);
}

static int status_of(char c)
{
    static const int statuses[] = {200, 401, 403, 404, 410, 422, 429, 500};

    return c == '2' ? 200 : statuses[(unsigned char)c % KG_COUNT_OF(statuses)];
}

/* In pieces of `step` bytes, as http would hand them on. */
static void answer(struct kg_watch *w, struct kg_str text, size_t step)
{
    struct kg_follow_event due = {.kind = KG_FOLLOW_DUE};
    struct kg_http_head head = {.status = 200};
    const struct kg_http_events *events;

    kg_watch_drive(w, &due, NULL);
    if (kg_http_is_idle(&w->req) || text.len == 0) {
        return;
    }
    events = w->req.events;
    head.status = status_of(text.ptr[0]);
    text = kg_str_of(text.ptr + 1, text.len - 1);
    events->head(&w->req, &head);
    while (text.len > 0 && !kg_http_is_idle(&w->req)) {
        size_t len = step < text.len ? step : text.len;

        events->body(&w->req, kg_str_of(text.ptr, len));
        text = kg_str_of(text.ptr + len, text.len - len);
    }
    if (!kg_http_is_idle(&w->req)) {
        kg_http_cancel(&w->req);
        events->done(&w->req, NULL);
    }
}

static void follow(struct client *c, struct kg_str text, size_t step)
{
    open_client(c, text.len % 2 == 0);
    while (text.len > 0) {
        answer(&c->watch, kg_str_cut(&text, '\0'), step);
        KG_REQUIRE(c->watch.follow.sm.state != KG_FOLLOW_SYNCING);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    kg_log_setup(KG_LOG_ERROR, KG_LOG_LOGFMT);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kg_str text = kg_str_of((const char *)data, size);
    struct client whole;
    struct client bytes;

    follow(&whole, text, size);
    follow(&bytes, text, 1);
    KG_REQUIRE(kg_str_eq(kg_buf_str(&whole.told), kg_buf_str(&bytes.told)));
    KG_REQUIRE(whole.watch.follow.sm.state == bytes.watch.follow.sm.state);
    KG_REQUIRE(kg_str_eq(kg_buf_str(&whole.watch.follow.version),
                         kg_buf_str(&bytes.watch.follow.version)));
    close_client(&whole);
    close_client(&bytes);
    kg_buf_finish(&whole.told);
    kg_buf_finish(&bytes.told);
    return 0;
}
