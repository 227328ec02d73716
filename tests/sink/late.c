/* SPDX-License-Identifier: MIT */
/* sink/: rows that came before values of their report get them in staging. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000, CLUSTER = 1, SEVERITY = 1 << 7 };

static struct kg_value text(const char *s)
{
    return (struct kg_value){kg_str_from(s), s == NULL};
}

/* Those below `n_late` lack their cluster and severity. */
static struct kg_report *begin(struct kt_sink *t, unsigned n_rows,
                               unsigned n_late)
{
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *r;
    char name[16];
    bool pause;

    kt_sink_fresh(t);
    assert_int_equal(kg_report_begin(t->sink, &kt_krr, &run, 0, &r), KG_OK);
    for (unsigned i = 0; i < n_rows; i++) {
        bool late = i < n_late;
        int len = snprintf(name, sizeof(name), "%06u", i);
        const struct kg_value values[] = {text(late ? NULL : "c1"),
                                          text("ns"),
                                          {kg_str_of(name, (size_t)len), false},
                                          text("Job"),
                                          text("main"),
                                          text("3"),
                                          text(NULL),
                                          text(late ? NULL : "OK"),
                                          text("2026-09-21T14:13:20Z")};
        const struct kg_row row = {values, i, late ? CLUSTER | SEVERITY : 0};

        assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    }
    return r;
}

static struct kt_stored join(struct kt_sink *t, struct kg_report *r,
                             const char *severity)
{
    struct kg_value late[9] = {{.is_null = true}};
    struct kt_stored s = {0};

    late[0] = text("c1");
    late[7] = text(severity);
    assert_int_equal(kg_report_join(r, late), KG_OK);
    kg_report_end(r, kt_on_done, &s);
    kt_sink_until(t, &s.done, 20);
    assert_false(s.failed);
    return s;
}

static void late_rows_of_a_large_report_get_their_values(void **state)
{
    struct kt_sink t;
    struct kg_report *r = begin(&t, 3000, 2500);

    (void)state;
    assert_int_equal(join(&t, r, "LATE").result.n_inserted, 3000);
    kt_assert_query("SELECT cluster, severity, min(name), max(name), count(*)"
                    " FROM scan_history GROUP BY 1, 2 ORDER BY 3",
                    "c1|LATE|000000|002499|2500\nc1|OK|002500|002999|500");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_assert_query("SELECT outcome, rows, scope FROM kubeglean_runs",
                    "running|3000|[\"c1\"]");
    kt_sink_end(&t);
}

static void so_do_those_of_a_small_one(void **state)
{
    struct kt_sink t;
    struct kg_report *r = begin(&t, 3, 3);

    (void)state;
    assert_int_equal(join(&t, r, NULL).result.n_inserted, 3);
    kt_assert_query("SELECT cluster, severity, count(*) FROM scan_history"
                    " GROUP BY 1, 2",
                    "c1||3");
    kt_sink_end(&t);
}

static void a_key_that_was_late_is_compared_with_those_that_were_not(
    void **state)
{
    struct kt_sink t;
    struct kg_report *r = begin(&t, 1200, 1100);
    const struct kg_value again[] = {
        text("c1"),  text("ns"),   text("000007"),
        text("Job"), text("main"), text("4"),
        text(NULL),  text("LAST"), text("2026-09-21T14:13:20Z")};
    const struct kg_row row = {again, 1200, 0};
    struct kt_stored s;
    bool pause;

    (void)state;
    assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    s = join(&t, r, "LATE");
    assert_int_equal(s.result.n_inserted, 1200);
    assert_int_equal(s.result.n_duplicates, 1);
    kt_assert_query("SELECT pods, severity FROM scan_history"
                    " WHERE name = '000007'",
                    "4|LAST");
    kt_sink_end(&t);
}

static void a_late_report_that_is_aborted_leaves_nothing(void **state)
{
    struct kt_sink t;
    struct kg_report *r = begin(&t, 2500, 2500);
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kg_report_abort(r);
    assert_int_equal(kt_settle(&t, &run, KG_INCOMPLETE, "cut").entry.outcome,
                     KG_INCOMPLETE);
    kt_turn_for(&t, 200);
    kt_assert_query("SELECT count(*) FROM scan_history", "0");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_rows_of_a_large_report_get_their_values),
        cmocka_unit_test(so_do_those_of_a_small_one),
        cmocka_unit_test(
            a_key_that_was_late_is_compared_with_those_that_were_not),
        cmocka_unit_test(a_late_report_that_is_aborted_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
