/* SPDX-License-Identifier: MIT */
/* kube/: credential plugins, as small shell scripts. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube.h"
#include "kubeglean/file.h"
#include "kubeglean/heap.h"

#define V1 "client.authentication.k8s.io/v1"
#define CREDENTIAL(status)                                    \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 \
    "\",\"status\":{" status "}}'\n"
#define UNAUTHORIZED KT_JSON("401 Unauthorized", "{\"kind\":\"Status\"}")
#define FINE         KT_JSON("200 OK", "{}")

struct place {
    char dir[40];
    char plugin[56]; /* The script. */
    char log[56];    /* A line for each run. */
};

static int make_place(void **state)
{
    static struct place p = {.dir = "/tmp/kubeglean-exec-XXXXXX"};

    assert_non_null(mkdtemp(p.dir));
    (void)snprintf(p.plugin, sizeof(p.plugin), "%s/plugin", p.dir);
    (void)snprintf(p.log, sizeof(p.log), "%s/log", p.dir);
    assert_int_equal(setenv("KT_EXEC_LOG", p.log, 1), 0);
    *state = &p;
    return 0;
}

static int remove_place(void **state)
{
    const struct place *p = *state;

    (void)unlink(p->plugin);
    (void)unlink(p->log);
    return rmdir(p->dir);
}

static void write_plugin(const struct place *p, const char *script)
{
    FILE *f = fopen(p->plugin, "w");

    assert_non_null(f);
    assert_true(
        fprintf(f, "#!/bin/sh\necho run >>\"$KT_EXEC_LOG\"\n%s", script) > 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(p->plugin, 0700), 0);
    (void)unlink(p->log);
}

static unsigned count_runs(const struct place *p)
{
    struct kg_buf text;
    unsigned n = 0;

    kg_buf_init(&text, 4096);
    if (kg_file_read(p->log, &text, NULL) == KG_OK) {
        n = (unsigned)kg_buf_len(&text) / 4;
    }
    kg_buf_finish(&text);
    return n;
}

struct client {
    struct kt_kube k;
    struct kg_kube_req req;
    struct kg_error e;
    bool done;
};

static void on_answer(struct kg_kube_req *r, const struct kg_error *e,
                      const struct kg_node *answer)
{
    struct client *c = KG_CONTAINER_OF(r, struct client, req);

    (void)answer;
    kg_error_clear(&c->e);
    if (e != NULL) {
        c->e = *e;
    }
    c->done = true;
}

static bool start(struct client *c, const struct place *p,
                  const struct kt_reply *replies, size_t n)
{
    struct kg_kubeconfig config = {
        .source = "test",
        .exec = {.command = p->plugin, .api_version = V1, .info = "{}"}};

    *c = (struct client){.done = false};
    assert_int_equal(kg_loop_init(&c->k.loop), KG_OK);
    kt_server_start(&c->k.server, &c->k.loop, replies, n);
    config.server = c->k.server.url;
    kg_kube_req_init(&c->req);
    if (kg_kube_init(&c->k.kube, &c->k.loop, &config, &c->e) != KG_OK) {
        kt_server_stop(&c->k.server);
        kg_loop_close(&c->k.loop);
        return false;
    }
    return true;
}

static enum kg_errc send_question(struct client *c)
{
    static const struct kg_kube_ref ref = {.kind = KG_KUBE_NAMESPACE,
                                           .name = {"a", 1}};

    c->done = false;
    return kg_kube_get(&c->k.kube, &c->req, ref, on_answer);
}

static enum kg_errc ask(struct client *c)
{
    assert_int_equal(send_question(c), KG_OK);
    kt_loop_until(&c->k.loop, &c->done, 2000);
    return c->e.code;
}

/* --- what it gives ----------------------------------------------------------------- */

static void its_token_is_used_until_it_expires(void **state)
{
    static const struct kt_reply replies[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
         .then = KT_CLOSE,
         .more = 8}};
    const struct place *p = *state;
    struct client c;

    write_plugin(p, CREDENTIAL("\"token\":\"t1\",\"expirationTimestamp\":"
                               "\"2999-01-01T00:00:00Z\""));
    assert_true(start(&c, p, replies, 1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&c), KG_OK);
    }
    assert_int_equal(kt_server_saw(&c.k.server, "Bearer t1\r\n"), 3);
    assert_int_equal(count_runs(p), 1);
    kt_kube_stop(&c.k);

    write_plugin(p, CREDENTIAL("\"token\":\"t2\",\"expirationTimestamp\":"
                               "\"2001-01-01T00:00:00Z\""));
    assert_true(start(&c, p, replies, 1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&c), KG_OK);
    }
    assert_int_equal(kt_server_saw(&c.k.server, "Bearer t2\r\n"), 3);
    assert_int_equal(count_runs(p), 3);
    kt_kube_stop(&c.k);
}

static void after_a_401_it_is_run_again_and_asked_once_more(void **state)
{
    static const struct kt_reply replies[] = {FINE, UNAUTHORIZED, FINE,
                                              UNAUTHORIZED, UNAUTHORIZED};
    const struct place *p = *state;
    struct client c;

    write_plugin(p, "n=$(wc -l <\"$KT_EXEC_LOG\")\n[ $n -lt 3 ] || n=2\n"
                    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
                    "\",\"status\":{\"token\":\"t'$n'\"}}'\n");
    assert_true(start(&c, p, replies, KG_COUNT_OF(replies)));
    assert_int_equal(ask(&c), KG_OK);
    assert_int_equal(ask(&c), KG_OK);
    assert_int_equal(kt_server_saw(&c.k.server, "Bearer t1\r\n"), 2);
    assert_int_equal(kt_server_saw(&c.k.server, "Bearer t2\r\n"), 1);
    assert_int_equal(ask(&c), KG_EUNAUTHORIZED); /* It has nothing newer. */
    assert_int_equal(count_runs(p), 3);
    kt_kube_stop(&c.k);
}

/* --- what goes wrong ---------------------------------------------------------------- */

static void what_it_does_wrong_is_told(void **state)
{
    static const struct {
        const char *script;
        const char *want;
        enum kg_errc code;
    } cases[] = {
        {"exit 3\n", "/plugin: exited with 3", KG_EIO},
        {"yes | head -c 2000000\n", "/plugin: wrote more than", KG_ELIMIT},
        {"echo no\n", "its output is not one JSON object", KG_EPROTOCOL},
        {"echo '{}{}'\n", "its output is not one JSON object", KG_EPROTOCOL},
        {"", "its output is not one JSON object", KG_EPROTOCOL},
        {"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "beta1\"}'",
         "is no ExecCredential of client.authentication.k8s.io/v1",
         KG_EPROTOCOL},
        {CREDENTIAL(""), "it gave neither a token nor a certificate",
         KG_EPROTOCOL},
        {CREDENTIAL("\"clientKeyData\":\"x\""), "only one of", KG_EPROTOCOL},
        {CREDENTIAL("\"clientKeyData\":\"x\",\"clientCertificateData\":\"y\""),
         "is no PEM", KG_EPROTOCOL},
        {CREDENTIAL("\"token\":\"s\",\"expirationTimestamp\":\"soon\""),
         "expirationTimestamp is no time", KG_EPROTOCOL},
        {CREDENTIAL("\"token\":\"se\\\\u000dcret\""),
         "credential plugin: token: ", KG_EINVALID},
    };
    const struct place *p = *state;

    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct client c;

        write_plugin(p, cases[i].script);
        assert_true(start(&c, p, NULL, 0));
        assert_int_equal(ask(&c), cases[i].code);
        if (strstr(c.e.text, cases[i].want) == NULL) {
            fail_msg("%s\nis not in\n%s", cases[i].want, c.e.text);
        }
        assert_null(strstr(c.e.text, "cret"));
        assert_int_equal(c.k.server.n_requests, 0);
        kt_kube_stop(&c.k);
    }
}

static void where_it_is_to_be_had_is_told(void **state)
{
    struct kg_kubeconfig config = {
        .source = "test",
        .server = "http://127.0.0.1:1",
        .exec = {.command = "no-such-plugin",
                 .api_version = V1,
                 .info = "{}",
                 .install_hint = "get it at example.test"}};
    struct client c = {.done = false};

    (void)state;
    assert_int_equal(kg_loop_init(&c.k.loop), KG_OK);
    kt_server_start(&c.k.server, &c.k.loop, NULL, 0);
    kg_kube_req_init(&c.req);
    assert_int_equal(kg_kube_init(&c.k.kube, &c.k.loop, &config, &c.e), KG_OK);
    assert_int_equal(ask(&c), KG_ECONFIG);
    assert_non_null(strstr(c.e.text, "credential plugin: no-such-plugin: no "
                                     "such file or directory: get it at"));
    kt_kube_stop(&c.k);
}

static void who_asks_within_a_moment_is_told_the_same(void **state)
{
    const struct place *p = *state;
    struct client c;

    write_plugin(p, "exit 3\n");
    assert_true(start(&c, p, NULL, 0));
    assert_int_equal(ask(&c), KG_EIO);
    assert_int_equal(ask(&c), KG_EIO);
    assert_non_null(strstr(c.e.text, "exited with 3"));
    assert_int_equal(count_runs(p), 1);
    kt_kube_stop(&c.k);
}

/* --- its end ------------------------------------------------------------------------- */

static void it_may_be_closed_at_every_turn(void **state)
{
    static const struct kt_reply replies[] = {UNAUTHORIZED, FINE};
    const struct place *p = *state;

    write_plugin(p, CREDENTIAL("\"token\":\"t\""));
    for (int turns = 0; turns < 25; turns++) {
        struct client c;

        assert_true(start(&c, p, replies, 2));
        assert_int_equal(send_question(&c), KG_OK);
        for (int i = 0; i < turns && !c.done; i++) {
            (void)kg_loop_turn(&c.k.loop);
        }
        kg_kube_cancel(&c.req);
        kt_kube_stop(&c.k);
    }
}

static void ask_with_refusals(void *data, bool may_fail)
{
    static const struct kt_reply replies[] = {FINE};
    struct client c;

    if (!start(&c, data, replies, 1)) {
        assert_true(may_fail);
        return;
    }
    if (send_question(&c) == KG_OK) {
        kt_loop_until(&c.k.loop, &c.done, 2000);
    } else {
        assert_true(may_fail);
    }
    assert_true(may_fail || c.e.code == KG_OK);
    kt_kube_stop(&c.k);
}

static void every_allocation_may_fail(void **state)
{
    const struct place *p = *state;

    write_plugin(p, CREDENTIAL("\"token\":\"t\""));
    kt_heap_spare("libcurl");
    kt_torture(ask_with_refusals, *state);
    kt_heap_spare(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_token_is_used_until_it_expires),
        cmocka_unit_test(after_a_401_it_is_run_again_and_asked_once_more),
        cmocka_unit_test(what_it_does_wrong_is_told),
        cmocka_unit_test(where_it_is_to_be_had_is_told),
        cmocka_unit_test(who_asks_within_a_moment_is_told_the_same),
        cmocka_unit_test(it_may_be_closed_at_every_turn),
        cmocka_unit_test(every_allocation_may_fail),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("exec", tests, make_place, remove_place);
}
