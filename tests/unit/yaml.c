/* SPDX-License-Identifier: MIT */
/* yaml/: what Kubernetes tools read, and what is refused, with its place. */
#include "kubeglean/yaml.h"
#include "kt.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static struct kg_tree tree;
static struct kg_error error;

static int start(void **state)
{
    (void)state;
    kt_heap_setup();
    kg_tree_init(&tree, KG_LIMIT_TREE);
    kg_error_clear(&error);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kg_tree_finish(&tree);
    kt_heap_teardown();
    return 0;
}

static enum kg_errc parse(struct kg_str text, struct kg_node **ret_documents)
{
    return kg_yaml_parse(text, "f.yaml", &tree, ret_documents, &error);
}

/* All documents of `text`, as one JSON array. */
static void expect(const char *text, const char *json)
{
    struct kg_node *documents = NULL;
    struct kg_buf out;

    if (parse(kg_str_from(text), &documents) != KG_OK) {
        fail_msg("%s", error.text);
    }
    kg_buf_init(&out, KG_MIB);
    assert_int_equal(kg_node_json(documents, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), json);
    kg_buf_finish(&out);
}

static void refuse(const char *text, const char *message)
{
    struct kg_node *documents = NULL;

    assert_int_equal(parse(kg_str_from(text), &documents), KG_ECONFIG);
    assert_string_equal(error.text, message);
    assert_null(documents);
}

static void plain_scalars_have_the_types_kubectl_gives_them(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"null", "[null]"},
        {"~", "[null]"},
        {"True", "[true]"},
        {"yes", "[true]"},
        {"On", "[true]"},
        {"y", "[true]"},
        {"off", "[false]"},
        {"N", "[false]"},
        {"nO", "[\"nO\"]"},
        {"12.50", "[12.50]"},
        {"1.", "[1]"},
        {".5", "[0.5]"},
        {"+007.10e-03", "[7.10e-03]"},
        {"-0", "[-0]"},
        {"1_000", "[1000]"},
        {"0x1F", "[31]"},
        {"-0b101", "[-5]"},
        {"0o17", "[15]"},
        {"017", "[15]"},
        {"018", "[18]"},
        {"0xffffffffffffffff", "[18446744073709551615]"},
        {"0x1ffffffffffffffff", "[\"0x1ffffffffffffffff\"]"},
        {"123456789012345678901234567890", "[123456789012345678901234567890]"},
        {"0x", "[\"0x\"]"},
        {"1e", "[\"1e\"]"},
        {"-", "[[null]]"},
        {"+", "[\"+\"]"},
        {".", "[\".\"]"},
        {"2026-11-22", "[\"2026-11-22\"]"},
        {"12:30", "[\"12:30\"]"},
        {"10.0.0.1", "[\"10.0.0.1\"]"},
        {"500m", "[\"500m\"]"},
        {"'yes'", "[\"yes\"]"},
        {"\"12\"", "[\"12\"]"},
        {"!!str 12", "[\"12\"]"},
        {"|\n  a\n  b\n", "[\"a\\nb\\n\"]"},
        {">-\n  a\n  b\n", "[\"a b\"]"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        expect(cases[i].yaml, cases[i].json);
    }
}

static void several_documents_are_read_and_empty_ones_left_out(void **state)
{
    (void)state;
    expect("---\n# nothing\n---\na: 1\n---\n---\n- b\n...\n",
           "[{\"a\":1},[\"b\"]]");
    expect("", "[]");
    expect("# only a comment\n", "[]");
}

static void json_is_yaml(void **state)
{
    (void)state;
    expect("{\"a\": [1, 2.0e+5, true, null, \"x\\u00e4\\n\"], \"b\": {}}",
           "[{\"a\":[1,2.0e+5,true,null,\"x\xc3\xa4\\n\"],\"b\":{}}]");
}

static void a_byte_order_mark_and_carriage_returns_are_accepted(void **state)
{
    (void)state;
    expect("\xef\xbb\xbf"
           "a: 1\r\nb:\r\n- 2\r\n",
           "[{\"a\":1,\"b\":[2]}]");
}

static void every_part_keeps_its_place(void **state)
{
    struct kg_node *documents;
    const struct kg_node *n;

    (void)state;
    assert_int_equal(
        parse(KG_STR("a:\n  \xc3\xa4: [1,\n      two]\n"), &documents), KG_OK);
    n = kg_node_path(documents->child, "a.\xc3\xa4");
    assert_int_equal(n->line, 2);
    assert_int_equal(n->column, 6);
    assert_int_equal(n->name_line, 2);
    assert_int_equal(n->name_column, 3);
    assert_int_equal(n->child->next->line, 3);
    assert_int_equal(n->child->next->column, 7);
}

static void aliases_are_copied(void **state)
{
    (void)state;
    expect("a: &x {b: [1]}\nc: *x\nd: &x 2\ne: *x\n",
           "[{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":2,\"e\":2}]");
    refuse("a: *x\n", "f.yaml:1:4: *x names no anchor that is complete here");
    refuse("a: &x [*x]\n",
           "f.yaml:1:8: *x names no anchor that is complete here");
    refuse("a: &x 1\n---\nb: *x\n",
           "f.yaml:3:4: *x names no anchor that is complete here");
}

static void merged_members_never_win(void **state)
{
    (void)state;
    expect("x: &x {a: 1, b: 1}\nv: &v {b: 2, c: 2}\n"
           "z: {c: 3, <<: [*x, *v]}\n",
           "[{\"x\":{\"a\":1,\"b\":1},\"v\":{\"b\":2,\"c\":2},"
           "\"z\":{\"c\":3,\"a\":1,\"b\":1}}]");
    expect("x: &x {a: 1, b: 1}\nz: {<<: *x, a: 2}\n",
           "[{\"x\":{\"a\":1,\"b\":1},\"z\":{\"a\":2,\"b\":1}}]");
    expect("z: {<<: &x {a: 1}, b: *x}\n",
           "[{\"z\":{\"b\":{\"a\":1},\"a\":1}}]");
    expect("\"<<\": 1\n", "[{\"<<\":1}]");
    refuse("<<: 1\n", "f.yaml:1:1: << wants an object, or an array of objects");
    refuse("<<: {}\n<<: {}\n",
           "f.yaml:2:1: << is there twice: give it an array");
}

static void a_name_given_twice_is_refused(void **state)
{
    (void)state;
    refuse("a: 1\nb: 2\n\"a\": 3\n",
           "f.yaml:3:1: a is there twice, first at line 1: take one out");
    refuse("- {x: {b: 1, a: 1, b: 1}}\n",
           "f.yaml:1:20: b is there twice, first at line 1: take one out");
}

static void a_name_that_is_no_string_is_refused(void **state)
{
    static const char *const names[] = {"1: a",          "y: a",   "on: a",
                                        "~: a",          "{}: a",  "[x]: a",
                                        "? {b: 1}\n: a", "0x1f: a"};
    struct kg_node *documents;

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        assert_int_equal(parse(kg_str_from(names[i]), &documents), KG_ECONFIG);
        assert_non_null(strstr(error.text, "a name must be a string"));
    }
    refuse("a: &x b\n*x : 1\n",
           "f.yaml:2:1: a name must be a string: put it in quotes");
}

static void null_as_a_name_is_that_word(void **state)
{
    (void)state;
    expect("{null: reject, a: null}", "[{\"null\":\"reject\",\"a\":null}]");
    refuse("null: a\n\"null\": b\n",
           "f.yaml:2:1: null is there twice, first at line 1: take one out");
}

static void what_json_has_not_is_refused(void **state)
{
    (void)state;
    refuse("a: .inf\n",
           "f.yaml:1:4: JSON has no such number: put it in quotes");
    refuse("a: -.Inf\n",
           "f.yaml:1:4: JSON has no such number: put it in quotes");
    refuse("a: !!binary eA==\n",
           "f.yaml:1:4: the tag tag:yaml.org,2002:binary is not supported: "
           "leave it out");
    refuse("a: !mine {}\n",
           "f.yaml:1:4: the tag !mine is not supported: leave it out");
}

static void broken_text_is_refused_at_its_place(void **state)
{
    (void)state;
    refuse("a:\n\tb: 1\n", "f.yaml:2:1: a tab cannot indent: use blanks");
    refuse("a: \xff\n", "f.yaml:1:4: not UTF-8: save the file as UTF-8");
    refuse("\xc3\xa4: 1\nb: \x01\n",
           "f.yaml:2:4: control characters are not allowed");
    refuse("\xc3\xa4: \x01\n",
           "f.yaml:1:4: control characters are not allowed");
    refuse("a: [1, 2\nb: 3\n", "f.yaml:2:2: did not find expected ',' or ']' "
                               "while parsing a flow sequence");
    refuse("a: b: c\n", "f.yaml:1:5: mapping values are not allowed in this "
                        "context");
    refuse("a: 1\n b: 2\n", "f.yaml:2:3: mapping values are not allowed in "
                            "this context");
    refuse("{\"a\": \"b",
           "f.yaml:1:7: a quote is opened here, and never closed");
    refuse("a: 'b\nc: d\n",
           "f.yaml:1:4: a quote is opened here, and never closed");
}

static void nesting_is_limited(void **state)
{
    char text[KG_LIMIT_YAML_DEPTH + 2] = "";

    (void)state;
    memset(text, '[', sizeof(text) - 1);
    refuse(text, "f.yaml:1:101: nested deeper than 100 levels");
}

/* Each alias adds a level to what it names. */
static void nesting_by_aliases_is_limited(void **state)
{
    struct kg_node *documents;
    struct kg_buf text;

    (void)state;
    kg_buf_init(&text, KG_MIB);
    assert_int_equal(kg_buf_adds(&text, "- &a0 []\n"), KG_OK);
    for (int i = 1; i <= KG_LIMIT_YAML_DEPTH; i++) {
        assert_int_equal(kg_buf_addf(&text, "- &a%d [*a%d]\n", i, i - 1),
                         KG_OK);
    }
    assert_int_equal(parse(kg_buf_str(&text), &documents), KG_ECONFIG);
    assert_non_null(strstr(error.text, "nested deeper than 100 levels"));
    kg_buf_finish(&text);
}

static void a_billion_laughs_meet_the_limit(void **state)
{
    struct kg_node *documents;
    struct kg_buf text;

    (void)state;
    kg_buf_init(&text, KG_MIB);
    assert_int_equal(kg_buf_adds(&text, "a0: &a0 [ha, ha]\n"), KG_OK);
    for (int i = 1; i < 30; i++) {
        assert_int_equal(kg_buf_addf(&text, "a%d: &a%d [*a%d, *a%d, *a%d]\n", i,
                                     i, i - 1, i - 1, i - 1),
                         KG_OK);
    }
    tree.max = KG_MIB;
    assert_int_equal(parse(kg_buf_str(&text), &documents), KG_ELIMIT);
    assert_string_equal(error.text, "f.yaml: with its aliases expanded it "
                                    "needs more than 1048576 bytes");
    assert_true(kt_heap_peak() < 2 * KG_MIB);
    kg_buf_finish(&text);
}

static void a_text_has_a_maximum(void **state)
{
    char *text = kg_alloc(KG_LIMIT_CONFIG + 1);
    struct kg_node *documents;

    (void)state;
    assert_non_null(text);
    memset(text, '#', KG_LIMIT_CONFIG + 1);
    assert_int_equal(parse(kg_str_of(text, KG_LIMIT_CONFIG), &documents),
                     KG_OK);
    assert_int_equal(parse(kg_str_of(text, KG_LIMIT_CONFIG + 1), &documents),
                     KG_ELIMIT);
    assert_string_equal(error.text, "f.yaml: longer than 4194304 bytes");
    kg_free(text);
}

static void many_members_take_linear_time(void **state)
{
    struct kg_node *documents;
    struct kg_buf text;

    (void)state;
    kg_buf_init(&text, KG_LIMIT_CONFIG);
    for (int i = 0; i < 200000; i++) {
        assert_int_equal(kg_buf_addf(&text, "k%d: %d\n", i, i), KG_OK);
    }
    assert_int_equal(parse(kg_buf_str(&text), &documents), KG_OK);
    assert_int_equal(documents->child->n_children, 200000);
    kg_buf_finish(&text);
}

static void one_document_means_one(void **state)
{
    struct kg_node *root;

    (void)state;
    assert_int_equal(
        kg_yaml_parse_one(KG_STR("a: 1\n"), "f", &tree, &root, &error), KG_OK);
    assert_int_equal(kg_yaml_parse_one(KG_STR(""), "f", &tree, &root, &error),
                     KG_ECONFIG);
    assert_string_equal(error.text, "f: one document is wanted, 0 are there");
    assert_int_equal(
        kg_yaml_parse_one(KG_STR("a\n---\nb\n"), "f", &tree, &root, &error),
        KG_ECONFIG);
    assert_string_equal(error.text, "f: one document is wanted, 2 are there");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, start, end)

/* --- writing ---------------------------------------------------------------- */

static void expect_written(const char *json, const char *yaml)
{
    struct kg_node *documents = NULL;
    struct kg_buf out;

    assert_int_equal(parse(kg_str_from(json), &documents), KG_OK);
    kg_buf_init(&out, KG_MIB);
    assert_int_equal(kg_yaml_write(documents->child, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), yaml);
    kg_buf_finish(&out);
}

static void a_tree_is_written_as_kubectl_writes_it(void **state)
{
    (void)state;
    expect_written(
        "{\"a\":{\"b\":[1,{\"c\":null,\"d\":true}],\"e\":{},\"f\":[]}}",
        "a:\n  b:\n  - 1\n  - c: null\n    d: true\n  e: {}\n"
        "  f: []\n");
    expect_written("{\"text\":\"one\\ntwo\\n\"}", "text: |\n  one\n  two\n");
    expect_written("7.50", "7.50\n");
}

static void a_text_that_could_be_something_else_is_quoted(void **state)
{
    (void)state;
    expect_written("[\"yes\",\"1\",\"0x1f\",\"\",\"~\",\"1_0\",\".inf\",\"=\","
                   "\"<<\",\"2026-11-22\",\"12:30\"]",
                   "- \"yes\"\n- \"1\"\n- \"0x1f\"\n- \"\"\n- \"~\"\n"
                   "- \"1_0\"\n- \".inf\"\n- \"=\"\n- \"<<\"\n"
                   "- \"2026-11-22\"\n- \"12:30\"\n");
    expect_written("[\"100m\",\"8f51baec-ff66\",\"busybox:1.35\",\"a: b\"]",
                   "- 100m\n- 8f51baec-ff66\n- busybox:1.35\n- 'a: b'\n");
}

/* What was written reads as what it was. */
static void every_text_comes_back(void **state)
{
    static const char *const texts[] = {
        "\"a\\nb\"",
        "\"\\n\"",
        "\" a\\n  b\"",
        "\"a\\n\\n\"",
        "\"tab\\there\"",
        "\"\\u0001\"",
        "\"# no\"",
        "\"- no\"",
        "\"a #b\"",
        "\"'\\\"\"",
        "\"\\u00e9\\u4e2d\"",
        "\"trailing \"",
        "\"a\\r\\nb\"",
        "\"{}\"",
        "\"null\"",
        "\"\\ufeff\"",
        "\"x\\n # y\\n\"",
        "\"\\n\\n a\"",
        "\"%a\"",
        "\"---\"",
        "\"...\\n---\\n\"",
        "\"\\u2028\"",
        "{\"yes\":1,\"\":2,\"a: b\":[\"\\n\"],\"1\":{\"<<\":0}}",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        struct kg_node *before = NULL;
        struct kg_node *after = NULL;
        struct kg_buf yaml, json;

        kg_buf_init(&yaml, KG_MIB);
        kg_buf_init(&json, KG_MIB);
        assert_int_equal(parse(kg_str_from(texts[i]), &before), KG_OK);
        assert_int_equal(kg_node_json(before->child, &json), KG_OK);
        assert_int_equal(kg_yaml_write(before->child, &yaml), KG_OK);
        if (parse(kg_buf_str(&yaml), &after) != KG_OK) {
            fail_msg("%s became\n%.*s: %s", texts[i],
                     KG_STR_ARG(kg_buf_str(&yaml)), error.text);
        }
        kg_buf_reset(&yaml);
        assert_int_equal(kg_node_json(after->child, &yaml), KG_OK);
        assert_true(kg_str_eq(kg_buf_str(&yaml), kg_buf_str(&json)));
        kg_buf_finish(&yaml);
        kg_buf_finish(&json);
    }
}

static void what_has_no_room_is_refused(void **state)
{
    struct kg_node *documents = NULL;
    struct kg_buf out;

    (void)state;
    assert_int_equal(parse(KG_STR("[a, b, c]"), &documents), KG_OK);
    kg_buf_init(&out, 4);
    assert_int_equal(kg_yaml_write(documents->child, &out), KG_ELIMIT);
    kg_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(plain_scalars_have_the_types_kubectl_gives_them),
        CLAIM(several_documents_are_read_and_empty_ones_left_out),
        CLAIM(json_is_yaml),
        CLAIM(a_byte_order_mark_and_carriage_returns_are_accepted),
        CLAIM(every_part_keeps_its_place),
        CLAIM(aliases_are_copied),
        CLAIM(merged_members_never_win),
        CLAIM(a_name_given_twice_is_refused),
        CLAIM(a_name_that_is_no_string_is_refused),
        CLAIM(null_as_a_name_is_that_word),
        CLAIM(what_json_has_not_is_refused),
        CLAIM(broken_text_is_refused_at_its_place),
        CLAIM(nesting_is_limited),
        CLAIM(nesting_by_aliases_is_limited),
        CLAIM(a_billion_laughs_meet_the_limit),
        CLAIM(a_text_has_a_maximum),
        CLAIM(many_members_take_linear_time),
        CLAIM(one_document_means_one),
        CLAIM(a_tree_is_written_as_kubectl_writes_it),
        CLAIM(a_text_that_could_be_something_else_is_quoted),
        CLAIM(every_text_comes_back),
        CLAIM(what_has_no_room_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
