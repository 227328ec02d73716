/* SPDX-License-Identifier: MIT */
#include "kt_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "kt.h"
#include "kubeglean/heap.h"
#include "kubeglean/yaml.h"
#include "json/scan.h"

enum { TRACE_MAX = 1 << 24 };

/* --- profiles ----------------------------------------------------------------- */

static struct kg_profile *compile(struct kg_str yaml, const char *file)
{
    struct kg_profile *profile = NULL;
    struct kg_node *root;
    struct kg_error e;
    struct kg_tree t;

    kg_tree_init(&t, 1 << 20);
    if (kg_yaml_parse_one(yaml, file, &t, &root, &e) != KG_OK ||
        kg_profile_compile(root, file, &profile, &e) != KG_OK) {
        fail_msg("%s", e.text);
    }
    kg_tree_finish(&t);
    return profile;
}

struct kg_profile *kt_report_profile(const char *yaml)
{
    return compile(kg_str_from(yaml), "test.yaml");
}

struct kg_profile *kt_report_builtin(const char *name)
{
    const struct kg_builtin *builtin = kg_profile_builtin(kg_str_from(name));

    assert_non_null(builtin);
    return compile(builtin->yaml, name);
}

/* --- what the reader says ------------------------------------------------------- */

static bool say(struct kt_report *t, enum kg_errc err)
{
    t->err = t->err != KG_OK ? t->err : err;
    return err == KG_OK;
}

static bool on_begin(void *data, uint64_t ordinal)
{
    struct kt_report *t = data;

    kg_buf_reset(&t->text);
    return t->options.profile == NULL ||
           say(t, kg_buf_addf(&t->trace, "begin %llu\n",
                              (unsigned long long)ordinal));
}

static bool on_piece(void *data, struct kg_str bytes)
{
    struct kt_report *t = data;

    return say(t, kg_buf_add(&t->text, bytes));
}

static bool say_values(struct kt_report *t, const char *what,
                       const struct kg_value *values, uint64_t late)
{
    uint32_t n = kg_profile_table(t->options.profile)->n_columns;
    bool said = say(t, kg_buf_addf(&t->trace, "%s ", what));

    for (uint32_t i = 0; said && i < n; i++) {
        struct kg_str text = (late >> i & 1) != 0 ? KG_STR("LATE")
                             : values[i].is_null  ? KG_STR("NULL")
                                                  : values[i].text;

        said = say(t, kg_buf_add(&t->trace, text)) &&
               say(t, kg_buf_addc(&t->trace, i + 1 < n ? '|' : '\n'));
    }
    return said;
}

static bool on_row(void *data, const struct kg_row *row)
{
    return say_values(data, "row", row->values, row->late);
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    struct kt_report *t = data;

    return say(t, kg_buf_addf(&t->trace, "reject %llu %s: %s\n",
                              (unsigned long long)row->number, column, reason));
}

static bool end_document(struct kt_report *t, const struct kg_report_end *end)
{
    if (end->outcome != KG_COMPLETE) {
        return say(t, kg_buf_addf(&t->trace, "broken %s\n", end->reason));
    }
    return say(t, kg_buf_add(&t->trace, kg_buf_str(&t->text))) &&
           say(t, kg_buf_addc(&t->trace, '\n'));
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct kt_report *t = data;

    if (t->options.profile == NULL) {
        return end_document(t, end);
    }
    if (end->scope != NULL && !say_values(t, "scope", end->scope, 0)) {
        return false;
    }
    if (end->late != NULL && !say_values(t, "late", end->late, 0)) {
        return false;
    }
    return say(t, kg_buf_addf(&t->trace, "end %s%s%s %llu %llu\n",
                              kg_outcome_name(end->outcome),
                              *end->reason != '\0' ? " " : "", end->reason,
                              (unsigned long long)end->n_rows,
                              (unsigned long long)end->n_rejected));
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .piece_cb = on_piece,
                                         .row_cb = on_row,
                                         .reject_cb = on_reject,
                                         .end_cb = on_end};

/* --- a log ------------------------------------------------------------------------- */

void kt_report_begin(struct kt_report *t,
                     const struct kg_reader_options *options)
{
    *t = (struct kt_report){.options = *options};
    kg_buf_init(&t->trace, TRACE_MAX);
    kg_buf_init(&t->text, TRACE_MAX);
    (void)say(t, kg_reader_create(options, &ops, t, &t->reader));
}

void kt_report_feed(struct kt_report *t, struct kg_str piece)
{
    if (t->err == KG_OK) {
        (void)say(t, kg_reader_feed(t->reader, piece));
    }
}

void kt_report_finish(struct kt_report *t)
{
    if (t->err == KG_OK) {
        (void)say(t, kg_reader_finish(t->reader, "cut"));
    }
}

void kt_report_end(struct kt_report *t)
{
    kg_reader_destroy(t->reader);
    kg_buf_finish(&t->trace);
    kg_buf_finish(&t->text);
}

char *kt_report_of(const struct kg_reader_options *options, struct kg_str log,
                   struct kg_reader_stats *ret_stats)
{
    struct kt_report t;
    struct kg_str trace;
    char *copy;

    kt_report_begin(&t, options);
    kt_report_feed(&t, log);
    kt_report_finish(&t);
    assert_int_equal(t.err, KG_OK);
    if (ret_stats != NULL) {
        *ret_stats = *kg_reader_stats(t.reader);
    }
    trace = kg_buf_str(&t.trace);
    copy = kg_strndup(trace.ptr, trace.len);
    kt_report_end(&t);
    assert_non_null(copy);
    return copy;
}

struct split {
    const struct kg_reader_options *options;
    struct kt_report t;
    const char *want;
};

static void split_begin(void *data)
{
    struct split *s = data;

    kt_report_begin(&s->t, s->options);
}

static void split_feed(void *data, struct kg_str piece)
{
    struct split *s = data;

    kt_report_feed(&s->t, piece);
}

static void split_end(void *data)
{
    struct split *s = data;

    kt_report_finish(&s->t);
    assert_int_equal(s->t.err, KG_OK);
    kt_assert_str(kg_buf_str(&s->t.trace), s->want);
    kt_report_end(&s->t);
}

static void assert_whole(const struct kg_reader_options *options,
                         struct kg_str log, const char *want)
{
    char *got = kt_report_of(options, log, NULL);

    assert_string_equal(got, want);
    kg_free(got);
}

void kt_report_assert(const struct kg_reader_options *options,
                      struct kg_str log, const char *want)
{
    struct kg_reader_options all = *options;
    struct split s = {.options = options, .want = want};

    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        assert_int_equal(setenv("KG_SIMD", kg_scan_at(i)->name, 1), 0);
        assert_whole(options, log, want);
        kt_split(log, &s, split_begin, split_feed, split_end);
    }
    assert_int_equal(unsetenv("KG_SIMD"), 0);
    all.parse_all = true;
    assert_whole(&all, log, want);
}

const struct kg_reader_options kt_report_objects = {.root = KG_ROOT_OBJECT};

void kt_report_found(struct kg_str log, const char *want)
{
    kt_report_assert(&kt_report_objects, log, want);
}

void kt_report_rows(const char *yaml, const char *log, const char *want)
{
    struct kg_profile *profile = kt_report_profile(yaml);
    struct kg_reader_options options = {.profile = profile};

    kt_report_assert(&options, kg_str_from(log), want);
    kg_profile_destroy(profile);
}

void kt_report_refused(const char *yaml, const char *want)
{
    struct kg_profile *profile;
    struct kg_node *root;
    struct kg_error e;
    struct kg_tree t;

    kg_tree_init(&t, 1 << 20);
    if (kg_yaml_parse_one(kg_str_from(yaml), "p.yaml", &t, &root, &e) ==
        KG_OK) {
        assert_int_equal(kg_profile_compile(root, "p.yaml", &profile, &e),
                         KG_ECONFIG);
    }
    assert_string_equal(e.text, want);
    kg_tree_finish(&t);
}

/* --- logs to be made ------------------------------------------------------------ */

void kt_log_add(struct kg_buf *log, struct kg_str text)
{
    assert_int_equal(kg_buf_add(log, text), KG_OK);
}

char *kt_log_trace(const struct kg_buf *log, struct kg_reader_stats *ret_stats)
{
    return kt_report_of(&kt_report_objects, kg_buf_str(log), ret_stats);
}
