/* The core: what to do about Jobs, Pods, runs and schedules.
 *
 *     kg_glean_step(g, event)      what happened, and when
 *     kg_glean_next(g, &action)    what to do about it, until there is no more
 *
 * Nothing in here knows a loop, a clock, a socket or a foreign library, and no
 * decision about a Job, a Pod or an outcome is taken anywhere else. An action
 * needs no memory: each object notes what it still wants done.
 *
 * A Job, from the wish to its end:
 *
 *             slot free          exists            finished        runs recorded
 *   WANTED ------------> CREATING ------> LIVE ------------> ENDED ------> SETTLED
 *     ^ |                  |               ^                                 |
 *     | '- ran before ->   | refused       | seen: ours            delete <--+--> keep
 *   ASKING             GONE<'    UNSEEN ---+                         |          |
 *                                  '---> FOREIGN              DELETING <-- KEPT
 *
 * A run is one container attempt (cluster, job_uid, pod_uid, container,
 * restart); every attempt of a Job is one:
 *
 *           slot free        container ended       end believed
 *   WAITING ---------> RUNNING --------> DRAINING ----------> STORING
 *                        '--- log cut: RESUMING                  | stored
 *                                          SETTLED <-- RECORDING <'
 *
 * A Job is deleted or marked only from SETTLED, and SETTLED is entered only when
 * the database has said COMMIT for every run. */
#ifndef KUBEGLEAN_GLEAN_H
#define KUBEGLEAN_GLEAN_H

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
    bool once;              /* Done when the Jobs wanted by hand are. */
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
    struct kg_str reason, message; /* Of the condition Failed. */
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
    struct kg_str reason, message; /* Why it failed or cannot be scheduled. */
    struct kg_container_facts containers[KG_FACTS_CONTAINERS_MAX];
    size_t n_containers;
};

/* From an object of the API, whole or only with the fields of
 * kg_job_fields/kg_pod_fields; what is absent or mistyped is empty. False when
 * there is no uid, namespace or name. */
KG_MUST_USE bool kg_job_facts_read(const struct kg_node *object,
                                   struct kg_job_facts *ret_facts);
KG_MUST_USE bool kg_pod_facts_read(const struct kg_node *object,
                                   struct kg_pod_facts *ret_facts);

/* How a log stream ended. */
enum kg_log_end {
    KG_LOG_END,   /* The server ended it cleanly. */
    KG_LOG_GAP,   /* The same, but bytes in the middle are missing. */
    KG_LOG_LOST,  /* It broke and cannot be resumed: its beginning is gone. */
    KG_LOG_GONE,  /* 404: no such Pod, container or attempt any more. */
    KG_LOG_LIMIT, /* One of our limits: the stream was given up. */
};

/* What the reader found in a whole log. */
struct kg_read_facts {
    uint64_t bytes;      /* Of log. */
    uint64_t gap_bytes;  /* Known to be missing. */
    uint32_t documents;  /* Found, whether or not they matched. */
    uint32_t complete;   /* Reports whose every byte was read. */
    uint32_t incomplete; /* Reports cut or damaged. */
    uint32_t rejected;   /* Matched; their rows' path is absent or mistyped. */
    uint32_t damaged;    /* Documents that broke before they could match. */
    bool tail;           /* Closers without openers: the head is missing. */
    bool limit;          /* A limit of the profile was hit. */
};

/* What the sink says of one report. */
struct kg_stored_facts {
    uint64_t rows, rows_rejected, duplicates;
    bool superseded; /* An older run than the newest stored. */
};

/* --- what is tracked ------------------------------------------------------ */

struct kg_run;

struct kg_task { /* All is read-only. */
    struct kg_queue node;
    struct kg_map_node by_name;
    struct kg_queue todo_node;
    uint32_t todo;
    struct kg_id id;
    const struct kg_task_def *def;
    char cronjob_uid[40]; /* Of the CronJob in each namespace: the last. */
    int64_t due_us;       /* Next time of the schedule, or KG_TIME_NONE. */
    int64_t fire_us;      /* Minute for which its Jobs are being made. */
};

enum { KG_WHY_MAX = 240 };

struct kg_job { /* Read-only, but for `data`. */
    void *data; /* Public: the shell's. */
    struct kg_sm sm;
    struct kg_id id;
    struct kg_queue node;       /* In its state's list. */
    struct kg_queue runs;       /* Its kg_run, by `job_node`. */
    struct kg_task *task;       /* NULL while UNSEEN or FOREIGN. */
    struct kg_map_node by_uid;  /* While the uid is known. */
    struct kg_map_node by_name; /* "ns/name", while not yet seen. */
    struct kg_queue todo_node;
    uint32_t todo;
    char *path;             /* "ns/name", owned. */
    struct kg_str ns, name; /* Inside `path`. */
    char uid[40];           /* Empty until it exists. */
    char container[64];     /* The one that counts. */
    uint64_t order;         /* Number of the wish it came from, or 0. */
    enum kg_job_phase phase;
    enum kg_outcome outcome; /* Of its runs, worst first. */
    bool deleted;            /* Gone from the cluster, not by us. */
    bool holds_slot;         /* A stream is set aside for it. */
    int64_t ended_us;
    int64_t due_us;       /* Retry or end of keeping, or KG_TIME_NONE. */
    uint32_t tries;       /* Of the request under way. */
    char why[KG_WHY_MAX]; /* Last diagnosis, or why it failed. */
};

struct kg_run { /* Read-only, but for `data`. */
    void *data; /* Public: the shell's. */
    struct kg_sm sm;
    struct kg_id id;
    struct kg_job *job;
    struct kg_queue job_node;
    struct kg_queue node; /* In its state's list. */
    struct kg_queue todo_node;
    uint32_t todo;
    char pod_uid[40]; /* Empty: the Job never had a Pod. */
    char *pod;        /* Pod's name, owned. */
    char *pod_node;   /* Node's name, owned. */
    uint32_t restart;
    enum kg_container_state container; /* As last seen. */
    int32_t exit_code;
    int64_t started_us, finished_us;
    int64_t due_us; /* End of a patience, or KG_TIME_NONE. */
    bool pod_gone;
    bool followed_late;  /* Its container had ended when its log was opened. */
    enum kg_log_end end; /* From DRAINING on. */
    uint32_t n_open;     /* Reports begun and not yet stored or dropped. */
    struct kg_read_facts read;     /* From STORING on. */
    struct kg_stored_facts stored; /* Sums. */
    uint32_t n_superseded;
    enum kg_outcome outcome; /* From RECORDING on. */
    const char *reason;      /* "cut", ...; "" for none. Static. */
};

/* --- events --------------------------------------------------------------- */

enum kg_event_kind {
    KG_EV_WANTED,     /* task (id), order: start it now in its namespaces. */
    KG_EV_JOB,        /* job facts: listed, added or modified. */
    KG_EV_JOB_GONE,   /* uid */
    KG_EV_POD,        /* pod facts */
    KG_EV_POD_GONE,   /* uid */
    KG_EV_SYNCED,     /* Every Job, Pod and left run has been told. */
    KG_EV_LEFT,       /* run key: `running` in the ledger at the start. */
    KG_EV_ASKED,      /* job (id): `known` if its name is in the ledger. */
    KG_EV_CREATED,    /* job (id): uid, or error. */
    KG_EV_LOOKED,     /* job (id): job facts, or error. */
    KG_EV_CRONJOB,    /* task (id): uid, or error. */
    KG_EV_DELETED,    /* job (id): error or none. */
    KG_EV_ANNOTATED,  /* job (id): error or none. */
    KG_EV_BEGUN,      /* run (id): in the ledger; `known` if settled before. */
    KG_EV_LOG_OPENED, /* run (id) */
    KG_EV_LOG_ENDED,  /* run (id): end */
    KG_EV_REPORT,     /* run (id): a report began to be stored. */
    KG_EV_STORED,     /* run (id): stored facts, or error: it is given up. */
    KG_EV_READ,       /* run (id): read facts; the answer to FINISH. */
    KG_EV_RECORDED,   /* run (id): the ledger has it; or error: never will. */
    KG_EV_TIME,       /* kg_glean_due() has come. */
    KG_EV_STOP,       /* Finish what is at its end, leave the rest. */
};

struct kg_event {
    enum kg_event_kind kind;
    int64_t now_us;
    struct kg_id id;   /* Of the task, job or run. */
    struct kg_str uid; /* Borrowed, as all that follows. */
    bool known;
    uint64_t order;
    enum kg_log_end end;
    const struct kg_error *error; /* NULL: it worked. */
    union {
        const struct kg_job_facts *job;
        const struct kg_pod_facts *pod;
        const struct kg_read_facts *read;
        const struct kg_stored_facts *stored;
        const struct kg_run_info *left;
    };
};

/* --- actions -------------------------------------------------------------- */

enum kg_action_kind {
    /* Of a task. */
    KG_ACT_APPLY_CRONJOB, /* -> KG_EV_CRONJOB, in each namespace */
    /* Of a job. */
    KG_ACT_ASK,      /* Is its name in the ledger? -> KG_EV_ASKED */
    KG_ACT_CREATE,   /* -> KG_EV_CREATED */
    KG_ACT_LOOK,     /* Get it -> KG_EV_LOOKED */
    KG_ACT_TELL_WHY, /* job->why: why it does not start, or was refused. */
    KG_ACT_TELL,     /* Its state changed. */
    KG_ACT_ANNOTATE, /* KG_ANNOTATION_ENDED -> KG_EV_ANNOTATED */
    KG_ACT_DELETE,   /* With its uid, in the background -> KG_EV_DELETED */
    KG_ACT_FORGET,   /* The job is no more; its id dies with this. */
    /* Of a run. */
    KG_ACT_BEGIN,           /* Write it to the ledger -> KG_EV_BEGUN */
    KG_ACT_FOLLOW,          /* Open its log -> KG_EV_LOG_OPENED, ..._ENDED */
    KG_ACT_CONTAINER_ENDED, /* The log's next end may be the true one. */
    KG_ACT_RESUME,          /* Open it again where it was -> the same */
    KG_ACT_FINISH,    /* No byte will come: end the reader -> KG_EV_READ */
    KG_ACT_CLOSE,     /* Close log and reader; no event may follow. */
    KG_ACT_RECORD,    /* outcome and reason into the ledger -> RECORDED */
    KG_ACT_TELL_TAIL, /* Last lines of its log. */
    KG_ACT_TELL_RUN,  /* It is settled. */
    /* Of the whole. */
    KG_ACT_ORDERED, /* Every Job of `order` exists or was refused. */
    KG_ACT_DONE,    /* Nothing is left to do: kg_glean_exit_code(). */
};

struct kg_action {
    enum kg_action_kind kind;
    struct kg_task *task; /* Or NULL. Borrowed until the next step. */
    struct kg_job *job;   /* Or NULL. */
    struct kg_run *run;   /* Or NULL. */
    uint64_t order;
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
 * is no fault. KG_EBUSY: WANTED, and it runs already in every namespace. */
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
/* Every Job that is tracked: start with NULL; NULL at the end. */
struct kg_job *kg_glean_next_job(const struct kg_glean *g,
                                 const struct kg_job *job);
/* What the ledger holds of a run, but for the cluster's name. Borrowed. */
struct kg_run_info kg_run_describe(const struct kg_run *run);

/* --- manifests ------------------------------------------------------------ */

/* The Job to create for `job`: `spec` is the task's JobSpec. Labels, deadline
 * (0: none), backoffLimit 0 and restartPolicy Never are put in where `spec`
 * does not say otherwise. NULL: no memory. */
KG_MUST_USE struct kg_node *kg_manifest_job(struct kg_tree *t,
                                            const struct kg_job *job,
                                            struct kg_str instance,
                                            const struct kg_node *spec,
                                            uint32_t timeout_s);
/* The same as a CronJob of `api_version` ("batch/v1", "batch/v1beta1"), with
 * history limits 1 and 3. */
struct kg_cronjob_facts {
    const struct kg_task_def *def;
    struct kg_str instance, ns, api_version, schedule;
    uint32_t timeout_s;
};
KG_MUST_USE struct kg_node *kg_manifest_cronjob(
    struct kg_tree *t, const struct kg_cronjob_facts *facts,
    const struct kg_node *spec);

#endif /* KUBEGLEAN_GLEAN_H */
