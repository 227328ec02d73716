/* SPDX-License-Identifier: MIT */
/* What objects of the API become, and what we send it. */
#include <stdio.h>

#include "kt.h"
#include "kubeglean/glean.h"
#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

static struct kg_node *parse(struct kg_tree *t, const char *text)
{
    struct kg_node *root;
    struct kg_error e;

    kg_tree_init(t, KG_LIMIT_TREE);
    assert_int_equal(kg_yaml_parse_one(kg_str_from(text), "test", t, &root, &e),
                     KG_OK);
    return root;
}

#define META "metadata: {uid: u-1, namespace: a, name: krr"

static struct kg_job_facts job_of(struct kg_tree *t, const char *text)
{
    struct kg_job_facts facts;

    assert_true(kg_job_facts_read(parse(t, text), &facts));
    return facts;
}

static void job_is_known_by_labels_owner_and_template(void **state)
{
    struct kg_tree t;
    struct kg_job_facts job = job_of(
        &t, META ", labels: {kubeglean.io/instance: i, kubeglean.io/task: t},"
                 " annotations: {kubeglean.io/outcome: complete},"
                 " ownerReferences: [{kind: Other, uid: o, controller: true},"
                 " {kind: CronJob, uid: n}, {kind: CronJob, uid: c,"
                 " controller: true}]}\n"
                 "spec: {template: {spec: {containers: [{name: x},"
                 " {name: y}]}}}\n"
                 "status: {succeeded: 1, failed: 2}\n");

    (void)state;
    kt_assert_str(job.uid, "u-1");
    kt_assert_str(job.instance, "i");
    kt_assert_str(job.task, "t");
    kt_assert_str(job.outcome, "complete");
    kt_assert_str(job.owner_uid, "c");
    assert_int_equal(job.n_containers, 2);
    kt_assert_str(job.containers[0], "x");
    assert_int_equal(job.n_pods, 3);
    assert_int_equal(job.phase, KG_JOB_ACTIVE);
    kg_tree_finish(&t);
}

static void only_final_conditions_that_are_true_end_a_job(void **state)
{
    static const struct {
        const char *conditions;
        enum kg_job_phase phase;
    } cases[] = {
        {"[]", KG_JOB_ACTIVE},
        {"[{type: SuccessCriteriaMet, status: 'True'}]", KG_JOB_ACTIVE},
        {"[{type: FailureTarget, status: 'True'}]", KG_JOB_ACTIVE},
        {"[{type: Suspended, status: 'True'}]", KG_JOB_ACTIVE},
        {"[{type: Complete, status: 'False'}]", KG_JOB_ACTIVE},
        {"[{type: SuccessCriteriaMet, status: 'True'},"
         " {type: Complete, status: 'True'}]",
         KG_JOB_COMPLETE},
        {"[{type: Failed, status: 'True', reason: DeadlineExceeded,"
         " lastTransitionTime: '2026-11-22T10:00:00Z'}]",
         KG_JOB_FAILED},
        {"[{type: Failed, status: 'True', reason: DeadlineExceeded,"
         " lastTransitionTime: '2026-11-22T10:00:00Z'},"
         " {type: FailureTarget, status: 'True', reason: Other}]",
         KG_JOB_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        char text[400];
        struct kg_tree t;
        struct kg_job_facts job;

        (void)snprintf(text, sizeof(text), META "}\nstatus: {conditions: %s}\n",
                       cases[i].conditions);
        job = job_of(&t, text);
        assert_int_equal(job.phase, cases[i].phase);
        if (job.phase == KG_JOB_FAILED) {
            kt_assert_str(job.reason, "DeadlineExceeded");
            assert_int_not_equal(job.ended_us, KG_TIME_NONE);
        }
        kg_tree_finish(&t);
    }
}

static void what_a_job_announces_is_known_before_its_end(void **state)
{
    struct kg_tree t;
    struct kg_job_facts job =
        job_of(&t, META "}\nstatus: {conditions: ["
                        "{type: Suspended, status: 'False'},"
                        "{type: FailureTarget, status: 'True',"
                        " reason: PodFailurePolicy, message: exit 42}]}\n");

    (void)state;
    assert_int_equal(job.phase, KG_JOB_ACTIVE);
    assert_false(job.suspended);
    kt_assert_str(job.reason, "PodFailurePolicy");
    kt_assert_str(job.message, "exit 42");
    kg_tree_finish(&t);
    job = job_of(&t, META "}\nstatus: {conditions: ["
                          "{type: Suspended, status: 'True'}]}\n");
    assert_true(job.suspended);
    kg_tree_finish(&t);
}

static void the_newest_warning_counts(void **state)
{
    struct kg_tree t;
    struct kg_warning_facts warning = kg_warning_facts_read(
        parse(&t, "items:\n"
                  "- {type: Warning, reason: FailedCreate, message: new,"
                  " lastTimestamp: '2026-11-22T10:00:09Z'}\n"
                  "- {type: Warning, reason: FailedCreate, message: old,"
                  " lastTimestamp: '2026-11-22T10:00:01Z'}\n"
                  "- {type: Normal, reason: Suspended,"
                  " lastTimestamp: '2026-11-22T10:00:10Z'}\n"));

    (void)state;
    kt_assert_str(warning.reason, "FailedCreate");
    kt_assert_str(warning.message, "new");
    kg_tree_finish(&t);
    assert_int_equal(kg_warning_facts_read(parse(&t, "items: []")).reason.len,
                     0);
    kg_tree_finish(&t);
    assert_int_equal(kg_warning_facts_read(NULL).reason.len, 0);
}

static void the_first_init_container_that_has_not_done_its_part_counts(
    void **state)
{
    static const struct {
        const char *statuses, *name, *reason;
    } cases[] = {
        {"[]", "", ""},
        {"[{name: a, state: {terminated: {exitCode: 0, containerID: x}}},"
         " {name: b, state: {waiting: {reason: ErrImagePull}}}]",
         "b", "ErrImagePull"},
        {"[{name: a, state: {terminated: {exitCode: 1, reason: Error,"
         " containerID: x}}}]",
         "a", "Error"},
        {"[{name: a, started: true, state: {running: {}}},"
         " {name: b, state: {terminated: {exitCode: 0, containerID: x}}}]",
         "", ""},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        char text[400];
        struct kg_tree t;
        struct kg_pod_facts pod;

        (void)snprintf(text, sizeof(text),
                       META "}\nstatus: {initContainerStatuses: %s}\n",
                       cases[i].statuses);
        assert_true(kg_pod_facts_read(parse(&t, text), &pod));
        kt_assert_str(pod.init.name, cases[i].name);
        kt_assert_str(pod.init.reason, cases[i].reason);
        kg_tree_finish(&t);
    }
}

#define LONG_UID                                                               \
    "metadata: {uid: 0123456789012345678901234567890123456789, namespace: a, " \
    "name: b}"

static void object_without_an_identity_is_refused(void **state)
{
    static const char *const texts[] = {
        "{}",
        "metadata: {uid: u, namespace: a}",
        "metadata: {uid: u, name: a}",
        "metadata: {namespace: a, name: b}",
        "metadata: {uid: [u], namespace: a, name: b}",
        LONG_UID,
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        struct kg_tree t;
        struct kg_job_facts job;
        struct kg_pod_facts pod;
        struct kg_node *object = parse(&t, texts[i]);

        assert_false(kg_job_facts_read(object, &job));
        assert_false(kg_pod_facts_read(object, &pod));
        kg_tree_finish(&t);
    }
}

static struct kg_container_facts container_of(const char *status)
{
    char text[600];
    struct kg_tree t;
    struct kg_pod_facts pod;

    (void)snprintf(text, sizeof(text),
                   META "}\nstatus: {containerStatuses: [{name: c, %s}]}\n",
                   status);
    assert_true(kg_pod_facts_read(parse(&t, text), &pod));
    assert_int_equal(pod.n_containers, 1);
    kg_tree_finish(&t);
    pod.containers[0].name = kg_str_of(NULL, 0); /* Borrowed texts are gone. */
    pod.containers[0].reason = kg_str_of(NULL, 0);
    pod.containers[0].message = kg_str_of(NULL, 0);
    return pod.containers[0];
}

static void container_has_one_of_three_states(void **state)
{
    struct kg_container_facts c;

    (void)state;
    c = container_of("state: {waiting: {reason: ErrImagePull}}");
    assert_int_equal(c.state, KG_CONTAINER_WAITING);
    c = container_of("restartCount: 2, state: {running: {startedAt: "
                     "'2026-11-22T10:00:00Z'}}");
    assert_int_equal(c.state, KG_CONTAINER_RUNNING);
    assert_int_equal(c.restart, 2);
    assert_int_not_equal(c.started_us, KG_TIME_NONE);
    c = container_of("state: {terminated: {exitCode: 137, containerID: "
                     "'containerd://1', finishedAt: '2026-11-22T10:00:00Z'}}");
    assert_int_equal(c.state, KG_CONTAINER_TERMINATED);
    assert_int_equal(c.exit_code, 137);
    assert_int_not_equal(c.finished_us, KG_TIME_NONE);
    c = container_of("state: {}");
    assert_int_equal(c.state, KG_CONTAINER_WAITING);
}

static void container_that_never_had_an_id_never_ran(void **state)
{
    (void)state;
    assert_int_equal(container_of("state: {terminated: {exitCode: 137, reason: "
                                  "ContainerStatusUnknown}}")
                         .state,
                     KG_CONTAINER_WAITING);
}

static void pod_tells_why_no_node_takes_it(void **state)
{
    struct kg_tree t;
    struct kg_pod_facts pod;

    (void)state;
    assert_true(kg_pod_facts_read(
        parse(&t, META ", ownerReferences: [{kind: Job, uid: j, controller: "
                       "true}]}\n"
                       "status: {phase: Pending, conditions: [{type: "
                       "PodScheduled, status: 'False', reason: Unschedulable,"
                       " message: no node}]}\n"),
        &pod));
    kt_assert_str(pod.job_uid, "j");
    kt_assert_str(pod.reason, "Unschedulable");
    kt_assert_str(pod.message, "no node");
    assert_false(pod.failed);
    kg_tree_finish(&t);
}

/* --- manifests -------------------------------------------------------------- */

static const struct kg_task_def def = {.name = {"krr", 3},
                                       .profile = {"krr", 3}};

static void expect_json(const struct kg_node *object, const char *want)
{
    struct kg_buf out;

    assert_non_null(object);
    kg_buf_init(&out, (size_t)64 * 1024);
    assert_int_equal(kg_node_json(object, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), want);
    kg_buf_finish(&out);
}

#define LABELS                                                        \
    "{\"kubeglean.io/instance\":\"i\",\"kubeglean.io/task\":\"krr\"," \
    "\"kubeglean.io/profile\":\"krr\"}"

static void manifest_has_our_labels_and_defaults(void **state)
{
    struct kg_tree spec, t;
    struct kg_manifest m = {
        .def = &def,
        .instance = KG_STR("i"),
        .ns = KG_STR("a"),
        .name = KG_STR("krr-1"),
        .timeout_s = 60,
    };

    (void)state;
    m.spec = parse(&spec, "template: {spec: {containers: [{name: c}]}}");
    kg_tree_init(&t, KG_LIMIT_TREE);
    expect_json(
        kg_manifest_job(&t, &m),
        "{\"kind\":\"Job\",\"metadata\":{\"name\":\"krr-1\",\"namespace\":"
        "\"a\",\"labels\":" LABELS "},\"spec\":{\"template\":{\"spec\":{"
        "\"containers\":[{\"name\":\"c\"}],\"restartPolicy\":\"Never\"},"
        "\"metadata\":{\"labels\":" LABELS "}},\"backoffLimit\":0,"
        "\"activeDeadlineSeconds\":60}}");
    kg_tree_finish(&t);
    kg_tree_finish(&spec);
}

static void manifest_keeps_what_the_task_says(void **state)
{
    struct kg_tree spec, t;
    struct kg_manifest m = {
        .def = &def,
        .instance = KG_STR("i"),
        .ns = KG_STR("a"),
        .name = KG_STR("krr"),
        .schedule = KG_STR("0 3 * * *"),
        .n_keep_successful = 1,
        .n_keep_failed = 3,
    };

    (void)state;
    m.spec = parse(&spec, "backoffLimit: 2\n"
                          "template:\n"
                          "  metadata: {labels: {app: x}}\n"
                          "  spec: {restartPolicy: OnFailure,\n"
                          "    serviceAccountName: krr, containers: [{\n"
                          "    name: c, imagePullPolicy: IfNotPresent,\n"
                          "    command: [krr, simple]}]}\n");
    kg_tree_init(&t, KG_LIMIT_TREE);
    expect_json(
        kg_manifest_cronjob(&t, &m),
        "{\"kind\":\"CronJob\",\"metadata\":{\"name\":\"krr\",\"namespace\":"
        "\"a\",\"labels\":" LABELS "},\"spec\":{\"jobTemplate\":{\"metadata\":{"
        "\"labels\":" LABELS "},\"spec\":{\"backoffLimit\":2,\"template\":{"
        "\"metadata\":{\"labels\":{\"app\":\"x\",\"kubeglean.io/instance\":"
        "\"i\",\"kubeglean.io/task\":\"krr\",\"kubeglean.io/profile\":\"krr\"}"
        "},\"spec\":{\"restartPolicy\":\"OnFailure\",\"serviceAccountName\":"
        "\"krr\",\"containers\":[{\"name\":\"c\",\"imagePullPolicy\":"
        "\"IfNotPresent\",\"command\":[\"krr\",\"simple\"]}]}}}},\"schedule\":"
        "\"0 3 * * *\",\"concurrencyPolicy\":\"Forbid\","
        "\"successfulJobsHistoryLimit\":1,\"failedJobsHistoryLimit\":3}}");
    expect_json(kg_manifest_mark(&t, KG_FAILED),
                "{\"metadata\":{\"annotations\":{\"kubeglean.io/outcome\":"
                "\"failed\"}}}");
    kg_tree_finish(&t);
    kg_tree_finish(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_is_known_by_labels_owner_and_template),
        cmocka_unit_test(only_final_conditions_that_are_true_end_a_job),
        cmocka_unit_test(what_a_job_announces_is_known_before_its_end),
        cmocka_unit_test(the_newest_warning_counts),
        cmocka_unit_test(
            the_first_init_container_that_has_not_done_its_part_counts),
        cmocka_unit_test(object_without_an_identity_is_refused),
        cmocka_unit_test(container_has_one_of_three_states),
        cmocka_unit_test(container_that_never_had_an_id_never_ran),
        cmocka_unit_test(pod_tells_why_no_node_takes_it),
        cmocka_unit_test(manifest_has_our_labels_and_defaults),
        cmocka_unit_test(manifest_keeps_what_the_task_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
