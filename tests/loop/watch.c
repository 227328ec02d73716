/* SPDX-License-Identifier: MIT */
/* kube/: a collection is followed through everything that ends a watch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kubeglean/log.h"
#include "watched.h"

static void a_list_in_pages_then_a_watch(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON_FOR(PATH "limit=500 HTTP", "200 OK",
                    LIST("10", "c/1", JOB("u1", "one", "3"))),
        KT_JSON_FOR(PATH "limit=500&continue=c%2F1 HTTP", "200 OK",
                    LIST("10", "", JOB("u2", "two", "4"))),
        OPEN_STREAM(PATH "watch=1&allowWatchBookmarks=true&timeoutSeconds=",
                    EVENT("ADDED", JOB("u3", "three", "11"))
                        EVENT("MODIFIED", JOB("u1", "one", "12"))
                            EVENT("DELETED", JOB("u2", "two", "13"))),
    };
    struct watched d = {0};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 6);
    kt_assert_str(kg_str_from(d.trace),
                  "put u1=one\nput u2=two\nsynced\nput u3=three\nput u1=one\n"
                  "deleted u2=two\n");
    assert_int_equal(kt_server_saw(&d.k.server, "&resourceVersion=10 HTTP"), 1);
    assert_int_equal(kg_watch_n_objects(&d.watch), 2);
    assert_true(d.watch.follow.synced);
    kt_watched_end(&d);
}

static void events_may_be_cut_anywhere(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("200 OK", LIST("10", "", JOB("u1", "one", "3"))),
        {.bytes =
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" EVENT(
                 "ADDED", JOB("u2", "two", "11")) BOOKMARK("12")
                 EVENT("DELETED", JOB("u1", "one", "13")),
         .chop = 1},
    };
    struct watched d = {0};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 4);
    kt_assert_str(kg_str_from(d.trace),
                  "put u1=one\nsynced\nput u2=two\ndeleted u1=one\n");
    kt_watched_end(&d);
}

/* What the owner did not ask for is passed over, however large. */
static void an_event_of_megabytes_is_told_from_little_memory(void **state)
{
    enum { LARGE = 3 * 1024 * 1024 };
    static char stream[LARGE + 1024];
    const struct kt_reply replies[] = {
        KT_JSON("200 OK", LIST("10", "", "")),
        {.bytes = stream, .chop = 60000},
    };
    int len = snprintf(
        stream, sizeof(stream),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"uid\":\"u2\",\"name\":"
        "\"two\",\"resourceVersion\":\"11\",\"annotations\":{\"big\":\"");
    struct watched d = {0};

    (void)state;
    memset(stream + len, 'x', LARGE);
    (void)snprintf(stream + len + LARGE, sizeof(stream) - LARGE - (size_t)len,
                   "\"}}}}\n" EVENT("ADDED", JOB("u3", "three", "12")));
    kt_heap_setup();
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 3);
    kt_assert_str(kg_str_from(d.trace), "synced\nput u2=two\nput u3=three\n");
    assert_true(kt_heap_peak() < LARGE / 3);
    kt_watched_end(&d);
    kt_heap_teardown();
}

static void deleted_may_be_the_first_news(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("200 OK", LIST("10", "", "")),
        OPEN_STREAM(PATH "watch=1", EVENT("DELETED", JOB("u1", "one", "11"))
                                        EVENT("ADDED", JOB("u2", "one", "12"))),
    };
    struct watched d = {0};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 3);
    kt_assert_str(kg_str_from(d.trace), "synced\ndeleted u1=one\nput u2=one\n");
    assert_int_equal(kg_watch_n_objects(&d.watch), 1);
    kt_watched_end(&d);
}

/* The watch ends after a bookmark, in many ways, and goes on from it. */
static void a_watch_that_ends_goes_on_where_it_was(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    static const char bookmark[] = BOOKMARK("77");
    static char stream[512];
    static const struct kt_reply list = KT_JSON("200 OK", LIST("10", "", ""));
    static const struct kt_reply go_on =
        OPEN_STREAM(NULL, EVENT("ADDED", JOB("u9", "nine", "78")));
    static char clean[600];
    static char half[600];
    const struct kt_reply ends[] = {
        {.bytes = clean},
        {.bytes = clean, .then = KT_CLOSE},
        {.bytes = stream, .then = KT_CLOSE},
        {.bytes = stream, .then = KT_RESET},
        {.bytes = half, .then = KT_CLOSE},
    };

    (void)state;
    (void)snprintf(stream, sizeof(stream), "%s3\r\n%.3s\r\n%zx\r\n%s\r\n", head,
                   bookmark, sizeof(bookmark) - 4, bookmark + 3);
    (void)snprintf(clean, sizeof(clean), "%s0\r\n\r\n", stream);
    (void)snprintf(half, sizeof(half), "%s1\r\n{\r\n0\r\n\r\n", stream);
    for (size_t i = 0; i < KG_COUNT_OF(ends); i++) {
        const struct kt_reply replies[] = {list, ends[i], go_on};
        struct watched d = {0};

        kt_watched_follow(&d, replies, 3, 2);
        kt_assert_str(kg_str_from(d.trace), "synced\nput u9=nine\n");
        if (ends[i].then != KT_RESET) { /* Which may take bytes with it. */
            assert_int_equal(kt_server_saw(&d.k.server, "&resourceVersion=77 "),
                             1);
        }
        assert_int_equal(d.watch.follow.n_lists, 1);
        assert_int_equal(d.watch.follow.n_restarts, 1);
        kt_watched_end(&d);
    }
}

static void a_watch_that_went_silent_is_dead(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("200 OK", LIST("10", "", "")),
        OPEN_STREAM(PATH "watch=1", BOOKMARK("77")),
        OPEN_STREAM(PATH "watch=1", EVENT("ADDED", JOB("u9", "nine", "78"))),
    };
    struct watched d = {.idle_ms = 30};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 2);
    kt_assert_str(kg_str_from(d.trace), "synced\nput u9=nine\n");
    assert_int_equal(kt_server_saw(&d.k.server, "&resourceVersion=77 "), 1);
    assert_int_equal(d.watch.follow.n_lists, 1);
    kt_watched_end(&d);
}

static void gone_means_list_again_and_what_vanished_is_told(void **state)
{
    static const struct kt_reply first = KT_JSON(
        "200 OK",
        LIST("10", "", JOB("u1", "one", "3") "," JOB("u2", "two", "4")));
    static const struct kt_reply second =
        KT_JSON("200 OK", LIST("20", "", JOB("u2", "two", "19")));
    static const struct kt_reply watch =
        OPEN_STREAM(PATH "watch=1", EVENT("ADDED", JOB("u5", "five", "21")));
    static const struct kt_reply gone[] = {
        KT_JSON_FOR(PATH "watch=1", "410 Gone", GONE),
        OPEN_STREAM(PATH "watch=1", EVENT("ERROR", GONE)),
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(gone); i++) {
        const struct kt_reply replies[] = {first, gone[i], second, watch};
        struct watched d = {0};

        kt_watched_follow(&d, replies, 4, 7);
        kt_assert_str(kg_str_from(d.trace),
                      "put u1=one\nput u2=two\nsynced\nput u2=two\n"
                      "deleted u1\nsynced\nput u5=five\n");
        assert_int_equal(d.watch.follow.n_lists, 2);
        kt_watched_end(&d);
    }
}

static void a_page_token_that_expired_means_one_list_in_one_piece(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON_FOR(PATH "limit=500 HTTP", "200 OK",
                    LIST("10", "t", JOB("u1", "one", "3"))),
        KT_JSON_FOR(PATH "limit=500&continue=t HTTP", "410 Gone", GONE),
        KT_JSON_FOR("GET /apis/batch/v1/namespaces/a/jobs? HTTP", "200 OK",
                    LIST("11", "", JOB("u2", "two", "4"))),
        OPEN_STREAM(PATH "watch=1", ""),
    };
    struct watched d = {0};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 4);
    kt_assert_str(kg_str_from(d.trace),
                  "put u1=one\nput u2=two\ndeleted u1\nsynced\n");
    kt_watched_end(&d);
}

static void what_no_retry_can_cure_is_told(void **state)
{
    static const struct {
        struct kt_reply reply;
        enum kg_errc code;
        const char *text;
    } cases[] = {
        {KT_JSON("403 Forbidden",
                 "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":"
                 "\"jobs.batch is forbidden: User \\\"u\\\" cannot list "
                 "resource \\\"jobs\\\" in API group \\\"batch\\\" in the "
                 "namespace \\\"a\\\"\"}"),
         KG_EFORBIDDEN, "missing right to list jobs.batch in namespace a"},
        {KT_JSON("401 Unauthorized", "{\"kind\":\"Status\"}"), KG_EUNAUTHORIZED,
         "list jobs: GET 127.0.0.1:"},
        {{.bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n"
                   "404 page not found\n",
          .then = KT_CLOSE},
         KG_ENOTFOUND,
         "HTTP 404"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct watched d = {0};

        kt_watched_follow(&d, &cases[i].reply, 1, 99);
        assert_int_equal(d.e.code, cases[i].code);
        assert_non_null(strstr(d.e.text, cases[i].text));
        assert_non_null(strstr(d.e.text, "/namespaces/a/jobs: HTTP "));
        assert_int_equal(d.n_changes, 0);
        assert_string_equal(kg_sm_name(&d.watch.follow.sm), "idle");
        kt_watched_end(&d);
    }
}

static void write_token(const char *file, const char *token)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_true(fputs(token, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_token_that_was_replaced_is_read_again(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("401 Unauthorized", "{\"kind\":\"Status\"}"),
        KT_JSON("200 OK", LIST("10", "", "")),
        KT_JSON_FOR(PATH "watch=1", "401 Unauthorized",
                    "{\"kind\":\"Status\"}"),
    };
    char file[] = "/tmp/kt-token-XXXXXX";
    int fd = mkstemp(file);
    struct watched d = {.token_file = file};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    write_token(file, "first");
    d.until = 99;
    assert_true(kt_watched_begin(&d, replies, KG_COUNT_OF(replies)));
    write_token(file, "second");
    kt_loop_until(&d.k.loop, &d.done, 500);
    assert_int_equal(d.n_synced, 1);
    assert_int_equal(kt_server_saw(&d.k.server, "Bearer first\r\n"), 1);
    assert_int_equal(kt_server_saw(&d.k.server, "Bearer second\r\n"), 2);
    assert_int_equal(d.e.code, KG_EUNAUTHORIZED);
    assert_int_equal(unlink(file), 0);
    kt_watched_end(&d);
}

static void what_a_retry_can_cure_is_retried(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("500 Oops", "{\"kind\":\"Status\"}"),
        KT_JSON("429 Busy", "{\"kind\":\"Status\"}"),
        {.then = KT_RESET},
        KT_JSON("200 OK", "{\"metadata\":{},\"items\":[!"),
        KT_JSON("200 OK", "{\"items\":[{\"metadata\":{}}]}"),
        KT_JSON("200 OK", "{\"items\":[]}"),
        KT_JSON("200 OK", LIST("10", "", JOB("u1", "one", "3"))),
        KT_JSON_FOR(PATH "watch=1", "503 Busy", "{\"kind\":\"Status\"}"),
        OPEN_STREAM(PATH "watch=1", EVENT("ERROR", "{\"code\":500}")),
        OPEN_STREAM(PATH "watch=1", EVENT("ADDED", "{\"metadata\":{}}")),
        OPEN_STREAM(PATH "watch=1", EVENT("ADDED", JOB("u2", "two", "11"))),
    };
    struct watched d = {0};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 3);
    kt_assert_str(kg_str_from(d.trace), "put u1=one\nsynced\nput u2=two\n");
    assert_int_equal(d.k.server.n_requests, KG_COUNT_OF(replies));
    kt_watched_end(&d);
}

static void the_server_s_time_to_wait_is_kept(void **state)
{
    static const struct kt_reply replies[] = {
        {.bytes = "HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nContent-Type: "
                  "application/json\r\n\r\n{}",
         .then = KT_CLOSE},
        KT_JSON("200 OK", LIST("10", "", "")),
        OPEN_STREAM(PATH "watch=1", ""),
    };
    struct watched d = {0};
    uint64_t began = uv_hrtime();

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 1);
    assert_true(uv_hrtime() - began >= UINT64_C(990000000));
    kt_watched_end(&d);
}

static const struct kt_reply story[] = {
    KT_JSON("200 OK",
            LIST("10", "", JOB("u1", "one", "3") "," JOB("u2", "two", "4"))),
    KT_JSON_FOR(PATH "watch=1", "410 Gone", GONE),
    KT_JSON("200 OK", LIST("20", "", JOB("u2", "two", "19"))),
    OPEN_STREAM(PATH "watch=1", EVENT("ADDED", JOB("u5", "five", "21"))
                                    EVENT("DELETED", JOB("u2", "two", "22"))),
};
enum { STORY_CHANGES = 8 };

static void a_callback_may_stop_and_close(void **state)
{
    (void)state;
    for (unsigned at = 1; at <= STORY_CHANGES; at++) {
        struct watched stopped = {.stop_at = at};
        struct watched closed = {.close_at = at};

        kt_watched_follow(&stopped, story, KG_COUNT_OF(story), at);
        for (int i = 0; i < 10; i++) {
            (void)uv_run(&stopped.k.loop.uv, UV_RUN_NOWAIT);
        }
        assert_int_equal(stopped.n_changes, at);
        kt_watched_end(&stopped);
        kt_watched_follow(&closed, story, KG_COUNT_OF(story), at);
        assert_int_equal(closed.n_changes, at);
        kt_watched_end(&closed);
    }
}

static void a_watch_started_again_tells_what_is_there(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON(
            "200 OK",
            LIST("10", "", JOB("u1", "one", "3") "," JOB("u2", "two", "4"))),
        KT_JSON("200 OK", LIST("20", "", JOB("u2", "two", "19"))),
        OPEN_STREAM(PATH "watch=1", ""),
    };
    struct watched d = {.restart_at = 2};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 5);
    kt_assert_str(kg_str_from(d.trace), "put u1=one\nput u2=two\nput u2=two\n"
                                        "deleted u1\nsynced\n");
    kt_watched_end(&d);
}

static void a_watch_may_close_at_every_turn(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 60; turns++) {
        struct watched d = {0};

        d.until = STORY_CHANGES;
        assert_true(kt_watched_begin(&d, story, KG_COUNT_OF(story)));
        for (unsigned i = 0; i < turns && !d.done; i++) {
            (void)kg_loop_turn(&d.k.loop);
        }
        kt_watched_end(&d);
    }
}

static void refuse_memory(void *data, bool may_fail)
{
    struct watched d = {.until = STORY_CHANGES};

    (void)data;
    kt_watched_tell(&d, story, KG_COUNT_OF(story), may_fail);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_kube_torture(refuse_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_in_pages_then_a_watch),
        cmocka_unit_test(events_may_be_cut_anywhere),
        cmocka_unit_test(an_event_of_megabytes_is_told_from_little_memory),
        cmocka_unit_test(deleted_may_be_the_first_news),
        cmocka_unit_test(a_watch_that_ends_goes_on_where_it_was),
        cmocka_unit_test(a_watch_that_went_silent_is_dead),
        cmocka_unit_test(gone_means_list_again_and_what_vanished_is_told),
        cmocka_unit_test(a_page_token_that_expired_means_one_list_in_one_piece),
        cmocka_unit_test(what_no_retry_can_cure_is_told),
        cmocka_unit_test(a_token_that_was_replaced_is_read_again),
        cmocka_unit_test(what_a_retry_can_cure_is_retried),
        cmocka_unit_test(the_server_s_time_to_wait_is_kept),
        cmocka_unit_test(a_callback_may_stop_and_close),
        cmocka_unit_test(a_watch_started_again_tells_what_is_there),
        cmocka_unit_test(a_watch_may_close_at_every_turn),
        cmocka_unit_test(every_allocation_may_fail),
    };

    kg_log_setup(KG_LOG_ERROR, KG_LOG_LOGFMT);
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
