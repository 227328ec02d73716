/* SPDX-License-Identifier: MIT */
/* http/: paused, canceled, timed out, closed anywhere, and without memory. */
#include "http.h"

#include <string.h>

static void a_canceled_request_is_silent_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "5\r\nhello\r\n0\r\n\r\n", .chop = 9, .more = 100},
    };

    (void)state;
    for (unsigned turns = 0; turns < 30; turns++) {
        struct kt_http f;
        struct kt_asked a = {0};

        kt_http_set_up(&f, replies, 1);
        kt_ask(&f, &a, "/");
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
        kt_http_tear_down(&f);
    }
}

static void a_client_may_close_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "5\r\nhello\r\n0\r\n\r\n", .chop = 9, .more = 100},
    };

    (void)state;
    for (unsigned turns = 0; turns < 30; turns++) {
        struct kt_http f;
        struct kt_asked a = {0};

        kt_http_set_up(&f, replies, 1);
        kt_ask(&f, &a, "/");
        for (unsigned i = 0; i < turns && !a.done; i++) {
            (void)kg_loop_turn(&f.loop);
        }
        a.done = true;
        kt_http_tear_down(&f);
    }
}

static void a_callback_may_cancel_and_close(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "5\r\nhello\r\n", .more = 9},
    };
    struct kt_http f;
    struct kt_asked head = {.cancel_at_head = true};
    struct kt_asked body = {.cancel_at_body = true};
    struct kt_asked last = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &head, "/");
    kt_loop_until(&f.loop, &head.done, 50);
    kt_ask(&f, &body, "/");
    kt_loop_until(&f.loop, &body.done, 50);
    last.close_at_body = f.http;
    kt_ask(&f, &last, "/");
    kt_loop_until(&f.loop, &last.done, 50);
    f.http = NULL;
    for (int i = 0; i < 10; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kt_http_tear_down(&f);
}

static void a_paused_stream_holds_back_and_goes_on(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", .chop = 4},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/", .stream = true, .idle_ms = 400};
    struct kt_http f;
    struct kt_asked a = {.pause_at_body = true};
    uint64_t until;
    size_t len;

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &kt_http_events, &q), KG_OK);
    for (int i = 0; i < 200 && a.n_bodies == 0 && !a.done; i++) {
        (void)kg_loop_turn(&f.loop);
    }
    assert_int_equal(a.n_bodies, 1);
    len = a.body_len;
    /* Longer than its idle time, which stands still meanwhile. */
    until = kg_loop_now_ms(&f.loop) + 500;
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
    kt_http_tear_down(&f);
}

static void who_resumed_may_cancel_at_once(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "3\r\none\r\n3\r\ntwo\r\n", .chop = 4},
    };
    struct kt_http f;
    struct kt_asked a = {.pause_at_body = true};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &a, "/");
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
    kt_http_tear_down(&f);
}

static void after_a_time_out_no_old_connection_is_used(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /silent ", NULL},
        {"GET /ok ", KT_OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 9},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/silent", .idle_ms = 300};
    struct kt_http f;
    struct kt_asked silent = {0};
    struct kt_asked good[3] = {{.done = false}};

    (void)state;
    kt_http_set_up(&f, replies, 2);
    kg_http_req_init(&silent.req);
    silent.req.data = &silent;
    assert_int_equal(kg_http_start(f.http, &silent.req, &kt_http_events, &q),
                     KG_OK);
    for (size_t i = 0; i < 2; i++) {
        kt_ask(&f, &good[i], "/ok");
        kt_loop_until(&f.loop, &good[i].done, 50);
    }
    assert_int_equal(f.server.n_connections, 2);
    kt_loop_until(&f.loop, &silent.done, 50);
    assert_int_equal(silent.e.code, KG_ETIMEOUT);
    kt_ask(&f, &good[2], "/ok");
    kt_loop_until(&f.loop, &good[2].done, 50);
    assert_int_equal(good[2].status, 200);
    assert_int_equal(f.server.n_connections, 3);
    kt_http_tear_down(&f);
}

static void silence_ends_a_request_in_its_time(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "3\r\none\r\n"},
        {NULL, KT_OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/w", .idle_ms = 300};
    struct kt_http f;
    struct kt_asked a = {0};
    struct kt_asked b = {0};

    (void)state;
    kt_http_set_up(&f, replies, 2);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &kt_http_events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ETIMEOUT);
    assert_string_equal(a.body, "one");
    kt_ask(&f, &b, "/w");
    kt_loop_until(&f.loop, &b.done, 50);
    assert_int_equal(b.status, 200);
    assert_int_equal(f.server.n_connections, 2);
    kt_http_tear_down(&f);
}

static void a_request_has_a_time_in_all(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "ff\r\n", .chop = 1},
    };
    const struct kg_http_ask q = {
        .method = "GET", .path = "/w", .idle_ms = 1000, .total_ms = 30};
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &kt_http_events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 5000);
    assert_int_equal(a.e.code, KG_ETIMEOUT);
    kt_http_tear_down(&f);
}

static void refuse_everything(void *data, bool may_fail)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    /* libcurl 7.88 forgets a socket when it has no memory to note it: then the
     * request ends by its own time. */
    const struct kg_http_ask q = {.method = "POST",
                                  .path = "/x",
                                  .body = KG_STR("hello"),
                                  .total_ms = 200};
    struct kg_http_options options = {0};
    struct kt_http f = {0};
    struct kt_asked a = {0};
    struct kg_error e;

    (void)data;
    assert_int_equal(kg_loop_init(&f.loop), KG_OK);
    kt_server_start(&f.server, &f.loop, replies, 1);
    options.server = f.server.url;
    if (kg_http_create(&f.loop, &options, &e, &f.http) == KG_OK) {
        kg_http_req_init(&a.req);
        a.req.data = &a;
        if (kg_http_start(f.http, &a.req, &kt_http_events, &q) == KG_OK) {
            kt_loop_until(&f.loop, &a.done, 100);
            assert_true(may_fail || a.status == 200);
            assert_true(a.e.code == KG_OK || may_fail);
        }
    } else {
        f.http = NULL;
        assert_true(may_fail);
    }
    kt_http_tear_down(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(refuse_everything, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_canceled_request_is_silent_at_every_turn),
        cmocka_unit_test(a_client_may_close_at_every_turn),
        cmocka_unit_test(a_callback_may_cancel_and_close),
        cmocka_unit_test(a_paused_stream_holds_back_and_goes_on),
        cmocka_unit_test(who_resumed_may_cancel_at_once),
        cmocka_unit_test(after_a_time_out_no_old_connection_is_used),
        cmocka_unit_test(silence_ends_a_request_in_its_time),
        cmocka_unit_test(a_request_has_a_time_in_all),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("http_end", tests, NULL, NULL);
}
