/* SPDX-License-Identifier: MIT */
/* kube/: who we are, as it changes while we run, and whom we act for. */
#include "kube/creds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube.h"
#include "kubeglean/file.h"
#include "kubeglean/watch.h"
#include "tls.h"

struct place {
    char dir[32];
    char old_cert[48], old_key[48];
    char new_cert[48], new_key[48];
    char cert[48], key[48], ca[48]; /* What our configuration names. */
    bool usable;                    /* There is an openssl. */
};

static const char *in_dir(const struct place *p, char *out, const char *name)
{
    (void)snprintf(out, 48, "%s/%s", p->dir, name);
    return out;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* As a kubelet replaces a mounted secret: by a name that points elsewhere. */
static void point(const char *name, const char *to)
{
    char next[64];

    (void)snprintf(next, sizeof(next), "%s.next", name);
    assert_int_equal(symlink(to, next), 0);
    assert_int_equal(rename(next, name), 0);
}

static int make_place(void **state)
{
    static struct place p = {.dir = "/tmp/kubeglean-creds-XXXXXX"};
    char path[48];

    assert_non_null(mkdtemp(p.dir));
    (void)in_dir(&p, p.old_cert, "old.crt");
    (void)in_dir(&p, p.old_key, "old.key");
    (void)in_dir(&p, p.new_cert, "new.crt");
    (void)in_dir(&p, p.new_key, "new.key");
    (void)in_dir(&p, p.cert, "crt");
    (void)in_dir(&p, p.key, "key");
    (void)in_dir(&p, p.ca, "ca");
    assert_int_equal(mkdir(in_dir(&p, path, "api"), 0700), 0);
    assert_int_equal(mkdir(in_dir(&p, path, "api/v1"), 0700), 0);
    assert_int_equal(mkdir(in_dir(&p, path, "api/v1/namespaces"), 0700), 0);
    write_file(in_dir(&p, path, "api/v1/namespaces/a"),
               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
               "{\"kind\":\"Namespace\"}");
    p.usable = kt_tls_make_cert(p.old_key, p.old_cert) &&
               kt_tls_make_cert(p.new_key, p.new_cert);
    *state = &p;
    return 0;
}

static int remove_place(void **state)
{
    const struct place *p = *state;
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -r %s", p->dir);
    return system(command);
}

/* --- a client that asks one question ----------------------------------------------- */

struct client {
    struct kg_loop loop;
    struct kg_kube kube;
    struct kg_kube_req req;
    struct kg_watch watch;
    struct kg_error e; /* Of the last answer. */
    bool done, closed;
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

static void start(struct client *c, const struct place *p,
                  const struct kt_s_server *s)
{
    const struct kg_kubeconfig config = {.source = "test",
                                         .server = s->url,
                                         .ca_file = p->ca,
                                         .cert_file = p->cert,
                                         .key_file = p->key};

    *c = (struct client){.done = false};
    assert_int_equal(kg_loop_init(&c->loop), KG_OK);
    assert_int_equal(kg_kube_init(&c->kube, &c->loop, &config, &c->e), KG_OK);
    kg_kube_req_init(&c->req);
}

static enum kg_errc ask(struct client *c)
{
    static const struct kg_kube_ref ref = {.kind = KG_KUBE_NAMESPACE,
                                           .name = {"a", 1}};

    c->done = false;
    assert_int_equal(kg_kube_get(&c->kube, &c->req, ref, on_answer), KG_OK);
    kt_loop_until(&c->loop, &c->done, 2000);
    return c->e.code;
}

static void on_closed(struct kg_kube *kube)
{
    KG_CONTAINER_OF(kube, struct client, kube)->closed = true;
}

static void stop(struct client *c)
{
    kg_kube_close(&c->kube, on_closed);
    kt_loop_until(&c->loop, &c->closed, 200);
    kg_loop_close(&c->loop);
}

/* What our configuration names. */
static void be(const struct place *p, const char *ca, const char *cert,
               const char *key)
{
    point(p->ca, ca);
    point(p->cert, cert);
    point(p->key, key);
}

/* --- files of certificates ----------------------------------------------------------- */

static void a_client_certificate_is_used_when_its_file_changes(void **state)
{
    const struct place *p = *state;
    struct kt_s_server s;
    struct client c;

    if (!p->usable) {
        skip();
    }
    be(p, p->old_cert, p->old_cert, p->old_key);
    kt_s_server_start(&s, p->old_cert, p->old_key, p->new_cert, p->dir);
    start(&c, p, &s);
    assert_int_equal(ask(&c), KG_ETLS);
    be(p, p->old_cert, p->new_cert, p->new_key);
    assert_int_equal(ask(&c), KG_OK); /* Refused once, then read again. */
    assert_int_equal(ask(&c), KG_OK);
    stop(&c);
    kt_s_server_stop(&s);
}

static void a_server_is_trusted_when_the_ca_file_changes(void **state)
{
    const struct place *p = *state;
    struct kt_s_server s;
    struct client c;

    if (!p->usable) {
        skip();
    }
    be(p, p->old_cert, p->old_cert, p->old_key);
    kt_s_server_start(&s, p->new_cert, p->new_key, NULL, p->dir);
    start(&c, p, &s);
    assert_int_equal(ask(&c), KG_ETLS);
    be(p, p->new_cert, p->old_cert, p->old_key);
    assert_int_equal(ask(&c), KG_OK);
    stop(&c);
    kt_s_server_stop(&s);
}

static void what_is_no_certificate_leaves_the_old_ones_in_use(void **state)
{
    static const char *const wrong[] = {"/dev/null", "/no/such/file", "."};
    const struct place *p = *state;
    struct kt_s_server s;
    struct client c;

    if (!p->usable) {
        skip();
    }
    be(p, p->old_cert, p->old_cert, p->old_key);
    kt_s_server_start(&s, p->old_cert, p->old_key, p->old_cert, p->dir);
    start(&c, p, &s);
    for (size_t i = 0; i < KG_COUNT_OF(wrong); i++) {
        be(p, p->new_cert, p->new_cert, wrong[i]);
        kg_creds_renew(c.kube.creds);
        while (c.kube.creds->files.busy) {
            (void)kg_loop_turn(&c.loop);
        }
        assert_int_equal(ask(&c), KG_OK);
        assert_int_equal(c.kube.creds->generation, 0);
    }
    stop(&c);
    kt_s_server_stop(&s);
}

static void on_change(struct kg_watch *w, enum kg_watch_kind kind,
                      const struct kg_node *object)
{
    (void)w;
    (void)kind;
    (void)object;
    fail_msg("the server lists nothing");
}

static void on_watch_failed(struct kg_watch *w, const struct kg_error *e)
{
    struct client *c = KG_CONTAINER_OF(w, struct client, watch);

    c->e = *e;
    c->done = true;
}

static void on_watch_closed(struct kg_watch *w)
{
    KG_CONTAINER_OF(w, struct client, watch)->done = true;
}

/* A server that we do not trust is given up; one that we trust by now answers,
 * if only that there is no such page. */
static void a_watch_reads_its_files_again_before_it_gives_up(void **state)
{
    static const char *const paths[] = {"metadata.name", NULL};
    static const struct kg_watch_options options = {
        .kind = KG_KUBE_JOB, .ns = {"a", 1}, .paths = paths, .seed = 1};
    const struct place *p = *state;
    struct kt_s_server s;
    struct client c;

    if (!p->usable) {
        skip();
    }
    kt_s_server_start(&s, p->new_cert, p->new_key, NULL, p->dir);
    for (int trusted = 0; trusted < 2; trusted++) {
        be(p, p->old_cert, p->old_cert, p->old_key);
        start(&c, p, &s);
        be(p, trusted ? p->new_cert : p->old_cert, p->old_cert, p->old_key);
        assert_int_equal(kg_watch_init(&c.watch, &c.kube, &options), KG_OK);
        kg_backoff_init(&c.watch.follow.backoff, 1, 2, 1);
        kg_watch_start(&c.watch, on_change, on_watch_failed);
        for (int i = 0; i < 500 && !c.done && c.watch.follow.n_restarts < 1 &&
                        c.watch.head.status == 0;
             i++) {
            (void)kg_loop_turn(&c.loop);
        }
        assert_int_equal(c.done ? c.e.code : KG_OK, trusted ? KG_OK : KG_ETLS);
        c.done = false;
        kg_watch_close(&c.watch, on_watch_closed);
        kt_loop_until(&c.loop, &c.done, 200);
        stop(&c);
    }
    kt_s_server_stop(&s);
}

/* --- a plugin's certificate ------------------------------------------------------------ */

static void write_answer(const struct place *p, const char *cert,
                         const char *key)
{
    struct kg_buf pem;
    struct kg_buf text;
    char path[48];

    kg_buf_init(&pem, 4096);
    kg_buf_init(&text, 16 * 1024);
    assert_int_equal(
        kg_buf_adds(&text, "{\"kind\":\"ExecCredential\",\"apiVersion\":"
                           "\"client.authentication.k8s.io/v1\",\"status\":{"
                           "\"clientCertificateData\":"),
        KG_OK);
    assert_int_equal(kg_file_read(cert, &pem, NULL), KG_OK);
    assert_int_equal(kg_buf_add_json(&text, kg_buf_str(&pem)), KG_OK);
    kg_buf_reset(&pem);
    assert_int_equal(kg_buf_adds(&text, ",\"clientKeyData\":"), KG_OK);
    assert_int_equal(kg_file_read(key, &pem, NULL), KG_OK);
    assert_int_equal(kg_buf_add_json(&text, kg_buf_str(&pem)), KG_OK);
    assert_int_equal(kg_buf_adds(&text, "}}"), KG_OK);
    write_file(in_dir(p, path, "answer"), kg_buf_cstr(&text));
    kg_buf_finish(&text);
    kg_buf_finish(&pem);
}

static void a_plugin_may_give_a_certificate(void **state)
{
    const struct place *p = *state;
    struct kg_kubeconfig config = {
        .source = "test",
        .ca_file = p->ca,
        .exec = {.api_version = "client.authentication.k8s.io/v1",
                 .info = "{}"}};
    struct kt_s_server s;
    struct client c = {.done = false};
    char plugin[48];
    char script[80];

    if (!p->usable) {
        skip();
    }
    point(p->ca, p->old_cert);
    write_answer(p, p->old_cert, p->old_key);
    (void)snprintf(script, sizeof(script), "#!/bin/sh\ncat %s/answer\n",
                   p->dir);
    write_file(in_dir(p, plugin, "plugin"), script);
    assert_int_equal(chmod(plugin, 0700), 0);
    kt_s_server_start(&s, p->old_cert, p->old_key, p->new_cert, p->dir);
    config.server = s.url;
    config.exec.command = plugin;
    assert_int_equal(kg_loop_init(&c.loop), KG_OK);
    assert_int_equal(kg_kube_init(&c.kube, &c.loop, &config, &c.e), KG_OK);
    kg_kube_req_init(&c.req);
    assert_int_equal(ask(&c), KG_ETLS); /* The old one, twice. */
    write_answer(p, p->new_cert, p->new_key);
    assert_int_equal(ask(&c), KG_OK);
    stop(&c);
    kt_s_server_stop(&s);
}

/* --- whom we act for ------------------------------------------------------------------ */

static void whom_we_act_for_is_said_in_each_request(void **state)
{
    static const struct kt_reply replies[] = {KT_JSON("200 OK", "{}")};
    const struct kg_kubeconfig config = {
        .source = "test",
        .impersonate = "Impersonate-User: jane\nImpersonate-Group: a\n"
                       "Impersonate-Group: b"};
    struct kg_kubeconfig here = config;
    struct kt_server server;
    struct client c = {.done = false};

    (void)state;
    assert_int_equal(kg_loop_init(&c.loop), KG_OK);
    kt_server_start(&server, &c.loop, replies, 1);
    here.server = server.url;
    assert_int_equal(kg_kube_init(&c.kube, &c.loop, &here, &c.e), KG_OK);
    assert_null(c.kube.creds); /* Nothing can change. */
    kg_kube_req_init(&c.req);
    assert_int_equal(ask(&c), KG_OK);
    assert_int_equal(kt_server_saw(&server, "\r\nImpersonate-User: jane\r\n"),
                     1);
    assert_int_equal(kt_server_saw(&server, "\r\nImpersonate-Group: a\r\n"), 1);
    assert_int_equal(kt_server_saw(&server, "\r\nImpersonate-Group: b\r\n"), 1);
    kg_kube_close(&c.kube, on_closed);
    kt_loop_until(&c.loop, &c.closed, 200);
    kt_server_stop(&server);
    kg_loop_close(&c.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_certificate_is_used_when_its_file_changes),
        cmocka_unit_test(a_server_is_trusted_when_the_ca_file_changes),
        cmocka_unit_test(what_is_no_certificate_leaves_the_old_ones_in_use),
        cmocka_unit_test(a_watch_reads_its_files_again_before_it_gives_up),
        cmocka_unit_test(a_plugin_may_give_a_certificate),
        cmocka_unit_test(whom_we_act_for_is_said_in_each_request),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("creds", tests, make_place,
                                       remove_place);
}
