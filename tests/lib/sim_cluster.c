/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sim.h"

/* --- cluster ------------------------------------------------------------------- */

struct sim_job *sim_job_at(struct sim *s, const char *path)
{
    for (size_t i = s->n_jobs; i > 0; i--) {
        char at[100];

        (void)snprintf(at, sizeof(at), "%s/%s", s->jobs[i - 1].ns,
                       s->jobs[i - 1].name);
        if (strcmp(at, path) == 0) {
            return &s->jobs[i - 1];
        }
    }
    return NULL;
}

struct sim_job *sim_job_make(struct sim *s, const char *path, const char *task)
{
    struct kg_str name = kg_str_from(path);
    struct kg_str ns = kg_str_cut(&name, '/');
    struct sim_job *job = &s->jobs[s->n_jobs++];

    assert_true(s->n_jobs <= SIM_JOBS_MAX);
    *job = (struct sim_job){.exists = true, .ended_us = KG_TIME_NONE};
    (void)snprintf(job->ns, sizeof(job->ns), "%.*s", KG_STR_ARG(ns));
    (void)snprintf(job->name, sizeof(job->name), "%.*s", KG_STR_ARG(name));
    (void)snprintf(job->uid, sizeof(job->uid), "uid-%u", ++s->n_uids);
    (void)snprintf(job->task, sizeof(job->task), "%s", task);
    return job;
}

void sim_job_told(struct sim *s, struct sim_job *job)
{
    struct kg_job_facts facts = sim_job_facts(job);

    (void)sim_event(s, (struct kg_event){.kind = KG_EV_JOB, .job = &facts});
}

void sim_job_ends(struct sim *s, const char *path, enum kg_job_phase phase,
                  const char *reason)
{
    struct sim_job *job = sim_job_at(s, path);

    assert_non_null(job);
    job->phase = phase;
    job->ended_us = s->now_us;
    (void)snprintf(job->reason, sizeof(job->reason), "%s", reason);
    sim_job_told(s, job);
}

void sim_job_gone(struct sim *s, const char *path)
{
    struct sim_job *job = sim_job_at(s, path);

    assert_non_null(job);
    job->exists = false;
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_JOB_GONE,
                                         .uid = kg_str_from(job->uid)});
}

static int64_t at_us(int seconds)
{
    return SIM_START_US + INT64_C(1000000) * seconds;
}

void sim_pod(struct sim *s, const struct sim_pod *pod)
{
    struct sim_job *job = sim_job_at(s, pod->job);
    char uid[40];
    struct kg_pod_facts facts = {
        .name = kg_str_from(pod->name),
        .node = KG_STR("node-1"),
        .failed = pod->failed,
        .n_containers = 2,
    };

    assert_non_null(job);
    (void)snprintf(uid, sizeof(uid), "pod-%s", pod->name);
    facts.uid = kg_str_from(uid);
    facts.job_uid = kg_str_from(job->uid);
    facts.ns = kg_str_from(job->ns);
    if (pod->init_reason != NULL) {
        facts.init.name = KG_STR("fetch");
        facts.init.reason = kg_str_from(pod->init_reason);
    }
    facts.containers[0] = (struct kg_container_facts){
        .name = KG_STR("a-sidecar"),
        .state = KG_CONTAINER_RUNNING,
        .started_us = at_us(0),
        .finished_us = KG_TIME_NONE,
    };
    facts.containers[1] = (struct kg_container_facts){
        .name = KG_STR("krr"),
        .restart = pod->restart,
        .state = pod->state,
        .reason = kg_str_from(pod->reason),
        .message = kg_str_from(pod->message),
        .exit_code = pod->exit_code,
        .started_us = pod->state == KG_CONTAINER_WAITING || pod->started < 0
                          ? KG_TIME_NONE
                          : at_us(pod->started),
        .finished_us = pod->state == KG_CONTAINER_TERMINATED
                           ? at_us(pod->finished)
                           : KG_TIME_NONE,
    };
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_POD, .pod = &facts});
}

static int now(const struct sim *s)
{
    return (int)((s->now_us - SIM_START_US) / 1000000);
}

void sim_pod_runs(struct sim *s, const char *job, const char *name)
{
    sim_pod(s, &(struct sim_pod){.job = job,
                                 .name = name,
                                 .state = KG_CONTAINER_RUNNING,
                                 .started = now(s)});
}

void sim_pod_exits(struct sim *s, const char *job, const char *name, int code)
{
    sim_pod(s, &(struct sim_pod){.job = job,
                                 .name = name,
                                 .state = KG_CONTAINER_TERMINATED,
                                 .reason = code == 0 ? "Completed" : "Error",
                                 .exit_code = code,
                                 .finished = now(s)});
}

void sim_pod_gone(struct sim *s, const char *name)
{
    char uid[40];

    (void)snprintf(uid, sizeof(uid), "pod-%s", name);
    (void)sim_event(
        s, (struct kg_event){.kind = KG_EV_POD_GONE, .uid = kg_str_from(uid)});
}

/* --- logs and reports ----------------------------------------------------------- */

struct kg_run *sim_run(struct sim *s, const char *pod)
{
    struct kg_run *found = NULL;

    for (struct kg_job *job = kg_glean_next_job(s->g, NULL); job != NULL;
         job = kg_glean_next_job(s->g, job)) {
        struct kg_queue *node;

        kg_queue_foreach (node, &job->runs) {
            struct kg_run *run = KG_CONTAINER_OF(node, struct kg_run, job_node);

            found = strcmp(run->pod, pod) == 0 ? run : found;
        }
    }
    assert_non_null(found);
    return found;
}

void sim_log_ends(struct sim *s, const char *pod, enum kg_log_end end)
{
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_LOG_ENDED,
                                         .id = sim_run(s, pod)->id,
                                         .end = end});
}

void sim_report(struct sim *s, const char *pod)
{
    (void)sim_event(
        s, (struct kg_event){.kind = KG_EV_REPORT, .id = sim_run(s, pod)->id});
}

void sim_stored(struct sim *s, const char *pod)
{
    struct kg_stored_facts stored = {.rows = 3};

    (void)sim_event(s, (struct kg_event){.kind = KG_EV_STORED,
                                         .id = sim_run(s, pod)->id,
                                         .stored = &stored});
}

void sim_store_fails(struct sim *s, const char *pod, const char *text)
{
    struct kg_error e;

    (void)kg_error_set(&e, KG_ESCHEMA, 0, "%s", text);
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_STORED,
                                         .id = sim_run(s, pod)->id,
                                         .error = &e});
}
