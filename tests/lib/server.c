/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kt.h"

struct kt_conn {
    uv_tcp_t tcp;
    uv_write_t write;
    struct kg_deferred next; /* The next bytes of a chopped reply. */
    struct kt_server *server;
    const struct kt_reply *reply; /* Being sent, or NULL. */
    size_t sent, sending;
    char request[KT_REQUEST_MAX];
    size_t request_len;
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct kt_conn *c = KG_CONTAINER_OF(handle, struct kt_conn, tcp);

    c->server->n_open--;
    free(c);
}

static void forget(struct kt_conn *c)
{
    for (size_t i = 0; i < KT_CONNS_MAX; i++) {
        if (c->server->conns[i] == c) {
            c->server->conns[i] = NULL;
        }
    }
    kg_deferred_cancel(&c->next);
}

static void end_conn(struct kt_conn *c, bool reset)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp) != 0) {
        return;
    }
    forget(c);
    if (!reset || uv_tcp_close_reset(&c->tcp, on_conn_closed) != 0) {
        uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
    }
}

static void answer(struct kt_conn *c);
static void send_more(struct kt_conn *c);

static void on_next(struct kg_deferred *d)
{
    send_more(KG_CONTAINER_OF(d, struct kt_conn, next));
}

static void on_written(uv_write_t *write, int status)
{
    struct kt_conn *c = KG_CONTAINER_OF(write, struct kt_conn, write);

    if (status != 0 || uv_is_closing((uv_handle_t *)&c->tcp) != 0) {
        end_conn(c, false);
        return;
    }
    c->sent += c->sending;
    kg_defer(c->server->loop, &c->next);
}

static size_t reply_len(const struct kt_reply *r)
{
    return r->bytes == NULL ? 0 : r->len > 0 ? r->len : strlen(r->bytes);
}

static void send_more(struct kt_conn *c)
{
    const struct kt_reply *r = c->reply;
    size_t left = reply_len(r) - c->sent;
    uv_buf_t buf;

    if (left == 0) {
        c->reply = NULL;
        if (r->then != KT_KEEP) {
            end_conn(c, r->then == KT_RESET);
            return;
        }
        answer(c); /* What was asked meanwhile. */
        return;
    }
    c->sending = r->chop > 0 && r->chop < left ? r->chop : left;
    buf = uv_buf_init((char *)r->bytes + c->sent, (unsigned)c->sending);
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        end_conn(c, false);
    }
}

static const struct kt_reply *choose(struct kt_server *s, struct kg_str request)
{
    static const struct kt_reply unexpected = {
        .bytes = "HTTP/1.1 599 Unexpected\r\nContent-Length: 0\r\n\r\n"};

    for (size_t i = 0; i < s->n_replies; i++) {
        const struct kt_reply *r = &s->replies[i];

        if (s->used[i] <= r->more &&
            (r->request == NULL ||
             kg_str_starts(request, kg_str_from(r->request)))) {
            s->used[i]++;
            return r;
        }
    }
    return &unexpected;
}

enum { TLS_HANDSHAKE = 0x16 };

/* Length of the whole request at the front, or 0 while it is not whole. What
 * begins a handshake is answered as it comes. */
static size_t request_len(const struct kt_conn *c)
{
    struct kg_str all = kg_str_of(c->request, c->request_len);
    ptrdiff_t head = kg_str_find(all, KG_STR("\r\n\r\n"));
    ptrdiff_t length;
    size_t body = 0;

    if (all.len > 0 && all.ptr[0] == TLS_HANDSHAKE) {
        return all.len;
    }
    if (head < 0) {
        return 0;
    }
    length = kg_str_find(kg_str_of(all.ptr, (size_t)head),
                         KG_STR("Content-Length: "));
    if (length >= 0) {
        body = strtoul(all.ptr + length + 16, NULL, 10);
    }
    return all.len >= (size_t)head + 4 + body ? (size_t)head + 4 + body : 0;
}

static void answer(struct kt_conn *c)
{
    struct kt_server *s = c->server;
    size_t len = request_len(c);

    if (c->reply != NULL || len == 0) {
        return;
    }
    s->n_requests++;
    if (s->seen_len + len < sizeof(s->seen)) {
        memcpy(s->seen + s->seen_len, c->request, len);
        s->seen_len += len;
        s->seen[s->seen_len] = '\0';
    }
    c->reply = choose(s, kg_str_of(c->request, len));
    c->sent = 0;
    c->request_len -= len;
    memmove(c->request, c->request + len, c->request_len);
    send_more(c);
}

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct kt_conn *c = KG_CONTAINER_OF(handle, struct kt_conn, tcp);

    (void)suggested;
    *buf = uv_buf_init(c->request + c->request_len,
                       (unsigned)(sizeof(c->request) - c->request_len));
}

static void on_request(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct kt_conn *c = KG_CONTAINER_OF(stream, struct kt_conn, tcp);

    (void)buf;
    if (n < 0) {
        end_conn(c, false);
        return;
    }
    c->request_len += (size_t)n;
    answer(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct kt_server *s = KG_CONTAINER_OF(listener, struct kt_server, listener);
    struct kt_conn *c = calloc(1, sizeof(*c));

    assert_int_equal(status, 0);
    assert_non_null(c);
    c->server = s;
    kg_deferred_init(&c->next, on_next);
    assert_int_equal(uv_tcp_init(&s->loop->uv, &c->tcp), 0);
    s->n_open++;
    s->n_connections++;
    for (size_t i = 0;; i++) {
        assert_true(i < KT_CONNS_MAX);
        if (s->conns[i] == NULL) {
            s->conns[i] = c;
            break;
        }
    }
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
    (void)uv_tcp_nodelay(&c->tcp, 1);
    assert_int_equal(
        uv_read_start((uv_stream_t *)&c->tcp, on_room_wanted, on_request), 0);
}

void kt_server_start(struct kt_server *s, struct kg_loop *loop,
                     const struct kt_reply *replies, size_t n_replies)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    assert_true(n_replies <= KG_COUNT_OF(s->used));
    (void)signal(SIGPIPE, SIG_IGN); /* The client may have gone. */
    *s = (struct kt_server){
        .loop = loop, .replies = replies, .n_replies = n_replies};
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(&loop->uv, &s->listener), 0);
    s->n_open++;
    assert_int_equal(
        uv_tcp_bind(&s->listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(
        uv_listen((uv_stream_t *)&s->listener, KT_CONNS_MAX, on_connection), 0);
    assert_int_equal(
        uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u",
                   ntohs(address.sin_port));
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct kt_server *s = KG_CONTAINER_OF(handle, struct kt_server, listener);

    s->n_open--;
}

void kt_server_stop(struct kt_server *s)
{
    for (size_t i = 0; i < KT_CONNS_MAX; i++) {
        if (s->conns[i] != NULL) {
            end_conn(s->conns[i], false);
        }
    }
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
    for (int i = 0; i < 100 && s->n_open > 0; i++) {
        (void)uv_run(&s->loop->uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(s->n_open, 0);
}

unsigned kt_server_saw(const struct kt_server *s, const char *text)
{
    unsigned n = 0;

    for (const char *at = s->seen; (at = strstr(at, text)) != NULL; at++) {
        n++;
    }
    return n;
}
