/* SPDX-License-Identifier: MIT */
/* http/: phase by phase, from the loop; paused, canceled and closed anywhere. */
#include <string.h>

#include "kt.h"
#include "kubeglean/http.h"
#include "server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json; q=1\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

struct fixture {
    struct kg_loop loop;
    struct kt_server server;
    struct kg_http *http;
    bool closed;
};

struct asked {
    struct kg_http_req req;
    int status;
    char type[32];
    uint32_t retry_after_s;
    char body[256];
    size_t body_len;
    unsigned n_bodies, n_heads;
    bool done;
    struct kg_error e;
    bool pause_at_body, cancel_at_body, cancel_at_head;
    struct kg_http *close_at_body;
    unsigned turns_inside; /* A callback from within a call of ours. */
};

static void on_closed(void *data)
{
    ((struct fixture *)data)->closed = true;
}

static void on_head(struct kg_http_req *r, const struct kg_http_head *head)
{
    struct asked *a = r->data;

    assert_false(a->done);
    assert_int_equal(a->n_bodies, 0);
    a->n_heads++;
    a->status = head->status;
    a->retry_after_s = head->retry_after_s;
    assert_true(head->content_type.len < sizeof(a->type));
    if (head->content_type.len > 0) {
        memcpy(a->type, head->content_type.ptr, head->content_type.len);
    }
    if (a->cancel_at_head) {
        kg_http_cancel(r);
        a->done = true;
    }
}

static void on_body(struct kg_http_req *r, struct kg_str piece)
{
    struct asked *a = r->data;

    assert_false(a->done);
    assert_true(a->n_heads == 1);
    a->n_bodies++;
    if (a->body_len + piece.len <= sizeof(a->body)) {
        memcpy(a->body + a->body_len, piece.ptr, piece.len);
        a->body_len += piece.len;
    }
    if (a->pause_at_body) {
        kg_http_pause(r);
    }
    if (a->cancel_at_body) {
        kg_http_cancel(r);
        a->done = true;
    }
    if (a->close_at_body != NULL) {
        kg_http_close(a->close_at_body, NULL, NULL);
        a->done = true;
    }
}

static void on_done(struct kg_http_req *r, const struct kg_error *e)
{
    struct asked *a = r->data;

    assert_false(a->done);
    assert_true(kg_http_is_idle(r));
    a->done = true;
    if (e != NULL) {
        a->e = *e;
    }
}

static const struct kg_http_events events = {on_head, on_body, on_done};

static void setup(struct fixture *f, const struct kt_reply *replies, size_t n)
{
    struct kg_http_options options = {.user_agent = "test/1"};
    struct kg_error e;

    f->closed = false;
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kt_server_start(&f->server, &f->loop, replies, n);
    options.server = f->server.url;
    assert_int_equal(kg_http_create(&f->loop, &options, &e, &f->http), KG_OK);
}

static void teardown(struct fixture *f)
{
    if (f->http != NULL) {
        kg_http_close(f->http, on_closed, f);
        assert_false(f->closed);
        kt_loop_until(&f->loop, &f->closed, 50);
    }
    kt_server_stop(&f->server);
    kg_loop_close(&f->loop);
}

static void ask(struct fixture *f, struct asked *a, const char *path)
{
    const struct kg_http_ask q = {.method = "GET", .path = path};

    kg_http_req_init(&a->req);
    a->req.data = a;
    assert_int_equal(kg_http_start(f->http, &a->req, &events, &q), KG_OK);
    assert_false(a->done);
}

static void an_answer_is_told_phase_by_phase(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /a?b=c HTTP/1.1\r\n",
         OK_HEAD "Content-Length: 5\r\nRetry-After: 7\r\n\r\nhello"},
    };
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, replies, 1);
    ask(&f, &a, "/a?b=c");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.type, "application/json");
    assert_int_equal(a.retry_after_s, 7);
    assert_string_equal(a.body, "hello");
    assert_int_equal(kt_server_saw(&f.server, "User-Agent: test/1\r\n"), 1);
    assert_int_equal(kt_server_saw(&f.server, "Accept: application/json"), 1);
    teardown(&f);
}

static void a_moment_that_is_past_is_no_wait(void **state)
{
    static const struct {
        const char *text;
        uint32_t s;
    } cases[] = {{"-5", 0},
                 {"Wed, 21 Oct 2015 07:28:00 GMT", 0},
                 {"4294967296", UINT32_MAX},
                 {"soon", 0}};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        char head[200];
        const struct kt_reply reply = {NULL, head};
        struct fixture f;
        struct asked a = {0};

        (void)snprintf(head, sizeof(head),
                       "HTTP/1.1 429 No\r\nRetry-After: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       cases[i].text);
        setup(&f, &reply, 1);
        ask(&f, &a, "/");
        kt_loop_until(&f.loop, &a.done, 50);
        assert_int_equal(a.retry_after_s, cases[i].s);
        teardown(&f);
    }
}

static void an_answer_may_be_cut_at_every_byte(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", .chop = 1},
    };
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, replies, 1);
    ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 2000);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.body, "hello, world");
    teardown(&f);
}

static void a_status_is_no_error_of_ours(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"},
    };
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, replies, 1);
    ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.type, "");
    teardown(&f);
}

static void a_body_that_is_cut_is_an_error_that_names_the_request(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "5\r\nhello\r\n", .then = KT_CLOSE},
        {NULL, CHUNKED "5\r\nhel", .then = KT_RESET},
        {NULL, NULL, .then = KT_CLOSE},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(replies); i++) {
        struct fixture f;
        struct asked a = {0};

        setup(&f, replies + i, 1);
        ask(&f, &a, "/logs?secret=1");
        kt_loop_until(&f.loop, &a.done, 50);
        assert_int_equal(a.e.code, KG_ECLOSED);
        assert_non_null(strstr(a.e.text, "GET 127.0.0.1:"));
        assert_non_null(strstr(a.e.text, "/logs: "));
        assert_null(strstr(a.e.text, "secret"));
        teardown(&f);
    }
}

static void nobody_listens_is_told_as_such(void **state)
{
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, NULL, 0);
    kt_server_stop(&f.server);
    ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ECONNECT);
    kg_http_close(f.http, on_closed, &f);
    kt_loop_until(&f.loop, &f.closed, 50);
    kg_loop_close(&f.loop);
}

static void a_body_and_a_token_are_sent(void **state)
{
    static const struct kt_reply replies[] = {
        {"PATCH /x ", "HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n"},
    };
    const struct kg_http_ask q = {.method = "PATCH",
                                  .path = "/x",
                                  .content_type = "application/y+yaml",
                                  .body = KG_STR("{\"a\":1}")};
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, replies, 1);
    assert_int_equal(kg_http_set_token(f.http, KG_STR("s3cr3t")), KG_OK);
    assert_int_equal(kg_http_set_token(f.http, KG_STR("a\r\nb")), KG_EINVALID);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.status, 201);
    assert_int_equal(
        kt_server_saw(&f.server, "Authorization: Bearer s3cr3t\r\n"), 1);
    assert_int_equal(
        kt_server_saw(&f.server, "Content-Type: application/y+yaml\r\n"), 1);
    assert_int_equal(kt_server_saw(&f.server, "\r\n\r\n{\"a\":1}"), 1);
    teardown(&f);
}

static void headers_are_bounded(void **state)
{
    static char reply[200 * 1024] = "HTTP/1.1 200 OK\r\n";
    static const struct kt_reply replies[] = {{NULL, reply}};
    struct fixture f;
    struct asked a = {0};
    size_t len = strlen(reply);

    (void)state;
    for (int i = 0; i < 1500; i++) {
        static const char line[] = "X-Filler: 1234567890123456789012345678901"
                                   "2345678901234567890\r\n";

        memcpy(reply + len, line, sizeof(line));
        len += sizeof(line) - 1;
    }
    memcpy(reply + len, "\r\n", 3);
    setup(&f, replies, 1);
    ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 200);
    assert_int_equal(a.e.code, KG_ELIMIT);
    assert_int_equal(a.n_heads, 0);
    teardown(&f);
}

static void a_canceled_request_is_silent_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "5\r\nhello\r\n0\r\n\r\n", .chop = 9, .more = 100},
    };

    (void)state;
    for (unsigned turns = 0; turns < 30; turns++) {
        struct fixture f;
        struct asked a = {0};

        setup(&f, replies, 1);
        ask(&f, &a, "/");
        for (unsigned i = 0; i < turns && !a.done; i++) {
            (void)kg_loop_turn(&f.loop);
        }
        if (!a.done) {
            kg_http_cancel(&a.req);
            kg_http_cancel(&a.req);
            assert_true(kg_http_is_idle(&a.req));
            a.done = true; /* From now on a callback fails the test. */
            for (unsigned i = 0; i < 5; i++) {
                (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
            }
        }
        teardown(&f);
    }
}

static void a_client_may_close_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "5\r\nhello\r\n0\r\n\r\n", .chop = 9, .more = 100},
    };

    (void)state;
    for (unsigned turns = 0; turns < 30; turns++) {
        struct fixture f;
        struct asked a = {0};

        setup(&f, replies, 1);
        ask(&f, &a, "/");
        for (unsigned i = 0; i < turns && !a.done; i++) {
            (void)kg_loop_turn(&f.loop);
        }
        a.done = true;
        teardown(&f);
    }
}

static void a_callback_may_cancel_and_close(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "5\r\nhello\r\n", .more = 9},
    };
    struct fixture f;
    struct asked head = {.cancel_at_head = true};
    struct asked body = {.cancel_at_body = true};
    struct asked last = {0};

    (void)state;
    setup(&f, replies, 1);
    ask(&f, &head, "/");
    kt_loop_until(&f.loop, &head.done, 50);
    ask(&f, &body, "/");
    kt_loop_until(&f.loop, &body.done, 50);
    last.close_at_body = f.http;
    ask(&f, &last, "/");
    kt_loop_until(&f.loop, &last.done, 50);
    f.http = NULL;
    for (int i = 0; i < 10; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    teardown(&f);
}

static void a_paused_stream_holds_back_and_goes_on(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", .chop = 4},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/", .stream = true, .idle_ms = 40};
    struct fixture f;
    struct asked a = {.pause_at_body = true};
    uint64_t until;
    size_t len;

    (void)state;
    setup(&f, replies, 1);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &events, &q), KG_OK);
    for (int i = 0; i < 200 && a.n_bodies == 0; i++) {
        (void)kg_loop_turn(&f.loop);
    }
    assert_int_equal(a.n_bodies, 1);
    len = a.body_len;
    /* Longer than its idle time, which stands still meanwhile. */
    until = kg_loop_now_ms(&f.loop) + 100;
    while (kg_loop_now_ms(&f.loop) < until) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.body_len, len);
    assert_false(a.done);
    for (int i = 0; i < 2000 && !a.done; i++) {
        kg_http_resume(&a.req);
        (void)kg_loop_turn(&f.loop);
    }
    assert_true(a.done);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.body, "onetwo");
    teardown(&f);
}

static void who_resumed_may_cancel_at_once(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "3\r\none\r\n3\r\ntwo\r\n", .chop = 4},
    };
    struct fixture f;
    struct asked a = {.pause_at_body = true};

    (void)state;
    setup(&f, replies, 1);
    ask(&f, &a, "/");
    for (int i = 0; i < 100; i++) { /* Libcurl holds what came behind it. */
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.n_bodies, 1);
    kg_http_resume(&a.req);
    kg_http_cancel(&a.req);
    a.done = true; /* From now on a callback fails the test. */
    for (int i = 0; i < 10; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    teardown(&f);
}

static void after_a_time_out_no_old_connection_is_used(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /silent ", NULL},
        {"GET /ok ", OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 9},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/silent", .idle_ms = 30};
    struct fixture f;
    struct asked silent = {0};
    struct asked good[3] = {{.done = false}};

    (void)state;
    setup(&f, replies, 2);
    kg_http_req_init(&silent.req);
    silent.req.data = &silent;
    assert_int_equal(kg_http_start(f.http, &silent.req, &events, &q), KG_OK);
    for (size_t i = 0; i < 2; i++) {
        ask(&f, &good[i], "/ok");
        kt_loop_until(&f.loop, &good[i].done, 50);
    }
    assert_int_equal(f.server.n_connections, 2);
    kt_loop_until(&f.loop, &silent.done, 50);
    assert_int_equal(silent.e.code, KG_ETIMEOUT);
    ask(&f, &good[2], "/ok");
    kt_loop_until(&f.loop, &good[2].done, 50);
    assert_int_equal(good[2].status, 200);
    assert_int_equal(f.server.n_connections, 3);
    teardown(&f);
}

static void silence_ends_a_request_in_its_time(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "3\r\none\r\n"},
        {NULL, OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    const struct kg_http_ask q = {.method = "GET", .path = "/w", .idle_ms = 30};
    struct fixture f;
    struct asked a = {0};
    struct asked b = {0};

    (void)state;
    setup(&f, replies, 2);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ETIMEOUT);
    assert_string_equal(a.body, "one");
    ask(&f, &b, "/w");
    kt_loop_until(&f.loop, &b.done, 50);
    assert_int_equal(b.status, 200);
    assert_int_equal(f.server.n_connections, 2);
    teardown(&f);
}

static void a_request_has_a_time_in_all(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, CHUNKED "ff\r\n", .chop = 1},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/w", .idle_ms = 1000, .total_ms = 30};
    struct fixture f;
    struct asked a = {0};

    (void)state;
    setup(&f, replies, 1);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 5000);
    assert_int_equal(a.e.code, KG_ETIMEOUT);
    teardown(&f);
}

static void requests_share_a_connection_and_streams_do_not(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 9},
    };
    const struct kg_http_ask q = {.method = "GET", .path = "/", .stream = true};
    struct fixture f;

    (void)state;
    setup(&f, replies, 1);
    for (int i = 0; i < 3; i++) {
        struct asked a = {0};

        ask(&f, &a, "/");
        kt_loop_until(&f.loop, &a.done, 50);
    }
    assert_int_equal(f.server.n_connections, 1);
    for (int i = 0; i < 3; i++) {
        struct asked a = {0};

        kg_http_req_init(&a.req);
        a.req.data = &a;
        assert_int_equal(kg_http_start(f.http, &a.req, &events, &q), KG_OK);
        kt_loop_until(&f.loop, &a.done, 50);
    }
    assert_int_equal(f.server.n_connections, 4);
    teardown(&f);
}

static void a_name_is_resolved(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    struct kg_http_options options = {0};
    char url[64];
    struct fixture f;
    struct asked a = {0};
    struct kg_error e;

    (void)state;
    setup(&f, replies, 1);
    kg_http_close(f.http, on_closed, &f);
    (void)snprintf(url, sizeof(url), "http://localhost%s",
                   strrchr(f.server.url, ':'));
    options.server = url;
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.body, "ok");
    f.closed = false;
    teardown(&f);
}

static void a_name_that_is_none_is_told(void **state)
{
    struct kg_http_options options = {.server =
                                          "http://no-such-host.invalid:1"};
    struct fixture f;
    struct asked a = {0};
    struct asked b = {0};
    struct kg_error e;

    (void)state;
    setup(&f, NULL, 0);
    kg_http_close(f.http, on_closed, &f);
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    ask(&f, &a, "/x");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ENAME);
    assert_non_null(strstr(a.e.text, "no-such-host.invalid"));
    ask(&f, &b, "/x"); /* Closed while it is looked up. */
    (void)kg_loop_turn(&f.loop);
    b.done = true;
    f.closed = false;
    teardown(&f);
}

static void a_name_that_can_be_none_is_told(void **state)
{
    char server[400] = "http://";
    struct kg_http_options options = {.server = server};
    struct fixture f;
    struct asked a = {0};
    struct kg_error e;

    (void)state;
    memset(server + strlen(server), 'a', 300);
    setup(&f, NULL, 0);
    kg_http_close(f.http, on_closed, &f);
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    ask(&f, &a, "/x");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ENAME);
    assert_non_null(strstr(a.e.text, "aaa"));
    f.closed = false;
    teardown(&f);
}

static void a_server_that_is_no_url_is_refused(void **state)
{
    static const char *const bad[] = {"ftp://x",
                                      "http://",
                                      "https://a b/",
                                      "http://x:99999",
                                      "",
                                      "ftp://u:s3cret@x/",
                                      "https://u:s3cret@x:99999"};
    struct kg_loop loop;

    (void)state;
    assert_int_equal(kg_loop_init(&loop), KG_OK);
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        struct kg_http_options options = {.server = bad[i]};
        struct kg_http *http;
        struct kg_error e;

        assert_int_equal(kg_http_create(&loop, &options, &e, &http),
                         KG_ECONFIG);
        assert_non_null(strstr(e.text, "server"));
        assert_null(strstr(e.text, "s3cret"));
    }
    kg_loop_close(&loop);
}

static void refuse_everything(void *data, bool may_fail)
{
    static const struct kt_reply replies[] = {
        {NULL, OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    /* libcurl 7.88 forgets a socket when it has no memory to note it: then the
     * request ends by its own time. */
    const struct kg_http_ask q = {.method = "POST",
                                  .path = "/x",
                                  .body = KG_STR("hello"),
                                  .total_ms = 200};
    struct kg_http_options options = {0};
    struct fixture f = {0};
    struct asked a = {0};
    struct kg_error e;

    (void)data;
    assert_int_equal(kg_loop_init(&f.loop), KG_OK);
    kt_server_start(&f.server, &f.loop, replies, 1);
    options.server = f.server.url;
    if (kg_http_create(&f.loop, &options, &e, &f.http) == KG_OK) {
        kg_http_req_init(&a.req);
        a.req.data = &a;
        if (kg_http_start(f.http, &a.req, &events, &q) == KG_OK) {
            kt_loop_until(&f.loop, &a.done, 100);
            assert_true(may_fail || a.status == 200);
            assert_true(a.e.code == KG_OK || may_fail);
        }
    } else {
        f.http = NULL;
        assert_true(may_fail);
    }
    teardown(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(refuse_everything, NULL);
}

static void escaping_leaves_nothing_that_a_path_reads(void **state)
{
    struct kg_buf b;

    (void)state;
    kg_buf_init(&b, 100);
    assert_int_equal(kg_http_escape(&b, kg_str_of("a/b?c=d e\0%~", 12)), KG_OK);
    kt_assert_str(kg_buf_str(&b), "a%2Fb%3Fc%3Dd%20e%00%25~");
    kg_buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_told_phase_by_phase),
        cmocka_unit_test(a_moment_that_is_past_is_no_wait),
        cmocka_unit_test(an_answer_may_be_cut_at_every_byte),
        cmocka_unit_test(a_status_is_no_error_of_ours),
        cmocka_unit_test(a_body_that_is_cut_is_an_error_that_names_the_request),
        cmocka_unit_test(nobody_listens_is_told_as_such),
        cmocka_unit_test(a_body_and_a_token_are_sent),
        cmocka_unit_test(headers_are_bounded),
        cmocka_unit_test(a_canceled_request_is_silent_at_every_turn),
        cmocka_unit_test(a_client_may_close_at_every_turn),
        cmocka_unit_test(a_callback_may_cancel_and_close),
        cmocka_unit_test(a_paused_stream_holds_back_and_goes_on),
        cmocka_unit_test(who_resumed_may_cancel_at_once),
        cmocka_unit_test(after_a_time_out_no_old_connection_is_used),
        cmocka_unit_test(silence_ends_a_request_in_its_time),
        cmocka_unit_test(a_request_has_a_time_in_all),
        cmocka_unit_test(requests_share_a_connection_and_streams_do_not),
        cmocka_unit_test(a_name_is_resolved),
        cmocka_unit_test(a_name_that_is_none_is_told),
        cmocka_unit_test(a_name_that_can_be_none_is_told),
        cmocka_unit_test(a_server_that_is_no_url_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(escaping_leaves_nothing_that_a_path_reads),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
