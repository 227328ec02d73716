/* SPDX-License-Identifier: MIT */
/* base/: adversarial inputs first. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/backoff.h"
#include "kubeglean/buf.h"
#include "kubeglean/clock.h"
#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/log.h"
#include "kubeglean/metrics.h"
#include "kubeglean/sm.h"
#include "kubeglean/table.h"

static void error_text_is_cut_at_a_character(void **state)
{
    static const char *const wide[] = {"\xc3\xa4", "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80"};
    struct kg_error e;
    char text[KG_ERROR_TEXT_MAX + 8];

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(wide); i++) {
        size_t len = strlen(wide[i]);

        for (size_t cut = 1; cut < len; cut++) {
            size_t at = KG_ERROR_TEXT_MAX - 1 - cut;

            memset(text, 'a', sizeof(text));
            memcpy(text + at, wide[i], len + 1);
            assert_int_equal(kg_error_set(&e, KG_EIO, 5, "%s", text), KG_EIO);
            assert_int_equal(strlen(e.text), at);
            (void)kg_error_set(&e, KG_EIO, 5, "%s", text + 2);
            (void)kg_error_wrap(&e, "b");
            assert_int_equal(strlen(e.text), at + 1);
        }
    }
}

static void error_is_wrapped_from_outside_in(void **state)
{
    struct kg_error e;

    (void)state;
    (void)kg_error_set(&e, KG_EGONE, 410, "HTTP 410");
    assert_int_equal(kg_error_wrap(&e, "watch %s", "jobs"), KG_EGONE);
    assert_string_equal(e.text, "watch jobs: HTTP 410");
    assert_int_equal(kg_error_remedy(e.code), KG_REMEDY_RESYNC);
}

static void buf_refuses_beyond_its_maximum_and_keeps_content(void **state)
{
    struct kg_buf b;

    (void)state;
    kg_buf_init(&b, 10);
    assert_int_equal(kg_buf_adds(&b, "12345678"), KG_OK);
    assert_int_equal(kg_buf_adds(&b, "abc"), KG_ELIMIT);
    kt_assert_str(kg_buf_str(&b), "12345678");
    kg_buf_consume(&b, 3);
    assert_int_equal(kg_buf_adds(&b, "abcde"), KG_OK);
    kt_assert_str(kg_buf_str(&b), "45678abcde");
    assert_string_equal(kg_buf_cstr(&b), "45678abcde");
    kg_buf_finish(&b);
}

static void a_list_has_the_words_there_is_room_for(void **state)
{
    static const char *const words[] = {"append", "replace", "upsert", NULL};
    struct kg_buf b;

    (void)state;
    kg_buf_init(&b, 100);
    kg_buf_add_list(&b, words);
    kt_assert_str(kg_buf_str(&b), "append, replace, upsert");
    kg_buf_finish(&b);
    kg_buf_init(&b, 20);
    kg_buf_add_list(&b, words);
    kt_assert_str(kg_buf_str(&b), "append, replace");
    kg_buf_finish(&b);
}

static void buf_as_a_ring_stays_small(void **state)
{
    struct kg_buf b;

    (void)state;
    kt_heap_setup();
    kg_buf_init(&b, 1000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(kg_buf_adds(&b, "0123456789"), KG_OK);
        kg_buf_consume(&b, i % 2 == 0 ? 9 : 11);
    }
    assert_true(kt_heap_peak() <= 256);
    kg_buf_finish(&b);
    kt_heap_teardown();
}

static void json_strings_escape_what_must_be(void **state)
{
    struct kg_buf b;

    (void)state;
    kg_buf_init(&b, 1000);
    assert_int_equal(
        kg_buf_add_json(
            &b, kg_str_of("a\"\\\n\x01\0\xc3\xa4\xff\xed\xa0\x80z", 13)),
        KG_OK);
    kt_assert_str(kg_buf_str(&b),
                  "\"a\\\"\\\\\\n\\u0001\\u0000\xc3\xa4\xef\xbf\xbd"
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
    kg_buf_finish(&b);
}

static void base64_refuses_what_is_none(void **state)
{
    static const char *const bad[] = {
        "a", "abc", "ab=c", "a===", "=abc", "ab c", "YQ==YQ=="};
    char out[32];
    size_t len;

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        assert_false(kg_str_base64(kg_str_from(bad[i]), out, &len));
    }
    assert_true(kg_str_base64(KG_STR("SGFsbG8gV2VsdA=="), out, &len));
    kt_assert_str(kg_str_of(out, len), "Hallo Welt");
    assert_true(kg_str_base64(KG_STR(""), out, &len));
    assert_int_equal(len, 0);
}

static void utf8_stops_at_the_first_wrong_byte(void **state)
{
    static const struct {
        const char *text;
        size_t span;
    } cases[] = {{"abc", 3},
                 {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
                 {"a\xc0\x80", 1},
                 {"a\xed\xa0\x80", 1},
                 {"a\xf4\x90\x80\x80", 1},
                 {"a\xe0\x9f\x80", 1},
                 {"a\xf0\x8f\x80\x80", 1},
                 {"a\xe2\x82", 1},
                 {"\xff", 0}};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        assert_int_equal(kg_str_utf8_span(kg_str_from(cases[i].text)),
                         cases[i].span);
    }
}

static void numbers_refuse_overflow_and_rubbish(void **state)
{
    uint64_t u;
    int64_t i;

    (void)state;
    assert_false(kg_str_to_u64(KG_STR(""), &u));
    assert_false(kg_str_to_u64(KG_STR("1 "), &u));
    assert_false(kg_str_to_u64(KG_STR("-1"), &u));
    assert_false(kg_str_to_u64(KG_STR("18446744073709551616"), &u));
    assert_true(kg_str_to_u64(KG_STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_true(kg_str_to_i64(KG_STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_false(kg_str_to_i64(KG_STR("9223372036854775808"), &i));
}

static void str_cut_gives_every_part(void **state)
{
    struct kg_str rest = KG_STR("a,,b");

    (void)state;
    kt_assert_str(kg_str_cut(&rest, ','), "a");
    kt_assert_str(kg_str_cut(&rest, ','), "");
    assert_non_null(rest.ptr);
    kt_assert_str(kg_str_cut(&rest, ','), "b");
    assert_null(rest.ptr);
}

static void time_survives_a_round_trip(void **state)
{
    static const char *const good[] = {
        "2026-11-22T09:42:00Z", "1970-01-01T00:00:00Z",
        "2000-02-29T23:59:59Z", "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"};
    static const char *const bad[] = {"",
                                      "2026-02-29T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:00:00",
                                      "2026-01-01T00:00:00.Z",
                                      "2026-01-01T00:00:00Zx",
                                      "2026-01-01T00:00:61Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:00+24:00",
                                      "2026-01-01T00:00:00-02:60",
                                      "1900-02-29T00:00:00Z",
                                      "2026-01-01T00:00:00+2:00"};
    char text[KG_TIME_TEXT_MAX];
    int64_t us;

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(good); i++) {
        assert_true(kg_time_parse(kg_str_from(good[i]), &us));
        assert_string_equal(kg_time_format(us, text), good[i]);
    }
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        assert_false(kg_time_parse(kg_str_from(bad[i]), &us));
    }
    assert_true(
        kg_time_parse(KG_STR("2026-11-22T11:42:00.1234567+02:00"), &us));
    assert_string_equal(kg_time_format(us, text),
                        "2026-11-22T09:42:00.123456Z");
    assert_int_equal(kg_time_civil(us).weekday, 0);
    assert_true(kg_time_parse(KG_STR("2016-12-31T23:59:60Z"), &us));
    assert_string_equal(kg_time_format(us, text), "2017-01-01T00:00:00Z");
}

static void durations_are_read_as_people_write_them(void **state)
{
    uint64_t ms;

    (void)state;
    assert_true(kg_duration_parse(KG_STR("1h30m"), &ms) && ms == 5400000);
    assert_true(kg_duration_parse(KG_STR("250ms"), &ms) && ms == 250);
    assert_true(kg_duration_parse(KG_STR("90"), &ms) && ms == 90000);
    assert_false(kg_duration_parse(KG_STR("1d"), &ms));
    assert_false(kg_duration_parse(KG_STR("s"), &ms));
    assert_false(kg_duration_parse(KG_STR("1h1"), &ms));
    assert_false(kg_duration_parse(KG_STR(""), &ms));
    assert_false(kg_duration_parse(KG_STR("9999999999999999999h"), &ms));
}

struct named {
    struct kg_map_node node;
    char name[16];
};

static void map_finds_what_is_in_it(void **state)
{
    enum { N = 1000 };
    static struct named names[N];
    struct kg_map m;
    size_t seen = 0;

    (void)state;
    kg_map_init(&m);
    assert_null(kg_map_find(&m, KG_STR("x")));
    for (int i = 0; i < N; i++) {
        (void)snprintf(names[i].name, sizeof(names[i].name), "n%d", i);
        assert_int_equal(
            kg_map_insert(&m, &names[i].node, kg_str_from(names[i].name)),
            KG_OK);
    }
    assert_int_equal(kg_map_insert(&m, &names[0].node, KG_STR("n7")),
                     KG_EEXISTS);
    for (int i = 0; i < N; i += 2) {
        kg_map_remove(&m, &names[i].node);
    }
    for (struct kg_map_node *n = kg_map_next(&m, NULL); n != NULL;
         n = kg_map_next(&m, n)) {
        seen++;
    }
    assert_int_equal(seen, N / 2);
    assert_null(kg_map_find(&m, KG_STR("n8")));
    assert_ptr_equal(kg_map_find(&m, KG_STR("n9")), &names[9].node);
    kg_map_finish(&m);
}

static void an_id_dies_with_its_object(void **state)
{
    struct kg_slots s;
    struct kg_id first;
    struct kg_id second;
    int object;

    (void)state;
    kg_slots_init(&s, 1);
    assert_int_equal(kg_slots_add(&s, &object, &first), KG_OK);
    assert_int_equal(kg_slots_add(&s, &object, &second), KG_ELIMIT);
    kg_slots_remove(&s, first);
    assert_int_equal(kg_slots_add(&s, &object, &second), KG_OK);
    assert_int_equal(first.index, second.index);
    assert_null(kg_slots_get(&s, first));
    assert_ptr_equal(kg_slots_get(&s, second), &object);
    kg_slots_finish(&s);
}

static void backoff_doubles_up_to_its_maximum(void **state)
{
    struct kg_backoff b;

    (void)state;
    kg_backoff_init(&b, 800, 30000, 1);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t base = i < 6 ? 800u << i : 30000;
        uint32_t wait = kg_backoff_next(&b);

        base = base < 30000 ? base : 30000;
        assert_in_range(wait, base, base * 2 - 1);
    }
    kg_backoff_reset(&b);
    assert_in_range(kg_backoff_next(&b), 800, 1599);
}

static void keep_line(void *data, struct kg_str line)
{
    assert_int_equal(kg_buf_add(data, line), KG_OK);
}

static void a_word_is_found_in_a_list(void **state)
{
    static const char *const words[] = {"yes", "", "no", NULL};

    (void)state;
    assert_int_equal(kg_str_which(KG_STR("yes"), words), 0);
    assert_int_equal(kg_str_which(KG_STR(""), words), 1);
    assert_int_equal(kg_str_which(KG_STR("no"), words), 2);
    assert_int_equal(kg_str_which(KG_STR("n"), words), -1);
    assert_int_equal(kg_str_which(KG_STR("nothing"), words), -1);
}

static void a_name_of_kubernetes_is_known(void **state)
{
    static char long_one[255];
    static const char *const labels[] = {"a", "krr-2", "0", "a--b"};
    static const char *const others[] = {"",   "-a", "a-",   "A",   "a_b",
                                         "a.", ".a", "a..b", "a/b", "a.-b"};

    (void)state;
    memset(long_one, 'a', 254);
    assert_false(kg_str_is_dns_subdomain(kg_str_from(long_one)));
    assert_true(kg_str_is_dns_subdomain(kg_str_from(long_one + 1)));
    assert_false(kg_str_is_dns_label(kg_str_from(long_one + 190)));
    assert_false(kg_str_is_job_name(kg_str_from(long_one + 190)));
    assert_true(kg_str_is_dns_label(kg_str_from(long_one + 191)));
    assert_true(kg_str_is_job_name(kg_str_from(long_one + 191)));
    assert_true(kg_str_is_job_name(KG_STR("krr.v1")));
    assert_false(kg_str_is_dns_label(KG_STR("krr.v1")));
    for (size_t i = 0; i < KG_COUNT_OF(labels); i++) {
        assert_true(kg_str_is_dns_label(kg_str_from(labels[i])));
        assert_true(kg_str_is_job_name(kg_str_from(labels[i])));
    }
    for (size_t i = 0; i < KG_COUNT_OF(others); i++) {
        assert_false(kg_str_is_dns_label(kg_str_from(others[i])));
        assert_false(kg_str_is_dns_subdomain(kg_str_from(others[i])));
        assert_false(kg_str_is_job_name(kg_str_from(others[i])));
    }
}

static void log_lines_are_logfmt_or_json(void **state)
{
    struct kg_buf out;

    (void)state;
    kg_buf_init(&out, 100000);
    kg_log_to(keep_line, &out);
    KG_LOG(KG_LOG_DEBUG, "not seen");
    KG_LOG(KG_LOG_WARN, "two words", KG_F("a", "x y"), KG_F("b", ""),
           KG_F("c", "\xc3\xa4"), KG_FU("n", 42));
    assert_true(kg_str_find(kg_buf_str(&out),
                            KG_STR(" level=warn msg=\"two words\" a=\"x y\" "
                                   "c=\"\xc3\xa4\" n=42\n")) > 0);
    kg_buf_reset(&out);
    kg_log_setup(KG_LOG_INFO, KG_LOG_JSON);
    KG_LOG(KG_LOG_INFO, "m", KG_F("a", "\"q\""), KG_FU("n", 42));
    assert_true(kg_str_find(kg_buf_str(&out),
                            KG_STR(",\"level\":\"info\",\"msg\":\"m\","
                                   "\"a\":\"\\\"q\\\"\",\"n\":42}\n")) > 0);
    kg_log_setup(KG_LOG_INFO, KG_LOG_LOGFMT);
    kg_log_to(NULL, NULL);
    kg_buf_finish(&out);
}

static void a_long_log_line_is_cut_and_says_so(void **state)
{
    static char text[20000];
    struct kg_buf out;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    kg_buf_init(&out, 100000);
    kg_log_to(keep_line, &out);
    KG_LOG(KG_LOG_WARN, "m", KG_F("long", text));
    assert_true(kg_str_ends(kg_buf_str(&out), KG_STR(" msg=m cut=ELIMIT\n")));
    kg_log_to(NULL, NULL);
    kg_buf_finish(&out);
}

static void metrics_are_grouped_by_family(void **state)
{
    static const double bounds[] = {0.1, 1, INFINITY};
    static const struct kg_family runs = {"kubeglean_runs_total",
                                          "Runs.",
                                          KG_COUNTER,
                                          {"profile", "outcome"},
                                          NULL};
    static const struct kg_family wait = {
        "kubeglean_wait_seconds", "Wait.", KG_HISTOGRAM, {NULL}, bounds};
    const struct kg_str krr[] = {KG_STR("k\"r\\\nr"), KG_STR("complete")};
    struct kg_metrics m;
    struct kg_buf out;

    (void)state;
    kg_metrics_init(&m, 2);
    kg_metrics_observe(&m, &wait, NULL, 0.5);
    kg_metrics_add(&m, &runs, krr, 1);
    kg_metrics_add(&m, &runs, krr, 2);
    kg_metrics_add(&m, &runs, (struct kg_str[]){KG_STR("a"), KG_STR("b")}, 1);
    assert_int_equal(m.n_dropped, 1);
    kg_buf_init(&out, 10000);
    assert_int_equal(kg_metrics_text(&m, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out),
                  "# HELP kubeglean_runs_total Runs.\n"
                  "# TYPE kubeglean_runs_total counter\n"
                  "kubeglean_runs_total{profile=\"k\\\"r\\\\\\nr\","
                  "outcome=\"complete\"} 3\n"
                  "# HELP kubeglean_wait_seconds Wait.\n"
                  "# TYPE kubeglean_wait_seconds histogram\n"
                  "kubeglean_wait_seconds_bucket{le=\"0.1\"} 0\n"
                  "kubeglean_wait_seconds_bucket{le=\"1\"} 1\n"
                  "kubeglean_wait_seconds_bucket{le=\"+Inf\"} 1\n"
                  "kubeglean_wait_seconds_sum 0.5\n"
                  "kubeglean_wait_seconds_count 1\n");
    kg_buf_finish(&out);
    kg_metrics_finish(&m);
}

static void metrics_keep_their_digits(void **state)
{
    static const double bounds[] = {0.25, 1048576, INFINITY};
    static const struct kg_family size = {
        "size_bytes", "Size.", KG_HISTOGRAM, {NULL}, bounds};
    static const struct kg_family when = {
        "when_seconds", "When.", KG_GAUGE, {NULL}, NULL};
    struct kg_metrics m;
    struct kg_buf out;

    (void)state;
    kg_metrics_init(&m, 2);
    kg_metrics_observe(&m, &size, NULL, 123456789.0625);
    kg_metrics_set(&m, &when, NULL, 1795340520.125);
    kg_buf_init(&out, 10000);
    assert_int_equal(kg_metrics_text(&m, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), "# HELP size_bytes Size.\n"
                                    "# TYPE size_bytes histogram\n"
                                    "size_bytes_bucket{le=\"0.25\"} 0\n"
                                    "size_bytes_bucket{le=\"1048576\"} 0\n"
                                    "size_bytes_bucket{le=\"+Inf\"} 1\n"
                                    "size_bytes_sum 123456789.0625\n"
                                    "size_bytes_count 1\n"
                                    "# HELP when_seconds When.\n"
                                    "# TYPE when_seconds gauge\n"
                                    "when_seconds 1795340520.125\n");
    kg_buf_finish(&out);
    kg_metrics_finish(&m);
}

static void a_file_is_read_whole_or_refused(void **state)
{
    char path[] = "/tmp/kubeglean-XXXXXX";
    int fd = mkstemp(path);
    struct kg_error e;
    struct kg_buf b;

    (void)state;
    assert_int_equal(write(fd, "12345", 5), 5);
    kg_buf_init(&b, 5);
    assert_int_equal(kg_file_read(path, &b, &e), KG_OK);
    kt_assert_str(kg_buf_str(&b), "12345");
    kg_buf_finish(&b);
    kg_buf_init(&b, 4);
    assert_int_equal(kg_file_read(path, &b, &e), KG_ELIMIT);
    assert_non_null(strstr(e.text, ": longer than 4 bytes"));
    kg_buf_finish(&b);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(close(fd), 0);
    kg_buf_init(&b, 4);
    assert_int_equal(kg_file_read("/nowhere/at-all", &b, &e), KG_EIO);
    assert_string_equal(e.text, "/nowhere/at-all: No such file or directory");
    assert_int_equal(kg_file_read("/", &b, &e), KG_EIO);
    assert_string_equal(e.text, "/: Is a directory");
    kg_buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_text_is_cut_at_a_character),
        cmocka_unit_test(error_is_wrapped_from_outside_in),
        cmocka_unit_test(buf_refuses_beyond_its_maximum_and_keeps_content),
        cmocka_unit_test(a_list_has_the_words_there_is_room_for),
        cmocka_unit_test(buf_as_a_ring_stays_small),
        cmocka_unit_test(json_strings_escape_what_must_be),
        cmocka_unit_test(base64_refuses_what_is_none),
        cmocka_unit_test(utf8_stops_at_the_first_wrong_byte),
        cmocka_unit_test(numbers_refuse_overflow_and_rubbish),
        cmocka_unit_test(str_cut_gives_every_part),
        cmocka_unit_test(time_survives_a_round_trip),
        cmocka_unit_test(durations_are_read_as_people_write_them),
        cmocka_unit_test(map_finds_what_is_in_it),
        cmocka_unit_test(an_id_dies_with_its_object),
        cmocka_unit_test(backoff_doubles_up_to_its_maximum),
        cmocka_unit_test(a_word_is_found_in_a_list),
        cmocka_unit_test(a_name_of_kubernetes_is_known),
        cmocka_unit_test(log_lines_are_logfmt_or_json),
        cmocka_unit_test(a_long_log_line_is_cut_and_says_so),
        cmocka_unit_test(metrics_are_grouped_by_family),
        cmocka_unit_test(metrics_keep_their_digits),
        cmocka_unit_test(a_file_is_read_whole_or_refused),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
