/* SPDX-License-Identifier: MIT */
/* http/ over HTTP/2: requests share a connection, streams have their own. The
 * other side is nghttpx before a script of bytes: it says in a Via header which
 * version it was asked in. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/http.h"
#include "server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

struct place {
    char dir[32];
    char cert[48], key[48], expired[48];
    char *pem; /* The certificate itself. */
    size_t pem_len;
    bool usable; /* There are openssl and nghttpx. */
};

/* Signed by itself, of 127.0.0.1, for so many days from now. */
static bool make_cert(const struct place *p, const char *days, const char *cert)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "cd %s && echo subjectAltName=IP:127.0.0.1 >ext && "
                   "openssl req -new -key key -subj /CN=test 2>/dev/null | "
                   "openssl x509 -req -days %s -signkey key -extfile ext "
                   "-out %s 2>/dev/null && rm ext",
                   p->dir, days, cert);
    return system(command) == 0;
}

static bool make_key(const struct place *p)
{
    char command[256];

    (void)snprintf(command, sizeof(command),
                   "openssl genpkey -algorithm EC -pkeyopt "
                   "ec_paramgen_curve:P-256 -out %s 2>/dev/null",
                   p->key);
    return system(command) == 0;
}

static int make_place(void **state)
{
    static struct place p = {.dir = "/tmp/kubeglean-h2-XXXXXX"};
    FILE *file;

    assert_non_null(mkdtemp(p.dir));
    (void)snprintf(p.cert, sizeof(p.cert), "%s/cert", p.dir);
    (void)snprintf(p.key, sizeof(p.key), "%s/key", p.dir);
    (void)snprintf(p.expired, sizeof(p.expired), "%s/expired", p.dir);
    p.usable = system("command -v nghttpx >/dev/null 2>&1") == 0 &&
               make_key(&p) && make_cert(&p, "2", p.cert) &&
               make_cert(&p, "-1", p.expired);
    *state = &p;
    if (!p.usable) {
        return 0;
    }
    p.pem = malloc(8192);
    file = fopen(p.cert, "r");
    assert_true(p.pem != NULL && file != NULL);
    p.pem_len = fread(p.pem, 1, 8192, file);
    return fclose(file);
}

static int remove_place(void **state)
{
    struct place *p = *state;

    free(p->pem);
    (void)unlink(p->cert);
    (void)unlink(p->key);
    (void)unlink(p->expired);
    return rmdir(p->dir);
}

struct fixture {
    struct kg_loop loop;
    struct kt_server server;
    struct kg_http *http;
    pid_t proxy;
    char url[64];
    bool closed;
};

/* A port that is free now; nghttpx cannot tell which one it took. */
static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    assert_int_equal(close(fd), 0);
    return ntohs(a.sin_port);
}

static void start_proxy(struct fixture *f, const struct place *p,
                        const char *cert, unsigned n_streams_max)
{
    unsigned port = free_port();
    char front[64];
    char back[64];
    char most[64];

    (void)snprintf(most, sizeof(most),
                   "--frontend-http2-max-concurrent-streams=%u", n_streams_max);
    (void)snprintf(front, sizeof(front), "-f127.0.0.1,%u", port);
    (void)snprintf(back, sizeof(back), "-b127.0.0.1,%s",
                   strrchr(f->server.url, ':') + 1);
    (void)snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u", port);
    f->proxy = fork();
    assert_true(f->proxy >= 0);
    if (f->proxy == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        (void)execlp("nghttpx", "nghttpx", "--conf=/dev/null", "--workers=1",
                     "--single-process", most, front, back, p->key, cert, NULL);
        _exit(1);
    }
    for (int i = 0; i < 200; i++) { /* Until it listens. */
        struct sockaddr_in a = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port)};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int err;

        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        err = connect(fd, (struct sockaddr *)&a, sizeof(a));
        (void)close(fd);
        if (err == 0) {
            return;
        }
        (void)usleep(20 * 1000);
    }
    fail_msg("nghttpx does not listen");
}

static void on_closed(void *data)
{
    ((struct fixture *)data)->closed = true;
}

static void setup_with(struct fixture *f, const struct place *p,
                       const char *cert, const struct kt_reply *replies,
                       size_t n, unsigned n_streams_max)
{
    struct kg_http_options options = {
        .ca = {.text = kg_str_of(p->pem, p->pem_len)}};
    struct kg_error e;

    f->closed = false;
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kt_server_start(&f->server, &f->loop, replies, n);
    start_proxy(f, p, cert, n_streams_max);
    options.server = f->url;
    assert_int_equal(kg_http_create(&f->loop, &options, &e, &f->http), KG_OK);
}

static void setup(struct fixture *f, const struct place *p, const char *cert,
                  const struct kt_reply *replies, size_t n)
{
    setup_with(f, p, cert, replies, n, 100);
}

static void teardown(struct fixture *f)
{
    kg_http_close(f->http, on_closed, f);
    kt_loop_until(&f->loop, &f->closed, 100);
    assert_int_equal(kill(f->proxy, SIGKILL), 0);
    assert_int_equal(waitpid(f->proxy, NULL, 0), f->proxy);
    kt_server_stop(&f->server);
    kg_loop_close(&f->loop);
}

struct asked {
    struct kg_http_req req;
    int status;
    char body[64];
    size_t body_len;
    struct kg_error e;
    bool done;
};

static void on_head(struct kg_http_req *r, const struct kg_http_head *head)
{
    struct asked *a = r->data;

    assert_int_equal(a->status, 0);
    a->status = head->status;
}

static void on_body(struct kg_http_req *r, struct kg_str piece)
{
    struct asked *a = r->data;

    assert_true(a->body_len + piece.len < sizeof(a->body));
    memcpy(a->body + a->body_len, piece.ptr, piece.len);
    a->body_len += piece.len;
}

static void on_done(struct kg_http_req *r, const struct kg_error *e)
{
    struct asked *a = r->data;

    a->done = true;
    if (e != NULL) {
        a->e = *e;
    }
}

static const struct kg_http_events events = {on_head, on_body, on_done};

static void ask(struct fixture *f, struct asked *a, const char *path,
                bool stream)
{
    const struct kg_http_ask q = {
        .method = "GET", .path = path, .stream = stream, .total_ms = 10000};

    *a = (struct asked){.status = 0};
    kg_http_req_init(&a->req);
    a->req.data = a;
    assert_int_equal(kg_http_start(f->http, &a->req, &events, &q), KG_OK);
}

static void wait_for(struct fixture *f, const bool *done)
{
    kt_loop_until(&f->loop, done, 2000);
}

/* How many connections this process has to the proxy. */
static unsigned n_connections(const struct fixture *f)
{
    unsigned port = (unsigned)strtoul(strrchr(f->url, ':') + 1, NULL, 10);
    unsigned n = 0;

    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in a;
        socklen_t len = sizeof(a);

        n += getpeername(fd, (struct sockaddr *)&a, &len) == 0 &&
             a.sin_family == AF_INET && ntohs(a.sin_port) == port;
    }
    return n;
}

static void requests_share_a_connection_and_streams_do_not(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /watch", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
         .more = 20},
    };
    const struct place *p = *state;
    struct fixture f;
    struct asked watches[8];
    struct asked streams[3];

    if (!p->usable) {
        skip();
    }
    setup(&f, p, p->cert, replies, 1);
    for (size_t i = 0; i < KG_COUNT_OF(streams); i++) {
        ask(&f, &streams[i], "/watch?stream", true);
    }
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        ask(&f, &watches[i], "/watch", false);
    }
    for (int i = 0; i < 2000 && f.server.n_requests < 11; i++) {
        (void)kg_loop_turn(&f.loop);
    }
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        while (watches[i].body_len < 2) {
            (void)kg_loop_turn(&f.loop);
        }
        assert_int_equal(watches[i].status, 200);
    }
    assert_int_equal(kt_server_saw(&f.server, "Via: 2 nghttpx"), 8);
    assert_int_equal(kt_server_saw(&f.server, "Via: 1.1 nghttpx"), 3);
    assert_int_equal(n_connections(&f), 4);
    teardown(&f);
}

/* What is beyond it would wait for a place that no watch ever leaves. */
static void k13_beyond_the_servers_limit_there_are_more_connections(
    void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /watch", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
         .more = 20},
    };
    const struct place *p = *state;
    struct fixture f;
    struct asked watches[12];

    if (!p->usable) {
        skip();
    }
    setup_with(&f, p, p->cert, replies, 1, 5);
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        ask(&f, &watches[i], "/watch", false);
    }
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        while (watches[i].body_len < 2 && !watches[i].done) {
            (void)kg_loop_turn(&f.loop);
        }
        assert_int_equal(watches[i].status, 200);
    }
    assert_in_range(n_connections(&f), 3, KG_COUNT_OF(watches) - 1);
    teardown(&f);
}

static void a_canceled_request_leaves_the_others(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /watch", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"},
        {"GET /other", OK_HEAD "Content-Length: 5\r\n\r\nother", .more = 9},
    };
    const struct place *p = *state;
    struct fixture f;
    struct asked watch;
    struct asked other;

    if (!p->usable) {
        skip();
    }
    setup(&f, p, p->cert, replies, 2);
    ask(&f, &watch, "/watch", false);
    ask(&f, &other, "/other", false);
    wait_for(&f, &other.done);
    kg_http_cancel(&watch.req);
    ask(&f, &other, "/other", false);
    wait_for(&f, &other.done);
    assert_int_equal(other.e.code, KG_OK);
    assert_string_equal(other.body, "other");
    assert_false(watch.done);
    assert_int_equal(n_connections(&f), 1);
    teardown(&f);
}

static void a_server_that_goes_away_ends_all_and_comes_back(void **state)
{
    static const struct kt_reply replies[] = {
        {"GET /watch", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
         .more = 9},
    };
    const struct place *p = *state;
    struct fixture f;
    struct asked watches[3];

    if (!p->usable) {
        skip();
    }
    setup(&f, p, p->cert, replies, 1);
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        ask(&f, &watches[i], "/watch", false);
    }
    for (int i = 0; i < 2000 && watches[2].body_len < 2; i++) {
        (void)kg_loop_turn(&f.loop);
    }
    assert_int_equal(kill(f.proxy, SIGKILL), 0);
    for (size_t i = 0; i < KG_COUNT_OF(watches); i++) {
        wait_for(&f, &watches[i].done);
        assert_int_equal(watches[i].e.code, KG_ECLOSED);
    }
    ask(&f, &watches[0], "/watch", false);
    wait_for(&f, &watches[0].done);
    assert_int_equal(watches[0].e.code, KG_ECONNECT);
    teardown(&f);
}

static void an_expired_certificate_is_refused(void **state)
{
    const struct place *p = *state;
    struct kg_http_options options = {.ca = {.file = p->expired}};
    struct fixture f;
    struct asked a;
    struct kg_error e;
    struct kg_http *http;

    if (!p->usable) {
        skip();
    }
    setup(&f, p, p->expired, NULL, 0);
    options.server = f.url;
    http = f.http;
    assert_int_equal(kg_http_create(&f.loop, &options, &e, &f.http), KG_OK);
    ask(&f, &a, "/", false);
    wait_for(&f, &a.done);
    assert_int_equal(a.e.code, KG_ETLS);
    kg_http_close(http, NULL, NULL);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_share_a_connection_and_streams_do_not),
        cmocka_unit_test(
            k13_beyond_the_servers_limit_there_are_more_connections),
        cmocka_unit_test(a_canceled_request_leaves_the_others),
        cmocka_unit_test(a_server_that_goes_away_ends_all_and_comes_back),
        cmocka_unit_test(an_expired_certificate_is_refused),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("h2", tests, make_place, remove_place);
}
