/* SPDX-License-Identifier: MIT */
/* serve/: drained, closed at every turn, and every allocation refused. */
#include "serve.h"

#include <stdlib.h>
#include <unistd.h>

static void draining_answers_what_is_under_way(void **state)
{
    struct kt_serve f;
    struct kt_client idle, asking, writing;

    (void)state;
    kt_serve_set_up(&f);
    f.answer_later = true;
    kt_serve_start(&f);
    kt_dial(&idle, kg_serve_port(f.serve));
    kt_dial(&asking, kg_serve_port(f.serve));
    kt_dial(&writing, kg_serve_port(f.serve));
    kt_say(&asking, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    kt_say(&writing, "GET /livez HTTP/1.1\r\n");
    while (f.n_asked == 0) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kg_serve_drain(f.serve, kt_serve_on_drained, &f);
    assert_false(f.drained);
    kt_hear_until(&idle, &f.loop, NULL);
    kt_say(&writing, HOST "\r\n");
    kt_hear_until(&writing, &f.loop, "200 OK");
    kt_has(&writing, "Connection: close");
    kt_hang_up(&writing);
    kt_serve_start_run(&f);
    kt_hear_until(&asking, &f.loop, "202 Accepted");
    kt_hang_up(&asking);
    kt_loop_until(&f.loop, &f.drained, 100);
    kt_hang_up(&idle);
    kt_serve_tear_down(&f);
}

static void on_last(void *data, const struct kg_request *r)
{
    struct kt_serve *f = data;

    kg_serve_answer(r->serve, r->id, 200, "text/plain", KG_STR("ok"));
    kg_serve_drain(r->serve, kt_serve_on_drained, f);
}

static void draining_waits_for_no_second_request(void **state)
{
    static const struct kg_route last = {"GET", "/last", false, on_last};
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    f.config.routes = &last;
    f.config.n_routes = 1;
    f.config.data = &f;
    kt_serve_start(&f);
    kt_dial(&c, kg_serve_port(f.serve));
    kt_say(&c, "GET /last HTTP/1.1\r\n" HOST "\r\n");
    kt_hear_until(&c, &f.loop, NULL);
    kt_has(&c, "\r\n\r\nok");
    kt_hang_up(&c);
    kt_loop_until(&f.loop, &f.drained, 10);
    kt_serve_tear_down(&f);
}

static void draining_nothing_ends_from_the_loop(void **state)
{
    struct kt_serve f;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kg_serve_drain(f.serve, kt_serve_on_drained, &f);
    assert_false(f.drained);
    kt_loop_until(&f.loop, &f.drained, 10);
    kt_serve_tear_down(&f);
}

static void a_close_silences_the_drain(void **state)
{
    struct kt_serve f;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kg_serve_drain(f.serve, kt_serve_on_drained, &f);
    kt_serve_tear_down(&f);
    assert_false(f.drained);
}

static void closed_at_every_turn_nothing_is_left(void **state)
{
    char path[] = "/tmp/kubeglean-token-XXXXXX";

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    kt_write_file(path, "s3cret");
    for (int turns = 0; turns < 40; turns++) {
        struct kt_serve f;
        struct kt_client a, b, c;

        kt_heap_setup();
        kt_serve_set_up(&f);
        f.config.token_file = path;
        f.answer_later = turns % 2 == 0;
        kt_serve_start(&f);
        kt_dial(&a, kg_serve_port(f.serve));
        kt_dial(&b, kg_serve_port(f.serve));
        kt_dial(&c, kg_serve_port(f.serve));
        kt_say(&a, "GET /livez HTTP/1.1\r\n" HOST "\r\nGET /metr");
        kt_say(&b, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                   "Authorization: Bearer s3cret\r\n\r\n");
        kt_say(&c, "nonsense\r\n");
        for (int i = 0; i < turns; i++) {
            (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
            if (i == 20) {
                kg_serve_drain(f.serve, kt_serve_on_drained, &f);
            }
        }
        kt_serve_tear_down(&f);
        kt_hang_up(&a);
        kt_hang_up(&b);
        kt_hang_up(&c);
        kt_heap_teardown();
    }
    assert_int_equal(unlink(path), 0);
}

static void refused_memory(void *data, bool may_fail)
{
    struct kt_serve f;
    struct kt_client c;
    struct kg_error e;

    kt_serve_set_up(&f);
    f.config.token_file = data;
    if (kg_serve_create(&f.loop, &f.config, &f.serve, &e) == KG_OK) {
        kt_dial(&c, kg_serve_port(f.serve));
        kt_say(&c, KT_ASK("GET", "/metrics"));
        kt_hear_until(&c, &f.loop, "\r\n\r\n");
        kt_has(&c, may_fail ? "HTTP/1.1 " : "\nkubeglean_test 42\n");
        kt_hang_up(&c);
        kt_serve_ask(&f, &c,
                     "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                     "Authorization: Bearer s3cret\r\n"
                     "Connection: close\r\n\r\n");
        kt_has(&c, may_fail ? "HTTP/1.1 " : "202 Accepted");
    } else {
        assert_true(may_fail);
        assert_int_equal(e.code, KG_ENOMEM);
        f.serve = NULL;
    }
    kt_serve_tear_down(&f);
}

static void no_memory_is_answered_and_leaks_nothing(void **state)
{
    char path[] = "/tmp/kubeglean-token-XXXXXX";

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    kt_write_file(path, "s3cret");
    kt_torture(refused_memory, path);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draining_answers_what_is_under_way),
        cmocka_unit_test(draining_waits_for_no_second_request),
        cmocka_unit_test(draining_nothing_ends_from_the_loop),
        cmocka_unit_test(a_close_silences_the_drain),
        cmocka_unit_test(closed_at_every_turn_nothing_is_left),
        cmocka_unit_test(no_memory_is_answered_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
