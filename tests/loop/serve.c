/* SPDX-License-Identifier: MIT */
/* serve/ on a real loop: a slow or hostile client costs nothing. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/limits.h"
#include "kubeglean/serve.h"

#define HOST "Host: x\r\n"

/* The endpoint, and what its owner was asked. */
struct fixture {
    struct kg_loop loop;
    struct kg_serve *serve;
    struct kg_metrics metrics;
    struct kg_endpoint endpoint;
    struct kg_serve_config config;
    struct kg_id asked; /* The last run that was asked for, */
    char task[64];      /* and of what. */
    unsigned n_asked;
    const char *not_ready; /* NULL: ready. */
    bool answer_later;
    bool drained, closed;
};

static bool on_ready(void *data, struct kg_buf *reason)
{
    struct fixture *f = data;

    if (f->not_ready != NULL) {
        assert_int_equal(kg_buf_adds(reason, f->not_ready), KG_OK);
    }
    return f->not_ready == NULL;
}

static void start_run(struct fixture *f)
{
    const struct kg_started run = {KG_STR("team-a"), KG_STR("krr-1"),
                                   KG_STR("uid \"1\"")};

    kg_endpoint_started(f->serve, f->asked, &run, 1);
}

static void on_run(void *data, struct kg_serve *s, struct kg_id id,
                   struct kg_str task)
{
    struct fixture *f = data;

    f->asked = id;
    f->n_asked++;
    (void)snprintf(f->task, sizeof(f->task), "%.*s", KG_STR_ARG(task));
    if (kg_str_is(task, "krr") && !f->answer_later) {
        start_run(f);
    } else if (!f->answer_later) {
        struct kg_error e;

        (void)kg_error_set(
            &e, kg_str_is(task, "busy") ? KG_ECONFLICT : KG_ENOTFOUND, 0,
            "task %.*s: no", KG_STR_ARG(task));
        kg_endpoint_refused(s, id, &e);
    }
}

static const struct kg_family family = {
    .name = "kubeglean_test", .help = "A test", .type = KG_GAUGE};

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.config = {.listen = "127.0.0.1:0",
                                     .routes = kg_endpoint_routes,
                                     .n_routes = KG_ENDPOINT_ROUTES}};
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kg_metrics_init(&f->metrics, 10);
    kg_metrics_set(&f->metrics, &family, NULL, 42);
    f->endpoint = (struct kg_endpoint){&f->metrics, on_ready, on_run, f};
    f->config.data = &f->endpoint;
}

static void start(struct fixture *f)
{
    struct kg_error e;

    assert_int_equal(kg_serve_create(&f->loop, &f->config, &f->serve, &e),
                     KG_OK);
}

static void on_closed(void *data)
{
    ((struct fixture *)data)->closed = true;
}

static void on_drained(void *data)
{
    ((struct fixture *)data)->drained = true;
}

static void tear_down(struct fixture *f)
{
    if (f->serve != NULL) {
        kg_serve_close(f->serve, on_closed, f);
        kt_loop_until(&f->loop, &f->closed, 100);
    }
    kg_loop_close(&f->loop);
    kg_metrics_finish(&f->metrics);
}

/* --- a client that never blocks ------------------------------------------ */

struct client {
    int fd;
    char text[16 * 1024]; /* All that was received, with a NUL. */
    size_t len;
    bool closed; /* By the endpoint. */
};

static void dial(struct client *c, const struct fixture *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(kg_serve_port(f->serve)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(c->fd >= 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void say(struct client *c, const char *text)
{
    ssize_t len = (ssize_t)strlen(text);

    assert_int_equal(send(c->fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

static void hear(struct client *c)
{
    ssize_t len = recv(c->fd, c->text + c->len, sizeof(c->text) - c->len - 1,
                       MSG_DONTWAIT);

    if (len > 0) {
        c->len += (size_t)len;
        c->text[c->len] = '\0';
    } else if (len == 0 || errno != EAGAIN) {
        c->closed = true;
    }
}

/* Turns the loop until `text` was received; NULL: until it was closed. */
static void wait_for(struct fixture *f, struct client *c, const char *text)
{
    for (int i = 0; i < 5000; i++) {
        (void)uv_run(&f->loop.uv, UV_RUN_NOWAIT);
        hear(c);
        if (text != NULL ? strstr(c->text, text) != NULL : c->closed) {
            return;
        }
        usleep(1000);
    }
    fail_msg("%s did not come, but \"%s\"", text != NULL ? text : "the end",
             c->text);
}

static void hang_up(struct client *c)
{
    assert_int_equal(close(c->fd), 0);
}

static void has(const struct client *c, const char *text)
{
    if (strstr(c->text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, c->text);
    }
}

/* One request on a connection of its own, answered and closed. */
static void ask(struct fixture *f, struct client *c, const char *request)
{
    dial(c, f);
    say(c, request);
    wait_for(f, c, NULL);
    hang_up(c);
}

#define ASK(method, path) \
    method " " path " HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

/* --- claims --------------------------------------------------------------- */

static void the_routes_answer(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    ask(&f, &c, ASK("GET", "/livez"));
    has(&c, "HTTP/1.1 200 OK\r\n");
    has(&c, "\r\n\r\nok\n");
    ask(&f, &c, ASK("GET", "/readyz"));
    has(&c, "HTTP/1.1 200 OK\r\n");
    f.not_ready = "no connection to the database";
    ask(&f, &c, ASK("GET", "/readyz"));
    has(&c, "HTTP/1.1 503 Service Unavailable\r\n");
    has(&c, "\r\n\r\nno connection to the database");
    ask(&f, &c, ASK("GET", "/metrics"));
    has(&c, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    has(&c, "\nkubeglean_test 42\n");
    ask(&f, &c, ASK("POST", "/api/v1/tasks/krr/run"));
    has(&c, "HTTP/1.1 202 Accepted\r\n");
    has(&c, "\r\n\r\n{\"runs\":[{\"namespace\":\"team-a\",\"job\":\"krr-1\","
            "\"uid\":\"uid \\\"1\\\"\"}]}\n");
    ask(&f, &c, ASK("POST", "/api/v1/tasks/nope/run"));
    has(&c, "HTTP/1.1 404 Not Found\r\n");
    has(&c, "{\"error\":\"task nope: no\"}");
    ask(&f, &c, ASK("POST", "/api/v1/tasks/busy/run"));
    has(&c, "HTTP/1.1 409 Conflict\r\n");
    tear_down(&f);
}

static void what_is_not_there_is_refused(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    ask(&f, &c, ASK("GET", "/"));
    has(&c, "HTTP/1.1 404 Not Found\r\n");
    ask(&f, &c, ASK("DELETE", "/livez"));
    has(&c, "HTTP/1.1 405 Method Not Allowed\r\n");
    has(&c, "\r\nAllow: GET, HEAD\r\n");
    ask(&f, &c, ASK("GET", "/api/v1/tasks/krr/run"));
    has(&c, "\r\nAllow: POST\r\n");
    ask(&f, &c, ASK("OPTIONS", "*"));
    has(&c, "HTTP/1.1 400 Bad Request\r\n");
    tear_down(&f);
}

static void head_has_no_body_and_the_bodys_length(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    ask(&f, &c, ASK("HEAD", "/livez"));
    has(&c, "\r\nContent-Length: 3\r\n");
    assert_string_equal(c.text + c.len - 4, "\r\n\r\n");
    tear_down(&f);
}

static void pipelined_requests_are_answered_in_their_order(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    dial(&c, &f);
    say(&c, "GET /livez HTTP/1.1\r\n" HOST "\r\n"
            "GET /nowhere HTTP/1.1\r\n" HOST "\r\n"
            "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
            "Content-Length: 2\r\n\r\n{}"
            "GET /metrics HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    wait_for(&f, &c, NULL);
    has(&c, "\r\n\r\nok\nHTTP/1.1 404 ");
    has(&c, "}\nHTTP/1.1 202 Accepted");
    has(&c, "]}\nHTTP/1.1 200 OK");
    hang_up(&c);
    tear_down(&f);
}

static void a_connection_is_kept_for_the_next_request(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    dial(&c, &f);
    for (int i = 0; i < 100; i++) {
        c.len = 0;
        say(&c, "GET /livez HTTP/1.1\r\n" HOST "\r\n");
        wait_for(&f, &c, "ok\n");
    }
    assert_false(c.closed);
    hang_up(&c);
    tear_down(&f);
}

static void one_request_at_a_time_of_a_connection(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    f.answer_later = true;
    start(&f);
    dial(&c, &f);
    say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n"
            "POST /api/v1/tasks/two/run HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < 50; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(f.n_asked, 1);
    assert_string_equal(f.task, "krr");
    start_run(&f);
    wait_for(&f, &c, "]}\n");
    for (int i = 0; i < 1000 && f.n_asked == 1; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    assert_string_equal(f.task, "two");
    hang_up(&c);
    tear_down(&f);
}

static void an_answer_to_nobody_is_dropped(void **state)
{
    struct fixture f;
    struct client c;
    struct kg_id first;

    (void)state;
    set_up(&f);
    f.answer_later = true;
    f.config.answer_ms = 30;
    start(&f);
    ask(&f, &c, ASK("POST", "/api/v1/tasks/krr/run"));
    has(&c, "HTTP/1.1 504 Gateway Timeout\r\n");
    first = f.asked;
    start_run(&f);
    f.config.answer_ms = 0;
    dial(&c, &f);
    say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    while (f.n_asked == 1) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kg_serve_answer(f.serve, first, 200, "text/plain", KG_STR("wrong"));
    start_run(&f);
    wait_for(&f, &c, "202 Accepted");
    assert_null(strstr(c.text, "wrong"));
    hang_up(&c);
    tear_down(&f);
}

static void a_slow_request_is_ended(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    f.config.request_ms = 40;
    start(&f);
    dial(&c, &f);
    for (int i = 0; i < 100 && c.len == 0; i++) {
        (void)send(c.fd, "a", 1, MSG_NOSIGNAL);
        usleep(2000);
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
        hear(&c);
    }
    has(&c, "HTTP/1.1 4");
    hang_up(&c);
    dial(&c, &f);
    say(&c, "GET /livez HTTP/1.1\r\n");
    wait_for(&f, &c, NULL);
    has(&c, "HTTP/1.1 408 Request Timeout\r\n");
    has(&c, "\r\nConnection: close\r\n");
    hang_up(&c);
    tear_down(&f);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    f.config.idle_ms = 30;
    start(&f);
    dial(&c, &f);
    wait_for(&f, &c, NULL);
    assert_int_equal(c.len, 0);
    hang_up(&c);
    tear_down(&f);
}

static void on_big(void *data, const struct kg_request *r)
{
    static char body[KG_LIMIT_SERVE_ANSWER];

    (void)data;
    kg_serve_answer(r->serve, r->id, 200, "text/plain",
                    kg_str_of(body, sizeof(body)));
}

static const struct kg_route big = {"GET", "/big", false, on_big};

static void who_does_not_read_the_answer_is_closed(void **state)
{
    size_t n_heard = 0;
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    f.config.answer_ms = 50;
    f.config.routes = &big;
    f.config.n_routes = 1;
    start(&f);
    dial(&c, &f);
    for (int i = 0; i < 20; i++) { /* More than the system's buffers hold. */
        say(&c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    }
    for (int i = 0; i < 100; i++) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
        usleep(2000);
    }
    while (!c.closed) { /* What is still there to be read, and no more. */
        c.len = 0;
        hear(&c);
        n_heard += c.len;
    }
    assert_in_range(n_heard, 1, 19 * KG_LIMIT_SERVE_ANSWER);
    hang_up(&c);
    tear_down(&f);
}

static void an_answer_that_is_too_long_is_not_sent(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    f.answer_later = true;
    start(&f);
    dial(&c, &f);
    say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    while (f.n_asked == 0) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kg_serve_answer(f.serve, f.asked, 200, "text/plain",
                    kg_str_of(c.text, KG_LIMIT_SERVE_ANSWER + 1));
    wait_for(&f, &c, "500 Internal Server Error");
    hang_up(&c);
    tear_down(&f);
}

static void the_longest_waiting_makes_room(void **state)
{
    struct fixture f;
    struct client *many;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    many = calloc(KG_LIMIT_SERVE_CONNECTIONS, sizeof(*many));
    assert_non_null(many);
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        dial(&many[i], &f);
        say(&many[i], i % 2 == 0 ? "GET /li" : "");
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < 3; i++) {
        ask(&f, &c, ASK("GET", "/livez"));
        has(&c, "200 OK");
    }
    hear(&many[0]);
    assert_true(many[0].closed);
    hear(&many[KG_LIMIT_SERVE_CONNECTIONS - 1]);
    assert_false(many[KG_LIMIT_SERVE_CONNECTIONS - 1].closed);
    for (size_t i = 0; i < KG_LIMIT_SERVE_CONNECTIONS; i++) {
        hang_up(&many[i]);
    }
    free(many);
    tear_down(&f);
}

static void a_refusal_arrives_although_more_was_sent(void **state)
{
    static char much[300 * 1024];
    struct fixture f;
    struct client c;

    (void)state;
    memset(much, 'a', sizeof(much) - 1);
    set_up(&f);
    start(&f);
    dial(&c, &f);
    say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
            "Content-Length: 100000\r\n\r\n");
    for (int i = 0; i < 8; i++) {
        (void)send(c.fd, much, 8000, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    wait_for(&f, &c, "413 Content Too Large");
    (void)send(c.fd, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT);
    wait_for(&f, &c, NULL);
    hang_up(&c);
    tear_down(&f);
}

static void who_waits_to_be_told_so_is_told_to_go_on(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    dial(&c, &f);
    say(&c, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
            "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    wait_for(&f, &c, "HTTP/1.1 100 Continue\r\n\r\n");
    say(&c, "{}");
    wait_for(&f, &c, "HTTP/1.1 202 Accepted\r\n");
    hang_up(&c);
    tear_down(&f);
}

static void a_browsers_page_may_read_but_not_change(void **state)
{
    struct fixture f;
    struct client c;

    (void)state;
    set_up(&f);
    start(&f);
    ask(&f, &c,
        "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
        "Connection: close\r\nOrigin: http://evil\r\n\r\n");
    has(&c, "HTTP/1.1 403 Forbidden\r\n");
    assert_int_equal(f.n_asked, 0);
    tear_down(&f);
}

/* --- the token ------------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void ask_with(struct fixture *f, struct client *c, const char *header)
{
    char request[256];

    (void)snprintf(request, sizeof(request),
                   "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                   "Connection: close\r\n%s\r\n",
                   header);
    ask(f, c, request);
}

static void changes_want_the_token_of_this_moment(void **state)
{
    char path[] = "/tmp/kubeglean-token-XXXXXX";
    struct fixture f;
    struct client c;

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    write_file(path, "s3cret\n");
    set_up(&f);
    f.config.token_file = path;
    start(&f);
    ask_with(&f, &c, "");
    has(&c, "HTTP/1.1 401 Unauthorized\r\n");
    has(&c, "\r\nWWW-Authenticate: Bearer\r\n");
    ask_with(&f, &c, "Authorization: Bearer s3creT\r\n");
    has(&c, "HTTP/1.1 401 ");
    ask_with(&f, &c, "Authorization: Basic s3cret\r\n");
    has(&c, "HTTP/1.1 401 ");
    assert_int_equal(f.n_asked, 0);
    ask_with(&f, &c, "Authorization: Bearer s3cret\r\n");
    has(&c, "HTTP/1.1 202 ");
    ask(&f, &c, ASK("GET", "/livez"));
    has(&c, "HTTP/1.1 200 ");
    write_file(path, "rotated");
    ask_with(&f, &c, "Authorization: Bearer s3cret\r\n");
    has(&c, "HTTP/1.1 401 ");
    ask_with(&f, &c, "Authorization: Bearer rotated\r\n");
    has(&c, "HTTP/1.1 202 ");
    assert_int_equal(unlink(path), 0);
    ask_with(&f, &c, "Authorization: Bearer rotated\r\n");
    has(&c, "HTTP/1.1 503 ");
    tear_down(&f);
}

static void wrong_configuration_is_told_with_its_cure(void **state)
{
    static const struct {
        const char *listen, *token_file, *message;
    } cases[] = {
        {"0.0.0.0:0", NULL,
         "listen: 0.0.0.0:0 can be reached from other machines: name a token "
         "file, or listen on 127.0.0.1"},
        {"nonsense", NULL,
         "listen: \"nonsense\" is no address and port such as 127.0.0.1:8080 "
         "or [::1]:8080"},
        {"127.0.0.1:0", "/nowhere/token",
         "token file /nowhere/token: No such file or directory"},
    };
    struct fixture f;
    struct kg_error e;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        f.config.listen = cases[i].listen;
        f.config.token_file = cases[i].token_file;
        assert_int_equal(kg_serve_create(&f.loop, &f.config, &f.serve, &e),
                         KG_ECONFIG);
        assert_string_equal(e.text, cases[i].message);
    }
    tear_down(&f);
}

static void a_port_that_is_taken_is_named(void **state)
{
    struct fixture f;
    struct kg_serve *second;
    struct kg_error e;
    char listen[32];

    (void)state;
    set_up(&f);
    start(&f);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u",
                   (unsigned)kg_serve_port(f.serve));
    f.config.listen = listen;
    assert_int_equal(kg_serve_create(&f.loop, &f.config, &second, &e), KG_EIO);
    assert_non_null(strstr(e.text, listen));
    assert_non_null(strstr(e.text, "address already in use"));
    tear_down(&f);
}

/* --- ends ----------------------------------------------------------------- */

static void draining_answers_what_is_under_way(void **state)
{
    struct fixture f;
    struct client idle, asking, writing;

    (void)state;
    set_up(&f);
    f.answer_later = true;
    start(&f);
    dial(&idle, &f);
    dial(&asking, &f);
    dial(&writing, &f);
    say(&asking, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST "\r\n");
    say(&writing, "GET /livez HTTP/1.1\r\n");
    while (f.n_asked == 0) {
        (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
    }
    kg_serve_drain(f.serve, on_drained, &f);
    assert_false(f.drained);
    wait_for(&f, &idle, NULL);
    say(&writing, HOST "\r\n");
    wait_for(&f, &writing, "200 OK");
    has(&writing, "Connection: close");
    hang_up(&writing);
    start_run(&f);
    wait_for(&f, &asking, "202 Accepted");
    hang_up(&asking);
    kt_loop_until(&f.loop, &f.drained, 100);
    hang_up(&idle);
    tear_down(&f);
}

static void draining_nothing_ends_from_the_loop(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    start(&f);
    kg_serve_drain(f.serve, on_drained, &f);
    assert_false(f.drained);
    kt_loop_until(&f.loop, &f.drained, 10);
    tear_down(&f);
}

static void closed_at_every_turn_nothing_is_left(void **state)
{
    char path[] = "/tmp/kubeglean-token-XXXXXX";

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    write_file(path, "s3cret");
    for (int turns = 0; turns < 40; turns++) {
        struct fixture f;
        struct client a, b, c;

        kt_heap_setup();
        set_up(&f);
        f.config.token_file = path;
        f.answer_later = turns % 2 == 0;
        start(&f);
        dial(&a, &f);
        dial(&b, &f);
        dial(&c, &f);
        say(&a, "GET /livez HTTP/1.1\r\n" HOST "\r\nGET /metr");
        say(&b, "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                "Authorization: Bearer s3cret\r\n\r\n");
        say(&c, "nonsense\r\n");
        for (int i = 0; i < turns; i++) {
            (void)uv_run(&f.loop.uv, UV_RUN_NOWAIT);
            if (i == 20) {
                kg_serve_drain(f.serve, on_drained, &f);
            }
        }
        tear_down(&f);
        hang_up(&a);
        hang_up(&b);
        hang_up(&c);
        kt_heap_teardown();
    }
    assert_int_equal(unlink(path), 0);
}

static void refused_memory(void *data, bool may_fail)
{
    struct fixture f;
    struct client c;
    struct kg_error e;

    (void)data;
    f = (struct fixture){.config = {.listen = "127.0.0.1:0",
                                    .routes = kg_endpoint_routes,
                                    .n_routes = KG_ENDPOINT_ROUTES}};
    assert_int_equal(kg_loop_init(&f.loop), KG_OK);
    kg_metrics_init(&f.metrics, 10);
    kg_metrics_set(&f.metrics, &family, NULL, 42);
    f.endpoint = (struct kg_endpoint){&f.metrics, on_ready, on_run, &f};
    f.config.data = &f.endpoint;
    if (kg_serve_create(&f.loop, &f.config, &f.serve, &e) == KG_OK) {
        dial(&c, &f);
        say(&c, ASK("GET", "/metrics"));
        wait_for(&f, &c, "\r\n\r\n");
        has(&c, may_fail ? "HTTP/1.1 " : "\nkubeglean_test 42\n");
        hang_up(&c);
        ask(&f, &c, ASK("POST", "/api/v1/tasks/krr/run"));
        has(&c, may_fail ? "HTTP/1.1 " : "202 Accepted");
    } else {
        assert_true(may_fail);
        assert_int_equal(e.code, KG_ENOMEM);
        f.serve = NULL;
    }
    tear_down(&f);
}

static void no_memory_is_answered_and_leaks_nothing(void **state)
{
    (void)state;
    kt_torture(refused_memory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_routes_answer),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(head_has_no_body_and_the_bodys_length),
        cmocka_unit_test(pipelined_requests_are_answered_in_their_order),
        cmocka_unit_test(a_connection_is_kept_for_the_next_request),
        cmocka_unit_test(one_request_at_a_time_of_a_connection),
        cmocka_unit_test(an_answer_to_nobody_is_dropped),
        cmocka_unit_test(a_slow_request_is_ended),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(who_does_not_read_the_answer_is_closed),
        cmocka_unit_test(an_answer_that_is_too_long_is_not_sent),
        cmocka_unit_test(the_longest_waiting_makes_room),
        cmocka_unit_test(a_refusal_arrives_although_more_was_sent),
        cmocka_unit_test(who_waits_to_be_told_so_is_told_to_go_on),
        cmocka_unit_test(a_browsers_page_may_read_but_not_change),
        cmocka_unit_test(changes_want_the_token_of_this_moment),
        cmocka_unit_test(wrong_configuration_is_told_with_its_cure),
        cmocka_unit_test(a_port_that_is_taken_is_named),
        cmocka_unit_test(draining_answers_what_is_under_way),
        cmocka_unit_test(draining_nothing_ends_from_the_loop),
        cmocka_unit_test(closed_at_every_turn_nothing_is_left),
        cmocka_unit_test(no_memory_is_answered_and_leaks_nothing),
    };

    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
