/* SPDX-License-Identifier: MIT */
/* Answers, whole or as streams, and the faults that they meet on their way. */
#include "conn.h"
#include "json.h"
#include "kubeglean/heap.h"

enum { STREAM_MARK = 128 * 1024 }; /* A stream waits above this. */

/* How many of `len` body bytes may go out before the fault. */
static size_t allowed(struct sim_conn *c, size_t len)
{
    int64_t left;

    if (c->harmed) {
        return 0;
    }
    left = c->harm_at - c->n_written;
    if (c->harm == SIM_HARM_NONE || left > (int64_t)len) {
        c->n_written += (int64_t)len;
        return len;
    }
    c->harmed = true;
    c->n_written += left > 0 ? left : 0;
    return left > 0 ? (size_t)left : 0;
}

static void put_chunk(struct sim_conn *c, struct kg_str bytes)
{
    sim_require(kg_buf_addf(&c->out, "%zx\r\n", bytes.len));
    sim_conn_put(c, bytes);
    sim_conn_put(c, KG_STR("\r\n"));
}

/* --- answers ------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Request Entity Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Entity"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (size_t i = 0; i < KG_COUNT_OF(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Status";
}

/* True when the fault leaves no answer at all. */
static bool harm_at_once(struct sim_conn *c)
{
    if (c->harm == SIM_HARM_NONE || c->harm_at != SIM_HARM_AT_ONCE) {
        return false;
    }
    c->harmed = true;
    kg_defer(c->server->loop, &c->flush);
    return true;
}

static void put_head(struct sim_conn *c, int status, const char *type,
                     const char *headers)
{
    sim_require(
        kg_buf_addf(&c->out, "HTTP/1.1 %d %s\r\n", status, reason_of(status)));
    if (type != NULL) {
        sim_require(kg_buf_addf(&c->out, "Content-Type: %s\r\n", type));
    }
    if (headers != NULL) {
        sim_require(kg_buf_adds(&c->out, headers));
    }
    if (c->last) {
        sim_require(kg_buf_adds(&c->out, "Connection: close\r\n"));
    }
}

void sim_answer(struct sim_conn *c, int status, const char *type,
                const char *headers, struct kg_str body)
{
    size_t len;

    if (harm_at_once(c)) {
        return;
    }
    len = allowed(c, body.len);
    put_head(c, status, type, headers);
    if (status != 204) {
        sim_require(
            kg_buf_addf(&c->out, "Content-Length: %zu\r\n",
                        c->harmed && c->harm == SIM_HARM_END ? len : body.len));
    }
    sim_require(kg_buf_adds(&c->out, "\r\n"));
    if (c->parser.method != HTTP_HEAD) {
        sim_require(kg_buf_add(&c->out, kg_str_of(body.ptr, len)));
    }
    c->answered = true;
    kg_defer(c->server->loop, &c->flush);
}

static void on_later(uv_timer_t *timer)
{
    struct sim_conn *c = KG_CONTAINER_OF(timer, struct sim_conn, timer);

    sim_answer(c, c->later_status, "application/json", c->later_headers,
               kg_buf_str(&c->later_body));
    kg_buf_shrink(&c->later_body, 0);
}

void sim_answer_later(struct sim_conn *c, uint64_t ms, int status,
                      const char *headers, struct kg_str body)
{
    kg_free(c->later_headers);
    c->later_headers = sim_cstr(kg_str_from(headers));
    c->later_status = status;
    kg_buf_reset(&c->later_body);
    sim_require(kg_buf_add(&c->later_body, body));
    (void)uv_timer_start(&c->timer, on_later, ms, 0);
}

void sim_conn_harm(struct sim_conn *c, enum sim_harm harm, int64_t at)
{
    c->harm = harm;
    c->harm_at = at;
}

unsigned sim_server_harm(struct sim_server *s, struct kg_str path,
                         enum sim_harm harm)
{
    struct kg_queue *node;
    unsigned n = 0;

    kg_queue_foreach (node, &s->conns) {
        struct sim_conn *c = KG_CONTAINER_OF(node, struct sim_conn, node);

        if (c->stream != NULL && kg_str_starts(kg_buf_str(&c->url), path)) {
            c->harm = harm;
            c->harmed = true;
            kg_defer(s->loop, &c->flush);
            n++;
        }
    }
    return n;
}

/* --- streams ------------------------------------------------------------- */

static void pump(struct sim_stream *s)
{
    if (!sim_stream_full(s)) {
        s->pump_cb(s); /* Last: it may have ended. */
    }
}

static void on_wake(struct kg_deferred *d)
{
    pump(KG_CONTAINER_OF(d, struct sim_stream, wake));
}

static void on_stream_timer(uv_timer_t *timer)
{
    struct sim_conn *c = KG_CONTAINER_OF(timer, struct sim_conn, timer);

    pump(c->stream);
}

void sim_stream_begin(struct sim_conn *c, struct sim_stream *s,
                      const char *type, sim_stream_cb pump_cb,
                      sim_stream_cb gone_cb)
{
    s->conn = c;
    s->pump_cb = pump_cb;
    s->gone_cb = gone_cb;
    kg_deferred_init(&s->wake, on_wake);
    c->stream = s;
    c->server->n_streams++;
    if (harm_at_once(c)) {
        return;
    }
    put_head(c, 200, type, NULL);
    sim_conn_put(c, KG_STR("Transfer-Encoding: chunked\r\n\r\n"));
    (void)allowed(c, 0);
    sim_stream_wake(s);
}

void sim_stream_write(struct sim_stream *s, struct kg_str bytes)
{
    struct sim_conn *c = s->conn;
    size_t len = allowed(c, bytes.len);

    if (len > 0) {
        put_chunk(c, kg_str_of(bytes.ptr, len));
    }
    if (c->harmed) {
        kg_defer(c->server->loop, &c->flush);
    }
}

bool sim_stream_full(const struct sim_stream *s)
{
    return s->conn->harmed || kg_buf_len(&s->conn->out) >= STREAM_MARK;
}

void sim_stream_wake(struct sim_stream *s)
{
    if (s->conn->harmed && s->conn->harm == SIM_HARM_END) {
        sim_stream_end(s);
        return;
    }
    kg_defer(s->conn->server->loop, &s->wake);
}

void sim_stream_wake_in(struct sim_stream *s, uint64_t ms)
{
    (void)uv_timer_start(&s->conn->timer, on_stream_timer, ms, 0);
}

void sim_stream_end(struct sim_stream *s)
{
    struct sim_conn *c = s->conn;

    if (!c->harmed || c->harm == SIM_HARM_END) {
        sim_conn_put(c, KG_STR("0\r\n\r\n"));
        c->answered = true;
    }
    sim_conn_stream_gone(c);
}
