/* SPDX-License-Identifier: MIT */
/* json/: every allocation refused in turn costs one report, or the reader. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "kubeglean/yaml.h"

/* Escapes make the parser's buffers grow, a long string the frame's, and the
 * parent behind its rows holds them. */
static char *make_log(size_t *ret_len)
{
    struct kg_buf log;
    struct kg_str text;
    char *copy;

    kg_buf_init(&log, 1 << 20);
    assert_int_equal(
        kg_buf_adds(&log, "noise {\"a\":\n{\"rows\":[{\"k\":\"\\n"), KG_OK);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(kg_buf_adds(&log, "\\u00e4xyz "), KG_OK);
    }
    assert_int_equal(
        kg_buf_adds(&log, "\",\"j\":[[1,2],{\"x\":null}]},{\"k\":\"b\"}],"
                          "\"map\":{\"m\":{\"k\":\"b\",\"J\":[]}},\"p\":"
                          "\"later\"}\nx\n{\"rows\":[],\"p\":1}"),
        KG_OK);
    text = kg_buf_str(&log);
    *ret_len = text.len;
    copy = kg_strndup(text.ptr, text.len);
    assert_non_null(copy);
    kg_buf_finish(&log);
    return copy;
}

static const char yaml[] =
    "kind: Profile\nmetadata: {name: t}\nspec:\n  table: t\n"
    "  rows: [\"$.rows[*]\", \"$.map.*\"]\n  match: [[$.none, $.p]]\n"
    "  columns:\n"
    "  - {name: k, type: text, key: true, path: \"@.k\", regex: \"b|z *$\"}\n"
    "  - {name: p, type: text, parent: [$.q, $.p]}\n"
    "  - {name: m, type: text, mapKey: 0, default: none}\n"
    "  - {name: j, type: jsonb, raw: [\"@.j\", \"@.J\"]}\n"
    "  - {name: len, type: integer, count: \"@.j[*]\", where: {x: 1}}\n";

struct log {
    struct kg_profile *profile;
    const char *text;
    size_t len;
};

static void read_log(void *data, bool may_fail)
{
    const struct log *log = data;
    struct kg_reader_options options = {.profile = log->profile};
    struct kt_report t;

    kt_report_begin(&t, &options);
    for (size_t at = 0; at < log->len; at += 1000) {
        size_t rest = log->len - at;

        kt_report_feed(&t,
                       kg_str_of(log->text + at, rest < 1000 ? rest : 1000));
    }
    kt_report_finish(&t);
    assert_true(may_fail || t.err == KG_OK);
    assert_true(t.err == KG_OK || t.err == KG_ENOMEM);
    kt_report_end(&t);
}

static void a_refused_allocation_ends_the_reader_cleanly(void **state)
{
    struct log log = {.profile = kt_report_profile(yaml)};
    char *text = make_log(&log.len);

    (void)state;
    log.text = text;
    kt_torture(read_log, &log);
    kg_free(text);
    kg_profile_destroy(log.profile);
}

static void documents_survive_a_refused_allocation(void **state)
{
    struct log log = {.profile = NULL};
    char *text = make_log(&log.len);

    (void)state;
    log.text = text;
    kt_torture(read_log, &log);
    kg_free(text);
}

static const char packed_yaml[] =
    "kind: Profile\nmetadata: {name: t}\nspec:\n  table: t\n"
    "  encoding: base64+%s\n  rows: \"$.Results[*].Vulnerabilities[*]\"\n"
    "  columns:\n"
    "  - {name: k, type: text, key: true, path: \"@.PkgName\"}\n";

static void read_packed(const char *encoding)
{
    char name[64], text[512];
    struct log log;
    char *packed;

    (void)snprintf(name, sizeof(name), "reports/packed/%s.log", encoding);
    (void)snprintf(text, sizeof(text), packed_yaml, encoding);
    packed = kt_data(name, &log.len);
    log.profile = kt_report_profile(text);
    log.text = packed;
    kt_torture(read_log, &log);
    kg_profile_destroy(log.profile);
    kg_free(packed);
}

static void a_packed_report_survives_a_refused_allocation(void **state)
{
    (void)state;
    read_packed("gzip");
    read_packed("bzip2");
}

static void compile(void *data, bool may_fail)
{
    struct kg_profile *profile;
    struct kg_error e;
    enum kg_errc err = kg_profile_compile(data, "t.yaml", &profile, &e);

    if (err == KG_OK) {
        kg_profile_destroy(profile);
        return;
    }
    assert_true(may_fail);
    assert_int_equal(err, KG_ENOMEM);
}

static void a_profile_compiles_or_is_out_of_memory(void **state)
{
    struct kg_node *root;
    struct kg_error e;
    struct kg_tree t;

    (void)state;
    kg_tree_init(&t, 1 << 20);
    assert_int_equal(
        kg_yaml_parse_one(kg_str_from(yaml), "t.yaml", &t, &root, &e), KG_OK);
    kt_torture(compile, root);
    kg_tree_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_allocation_ends_the_reader_cleanly),
        cmocka_unit_test(documents_survive_a_refused_allocation),
        cmocka_unit_test(a_packed_report_survives_a_refused_allocation),
        cmocka_unit_test(a_profile_compiles_or_is_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
