/* SPDX-License-Identifier: MIT */
/* Places for connections are made at birth. A connection for which there is
 * none stays at the listener until one is free; the peer that has kept us
 * waiting longest makes room. */
#include "address.h"
#include "kubeglean/heap.h"
#include "kubeglean/log.h"
#include "server.h"
#include "token.h"

enum { BACKLOG = 64 };

static const struct kg_sm_state states[KG_SERVE_SERVER_STATE_NR] = {
    [KG_SERVE_OPEN] = {"open",
                       KG_SM_TO(KG_SERVE_DRAINING) | KG_SM_TO(KG_SERVE_SHUT)},
    [KG_SERVE_DRAINING] = {"draining", KG_SM_TO(KG_SERVE_SHUT)},
    [KG_SERVE_SHUT] = {"shut", 0},
};

/* A token file on its way through libuv's pool. */
struct check {
    uv_work_t work;
    struct kg_serve *serve;
    struct kg_id id;
    struct kg_serve_token token;
    struct kg_error e;
    enum kg_errc err;
};

static void let_in(struct kg_serve *s)
{
    struct kg_queue *vacant = kg_queue_head(&s->vacant);
    struct kg_queue *longest = kg_queue_head(&s->patient);

    if (vacant != NULL) {
        s->knocked = false;
        kg_latch_hold(&s->open);
        kg_serve_conn_accept(
            KG_CONTAINER_OF(vacant, struct kg_serve_conn, node));
    } else if (longest != NULL) {
        kg_serve_conn_close(
            KG_CONTAINER_OF(longest, struct kg_serve_conn, node));
    }
}

void kg_serve_make_room(struct kg_serve *s)
{
    if (s->sm.state == KG_SERVE_OPEN && s->knocked) {
        let_in(s);
    }
}

static void on_knock(uv_stream_t *listener, int status)
{
    struct kg_serve *s = KG_CONTAINER_OF(listener, struct kg_serve, listener);

    if (status != 0) {
        /* UNTESTED: no descriptor is left, say; libuv tries again. */
        KG_LOG(KG_LOG_WARN, "cannot accept", KG_F("endpoint", "http"),
               KG_F("err", uv_strerror(status)));
        return;
    }
    s->knocked = true;
    let_in(s);
}

static bool all_vacant(const struct kg_serve *s)
{
    for (size_t i = 0; i < KG_COUNT_OF(s->conns); i++) {
        if (s->conns[i].sm.state != KG_SERVE_FREE) {
            return false;
        }
    }
    return true;
}

void kg_serve_vacated(struct kg_serve *s, struct kg_serve_conn *c)
{
    kg_queue_insert_tail(&s->vacant, &c->node);
    kg_latch_release(&s->open);
    if (s->sm.state == KG_SERVE_DRAINING && all_vacant(s)) {
        kg_defer(s->loop, &s->drained);
    }
    kg_serve_make_room(s);
}

/* The connection that waits for an answer to `id`, or NULL. */
static struct kg_serve_conn *conn_of(struct kg_serve *s, struct kg_id id,
                                     enum kg_serve_conn_state state)
{
    struct kg_serve_conn *c =
        id.index < KG_COUNT_OF(s->conns) ? &s->conns[id.index] : NULL;

    return c != NULL && kg_id_eq(c->id, id) && c->sm.state == state ? c : NULL;
}

static void read_token(uv_work_t *work)
{
    struct check *check = KG_CONTAINER_OF(work, struct check, work);

    check->err =
        kg_serve_token_read(check->serve->token_file, &check->token, &check->e);
}

static void on_token(uv_work_t *work, int status)
{
    struct check *check = KG_CONTAINER_OF(work, struct check, work);
    struct kg_serve *s = check->serve;
    struct kg_serve_conn *c = conn_of(s, check->id, KG_SERVE_CHECKING);
    bool readable = status == 0 && check->err == KG_OK;

    if (c != NULL && !readable) {
        KG_LOG(KG_LOG_ERROR, "cannot check a token", KG_F("endpoint", "http"),
               KG_F("err", check->e.text));
        kg_serve_conn_refuse(c, 503, "the token cannot be checked now", NULL);
    } else if (c != NULL) {
        kg_serve_conn_checked(
            c, kg_serve_token_is(&check->token, kg_buf_str(&c->parser.token)));
    }
    explicit_bzero(&check->token, sizeof(check->token));
    kg_free(check);
    kg_latch_release(&s->open);
}

void kg_serve_check(struct kg_serve *s, struct kg_serve_conn *c)
{
    struct check *check = kg_alloc(sizeof(*check));

    if (check == NULL) {
        kg_serve_conn_refuse(c, 503, "out of memory", NULL);
        return;
    }
    check->serve = s;
    check->id = c->id;
    check->e.text[0] = '\0';
    kg_latch_hold(&s->open);
    KG_REQUIRE(
        uv_queue_work(&s->loop->uv, &check->work, read_token, on_token) == 0);
}

static enum kg_errc check_config(const struct kg_serve_config *config,
                                 union kg_serve_address *ret_address,
                                 struct kg_error *e)
{
    struct kg_serve_token token;
    enum kg_errc err = kg_serve_address_parse(config->listen, ret_address, e);

    if (err != KG_OK) {
        return err;
    }
    if (config->token_file != NULL) {
        err = kg_serve_token_read(config->token_file, &token, e);
        explicit_bzero(&token, sizeof(token));
        return err;
    }
    if (!kg_serve_address_is_loopback(ret_address)) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "listen: %s can be reached from other machines: "
                            "set tokenFile, or listen on 127.0.0.1",
                            config->listen);
    }
    return KG_OK;
}

static uint32_t or_default(uint32_t ms, uint32_t default_ms)
{
    return ms > 0 ? ms : default_ms;
}

static void on_drained(struct kg_deferred *d)
{
    struct kg_serve *s = KG_CONTAINER_OF(d, struct kg_serve, drained);

    s->drained_cb(s->drained_data); /* Last: `s` may be closed. */
}

static struct kg_serve *serve_new(struct kg_loop *loop,
                                  const struct kg_serve_config *config)
{
    struct kg_serve *s = kg_calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    if (config->token_file != NULL) {
        s->token_file = kg_strdup(config->token_file);
        if (s->token_file == NULL) {
            kg_free(s);
            return NULL;
        }
    }
    kg_sm_init(&s->sm, "endpoint", states, KG_SERVE_OPEN);
    s->loop = loop;
    s->config = *config;
    s->config.listen = NULL;
    s->config.token_file = s->token_file;
    s->config.idle_ms = or_default(config->idle_ms, KG_LIMIT_SERVE_IDLE_MS);
    s->config.request_ms =
        or_default(config->request_ms, KG_LIMIT_SERVE_REQUEST_MS);
    s->config.answer_ms =
        or_default(config->answer_ms, KG_LIMIT_SERVE_ANSWER_MS);
    kg_queue_init(&s->vacant);
    kg_queue_init(&s->patient);
    kg_latch_init(&s->open, loop);
    kg_deferred_init(&s->drained, on_drained);
    for (uint32_t i = 0; i < KG_COUNT_OF(s->conns); i++) {
        kg_serve_conn_init(&s->conns[i], s, i);
        kg_queue_insert_tail(&s->vacant, &s->conns[i].node);
    }
    return s;
}

static void serve_free(struct kg_serve *s)
{
    kg_free(s->token_file);
    kg_free(s);
}

static void on_stillborn(uv_handle_t *listener)
{
    serve_free(KG_CONTAINER_OF(listener, struct kg_serve, listener));
}

static int start_listening(struct kg_serve *s,
                           const union kg_serve_address *address)
{
    int err = uv_tcp_bind(&s->listener, &address->any, 0);

    return err == 0 ? uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_knock)
                    : err;
}

enum kg_errc kg_serve_create(struct kg_loop *loop,
                             const struct kg_serve_config *config,
                             struct kg_serve **ret_serve, struct kg_error *e)
{
    union kg_serve_address address;
    enum kg_errc err = check_config(config, &address, e);
    struct kg_serve *s;
    int uv_err;

    if (err != KG_OK) {
        return err;
    }
    s = serve_new(loop, config);
    if (s == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "listen: out of memory");
    }
    (void)uv_tcp_init(&loop->uv, &s->listener);
    uv_err = start_listening(s, &address);
    if (uv_err != 0) {
        uv_close((uv_handle_t *)&s->listener, on_stillborn);
        return kg_error_set(e, KG_EIO, -uv_err, "listen: %s: %s",
                            config->listen, uv_strerror(uv_err));
    }
    *ret_serve = s;
    return KG_OK;
}

uint16_t kg_serve_port(const struct kg_serve *s)
{
    union kg_serve_address address = {0};
    int len = sizeof(address);

    KG_REQUIRE(uv_tcp_getsockname(&s->listener, &address.any, &len) == 0);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
                                                   : address.v4.sin_port);
}

void kg_serve_answer(struct kg_serve *s, struct kg_id id, unsigned status,
                     const char *type, struct kg_str body)
{
    struct kg_serve_conn *c = conn_of(s, id, KG_SERVE_ANSWERING);
    struct kg_serve_answer a = {.status = status, .type = type, .body = body};

    if (c == NULL) {
        return;
    }
    if (body.len > KG_LIMIT_SERVE_ANSWER) {
        kg_serve_conn_refuse(c, 500, "the answer is too long", NULL);
        return;
    }
    kg_serve_conn_answer(c, a);
}

void kg_serve_refuse(struct kg_serve *s, struct kg_id id, unsigned status,
                     const char *text)
{
    struct kg_serve_conn *c = conn_of(s, id, KG_SERVE_ANSWERING);

    if (c != NULL) {
        kg_serve_conn_refuse(c, status, text, NULL);
    }
}

static void leave(struct kg_serve *s, enum kg_serve_state to)
{
    if (s->sm.state == KG_SERVE_OPEN) {
        kg_latch_close_handle(&s->open, (uv_handle_t *)&s->listener);
    }
    kg_sm_move(&s->sm, to);
}

void kg_serve_drain(struct kg_serve *s, kg_serve_cb drained_cb, void *data)
{
    s->drained_cb = drained_cb;
    s->drained_data = data;
    leave(s, KG_SERVE_DRAINING);
    for (size_t i = 0; i < KG_COUNT_OF(s->conns); i++) {
        kg_serve_conn_drain(&s->conns[i]);
    }
    if (all_vacant(s)) {
        kg_defer(s->loop, &s->drained);
    }
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_serve *s = KG_CONTAINER_OF(open, struct kg_serve, open);
    kg_serve_cb close_cb = s->close_cb;
    void *data = s->close_data;

    serve_free(s);
    close_cb(data); /* Last: the loop may be closed. */
}

void kg_serve_close(struct kg_serve *s, kg_serve_cb close_cb, void *data)
{
    s->close_cb = close_cb;
    s->close_data = data;
    kg_deferred_cancel(&s->drained);
    leave(s, KG_SERVE_SHUT);
    for (size_t i = 0; i < KG_COUNT_OF(s->conns); i++) {
        kg_serve_conn_close(&s->conns[i]);
    }
    kg_latch_close(&s->open, on_all_closed);
}
