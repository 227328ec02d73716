/* SPDX-License-Identifier: MIT */
/* kube/: the place in a log is found again, or it is said that it is not. */
#include "kube/tail.h"

#include <stdio.h>

#include "kt.h"
#include "kube/digest.h"
#include "kube/sentence.h"
#include "kubeglean/backoff.h"
#include "kubeglean/heap.h"

enum { LOG_LEN = 300 * 1024 };

/* A log whose every line differs. */
static char *make_log(void)
{
    char *log = kg_alloc(LOG_LEN + 32);
    size_t len = 0;

    assert_non_null(log);
    for (unsigned i = 0; len < LOG_LEN; i++) {
        len += (size_t)snprintf(log + len, 32, "line %u of the report\n", i);
    }
    return log;
}

static void add_in_pieces(struct kg_tail *t, struct kg_str s, size_t piece)
{
    while (s.len > 0) {
        size_t len = s.len < piece ? s.len : piece;

        assert_int_equal(kg_tail_add(t, kg_str_of(s.ptr, len)), KG_OK);
        s = kg_str_of(s.ptr + len, s.len - len);
    }
}

static bool scan(struct kg_tail *t, struct kg_str file, size_t piece,
                 struct kg_digest *ret_place)
{
    assert_int_equal(kg_tail_scan_begin(t), KG_OK);
    while (file.len > 0) {
        size_t len = file.len < piece ? file.len : piece;

        kg_tail_scan(t, kg_str_of(file.ptr, len));
        file = kg_str_of(file.ptr + len, file.len - len);
    }
    return kg_tail_scan_end(t, ret_place);
}

static void a_file_that_begins_with_all_we_read_goes_on_there(void **state)
{
    static const size_t read[] = {
        1, 5000, KG_TAIL_LEN - 1, KG_TAIL_LEN, KG_TAIL_LEN + 1, 200 * 1024};
    char *log = make_log();

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(read); i++) {
        struct kg_digest place;
        struct kg_tail t;

        kg_tail_init(&t);
        add_in_pieces(&t, kg_str_of(log, read[i]), 777);
        assert_true(scan(&t, kg_str_of(log, LOG_LEN), 16384, &place));
        assert_int_equal(place.len, read[i]);
        assert_true(scan(&t, kg_str_of(log, read[i]), 1000, &place));
        assert_int_equal(place.len, read[i]);
        assert_false(scan(&t, kg_str_of(log, read[i] - 1), 1000, &place));
        kg_tail_finish(&t);
    }
    kg_free(log);
}

static void a_rotated_file_goes_on_behind_the_last_64_kib(void **state)
{
    char *log = make_log();
    size_t read = 200 * 1024;

    (void)state;
    for (size_t from = 1; from < read; from += 9973) {
        bool whole_tail = from <= read - KG_TAIL_LEN;
        struct kg_digest place;
        struct kg_tail t;

        kg_tail_init(&t);
        add_in_pieces(&t, kg_str_of(log, read), 16384);
        assert_int_equal(
            scan(&t, kg_str_of(log + from, LOG_LEN - from), 999, &place),
            whole_tail);
        if (whole_tail) {
            bool reached;
            bool same;
            struct kg_str rest;

            assert_int_equal(place.len, read - from);
            kg_tail_skip_begin(&t);
            rest =
                kg_tail_skip(&t, &place, kg_str_of(log + from, LOG_LEN - from),
                             &reached, &same);
            assert_true(reached && same);
            assert_ptr_equal(rest.ptr, log + read);
            kg_tail_move(&t, &place);
            add_in_pieces(&t, rest, 16384); /* And is found there again. */
            assert_true(
                scan(&t, kg_str_of(log + from, LOG_LEN - from), 999, &place));
            assert_int_equal(place.len, LOG_LEN - from);
        }
        kg_tail_finish(&t);
    }
    kg_free(log);
}

static void a_tail_that_is_there_twice_proves_nothing(void **state)
{
    struct kg_digest place;
    struct kg_tail t;
    char *log = kg_alloc(LOG_LEN);

    (void)state;
    assert_non_null(log);
    for (size_t i = 0; i < LOG_LEN; i++) { /* A period of 5000 bytes. */
        log[i] = (char)('a' + (i % 5000) % 23);
    }
    kg_tail_init(&t);
    add_in_pieces(&t, kg_str_of(log, 200 * 1024), 4096);
    assert_false(scan(&t, kg_str_of(log + 1, 250 * 1024), 4096, &place));
    kg_tail_finish(&t);
    kg_free(log);
}

static void a_file_that_changed_between_is_seen(void **state)
{
    struct kg_digest place = {0};
    struct kg_tail t;
    bool reached;
    bool same;

    (void)state;
    kg_tail_init(&t);
    add_in_pieces(&t, KG_STR("hello"), 2);
    assert_true(scan(&t, KG_STR("hello, world"), 3, &place));
    kg_tail_skip_begin(&t);
    (void)kg_tail_skip(&t, &place, KG_STR("hel"), &reached, &same);
    assert_false(reached);
    (void)kg_tail_skip(&t, &place, KG_STR("p me"), &reached, &same);
    assert_true(reached);
    assert_false(same);
    kg_tail_finish(&t);
}

/* Whatever was lost: a place that is said to be known is the right one. */
static void a_place_is_never_a_wrong_one(void **state)
{
    struct kg_random r;
    char *log = make_log();

    (void)state;
    kg_random_init(&r, 7);
    for (int i = 0; i < 40; i++) {
        size_t read = 1 + (size_t)kg_random_below(&r, LOG_LEN - 1);
        size_t from = (size_t)kg_random_below(&r, LOG_LEN);
        struct kg_digest place;
        struct kg_tail t;

        kg_tail_init(&t);
        add_in_pieces(&t, kg_str_of(log, read), 8192);
        if (scan(&t, kg_str_of(log + from, LOG_LEN - from), 8192, &place)) {
            assert_int_equal(from + place.len, read);
        } else {
            assert_true(from > 0 && from + KG_TAIL_LEN > read);
        }
        kg_tail_finish(&t);
    }
    kg_free(log);
}

static void read_with_refusals(void *data, bool may_fail)
{
    struct kg_digest place;
    struct kg_tail t;
    enum kg_errc err = KG_OK;

    kg_tail_init(&t);
    for (int i = 0; i < 10; i++) {
        enum kg_errc one =
            kg_tail_add(&t, kg_str_of((char *)data + 8192 * i, 8192));

        err = one != KG_OK ? one : err;
    }
    if (kg_tail_scan_begin(&t) == KG_OK) {
        kg_tail_scan(&t, kg_str_of(data, LOG_LEN));
        assert_true(kg_tail_scan_end(&t, &place));
        assert_int_equal(place.len, 81920);
    }
    assert_true(err == KG_OK || may_fail);
    kg_tail_finish(&t);
}

static void every_allocation_may_fail(void **state)
{
    char *log = make_log();

    (void)state;
    kt_torture(read_with_refusals, log);
    kg_free(log);
}

static void a_digest_does_not_depend_on_the_cut(void **state)
{
    static const char text[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,"
        "0123456789abcdefghijklmnopqrstuvwxyz";
    const size_t len = sizeof(text) - 1;
    struct kg_digest whole;

    (void)state;
    kg_digest_init(&whole);
    kg_digest_add(&whole, kg_str_of(text, len));
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            struct kg_digest d;

            kg_digest_init(&d);
            kg_digest_add(&d, kg_str_of(text, a));
            kg_digest_add(&d, kg_str_of(text + a, b - a));
            assert_int_equal(kg_digest_eq(&d, &whole), b == len);
            kg_digest_add(&d, kg_str_of(text + b, len - b));
            assert_true(kg_digest_eq(&d, &whole));
        }
    }
}

static void each_byte_changes_a_digest(void **state)
{
    char text[100] = {0};

    (void)state;
    for (size_t len = 1; len <= sizeof(text); len++) {
        for (size_t i = 0; i < len; i++) {
            struct kg_digest a, b;

            kg_digest_init(&a);
            kg_digest_add(&a, kg_str_of(text, len));
            text[i] = 'x';
            kg_digest_init(&b);
            kg_digest_add(&b, kg_str_of(text, len));
            text[i] = '\0';
            assert_false(kg_digest_eq(&a, &b));
        }
    }
}

static void the_kubelet_s_sentence_is_known_at_any_cut(void **state)
{
    static const char text[] = "unable to retrieve container logs for "
                               "containerd://0123456789abcdef";
    const size_t len = sizeof(text) - 1;

    (void)state;
    assert_true(kg_sentence_is(kg_str_of(text, len)));
    for (size_t i = 1; i <= len; i++) {
        char before[200];
        size_t all = (size_t)snprintf(before, sizeof(before), "{\"a\":1}%.*s",
                                      (int)i, text);

        assert_true(kg_sentence_begins(kg_str_of(text, i)));
        assert_int_equal(kg_sentence_at_end(kg_str_of(before, all)), i);
    }
    assert_false(kg_sentence_is(kg_str_of(text, 40)));
    assert_int_equal(kg_sentence_at_end(KG_STR("unable to retrieve it\n")), 0);
    assert_int_equal(kg_sentence_at_end(KG_STR("{\"u\":\"unable\"}")), 0);
    assert_int_equal(kg_sentence_at_end(KG_STR("")), 0);
    assert_int_equal(
        kg_sentence_at_end(KG_STR("unable to retrieve container logs for "
                                  "containerd://01\n{}")),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_begins_with_all_we_read_goes_on_there),
        cmocka_unit_test(a_rotated_file_goes_on_behind_the_last_64_kib),
        cmocka_unit_test(a_tail_that_is_there_twice_proves_nothing),
        cmocka_unit_test(a_file_that_changed_between_is_seen),
        cmocka_unit_test(a_place_is_never_a_wrong_one),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_digest_does_not_depend_on_the_cut),
        cmocka_unit_test(each_byte_changes_a_digest),
        cmocka_unit_test(the_kubelet_s_sentence_is_known_at_any_cut),
    };

    return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
