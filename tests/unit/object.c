/* SPDX-License-Identifier: MIT */
/* kube/object: manifests that were written by people, and their places. */
#include "kubeglean/object.h"
#include "kt.h"
#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

#include <stdio.h>

static struct kg_objects objects;
static struct kg_error error;

static int start(void **state)
{
    (void)state;
    kt_heap_setup();
    kg_error_clear(&error);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kt_heap_teardown();
    return 0;
}

static enum kg_errc read_as(enum kg_kube_kind kind, const char *text)
{
    const struct kg_object_rules rules = {
        .file = "f.yaml", .kind = kind, .ns = KG_STR("home")};

    return kg_objects_read(&objects, kg_str_from(text), &rules, &error);
}

#define JOB "apiVersion: batch/v1\nkind: Job\n"

static void every_document_and_every_item_of_a_list_is_an_object(void **state)
{
    (void)state;
    assert_int_equal(
        read_as(KG_KUBE_JOB,
                JOB "metadata: {name: one}\n---\n---\n"
                    "apiVersion: v1\nkind: List\nitems:\n"
                    "- {apiVersion: batch/v1, kind: Job, metadata: {name: two, "
                    "namespace: away}}\n"
                    "- {apiVersion: batch/v1, kind: Job, metadata: {name: "
                    "a.b-3}}\n"),
        KG_OK);
    assert_int_equal(objects.n_items, 3);
    kt_assert_str(objects.items[0].ref.name, "one");
    kt_assert_str(objects.items[0].ref.ns, "home");
    kt_assert_str(objects.items[1].ref.name, "two");
    kt_assert_str(objects.items[1].ref.ns, "away");
    kt_assert_str(objects.items[2].ref.name, "a.b-3");
    assert_int_equal(objects.items[2].ref.kind, KG_KUBE_JOB);
    kg_objects_finish(&objects);
}

static void both_versions_of_a_cronjob_are_taken(void **state)
{
    static const char *const versions[] = {"batch/v1", "batch/v1beta1"};
    char text[200];

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(versions); i++) {
        (void)snprintf(text, sizeof(text),
                       "apiVersion: %s\nkind: CronJob\nmetadata: {name: c}\n",
                       versions[i]);
        assert_int_equal(read_as(KG_KUBE_CRONJOB, text), KG_OK);
        kt_assert_str(objects.items[0].api_version, versions[i]);
        kg_objects_finish(&objects);
    }
}

static void a_mistake_has_its_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "f.yaml: there is no object in it"},
        {"kind: List\nitems: []\n", "f.yaml: there is no object in it"},
        {"- 1\n", "f.yaml:1:1: a Job is expected here, not this array"},
        {"kind: Job\n", "f.yaml:1:1: apiVersion is missing"},
        {"apiVersion: batch/v1\n", "f.yaml:1:1: kind is missing"},
        {"apiVersion: 1\nkind: Job\n",
         "f.yaml:1:13: apiVersion: must be a text, and not empty"},
        {"apiVersion: v1\nkind: Pod\n",
         "f.yaml:2:7: kind: a Job is expected here, not a Pod"},
        {"apiVersion: batch/v2\nkind: Job\n",
         "f.yaml:1:13: apiVersion: batch/v2 has no Job; write batch/v1"},
        {JOB, "f.yaml:1:1: metadata is missing, or is no object"},
        {JOB "metadata: 7\n",
         "f.yaml:3:11: metadata is missing, or is no object"},
        {JOB "metadata: {}\n", "f.yaml:3:11: metadata.name is missing"},
        {JOB "metadata: {generateName: a-}\n",
         "f.yaml:3:11: metadata.name is missing"},
        {JOB "metadata:\n  name: 12\n",
         "f.yaml:4:9: metadata.name: must be a text; write it in quotes"},
        {JOB "metadata:\n  name: A/b\n",
         "f.yaml:4:9: metadata.name: \"A/b\" must be lower-case letters and "
         "digits, with '-' and '.' within"},
        {JOB "metadata: {name: a, namespace: ../b}\n",
         "f.yaml:3:32: metadata.namespace: must be lower-case letters, digits "
         "and '-' within, at most 63"},
        {JOB "metadata: {name: a}\n---\nkind: Job\n",
         "f.yaml:5:1: apiVersion is missing"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        assert_int_equal(read_as(KG_KUBE_JOB, cases[i].text), KG_ECONFIG);
        assert_string_equal(error.text, cases[i].message);
    }
}

static void a_name_is_as_long_as_its_kind_allows(void **state)
{
    static const char x[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxx";

    (void)state;
    assert_null(kg_object_name_fault(KG_KUBE_JOB, kg_str_of(x, 63)));
    assert_string_equal(kg_object_name_fault(KG_KUBE_JOB, kg_str_of(x, 64)),
                        "is too long: at most 63 characters");
    assert_null(kg_object_name_fault(KG_KUBE_CRONJOB, kg_str_of(x, 52)));
    assert_non_null(kg_object_name_fault(KG_KUBE_CRONJOB, kg_str_of(x, 53)));
    assert_non_null(kg_object_name_fault(KG_KUBE_JOB, KG_STR("")));
}

static void a_namespace_that_was_asked_for_bars_another(void **state)
{
    struct kg_object_rules rules = {.file = "-",
                                    .kind = KG_KUBE_JOB,
                                    .ns = KG_STR("home"),
                                    .ns_given = true};
    const struct kg_str text =
        KG_STR(JOB "metadata: {name: a, namespace: away}\n");

    (void)state;
    assert_int_equal(kg_objects_read(&objects, text, &rules, &error),
                     KG_ECONFIG);
    assert_string_equal(error.text,
                        "-:3:32: metadata.namespace: away is not home, which "
                        "was asked for; leave out one of them");
    rules.ns = KG_STR("away");
    assert_int_equal(kg_objects_read(&objects, text, &rules, &error), KG_OK);
    kg_objects_finish(&objects);
}

static void only_who_creates_may_leave_the_name_to_the_server(void **state)
{
    const struct kg_object_rules rules = {
        .file = "-", .kind = KG_KUBE_JOB, .may_generate = true};

    (void)state;
    assert_int_equal(
        kg_objects_read(&objects, KG_STR(JOB "metadata: {generateName: a-}\n"),
                        &rules, &error),
        KG_OK);
    assert_int_equal(objects.items[0].ref.name.len, 0);
    kg_objects_finish(&objects);
}

static void a_server_s_field_is_found_in_the_text(void **state)
{
    static const struct {
        const char *field;
        unsigned line, column;
    } cases[] = {
        {"spec.template.spec.containers[0].image", 9, 18},
        {".spec.template.spec.containers[name=\"b\"].image", 11, 18},
        {"spec.template.spec.containers[1].missing", 10, 11},
        {"spec.template.spec.containers[7].image", 8, 9},
        {"spec.template.spec.containers[name=\"z\"].image", 8, 9},
        {"spec.nothing.of.this", 5, 3},
        {"", 1, 1},
        {"..", 1, 1},
        {"[", 1, 1},
        {"metadata.name.x[0]", 3, 18},
    };

    (void)state;
    assert_int_equal(read_as(KG_KUBE_JOB, JOB "metadata: {name: a}\n"
                                              "spec:\n"
                                              "  template:\n"
                                              "    spec:\n"
                                              "      containers:\n"
                                              "        - name: a\n"
                                              "          image: x\n"
                                              "        - name: b\n"
                                              "          image: y\n"),
                     KG_OK);
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        const struct kg_node *n =
            kg_object_part(&objects.items[0], kg_str_from(cases[i].field));

        if (n->line != cases[i].line || n->column != cases[i].column) {
            fail_msg("%s: %u:%u", cases[i].field, n->line, n->column);
        }
    }
    kg_objects_finish(&objects);
}

static void the_field_is_read_from_each_wording(void **state)
{
    static const struct {
        const char *message, *field;
    } cases[] = {
        {"strict decoding error: unknown field \"spec.x[0].y\", unknown field "
         "\"z\"",
         "spec.x[0].y"},
        {"failed to create typed patch object (/a; v1): .spec.x: field not "
         "declared in schema",
         "spec.x"},
        {"failed to create typed patch object: errors:\n"
         "  .metadata.labels.x: expected string\n  .spec.y: no",
         "metadata.labels.x"},
        {"unknown field \"a", "a"},
        {"is invalid", ""},
        {" .", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        kt_assert_str(kg_object_field_named(kg_str_from(cases[i].message)),
                      cases[i].field);
    }
}

static void note_part(void *data, const struct kg_node *part)
{
    struct kg_buf *names = data;

    assert_int_equal(
        kg_buf_addf(names, "%u:%.*s ", part->line, KG_STR_ARG(part->name)),
        KG_OK);
}

static void what_the_server_dropped_is_found(void **state)
{
    struct kg_node *kept;
    struct kg_buf names;
    struct kg_tree t;

    (void)state;
    kg_tree_init(&t, KG_MIB);
    kg_buf_init(&names, KG_KIB);
    assert_int_equal(kg_yaml_parse_one(
                         KG_STR("spec: {a: 1, list: [{x: 1, added: 2}, {w: 1}],"
                                " other: [1], added: {}}"),
                         "kept", &t, &kept, &error),
                     KG_OK);
    assert_int_equal(read_as(KG_KUBE_JOB, JOB "metadata: {name: a}\n"
                                              "spec:\n"
                                              "  a: 1\n"
                                              "  zone: x\n"
                                              "  suspend: false\n"
                                              "  nothing: {}\n"
                                              "  none: 0\n"
                                              "  list:\n"
                                              "  - {x: 1}\n"
                                              "  - {w: 1, z: true}\n"
                                              "  other: [1, {b: 2}]\n"),
                     KG_OK);
    kg_object_dropped(&objects.items[0], kept, note_part, &names);
    kt_assert_str(kg_buf_str(&names), "6:zone 12:z ");
    kg_object_dropped(&objects.items[0], kept->child, note_part, &names);
    kg_objects_finish(&objects);
    kg_buf_finish(&names);
    kg_tree_finish(&t);
}

static void read_all(void *data, bool may_fail)
{
    enum kg_errc err = read_as(KG_KUBE_JOB, JOB "metadata: {name: a}\n---\n" JOB
                                                "metadata: {name: b}\n");

    (void)data;
    assert_true(err == KG_OK || (may_fail && err == KG_ENOMEM));
    if (err == KG_OK) {
        kg_objects_finish(&objects);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(read_all, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_document_and_every_item_of_a_list_is_an_object),
        TEST(both_versions_of_a_cronjob_are_taken),
        TEST(a_mistake_has_its_place),
        TEST(a_name_is_as_long_as_its_kind_allows),
        TEST(a_namespace_that_was_asked_for_bars_another),
        TEST(only_who_creates_may_leave_the_name_to_the_server),
        TEST(a_server_s_field_is_found_in_the_text),
        TEST(the_field_is_read_from_each_wording),
        TEST(what_the_server_dropped_is_found),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
