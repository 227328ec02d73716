/* SPDX-License-Identifier: MIT */
/* A run: one attempt of a container, from its Pod's first sight to the ledger.
 *
 * Happy path: the Pod is seen, the run is written to the ledger as `running`,
 * its log is followed from the container's start; container and log end, in
 * either order; what was read is stored, and the outcome recorded.
 *
 * What can go wrong: the log ends while the container runs, or breaks (it is
 * resumed); the Pod goes away before the log's end (patience, then what is
 * missing is said); the container is restarted (the next attempt is a new run);
 * the ledger knows the run already (its log is closed unread). */
#include <stdio.h>

#include "core.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

#define TO KG_SM_TO

static const struct kg_sm_state states[KG_RUN_STATE_NR] = {
    [KG_RUN_PENDING] = {"pending", TO(KG_RUN_QUEUED) | TO(KG_RUN_RECORDING) |
                                       TO(KG_RUN_SETTLED)},
    [KG_RUN_QUEUED] = {"queued", TO(KG_RUN_FOLLOWING) | TO(KG_RUN_DRAINING) |
                                     TO(KG_RUN_SETTLED)},
    [KG_RUN_FOLLOWING] = {"following", TO(KG_RUN_EBBED) | TO(KG_RUN_DRAINING) |
                                           TO(KG_RUN_STORING) |
                                           TO(KG_RUN_SETTLED)},
    [KG_RUN_EBBED] = {"ebbed", TO(KG_RUN_FOLLOWING) | TO(KG_RUN_DRAINING) |
                                   TO(KG_RUN_STORING) | TO(KG_RUN_SETTLED)},
    [KG_RUN_DRAINING] = {"draining", TO(KG_RUN_EBBED) | TO(KG_RUN_STORING) |
                                         TO(KG_RUN_SETTLED)},
    [KG_RUN_STORING] = {"storing", TO(KG_RUN_RECORDING) | TO(KG_RUN_SETTLED)},
    [KG_RUN_RECORDING] = {"recording", TO(KG_RUN_SETTLED)},
    [KG_RUN_SETTLED] = {"settled", 0},
};

/* --- life -------------------------------------------------------------------- */

static void run_move(struct kg_glean *g, struct kg_run *run,
                     enum kg_run_state state)
{
    g->n_runs_in[run->sm.state]--;
    g->n_runs_in[state]++;
    kg_sm_move(&run->sm, state);
    kg_queue_remove(&run->node);
    kg_queue_insert_tail(&g->runs_in[state], &run->node);
    run->due_us = KG_TIME_NONE;
}

/* The newest attempt of a Pod is the one that its uid finds. */
static enum kg_errc index_pod(struct kg_glean *g, struct kg_run *run)
{
    struct kg_map_node *older;

    if (run->pod_uid[0] == '\0') {
        return KG_OK;
    }
    older = kg_map_find(&g->pod_uids, kg_str_from(run->pod_uid));
    if (older != NULL) {
        kg_map_remove(&g->pod_uids, older);
        older->key = kg_str_of(NULL, 0);
    }
    return kg_map_insert(&g->pod_uids, &run->by_pod, kg_str_from(run->pod_uid));
}

static struct kg_run *new_run(struct kg_glean *g, struct kg_job *job)
{
    struct kg_run *run = kg_calloc(1, sizeof(*run));

    if (run == NULL) {
        return NULL;
    }
    run->job = job;
    run->cut = "";
    run->todo.of = OF_RUN;
    run->started_us = KG_TIME_NONE;
    run->finished_us = KG_TIME_NONE;
    run->ebbed_us = KG_TIME_NONE;
    run->due_us = KG_TIME_NONE;
    kg_queue_init(&run->todo.node);
    kg_backoff_init(&run->backoff, RETRY_FIRST_MS, RETRY_MAX_MS,
                    g->config.seed++);
    return run;
}

static void free_texts(struct kg_run *run)
{
    kg_free(run->pod);
    kg_free(run->pod_node);
    kg_free(run);
}

/* Gives it its names and its place in all lists; frees it when that fails. */
static enum kg_errc enlist(struct kg_glean *g, struct kg_run *run,
                           struct kg_str pod, struct kg_str pod_uid)
{
    enum kg_errc rc = KG_ENOMEM;

    (void)snprintf(run->pod_uid, sizeof(run->pod_uid), "%.*s",
                   KG_STR_ARG(pod_uid));
    run->pod = kg_strndup(pod.ptr, pod.len);
    if (run->pod != NULL) {
        rc = kg_slots_add(&g->run_ids, run, &run->id);
    }
    if (rc == KG_OK) {
        rc = index_pod(g, run);
        if (rc != KG_OK) {
            kg_slots_remove(&g->run_ids, run->id);
        }
    }
    if (rc != KG_OK) {
        free_texts(run);
        return rc;
    }
    kg_sm_init(&run->sm, run->pod[0] != '\0' ? run->pod : run->job->path,
               states, KG_RUN_PENDING);
    kg_queue_insert_tail(&run->job->runs, &run->job_node);
    kg_queue_insert_tail(&g->runs_in[KG_RUN_PENDING], &run->node);
    g->n_runs_in[KG_RUN_PENDING]++;
    run->job->n_runs++;
    return KG_OK;
}

struct kg_run *kg_run_create(struct kg_glean *g, struct kg_job *job,
                             const struct kg_pod_facts *pod, uint32_t restart)
{
    struct kg_run *run = new_run(g, job);

    if (run == NULL) {
        return NULL;
    }
    run->restart = restart;
    if (enlist(g, run, pod != NULL ? pod->name : KG_STR(""),
               pod != NULL ? pod->uid : KG_STR("")) != KG_OK) {
        return NULL;
    }
    kg_glean_note(g, &run->todo, KG_ACT_BEGIN);
    return run;
}

enum kg_errc kg_run_hold_place(struct kg_glean *g, struct kg_job *job,
                               const struct kg_pod_facts *pod)
{
    struct kg_run *run = new_run(g, job);

    return run != NULL ? enlist(g, run, pod->name, pod->uid) : KG_ENOMEM;
}

void kg_run_free(struct kg_glean *g, struct kg_run *run)
{
    kg_glean_give_slot(g, &run->holds_slot);
    if (run->by_pod.key.len > 0) {
        kg_map_remove(&g->pod_uids, &run->by_pod);
    }
    kg_queue_remove(&run->job_node);
    kg_queue_remove(&run->node);
    kg_queue_remove(&run->todo.node);
    kg_slots_remove(&g->run_ids, run->id);
    g->n_runs_in[run->sm.state]--;
    run->job->n_runs--;
    free_texts(run);
}

struct kg_run_info kg_run_describe(const struct kg_run *run)
{
    const struct kg_job *job = run->job;
    struct kg_run_info info = {
        .id.job_uid = kg_str_from(job->uid),
        .id.pod_uid = kg_str_from(run->pod_uid),
        .id.container = kg_str_from(job->container),
        .id.restart = run->restart,
        .ns = job->ns,
        .job = job->name,
        .pod = kg_str_from(run->pod),
        .node = kg_str_from(run->pod_node),
        .scanned_at_us = run->started_us,
        .started_at_us = run->started_us,
        .finished_at_us = run->finished_us,
    };

    if (job->task != NULL) {
        info.task = job->task->def->name;
        info.profile = job->task->def->profile;
    }
    return info;
}

const char *kg_run_state_name(enum kg_run_state state)
{
    return states[state].name;
}

bool kg_run_is_stored(const struct kg_run *run)
{
    return run->sm.state == KG_RUN_SETTLED && run->outcome != KG_RUNNING;
}

/* --- to the end ---------------------------------------------------------------- */

/* No byte will come: what was read is all there is. */
static void finish(struct kg_glean *g, struct kg_run *run)
{
    run->cut = kg_decide_cut_reason(run);
    kg_glean_give_slot(g, &run->holds_slot);
    run_move(g, run, KG_RUN_STORING);
    kg_glean_note(g, &run->todo, KG_ACT_FINISH);
}

static void settle(struct kg_glean *g, struct kg_run *run)
{
    kg_glean_give_slot(g, &run->holds_slot);
    run_move(g, run, KG_RUN_SETTLED);
    kg_glean_note(g, &run->todo, KG_ACT_TELL_RUN);
    kg_glean_note(g, &run->todo, KG_ACT_CLOSE);
    if (run->outcome == KG_FAILED || run->exit_code != 0) {
        kg_glean_note(g, &run->todo, KG_ACT_TELL_TAIL);
    }
    kg_job_check(g, run->job);
}

/* It stays `running` in the ledger, and its Job in the cluster. */
static void settle_unstored(struct kg_glean *g, struct kg_run *run,
                            const struct kg_error *e)
{
    if (e != NULL) {
        kg_job_tell(g, run->job, "%s", e->text);
    }
    run->job->unstored = true;
    run->outcome = KG_RUNNING;
    settle(g, run);
}

static void record(struct kg_glean *g, struct kg_run *run)
{
    run_move(g, run, KG_RUN_RECORDING);
    kg_glean_note(g, &run->todo, KG_ACT_RECORD);
}

static void record_when_stored(struct kg_glean *g, struct kg_run *run)
{
    if (run->sm.state != KG_RUN_STORING || !run->was_read || run->n_open > 0) {
        return;
    }
    if (run->unstored) {
        settle_unstored(g, run, NULL);
        return;
    }
    kg_decide_outcome(run);
    record(g, run);
}

void kg_run_read(struct kg_glean *g, struct kg_run *run,
                 const struct kg_read_facts *facts)
{
    run->read = *facts;
    run->was_read = true;
    record_when_stored(g, run);
}

void kg_run_stored(struct kg_glean *g, struct kg_run *run,
                   const struct kg_event *event)
{
    KG_REQUIRE(run->n_open > 0);
    run->n_open--;
    if (event->error != NULL) {
        run->unstored = true;
        kg_job_tell(g, run->job, "%s", event->error->text);
    } else {
        run->stored.rows += event->stored->rows;
        run->stored.rows_rejected += event->stored->rows_rejected;
        run->n_superseded += event->stored->outcome == KG_SUPERSEDED ? 1 : 0;
    }
    record_when_stored(g, run);
}

void kg_run_recorded(struct kg_glean *g, struct kg_run *run,
                     const struct kg_event *event)
{
    if (run->sm.state != KG_RUN_RECORDING) {
        return;
    }
    if (event->error != NULL) {
        settle_unstored(g, run, event->error);
        return;
    }
    run->outcome = event->outcome;
    settle(g, run);
}

void kg_run_give_up(struct kg_glean *g, struct kg_run *run)
{
    run->end = kg_decide_never_started(run);
    kg_decide_outcome(run);
    record(g, run);
}

/* --- log ------------------------------------------------------------------------ */

static bool has_ended(const struct kg_run *run)
{
    return run->container == KG_CONTAINER_TERMINATED || run->gone;
}

static void read_on(struct kg_glean *g, struct kg_run *run,
                    enum kg_action_kind act)
{
    run_move(g, run, has_ended(run) ? KG_RUN_DRAINING : KG_RUN_FOLLOWING);
    kg_glean_note(g, &run->todo, act);
}

/* A slot was set aside for what we made ourselves. */
static bool find_slot(struct kg_glean *g, struct kg_run *run)
{
    if (run->job->holds_slot) {
        run->job->holds_slot = false;
        run->holds_slot = true;
    }
    return kg_glean_take_slot(g, &run->holds_slot);
}

static bool start(struct kg_glean *g, struct kg_run *run)
{
    if (g->stopping || !find_slot(g, run)) {
        return false;
    }
    run->followed_late = has_ended(run);
    read_on(g, run, KG_ACT_FOLLOW);
    return true;
}

void kg_run_start_queued(struct kg_glean *g)
{
    struct kg_queue *queue = &g->runs_in[KG_RUN_QUEUED];
    bool started = true;

    while (started && !kg_queue_empty(queue)) {
        started = start(
            g, KG_CONTAINER_OF(kg_queue_head(queue), struct kg_run, node));
    }
}

/* What is known of its container has changed: does that end the log? */
void kg_run_advance(struct kg_glean *g, struct kg_run *run)
{
    switch (run->sm.state) {
    case KG_RUN_PENDING:
        if (run->container != KG_CONTAINER_WAITING) {
            run_move(g, run, KG_RUN_QUEUED);
            (void)start(g, run); /* Else it waits for its turn. */
        }
        break;
    case KG_RUN_FOLLOWING:
        if (has_ended(run)) {
            run_move(g, run, KG_RUN_DRAINING);
        }
        break;
    case KG_RUN_EBBED:
        if (has_ended(run) && (kg_decide_believed(run) || run->gone)) {
            finish(g, run);
        } else if (has_ended(run)) {
            read_on(g, run, KG_ACT_RESUME);
        }
        break;
    default:
        break;
    }
    if (run->sm.state == KG_RUN_DRAINING && run->gone &&
        run->due_us == KG_TIME_NONE) {
        kg_glean_due_at(g, &run->due_us, g->now_us + GONE_US);
    }
}

/* Nothing can be gained by reading on. */
static bool is_hopeless(const struct kg_run *run, const struct kg_event *event)
{
    if (event->end == KG_LOG_LIMIT || event->end == KG_LOG_GONE || run->gone) {
        return true;
    }
    return has_ended(run) && run->backoff.tries >= LOG_TRIES_MAX;
}

static bool is_forbidden(const struct kg_event *event)
{
    return event->error != NULL &&
           kg_error_remedy(event->error->code) == KG_REMEDY_EXIT;
}

static void wait_after_end(struct kg_glean *g, struct kg_run *run)
{
    run_move(g, run, KG_RUN_EBBED);
    if (run->end == KG_LOG_EOF) {
        kg_backoff_reset(&run->backoff);
        kg_glean_due_at(g, &run->due_us, g->now_us + EBB_US);
    } else {
        kg_glean_due_again(g, &run->due_us, &run->backoff);
    }
}

void kg_run_log_ended(struct kg_glean *g, struct kg_run *run,
                      const struct kg_event *event)
{
    if (run->sm.state != KG_RUN_FOLLOWING && run->sm.state != KG_RUN_DRAINING) {
        return;
    }
    run->end = event->end;
    run->ebbed_us = g->now_us;
    if (is_forbidden(event)) {
        kg_job_tell(g, run->job, "%s", event->error->text);
        run->unstored = true;
        finish(g, run);
    } else if (event->end == KG_LOG_EOF && has_ended(run)) {
        finish(g, run);
    } else if (is_hopeless(run, event)) {
        run->gone = run->gone || event->end == KG_LOG_GONE;
        finish(g, run);
    } else {
        wait_after_end(g, run);
    }
}

void kg_run_due(struct kg_glean *g, struct kg_run *run)
{
    if (run->sm.state == KG_RUN_EBBED) {
        read_on(g, run, KG_ACT_RESUME);
    } else if (run->sm.state == KG_RUN_DRAINING) {
        run->end = KG_LOG_BROKEN;
        finish(g, run);
    }
}

/* --- ledger ---------------------------------------------------------------------- */

void kg_run_begun(struct kg_glean *g, struct kg_run *run,
                  const struct kg_event *event)
{
    if (run->sm.state >= KG_RUN_RECORDING) {
        return;
    }
    if (event->error != NULL) {
        settle_unstored(g, run, event->error);
    } else if (event->outcome != KG_RUNNING) {
        run->outcome = event->outcome;
        run->reason[0] = '\0';
        settle(g, run);
    }
}

enum kg_errc kg_run_left(struct kg_glean *g, struct kg_job *job,
                         const struct kg_run_info *info)
{
    struct kg_run *run;

    if (job->container == NULL) {
        job->container =
            kg_strndup(info->id.container.ptr, info->id.container.len);
    }
    run = job->container != NULL ? new_run(g, job) : NULL;
    if (run == NULL) {
        return KG_ENOMEM;
    }
    run->restart = info->id.restart;
    run->started_us = info->started_at_us;
    return enlist(g, run, info->pod, info->id.pod_uid);
}

void kg_run_away(struct kg_glean *g, struct kg_run *run)
{
    run->outcome = KG_INCOMPLETE;
    (void)snprintf(run->reason, sizeof(run->reason), "agent_away");
    record(g, run);
}
