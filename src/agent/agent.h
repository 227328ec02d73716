/* SPDX-License-Identifier: MIT */
/* What the files of the wiring share.
 *
 *   agent.c    life: what is started and stopped, in which order
 *   act.c      one function for each action of the core
 *   job.c      requests about Jobs and CronJobs
 *   stream.c   one run: its log, its reader, its reports
 *   ledger.c   what the database, or nobody, says of a run
 *   watches.c  Jobs and Pods of each namespace
 *   api.c      our own HTTP endpoint
 *   measure.c  metrics */
#ifndef KG_AGENT_PRIVATE_H
#define KG_AGENT_PRIVATE_H

#include "kubeglean/agent.h"
#include "kubeglean/kube.h"
#include "kubeglean/log.h"
#include "kubeglean/metrics.h"
#include "kubeglean/podlog.h"
#include "kubeglean/profile.h"
#include "kubeglean/reader.h"
#include "kubeglean/serve.h"
#include "kubeglean/sink.h"
#include "kubeglean/watch.h"

enum { KG_UUID_TEXT = 37, KG_ORDERS_MAX = 64 };

enum kg_agent_state { /* The diagram of kubeglean/agent.h. */
                      KG_AGENT_IDLE,
                      KG_AGENT_PREPARING,
                      KG_AGENT_RUNNING,
                      KG_AGENT_DRAINING,
                      KG_AGENT_ENDED,
                      KG_AGENT_CLOSING,
};

/* One namespace. */
struct kg_scope {
    struct kg_agent *agent;
    struct kg_str ns;
    struct kg_watch jobs, pods;
    bool failed; /* No right to watch, or no such namespace. */
};

/* A POST that waits for its Jobs to be made. */
struct kg_order {
    uint64_t number; /* 0: this place is free. */
    struct kg_serve *serve;
    struct kg_id request;
};

/* A CronJob to be applied. */
struct kg_applied {
    struct kg_agent *agent;
    const struct kg_task_config *task;
    struct kg_id task_id;
    struct kg_str ns;
    struct kg_kube_req req;
    struct kg_deferred failed; /* It could not even be asked. */
};

struct kg_agent {
    struct kg_agent_options options;
    struct kg_sm sm;
    struct kg_loop *loop;
    struct kg_latch open;
    struct kg_kube kube;
    struct kg_kube_req discovery;
    struct kg_backoff backoff; /* Of discovery. */
    uv_timer_t timer;          /* Of discovery, then of the core. */
    struct kg_sink *sink;      /* NULL without a database. */
    bool has_kube;             /* `kube` is initialised. */
    bool server_known;
    bool ledger_told;  /* Runs that were left. */
    bool pods_started; /* Every namespace's Jobs were listed. */
    struct kg_glean *glean;
    struct kg_task_def *defs; /* The config's, namespaces filled in. */
    struct kg_id *task_ids;
    struct kg_str default_ns;
    char instance[KG_UUID_TEXT];
    struct kg_scope *scopes;
    size_t n_scopes;
    struct kg_applied *applied;
    size_t n_applied;
    struct kg_queue streams;  /* Every kg_stream. */
    struct kg_queue requests; /* Every kg_job_req. */
    struct kg_serve *serve;   /* NULL: none. */
    struct kg_endpoint endpoint;
    struct kg_order orders[KG_ORDERS_MAX];
    uint64_t n_orders;
    struct kg_metrics metrics;
    struct kg_agent_progress progress;
    struct kg_deferred ended; /* Tells end_cb. */
    int exit_code;
    struct kg_error failure;
    kg_agent_close_cb close_cb;
    void *close_data;
};

/* --- agent.c --- */
/* Tells the core, and carries out what it wants. Its time is set here. What the
 * core answers matters to who had a wish; all else is logged. */
enum kg_errc kg_agent_step(struct kg_agent *a, struct kg_event *event);
void kg_agent_end(struct kg_agent *a, int code, const struct kg_error *e);
const struct kg_task_config *kg_agent_task(const struct kg_agent *a,
                                           const struct kg_task *task);

/* --- act.c --- */
void kg_agent_act(struct kg_agent *a, const struct kg_action *action);

/* --- job.c --- */
void kg_job_request(struct kg_agent *a, const struct kg_action *action);
void kg_job_forget(struct kg_agent *a, struct kg_job *job);
void kg_job_close_all(struct kg_agent *a);
void kg_cronjobs_apply(struct kg_agent *a, const struct kg_task *task);
void kg_cronjobs_close(struct kg_agent *a);

/* --- stream.c --- */
/* What the shell knows of a run; `run->data`. */
struct kg_stream {
    struct kg_queue node;
    struct kg_agent *agent;
    struct kg_id run;
    struct kg_run_info info; /* Texts are the core's until CLOSE. */
    const struct kg_task_config *task;
    struct kg_podlog log;
    bool is_open; /* `log` is initialised. */
    struct kg_reader *reader;
    struct kg_report *report; /* The one that comes in. */
    bool has_late;            /* Rows of it lack what its end tells. */
    uint64_t n_printed;       /* Rows, without a database. */
    unsigned n_asked;         /* Of the sink, and not answered. */
    struct kg_read_facts read;
    struct kg_buf tail;   /* Last bytes of the log. */
    uint64_t finished_ns; /* When its last byte came. */
    uint32_t later;       /* Bits: events that come from the next turn. */
    struct kg_deferred deferred;
    struct kg_latch open; /* Callbacks that may still come. */
    bool closed;
};

enum kg_later {
    KG_LATER_BEGUN = 1,
    KG_LATER_LIMIT = 2,
    KG_LATER_FINISH = 4,
    KG_LATER_STORED = 8,
    KG_LATER_RECORDED = 16,
    KG_LATER_UNRECORDED = 32,
};

void kg_stream_begin(struct kg_agent *a, struct kg_run *run);
void kg_stream_follow(struct kg_agent *a, struct kg_run *run);
void kg_stream_resume(struct kg_agent *a, struct kg_run *run);
void kg_stream_finish(struct kg_agent *a, struct kg_run *run);
void kg_stream_record(struct kg_agent *a, struct kg_run *run);
void kg_stream_close(struct kg_agent *a, struct kg_run *run);
void kg_stream_close_all(struct kg_agent *a);
void kg_stream_tell_tail(const struct kg_run *run);
void kg_stream_later(struct kg_stream *s, enum kg_later what);

/* --- watches.c --- */
KG_MUST_USE enum kg_errc kg_scopes_create(struct kg_agent *a);
void kg_scopes_start(struct kg_agent *a);
/* The ledger and all watches have told everything? Then the core hears it. */
void kg_scopes_check_synced(struct kg_agent *a);
bool kg_scopes_synced(const struct kg_agent *a);
void kg_scopes_close(struct kg_agent *a);

/* --- api.c --- */
KG_MUST_USE enum kg_errc kg_api_create(struct kg_agent *a, struct kg_error *e);
void kg_api_ordered(struct kg_agent *a, uint64_t order);
void kg_api_close(struct kg_agent *a);

/* --- measure.c --- */
void kg_measure_bytes(struct kg_agent *a, size_t len);
void kg_measure_report(struct kg_agent *a, const struct kg_stream *s,
                       const struct kg_report_result *result);
void kg_measure_run(struct kg_agent *a, const struct kg_run *run);
void kg_measure_levels(struct kg_agent *a); /* Gauges, before they are read. */
void kg_measure_turn(void *agent, uint64_t busy_ns);

#endif /* KG_AGENT_PRIVATE_H */
