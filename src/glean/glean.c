/* SPDX-License-Identifier: MIT */
/* The two doors: an event comes in, actions go out. */
#include "core.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

enum { TASKS_MAX = 4096, RUNS_PER_JOB = 8 };

void kg_glean_note(struct kg_glean *g, struct kg_todo *todo,
                   enum kg_action_kind act)
{
    if (kg_queue_empty(&todo->node)) {
        kg_queue_insert_tail(&g->todo, &todo->node);
    }
    todo->acts |= UINT32_C(1) << act;
}

void kg_glean_due_at(struct kg_glean *g, int64_t *due_us, int64_t at_us)
{
    *due_us = at_us;
    if (at_us != KG_TIME_NONE &&
        (g->due_us == KG_TIME_NONE || at_us < g->due_us)) {
        g->due_us = at_us;
    }
}

void kg_glean_due_again(struct kg_glean *g, int64_t *due_us,
                        struct kg_backoff *backoff)
{
    kg_glean_due_at(g, due_us,
                    g->now_us + (int64_t)kg_backoff_next(backoff) * 1000);
}

bool kg_glean_take_slot(struct kg_glean *g, bool *holds)
{
    if (*holds) {
        return true;
    }
    if (g->n_slots >= g->config.n_streams_max) {
        return false;
    }
    *holds = true;
    g->n_slots++;
    return true;
}

void kg_glean_give_slot(struct kg_glean *g, bool *holds)
{
    g->n_slots -= *holds ? 1 : 0;
    *holds = false;
}

void kg_glean_exits_with(struct kg_glean *g, int code)
{
    g->exits |= UINT32_C(1) << code;
}

static bool none_in(const struct kg_glean *g, enum kg_job_state from,
                    enum kg_job_state to)
{
    for (unsigned state = from; state <= to; state++) {
        if (!kg_queue_empty(&g->jobs_in[state])) {
            return false;
        }
    }
    return true;
}

/* Runs that are being followed are left to the next agent. */
static bool is_drained(const struct kg_glean *g)
{
    return kg_queue_empty(&g->runs_in[KG_RUN_DRAINING]) &&
           kg_queue_empty(&g->runs_in[KG_RUN_STORING]) &&
           kg_queue_empty(&g->runs_in[KG_RUN_RECORDING]) &&
           kg_queue_empty(&g->jobs_in[KG_JOB_CREATING]) &&
           kg_queue_empty(&g->jobs_in[KG_JOB_MARKING]) &&
           kg_queue_empty(&g->jobs_in[KG_JOB_DELETING]);
}

static bool is_done(const struct kg_glean *g)
{
    if (g->stopping) {
        return is_drained(g);
    }
    return g->config.once && g->synced &&
           none_in(g, KG_JOB_ASKING, KG_JOB_MARKING) &&
           kg_queue_empty(&g->jobs_in[KG_JOB_DELETING]);
}

void kg_glean_pump(struct kg_glean *g)
{
    kg_run_start_queued(g);
    while (g->synced && !g->stopping &&
           !kg_queue_empty(&g->jobs_in[KG_JOB_WANTED])) {
        struct kg_job *job = KG_CONTAINER_OF(
            kg_queue_head(&g->jobs_in[KG_JOB_WANTED]), struct kg_job, node);

        if (!kg_glean_take_slot(g, &job->holds_slot)) {
            break;
        }
        kg_job_move(g, job, KG_JOB_CREATING);
        kg_glean_note(g, &job->todo, KG_ACT_CREATE);
    }
    if (is_done(g)) {
        kg_glean_note(g, &g->all, KG_ACT_DONE);
    }
}

struct kg_glean *kg_glean_create(const struct kg_glean_config *config)
{
    struct kg_glean *g = kg_calloc(1, sizeof(*g));

    if (g == NULL) {
        return NULL;
    }
    g->config = *config;
    g->due_us = KG_TIME_NONE;
    g->all.of = OF_ALL;
    kg_queue_init(&g->all.node);
    kg_queue_init(&g->tasks);
    kg_queue_init(&g->jobs);
    kg_queue_init(&g->todo);
    kg_queue_init(&g->dead);
    kg_map_init(&g->task_names);
    kg_map_init(&g->owner_uids);
    kg_map_init(&g->job_uids);
    kg_map_init(&g->job_paths);
    kg_map_init(&g->pod_uids);
    kg_slots_init(&g->task_ids, TASKS_MAX);
    kg_slots_init(&g->job_ids, config->n_jobs_max);
    kg_slots_init(&g->run_ids, config->n_jobs_max * RUNS_PER_JOB);
    for (size_t i = 0; i < KG_JOB_STATE_NR; i++) {
        kg_queue_init(&g->jobs_in[i]);
    }
    for (size_t i = 0; i < KG_RUN_STATE_NR; i++) {
        kg_queue_init(&g->runs_in[i]);
    }
    return g;
}

static void reap(struct kg_glean *g)
{
    while (!kg_queue_empty(&g->dead)) {
        kg_job_free(
            g, KG_CONTAINER_OF(kg_queue_head(&g->dead), struct kg_job, all));
    }
}

void kg_glean_destroy(struct kg_glean *g)
{
    if (g == NULL) {
        return;
    }
    kg_queue_move(&g->jobs, &g->dead);
    reap(g);
    while (!kg_queue_empty(&g->tasks)) {
        kg_task_free(
            g, KG_CONTAINER_OF(kg_queue_head(&g->tasks), struct kg_task, node));
    }
    kg_map_finish(&g->task_names);
    kg_map_finish(&g->owner_uids);
    kg_map_finish(&g->job_uids);
    kg_map_finish(&g->job_paths);
    kg_map_finish(&g->pod_uids);
    kg_slots_finish(&g->task_ids);
    kg_slots_finish(&g->job_ids);
    kg_slots_finish(&g->run_ids);
    kg_free(g);
}

/* What was due moves on; what was not keeps its time. */
static bool is_due(struct kg_glean *g, int64_t *due_us)
{
    int64_t at_us = *due_us;

    if (at_us == KG_TIME_NONE || at_us > g->now_us) {
        kg_glean_due_at(g, due_us, at_us);
        return false;
    }
    *due_us = KG_TIME_NONE;
    return true;
}

static void run_all_due(struct kg_glean *g, struct kg_job *job)
{
    struct kg_queue *node, *next;

    for (node = job->runs.next; node != &job->runs; node = next) {
        struct kg_run *run = KG_CONTAINER_OF(node, struct kg_run, job_node);

        next = node->next;
        if (is_due(g, &run->due_us)) {
            kg_run_due(g, run);
        }
    }
}

/* Every object is looked at; that is done only when one is due. */
static void all_due(struct kg_glean *g)
{
    struct kg_queue *node, *next;

    if (g->due_us == KG_TIME_NONE || g->due_us > g->now_us) {
        return;
    }
    g->due_us = KG_TIME_NONE;
    kg_queue_foreach (node, &g->tasks) {
        struct kg_task *task = KG_CONTAINER_OF(node, struct kg_task, node);

        if (is_due(g, &task->due_us)) {
            kg_task_due(g, task);
        }
    }
    for (node = g->jobs.next; node != &g->jobs; node = next) {
        struct kg_job *job = KG_CONTAINER_OF(node, struct kg_job, all);

        next = node->next;
        if (is_due(g, &job->due_us)) {
            kg_job_due(g, job);
        }
        run_all_due(g, job);
    }
}

static void synced(struct kg_glean *g)
{
    kg_job_left_for_good(g);
    if (!g->synced) {
        g->synced = true;
        kg_task_begin_schedules(g);
    }
}

/* Events about what the cluster and the ledger tell of their own accord. */
static enum kg_errc step_told(struct kg_glean *g, const struct kg_event *event)
{
    struct kg_job *job;

    switch (event->kind) {
    case KG_EV_START:
        return kg_task_start(g);
    case KG_EV_WANTED:
        return kg_task_wanted(g, event);
    case KG_EV_CRONJOB:
        return kg_task_cronjob(g, event);
    case KG_EV_JOB:
        return kg_job_seen(g, event->job);
    case KG_EV_JOB_GONE:
        job = kg_job_by_uid(g, event->uid);
        if (job == NULL) {
            return KG_ENOTFOUND;
        }
        kg_job_gone(g, job);
        return KG_OK;
    case KG_EV_POD:
        return kg_run_pod_seen(g, kg_job_by_uid(g, event->pod->job_uid),
                               event->pod);
    case KG_EV_POD_GONE:
        kg_run_pod_gone(g, event->uid);
        return KG_OK;
    case KG_EV_LEFT:
        return kg_job_left(g, event->left);
    case KG_EV_SYNCED:
        synced(g);
        return KG_OK;
    case KG_EV_STOP:
        g->stopping = true;
        return KG_OK;
    default:
        all_due(g);
        return KG_OK;
    }
}

static enum kg_errc step_job(struct kg_glean *g, const struct kg_event *event)
{
    struct kg_job *job = kg_glean_job(g, event->id);

    if (job == NULL) {
        return KG_ENOTFOUND;
    }
    switch (event->kind) {
    case KG_EV_ASKED:
        kg_job_asked(g, job, event->known);
        break;
    case KG_EV_CREATED:
        kg_job_created(g, job, event);
        break;
    case KG_EV_LOOKED:
        kg_job_looked(g, job, event);
        break;
    case KG_EV_COUNTED:
        kg_job_counted(g, job, event);
        break;
    case KG_EV_WONDERED:
        kg_job_wondered(g, job, event);
        break;
    default:
        kg_job_answered(g, job, event);
        break;
    }
    return KG_OK;
}

static enum kg_errc step_run(struct kg_glean *g, const struct kg_event *event)
{
    struct kg_run *run = kg_glean_run(g, event->id);

    if (run == NULL) {
        return KG_ENOTFOUND;
    }
    switch (event->kind) {
    case KG_EV_BEGUN:
        kg_run_begun(g, run, event);
        break;
    case KG_EV_LOG_ENDED:
        kg_run_log_ended(g, run, event);
        break;
    case KG_EV_REPORT:
        run->n_open++;
        break;
    case KG_EV_STORED:
        kg_run_stored(g, run, event);
        break;
    case KG_EV_READ:
        kg_run_read(g, run, event->read);
        break;
    default:
        kg_run_recorded(g, run, event);
        break;
    }
    return KG_OK;
}

enum kg_errc kg_glean_step(struct kg_glean *g, const struct kg_event *event)
{
    enum kg_errc rc;

    KG_REQUIRE(kg_queue_empty(&g->todo));
    reap(g);
    g->now_us = event->now_us;
    switch (event->kind) {
    case KG_EV_ASKED:
    case KG_EV_CREATED:
    case KG_EV_LOOKED:
    case KG_EV_COUNTED:
    case KG_EV_WONDERED:
    case KG_EV_DELETED:
    case KG_EV_ANNOTATED:
        rc = step_job(g, event);
        break;
    case KG_EV_BEGUN:
    case KG_EV_LOG_ENDED:
    case KG_EV_REPORT:
    case KG_EV_STORED:
    case KG_EV_READ:
    case KG_EV_RECORDED:
        rc = step_run(g, event);
        break;
    default:
        rc = step_told(g, event);
        break;
    }
    kg_glean_pump(g);
    return rc;
}

/* Whose todo it is. */
static struct kg_action action_of(struct kg_todo *todo)
{
    struct kg_action action = {0};

    switch (todo->of) {
    case OF_TASK:
        action.task = KG_CONTAINER_OF(todo, struct kg_task, todo);
        break;
    case OF_JOB:
        action.job = KG_CONTAINER_OF(todo, struct kg_job, todo);
        action.task = action.job->task;
        break;
    case OF_RUN:
        action.run = KG_CONTAINER_OF(todo, struct kg_run, todo);
        action.job = action.run->job;
        action.task = action.job->task;
        break;
    default:
        break;
    }
    return action;
}

bool kg_glean_next(struct kg_glean *g, struct kg_action *ret)
{
    struct kg_todo *todo;
    unsigned act = 0;

    if (kg_queue_empty(&g->todo)) {
        return false;
    }
    todo = KG_CONTAINER_OF(kg_queue_head(&g->todo), struct kg_todo, node);
    while ((todo->acts >> act & 1) == 0) {
        act++;
    }
    todo->acts &= ~(UINT32_C(1) << act);
    if (todo->acts == 0) {
        kg_queue_remove(&todo->node);
    }
    *ret = action_of(todo);
    ret->kind = (enum kg_action_kind)act;
    return true;
}

int64_t kg_glean_due(const struct kg_glean *g)
{
    return g->due_us;
}

int kg_glean_exit_code(const struct kg_glean *g)
{
    static const int by_weight[] = {1, 4, 5, 3};

    for (size_t i = 0; i < KG_COUNT_OF(by_weight); i++) {
        if (g->exits >> by_weight[i] & 1) {
            return by_weight[i];
        }
    }
    return 0;
}

struct kg_task *kg_glean_task(const struct kg_glean *g, struct kg_str name)
{
    struct kg_map_node *node = kg_map_find(&g->task_names, name);

    return node != NULL ? KG_CONTAINER_OF(node, struct kg_task, by_name) : NULL;
}

struct kg_job *kg_glean_job(const struct kg_glean *g, struct kg_id id)
{
    return kg_slots_get(&g->job_ids, id);
}

struct kg_run *kg_glean_run(const struct kg_glean *g, struct kg_id id)
{
    return kg_slots_get(&g->run_ids, id);
}

struct kg_job *kg_glean_next_job(const struct kg_glean *g,
                                 const struct kg_job *job)
{
    const struct kg_queue *next = job != NULL ? job->all.next : g->jobs.next;

    return next != &g->jobs ? KG_CONTAINER_OF(next, struct kg_job, all) : NULL;
}

size_t kg_glean_n_jobs(const struct kg_glean *g)
{
    return g->job_ids.n_used;
}

size_t kg_glean_n_runs(const struct kg_glean *g, enum kg_run_state state)
{
    return g->n_runs_in[state];
}
