/* SPDX-License-Identifier: MIT */
/* The core among random events in random order, told twice, lost and late.
 * Whatever comes: nothing is deleted or marked before each of its runs is in
 * the ledger, each run is settled once and its log closed once, no action
 * speaks of what is no more, and in the end everything is put away. */
#include <stdio.h>

#include "kubeglean/clock.h"
#include "sim.h"

enum { ROUNDS = 2000, STEPS = 150, PODS_MAX = 48 };

struct pod {
    char job[80], name[80];
    bool ended, gone;
    uint32_t restart;
};

static struct pod pods[PODS_MAX];
static size_t n_pods;
static struct kg_random rnd;

static bool maybe(unsigned one_in)
{
    return kg_random_below(&rnd, one_in) == 0;
}

static bool is_put_away(const struct kg_job *job)
{
    return job->sm.state >= KG_JOB_KEPT || job->sm.state == KG_JOB_FOREIGN;
}

static void expect_stored(const struct kg_job *job)
{
    struct kg_queue *node;

    assert_true(job->n_runs > 0 || job->outcome == KG_RUNNING);
    kg_queue_foreach (node, &job->runs) {
        const struct kg_run *run =
            KG_CONTAINER_OF(node, struct kg_run, job_node);

        assert_int_equal(run->sm.state, KG_RUN_SETTLED);
        assert_int_not_equal(run->outcome, KG_RUNNING);
    }
}

/* `data` of a run counts what was asked of it. */
enum { OPENED = 1, FINISHED = 2, RECORDED = 4, CLOSED = 8 };

static void mark(struct kg_run *run, uintptr_t bit, uintptr_t never_after)
{
    uintptr_t marks = (uintptr_t)run->data;

    assert_int_equal(marks & never_after, 0);
    run->data = (void *)(marks | bit);
}

static void check(struct sim *s, const struct kg_action *a)
{
    if (a->run != NULL) {
        assert_ptr_equal(kg_glean_run(s->g, a->run->id), a->run);
    }
    if (a->job != NULL && a->kind != KG_ACT_FORGET) {
        assert_ptr_equal(kg_glean_job(s->g, a->job->id), a->job);
    }
    switch (a->kind) {
    case KG_ACT_FOLLOW:
        mark(a->run, OPENED, OPENED | FINISHED | CLOSED);
        break;
    case KG_ACT_RESUME:
        assert_true((uintptr_t)a->run->data & OPENED);
        mark(a->run, OPENED, FINISHED | CLOSED);
        break;
    case KG_ACT_FINISH:
        mark(a->run, FINISHED, FINISHED | CLOSED);
        break;
    case KG_ACT_RECORD:
        mark(a->run, RECORDED, RECORDED | CLOSED);
        break;
    case KG_ACT_CLOSE:
        mark(a->run, CLOSED, CLOSED);
        break;
    case KG_ACT_DELETE:
    case KG_ACT_ANNOTATE:
        if (a->job->n_runs > 0) { /* Else it was annotated before us. */
            expect_stored(a->job);
        }
        break;
    default:
        break;
    }
}

static struct pod *make_pod(struct sim *s)
{
    struct sim_job *job = &s->jobs[kg_random_below(&rnd, s->n_jobs)];
    struct pod *pod = &pods[n_pods];

    if (n_pods == PODS_MAX || !job->exists || job->phase != KG_JOB_ACTIVE) {
        return n_pods > 0 ? &pods[kg_random_below(&rnd, n_pods)] : NULL;
    }
    *pod = (struct pod){.ended = false};
    (void)snprintf(pod->job, sizeof(pod->job), "%s/%s", job->ns, job->name);
    (void)snprintf(pod->name, sizeof(pod->name), "pod-%zu", n_pods++);
    return pod;
}

static void tell_pod(struct sim *s, struct pod *pod)
{
    struct sim_pod p = {.job = pod->job, .name = pod->name};

    if (pod->gone) {
        return;
    }
    pod->ended = pod->ended || maybe(3);
    pod->restart += !pod->ended && maybe(8) ? 1 : 0;
    p.restart = pod->restart;
    p.state = pod->ended ? KG_CONTAINER_TERMINATED
              : maybe(3) ? KG_CONTAINER_WAITING
                         : KG_CONTAINER_RUNNING;
    p.exit_code = maybe(4) ? 1 : 0;
    p.failed = maybe(10);
    p.reason = maybe(4) ? "ImagePullBackOff" : "";
    p.init_reason = maybe(8) ? "ErrImagePull" : NULL;
    sim_pod(s, &p);
}

static struct kg_run *any_run(struct sim *s)
{
    struct kg_run *found = NULL;

    for (struct kg_job *job = kg_glean_next_job(s->g, NULL); job != NULL;
         job = kg_glean_next_job(s->g, job)) {
        struct kg_queue *node;

        kg_queue_foreach (node, &job->runs) {
            if (found == NULL || maybe(4)) {
                found = KG_CONTAINER_OF(node, struct kg_run, job_node);
            }
        }
    }
    return found;
}

static void step_run(struct sim *s)
{
    struct kg_run *run = any_run(s);
    struct kg_stored_facts stored = {
        .rows = 1, .outcome = maybe(5) ? KG_SUPERSEDED : KG_COMPLETE};
    struct kg_error e = {.code = KG_ESCHEMA, .text = "no"};
    struct kg_event event = {.id = run != NULL ? run->id : (struct kg_id){0, 0},
                             .kind = KG_EV_LOG_ENDED,
                             .end = KG_LOG_EOF};

    if (run == NULL) {
        return;
    }
    if (maybe(3)) {
        event.end = (enum kg_log_end)kg_random_below(&rnd, KG_LOG_LIMIT + 1);
    }
    if (run->n_open > 0 && maybe(2)) {
        event.kind = KG_EV_STORED;
        event.stored = &stored;
        event.error = maybe(10) ? &e : NULL;
    } else if (run->sm.state == KG_RUN_FOLLOWING && maybe(2)) {
        event.kind = KG_EV_REPORT;
    }
    (void)sim_event(s, event);
}

static void step_cluster(struct sim *s)
{
    struct sim_job *job = &s->jobs[kg_random_below(&rnd, s->n_jobs)];
    char path[100];

    (void)snprintf(path, sizeof(path), "%s/%s", job->ns, job->name);
    if (!job->exists) {
        return;
    }
    if (maybe(10)) {
        sim_job_gone(s, path);
    } else if (maybe(4) && job->phase == KG_JOB_ACTIVE) {
        job->n_pods = (int64_t)kg_random_below(&rnd, 3);
        sim_job_ends(s, path, maybe(3) ? KG_JOB_FAILED : KG_JOB_COMPLETE, "");
    } else {
        job->suspended = maybe(4);
        job->warning = maybe(3) ? "exceeded quota" : NULL;
        sim_job_told(s, job);
    }
}

static void step_trouble(struct sim *s)
{
    static const enum kg_action_kind answers[] = {
        KG_ACT_CREATE, KG_ACT_LOOK,  KG_ACT_COUNT,  KG_ACT_ANNOTATE,
        KG_ACT_DELETE, KG_ACT_BEGIN, KG_ACT_FINISH, KG_ACT_RECORD,
        KG_ACT_ASK,    KG_ACT_WONDER};
    enum kg_action_kind act =
        answers[kg_random_below(&rnd, KG_COUNT_OF(answers))];

    if (maybe(2)) {
        sim_hold(s, act);
    } else {
        s->fails[act] = maybe(3)   ? KG_OK
                        : maybe(4) ? KG_EFORBIDDEN
                                   : KG_ESERVER;
        if (act == KG_ACT_FINISH || act == KG_ACT_ASK) {
            s->fails[act] = KG_OK;
        }
        sim_release(s, act);
    }
}

static void step(struct sim *s)
{
    struct pod *pod;

    switch (kg_random_below(&rnd, 8)) {
    case 0:
        s->now_us += 1000; /* Another name. */
        (void)sim_want(s, "krr", 1 + kg_random_below(&rnd, 1000));
        break;
    case 1:
    case 2:
        pod = s->n_jobs > 0 ? make_pod(s) : NULL;
        if (pod != NULL && maybe(8)) {
            pod->gone = true;
            sim_pod_gone(s, pod->name);
        } else if (pod != NULL) {
            tell_pod(s, pod);
        }
        break;
    case 3:
    case 4:
        step_run(s);
        break;
    case 5:
        if (s->n_jobs > 0) {
            step_cluster(s);
        }
        break;
    case 6:
        step_trouble(s);
        break;
    default:
        sim_elapse(s, (int)kg_random_below(&rnd, 40));
        break;
    }
}

static void end_log(struct sim *s, struct kg_id id)
{
    struct kg_run *run = kg_glean_run(s->g, id);

    while (run != NULL && run->n_open > 0) {
        struct kg_stored_facts stored = {.rows = 1};

        (void)sim_event(s, (struct kg_event){.kind = KG_EV_STORED,
                                             .id = id,
                                             .stored = &stored});
        run = kg_glean_run(s->g, id);
    }
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_LOG_ENDED, .id = id});
}

static void end_logs(struct sim *s)
{
    struct kg_id ids[200];
    size_t n = 0;

    for (struct kg_job *job = kg_glean_next_job(s->g, NULL); job != NULL;
         job = kg_glean_next_job(s->g, job)) {
        struct kg_queue *node;

        kg_queue_foreach (node, &job->runs) {
            assert_in_range(n, 0, KG_COUNT_OF(ids) - 1);
            ids[n++] = KG_CONTAINER_OF(node, struct kg_run, job_node)->id;
        }
    }
    while (n > 0) {
        end_log(s, ids[--n]);
    }
}

/* Peace: what was held is answered, every log and every Job ends. */
static void end_all(struct sim *s)
{
    memset(s->fails, 0, sizeof(s->fails));
    for (unsigned act = 0; act < 32; act++) {
        sim_release(s, (enum kg_action_kind)act);
    }
    for (unsigned i = 0; i < 20; i++) {
        for (size_t n = 0; n < s->n_jobs; n++) {
            if (s->jobs[n].exists) {
                s->jobs[n].phase = s->jobs[n].phase == KG_JOB_ACTIVE
                                       ? KG_JOB_COMPLETE
                                       : s->jobs[n].phase;
                sim_job_told(s, &s->jobs[n]);
            }
        }
        for (size_t n = 0; n < n_pods; n++) {
            pods[n].ended = true;
            tell_pod(s, &pods[n]);
        }
        end_logs(s);
        for (size_t n = 0; n < n_pods; n++) {
            if (!sim_job_at(s, pods[n].job)->exists) {
                sim_pod_gone(s, pods[n].name);
            }
        }
        sim_elapse(s, 60);
    }
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_SYNCED});
}

static const struct kg_task_def def = {
    .name = {"krr", 3},
    .profile = {"krr", 3},
    .namespaces = sim_namespaces,
    .n_namespaces = KG_COUNT_OF(sim_namespaces),
    .retention = {.delete_complete = true, .keep_hours = 1},
};

static void live_through(uint64_t seed)
{
    struct sim s;

    kg_random_init(&rnd, seed);
    n_pods = 0;
    sim_setup(&s, &(struct kg_glean_config){.n_streams_max = 2}, &def, 1);
    s.quiet = true;
    s.on_action = check;
    sim_start(&s);
    for (unsigned i = 0; i < STEPS && s.n_jobs + 4 < SIM_JOBS_MAX; i++) {
        step(&s);
    }
    end_all(&s);
    for (struct kg_job *job = kg_glean_next_job(s.g, NULL); job != NULL;
         job = kg_glean_next_job(s.g, job)) {
        if (!is_put_away(job)) {
            fail_msg("seed %u: %s is %s", (unsigned)seed, job->path,
                     kg_sm_name(&job->sm));
        }
    }
    sim_teardown(&s);
}

static void nothing_is_deleted_before_it_is_stored(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        live_through(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_deleted_before_it_is_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
