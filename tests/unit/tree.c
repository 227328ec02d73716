/* SPDX-License-Identifier: MIT */
/* The JSON tree of configuration and manifests. */
#include "kubeglean/tree.h"
#include "kt.h"
#include "kubeglean/buf.h"

static bool build_tree(struct kg_tree *t)
{
    struct kg_node *o = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *a = kg_tree_new(t, KG_ARRAY, KG_STR(""));

    return kg_tree_put(t, o, "kind", kg_tree_string(t, "Jo\"b")) &&
           kg_tree_put(t, o, "n", kg_tree_int(t, -7)) &&
           kg_tree_put(t, o, "list", a) &&
           kg_tree_add(a, kg_tree_bool(t, true)) &&
           kg_tree_add(a, kg_tree_new(t, KG_NULL, KG_STR(""))) &&
           kg_tree_put(t, o, "n", kg_tree_int(t, 8));
}

static void tree_is_written_as_it_was_built(void **state)
{
    struct kg_tree t;
    struct kg_buf out;

    (void)state;
    kg_tree_init(&t, 100000);
    assert_true(build_tree(&t));
    kg_buf_init(&out, 1000);
    assert_int_equal(kg_node_json(t.root, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out),
                  "{\"kind\":\"Jo\\\"b\",\"list\":[true,null],\"n\":8}");
    assert_null(kg_node_path(t.root, "kind.x"));
    kg_buf_finish(&out);
    kg_tree_finish(&t);
}

static void for_people_each_value_has_its_line(void **state)
{
    struct kg_tree t;
    struct kg_buf out;

    (void)state;
    kg_tree_init(&t, 100000);
    assert_true(build_tree(&t) &&
                kg_tree_put(&t, t.root, "none",
                            kg_tree_new(&t, KG_OBJECT, KG_STR(""))));
    kg_buf_init(&out, 1000);
    assert_int_equal(kg_node_json_lines(t.root, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), "{\n"
                                    "    \"kind\": \"Jo\\\"b\",\n"
                                    "    \"list\": [\n"
                                    "        true,\n"
                                    "        null\n"
                                    "    ],\n"
                                    "    \"n\": 8,\n"
                                    "    \"none\": {}\n"
                                    "}\n");
    kg_buf_finish(&out);
    kg_tree_finish(&t);
}

static void dropped_members_leave_the_rest(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    static const char *const left[] = {"{\"b\":0,\"c\":0,\"z\":1}",
                                       "{\"a\":0,\"c\":0,\"z\":1}",
                                       "{\"a\":0,\"b\":0,\"z\":1}"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        struct kg_tree t;
        struct kg_node *o;
        struct kg_buf out;

        kg_tree_init(&t, 100000);
        kg_buf_init(&out, 1000);
        o = kg_tree_new(&t, KG_OBJECT, KG_STR(""));
        for (size_t k = 0; k < KG_COUNT_OF(names); k++) {
            assert_true(kg_tree_put(&t, o, names[k], kg_tree_int(&t, 0)));
        }
        kg_node_drop(o, names[i]);
        kg_node_drop(o, names[i]);
        assert_int_equal(o->n_children, 2);
        assert_true(kg_tree_put(&t, o, "z", kg_tree_int(&t, 1)));
        assert_int_equal(kg_node_json(o, &out), KG_OK);
        kt_assert_str(kg_buf_str(&out), left[i]);
        kg_buf_finish(&out);
        kg_tree_finish(&t);
    }
}

static void tree_torture(void *data, bool may_fail)
{
    struct kg_tree t;
    struct kg_buf out;

    (void)data;
    kg_tree_init(&t, 100000);
    kg_buf_init(&out, 1000);
    if (!build_tree(&t) || kg_node_json(t.root, &out) != KG_OK) {
        assert_true(may_fail);
    }
    kg_buf_finish(&out);
    kg_tree_finish(&t);
}

static void tree_survives_every_refused_allocation(void **state)
{
    (void)state;
    kt_torture(tree_torture, NULL);
}

static void tree_refuses_beyond_its_maximum(void **state)
{
    struct kg_tree t;
    size_t n = 0;

    (void)state;
    kg_tree_init(&t, 10000);
    while (kg_tree_string(&t, "some text of a scalar") != NULL) {
        assert_true(++n < 1000);
    }
    assert_true(t.len <= 10000);
    kg_tree_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_is_written_as_it_was_built),
        cmocka_unit_test(for_people_each_value_has_its_line),
        cmocka_unit_test(dropped_members_leave_the_rest),
        cmocka_unit_test(tree_survives_every_refused_allocation),
        cmocka_unit_test(tree_refuses_beyond_its_maximum),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
