/* SPDX-License-Identifier: MIT */
/* Happy path: the agent ends by itself, and its exit code is ours.
 *
 * Otherwise: a signal (left, or drained), the grace is over (what is not stored
 * is left to the next agent), a second signal (the same, at once). */
#include "host.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "kubeglean/limits.h"
#include "kubeglean/log.h"
#include "progress.h"

enum { OTHER_FILES = 128 }; /* Besides log streams: watches, database, ... */

struct host {
    struct kg_host_options options;
    struct kg_loop loop;
    struct kg_agent *agent;
    struct kg_progress progress;
    uv_signal_t signals[2];
    uv_timer_t grace;
    struct kg_latch open;
    bool stopping; /* One signal came. */
    bool closing;
    enum kg_exit code;
};

/* Each log stream is a connection of its own. */
static enum kg_errc raise_files(const struct kg_config *config,
                                struct kg_error *e)
{
    rlim_t wanted = (rlim_t)config->n_streams_max + OTHER_FILES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return KG_OK;
    }
    if (limit.rlim_max < wanted) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "limits.logStreams: %u log streams need %llu open "
                            "files, and %llu are allowed; lower it, or raise "
                            "the limit (ulimit -n)",
                            config->n_streams_max, (unsigned long long)wanted,
                            (unsigned long long)limit.rlim_max);
    }
    limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return KG_OK;
}

/* --- the end ---------------------------------------------------------------- */

/* Signals are heard to the last: one that comes now changes nothing. */
static void on_agent_closed(void *data)
{
    struct host *h = data;

    for (size_t i = 0; i < KG_COUNT_OF(h->signals); i++) {
        kg_latch_close_handle(&h->open, (uv_handle_t *)&h->signals[i]);
    }
    kg_latch_release(&h->open);
}

static void on_closed(struct kg_latch *open)
{
    (void)open; /* Nothing is left in the loop: it returns. */
}

static void close_all(struct host *h)
{
    if (h->closing) {
        return;
    }
    h->closing = true;
    kg_progress_close(&h->progress, &h->open);
    kg_latch_close_handle(&h->open, (uv_handle_t *)&h->grace);
    kg_latch_hold(&h->open);
    kg_agent_close(h->agent, on_agent_closed, h);
    kg_latch_close(&h->open, on_closed);
}

static void on_end(void *data, int code, const struct kg_error *e)
{
    struct host *h = data;

    kg_progress_hide(&h->progress);
    h->code = kg_exit_worse(h->code, (enum kg_exit)code);
    if (e != NULL) {
        h->code = kg_exit_worse(h->code, kg_verb_failed(h->options.verb, e));
    }
    if (!h->options.once && e == NULL) {
        h->code = KG_EXIT_DONE; /* Reports of an agent are in the ledger. */
    }
    close_all(h);
}

/* --- signals ----------------------------------------------------------------- */

static void name_left(const struct host *h)
{
    const struct kg_job *job = kg_agent_next_job(h->agent, NULL);

    for (; job != NULL; job = kg_agent_next_job(h->agent, job)) {
        bool made = job->uid[0] != '\0';

        if (made || job->sm.state == KG_JOB_CREATING) {
            (void)fprintf(stderr,
                          "kubeglean %s: interrupted; Job %s %s left: kubectl "
                          "-n %.*s delete job %.*s\n",
                          h->options.verb->name, job->path,
                          made ? "is" : "may be", KG_STR_ARG(job->ns),
                          KG_STR_ARG(job->name));
        }
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    struct host *h = timer->data;

    KG_LOG(KG_LOG_WARN, "the grace is over; the rest is left to the next agent",
           KG_FU("grace_ms", h->options.grace_ms));
    h->code = KG_EXIT_ERROR;
    close_all(h);
}

/* Who runs once has nobody after it to take its Jobs up. */
static void interrupt(struct host *h)
{
    kg_progress_hide(&h->progress);
    name_left(h);
    h->code = KG_EXIT_INTERRUPTED;
    close_all(h);
}

static void leave(struct host *h, enum kg_exit code)
{
    KG_LOG(KG_LOG_INFO, "stopped at once; the rest is left to the next agent");
    h->code = code;
    close_all(h);
}

/* What hangs in the database is given up within the grace as well. */
static uint64_t drain_ms(uint64_t grace_ms)
{
    uint64_t to_leave_ms = grace_ms / 4;

    return grace_ms -
           (to_leave_ms < KG_LIMIT_LEAVE_MS ? to_leave_ms : KG_LIMIT_LEAVE_MS);
}

static void drain(struct host *h)
{
    uint64_t grace_ms = h->options.grace_ms;

    h->stopping = true;
    KG_LOG(KG_LOG_INFO, "stopping", KG_FU("grace_ms", grace_ms));
    (void)uv_timer_start(&h->grace, on_grace_over, drain_ms(grace_ms), 0);
    kg_agent_stop(h->agent);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct host *h = handle->data;

    (void)number;
    if (h->closing) {
        return;
    }
    if (h->options.once) {
        interrupt(h);
    } else if (h->stopping) {
        leave(h, KG_EXIT_ERROR);
    } else if (h->options.grace_ms == 0) {
        leave(h, KG_EXIT_DONE); /* As it was told to. */
    } else {
        drain(h);
    }
}

static void start_signals(struct host *h)
{
    static const int numbers[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < KG_COUNT_OF(numbers); i++) {
        (void)uv_signal_init(&h->loop.uv, &h->signals[i]);
        h->signals[i].data = h;
        (void)uv_signal_start(&h->signals[i], on_signal, numbers[i]);
    }
    (void)uv_timer_init(&h->loop.uv, &h->grace);
    h->grace.data = h;
    (void)signal(SIGPIPE, SIG_IGN); /* A closed pipe is an error to write to. */
}

/* --- life -------------------------------------------------------------------- */

static enum kg_errc prepare(struct host *h, struct kg_error *e)
{
    struct kg_agent_options options = {
        .config = h->options.config,
        .kubeconfig = h->options.kubeconfig,
        .once = h->options.once,
        .row_cb = h->options.row_cb,
        .row_data = h->options.data,
        .end_cb = on_end,
        .data = h,
    };
    enum kg_errc rc = raise_files(h->options.config, e);

    if (rc != KG_OK) {
        return rc;
    }
    rc = kg_agent_create(&h->loop, &options, &h->agent);
    return rc == KG_OK ? KG_OK : kg_error_set(e, rc, 0, "no memory to start");
}

enum kg_exit kg_host_run(const struct kg_host_options *options)
{
    struct host h = {.options = *options, .code = KG_EXIT_DONE};
    struct kg_error e;

    if (kg_loop_init(&h.loop) != KG_OK) {
        (void)kg_error_set(&e, KG_ENOMEM, 0, "no memory to start");
        return kg_verb_failed(options->verb, &e);
    }
    if (prepare(&h, &e) != KG_OK) {
        kg_loop_close(&h.loop);
        return kg_verb_failed(options->verb, &e);
    }
    kg_latch_init(&h.open, &h.loop);
    start_signals(&h);
    kg_progress_start(&h.progress, &h.loop, h.agent, options->once);
    if (kg_agent_start(h.agent, &e) != KG_OK) {
        h.code = kg_verb_failed(options->verb, &e);
        close_all(&h);
    }
    kg_loop_run(&h.loop);
    (void)signal(SIGINT, SIG_IGN); /* It is over; the exit code stands. */
    (void)signal(SIGTERM, SIG_IGN);
    kg_loop_close(&h.loop);
    return h.code;
}
