/* SPDX-License-Identifier: MIT */
/* serve/: who reaches the endpoint, and who may change something through it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve.h"

static void a_browsers_page_may_read_but_not_change(void **state)
{
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    kt_serve_ask(&f, &c,
                 "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                 "Connection: close\r\nOrigin: http://evil\r\n\r\n");
    kt_has(&c, "HTTP/1.1 403 Forbidden\r\n");
    assert_int_equal(f.n_asked, 0);
    kt_serve_tear_down(&f);
}

static void ask_with(struct kt_serve *f, struct kt_client *c,
                     const char *header)
{
    char request[256];

    (void)snprintf(request, sizeof(request),
                   "POST /api/v1/tasks/krr/run HTTP/1.1\r\n" HOST
                   "Connection: close\r\n%s\r\n",
                   header);
    kt_serve_ask(f, c, request);
}

static void changes_want_the_token_of_this_moment(void **state)
{
    char path[] = "/tmp/kubeglean-token-XXXXXX";
    struct kt_serve f;
    struct kt_client c;

    (void)state;
    assert_int_not_equal(close(mkstemp(path)), -1);
    kt_write_file(path, "s3cret\n");
    kt_serve_set_up(&f);
    f.config.token_file = path;
    kt_serve_start(&f);
    ask_with(&f, &c, "");
    kt_has(&c, "HTTP/1.1 401 Unauthorized\r\n");
    kt_has(&c, "\r\nWWW-Authenticate: Bearer\r\n");
    ask_with(&f, &c, "Authorization: Bearer s3creT\r\n");
    kt_has(&c, "HTTP/1.1 401 ");
    ask_with(&f, &c, "Authorization: Basic s3cret\r\n");
    kt_has(&c, "HTTP/1.1 401 ");
    assert_int_equal(f.n_asked, 0);
    ask_with(&f, &c, "Authorization: Bearer s3cret\r\n");
    kt_has(&c, "HTTP/1.1 202 ");
    kt_serve_ask(&f, &c, KT_ASK("GET", "/livez"));
    kt_has(&c, "HTTP/1.1 200 ");
    kt_write_file(path, "rotated");
    ask_with(&f, &c, "Authorization: Bearer s3cret\r\n");
    kt_has(&c, "HTTP/1.1 401 ");
    ask_with(&f, &c, "Authorization: Bearer rotated\r\n");
    kt_has(&c, "HTTP/1.1 202 ");
    assert_int_equal(unlink(path), 0);
    ask_with(&f, &c, "Authorization: Bearer rotated\r\n");
    kt_has(&c, "HTTP/1.1 503 ");
    kt_serve_tear_down(&f);
}

static void wrong_configuration_is_told_with_its_cure(void **state)
{
    static const struct {
        const char *listen, *token_file, *message;
    } cases[] = {
        {"0.0.0.0:0", NULL,
         "listen: 0.0.0.0:0 can be reached from other machines: set tokenFile, "
         "or listen on 127.0.0.1"},
        {"nonsense", NULL,
         "listen: \"nonsense\" is no address and port such as 127.0.0.1:8080 "
         "or [::1]:8080"},
        {"127.0.0.1:0", "/nowhere/token",
         "token file /nowhere/token: No such file or directory"},
    };
    struct kt_serve f;
    struct kg_error e;

    (void)state;
    kt_serve_set_up(&f);
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        f.config.listen = cases[i].listen;
        f.config.token_file = cases[i].token_file;
        assert_int_equal(kg_serve_create(&f.loop, &f.config, &f.serve, &e),
                         KG_ECONFIG);
        assert_string_equal(e.text, cases[i].message);
    }
    kt_serve_tear_down(&f);
}

static void a_port_that_is_taken_is_named(void **state)
{
    struct kt_serve f;
    struct kg_serve *second;
    struct kg_error e;
    char listen[32];

    (void)state;
    kt_serve_set_up(&f);
    kt_serve_start(&f);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u",
                   (unsigned)kg_serve_port(f.serve));
    f.config.listen = listen;
    assert_int_equal(kg_serve_create(&f.loop, &f.config, &second, &e), KG_EIO);
    assert_non_null(strstr(e.text, listen));
    assert_non_null(strstr(e.text, "address already in use"));
    kt_serve_tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_browsers_page_may_read_but_not_change),
        cmocka_unit_test(changes_want_the_token_of_this_moment),
        cmocka_unit_test(wrong_configuration_is_told_with_its_cure),
        cmocka_unit_test(a_port_that_is_taken_is_named),
    };

    return cmocka_run_group_tests_name("serve_access", tests, NULL, NULL);
}
