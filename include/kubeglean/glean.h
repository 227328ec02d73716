/* The core: what to do about Jobs, Pods, runs and schedules.
 *
 *     kg_glean_step(g, event)      what happened, and when
 *     kg_glean_next(g, &action)    what to do about it, until there is no more
 *
 * Nothing in here knows a loop, a clock, a socket or a foreign library, and no
 * decision about a Job, a Pod or an outcome is taken anywhere else. An action
 * needs no memory: each object notes what it still wants done.
 *
 * A Job, from the wish to its end (told by the cluster: *):
 *
 *   ASKING -> WANTED -> CREATING -> LIVE -> COUNTING -> ENDED -> MARKING -> KEPT
 *      |        ^ slot     |  ^      ^ *ended  Pods      | runs     ,--------'
 *      |                   v  |      |         listed    | settled  v
 *      |                LOOKING      |                   '-----> DELETING -> DELETED
 *      v ran before        v refused |                                        | *gone
 *     GONE <---------------'   UNSEEN, LEFT -> FOREIGN                       GONE
 *
 * UNSEEN: a Pod spoke of it first. LEFT: the ledger did. COUNTING: its Pods are
 * listed once more, for the two watches are not in step. A Job that is deleted
 * by others goes to ENDED, and from there to GONE.
 *
 * A run is one container attempt (cluster, job_uid, pod_uid, container,
 * restart); every attempt of a Job is one:
 *
 *   PENDING -> QUEUED -> FOLLOWING -> DRAINING -> STORING -> RECORDING -> SETTLED
 *      started    slot   |      ^ container ended   end          stored
 *                        v      |                 believed
 *                       EBBED --' the log ended, the container not yet
 *
 * A Job leaves ENDED only when each of its runs is SETTLED: the database has said
 * COMMIT. A run that cannot be stored keeps its Job, unmarked, and stays `running`
 * in the ledger, so that the next agent tries again. */
#ifndef KUBEGLEAN_GLEAN_H
#define KUBEGLEAN_GLEAN_H

#include "kubeglean/backoff.h"
#include "kubeglean/clock.h"
#include "kubeglean/cron.h"
#include "kubeglean/queue.h"
#include "kubeglean/row.h"
#include "kubeglean/sm.h"
#include "kubeglean/table.h"
#include "kubeglean/tree.h"

/* --- labels and annotations -------------------------------------------- */

#define KG_LABEL_INSTANCE   "kubeglean.io/instance"
#define KG_LABEL_TASK       "kubeglean.io/task"
#define KG_LABEL_PROFILE    "kubeglean.io/profile"
#define KG_ANNOTATION_ENDED "kubeglean.io/outcome" /* Set after the COMMIT. */

/* --- what is configured ------------------------------------------------- */

enum kg_run_as { KG_RUN_AS_JOB, KG_RUN_AS_CRONJOB };

enum kg_job_state { /* The diagram above. */
                    KG_JOB_UNSEEN,
                    KG_JOB_LEFT,
                    KG_JOB_FOREIGN,
                    KG_JOB_ASKING,
                    KG_JOB_WANTED,
                    KG_JOB_CREATING,
                    KG_JOB_LOOKING,
                    KG_JOB_LIVE,
                    KG_JOB_COUNTING,
                    KG_JOB_ENDED,
                    KG_JOB_MARKING,
                    KG_JOB_KEPT,
                    KG_JOB_DELETING,
                    KG_JOB_DELETED,
                    KG_JOB_GONE,
                    KG_JOB_STATE_NR
};

enum kg_run_state {
    KG_RUN_PENDING,
    KG_RUN_QUEUED,
    KG_RUN_FOLLOWING,
    KG_RUN_EBBED,
    KG_RUN_DRAINING,
    KG_RUN_STORING,
    KG_RUN_RECORDING,
    KG_RUN_SETTLED,
    KG_RUN_STATE_NR
};

struct kg_retention {
    bool delete_complete; /* Jobs whose every report was stored. */
    bool delete_other;    /* All other Jobs. */
    uint32_t keep_hours;  /* Kept ones are deleted after that; 0: never. */
};

/* Texts and arrays are borrowed as long as the core lives. */
struct kg_task_def {
    struct kg_str name;
    struct kg_str profile;
    struct kg_str
        container;          /* Empty: the one named as the Job, or the first. */
    struct kg_str job_name; /* Empty: made of task, namespace and time. */
    const struct kg_str *namespaces; /* One Job in each. */
    size_t n_namespaces;
    const struct kg_cron *schedule; /* NULL: by hand only. */
    enum kg_run_as run_as;
    struct kg_retention retention;
};

struct kg_glean_config {
    struct kg_str instance; /* Whose Jobs are ours: a UUID. Borrowed. */
    uint32_t n_jobs_max;    /* Cached Jobs, foreign ones included. */
    uint32_t n_streams_max; /* Logs open at a time. */
    uint64_t seed;          /* Of the backoffs' jitter. */
    bool once;              /* Takes up only Jobs wanted by hand, and is done
                               when they are. */
};

/* --- facts: what the cluster says, decoded ------------------------------- */

enum { KG_FACTS_CONTAINERS_MAX = 16 };

enum kg_job_phase { KG_JOB_ACTIVE, KG_JOB_COMPLETE, KG_JOB_FAILED };

/* All texts of facts are borrowed from the tree they were read from. */
struct kg_job_facts {
    struct kg_str uid, ns, name;
    struct kg_str instance, task; /* Labels. */
    struct kg_str owner_uid;      /* The controller's: a CronJob's. */
    struct kg_str outcome;        /* Annotation: settled by us before. */
    enum kg_job_phase phase;
    bool suspended;
    int64_t n_pods;                /* That ended, as the Job counts them. */
    struct kg_str reason, message; /* Of the condition Complete or Failed, */
                                   /* or FailureTarget: it will be Failed. */
    int64_t ended_us;              /* When it became so, or KG_TIME_NONE. */
    struct kg_str containers[KG_FACTS_CONTAINERS_MAX]; /* Template's order. */
    size_t n_containers;
};

enum kg_container_state {
    KG_CONTAINER_WAITING,
    KG_CONTAINER_RUNNING,
    KG_CONTAINER_TERMINATED,
};

struct kg_container_facts {
    struct kg_str name;
    uint32_t restart;
    enum kg_container_state state;
    struct kg_str reason, message; /* Of waiting and terminated. */
    int32_t exit_code;
    int64_t started_us, finished_us; /* Or KG_TIME_NONE. */
};

struct kg_pod_facts {
    struct kg_str uid, ns, name, node;
    struct kg_str job_uid; /* Its controller's, when that is a Job. */
    bool failed;           /* Phase Failed: evicted, node lost, deadline. */
    struct kg_str reason, message;  /* Why it failed or cannot be scheduled. */
    struct kg_container_facts init; /* That all others wait for, or no name. */
    struct kg_container_facts containers[KG_FACTS_CONTAINERS_MAX];
    size_t n_containers;
};

/* The newest warning that events tell; no reason: there is none. */
struct kg_warning_facts {
    struct kg_str reason, message; /* "FailedCreate", "exceeded quota: ..." */
};

/* What of an object is read, as paths for pick.h; NULL ends them. */
extern const char *const kg_job_fields[];
extern const char *const kg_pod_fields[];

/* From an object of the API, or from those fields of it; what is absent or mistyped is empty. False when
 * there is no uid, namespace or name. */
KG_MUST_USE bool kg_job_facts_read(const struct kg_node *object,
                                   struct kg_job_facts *ret_facts);
KG_MUST_USE bool kg_pod_facts_read(const struct kg_node *object,
                                   struct kg_pod_facts *ret_facts);
/* Of a list of events. */
struct kg_warning_facts kg_warning_facts_read(const struct kg_node *list);

/* How a log stream ended. All but KG_LOG_EOF may come with an error. */
enum kg_log_end {
    KG_LOG_EOF,         /* Cleanly: the container's end, or a break. */
    KG_LOG_BROKEN,      /* The connection broke, or went silent. */
    KG_LOG_NOT_STARTED, /* The container waits to start. */
    KG_LOG_GONE,        /* No such Pod or container any more. */
    KG_LOG_REFUSED,     /* Any other refusal. */
    KG_LOG_LIMIT,       /* We gave it up: no memory, or a limit. */
};

/* What the reader found in a whole log. */
struct kg_read_facts {
    uint64_t bytes;         /* Of log. */
    uint64_t gaps;          /* Places where bytes are missing, or in doubt. */
    uint32_t complete;      /* Reports whose every byte was read. */
    uint32_t incomplete;    /* Reports that had matched, and were cut. */
    uint32_t rejected;      /* Matched; their rows' path does not fit. */
    uint64_t rows_rejected; /* Turned away by the profile's columns. */
    uint64_t damaged;       /* Documents that did not close. */
    bool headless;          /* Closers without openers. */
    const char *reason;     /* Static: of the first incomplete one, or NULL. */
};

/* One report more: its `outcome` and `reason` are the reader's. True when it is
 * to be stored: it is complete, or the profile keeps what is incomplete. */
KG_MUST_USE bool kg_read_take(struct kg_read_facts *read,
                              enum kg_outcome outcome, const char *reason,
                              bool keeps_incomplete);

/* What the sink says of one report. */
struct kg_stored_facts {
    uint64_t rows, rows_rejected;
    enum kg_outcome outcome; /* KG_SUPERSEDED: a newer run was there. */
};

/* --- what is tracked ------------------------------------------------------ */

enum { KG_UID_MAX = 40, KG_REASON_MAX = 64 };

/* What an object wants done: a bit for each kg_action_kind. */
struct kg_todo {
    struct kg_queue node; /* Private. */
    uint32_t acts;        /* Private. */
    unsigned of;          /* Private: what kind of object it is in. */
};

/* A CronJob of a task in one namespace. */
struct kg_owner {
    struct kg_map_node by_uid;
    struct kg_task *task;
    struct kg_str ns;
    char uid[KG_UID_MAX]; /* Empty until it was applied. */
};

struct kg_task { /* Read-only. */
    struct kg_id id;
    struct kg_queue node;
    struct kg_map_node by_name;
    struct kg_todo todo;
    const struct kg_task_def *def;
    struct kg_owner *owners; /* One for each namespace: KG_RUN_AS_CRONJOB. */
    size_t n_unanswered;     /* Of them. */
    int64_t due_us;          /* Next time of the schedule. */
    char *why; /* Why its CronJob could not be applied, or NULL. */
};

struct kg_job { /* Read-only, but for `data`. */
    void *data; /* Public: the shell's. */
    struct kg_id id;
    struct kg_sm sm;      /* enum kg_job_state */
    struct kg_queue all;  /* Among all Jobs. */
    struct kg_queue node; /* Among those of its state. */
    struct kg_map_node by_uid;
    struct kg_map_node by_path;
    struct kg_todo todo;
    struct kg_queue runs; /* Of kg_run.job_node, oldest first. */
    size_t n_runs;
    struct kg_task *task; /* NULL while UNSEEN, LEFT or FOREIGN. */
    char *path;           /* "namespace/name", or "" while UNSEEN. */
    struct kg_str ns, name;
    char uid[KG_UID_MAX]; /* Empty until it exists. */
    char *container;      /* The one whose log counts. */
    uint64_t order;       /* Number of the wish it came from, or 0. */
    enum kg_job_phase phase;
    enum kg_outcome outcome; /* From ENDED's end on. */
    bool deleted;            /* Gone, and not by us. */
    bool unstored;           /* A run of it could not be stored. */
    bool suspended;
    bool wondered;   /* Its events were asked for once. */
    bool holds_slot; /* A log stream is set aside for it. */
    int64_t n_pods;  /* That ended, as the Job counts them. */
    int64_t ended_us;
    int64_t due_us; /* End of a patience, or KG_TIME_NONE. */
    struct kg_backoff backoff;
    char reason[KG_REASON_MAX];  /* Why it failed: "DeadlineExceeded". */
    char refused[KG_REASON_MAX]; /* Why it has no Pod: "FailedCreate". */
    char *why;                   /* Last diagnosis, a sentence, or NULL. */
};

struct kg_run { /* Read-only, but for `data`. */
    void *data; /* Public: the shell's. */
    struct kg_id id;
    struct kg_sm sm; /* enum kg_run_state */
    struct kg_job *job;
    struct kg_queue job_node;
    struct kg_queue node;      /* Among those of its state. */
    struct kg_map_node by_pod; /* The newest attempt of its Pod. */
    struct kg_todo todo;
    bool holds_slot;          /* One log stream is its. */
    char pod_uid[KG_UID_MAX]; /* Empty: the Job never had a Pod. */
    char *pod;                /* Names; owned. */
    char *pod_node;
    uint32_t restart;
    enum kg_container_state container; /* As last seen. */
    int32_t exit_code;
    int64_t started_us, finished_us;
    int64_t ebbed_us; /* When its log ended last. */
    struct kg_backoff backoff;
    int64_t due_us;     /* End of a patience, or KG_TIME_NONE. */
    bool gone;          /* Its log can be opened no more. */
    bool followed_late; /* Its container had ended by then. */
    bool was_read;      /* `read` is known. */
    enum kg_log_end end;
    uint32_t n_open; /* Reports begun, neither stored nor dropped. */
    uint32_t n_superseded;
    struct kg_read_facts read;
    struct kg_stored_facts stored; /* Sums. */
    bool unstored;                 /* A report of it could not be stored. */
    const char *cut;               /* From STORING on: reason for what was */
                                   /* open in the reader. Static. */
    enum kg_outcome outcome;       /* From RECORDING on. */
    char reason[KG_REASON_MAX];    /* "cut", "OOMKilled", or "". */
};

/* --- events --------------------------------------------------------------- */

enum kg_event_kind {
    KG_EV_START,     /* -> KG_ACT_WATCH, when the CronJobs are there. */
    KG_EV_WANTED,    /* task (id), order: start it now in its namespaces. */
    KG_EV_JOB,       /* job facts: listed, added or modified. */
    KG_EV_JOB_GONE,  /* uid */
    KG_EV_POD,       /* pod facts */
    KG_EV_POD_GONE,  /* uid */
    KG_EV_SYNCED,    /* Every Job, Pod and left run has been told. */
    KG_EV_LEFT,      /* left: `running` in the ledger at the start. */
    KG_EV_ASKED,     /* job (id): `known` if its name is in the ledger. */
    KG_EV_CREATED,   /* job (id): uid, or error. */
    KG_EV_LOOKED,    /* job (id): job facts, or error. */
    KG_EV_COUNTED,   /* job (id): its Pods were told, or error. */
    KG_EV_WONDERED,  /* job (id): warning facts, or error. */
    KG_EV_CRONJOB,   /* task (id), ns: uid, or error. */
    KG_EV_DELETED,   /* job (id): error or none. */
    KG_EV_ANNOTATED, /* job (id): error or none. */
    KG_EV_BEGUN,     /* run (id): in the ledger; `known`: settled before, */
                     /* with `outcome`. */
    KG_EV_LOG_ENDED, /* run (id): end, and error or none. */
    KG_EV_REPORT,    /* run (id): a report was handed over to be stored. */
    KG_EV_STORED,    /* run (id): stored facts, or error: it is given up. */
    KG_EV_READ,      /* run (id): read facts; the answer to FINISH. */
    KG_EV_RECORDED,  /* run (id): the ledger has `outcome`; or error: never. */
    KG_EV_TIME,      /* kg_glean_due() has come. */
    KG_EV_STOP,      /* Finish what is at its end, leave the rest. */
    KG_EV_NR
};

struct kg_event {
    enum kg_event_kind kind;
    int64_t now_us;
    struct kg_id id;       /* Of the task, job or run. */
    struct kg_str uid, ns; /* Borrowed, as all that follows. */
    uint64_t order;
    bool known;
    enum kg_outcome outcome;
    enum kg_log_end end;
    const struct kg_error *error; /* NULL: it worked. */
    union {
        const struct kg_job_facts *job;
        const struct kg_pod_facts *pod;
        const struct kg_warning_facts *warning;
        const struct kg_read_facts *read;
        const struct kg_stored_facts *stored;
        const struct kg_run_info *left;
    };
};

/* --- actions -------------------------------------------------------------- */

/* Of one object, the earlier one comes first. */
enum kg_action_kind {
    /* Of a task. */
    KG_ACT_APPLY_CRONJOB, /* -> KG_EV_CRONJOB, for each namespace */
    KG_ACT_TELL_TASK,     /* task->why */
    /* Of a job. */
    KG_ACT_TELL_WHY, /* job->why: why it does not start, or was refused. */
    KG_ACT_TELL,     /* Its state is another one. */
    KG_ACT_ASK,      /* Is its name in the ledger? -> KG_EV_ASKED */
    KG_ACT_CREATE,   /* -> KG_EV_CREATED */
    KG_ACT_LOOK,     /* Get it -> KG_EV_LOOKED */
    KG_ACT_COUNT,    /* List its Pods -> KG_EV_POD..., KG_EV_COUNTED */
    KG_ACT_WONDER,   /* List its events: it has no Pod -> KG_EV_WONDERED */
    KG_ACT_ANNOTATE, /* KG_ANNOTATION_ENDED -> KG_EV_ANNOTATED */
    KG_ACT_DELETE,   /* With its uid, in the background -> KG_EV_DELETED */
    KG_ACT_ORDERED,  /* Every Job of `order` exists or was refused. */
    KG_ACT_FORGET,   /* It is no more: its id dies with this. */
    /* Of a run. */
    KG_ACT_BEGIN,     /* Write it to the ledger -> KG_EV_BEGUN */
    KG_ACT_FOLLOW,    /* Open its log -> KG_EV_LOG_ENDED */
    KG_ACT_RESUME,    /* Open it again where it was -> the same */
    KG_ACT_FINISH,    /* No byte will come; `cut` is the reason for what is */
                      /* open in the reader -> KG_EV_READ */
    KG_ACT_RECORD,    /* Outcome into the ledger -> KG_EV_RECORDED */
    KG_ACT_TELL_RUN,  /* It is settled: outcome, reason, counts. */
    KG_ACT_TELL_TAIL, /* It failed: last lines of its log. */
    KG_ACT_CLOSE,     /* Close log and reader; no event may follow. */
    /* Of the whole. */
    KG_ACT_WATCH, /* List and watch Jobs, and when told all, Pods. */
    KG_ACT_DONE,  /* Nothing is left to do: kg_glean_exit_code(). */
};

struct kg_action {
    enum kg_action_kind kind;
    struct kg_task *task; /* Or NULL. Borrowed until the next step. */
    struct kg_job *job;   /* Or NULL. */
    struct kg_run *run;   /* Or NULL. */
};

struct kg_glean;

/* Copies `config`. NULL: no memory. */
KG_MUST_USE struct kg_glean *kg_glean_create(
    const struct kg_glean_config *config);
void kg_glean_destroy(struct kg_glean *g); /* Accepts NULL. */
/* Before the first step. Borrows `def`. */
KG_MUST_USE enum kg_errc kg_glean_add_task(struct kg_glean *g,
                                           const struct kg_task_def *def,
                                           struct kg_id *ret_id);
/* KG_ENOMEM, KG_ELIMIT: this one Job or run is not tracked, and all else goes
 * on; told again (a list), it is taken up. KG_ENOTFOUND: the id is dead, which
 * is no fault. Of WANTED: KG_EBUSY, it runs already in every namespace;
 * KG_EEXISTS, the name is taken by a Job of ours; KG_ECANCELED, after STOP. */
KG_MUST_USE enum kg_errc kg_glean_step(struct kg_glean *g,
                                       const struct kg_event *event);
/* The next thing to do; false when there is none. Take them all before the next
 * step. */
KG_MUST_USE bool kg_glean_next(struct kg_glean *g, struct kg_action *ret);
/* When to send KG_EV_TIME, or KG_TIME_NONE. */
int64_t kg_glean_due(const struct kg_glean *g);
/* By the contract: 1, 4, 5, 3, 0, of all Jobs of this life. */
int kg_glean_exit_code(const struct kg_glean *g);

struct kg_task *kg_glean_task(const struct kg_glean *g, struct kg_str name);
struct kg_job *kg_glean_job(const struct kg_glean *g, struct kg_id id);
struct kg_run *kg_glean_run(const struct kg_glean *g, struct kg_id id);
size_t kg_glean_n_jobs(const struct kg_glean *g);
size_t kg_glean_n_runs(const struct kg_glean *g, enum kg_run_state state);
const char *kg_run_state_name(enum kg_run_state state); /* "following" */
/* What it came to, for people: "no report was found". Static. */
const char *kg_run_verdict(const struct kg_run *run);
/* Its reports were stored, or are older than what is. */
bool kg_run_is_good(const struct kg_run *run);
/* Settled, and in the ledger as such. */
bool kg_run_is_stored(const struct kg_run *run);
/* Every Job that is tracked: start with NULL; NULL at the end. */
struct kg_job *kg_glean_next_job(const struct kg_glean *g,
                                 const struct kg_job *job);
/* Wanted or ours, and not yet put away. */
bool kg_job_is_under_way(const struct kg_job *job);
/* How far it is, in a word: its own state, or its newest run's. Static. */
const char *kg_job_progress(const struct kg_job *job);
/* What the ledger holds of a run, but for the cluster's name. Borrowed. */
struct kg_run_info kg_run_describe(const struct kg_run *run);

/* --- manifests ------------------------------------------------------------ */

struct kg_manifest {
    const struct kg_task_def *def;
    struct kg_str instance;
    struct kg_str ns;
    struct kg_str name;         /* Of the Job, or of the CronJob. */
    const struct kg_node *spec; /* The task's JobSpec. */
    uint32_t timeout_s;         /* activeDeadlineSeconds; 0: none. */
    struct kg_str schedule;     /* CronJob: as written. */
    uint32_t n_keep_successful; /* CronJob: its history limits. */
    uint32_t n_keep_failed;
};

/* What is to be created, without its apiVersion. Our labels and the deadline
 * are put in; backoffLimit 0 and restartPolicy Never where `spec` does not say
 * otherwise. NULL: no memory. */
KG_MUST_USE struct kg_node *kg_manifest_job(struct kg_tree *t,
                                            const struct kg_manifest *m);
KG_MUST_USE struct kg_node *kg_manifest_cronjob(struct kg_tree *t,
                                                const struct kg_manifest *m);
/* The patch that marks a Job as gleaned, with its outcome. */
KG_MUST_USE struct kg_node *kg_manifest_mark(struct kg_tree *t,
                                             enum kg_outcome outcome);

#endif /* KUBEGLEAN_GLEAN_H */
