/* SPDX-License-Identifier: MIT */
/* What the API says of Jobs and Pods, in the core's words. */
#include "kubeglean/clock.h"
#include "kubeglean/glean.h"

const char *const kg_job_fields[] = {
    "metadata.uid",
    "metadata.namespace",
    "metadata.name",
    "metadata.labels",
    "metadata.annotations",
    "metadata.ownerReferences",
    "spec.template.spec.containers[*].name",
    "status",
    NULL,
};

const char *const kg_pod_fields[] = {
    "metadata.uid",
    "metadata.namespace",
    "metadata.name",
    "metadata.ownerReferences",
    "spec.nodeName",
    "status.phase",
    "status.reason",
    "status.message",
    "status.conditions",
    "status.initContainerStatuses",
    "status.containerStatuses",
    NULL,
};

static struct kg_str text_at(const struct kg_node *object, const char *path)
{
    return kg_node_str(kg_node_path(object, path));
}

static int64_t time_at(const struct kg_node *object, const char *path)
{
    int64_t us;

    return kg_time_parse(text_at(object, path), &us) ? us : KG_TIME_NONE;
}

static int64_t int_at(const struct kg_node *object, const char *path)
{
    int64_t value;

    return kg_node_int(kg_node_path(object, path), &value) ? value : 0;
}

static const struct kg_node *first_of(const struct kg_node *object,
                                      const char *path)
{
    const struct kg_node *n = kg_node_path(object, path);

    return n != NULL && n->kind == KG_ARRAY ? n->child : NULL;
}

/* The controller's uid, if it is of that kind. */
static struct kg_str owner_uid(const struct kg_node *object, const char *kind)
{
    const struct kg_node *owner = first_of(object, "metadata.ownerReferences");

    for (; owner != NULL; owner = owner->next) {
        if (kg_node_is_true(kg_node_get(owner, "controller")) &&
            kg_str_is(text_at(owner, "kind"), kind)) {
            return text_at(owner, "uid");
        }
    }
    return KG_STR("");
}

/* A name with dots is a member's name, not a path. */
static struct kg_str member_of(const struct kg_node *object, const char *path,
                               const char *name)
{
    return kg_node_str(kg_node_get(kg_node_path(object, path), name));
}

static bool identify(const struct kg_node *object, struct kg_str *uid,
                     struct kg_str *ns, struct kg_str *name)
{
    *uid = text_at(object, "metadata.uid");
    *ns = text_at(object, "metadata.namespace");
    *name = text_at(object, "metadata.name");
    return uid->len > 0 && uid->len < KG_UID_MAX && ns->len > 0 &&
           ns->len < 64 && name->len > 0 && name->len < 254;
}

/* By conditions, not by counters. SuccessCriteriaMet and FailureTarget only
 * announce: Pods may still be at work. */
static void read_condition(const struct kg_node *c, struct kg_job_facts *job)
{
    struct kg_str type = text_at(c, "type");
    bool is_final = kg_str_is(type, "Complete") || kg_str_is(type, "Failed");

    if (kg_str_is(type, "Suspended")) {
        job->suspended = true;
    }
    if (is_final) {
        job->phase =
            kg_str_is(type, "Complete") ? KG_JOB_COMPLETE : KG_JOB_FAILED;
        job->ended_us = time_at(c, "lastTransitionTime");
    }
    if (is_final ||
        (kg_str_is(type, "FailureTarget") && job->phase == KG_JOB_ACTIVE)) {
        job->reason = text_at(c, "reason");
        job->message = text_at(c, "message");
    }
}

static void read_conditions(const struct kg_node *object,
                            struct kg_job_facts *job)
{
    const struct kg_node *c = first_of(object, "status.conditions");

    for (; c != NULL; c = c->next) {
        if (kg_str_is(text_at(c, "status"), "True")) {
            read_condition(c, job);
        }
    }
}

bool kg_job_facts_read(const struct kg_node *object,
                       struct kg_job_facts *ret_facts)
{
    struct kg_job_facts job = {.ended_us = KG_TIME_NONE};
    const struct kg_node *c;

    if (!identify(object, &job.uid, &job.ns, &job.name)) {
        return false;
    }
    job.instance = member_of(object, "metadata.labels", KG_LABEL_INSTANCE);
    job.task = member_of(object, "metadata.labels", KG_LABEL_TASK);
    job.outcome =
        member_of(object, "metadata.annotations", KG_ANNOTATION_ENDED);
    job.owner_uid = owner_uid(object, "CronJob");
    job.n_pods =
        int_at(object, "status.succeeded") + int_at(object, "status.failed");
    read_conditions(object, &job);
    c = first_of(object, "spec.template.spec.containers");
    for (; c != NULL && job.n_containers < KG_FACTS_CONTAINERS_MAX;
         c = c->next) {
        job.containers[job.n_containers++] = text_at(c, "name");
    }
    *ret_facts = job;
    return true;
}

static struct kg_container_facts read_container(const struct kg_node *status)
{
    struct kg_container_facts c = {
        .name = text_at(status, "name"),
        .restart = (uint32_t)int_at(status, "restartCount"),
        .state = KG_CONTAINER_WAITING,
        .started_us = KG_TIME_NONE,
        .finished_us = KG_TIME_NONE,
    };
    const struct kg_node *state = kg_node_path(status, "state.terminated");

    if (state != NULL && text_at(state, "containerID").len == 0) {
        return c; /* Given up with its Pod before it ever ran. */
    }
    if (state != NULL) {
        c.state = KG_CONTAINER_TERMINATED;
        c.exit_code = (int32_t)int_at(state, "exitCode");
        c.finished_us = time_at(state, "finishedAt");
    } else {
        state = kg_node_path(status, "state.running");
        if (state != NULL) {
            c.state = KG_CONTAINER_RUNNING;
        } else {
            state = kg_node_path(status, "state.waiting");
        }
    }
    c.started_us = time_at(state, "startedAt");
    c.reason = text_at(state, "reason");
    c.message = text_at(state, "message");
    return c;
}

/* Why the scheduler finds no node for it. */
static void read_unscheduled(const struct kg_node *object,
                             struct kg_pod_facts *pod)
{
    const struct kg_node *c = first_of(object, "status.conditions");

    for (; c != NULL; c = c->next) {
        if (kg_str_is(text_at(c, "type"), "PodScheduled") &&
            kg_str_is(text_at(c, "status"), "False")) {
            pod->reason = text_at(c, "reason");
            pod->message = text_at(c, "message");
        }
    }
}

static bool has_done_its_part(const struct kg_node *status)
{
    const struct kg_node *ended = kg_node_path(status, "state.terminated");
    int64_t code;

    return kg_node_is_true(kg_node_get(status, "started")) ||
           (kg_node_int(kg_node_get(ended, "exitCode"), &code) && code == 0);
}

/* Init containers run one after the other: the first that has not ended well,
 * or that serves on beside the others. */
static struct kg_container_facts read_init(const struct kg_node *object)
{
    const struct kg_node *c = first_of(object, "status.initContainerStatuses");

    while (c != NULL && has_done_its_part(c)) {
        c = c->next;
    }
    return c != NULL ? read_container(c)
                     : (struct kg_container_facts){.name = KG_STR("")};
}

bool kg_pod_facts_read(const struct kg_node *object,
                       struct kg_pod_facts *ret_facts)
{
    struct kg_pod_facts pod = {0};
    const struct kg_node *c;

    if (!identify(object, &pod.uid, &pod.ns, &pod.name)) {
        return false;
    }
    pod.node = text_at(object, "spec.nodeName");
    pod.job_uid = owner_uid(object, "Job");
    pod.failed = kg_str_is(text_at(object, "status.phase"), "Failed");
    pod.reason = text_at(object, "status.reason");
    pod.message = text_at(object, "status.message");
    if (pod.reason.len == 0) {
        read_unscheduled(object, &pod);
    }
    pod.init = read_init(object);
    c = first_of(object, "status.containerStatuses");
    for (; c != NULL && pod.n_containers < KG_FACTS_CONTAINERS_MAX;
         c = c->next) {
        pod.containers[pod.n_containers++] = read_container(c);
    }
    *ret_facts = pod;
    return true;
}

/* RFC 3339 in UTC sorts as text. */
struct kg_warning_facts kg_warning_facts_read(const struct kg_node *list)
{
    struct kg_warning_facts newest = {.reason = KG_STR("")};
    struct kg_str newest_at = KG_STR("");
    const struct kg_node *event = first_of(list, "items");

    for (; event != NULL; event = event->next) {
        struct kg_str at = text_at(event, "lastTimestamp");

        if (kg_str_is(text_at(event, "type"), "Warning") &&
            kg_str_cmp(at, newest_at) >= 0) {
            newest.reason = text_at(event, "reason");
            newest.message = text_at(event, "message");
            newest_at = at;
        }
    }
    return newest;
}
