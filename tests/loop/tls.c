/* SPDX-License-Identifier: MIT */
/* http/ behind TLS: who is who, and what a broken handshake means. The other
 * side is `openssl s_server`, or a script of bytes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "tls.h"

struct place {
    char dir[32];
    char cert[48], key[48]; /* Of 127.0.0.1 and in.cert, signed by itself. */
    char other[48];         /* A certificate of somebody else. */
    bool usable;            /* There is an openssl. */
};

static int make_certs(void **state)
{
    static struct place p = {.dir = "/tmp/kubeglean-tls-XXXXXX"};
    char unused[48];

    assert_non_null(mkdtemp(p.dir));
    (void)snprintf(p.cert, sizeof(p.cert), "%s/cert", p.dir);
    (void)snprintf(p.key, sizeof(p.key), "%s/key", p.dir);
    (void)snprintf(p.other, sizeof(p.other), "%s/other", p.dir);
    (void)snprintf(unused, sizeof(unused), "%s/unused", p.dir);
    p.usable =
        kt_tls_make_cert(p.key, p.cert) && kt_tls_make_cert(unused, p.other);
    (void)unlink(unused);
    *state = &p;
    return 0;
}

static int remove_certs(void **state)
{
    const struct place *p = *state;

    (void)unlink(p->cert);
    (void)unlink(p->key);
    (void)unlink(p->other);
    return rmdir(p->dir);
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static void ask(struct kg_loop *loop, const struct kg_http_options *options,
                struct kt_asked *a)
{
    static const struct kg_http_ask q = {
        .method = "GET", .path = "/", .total_ms = 10000};
    struct kg_http *http;
    bool closed = false;

    *a = (struct kt_asked){.done = false};
    kg_http_req_init(&a->req);
    a->req.data = a;
    assert_int_equal(kg_http_create(loop, options, &a->e, &http), KG_OK);
    kg_error_clear(&a->e);
    assert_int_equal(kg_http_start(http, &a->req, &kt_http_events, &q), KG_OK);
    kt_loop_until(loop, &a->done, 1000);
    kg_http_close(http, on_closed, &closed);
    kt_loop_until(loop, &closed, 100);
}

/* `status` 200: it answers; 0: its certificate is refused. */
static void check(const struct kg_http_options *options, int status)
{
    struct kg_loop loop;
    struct kt_asked a;

    assert_int_equal(kg_loop_init(&loop), KG_OK);
    ask(&loop, options, &a);
    assert_int_equal(a.status, status);
    if (status == 0) {
        assert_int_equal(a.e.code, KG_ETLS);
        assert_non_null(strstr(a.e.text, "GET 127.0.0.1:"));
    }
    kg_loop_close(&loop);
}

static void only_who_has_the_right_certificate_is_asked(void **state)
{
    const struct place *p = *state;
    struct kt_s_server s;
    struct kg_http_options o;

    if (!p->usable) {
        skip();
    }
    kt_s_server_start(&s, p->cert, p->key, NULL, NULL);
    o = (struct kg_http_options){.server = s.url, .ca = {.file = p->cert}};
    check(&o, 200);
    o.ca.file = p->other;
    check(&o, 0);
    o.ca.file = NULL; /* The system's. */
    check(&o, 0);
    o.insecure = true;
    check(&o, 200);
    kt_s_server_stop(&s);
}

static void the_name_is_verified(void **state)
{
    const struct place *p = *state;
    struct kt_s_server s;
    struct kg_http_options o;

    if (!p->usable) {
        skip();
    }
    kt_s_server_start(&s, p->cert, p->key, NULL, NULL);
    o = (struct kg_http_options){.server = s.url, .ca = {.file = p->cert}};
    o.tls_server_name = "in.cert";
    check(&o, 200);
    o.tls_server_name = "not-in.cert";
    check(&o, 0);
    kt_s_server_stop(&s);
}

static void who_is_not_let_in_is_told_so_for_good(void **state)
{
    const struct place *p = *state;
    struct kt_s_server s;
    struct kg_http_options o;

    if (!p->usable) {
        skip();
    }
    kt_s_server_start(&s, p->cert, p->key, p->cert, NULL);
    o = (struct kg_http_options){.server = s.url, .ca = {.file = p->cert}};
    check(&o, 0);
    o.cert.file = p->cert;
    o.key.file = p->key;
    check(&o, 200);
    kt_s_server_stop(&s);
}

static void a_handshake_that_broke_is_tried_again(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum kg_errc code;
    } cases[] = {
        {"\x15\x03\x03\x00\x02\x02\x50", 7, KG_ECONNECT}, /* Internal error. */
        {"\x15\x03\x03\x00\x02\x02\x28", 7, KG_ECONNECT}, /* No agreement. */
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 0, KG_ECONNECT},
        {"\x15\x03\x03\x00\x02\x02\x2a", 7, KG_ETLS}, /* Bad certificate. */
        {"\x15\x03\x03\x00\x02\x02\x30", 7, KG_ETLS}, /* Unknown CA. */
        {"\x15\x03\x03\x00\x02\x02\x31", 7, KG_ETLS}, /* Access denied. */
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        const struct kt_reply reply = {NULL, cases[i].bytes, cases[i].len};
        struct kg_http_options o = {0};
        struct kt_server server;
        struct kg_loop loop;
        struct kt_asked a;
        char url[80];

        assert_int_equal(kg_loop_init(&loop), KG_OK);
        kt_server_start(&server, &loop, &reply, 1);
        (void)snprintf(url, sizeof(url), "https%s", strchr(server.url, ':'));
        o.server = url;
        ask(&loop, &o, &a);
        assert_int_equal(a.e.code, cases[i].code);
        kt_server_stop(&server);
        kg_loop_close(&loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_has_the_right_certificate_is_asked),
        cmocka_unit_test(the_name_is_verified),
        cmocka_unit_test(who_is_not_let_in_is_told_so_for_good),
        cmocka_unit_test(a_handshake_that_broke_is_tried_again),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("tls", tests, make_certs, remove_certs);
}
