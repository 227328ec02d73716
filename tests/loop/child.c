/* SPDX-License-Identifier: MIT */
/* loop/: a program as a child, however it ends. */
#include "kubeglean/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kt.h"

struct ran {
    struct kg_loop loop;
    struct kg_latch open;
    struct kg_child *child;
    struct kg_error e;
    char output[256];
    bool done, closed;
};

static void on_done(void *data, const struct kg_error *e, struct kg_str output)
{
    struct ran *r = data;

    assert_false(r->done);
    r->done = true;
    r->child = NULL;
    kg_error_clear(&r->e);
    if (e != NULL) {
        r->e = *e;
    }
    (void)snprintf(r->output, sizeof(r->output), "%.*s", KG_STR_ARG(output));
}

static void on_closed(struct kg_latch *open)
{
    KG_CONTAINER_OF(open, struct ran, open)->closed = true;
}

static enum kg_errc start(struct ran *r, const char *const *args,
                          uint64_t time_ms)
{
    static const char *const env[] = {"A=b", "PATH=/usr/bin:/bin", NULL};
    const struct kg_child_options options = {.args = args,
                                             .env = env,
                                             .time_ms = time_ms,
                                             .output_max = 100,
                                             .done_cb = on_done,
                                             .data = r};

    *r = (struct ran){.done = false};
    assert_int_equal(kg_loop_init(&r->loop), KG_OK);
    kg_latch_init(&r->open, &r->loop);
    return kg_child_start(&r->open, &options, &r->e, &r->child);
}

/* Nothing is left of it: no handle, no hold, no zombie. */
static void stop(struct ran *r)
{
    kg_child_kill(r->child);
    kg_latch_close(&r->open, on_closed);
    kt_loop_until(&r->loop, &r->closed, 200);
    kg_loop_close(&r->loop);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void run(struct ran *r, const char *script, uint64_t time_ms)
{
    const char *const args[] = {"sh", "-c", script, "name", "a b", NULL};

    assert_int_equal(start(r, args, time_ms), KG_OK);
    assert_false(r->done);
    kt_loop_until(&r->loop, &r->done, 1000);
    stop(r);
}

static void output_arguments_and_environment_pass(void **state)
{
    struct ran r;

    (void)state;
    run(&r, "echo \"$1,$A,$HOME\"; cat", 10000);
    assert_int_equal(r.e.code, KG_OK);
    assert_string_equal(r.output, "a b,b,\n");
}

static void how_it_ended_is_told(void **state)
{
    static const struct {
        const char *script;
        const char *text;
        long native;
        enum kg_errc code;
    } cases[] = {
        {"echo x; exit 3", "exited with 3", 3, KG_EIO},
        {"kill -9 $$", "was ended by signal 9", 9, KG_EIO},
        {"sleep 60", "took longer than 0 seconds", 0, KG_EIO},
        {"exec >&-; sleep 60", "took longer than 0 seconds", 0, KG_EIO},
        {"sleep 60 & echo x", "took longer than 0 seconds", 0, KG_EIO},
        {"yes", "wrote more than 100 bytes", 0, KG_ELIMIT},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct ran r;

        run(&r, cases[i].script, strstr(cases[i].text, "took") ? 200 : 10000);
        assert_string_equal(r.e.text, cases[i].text);
        assert_int_equal(r.e.code, cases[i].code);
        assert_int_equal(r.e.native, cases[i].native);
    }
}

static void what_cannot_be_run_is_refused_at_once(void **state)
{
    static const char *const names[] = {"no-such-program", "/etc/passwd", "/"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        const char *const args[] = {names[i], NULL};
        struct ran r;

        assert_int_equal(start(&r, args, 1000), KG_ECONFIG);
        assert_non_null(strstr(r.e.text, names[i]));
        assert_false(r.done);
        stop(&r);
    }
}

static void killed_at_any_turn_it_is_silent(void **state)
{
    static const char *const args[] = {"sh", "-c", "echo x; exit 1", NULL};

    (void)state;
    for (int turns = 0; turns < 8; turns++) {
        struct ran r;

        assert_int_equal(start(&r, args, 10000), KG_OK);
        for (int i = 0; i < turns && !r.done; i++) {
            (void)kg_loop_turn(&r.loop);
        }
        stop(&r);
    }
}

static void start_with_refusals(void *data, bool may_fail)
{
    static const char *const args[] = {"sh", "-c", "echo x", NULL};
    struct ran r;
    enum kg_errc err = start(&r, args, 10000);

    (void)data;
    assert_true(err == KG_OK || (may_fail && err == KG_ENOMEM));
    if (err == KG_OK) {
        kt_loop_until(&r.loop, &r.done, 1000);
        assert_true(r.e.code == KG_OK || (may_fail && r.e.code == KG_ENOMEM));
    }
    stop(&r);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(start_with_refusals, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_arguments_and_environment_pass),
        cmocka_unit_test(how_it_ended_is_told),
        cmocka_unit_test(what_cannot_be_run_is_refused_at_once),
        cmocka_unit_test(killed_at_any_turn_it_is_silent),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
