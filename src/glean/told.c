/* SPDX-License-Identifier: MIT */
/* What the cluster and the ledger tell of a Job, asked and unasked. */
#include <stdio.h>

#include "core.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

/* --- told by the cluster ----------------------------------------------------- */

static bool may_hold_pods_unseen(const struct kg_job *job)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &job->runs) {
        const struct kg_run *run =
            KG_CONTAINER_OF(node, struct kg_run, job_node);

        if (run->sm.state == KG_RUN_PENDING && !run->gone) {
            return true; /* It may have started, and ended, since. */
        }
    }
    return job->n_runs == 0 || (int64_t)job->n_runs < job->n_pods;
}

static void end(struct kg_glean *g, struct kg_job *job)
{
    if (!job->deleted && may_hold_pods_unseen(job)) {
        kg_job_move(g, job, KG_JOB_COUNTING);
        kg_glean_note(g, &job->todo, KG_ACT_COUNT);
        return;
    }
    kg_job_move(g, job, KG_JOB_ENDED);
    kg_job_check(g, job);
}

static void take_phase(struct kg_glean *g, struct kg_job *job,
                       const struct kg_job_facts *facts)
{
    job->n_pods = facts->n_pods;
    if (job->sm.state != KG_JOB_LIVE) {
        return;
    }
    if (facts->phase == KG_JOB_ACTIVE) {
        kg_job_goes_on(g, job, facts);
        return;
    }
    job->phase = facts->phase;
    job->ended_us =
        facts->ended_us != KG_TIME_NONE ? facts->ended_us : g->now_us;
    (void)snprintf(job->reason, sizeof(job->reason), "%.*s",
                   KG_STR_ARG(facts->reason));
    if (facts->phase == KG_JOB_FAILED) {
        kg_job_tell(g, job, "the Job failed%s%.*s%s%.*s",
                    kg_job_colon(facts->reason), KG_STR_ARG(facts->reason),
                    kg_job_colon(facts->message), KG_STR_ARG(facts->message));
    }
    end(g, job);
}

static void live(struct kg_glean *g, struct kg_job *job)
{
    kg_backoff_reset(&job->backoff);
    kg_job_move(g, job, KG_JOB_LIVE);
    kg_job_wait_for_pod(g, job);
}

/* Ours, and in the cluster: from its first sight on, whatever we knew. */
static enum kg_errc adopt(struct kg_glean *g, struct kg_job *job,
                          const struct kg_job_facts *facts)
{
    struct kg_str container = kg_decide_container(job->task->def, facts);

    kg_free(job->container);
    job->container = kg_strndup(container.ptr, container.len);
    if (job->container == NULL) {
        return KG_ENOMEM;
    }
    kg_job_free_runs(g, job); /* Those that the ledger spoke of come again. */
    if (facts->outcome.len > 0 && facts->phase != KG_JOB_ACTIVE) {
        job->ended_us = facts->ended_us;
        kg_job_keep(g, job);
        return KG_OK;
    }
    live(g, job);
    return KG_OK;
}

static struct kg_job *find_pending(const struct kg_glean *g,
                                   const struct kg_job_facts *facts,
                                   const struct kg_task *task)
{
    struct kg_job *job = kg_job_by_path(g, facts->ns, facts->name);
    bool fits = job != NULL && kg_job_is_pending(job) && job->task == task &&
                facts->outcome.len == 0;

    return fits ? job : NULL;
}

/* The one that we want or make, by its name; or a new one. A Job that was
 * gleaned before is never what is wanted now. */
static struct kg_job *find_or_create(struct kg_glean *g,
                                     const struct kg_job_facts *facts,
                                     const struct kg_task *task)
{
    struct kg_job *job = find_pending(g, facts, task);

    if (task == NULL) { /* Of a foreign one, its uid is enough. */
        return kg_job_create(g, KG_JOB_UNSEEN, KG_STR(""), KG_STR(""));
    }
    return job != NULL
               ? job
               : kg_job_create(g, KG_JOB_UNSEEN, facts->ns, facts->name);
}

/* A Job that is new to us gets its uid, its name, and its place. */
static enum kg_errc introduce(struct kg_glean *g, struct kg_job *job,
                              const struct kg_job_facts *facts,
                              struct kg_task *task)
{
    enum kg_errc rc = KG_OK;

    job->task = task;
    if (job->uid[0] == '\0') {
        rc = kg_job_set_uid(g, job, facts->uid);
    }
    if (rc == KG_OK && task == NULL) {
        kg_job_free_runs(g, job);
        kg_job_move(g, job, KG_JOB_FOREIGN);
        return KG_OK;
    }
    if (rc == KG_OK && job->path == NULL) {
        rc = kg_job_set_path(g, job, facts->ns, facts->name);
    }
    return rc == KG_OK ? adopt(g, job, facts) : rc;
}

/* What a Pod told of it is forgotten, and will be listed again. */
static bool drop_unseen(struct kg_glean *g, struct kg_str uid)
{
    struct kg_job *job = kg_job_by_uid(g, uid);

    if (job == NULL || job->sm.state != KG_JOB_UNSEEN) {
        return false;
    }
    kg_job_move(g, job, KG_JOB_GONE);
    return true;
}

static enum kg_errc take_up(struct kg_glean *g, struct kg_job *job,
                            const struct kg_job_facts *facts,
                            struct kg_task *task)
{
    bool pods_missed = drop_unseen(g, facts->uid);
    enum kg_errc rc = introduce(g, job, facts, task);

    if (rc == KG_OK) {
        take_phase(g, job, facts);
    } else if (job->sm.state == KG_JOB_UNSEEN) {
        kg_job_move(g, job, KG_JOB_GONE); /* Taken up when it is told again. */
    }
    if (pods_missed && job->sm.state == KG_JOB_LIVE) {
        kg_glean_note(g, &job->todo, KG_ACT_COUNT);
    }
    return rc;
}

static bool is_known(const struct kg_job *job)
{
    return job != NULL && job->sm.state >= KG_JOB_FOREIGN &&
           !kg_job_is_pending(job);
}

/* Who runs once takes up only what it wants; the rest is the agent's. */
static struct kg_task *whose(const struct kg_glean *g,
                             const struct kg_job_facts *facts)
{
    struct kg_task *task = kg_decide_ours(g, facts);

    return g->config.once && find_pending(g, facts, task) == NULL ? NULL : task;
}

enum kg_errc kg_job_seen(struct kg_glean *g, const struct kg_job_facts *facts)
{
    struct kg_task *task = whose(g, facts);
    struct kg_job *job = kg_job_by_uid(g, facts->uid);

    if (is_known(job)) {
        take_phase(g, job, facts);
        return KG_OK;
    }
    if (job == NULL || job->sm.state == KG_JOB_UNSEEN) {
        job = find_or_create(g, facts, task);
    }
    return job != NULL ? take_up(g, job, facts, task) : KG_ENOMEM;
}

void kg_job_gone(struct kg_glean *g, struct kg_job *job)
{
    switch (job->sm.state) {
    case KG_JOB_LIVE:
    case KG_JOB_COUNTING:
        job->deleted = true;
        kg_job_move(g, job, KG_JOB_ENDED);
        kg_job_check(g, job);
        break;
    case KG_JOB_ENDED:
        job->deleted = true;
        kg_job_check(g, job);
        break;
    case KG_JOB_LEFT: /* SYNCED comes. */
        break;
    default:
        kg_job_move(g, job, KG_JOB_GONE);
        break;
    }
}

void kg_job_counted(struct kg_glean *g, struct kg_job *job,
                    const struct kg_event *event)
{
    if (job->sm.state != KG_JOB_COUNTING) {
        return;
    }
    if (event->error != NULL &&
        kg_error_remedy(event->error->code) == KG_REMEDY_RETRY) {
        kg_glean_due_again(g, &job->due_us, &job->backoff);
        return;
    }
    kg_job_move(g, job, KG_JOB_ENDED);
    kg_job_check(g, job);
}

/* --- answers to what we asked -------------------------------------------------------------- */

/* It will not come to be. */
static void refuse(struct kg_glean *g, struct kg_job *job, const char *why)
{
    kg_glean_exits_with(g, 1);
    kg_job_tell(g, job, "%s", why);
    kg_job_move(g, job, KG_JOB_GONE);
}

void kg_job_asked(struct kg_glean *g, struct kg_job *job, bool known)
{
    if (job->sm.state == KG_JOB_ASKING) {
        kg_job_move(g, job, known ? KG_JOB_GONE : KG_JOB_WANTED);
    }
}

/* The cluster has the Job that we want. Another object may stand for it
 * already, when the watches were faster than the answer. */
static void meet(struct kg_glean *g, struct kg_job *job,
                 const struct kg_job_facts *facts)
{
    struct kg_job *other = kg_job_by_uid(g, facts->uid);

    if (is_known(other)) {
        other->order = job->order;
        kg_job_move(g, job, KG_JOB_GONE);
    } else {
        (void)take_up(g, job, facts, job->task);
    }
}

void kg_job_created(struct kg_glean *g, struct kg_job *job,
                    const struct kg_event *event)
{
    if (job->sm.state != KG_JOB_CREATING) {
        return; /* The watch was first. */
    }
    if (event->error == NULL) {
        meet(g, job, event->job);
    } else if (event->error->code == KG_EEXISTS) {
        kg_job_move(g, job, KG_JOB_LOOKING);
        kg_glean_note(g, &job->todo, KG_ACT_LOOK);
    } else if (kg_error_remedy(event->error->code) == KG_REMEDY_RETRY) {
        kg_job_tell(g, job, "%s", event->error->text);
        kg_glean_due_again(g, &job->due_us, &job->backoff);
    } else {
        refuse(g, job, event->error->text);
    }
}

static void look_again(struct kg_glean *g, struct kg_job *job,
                       const struct kg_error *e)
{
    if (e->code == KG_ENOTFOUND) { /* Gone in the meantime. */
        kg_job_move(g, job, KG_JOB_CREATING);
        kg_glean_note(g, &job->todo, KG_ACT_CREATE);
    } else if (kg_error_remedy(e->code) == KG_REMEDY_RETRY) {
        kg_job_tell(g, job, "%s", e->text);
        kg_glean_due_again(g, &job->due_us, &job->backoff);
    } else {
        refuse(g, job, e->text);
    }
}

/* Its name is taken: by itself, when an answer got lost, or by another. */
void kg_job_looked(struct kg_glean *g, struct kg_job *job,
                   const struct kg_event *event)
{
    if (job->sm.state != KG_JOB_LOOKING) {
        return;
    }
    if (event->error != NULL) {
        look_again(g, job, event->error);
        return;
    }
    if (kg_decide_ours(g, event->job) != job->task) {
        refuse(g, job,
               "a Job of that name exists and is not ours; delete it, "
               "or choose another name");
    } else if (event->job->outcome.len > 0) {
        refuse(g, job,
               "a Job of that name exists and was gleaned before; "
               "delete it, or choose another name");
    } else {
        meet(g, job, event->job);
    }
}

/* --- told by the ledger -------------------------------------------------------- */

static bool is_watched(const struct kg_glean *g, struct kg_str ns)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &g->tasks) {
        const struct kg_task_def *def =
            KG_CONTAINER_OF(node, struct kg_task, node)->def;

        for (size_t i = 0; i < def->n_namespaces; i++) {
            if (kg_str_eq(def->namespaces[i], ns)) {
                return true;
            }
        }
    }
    return false;
}

/* An agent before us had seen this run, and did not see its end. */
enum kg_errc kg_job_left(struct kg_glean *g, const struct kg_run_info *info)
{
    struct kg_job *job = kg_job_by_uid(g, info->id.job_uid);
    enum kg_errc rc = KG_OK;

    if (info->id.job_uid.len >= KG_UID_MAX || !is_watched(g, info->ns) ||
        (job != NULL && job->sm.state != KG_JOB_LEFT)) {
        return KG_OK;
    }
    if (job == NULL) {
        job = kg_job_create(g, KG_JOB_LEFT, info->ns, info->job);
        rc = job != NULL ? kg_job_set_uid(g, job, info->id.job_uid) : KG_ENOMEM;
    }
    return rc == KG_OK ? kg_run_left(g, job, info) : rc;
}

static void forget_unseen(struct kg_glean *g)
{
    while (!kg_queue_empty(&g->jobs_in[KG_JOB_UNSEEN])) {
        kg_job_move(g,
                    KG_CONTAINER_OF(kg_queue_head(&g->jobs_in[KG_JOB_UNSEEN]),
                                    struct kg_job, node),
                    KG_JOB_GONE);
    }
}

/* All was told, and these Jobs were not: what they logged is out of reach. */
void kg_job_left_for_good(struct kg_glean *g)
{
    forget_unseen(g);
    while (!kg_queue_empty(&g->jobs_in[KG_JOB_LEFT])) {
        struct kg_job *job = KG_CONTAINER_OF(
            kg_queue_head(&g->jobs_in[KG_JOB_LEFT]), struct kg_job, node);
        struct kg_queue *node;

        job->deleted = true;
        kg_job_move(g, job, KG_JOB_ENDED);
        kg_queue_foreach (node, &job->runs) {
            kg_run_away(g, KG_CONTAINER_OF(node, struct kg_run, job_node));
        }
    }
}
