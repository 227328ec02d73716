/* SPDX-License-Identifier: MIT */
/* T16: logs as large as a node can write. What comes of them is counted as it is
 * found; memory is that of a small log, and the steps are so many a byte. */
#include "kt.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/profile.h"
#include "kubeglean/reader.h"
#include "kubeglean/yaml.h"

enum { CHUNK = 4096, STEPS = 4 };

struct found {
    struct kg_reader *reader;
    uint64_t n_complete, n_limited, n_cut;
    uint64_t n_rows, n_late;
};

static bool on_begin(void *data, uint64_t ordinal)
{
    (void)data;
    (void)ordinal;
    return true;
}

static bool on_piece(void *data, struct kg_str bytes)
{
    (void)data;
    (void)bytes;
    return true;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct found *f = data;

    f->n_rows++;
    f->n_late += row->late != 0;
    return true;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct found *f = data;

    f->n_complete += end->outcome == KG_COMPLETE;
    f->n_limited += strcmp(end->reason, "limit") == 0;
    f->n_cut += strcmp(end->reason, "cut") == 0;
    return true;
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .piece_cb = on_piece,
                                         .row_cb = on_row,
                                         .end_cb = on_end};

static void begin(struct found *f, const struct kg_reader_options *options)
{
    kt_heap_setup();
    *f = (struct found){0};
    assert_int_equal(kg_reader_create(options, &ops, f, &f->reader), KG_OK);
}

static void feed(struct found *f, struct kg_str text)
{
    assert_int_equal(kg_reader_feed(f->reader, text), KG_OK);
}

/* `unit` again and again, a chunk at a time, until that many bytes were fed. */
static void feed_many(struct found *f, const char *unit, size_t len)
{
    char chunk[CHUNK];
    size_t unit_len = strlen(unit);
    size_t n = CHUNK / unit_len * unit_len;

    for (size_t i = 0; i < n; i++) {
        chunk[i] = unit[i % unit_len];
    }
    for (size_t fed = 0; fed < len; fed += n) {
        feed(f, kg_str_of(chunk, n));
    }
}

/* Memory was at most so much, whatever came. */
static void end(struct found *f, size_t memory)
{
    const struct kg_reader_stats *stats = kg_reader_stats(f->reader);

    assert_int_equal(kg_reader_finish(f->reader, "cut"), KG_OK);
    assert_true(stats->looked_at <= STEPS * stats->bytes);
    assert_true(kt_heap_peak() <= memory);
    kg_reader_destroy(f->reader);
    kt_heap_teardown();
}

static const struct kg_reader_options objects = {.root = KG_ROOT_OBJECT};
static const struct kg_reader_options arrays = {.root = KG_ROOT_ARRAY};

static void t16_a_string_of_64_mib_is_a_limit_and_hides_nothing(void **state)
{
    struct found f;

    (void)state;
    begin(&f, &objects);
    feed(&f, KG_STR("{\"a\":\""));
    feed_many(&f, "x", 64 * KG_MIB);
    feed(&f, KG_STR("\"}\n{\"b\":1}\n"));
    end(&f, 4 * KG_MIB);
    assert_int_equal(f.n_limited, 1);
    assert_int_equal(f.n_complete, 1);
}

static void t16_openers_of_64_mib_are_a_limit_and_hide_nothing(void **state)
{
    struct found f;

    (void)state;
    begin(&f, &arrays);
    feed_many(&f, "[", 64 * KG_MIB);
    feed(&f, KG_STR("\n[1]\n"));
    end(&f, KG_MIB);
    assert_int_equal(f.n_limited, 1);
    assert_int_equal(f.n_complete, 1);
}

static void t16_a_document_may_be_10000_deep(void **state)
{
    struct kg_reader_options options = {.root = KG_ROOT_ARRAY,
                                        .limits = {.depth = 10000}};
    struct found f;

    (void)state;
    begin(&f, &options);
    for (size_t depth = 10000; depth <= 10001; depth++) {
        for (size_t i = 0; i < depth; i++) {
            feed(&f, KG_STR("["));
        }
        for (size_t i = 0; i < depth; i++) {
            feed(&f, KG_STR("]"));
        }
        feed(&f, KG_STR("\n"));
    }
    end(&f, KG_MIB);
    assert_int_equal(f.n_complete, 1);
    assert_int_equal(f.n_limited, 1);
}

static struct kg_profile *compile(const char *name)
{
    const struct kg_builtin *builtin = kg_profile_builtin(kg_str_from(name));
    struct kg_profile *profile = NULL;
    struct kg_node *root;
    struct kg_error e;
    struct kg_tree t;

    kg_tree_init(&t, KG_MIB);
    assert_int_equal(kg_yaml_parse_one(builtin->yaml, name, &t, &root, &e),
                     KG_OK);
    assert_int_equal(kg_profile_compile(root, name, &profile, &e), KG_OK);
    kg_tree_finish(&t);
    return profile;
}

#define SCAN                                                              \
    "{\"object\":{\"name\":\"n\",\"namespace\":\"s\",\"kind\":\"Job\","   \
    "\"container\":\"c\",\"pods\":[{\"name\":\"p\",\"deleted\":false}]}," \
    "\"severity\":\"OK\"},\n"

static void t16_a_document_of_100_mb_gives_its_rows_in_little_memory(
    void **state)
{
    struct kg_profile *profile = compile("krr");
    struct kg_reader_options options = {.profile = profile};
    struct found f;

    (void)state;
    begin(&f, &options);
    feed(&f, KG_STR("{\"scans\":["));
    feed_many(&f, SCAN, 100 * 1000 * KG_KIB);
    feed(&f, KG_STR("null]}"));
    end(&f, KG_MIB);
    assert_int_equal(f.n_complete, 1);
    assert_true(f.n_rows > 700 * 1000);
    kg_profile_destroy(profile);
}

static void t16_an_array_of_a_million_elements_is_counted(void **state)
{
    struct kg_profile *profile = compile("krr");
    struct kg_reader_options options = {.profile = profile};
    struct found f;

    (void)state;
    begin(&f, &options);
    feed(&f, KG_STR("{\"scans\":[{\"object\":{\"name\":\"n\",\"namespace\":"
                    "\"s\",\"kind\":\"Job\",\"container\":\"c\",\"pods\":["));
    feed_many(&f, "{\"deleted\":false},\n", 20 * 1000 * 1000);
    feed(&f, KG_STR("null]}}]}"));
    end(&f, KG_MIB);
    assert_int_equal(f.n_complete, 1);
    assert_int_equal(f.n_rows, 1);
    kg_profile_destroy(profile);
}

#define ISSUE \
    "\"a/b\":[{\"group\":\"c\",\"level\":2,\"message\":\"[POP-106]\"}],\n"

static void t16_rows_that_wait_for_100_mb_pass_in_little_memory(void **state)
{
    struct kg_profile *profile = compile("popeye");
    struct kg_reader_options options = {.profile = profile, .takes_late = true};
    struct found f;

    (void)state;
    begin(&f, &options);
    feed(&f,
         KG_STR("{\"popeye\":{\"score\":1,\"sections\":[{\"linter\":\"pods\","
                "\"issues\":{"));
    feed_many(&f, ISSUE, 100 * 1000 * KG_KIB);
    feed(&f, KG_STR("\"z\":[]}}]},\"ClusterName\":\"k\"}"));
    end(&f, 20 * KG_MIB); /* 8 MiB of rows, and what malloc needs beside. */
    assert_int_equal(f.n_complete, 1);
    assert_true(f.n_late == f.n_rows && f.n_rows > 1000 * 1000);
    kg_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t16_a_string_of_64_mib_is_a_limit_and_hides_nothing),
        cmocka_unit_test(t16_openers_of_64_mib_are_a_limit_and_hide_nothing),
        cmocka_unit_test(t16_a_document_may_be_10000_deep),
        cmocka_unit_test(
            t16_a_document_of_100_mb_gives_its_rows_in_little_memory),
        cmocka_unit_test(t16_an_array_of_a_million_elements_is_counted),
        cmocka_unit_test(t16_rows_that_wait_for_100_mb_pass_in_little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
