/* SPDX-License-Identifier: MIT */
/* How a Job comes to be known, as stories: made, adopted, met again. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sim.h"

/* --- creating ---------------------------------------------------------------- */

static void lost_answer_is_no_second_job(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    s.fails[KG_ACT_CREATE] = KG_ECLOSED;
    sim_start(&s);
    (void)sim_job_make(&s, "a/krr", "krr"); /* Yet it was made. */
    s.fails[KG_ACT_CREATE] = KG_OK;
    sim_elapse(&s, 5);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       tell a/krr: it failed\n"
                   "[   0] create a/krr\n"
                   "       a/krr: creating -> looking\n"
                   "       get a/krr\n"
                   "       a/krr: looking -> live\n"
                   "[   3] list events of a/krr\n");
    sim_teardown(&s);
}

static void watch_may_tell_of_a_job_before_the_answer(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_hold(&s, KG_ACT_CREATE);
    sim_start(&s);
    sim_job_told(&s, sim_job_make(&s, "a/krr", "krr"));
    sim_release(&s, KG_ACT_CREATE);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> live\n");
    sim_teardown(&s);
}

static void name_taken_by_others_is_refused(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 4);
    sim_job_make(&s, "a/krr", "")->foreign = true;
    sim_start(&s);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> looking\n"
                   "       get a/krr\n"
                   "       a/krr: looking -> gone\n"
                   "       tell a/krr: a Job of that name exists and is not "
                   "ours; delete it, or choose another name\n"
                   "       order 4 is placed\n"
                   "       forget a/krr\n"
                   "       done, exit 1\n");
    sim_teardown(&s);
}

static void job_gleaned_before_is_not_taken_for_a_new_one(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    job = sim_job_make(&s, "a/krr", "krr");
    job->phase = KG_JOB_COMPLETE;
    (void)snprintf(job->outcome, sizeof(job->outcome), "complete");
    sim_job_told(&s, job);
    sim_start(&s);
    sim_expect(&s, "[   0] job: unseen -> foreign\n"
                   "       watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> looking\n"
                   "       get a/krr\n"
                   "       a/krr: looking -> gone\n"
                   "       tell a/krr: a Job of that name exists and was "
                   "gleaned before; delete it, or choose another name\n"
                   "       forget a/krr\n"
                   "       done, exit 1\n");
    sim_teardown(&s);
}

static void taken_name_that_is_free_again_is_used(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_job_make(&s, "a/krr", "")->foreign = true;
    sim_hold(&s, KG_ACT_LOOK);
    sim_start(&s);
    sim_job_at(&s, "a/krr")->exists = false;
    sim_release(&s, KG_ACT_LOOK);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> looking\n"
                   "       get a/krr\n"
                   "       a/krr: looking -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> live\n");
    sim_teardown(&s);
}

static void refusal_is_told_and_is_the_end(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    s.fails[KG_ACT_CREATE] = KG_EFORBIDDEN;
    sim_start(&s);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> gone\n"
                   "       tell a/krr: it failed\n"
                   "       forget a/krr\n"
                   "       done, exit 1\n");
    sim_teardown(&s);
}

static void one_job_at_a_time_in_a_namespace(void **state)
{
    struct sim s;
    struct kg_task_def def = sim_krr;

    (void)state;
    def.job_name = (struct kg_str){NULL, 0};
    sim_begin(&s, &def);
    sim_start(&s);
    s.now_us++;
    assert_int_equal(sim_want(&s, "krr", 1), KG_OK);
    s.now_us += 5000;
    assert_int_equal(sim_want(&s, "krr", 2), KG_EBUSY);
    sim_teardown(&s);
}

/* --- found ------------------------------------------------------------------- */

static void jobs_in_flight_are_adopted(void **state)
{
    struct sim s;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    sim_job_told(&s, sim_job_make(&s, "a/krr-5", "krr"));
    sim_pod_runs(&s, "a/krr-5", "krr-5-x");
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_SYNCED});
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: unseen -> live\n"
                   "       krr-5-x: pending -> queued\n"
                   "       krr-5-x: queued -> following\n"
                   "       begin krr-5-x\n"
                   "       follow krr-5-x\n");
    sim_teardown(&s);
}

static void finished_job_that_was_recorded_is_only_cleaned_up(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    s.known_outcome = KG_COMPLETE;
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    job->phase = KG_JOB_COMPLETE;
    job->n_pods = 1;
    sim_hold(&s, KG_ACT_COUNT);
    sim_job_told(&s, job);
    sim_pod_exits(&s, "a/krr-5", "krr-5-x", 0);
    sim_release(&s, KG_ACT_COUNT);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: unseen -> live\n"
                   "       a/krr-5: live -> counting\n"
                   "       list pods of a/krr-5\n"
                   "       krr-5-x: pending -> queued\n"
                   "       krr-5-x: queued -> draining\n"
                   "       begin krr-5-x\n"
                   "       follow krr-5-x\n"
                   "       krr-5-x: draining -> settled\n"
                   "       close krr-5-x\n"
                   "       a/krr-5: counting -> ended\n"
                   "       a/krr-5: ended -> deleting\n"
                   "       delete a/krr-5\n"
                   "       a/krr-5: deleting -> deleted\n");
    sim_teardown(&s);
}

static void finished_job_that_was_not_recorded_is_read_again(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    job->phase = KG_JOB_COMPLETE;
    job->n_pods = 1;
    sim_hold(&s, KG_ACT_COUNT);
    sim_job_told(&s, job);
    sim_pod_exits(&s, "a/krr-5", "krr-5-x", 0);
    sim_log_ends(&s, "krr-5-x", KG_LOG_EOF);
    sim_release(&s, KG_ACT_COUNT);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: unseen -> live\n"
                   "       a/krr-5: live -> counting\n"
                   "       list pods of a/krr-5\n"
                   "       krr-5-x: pending -> queued\n"
                   "       krr-5-x: queued -> draining\n"
                   "       begin krr-5-x\n"
                   "       follow krr-5-x\n"
                   "       krr-5-x: draining -> storing\n"
                   "       finish krr-5-x\n"
                   "       krr-5-x: storing -> recording\n"
                   "       record krr-5-x: complete\n"
                   "       krr-5-x: recording -> settled\n"
                   "       close krr-5-x\n"
                   "       a/krr-5: counting -> ended\n"
                   "       a/krr-5: ended -> deleting\n"
                   "       delete a/krr-5\n"
                   "       a/krr-5: deleting -> deleted\n");
    sim_teardown(&s);
}

static void finished_job_whose_pods_are_gone_is_incomplete(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    job->phase = KG_JOB_FAILED;
    job->n_pods = 1;
    s.fails[KG_ACT_COUNT] = KG_ETIMEOUT;
    sim_job_told(&s, job);
    s.fails[KG_ACT_COUNT] = KG_OK;
    sim_elapse(&s, 5);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: unseen -> live\n"
                   "       a/krr-5: live -> counting\n"
                   "       tell a/krr-5: the Job failed\n"
                   "       list pods of a/krr-5\n"
                   "[   0] list pods of a/krr-5\n"
                   "       a/krr-5: counting -> ended\n"
                   "       a/krr-5: pending -> recording\n"
                   "       begin a/krr-5\n"
                   "       record a/krr-5: incomplete(pod_gone)\n"
                   "       a/krr-5: recording -> settled\n"
                   "       a/krr-5: ended -> marking\n"
                   "       close a/krr-5\n"
                   "       annotate a/krr-5\n"
                   "       a/krr-5: marking -> kept\n");
    sim_teardown(&s);
}

static void pod_may_be_told_before_its_job(void **state)
{
    struct sim s;
    struct sim_job *job;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    sim_pod_runs(&s, "a/krr-5", "krr-5-x");
    sim_job_told(&s, job);
    sim_job_make(&s, "a/other", "krr")->foreign = true;
    sim_pod_runs(&s, "a/other", "other-x");
    sim_job_told(&s, sim_job_at(&s, "a/other"));
    sim_job_gone(&s, "a/other");
    (void)sim_job_make(&s, "a/late", "krr");
    sim_pod_runs(&s, "a/late", "late-x");
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_SYNCED});
    sim_expect(&s, "[   0] watch\n"
                   "       job: unseen -> gone\n"
                   "       a/krr-5: unseen -> live\n"
                   "       forget ?\n"
                   "       list pods of a/krr-5\n"
                   "       job: unseen -> gone\n"
                   "       job: unseen -> foreign\n"
                   "       forget ?\n"
                   "       job: foreign -> gone\n"
                   "       forget ?\n"
                   "       job: unseen -> gone\n"
                   "       forget ?\n");
    sim_teardown(&s);
}

static void run_left_by_an_agent_whose_job_is_gone_is_closed(void **state)
{
    struct sim s;
    struct kg_run_info gone = {
        .id = {.job_uid = KG_STR("uid-gone"),
               .pod_uid = KG_STR("pod-gone"),
               .container = KG_STR("krr")},
        .ns = KG_STR("a"),
        .job = KG_STR("krr-4"),
        .pod = KG_STR("krr-4-x"),
        .started_at_us = KG_TIME_NONE,
    };
    struct kg_run_info there = gone, far = gone;
    struct sim_job *job;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    there.id.job_uid = kg_str_from(job->uid);
    there.id.pod_uid = KG_STR("pod-krr-5-x");
    there.job = KG_STR("krr-5");
    there.pod = KG_STR("krr-5-x");
    far.id.job_uid = KG_STR("uid-far");
    far.ns = KG_STR("not-ours");
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LEFT, .left = &gone});
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LEFT, .left = &there});
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LEFT, .left = &far});
    sim_job_told(&s, job);
    sim_pod_runs(&s, "a/krr-5", "krr-5-x");
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_SYNCED});
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: left -> live\n"
                   "       krr-5-x: pending -> queued\n"
                   "       krr-5-x: queued -> following\n"
                   "       begin krr-5-x\n"
                   "       follow krr-5-x\n"
                   "       a/krr-4: left -> ended\n"
                   "       krr-4-x: pending -> recording\n"
                   "       record krr-4-x: incomplete(agent_away)\n"
                   "       krr-4-x: recording -> settled\n"
                   "       a/krr-4: ended -> gone\n"
                   "       close krr-4-x\n"
                   "       forget a/krr-4\n");
    sim_teardown(&s);
}

static void jobs_are_known_by_uid_and_never_by_name(void **state)
{
    struct sim s;
    struct sim_job *other;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    (void)sim_want(&s, "krr", 0);
    sim_start(&s);
    sim_pod_runs(&s, "a/krr", "krr-x");
    sim_forget_trace(&s);
    other = sim_job_make(&s, "a/krr-2", "krr"); /* A name that begins alike. */
    other->foreign = true;
    sim_job_told(&s, other);
    sim_pod_runs(&s, "a/krr-2", "krr-2-x");
    sim_expect(&s, "[   0] job: unseen -> foreign\n");
    (void)sim_event(
        &s, (struct kg_event){.kind = KG_EV_JOB_GONE, .uid = KG_STR("uid-1")});
    sim_job_told(&s, sim_job_make(&s, "a/krr", "krr")); /* Made again. */
    sim_pod_runs(&s, "a/krr", "krr-z");
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       a/krr: unseen -> live\n"
                   "       krr-z: pending -> queued\n"
                   "       krr-z: queued -> following\n"
                   "       begin krr-z\n"
                   "       follow krr-z\n");
    sim_teardown(&s);
}

static struct kg_run_info left_of(const struct sim_job *job)
{
    return (struct kg_run_info){
        .id = {.job_uid = kg_str_from(job->uid), .container = KG_STR("krr")},
        .ns = kg_str_from(job->ns),
        .job = kg_str_from(job->name),
        .started_at_us = KG_TIME_NONE,
    };
}

static void left_run_of_a_job_that_is_done_with_needs_nothing(void **state)
{
    struct sim s;
    struct sim_job *kept, *foreign;
    struct kg_run_info left;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    kept = sim_job_make(&s, "a/krr-4", "krr");
    kept->phase = KG_JOB_COMPLETE;
    (void)snprintf(kept->outcome, sizeof(kept->outcome), "complete");
    foreign = sim_job_make(&s, "a/krr-5", "a-task-of-before");
    left = left_of(kept);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LEFT, .left = &left});
    left = left_of(foreign);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LEFT, .left = &left});
    sim_job_told(&s, kept);
    sim_job_told(&s, foreign);
    sim_expect(&s, "[   0] a/krr-4: left -> kept\n"
                   "       a/krr-5: left -> foreign\n");
    sim_teardown(&s);
}

static void run_known_to_the_ledger_is_let_go_in_every_state(void **state)
{
    struct sim s;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){.n_streams_max = 2}, &sim_krr, 1);
    sim_start(&s);
    sim_hold(&s, KG_ACT_BEGIN);
    sim_job_told(&s, sim_job_make(&s, "a/krr-1", "krr"));
    sim_pod(&s, &(struct sim_pod){.job = "a/krr-1", .name = "waits"});
    sim_pod_runs(&s, "a/krr-1", "follows");
    sim_pod_runs(&s, "a/krr-1", "ebbs");
    sim_pod_runs(&s, "a/krr-1", "waits");
    sim_pod(&s, &(struct sim_pod){.job = "a/krr-1", .name = "pends"});
    sim_log_ends(&s, "ebbs", KG_LOG_EOF);
    sim_forget_trace(&s);
    s.known_outcome = KG_COMPLETE;
    sim_release(&s, KG_ACT_BEGIN);
    sim_expect(&s, "[   0] waits: queued -> settled\n"
                   "       close waits\n"
                   "       follows: following -> settled\n"
                   "       close follows\n"
                   "       ebbs: ebbed -> settled\n"
                   "       close ebbs\n"
                   "       pends: pending -> settled\n"
                   "       close pends\n");
    sim_teardown(&s);
}

static void another_agent_may_make_the_job_first(void **state)
{
    struct sim s;
    struct kg_cron cron;
    struct kg_task_def def = sim_krr;

    (void)state;
    assert_int_equal(kg_cron_parse(KG_STR("0 10 * * *"), &cron, NULL), KG_OK);
    def.schedule = &cron;
    def.job_name = (struct kg_str){NULL, 0};
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    sim_hold(&s, KG_ACT_ASK);
    sim_start(&s);
    sim_job_told(&s, sim_job_make(&s, "a/krr-c2c9a7d6-s29922360", "krr"));
    sim_release(&s, KG_ACT_ASK);
    sim_expect(&s, "[   0] watch\n"
                   "       ask the ledger for a/krr-c2c9a7d6-s29922360\n"
                   "       a/krr-c2c9a7d6-s29922360: asking -> live\n");
    sim_teardown(&s);
}

static void wanted_job_that_is_there_already_is_adopted(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 3);
    sim_job_told(&s, sim_job_make(&s, "a/krr", "krr"));
    sim_start(&s);
    sim_expect(&s, "[   0] a/krr: wanted -> live\n"
                   "       order 3 is placed\n"
                   "       watch\n");
    sim_teardown(&s);
}

static void who_runs_once_leaves_other_jobs_to_the_agent(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_job_told(&s, sim_job_make(&s, "a/krr-of-before", "krr"));
    sim_start(&s);
    sim_expect(&s, "[   0] job: unseen -> foreign\n"
                   "       watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> live\n");
    sim_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_answer_is_no_second_job),
        cmocka_unit_test(watch_may_tell_of_a_job_before_the_answer),
        cmocka_unit_test(name_taken_by_others_is_refused),
        cmocka_unit_test(job_gleaned_before_is_not_taken_for_a_new_one),
        cmocka_unit_test(taken_name_that_is_free_again_is_used),
        cmocka_unit_test(refusal_is_told_and_is_the_end),
        cmocka_unit_test(one_job_at_a_time_in_a_namespace),
        cmocka_unit_test(jobs_in_flight_are_adopted),
        cmocka_unit_test(finished_job_that_was_recorded_is_only_cleaned_up),
        cmocka_unit_test(finished_job_that_was_not_recorded_is_read_again),
        cmocka_unit_test(finished_job_whose_pods_are_gone_is_incomplete),
        cmocka_unit_test(pod_may_be_told_before_its_job),
        cmocka_unit_test(run_left_by_an_agent_whose_job_is_gone_is_closed),
        cmocka_unit_test(jobs_are_known_by_uid_and_never_by_name),
        cmocka_unit_test(left_run_of_a_job_that_is_done_with_needs_nothing),
        cmocka_unit_test(run_known_to_the_ledger_is_let_go_in_every_state),
        cmocka_unit_test(another_agent_may_make_the_job_first),
        cmocka_unit_test(wanted_job_that_is_there_already_is_adopted),
        cmocka_unit_test(who_runs_once_leaves_other_jobs_to_the_agent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
