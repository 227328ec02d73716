/* SPDX-License-Identifier: MIT */
/* serve/: what could be read in two ways is refused; nothing grows. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "serve/address.h"
#include "serve/answer.h"
#include "serve/parser.h"
#include "serve/route.h"
#include "serve/token.h"

#define HOST "Host: x\r\n"

/* What a connection's bytes were read as: "GET /a 200? body" line by line. */
struct reading {
    struct kg_serve_parser parser;
    struct kg_buf story;
    bool refused;
};

static void begin(void *data)
{
    struct reading *r = data;

    kg_serve_parser_init(&r->parser);
    kg_buf_init(&r->story, 64 * KG_KIB);
    r->refused = false;
}

static void tell(struct reading *r)
{
    const struct kg_serve_parser *p = &r->parser;

    assert_int_equal(
        kg_buf_addf(&r->story, "%s %.*s %s token=%.*s body=%.*s%s\n",
                    kg_serve_parser_method(p), KG_STR_ARG(kg_buf_str(&p->url)),
                    p->keep_alive ? "keep" : "close",
                    KG_STR_ARG(kg_buf_str(&p->token)),
                    KG_STR_ARG(kg_buf_str(&p->body)),
                    p->from_page ? " from a page" : ""),
        KG_OK);
}

static void feed(void *data, struct kg_str bytes)
{
    struct reading *r = data;

    while (bytes.len > 0 && !r->refused) {
        size_t used = 0;

        switch (kg_serve_parser_feed(&r->parser, bytes, &used)) {
        case KG_SERVE_MORE:
            assert_int_equal(used, bytes.len);
            break;
        case KG_SERVE_WHOLE:
            tell(r);
            kg_serve_parser_next(&r->parser);
            break;
        case KG_SERVE_REFUSED:
            r->refused = true;
            assert_int_equal(
                kg_buf_addf(&r->story, "refused %u\n", r->parser.status),
                KG_OK);
            break;
        }
        bytes.ptr += used;
        bytes.len -= used;
    }
}

static void finish(struct reading *r)
{
    kg_serve_parser_finish(&r->parser);
    kg_buf_finish(&r->story);
}

static void reads_as(const char *bytes, const char *story)
{
    struct reading r;

    begin(&r);
    feed(&r, kg_str_from(bytes));
    kt_assert_str(kg_buf_str(&r.story), story);
    finish(&r);
}

static const char pipelined[] =
    "\r\nGET /livez HTTP/1.1\r\n" HOST "\r\n"
    "POST /api/v1/tasks/krr/run?dry=1 HTTP/1.1\r\n" HOST
    "aUTHorization:\tbearer  s3cret \r\nOrigin: http://evil\r\n"
    "X-A-Name-Longer-Than-Any-We-Know: 1\r\nContent-Length: 5\r\n\r\nhello"
    "PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    "5;ext=\"q\"\r\nhello\r\n6\r\n world\r\n0\r\nAuthorization: Bearer t\r\n"
    "Host: y\r\n\r\n"
    "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    "GET / HTTP/1.0\r\n\r\n"
    "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
    "GET\x01 / HTTP/1.1\r\n";

static const char pipelined_story[] =
    "GET /livez keep token= body=\n"
    "POST /api/v1/tasks/krr/run?dry=1 keep token=s3cret body=hello from a "
    "page\n"
    "PUT / keep token= body=hello world\n"
    "GET / keep token= body=\n"
    "GET / close token= body=\n"
    "GET / close token= body=\n"
    "refused 400\n";

static void check_pipelined(void *data)
{
    struct reading *r = data;

    kt_assert_str(kg_buf_str(&r->story), pipelined_story);
    finish(r);
}

static void requests_read_the_same_however_they_are_cut(void **state)
{
    struct reading r;

    (void)state;
    kt_split(kg_str_from(pipelined), &r, begin, feed, check_pipelined);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const shapes[] = {
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: 0x5\r\n\r\nhello",
        "Content-Length: 99999999999999999999999\r\n\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5 \nhello",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "Host: y\r\n\r\n",
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
        "Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "X: a\rb: c\r\n\r\n",
        "X\x01: a\r\n\r\n",
        "no colon\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(shapes); i++) {
        struct reading r;

        begin(&r);
        feed(&r, KG_STR("POST / HTTP/1.1\r\n" HOST));
        feed(&r, kg_str_from(shapes[i]));
        if (!kg_str_is(kg_buf_str(&r.story), "refused 400\n")) {
            fail_msg("%s: %.*s", shapes[i], KG_STR_ARG(kg_buf_str(&r.story)));
        }
        finish(&r);
    }
}

static void what_is_not_http_1_is_refused(void **state)
{
    (void)state;
    reads_as("GET / HTTP/1.1\r\n\r\n", "refused 400\n");
    reads_as("GET /\r\n\r\n", "refused 505\n");
    reads_as("GET / HTTP/2.0\r\n" HOST "\r\n", "refused 505\n");
    reads_as("GET / HTTP/0.9\r\n\r\n", "refused 505\n");
    reads_as("GET / HTTP/7.3\r\n\r\n", "refused 505\n");
    reads_as("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refused 400\n");
    reads_as("\x16\x03\x01\x02\x01\x01", "refused 400\n");
    reads_as("CONNECT h:1 HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
             "refused 400\n");
    reads_as("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "refused 400\n");
    reads_as("GET / HTTP/1.1\r\n" HOST "Expect: a miracle\r\n\r\n",
             "refused 417\n");
}

/* `before`, then `len` times 'a', then `after`. */
static void long_reads_as(const char *before, size_t len, const char *after,
                          const char *story)
{
    struct reading r;
    char *as = kg_alloc(len);

    assert_non_null(as);
    memset(as, 'a', len);
    begin(&r);
    feed(&r, kg_str_from(before));
    feed(&r, kg_str_of(as, len));
    feed(&r, kg_str_from(after));
    kt_assert_str(kg_buf_str(&r.story), story);
    finish(&r);
    kg_free(as);
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    long_reads_as("GET /", KG_LIMIT_SERVE_URL, " HTTP/1.1\r\n",
                  "refused 414\n");
    long_reads_as("GET / HTTP/1.1\r\nX: ", KG_LIMIT_SERVE_HEAD, "\r\n",
                  "refused 431\n");
    long_reads_as("GET / HTTP/1.1\r\n", KG_LIMIT_SERVE_HEAD, ": x\r\n",
                  "refused 431\n");
    long_reads_as("GET / HTTP/1.1\r\nAuthorization: Bearer ",
                  KG_LIMIT_SERVE_TOKEN + 1, "\r\n\r\n", "refused 431\n");
    long_reads_as("POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 0,
                  "", "refused 413\n");
    long_reads_as("POST / HTTP/1.1\r\n" HOST
                  "Transfer-Encoding: chunked\r\n\r\n10001\r\n",
                  0x10001, "\r\n0\r\n\r\n", "refused 413\n");
}

static void nothing_that_is_thrown_away_goes_on_for_ever(void **state)
{
    static const char *const endless[][2] = {
        {"", "\r\n\r\n\r\n\r\n"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1",
         ";aaaaaaaaaa"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
         "00000000000000000"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n",
         "trailer: aaaaaaaa\r\n"},
        {"GET / HTTP/1.1\r\n", "x: aaaaaaaa\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(endless); i++) {
        struct reading r;

        begin(&r);
        feed(&r, kg_str_from(endless[i][0]));
        for (int n = 0; n < 100000 && !r.refused; n++) {
            feed(&r, kg_str_from(endless[i][1]));
        }
        assert_true(r.refused);
        finish(&r);
    }
}

static void torture_pipelined(void *data, bool may_fail)
{
    struct reading r;

    (void)data;
    begin(&r);
    r.story = (struct kg_buf){.max = 1}; /* Not what is tested. */
    for (struct kg_str rest = kg_str_from(pipelined); rest.len > 0;) {
        size_t used = 0;

        if (kg_serve_parser_feed(&r.parser, rest, &used) == KG_SERVE_REFUSED) {
            assert_true(r.parser.status == (may_fail ? r.parser.status : 400));
            assert_true(r.parser.status == 503 || r.parser.status == 400);
            break;
        }
        kg_serve_parser_next(&r.parser);
        rest = kg_str_of(rest.ptr + used, rest.len - used);
    }
    finish(&r);
}

static void no_memory_refuses_one_request(void **state)
{
    (void)state;
    kt_torture(torture_pipelined, NULL);
}

static void nobody(void *data, const struct kg_request *r)
{
    (void)data;
    (void)r;
}

static const struct kg_route routes[] = {
    {"GET", "/livez", false, nobody},
    {"GET", "/tasks/*", false, nobody},
    {"POST", "/tasks/*/run", true, nobody},
    {"DELETE", "/tasks/*", true, nobody},
};

static struct kg_serve_match find(const char *method, const char *path)
{
    return kg_serve_route_find(routes, KG_COUNT_OF(routes), kg_str_from(method),
                               kg_str_from(path));
}

static void a_route_is_found_by_path_and_method(void **state)
{
    (void)state;
    assert_ptr_equal(find("GET", "/livez").route, &routes[0]);
    assert_ptr_equal(find("HEAD", "/livez").route, &routes[0]);
    assert_ptr_equal(find("DELETE", "/tasks/krr").route, &routes[3]);
    assert_ptr_equal(find("POST", "/tasks/krr/run").route, &routes[2]);
    kt_assert_str(find("POST", "/tasks/krr/run").name, "krr");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    assert_null(find("PUT", "/tasks/krr").route);
    assert_string_equal(find("PUT", "/tasks/krr").allow, "GET, HEAD, DELETE");
    assert_string_equal(find("GET", "/tasks/krr/run").allow, "POST");
    assert_null(find("HEAD", "/tasks/krr/run").route);
}

static void an_unknown_path_has_no_methods(void **state)
{
    static const char *const paths[] = {
        "/",       "/livez/",     "/livezz",
        "livez",   "/tasks//run", "/tasks/a/b/run",
        "/tasks/", "//livez",     "/tasks/a/run/",
        "/Livez",  "/tasks",      "",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(paths); i++) {
        assert_null(find("GET", paths[i]).route);
        assert_string_equal(find("GET", paths[i]).allow, "");
    }
}

static void a_target_is_a_path_with_or_without_a_host(void **state)
{
    struct kg_serve_target t;

    (void)state;
    assert_true(kg_serve_target_parse(KG_STR("/a?b?c"), &t));
    kt_assert_str(t.path, "/a");
    kt_assert_str(t.query, "b?c");
    assert_true(kg_serve_target_parse(KG_STR("http://h:1/a"), &t));
    kt_assert_str(t.path, "/a");
    kt_assert_str(t.query, "");
    assert_false(kg_serve_target_parse(KG_STR("http://h"), &t));
    assert_false(kg_serve_target_parse(KG_STR("*"), &t));
    assert_false(kg_serve_target_parse(KG_STR("h:443"), &t));
    assert_false(kg_serve_target_parse(KG_STR(""), &t));
}

static void loopback_is_what_nobody_else_reaches(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {
        {"127.0.0.1:8080", true}, {"127.9.9.9:1", true},
        {"localhost:0", true},    {"[::1]:65535", true},
        {"0.0.0.0:80", false},    {":8080", false},
        {"[::]:8080", false},     {"10.0.0.1:80", false},
        {"[fe80::1]:80", false},  {"[::ffff:127.0.0.1]:80", false},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        union kg_serve_address a;
        struct kg_error e;

        assert_int_equal(kg_serve_address_parse(cases[i].text, &a, &e), KG_OK);
        assert_int_equal(kg_serve_address_is_loopback(&a), cases[i].loopback);
    }
}

static void a_wrong_address_is_told_a_right_one(void **state)
{
    static const char *const wrong[] = {
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "host:1",
        "::1:80x",
        "[::1]",
        "[::1:80",
        "127.0.0.1:-1",
        "[]:80",
        "[x]:80",
        "1.2.3.4.5:1",
        "127.0.0.1:80 80",
        "a-name-that-is-longer-than-any-address-could-ever-be.example:80",
        "[a-name-that-is-longer-than-any-address-could-ever-be.example]:80"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(wrong); i++) {
        union kg_serve_address a;
        struct kg_error e;

        assert_int_equal(kg_serve_address_parse(wrong[i], &a, &e), KG_ECONFIG);
        assert_non_null(strstr(e.text, "such as 127.0.0.1:8080"));
    }
}

static void write_token(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void a_token_file_holds_one_token(void **state)
{
    static const char name[] = "/tmp/kubeglean-token-XXXXXX";
    char path[sizeof(name)];
    char much[KG_LIMIT_SERVE_TOKEN];
    struct kg_serve_token t;
    struct kg_error e;

    (void)state;
    memcpy(path, name, sizeof(name));
    assert_int_not_equal(close(mkstemp(path)), -1);
    write_token(path, " s3cret\r\n", 9);
    assert_int_equal(kg_serve_token_read(path, &t, &e), KG_OK);
    assert_true(kg_serve_token_is(&t, KG_STR("s3cret")));
    assert_false(kg_serve_token_is(&t, KG_STR("s3creT")));
    assert_false(kg_serve_token_is(&t, KG_STR("s3cre")));
    assert_false(kg_serve_token_is(&t, KG_STR("s3crets3cret")));
    assert_false(kg_serve_token_is(&t, KG_STR("")));
    write_token(path, "\n \n", 3);
    assert_int_equal(kg_serve_token_read(path, &t, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "has no token"));
    memset(much, 'a', sizeof(much));
    write_token(path, much, sizeof(much));
    assert_int_equal(kg_serve_token_read(path, &t, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "longer than"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(kg_serve_token_read(path, &t, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "No such file"));
}

static void an_answer_has_length_date_and_nothing_to_keep(void **state)
{
    const struct kg_serve_answer a = {.status = 405,
                                      .type = KG_SERVE_JSON,
                                      .header = "Allow: GET",
                                      .body = KG_STR("{}\n")};
    struct kg_buf out;

    (void)state;
    kg_buf_init(&out, 4096);
    assert_int_equal(kg_serve_answer_add(&a, INT64_C(784111777000000), &out),
                     KG_OK);
    kt_assert_str(kg_buf_str(&out),
                  "HTTP/1.1 405 Method Not Allowed\r\n"
                  "Content-Type: application/json\r\n"
                  "Content-Length: 3\r\n"
                  "Cache-Control: no-store\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "Allow: GET\r\n"
                  "Connection: close\r\n"
                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{}\n");
    kg_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_read_the_same_however_they_are_cut),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(what_is_not_http_1_is_refused),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(nothing_that_is_thrown_away_goes_on_for_ever),
        cmocka_unit_test(no_memory_refuses_one_request),
        cmocka_unit_test(a_route_is_found_by_path_and_method),
        cmocka_unit_test(a_wrong_method_is_told_the_right_ones),
        cmocka_unit_test(an_unknown_path_has_no_methods),
        cmocka_unit_test(a_target_is_a_path_with_or_without_a_host),
        cmocka_unit_test(loopback_is_what_nobody_else_reaches),
        cmocka_unit_test(a_wrong_address_is_told_a_right_one),
        cmocka_unit_test(a_token_file_holds_one_token),
        cmocka_unit_test(an_answer_has_length_date_and_nothing_to_keep),
    };

    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
