/* SPDX-License-Identifier: MIT */
/* A Job from its wish to its end, with each allocation refused in turn: what was
 * not taken up is taken up when it is told again, and nothing leaks. */
#include "kubeglean/glean.h"
#include "kt.h"
#include "kubeglean/limits.h"

static const struct kg_str namespaces[] = {{"a", 1}};
static const struct kg_task_def def = {
    .name = {"krr", 3},
    .profile = {"krr", 3},
    .namespaces = namespaces,
    .n_namespaces = 1,
    .retention = {.delete_complete = true},
};

static const struct kg_job_facts active = {
    .uid = {"u", 1},
    .ns = {"a", 1},
    .name = {"krr-1", 5},
    .instance = {"i", 1},
    .task = {"krr", 3},
    .ended_us = KG_TIME_NONE,
    .containers = {{"c", 1}},
    .n_containers = 1,
};
static const struct kg_pod_facts ended = {
    .uid = {"p", 1},
    .ns = {"a", 1},
    .name = {"krr-1-x", 7},
    .node = {"n", 1},
    .job_uid = {"u", 1},
    .containers = {{.name = {"c", 1},
                    .state = KG_CONTAINER_TERMINATED,
                    .started_us = 0,
                    .finished_us = 1}},
    .n_containers = 1,
};
static const struct kg_read_facts read_one = {.complete = 1};

/* Answers what is asked, at once, and until there is nothing more. */
static bool answer(struct kg_glean *g, const struct kg_action *a,
                   struct kg_event *event)
{
    static const struct kg_job_facts job = {
        .uid = {"made", 4}, .ns = {"a", 1}, .name = {"made", 4}};

    *event = (struct kg_event){.now_us = 10};
    (void)g;
    switch (a->kind) {
    case KG_ACT_CREATE:
        event->kind = KG_EV_CREATED;
        event->job = &job;
        break;
    case KG_ACT_BEGIN:
        event->kind = KG_EV_BEGUN;
        break;
    case KG_ACT_FOLLOW:
        event->kind = KG_EV_LOG_ENDED;
        break;
    case KG_ACT_FINISH:
        event->kind = KG_EV_READ;
        event->read = &read_one;
        break;
    case KG_ACT_RECORD:
        event->kind = KG_EV_RECORDED;
        event->outcome = a->run->outcome;
        break;
    default:
        return false;
    }
    event->id = a->run != NULL ? a->run->id : a->job->id;
    return true;
}

static enum kg_errc step(struct kg_glean *g, struct kg_event event)
{
    struct kg_event answers[32];
    size_t n = 0;
    struct kg_action a;
    enum kg_errc rc;

    event.now_us = 10;
    rc = kg_glean_step(g, &event);
    while (kg_glean_next(g, &a)) {
        assert_in_range(n, 0, KG_COUNT_OF(answers) - 1);
        n += answer(g, &a, &answers[n]) ? 1 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        enum kg_errc later = step(g, answers[i]);

        rc = rc == KG_OK && later == KG_ENOMEM ? later : rc;
    }
    return rc;
}

static enum kg_errc tell_all(struct kg_glean *g)
{
    struct kg_job_facts complete = active;
    const struct kg_event story[] = {
        {.kind = KG_EV_POD, .pod = &ended}, /* Before its Job. */
        {.kind = KG_EV_JOB, .job = &active},
        {.kind = KG_EV_POD, .pod = &ended},
        {.kind = KG_EV_SYNCED},
        {.kind = KG_EV_JOB, .job = &complete},
        {.kind = KG_EV_TIME},
    };
    enum kg_errc rc = KG_OK;

    complete.phase = KG_JOB_COMPLETE;
    complete.n_pods = 1;
    for (size_t i = 0; i < KG_COUNT_OF(story); i++) {
        enum kg_errc one = step(g, story[i]);

        rc = rc == KG_OK ? one : rc;
    }
    return rc;
}

static void live(void *data, bool may_fail)
{
    struct kg_glean_config config = {
        .instance = KG_STR("i"), .n_jobs_max = 10, .n_streams_max = 2};
    struct kg_glean *g = kg_glean_create(&config);
    struct kg_id task;
    enum kg_errc rc = KG_ENOMEM;

    (void)data;
    if (g != NULL) {
        rc = kg_glean_add_task(g, &def, &task);
    }
    if (rc == KG_OK) {
        rc = step(g, (struct kg_event){.kind = KG_EV_WANTED, .id = task});
    }
    if (rc == KG_OK) {
        rc = tell_all(g);
    }
    assert_true(rc == KG_OK || (may_fail && rc == KG_ENOMEM));
    if (!may_fail) {
        assert_int_equal(kg_glean_exit_code(g), 0);
    }
    kg_glean_destroy(g);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(live, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
