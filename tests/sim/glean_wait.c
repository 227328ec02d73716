/* SPDX-License-Identifier: MIT */
/* Why a Job does not get on, as stories: each is told within seconds, and what
 * kept it from starting is in its record. */
#include "sim.h"

static void begin_live(struct sim *s)
{
    sim_begin(s, &sim_krr);
    (void)sim_want(s, "krr", 0);
    sim_start(s);
    sim_forget_trace(s);
}

static void a_quota_is_told_by_its_own_words_and_recorded(void **state)
{
    struct sim s;

    (void)state;
    begin_live(&s);
    sim_job_at(&s, "a/krr")->warning = "exceeded quota: few";
    sim_elapse(&s, 60);
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "DeadlineExceeded");
    sim_expect(&s, "[   3] list events of a/krr\n"
                   "       tell a/krr: no Pod was made for it: FailedCreate: "
                   "exceeded quota: few\n"
                   "[  60] a/krr: live -> counting\n"
                   "       tell a/krr: the Job failed: DeadlineExceeded\n"
                   "       list pods of a/krr\n"
                   "       a/krr: counting -> ended\n"
                   "       a/krr: pending -> recording\n"
                   "       begin a/krr\n"
                   "       record a/krr: failed(FailedCreate)\n"
                   "       a/krr: recording -> settled\n"
                   "       a/krr: ended -> marking\n"
                   "       tell last lines of a/krr\n"
                   "       close a/krr\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void who_may_not_read_events_guesses(void **state)
{
    struct sim s;

    (void)state;
    begin_live(&s);
    s.fails[KG_ACT_WONDER] = KG_EFORBIDDEN;
    sim_elapse(&s, 60);
    sim_expect(&s, "[   3] list events of a/krr\n"
                   "[  10] list events of a/krr\n"
                   "       tell a/krr: no Pod was made for it yet: look for a "
                   "quota or a webhook that refuses it\n");
    sim_teardown(&s);
}

static void a_pod_that_comes_in_time_is_not_wondered_at(void **state)
{
    struct sim s;

    (void)state;
    begin_live(&s);
    sim_elapse(&s, 2);
    sim_pod(&s, &(struct sim_pod){.job = "a/krr", .name = "krr-x"});
    sim_elapse(&s, 60);
    sim_expect(&s, "[   2] begin krr-x\n");
    sim_teardown(&s);
}

static void a_suspended_job_waits_without_a_pod(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    begin_live(&s);
    job = sim_job_at(&s, "a/krr");
    job->suspended = true;
    sim_job_told(&s, job);
    sim_job_told(&s, job); /* Said once. */
    sim_elapse(&s, 600);
    job->suspended = false;
    sim_job_told(&s, job);
    sim_elapse(&s, 5);
    sim_expect(&s, "[   0] tell a/krr: it is suspended, and goes on when it is "
                   "resumed\n"
                   "[ 600] tell a/krr: it was resumed\n"
                   "[ 603] list events of a/krr\n");
    sim_teardown(&s);
}

/* FailureTarget comes before Failed, by as long as its Pods take to end. */
static void k9_a_job_that_will_fail_is_told_and_read_to_its_end(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_job_ends(&s, "a/krr", KG_JOB_ACTIVE, "PodFailurePolicy");
    sim_elapse(&s, 20);
    sim_pod_exits(&s, "a/krr", "krr-x", 42);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_FAILED, "PodFailurePolicy");
    sim_expect(&s, "[   0] tell a/krr: the Job will fail: PodFailurePolicy\n"
                   "[  20] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       tell last lines of krr-x\n"
                   "       close krr-x\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> marking\n"
                   "       tell a/krr: the Job failed: PodFailurePolicy\n"
                   "       annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 5\n");
    sim_teardown(&s);
}

static void an_init_container_tells_for_those_that_wait(void **state)
{
    struct sim s;
    const struct sim_pod pod = {.job = "a/krr",
                                .name = "krr-x",
                                .reason = "PodInitializing",
                                .init_reason = "ImagePullBackOff"};

    (void)state;
    begin_live(&s);
    sim_pod(&s, &pod);
    sim_pod(&s, &pod); /* Said once. */
    sim_expect(
        &s,
        "[   0] begin krr-x\n"
        "       tell a/krr: Pod krr-x: container fetch: ImagePullBackOff\n");
    assert_string_equal(sim_run(&s, "krr-x")->reason, "ImagePullBackOff");
    sim_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_told_by_its_own_words_and_recorded),
        cmocka_unit_test(who_may_not_read_events_guesses),
        cmocka_unit_test(a_pod_that_comes_in_time_is_not_wondered_at),
        cmocka_unit_test(a_suspended_job_waits_without_a_pod),
        cmocka_unit_test(k9_a_job_that_will_fail_is_told_and_read_to_its_end),
        cmocka_unit_test(an_init_container_tells_for_those_that_wait),
    };

    return cmocka_run_group_tests_name("glean_wait", tests, NULL, NULL);
}
