/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "../gen/report.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/reader.h"
#include "kubeglean/yaml.h"

/* A measurement that has no memory has nothing to do. */
static void must(enum kg_errc code)
{
    KG_REQUIRE(code == KG_OK);
}

const struct kg_profile *rows_profile(const char *name)
{
    const struct kg_builtin *builtin = kg_profile_builtin(kg_str_from(name));
    struct kg_node *document;
    struct kg_tree tree;
    struct kg_profile *profile;
    struct kg_error e;

    KG_REQUIRE(builtin != NULL);
    kg_tree_init(&tree, KG_LIMIT_TREE);
    must(kg_yaml_parse_one(builtin->yaml, name, &tree, &document, &e));
    must(kg_profile_compile(document, name, &profile, &e));
    kg_tree_finish(&tree);
    return profile;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct rows *rows = data;
    uint32_t n = rows->def->n_columns;
    struct kg_value *values = &rows->values[row->number * n];
    size_t len = 1;
    char *end;

    for (uint32_t i = 0; i < n; i++) {
        len += row->values[i].text.len;
    }
    end = kg_alloc(len);
    KG_REQUIRE(end != NULL);
    for (uint32_t i = 0; i < n; i++) {
        struct kg_str text = row->values[i].text;

        if (text.len > 0) {
            memcpy(end, text.ptr, text.len);
        }
        values[i] =
            (struct kg_value){kg_str_of(end, text.len), row->values[i].is_null};
        end += text.len;
    }
    rows->n++;
    return true;
}

static bool on_begin(void *data, uint64_t ordinal)
{
    (void)data;
    return ordinal == 0;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    (void)data;
    return end->outcome == KG_COMPLETE && end->n_rejected == 0;
}

static void feed(struct kg_reader *reader, struct kg_buf *text)
{
    must(kg_reader_feed(reader, kg_buf_str(text)));
    kg_buf_reset(text);
}

static bool is_kept_by_namespace(const struct kg_table_def *def)
{
    return def->n_scope == 1 &&
           strcmp(def->columns[def->scope[0]].name, "namespace") == 0;
}

void rows_make(struct rows *rows, const struct kg_profile *profile,
               size_t n_reports, size_t n_report, uint64_t seed)
{
    size_t n = n_reports * n_report;
    static const struct kg_reader_ops ops = {
        .begin_cb = on_begin, .row_cb = on_row, .end_cb = on_end};
    const struct report_shape shape = {
        .seed = seed, .cluster = "bench", .ns_prefix = "team"};
    const struct kg_reader_options options = {.profile = profile};
    struct kg_reader *reader;
    struct kg_buf text;
    struct emit emit;
    struct scan scan;

    *rows = (struct rows){.def = kg_profile_table(profile)};
    rows->values = kg_calloc(n * rows->def->n_columns, sizeof(struct kg_value));
    KG_REQUIRE(rows->values != NULL);
    must(kg_reader_create(&options, &ops, rows, &reader));
    kg_buf_init(&text, KG_MIB);
    emit_init(&emit, &text, LAYOUT_PRETTY);
    report_begin(&emit);
    for (size_t i = 0; i < n; i++) {
        scan_make(&shape, i, &scan);
        if (is_kept_by_namespace(rows->def)) {
            (void)snprintf(scan.ns, sizeof(scan.ns), "team-%zu", i / n_report);
        }
        report_scan(&emit, &scan);
        feed(reader, &text);
    }
    report_end(&emit);
    feed(reader, &text);
    must(kg_reader_finish(reader, "cut"));
    KG_REQUIRE(rows->n == n);
    kg_reader_destroy(reader);
    kg_buf_finish(&text);
}

void rows_stamp(struct rows *rows, int64_t scanned_at_us)
{
    const struct kg_table_def *def = rows->def;

    if (def->scanned_at < 0) {
        return;
    }
    (void)kg_time_format(scanned_at_us, rows->at);
    for (size_t i = 0; i < rows->n; i++) {
        rows->values[i * def->n_columns + (size_t)def->scanned_at] =
            (struct kg_value){kg_str_from(rows->at), false};
    }
}
