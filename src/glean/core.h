/* SPDX-License-Identifier: MIT */
/* What the files of the core share. Nothing of it leaves this folder. */
#ifndef KUBEGLEAN_GLEAN_CORE_H
#define KUBEGLEAN_GLEAN_CORE_H

#include "kubeglean/glean.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US   (60 * MINUTE_US)

/* How long is waited, and why so long. */
#define EBB_US  (3 * SECOND_US)  /* Pod's status comes after its log's end. */
#define GONE_US (30 * SECOND_US) /* Pod is gone, its log still open. */
#define NO_POD_US \
    (3 * SECOND_US) /* A quota refuses it, and only events tell. */
#define NO_WHY_US  (7 * SECOND_US)  /* They may tell it later. */
#define CATCHUP_US (10 * MINUTE_US) /* A schedule missed while we were away. */

enum { RETRY_FIRST_MS = 500, RETRY_MAX_MS = 30000, LOG_TRIES_MAX = 10 };

enum todo_of { OF_TASK, OF_JOB, OF_RUN, OF_ALL };

struct kg_glean {
    struct kg_glean_config config;
    int64_t now_us;        /* Of the event in hand. */
    int64_t due_us;        /* Not after the earliest due_us of all objects. */
    struct kg_queue tasks; /* By `node`. */
    struct kg_map task_names;
    struct kg_map owner_uids;
    struct kg_slots task_ids;
    struct kg_queue jobs; /* By `all`. */
    struct kg_map job_uids;
    struct kg_map job_paths; /* The newest of each "namespace/name". */
    struct kg_slots job_ids;
    struct kg_slots run_ids;
    struct kg_map pod_uids;
    struct kg_queue jobs_in[KG_JOB_STATE_NR];
    struct kg_queue runs_in[KG_RUN_STATE_NR];
    size_t n_runs_in[KG_RUN_STATE_NR];
    struct kg_queue todo; /* Objects with something to do, first come first. */
    struct kg_todo all;   /* WATCH, DONE. */
    struct kg_queue dead; /* Jobs to be freed by the next step. */
    uint32_t n_slots;     /* Log streams open or set aside. */
    uint32_t exits;       /* Bits: exit codes that apply. */
    bool synced;          /* Everything was told once. */
    bool stopping;
};

/* glean.c */
void kg_glean_note(struct kg_glean *g, struct kg_todo *todo,
                   enum kg_action_kind act);
void kg_glean_due_at(struct kg_glean *g, int64_t *due_us, int64_t at_us);
/* After the backoff's next wait. */
void kg_glean_due_again(struct kg_glean *g, int64_t *due_us,
                        struct kg_backoff *backoff);
KG_MUST_USE bool kg_glean_take_slot(struct kg_glean *g, bool *holds);
void kg_glean_give_slot(struct kg_glean *g, bool *holds);
void kg_glean_exits_with(struct kg_glean *g, int code);
/* Starts what waited: Jobs, when there are slots; tells when all is done. */
void kg_glean_pump(struct kg_glean *g);

/* task.c */
void kg_task_free(struct kg_glean *g, struct kg_task *task);
enum kg_errc kg_task_start(struct kg_glean *g);
enum kg_errc kg_task_wanted(struct kg_glean *g, const struct kg_event *event);
enum kg_errc kg_task_cronjob(struct kg_glean *g, const struct kg_event *event);
void kg_task_begin_schedules(struct kg_glean *g);
void kg_task_due(struct kg_glean *g, struct kg_task *task);

/* job.c */
struct kg_job *kg_job_create(struct kg_glean *g, enum kg_job_state state,
                             struct kg_str ns, struct kg_str name);
struct kg_job *kg_job_unseen(struct kg_glean *g, struct kg_str uid);
void kg_job_free(struct kg_glean *g, struct kg_job *job);
void kg_job_free_runs(struct kg_glean *g, struct kg_job *job);
enum kg_errc kg_job_set_uid(struct kg_glean *g, struct kg_job *job,
                            struct kg_str uid);
enum kg_errc kg_job_set_path(struct kg_glean *g, struct kg_job *job,
                             struct kg_str ns, struct kg_str name);
struct kg_job *kg_job_by_uid(const struct kg_glean *g, struct kg_str uid);
struct kg_job *kg_job_by_path(const struct kg_glean *g, struct kg_str ns,
                              struct kg_str name);
/* Wanted, and not known to exist. */
bool kg_job_is_pending(const struct kg_job *job);
void kg_job_move(struct kg_glean *g, struct kg_job *job,
                 enum kg_job_state state);
/* `why` is told once, until it is another. */
void kg_job_tell(struct kg_glean *g, struct kg_job *job, const char *fmt, ...)
    KG_PRINTF(3, 4);
/* What stands before a reason or its message, which may be missing. */
static inline const char *kg_job_colon(struct kg_str told)
{
    return told.len > 0 ? ": " : "";
}

/* told.c */
enum kg_errc kg_job_seen(struct kg_glean *g, const struct kg_job_facts *facts);
void kg_job_gone(struct kg_glean *g, struct kg_job *job);
enum kg_errc kg_job_left(struct kg_glean *g, const struct kg_run_info *info);
void kg_job_left_for_good(struct kg_glean *g);
void kg_job_asked(struct kg_glean *g, struct kg_job *job, bool known);
void kg_job_created(struct kg_glean *g, struct kg_job *job,
                    const struct kg_event *event);
void kg_job_looked(struct kg_glean *g, struct kg_job *job,
                   const struct kg_event *event);
void kg_job_counted(struct kg_glean *g, struct kg_job *job,
                    const struct kg_event *event);

/* retain.c */
/* It ended, or one of its runs was settled: is it ready to be put away? */
void kg_job_check(struct kg_glean *g, struct kg_job *job);
void kg_job_keep(struct kg_glean *g, struct kg_job *job);
void kg_job_answered(struct kg_glean *g, struct kg_job *job,
                     const struct kg_event *event);
void kg_job_due(struct kg_glean *g, struct kg_job *job);

/* wait.c */
/* It is LIVE, and may be suspended, or be going to fail. */
void kg_job_goes_on(struct kg_glean *g, struct kg_job *job,
                    const struct kg_job_facts *facts);
void kg_job_wait_for_pod(struct kg_glean *g, struct kg_job *job);
/* It has waited long. */
void kg_job_wonder(struct kg_glean *g, struct kg_job *job);
void kg_job_wondered(struct kg_glean *g, struct kg_job *job,
                     const struct kg_event *event);

/* pod.c */
enum kg_errc kg_run_pod_seen(struct kg_glean *g, struct kg_job *job,
                             const struct kg_pod_facts *pod);
void kg_run_pod_gone(struct kg_glean *g, struct kg_str pod_uid);

/* run.c */
/* Of a Pod whose Job is UNSEEN: until that is known nothing is done for it. */
enum kg_errc kg_run_hold_place(struct kg_glean *g, struct kg_job *job,
                               const struct kg_pod_facts *pod);
/* What is known of its container has changed: does that end its log? */
void kg_run_advance(struct kg_glean *g, struct kg_run *run);
struct kg_run *kg_run_create(struct kg_glean *g, struct kg_job *job,
                             const struct kg_pod_facts *pod, uint32_t restart);
void kg_run_free(struct kg_glean *g, struct kg_run *run);
void kg_run_begun(struct kg_glean *g, struct kg_run *run,
                  const struct kg_event *event);
void kg_run_log_ended(struct kg_glean *g, struct kg_run *run,
                      const struct kg_event *event);
void kg_run_stored(struct kg_glean *g, struct kg_run *run,
                   const struct kg_event *event);
void kg_run_read(struct kg_glean *g, struct kg_run *run,
                 const struct kg_read_facts *facts);
void kg_run_recorded(struct kg_glean *g, struct kg_run *run,
                     const struct kg_event *event);
void kg_run_due(struct kg_glean *g, struct kg_run *run);
/* Its Job has ended and it never started, as far as anybody knows. */
void kg_run_give_up(struct kg_glean *g, struct kg_run *run);
/* Those that wait for a slot, first come first. */
void kg_run_start_queued(struct kg_glean *g);
/* A run that an agent before us left `running`. */
enum kg_errc kg_run_left(struct kg_glean *g, struct kg_job *job,
                         const struct kg_run_info *info);
/* Its Job is gone: straight to the ledger, as incomplete(agent_away). */
void kg_run_away(struct kg_glean *g, struct kg_run *run);

/* decide.c: pure questions about facts. */
void kg_decide_outcome(struct kg_run *run);
const char *kg_decide_cut_reason(const struct kg_run *run);
/* Why a run that never started has no log to read. */
enum kg_log_end kg_decide_never_started(const struct kg_run *run);
enum kg_container_state kg_decide_container_state(
    const struct kg_run *run, const struct kg_container_facts *c);
bool kg_decide_believed(const struct kg_run *run);
enum kg_outcome kg_decide_job_outcome(const struct kg_job *job);
bool kg_decide_job_is_good(const struct kg_job *job);
uint32_t kg_decide_exits(const struct kg_job *job); /* Bits, by exit code. */
bool kg_decide_delete(const struct kg_job *job);
/* NULL: foreign. */
struct kg_task *kg_decide_ours(const struct kg_glean *g,
                               const struct kg_job_facts *facts);
struct kg_str kg_decide_container(const struct kg_task_def *def,
                                  const struct kg_job_facts *facts);

#endif /* KUBEGLEAN_GLEAN_CORE_H */
