/* SPDX-License-Identifier: MIT */
/* serve/ on a real loop: a slow or hostile client costs nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kubeglean/limits.h"
#include "serve.h"

static void the_routes_answer(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_serve_ask(&f, &c, KT_ASK("GET", "/livez"));
    kt_has(&c, "HTTP/1.1 200 OK\r\n");
    kt_has(&c, "\r\n\r\nok\n");
    kt_serve_ask(&f, &c, KT_ASK("GET", "/readyz"));
    kt_has(&c, "HTTP/1.1 200 OK\r\n");
    f.not_ready = "no connection to the database";
    kt_serve_ask(&f, &c, KT_ASK("GET", "/readyz"));
    kt_has(&c, "HTTP/1.1 503 Service Unavailable\r\n");
    kt_has(&c, "\r\n\r\nno connection to the database");
    kt_serve_ask(&f, &c, KT_ASK("GET", "/metrics"));
    kt_has(&c, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    kt_has(&c, "\nkubeglean_test 42\n");
    kt_serve_ask(&f, &c, KT_ASK("POST", "/api/v1/tasks/krr/run"));
    kt_has(&c, "HTTP/1.1 202 Accepted\r\n");
    kt_has(&c, "\r\n\r\n{\"runs\":[{\"namespace\":\"team-a\",\"job\":\"krr-1\","
               "\"uid\":\"uid \\\"1\\\"\"}]}\n");
    kt_serve_ask(&f, &c, KT_ASK("POST", "/api/v1/tasks/nope/run"));
    kt_has(&c, "HTTP/1.1 404 Not Found\r\n");
    kt_has(&c, "{\"error\":\"task nope: no\"}");
    kt_serve_ask(&f, &c, KT_ASK("POST", "/api/v1/tasks/busy/run"));
    kt_has(&c, "HTTP/1.1 409 Conflict\r\n");
    kt_serve_tear_down(&f);
}

static void what_is_not_there_is_refused(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_serve_ask(&f, &c, KT_ASK("GET", "/"));
    kt_has(&c, "HTTP/1.1 404 Not Found\r\n");
    kt_serve_ask(&f, &c, KT_ASK("DELETE", "/livez"));
    kt_has(&c, "HTTP/1.1 405 Method Not Allowed\r\n");
    kt_has(&c, "\r\nAllow: GET, HEAD\r\n");
    kt_serve_ask(&f, &c, KT_ASK("GET", "/api/v1/tasks/krr/run"));
    kt_has(&c, "\r\nAllow: POST\r\n");
    kt_serve_ask(&f, &c, KT_ASK("OPTIONS", "*"));
    kt_has(&c, "HTTP/1.1 400 Bad Request\r\n");
    kt_serve_tear_down(&f);
}

static void head_has_no_body_and_the_bodys_length(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_serve_ask(&f, &c, KT_ASK("HEAD", "/livez"));
    kt_has(&c, "\r\nContent-Length: 3\r\n");
    assert_string_equal(c.text + c.len - 4, "\r\n\r\n");
    kt_serve_tear_down(&f);
}

static void pipelined_requests_are_answered_in_their_order(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "GET /livez HTTP/1.1\r\n" HOST "\r\n"
               "GET /nowhere HTTP/1.1\r\n" HOST "\r\n"
               "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
               "Content-Length: 2\r\n\r\n{}"
               "GET /metrics HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    kt_hear_until(&c, &f.loop, NULL);
    kt_has(&c, "\r\n\r\nok\nHTTP/1.1 404 ");
    kt_has(&c, "}\nHTTP/1.1 202 Accepted");
    kt_has(&c, "]}\nHTTP/1.1 200 OK");
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void a_connection_is_kept_for_the_next_request(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    for (int i = 0; i < 100; i++) {
        c.len = 0;
        kt_say(&c, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
        kt_hear_until(&c, &f.loop, "ok\n");
    }
    assert_false(c.closed);
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void until_asked(struct kt_serve *f, unsigned n)
{
    for (int i = 0; i < 5000 && f->n_asked < n; i++) {
        (void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
        (void)usleep(100);
    }
    assert_int_equal(f->n_asked, n);
}

static void one_request_at_a_time_of_a_connection(void **state)
{
    struct kt_serve f;
    struct kt_client c;
    struct kg_id first;

    (void)state;
    kt_serve_set_up(&f);
    f.answer_later = true;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\nPOST ");
    until_asked(&f, 1);
    kt_say(&c, "/api/v1/tasks/two/run HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < 50; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(f.n_asked, 1);
    assert_string_equal(f.task, "krr");
    first = f.asked;
    kt_serve_start_run(&f);
    kt_hear_until(&c, &f.loop, "]}\n");
    until_asked(&f, 2);
    assert_string_equal(f.task, "two");
    kg_serve_answer(f.serve, first, 200, "text/plain", KG_STR("wrong"));
    kt_serve_start_run(&f);
    kt_hear_until(&c, &f.loop, "]}\nHTTP/1.1 202 Accepted");
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void an_answer_to_nobody_is_dropped(void **state)
{
    struct kt_serve f;
    struct kt_client c;
    struct kg_id first;

    (void)state;
    kt_serve_set_up(&f);
    f.answer_later = true;
    f.config.answer_ms = 30;
    kt_serve_start(&f);
    kt_serve_ask(&f, &c, KT_ASK("POST", "/api/v1/tasks/krr/run"));
    kt_has(&c, "HTTP/1.1 504 Gateway Timeout\r\n");
    first = f.asked;
    kt_serve_start_run(&f);
    f.config.answer_ms = 0;
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    until_asked(&f, 2);
    kg_serve_answer(f.serve, first, 200, "text/plain", KG_STR("wrong"));
    kt_serve_start_run(&f);
    kt_hear_until(&c, &f.loop, "202 Accepted");
    assert_null(strstr(c.text, "wrong"));
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void a_slow_request_is_ended(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    f.config.request_ms = 40;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    for (int i = 0; i < 100 && c.len == 0; i++) {
        (void)send(c.fd, "a", 1, MSG_NOSIGNAL);
        usleep(2000);
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
        kt_hear(&c);
    }
    kt_has(&c, "HTTP/1.1 4");
    kt_hang_up(&c);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "GET /livez HTTP/1.1\r\n");
    kt_hear_until(&c, &f.loop, NULL);
    kt_has(&c, "HTTP/1.1 408 Request Timeout\r\n");
    kt_has(&c, "\r\nConnection: close\r\n");
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    f.config.idle_ms = 30;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_hear_until(&c, &f.loop, NULL);
    assert_int_equal(c.len, 0);
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void on_big(void *data, const struct kg_request *r)
{
    static char body[KG_LIMIT_SERVE_ANSWER];

    (void)data;
    kg_serve_answer(r->serve, r->id, 200, "text/plain",
                    kg_str_of(body, sizeof(body)));
}

static const struct kg_route big = {"GET", "/big", false, on_big};

static void who_does_not_read_the_answer_is_closed(void **state)
{
    size_t n_heard = 0;
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    f.config.answer_ms = 50;
    f.config.routes = &big;
    f.config.n_routes = 1;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    for (int i = 0; i < 20; i++) { /* More than the system's buffers hold. */
        kt_say(&c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    }
    for (int i = 0; i < 100; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
        usleep(2000);
    }
    while (!c.closed) { /* What is still there to be read, and no more. */
        c.len = 0;
        kt_hear(&c);
        n_heard += c.len;
    }
    assert_in_range(n_heard, 1, 19 * KG_LIMIT_SERVE_ANSWER);
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void an_answer_that_is_too_long_is_not_sent(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    f.answer_later = true;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    until_asked(&f, 1);
    kg_serve_answer(f.serve, f.asked, 200, "text/plain",
                    kg_str_of(c.text, KG_LIMIT_SERVE_ANSWER + 1));
    kt_hear_until(&c, &f.loop, "500 Internal Server Error");
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

static void a_refusal_arrives_although_more_was_sent(void **state)
{
    static char much[8000];
    bool reset = false;
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    memset(much, 'a', sizeof(much));
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
               "Content-Length: 100000\r\n\r\n");
    for (int i = 0; i < 8; i++) {
        (void)send(c.fd, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kt_hear_until(&c, &f.loop, "413 Content Too Large");
    for (int i = 0; i < 50 && !reset; i++) { /* Far less than a second. */
        ssize_t len =
            send(c.fd, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT);

        reset = len < 0 && errno != EAGAIN;
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_true(reset);
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

/* "GET /", `fill` times 'a', then the rest. */
static void refused_with(struct kt_serve *f, size_t fill, const char *rest,
                         const char *status, const char *why)
{
    static char request[KG_LIMIT_SERVE_HEAD + 256];
    struct kt_client c;

    memcpy(request, "GET /", 5);
    memset(request + 5, 'a', fill);
    memcpy(request + 5 + fill, rest, strlen(rest) + 1);
    kt_serve_ask(f, &c, request);
    kt_has(&c, status);
    kt_has(&c, why);
}

static void each_refusal_says_why(void **state)
{
    struct kt_serve f;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    refused_with(&f, KG_LIMIT_SERVE_URL, " HTTP/1.1\r\n" HOST "\r\n",
                 " 414 URI Too Long\r\n", "the path is too long");
    refused_with(&f, 0, " HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n",
                 " 417 Expectation Failed\r\n", "only 100-continue");
    refused_with(&f, 0, " HTTP/2.0\r\n" HOST "\r\n",
                 " 505 HTTP Version Not Supported\r\n", "not HTTP/1.1");
    refused_with(&f, 0, " HTTP/1.1\r\n\r\n", " 400 Bad Request\r\n",
                 "no clear HTTP request");
    kt_serve_tear_down(&f);
}

static void a_head_that_is_too_long_is_refused(void **state)
{
    static char request[KG_LIMIT_SERVE_HEAD + 64];
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    memset(request, 'a', sizeof(request) - 1);
    memcpy(request, "GET / HTTP/1.1\r\nX: ", 19);
    kt_serve_ask(&f, &c, request);
    kt_has(&c, "431 Request Header Fields Too Large\r\n");
    kt_serve_tear_down(&f);
}

static void an_error_becomes_its_status(void **state)
{
    static const struct {
        enum kg_errc code;
        const char *status;
    } cases[] = {
        {KG_ENOTFOUND, " 404 "}, {KG_EEXISTS, " 409 "},
        {KG_ECONFLICT, " 409 "}, {KG_EFORBIDDEN, " 403 "},
        {KG_EBUSY, " 503 "},     {KG_ESERVER, " 500 "},
    };
    struct kt_serve f;

    (void)state;
    kt_serve_set_up(&f);
    f.answer_later = true;
    kt_serve_start(&f);
    for (unsigned i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kt_client c;
        struct kg_error e;

        kt_dial(&c, kg_serve_port(f.serve));
        kt_say(&c, KT_ASK("POST", "/api/v1/tasks/krr/run"));
        until_asked(&f, i + 1);
        (void)kg_error_set(&e, cases[i].code, 0, "number %u", i);
        kg_endpoint_refused(f.serve, f.asked, &e);
        kt_hear_until(&c, &f.loop, NULL);
        kt_has(&c, cases[i].status);
        kt_has(&c, "{\"error\":\"number ");
        kt_hang_up(&c);
    }
    kt_serve_tear_down(&f);
}

static void who_waits_to_be_told_so_is_told_to_go_on(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
               "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    kt_hear_until(&c, &f.loop, "HTTP/1.1 100 Continue\r\n\r\n");
    kt_say(&c, "{}");
    kt_hear_until(&c, &f.loop, "HTTP/1.1 202 Accepted\r\n");
    kt_hang_up(&c);
    kt_serve_tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_routes_answer),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(head_has_no_body_and_the_bodys_length),
        cmocka_unit_test(pipelined_requests_are_answered_in_their_order),
        cmocka_unit_test(a_connection_is_kept_for_the_next_request),
        cmocka_unit_test(one_request_at_a_time_of_a_connection),
        cmocka_unit_test(an_answer_to_nobody_is_dropped),
        cmocka_unit_test(a_slow_request_is_ended),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(who_does_not_read_the_answer_is_closed),
        cmocka_unit_test(an_answer_that_is_too_long_is_not_sent),
        cmocka_unit_test(a_refusal_arrives_although_more_was_sent),
        cmocka_unit_test(each_refusal_says_why),
        cmocka_unit_test(a_head_that_is_too_long_is_refused),
        cmocka_unit_test(an_error_becomes_its_status),
        cmocka_unit_test(who_waits_to_be_told_so_is_told_to_go_on),
    };

    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
