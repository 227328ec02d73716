/* SPDX-License-Identifier: MIT */
#include "cronjobs.h"

#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "notes.h"
#include "schedule.h"
#include "verbs.h"

enum { TREE_MAX = 64 * 1024 * 1024, JOBS_MAX = 1000 };

struct memory {
    int64_t last_us; /* The last time that was served, or the creation. */
};

struct work {
    struct sim *sim;
    struct sim_object *cronjob;
    struct memory *memory;
    struct kg_tree tree;
    struct kg_node *spec;
    struct kg_node *status;
    int64_t now_us;
    size_t n_active;
};

static struct memory *memory_of(struct sim_object *cronjob, int64_t now_us)
{
    struct memory *m = cronjob->state;

    if (m == NULL) {
        m = kg_calloc(1, sizeof(*m));
        KG_REQUIRE(m != NULL);
        m->last_us = now_us;
        cronjob->state = m;
    }
    return m;
}

/* --- its Jobs ----------------------------------------------------------------------- */

enum end { ACTIVE, GOOD, BAD };

static bool says(const struct sim_object *job, const char *type)
{
    struct kg_tree t;
    const struct kg_node *n;
    bool yes;

    sim_store_open(job, &t);
    n = sim_element(kg_node_path(t.root, "status.conditions"), "type", type);
    yes = kg_str_is(kg_node_str(kg_node_get(n, "status")), "True");
    kg_tree_finish(&t);
    return yes;
}

static enum end end_of(const struct sim_object *job)
{
    if (says(job, "Complete")) {
        return GOOD;
    }
    return says(job, "Failed") ? BAD : ACTIVE;
}

static struct kg_node *reference(struct work *w, const struct sim_object *job)
{
    struct kg_node *n = sim_object(&w->tree);
    char rv[24];

    (void)snprintf(rv, sizeof(rv), "%llu", (unsigned long long)job->now->rv);
    sim_put_text(&w->tree, n, "kind", "Job");
    sim_put_str(&w->tree, n, "namespace", job->now->ns);
    sim_put_str(&w->tree, n, "name", job->now->name);
    sim_put_str(&w->tree, n, "uid", job->now->uid);
    sim_put_text(&w->tree, n, "apiVersion", "batch/v1");
    sim_put_text(&w->tree, n, "resourceVersion", rv);
    return n;
}

/* An entry that is there already stays as it is. */
static void list_active(struct work *w, struct kg_node *list,
                        const struct sim_object *job)
{
    const struct kg_node *old = kg_node_get(w->status, "active");
    char *uid = sim_cstr(job->now->uid);
    const struct kg_node *was = sim_element(old, "uid", uid);

    kg_free(uid);
    sim_add(list, was != NULL ? sim_copy(&w->tree, was) : reference(w, job));
    w->n_active++;
}

static void note_success(struct work *w, const struct sim_object *job)
{
    struct kg_tree t;
    struct kg_str at;
    struct kg_str last =
        kg_node_str(kg_node_get(w->status, "lastSuccessfulTime"));

    if (!w->sim->config.modern) {
        return;
    }
    sim_store_open(job, &t);
    at = kg_node_str(kg_node_path(t.root, "status.completionTime"));
    if (kg_str_cmp(at, last) > 0) {
        sim_put_str(&w->tree, w->status, "lastSuccessfulTime", at);
    }
    kg_tree_finish(&t);
}

static int by_name(const void *a, const void *b)
{
    const struct sim_object *const *x = a;
    const struct sim_object *const *y = b;

    return kg_str_cmp((*x)->now->name, (*y)->now->name);
}

/* The oldest go, until there are no more than the limit. */
static void prune(struct work *w, struct sim_object **jobs, size_t n,
                  const char *limit_name, int64_t otherwise)
{
    size_t limit = (size_t)sim_int(w->spec, limit_name, otherwise);

    qsort(jobs, n, sizeof(struct sim_object *), by_name);
    for (size_t i = 0; i + limit < n; i++) {
        if (!jobs[i]->leaving) {
            (void)sim_delete_object(w->sim, jobs[i], SIM_BACKGROUND, -1);
        }
    }
}

static void look_at_jobs(struct work *w)
{
    static struct sim_object *jobs[2][JOBS_MAX]; /* GOOD, BAD */
    struct kg_node *active = sim_array(&w->tree);
    size_t n[2] = {0, 0};
    struct kg_queue *node;

    kg_queue_foreach (node, &w->cronjob->children) {
        struct sim_object *job =
            KG_CONTAINER_OF(node, struct sim_object, siblings);
        enum end end = end_of(job);

        if (end == ACTIVE) {
            list_active(w, active, job);
        } else if (n[end - GOOD] < JOBS_MAX) {
            jobs[end - GOOD][n[end - GOOD]++] = job;
        }
        if (end == GOOD) {
            note_success(w, job);
        }
    }
    kg_node_drop(w->status, "active");
    if (active->n_children > 0) {
        sim_put(&w->tree, w->status, "active", active);
    }
    prune(w, jobs[0], n[0], "successfulJobsHistoryLimit", 3);
    prune(w, jobs[1], n[1], "failedJobsHistoryLimit", 1);
}

/* --- its times ----------------------------------------------------------------------- */

/* The next time that is due, after the last that was served. */
static int64_t next_us(struct work *w)
{
    uint64_t every_us = sim_note_us(w->tree.root, "every-seconds", 0);
    struct sim_schedule s;

    if (every_us > 0) {
        return w->memory->last_us + (int64_t)every_us;
    }
    if (sim_schedule_parse(&s, kg_node_str(kg_node_get(w->spec, "schedule")),
                           NULL) != KG_OK) {
        return KG_TIME_NONE;
    }
    return sim_schedule_next(&s, w->memory->last_us);
}

/* 1.20 writes seconds into the name, today's controller minutes. */
static void job_name(struct work *w, int64_t due_us, char text[300])
{
    bool by_seconds = sim_note(w->tree.root, "every-seconds").len > 0 ||
                      !w->sim->config.modern;

    (void)snprintf(text, 300, "%.*s-%lld", KG_STR_ARG(w->cronjob->now->name),
                   (long long)(due_us / (by_seconds ? 1000000 : 60000000)));
}

static void put_owner(struct work *w, struct kg_tree *t,
                      struct kg_node *metadata)
{
    struct kg_node *owners = sim_array(t);
    struct kg_node *o = sim_object(t);

    sim_put_text(t, o, "apiVersion",
                 w->sim->config.cronjobs_v1 ? "batch/v1" : "batch/v1beta1");
    sim_put_text(t, o, "kind", "CronJob");
    sim_put_str(t, o, "name", w->cronjob->now->name);
    sim_put_str(t, o, "uid", w->cronjob->now->uid);
    sim_put_bool(t, o, "controller", true);
    sim_put_bool(t, o, "blockOwnerDeletion", true);
    sim_add(owners, o);
    sim_put(t, metadata, "ownerReferences", owners);
}

static void put_metadata(struct work *w, struct kg_tree *t,
                         struct kg_node *metadata, int64_t due_us)
{
    char text[300];
    char at[KG_TIME_TEXT_MAX];

    kg_node_drop(metadata, "creationTimestamp");
    job_name(w, due_us, text);
    sim_put_text(t, metadata, "name", text);
    put_owner(w, t, metadata);
    if (w->sim->config.modern) {
        sim_put_text(t, sim_member(t, metadata, "annotations", KG_OBJECT),
                     "batch.kubernetes.io/cronjob-scheduled-timestamp",
                     kg_time_format(due_us - due_us % 1000000, at));
    }
}

static void make_job(struct work *w, int64_t due_us)
{
    const struct kg_node *template = kg_node_get(w->spec, "jobTemplate");
    struct sim_object *job;
    struct kg_node *root;
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    root = sim_copy(&t, template);
    put_metadata(w, &t, sim_member(&t, root, "metadata", KG_OBJECT), due_us);
    job = sim_make_object(w->sim, SIM_JOBS, w->cronjob->now->ns, &t, root);
    kg_tree_finish(&t);
    if (job != NULL) {
        list_active(w, sim_member(&w->tree, w->status, "active", KG_ARRAY),
                    job);
    }
}

static void replace_active(struct work *w)
{
    struct kg_queue *node = w->cronjob->children.next;

    while (node != &w->cronjob->children) {
        struct sim_object *job =
            KG_CONTAINER_OF(node, struct sim_object, siblings);

        node = node->next;
        if (!job->leaving && end_of(job) == ACTIVE) {
            (void)sim_delete_object(w->sim, job, SIM_BACKGROUND, -1);
        }
    }
    kg_node_drop(w->status, "active");
}

/* Of several times that were missed only the last is served. */
static void fire(struct work *w, int64_t due_us)
{
    struct kg_str policy =
        kg_node_str(kg_node_get(w->spec, "concurrencyPolicy"));
    int64_t later_us;

    w->memory->last_us = due_us;
    while ((later_us = next_us(w)) != KG_TIME_NONE && later_us <= w->now_us) {
        due_us = w->memory->last_us = later_us;
    }
    if (w->n_active > 0 && kg_str_is(policy, "Forbid")) {
        return;
    }
    if (w->n_active > 0 && kg_str_is(policy, "Replace")) {
        replace_active(w);
    }
    make_job(w, due_us);
    sim_put_time(&w->tree, w->status, "lastScheduleTime", due_us);
}

static void mind_the_time(struct work *w)
{
    int64_t due_us = next_us(w);

    if (due_us != KG_TIME_NONE && due_us <= w->now_us) {
        fire(w, due_us);
        due_us = next_us(w);
    }
    if (due_us != KG_TIME_NONE) {
        sim_store_look_in(w->cronjob,
                          (uint64_t)(due_us - w->now_us) / 1000 + 1);
    }
}

void sim_cronjob_look(struct sim *sim, struct sim_object *cronjob)
{
    struct work w = {.sim = sim, .cronjob = cronjob};

    w.now_us = kg_clock_now_us();
    w.memory = memory_of(cronjob, w.now_us);
    sim_store_open(cronjob, &w.tree);
    w.spec = kg_node_get(w.tree.root, "spec");
    w.status = sim_member(&w.tree, w.tree.root, "status", KG_OBJECT);
    look_at_jobs(&w);
    if (kg_node_is_true(kg_node_get(w.spec, "suspend"))) {
        w.memory->last_us = w.now_us;
    } else {
        mind_the_time(&w);
    }
    (void)sim_store_update(cronjob, &w.tree, w.tree.root);
    kg_tree_finish(&w.tree);
}
