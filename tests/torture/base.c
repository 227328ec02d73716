/* SPDX-License-Identifier: MIT */
/* base/ and loop/ without memory: what was there stays, and nothing leaks. */
#include <math.h>
#include <stdio.h>

#include "kt.h"
#include "kubeglean/buf.h"
#include "kubeglean/heap.h"
#include "kubeglean/log.h"
#include "kubeglean/metrics.h"
#include "kubeglean/table.h"
#include "kubeglean/tree.h"
#include "kubeglean/yaml.h"

enum { N = 40 };

struct named {
    struct kg_map_node node;
    char name[16];
};

/* A map that cannot grow any more takes more all the same. */
static void fill_map(void *data, bool may_fail)
{
    struct named names[N];
    struct kg_map m;
    size_t n = 0;

    (void)data;
    kg_map_init(&m);
    for (int i = 0; i < N; i++) {
        (void)snprintf(names[i].name, sizeof(names[i].name), "n%d", i);
        if (kg_map_insert(&m, &names[i].node, kg_str_from(names[i].name)) ==
            KG_OK) {
            n++;
            continue;
        }
        assert_true(may_fail && m.n_buckets == 0);
        assert_null(kg_map_find(&m, kg_str_from(names[i].name)));
    }
    assert_int_equal(m.n_nodes, n);
    for (struct kg_map_node *node = kg_map_next(&m, NULL); node != NULL;
         node = kg_map_next(&m, node)) {
        assert_ptr_equal(kg_map_find(&m, node->key), node);
        n--;
    }
    assert_int_equal(n, 0);
    kg_map_finish(&m);
}

static void a_map_keeps_what_it_has(void **state)
{
    (void)state;
    kt_torture(fill_map, NULL);
}

static void fill_slots(void *data, bool may_fail)
{
    int objects[N];
    struct kg_id ids[N] = {{0, 0}};
    struct kg_slots s;

    (void)data;
    kg_slots_init(&s, N);
    for (int i = 0; i < N; i++) {
        enum kg_errc err = kg_slots_add(&s, &objects[i], &ids[i]);

        assert_true(err == KG_OK || (err == KG_ENOMEM && may_fail));
    }
    for (int i = 0; i < N; i++) {
        void *object = kg_slots_get(&s, ids[i]);

        assert_ptr_equal(object,
                         ids[i].generation != 0 ? (void *)&objects[i] : NULL);
    }
    kg_slots_finish(&s);
}

static void slots_keep_what_they_have(void **state)
{
    (void)state;
    kt_torture(fill_slots, NULL);
}

static void measure(void *data, bool may_fail)
{
    static const double bounds[] = {0.1, INFINITY};
    static const struct kg_family wait = {
        "wait_seconds", "Wait.", KG_HISTOGRAM, {"of"}, bounds};
    struct kg_metrics m;
    struct kg_buf out;
    enum kg_errc err;

    (void)data;
    kg_metrics_init(&m, 10);
    kg_buf_init(&out, 10000);
    kg_metrics_observe(&m, &wait, (struct kg_str[]){KG_STR("a\n")}, 1);
    kg_metrics_observe(&m, &wait, (struct kg_str[]){KG_STR("b")}, 1);
    assert_int_equal(m.series.n_nodes + m.n_dropped, 2);
    assert_true(m.n_dropped == 0 || may_fail);
    err = kg_metrics_text(&m, &out);
    assert_true(err == KG_OK || may_fail);
    kg_buf_finish(&out);
    kg_metrics_finish(&m);
}

static void a_sample_without_memory_is_counted(void **state)
{
    (void)state;
    kt_torture(measure, NULL);
}

static void escape_long(void *data, bool may_fail)
{
    static const char text[] = "a text that is longer than what a buffer takes "
                               "at first, with \"quotes\" and \x01 and \xff";
    struct kg_buf b;
    enum kg_errc err;

    (void)data;
    kg_buf_init(&b, 1000);
    err = kg_buf_adds(&b, "before ");
    if (err == KG_OK && kg_buf_add_json(&b, kg_str_from(text)) != KG_OK) {
        assert_true(may_fail);
        kt_assert_str(kg_buf_str(&b), "before ");
    }
    kg_buf_finish(&b);
}

static void what_cannot_be_escaped_is_not_begun(void **state)
{
    (void)state;
    kt_torture(escape_long, NULL);
}

struct lines {
    char text[4096];
    size_t len;
};

static void keep_line(void *data, struct kg_str line)
{
    struct lines *l = data;

    assert_true(line.len <= sizeof(l->text));
    memcpy(l->text, line.ptr, line.len);
    l->len = line.len;
}

/* JSON is YAML, whose reader is at hand. */
static void assert_is_json(struct kg_str line)
{
    struct kg_node *root = NULL;
    struct kg_tree t;
    struct kg_error e;

    kg_tree_init(&t, 100000);
    if (kg_yaml_parse_one(line, "line", &t, &root, &e) != KG_OK) {
        fail_msg("%s: %.*s", e.text, KG_STR_ARG(line));
    }
    assert_non_null(kg_node_get(root, "msg"));
    kg_tree_finish(&t);
}

static void log_json(void *data, bool may_fail)
{
    struct lines l = {.len = 0};

    (void)data;
    kg_log_setup(KG_LOG_INFO, KG_LOG_JSON);
    kg_log_to(keep_line, &l);
    KG_LOG(KG_LOG_WARN, "a message of some length", KG_F("watch", "jobs"),
           KG_F("err", "something that makes the line longer than a buffer is "
                       "at first, and once more"),
           KG_FU("retry_ms", 12345));
    kg_log_to(NULL, NULL);
    kg_log_setup(KG_LOG_INFO, KG_LOG_LOGFMT);
    kt_heap_fail_never();
    assert_true(l.len > 0 || may_fail);
    if (l.len > 0) { /* Else it is on standard error. */
        assert_is_json(kg_str_of(l.text, l.len));
    }
}

static void a_line_that_is_cut_is_json_still(void **state)
{
    (void)state;
    kt_torture(log_json, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_keeps_what_it_has),
        cmocka_unit_test(slots_keep_what_they_have),
        cmocka_unit_test(a_sample_without_memory_is_counted),
        cmocka_unit_test(what_cannot_be_escaped_is_not_begun),
        cmocka_unit_test(a_line_that_is_cut_is_json_still),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
