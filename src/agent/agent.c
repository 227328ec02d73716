/* SPDX-License-Identifier: MIT */
/* Life of the agent.
 *
 * Happy path: the database becomes ready and tells who we are, the API server
 * tells what it is; then the core is made, the ledger tells what was left, and
 * the watches begin. At the end, in this order: endpoint, watches, requests,
 * database, logs, connections to the server, timer.
 *
 * Failure modes: database or server do not answer (tried again, or the end when
 * it runs once); the server refuses us (the end). */
#include "agent.h"

#include <stdio.h>

#include "kubeglean/heap.h"

enum {
    TIMER_MAX_MS = 600000, /* Wall clock and loop clock may drift apart. */
    DISCOVERY_FIRST_MS = 500,
    DISCOVERY_MAX_MS = 30000,
    SERIES_MAX = 10000,
};

static const struct kg_sm_state states[] = {
    [KG_AGENT_IDLE] = {"idle", KG_SM_TO(KG_AGENT_PREPARING) |
                                   KG_SM_TO(KG_AGENT_CLOSING)},
    [KG_AGENT_PREPARING] = {"preparing", KG_SM_TO(KG_AGENT_RUNNING) |
                                             KG_SM_TO(KG_AGENT_ENDED) |
                                             KG_SM_TO(KG_AGENT_CLOSING)},
    [KG_AGENT_RUNNING] = {"running", KG_SM_TO(KG_AGENT_DRAINING) |
                                         KG_SM_TO(KG_AGENT_ENDED) |
                                         KG_SM_TO(KG_AGENT_CLOSING)},
    [KG_AGENT_DRAINING] = {"draining", KG_SM_TO(KG_AGENT_ENDED) |
                                           KG_SM_TO(KG_AGENT_CLOSING)},
    [KG_AGENT_ENDED] = {"ended", KG_SM_TO(KG_AGENT_CLOSING)},
    [KG_AGENT_CLOSING] = {"closing", 0},
};

/* --- the core --------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void arm(struct kg_agent *a)
{
    int64_t due_us = kg_glean_due(a->glean);
    int64_t ms;

    if (due_us == KG_TIME_NONE) {
        (void)uv_timer_stop(&a->timer);
        return;
    }
    ms = (due_us - kg_clock_now_us()) / 1000 + 1;
    ms = ms < 0 ? 0 : ms;
    ms = ms > TIMER_MAX_MS ? TIMER_MAX_MS : ms;
    (void)uv_timer_start(&a->timer, on_timer, (uint64_t)ms, 0);
}

enum kg_errc kg_agent_step(struct kg_agent *a, struct kg_event *event)
{
    struct kg_action action;
    enum kg_errc rc;

    if (a->sm.state >= KG_AGENT_ENDED) {
        return KG_ECANCELED;
    }
    event->now_us = kg_clock_now_us();
    rc = kg_glean_step(a->glean, event);
    if (rc == KG_ENOMEM || rc == KG_ELIMIT) {
        KG_LOG(KG_LOG_ERROR, "a Job or Pod is not tracked",
               KG_F("why", kg_errc_text(rc)));
    }
    while (kg_glean_next(a->glean, &action)) {
        kg_agent_act(a, &action);
    }
    arm(a);
    return rc;
}

const struct kg_task_config *kg_agent_task(const struct kg_agent *a,
                                           const struct kg_task *task)
{
    return &a->options.config->tasks[task->def - a->defs];
}

static void on_timer(uv_timer_t *timer)
{
    struct kg_agent *a = timer->data;

    kg_agent_step(a, &(struct kg_event){.kind = KG_EV_TIME});
}

/* --- the end ----------------------------------------------------------------- */

static void on_ended(struct kg_deferred *d)
{
    struct kg_agent *a = KG_CONTAINER_OF(d, struct kg_agent, ended);

    a->options.end_cb(a->options.data, a->exit_code,
                      a->failure.code != KG_OK ? &a->failure
                                               : NULL); /* Last. */
}

void kg_agent_end(struct kg_agent *a, int code, const struct kg_error *e)
{
    if (a->sm.state >= KG_AGENT_ENDED) {
        return;
    }
    kg_sm_move(&a->sm, KG_AGENT_ENDED);
    a->exit_code = code;
    if (e != NULL) {
        a->failure = *e;
    }
    (void)uv_timer_stop(&a->timer);
    kg_defer(a->loop, &a->ended);
}

/* --- preparing ---------------------------------------------------------------- */

static enum kg_errc make_core(struct kg_agent *a)
{
    const struct kg_config *config = a->options.config;
    struct kg_glean_config core = {
        .instance = kg_str_from(a->instance),
        .n_jobs_max = config->n_jobs_max,
        .n_streams_max = config->n_streams_max,
        .seed = kg_clock_mono_ns(),
        .once = a->options.once,
    };
    enum kg_errc rc = KG_OK;

    a->glean = kg_glean_create(&core);
    if (a->glean == NULL) {
        return KG_ENOMEM;
    }
    for (size_t i = 0; rc == KG_OK && i < config->n_tasks; i++) {
        rc = kg_glean_add_task(a->glean, &a->defs[i], &a->task_ids[i]);
    }
    return rc;
}

static void on_left(void *data, const struct kg_run_info *run,
                    const struct kg_error *e)
{
    struct kg_agent *a = data;

    if (run != NULL) {
        kg_agent_step(a, &(struct kg_event){.kind = KG_EV_LEFT, .left = run});
        return;
    }
    if (e != NULL) {
        KG_LOG(KG_LOG_ERROR, "the ledger cannot be listed",
               KG_F("err", e->text));
    }
    a->ledger_told = true;
    kg_scopes_check_synced(a);
}

static void on_table(void *data, const struct kg_error *e)
{
    struct kg_agent *a = data;

    if (e == NULL) {
        return;
    }
    if (a->options.once) {
        kg_agent_end(a, 1, e);
    } else {
        KG_LOG(KG_LOG_ERROR, "a table is refused", KG_F("err", e->text));
    }
}

static enum kg_errc ask_ledger(struct kg_agent *a)
{
    const struct kg_config *config = a->options.config;
    enum kg_errc rc = KG_OK;

    for (size_t i = 0; a->sink != NULL && rc == KG_OK && i < config->n_tasks;
         i++) {
        rc = kg_sink_prepare(
            a->sink, kg_profile_table(config->tasks[i].profile), on_table, a);
    }
    if (a->sink == NULL || a->options.once) { /* What was left is an agent's. */
        a->ledger_told = true;
        return rc;
    }
    return rc == KG_OK ? kg_sink_running(a->sink, kg_str_from(config->cluster),
                                         on_left, a)
                       : rc;
}

static size_t count_cronjobs(const struct kg_agent *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->options.config->n_tasks; i++) {
        n += a->defs[i].run_as == KG_RUN_AS_CRONJOB ? a->defs[i].n_namespaces
                                                    : 0;
    }
    return n;
}

static enum kg_errc make_parts(struct kg_agent *a)
{
    enum kg_errc rc;

    a->applied = kg_calloc(count_cronjobs(a), sizeof(*a->applied));
    if (a->applied == NULL) {
        return KG_ENOMEM;
    }
    rc = make_core(a);
    if (rc == KG_OK) {
        rc = kg_scopes_create(a);
    }
    return rc == KG_OK ? ask_ledger(a) : rc;
}

/* Database and server have answered. */
static void check_prepared(struct kg_agent *a)
{
    struct kg_error e;
    enum kg_errc rc;

    if (a->sm.state != KG_AGENT_PREPARING || !a->server_known ||
        a->instance[0] == '\0') {
        return;
    }
    rc = make_parts(a);
    if (rc != KG_OK) {
        (void)kg_error_set(&e, rc, 0, "cannot start: %s", kg_errc_text(rc));
        kg_agent_end(a, 1, &e);
        return;
    }
    kg_sm_move(&a->sm, KG_AGENT_RUNNING);
    for (size_t i = 0; a->options.once && i < a->options.config->n_tasks; i++) {
        (void)kg_agent_step(
            a, &(struct kg_event){.kind = KG_EV_WANTED, .id = a->task_ids[i]});
    }
    kg_agent_step(a, &(struct kg_event){.kind = KG_EV_START});
}

static void on_sink(void *data, const struct kg_error *e)
{
    struct kg_agent *a = data;

    if (e == NULL) {
        KG_LOG(KG_LOG_INFO, "database is ready");
        (void)snprintf(a->instance, sizeof(a->instance), "%.*s",
                       KG_STR_ARG(kg_sink_installation(a->sink)));
        check_prepared(a);
    } else if (a->options.once && a->sm.state == KG_AGENT_PREPARING) {
        kg_agent_end(a, 1, e);
    } else {
        KG_LOG(KG_LOG_WARN,
               kg_sink_is_ready(a->sink) ? "database does not store"
                                         : "database is away",
               KG_F("err", e->text));
    }
}

static void discover(struct kg_agent *a);

static void on_discovery_timer(uv_timer_t *timer)
{
    discover(timer->data);
}

static void discover_again(struct kg_agent *a)
{
    uint64_t wait_ms = kg_backoff_next(&a->backoff);
    uint64_t wished_ms = a->discovery.status.retry_after_ms;

    (void)uv_timer_start(&a->timer, on_discovery_timer,
                         wait_ms > wished_ms ? wait_ms : wished_ms, 0);
}

/* Who runs once waits for a server that is busy, not for one that is away. */
static bool is_hopeless(const struct kg_agent *a, const struct kg_error *e)
{
    bool is_busy =
        e->code == KG_EBUSY || a->discovery.status.retry_after_ms > 0;

    return kg_error_remedy(e->code) == KG_REMEDY_EXIT ||
           (a->options.once && !is_busy);
}

static void on_discovered(struct kg_kube_req *r, const struct kg_error *e,
                          const struct kg_node *answer)
{
    struct kg_agent *a = r->data;

    (void)answer;
    if (e == NULL) {
        KG_LOG(KG_LOG_INFO, "API server is known",
               KG_F("host", kg_kube_host(&a->kube)),
               KG_F("version", a->kube.server.version));
        a->server_known = true;
        check_prepared(a);
    } else if (is_hopeless(a, e)) {
        kg_agent_end(a, 1, e);
    } else {
        KG_LOG(KG_LOG_WARN, "API server is away", KG_F("err", e->text));
        discover_again(a);
    }
}

static void discover(struct kg_agent *a)
{
    if (kg_kube_discover(&a->kube, &a->discovery, on_discovered) != KG_OK) {
        discover_again(a);
    }
}

/* Without a ledger that keeps one, this life's own. */
static void make_instance(char text[KG_UUID_TEXT])
{
    unsigned char r[16] = {0};

    (void)uv_random(NULL, NULL, r, sizeof(r), 0, NULL);
    (void)snprintf(text, KG_UUID_TEXT,
                   "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-"
                   "%02x%02x%02x%02x%02x%02x",
                   r[0], r[1], r[2], r[3], r[4], r[5], r[6] & 15, r[7],
                   r[8] & 15, r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static enum kg_errc make_sink(struct kg_agent *a, struct kg_error *e)
{
    struct kg_sink_options options = {
        .conninfo = a->options.config->database_url,
        .migrate = a->options.config->migrate,
        .give_up = a->options.once,
    };

    if (a->options.row_cb != NULL) {
        make_instance(a->instance);
        return KG_OK;
    }
    return kg_sink_create(a->loop, &options, e, &a->sink);
}

enum kg_errc kg_agent_start(struct kg_agent *a, struct kg_error *e)
{
    enum kg_errc rc = kg_kube_init(&a->kube, a->loop, a->options.kubeconfig, e);

    if (rc == KG_OK) {
        a->has_kube = true;
        a->kube.data = a;
        rc = make_sink(a, e);
    }
    if (rc == KG_OK) {
        rc = kg_api_create(a, e);
    }
    if (rc != KG_OK) {
        return rc;
    }
    kg_sm_move(&a->sm, KG_AGENT_PREPARING);
    if (a->sink != NULL) {
        kg_sink_start(a->sink, on_sink, a);
    }
    discover(a);
    return KG_OK;
}

void kg_agent_stop(struct kg_agent *a)
{
    if (a->sm.state == KG_AGENT_PREPARING) {
        kg_agent_end(a, 0, NULL);
    } else if (a->sm.state == KG_AGENT_RUNNING) {
        kg_sm_move(&a->sm, KG_AGENT_DRAINING);
        kg_agent_step(a, &(struct kg_event){.kind = KG_EV_STOP});
    }
}

/* --- made and closed ------------------------------------------------------------ */

/* A task without namespaces runs in the kubeconfig's. */
static enum kg_errc copy_defs(struct kg_agent *a)
{
    const struct kg_config *config = a->options.config;

    a->default_ns = kg_str_from(a->options.kubeconfig->ns);
    a->defs = kg_calloc(config->n_tasks, sizeof(*a->defs));
    a->task_ids = kg_calloc(config->n_tasks, sizeof(*a->task_ids));
    if (a->defs == NULL || a->task_ids == NULL) {
        return KG_ENOMEM;
    }
    for (size_t i = 0; i < config->n_tasks; i++) {
        a->defs[i] = config->tasks[i].def;
        if (a->defs[i].n_namespaces == 0) {
            a->defs[i].namespaces = &a->default_ns;
            a->defs[i].n_namespaces = 1;
        }
    }
    return KG_OK;
}

static void free_all(struct kg_agent *a)
{
    kg_glean_destroy(a->glean);
    kg_metrics_finish(&a->metrics);
    kg_free(a->scopes);
    kg_free(a->task_ids);
    kg_free(a->defs);
    kg_free(a);
}

static void on_latch(struct kg_latch *open)
{
    struct kg_agent *a = KG_CONTAINER_OF(open, struct kg_agent, open);
    kg_agent_close_cb close_cb = a->close_cb;
    void *data = a->close_data;

    kg_loop_on_turn(a->loop, NULL, NULL);
    free_all(a);
    close_cb(data); /* Last. */
}

static void on_kube_closed(struct kg_kube *kube)
{
    struct kg_agent *a = kube->data;

    kg_latch_release(&a->open);
}

static void on_sink_closed(void *data)
{
    struct kg_agent *a = data;

    kg_latch_release(&a->open);
}

void kg_agent_close(struct kg_agent *a, kg_agent_close_cb close_cb, void *data)
{
    kg_sm_move(&a->sm, KG_AGENT_CLOSING);
    a->close_cb = close_cb;
    a->close_data = data;
    kg_deferred_cancel(&a->ended);
    kg_api_close(a);
    kg_scopes_close(a);
    kg_kube_cancel(&a->discovery);
    if (a->sink != NULL) {
        kg_latch_hold(&a->open);
        kg_sink_close(a->sink, on_sink_closed, a);
    }
    kg_cronjobs_close(a);
    kg_job_close_all(a);
    kg_stream_close_all(a);
    if (a->has_kube) {
        kg_latch_hold(&a->open);
        kg_kube_close(&a->kube, on_kube_closed);
    }
    kg_latch_close_handle(&a->open, (uv_handle_t *)&a->timer);
    kg_latch_close(&a->open, on_latch);
}

static void init(struct kg_agent *a, struct kg_loop *loop,
                 const struct kg_agent_options *options)
{
    a->loop = loop;
    a->options = *options;
    kg_sm_init(&a->sm, "agent", states, KG_AGENT_IDLE);
    kg_latch_init(&a->open, loop);
    kg_queue_init(&a->streams);
    kg_queue_init(&a->requests);
    kg_deferred_init(&a->ended, on_ended);
    kg_metrics_init(&a->metrics, SERIES_MAX);
    kg_backoff_init(&a->backoff, DISCOVERY_FIRST_MS, DISCOVERY_MAX_MS,
                    kg_clock_mono_ns());
    kg_kube_req_init(&a->discovery);
    a->discovery.data = a;
}

enum kg_errc kg_agent_create(struct kg_loop *loop,
                             const struct kg_agent_options *options,
                             struct kg_agent **ret_agent)
{
    struct kg_agent *a = kg_calloc(1, sizeof(*a));

    if (a == NULL) {
        return KG_ENOMEM;
    }
    init(a, loop, options);
    if (copy_defs(a) != KG_OK) {
        free_all(a);
        return KG_ENOMEM;
    }
    (void)uv_timer_init(&loop->uv, &a->timer);
    a->timer.data = a;
    kg_loop_on_turn(loop, kg_measure_turn, a);
    *ret_agent = a;
    return KG_OK;
}

/* --- progress ------------------------------------------------------------------ */

const struct kg_job *kg_agent_next_job(const struct kg_agent *a,
                                       const struct kg_job *job)
{
    if (a->glean == NULL) {
        return NULL;
    }
    do {
        job = kg_glean_next_job(a->glean, job);
    } while (job != NULL && !kg_job_is_under_way(job));
    return job;
}

void kg_agent_progress(const struct kg_agent *a,
                       struct kg_agent_progress *ret_progress)
{
    const struct kg_job *job = NULL;

    *ret_progress = a->progress;
    ret_progress->state = kg_sm_name(&a->sm);
    while ((job = kg_agent_next_job(a, job)) != NULL) {
        if (ret_progress->n_jobs++ == 0) {
            ret_progress->state = kg_job_progress(job);
        }
    }
}
