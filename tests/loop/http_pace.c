/* SPDX-License-Identifier: MIT */
/* http/: requests wait for their turn; watches and canceled ones do not. */
#include "http.h"

enum { MANY = 6 };

static const struct kt_reply replies[] = {
    {"GET /slow", KT_OK_HEAD "Content-Length: 5\r\n\r\nhell", .more = 99},
    {"GET /", KT_OK_HEAD "Content-Length: 2\r\n\r\nok", .more = 99},
};

/* As kt_http_set_up(), with limits. */
static void set_up(struct kt_http *f, uint32_t qps, uint32_t burst,
                   uint32_t n_at_once)
{
    struct kg_http_options options = {.user_agent = "test/1",
                                      .qps = qps,
                                      .burst = burst,
                                      .n_at_once = n_at_once};
    struct kg_error e;

    f->closed = false;
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kt_server_start(&f->server, &f->loop, replies, KG_COUNT_OF(replies));
    options.server = f->server.url;
    assert_int_equal(kg_http_create(&f->loop, &options, &e, &f->http), KG_OK);
}

static void turn_for(struct kt_http *f, uint64_t ms)
{
    uint64_t until_ms = uv_hrtime() / 1000000 + ms;

    while (uv_hrtime() / 1000000 < until_ms) {
        (void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
    }
}

static void ask(struct kt_http *f, struct kt_asked *a, const char *path,
                bool watch)
{
    const struct kg_http_ask ask = {
        .method = "GET", .path = path, .idle_ms = 60000, .watch = watch};

    a->req.data = a;
    kg_http_req_init(&a->req);
    assert_int_equal(kg_http_start(f->http, &a->req, &kt_http_events, &ask),
                     KG_OK);
}

static void cancel(struct kt_asked *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        kg_http_cancel(&a[i].req);
    }
}

static void no_more_than_so_many_are_under_way(void **state)
{
    struct kt_asked asked[MANY] = {0};
    struct kt_asked watch = {0};
    struct kt_http f;

    (void)state;
    set_up(&f, 0, 0, 2);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&f, &asked[i], "/slow", false);
    }
    turn_for(&f, 50);
    assert_int_equal(f.server.n_requests, 2);
    ask(&f, &watch, "/slow?watch", true);
    turn_for(&f, 50);
    assert_int_equal(f.server.n_requests, 3);
    cancel(asked, 1);
    turn_for(&f, 50);
    assert_int_equal(f.server.n_requests, 4);
    cancel(asked, MANY);
    cancel(&watch, 1);
    kt_http_tear_down(&f);
}

static void beyond_the_burst_the_rate_counts(void **state)
{
    struct kt_asked asked[MANY] = {0};
    struct kt_http f;
    uint64_t began_ns = uv_hrtime();

    (void)state;
    set_up(&f, 20, 2, 0);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&f, &asked[i], "/", false);
    }
    kt_loop_until(&f.loop, &asked[MANY - 1].done, 500);
    assert_true(uv_hrtime() - began_ns >= UINT64_C(180) * 1000000);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(asked[i].status, 200);
    }
    kt_http_tear_down(&f);
}

static void who_waits_may_be_canceled_and_closed(void **state)
{
    struct kt_asked asked[MANY] = {0};
    struct kt_http f;

    (void)state;
    set_up(&f, 1, 1, 1);
    for (unsigned i = 0; i < MANY; i++) {
        ask(&f, &asked[i], "/slow", false);
    }
    turn_for(&f, 20);
    cancel(asked + 1, 2);
    turn_for(&f, 20);
    assert_int_equal(f.server.n_requests, 1);
    kt_http_tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_so_many_are_under_way),
        cmocka_unit_test(beyond_the_burst_the_rate_counts),
        cmocka_unit_test(who_waits_may_be_canceled_and_closed),
    };

    return cmocka_run_group_tests_name("http_pace", tests, NULL, NULL);
}
