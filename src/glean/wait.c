/* SPDX-License-Identifier: MIT */
/* Why a Job does not get on: it is suspended, it has no Pod, it will fail. */
#include <stdio.h>

#include "core.h"

static bool waits_for_pod(const struct kg_job *job)
{
    return job->sm.state == KG_JOB_LIVE && job->n_runs == 0 && !job->suspended;
}

void kg_job_wait_for_pod(struct kg_glean *g, struct kg_job *job)
{
    if (waits_for_pod(job)) {
        kg_glean_due_at(g, &job->due_us, g->now_us + NO_POD_US);
    }
}

static void suspend(struct kg_glean *g, struct kg_job *job, bool suspended)
{
    if (job->suspended == suspended) {
        return;
    }
    job->suspended = suspended;
    kg_job_tell(g, job,
                suspended ? "it is suspended, and goes on when it is resumed"
                          : "it was resumed");
    kg_job_wait_for_pod(g, job);
}

/* FailureTarget is told long before Failed when Pods take their time to end. */
void kg_job_goes_on(struct kg_glean *g, struct kg_job *job,
                    const struct kg_job_facts *facts)
{
    suspend(g, job, facts->suspended);
    if (facts->reason.len > 0) {
        kg_job_tell(g, job, "the Job will fail: %.*s%s%.*s",
                    KG_STR_ARG(facts->reason), kg_job_colon(facts->message),
                    KG_STR_ARG(facts->message));
    }
}

void kg_job_wonder(struct kg_glean *g, struct kg_job *job)
{
    if (waits_for_pod(job)) {
        kg_glean_note(g, &job->todo, KG_ACT_WONDER);
    }
}

static void tell_refused(struct kg_glean *g, struct kg_job *job,
                         const struct kg_warning_facts *warning)
{
    (void)snprintf(job->refused, sizeof(job->refused), "%.*s",
                   KG_STR_ARG(warning->reason));
    kg_job_tell(g, job, "no Pod was made for it: %.*s%s%.*s",
                KG_STR_ARG(warning->reason), kg_job_colon(warning->message),
                KG_STR_ARG(warning->message));
}

/* Who may not read events guesses. */
void kg_job_wondered(struct kg_glean *g, struct kg_job *job,
                     const struct kg_event *event)
{
    if (!waits_for_pod(job)) {
        return;
    }
    if (event->error == NULL && event->warning->reason.len > 0) {
        tell_refused(g, job, event->warning);
    } else if (!job->wondered) {
        job->wondered = true;
        kg_glean_due_at(g, &job->due_us, g->now_us + NO_WHY_US);
    } else {
        kg_job_tell(g, job,
                    "no Pod was made for it yet: look for a quota or a "
                    "webhook that refuses it");
    }
}
