/* SPDX-License-Identifier: MIT */
/* A cluster and a database for the core, under a virtual clock.
 *
 * Each sim_ function tells the core one event, carries out what it wants, and
 * writes all of it to the trace:
 *
 *     [   3] run krr-x: following -> draining
 *            record krr-x: complete
 *
 * The cluster creates, deletes and annotates what it is asked to, the database
 * commits, both at once, unless an answer is held back by sim_hold(). */
#ifndef KT_SIM_H
#define KT_SIM_H

#include "kt.h"
#include "kubeglean/buf.h"
#include "kubeglean/glean.h"

enum { SIM_JOBS_MAX = 64, SIM_TASKS_MAX = 4, SIM_ANSWERS_MAX = 256 };

struct sim_job { /* As the cluster has it. */
    char ns[32], name[64], uid[40], task[32], owner[40], reason[32];
    char outcome[16];
    enum kg_job_phase phase;
    int64_t n_pods, ended_us;
    bool exists, foreign, suspended;
    const char *warning; /* Of its events; NULL: none. */
};

struct sim_answer {
    enum kg_action_kind to;
    struct kg_id id;
    char name[100];
};

struct sim {
    struct kg_glean *g;
    int64_t now_us;
    struct kg_buf trace;
    int64_t traced_us; /* Time of the last line. */
    bool quiet;        /* No trace. */
    struct kg_task_def defs[SIM_TASKS_MAX];
    struct kg_id tasks[SIM_TASKS_MAX];
    size_t n_tasks;
    struct sim_job jobs[SIM_JOBS_MAX];
    size_t n_jobs;
    struct sim_answer answers[SIM_ANSWERS_MAX];
    size_t n_answers;
    uint32_t held;             /* Bits of kg_action_kind: not answered. */
    struct kg_read_facts read; /* What FINISH will find. */
    bool known;                /* What the ledger knows: ASK, BEGIN. */
    enum kg_outcome known_outcome;
    enum kg_errc fails[32]; /* By kg_action_kind: the answer is this error. */
    void (*on_action)(struct sim *s, const struct kg_action *a); /* Or NULL. */
    unsigned n_uids;
    bool done;
};

#define SIM_START_US INT64_C(1795341600000000) /* 2026-11-22T10:00:00Z */

void sim_setup(struct sim *s, const struct kg_glean_config *config,
               const struct kg_task_def *defs, size_t n_defs);
void sim_teardown(struct sim *s);

/* One task, one namespace; a Job "a/krr"; deleted when complete. */
extern const struct kg_task_def sim_krr;
extern const struct kg_str sim_namespaces[3]; /* "a", "b", "c" */
/* A core of one task, that is done when its Jobs are. */
void sim_begin(struct sim *s, const struct kg_task_def *def);
/* The same, with Job "a/krr" whose Pod "krr-x" runs; without a trace. */
void sim_begin_running(struct sim *s, const struct kg_task_def *def);

enum kg_errc sim_event(struct sim *s, struct kg_event event);
void sim_start(struct sim *s); /* START, then SYNCED. */
void sim_elapse(struct sim *s, int seconds);
enum kg_errc sim_want(struct sim *s, const char *task, uint64_t order);
void sim_hold(struct sim *s, enum kg_action_kind act);
void sim_release(struct sim *s, enum kg_action_kind act); /* And answers. */

/* A Job by its "namespace/name"; made when it is not there. */
struct sim_job *sim_job_make(struct sim *s, const char *path, const char *task);
struct sim_job *sim_job_at(struct sim *s, const char *path);
struct kg_job_facts sim_job_facts(const struct sim_job *job);
void sim_job_told(struct sim *s, struct sim_job *job);
void sim_job_ends(struct sim *s, const char *path, enum kg_job_phase phase,
                  const char *reason);
void sim_job_gone(struct sim *s, const char *path);

struct sim_pod {
    const char *job, *name;
    enum kg_container_state state;
    const char *reason, *message;
    const char *init_reason; /* Why the container "fetch" before it waits. */
    int exit_code;
    uint32_t restart;
    int started, finished; /* Seconds since the start; started < 0: never. */
    bool failed;
};
void sim_pod(struct sim *s, const struct sim_pod *pod);
void sim_pod_runs(struct sim *s, const char *job, const char *name);
void sim_pod_exits(struct sim *s, const char *job, const char *name, int code);
void sim_pod_gone(struct sim *s, const char *name);
void sim_log_ends(struct sim *s, const char *pod, enum kg_log_end end);
void sim_report(struct sim *s, const char *pod); /* One is to be stored. */
void sim_stored(struct sim *s, const char *pod);
void sim_store_fails(struct sim *s, const char *pod, const char *text);

struct kg_run *sim_run(struct sim *s, const char *pod);

/* Compares and forgets what was traced so far. */
#define sim_expect(s, ...) sim_expect_at((s), (__VA_ARGS__), __FILE__, __LINE__)
void sim_expect_at(struct sim *s, const char *want, const char *file, int line);
void sim_forget_trace(struct sim *s);

#endif /* KT_SIM_H */
