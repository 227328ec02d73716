/* SPDX-License-Identifier: MIT */
/* How runs and Jobs go wrong, and what the facts then amount to. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sim.h"

static void failed_job_tells_its_last_lines(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    sim_pod_exits(&s, "a/krr", "krr-x", 1);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "BackoffLimitExceeded");
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: failed(Error)\n"
                   "       krr-x: recording -> settled\n"
                   "       tell last lines of krr-x\n"
                   "       close krr-x\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> marking\n"
                   "       tell a/krr: the Job failed: BackoffLimitExceeded\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void job_ended_by_its_deadline_says_so(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "DeadlineExceeded");
    sim_pod_exits(&s, "a/krr", "krr-x", 137);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       tell a/krr: the Job failed: DeadlineExceeded\n"
                   "       krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: failed(DeadlineExceeded)\n"
                   "       krr-x: recording -> settled\n"
                   "       a/krr: ended -> marking\n"
                   "       tell last lines of krr-x\n"
                   "       close krr-x\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void report_of_a_failed_job_is_stored(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_report(&s, "krr-x");
    sim_stored(&s, "krr-x");
    sim_pod_exits(&s, "a/krr", "krr-x", 3);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "BackoffLimitExceeded");
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       tell last lines of krr-x\n"
                   "       close krr-x\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> marking\n"
                   "       tell a/krr: the Job failed: BackoffLimitExceeded\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void image_that_cannot_be_pulled_is_told_and_ends_by_deadline(
    void **state)
{
    struct sim s;
    struct sim_pod pod = {.job = "a/krr",
                          .name = "krr-x",
                          .reason = "ErrImagePull",
                          .message = "not found"};
    struct sim_pod put_away = {.job = "a/krr",
                               .name = "krr-x",
                               .state = KG_CONTAINER_TERMINATED,
                               .reason = "ContainerStatusUnknown",
                               .exit_code = 137,
                               .started = -1,
                               .failed = true};

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_start(&s);
    sim_forget_trace(&s);
    sim_pod(&s, &pod);
    sim_pod(&s, &pod); /* Said once. */
    sim_elapse(&s, 10);
    pod.reason = "ImagePullBackOff";
    sim_pod(&s, &pod);
    sim_elapse(&s, 50);
    sim_job_at(&s, "a/krr")->n_pods = 1;
    sim_pod(&s, &put_away);
    sim_pod_gone(&s, "krr-x");
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "DeadlineExceeded");
    sim_expect(
        &s,
        "[   0] begin krr-x\n"
        "       tell a/krr: Pod krr-x: container krr: ErrImagePull: not found\n"
        "[  10] tell a/krr: Pod krr-x: container krr: ImagePullBackOff: not "
        "found\n"
        "[  60] a/krr: live -> ended\n"
        "       krr-x: pending -> recording\n"
        "       tell a/krr: the Job failed: DeadlineExceeded\n"
        "       record krr-x: failed(ImagePullBackOff)\n"
        "       krr-x: recording -> settled\n"
        "       a/krr: ended -> marking\n"
        "       tell last lines of krr-x\n"
        "       close krr-x\n"
        "       annotate a/krr\n"
        "       a/krr: marking -> kept\n"
        "       done, exit 5\n");
    sim_teardown(&s);
}

static void job_without_a_pod_is_wondered_at(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_start(&s);
    sim_forget_trace(&s);
    sim_elapse(&s, 60);
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "DeadlineExceeded");
    sim_expect(&s, "[   3] list events of a/krr\n"
                   "[  10] list events of a/krr\n"
                   "       tell a/krr: no Pod was made for it yet: look for a "
                   "quota or a webhook that refuses it\n"
                   "[  60] a/krr: live -> counting\n"
                   "       tell a/krr: the Job failed: DeadlineExceeded\n"
                   "       list pods of a/krr\n"
                   "       a/krr: counting -> ended\n"
                   "       a/krr: pending -> recording\n"
                   "       begin a/krr\n"
                   "       record a/krr: failed(DeadlineExceeded)\n"
                   "       a/krr: recording -> settled\n"
                   "       a/krr: ended -> marking\n"
                   "       tell last lines of a/krr\n"
                   "       close a/krr\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void job_deleted_by_others_is_incomplete(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    s.read.incomplete = 1;
    sim_job_gone(&s, "a/krr");
    sim_pod_gone(&s, "krr-x");
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: incomplete(job_deleted)\n"
                   "       krr-x: recording -> settled\n"
                   "       a/krr: ended -> gone\n"
                   "       close krr-x\n"
                   "       forget a/krr\n"
                   "       done, exit 4\n");
    sim_teardown(&s);
}

static void job_deleted_before_it_had_a_pod_is_recorded(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_start(&s);
    sim_forget_trace(&s);
    sim_job_gone(&s, "a/krr");
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       a/krr: pending -> recording\n"
                   "       begin a/krr\n"
                   "       record a/krr: incomplete(job_deleted)\n"
                   "       a/krr: recording -> settled\n"
                   "       a/krr: ended -> gone\n"
                   "       close a/krr\n"
                   "       forget a/krr\n"
                   "       done, exit 4\n");
    sim_teardown(&s);
}

static void pod_that_vanishes_gets_some_patience(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    sim_pod_gone(&s, "krr-x");
    sim_elapse(&s, 100);
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "[  30] krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: incomplete(pod_gone)\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void log_that_is_gone_is_incomplete(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    sim_log_ends(&s, "krr-x", KG_LOG_GONE);
    sim_expect(&s, "[   0] krr-x: following -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: incomplete(pod_gone)\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void report_that_cannot_be_stored_keeps_the_job(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_report(&s, "krr-x");
    sim_store_fails(&s, "krr-x", "table scan_history: no column severity");
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_expect(&s, "[   0] tell a/krr: table scan_history: no column severity\n"
                   "       krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> settled\n"
                   "       close krr-x\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> kept\n"
                   "       done, exit 1\n");
    sim_teardown(&s);
}

/* What was read decides; facts, outcome, exit code. */
static void outcomes_follow_the_facts(void **state)
{
    static const struct {
        struct kg_read_facts read;
        enum kg_outcome outcome;
        const char *reason;
        int exit;
    } cases[] = {
        {{.complete = 1}, KG_COMPLETE, "", 0},
        {{.complete = 2, .damaged = 1}, KG_COMPLETE, "", 0},
        {{.complete = 1, .rows_rejected = 1}, KG_COMPLETE, "", 4},
        {{.complete = 0}, KG_EMPTY, "", 3},
        {{.complete = 1, .incomplete = 1, .reason = "limit"},
         KG_INCOMPLETE,
         "limit",
         4},
        {{.incomplete = 1}, KG_INCOMPLETE, "cut", 4},
        {{.complete = 1, .gaps = 1}, KG_INCOMPLETE, "gap", 4},
        {{.damaged = 1}, KG_INCOMPLETE, "cut", 4},
        {{.headless = true}, KG_INCOMPLETE, "head_missing", 4},
        {{.complete = 1, .headless = true}, KG_COMPLETE, "", 0},
        {{.complete = 1, .rejected = 1}, KG_REJECTED, "", 4},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct sim s;
        struct kg_run *run;

        sim_begin_running(&s, &sim_krr);
        s.read = cases[i].read;
        sim_pod_exits(&s, "a/krr", "krr-x", 0);
        sim_log_ends(&s, "krr-x", KG_LOG_EOF);
        run = sim_run(&s, "krr-x");
        assert_int_equal(run->outcome, cases[i].outcome);
        assert_string_equal(run->reason, cases[i].reason);
        sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
        assert_int_equal(kg_glean_exit_code(s.g), cases[i].exit);
        sim_teardown(&s);
    }
}

static void report_older_than_what_is_stored_is_superseded(void **state)
{
    const struct kg_stored_facts older = {.outcome = KG_SUPERSEDED};
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_report(&s, "krr-x");
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_STORED,
                                          .id = sim_run(&s, "krr-x")->id,
                                          .stored = &older});
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_forget_trace(&s);
    assert_int_equal(sim_run(&s, "krr-x")->outcome, KG_SUPERSEDED);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       a/krr: ended -> deleting\n"
                   "       delete a/krr\n"
                   "       a/krr: deleting -> deleted\n"
                   "       done, exit 0\n");
    sim_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_job_tells_its_last_lines),
        cmocka_unit_test(job_ended_by_its_deadline_says_so),
        cmocka_unit_test(report_of_a_failed_job_is_stored),
        cmocka_unit_test(
            image_that_cannot_be_pulled_is_told_and_ends_by_deadline),
        cmocka_unit_test(job_without_a_pod_is_wondered_at),
        cmocka_unit_test(job_deleted_by_others_is_incomplete),
        cmocka_unit_test(job_deleted_before_it_had_a_pod_is_recorded),
        cmocka_unit_test(pod_that_vanishes_gets_some_patience),
        cmocka_unit_test(log_that_is_gone_is_incomplete),
        cmocka_unit_test(report_that_cannot_be_stored_keeps_the_job),
        cmocka_unit_test(outcomes_follow_the_facts),
        cmocka_unit_test(report_older_than_what_is_stored_is_superseded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
