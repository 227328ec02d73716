/* SPDX-License-Identifier: MIT */
/* A connection's turn: bytes are read and parsed up to the end of one request,
 * the parser pauses, the request is handed on. Its answer is gathered in `out`,
 * written on the loop's next turn, and when all is written the parser goes on
 * with what had been read meanwhile.
 *
 * What can go wrong: the peer closes or resets (seen by reading, also while a
 * stream is under way), sends what is no HTTP (400, closed), or too much of it
 * (413, closed); a fault that was asked for takes the place of the answer's
 * rest. All of these end in conn_close(), once. */
#include "conn.h"
#include "json.h"
#include "kubeglean/heap.h"

enum {
    PIPELINED_MAX = 128 * 1024,  /* Read ahead of the request under way. */
    OUT_MAX = 512 * 1024 * 1024, /* The largest whole answer: a list. */
    KEEP = 16 * 1024,            /* Kept by an idle connection. */
    HEADERS_MAX = 64 * 1024,
};

static const struct kg_sm_state states[SIM_CONN_STATE_NR] = {
    [SIM_READING] = {"reading",
                     KG_SM_TO(SIM_ANSWERING) | KG_SM_TO(SIM_CLOSING)},
    [SIM_ANSWERING] = {"answering",
                       KG_SM_TO(SIM_READING) | KG_SM_TO(SIM_CLOSING)},
    [SIM_CLOSING] = {"closing", 0},
};

static void on_flush(struct kg_deferred *d);
static void parse_more(struct sim_conn *c);

static void forget_request(struct sim_conn *c)
{
    kg_buf_shrink(&c->url, KEEP);
    kg_buf_shrink(&c->body, KEEP);
    kg_buf_reset(&c->field);
    kg_buf_reset(&c->value);
    kg_free(c->type);
    kg_free(c->accept);
    kg_free(c->agent);
    kg_free(c->token);
    c->type = c->accept = c->agent = c->token = NULL;
}

static void on_conn_closed(struct kg_latch *l)
{
    struct sim_conn *c = KG_CONTAINER_OF(l, struct sim_conn, latch);

    forget_request(c);
    kg_buf_finish(&c->out);
    kg_buf_finish(&c->sending);
    kg_buf_finish(&c->in);
    kg_buf_finish(&c->url);
    kg_buf_finish(&c->field);
    kg_buf_finish(&c->value);
    kg_buf_finish(&c->body);
    kg_buf_finish(&c->later_body);
    kg_free(c->later_headers);
    kg_free(c);
}

void sim_conn_stream_gone(struct sim_conn *c)
{
    struct sim_stream *s = c->stream;

    if (s == NULL) {
        return;
    }
    c->stream = NULL;
    c->server->n_streams--;
    (void)uv_timer_stop(&c->timer);
    kg_deferred_cancel(&s->wake);
    s->gone_cb(s); /* Last: `s` is its owner's again. */
}

static void on_reset(uv_handle_t *handle)
{
    kg_latch_release(handle->data);
}

static void conn_end(struct sim_conn *c, bool reset)
{
    if (c->sm.state == SIM_CLOSING) {
        return;
    }
    kg_sm_move(&c->sm, SIM_CLOSING);
    kg_queue_remove(&c->node);
    c->server->n_conns--;
    kg_deferred_cancel(&c->flush);
    sim_conn_stream_gone(c);
    kg_latch_close_handle(&c->latch, (uv_handle_t *)&c->timer);
    if (reset) {
        kg_latch_hold(&c->latch);
        c->tcp.data = &c->latch;
        if (uv_tcp_close_reset(&c->tcp, on_reset) != 0) {
            uv_close((uv_handle_t *)&c->tcp, on_reset);
        }
    } else {
        kg_latch_close_handle(&c->latch, (uv_handle_t *)&c->tcp);
    }
    kg_latch_close(&c->latch, on_conn_closed);
}

static void conn_close(struct sim_conn *c)
{
    conn_end(c, false);
}

/* --- writing ------------------------------------------------------------- */

static void next_request(struct sim_conn *c)
{
    if (c->last) {
        conn_close(c);
        return;
    }
    kg_sm_move(&c->sm, SIM_READING);
    c->answered = false;
    forget_request(c);
    c->harm = SIM_HARM_NONE;
    c->harmed = false;
    llhttp_resume(&c->parser);
    parse_more(c);
}

static void do_harm(struct sim_conn *c)
{
    switch (c->harm) {
    case SIM_HARM_CLOSE:
        conn_end(c, false);
        break;
    case SIM_HARM_RESET:
        conn_end(c, true);
        break;
    default: /* A stall; and after a clean end the connection goes on. */
        break;
    }
}

static void drained(struct sim_conn *c)
{
    if (c->harmed && c->harm != SIM_HARM_END) {
        do_harm(c);
    } else if (c->stream != NULL) {
        sim_stream_wake(c->stream);
    } else if (c->answered) {
        next_request(c);
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct sim_conn *c = KG_CONTAINER_OF(req, struct sim_conn, write);

    c->writing = false;
    kg_buf_shrink(&c->sending, KEEP);
    if (status != 0) {
        conn_close(c);
    } else if (c->sm.state != SIM_CLOSING) {
        on_flush(&c->flush);
    }
    kg_latch_release(&c->latch); /* Last: `c` may be gone. */
}

static void on_flush(struct kg_deferred *d)
{
    struct sim_conn *c = KG_CONTAINER_OF(d, struct sim_conn, flush);
    struct kg_buf swap = c->sending;
    struct kg_str bytes;
    uv_buf_t buf;

    if (c->writing) {
        return;
    }
    if (kg_buf_len(&c->out) == 0) {
        drained(c);
        return;
    }
    c->sending = c->out;
    c->out = swap;
    bytes = kg_buf_str(&c->sending);
    buf = uv_buf_init((char *)bytes.ptr, (unsigned)bytes.len);
    c->server->bytes_sent += bytes.len;
    c->writing = true;
    kg_latch_hold(&c->latch);
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        c->writing = false;
        kg_latch_release(&c->latch);
        conn_close(c);
    }
}

void sim_conn_put(struct sim_conn *c, struct kg_str bytes)
{
    sim_require(kg_buf_add(&c->out, bytes));
    kg_defer(c->server->loop, &c->flush);
}

/* --- reading ------------------------------------------------------------- */

static struct sim_conn *conn_of(llhttp_t *parser)
{
    return KG_CONTAINER_OF(parser, struct sim_conn, parser);
}

static int gather(struct kg_buf *b, const char *at, size_t len)
{
    return kg_buf_add(b, kg_str_of(at, len)) == KG_OK ? HPE_OK : HPE_USER;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    return gather(&conn_of(parser)->url, at, len);
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    return gather(&conn_of(parser)->field, at, len);
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    return gather(&conn_of(parser)->value, at, len);
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    return gather(&conn_of(parser)->body, at, len);
}

static bool is_header(struct kg_str name, const char *wanted)
{
    return name.len == strlen(wanted) &&
           strncasecmp(name.ptr, wanted, name.len) == 0;
}

static void keep_header(char **place, struct kg_str value)
{
    kg_free(*place);
    *place = sim_cstr(value);
}

static void take_token(struct sim_conn *c, struct kg_str value)
{
    static const struct kg_str bearer = {"Bearer ", 7};

    if (kg_str_starts(value, bearer)) {
        keep_header(&c->token,
                    kg_str_of(value.ptr + bearer.len, value.len - bearer.len));
    }
}

static int on_value_complete(llhttp_t *parser)
{
    struct sim_conn *c = conn_of(parser);
    struct kg_str name = kg_buf_str(&c->field);
    struct kg_str value = kg_buf_str(&c->value);

    if (is_header(name, "content-type")) {
        keep_header(&c->type, kg_str_trim(kg_str_cut(&value, ';')));
    } else if (is_header(name, "accept")) {
        keep_header(&c->accept, value);
    } else if (is_header(name, "user-agent")) {
        keep_header(&c->agent, value);
    } else if (is_header(name, "authorization")) {
        take_token(c, value);
    } else if (is_header(name, "expect") && kg_str_is(value, "100-continue")) {
        sim_conn_put(c, KG_STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    kg_buf_reset(&c->field);
    kg_buf_reset(&c->value);
    return HPE_OK;
}

static int on_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static void dispatch(struct sim_conn *c)
{
    struct kg_str rest = kg_buf_str(&c->url);
    struct sim_request r = {
        .method = llhttp_method_name((llhttp_method_t)c->parser.method),
        .path = kg_str_cut(&rest, '?'),
        .query = rest,
        .type = kg_str_from(c->type),
        .accept = kg_str_from(c->accept),
        .agent = kg_str_from(c->agent),
        .token = kg_str_from(c->token),
        .body = kg_buf_str(&c->body),
    };

    c->last = llhttp_should_keep_alive(&c->parser) == 0;
    c->answered = false;
    c->n_written = 0;
    kg_sm_move(&c->sm, SIM_ANSWERING);
    c->server->request_cb(c->server->data, c, &r); /* Last. */
}

static void refuse(struct sim_conn *c, int status)
{
    kg_sm_move(&c->sm, SIM_ANSWERING);
    c->last = true;
    sim_answer(c, status, "text/plain; charset=utf-8", NULL,
               kg_str_from(status == 413 ? "413 Request Entity Too Large"
                                         : "400 Bad Request"));
}

static void parse_more(struct sim_conn *c)
{
    struct kg_str bytes = kg_buf_str(&c->in);
    llhttp_errno_t err;

    if (c->sm.state != SIM_READING || bytes.len == 0) {
        return;
    }
    err = llhttp_execute(&c->parser, bytes.ptr, bytes.len);
    if (err == HPE_OK) {
        kg_buf_shrink(&c->in, KEEP);
    } else if (err == HPE_PAUSED) {
        const char *at = llhttp_get_error_pos(&c->parser);

        kg_buf_consume(&c->in, (size_t)(at - bytes.ptr));
        dispatch(c); /* Last: `c` may be closing. */
    } else {
        refuse(c, err == HPE_USER ? 413 : 400);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char bytes[64 * 1024]; /* Emptied before it is given again. */

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sim_conn *c = KG_CONTAINER_OF(stream, struct sim_conn, tcp);

    if (n == 0 || c->sm.state == SIM_CLOSING) {
        return;
    }
    if (n < 0 || kg_buf_add(&c->in, kg_str_of(buf->base, (size_t)n)) != KG_OK) {
        conn_close(c);
        return;
    }
    parse_more(c);
}

static void init_bufs(struct sim_conn *c)
{
    kg_buf_init(&c->out, OUT_MAX);
    kg_buf_init(&c->sending, OUT_MAX);
    kg_buf_init(&c->in, PIPELINED_MAX);
    kg_buf_init(&c->url, HEADERS_MAX);
    kg_buf_init(&c->field, HEADERS_MAX);
    kg_buf_init(&c->value, HEADERS_MAX);
    kg_buf_init(&c->body, SIM_BODY_MAX);
    kg_buf_init(&c->later_body, OUT_MAX);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct sim_server *s =
        KG_CONTAINER_OF(listener, struct sim_server, listener);
    struct sim_conn *c;

    if (status != 0) {
        return;
    }
    c = kg_calloc(1, sizeof(*c));
    KG_REQUIRE(c != NULL);
    c->server = s;
    kg_sm_init(&c->sm, "connection", states, SIM_READING);
    kg_latch_init(&c->latch, s->loop);
    kg_deferred_init(&c->flush, on_flush);
    init_bufs(c);
    llhttp_init(&c->parser, HTTP_REQUEST, &settings);
    kg_queue_init(&c->node);
    kg_queue_insert_tail(&s->conns, &c->node);
    s->n_conns++;
    (void)uv_timer_init(&s->loop->uv, &c->timer);
    (void)uv_tcp_init(&s->loop->uv, &c->tcp);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0) {
        conn_close(c);
        return;
    }
    (void)uv_tcp_nodelay(&c->tcp, 1);
}

/* --- the server ---------------------------------------------------------- */

enum kg_errc sim_server_init(struct sim_server *s, struct kg_loop *loop,
                             int port, int *ret_port)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    *s = (struct sim_server){.loop = loop};
    kg_queue_init(&s->conns);
    (void)uv_ip4_addr("127.0.0.1", port, &address);
    (void)uv_tcp_init(&loop->uv, &s->listener);
    if (uv_tcp_bind(&s->listener, (struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&s->listener, 4096, on_connection) != 0 ||
        uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &len) !=
            0) {
        uv_close((uv_handle_t *)&s->listener, NULL);
        return KG_EIO;
    }
    *ret_port = ntohs(address.sin_port);
    return KG_OK;
}

void sim_server_start(struct sim_server *s, sim_request_cb request_cb,
                      void *data)
{
    s->request_cb = request_cb;
    s->data = data;
}

void sim_server_close(struct sim_server *s)
{
    struct kg_queue *node;

    uv_close((uv_handle_t *)&s->listener, NULL);
    while ((node = kg_queue_head(&s->conns)) != NULL) {
        conn_close(KG_CONTAINER_OF(node, struct sim_conn, node));
    }
}
