/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>

#include "pg.h"

enum { ANSWER_MS = 50, PIECE_MAX = 64 * 1024 };

/* One client and its connection to the server. */
struct wire {
    struct kg_queue node;
    struct kt_proxy *proxy;
    uv_tcp_t client;
    uv_tcp_t server;
    uv_connect_t connect;
    uv_timer_t timer; /* The server's time to act, before the cut. */
    bool cut;         /* Nothing goes back to the client any more. */
    bool held;        /* Nothing passes in any direction. */
    unsigned n_open;
    char piece[PIECE_MAX];
};

struct write {
    uv_write_t req;
    char bytes[];
};

static void on_wire_closed(uv_handle_t *handle)
{
    struct wire *w = handle->data;
    struct kg_latch *latch = &w->proxy->latch;

    if (--w->n_open == 0) {
        free(w);
        kg_latch_release(latch);
    }
}

static void close_wire(struct wire *w)
{
    if (uv_is_closing((uv_handle_t *)&w->client)) {
        return;
    }
    kg_queue_remove(&w->node);
    uv_close((uv_handle_t *)&w->client, on_wire_closed);
    uv_close((uv_handle_t *)&w->server, on_wire_closed);
    uv_close((uv_handle_t *)&w->timer, on_wire_closed);
}

static void on_written(uv_write_t *req, int status)
{
    (void)status;
    free(req->data);
}

static void pass_on(uv_stream_t *to, const char *bytes, size_t len)
{
    struct write *w;
    uv_buf_t buf;

    if (len == 0) {
        return;
    }
    w = malloc(sizeof(*w) + len);
    assert_non_null(w);
    memcpy(w->bytes, bytes, len);
    w->req.data = w;
    buf = uv_buf_init(w->bytes, (unsigned)len);
    if (uv_write(&w->req, to, &buf, 1, on_written) != 0) {
        free(w);
    }
}

static void on_alloc(uv_handle_t *handle, size_t len, uv_buf_t *buf)
{
    struct wire *w = handle->data;

    (void)len;
    *buf = uv_buf_init(w->piece, PIECE_MAX);
}

static void on_time_to_cut(uv_timer_t *timer)
{
    close_wire(timer->data);
}

static bool is_counted(const struct kt_proxy *p, struct kg_str piece)
{
    return p->needle == NULL || kg_str_find(piece, kg_str_from(p->needle)) >= 0;
}

/* Some of the piece, if it is the one to go dead at; nothing behind that. */
static size_t passing(struct wire *w, size_t len)
{
    struct kt_proxy *p = w->proxy;

    if (w->held) {
        return 0;
    }
    if (p->n_both++ != p->hold_at) {
        return len;
    }
    p->was_held = true;
    w->held = true;
    return p->hold_bytes < len ? p->hold_bytes : len;
}

static void on_client(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct wire *w = stream->data;
    struct kt_proxy *p = w->proxy;

    if (len < 0 && p->swallows_ends) {
        (void)uv_read_stop(stream);
        return;
    }
    if (len < 0) {
        close_wire(w);
        return;
    }
    if (len == 0) {
        return;
    }
    pass_on((uv_stream_t *)&w->server, buf->base, passing(w, (size_t)len));
    if (is_counted(p, kg_str_of(buf->base, (size_t)len)) &&
        p->n_pieces++ == p->cut_at) {
        p->was_cut = true;
        w->cut = true;
        (void)uv_timer_start(&w->timer, on_time_to_cut, ANSWER_MS, 0);
    }
}

static void on_server(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct wire *w = stream->data;

    if (len < 0) {
        close_wire(w);
        return;
    }
    if (len > 0 && !w->cut) {
        pass_on((uv_stream_t *)&w->client, buf->base, passing(w, (size_t)len));
    }
}

static void on_connected(uv_connect_t *req, int status)
{
    struct wire *w = req->data;

    if (status != 0) {
        if (status != UV_ECANCELED) {
            close_wire(w);
        }
        return;
    }
    (void)uv_read_start((uv_stream_t *)&w->client, on_alloc, on_client);
    (void)uv_read_start((uv_stream_t *)&w->server, on_alloc, on_server);
}

static void connect_to_server(struct wire *w)
{
    struct kt_proxy *p = w->proxy;
    struct sockaddr_in addr;

    (void)uv_tcp_init(&p->loop->uv, &w->server);
    (void)uv_ip4_addr("127.0.0.1", p->server_port, &addr);
    assert_int_equal(uv_tcp_connect(&w->connect, &w->server,
                                    (struct sockaddr *)&addr, on_connected),
                     0);
    w->server.data = w;
}

static void on_client_there(uv_stream_t *listener, int status)
{
    struct kt_proxy *p = listener->data;
    struct wire *w = calloc(1, sizeof(*w));

    assert_int_equal(status, 0);
    assert_non_null(w);
    w->proxy = p;
    w->n_open = 3;
    kg_latch_hold(&p->latch);
    kg_queue_init(&w->node);
    kg_queue_insert_tail(&p->wires, &w->node);
    (void)uv_tcp_init(&p->loop->uv, &w->client);
    (void)uv_timer_init(&p->loop->uv, &w->timer);
    w->client.data = w;
    w->timer.data = w;
    w->connect.data = w;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&w->client), 0);
    connect_to_server(w);
}

const char *kt_proxy_conninfo(const struct kt_proxy *p)
{
    char words[60];

    (void)snprintf(words, sizeof(words), "host=127.0.0.1 port=%d", p->port);
    return kt_pg_conninfo_with(words);
}

void kt_proxy_open(struct kt_proxy *p, struct kg_loop *loop, int server_port)
{
    struct sockaddr_in addr;
    int len = sizeof(addr);

    *p = (struct kt_proxy){.loop = loop,
                           .server_port = server_port,
                           .cut_at = UINT_MAX,
                           .hold_at = UINT_MAX};
    kg_queue_init(&p->wires);
    kg_latch_init(&p->latch, loop);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
    assert_int_equal(uv_tcp_init(&loop->uv, &p->listener), 0);
    p->listener.data = p;
    assert_int_equal(uv_tcp_bind(&p->listener, (struct sockaddr *)&addr, 0), 0);
    assert_int_equal(
        uv_listen((uv_stream_t *)&p->listener, 16, on_client_there), 0);
    assert_int_equal(
        uv_tcp_getsockname(&p->listener, (struct sockaddr *)&addr, &len), 0);
    p->port = ntohs(addr.sin_port);
}

static void on_all_closed(struct kg_latch *latch)
{
    struct kt_proxy *p = KG_CONTAINER_OF(latch, struct kt_proxy, latch);

    p->closed = true;
}

void kt_proxy_close(struct kt_proxy *p)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&p->wires)) != NULL) {
        close_wire(KG_CONTAINER_OF(node, struct wire, node));
    }
    kg_latch_close_handle(&p->latch, (uv_handle_t *)&p->listener);
    kg_latch_close(&p->latch, on_all_closed);
}
