/* SPDX-License-Identifier: MIT */
/* The end of a Job: when all its runs are settled, it is deleted or kept. */
#include "core.h"

#include "kubeglean/clock.h"

static void give_up_pending(struct kg_glean *g, struct kg_job *job)
{
    struct kg_queue *node, *next;

    for (node = job->runs.next; node != &job->runs; node = next) {
        struct kg_run *run = KG_CONTAINER_OF(node, struct kg_run, job_node);

        next = node->next;
        if (run->sm.state == KG_RUN_PENDING) {
            kg_run_give_up(g, run);
        }
    }
}

static bool all_settled(const struct kg_job *job)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &job->runs) {
        if (KG_CONTAINER_OF(node, struct kg_run, job_node)->sm.state !=
            KG_RUN_SETTLED) {
            return false;
        }
    }
    return true;
}

/* After keepHours, from its own end on, so that a restart changes nothing. */
void kg_job_keep(struct kg_glean *g, struct kg_job *job)
{
    uint32_t hours = job->task->def->retention.keep_hours;

    kg_job_move(g, job, KG_JOB_KEPT);
    if (hours > 0 && !job->unstored) {
        kg_glean_due_at(g, &job->due_us, job->ended_us + hours * HOUR_US);
    }
}

static void delete_it(struct kg_glean *g, struct kg_job *job)
{
    kg_backoff_reset(&job->backoff);
    kg_job_move(g, job, KG_JOB_DELETING);
    kg_glean_note(g, &job->todo, KG_ACT_DELETE);
}

/* Every run is in the ledger, or never will be. */
static void put_away(struct kg_glean *g, struct kg_job *job)
{
    job->outcome = kg_decide_job_outcome(job);
    g->exits |= kg_decide_exits(job);
    if (job->deleted) {
        kg_job_move(g, job, KG_JOB_GONE);
    } else if (job->unstored) {
        kg_job_keep(g, job); /* Without a mark: the next agent tries again. */
    } else if (kg_decide_delete(job)) {
        delete_it(g, job);
    } else {
        kg_backoff_reset(&job->backoff);
        kg_job_move(g, job, KG_JOB_MARKING);
        kg_glean_note(g, &job->todo, KG_ACT_ANNOTATE);
    }
}

/* It never had a Pod: one run says so, and why. */
static bool record_refused(struct kg_glean *g, struct kg_job *job)
{
    struct kg_run *run = kg_run_create(g, job, NULL, 0);

    if (run != NULL) {
        memcpy(run->reason, job->refused, sizeof(run->reason));
    }
    return run != NULL;
}

void kg_job_check(struct kg_glean *g, struct kg_job *job)
{
    if (job->sm.state != KG_JOB_ENDED) {
        return;
    }
    kg_glean_give_slot(g, &job->holds_slot);
    if (job->n_runs == 0 && !record_refused(g, job)) {
        kg_glean_due_at(g, &job->due_us, g->now_us + SECOND_US);
        return;
    }
    give_up_pending(g, job);
    if (all_settled(job)) {
        put_away(g, job);
    }
}

/* The cluster has it no more, or another Job has its name: as good. */
static bool is_gone(const struct kg_error *e)
{
    return e->code == KG_ENOTFOUND || e->code == KG_ECONFLICT;
}

static void retry_or_keep(struct kg_glean *g, struct kg_job *job,
                          const struct kg_error *e)
{
    kg_job_tell(g, job, "%s", e->text);
    if (kg_error_remedy(e->code) == KG_REMEDY_RETRY) {
        kg_glean_due_again(g, &job->due_us, &job->backoff);
    } else {
        kg_job_move(g, job, KG_JOB_KEPT);
    }
}

/* The answer to DELETE and ANNOTATE. */
void kg_job_answered(struct kg_glean *g, struct kg_job *job,
                     const struct kg_event *event)
{
    bool done = event->error == NULL || is_gone(event->error);

    if (job->sm.state == KG_JOB_DELETING && event->kind == KG_EV_DELETED) {
        if (done) {
            kg_job_move(g, job, KG_JOB_DELETED);
        } else {
            retry_or_keep(g, job, event->error);
        }
    } else if (job->sm.state == KG_JOB_MARKING &&
               event->kind == KG_EV_ANNOTATED) {
        if (done) {
            kg_job_keep(g, job);
        } else {
            retry_or_keep(g, job, event->error);
        }
    }
}

/* What each state that waits does when it has waited long enough. */
void kg_job_due(struct kg_glean *g, struct kg_job *job)
{
    switch (job->sm.state) {
    case KG_JOB_CREATING:
        kg_glean_note(g, &job->todo, KG_ACT_CREATE);
        break;
    case KG_JOB_LOOKING:
        kg_glean_note(g, &job->todo, KG_ACT_LOOK);
        break;
    case KG_JOB_LIVE:
        kg_job_wonder(g, job);
        break;
    case KG_JOB_COUNTING:
        kg_glean_note(g, &job->todo, KG_ACT_COUNT);
        break;
    case KG_JOB_ENDED:
        kg_job_check(g, job);
        break;
    case KG_JOB_MARKING:
        kg_glean_note(g, &job->todo, KG_ACT_ANNOTATE);
        break;
    case KG_JOB_KEPT:
        delete_it(g, job);
        break;
    case KG_JOB_DELETING:
        kg_glean_note(g, &job->todo, KG_ACT_DELETE);
        break;
    default:
        break;
    }
}
