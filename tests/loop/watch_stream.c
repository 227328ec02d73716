/* SPDX-License-Identifier: MIT */
/* kube/: a list that is a watch's beginning, and servers that know no such
 * thing. */
#include "kubeglean/log.h"
#include "watched.h"

#define STREAM_LIST \
    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan HTTP"
#define INITIAL_END(version)                                               \
    EVENT("BOOKMARK",                                                      \
          "{\"kind\":\"Job\",\"metadata\":{\"resourceVersion\":\"" version \
          "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}")

static void a_list_is_streamed_where_the_server_offers_it(void **state)
{
    static const struct kt_reply replies[] = {
        OPEN_STREAM(PATH "watch=1",
                    EVENT("ADDED", JOB("u1", "one", "9"))
                        EVENT("ADDED", JOB("u2", "two", "4")) INITIAL_END("10")
                            EVENT("ADDED", JOB("u3", "three", "11"))),
    };
    struct watched d = {.streams = true};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 4);
    kt_assert_str(kg_str_from(d.trace),
                  "put u1=one\nput u2=two\nsynced\nput u3=three\n");
    assert_int_equal(kt_server_saw(&d.k.server, STREAM_LIST), 1);
    assert_int_equal(d.k.server.n_requests, 1);
    assert_int_equal(d.watch.follow.n_lists, 1);
    kt_watched_end(&d);
}

/* What 1.20 says is in tests/data/exchanges, watch-initial-events. */
static void a_server_that_streams_no_lists_is_asked_for_pages(void **state)
{
    static const struct kt_reply list = KT_JSON_FOR(
        PATH "limit=500 HTTP", "200 OK", LIST("10", "", JOB("u1", "one", "3")));
    static const struct kt_reply watch = OPEN_STREAM(PATH "watch=1", "");
    static const struct {
        struct kt_reply reply;
        bool remembered; /* For the server's other watches too. */
    } cases[] = {
        {KT_JSON_FOR(PATH "watch=1", "422 Unprocessable Entity",
                     "{\"kind\":\"Status\",\"message\":\"resourceVersionMatch: "
                     "Forbidden: resourceVersionMatch is forbidden for watch\","
                     "\"reason\":\"Invalid\",\"code\":422}"),
         true},
        {KT_JSON_FOR(PATH "watch=1", "400 Bad Request",
                     "{\"kind\":\"Status\",\"code\":400}"),
         true},
        {OPEN_STREAM(PATH "watch=1", BOOKMARK("9")), false},
        {KT_JSON_FOR(PATH "watch=1", "200 OK", ""), false},
        {OPEN_STREAM(PATH "watch=1", ""), false}, /* Silent. */
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        const struct kt_reply replies[] = {cases[i].reply, list, watch};
        struct watched d = {.streams = true, .idle_ms = 100};

        kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 2);
        kt_assert_str(kg_str_from(d.trace), "put u1=one\nsynced\n");
        assert_int_equal(kt_server_saw(&d.k.server, STREAM_LIST), 1);
        assert_int_equal(d.k.kube.server.streams_lists, !cases[i].remembered);
        assert_int_equal(d.watch.follow.backoff.tries, 0); /* Nor was waited. */
        kt_watched_end(&d);
    }
}

static const struct kt_reply story[] = {
    OPEN_STREAM(PATH "watch=1", EVENT("ADDED", JOB("u1", "one", "3"))
                                    EVENT("ADDED", JOB("u2", "two", "4"))
                                        INITIAL_END("10") EVENT("ERROR", GONE)),
    OPEN_STREAM(PATH "watch=1",
                EVENT("ADDED", JOB("u2", "two", "19")) INITIAL_END("20")),
};
enum { STORY_CHANGES = 6 };

static void a_streamed_list_tells_what_vanished(void **state)
{
    struct watched d = {.streams = true};

    (void)state;
    kt_watched_follow(&d, story, KG_COUNT_OF(story), STORY_CHANGES);
    kt_assert_str(kg_str_from(d.trace),
                  "put u1=one\nput u2=two\nsynced\nput u2=two\ndeleted u1\n"
                  "synced\n");
    kt_watched_end(&d);
}

/* Half of a streamed list says nothing of who is not in it. */
static void a_streamed_list_that_breaks_begins_anew(void **state)
{
    static const struct kt_reply replies[] = {
        {.request = PATH "watch=1",
         .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" EVENT(
             "ADDED", JOB("u1", "one", "3")),
         .then = KT_CLOSE},
        OPEN_STREAM(PATH "watch=1",
                    EVENT("ADDED", JOB("u1", "one", "3")) INITIAL_END("10")),
    };
    struct watched d = {.streams = true};

    (void)state;
    kt_watched_follow(&d, replies, KG_COUNT_OF(replies), 3);
    kt_assert_str(kg_str_from(d.trace), "put u1=one\nput u1=one\nsynced\n");
    assert_int_equal(kt_server_saw(&d.k.server, STREAM_LIST), 2);
    kt_watched_end(&d);
}

static void refuse_memory(void *data, bool may_fail)
{
    struct watched d = {.until = STORY_CHANGES, .streams = true};

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
        cmocka_unit_test(a_list_is_streamed_where_the_server_offers_it),
        cmocka_unit_test(a_server_that_streams_no_lists_is_asked_for_pages),
        cmocka_unit_test(a_streamed_list_tells_what_vanished),
        cmocka_unit_test(a_streamed_list_that_breaks_begins_anew),
        cmocka_unit_test(every_allocation_may_fail),
    };

    kg_log_setup(KG_LOG_ERROR, KG_LOG_LOGFMT);
    return cmocka_run_group_tests_name("watch_stream", tests, NULL, NULL);
}
