/* SPDX-License-Identifier: MIT */
/* Requests about one Job, and about the CronJobs of a task. One is under way at
 * a time for each Job: the newest wish takes the place of an older one. */
#include "agent.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { SELECTOR_MAX = 128 };

struct kg_job_req {
    struct kg_queue node;
    struct kg_agent *agent;
    struct kg_id job;
    enum kg_action_kind act; /* Under way, or last. */
    struct kg_kube_req req;
    struct kg_deferred failed; /* It could not even be asked. */
    struct kg_error error;
    unsigned n_asked; /* Of the sink. */
    bool forgotten;
};

static enum kg_event_kind answer_to(enum kg_action_kind act)
{
    static const enum kg_event_kind answers[] = {
        [KG_ACT_ASK] = KG_EV_ASKED,       [KG_ACT_CREATE] = KG_EV_CREATED,
        [KG_ACT_LOOK] = KG_EV_LOOKED,     [KG_ACT_COUNT] = KG_EV_COUNTED,
        [KG_ACT_DELETE] = KG_EV_DELETED,  [KG_ACT_ANNOTATE] = KG_EV_ANNOTATED,
        [KG_ACT_WONDER] = KG_EV_WONDERED,
    };

    return answers[act];
}

static void answer(struct kg_job_req *r, struct kg_event event)
{
    event.kind = answer_to(r->act);
    event.id = r->job;
    kg_agent_step(r->agent, &event);
}

/* --- from the cluster ------------------------------------------------------- */

static void tell_pods(struct kg_agent *a, const struct kg_node *list)
{
    const struct kg_node *items = kg_node_get(list, "items");
    const struct kg_node *pod = items != NULL ? items->child : NULL;

    for (; pod != NULL; pod = pod->next) {
        struct kg_pod_facts facts;

        if (kg_pod_facts_read(pod, &facts)) {
            kg_agent_step(a,
                          &(struct kg_event){.kind = KG_EV_POD, .pod = &facts});
        }
    }
}

static void on_done(struct kg_kube_req *req, const struct kg_error *e,
                    const struct kg_node *object)
{
    struct kg_job_req *r = req->data;
    struct kg_warning_facts warning;
    struct kg_job_facts facts = {0};
    struct kg_error unreadable;

    if (r->act == KG_ACT_WONDER) {
        warning = kg_warning_facts_read(object);
        answer(r, (struct kg_event){.error = e, .warning = &warning});
        return;
    }
    if (e == NULL && r->act == KG_ACT_COUNT) {
        tell_pods(r->agent, object);
    } else if (e == NULL &&
               (r->act == KG_ACT_CREATE || r->act == KG_ACT_LOOK) &&
               !kg_job_facts_read(object, &facts)) {
        (void)kg_error_set(&unreadable, KG_EPROTOCOL, 0,
                           "the API server answered with what is no Job");
        e = &unreadable;
    }
    answer(r, (struct kg_event){.error = e, .job = &facts});
}

/* --- to the cluster --------------------------------------------------------- */

static struct kg_kube_ref ref_of(const struct kg_job *job)
{
    return (struct kg_kube_ref){
        .kind = KG_KUBE_JOB, .ns = job->ns, .name = job->name};
}

/* Its Job, as its schedule would make it. */
static enum kg_errc create_from(struct kg_job_req *r, const struct kg_job *job,
                                const struct kg_node *cronjob)
{
    struct kg_kube_ref ref = ref_of(job);
    struct kg_node *manifest;
    struct kg_tree t;
    enum kg_errc rc = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_TREE);
    manifest = kg_kube_job_from_cronjob(&t, cronjob, job->name);
    if (manifest != NULL) {
        ref.name = KG_STR("");
        rc = kg_kube_create(&r->agent->kube, &r->req, ref, manifest, on_done);
    }
    kg_tree_finish(&t);
    return rc;
}

static void on_cronjob(struct kg_kube_req *req, const struct kg_error *e,
                       const struct kg_node *cronjob)
{
    struct kg_job_req *r = req->data;
    struct kg_error failed;
    enum kg_errc rc;

    if (e != NULL) {
        on_done(req, e, NULL); /* Last. */
        return;
    }
    rc = create_from(r, kg_glean_job(r->agent->glean, r->job), cronjob);
    if (rc != KG_OK) {
        (void)kg_error_set(&failed, rc, 0, "the CronJob's Job: %s",
                           kg_errc_text(rc));
        on_done(req, &failed, NULL); /* Last. */
    }
}

static enum kg_errc find_cronjob(struct kg_job_req *r, const struct kg_job *job)
{
    const struct kg_kube_ref ref = {
        .kind = KG_KUBE_CRONJOB, .ns = job->ns, .name = job->task->def->name};

    return kg_kube_get(&r->agent->kube, &r->req, ref, on_cronjob);
}

static enum kg_errc create(struct kg_job_req *r, const struct kg_job *job)
{
    const struct kg_task_config *task = kg_agent_task(r->agent, job->task);
    struct kg_manifest m = {
        .def = job->task->def,
        .instance = kg_str_from(r->agent->instance),
        .ns = job->ns,
        .name = job->name,
        .spec = task->job,
        .timeout_s = task->timeout_s,
    };
    struct kg_kube_ref ref = ref_of(job);
    struct kg_node *manifest;
    struct kg_tree t;
    enum kg_errc rc = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_TREE);
    manifest = kg_manifest_job(&t, &m);
    if (manifest != NULL) {
        ref.name = KG_STR("");
        rc = kg_kube_create(&r->agent->kube, &r->req, ref, manifest, on_done);
    }
    kg_tree_finish(&t);
    return rc;
}

static enum kg_errc annotate(struct kg_job_req *r, const struct kg_job *job)
{
    struct kg_node *patch;
    struct kg_tree t;
    enum kg_errc rc = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_TREE);
    patch = kg_manifest_mark(&t, job->outcome);
    if (patch != NULL) {
        rc = kg_kube_patch(&r->agent->kube, &r->req, ref_of(job), patch,
                           on_done);
    }
    kg_tree_finish(&t);
    return rc;
}

static enum kg_errc list_pods(struct kg_job_req *r, const struct kg_job *job)
{
    struct kg_kube_ref ref = {.kind = KG_KUBE_POD, .ns = job->ns};
    char labels[SELECTOR_MAX];

    (void)snprintf(labels, sizeof(labels), "controller-uid=%s", job->uid);
    ref.labels = kg_str_from(labels);
    return kg_kube_get(&r->agent->kube, &r->req, ref, on_done);
}

static enum kg_errc list_events(struct kg_job_req *r, const struct kg_job *job)
{
    struct kg_kube_ref ref = {.kind = KG_KUBE_EVENT, .ns = job->ns};
    char fields[SELECTOR_MAX];

    (void)snprintf(fields, sizeof(fields), "type=Warning,involvedObject.uid=%s",
                   job->uid);
    ref.fields = kg_str_from(fields);
    return kg_kube_get(&r->agent->kube, &r->req, ref, on_done);
}

static void on_known(void *data, bool known, const struct kg_error *e)
{
    struct kg_job_req *r = data;

    r->n_asked--;
    if (r->forgotten) {
        kg_free(r);
        return;
    }
    answer(r, (struct kg_event){.known = known || e != NULL, .error = e});
}

/* Without a ledger nobody knows: then it is taken for done. */
static enum kg_errc ask(struct kg_job_req *r, const struct kg_job *job)
{
    struct kg_agent *a = r->agent;
    enum kg_errc rc;

    if (a->sink == NULL) {
        return KG_ENOTFOUND;
    }
    rc = kg_sink_job_known(a->sink, kg_str_from(a->options.config->cluster),
                           job->ns, job->name, on_known, r);
    r->n_asked += rc == KG_OK ? 1 : 0;
    return rc;
}

static enum kg_errc send_it(struct kg_job_req *r, const struct kg_job *job)
{
    switch (r->act) {
    case KG_ACT_ASK:
        return ask(r, job);
    case KG_ACT_CREATE:
        return job->task->def->run_as == KG_RUN_AS_CRONJOB
                   ? find_cronjob(r, job)
                   : create(r, job);
    case KG_ACT_COUNT:
        return list_pods(r, job);
    case KG_ACT_WONDER:
        return list_events(r, job);
    case KG_ACT_ANNOTATE:
        return annotate(r, job);
    case KG_ACT_DELETE:
        return kg_kube_delete(&r->agent->kube, &r->req, ref_of(job),
                              kg_str_from(job->uid), on_done);
    default:
        return kg_kube_get(&r->agent->kube, &r->req, ref_of(job), on_done);
    }
}

static void on_failed(struct kg_deferred *d)
{
    struct kg_job_req *r = KG_CONTAINER_OF(d, struct kg_job_req, failed);

    answer(r, (struct kg_event){.known = true, .error = &r->error});
}

static struct kg_job_req *find_or_create(struct kg_agent *a, struct kg_job *job)
{
    struct kg_job_req *r = job->data;

    if (r != NULL) {
        return r;
    }
    r = kg_calloc(1, sizeof(*r));
    if (r == NULL) {
        KG_LOG(KG_LOG_ERROR, "no memory for a request", KG_F("job", job->path));
        return NULL;
    }
    r->agent = a;
    r->job = job->id;
    r->req.data = r;
    kg_kube_req_init(&r->req);
    r->req.data = r;
    kg_deferred_init(&r->failed, on_failed);
    kg_queue_insert_tail(&a->requests, &r->node);
    job->data = r;
    return r;
}

void kg_job_request(struct kg_agent *a, const struct kg_action *action)
{
    struct kg_job_req *r = find_or_create(a, action->job);
    enum kg_errc rc;

    if (r == NULL) {
        return;
    }
    kg_kube_cancel(&r->req);
    kg_deferred_cancel(&r->failed);
    r->act = action->kind;
    rc = send_it(r, action->job);
    if (rc != KG_OK) {
        (void)kg_error_set(&r->error, rc, 0, "request not sent: %s",
                           kg_errc_text(rc));
        kg_defer(a->loop, &r->failed);
    }
}

static void forget(struct kg_job_req *r)
{
    kg_kube_cancel(&r->req);
    kg_deferred_cancel(&r->failed);
    kg_queue_remove(&r->node);
    r->forgotten = true;
    if (r->n_asked == 0) {
        kg_free(r);
    }
}

void kg_job_forget(struct kg_agent *a, struct kg_job *job)
{
    (void)a;
    if (job->data != NULL) {
        forget(job->data);
        job->data = NULL;
    }
}

/* After the sink: it answers no more. */
void kg_job_close_all(struct kg_agent *a)
{
    while (!kg_queue_empty(&a->requests)) {
        struct kg_job_req *r = KG_CONTAINER_OF(kg_queue_head(&a->requests),
                                               struct kg_job_req, node);

        r->n_asked = 0;
        forget(r);
    }
}

/* --- CronJobs --------------------------------------------------------------- */

static void on_applied(struct kg_kube_req *req, const struct kg_error *e,
                       const struct kg_node *object)
{
    struct kg_applied *c = req->data;
    struct kg_event event = {
        .kind = KG_EV_CRONJOB,
        .id = c->task_id,
        .ns = c->ns,
        .uid = kg_node_str(kg_node_path(object, "metadata.uid")),
        .error = e,
    };

    kg_agent_step(c->agent, &event);
}

/* Another manager has it: it stays as it is, and its Jobs are ours to read. */
static void on_apply_done(struct kg_kube_req *req, const struct kg_error *e,
                          const struct kg_node *object)
{
    struct kg_applied *c = req->data;
    struct kg_kube_ref ref = {
        .kind = KG_KUBE_CRONJOB, .ns = c->ns, .name = c->task->def.name};

    if (e != NULL && e->code == KG_ECONFLICT) {
        KG_LOG(KG_LOG_WARN, "the CronJob is left as it is", KG_FS("ns", c->ns),
               KG_FS("cronjob", ref.name), KG_F("why", e->text));
        if (kg_kube_get(&c->agent->kube, req, ref, on_applied) == KG_OK) {
            return;
        }
    }
    on_applied(req, e, object);
}

/* It could not even be asked. */
static void on_apply_failed(struct kg_deferred *d)
{
    struct kg_applied *c = KG_CONTAINER_OF(d, struct kg_applied, failed);
    struct kg_error e;

    (void)kg_error_set(&e, KG_ENOMEM, 0, "CronJob %.*s/%.*s: no memory",
                       KG_STR_ARG(c->ns), KG_STR_ARG(c->task->def.name));
    on_applied(&c->req, &e, NULL);
}

static enum kg_errc apply(struct kg_applied *c)
{
    struct kg_manifest m = {
        .def = &c->task->def,
        .instance = kg_str_from(c->agent->instance),
        .ns = c->ns,
        .name = c->task->def.name,
        .spec = c->task->job,
        .timeout_s = c->task->timeout_s,
        .schedule = c->task->schedule,
        .n_keep_successful = c->task->n_keep_successful,
        .n_keep_failed = c->task->n_keep_failed,
    };
    struct kg_kube_ref ref = {
        .kind = KG_KUBE_CRONJOB, .ns = c->ns, .name = m.name};
    struct kg_node *manifest;
    struct kg_tree t;
    enum kg_errc rc = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_TREE);
    manifest = kg_manifest_cronjob(&t, &m);
    if (manifest != NULL) {
        rc = kg_kube_apply(&c->agent->kube, &c->req, ref, manifest, false,
                           on_apply_done);
    }
    kg_tree_finish(&t);
    return rc;
}

void kg_cronjobs_apply(struct kg_agent *a, const struct kg_task *task)
{
    for (size_t i = 0; i < task->def->n_namespaces; i++) {
        struct kg_applied *c = &a->applied[a->n_applied++];

        *c = (struct kg_applied){.agent = a,
                                 .task = kg_agent_task(a, task),
                                 .task_id = task->id,
                                 .ns = task->def->namespaces[i]};
        kg_kube_req_init(&c->req);
        c->req.data = c;
        kg_deferred_init(&c->failed, on_apply_failed);
        if (apply(c) != KG_OK) {
            kg_defer(a->loop, &c->failed);
        }
    }
}

void kg_cronjobs_close(struct kg_agent *a)
{
    for (size_t i = 0; i < a->n_applied; i++) {
        kg_kube_cancel(&a->applied[i].req);
        kg_deferred_cancel(&a->applied[i].failed);
    }
    kg_free(a->applied);
    a->applied = NULL;
    a->n_applied = 0;
}
