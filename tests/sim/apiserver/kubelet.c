/* SPDX-License-Identifier: MIT */
#include "kubelet.h"

#include <stdio.h>

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "logs.h"
#include "notes.h"

enum { KILLED = 137 };

#define NODE_NAME "sim-node"

struct sim_run *sim_run_of(struct sim_object *pod)
{
    struct sim_run *run = pod->state;

    if (run == NULL) {
        run = kg_calloc(1, sizeof(*run));
        KG_REQUIRE(run != NULL);
        run->seen_us = kg_clock_now_us();
        kg_queue_init(&run->readers);
        pod->state = run;
    }
    return run;
}

/* --- what is written of a Pod ------------------------------------------------ */

static void set_condition(struct kg_tree *t, struct kg_node *status,
                          const char *type, bool yes, const char *reason)
{
    struct kg_node *list = sim_member(t, status, "conditions", KG_ARRAY);
    struct kg_node *n = sim_element(list, "type", type);

    if (n == NULL) {
        n = sim_object(t);
        sim_put_text(t, n, "type", type);
        sim_add(list, n);
    }
    sim_put_text(t, n, "status", yes ? "True" : "False");
    if (kg_node_get(n, "lastProbeTime") == NULL) {
        sim_put(t, n, "lastProbeTime", kg_tree_new(t, KG_NULL, KG_STR("null")));
    }
    sim_put_time(t, n, "lastTransitionTime", kg_clock_now_us());
    if (reason != NULL) {
        sim_put_text(t, n, "reason", reason);
    } else {
        kg_node_drop(n, "reason");
    }
}

/* A container's entry; its state is put by the caller. */
static struct kg_node *container_status(struct kg_tree *t, struct kg_node *list,
                                        const struct kg_node *container)
{
    struct kg_str name = kg_node_str(kg_node_get(container, "name"));
    struct kg_node *n = NULL;

    for (n = list->child; n != NULL; n = n->next) {
        if (kg_str_eq(kg_node_str(kg_node_get(n, "name")), name)) {
            return n;
        }
    }
    n = sim_object(t);
    sim_put_str(t, n, "name", name);
    sim_put(t, n, "state", sim_object(t));
    sim_put(t, n, "lastState", sim_object(t));
    sim_put_bool(t, n, "ready", false);
    sim_put_int(t, n, "restartCount", 0);
    sim_put_str(t, n, "image", kg_node_str(kg_node_get(container, "image")));
    sim_put_text(t, n, "imageID", "");
    sim_add(list, n);
    return n;
}

static void put_state(struct kg_tree *t, struct kg_node *entry,
                      const char *kind, struct kg_node *value)
{
    struct kg_node *state = sim_object(t);

    sim_put(t, state, kind, value);
    sim_put(t, entry, "state", state);
}

static void put_waiting(struct kg_tree *t, struct kg_node *list,
                        const struct kg_node *containers, const char *reason)
{
    for (const struct kg_node *c = containers->child; c != NULL; c = c->next) {
        struct kg_node *waiting = sim_object(t);

        sim_put_text(t, waiting, "reason", reason);
        if (strcmp(reason, "ImagePullBackOff") == 0) {
            char text[400];

            (void)snprintf(text, sizeof(text),
                           "Back-off pulling image \"%.*s\"",
                           KG_STR_ARG(kg_node_str(kg_node_get(c, "image"))));
            sim_put_text(t, waiting, "message", text);
        }
        put_state(t, container_status(t, list, c), "waiting", waiting);
    }
}

static void put_all_waiting(struct kg_tree *t, struct kg_node *root,
                            const char *reason)
{
    struct kg_node *status = kg_node_get(root, "status");
    const struct kg_node *inits = kg_node_path(root, "spec.initContainers");

    if (inits != NULL) {
        put_waiting(t, sim_member(t, status, "initContainerStatuses", KG_ARRAY),
                    inits, reason);
    }
    put_waiting(t, sim_member(t, status, "containerStatuses", KG_ARRAY),
                kg_node_path(root, "spec.containers"), reason);
}

/* "containerd://" and 64 hexadecimal digits made of the Pod's uid and name. */
static void put_container_id(struct kg_tree *t, struct kg_node *entry,
                             const struct sim_object *pod)
{
    unsigned long long a = kg_str_hash(pod->now->uid);
    unsigned long long b = kg_str_hash(kg_node_str(kg_node_get(entry, "name")));
    char text[100];

    (void)snprintf(text, sizeof(text),
                   "containerd://%016llx%016llx%016llx%016llx", a, b, a ^ b,
                   a + b);
    sim_put_text(t, entry, "containerID", text);
    sim_put_text(
        t, entry, "imageID",
        "sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000");
}

static void put_entry_running(struct kg_tree *t, struct kg_node *entry,
                              const struct sim_object *pod, int64_t now_us)
{
    struct kg_node *running = sim_object(t);

    sim_put_time(t, running, "startedAt", now_us);
    put_state(t, entry, "running", running);
    put_container_id(t, entry, pod);
}

static void put_running(struct kg_tree *t, struct kg_node *root,
                        const struct sim_object *pod, int64_t now_us)
{
    struct kg_node *status = kg_node_get(root, "status");
    struct kg_node *list = kg_node_get(status, "containerStatuses");

    sim_put_text(t, status, "phase", "Running");
    sim_put_text(t, status, "podIP", "10.1.2.3");
    set_condition(t, status, "Ready", true, NULL);
    set_condition(t, status, "ContainersReady", true, NULL);
    for (struct kg_node *n = list->child; n != NULL; n = n->next) {
        put_entry_running(t, n, pod, now_us);
        sim_put_bool(t, n, "ready", true);
        sim_put_bool(t, n, "started", true);
    }
}

static void put_terminated(struct kg_tree *t, struct kg_node *entry,
                           const struct sim_stint *stint, int64_t code,
                           const char *reason)
{
    struct kg_node *terminated = sim_object(t);
    struct kg_str id = kg_node_str(kg_node_get(entry, "containerID"));

    sim_put_int(t, terminated, "exitCode", code);
    sim_put_text(t, terminated, "reason", reason);
    if (stint->started_us != 0) {
        sim_put_time(t, terminated, "startedAt", stint->started_us);
        sim_put_time(t, terminated, "finishedAt", stint->ended_us);
    }
    if (id.len > 0) {
        sim_put_str(t, terminated, "containerID", id);
    }
    put_state(t, entry, "terminated", terminated);
    sim_put_bool(t, entry, "ready", false);
    sim_put_bool(t, entry, "started", false);
}

static void put_ended(struct kg_tree *t, struct kg_node *root,
                      const struct sim_run *run, int64_t code,
                      const char *reason)
{
    struct kg_node *status = kg_node_get(root, "status");
    struct kg_node *list = sim_member(t, status, "containerStatuses", KG_ARRAY);
    const char *because = code == 0 ? "PodCompleted" : NULL;

    sim_put_text(t, status, "phase", code == 0 ? "Succeeded" : "Failed");
    set_condition(t, status, "Ready", false, because);
    set_condition(t, status, "ContainersReady", false, because);
    if (strcmp(reason, "Evicted") == 0) {
        sim_put_text(t, status, "reason", reason);
        sim_put_text(t, status, "message",
                     "The node was low on resource: memory. ");
    }
    for (struct kg_node *n = list->child; n != NULL; n = n->next) {
        put_terminated(t, n, &run->main, code, reason);
    }
}

/* --- its steps ---------------------------------------------------------------- */

static void bind_to_node(struct sim_object *pod, struct kg_tree *t)
{
    struct kg_node *status = kg_node_get(t->root, "status");
    struct kg_str note = sim_note(t->root, "unschedulable");

    if (note.len > 0) {
        if (kg_node_get(status, "conditions") == NULL) {
            set_condition(t, status, "PodScheduled", false, "Unschedulable");
            (void)sim_store_update(pod, t, t->root);
        }
        return;
    }
    sim_put_text(t, sim_member(t, t->root, "spec", KG_OBJECT), "nodeName",
                 NODE_NAME);
    set_condition(t, status, "PodScheduled", true, NULL);
    (void)sim_store_update(pod, t, t->root);
}

/* What its containers wait for when it is first seen. Today's recorded kubelet
 * says at once what will keep them waiting. */
static const char *first_reason(struct sim *sim, const struct kg_node *root)
{
    struct kg_str told = sim_note(root, "waiting-reason");

    if (sim->config.modern && kg_str_is(told, "ImagePullBackOff")) {
        return "ImagePullBackOff";
    }
    return kg_node_path(root, "spec.initContainers") != NULL
               ? "PodInitializing"
               : "ContainerCreating";
}

static void see(struct sim *sim, struct sim_object *pod, struct kg_tree *t)
{
    struct kg_node *status = kg_node_get(t->root, "status");

    sim_put_text(t, status, "hostIP", "127.0.0.1");
    sim_put_time(t, status, "startTime", kg_clock_now_us());
    set_condition(t, status, "Initialized", true, NULL);
    set_condition(t, status, "Ready", false, "ContainersNotReady");
    set_condition(t, status, "ContainersReady", false, "ContainersNotReady");
    put_all_waiting(t, t->root, first_reason(sim, t->root));
    (void)sim_store_update(pod, t, t->root);
}

/* An image that cannot be pulled: on 1.20 tried first, then backed off. */
static void wait_on(struct sim *sim, struct sim_object *pod, struct kg_tree *t,
                    struct kg_str reason)
{
    struct sim_run *run = sim_run_of(pod);
    char text[64];

    (void)snprintf(text, sizeof(text), "%.*s", KG_STR_ARG(reason));
    if (strcmp(text, "ImagePullBackOff") == 0 && !sim->config.modern &&
        run->n_pulls == 0) {
        put_all_waiting(t, t->root, "ErrImagePull");
    } else {
        put_all_waiting(t, t->root, text);
    }
    run->n_pulls++;
    (void)sim_store_update(pod, t, t->root);
}

/* Of "1,4" the one for this attempt, the last one for the rest. */
static struct kg_str of_attempt(struct kg_str list, unsigned n_restarts)
{
    struct kg_str one = kg_str_cut(&list, ',');

    for (; n_restarts > 0 && list.ptr != NULL; n_restarts--) {
        one = kg_str_cut(&list, ',');
    }
    return one;
}

static uint64_t planned_run_us(struct sim *sim, const struct kg_node *root,
                               unsigned n_restarts)
{
    uint64_t run_us =
        sim_seconds_us(of_attempt(sim_note(root, "run-seconds"), n_restarts),
                       sim->config.run_ms * 1000);
    uint64_t log_us = sim_log_span_us(sim, root);

    if (sim_note(root, "never-ends").len > 0) {
        return UINT64_MAX;
    }
    return run_us > log_us ? run_us : log_us;
}

static void start(struct sim *sim, struct sim_object *pod, struct kg_tree *t)
{
    struct sim_run *run = sim_run_of(pod);

    run->main = (struct sim_stint){
        .started_us = kg_clock_now_us(),
        .run_us = planned_run_us(sim, t->root, run->n_restarts)};
    put_running(t, t->root, pod, run->main.started_us);
    (void)sim_store_update(pod, t, t->root);
}

static void end(struct sim_object *pod, struct kg_tree *t, int64_t code,
                const char *reason)
{
    struct sim_run *run = sim_run_of(pod);

    run->main.ended_us = kg_clock_now_us();
    put_ended(t, t->root, run, code, reason);
    (void)sim_store_update(pod, t, t->root);
    sim_logs_wake(run);
}

/* In place: what ended becomes the state of before. */
static void restart(struct sim *sim, struct sim_object *pod, struct kg_tree *t,
                    int64_t code)
{
    struct sim_run *run = sim_run_of(pod);
    struct kg_node *list = kg_node_path(t->root, "status.containerStatuses");

    run->main.ended_us = kg_clock_now_us();
    sim_logs_gone(run);
    run->before = run->main;
    run->n_restarts++;
    for (struct kg_node *n = list->child; n != NULL; n = n->next) {
        put_terminated(t, n, &run->before, code, "Error");
        sim_put(t, n, "lastState", sim_copy(t, kg_node_get(n, "state")));
        sim_put_int(t, n, "restartCount", run->n_restarts);
    }
    start(sim, pod, t);
}

static void end_as_told(struct sim *sim, struct sim_object *pod,
                        struct kg_tree *t)
{
    struct kg_str policy =
        kg_node_str(kg_node_path(t->root, "spec.restartPolicy"));
    struct kg_str reason = sim_note(t->root, "reason");
    uint64_t code = 0;
    char text[64];

    if (!kg_str_to_u64(of_attempt(sim_note(t->root, "exit-code"),
                                  sim_run_of(pod)->n_restarts),
                       &code)) {
        code = 0;
    }
    if (code != 0 && kg_str_is(policy, "OnFailure")) {
        restart(sim, pod, t, (int64_t)code);
        return;
    }
    (void)snprintf(text, sizeof(text), "%.*s", KG_STR_ARG(reason));
    if (reason.len == 0) {
        end(pod, t, (int64_t)code, code == 0 ? "Completed" : "Error");
    } else {
        end(pod, t,
            code == 0 && strcmp(text, "OOMKilled") == 0 ? KILLED
                                                        : (int64_t)code,
            text);
    }
}

/* The init container whose turn it is, one step further. */
static void step_init(struct sim *sim, struct sim_object *pod,
                      struct kg_tree *t, struct kg_node *entry)
{
    struct sim_run *run = sim_run_of(pod);
    struct sim_stint *stint = &run->inits[run->n_inits_done];
    int64_t now_us = kg_clock_now_us();
    uint64_t age_us = (uint64_t)(now_us - stint->started_us);

    if (stint->started_us == 0) {
        stint->started_us = now_us;
        stint->run_us = planned_run_us(sim, t->root, 0);
        put_entry_running(t, entry, pod, now_us);
    } else if (age_us < stint->run_us) {
        sim_store_look_in(pod, (stint->run_us - age_us) / 1000 + 1);
        return;
    } else {
        stint->ended_us = now_us;
        run->n_inits_done++;
        put_terminated(t, entry, stint, 0, "Completed");
        sim_put_bool(t, entry, "ready", true);
        sim_logs_wake(run);
    }
    (void)sim_store_update(pod, t, t->root);
}

/* Its status entry; NULL: all are done. */
static struct kg_node *present_init(const struct sim_run *run,
                                    const struct kg_node *root)
{
    const struct kg_node *list =
        kg_node_path(root, "status.initContainerStatuses");
    struct kg_node *n = list != NULL ? list->child : NULL;

    for (unsigned i = 0; n != NULL && i < run->n_inits_done; i++) {
        n = n->next;
    }
    return run->n_inits_done < SIM_INITS_MAX ? n : NULL;
}

/* What is told to go is killed, then let go of. */
static void put_away(struct sim_object *pod, struct kg_tree *t, bool ended)
{
    if (!ended) {
        end(pod, t, KILLED,
            sim_run_of(pod)->main.started_us != 0 ? "Error"
                                                  : "ContainerStatusUnknown");
        return;
    }
    sim_put_int(t, kg_node_get(t->root, "metadata"),
                "deletionGracePeriodSeconds", 0);
    (void)sim_store_update(pod, t, t->root);
}

static void create(struct sim *sim, struct sim_object *pod, struct kg_tree *t)
{
    struct sim_run *run = sim_run_of(pod);
    struct kg_str reason = sim_note(t->root, "waiting-reason");
    uint64_t pending_us =
        sim_note_us(t->root, "pending-seconds", sim->config.pending_ms * 1000);
    uint64_t age_us = (uint64_t)(kg_clock_now_us() - run->seen_us);

    if (reason.len > 0) {
        wait_on(sim, pod, t, reason);
    } else if (age_us < pending_us) {
        sim_store_look_in(pod, (pending_us - age_us) / 1000 + 1);
    } else if (present_init(run, t->root) != NULL) {
        step_init(sim, pod, t, present_init(run, t->root));
    } else {
        start(sim, pod, t);
    }
}

static void go_on(struct sim *sim, struct sim_object *pod, struct kg_tree *t)
{
    struct sim_stint *stint = &sim_run_of(pod)->main;
    uint64_t age_us = (uint64_t)(kg_clock_now_us() - stint->started_us);

    if (stint->run_us == UINT64_MAX) {
        return;
    }
    if (age_us < stint->run_us) {
        sim_store_look_in(pod, (stint->run_us - age_us) / 1000 + 1);
    } else {
        end_as_told(sim, pod, t);
    }
}

void sim_kubelet_look(struct sim *sim, struct sim_object *pod)
{
    struct sim_run *run = sim_run_of(pod);
    struct kg_str phase = pod->now->phase;
    bool ended = kg_str_is(phase, "Succeeded") || kg_str_is(phase, "Failed");
    struct kg_tree t;

    sim_store_open(pod, &t);
    if (pod->leaving) {
        put_away(pod, &t, ended);
    } else if (pod->now->node.len == 0) {
        bind_to_node(pod, &t);
    } else if (kg_node_path(t.root, "status.containerStatuses") == NULL) {
        see(sim, pod, &t);
    } else if (kg_str_is(phase, "Pending")) {
        create(sim, pod, &t);
    } else if (!ended && run->main.started_us != 0) {
        go_on(sim, pod, &t);
    }
    kg_tree_finish(&t);
}

void sim_kubelet_gone(struct sim_object *pod)
{
    struct sim_run *run = pod->state;

    if (run == NULL) {
        return;
    }
    if (run->main.ended_us == 0) {
        run->main.ended_us = kg_clock_now_us();
    }
    sim_logs_gone(run);
}
