/* SPDX-License-Identifier: MIT */
/* Tasks: their schedules, their CronJobs, and the wishes for Jobs. */
#include <stdio.h>

#include "core.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

enum { NAME_PART_MAX = 40, JOB_NAME_MAX = 63 };

static enum kg_errc add_owners(struct kg_task *task)
{
    const struct kg_task_def *def = task->def;

    if (def->run_as != KG_RUN_AS_CRONJOB) {
        return KG_OK;
    }
    task->owners = kg_calloc(def->n_namespaces, sizeof(*task->owners));
    if (task->owners == NULL) {
        return KG_ENOMEM;
    }
    for (size_t i = 0; i < def->n_namespaces; i++) {
        task->owners[i].task = task;
        task->owners[i].ns = def->namespaces[i];
    }
    return KG_OK;
}

enum kg_errc kg_glean_add_task(struct kg_glean *g,
                               const struct kg_task_def *def,
                               struct kg_id *ret_id)
{
    struct kg_task *task = kg_calloc(1, sizeof(*task));
    enum kg_errc rc;

    if (task == NULL) {
        return KG_ENOMEM;
    }
    task->def = def;
    task->due_us = KG_TIME_NONE;
    task->todo.of = OF_TASK;
    kg_queue_init(&task->todo.node);
    kg_queue_init(&task->node);
    rc = add_owners(task);
    if (rc != KG_OK) {
        goto err_after_alloc;
    }
    rc = kg_map_insert(&g->task_names, &task->by_name, def->name);
    if (rc != KG_OK) {
        goto err_after_owners;
    }
    rc = kg_slots_add(&g->task_ids, task, &task->id);
    if (rc != KG_OK) {
        goto err_after_name;
    }
    kg_queue_insert_tail(&g->tasks, &task->node);
    *ret_id = task->id;
    return KG_OK;

err_after_name:
    kg_map_remove(&g->task_names, &task->by_name);
err_after_owners:
    kg_free(task->owners);
err_after_alloc:
    kg_free(task);
    return rc;
}

static void forget_owner(struct kg_glean *g, struct kg_owner *owner)
{
    if (owner->uid[0] != '\0') {
        kg_map_remove(&g->owner_uids, &owner->by_uid);
        owner->uid[0] = '\0';
    }
}

void kg_task_free(struct kg_glean *g, struct kg_task *task)
{
    for (size_t i = 0; task->owners != NULL && i < task->def->n_namespaces;
         i++) {
        forget_owner(g, &task->owners[i]);
    }
    kg_queue_remove(&task->node);
    kg_queue_remove(&task->todo.node);
    kg_map_remove(&g->task_names, &task->by_name);
    kg_slots_remove(&g->task_ids, task->id);
    kg_free(task->owners);
    kg_free(task->why);
    kg_free(task);
}

/* --- CronJobs -------------------------------------------------------------- */

static bool all_applied(const struct kg_glean *g)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &g->tasks) {
        if (KG_CONTAINER_OF(node, struct kg_task, node)->n_unanswered > 0) {
            return false;
        }
    }
    return true;
}

static void apply(struct kg_glean *g, struct kg_task *task)
{
    task->n_unanswered = task->def->n_namespaces;
    kg_glean_note(g, &task->todo, KG_ACT_APPLY_CRONJOB);
}

/* CronJobs come first: by their uids the Jobs that they made are known. */
enum kg_errc kg_task_start(struct kg_glean *g)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &g->tasks) {
        struct kg_task *task = KG_CONTAINER_OF(node, struct kg_task, node);

        if (task->def->run_as == KG_RUN_AS_CRONJOB) {
            apply(g, task);
        }
    }
    if (all_applied(g)) {
        kg_glean_note(g, &g->all, KG_ACT_WATCH);
    }
    return KG_OK;
}

static enum kg_errc own(struct kg_glean *g, struct kg_task *task,
                        const struct kg_event *event)
{
    for (size_t i = 0; i < task->def->n_namespaces; i++) {
        struct kg_owner *owner = &task->owners[i];

        if (!kg_str_eq(owner->ns, event->ns)) {
            continue;
        }
        forget_owner(g, owner);
        (void)snprintf(owner->uid, sizeof(owner->uid), "%.*s",
                       KG_STR_ARG(event->uid));
        enum kg_errc rc = kg_map_insert(&g->owner_uids, &owner->by_uid,
                                        kg_str_from(owner->uid));
        if (rc != KG_OK) {
            owner->uid[0] = '\0';
        }
        return rc;
    }
    return KG_ENOTFOUND;
}

enum kg_errc kg_task_cronjob(struct kg_glean *g, const struct kg_event *event)
{
    struct kg_task *task = kg_slots_get(&g->task_ids, event->id);
    enum kg_errc rc = KG_OK;

    if (task == NULL || task->n_unanswered == 0) {
        return KG_ENOTFOUND;
    }
    if (event->error != NULL) {
        kg_free(task->why);
        task->why = kg_strdup(event->error->text);
        kg_glean_note(g, &task->todo, KG_ACT_TELL_TASK);
        kg_glean_exits_with(g, 1);
    } else {
        rc = own(g, task, event);
    }
    task->n_unanswered--;
    if (all_applied(g)) {
        kg_glean_note(g, &g->all, KG_ACT_WATCH);
    }
    return rc;
}

/* --- wishes ------------------------------------------------------------------ */

/* The same task, namespace and time give the same name, on every agent. */
static struct kg_str make_name(const struct kg_task_def *def, struct kg_str ns,
                               char kind, int64_t number,
                               char name[JOB_NAME_MAX + 1])
{
    char key[600];
    int len = snprintf(key, sizeof(key), "%.*s/%.*s", KG_STR_ARG(def->name),
                       KG_STR_ARG(ns));
    uint32_t hash = (uint32_t)kg_str_hash(kg_str_of(key, (size_t)len));

    len = snprintf(
        name, JOB_NAME_MAX + 1, "%.*s-%08x-%c%lld",
        (int)(def->name.len < NAME_PART_MAX ? def->name.len : NAME_PART_MAX),
        def->name.ptr, hash, kind, (long long)number);
    return kg_str_of(name, (size_t)len);
}

/* Forbid: a Job of this task that has not ended bars the next one. */
static struct kg_job *find_unended(const struct kg_glean *g,
                                   const struct kg_task *task, struct kg_str ns)
{
    for (unsigned state = KG_JOB_ASKING; state <= KG_JOB_COUNTING; state++) {
        struct kg_queue *node;

        kg_queue_foreach (node, &g->jobs_in[state]) {
            struct kg_job *job = KG_CONTAINER_OF(node, struct kg_job, node);

            if (job->task == task && kg_str_eq(job->ns, ns)) {
                return job;
            }
        }
    }
    return NULL;
}

static enum kg_errc want(struct kg_glean *g, struct kg_task *task,
                         struct kg_str ns, struct kg_str name,
                         enum kg_job_state state, struct kg_job **ret_job)
{
    struct kg_job *job;

    if (kg_job_by_path(g, ns, name) != NULL) {
        return KG_EEXISTS;
    }
    job = kg_job_create(g, state, ns, name);
    if (job == NULL) {
        return KG_ENOMEM;
    }
    job->task = task;
    *ret_job = job;
    return KG_OK;
}

enum kg_errc kg_task_wanted(struct kg_glean *g, const struct kg_event *event)
{
    struct kg_task *task = kg_slots_get(&g->task_ids, event->id);
    enum kg_errc rc = KG_EBUSY;

    if (task == NULL) {
        return KG_ENOTFOUND;
    }
    if (g->stopping) {
        return KG_ECANCELED;
    }
    for (size_t i = 0; i < task->def->n_namespaces; i++) {
        struct kg_str ns = task->def->namespaces[i];
        char text[JOB_NAME_MAX + 1];
        struct kg_str name =
            task->def->job_name.len > 0
                ? task->def->job_name
                : make_name(task->def, ns, 'm', event->now_us / 1000, text);
        struct kg_job *job;

        if (find_unended(g, task, ns) != NULL) {
            continue;
        }
        rc = want(g, task, ns, name, KG_JOB_WANTED, &job);
        if (rc != KG_OK) {
            return rc;
        }
        job->order = event->order;
    }
    return rc;
}

/* --- schedules --------------------------------------------------------------- */

static void tell_skipped(struct kg_glean *g, struct kg_job *job,
                         int64_t minute_us)
{
    char text[KG_TIME_TEXT_MAX];

    kg_job_tell(g, job, "it has not ended; the run due at %s is left out",
                kg_time_format(minute_us, text));
}

static void fire(struct kg_glean *g, struct kg_task *task, int64_t minute_us)
{
    for (size_t i = 0; i < task->def->n_namespaces; i++) {
        struct kg_str ns = task->def->namespaces[i];
        char text[JOB_NAME_MAX + 1];
        struct kg_str name =
            make_name(task->def, ns, 's', minute_us / MINUTE_US, text);
        struct kg_job *busy = find_unended(g, task, ns), *job;

        if (busy != NULL && !kg_str_eq(busy->name, name)) {
            tell_skipped(g, busy, minute_us);
        } else if (want(g, task, ns, name, KG_JOB_ASKING, &job) == KG_OK) {
            kg_glean_note(g, &job->todo, KG_ACT_ASK);
        }
    }
}

/* The last time at or before now, if it is after `from_us`. */
static int64_t last_due(const struct kg_cron *cron, int64_t from_us,
                        int64_t now_us)
{
    int64_t last = KG_TIME_NONE;
    int64_t next = kg_cron_next(cron, from_us);

    while (next != KG_TIME_NONE && next <= now_us) {
        last = next;
        next = kg_cron_next(cron, next);
    }
    return last;
}

static bool is_ours_to_fire(const struct kg_task *task)
{
    return task->def->schedule != NULL && task->def->run_as == KG_RUN_AS_JOB;
}

static void fire_since(struct kg_glean *g, struct kg_task *task,
                       int64_t from_us)
{
    int64_t last = last_due(task->def->schedule, from_us, g->now_us);

    if (last != KG_TIME_NONE && !g->stopping) {
        fire(g, task, last);
    }
    kg_glean_due_at(g, &task->due_us,
                    kg_cron_next(task->def->schedule, g->now_us));
}

void kg_task_begin_schedules(struct kg_glean *g)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &g->tasks) {
        struct kg_task *task = KG_CONTAINER_OF(node, struct kg_task, node);

        if (is_ours_to_fire(task)) {
            fire_since(g, task, g->now_us - CATCHUP_US);
        }
    }
}

void kg_task_due(struct kg_glean *g, struct kg_task *task)
{
    fire_since(g, task, g->now_us - CATCHUP_US);
}
