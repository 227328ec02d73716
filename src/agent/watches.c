/* SPDX-License-Identifier: MIT */
/* Jobs and Pods of each namespace that a task names. Jobs are listed before the
 * Pods are, so that Pods find their Jobs known. */
#include "agent.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static void on_job(struct kg_watch *w, enum kg_watch_kind kind,
                   const struct kg_node *object);
static void on_pod(struct kg_watch *w, enum kg_watch_kind kind,
                   const struct kg_node *object);
static void on_failed(struct kg_watch *w, const struct kg_error *e);
static void on_closed(struct kg_watch *w);

static bool is_listed(const struct kg_agent *a, struct kg_str ns)
{
    for (size_t i = 0; i < a->n_scopes; i++) {
        if (kg_str_eq(a->scopes[i].ns, ns)) {
            return true;
        }
    }
    return false;
}

/* A CronJob that was there before us makes Jobs without our label. */
static struct kg_str selector(const struct kg_agent *a, struct kg_buf *text)
{
    for (size_t i = 0; i < a->options.config->n_tasks; i++) {
        if (a->defs[i].run_as == KG_RUN_AS_CRONJOB) {
            return KG_STR("");
        }
    }
    if (kg_buf_addf(text, KG_LABEL_INSTANCE "=%s", a->instance) != KG_OK) {
        return KG_STR("");
    }
    return kg_buf_str(text);
}

static enum kg_errc init_scope(struct kg_agent *a, struct kg_str ns,
                               struct kg_str labels)
{
    struct kg_scope *scope = &a->scopes[a->n_scopes];
    struct kg_watch_options options = {
        .kind = KG_KUBE_JOB,
        .ns = ns,
        .labels = labels,
        .paths = kg_job_fields,
        .seed = kg_str_hash(ns),
    };
    enum kg_errc rc;

    scope->agent = a;
    scope->ns = ns;
    rc = kg_watch_init(&scope->jobs, &a->kube, &options);
    scope->jobs.data = scope;
    if (rc != KG_OK) {
        return rc;
    }
    options.kind = KG_KUBE_POD;
    options.paths = kg_pod_fields;
    options.seed++;
    options.labels = labels.len > 0 ? labels : KG_STR("controller-uid");
    rc = kg_watch_init(&scope->pods, &a->kube, &options);
    scope->pods.data = scope;
    if (rc != KG_OK) {
        kg_latch_hold(&a->open);
        kg_watch_close(&scope->jobs, on_closed);
        return rc;
    }
    a->n_scopes++;
    return KG_OK;
}

static size_t count_namespaces(const struct kg_agent *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->options.config->n_tasks; i++) {
        n += a->defs[i].n_namespaces;
    }
    return n;
}

enum kg_errc kg_scopes_create(struct kg_agent *a)
{
    struct kg_buf text;
    struct kg_str labels;
    enum kg_errc rc = KG_OK;

    a->scopes = kg_calloc(count_namespaces(a), sizeof(*a->scopes));
    if (a->scopes == NULL) {
        return KG_ENOMEM;
    }
    kg_buf_init(&text, KG_LIMIT_URL);
    labels = selector(a, &text);
    for (size_t i = 0; i < a->options.config->n_tasks; i++) {
        for (size_t n = 0; rc == KG_OK && n < a->defs[i].n_namespaces; n++) {
            if (!is_listed(a, a->defs[i].namespaces[n])) {
                rc = init_scope(a, a->defs[i].namespaces[n], labels);
            }
        }
    }
    kg_buf_finish(&text);
    return rc;
}

/* --- synced ----------------------------------------------------------------- */

static bool all_jobs_listed(const struct kg_agent *a)
{
    for (size_t i = 0; i < a->n_scopes; i++) {
        if (!a->scopes[i].jobs.follow.synced && !a->scopes[i].failed) {
            return false;
        }
    }
    return true;
}

bool kg_scopes_synced(const struct kg_agent *a)
{
    if (!a->ledger_told || !all_jobs_listed(a)) {
        return false;
    }
    for (size_t i = 0; i < a->n_scopes; i++) {
        if (!a->scopes[i].pods.follow.synced && !a->scopes[i].failed) {
            return false;
        }
    }
    return true;
}

static void start_pods(struct kg_agent *a)
{
    for (size_t i = 0; i < a->n_scopes; i++) {
        struct kg_scope *scope = &a->scopes[i];

        if (!scope->failed) {
            kg_watch_start(&scope->pods, on_pod, on_failed);
        }
    }
}

void kg_scopes_start(struct kg_agent *a)
{
    for (size_t i = 0; i < a->n_scopes; i++) {
        kg_watch_start(&a->scopes[i].jobs, on_job, on_failed);
    }
}

void kg_scopes_check_synced(struct kg_agent *a)
{
    if (a->sm.state == KG_AGENT_RUNNING && kg_scopes_synced(a)) {
        kg_agent_step(a, &(struct kg_event){.kind = KG_EV_SYNCED});
    }
}

static void synced(struct kg_agent *a)
{
    if (!all_jobs_listed(a)) {
        return;
    }
    if (!a->pods_started) {
        a->pods_started = true;
        start_pods(a);
    } else {
        kg_scopes_check_synced(a);
    }
}

/* --- changes ---------------------------------------------------------------- */

static struct kg_str uid_of(const struct kg_node *object)
{
    return kg_node_str(kg_node_path(object, "metadata.uid"));
}

static void on_job(struct kg_watch *w, enum kg_watch_kind kind,
                   const struct kg_node *object)
{
    struct kg_scope *scope = w->data;
    struct kg_job_facts facts;
    struct kg_event event = {.kind = KG_EV_JOB, .job = &facts};

    if (kind == KG_WATCH_SYNCED) {
        synced(scope->agent);
        return;
    }
    if (kind == KG_WATCH_DELETED) {
        event =
            (struct kg_event){.kind = KG_EV_JOB_GONE, .uid = uid_of(object)};
    } else if (!kg_job_facts_read(object, &facts)) {
        return;
    }
    kg_agent_step(scope->agent, &event);
}

static void on_pod(struct kg_watch *w, enum kg_watch_kind kind,
                   const struct kg_node *object)
{
    struct kg_scope *scope = w->data;
    struct kg_pod_facts facts;
    struct kg_event event = {.kind = KG_EV_POD, .pod = &facts};

    if (kind == KG_WATCH_SYNCED) {
        synced(scope->agent);
        return;
    }
    if (kind == KG_WATCH_DELETED) {
        event =
            (struct kg_event){.kind = KG_EV_POD_GONE, .uid = uid_of(object)};
    } else if (!kg_pod_facts_read(object, &facts)) {
        return;
    }
    kg_agent_step(scope->agent, &event);
}

/* One namespace that may not be watched does not stop the others. */
static void on_failed(struct kg_watch *w, const struct kg_error *e)
{
    struct kg_scope *scope = w->data;
    struct kg_agent *a = scope->agent;

    scope->failed = true;
    if (a->options.once) {
        kg_agent_end(a, 1, e);
        return;
    }
    KG_LOG(KG_LOG_ERROR, "cannot watch a namespace", KG_FS("ns", scope->ns),
           KG_F("err", e->text));
    synced(a);
}

/* --- end -------------------------------------------------------------------- */

static void on_closed(struct kg_watch *w)
{
    struct kg_scope *scope = w->data;

    kg_latch_release(&scope->agent->open);
}

void kg_scopes_close(struct kg_agent *a)
{
    for (size_t i = 0; i < a->n_scopes; i++) {
        kg_latch_hold(&a->open);
        kg_watch_close(&a->scopes[i].jobs, on_closed);
        kg_latch_hold(&a->open);
        kg_watch_close(&a->scopes[i].pods, on_closed);
    }
}
