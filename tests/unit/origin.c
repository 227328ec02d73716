/* SPDX-License-Identifier: MIT */
/* http/: where a server is, and how it is known. */
#include "http/origin.h"

#include "kt.h"

static void check(const struct kg_http_options *options,
                  const struct kg_origin *want)
{
    struct kg_origin o;
    struct kg_error e;

    assert_int_equal(kg_origin_init(&o, options, &e), KG_OK);
    assert_string_equal(o.url, want->url);
    assert_string_equal(o.host, want->host);
    assert_string_equal(o.name, want->name);
    assert_string_equal(o.port, want->port);
    assert_int_equal(o.tls, want->tls);
    if (want->header == NULL) {
        assert_null(o.header);
        assert_null(o.connect);
    } else {
        assert_string_equal(o.header, want->header);
        assert_string_equal(o.connect, want->connect);
    }
    kg_origin_finish(&o);
}

static void a_server_is_taken_apart(void **state)
{
    (void)state;
    check(&(struct kg_http_options){.server = "https://api.example/k8s/"},
          &(struct kg_origin){.url = "https://api.example:443/k8s",
                              .host = "api.example:443",
                              .name = "api.example",
                              .port = "443",
                              .tls = true});
    check(&(struct kg_http_options){.server = "http://10.0.0.1:8001"},
          &(struct kg_origin){.url = "http://10.0.0.1:8001",
                              .host = "10.0.0.1:8001",
                              .name = "10.0.0.1",
                              .port = "8001"});
    check(&(struct kg_http_options){.server = "https://[fd00::1]:6443"},
          &(struct kg_origin){.url = "https://[fd00::1]:6443",
                              .host = "[fd00::1]:6443",
                              .name = "fd00::1",
                              .port = "6443",
                              .tls = true});
}

static void a_server_may_be_known_by_another_name(void **state)
{
    (void)state;
    check(&(struct kg_http_options){.server = "https://[fd00::1]:6443",
                                    .tls_server_name = "kubernetes"},
          &(struct kg_origin){.url = "https://kubernetes:6443",
                              .host = "[fd00::1]:6443",
                              .name = "fd00::1",
                              .port = "6443",
                              .header = "Host: [fd00::1]:6443",
                              .connect = "::[fd00::1]:6443",
                              .tls = true});
}

static void a_password_in_a_url_is_not_kept(void **state)
{
    (void)state;
    check(&(struct kg_http_options){.server = "https://u:s3cret@x:1"},
          &(struct kg_origin){.url = "https://x:1",
                              .host = "x:1",
                              .name = "x",
                              .port = "1",
                              .tls = true});
}

static void copy_all(void *data, bool may_fail)
{
    const struct kg_http_options options = {.server = "https://x/y",
                                            .ca = {.text = KG_STR("ca")},
                                            .cert = {.file = "cert"},
                                            .key = {.text = KG_STR("key")},
                                            .tls_server_name = "z"};
    struct kg_origin o;
    struct kg_error e;

    (void)data;
    if (kg_origin_init(&o, &options, &e) != KG_OK) {
        assert_true(may_fail);
        assert_int_equal(e.code, KG_ENOMEM);
        return;
    }
    kt_assert_str(o.identity->ca.text, "ca");
    assert_string_equal(o.identity->cert.file, "cert");
    kt_assert_str(o.identity->key.text, "key");
    kg_origin_finish(&o);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(copy_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_taken_apart),
        cmocka_unit_test(a_server_may_be_known_by_another_name),
        cmocka_unit_test(a_password_in_a_url_is_not_kept),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
