/* SPDX-License-Identifier: MIT */
/* json/: profiles and the rows they select; adversarial inputs first. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

#define HEAD                                       \
    "apiVersion: kubeglean.io/v1\nkind: Profile\n" \
    "metadata: {name: test}\nspec:\n  table: t\n"

/* --- what is refused, and where ------------------------------------------------- */

static void one_column(const char *column, const char *want)
{
    struct kg_buf yaml;

    kg_buf_init(&yaml, 1 << 16);
    assert_int_equal(kg_buf_addf(&yaml,
                                 HEAD "  rows: $.a.*[*]\n  columns:\n  - %s\n",
                                 column),
                     KG_OK);
    kt_report_refused(kg_buf_cstr(&yaml), want);
    kg_buf_finish(&yaml);
}

static void a_wrong_profile_is_refused_with_its_place(void **state)
{
    (void)state;
    kt_report_refused("kind: Profile\n", "p.yaml:1:1: metadata is missing");
    kt_report_refused(
        HEAD "  rowz: $\n",
        "p.yaml:6:3: rowz is not known here; these are: summary, root, unit, "
        "encoding, match, rows, absentRows, table, mode, scope, incomplete, "
        "allowEmpty, columns");
    kt_report_refused(HEAD, "p.yaml:5:3: rows is missing");
    kt_report_refused(
        HEAD "  rows: a.b\n",
        "p.yaml:6:9: path \"a.b\": it begins with $ (the document) or @ "
        "(the row)");
    kt_report_refused(
        HEAD "  rows: \"@.a\"\n",
        "p.yaml:6:9: path \"@.a\": it begins with $ (the document) here");
    kt_report_refused(
        HEAD "  rows: $.a[x]\n",
        "p.yaml:6:9: path \"$.a[x]\": between [ and ] is *, an index from "
        "0, or a quoted name");
    kt_report_refused(HEAD "  rows: $\n",
                      "p.yaml:5:3: columns: a list of 1 to 64 is expected");
    kt_report_refused(
        HEAD "  rows: $\n  mode: merge\n",
        "p.yaml:7:9: mode: one of upsert, append, replace is expected");
    kt_report_refused(HEAD
                      "  rows: $\n  scope: [x]\n  columns:\n"
                      "  - {name: a, type: text, key: true, path: \"@.a\"}\n",
                      "p.yaml:7:11: scope: there is no column x");
    kt_report_refused(
        HEAD "  rows: $\n  columns: [{name: a, type: text, const: x}]\n",
        "p.yaml:5:3: columns: none is a key");
    kt_report_refused(
        HEAD "  rows: []\n",
        "p.yaml:6:9: rows: a path, or a list of 1 to 8, is expected");
    kt_report_refused(
        HEAD "  rows: [\"$.a[*]\", \"$.a[0].b.*\"]\n",
        "p.yaml:6:20: rows: $.a[*] and $.a[0].b.* lead to the same rows, "
        "or to rows inside rows");
    kt_report_refused(HEAD "  match: [$.a, []]\n  rows: $\n",
                      "p.yaml:6:16: match: a path is expected");
    kt_report_refused(
        HEAD "  rows: $\n  absentRows: fine\n",
        "p.yaml:7:15: absentRows: one of reject, empty is expected");
}

static void a_wrong_column_is_refused_with_its_place(void **state)
{
    (void)state;
    one_column(
        "{name: a, type: text}",
        "p.yaml:8:5: one of path, raw, count, parent, mapKey, run, const "
        "is missing");
    one_column("{name: a, type: text, path: \"@.a\", run: job}",
               "p.yaml:8:45: a column has one source: path or run");
    one_column("{name: a, type: varchar, path: \"@.a\"}",
               "p.yaml:8:21: type: varchar is none of text, integer, bigint, "
               "numeric, boolean, timestamptz, jsonb, text[]");
    one_column("{name: a, type: \"text[]\", parent: \"$.b\"}",
               "p.yaml:8:39: parent: the type cannot be text[]");
    one_column("{name: a, type: \"text[]\", const: x}",
               "p.yaml:8:38: const: it is no array of strings");
    one_column("{name: a, type: integer, raw: \"@.a\"}",
               "p.yaml:8:35: raw: the type is jsonb, text[] or text");
    one_column("{name: a, type: text, count: \"@.a[*]\"}",
               "p.yaml:8:34: count: the type is integer or bigint");
    one_column("{name: a, type: text, mapKey: 0}",
               "p.yaml:8:35: mapKey: the number of levels above the row at "
               "which its path has a .*");
    one_column("{name: a, type: text, parent: \"$.b[*].c\"}",
               "p.yaml:8:35: parent: a wildcard that the path of the rows does "
               "not have leads to many values");
    one_column("{name: a, type: text, path: []}",
               "p.yaml:8:33: path: a path is expected");
    one_column("{name: a, type: text, path: [\"@.a\", $.b]}",
               "p.yaml:8:41: path \"$.b\": it begins with @ (the row) here");
    one_column("{name: a, type: text, count: [\"@.a\"]}",
               "p.yaml:8:34: path \"\": it begins with $ (the document) or @ "
               "(the row)");
    one_column("{name: a, type: text, const: x, default: y}",
               "p.yaml:8:46: default: const never lacks a value");
    one_column("{name: a, type: text, run: when}",
               "p.yaml:8:32: run: one of cluster, namespace, job, pod, node, "
               "task, container, job_uid, pod_uid, scanned_at, started_at, "
               "finished_at is expected");
    one_column("{name: a, type: integer, const: x}",
               "p.yaml:8:37: const: it is no integer");
    one_column("{name: a, type: text, path: \"@\", absent: default}",
               "p.yaml:8:5: default is missing");
    one_column("{name: a, type: text, path: \"@\", regex: \"(\"}",
               "p.yaml:8:45: regex: Unmatched ( or \\(");
    one_column("{name: a, type: text, path: \"@\", regex: '(a)\\1'}",
               "p.yaml:8:45: regex: no back-references");
    one_column("{name: a, type: text, path: \"@\", regex: a, group: 1}",
               "p.yaml:8:55: group: the regex has 0");
}

/* --- rows ------------------------------------------------------------------------- */

static void krr_rows(const struct kg_run_info *run, const char *log,
                     const char *want)
{
    struct kg_profile *profile = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = profile, .run = run};

    kt_report_assert(&options, kg_str_from(log), want);
    kg_profile_destroy(profile);
}

#define OBJECT(rest)                                                    \
    "{\"object\": {\"cluster\": null, \"name\": \"n\", \"container\": " \
    "\"c\", \"namespace\": \"s\", \"kind\": \"Job\"" rest

static void krr_gives_a_row_for_each_scan(void **state)
{
    struct kg_run_info run = {.id = {.cluster = KG_STR("here")},
                              .scanned_at_us = 0,
                              .started_at_us = KG_TIME_NONE,
                              .finished_at_us = KG_TIME_NONE};

    (void)state;
    krr_rows(
        &run,
        "[12:00:01] INFO {\"scans\" x\n{\"decoy\":{\"scans\":[1]}}\n"
        "{\n  \"scans\": [\n    " OBJECT(
            ",\n \"pods\": [{\"name\": \"a\", \"deleted\": true},"
            " {\"deleted\": false}, {\"name\":\"x\"}], \"allocations\": "
            "{\"requests\": {\"cpu\": \"?\", \"memory\": NaN}}},\n"
            "\"recommended\": {\"cpu\": {\"value\": 1.50}}, \"severity\": "
            "\"OK\"}\n],\n\"score\": 3}\n"),
        "begin 0\n"
        "row here|s|n|Job|c|3|1|{\"requests\":{\"cpu\":\"?\",\"memory\":null}}|"
        "{\"cpu\":{\"value\":1.50}}|OK|1970-01-01T00:00:00Z\n"
        "end complete 1 0\n");
}

static void a_key_that_is_null_rejects_the_row_but_cluster(void **state)
{
    (void)state;
    krr_rows(NULL,
             "{\"scans\":[" OBJECT("}}") ",{\"object\":{\"name\":NaN,"
                                         "\"namespace\":\"s\"}},7," OBJECT(
                                             ",\"kind\":null}}") "]}",
             "begin 0\n"
             "row |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\n"
             "reject 1 name: a key is null\n"
             "reject 2 namespace: a key is null\n"
             "reject 3 kind: a key is null\n"
             "end complete 1 3\n");
}

static void scans_that_are_no_list_reject_the_report(void **state)
{
    (void)state;
    krr_rows(NULL, "{\"scans\":{\"a\":{}}} {\"scans\":null} {\"scans\":[]}",
             "begin 0\nend rejected rows 0 0\n"
             "begin 1\nend rejected rows 0 0\n"
             "begin 2\nend complete 0 0\n");
}

static void a_report_that_is_cut_is_incomplete(void **state)
{
    (void)state;
    krr_rows(NULL, "{\"scans\":[" OBJECT("}},{\"object\""),
             "begin 0\nrow |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\n"
             "end incomplete cut 1 0\n");
}

static void what_jsonb_cannot_hold_rejects_the_row(void **state)
{
    (void)state;
    krr_rows(
        NULL,
        "{\"scans\":[" OBJECT(",\"allocations\":\"\\\\u0000\\ud83d\\ude00\"}}") "," OBJECT(
            ",\"allocations\":[\"\\u0000\"]}}") "," OBJECT(",\"allocations\":"
                                                           "\"\\ud83d\"}}") "," OBJECT(",\"name\":\"a\\u0000\"}}") "]}",
        "begin 0\n"
        "row |s|n|Job|c|0|0|\"\\\\u0000\\ud83d\\ude00\"|NULL|NULL|NULL\n"
        "reject 1 allocations: U+0000 or half a surrogate pair cannot be "
        "stored\n"
        "reject 2 allocations: U+0000 or half a surrogate pair cannot be "
        "stored\n"
        "reject 3 name: U+0000 cannot be stored\n"
        "end complete 1 3\n");
}

static void the_last_of_two_members_with_one_name_counts(void **state)
{
    (void)state;
    krr_rows(NULL,
             "{\"scans\":[" OBJECT(",\"pods\":[{},{}],\"name\":\"m\","
                                   "\"pods\":[{\"deleted\":false}]}}") "]}",
             "begin 0\nrow |s|m|Job|c|1|1|NULL|NULL|NULL|NULL\n"
             "end complete 1 0\n");
}

static void names_with_escapes_are_the_names_they_mean(void **state)
{
    (void)state;
    krr_rows(NULL,
             "{\"sc\\u0061ns\":[" OBJECT(",\"p\\u006fds\":[{\"d\\u0065leted\":"
                                         "false}]}}") "]}",
             "begin 0\nrow |s|n|Job|c|1|1|NULL|NULL|NULL|NULL\n"
             "end complete 1 0\n");
}

static void a_report_inside_a_broken_document_is_found(void **state)
{
    (void)state;
    krr_rows(NULL,
             "{\"a\":\n{\"scans\":[" OBJECT("}}],\"x\":1,\"y\":2}\nnoise"),
             "begin 0\nrow |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\n"
             "end complete 1 0\n");
}

/* --- the language -------------------------------------------------------------------- */

static void map_keys_parents_and_pieces_of_text_are_values(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: \"$.sections[*].issues.*[*]\"\n  columns:\n"
             "  - {name: linter, type: text, key: true, "
             "parent: \"$.sections[*].linter\"}\n"
             "  - {name: ctx, type: text, parent: \"$.ctx\", default: none}\n"
             "  - {name: res, type: text, key: true, mapKey: 1}\n"
             "  - {name: code, type: text, path: \"@.m\", "
             "regex: '^\\[(POP-[0-9]+)\\]'}\n",
        "{\"sections\":[{\"issues\":{\"a/b\":[{\"m\":\"[POP-1] x\"},"
        "{\"m\":\"none\"}],\"c\":[{}]},\"linter\":\"l1\"},"
        "{\"linter\":\"l2\",\"issues\":{\"d\":[{}]}},"
        "{\"issues\":{\"e\":[{}]}}],\"ctx\":\"x\"}"
        "{\"sections\":[{\"linter\":\"l3\",\"issues\":{\"f\":[{}]}}]}",
        "begin 0\n"
        "row l1|x|a/b|POP-1\nrow l1|x|a/b|NULL\nrow l1|x|c|NULL\n"
        "row l2|x|d|NULL\nreject 4 linter: a key is null\n"
        "end complete 4 1\n"
        "begin 1\nrow l3|none|f|NULL\nend complete 1 0\n");
}

/* Rows at two depths; the names of the upper level stand behind its rows, and
 * those of the lower one lack. */
static void rows_of_several_paths_share_their_columns(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: [\"$.a[*].r.*\", \"$.a[*].in[*].r.*\"]\n  columns:\n"
             "  - {name: k, type: text, key: true, mapKey: 0}\n"
             "  - {name: a, type: text, parent: \"$.a[*].name\"}\n"
             "  - {name: in, type: text, parent: \"$.a[*].in[*].name\", "
             "default: \"-\"}\n"
             "  - {name: len, type: integer, count: \"@[*]\"}\n",
        "{\"a\":[{\"r\":{\"k1\":[1,2]},\"in\":[{\"name\":\"i1\","
        "\"r\":{\"k2\":[3]}},{\"r\":{\"k3\":4}}],\"name\":\"a1\"},"
        "{\"in\":[7,{\"r\":null}]},{\"r\":{\"k4\":null}}]}",
        "begin 0\n"
        "row k1|a1|-|2\nrow k2|a1|i1|1\nrow k3|a1|-|0\nrow k4|NULL|-|0\n"
        "end complete 4 0\n");
}

static void the_first_alternative_that_has_a_value_counts(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD
        "  match: [[$.new, $.old], $.v]\n"
        "  rows: [\"$.new[*]\", \"$.old[*]\"]\n  columns:\n"
        "  - {name: k, type: text, key: true, path: [\"@.id\", \"@.ID\"]}\n"
        "  - {name: v, type: text, parent: [$.v, $.version]}\n"
        "  - {name: j, type: jsonb, raw: [\"@.j\", \"@.J\"]}\n",
        "{\"v\":null,\"new\":[{\"ID\":\"b\",\"id\":\"a\",\"J\":1},"
        "{\"id\":null,\"ID\":\"c\",\"j\":null,\"J\":[2]}],"
        "\"version\":\"x\"}"
        "{\"new\":[{\"id\":\"d\"}]}"
        "{\"new\":[{\"id\":\"f\"},{\"id\":\"g\"}],\"version\":\"x\",\"v\":"
        "\"y\"}"
        "{\"old\":[{\"id\":\"e\",\"j\":null}],\"v\":\"y\",\"version\":\"z\"}",
        "begin 0\nrow a|x|1\nrow c|x|[2]\nend complete 2 0\n"
        "begin 1\nrow f|y|NULL\nrow g|y|NULL\nend complete 2 0\n"
        "begin 2\nrow e|y|NULL\nend complete 1 0\n");
}

static void a_parent_of_a_row_that_is_a_scalar_is_not_the_last_rows(
    void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: \"$[*]\"\n  root: array\n  columns:\n"
             "  - {name: k, type: text, key: true, const: k}\n"
             "  - {name: p, type: text, parent: \"$[*].p\"}\n",
        "[{\"p\":\"x\"},7,{}]",
        "begin 0\nrow k|x\nrow k|NULL\nrow k|NULL\nend complete 3 0\n");
}

static void absent_rows_may_be_an_empty_report(void **state)
{
    static const char yaml[] =
        HEAD "  match: [$.v]\n  rows: [\"$.a[*]\", \"$.b.*\"]\n"
             "  absentRows: empty\n  columns:\n"
             "  - {name: k, type: text, key: true, path: \"@\"}\n";

    (void)state;
    kt_report_rows(yaml,
                   "{\"v\":1}{\"v\":1,\"a\":null}{\"v\":1,\"a\":{}}"
                   "{\"v\":1,\"b\":{\"x\":\"y\"},\"a\":3}",
                   "begin 0\nend complete 0 0\nbegin 1\nend complete 0 0\n"
                   "begin 2\nend rejected rows 0 0\n"
                   "begin 3\nrow y\nend complete 1 0\n");
}

static void what_is_not_known_of_a_run_may_have_a_default(void **state)
{
    (void)state;
    kt_report_rows(
        HEAD "  rows: $\n  columns:\n"
             "  - {name: a, type: text, key: true, run: node, default: x}\n"
             "  - {name: b, type: text, run: pod}\n"
             "  - {name: c, type: text, run: job, absent: reject}\n",
        "{}", "begin 0\nreject 0 c: it is not known\nend complete 0 1\n");
    kt_report_rows(
        HEAD "  rows: $\n  columns:\n"
             "  - {name: a, type: text, key: true, run: node, default: x}\n"
             "  - {name: b, type: text, run: pod}\n",
        "{}", "begin 0\nrow x|NULL\nend complete 1 0\n");
}

static void a_regex_wants_a_string(void **state)
{
    (void)state;
    kt_report_rows(HEAD "  rows: \"$.m.*\"\n  columns:\n"
                        "  - {name: k, type: text, key: true, mapKey: 0, "
                        "regex: \"^(.+)/\"}\n"
                        "  - {name: v, type: integer, path: \"@\", regex: "
                        "\"([0-9]+)m$\", mismatch: \"null\"}\n",
                   "{\"m\":{\"a/b\":\"250m\",\"c\":1,\"d/\":17,\"e/f\":{}}}",
                   "begin 0\nrow a|250\nreject 1 k: a key is null\nrow d|NULL\n"
                   "row e|NULL\nend complete 3 1\n");
}

static void rows_wait_for_the_proof_that_they_are_a_report(void **state)
{
    (void)state;
    kt_report_rows(HEAD "  match: [$.kind, $.items]\n  rows: \"$.items[*]\"\n"
                        "  columns:\n"
                        "  - {name: k, type: text, key: true, path: \"@\"}\n",
                   "{\"items\":[\"a\",\"b\"]}{\"items\":[\"c\"],\"kind\":1}",
                   "begin 0\nrow c\nend complete 1 0\n");
}

static void elements_can_be_told_by_their_index(void **state)
{
    (void)state;
    kt_report_rows(HEAD
                   "  rows: \"$.r[*]\"\n  columns:\n"
                   "  - {name: a, type: integer, key: true, path: \"@[0]\"}\n"
                   "  - {name: b, type: text, path: \"@[2].x\"}\n"
                   "  - {name: len, type: integer, count: \"@[*]\"}\n"
                   "  - {name: j, type: jsonb, raw: \"@\"}\n",
                   "{\"r\":[[1,{\"x\":\"no\"},{\"x\":\"yes\",\"y\":0}],[2]]}",
                   "begin 0\n"
                   "row 1|yes|3|[1,{\"x\":\"no\"},{\"x\":\"yes\",\"y\":0}]\n"
                   "row 2|NULL|1|[2]\n"
                   "end complete 2 0\n");
}

static const char raw_profile[] =
    HEAD "  rows: \"$.r[*]\"\n  columns:\n"
         "  - {name: a, type: text, key: true, path: \"@.a\"}\n"
         "  - {name: j, type: jsonb, raw: \"@.j\"}\n"
         "  - {name: k, type: jsonb, raw: \"@.k\"}\n";

static void raw_columns_have_the_text_whatever_it_is(void **state)
{
    (void)state;
    kt_report_rows(raw_profile,
                   "{\"r\":[{\"j\": {}, \"a\": \"0\", \"k\": []}, "
                   "{\"k\": [[], {\"r\": [{\"a\": 1}]}], \"a\": \"1\", \"x\": "
                   "{\"j\": 0}}, "
                   "{\"a\": \"2\", \"j\": {\"a\": NaN, \"\\\"j\": \"{]\"}}, "
                   "{\"a\": \"3\", \"j\": [1, 2 , -3e5], \"j\": {\"k\": null}, "
                   "\"k\": true}, "
                   "{\"a\": \"4\", \"\\u006a\": [{\"a\": \"b\"}]}]}",
                   "begin 0\n"
                   "row 0|{}|[]\n"
                   "row 1|NULL|[[],{\"r\":[{\"a\":1}]}]\n"
                   "row 2|{\"a\":null,\"\\\"j\":\"{]\"}|NULL\n"
                   "row 3|{\"k\":null}|true\n"
                   "row 4|[{\"a\":\"b\"}]|NULL\n"
                   "end complete 5 0\n");
    kt_report_rows(
        raw_profile, "{\"r\":[{\"a\":\"0\",\"j\":{\"b\":[1,2} {\"r\":[]}",
        "begin 0\nend incomplete cut 0 0\nbegin 1\nend complete 0 0\n");
}

static void what_is_wanted_as_text_alone_is_not_parsed(void **state)
{
    struct kg_profile *profile = kt_report_profile(raw_profile);
    struct kg_reader_options options = {.profile = profile};
    struct kg_str log = KG_STR("{\"r\":[{\"a\":\"0\",\"j\":[1,2,3,4,5,6]}]}");
    struct kg_reader_stats stats;

    (void)state;
    kg_free(kt_report_of(&options, log, &stats));
    assert_int_equal(stats.looked_at, 2 * log.len - strlen("1,2,3,4,5,6"));
    kg_profile_destroy(profile);
}

static void too_much_for_a_row_is_a_limit(void **state)
{
    struct kg_profile *profile = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = profile,
                                        .limits = {.row = 40}};

    (void)state;
    kt_report_assert(&options,
                     KG_STR("{\"scans\":[" OBJECT("}}") "," OBJECT(
                         ",\"allocations\":[1000000000,2000000000,3000000000,"
                         "4000000000]}}") "]}{\"scans\":[" OBJECT("}}") "]}"),
                     "begin 0\nrow |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\n"
                     "end incomplete limit 1 0\n"
                     "begin 1\nrow |s|n|Job|c|0|0|NULL|NULL|NULL|NULL\n"
                     "end complete 1 0\n");
    kg_profile_destroy(profile);
}

static void a_document_across_a_doubtful_join_is_incomplete(void **state)
{
    struct kg_profile *profile = kt_report_builtin("krr");
    struct kg_reader_options options = {.profile = profile};
    struct kt_report t;

    (void)state;
    kt_report_begin(&t, &options);
    kt_report_feed(&t, KG_STR("{\"scans\":["));
    kg_reader_doubt(t.reader, "gap");
    kt_report_feed(&t, KG_STR("]}"));
    kg_reader_doubt(t.reader, "gap");
    kt_report_feed(&t, KG_STR("{\"scans\":[]}"));
    kt_report_finish(&t);
    kt_assert_str(kg_buf_str(&t.trace), "begin 0\nend incomplete gap 0 0\n"
                                        "begin 1\nend complete 0 0\n");
    kt_report_end(&t);
    kg_profile_destroy(profile);
}

static void builtin_profiles_describe_their_tables(void **state)
{
    struct kg_profile *krr = kt_report_builtin("krr");
    struct kg_profile *seed = kt_report_builtin("krr-seed");
    const struct kg_table_def *t = kg_profile_table(krr);

    (void)state;
    assert_string_equal(t->name, "scan_history");
    assert_int_equal(t->n_columns, 11);
    assert_int_equal(t->scanned_at, 10);
    assert_int_equal(t->n_scope, 1);
    assert_string_equal(kg_profile_name(krr), "krr");
    assert_false(kg_profile_keeps_incomplete(krr));
    assert_string_equal(kg_profile_table(seed)->name, "scan_histories");
    assert_int_equal(kg_profile_table(seed)->scanned_at, -1);
    /* A Job for each namespace: one's report is not older than another's. */
    assert_int_equal(kg_profile_table(seed)->n_scope, 1);
    assert_int_equal(kg_profile_table(seed)->scope[0], 0);
    assert_null(kg_profile_builtin(KG_STR("none")));
    kg_profile_destroy(krr);
    kg_profile_destroy(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_profile_is_refused_with_its_place),
        cmocka_unit_test(a_wrong_column_is_refused_with_its_place),
        cmocka_unit_test(krr_gives_a_row_for_each_scan),
        cmocka_unit_test(a_key_that_is_null_rejects_the_row_but_cluster),
        cmocka_unit_test(scans_that_are_no_list_reject_the_report),
        cmocka_unit_test(a_report_that_is_cut_is_incomplete),
        cmocka_unit_test(what_jsonb_cannot_hold_rejects_the_row),
        cmocka_unit_test(the_last_of_two_members_with_one_name_counts),
        cmocka_unit_test(names_with_escapes_are_the_names_they_mean),
        cmocka_unit_test(a_report_inside_a_broken_document_is_found),
        cmocka_unit_test(map_keys_parents_and_pieces_of_text_are_values),
        cmocka_unit_test(rows_of_several_paths_share_their_columns),
        cmocka_unit_test(the_first_alternative_that_has_a_value_counts),
        cmocka_unit_test(
            a_parent_of_a_row_that_is_a_scalar_is_not_the_last_rows),
        cmocka_unit_test(absent_rows_may_be_an_empty_report),
        cmocka_unit_test(what_is_not_known_of_a_run_may_have_a_default),
        cmocka_unit_test(a_regex_wants_a_string),
        cmocka_unit_test(rows_wait_for_the_proof_that_they_are_a_report),
        cmocka_unit_test(elements_can_be_told_by_their_index),
        cmocka_unit_test(raw_columns_have_the_text_whatever_it_is),
        cmocka_unit_test(what_is_wanted_as_text_alone_is_not_parsed),
        cmocka_unit_test(too_much_for_a_row_is_a_limit),
        cmocka_unit_test(a_document_across_a_doubtful_join_is_incomplete),
        cmocka_unit_test(builtin_profiles_describe_their_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
