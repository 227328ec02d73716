/* SPDX-License-Identifier: MIT */
/* The happy path: bytes are fed to the parser until a request is whole; reading
 * stops, the route answers, the answer is written, and what had been sent ahead
 * is fed next.
 *
 * The failures: the peer goes away, or a deadline passes where there is nothing
 * to say (IDLE, WRITING, LINGERING): closed. A request that is refused: answered
 * and closed, and because the peer may be sending still, what comes is thrown
 * away for a moment first: a reset would destroy our answer on its way. An
 * answer that there is no memory for: a constant one, and closed. */
#include "conn.h"

#include "kubeglean/clock.h"
#include "server.h"

#define TO(state) KG_SM_TO(KG_SERVE_##state)

static const struct kg_sm_state states[KG_SERVE_STATE_NR] = {
    [KG_SERVE_FREE] = {"free", TO(IDLE)},
    [KG_SERVE_IDLE] = {"idle", TO(READING) | TO(CLOSING)},
    [KG_SERVE_READING] = {"reading", TO(CHECKING) | TO(ANSWERING) |
                                         TO(WRITING) | TO(CLOSING)},
    [KG_SERVE_CHECKING] = {"checking",
                           TO(ANSWERING) | TO(WRITING) | TO(CLOSING)},
    [KG_SERVE_ANSWERING] = {"answering", TO(WRITING) | TO(CLOSING)},
    [KG_SERVE_WRITING] = {"writing", TO(IDLE) | TO(LINGERING) | TO(CLOSING)},
    [KG_SERVE_LINGERING] = {"lingering", TO(CLOSING)},
    [KG_SERVE_CLOSING] = {"closing", TO(FREE)},
};

static void feed(struct kg_serve_conn *c, struct kg_str bytes);
static void on_deadline(uv_timer_t *timer);

static void enter(struct kg_serve_conn *c, enum kg_serve_conn_state state,
                  uint32_t deadline_ms)
{
    kg_sm_move(&c->sm, state);
    (void)uv_timer_start(&c->deadline, on_deadline, deadline_ms, 0);
}

static void on_closed(struct kg_latch *open)
{
    struct kg_serve_conn *c = KG_CONTAINER_OF(open, struct kg_serve_conn, open);

    kg_serve_parser_finish(&c->parser);
    kg_buf_finish(&c->rest);
    kg_buf_finish(&c->out);
    kg_sm_move(&c->sm, KG_SERVE_FREE);
    kg_serve_vacated(c->serve, c);
}

void kg_serve_conn_close(struct kg_serve_conn *c)
{
    if (!kg_sm_may(&c->sm, KG_SERVE_CLOSING)) {
        return;
    }
    kg_sm_move(&c->sm, KG_SERVE_CLOSING);
    kg_queue_remove(&c->node);
    c->id.generation++;
    kg_latch_close_handle(&c->open, (uv_handle_t *)&c->tcp);
    kg_latch_close_handle(&c->open, (uv_handle_t *)&c->deadline);
    kg_latch_close(&c->open, on_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    struct kg_serve_conn *c =
        KG_CONTAINER_OF(timer, struct kg_serve_conn, deadline);

    switch ((enum kg_serve_conn_state)c->sm.state) {
    case KG_SERVE_READING:
        kg_serve_conn_refuse(c, 408, "the request took too long", NULL);
        break;
    case KG_SERVE_CHECKING:
    case KG_SERVE_ANSWERING:
        c->parser.keep_alive = false;
        kg_serve_conn_refuse(c, 504, "no answer was found in time", NULL);
        break;
    default:
        kg_serve_conn_close(c);
        break;
    }
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct kg_serve *s = ((struct kg_serve_conn *)handle->data)->serve;

    (void)suggested;
    *ret_buf = uv_buf_init(s->piece, sizeof(s->piece));
}

/* Until the peer has closed, or sent more than a request may be long. */
static void linger(struct kg_serve_conn *c, size_t len)
{
    c->n_lingered += len;
    if (c->n_lingered > KG_LIMIT_SERVE_BODY) {
        kg_serve_conn_close(c);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct kg_serve_conn *c = stream->data;

    if (len < 0) {
        kg_serve_conn_close(c);
    } else if (c->sm.state == KG_SERVE_LINGERING) {
        linger(c, (size_t)len);
    } else if (len > 0) {
        feed(c, kg_str_of(buf->base, (size_t)len));
    }
}

static void start_reading(struct kg_serve_conn *c)
{
    if (uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read) != 0) {
        /* UNTESTED: libuv has nothing that could fail here. */
        kg_serve_conn_close(c);
    }
}

static void wait_for_request(struct kg_serve_conn *c)
{
    enter(c, KG_SERVE_IDLE, c->serve->config.idle_ms);
    kg_queue_insert_tail(&c->serve->patient, &c->node);
    c->id.generation++;
    start_reading(c);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown; /* Whatever it says, */
    (void)status;   /* the deadline is set. */
}

static void say_no_more(struct kg_serve_conn *c)
{
    c->n_lingered = 0;
    enter(c, KG_SERVE_LINGERING, KG_LIMIT_SERVE_LINGER_MS);
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shut_down) != 0) {
        /* UNTESTED: the peer would have to go just now. */
        kg_serve_conn_close(c);
        return;
    }
    start_reading(c);
}

static void next_request(struct kg_serve_conn *c)
{
    struct kg_buf ahead = c->rest;

    kg_buf_init(&c->rest, KG_SERVE_PIECE);
    kg_buf_shrink(&c->out, KG_SERVE_PIECE);
    kg_serve_parser_next(&c->parser);
    wait_for_request(c);
    if (kg_buf_len(&ahead) > 0 && c->sm.state == KG_SERVE_IDLE) {
        feed(c, kg_buf_str(&ahead));
    }
    kg_buf_finish(&ahead);
    kg_serve_make_room(c->serve); /* For who has come meanwhile. */
}

static void on_written(uv_write_t *write, int status)
{
    struct kg_serve_conn *c =
        KG_CONTAINER_OF(write, struct kg_serve_conn, write);

    if (c->sm.state != KG_SERVE_WRITING) {
        return; /* It is being closed. */
    }
    if (status != 0) {
        kg_serve_conn_close(c);
    } else if (c->keep_alive && c->serve->sm.state == KG_SERVE_OPEN) {
        next_request(c);
    } else {
        say_no_more(c);
    }
}

static void write_out(struct kg_serve_conn *c, struct kg_str bytes)
{
    uv_buf_t buf = uv_buf_init((char *)bytes.ptr, (unsigned)bytes.len);

    kg_queue_remove(&c->node);
    (void)uv_read_stop((uv_stream_t *)&c->tcp);
    enter(c, KG_SERVE_WRITING, c->serve->config.answer_ms);
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        /* UNTESTED: an error is told to on_written. */
        kg_serve_conn_close(c);
    }
}

void kg_serve_conn_answer(struct kg_serve_conn *c, struct kg_serve_answer a)
{
    static const char no_memory[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";

    a.keep_alive = c->parser.keep_alive && c->serve->sm.state == KG_SERVE_OPEN;
    a.head_only = strcmp(kg_serve_parser_method(&c->parser), "HEAD") == 0;
    c->keep_alive = a.keep_alive;
    if (kg_serve_answer_add(&a, kg_clock_now_us(), &c->out) == KG_OK) {
        write_out(c, kg_buf_str(&c->out));
        return;
    }
    c->keep_alive = false;
    write_out(c, kg_str_of(no_memory, sizeof(no_memory) - 1));
}

static enum kg_errc add_error(struct kg_buf *body, const char *text)
{
    enum kg_errc err = kg_buf_adds(body, "{\"error\":");

    if (err == KG_OK) {
        err = kg_buf_add_json(body, kg_str_from(text));
    }
    return err == KG_OK ? kg_buf_adds(body, "}\n") : err;
}

void kg_serve_conn_refuse(struct kg_serve_conn *c, unsigned status,
                          const char *text, const char *header)
{
    struct kg_serve_answer a = {
        .status = status, .type = KG_SERVE_JSON, .header = header};
    struct kg_buf body;

    kg_buf_init(&body, KG_SERVE_PIECE);
    if (add_error(&body, text) == KG_OK) {
        a.body = kg_buf_str(&body);
    }
    kg_serve_conn_answer(c, a);
    kg_buf_finish(&body);
}

static void hand_over(struct kg_serve_conn *c)
{
    struct kg_serve *s = c->serve;
    struct kg_request r = {.serve = s,
                           .id = c->id,
                           .name = c->match.name,
                           .query = c->target.query,
                           .body = kg_buf_str(&c->parser.body)};

    enter(c, KG_SERVE_ANSWERING, s->config.answer_ms);
    c->match.route->cb(s->config.data, &r); /* Last: it may answer, or close. */
}

void kg_serve_conn_checked(struct kg_serve_conn *c, bool allowed)
{
    if (allowed) {
        hand_over(c);
        return;
    }
    kg_serve_conn_refuse(c, 401, "a valid bearer token is needed",
                         "WWW-Authenticate: Bearer");
}

static void refuse_unrouted(struct kg_serve_conn *c)
{
    char allow[sizeof("Allow: ") + KG_SERVE_ALLOW_MAX] = "Allow: ";

    if (c->match.allow[0] == '\0') {
        kg_serve_conn_refuse(c, 404, "there is nothing at this path", NULL);
        return;
    }
    memcpy(allow + strlen(allow), c->match.allow, strlen(c->match.allow) + 1);
    kg_serve_conn_refuse(c, 405, "not by this method", allow);
}

/* Who may change something: with a token file who knows the token, without one
 * everybody on this machine, except pages in browsers there. */
static void admit(struct kg_serve_conn *c)
{
    const struct kg_serve_config *config = &c->serve->config;
    bool changes = c->match.route->changes;

    if (changes && config->token_file != NULL) {
        enter(c, KG_SERVE_CHECKING, config->answer_ms);
        kg_serve_check(c->serve, c);
        return;
    }
    if (changes && c->parser.from_page) {
        kg_serve_conn_refuse(c, 403, "not from a browser's page", NULL);
        return;
    }
    hand_over(c);
}

/* The request is whole, and nothing is read until it was answered. */
static void dispatch(struct kg_serve_conn *c)
{
    const struct kg_serve_config *config = &c->serve->config;

    kg_queue_remove(&c->node);
    (void)uv_read_stop((uv_stream_t *)&c->tcp);
    if (!kg_serve_target_parse(kg_buf_str(&c->parser.url), &c->target)) {
        kg_serve_conn_refuse(c, 400, "a path begins with /", NULL);
        return;
    }
    c->match = kg_serve_route_find(
        config->routes, config->n_routes,
        kg_str_from(kg_serve_parser_method(&c->parser)), c->target.path);
    if (c->match.route == NULL) {
        refuse_unrouted(c);
        return;
    }
    admit(c);
}

static const char *refusal_text(unsigned status)
{
    switch (status) {
    case 413:
        return "the body is too long";
    case 414:
        return "the path is too long";
    case 417:
        return "only 100-continue can be expected";
    case 431:
        return "the headers are too long";
    case 503:
        return "out of memory";
    case 505:
        return "this is not HTTP/1.1";
    default:
        return "this is no clear HTTP request";
    }
}

static void go_on(struct kg_serve_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    uv_buf_t buf = uv_buf_init((char *)text, sizeof(text) - 1);

    c->parser.expects = false;
    if (uv_try_write((uv_stream_t *)&c->tcp, &buf, 1) != (int)buf.len) {
        /* UNTESTED: the peer would have to go just now. */
        kg_serve_conn_close(c);
    }
}

static void feed(struct kg_serve_conn *c, struct kg_str bytes)
{
    size_t used;

    if (c->sm.state == KG_SERVE_IDLE) {
        enter(c, KG_SERVE_READING, c->serve->config.request_ms);
    }
    switch (kg_serve_parser_feed(&c->parser, bytes, &used)) {
    case KG_SERVE_MORE:
        if (c->parser.expects && c->parser.past_head) {
            go_on(c);
        }
        break;
    case KG_SERVE_WHOLE:
        if (kg_buf_add(&c->rest, kg_str_of(bytes.ptr + used,
                                           bytes.len - used)) != KG_OK) {
            c->parser.keep_alive = false; /* What follows is lost. */
        }
        dispatch(c);
        break;
    case KG_SERVE_REFUSED:
        kg_serve_conn_refuse(c, c->parser.status,
                             refusal_text(c->parser.status), NULL);
        break;
    }
}

void kg_serve_conn_init(struct kg_serve_conn *c, struct kg_serve *serve,
                        uint32_t index)
{
    kg_sm_init(&c->sm, "connection", states, KG_SERVE_FREE);
    c->serve = serve;
    c->id = (struct kg_id){index, 1};
    kg_queue_init(&c->node);
}

void kg_serve_conn_accept(struct kg_serve_conn *c)
{
    struct kg_serve *s = c->serve;

    kg_queue_remove(&c->node);
    kg_latch_init(&c->open, s->loop);
    kg_serve_parser_init(&c->parser);
    kg_buf_init(&c->rest, KG_SERVE_PIECE);
    kg_buf_init(&c->out, KG_LIMIT_SERVE_ANSWER + KG_SERVE_PIECE);
    (void)uv_tcp_init(&s->loop->uv, &c->tcp);
    (void)uv_timer_init(&s->loop->uv, &c->deadline);
    c->tcp.data = c;
    if (uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->tcp) == 0) {
        wait_for_request(c);
        return;
    }
    /* UNTESTED: what waited at the listener is there. */
    kg_sm_move(&c->sm, KG_SERVE_IDLE);
    kg_serve_conn_close(c);
}

void kg_serve_conn_drain(struct kg_serve_conn *c)
{
    if (c->sm.state == KG_SERVE_IDLE) {
        kg_serve_conn_close(c);
    }
}
