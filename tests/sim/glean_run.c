/* SPDX-License-Identifier: MIT */
/* A run, as a story: every move of its table is in one of them, so that a move
 * that is taken out of the table breaks a trace. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sim.h"

static void report_is_stored_before_the_job_is_deleted(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    assert_int_equal(sim_want(&s, "krr", 7), KG_OK);
    sim_start(&s);
    sim_elapse(&s, 1);
    sim_pod(&s, &(struct sim_pod){.job = "a/krr",
                                  .name = "krr-x",
                                  .reason = "ContainerCreating"});
    sim_elapse(&s, 2);
    sim_pod_runs(&s, "a/krr", "krr-x");
    sim_elapse(&s, 5);
    sim_report(&s, "krr-x");
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_elapse(&s, 3); /* The database takes its time. */
    sim_stored(&s, "krr-x");
    sim_job_gone(&s, "a/krr");
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       a/krr: creating -> live\n"
                   "       order 7 is placed\n"
                   "[   1] begin krr-x\n"
                   "[   3] krr-x: pending -> queued\n"
                   "       krr-x: queued -> following\n"
                   "       follow krr-x\n"
                   "[   8] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       a/krr: live -> ended\n"
                   "[  11] krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       a/krr: ended -> deleting\n"
                   "       close krr-x\n"
                   "       delete a/krr\n"
                   "       a/krr: deleting -> deleted\n"
                   "       done, exit 0\n"
                   "       a/krr: deleted -> gone\n"
                   "       forget a/krr\n");
    sim_teardown(&s);
}

static void commit_is_waited_for(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_hold(&s, KG_ACT_RECORD);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_elapse(&s, 100000);
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       a/krr: live -> ended\n");
    sim_release(&s, KG_ACT_RECORD);
    sim_expect(&s, "[100000] krr-x: recording -> settled\n"
                   "       a/krr: ended -> deleting\n"
                   "       close krr-x\n"
                   "       delete a/krr\n"
                   "       a/krr: deleting -> deleted\n"
                   "       done, exit 0\n");
    sim_teardown(&s);
}

static void log_may_end_before_the_container_is_known_to(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_elapse(&s, 1);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_expect(&s, "[   0] krr-x: following -> ebbed\n"
                   "[   1] krr-x: ebbed -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void clean_end_while_the_container_runs_is_a_break(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_elapse(&s, 20);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_elapse(&s, 2); /* It ended after its log did: there may be more. */
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_expect(&s, "[   0] krr-x: following -> ebbed\n"
                   "[   3] krr-x: ebbed -> following\n"
                   "       resume krr-x\n"
                   "[  20] krr-x: following -> ebbed\n"
                   "[  22] krr-x: ebbed -> draining\n"
                   "       resume krr-x\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void broken_log_is_resumed_after_a_wait(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_log_ends(&s, "krr-x", KG_LOG_BROKEN);
    sim_elapse(&s, 5);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_REFUSED);
    sim_elapse(&s, 5);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_expect(&s, "[   0] krr-x: following -> ebbed\n"
                   "[   0] krr-x: ebbed -> following\n"
                   "       resume krr-x\n"
                   "[   5] krr-x: following -> draining\n"
                   "       krr-x: draining -> ebbed\n"
                   "[   6] krr-x: ebbed -> draining\n"
                   "       resume krr-x\n"
                   "[  10] krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void log_that_cannot_be_opened_is_given_up_at_last(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    for (unsigned i = 0; sim_run(&s, "krr-x")->sm.state < KG_RUN_STORING; i++) {
        assert_in_range(i, 0, 10);
        sim_log_ends(&s, "krr-x", KG_LOG_REFUSED);
        sim_elapse(&s, 60);
    }
    assert_int_equal(sim_run(&s, "krr-x")->outcome, KG_INCOMPLETE);
    sim_teardown(&s);
}

static void log_that_may_not_be_read_keeps_the_job(void **state)
{
    struct sim s;
    struct kg_error e = {.code = KG_EFORBIDDEN, .text = "HTTP 403: pods/log"};

    (void)state;
    sim_begin_running(&s, &sim_krr);
    (void)sim_event(&s, (struct kg_event){.kind = KG_EV_LOG_ENDED,
                                          .id = sim_run(&s, "krr-x")->id,
                                          .end = KG_LOG_REFUSED,
                                          .error = &e});
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_expect(&s, "[   0] krr-x: following -> storing\n"
                   "       tell a/krr: HTTP 403: pods/log\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> settled\n"
                   "       close krr-x\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> kept\n"
                   "       done, exit 1\n");
    sim_teardown(&s);
}

static void finished_container_is_read_late(void **state)
{
    struct sim s;

    (void)state;
    sim_begin(&s, &sim_krr);
    (void)sim_want(&s, "krr", 0);
    sim_start(&s);
    sim_forget_trace(&s);
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    assert_true(sim_run(&s, "krr-x")->followed_late);
    sim_expect(&s, "[   0] krr-x: pending -> queued\n"
                   "       krr-x: queued -> draining\n"
                   "       begin krr-x\n"
                   "       follow krr-x\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

static void two_attempts_are_two_runs_and_the_good_one_counts(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    s.read.complete = 0;
    sim_pod_exits(&s, "a/krr", "krr-x", 1);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    s.read.complete = 1;
    sim_pod_runs(&s, "a/krr", "krr-y");
    sim_elapse(&s, 1);
    sim_pod_exits(&s, "a/krr", "krr-y", 0);
    sim_log_ends(&s, "krr-y", KG_LOG_EOF);
    sim_job_ends(&s, "a/krr", KG_JOB_COMPLETE, "");
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       finish krr-x\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: failed(Error)\n"
                   "       krr-x: recording -> settled\n"
                   "       tell last lines of krr-x\n"
                   "       close krr-x\n"
                   "       krr-y: pending -> queued\n"
                   "       krr-y: queued -> following\n"
                   "       begin krr-y\n"
                   "       follow krr-y\n"
                   "[   1] krr-y: following -> draining\n"
                   "       krr-y: draining -> storing\n"
                   "       finish krr-y\n"
                   "       krr-y: storing -> recording\n"
                   "       record krr-y: complete\n"
                   "       krr-y: recording -> settled\n"
                   "       close krr-y\n"
                   "       a/krr: live -> ended\n"
                   "       a/krr: ended -> deleting\n"
                   "       delete a/krr\n"
                   "       a/krr: deleting -> deleted\n"
                   "       done, exit 0\n");
    sim_teardown(&s);
}

static void restarted_container_is_a_new_run(void **state)
{
    struct sim s;

    (void)state;
    sim_begin_running(&s, &sim_krr);
    sim_pod(&s, &(struct sim_pod){.job = "a/krr",
                                  .name = "krr-x",
                                  .state = KG_CONTAINER_RUNNING,
                                  .restart = 1,
                                  .started = 1});
    sim_expect(&s, "[   0] krr-x: following -> draining\n"
                   "       krr-x: pending -> queued\n"
                   "       krr-x: queued -> following\n"
                   "       begin krr-x restart 1\n"
                   "       follow krr-x restart 1\n");
    assert_int_equal(sim_run(&s, "krr-x")->restart, 1);
    sim_teardown(&s);
}

static void streams_are_limited_and_jobs_wait_for_them(void **state)
{
    struct sim s;
    struct kg_task_def def = sim_krr;

    (void)state;
    def.namespaces = sim_namespaces;
    def.n_namespaces = 3;
    sim_setup(&s, &(struct kg_glean_config){.n_streams_max = 2, .once = true},
              &def, 1);
    (void)sim_want(&s, "krr", 9);
    sim_start(&s);
    sim_pod_runs(&s, "a/krr", "krr-x");
    sim_pod_exits(&s, "a/krr", "krr-x", 0);
    sim_log_ends(&s, "krr-x", KG_LOG_EOF);
    sim_expect(&s, "[   0] watch\n"
                   "       a/krr: wanted -> creating\n"
                   "       b/krr: wanted -> creating\n"
                   "       create a/krr\n"
                   "       create b/krr\n"
                   "       a/krr: creating -> live\n"
                   "       b/krr: creating -> live\n"
                   "       krr-x: pending -> queued\n"
                   "       krr-x: queued -> following\n"
                   "       begin krr-x\n"
                   "       follow krr-x\n"
                   "       krr-x: following -> draining\n"
                   "       krr-x: draining -> storing\n"
                   "       c/krr: wanted -> creating\n"
                   "       finish krr-x\n"
                   "       create c/krr\n"
                   "       krr-x: storing -> recording\n"
                   "       record krr-x: complete\n"
                   "       c/krr: creating -> live\n"
                   "       order 9 is placed\n"
                   "       krr-x: recording -> settled\n"
                   "       close krr-x\n");
    sim_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report_is_stored_before_the_job_is_deleted),
        cmocka_unit_test(commit_is_waited_for),
        cmocka_unit_test(log_may_end_before_the_container_is_known_to),
        cmocka_unit_test(clean_end_while_the_container_runs_is_a_break),
        cmocka_unit_test(broken_log_is_resumed_after_a_wait),
        cmocka_unit_test(log_that_cannot_be_opened_is_given_up_at_last),
        cmocka_unit_test(log_that_may_not_be_read_keeps_the_job),
        cmocka_unit_test(finished_container_is_read_late),
        cmocka_unit_test(two_attempts_are_two_runs_and_the_good_one_counts),
        cmocka_unit_test(restarted_container_is_a_new_run),
        cmocka_unit_test(streams_are_limited_and_jobs_wait_for_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
