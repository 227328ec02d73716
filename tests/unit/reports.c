/* SPDX-License-Identifier: MIT */
/* json/: what the built-in profiles make of the tools' reports, today's and
 * older ones. tests/data/reports has each report, and beside it the rows it
 * gives as kt_report.h writes them. */
#include <stdio.h>

#include "kt.h"
#include "kt_report.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

static const struct {
    const char *profile, *report, *rows;
} reports[] = {
    {"krr", "krr/today.json", "krr/today.rows"},
    {"krr", "krr/v1.6.json", "krr/v1.6.rows"},
    {"krr-seed", "krr/v1.6.json", "krr/seed.rows"},
    {"kube-bench", "kube-bench/totals.json", "kube-bench/totals.rows"},
    {"kube-bench", "kube-bench/no-totals.json", "kube-bench/no-totals.rows"},
    {"kube-bench", "kube-bench/v0.1.json", "kube-bench/v0.1.rows"},
    {"trivy-image", "trivy-image/image.json", "trivy-image/image.rows"},
    {"trivy-image", "trivy-image/clean.json", "trivy-image/clean.rows"},
    {"trivy-image", "trivy-image/v0.19.json", "trivy-image/v0.19.rows"},
    {"trivy-k8s", "trivy-k8s/resources.json", "trivy-k8s/resources.rows"},
    {"trivy-k8s", "trivy-k8s/findings.json", "trivy-k8s/findings.rows"},
    {"trivy-k8s", "trivy-k8s/v0.27.json", "trivy-k8s/v0.27.rows"},
    {"popeye", "popeye/sections.json", "popeye/sections.rows"},
    {"popeye", "popeye/sanitizers.json", "popeye/sanitizers.rows"},
    {"polaris", "polaris/audit.json", "polaris/audit.rows"},
    {"polaris", "polaris/empty.json", "polaris/empty.rows"},
    {"kubescape", "kubescape/v3.json", "kubescape/v3.rows"},
    {"kubescape", "kubescape/v2.json", "kubescape/v2.rows"},
    {"kubeaudit", "kubeaudit/findings.log", "kubeaudit/findings.rows"},
};

static const char before[] =
    "\x1b[2J\x1b[32m[03:00:00]\x1b[0m INFO starting {namespace=\"shop\"}\n"
    "I1122 03:00:00.000000 1 request.go:601] Waited for 1.2s\n"
    "{\"kind\":\"Status\",\"results\":[],\"code\":429,\"Results\":\"none\"}\n"
    "{\"level\":\"info\",\"msg\":\"popeye, scans\"} [1, 2] [] map[a:{b}]\n";
static const char after[] =
    "\nDone [100%] ]} {\"exit\": {\"code\": 1}}\n{\"scans\" in words\n";

/* --- each of them ---------------------------------------------------------------- */

static char *data_of(const char *name)
{
    char path[128];
    size_t len;

    (void)snprintf(path, sizeof(path), "reports/%s", name);
    return kt_data(path, &len);
}

static void each_report(void (*compare)(const struct kg_reader_options *options,
                                        const char *report, const char *rows))
{
    struct kg_run_info run = {.id = {.cluster = KG_STR("here")},
                              .node = KG_STR("node-7"),
                              .started_at_us = KG_TIME_NONE,
                              .finished_at_us = KG_TIME_NONE};

    assert_true(
        kg_time_parse(KG_STR("2026-11-22T03:00:00Z"), &run.scanned_at_us));
    for (size_t i = 0; i < KG_COUNT_OF(reports); i++) {
        struct kg_profile *profile = kt_report_builtin(reports[i].profile);
        struct kg_reader_options options = {.profile = profile, .run = &run};
        char *report = data_of(reports[i].report);
        char *rows = data_of(reports[i].rows);

        compare(&options, report, rows);
        kg_free(report);
        kg_free(rows);
        kg_profile_destroy(profile);
    }
}

static void compare_alone(const struct kg_reader_options *options,
                          const char *report, const char *rows)
{
    kt_report_assert(options, kg_str_from(report), rows);
}

static void each_report_gives_its_rows_however_it_is_cut(void **state)
{
    (void)state;
    each_report(compare_alone);
}

static void compare_in_noise(const struct kg_reader_options *options,
                             const char *report, const char *rows)
{
    struct kg_buf log;

    kg_buf_init(&log, 1 << 20);
    assert_int_equal(kg_buf_addf(&log, "%s%s%s", before, report, after), KG_OK);
    kt_report_assert(options, kg_buf_str(&log), rows);
    kg_buf_finish(&log);
}

static void so_does_each_inside_noise_and_decoys(void **state)
{
    (void)state;
    each_report(compare_in_noise);
}

/* --- but not without its beginning -------------------------------------------------- */

static void break_line(struct kg_buf *log, size_t depth)
{
    assert_int_equal(kg_buf_addf(log, "\n%*s", (int)(2 * depth), ""), KG_OK);
}

/* As it is printed in one line, or with indentation. */
static void add_layout(struct kg_buf *log, const char *report, bool indented)
{
    bool in_text = false;
    size_t depth = 0;

    for (const char *p = report; *p != '\0'; p++) {
        bool closes = !in_text && (*p == '}' || *p == ']');

        if (!in_text && strchr(" \t\n", *p) != NULL) {
            continue;
        }
        depth -= closes;
        if (closes && indented) {
            break_line(log, depth);
        }
        assert_int_equal(kg_buf_addc(log, *p), KG_OK);
        if (*p == '\\') {
            assert_int_equal(kg_buf_addc(log, *++p), KG_OK);
            continue;
        }
        in_text = in_text != (*p == '"');
        depth += !in_text && (*p == '{' || *p == '[');
        if (depth == 0 ||
            (indented && !in_text && !closes && strchr("{[,", *p) != NULL)) {
            break_line(log, depth);
        }
    }
}

static size_t n_complete(const struct kg_reader_options *options,
                         struct kg_str log)
{
    char *trace = kt_report_of(options, log, NULL);
    size_t n = 0;

    for (const char *at = trace; (at = strstr(at, "end complete")) != NULL;
         at++) {
        n++;
    }
    kg_free(trace);
    return n;
}

/* A report may be of several documents. */
static void each_tail_lacks_one(const struct kg_reader_options *options,
                                struct kg_str log)
{
    size_t n_whole = n_complete(options, log);

    for (size_t n = 1; n < log.len; n++) {
        if (n_complete(options, kg_str_of(log.ptr + n, log.len - n)) >=
            n_whole) {
            fail_msg("%s takes a report without its first %zu bytes",
                     kg_profile_name(options->profile), n);
        }
    }
}

static void compare_tails(const struct kg_reader_options *options,
                          const char *report, const char *rows)
{
    (void)rows;
    if (kg_profile_unit(options->profile) == KG_UNIT_LOG) {
        return; /* Each line is a document. */
    }
    for (int indented = 0; indented < 2; indented++) {
        struct kg_buf log;

        kg_buf_init(&log, 1 << 20);
        add_layout(&log, report, indented != 0);
        each_tail_lacks_one(options, kg_buf_str(&log));
        kg_buf_finish(&log);
    }
}

static void a_report_without_its_beginning_is_never_complete(void **state)
{
    (void)state;
    each_report(compare_tails);
}

/* --- and none of another's --------------------------------------------------------- */

/* The folder is named after the tool, and the profile begins with its name. */
static bool is_for(const char *profile, const char *report)
{
    struct kg_str folder = kg_str_from(report);

    return kg_str_starts(kg_str_from(profile), kg_str_cut(&folder, '/'));
}

static void leaves_alone(const struct kg_profile *profile, const char *file)
{
    struct kg_reader_options options = {.profile = profile};
    char *report = data_of(file);
    char *trace = kt_report_of(&options, kg_str_from(report), NULL);

    if (*trace != '\0') {
        fail_msg("%s took %s: %s", kg_profile_name(profile), file, trace);
    }
    kg_free(trace);
    kg_free(report);
}

static void a_profile_leaves_the_reports_of_other_tools_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < kg_profile_n_builtins; i++) {
        const char *name = kg_profile_builtins[i].name;
        struct kg_profile *profile = kt_report_builtin(name);

        for (size_t k = 0; k < KG_COUNT_OF(reports); k++) {
            if (!is_for(name, reports[k].report)) {
                leaves_alone(profile, reports[k].report);
            }
        }
        kg_profile_destroy(profile);
    }
}

static bool is_tested(const char *profile)
{
    for (size_t i = 0; i < KG_COUNT_OF(reports); i++) {
        if (kg_str_is(kg_str_from(profile), reports[i].profile)) {
            return true;
        }
    }
    return false;
}

static void no_builtin_profile_is_without_a_report(void **state)
{
    (void)state;
    for (size_t i = 0; i < kg_profile_n_builtins; i++) {
        if (!is_tested(kg_profile_builtins[i].name)) {
            fail_msg("%s has no report here", kg_profile_builtins[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_report_gives_its_rows_however_it_is_cut),
        cmocka_unit_test(so_does_each_inside_noise_and_decoys),
        cmocka_unit_test(a_report_without_its_beginning_is_never_complete),
        cmocka_unit_test(a_profile_leaves_the_reports_of_other_tools_alone),
        cmocka_unit_test(no_builtin_profile_is_without_a_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
