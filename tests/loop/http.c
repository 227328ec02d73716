/* SPDX-License-Identifier: MIT */
/* http/: phase by phase, from the loop. */
#include "http.h"

#include <stdio.h>
#include <string.h>

static void an_answer_is_told_phase_by_phase(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /a?b=c HTTP/1.1\r\n",
         KT_OK_HEAD "Content-Length: 5\r\nRetry-After: 7\r\n\r\nhello"},
    };
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &a, "/a?b=c");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.type, "application/json");
    assert_int_equal(a.retry_after_s, 7);
    assert_string_equal(a.body, "hello");
    assert_int_equal(kt_server_saw(&f.server, "User-Agent: test/1\r\n"), 1);
    assert_int_equal(kt_server_saw(&f.server, "Accept: application/json"), 1);
    kt_http_tear_down(&f);
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
        struct kt_http f;
        struct kt_asked a = {0};

        (void)snprintf(head, sizeof(head),
                       "HTTP/1.1 429 No\r\nRetry-After: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       cases[i].text);
        kt_http_set_up(&f, &reply, 1);
        kt_ask(&f, &a, "/");
        kt_loop_until(&f.loop, &a.done, 50);
        assert_int_equal(a.retry_after_s, cases[i].s);
        kt_http_tear_down(&f);
    }
}

static void an_answer_may_be_cut_at_every_byte(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", .chop = 1},
    };
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 2000);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.body, "hello, world");
    kt_http_tear_down(&f);
}

static void a_status_is_no_error_of_ours(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"},
    };
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.type, "");
    kt_http_tear_down(&f);
}

static void a_body_that_is_cut_is_an_error_that_names_the_request(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_CHUNKED "5\r\nhello\r\n", .then = KT_CLOSE},
        {NULL, KT_CHUNKED "5\r\nhel", .then = KT_RESET},
        {NULL, NULL, .then = KT_CLOSE},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(replies); i++) {
        struct kt_http f;
        struct kt_asked a = {0};

        kt_http_set_up(&f, replies + i, 1);
        kt_ask(&f, &a, "/logs?secret=1");
        kt_loop_until(&f.loop, &a.done, 50);
        assert_int_equal(a.e.code, KG_ECLOSED);
        assert_non_null(strstr(a.e.text, "GET 127.0.0.1:"));
        assert_non_null(strstr(a.e.text, "/logs: "));
        assert_null(strstr(a.e.text, "secret"));
        kt_http_tear_down(&f);
    }
}

static void nobody_listens_is_told_as_such(void **state)
{
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, NULL, 0);
    kt_server_stop(&f.server);
    kt_ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ECONNECT);
    kg_http_close(f.http, kt_http_on_closed, &f);
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
    struct kt_http f;
    struct kt_asked a = {0};

    (void)state;
    kt_http_set_up(&f, replies, 1);
    assert_int_equal(kg_http_set_token(f.http, KG_STR("s3cr3t")), KG_OK);
    assert_int_equal(kg_http_set_token(f.http, KG_STR("a\r\nb")), KG_EINVALID);
    kg_http_req_init(&a.req);
    a.req.data = &a;
    assert_int_equal(kg_http_start(f.http, &a.req, &kt_http_events, &q), KG_OK);
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.status, 201);
    assert_int_equal(
        kt_server_saw(&f.server, "Authorization: Bearer s3cr3t\r\n"), 1);
    assert_int_equal(
        kt_server_saw(&f.server, "Content-Type: application/y+yaml\r\n"), 1);
    assert_int_equal(kt_server_saw(&f.server, "\r\n\r\n{\"a\":1}"), 1);
    kt_http_tear_down(&f);
}

static void headers_are_bounded(void **state)
{
    static char reply[200 * 1024] = "HTTP/1.1 200 OK\r\n";
    static const struct kt_reply replies[] = {{NULL, reply}};
    struct kt_http f;
    struct kt_asked a = {0};
    size_t len = strlen(reply);

    (void)state;
    for (int i = 0; i < 1500; i++) {
        static const char line[] = "X-Filler: 1234567890123456789012345678901"
                                   "2345678901234567890\r\n";

        memcpy(reply + len, line, sizeof(line));
        len += sizeof(line) - 1;
    }
    memcpy(reply + len, "\r\n", 3);
    kt_http_set_up(&f, replies, 1);
    kt_ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 200);
    assert_int_equal(a.e.code, KG_ELIMIT);
    assert_int_equal(a.n_heads, 0);
    kt_http_tear_down(&f);
}

static void requests_share_a_connection_and_streams_do_not(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 9},
    };
    const struct kg_http_ask q = {.method = "GET", .path = "/", .stream = true};
    struct kt_http f;

    (void)state;
    kt_http_set_up(&f, replies, 1);
    for (int i = 0; i < 3; i++) {
        struct kt_asked a = {0};

        kt_ask(&f, &a, "/");
        kt_loop_until(&f.loop, &a.done, 50);
    }
    assert_int_equal(f.server.n_connections, 1);
    for (int i = 0; i < 3; i++) {
        struct kt_asked a = {0};

        kg_http_req_init(&a.req);
        a.req.data = &a;
        assert_int_equal(kg_http_start(f.http, &a.req, &kt_http_events, &q),
                         KG_OK);
        kt_loop_until(&f.loop, &a.done, 50);
    }
    assert_int_equal(f.server.n_connections, 4);
    kt_http_tear_down(&f);
}

/* libcurl goes through the connections of all of them for each request. */
static void a_request_goes_by_none_of_the_watches(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 9},
    };
    static const struct kg_http_ask asks[] = {
        {.method = "GET", .path = "/watch"},
        {.method = "GET", .path = "/", .total_ms = 10000},
        {.method = "GET", .path = "/watch"},
    };
    struct kt_http f;

    (void)state;
    kt_http_set_up(&f, replies, 1);
    for (size_t i = 0; i < KG_COUNT_OF(asks); i++) {
        struct kt_asked a = {.req = {.data = &a}};

        kg_http_req_init(&a.req);
        assert_int_equal(
            kg_http_start(f.http, &a.req, &kt_http_events, &asks[i]), KG_OK);
        kt_loop_until(&f.loop, &a.done, 50);
    }
    assert_int_equal(f.server.n_connections, 2);
    kt_http_tear_down(&f);
}

static void a_name_is_resolved(void **state)
{
    static const struct kt_reply replies[] = {
        {NULL, KT_OK_HEAD "Content-Length: 2\r\n\r\nok"},
    };
    struct kg_http_options options = {0};
    char url[64];
    struct kt_http f;
    struct kt_asked a = {0};
    struct kg_error e;

    (void)state;
    kt_http_set_up(&f, replies, 1);
    kg_http_close(f.http, kt_http_on_closed, &f);
    (void)snprintf(url, sizeof(url), "http://localhost%s",
                   strrchr(f.server.url, ':'));
    options.server = url;
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    kt_ask(&f, &a, "/");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.body, "ok");
    f.closed = false;
    kt_http_tear_down(&f);
}

static void a_name_that_is_none_is_told(void **state)
{
    struct kg_http_options options = {.server =
                                          "http://no-such-host.invalid:1"};
    struct kt_http f;
    struct kt_asked a = {0};
    struct kt_asked b = {0};
    struct kg_error e;

    (void)state;
    kt_http_set_up(&f, NULL, 0);
    kg_http_close(f.http, kt_http_on_closed, &f);
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    kt_ask(&f, &a, "/x");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ENAME);
    assert_non_null(strstr(a.e.text, "no-such-host.invalid"));
    kt_ask(&f, &b, "/x"); /* Closed while it is looked up. */
    (void)kg_loop_turn(&f.loop);
    b.done = true;
    f.closed = false;
    kt_http_tear_down(&f);
}

static void a_name_that_can_be_none_is_told(void **state)
{
    char server[400] = "http://";
    struct kg_http_options options = {.server = server};
    struct kt_http f;
    struct kt_asked a = {0};
    struct kg_error e;

    (void)state;
    memset(server + strlen(server), 'a', 300);
    kt_http_set_up(&f, NULL, 0);
    kg_http_close(f.http, kt_http_on_closed, &f);
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    kt_ask(&f, &a, "/x");
    kt_loop_until(&f.loop, &a.done, 50);
    assert_int_equal(a.e.code, KG_ENAME);
    assert_non_null(strstr(a.e.text, "aaa"));
    f.closed = false;
    kt_http_tear_down(&f);
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
        cmocka_unit_test(requests_share_a_connection_and_streams_do_not),
        cmocka_unit_test(a_request_goes_by_none_of_the_watches),
        cmocka_unit_test(a_name_is_resolved),
        cmocka_unit_test(a_name_that_is_none_is_told),
        cmocka_unit_test(a_name_that_can_be_none_is_told),
        cmocka_unit_test(a_server_that_is_no_url_is_refused),
        cmocka_unit_test(escaping_leaves_nothing_that_a_path_reads),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
