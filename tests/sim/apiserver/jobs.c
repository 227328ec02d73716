/* SPDX-License-Identifier: MIT */
/* On 1.20 a Job's end is one condition. Today there are two steps: first the
 * verdict (SuccessCriteriaMet, FailureTarget), and when no Pod is left that
 * runs, or that was not counted, the end (Complete, Failed). Pods are counted
 * once: they carry a finalizer until they have been. */
#include "jobs.h"

#include <stdio.h>

#include "events.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "kubelet.h"
#include "notes.h"
#include "verbs.h"

enum { TREE_MAX = 64 * 1024 * 1024 };

/* What is remembered of a Job besides its object. */
struct memory {
    unsigned n_pods; /* Made so far. */
    int64_t started_us;
    int64_t ended_us;
    int64_t retry_us; /* No Pod before this, after a failure. */
    int64_t n_failed;
};

/* Its Pods, counted. */
struct census {
    int64_t active;
    int64_t ready;
    int64_t terminating;
    int64_t succeeded; /* On 1.20 all of them, else those not counted yet. */
    int64_t failed;
    int64_t fresh;    /* Ended, and not counted yet. */
    int64_t restarts; /* In place, of those that run. */
};

struct work {
    struct sim *sim;
    struct sim_object *job;
    struct memory *memory;
    struct kg_tree tree;
    struct kg_node *spec;
    struct kg_node *status;
    struct census census;
    int64_t now_us;
    int64_t succeeded; /* Counted ones and those about to be. */
    int64_t failed;
};

static struct memory *memory_of(struct sim_object *job)
{
    if (job->state == NULL) {
        job->state = kg_calloc(1, sizeof(struct memory));
        KG_REQUIRE(job->state != NULL);
    }
    return job->state;
}

/* --- counting ------------------------------------------------------------------ */

static bool is_over(const struct sim_object *pod)
{
    return kg_str_is(pod->now->phase, "Succeeded") ||
           kg_str_is(pod->now->phase, "Failed");
}

static bool is_tracked(const struct sim_object *pod)
{
    return kg_str_find(pod->now->json, KG_STR("\"" SIM_TRACKING "\"")) >= 0;
}

static void count_pod(struct work *w, struct sim_object *pod)
{
    struct census *c = &w->census;

    if (!is_over(pod)) {
        if (pod->leaving) {
            c->terminating++;
        } else {
            c->active++;
            c->restarts += sim_run_of(pod)->n_restarts;
            c->ready += kg_str_is(pod->now->phase, "Running") ? 1 : 0;
        }
        return;
    }
    if (w->sim->config.modern && !is_tracked(pod)) {
        return;
    }
    c->fresh++;
    if (kg_str_is(pod->now->phase, "Succeeded")) {
        c->succeeded++;
    } else {
        c->failed++;
    }
}

static void count(struct work *w)
{
    struct kg_queue *node;
    bool modern = w->sim->config.modern;

    kg_queue_foreach (node, &w->job->children) {
        count_pod(w, KG_CONTAINER_OF(node, struct sim_object, siblings));
    }
    w->succeeded = w->census.succeeded;
    w->failed = w->census.failed;
    if (modern) {
        w->succeeded += sim_int(w->status, "succeeded", 0);
        w->failed += sim_int(w->status, "failed", 0);
    }
    if (w->failed > w->memory->n_failed) {
        w->memory->n_failed = w->failed;
        w->memory->retry_us =
            w->now_us + (int64_t)sim_note_us(w->tree.root, "backoff-seconds",
                                             w->sim->config.backoff_ms * 1000);
    }
}

static void put_count(struct work *w, const char *name, int64_t n, bool always)
{
    if (n > 0 || always) {
        sim_put_int(&w->tree, w->status, name, n);
    } else {
        kg_node_drop(w->status, name);
    }
}

/* The Pods that have ended are let go of; they are in the counts now. */
static void let_go_of_pods(struct work *w)
{
    struct kg_queue *node = w->job->children.next;

    while (node != &w->job->children) {
        struct sim_object *pod =
            KG_CONTAINER_OF(node, struct sim_object, siblings);
        struct kg_tree t;

        node = node->next; /* It may be gone after its finalizer is. */
        if (!is_over(pod) || !is_tracked(pod)) {
            continue;
        }
        sim_store_open(pod, &t);
        kg_node_drop(kg_node_get(t.root, "metadata"), "finalizers");
        (void)sim_store_update(pod, &t, t.root);
        kg_tree_finish(&t);
    }
}

/* --- conditions ------------------------------------------------------------------ */

static struct kg_node *condition(const struct work *w, const char *type)
{
    struct kg_node *n =
        sim_element(kg_node_get(w->status, "conditions"), "type", type);

    return n != NULL && kg_str_is(kg_node_str(kg_node_get(n, "status")), "True")
               ? n
               : NULL;
}

static void set_condition(struct work *w, const char *type, bool yes,
                          const char *reason, const char *message)
{
    struct kg_node *list =
        sim_member(&w->tree, w->status, "conditions", KG_ARRAY);
    struct kg_node *n = sim_element(list, "type", type);

    if (n == NULL) {
        n = sim_object(&w->tree);
        sim_put_text(&w->tree, n, "type", type);
        sim_add(list, n);
    }
    sim_put_text(&w->tree, n, "status", yes ? "True" : "False");
    sim_put_time(&w->tree, n, "lastProbeTime", w->now_us);
    sim_put_time(&w->tree, n, "lastTransitionTime", w->now_us);
    if (reason != NULL) {
        sim_put_text(&w->tree, n, "reason", reason);
        sim_put_text(&w->tree, n, "message", message);
    }
}

static bool has_ended(const struct work *w)
{
    return condition(w, "Complete") != NULL || condition(w, "Failed") != NULL;
}

struct verdict {
    bool good;
    bool bad;
    const char *reason;
    const char *message;
};

static struct verdict judge(struct work *w)
{
    const struct kg_node *completions = kg_node_get(w->spec, "completions");
    int64_t wanted = sim_int(w->spec, "completions", 1);
    int64_t deadline_s = sim_int(w->spec, "activeDeadlineSeconds", 0);
    int64_t limit = sim_int(w->spec, "backoffLimit", 6);

    if (w->failed > limit ||
        (w->census.restarts > 0 && w->census.restarts >= limit)) {
        return (struct verdict){
            .bad = true,
            .reason = "BackoffLimitExceeded",
            .message = "Job has reached the specified backoff limit"};
    }
    if (deadline_s > 0 && w->memory->started_us != 0 &&
        w->now_us - w->memory->started_us >= deadline_s * 1000000) {
        return (struct verdict){
            .bad = true,
            .reason = "DeadlineExceeded",
            .message = "Job was active longer than specified deadline"};
    }
    if (w->succeeded >= wanted &&
        (completions != NULL || w->census.active == 0)) {
        return (struct verdict){
            .good = true,
            .reason = "CompletionsReached",
            .message = "Reached expected number of succeeded pods"};
    }
    return (struct verdict){0};
}

/* --- Pods --------------------------------------------------------------------------- */

static void take_away_active(struct work *w)
{
    struct kg_queue *node = w->job->children.next;

    while (node != &w->job->children) {
        struct sim_object *pod =
            KG_CONTAINER_OF(node, struct sim_object, siblings);

        node = node->next;
        if (!is_over(pod) && !pod->leaving) {
            (void)sim_delete_object(w->sim, pod, SIM_BACKGROUND, -1);
        }
    }
}

static void make_pods(struct work *w)
{
    int64_t wanted = sim_int(w->spec, "parallelism", 1);
    const struct kg_node *completions = kg_node_get(w->spec, "completions");
    int64_t left = sim_int(w->spec, "completions", 1) - w->succeeded;

    if (completions != NULL && left < wanted) {
        wanted = left;
    } else if (completions == NULL && w->succeeded > 0) {
        wanted = w->census.active; /* A work queue's Job winds down. */
    }
    if (w->now_us < w->memory->retry_us) {
        sim_store_look_in(
            w->job, (uint64_t)(w->memory->retry_us - w->now_us) / 1000 + 1);
        return;
    }
    if (sim_refusal(w->tree.root).ptr != NULL) {
        return; /* Nothing but an event tells. */
    }
    while (w->census.active < wanted) {
        sim_make_pod(w->sim, w->job, w->tree.root, w->memory->n_pods++);
        w->census.active++;
    }
}

/* --- turns ---------------------------------------------------------------------------- */

/* On 1.20 a status is written only with something to tell. */
static bool has_news(const struct work *w, size_t n_conditions)
{
    const struct kg_node *list = kg_node_get(w->status, "conditions");

    return w->sim->config.modern ||
           w->census.active != sim_int(w->status, "active", 0) ||
           w->succeeded != sim_int(w->status, "succeeded", 0) ||
           w->failed != sim_int(w->status, "failed", 0) ||
           (list != NULL ? list->n_children : 0) != n_conditions;
}

static void put_start(struct work *w)
{
    if (w->memory->started_us == 0) {
        w->memory->started_us = w->now_us;
    }
    if (kg_node_get(w->status, "startTime") == NULL) {
        sim_put_time(&w->tree, w->status, "startTime", w->memory->started_us);
    }
}

static void put_uncounted(struct work *w)
{
    struct kg_node *un = sim_object(&w->tree);
    struct kg_queue *node;

    kg_queue_foreach (node, &w->job->children) {
        struct sim_object *pod =
            KG_CONTAINER_OF(node, struct sim_object, siblings);
        struct kg_node *uid;

        if (is_over(pod) && is_tracked(pod)) {
            bool good = kg_str_is(pod->now->phase, "Succeeded");

            uid = kg_tree_new(&w->tree, KG_STRING, pod->now->uid);
            sim_add(sim_member(&w->tree, un, good ? "succeeded" : "failed",
                               KG_ARRAY),
                    uid);
        }
    }
    sim_put(&w->tree, w->status, "uncountedTerminatedPods", un);
}

static void put_counts(struct work *w, bool counted)
{
    bool modern = w->sim->config.modern;

    put_count(w, "active", w->census.active, false);
    if (counted) {
        put_count(w, "succeeded", w->succeeded, false);
        put_count(w, "failed", w->failed, false);
    }
    if (!modern) {
        return;
    }
    put_count(w, "terminating", w->census.terminating, true);
    put_count(w, "ready", w->census.ready, true);
    if (counted) {
        sim_put(&w->tree, w->status, "uncountedTerminatedPods",
                sim_object(&w->tree));
    } else {
        put_uncounted(w);
    }
}

static void write_back(struct work *w)
{
    (void)sim_store_update(w->job, &w->tree, w->tree.root);
}

static void put_end(struct work *w, bool good, const char *reason,
                    const char *message)
{
    w->memory->ended_us = w->now_us;
    set_condition(w, good ? "Complete" : "Failed", true, reason, message);
    if (good) {
        sim_put_time(&w->tree, w->status, "completionTime", w->now_us);
    }
}

static void end_old(struct work *w, const struct verdict *v)
{
    if (v->bad) {
        w->failed += w->census.active;
    }
    take_away_active(w);
    w->census.active = 0;
    put_end(w, v->good, v->good ? NULL : v->reason, v->message);
    put_start(w);
    put_counts(w, true);
    write_back(w);
}

/* The verdict, and after it, with nothing left to wait for, the end. */
static void decide_modern(struct work *w, const struct verdict *v)
{
    take_away_active(w);
    w->census.active = w->census.ready = 0;
    w->census.terminating = 0;
    set_condition(w, v->good ? "SuccessCriteriaMet" : "FailureTarget", true,
                  v->reason, v->message);
    put_counts(w, false);
    write_back(w);
}

static void end_modern(struct work *w)
{
    struct kg_node *good = condition(w, "SuccessCriteriaMet");
    struct kg_node *why = good != NULL ? good : condition(w, "FailureTarget");
    char reason[64];
    char message[200];

    if (w->census.terminating + w->census.active > 0) {
        return; /* Looks again when they are gone. */
    }
    (void)snprintf(reason, sizeof(reason), "%.*s",
                   KG_STR_ARG(kg_node_str(kg_node_get(why, "reason"))));
    (void)snprintf(message, sizeof(message), "%.*s",
                   KG_STR_ARG(kg_node_str(kg_node_get(why, "message"))));
    let_go_of_pods(w);
    put_end(w, good != NULL, reason, message);
    put_counts(w, true);
    write_back(w);
}

static void suspend(struct work *w)
{
    take_away_active(w);
    w->census.active = w->census.ready = 0;
    w->memory->started_us = 0;
    kg_node_drop(w->status, "startTime");
    if (condition(w, "Suspended") == NULL) {
        set_condition(w, "Suspended", true, "JobSuspended", "Job suspended");
    }
    put_counts(w, true);
    write_back(w);
}

static void go_on(struct work *w)
{
    const struct kg_node *list = kg_node_get(w->status, "conditions");
    size_t n_conditions = list != NULL ? list->n_children : 0;
    int64_t deadline_s = sim_int(w->spec, "activeDeadlineSeconds", 0);

    if (condition(w, "Suspended") != NULL) {
        set_condition(w, "Suspended", false, "JobResumed", "Job resumed");
    }
    if (w->memory->started_us == 0) {
        w->memory->started_us = w->now_us;
    }
    if (deadline_s > 0) {
        int64_t left_us =
            w->memory->started_us + deadline_s * 1000000 - w->now_us;

        sim_store_look_in(w->job, (uint64_t)left_us / 1000 + 1);
    }
    if (w->sim->config.modern && w->census.fresh > 0) {
        let_go_of_pods(w);
    }
    make_pods(w);
    if (has_news(w, n_conditions)) {
        put_start(w);
        put_counts(w, true);
        write_back(w);
    }
}

/* It lives as long as it was told, once it has ended. */
static void after_the_end(struct work *w)
{
    const struct kg_node *ttl = kg_node_get(w->spec, "ttlSecondsAfterFinished");
    int64_t seconds;
    int64_t left_us;

    if (!kg_node_int(ttl, &seconds) || w->memory->ended_us == 0) {
        return;
    }
    left_us = w->memory->ended_us + seconds * 1000000 - w->now_us;
    if (left_us > 0) {
        sim_store_look_in(w->job, (uint64_t)left_us / 1000 + 1);
    } else {
        (void)sim_delete_object(w->sim, w->job, SIM_BACKGROUND, -1);
    }
}

static void run_modern(struct work *w)
{
    struct verdict v;

    if (condition(w, "SuccessCriteriaMet") != NULL ||
        condition(w, "FailureTarget") != NULL) {
        end_modern(w);
        return;
    }
    if (kg_node_is_true(kg_node_get(w->spec, "suspend"))) {
        suspend(w);
        return;
    }
    v = judge(w);
    if (v.good || v.bad) {
        decide_modern(w, &v);
    } else {
        go_on(w);
    }
}

static void run_old(struct work *w)
{
    struct verdict v = judge(w);

    if (v.good || v.bad) {
        end_old(w, &v);
    } else {
        go_on(w);
    }
}

void sim_job_look(struct sim *sim, struct sim_object *job)
{
    struct work w = {.sim = sim, .job = job, .memory = memory_of(job)};

    w.now_us = kg_clock_now_us();
    sim_store_open(job, &w.tree);
    w.spec = kg_node_get(w.tree.root, "spec");
    w.status = sim_member(&w.tree, w.tree.root, "status", KG_OBJECT);
    if (has_ended(&w)) {
        let_go_of_pods(&w);
        after_the_end(&w);
    } else {
        count(&w);
        if (sim->config.modern) {
            run_modern(&w);
        } else {
            run_old(&w);
        }
    }
    kg_tree_finish(&w.tree);
}
