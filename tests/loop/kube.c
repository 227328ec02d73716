/* SPDX-License-Identifier: MIT */
/* kube/: requests, and what their refusals are in our words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kube.h"
#include "kubeglean/heap.h"

struct answered {
    struct kg_kube_req req;
    bool done;
    struct kg_error e;
    char *json; /* Of the answer; NULL: none. */
};

static void on_answer(struct kg_kube_req *r, const struct kg_error *e,
                      const struct kg_node *answer)
{
    struct answered *a = KG_CONTAINER_OF(r, struct answered, req);
    struct kg_buf b;

    assert_false(a->done);
    a->done = true;
    kg_error_clear(&a->e);
    if (e != NULL) {
        a->e = *e;
        assert_true(answer == NULL || r->status.http >= 400);
    }
    kg_buf_init(&b, 1024 * 1024);
    if (answer != NULL && kg_node_json(answer, &b) == KG_OK) {
        a->json = kg_strndup(kg_buf_str(&b).ptr, kg_buf_len(&b));
    }
    kg_buf_finish(&b);
}

static const struct kg_kube_ref job = {KG_KUBE_JOB, {"a", 1}, {"one", 3}};

static struct answered get(struct kt_kube *k, struct kg_kube_ref ref)
{
    struct answered a = {0};

    kg_kube_req_init(&a.req);
    assert_int_equal(kg_kube_get(&k->kube, &a.req, ref, on_answer), KG_OK);
    assert_false(a.done);
    kt_loop_until(&k->loop, &a.done, 500);
    return a;
}

static void an_answer_is_a_tree_at_any_cut(void **state)
{
    static const struct kt_reply replies[] = {{
        .request = "GET /apis/batch/v1/namespaces/a/jobs/one HTTP/1.1\r\n",
        .bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
                 "{\"kind\":\"Job\",\"spec\":{\"x\":[1,2]}}\n",
        .then = KT_CLOSE,
        .chop = 1,
    }};
    struct kt_kube k;
    struct answered a;

    (void)state;
    assert_true(kt_kube_start(&k, replies, 1, NULL));
    a = get(&k, job);
    assert_int_equal(a.e.code, KG_OK);
    assert_string_equal(a.json, "{\"kind\":\"Job\",\"spec\":{\"x\":[1,2]}}");
    assert_int_equal(a.req.status.http, 200);
    kg_free(a.json);
    kt_kube_stop(&k);
}

#define STATUS(reason, message, kind)                                    \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message \
    "\",\"reason\":\"" reason "\",\"details\":{\"kind\":\"" kind         \
    "\",\"retryAfterSeconds\":3}}"

static void every_refusal_has_its_word(void **state)
{
    static const struct {
        struct kt_reply reply;
        enum kg_errc code;
        const char *text;
    } cases[] = {
        {KT_JSON("400 Bad", STATUS("BadRequest", "no", "")), KG_EBADREQUEST,
         "HTTP 400 BadRequest: no"},
        {KT_JSON("401 Unauthorized", STATUS("Unauthorized", "who?", "")),
         KG_EUNAUTHORIZED, "HTTP 401 Unauthorized: who?"},
        {KT_JSON("403 Forbidden",
                 STATUS("Forbidden",
                        "jobs.batch is forbidden: User \\\"u\\\" cannot create "
                        "resource \\\"jobs\\\" in API group \\\"batch\\\" in "
                        "the namespace \\\"a\\\"",
                        "jobs")),
         KG_EFORBIDDEN,
         "HTTP 403 Forbidden: missing right to create jobs.batch in namespace "
         "a: jobs.batch is forbidden"},
        {KT_JSON(
             "403 Forbidden",
             STATUS("Forbidden",
                    "pods is forbidden: User \\\"u\\\" cannot list resource "
                    "\\\"pods\\\" in API group \\\"\\\" at the cluster "
                    "scope",
                    "pods")),
         KG_EFORBIDDEN, "missing right to list pods in the whole cluster: "},
        {KT_JSON("403 Forbidden", STATUS("Forbidden", "exceeded quota", "")),
         KG_EFORBIDDEN, "HTTP 403 Forbidden: exceeded quota"},
        {KT_JSON("404 Not Found",
                 STATUS("NotFound", "namespaces \\\"a\\\" not found",
                        "namespaces")),
         KG_ENOTFOUND, "no such namespace: namespaces \"a\" not found"},
        {KT_JSON("404 Not Found", STATUS("NotFound", "jobs not found", "jobs")),
         KG_ENOTFOUND, "HTTP 404 NotFound: jobs not found"},
        {KT_JSON("409 Conflict", STATUS("AlreadyExists", "is there", "jobs")),
         KG_EEXISTS, "HTTP 409 AlreadyExists: is there"},
        {KT_JSON("409 Conflict", STATUS("Conflict", "Apply failed", "jobs")),
         KG_ECONFLICT, "HTTP 409 Conflict: Apply failed"},
        {KT_JSON("410 Gone", STATUS("Expired", "too old", "")), KG_EGONE,
         "HTTP 410 Expired: too old"},
        {KT_JSON("422 Unprocessable", STATUS("Invalid", "spec: bad", "")),
         KG_EINVALID, "HTTP 422 Invalid: spec: bad"},
        {KT_JSON("429 Too Many", STATUS("TooManyRequests", "later", "")),
         KG_EBUSY, "HTTP 429 TooManyRequests: later"},
        {KT_JSON("500 Oops", STATUS("InternalError", "etcd", "")), KG_ESERVER,
         "HTTP 500 InternalError: etcd"},
        {{.bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n"
                   "404 page not found\n<html>",
          .then = KT_CLOSE},
         KG_ENOTFOUND,
         "HTTP 404: 404 page not found"},
        {{.bytes = "HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n\r\n",
          .then = KT_CLOSE},
         KG_EPROTOCOL,
         "HTTP 302"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kt_kube k;
        struct answered a;

        assert_true(kt_kube_start(&k, &cases[i].reply, 1, NULL));
        a = get(&k, job);
        assert_int_equal(a.e.code, cases[i].code);
        assert_non_null(strstr(a.e.text, "GET 127.0.0.1:"));
        assert_non_null(
            strstr(a.e.text, "/apis/batch/v1/namespaces/a/jobs/one"));
        if (strstr(a.e.text, cases[i].text) == NULL) {
            fail_msg("%s\nis not in\n%s", cases[i].text, a.e.text);
        }
        kg_free(a.json);
        assert_int_equal(a.e.native, a.req.status.http);
        kt_kube_stop(&k);
    }
}

static void the_server_says_when_to_come_again(void **state)
{
    static const struct kt_reply replies[] = {
        {.bytes = "HTTP/1.1 429 Busy\r\nContent-Type: application/json\r\n"
                  "Retry-After: 5\r\n\r\n" STATUS("TooManyRequests", "no", ""),
         .then = KT_CLOSE},
        KT_JSON("429 Busy", STATUS("TooManyRequests", "no", "")),
    };
    struct kt_kube k;
    struct answered a;

    (void)state;
    assert_true(kt_kube_start(&k, replies, 2, NULL));
    a = get(&k, job);
    assert_int_equal(a.req.status.retry_after_ms, 5000);
    kg_free(a.json);
    a = get(&k, job);
    assert_int_equal(a.req.status.retry_after_ms, 3000);
    kg_free(a.json);
    kt_kube_stop(&k);
}

static void an_answer_that_is_broken_is_no_answer(void **state)
{
    static const struct {
        struct kt_reply reply;
        enum kg_errc code;
    } cases[] = {
        {KT_JSON("200 OK", "{\"a\":!}"), KG_ESYNTAX},
        {KT_JSON("200 OK", "{\"a\":1"), KG_ESYNTAX},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   "Content-Length: 100\r\n\r\n{\"a\":",
          .then = KT_CLOSE},
         KG_ECLOSED},
        {{.then = KT_RESET}, KG_ECLOSED},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kt_kube k;
        struct answered a;

        assert_true(kt_kube_start(&k, &cases[i].reply, 1, NULL));
        a = get(&k, job);
        assert_int_equal(a.e.code, cases[i].code);
        assert_non_null(strstr(a.e.text, "GET 127.0.0.1:"));
        assert_int_equal(kg_kube_is_idle(&a.req), true);
        kt_kube_stop(&k);
    }
}

static struct kg_node *manifest(struct kg_tree *t)
{
    struct kg_node *root = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    struct kg_node *metadata = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));

    assert_true(kg_tree_put(t, root, "metadata", metadata));
    return root;
}

static void writes_are_what_the_server_wants(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON_FOR("POST /apis/batch/v1/namespaces/a/jobs?fieldManager="
                    "kubeglean HTTP",
                    "201 Created", "{}"),
        KT_JSON_FOR("PATCH /apis/batch/v1/namespaces/a/jobs/one?fieldManager="
                    "kubeglean&force=true HTTP",
                    "200 OK", "{}"),
        KT_JSON_FOR("PUT /apis/batch/v1/namespaces/a/jobs/one?", "200 OK",
                    "{}"),
        KT_JSON_FOR("PATCH /apis/batch/v1/namespaces/a/jobs/one?fieldManager="
                    "kubeglean HTTP",
                    "200 OK", "{}"),
        KT_JSON_FOR("DELETE /apis/batch/v1/namespaces/a/jobs/one HTTP",
                    "200 OK", "{}"),
    };
    struct kt_kube k;
    struct kg_tree t;
    struct answered a = {0};
    const struct kg_node *m;

    (void)state;
    kg_tree_init(&t, 1024 * 1024);
    m = manifest(&t);
    assert_true(kt_kube_start(&k, replies, KG_COUNT_OF(replies), NULL));
    kg_kube_req_init(&a.req);
    for (int i = 0; i < 5; i++) {
        enum kg_errc err =
            i == 0   ? kg_kube_create(&k.kube, &a.req, job, m, on_answer)
            : i == 1 ? kg_kube_apply(&k.kube, &a.req, job, m, true, on_answer)
            : i == 2 ? kg_kube_update(&k.kube, &a.req, job, m, on_answer)
            : i == 3 ? kg_kube_patch(&k.kube, &a.req, job, m, on_answer)
                     : kg_kube_delete(&k.kube, &a.req, job, KG_STR("u-1"),
                                      on_answer);

        assert_int_equal(err, KG_OK);
        a.done = false;
        kt_loop_until(&k.loop, &a.done, 100);
        assert_int_equal(a.e.code, KG_OK);
        kg_free(a.json);
    }
    assert_int_equal(kt_server_saw(&k.server, "application/apply-patch+yaml"),
                     1);
    assert_int_equal(kt_server_saw(&k.server, "application/merge-patch+json"),
                     1);
    assert_int_equal(
        kt_server_saw(&k.server,
                      "\r\n\r\n{\"metadata\":{},\"apiVersion\":\"batch/v1\","
                      "\"kind\":\"Job\"}"),
        1);
    assert_int_equal(
        kt_server_saw(&k.server,
                      "\r\n\r\n{\"metadata\":{\"name\":\"one\"},\"apiVersion\":"
                      "\"batch/v1\",\"kind\":\"Job\"}"),
        2);
    assert_int_equal(kt_server_saw(&k.server, "\r\n\r\n{\"metadata\":{}}"), 1);
    assert_int_equal(
        kt_server_saw(&k.server,
                      "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
                      "\"propagationPolicy\":\"Background\","
                      "\"preconditions\":{\"uid\":\"u-1\"}}"),
        1);
    kg_tree_finish(&t);
    kt_kube_stop(&k);
}

static void a_trial_asks_for_all_and_keeps_nothing(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON_FOR("POST /apis/batch/v1/namespaces/a/jobs?fieldManager=a%20b"
                    "&dryRun=All&fieldValidation=Strict HTTP",
                    "201 Created", "{}"),
        KT_JSON_FOR("DELETE /apis/batch/v1/namespaces/a/jobs/one HTTP",
                    "200 OK", "{}"),
    };
    struct answered a = {.req.how = {.manager = "a b",
                                     .dry_run = true,
                                     .strict = true,
                                     .propagation = KG_KUBE_FOREGROUND}};
    struct kt_kube k;
    struct kg_tree t;

    (void)state;
    kg_tree_init(&t, 1024 * 1024);
    assert_true(kt_kube_start(&k, replies, KG_COUNT_OF(replies), NULL));
    kg_kube_req_init(&a.req);
    assert_int_equal(
        kg_kube_create(&k.kube, &a.req, job, manifest(&t), on_answer), KG_OK);
    kt_loop_until(&k.loop, &a.done, 100);
    assert_int_equal(a.e.code, KG_OK);
    kg_free(a.json);
    a.done = false;
    assert_int_equal(
        kg_kube_delete(&k.kube, &a.req, job, KG_STR(""), on_answer), KG_OK);
    kt_loop_until(&k.loop, &a.done, 100);
    assert_int_equal(a.e.code, KG_OK);
    kg_free(a.json);
    assert_int_equal(
        kt_server_saw(&k.server,
                      "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
                      "\"propagationPolicy\":\"Foreground\","
                      "\"dryRun\":[\"All\"]}"),
        1);
    kg_tree_finish(&t);
    kt_kube_stop(&k);
}

static void a_refusal_comes_with_its_status(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("422 Invalid",
                "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"details\":{"
                "\"causes\":[{\"field\":\"spec\"}]}}"),
    };
    struct answered a;
    struct kt_kube k;

    (void)state;
    assert_true(kt_kube_start(&k, replies, 1, NULL));
    a = get(&k, job);
    assert_int_equal(a.e.code, KG_EINVALID);
    assert_non_null(strstr(a.json, "\"causes\":[{\"field\":\"spec\"}]"));
    kg_free(a.json);
    kt_kube_stop(&k);
}

static void a_name_that_kubernetes_does_not_have_is_not_asked_for(void **state)
{
    static const char *const bad[] = {"A", "a/b",   "a..b", "-a",   "a-",
                                      ".", "a%2Fb", "a b",  "../x", "a.-b"};
    struct answered a = {0};
    struct kt_kube k;

    (void)state;
    assert_true(kt_kube_start(&k, NULL, 0, NULL));
    kg_kube_req_init(&a.req);
    for (size_t i = 0; i < KG_COUNT_OF(bad); i++) {
        struct kg_kube_ref ref = {KG_KUBE_JOB, KG_STR("a"),
                                  kg_str_from(bad[i])};

        assert_int_equal(kg_kube_get(&k.kube, &a.req, ref, on_answer),
                         KG_EINVALID);
        ref =
            (struct kg_kube_ref){KG_KUBE_JOB, kg_str_from(bad[i]), KG_STR("a")};
        assert_int_equal(kg_kube_get(&k.kube, &a.req, ref, on_answer),
                         KG_EINVALID);
    }
    kt_kube_stop(&k);
}

static void the_server_s_cronjobs_are_found_out(void **state)
{
    static const struct kt_reply old[] = {
        KT_JSON_FOR("GET /version ", "200 OK",
                    "{\"minor\":\"20+\",\"gitVersion\":\"v1.20.2\"}"),
        KT_JSON_FOR("GET /apis/batch/v1 ", "200 OK",
                    "{\"resources\":[{\"name\":\"jobs\"}]}"),
        KT_JSON_FOR("GET /apis/batch/v1beta1 ", "200 OK",
                    "{\"resources\":[{\"name\":\"cronjobs/status\"},{\"name\":"
                    "\"cronjobs\"}]}"),
        KT_JSON_FOR("GET /apis/batch/v1beta1/namespaces/a/cronjobs/one ",
                    "200 OK", "{}"),
    };
    static const struct kt_reply none[] = {
        KT_JSON_FOR("GET /version ", "200 OK", "{\"minor\":\"32\"}"),
        KT_JSON_FOR("GET /apis/batch/v1 ", "200 OK", "{}"),
    };
    const struct kg_kube_ref cronjob = {KG_KUBE_CRONJOB, KG_STR("a"),
                                        KG_STR("one")};
    struct kt_kube k;
    struct answered a = {0};

    (void)state;
    assert_true(kt_kube_start(&k, old, KG_COUNT_OF(old), NULL));
    kg_kube_req_init(&a.req);
    assert_int_equal(kg_kube_discover(&k.kube, &a.req, on_answer), KG_OK);
    kt_loop_until(&k.loop, &a.done, 100);
    assert_int_equal(a.e.code, KG_OK);
    assert_int_equal(k.kube.server.minor, 20);
    assert_string_equal(k.kube.server.version, "v1.20.2");
    assert_true(k.kube.server.has_cronjobs && k.kube.server.beta_cronjobs);
    assert_false(k.kube.server.split_logs);
    a = get(&k, cronjob);
    assert_int_equal(a.e.code, KG_OK);
    kg_free(a.json);
    kt_kube_stop(&k);

    a = (struct answered){0};
    assert_true(kt_kube_start(&k, none, KG_COUNT_OF(none), NULL));
    kg_kube_req_init(&a.req);
    assert_int_equal(kg_kube_discover(&k.kube, &a.req, on_answer), KG_OK);
    kt_loop_until(&k.loop, &a.done, 100);
    assert_int_equal(a.e.code, KG_ESERVER); /* The script's 599. */
    assert_true(k.kube.server.split_logs);
    kt_kube_stop(&k);
}

static void write_token(const char *file, const char *token)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    assert_true(fputs(token, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_401_is_asked_again_with_a_newer_token_once(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("401 Unauthorized", STATUS("Unauthorized", "old", "")),
        KT_JSON("200 OK", "{}"),
        KT_JSON("401 Unauthorized", STATUS("Unauthorized", "no", "")),
    };
    char file[] = "/tmp/kt-token-XXXXXX";
    int fd = mkstemp(file);
    struct kt_kube k;
    struct answered a;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    write_token(file, "first\n");
    assert_true(kt_kube_start(&k, replies, 3, file));
    write_token(file, "second\n");
    a = get(&k, job);
    assert_int_equal(a.e.code, KG_OK);
    kg_free(a.json);
    assert_int_equal(kt_server_saw(&k.server, "Bearer first\r\n"), 1);
    assert_int_equal(kt_server_saw(&k.server, "Bearer second\r\n"), 1);
    a = get(&k, job);
    assert_int_equal(a.e.code, KG_EUNAUTHORIZED);
    kg_free(a.json);
    assert_null(strstr(a.e.text, "second"));
    assert_int_equal(k.server.n_requests, 3);
    assert_int_equal(unlink(file), 0);
    kt_kube_stop(&k);
}

static void a_canceled_request_is_silent_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {
        KT_JSON("401 Unauthorized", STATUS("Unauthorized", "old", "")),
        KT_JSON("200 OK", "{\"a\":!}"),
    };
    char file[] = "/tmp/kt-token-XXXXXX";
    int fd = mkstemp(file);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    for (int turns = 0; turns < 25; turns++) {
        struct kt_kube k;
        struct answered a = {0};

        write_token(file, "first");
        assert_true(kt_kube_start(&k, replies, 2, file));
        write_token(file, "second");
        kg_kube_req_init(&a.req);
        assert_int_equal(kg_kube_get(&k.kube, &a.req, job, on_answer), KG_OK);
        for (int i = 0; i < turns && !a.done; i++) {
            (void)kg_loop_turn(&k.loop);
        }
        kg_kube_cancel(&a.req);
        kg_kube_cancel(&a.req);
        assert_true(kg_kube_is_idle(&a.req));
        a.done = true;
        kt_kube_stop(&k);
    }
    assert_int_equal(unlink(file), 0);
}

static void refuse_memory(void *data, bool may_fail)
{
    static const struct kt_reply replies[] = {
        KT_JSON("200 OK", "{\"kind\":\"Job\",\"x\":[1]}"),
    };
    struct kt_kube k;
    struct answered a = {0};

    (void)data;
    if (!kt_kube_start(&k, replies, 1, NULL)) {
        assert_true(may_fail);
        return;
    }
    kg_kube_req_init(&a.req);
    if (kg_kube_get(&k.kube, &a.req, job, on_answer) == KG_OK) {
        kt_kube_spin(&k, &a.done, 100);
        assert_true(may_fail || a.e.code == KG_OK);
    }
    kg_kube_cancel(&a.req);
    kg_free(a.json);
    kt_kube_stop(&k);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_kube_torture(refuse_memory);
}

static struct kg_node *cronjob_c(struct kg_tree *t)
{
    struct kg_node *cronjob = manifest(t);
    struct kg_node *spec = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    struct kg_node *j = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));

    assert_true(kg_tree_put(t, cronjob, "apiVersion",
                            kg_tree_string(t, "batch/v1beta1")) &&
                kg_tree_put(t, kg_node_get(cronjob, "metadata"), "name",
                            kg_tree_string(t, "c")) &&
                kg_tree_put(t, kg_node_get(cronjob, "metadata"), "uid",
                            kg_tree_string(t, "u")) &&
                kg_tree_put(t, cronjob, "spec", spec) &&
                kg_tree_put(t, spec, "jobTemplate", j) &&
                kg_tree_put(t, j, "spec", kg_tree_int(t, 7)));
    return cronjob;
}

static void a_cronjob_s_job_may_be_named_by_the_server(void **state)
{
    struct kg_tree t;
    const struct kg_node *j;

    (void)state;
    kg_tree_init(&t, 1024 * 1024);
    j = kg_kube_job_from_cronjob(&t, cronjob_c(&t), KG_STR(""));
    kt_assert_str(kg_node_str(kg_node_path(j, "metadata.generateName")),
                  "c-manual-");
    assert_null(kg_node_path(j, "metadata.name"));
    kg_tree_finish(&t);
}

static void a_cronjob_s_job_is_as_kubectl_makes_it(void **state)
{
    struct kg_tree t;
    struct kg_node *j;
    struct kg_buf b;

    (void)state;
    kg_tree_init(&t, 1024 * 1024);
    kg_buf_init(&b, 4096);
    assert_null(kg_kube_job_from_cronjob(&t, manifest(&t), KG_STR("j")));
    j = kg_kube_job_from_cronjob(&t, cronjob_c(&t), KG_STR("j"));
    assert_non_null(j);
    assert_int_equal(kg_node_json(j, &b), KG_OK);
    kt_assert_str(
        kg_buf_str(&b),
        "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":"
        "\"j\",\"labels\":{},\"annotations\":{\"cronjob.kubernetes.io/"
        "instantiate\":\"manual\"},\"ownerReferences\":[{\"apiVersion\":"
        "\"batch/v1beta1\",\"kind\":\"CronJob\",\"name\":\"c\",\"uid\":\"u\","
        "\"controller\":true}]},\"spec\":7}");
    kg_buf_finish(&b);
    kg_tree_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_a_tree_at_any_cut),
        cmocka_unit_test(every_refusal_has_its_word),
        cmocka_unit_test(the_server_says_when_to_come_again),
        cmocka_unit_test(an_answer_that_is_broken_is_no_answer),
        cmocka_unit_test(writes_are_what_the_server_wants),
        cmocka_unit_test(a_trial_asks_for_all_and_keeps_nothing),
        cmocka_unit_test(a_refusal_comes_with_its_status),
        cmocka_unit_test(a_name_that_kubernetes_does_not_have_is_not_asked_for),
        cmocka_unit_test(the_server_s_cronjobs_are_found_out),
        cmocka_unit_test(a_401_is_asked_again_with_a_newer_token_once),
        cmocka_unit_test(a_canceled_request_is_silent_at_every_turn),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_cronjob_s_job_may_be_named_by_the_server),
        cmocka_unit_test(a_cronjob_s_job_is_as_kubectl_makes_it),
    };

    return cmocka_run_group_tests_name("kube", tests, NULL, NULL);
}
