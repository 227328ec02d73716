/* SPDX-License-Identifier: MIT */
/* kube/: a log goes on at the very byte, or a gap is told. */
#include "kubeglean/podlog.h"

#include <stdio.h>
#include <string.h>

#include "kube.h"
#include "kubeglean/heap.h"
#include "kubeglean/log.h"

#define HEAD   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define OPEN   HEAD "\r\n"
#define PATH   "GET /api/v1/namespaces/a/pods/p-1/log?container=main"
#define FOLLOW PATH "&follow=true HTTP"
#define WHOLE  PATH " HTTP"

struct logged {
    struct kt_kube k;
    struct kg_podlog log;
    struct kg_buf text;
    char gaps[256]; /* Where, as offsets. */
    bool done;
    bool closed;
    enum kg_podlog_end end;
    struct kg_error e;
    unsigned n_bytes;
    unsigned stop_at, close_at; /* Piece; 0: never. */
    bool pause;
};

static void on_bytes(struct kg_podlog *l, struct kg_str bytes);
static void on_gap(struct kg_podlog *l);
static void on_end(struct kg_podlog *l, enum kg_podlog_end end,
                   const struct kg_error *e);

static void on_log_closed(struct kg_podlog *l)
{
    ((struct logged *)l->data)->closed = true;
}

static void on_bytes(struct kg_podlog *l, struct kg_str bytes)
{
    struct logged *d = l->data;

    assert_false(d->done || d->closed);
    assert_true(bytes.len > 0);
    (void)!kg_buf_add(&d->text, bytes);
    d->n_bytes++;
    if (d->pause) {
        kg_podlog_pause(l);
    }
    if (d->n_bytes == d->stop_at) {
        kg_podlog_stop(l);
        d->done = true;
    }
    if (d->n_bytes == d->close_at) {
        kg_podlog_close(l, on_log_closed);
        d->done = true;
    }
}

static void on_gap(struct kg_podlog *l)
{
    struct logged *d = l->data;
    size_t len = strlen(d->gaps);

    (void)snprintf(d->gaps + len, sizeof(d->gaps) - len, "%llu ",
                   (unsigned long long)l->offset);
}

static void on_end(struct kg_podlog *l, enum kg_podlog_end end,
                   const struct kg_error *e)
{
    struct logged *d = l->data;

    assert_false(d->done || d->closed);
    assert_int_equal(e == NULL, end == KG_PODLOG_EOF);
    d->done = true;
    d->end = end;
    kg_error_clear(&d->e);
    if (e != NULL) {
        d->e = *e;
    }
}

static bool begin(struct logged *d, const struct kt_reply *replies, size_t n)
{
    if (!kt_kube_start(&d->k, replies, n, NULL)) {
        return false;
    }
    d->log.data = d;
    kg_buf_init(&d->text, 1024 * 1024);
    if (kg_podlog_init(&d->log, &d->k.kube, KG_STR("a"), KG_STR("p-1"),
                       KG_STR("main")) != KG_OK) {
        kt_kube_stop(&d->k);
        return false;
    }
    return true;
}

static void finish(struct logged *d)
{
    d->done = true;
    if (d->close_at == 0 || d->n_bytes < d->close_at) {
        kg_podlog_close(&d->log, on_log_closed);
    }
    kt_loop_until(&d->k.loop, &d->closed, 200);
    kg_buf_finish(&d->text);
    kt_kube_stop(&d->k);
}

/* Starts, and runs until it ends. */
static void run(struct logged *d)
{
    d->done = false;
    assert_int_equal(kg_podlog_start(&d->log, on_bytes, on_gap, on_end), KG_OK);
    kt_loop_until(&d->k.loop, &d->done, 5000);
}

static void a_log_is_handed_out_as_it_comes(void **state)
{
    static const struct kt_reply replies[] = {
        {FOLLOW, OPEN "hello, world\n", .then = KT_CLOSE, .chop = 1},
    };
    struct logged d = {0};

    (void)state;
    assert_true(begin(&d, replies, 1));
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    kt_assert_str(kg_buf_str(&d.text), "hello, world\n");
    assert_int_equal(d.log.offset, 13);
    finish(&d);
}

static void after_a_break_it_goes_on_at_the_very_byte(void **state)
{
    static const struct kt_reply replies[] = {
        {FOLLOW, HEAD "Content-Length: 99\r\n\r\nhello, w", .then = KT_CLOSE},
        {WHOLE, OPEN "hello, world", .then = KT_CLOSE, .chop = 1},
        {FOLLOW, OPEN "hello, world\n", .then = KT_CLOSE, .chop = 1},
        {WHOLE, OPEN "hello, world\n", .then = KT_CLOSE},
        {FOLLOW, OPEN "hello, world\nbye\n", .then = KT_CLOSE},
    };
    struct logged d = {0};

    (void)state;
    assert_true(begin(&d, replies, KG_COUNT_OF(replies)));
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_BROKEN);
    assert_int_equal(d.e.code, KG_ECLOSED);
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    kt_assert_str(kg_buf_str(&d.text), "hello, world\n");
    run(&d); /* A clean end that was none. */
    kt_assert_str(kg_buf_str(&d.text), "hello, world\nbye\n");
    assert_string_equal(d.gaps, "");
    finish(&d);
}

static void a_file_that_is_another_is_a_gap(void **state)
{
    static const struct kt_reply replies[] = {
        {FOLLOW, OPEN "first file", .then = KT_CLOSE},
        {WHOLE, OPEN "second", .then = KT_CLOSE},
        {FOLLOW, OPEN "second file", .then = KT_CLOSE},
        {WHOLE, OPEN "second file, more", .then = KT_CLOSE},
        {FOLLOW, OPEN "second file, more", .then = KT_CLOSE},
        {WHOLE, OPEN "", .then = KT_CLOSE},
        {FOLLOW, OPEN "", .then = KT_CLOSE},
    };
    struct logged d = {0};

    (void)state;
    assert_true(begin(&d, replies, KG_COUNT_OF(replies)));
    for (int i = 0; i < 4; i++) {
        run(&d);
        assert_int_equal(d.end, KG_PODLOG_EOF);
    }
    kt_assert_str(kg_buf_str(&d.text), "first filesecond file, more");
    assert_string_equal(d.gaps, "10 27 ");
    assert_int_equal(d.log.n_gaps, 2);
    finish(&d);
}

enum { BIG_LEN = 100 * 1024 };

static struct kt_reply big_reply(char *buf, const char *request,
                                 const char *log, size_t from, size_t to)
{
    size_t head = sizeof(OPEN) - 1;

    memcpy(buf, OPEN, head);
    memcpy(buf + head, log + from, to - from);
    return (struct kt_reply){.request = request,
                             .bytes = buf,
                             .len = head + to - from,
                             .then = KT_CLOSE};
}

static void a_rotated_file_goes_on_at_the_very_byte(void **state)
{
    static char log[BIG_LEN + 32];
    static char bufs[4][BIG_LEN + 256];
    struct kt_reply replies[4];
    struct logged d = {0};
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; len < BIG_LEN; i++) {
        len += (size_t)snprintf(log + len, 32, "line %u\n", i);
    }
    replies[0] = big_reply(bufs[0], FOLLOW, log, 0, 90000);
    replies[1] = big_reply(bufs[1], WHOLE, log, 20000, 95000);
    /* Rotated between the two readings: it is scanned again. */
    replies[2] = big_reply(bufs[2], FOLLOW, log, 21000, 96000);
    replies[3] = big_reply(bufs[3], WHOLE, log, 21000, 97000);
    assert_true(begin(&d, replies, 4));
    run(&d);
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_REFUSED); /* The script's 599. */
    d.k.server.used[2] = 0;
    d.k.server.used[3] = 0;
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    assert_int_equal(d.log.offset, 96000);
    assert_true(kg_str_eq(kg_buf_str(&d.text), kg_str_of(log, 96000)));
    assert_string_equal(d.gaps, "");
    finish(&d);
}

static void the_kubelet_s_error_text_is_no_log(void **state)
{
    static const struct kt_reply alone[] = {
        {FOLLOW, OPEN "unable to retrieve container logs for containerd://8f2e",
         .then = KT_CLOSE, .chop = 3},
    };
    static const struct kt_reply behind[] = {
        {FOLLOW,
         OPEN "{\"a\":1}unable to retrieve container logs for docker://8f2e",
         .then = KT_CLOSE, .chop = 1},
        {WHOLE, OPEN "{\"a\":1}unable", .then = KT_CLOSE, .chop = 1},
        {FOLLOW, OPEN "{\"a\":1}unable", .then = KT_CLOSE, .chop = 1},
    };
    struct logged d = {0};

    (void)state;
    assert_true(begin(&d, alone, 1));
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_REFUSED);
    assert_int_equal(d.e.code, KG_ESERVER);
    assert_non_null(strstr(d.e.text, "containerd://8f2e"));
    assert_int_equal(d.log.offset, 0);
    finish(&d);

    d = (struct logged){0};
    assert_true(begin(&d, behind, 3));
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_REFUSED);
    kt_assert_str(kg_buf_str(&d.text), "{\"a\":1}");
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    kt_assert_str(kg_buf_str(&d.text), "{\"a\":1}unable");
    finish(&d);
}

static void ends_are_told_apart(void **state)
{
    static const struct {
        struct kt_reply reply;
        enum kg_podlog_end end;
        enum kg_errc code;
    } cases[] = {
        {KT_JSON("400 Bad",
                 "{\"kind\":\"Status\",\"message\":\"container \\\"main\\\" in "
                 "pod \\\"p-1\\\" is waiting to start: ContainerCreating\"}"),
         KG_PODLOG_NOT_STARTED, KG_EBADREQUEST},
        {KT_JSON("400 Bad", "{\"kind\":\"Status\",\"message\":\"container main "
                            "is not valid for pod p-1\"}"),
         KG_PODLOG_REFUSED, KG_EBADREQUEST},
        {KT_JSON("404 Not Found", "{\"kind\":\"Status\"}"), KG_PODLOG_GONE,
         KG_ENOTFOUND},
        {KT_JSON("500 Oops", "{\"kind\":\"Status\",\"message\":\"dial tcp\"}"),
         KG_PODLOG_REFUSED, KG_ESERVER},
        {KT_JSON("403 Forbidden", "{}"), KG_PODLOG_REFUSED, KG_EFORBIDDEN},
        {{.bytes = "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", .then = KT_CLOSE},
         KG_PODLOG_REFUSED,
         KG_ESERVER},
        {{.then = KT_RESET}, KG_PODLOG_BROKEN, KG_ECLOSED},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct logged d = {0};

        assert_true(begin(&d, &cases[i].reply, 1));
        run(&d);
        assert_int_equal(d.end, cases[i].end);
        assert_int_equal(d.e.code, cases[i].code);
        assert_non_null(strstr(d.e.text, "/pods/p-1/log"));
        assert_string_equal(kg_sm_name(&d.log.sm), "idle");
        finish(&d);
    }
}

static void stdout_alone_is_asked_for_until_it_is_refused(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON_FOR(PATH "&follow=true&stream=Stdout HTTP", "422 Invalid",
                    "{\"kind\":\"Status\",\"message\":\"stream\"}"),
        {FOLLOW, OPEN "hello", .then = KT_CLOSE},
    };
    struct logged d = {0};

    (void)state;
    assert_true(begin(&d, replies, 2));
    d.k.kube.server.split_logs = true;
    run(&d);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    kt_assert_str(kg_buf_str(&d.text), "hello");
    assert_false(d.k.kube.server.split_logs);
    finish(&d);
}

static void a_paused_log_waits(void **state)
{
    static const struct kt_reply replies[] = {
        {FOLLOW, OPEN "hello, world\n", .then = KT_CLOSE, .chop = 5},
    };
    struct logged d = {.pause = true};
    unsigned n_bytes;

    (void)state;
    assert_true(begin(&d, replies, 1));
    assert_int_equal(kg_podlog_start(&d.log, on_bytes, on_gap, on_end), KG_OK);
    for (int i = 0; i < 500 && !d.done; i++) {
        n_bytes = d.n_bytes;
        for (int turns = 0; turns < 20; turns++) {
            (void)uv_run(&d.k.loop.uv, UV_RUN_NOWAIT);
        }
        assert_true(d.n_bytes <= n_bytes + 1);
        kg_podlog_resume(&d.log);
    }
    assert_true(d.done);
    assert_int_equal(d.end, KG_PODLOG_EOF);
    kt_assert_str(kg_buf_str(&d.text), "hello, world\n");
    finish(&d);
}

static const struct kt_reply story[] = {
    {FOLLOW, OPEN "hello, unab", .then = KT_CLOSE, .chop = 4},
    {WHOLE, OPEN "hello, unabridged", .then = KT_CLOSE, .chop = 4},
    {FOLLOW, OPEN "hello, unabridged world", .then = KT_CLOSE, .chop = 4},
};

static void a_callback_may_stop_and_close(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= 6; at++) {
        struct logged stopped = {.stop_at = at};
        struct logged closed = {.close_at = at};

        assert_true(begin(&stopped, story, KG_COUNT_OF(story)));
        run(&stopped);
        finish(&stopped);
        assert_true(begin(&closed, story, KG_COUNT_OF(story)));
        run(&closed);
        finish(&closed);
    }
}

static void a_log_may_close_at_every_turn(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 60; turns++) {
        struct logged d = {0};
        unsigned runs = 0;

        assert_true(begin(&d, story, KG_COUNT_OF(story)));
        d.done = true;
        for (unsigned i = 0; i < turns; i++) {
            if (d.done && runs++ < 2) {
                d.done = false;
                assert_int_equal(
                    kg_podlog_start(&d.log, on_bytes, on_gap, on_end), KG_OK);
            }
            (void)uv_run(&d.k.loop.uv, UV_RUN_NOWAIT);
        }
        finish(&d);
    }
}

static void refuse_memory(void *data, bool may_fail)
{
    struct logged d = {0};

    (void)data;
    if (!begin(&d, story, KG_COUNT_OF(story))) {
        assert_true(may_fail);
        return;
    }
    for (int i = 0; i < 2; i++) {
        d.done = false;
        if (kg_podlog_start(&d.log, on_bytes, on_gap, on_end) == KG_OK) {
            kt_kube_spin(&d.k, &d.done, may_fail ? 30 : 2000);
            kg_podlog_stop(&d.log);
        }
    }
    if (!may_fail) {
        kt_assert_str(kg_buf_str(&d.text), "hello, unabridged world");
    }
    finish(&d);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_kube_torture(refuse_memory);
}

static void names_are_checked(void **state)
{
    struct kg_podlog log;
    struct kt_kube k;

    (void)state;
    assert_true(kt_kube_start(&k, NULL, 0, NULL));
    assert_int_equal(kg_podlog_init(&log, &k.kube, KG_STR("a"),
                                    KG_STR("p/../x"), KG_STR("main")),
                     KG_EINVALID);
    assert_int_equal(kg_podlog_init(&log, &k.kube, KG_STR("a"), KG_STR("p"),
                                    KG_STR("main&follow=false")),
                     KG_EINVALID);
    assert_int_equal(
        kg_podlog_init(&log, &k.kube, KG_STR(""), KG_STR("p"), KG_STR("main")),
        KG_EINVALID);
    kt_kube_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_handed_out_as_it_comes),
        cmocka_unit_test(after_a_break_it_goes_on_at_the_very_byte),
        cmocka_unit_test(a_file_that_is_another_is_a_gap),
        cmocka_unit_test(a_rotated_file_goes_on_at_the_very_byte),
        cmocka_unit_test(the_kubelet_s_error_text_is_no_log),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(stdout_alone_is_asked_for_until_it_is_refused),
        cmocka_unit_test(a_paused_log_waits),
        cmocka_unit_test(a_callback_may_stop_and_close),
        cmocka_unit_test(a_log_may_close_at_every_turn),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(names_are_checked),
    };

    kg_log_setup(KG_LOG_ERROR, KG_LOG_LOGFMT);
    return cmocka_run_group_tests_name("podlog", tests, NULL, NULL);
}
