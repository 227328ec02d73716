/* SPDX-License-Identifier: MIT */
/* serve/ when all places for connections are taken. */
#include <stdlib.h>

#include "kubeglean/limits.h"
#include "serve.h"

static void the_longest_waiting_makes_room(void **state)
{
    struct kt_serve f;
    struct kt_client *many;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    many = calloc(KG_LIMIT_SERVE_CONNECTIONS, sizeof(*many));
    assert_non_null(many);
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        kt_dial(&many[i], kg_serve_port(f.serve));
        kt_say(&many[i], i % 2 == 0 ? "GET /li" : "");
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < 3; i++) {
        kt_serve_ask(&f, &c, KT_ASK("GET", "/livez"));
        kt_has(&c, "200 OK");
    }
    kt_hear(&many[0]);
    assert_true(many[0].closed);
    kt_hear(&many[KG_LIMIT_SERVE_CONNECTIONS - 1]);
    assert_false(many[KG_LIMIT_SERVE_CONNECTIONS - 1].closed);
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        kt_hang_up(&many[i]);
    }
    free(many);
    kt_serve_tear_down(&f);
}

struct waiting {
    struct kg_id ids[KG_LIMIT_SERVE_CONNECTIONS];
    size_t n;
};

static void on_wait(void *data, const struct kg_request *r)
{
    struct waiting *w = data;

    assert_true(w->n < KG_COUNT_OF(w->ids));
    w->ids[w->n++] = r->id;
}

static void who_was_answered_makes_room_too(void **state)
{
    static const struct kg_route wait = {"GET", "/wait", false, on_wait};
    struct waiting w = {.n = 0};
    struct kt_serve f;
    struct kt_client *many;
    struct kt_client late;

    (void)state;
    kt_serve_set_up(&f);
    f.config.routes = &wait;
    f.config.n_routes = 1;
    f.config.data = &w;
    kt_serve_start(&f);
    many = calloc(KG_LIMIT_SERVE_CONNECTIONS, sizeof(*many));
    assert_non_null(many);
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        kt_dial(&many[i], kg_serve_port(f.serve));
        kt_say(&many[i], "GET /wait HTTP/1.1\r\n" HOST "\r\n");
        while (w.n == i) {
            (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
        }
    }
    kt_dial(&late, kg_serve_port(f.serve));
    kt_say(&late, KT_ASK("GET", "/nowhere"));
    (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    kg_serve_answer(f.serve, w.ids[7], 200, "text/plain", KG_STR("ok"));
    kt_hear_until(&late, &f.loop, "404 Not Found");
    kt_hear(&many[7]);
    kt_has(&many[7], "\r\n\r\nok");
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        kt_hang_up(&many[i]);
    }
    kt_hang_up(&late);
    free(many);
    kt_serve_tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_waiting_makes_room),
        cmocka_unit_test(who_was_answered_makes_room_too),
    };

    return cmocka_run_group_tests_name("serve_room", tests, NULL, NULL);
}
