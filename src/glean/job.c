/* SPDX-License-Identifier: MIT */
/* A Job: made or found, watched to its end, and then put away. */
#include <stdarg.h>
#include <stdio.h>

#include "core.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

#define TO KG_SM_TO

static const struct kg_sm_state states[KG_JOB_STATE_NR] = {
    [KG_JOB_UNSEEN] = {"unseen", TO(KG_JOB_LIVE) | TO(KG_JOB_FOREIGN) |
                                     TO(KG_JOB_KEPT) | TO(KG_JOB_GONE)},
    [KG_JOB_LEFT] = {"left", TO(KG_JOB_LIVE) | TO(KG_JOB_FOREIGN) |
                                 TO(KG_JOB_KEPT) | TO(KG_JOB_ENDED)},
    [KG_JOB_FOREIGN] = {"foreign", TO(KG_JOB_GONE)},
    [KG_JOB_ASKING] = {"asking",
                       TO(KG_JOB_WANTED) | TO(KG_JOB_LIVE) | TO(KG_JOB_GONE)},
    [KG_JOB_WANTED] = {"wanted", TO(KG_JOB_CREATING) | TO(KG_JOB_LIVE)},
    [KG_JOB_CREATING] = {"creating", TO(KG_JOB_LIVE) | TO(KG_JOB_LOOKING) |
                                         TO(KG_JOB_GONE)},
    [KG_JOB_LOOKING] = {"looking", TO(KG_JOB_LIVE) | TO(KG_JOB_CREATING) |
                                       TO(KG_JOB_GONE)},
    [KG_JOB_LIVE] = {"live", TO(KG_JOB_COUNTING) | TO(KG_JOB_ENDED)},
    [KG_JOB_COUNTING] = {"counting", TO(KG_JOB_ENDED)},
    [KG_JOB_ENDED] = {"ended", TO(KG_JOB_MARKING) | TO(KG_JOB_KEPT) |
                                   TO(KG_JOB_DELETING) | TO(KG_JOB_GONE)},
    [KG_JOB_MARKING] = {"marking", TO(KG_JOB_KEPT) | TO(KG_JOB_GONE)},
    [KG_JOB_KEPT] = {"kept", TO(KG_JOB_DELETING) | TO(KG_JOB_GONE)},
    [KG_JOB_DELETING] = {"deleting", TO(KG_JOB_DELETED) | TO(KG_JOB_KEPT) |
                                         TO(KG_JOB_GONE)},
    [KG_JOB_DELETED] = {"deleted", TO(KG_JOB_GONE)},
    [KG_JOB_GONE] = {"gone", 0},
};

/* --- life -------------------------------------------------------------------- */

/* "namespace/name", with a NUL behind it. */
static char *join(struct kg_str ns, struct kg_str name)
{
    size_t len = ns.len + 1 + name.len;
    char *path = kg_alloc(len + 1);

    if (path != NULL) {
        (void)snprintf(path, len + 1, "%.*s/%.*s", KG_STR_ARG(ns),
                       KG_STR_ARG(name));
    }
    return path;
}

enum kg_errc kg_job_set_path(struct kg_glean *g, struct kg_job *job,
                             struct kg_str ns, struct kg_str name)
{
    char *path = join(ns, name);
    struct kg_map_node *older;
    enum kg_errc rc;

    if (path == NULL) {
        return KG_ENOMEM;
    }
    older = kg_map_find(&g->job_paths, kg_str_from(path));
    if (older != NULL) { /* The name was given away again. */
        kg_map_remove(&g->job_paths, older);
        older->key = kg_str_of(NULL, 0);
    }
    rc = kg_map_insert(&g->job_paths, &job->by_path, kg_str_from(path));
    if (rc != KG_OK) {
        kg_free(path);
        return rc;
    }
    job->path = path;
    job->ns = kg_str_of(path, ns.len);
    job->name = kg_str_of(path + ns.len + 1, name.len);
    job->sm.object = path;
    return KG_OK;
}

enum kg_errc kg_job_set_uid(struct kg_glean *g, struct kg_job *job,
                            struct kg_str uid)
{
    enum kg_errc rc;

    KG_REQUIRE(uid.len < sizeof(job->uid));
    (void)snprintf(job->uid, sizeof(job->uid), "%.*s", KG_STR_ARG(uid));
    rc = kg_map_insert(&g->job_uids, &job->by_uid, kg_str_from(job->uid));
    if (rc != KG_OK) {
        job->uid[0] = '\0';
    }
    return rc;
}

struct kg_job *kg_job_create(struct kg_glean *g, enum kg_job_state state,
                             struct kg_str ns, struct kg_str name)
{
    struct kg_job *job = kg_calloc(1, sizeof(*job));

    if (job == NULL) {
        return NULL;
    }
    kg_sm_init(&job->sm, "job", states, state);
    kg_queue_init(&job->runs);
    kg_queue_init(&job->todo.node);
    job->todo.of = OF_JOB;
    job->ended_us = KG_TIME_NONE;
    job->due_us = KG_TIME_NONE;
    kg_backoff_init(&job->backoff, RETRY_FIRST_MS, RETRY_MAX_MS,
                    g->config.seed++);
    if (name.len > 0 && kg_job_set_path(g, job, ns, name) != KG_OK) {
        kg_free(job);
        return NULL;
    }
    if (kg_slots_add(&g->job_ids, job, &job->id) != KG_OK) {
        if (job->path != NULL) {
            kg_map_remove(&g->job_paths, &job->by_path);
        }
        kg_free(job->path);
        kg_free(job);
        return NULL;
    }
    kg_queue_insert_tail(&g->jobs, &job->all);
    kg_queue_insert_tail(&g->jobs_in[state], &job->node);
    return job;
}

void kg_job_free_runs(struct kg_glean *g, struct kg_job *job)
{
    while (!kg_queue_empty(&job->runs)) {
        kg_run_free(g, KG_CONTAINER_OF(kg_queue_head(&job->runs), struct kg_run,
                                       job_node));
    }
}

/* Nothing finds it any more. */
static void unlist(struct kg_glean *g, struct kg_job *job)
{
    kg_glean_give_slot(g, &job->holds_slot);
    if (job->uid[0] != '\0' && kg_job_by_uid(g, kg_str_from(job->uid)) == job) {
        kg_map_remove(&g->job_uids, &job->by_uid);
    }
    if (job->by_path.key.len > 0) {
        kg_map_remove(&g->job_paths, &job->by_path);
        job->by_path.key = kg_str_of(NULL, 0);
    }
}

void kg_job_free(struct kg_glean *g, struct kg_job *job)
{
    unlist(g, job);
    kg_job_free_runs(g, job);
    kg_queue_remove(&job->all);
    kg_queue_remove(&job->node);
    kg_queue_remove(&job->todo.node);
    kg_slots_remove(&g->job_ids, job->id);
    kg_free(job->container);
    kg_free(job->why);
    kg_free(job->path);
    kg_free(job);
}

struct kg_job *kg_job_by_uid(const struct kg_glean *g, struct kg_str uid)
{
    struct kg_map_node *node = kg_map_find(&g->job_uids, uid);

    return node != NULL ? KG_CONTAINER_OF(node, struct kg_job, by_uid) : NULL;
}

struct kg_job *kg_job_by_path(const struct kg_glean *g, struct kg_str ns,
                              struct kg_str name)
{
    char path[600];
    int len = snprintf(path, sizeof(path), "%.*s/%.*s", KG_STR_ARG(ns),
                       KG_STR_ARG(name));
    struct kg_map_node *node =
        kg_map_find(&g->job_paths, kg_str_of(path, (size_t)len));

    return node != NULL ? KG_CONTAINER_OF(node, struct kg_job, by_path) : NULL;
}

/* A Pod spoke of it; who it is will be told. */
struct kg_job *kg_job_unseen(struct kg_glean *g, struct kg_str uid)
{
    struct kg_job *job =
        kg_job_create(g, KG_JOB_UNSEEN, KG_STR(""), KG_STR(""));

    if (job != NULL && kg_job_set_uid(g, job, uid) != KG_OK) {
        kg_job_move(g, job, KG_JOB_GONE);
        return NULL;
    }
    return job;
}

/* --- moves ------------------------------------------------------------------- */

bool kg_job_is_pending(const struct kg_job *job)
{
    return job->sm.state >= KG_JOB_ASKING && job->sm.state <= KG_JOB_LOOKING;
}

/* Does another Job of the same wish still wait to be made? */
static bool is_ordered(const struct kg_glean *g, uint64_t order)
{
    for (unsigned state = KG_JOB_ASKING; state <= KG_JOB_LOOKING; state++) {
        struct kg_queue *node;

        kg_queue_foreach (node, &g->jobs_in[state]) {
            if (KG_CONTAINER_OF(node, struct kg_job, node)->order == order) {
                return false;
            }
        }
    }
    return true;
}

void kg_job_move(struct kg_glean *g, struct kg_job *job,
                 enum kg_job_state state)
{
    bool was_pending = kg_job_is_pending(job);
    bool is_news = job->sm.state >= KG_JOB_ASKING || state != KG_JOB_KEPT;

    kg_sm_move(&job->sm, state);
    kg_queue_remove(&job->node);
    kg_queue_insert_tail(&g->jobs_in[state], &job->node);
    job->due_us = KG_TIME_NONE;
    if (job->task != NULL && is_news) {
        kg_glean_note(g, &job->todo, KG_ACT_TELL);
    }
    if (was_pending && !kg_job_is_pending(job) && job->order != 0 &&
        is_ordered(g, job->order)) {
        kg_glean_note(g, &job->todo, KG_ACT_ORDERED);
    }
    if (state == KG_JOB_GONE) {
        unlist(g, job);
        kg_queue_remove(&job->all);
        kg_queue_insert_tail(&g->dead, &job->all);
        kg_glean_note(g, &job->todo, KG_ACT_FORGET);
    }
}

void kg_job_tell(struct kg_glean *g, struct kg_job *job, const char *fmt, ...)
{
    char text[KG_ERROR_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (job->why == NULL || strcmp(text, job->why) != 0) {
        kg_free(job->why);
        job->why = kg_strdup(text);
        kg_glean_note(g, &job->todo, KG_ACT_TELL_WHY);
    }
}
