/* SPDX-License-Identifier: MIT */
/* How Jobs are put away, and when new ones are due, as stories. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sim.h"

/* --- put away ------------------------------------------------------------------ */

static void kept_job_is_deleted_after_its_hours(void **state)
{
    struct sim s;
    struct kg_task_def def = sim_krr;

    (void)state;
    def.retention = (struct kg_retention){.keep_hours = 2};
    sim_begin_running(&s, &def);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_forget_trace(&s);
    s.fails[KG_ACT_ANNOTATE] = KG_ESERVER;
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    s.fails[KG_ACT_ANNOTATE] = KG_OK;
    s.fails[KG_ACT_DELETE] = KG_EBUSY;
    sim_elapse(&s, 7200);
    s.fails[KG_ACT_DELETE] = KG_OK;
    sim_elapse(&s, 10);
    sim_job_gone(&s, "a/krr");
    sim_expect(&s, "[   0] a/krr: live -> ended\n"
                   "       a/krr: ended -> marking\n"
                   "       annotate a/krr\n"
                   "       tell a/krr: it failed\n"
                   "[   0] annotate a/krr\n"
                   "       a/krr: marking -> kept\n"
                   "       done, exit 0\n"
                   "[7200] a/krr: kept -> deleting\n"
                   "       delete a/krr\n"
                   "[7200] delete a/krr\n"
                   "       a/krr: deleting -> deleted\n"
                   "[7210] a/krr: deleted -> gone\n"
                   "       forget a/krr\n");
    sim_teardown(&s);
}

static void annotated_job_is_kept_for_the_rest_of_its_hours(void **state)
{
    struct sim s;
    struct kg_task_def def = sim_krr;
    struct sim_job *job;

    (void)state;
    def.retention = (struct kg_retention){.keep_hours = 2};
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_START});
    job = sim_job_make(&s, "a/krr-5", "krr");
    job->phase = KG_JOB_FAILED;
    job->ended_us = SIM_START_US - INT64_C(3600) * 1000000;
    (void)snprintf(job->outcome, sizeof(job->outcome), "failed");
    sim_job_told(&s, job);
    s.fails[KG_ACT_DELETE] = KG_EFORBIDDEN;
    sim_elapse(&s, 3600);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr-5: unseen -> kept\n"
                   "[3600] a/krr-5: kept -> deleting\n"
                   "       delete a/krr-5\n"
                   "       a/krr-5: deleting -> kept\n"
                   "       tell a/krr-5: it failed\n");
    sim_teardown(&s);
}

static void stop_drains_what_is_at_its_end_and_leaves_the_rest(void **state)
{
    struct sim s;

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &sim_krr, 1);
    sim_start(&s);
    sim_job_told(&s, sim_job_make(&s, "a/krr-1", "krr"));
    sim_job_told(&s, sim_job_make(&s, "a/krr-2", "krr"));
    sim_pod_runs(&s, "a/krr-1", "one");
    sim_pod_runs(&s, "a/krr-2", "two");
    sim_pod_exits(&s, "a/krr-2", "two", 0);
    sim_forget_trace(&s);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_STOP});
    (void)sim_want(&s, "krr", 0);
    sim_log_ends(&s, "two", KG_LOG_EOF);
    sim_expect(&s, "[   0] two: draining -> storing\n"
                   "       finish two\n"
                   "       two: storing -> recording\n"
                   "       record two: complete\n"
                   "       two: recording -> settled\n"
                   "       close two\n"
                   "       done, exit 0\n");
    sim_teardown(&s);
}

/* --- schedules ----------------------------------------------------------------- */

static struct kg_task_def scheduled(const char *schedule, struct kg_cron *cron)
{
    struct kg_task_def def = sim_krr;

    assert_int_equal(kg_cron_parse(kg_str_from(schedule), cron, NULL), KG_OK);
    def.schedule = cron;
    def.job_name = (struct kg_str){NULL, 0};
    return def;
}

static void schedule_makes_a_job_of_a_known_name(void **state)
{
    struct sim s;
    struct kg_cron cron;
    struct kg_task_def def = scheduled("*/20 * * * *", &cron);

    (void)state;
    def.namespaces = sim_namespaces;
    def.n_namespaces = 2;
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    s.known = true; /* 10:00 was done before we came. */
    sim_start(&s);
    s.known = false;
    sim_elapse(&s, 1199);
    sim_expect(&s, "[   0] watch\n"
                   "       ask the ledger for a/krr-c2c9a7d6-s29922360\n"
                   "       ask the ledger for b/krr-c2c9a623-s29922360\n"
                   "       a/krr-c2c9a7d6-s29922360: asking -> gone\n"
                   "       forget a/krr-c2c9a7d6-s29922360\n"
                   "       b/krr-c2c9a623-s29922360: asking -> gone\n"
                   "       forget b/krr-c2c9a623-s29922360\n");
    sim_elapse(&s, 1);
    sim_expect(&s, "[1200] ask the ledger for a/krr-c2c9a7d6-s29922380\n"
                   "       ask the ledger for b/krr-c2c9a623-s29922380\n"
                   "       a/krr-c2c9a7d6-s29922380: asking -> wanted\n"
                   "       a/krr-c2c9a7d6-s29922380: wanted -> creating\n"
                   "       create a/krr-c2c9a7d6-s29922380\n"
                   "       b/krr-c2c9a623-s29922380: asking -> wanted\n"
                   "       b/krr-c2c9a623-s29922380: wanted -> creating\n"
                   "       create b/krr-c2c9a623-s29922380\n"
                   "       a/krr-c2c9a7d6-s29922380: creating -> live\n"
                   "       b/krr-c2c9a623-s29922380: creating -> live\n");
    sim_teardown(&s);
}

static void time_missed_while_away_is_made_up_for(void **state)
{
    struct sim s;
    struct kg_cron cron;
    struct kg_task_def def = scheduled("55 9 * * *", &cron);

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    sim_start(&s);
    sim_expect(&s, "[   0] watch\n"
                   "       ask the ledger for a/krr-c2c9a7d6-s29922355\n"
                   "       a/krr-c2c9a7d6-s29922355: asking -> wanted\n"
                   "       a/krr-c2c9a7d6-s29922355: wanted -> creating\n"
                   "       create a/krr-c2c9a7d6-s29922355\n"
                   "       a/krr-c2c9a7d6-s29922355: creating -> live\n");
    sim_teardown(&s);
}

static void time_that_comes_while_the_job_runs_is_left_out(void **state)
{
    struct sim s;
    struct kg_cron cron;
    struct kg_task_def def = scheduled("*/30 * * * *", &cron);

    (void)state;
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    sim_start(&s);
    sim_elapse(&s, 1);
    sim_forget_trace(&s);
    sim_elapse(&s, 1799);
    sim_expect(&s, "[   3] list events of a/krr-c2c9a7d6-s29922360\n"
                   "[  10] list events of a/krr-c2c9a7d6-s29922360\n"
                   "       tell a/krr-c2c9a7d6-s29922360: no Pod was made for "
                   "it yet: look for a quota or a webhook that refuses it\n"
                   "[1800] tell a/krr-c2c9a7d6-s29922360: it has not ended; "
                   "the run due at 2026-11-22T10:30:00Z is left out\n");
    sim_teardown(&s);
}

static void jobs_of_our_cronjob_are_known_by_its_uid(void **state)
{
    struct sim s;
    struct kg_cron cron;
    struct kg_task_def def = scheduled("*/30 * * * *", &cron);
    struct sim_job *job;

    (void)state;
    def.run_as = KG_RUN_AS_CRONJOB;
    sim_setup(&s, &(struct kg_glean_config){0}, &def, 1);
    sim_start(&s);
    job = sim_job_make(&s, "a/tick-123", "");
    job->foreign = true;
    (void)snprintf(job->owner, sizeof(job->owner), "cron-a");
    sim_job_told(&s, job);
    sim_elapse(&s, 3600);
    sim_expect(&s, "[   0] apply cronjob krr\n"
                   "       watch\n"
                   "       a/tick-123: unseen -> live\n"
                   "[   3] list events of a/tick-123\n"
                   "[  10] list events of a/tick-123\n"
                   "       tell a/tick-123: no Pod was made for it yet: look "
                   "for a quota or a webhook that refuses it\n");
    sim_teardown(&s);
}

static void job_that_others_delete_meanwhile_is_gone(void **state)
{
    struct sim s;
    struct kg_task_def keep = sim_krr;

    (void)state;
    keep.retention.delete_complete = false;
    sim_begin_running(&s, &keep);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_hold(&s, KG_ACT_ANNOTATE);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_forget_trace(&s);
    sim_job_gone(&s, "a/krr"); /* While it is marked. */
    sim_expect(&s, "[   0] a/krr: marking -> gone\n"
                   "       forget a/krr\n"
                   "       done, exit 0\n");
    sim_teardown(&s);

    sim_begin_running(&s, &keep);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_forget_trace(&s);
    sim_job_gone(&s, "a/krr"); /* While it is kept. */
    sim_expect(&s, "[   0] a/krr: kept -> gone\n"
                   "       forget a/krr\n");
    sim_teardown(&s);

    sim_begin_running(&s, &sim_krr);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_hold(&s, KG_ACT_DELETE);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_forget_trace(&s);
    sim_job_gone(&s, "a/krr"); /* Before the answer says so. */
    sim_expect(&s, "[   0] a/krr: deleting -> gone\n"
                   "       forget a/krr\n"
                   "       done, exit 0\n");
    sim_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_job_is_deleted_after_its_hours),
        cmocka_unit_test(annotated_job_is_kept_for_the_rest_of_its_hours),
        cmocka_unit_test(stop_drains_what_is_at_its_end_and_leaves_the_rest),
        cmocka_unit_test(schedule_makes_a_job_of_a_known_name),
        cmocka_unit_test(time_missed_while_away_is_made_up_for),
        cmocka_unit_test(time_that_comes_while_the_job_runs_is_left_out),
        cmocka_unit_test(jobs_of_our_cronjob_are_known_by_its_uid),
        cmocka_unit_test(job_that_others_delete_meanwhile_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
