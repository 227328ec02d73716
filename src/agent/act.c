/* SPDX-License-Identifier: MIT */
/* What the core wants done, action by action. An action never tells the core
 * anything from within itself. */
#include "agent.h"

static void tell_task(struct kg_agent *a, const struct kg_action *action)
{
    (void)a;
    KG_LOG(KG_LOG_ERROR, "cannot apply the CronJob",
           KG_FS("task", action->task->def->name),
           KG_F("err", action->task->why));
}

static void tell_why(struct kg_agent *a, const struct kg_action *action)
{
    (void)a;
    KG_LOG(KG_LOG_WARN, "trouble with a Job", KG_F("job", action->job->path),
           KG_F("state", kg_sm_name(&action->job->sm)),
           KG_F("why", action->job->why));
}

static void tell(struct kg_agent *a, const struct kg_action *action)
{
    (void)a;
    KG_LOG(KG_LOG_INFO, "job", KG_F("job", action->job->path),
           KG_F("state", kg_sm_name(&action->job->sm)));
}

static void tell_run(struct kg_agent *a, const struct kg_action *action)
{
    const struct kg_run *run = action->run;

    kg_measure_run(a, run);
    KG_LOG(kg_run_is_good(run) ? KG_LOG_INFO : KG_LOG_WARN, kg_run_verdict(run),
           KG_F("job", run->job->path), KG_F("pod", run->pod),
           KG_F("outcome", kg_outcome_name(run->outcome)),
           KG_F("reason", run->reason), KG_FU("bytes", run->read.bytes),
           KG_FU("reports", run->read.complete),
           KG_FU("rows", run->stored.rows),
           KG_FU("rows_rejected", run->stored.rows_rejected));
}

static void tell_tail(struct kg_agent *a, const struct kg_action *action)
{
    (void)a;
    kg_stream_tell_tail(action->run);
}

static void apply_cronjob(struct kg_agent *a, const struct kg_action *action)
{
    kg_cronjobs_apply(a, action->task);
}

static void ordered(struct kg_agent *a, const struct kg_action *action)
{
    kg_api_ordered(a, action->job->order);
}

static void forget(struct kg_agent *a, const struct kg_action *action)
{
    kg_job_forget(a, action->job);
}

static void begin(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_begin(a, action->run);
}

static void follow(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_follow(a, action->run);
}

static void resume(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_resume(a, action->run);
}

static void finish(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_finish(a, action->run);
}

static void record(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_record(a, action->run);
}

static void close_run(struct kg_agent *a, const struct kg_action *action)
{
    kg_stream_close(a, action->run);
}

static void watch(struct kg_agent *a, const struct kg_action *action)
{
    (void)action;
    kg_scopes_start(a);
}

static void done(struct kg_agent *a, const struct kg_action *action)
{
    (void)action;
    kg_agent_end(a, kg_glean_exit_code(a->glean), NULL);
}

void kg_agent_act(struct kg_agent *a, const struct kg_action *action)
{
    static void (*const acts[])(struct kg_agent *, const struct kg_action *) = {
        [KG_ACT_APPLY_CRONJOB] = apply_cronjob,
        [KG_ACT_TELL_TASK] = tell_task,
        [KG_ACT_TELL_WHY] = tell_why,
        [KG_ACT_TELL] = tell,
        [KG_ACT_ASK] = kg_job_request,
        [KG_ACT_CREATE] = kg_job_request,
        [KG_ACT_LOOK] = kg_job_request,
        [KG_ACT_COUNT] = kg_job_request,
        [KG_ACT_WONDER] = kg_job_request,
        [KG_ACT_ANNOTATE] = kg_job_request,
        [KG_ACT_DELETE] = kg_job_request,
        [KG_ACT_ORDERED] = ordered,
        [KG_ACT_FORGET] = forget,
        [KG_ACT_BEGIN] = begin,
        [KG_ACT_FOLLOW] = follow,
        [KG_ACT_RESUME] = resume,
        [KG_ACT_FINISH] = finish,
        [KG_ACT_RECORD] = record,
        [KG_ACT_TELL_RUN] = tell_run,
        [KG_ACT_TELL_TAIL] = tell_tail,
        [KG_ACT_CLOSE] = close_run,
        [KG_ACT_WATCH] = watch,
        [KG_ACT_DONE] = done,
    };

    acts[action->kind](a, action);
}
