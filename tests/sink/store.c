/* SPDX-License-Identifier: MIT */
/* sink/: what a report does to the table and the ledger. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sink.h"

enum { NOON = 1790000000 };

static const struct kt_row three[] = {
    {"a", "1", "{\"cpu\": 1}", "OK"},
    {"b", "2", NULL, "WARNING"},
    {"c", "3", "{\"cpu\": 3}", "GOOD"},
};

static void fresh_rows_are_inserted(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, three, 3);
    assert_false(s.failed);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    assert_int_equal(s.result.n_inserted, 3);
    kt_assert_query(
        "SELECT cluster, namespace, name, kind, container, pods, allocations,"
        " severity, scanned_at = to_timestamp(1790000000) FROM scan_history"
        " ORDER BY name",
        "c1|ns|a|Deployment|main|1|{\"cpu\": 1}|OK|t\n"
        "c1|ns|b|Deployment|main|2||WARNING|t\n"
        "c1|ns|c|Deployment|main|3|{\"cpu\": 3}|GOOD|t");
    kt_assert_query(
        "SELECT job_uid, pod_uid, container, restart, namespace, job, pod, "
        "node,"
        " task, profile, target, scope, outcome, documents, rows,"
        " stored_at IS NOT NULL FROM kubeglean_runs",
        "00000001-0000-4000-8000-000000000000|"
        "00000001-0000-4000-8000-000000000000|krr|0|team-a|krr-1|krr-1-x7k2p|"
        "node-1|krr|krr|scan_history|[\"c1\"]|running|1|3|t");
    kt_sink_end(&t);
}

static void changed_and_unchanged_rows_are_told_apart(void **state)
{
    static const struct kt_row later[] = {
        {"a", "1", "{\"cpu\": 1}", "OK"}, /* Unchanged. */
        {"b", "5", NULL, "WARNING"},      /* Changed. */
        {"d", "4", NULL, "OK"},           /* New. */
    };
    struct kt_sink t;
    struct kg_run_info first = kt_run(1, NOON);
    struct kg_run_info second = kt_run(2, NOON + 60);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_store_wait(&t, &first, 0, three, 3);
    s = kt_store_wait(&t, &second, 0, later, 3);
    assert_int_equal(s.result.n_inserted, 1);
    assert_int_equal(s.result.n_updated, 1);
    assert_int_equal(s.result.n_unchanged, 1);
    kt_assert_query("SELECT name, pods, extract(epoch FROM scanned_at)::bigint"
                    " - 1790000000 FROM scan_history ORDER BY name",
                    "a|1|60\nb|5|60\nc|3|0\nd|4|60");
    kt_sink_end(&t);
}

static void an_older_run_is_superseded(void **state)
{
    static const struct kt_row older[] = {{"a", "9", NULL, "OLD"},
                                          {"b", "9", NULL, "OLD"},
                                          {"c", "9", NULL, "OLD"}};
    struct kt_sink t;
    struct kg_run_info newer_run = kt_run(1, NOON);
    struct kg_run_info older_run = kt_run(2, NOON - 60);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_store_wait(&t, &newer_run, 0, three, 3);
    s = kt_store_wait(&t, &older_run, 0, older, 3);
    assert_int_equal(s.result.outcome, KG_SUPERSEDED);
    assert_int_equal(s.result.n_refused, 3);
    kt_assert_query("SELECT count(*) FROM scan_history WHERE severity = 'OLD'",
                    "0");
    assert_int_equal(kt_settle(&t, &older_run, KG_COMPLETE, "").entry.outcome,
                     KG_SUPERSEDED);
    kt_assert_query("SELECT outcome, rows FROM kubeglean_runs"
                    " WHERE scanned_at < to_timestamp(1790000000)",
                    "superseded|0");
    kt_sink_end(&t);
}

static void the_last_of_a_repeated_key_wins_and_is_counted(void **state)
{
    static const struct kt_row repeated[] = {
        {"a", "1", NULL, "first"},
        {"b", "2", NULL, "only"},
        {"a", "3", NULL, "last"},
    };
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_wait(&t, &run, 0, repeated, 3);
    assert_int_equal(s.result.n_inserted, 2);
    assert_int_equal(s.result.n_duplicates, 1);
    kt_assert_query("SELECT name, pods, severity FROM scan_history ORDER BY 1",
                    "a|3|last\nb|2|only");
    kt_assert_query("SELECT rows, duplicates FROM kubeglean_runs", "2|1");
    kt_sink_end(&t);
}

static void a_run_is_seen_stored_and_settled(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_answered a;

    (void)state;
    kt_sink_fresh(&t);
    a = kt_seen(&t, &run);
    assert_false(a.failed);
    assert_int_equal(a.entry.outcome, KG_RUNNING);
    kt_assert_query("SELECT outcome, documents, target FROM kubeglean_runs",
                    "running|0|");
    (void)kt_store_wait(&t, &run, 0, three, 3);
    run.finished_at_us = (NOON + 30) * INT64_C(1000000);
    a = kt_settle(&t, &run, KG_COMPLETE, "");
    assert_int_equal(a.entry.outcome, KG_COMPLETE);
    assert_int_equal(a.entry.n_documents, 1);
    kt_assert_query("SELECT outcome, documents, rows, bytes,"
                    " extract(epoch FROM finished_at - started_at)::int"
                    " FROM kubeglean_runs",
                    "complete|1|3|4711|30");
    a = kt_settle(&t, &run, KG_INCOMPLETE, "agent_away");
    assert_int_equal(a.entry.outcome, KG_COMPLETE); /* It keeps its word. */
    assert_int_equal(kt_seen(&t, &run).entry.outcome, KG_COMPLETE);
    kt_assert_query("SELECT outcome, reason FROM kubeglean_runs", "complete|");
    kt_sink_end(&t);
}

static void a_replayed_document_is_not_stored_twice(void **state)
{
    static const struct kt_row forged[] = {{"a", "666", NULL, "TWICE"}};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_store_wait(&t, &run, 0, three, 3);
    (void)kt_store_wait(&t, &run, 1, three, 1);
    s = kt_store_wait(&t, &run, 0, forged, 1);
    assert_false(s.failed);
    assert_true(s.result.replayed);
    assert_int_equal(s.result.outcome, KG_COMPLETE);
    s = kt_store_wait(&t, &run, 2, three, 2);
    assert_false(s.result.replayed);
    kt_assert_query(
        "SELECT count(*) FROM scan_history WHERE severity = 'TWICE'", "0");
    kt_assert_query("SELECT documents, rows FROM kubeglean_runs", "3|6");
    kt_sink_end(&t);
}

static void documents_of_one_run_commit_in_their_order(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *first;
    struct kt_stored s0 = {0};
    struct kt_stored s1;
    struct kt_answered settled = {0};
    const struct kg_settlement word = {.outcome = KG_COMPLETE};
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kg_report_begin(t.sink, &kt_krr, &run, 0, &first), KG_OK);
    kt_store(&t, &run, 1, three, 3, &s1);
    assert_int_equal(kg_sink_settle(t.sink, &run, &word, kt_on_run, &settled),
                     KG_OK);
    for (int i = 0; i < 20; i++) {
        (void)uv_run(&t.loop.uv, UV_RUN_NOWAIT);
    }
    assert_false(s1.done);
    kt_add(first, &run, &three[0], 0, &pause);
    kg_report_end(first, kt_on_done, &s0);
    kt_sink_until(&t, &settled.done, 20);
    assert_true(s0.done);
    assert_true(s1.done);
    assert_int_equal(settled.entry.outcome, KG_COMPLETE);
    assert_int_equal(settled.entry.n_documents, 2);
    kt_sink_end(&t);
}

static void an_aborted_report_leaves_its_turn_to_the_next(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_report *first;
    struct kt_stored s1;
    bool pause;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kg_report_begin(t.sink, &kt_krr, &run, 0, &first), KG_OK);
    kt_add(first, &run, &three[0], 0, &pause);
    kt_store(&t, &run, 1, three + 1, 2, &s1);
    kg_report_abort(first);
    kt_sink_until(&t, &s1.done, 20);
    kt_assert_query("SELECT name FROM scan_history ORDER BY 1", "b\nc");
    kt_sink_end(&t);
}

static void settling_without_a_report_writes_the_word(void **state)
{
    static const struct {
        enum kg_outcome outcome;
        const char *reason, *want;
    } words[] = {
        {KG_EMPTY, "", "empty|"},
        {KG_INCOMPLETE, "cut", "incomplete|cut"},
        {KG_REJECTED, "", "rejected|"},
        {KG_FAILED, "DeadlineExceeded", "failed|DeadlineExceeded"},
    };
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < KG_COUNT_OF(words); i++) {
        struct kg_run_info run = kt_run(i + 1, NOON + (int)i);
        char sql[200];

        assert_int_equal(kt_settle(&t, &run, words[i].outcome, words[i].reason)
                             .entry.outcome,
                         words[i].outcome);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT outcome, reason FROM kubeglean_runs WHERE"
                       " scanned_at = to_timestamp(%d)",
                       NOON + (int)i);
        kt_assert_query(sql, words[i].want);
    }
    kt_sink_end(&t);
}

static void many_reports_share_transactions(void **state)
{
    enum { REPORTS = 60 };
    static struct kt_stored stored[REPORTS];
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < REPORTS; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON + (int)i);

        kt_store(&t, &run, 0, three, 3, &stored[i]);
    }
    for (unsigned i = 0; i < REPORTS; i++) {
        kt_sink_until(&t, &stored[i].done, 20);
        assert_false(stored[i].failed);
    }
    kt_assert_query("SELECT count(*), sum(documents), sum(rows)"
                    " FROM kubeglean_runs",
                    "60|60|180");
    kt_assert_query("SELECT count(*), min(scanned_at) ="
                    " to_timestamp(1790000059) FROM scan_history",
                    "3|t");
    kt_assert_query(
        "SELECT count(DISTINCT xmin::text) < 12 FROM kubeglean_runs", "t");
    kt_sink_end(&t);
}

/* What is gathered ends as if it had been stored one by one, oldest first. */
static void gathered_reports_share_the_fate_of_their_rows(void **state)
{
    static const struct kt_row rows[] = {{"a", "7", NULL, "OLD"},
                                         {"b", "7", NULL, "OLD"}};
    struct kt_sink t;
    struct kt_stored s[3];
    struct kg_run_info newest = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    for (unsigned i = 0; i < 3; i++) {
        struct kg_run_info run = kt_run(i + 2, NOON - 3 + (int)i);

        kt_store(&t, &run, 0, rows, i == 0 ? 1 : 2, &s[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        kt_sink_until(&t, &s[i].done, 20);
        assert_int_equal(s[i].result.outcome, KG_COMPLETE);
        assert_int_equal(s[i].result.n_refused, 0);
    }
    assert_int_equal(s[0].result.n_updated, 1);
    assert_int_equal(s[2].result.n_inserted, 2);
    assert_false(kt_store_wait(&t, &newest, 0, three, 3).failed);
    for (unsigned i = 0; i < 3; i++) {
        struct kg_run_info run = kt_run(i + 5, NOON - 3 + (int)i);

        kt_store(&t, &run, 0, rows, 2, &s[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        kt_sink_until(&t, &s[i].done, 20);
        assert_int_equal(s[i].result.outcome, KG_SUPERSEDED);
        assert_int_equal(s[i].result.n_refused, 2);
    }
    kt_assert_query("SELECT count(*) FROM scan_history WHERE severity = 'OLD'",
                    "0");
    kt_sink_end(&t);
}

/* A table that is empty makes hope for new rows, which ends with the first that
 * is known: then the reports go together again. */
static void rows_that_are_not_as_new_as_hoped_are_stored_all_the_same(
    void **state)
{
    struct kt_sink t;
    struct kt_stored s[3];
    struct kg_run_info later = kt_run(4, NOON + 60);

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    (void)kt_pg_query(
        "INSERT INTO scan_history (cluster, namespace, name, kind,"
        " container, severity) VALUES"
        " ('c1', 'ns', 'b', 'Deployment', 'main', 'THEIRS')");
    for (unsigned i = 0; i < 3; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);

        kt_store(&t, &run, 0, &three[i], 1, &s[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        kt_sink_until(&t, &s[i].done, 20);
        assert_false(s[i].failed);
        assert_int_equal(s[i].result.n_inserted, i == 1 ? 0 : 1);
        assert_int_equal(s[i].result.n_updated, i == 1 ? 1 : 0);
    }
    kt_assert_query("SELECT count(DISTINCT xmin::text) FROM kubeglean_runs",
                    "1");
    assert_int_equal(kt_store_wait(&t, &later, 0, three, 3).result.n_unchanged,
                     3);
    kt_assert_query("SELECT name, severity FROM scan_history ORDER BY 1",
                    "a|OK\nb|WARNING\nc|GOOD");
    kt_sink_end(&t);
}

static void a_newer_scope_refuses_rows_that_are_new(void **state)
{
    static const char *const texts[] = {
        "ns", "a", "Deployment", "main", "1", "{}", "OK",
        "ns", "b", "Deployment", "main", "1", "{}", "OK"};
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info late = kt_run(2, NOON - 60);
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    s = kt_store_texts(&t, &kt_seed, &run, texts, 1);
    assert_int_equal(s.result.n_inserted, 1);
    s = kt_store_texts(&t, &kt_seed, &late, &texts[7], 1);
    assert_int_equal(s.result.outcome, KG_SUPERSEDED);
    assert_int_equal(s.result.n_refused, 1);
    kt_assert_query("SELECT name FROM scan_histories", "a");
    kt_sink_end(&t);
}

static void a_uid_that_is_none_is_told_and_hurts_nobody(void **state)
{
    struct kt_sink t;
    struct kg_run_info good = kt_run(1, NOON);
    struct kg_run_info bad = kt_run(2, NOON);
    struct kt_answered a = {0};
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    bad.id.job_uid = KG_STR("no-uuid");
    assert_int_equal(kg_sink_seen(t.sink, &bad, kt_on_run, &a), KG_OK);
    kt_store(&t, &good, 0, three, 3, &s);
    kt_sink_until(&t, &a.done, 20);
    kt_sink_until(&t, &s.done, 20);
    assert_true(a.failed);
    assert_non_null(strstr(a.error.text, "invalid input syntax for type uuid"));
    assert_false(s.failed);
    kt_sink_end(&t);
}

struct listed {
    bool done;
    unsigned n;
};

static void on_listed(void *data, const struct kg_run_info *run,
                      const struct kg_error *e)
{
    struct listed *l = data;

    assert_null(e);
    if (run == NULL) {
        l->done = true;
        return;
    }
    l->n++;
    assert_int_equal(run->scanned_at_us, (NOON + 2) * INT64_C(1000000));
    kt_assert_str(run->id.job_uid, "00000002-0000-4000-8000-000000000000");
    kt_assert_str(run->job, "krr-1");
}

static void running_runs_are_listed_after_a_restart(void **state)
{
    struct kt_sink t;
    struct kg_run_info settled = kt_run(1, NOON + 1);
    struct kg_run_info running = kt_run(2, NOON + 2);
    struct kg_run_info foreign = kt_run(3, NOON + 3);
    struct listed l = {0};

    (void)state;
    foreign.id.cluster = KG_STR("c2");
    kt_sink_fresh(&t);
    (void)kt_settle(&t, &settled, KG_COMPLETE, "");
    (void)kt_seen(&t, &running);
    (void)kt_seen(&t, &foreign);
    kt_sink_teardown(&t);
    kt_sink_setup(&t, NULL);
    assert_int_equal(kg_sink_running(t.sink, KG_STR("c1"), on_listed, &l),
                     KG_OK);
    kt_sink_until(&t, &l.done, 20);
    assert_int_equal(l.n, 1);
    kt_sink_end(&t);
}

static void on_known(void *data, bool known, const struct kg_error *e)
{
    int *answer = data;

    assert_null(e);
    *answer = known;
}

static int ask_known(struct kt_sink *t, const char *job)
{
    int answer = -1;

    assert_int_equal(kg_sink_job_known(t->sink, KG_STR("c1"), KG_STR("team-a"),
                                       kg_str_from(job), on_known, &answer),
                     KG_OK);
    while (answer < 0) {
        (void)kg_loop_turn(&t->loop);
    }
    return answer;
}

static void a_job_name_is_known_once_it_was_seen(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(ask_known(&t, "krr-1"), 0);
    (void)kt_seen(&t, &run);
    assert_int_equal(ask_known(&t, "krr-1"), 1);
    assert_int_equal(ask_known(&t, "krr"), 0);
    kt_sink_end(&t);
}

static void the_installation_keeps_its_id(void **state)
{
    struct kt_sink t;
    char first[40];

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kg_sink_installation(t.sink).len, 36);
    (void)snprintf(first, sizeof(first), "%.*s",
                   KG_STR_ARG(kg_sink_installation(t.sink)));
    kt_sink_teardown(&t);
    kt_sink_setup(&t, NULL);
    kt_assert_str(kg_sink_installation(t.sink), first);
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_rows_are_inserted),
        cmocka_unit_test(changed_and_unchanged_rows_are_told_apart),
        cmocka_unit_test(an_older_run_is_superseded),
        cmocka_unit_test(the_last_of_a_repeated_key_wins_and_is_counted),
        cmocka_unit_test(a_run_is_seen_stored_and_settled),
        cmocka_unit_test(a_replayed_document_is_not_stored_twice),
        cmocka_unit_test(documents_of_one_run_commit_in_their_order),
        cmocka_unit_test(an_aborted_report_leaves_its_turn_to_the_next),
        cmocka_unit_test(settling_without_a_report_writes_the_word),
        cmocka_unit_test(many_reports_share_transactions),
        cmocka_unit_test(gathered_reports_share_the_fate_of_their_rows),
        cmocka_unit_test(
            rows_that_are_not_as_new_as_hoped_are_stored_all_the_same),
        cmocka_unit_test(a_newer_scope_refuses_rows_that_are_new),
        cmocka_unit_test(a_uid_that_is_none_is_told_and_hurts_nobody),
        cmocka_unit_test(running_runs_are_listed_after_a_restart),
        cmocka_unit_test(a_job_name_is_known_once_it_was_seen),
        cmocka_unit_test(the_installation_keeps_its_id),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
