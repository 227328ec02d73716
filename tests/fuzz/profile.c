/* SPDX-License-Identifier: MIT */
/* Any text is a profile that can be used, or is refused with a place; and any
 * profile reads the reports of all tools, or the log behind a NUL in the input,
 * alike whether they come whole, byte by byte, or with the parser meeting all. */
#include "kubeglean/heap.h"
#include "kubeglean/reader.h"
#include "kubeglean/yaml.h"

enum { TRACE_MAX = 1 << 24 };

/* What the built-in profiles lead to, and a little more. */
static const char tools[] =
    "{\"scans\":[{\"object\":{\"cluster\":null,\"name\":\"n\",\"pods\":[{"
    "\"deleted\":false},{\"deleted\":true},7]},\"severity\":\"?\"},null]}\n"
    "{\"Controls\":[{\"node_type\":\"m\",\"tests\":[{\"results\":[{\"a\":1.50,"
    "\"scored\":true}]}]}],\"ClusterName\":\"\"}\n"
    "noise {\"x\" [{\"tests\":null,\"node_type\":[]},{\"tests\":[{\"results\":"
    "{}}]}]\n"
    "{\"popeye\":{\"score\":1,\"sections\":[{\"issues\":{\"a/b\":[{\"message\":"
    "\"[POP-1] \\u00e4\\ud83d\"}],\"c\":null},\"linter\":\"l\"}]}}\n"
    "{\"PolarisOutputVersion\":\"1\",\"Results\":[{\"Results\":{\"c\":{"
    "\"Success\":false}},\"PodResult\":{\"ContainerResults\":[{\"Name\":\"x\","
    "\"Results\":{\"d\":{}}}]},\"Name\":\"late\"}]}\n"
    "H4sIAAAAAAAC/6tWSixScsosKskAAAAA//8=\n"
    "{\"AuditResultName\":\"A\",\"msg\":\"\\u0000\"}\n{\"a\":{\"b\":{\"c\":[[0";

struct trace {
    struct kg_buf text;
    uint32_t n_columns;
    bool damaged;
};

static bool on_begin(void *data, uint64_t ordinal)
{
    (void)data;
    (void)ordinal;
    return true;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct trace *t = data;

    for (uint32_t i = 0; i < t->n_columns; i++) {
        const struct kg_value *value = &row->values[i];

        KG_REQUIRE(!value->is_null || value->text.len == 0);
        KG_REQUIRE(kg_buf_addc(&t->text, value->is_null ? '!' : '|') == KG_OK);
        KG_REQUIRE(kg_buf_add(&t->text, value->text) == KG_OK);
    }
    return true;
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    struct trace *t = data;

    KG_REQUIRE(kg_buf_addf(&t->text, "\n%llu %s %s",
                           (unsigned long long)row->number, column,
                           reason) == KG_OK);
    return true;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct trace *t = data;
    const struct kg_row late = {.values = end->late};

    if (end->late != NULL) {
        (void)on_row(t, &late);
    }

    KG_REQUIRE(kg_buf_addf(&t->text, "\n%s %s %llu\n",
                           kg_outcome_name(end->outcome), end->reason,
                           (unsigned long long)end->n_rows) == KG_OK);
    return true;
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .row_cb = on_row,
                                         .reject_cb = on_reject,
                                         .end_cb = on_end};

static void add_paths(struct trace *t, const struct kg_profile *profile,
                      const struct kg_reader *r)
{
    for (size_t i = 0; i < kg_profile_n_paths(profile); i++) {
        KG_REQUIRE(kg_buf_addc(&t->text, kg_reader_met(r, i) ? '1' : '0') ==
                   KG_OK);
    }
}

static void read_log(struct trace *t, const struct kg_profile *profile,
                     struct kg_str rest, bool parse_all, size_t step)
{
    struct kg_reader_options options = {.profile = profile,
                                        .parse_all = parse_all,
                                        .takes_late = true,
                                        .limits = {.row = 256, .held = 1024}};
    struct kg_reader *r;

    *t = (struct trace){.n_columns = kg_profile_table(profile)->n_columns};
    kg_buf_init(&t->text, TRACE_MAX);
    KG_REQUIRE(kg_reader_create(&options, &ops, t, &r) == KG_OK);
    while (rest.len > 0) {
        size_t len = rest.len < step ? rest.len : step;

        KG_REQUIRE(kg_reader_feed(r, kg_str_of(rest.ptr, len)) == KG_OK);
        rest = kg_str_of(rest.ptr + len, rest.len - len);
    }
    KG_REQUIRE(kg_reader_finish(r, "cut") == KG_OK);
    add_paths(t, profile, r);
    t->damaged = kg_reader_stats(r)->damaged > 0;
    kg_reader_destroy(r);
}

/* Of what is skipped of a document that is none the parser may know better. */
static void use(const struct kg_profile *profile, struct kg_str log)
{
    struct trace whole, cut, parsed;

    read_log(&whole, profile, log, false, SIZE_MAX);
    read_log(&cut, profile, log, false, 1);
    read_log(&parsed, profile, log, true, 7);
    KG_REQUIRE(kg_str_eq(kg_buf_str(&whole.text), kg_buf_str(&cut.text)));
    if (!parsed.damaged || log.ptr == tools) {
        KG_REQUIRE(
            kg_str_eq(kg_buf_str(&whole.text), kg_buf_str(&parsed.text)));
    }
    kg_buf_finish(&whole.text);
    kg_buf_finish(&cut.text);
    kg_buf_finish(&parsed.text);
}

static void refused(const struct kg_error *e)
{
    KG_REQUIRE(kg_str_starts(kg_str_from(e->text), KG_STR("p.yaml:")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kg_str log = kg_str_of((const char *)bytes, len);
    struct kg_str yaml = kg_str_cut(&log, '\0');
    struct kg_profile *profile;
    struct kg_node *document;
    struct kg_error e;
    struct kg_tree t;

    kg_tree_init(&t, 1 << 20);
    if (kg_yaml_parse_one(yaml, "p.yaml", &t, &document, &e) == KG_OK) {
        if (kg_profile_compile(document, "p.yaml", &profile, &e) == KG_OK) {
            use(profile, log.ptr != NULL ? log : KG_STR(tools));
            kg_profile_destroy(profile);
        } else {
            refused(&e);
        }
    }
    kg_tree_finish(&t);
    return 0;
}
