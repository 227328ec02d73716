/* SPDX-License-Identifier: MIT */
/* Any log, cut anywhere: what is found is the same as when it is read whole, and
 * the same as when the parser meets all of it; the work is linear. The first
 * byte says which reader, the second where it is cut. */
#include <stdlib.h>

#include "kubeglean/heap.h"
#include "kubeglean/reader.h"
#include "kubeglean/yaml.h"
#include "json/scan.h"

enum { TRACE_MAX = 1 << 24, MODES = 6 };

struct trace {
    struct kg_buf text;
    uint32_t n_columns;
    size_t began; /* Where in `text` the last document does. */
    bool damaged; /* Something broke that was JSON so far. */
};

static struct kg_profile *profiles[2];

static const char all_sources[] =
    "kind: Profile\nmetadata: {name: t}\nspec:\n  table: t\n  root: any\n"
    "  unit: log\n  match: [$.a]\n  rows: \"$.a[*].*\"\n  columns:\n"
    "  - {name: k, type: text, key: true, mapKey: 0}\n"
    "  - {name: p, type: text, parent: \"$.a[*].p\", regex: '(x+)y'}\n"
    "  - {name: j, type: jsonb, raw: \"@\"}\n"
    "  - {name: v, type: numeric, path: \"@[1]\", mismatch: default, "
    "default: 0}\n"
    "  - {name: len, type: integer, count: \"@[*].*\", where: {x: true}}\n"
    "  - {name: pods, type: integer, count: \"@.b[*]\", where: {x: true}}\n";

static struct kg_profile *compile(struct kg_str yaml)
{
    struct kg_profile *profile;
    struct kg_node *root;
    struct kg_error e;
    struct kg_tree t;

    kg_tree_init(&t, 1 << 20);
    KG_REQUIRE(kg_yaml_parse_one(yaml, "yaml", &t, &root, &e) == KG_OK);
    KG_REQUIRE(kg_profile_compile(root, "yaml", &profile, &e) == KG_OK);
    kg_tree_finish(&t);
    return profile;
}

/* --- what is found ------------------------------------------------------------ */

static bool add(struct trace *t, struct kg_str text)
{
    KG_REQUIRE(kg_buf_add(&t->text, text) == KG_OK);
    return true;
}

static bool on_begin(void *data, uint64_t ordinal)
{
    struct trace *t = data;

    (void)ordinal;
    t->began = kg_buf_len(&t->text);
    return true;
}

static bool on_piece(void *data, struct kg_str bytes)
{
    return add(data, bytes);
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct trace *t = data;

    for (uint32_t i = 0; i < t->n_columns; i++) {
        KG_REQUIRE(!row->values[i].is_null || row->values[i].text.len == 0);
        (void)add(t, KG_STR("|"));
        (void)add(t, row->values[i].text);
    }
    return true;
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    KG_REQUIRE(kg_buf_addf(&((struct trace *)data)->text, "!%llu %s %s",
                           (unsigned long long)row->number, column,
                           reason) == KG_OK);
    return true;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct trace *t = data;

    if (end->outcome == KG_INCOMPLETE && t->n_columns == 0) {
        kg_buf_truncate(&t->text, t->began);
    }
    KG_REQUIRE(kg_buf_addf(&t->text, " %s %s %llu+%llu nan %llu\n",
                           kg_outcome_name(end->outcome), end->reason,
                           (unsigned long long)end->offset,
                           (unsigned long long)end->len,
                           (unsigned long long)end->n_nan) == KG_OK);
    return true;
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .piece_cb = on_piece,
                                         .row_cb = on_row,
                                         .reject_cb = on_reject,
                                         .end_cb = on_end};

static void add_stats(struct trace *t, const struct kg_reader_stats *s)
{
    KG_REQUIRE(
        kg_buf_addf(&t->text, "documents %llu damaged %llu noise %llu %d",
                    (unsigned long long)s->documents,
                    (unsigned long long)s->damaged,
                    (unsigned long long)s->noise_bytes, s->headless) == KG_OK);
}

static void find(struct trace *t, const struct kg_reader_options *options,
                 struct kg_str log, size_t step)
{
    struct kg_reader *r;

    *t = (struct trace){.n_columns =
                            options->profile != NULL
                                ? kg_profile_table(options->profile)->n_columns
                                : 0};
    kg_buf_init(&t->text, TRACE_MAX);
    KG_REQUIRE(kg_reader_create(options, &ops, t, &r) == KG_OK);
    for (size_t at = 0; at < log.len; at += step) {
        size_t rest = log.len - at;

        KG_REQUIRE(kg_reader_feed(
                       r, kg_str_of(log.ptr + at, rest < step ? rest : step)) ==
                   KG_OK);
    }
    KG_REQUIRE(kg_reader_finish(r, "cut") == KG_OK);
    add_stats(t, kg_reader_stats(r));
    t->damaged = kg_reader_stats(r)->damaged > 0;
    /* By the frame, and twice by the parser, with U+FFFD for single bytes. */
    KG_REQUIRE(kg_reader_stats(r)->looked_at <= 7 * log.len);
    kg_reader_destroy(r);
}

static void compare_with(const struct trace *want,
                         const struct kg_reader_options *options,
                         struct kg_str log, size_t step)
{
    struct trace found;

    for (size_t i = 0; kg_scan_at(i) != NULL; i++) {
        KG_REQUIRE(setenv("KG_SIMD", kg_scan_at(i)->name, 1) == 0);
        find(&found, options, log, step);
        KG_REQUIRE(kg_str_eq(kg_buf_str(&found.text), kg_buf_str(&want->text)));
        kg_buf_finish(&found.text);
    }
}

/* Of what is skipped of a document that is none the parser may know better. */
static void compare(const struct kg_reader_options *options, struct kg_str log,
                    size_t step)
{
    struct kg_reader_options all = *options;
    struct trace whole, parsed;

    KG_REQUIRE(setenv("KG_SIMD", "scalar", 1) == 0);
    find(&whole, options, log, log.len + 1);
    compare_with(&whole, options, log, log.len + 1);
    compare_with(&whole, options, log, step);
    all.parse_all = true;
    find(&parsed, &all, log, step);
    KG_REQUIRE(kg_str_eq(kg_buf_str(&whole.text), kg_buf_str(&parsed.text)) ||
               (parsed.damaged && options->profile != NULL));
    kg_buf_finish(&parsed.text);
    kg_buf_finish(&whole.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kg_reader_options options = {
        .limits = {.depth = 8, .string = 64, .key = 16, .number = 16}};
    uint8_t mode;

    if (profiles[0] == NULL) {
        profiles[0] = compile(kg_profile_builtin(KG_STR("krr"))->yaml);
        profiles[1] = compile(kg_str_from(all_sources));
    }
    if (len < 2) {
        return 0;
    }
    mode = bytes[0] % MODES;
    if (bytes[0] >= 128) { /* Whole blocks of 64 bytes are read at once. */
        options.limits.string = options.limits.key = 4096;
        options.limits.number = 100;
    }
    switch (mode) {
    case 0:
    case 1:
        options.profile = profiles[mode];
        options.strict = bytes[0] / MODES % 4 == 3;
        break;
    case 2:
        options.strict = true;
        options.root = KG_ROOT_ANY;
        break;
    default:
        options.root = (enum kg_root)(mode - 3);
        break;
    }
    compare(&options, kg_str_of((const char *)bytes + 2, len - 2),
            (size_t)bytes[1] % 16 + 1);
    return 0;
}
