/* SPDX-License-Identifier: MIT */
/* json/: wanted parts of JSON, wherever it is cut. */
#include "kubeglean/pick.h"
#include "kt.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

struct picked {
    struct kg_pick *pick;
    struct kg_buf out; /* One line a tree: its kind, and its JSON. */
    enum kg_errc err;
    const char *want;
    unsigned stop_after; /* Trees; 0: never. */
};

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct picked *p = data;
    enum kg_errc err;

    err = kg_buf_adds(&p->out, kind == KG_PICK_ELEMENT ? "- " : "= ");
    if (err == KG_OK) {
        err = kg_node_json(root, &p->out);
    }
    if (err == KG_OK) {
        err = kg_buf_addc(&p->out, '\n');
    }
    if (err == KG_OK && p->stop_after > 0 && --p->stop_after == 0) {
        return KG_ECANCELED;
    }
    return err;
}

static void begin(void *data)
{
    struct picked *p = data;

    kg_pick_reset(p->pick);
    kg_buf_reset(&p->out);
    p->err = KG_OK;
}

static void feed(void *data, struct kg_str piece)
{
    struct picked *p = data;

    if (p->err == KG_OK) {
        p->err = kg_pick_feed(p->pick, piece, NULL);
    }
}

static void end(void *data)
{
    struct picked *p = data;

    if (p->err == KG_OK) {
        p->err = kg_pick_end(p->pick, NULL);
    }
    assert_int_equal(p->err, KG_OK);
    kt_assert_str(kg_buf_str(&p->out), p->want);
}

static void check(const struct kg_pick_def *def, const char *text,
                  const char *want)
{
    struct picked p = {.want = want};

    kg_buf_init(&p.out, 64 * KG_KIB);
    assert_int_equal(kg_pick_create(def, on_picked, &p, &p.pick), KG_OK);
    kt_split(kg_str_from(text), &p, begin, feed, end);
    kg_pick_destroy(p.pick);
    kg_buf_finish(&p.out);
}

static const char *const meta_paths[] = {"metadata.name", "metadata.labels",
                                         "spec.containers[*].name", NULL};

static void only_what_is_wanted_is_kept(void **state)
{
    const struct kg_pick_def def = {.paths = meta_paths, .max_bytes = KG_MIB};

    (void)state;
    check(
        &def,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"uid\":[1,{\"name\":"
        "\"x\"}],\"labels\":{\"k\":\"v\",\"deep\":[true,null,{\"a\":-1.5e3}]}"
        "},\"spec\":{\"x\":1,\"containers\":[{\"name\":\"c\",\"image\":\"i\"},"
        "7,{\"name\":\"d\"}]}}",
        "= {\"metadata\":{\"name\":\"a\",\"labels\":{\"k\":\"v\",\"deep\":["
        "true,null,{\"a\":-1.5e3}]}},\"spec\":{\"containers\":[{\"name\":"
        "\"c\"},{\"name\":\"d\"}]}}\n");
    check(&def, " {\"metadata\":\"none\",\"spec\":[]} ", "= {}\n");
    check(&def, "{}", "= {}\n");
    check(&def, "7", "");
}

static void paths_may_meet_in_an_array(void **state)
{
    static const char *const paths[] = {"a[*].b", "a[*].c.d", "a[*].c.e", NULL};
    const struct kg_pick_def def = {.paths = paths, .max_bytes = KG_MIB};

    (void)state;
    check(&def, "{\"a\":[{\"b\":1,\"c\":{\"d\":2,\"e\":3,\"f\":4},\"g\":5}]}",
          "= {\"a\":[{\"b\":1,\"c\":{\"d\":2,\"e\":3}}]}\n");
}

static void texts_follow_each_other(void **state)
{
    static const char *const top[] = {"type", NULL};
    static const char *const paths[] = {"metadata.uid", NULL};
    const struct kg_pick_def def = {
        .under = "object", .paths = paths, .top = top, .max_bytes = KG_MIB};

    (void)state;
    check(&def,
          "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"uid\":\"1\"}}}\n"
          "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"uid\":\"2\","
          "\"x\":{}}}}{\"type\":\"ERROR\"}\n",
          "= {\"type\":\"ADDED\",\"object\":{\"metadata\":{\"uid\":\"1\"}}}\n"
          "= {\"type\":\"DELETED\",\"object\":{\"metadata\":{\"uid\":\"2\"}}}\n"
          "= {\"type\":\"ERROR\"}\n");
}

static void elements_come_alone_and_the_rest_last(void **state)
{
    static const char *const top[] = {"metadata.resourceVersion", NULL};
    static const char *const paths[] = {"metadata.name", NULL};
    const struct kg_pick_def def = {
        .each = "items", .paths = paths, .top = top, .max_bytes = KG_MIB};

    (void)state;
    check(&def,
          "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":{"
          "\"name\":\"a\",\"x\":1}},{},7,{\"metadata\":{\"name\":\"b\"}}]}",
          "- {\"metadata\":{\"name\":\"a\"}}\n- {}\n"
          "- {\"metadata\":{\"name\":\"b\"}}\n"
          "= {\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}\n");
    check(&def, "{\"items\":[7,[],{},null]}", "- {}\n= {\"items\":[]}\n");
    check(&def, "{\"items\":null,\"metadata\":{\"resourceVersion\":\"5\"}}",
          "= {\"metadata\":{\"resourceVersion\":\"5\"}}\n");
}

static void everything_can_be_wanted(void **state)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    const char *text = "{\"a\":[1,[],{}],\"b\":{\"c\":\"d\"},\"e\":null}";

    (void)state;
    check(&def, text, "= {\"a\":[1,[],{}],\"b\":{\"c\":\"d\"},\"e\":null}\n");
    check(&def, "17", "= 17\n");
    check(&def, "[0,-0,0.5,-1.25e-7,10E+2]", "= [0,-0,0.5,-1.25e-7,10E+2]\n");
}

static void everything_of_an_element_can_be_wanted(void **state)
{
    const struct kg_pick_def def = {
        .each = "items", .whole = true, .max_bytes = KG_MIB};

    (void)state;
    check(&def,
          "{\"kind\":\"L\",\"items\":[{\"a\":[{\"b\":1}],\"c\":{}},7,[8]]}",
          "- {\"a\":[{\"b\":1}],\"c\":{}}\n- 7\n- [8]\n= {\"items\":[]}\n");
}

static void strings_are_decoded(void **state)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};

    (void)state;
    check(&def,
          "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e4\\u20AC\","
          "\"\\ud83d\\ude00\",\"\\ud83dx\\ude00\\ud83d\",\"\xc3\xa4\"]",
          "= [\"\\\"\\\\/\\b\\f\\n\\r\\t\",\"A\xc3\xa4\xe2\x82\xac\","
          "\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\","
          "\"\xc3\xa4\"]\n");
}

static enum kg_errc feed_all(const struct kg_pick_def *def, struct kg_str text,
                             struct kg_error *e)
{
    struct picked p = {0};
    enum kg_errc err;

    kg_buf_init(&p.out, KG_MIB);
    assert_int_equal(kg_pick_create(def, on_picked, &p, &p.pick), KG_OK);
    err = kg_pick_feed(p.pick, text, e);
    if (err != KG_OK) {
        struct kg_error again;

        assert_int_equal(kg_pick_feed(p.pick, KG_STR("{}"), &again), err);
        assert_string_equal(again.text, e->text);
        assert_int_equal(kg_pick_end(p.pick, &again), err);
        assert_string_equal(again.text, e->text);
    } else {
        err = kg_pick_end(p.pick, e);
    }
    kg_pick_destroy(p.pick);
    kg_buf_finish(&p.out);
    return err;
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    static const char *const bad[] = {
        "{",        "{]",          "[}",         "{\"a\"}", "{\"a\":}",
        "{a:1}",    "{\"a\":1,}",  "[1,]",       "[1 2]",   "\"a\nb\"",
        "\"\\x\"",  "\"\\u12g4\"", "[tru]",      "[nul]",   "}",
        "{\"a\":1", "\"\xff\"",    "[\"\xc3\"]", "{,}",     "[,]",
        "[-]",      "[01]",        "[1.]",       "[1.e5]",  "[.5]",
        "[1e]",     "[1e+]",       "[1abc]",     "[--1]",   "[1.2.3]",
        "[+1]",     "[-a]",        "[0x1]",      "[1E5e]",  "[truefalse]",
    };
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    struct kg_error e;

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        assert_int_equal(feed_all(&def, kg_str_from(bad[i]), &e), KG_ESYNTAX);
    }
    assert_int_equal(feed_all(&def, KG_STR("[1,\n!]"), &e), KG_ESYNTAX);
    kt_assert_str(kg_str_from(e.text), "JSON at byte 4: cannot be parsed");
}

static void large_things_cost_nothing_unless_wanted(void **state)
{
    static const char *const paths[] = {"a", NULL};
    const struct kg_pick_def skip = {.paths = paths, .max_bytes = 8 * KG_KIB};
    const struct kg_pick_def keep = {.whole = true, .max_bytes = 8 * KG_KIB};
    struct kg_buf text;
    struct kg_error e;
    size_t before;

    (void)state;
    kg_buf_init(&text, 8 * KG_MIB);
    assert_int_equal(kg_buf_adds(&text, "{\"b\":\""), KG_OK);
    for (int i = 0; i < 400000; i++) {
        assert_int_equal(kg_buf_adds(&text, "0123456789"), KG_OK);
    }
    assert_int_equal(kg_buf_adds(&text, "\",\"a\":1}"), KG_OK);
    kt_heap_setup();
    before = kt_heap_bytes();
    assert_int_equal(feed_all(&skip, kg_buf_str(&text), NULL), KG_OK);
    assert_true(kt_heap_peak() - before < 64 * KG_KIB);
    assert_int_equal(feed_all(&keep, kg_buf_str(&text), &e), KG_ELIMIT);
    kt_heap_teardown();
    kg_buf_finish(&text);
}

static void what_is_kept_is_bounded_and_given_back(void **state)
{
    const struct kg_pick_def small = {.whole = true, .max_bytes = 8 * KG_KIB};
    const struct kg_pick_def large = {.whole = true, .max_bytes = KG_MIB};
    struct picked p = {0};
    struct kg_error e;
    struct kg_buf text;

    (void)state;
    kt_heap_setup();
    kg_buf_init(&text, KG_MIB);
    assert_int_equal(kg_buf_adds(&text, "[0"), KG_OK);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(kg_buf_adds(&text, ",1"), KG_OK);
    }
    assert_int_equal(kg_buf_adds(&text, "]"), KG_OK);
    assert_int_equal(feed_all(&small, kg_buf_str(&text), &e), KG_ELIMIT);
    kg_buf_reset(&text);
    for (int i = 0; i < 50000; i++) {
        assert_int_equal(kg_buf_adds(&text, i == 0 ? "\"" : "0123456789"),
                         KG_OK);
    }
    assert_int_equal(kg_buf_adds(&text, "\""), KG_OK);
    kg_buf_init(&p.out, KG_MIB);
    assert_int_equal(kg_pick_create(&large, on_picked, &p, &p.pick), KG_OK);
    assert_int_equal(kg_pick_feed(p.pick, kg_buf_str(&text), &e), KG_OK);
    kg_buf_finish(&p.out);
    kg_buf_finish(&text);
    assert_true(kt_heap_bytes() < 64 * KG_KIB);
    kg_pick_destroy(p.pick);
    kt_heap_teardown();
}

static void a_reset_forgets_half_a_character(void **state)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    struct picked p = {0};

    (void)state;
    kg_buf_init(&p.out, KG_MIB);
    assert_int_equal(kg_pick_create(&def, on_picked, &p, &p.pick), KG_OK);
    assert_int_equal(kg_pick_feed(p.pick, KG_STR("{\"a\":[\"\\ud83d"), NULL),
                     KG_OK);
    kg_pick_reset(p.pick);
    assert_int_equal(kg_pick_feed(p.pick, KG_STR("\"\\ude00\""), NULL), KG_OK);
    kt_assert_str(kg_buf_str(&p.out), "= \"\xef\xbf\xbd\"\n");
    kg_pick_destroy(p.pick);
    kg_buf_finish(&p.out);
}

static void nesting_is_bounded(void **state)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    char text[2 * KG_LIMIT_DEPTH + 2];
    struct kg_error e;

    (void)state;
    for (size_t i = 0; i <= KG_LIMIT_DEPTH; i++) {
        text[i] = '[';
        text[KG_LIMIT_DEPTH + 1 + i] = ']';
    }
    assert_int_equal(feed_all(&def, kg_str_of(text, sizeof(text)), &e),
                     KG_ELIMIT);
    assert_int_equal(
        feed_all(&def, kg_str_of(text + 1, sizeof(text) - 2), NULL), KG_OK);
}

static void the_owner_can_stop_it(void **state)
{
    const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    struct picked p = {.stop_after = 2};

    (void)state;
    kg_buf_init(&p.out, KG_MIB);
    assert_int_equal(kg_pick_create(&def, on_picked, &p, &p.pick), KG_OK);
    assert_int_equal(kg_pick_feed(p.pick, KG_STR("{}{}{}"), NULL),
                     KG_ECANCELED);
    kt_assert_str(kg_buf_str(&p.out), "= {}\n= {}\n");
    kg_pick_destroy(p.pick);
    kg_buf_finish(&p.out);
}

static void pick_with_refusals(void *data, bool may_fail)
{
    const struct kg_pick_def def = {
        .each = "items", .paths = meta_paths, .max_bytes = KG_MIB};
    struct picked p = {0};
    enum kg_errc err;

    (void)data;
    kg_buf_init(&p.out, KG_MIB);
    err = kg_pick_create(&def, on_picked, &p, &p.pick);
    if (err == KG_OK) {
        err = kg_pick_feed(
            p.pick,
            KG_STR("{\"items\":[{\"metadata\":{\"name\":\"a\",\"labels\":{"
                   "\"b\":\"c\"}}},{\"metadata\":{}}]}"),
            NULL);
        kg_pick_destroy(p.pick);
    }
    assert_true(err == KG_OK || (may_fail && err == KG_ENOMEM));
    kg_buf_finish(&p.out);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(pick_with_refusals, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_wanted_is_kept),
        cmocka_unit_test(paths_may_meet_in_an_array),
        cmocka_unit_test(texts_follow_each_other),
        cmocka_unit_test(elements_come_alone_and_the_rest_last),
        cmocka_unit_test(everything_can_be_wanted),
        cmocka_unit_test(everything_of_an_element_can_be_wanted),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(large_things_cost_nothing_unless_wanted),
        cmocka_unit_test(what_is_kept_is_bounded_and_given_back),
        cmocka_unit_test(a_reset_forgets_half_a_character),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_owner_can_stop_it),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("pick", tests, NULL, NULL);
}
