/* SPDX-License-Identifier: MIT */
/* What the facts amount to: outcomes, retention, identity. Each function looks
 * and answers; none changes anything but the outcome it was asked for. */
#include <stdio.h>

#include "core.h"

#include "kubeglean/clock.h"

static void set(struct kg_run *run, enum kg_outcome outcome, const char *reason)
{
    run->outcome = outcome;
    (void)snprintf(run->reason, sizeof(run->reason), "%s", reason);
}

bool kg_read_take(struct kg_read_facts *read, enum kg_outcome outcome,
                  const char *reason, bool keeps_incomplete)
{
    if (outcome == KG_COMPLETE) {
        read->complete++;
        return true;
    }
    if (outcome == KG_REJECTED) {
        read->rejected++;
        return false;
    }
    read->incomplete++;
    if (read->reason == NULL) {
        read->reason = reason;
    }
    return keeps_incomplete;
}

/* Why bytes are missing at a log's end. */
const char *kg_decide_cut_reason(const struct kg_run *run)
{
    if (run->end == KG_LOG_LIMIT) {
        return "limit";
    }
    if (run->job->deleted) {
        return "job_deleted";
    }
    return run->gone || run->end == KG_LOG_GONE ? "pod_gone" : "cut";
}

static bool has_failed(const struct kg_run *run)
{
    return run->container != KG_CONTAINER_TERMINATED || run->exit_code != 0 ||
           run->job->phase == KG_JOB_FAILED;
}

/* Kubernetes' own word for why it failed: the container's, unless it was at work
 * when the Job's deadline came. */
static void set_failed(struct kg_run *run)
{
    const char *of_job = run->job->reason;
    bool killed = run->started_us != KG_TIME_NONE &&
                  strcmp(of_job, "DeadlineExceeded") == 0;
    char why[KG_REASON_MAX];

    memcpy(why, killed || run->reason[0] == '\0' ? of_job : run->reason,
           sizeof(why));
    set(run, KG_FAILED, why);
}

/* Why bytes are missing, or NULL: as far as anybody can tell, none are. */
static const char *missing(const struct kg_run *run)
{
    const struct kg_read_facts *read = &run->read;

    if (run->end != KG_LOG_EOF) { /* Its end was not seen. */
        return kg_decide_cut_reason(run);
    }
    if (read->gaps > 0) {
        return "gap";
    }
    if (read->incomplete > 0) {
        return read->reason != NULL ? read->reason : kg_decide_cut_reason(run);
    }
    if (read->complete + read->rejected > 0) {
        return NULL; /* What else looked like JSON was noise beside it. */
    }
    if (read->headless) {
        return "head_missing";
    }
    return read->damaged > 0 ? kg_decide_cut_reason(run) : NULL;
}

void kg_decide_outcome(struct kg_run *run)
{
    const char *reason = missing(run);
    bool superseded = run->n_superseded == run->read.complete;

    if (reason != NULL) {
        set(run, KG_INCOMPLETE, reason);
    } else if (run->read.rejected > 0) {
        set(run, KG_REJECTED, "");
    } else if (run->read.complete > 0) {
        set(run, superseded ? KG_SUPERSEDED : KG_COMPLETE, "");
    } else if (has_failed(run)) {
        set_failed(run);
    } else {
        set(run, KG_EMPTY, "");
    }
}

/* A Pod that ran unseen may have logged something; one that never started has
 * not. */
enum kg_log_end kg_decide_never_started(const struct kg_run *run)
{
    const struct kg_job *job = run->job;
    bool ran_unseen = run->pod_uid[0] == '\0'
                          ? job->n_pods > 0 || job->phase == KG_JOB_COMPLETE
                          : run->gone && job->phase == KG_JOB_COMPLETE;

    return job->deleted || ran_unseen ? KG_LOG_GONE : KG_LOG_EOF;
}

/* Of each container of a Pod that it puts away the kubelet says that it was
 * terminated; one that nobody saw start has not run. */
enum kg_container_state kg_decide_container_state(
    const struct kg_run *run, const struct kg_container_facts *c)
{
    return c->state == KG_CONTAINER_TERMINATED &&
                   run->started_us == KG_TIME_NONE
               ? KG_CONTAINER_WAITING
               : c->state;
}

/* A clean end is the container's own if the container had ended by then. */
bool kg_decide_believed(const struct kg_run *run)
{
    if (run->end != KG_LOG_EOF) {
        return false;
    }
    return run->container != KG_CONTAINER_TERMINATED ||
           run->finished_us == KG_TIME_NONE ||
           run->finished_us <= run->ebbed_us + SECOND_US;
}

/* From best to worst, for a Job of several runs. */
static unsigned badness(enum kg_outcome outcome)
{
    static const unsigned order[KG_OUTCOME_NR] = {
        [KG_SUPERSEDED] = 1, [KG_COMPLETE] = 2, [KG_EMPTY] = 3,
        [KG_FAILED] = 4,     [KG_REJECTED] = 5, [KG_INCOMPLETE] = 6,
        [KG_RUNNING] = 7,
    };

    return order[outcome];
}

/* An attempt that failed and left nothing is no blemish of a Job whose later
 * attempt was good. */
static bool counts(const struct kg_run *run)
{
    return run->outcome != KG_FAILED || run->job->phase != KG_JOB_COMPLETE;
}

enum kg_outcome kg_decide_job_outcome(const struct kg_job *job)
{
    enum kg_outcome worst = KG_SUPERSEDED;
    struct kg_queue *node;
    bool any = false;

    kg_queue_foreach (node, &job->runs) {
        const struct kg_run *run =
            KG_CONTAINER_OF(node, struct kg_run, job_node);

        if (counts(run)) {
            any = true;
            worst =
                badness(run->outcome) > badness(worst) ? run->outcome : worst;
        }
    }
    return any ? worst : KG_EMPTY;
}

static bool has_rejects(const struct kg_job *job)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &job->runs) {
        const struct kg_run *run =
            KG_CONTAINER_OF(node, struct kg_run, job_node);

        if (run->read.rows_rejected + run->stored.rows_rejected > 0) {
            return true;
        }
    }
    return false;
}

const char *kg_run_verdict(const struct kg_run *run)
{
    static const char *const verdicts[KG_OUTCOME_NR] = {
        [KG_RUNNING] = "the report could not be stored",
        [KG_COMPLETE] = "the report is stored",
        [KG_EMPTY] = "no report was found",
        [KG_INCOMPLETE] = "the report is incomplete",
        [KG_REJECTED] = "the report is rejected: it does not fit the profile",
        [KG_FAILED] = "the container failed and left no report",
        [KG_SUPERSEDED] = "the report is older than what is stored",
    };

    return verdicts[run->outcome];
}

static bool is_stored(enum kg_outcome outcome)
{
    return outcome == KG_COMPLETE || outcome == KG_SUPERSEDED;
}

bool kg_run_is_good(const struct kg_run *run)
{
    return is_stored(run->outcome);
}

bool kg_decide_job_is_good(const struct kg_job *job)
{
    return is_stored(job->outcome) && job->phase == KG_JOB_COMPLETE &&
           !has_rejects(job);
}

uint32_t kg_decide_exits(const struct kg_job *job)
{
    uint32_t exits = UINT32_C(1) << 0;

    if (job->unstored) {
        exits |= UINT32_C(1) << 1;
    }
    if (job->outcome == KG_EMPTY) {
        exits |= UINT32_C(1) << 3;
    }
    if (job->outcome == KG_INCOMPLETE || job->outcome == KG_REJECTED ||
        has_rejects(job)) {
        exits |= UINT32_C(1) << 4;
    }
    if (job->outcome == KG_FAILED || job->phase == KG_JOB_FAILED) {
        exits |= UINT32_C(1) << 5;
    }
    return exits;
}

bool kg_decide_delete(const struct kg_job *job)
{
    const struct kg_retention *keep = &job->task->def->retention;

    return kg_decide_job_is_good(job) ? keep->delete_complete
                                      : keep->delete_other;
}

/* By our label, or because a CronJob of ours made it: never by its name. */
struct kg_task *kg_decide_ours(const struct kg_glean *g,
                               const struct kg_job_facts *facts)
{
    struct kg_map_node *node = kg_map_find(&g->owner_uids, facts->owner_uid);

    if (node != NULL) {
        return KG_CONTAINER_OF(node, struct kg_owner, by_uid)->task;
    }
    if (!kg_str_eq(facts->instance, g->config.instance)) {
        return NULL;
    }
    return kg_glean_task(g, facts->task);
}

/* Only containers of the Job's own template: what a webhook put into the Pod
 * is no candidate. */
struct kg_str kg_decide_container(const struct kg_task_def *def,
                                  const struct kg_job_facts *facts)
{
    if (def->container.len > 0) {
        return def->container;
    }
    for (size_t i = 0; i < facts->n_containers; i++) {
        if (kg_str_eq(facts->containers[i], facts->name) ||
            kg_str_eq(facts->containers[i], def->name)) {
            return facts->containers[i];
        }
    }
    return facts->n_containers > 0 ? facts->containers[0] : KG_STR("");
}

bool kg_job_is_under_way(const struct kg_job *job)
{
    return (job->sm.state >= KG_JOB_ASKING && job->sm.state < KG_JOB_KEPT) ||
           job->sm.state == KG_JOB_DELETING;
}

const char *kg_job_progress(const struct kg_job *job)
{
    const struct kg_run *newest;

    if (kg_queue_empty(&job->runs) || job->sm.state > KG_JOB_ENDED) {
        return kg_sm_name(&job->sm);
    }
    newest = KG_CONTAINER_OF(job->runs.prev, struct kg_run, job_node);
    return kg_sm_name(&newest->sm);
}
