/* SPDX-License-Identifier: MIT */
/* libyaml's own allocations do not come through the heap: ours are refused. */
#include "kubeglean/yaml.h"
#include "kt.h"
#include "kubeglean/limits.h"

static void read_all(void *data, bool may_fail)
{
    static const struct kg_str text =
        KG_STR("a: &x {b: 1, c: [0x10, 2]}\nd: {<<: *x, e: *x}\n---\n- f\n");
    struct kg_node *documents;
    struct kg_error e;
    struct kg_tree t;
    enum kg_errc err;

    (void)data;
    kg_tree_init(&t, KG_LIMIT_TREE);
    err = kg_yaml_parse(text, "f", &t, &documents, &e);
    if (err == KG_OK) {
        assert_int_equal(documents->n_children, 2);
    } else {
        assert_true(may_fail);
        assert_int_equal(err, KG_ENOMEM);
        assert_string_equal(e.text, "f: out of memory");
    }
    kg_tree_finish(&t);
}

static void write_it(void *data, bool may_fail)
{
    static const struct kg_str text = KG_STR("{a: [x, 1, \"2\"], b: {}}");
    struct kg_node *root;
    struct kg_error e;
    struct kg_buf out;
    struct kg_tree t;

    (void)data;
    kg_tree_init(&t, KG_LIMIT_TREE);
    kg_buf_init(&out, KG_MIB);
    if (kg_yaml_parse_one(text, "f", &t, &root, &e) != KG_OK ||
        kg_yaml_write(root, &out) != KG_OK) {
        assert_true(may_fail);
    }
    kg_buf_finish(&out);
    kg_tree_finish(&t);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(read_all, NULL);
    kt_torture(write_it, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
