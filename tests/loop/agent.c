/* SPDX-License-Identifier: MIT */
/* A whole agent against a scripted server: one Job, from its POST to its row. */
#include "kubeglean/agent.h"
#include "kt.h"
#include "kubeglean/limits.h"
#include "kubeglean/log.h"
#include "kubeglean/profile.h"
#include "kubeglean/yaml.h"
#include "server.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define ANSWER(start, text)                                    \
    {                                                          \
        .request = start, .bytes = HEAD text, .then = KT_CLOSE \
    }
#define STREAM(start, text)                  \
    {                                        \
        .request = start, .bytes = HEAD text \
    }

#define JOBS "/apis/batch/v1/namespaces/a/jobs"
#define PODS "/api/v1/namespaces/a/pods"
#define NONE_YET                                                            \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":" \
    "\"1\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define JOB                                                                 \
    "{\"metadata\":{\"uid\":\"j1\",\"namespace\":\"a\",\"name\":\"krr\"},"  \
    "\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"krr\"}]" \
    "}}}}"
#define POD                                                                  \
    "{\"metadata\":{\"uid\":\"p1\",\"resourceVersion\":\"2\",\"namespace\":" \
    "\"a\",\"name\":"                                                        \
    "\"krr-x\",\"ownerReferences\":[{\"kind\":\"Job\",\"uid\":\"j1\","       \
    "\"controller\":true}]},\"status\":{\"containerStatuses\":[{"            \
    "\"name\":\"krr\",\"restartCount\":0,\"state\":{\"terminated\":{"        \
    "\"containerID\":\"c\",\"exitCode\":0,\"startedAt\":"                    \
    "\"2026-11-22T10:00:00Z\",\"finishedAt\":\"2026-11-22T10:00:01Z\"}}}"    \
    "]}}"
#define REPORT                                                         \
    "[12:00:01] INFO begin\n{\"scans\":[{\"object\":{\"namespace\":"   \
    "\"a\",\"name\":\"w\",\"kind\":\"Deployment\",\"container\":\"c\"" \
    "},\"recommended\":{},\"severity\":\"GOOD\"}]}\n"

static const struct kt_reply script[] = {
    ANSWER("GET /version", "{\"minor\":\"36\",\"gitVersion\":\"v1.36.0\"}"),
    ANSWER("GET /apis/batch/v1 ", "{\"resources\":[{\"name\":\"cronjobs\"}]}"),
    STREAM("GET " JOBS "?", NONE_YET),
    ANSWER("GET " PODS "?labelSelector=controller-uid",
           "{\"items\":[" POD "]}"),
    STREAM("GET " PODS "?",
           NONE_YET "{\"type\":\"ADDED\",\"object\":" POD "}\n"),
    ANSWER("POST " JOBS, JOB),
    {.request = "GET " PODS "/krr-x/log",
     .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" REPORT,
     .then = KT_CLOSE},
};

struct scene {
    struct kg_loop loop;
    struct kt_server server;
    struct kg_agent *agent;
    struct kg_task_config task;
    struct kg_config config;
    struct kg_kubeconfig kubeconfig;
    struct kg_tree tree;
    unsigned n_rows;
    bool ended, closed;
};

static const struct kg_str namespaces[] = {{"a", 1}};

static bool on_row(void *data, const struct kg_table_def *def,
                   const struct kg_row *row)
{
    struct scene *s = data;

    (void)def;
    kt_assert_str(row->values[2].text, "w");
    s->n_rows++;
    return true;
}

static void on_end(void *data, int code, const struct kg_error *e)
{
    struct scene *s = data;

    assert_null(e);
    assert_int_equal(code, 0);
    s->ended = true;
}

static void on_closed(void *data)
{
    ((struct scene *)data)->closed = true;
}

static void make_task(struct scene *s)
{
    struct kg_node *spec;
    struct kg_error e;

    kg_tree_init(&s->tree, KG_LIMIT_TREE);
    assert_int_equal(
        kg_yaml_parse_one(
            KG_STR("template: {spec: {containers: [{name: krr}]}}"), "test",
            &s->tree, &spec, &e),
        KG_OK);
    assert_int_equal(kg_profile_load("krr", &s->task.profile, &e), KG_OK);
    s->task.job = spec;
    s->task.def = (struct kg_task_def){
        .name = KG_STR("krr"),
        .profile = KG_STR("krr"),
        .job_name = KG_STR("krr"),
        .namespaces = namespaces,
        .n_namespaces = 1,
    };
    kg_config_init(&s->config);
    s->config.tasks = &s->task;
    s->config.n_tasks = 1;
}

static void begin(struct scene *s)
{
    struct kg_agent_options options = {
        .config = &s->config,
        .kubeconfig = &s->kubeconfig,
        .once = true,
        .row_cb = on_row,
        .row_data = s,
        .end_cb = on_end,
        .data = s,
    };
    struct kg_error e;

    *s = (struct scene){0};
    make_task(s);
    assert_int_equal(kg_loop_init(&s->loop), KG_OK);
    kt_server_start(&s->server, &s->loop, script, KG_COUNT_OF(script));
    s->kubeconfig = (struct kg_kubeconfig){
        .source = "test", .server = s->server.url, .ns = "a"};
    assert_int_equal(kg_agent_create(&s->loop, &options, &s->agent), KG_OK);
    assert_int_equal(kg_agent_start(s->agent, &e), KG_OK);
}

static void end(struct scene *s)
{
    kg_agent_close(s->agent, on_closed, s);
    assert_false(s->closed); /* Never from inside. */
    kt_loop_until(&s->loop, &s->closed, 300);
    kt_server_stop(&s->server);
    kg_loop_close(&s->loop);
    kg_profile_destroy(s->task.profile);
    kg_tree_finish(&s->tree);
}

/* One turn; false when the run is settled, and nothing more will come. */
static bool turn(struct scene *s)
{
    struct kg_agent_progress progress;

    kg_agent_progress(s->agent, &progress);
    if (s->ended || strcmp(progress.state, "settled") == 0) {
        return false;
    }
    (void)kg_loop_turn(&s->loop);
    return true;
}

static void a_job_becomes_a_row(void **state)
{
    struct kg_agent_progress progress;
    struct scene s;
    unsigned n_turns = 0;

    (void)state;
    begin(&s);
    while (turn(&s)) {
        assert_in_range(++n_turns, 0, 500);
    }
    kg_agent_progress(s.agent, &progress);
    assert_int_equal(s.n_rows, 1);
    assert_int_equal(progress.rows, 1);
    assert_int_equal(progress.reports, 1);
    assert_int_equal(progress.bytes, sizeof(REPORT) - 1);
    assert_int_equal(progress.n_jobs, 1); /* It has not ended. */
    end(&s);
}

/* Turns it so often; false when the story is over before. */
static bool turn_often(struct scene *s, unsigned n_turns)
{
    while (n_turns > 0 && turn(s)) {
        n_turns--;
    }
    return n_turns == 0;
}

static void an_agent_may_close_at_every_turn(void **state)
{
    bool over = false;

    (void)state;
    for (unsigned n_turns = 0; !over; n_turns++) {
        struct scene s;

        assert_in_range(n_turns, 0, 500);
        begin(&s);
        over = !turn_often(&s, n_turns);
        end(&s);
    }
}

static void an_agent_that_stops_early_ends_by_itself(void **state)
{
    bool over = false;

    (void)state;
    for (unsigned n_turns = 0; !over; n_turns += 3) {
        struct scene s;

        assert_in_range(n_turns, 0, 500);
        begin(&s);
        over = !turn_often(&s, n_turns);
        kg_agent_stop(s.agent);
        kt_loop_until(&s.loop, &s.ended, 500);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_becomes_a_row),
        cmocka_unit_test(an_agent_may_close_at_every_turn),
        cmocka_unit_test(an_agent_that_stops_early_ends_by_itself),
    };

    kg_log_setup(KG_LOG_ERROR, KG_LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
