/* SPDX-License-Identifier: MIT */
/* What a Pod tells of its runs: which attempt it is at, and why it does not
 * start. */
#include <stdio.h>

#include "core.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

static struct kg_container_facts find_container(const struct kg_job *job,
                                                const struct kg_pod_facts *pod)
{
    for (size_t i = 0; i < pod->n_containers; i++) {
        if (kg_str_is(pod->containers[i].name, job->container)) {
            return pod->containers[i];
        }
    }
    return (struct kg_container_facts){.state = KG_CONTAINER_WAITING,
                                       .started_us = KG_TIME_NONE,
                                       .finished_us = KG_TIME_NONE};
}

static bool is_on_its_way(struct kg_str reason)
{
    return reason.len == 0 || kg_str_is(reason, "ContainerCreating") ||
           kg_str_is(reason, "PodInitializing");
}

/* An init container says it for those that wait for it. */
static struct kg_container_facts who_tells(const struct kg_pod_facts *pod,
                                           const struct kg_container_facts *c)
{
    return is_on_its_way(c->reason) && !is_on_its_way(pod->init.reason)
               ? pod->init
               : *c;
}

/* Why it does not start, in Kubernetes' own words. */
static void diagnose(struct kg_glean *g, struct kg_run *run,
                     const struct kg_pod_facts *pod,
                     const struct kg_container_facts *c)
{
    const struct kg_container_facts told = who_tells(pod, c);
    struct kg_str reason = pod->reason;

    if (c->state != KG_CONTAINER_WAITING) {
        return;
    }
    if (!is_on_its_way(told.reason)) {
        reason = told.reason;
        kg_job_tell(g, run->job, "Pod %.*s: container %.*s: %.*s%s%.*s",
                    KG_STR_ARG(pod->name), KG_STR_ARG(told.name),
                    KG_STR_ARG(told.reason), kg_job_colon(told.message),
                    KG_STR_ARG(told.message));
    } else if (pod->reason.len > 0) {
        kg_job_tell(g, run->job, "Pod %.*s: %.*s%s%.*s", KG_STR_ARG(pod->name),
                    KG_STR_ARG(pod->reason), kg_job_colon(pod->message),
                    KG_STR_ARG(pod->message));
    }
    if (reason.len > 0) {
        (void)snprintf(run->reason, sizeof(run->reason), "%.*s",
                       KG_STR_ARG(reason));
    }
}

static void take_container(struct kg_run *run, const struct kg_pod_facts *pod,
                           const struct kg_container_facts *c)
{
    if (c->started_us != KG_TIME_NONE) {
        run->started_us = c->started_us;
    }
    run->container = kg_decide_container_state(run, c);
    run->finished_us = c->finished_us;
    if (run->container == KG_CONTAINER_TERMINATED) {
        run->exit_code = c->exit_code;
        (void)snprintf(run->reason, sizeof(run->reason), "%.*s",
                       KG_STR_ARG(c->reason));
    } else if (c->state == KG_CONTAINER_RUNNING && pod->failed) {
        run->gone = true; /* Evicted, or its node was lost. */
        (void)snprintf(run->reason, sizeof(run->reason), "%.*s",
                       KG_STR_ARG(pod->reason));
    }
    if (run->pod_node == NULL && pod->node.len > 0) {
        run->pod_node = kg_strndup(pod->node.ptr, pod->node.len);
    }
}

static struct kg_run *find_attempt(const struct kg_glean *g,
                                   struct kg_str pod_uid)
{
    struct kg_map_node *node = kg_map_find(&g->pod_uids, pod_uid);

    return node != NULL ? KG_CONTAINER_OF(node, struct kg_run, by_pod) : NULL;
}

/* The Pod came before its Job, or after it. */
static enum kg_errc meet_job(struct kg_glean *g, const struct kg_pod_facts *pod)
{
    struct kg_job *job;

    if (pod->job_uid.len == 0 || pod->job_uid.len >= KG_UID_MAX) {
        return KG_OK;
    }
    job = kg_job_unseen(g, pod->job_uid);
    return job != NULL ? kg_run_hold_place(g, job, pod) : KG_ENOMEM;
}

static bool takes_pods(const struct kg_job *job)
{
    return job->sm.state == KG_JOB_LIVE || job->sm.state == KG_JOB_COUNTING ||
           job->sm.state == KG_JOB_ENDED;
}

enum kg_errc kg_run_pod_seen(struct kg_glean *g, struct kg_job *job,
                             const struct kg_pod_facts *pod)
{
    struct kg_container_facts c;
    struct kg_run *run;

    if (job == NULL) {
        return meet_job(g, pod);
    }
    if (!takes_pods(job)) {
        return KG_OK;
    }
    c = find_container(job, pod);
    run = find_attempt(g, pod->uid);
    if (run != NULL && c.restart > run->restart) {
        run->gone = true; /* Only the newest attempt's log can be opened. */
        kg_run_advance(g, run);
        run = NULL;
    }
    if (run == NULL) {
        run = kg_run_create(g, job, pod, c.restart);
    }
    if (run == NULL) {
        return KG_ENOMEM;
    }
    take_container(run, pod, &c);
    diagnose(g, run, pod, &c);
    kg_run_advance(g, run);
    kg_job_check(g, job);
    return KG_OK;
}

void kg_run_pod_gone(struct kg_glean *g, struct kg_str pod_uid)
{
    struct kg_run *run = find_attempt(g, pod_uid);

    if (run == NULL) {
        return;
    }
    run->gone = true;
    if (run->job->sm.state == KG_JOB_UNSEEN) {
        kg_job_move(g, run->job, KG_JOB_GONE);
    } else {
        kg_run_advance(g, run);
    }
}
