/* SPDX-License-Identifier: MIT */
/* kube/: which proxy leads to a server, and which servers have none. */
#include "kube/proxy.h"

#include <stdlib.h>

#include "kt.h"

static bool excludes(const char *list, const char *host, const char *port)
{
    return kg_proxy_excludes(kg_str_from(list), kg_str_from(host),
                             kg_str_from(port));
}

static void a_list_excludes_what_go_programs_exclude(void **state)
{
    static const struct {
        const char *list, *host, *port;
        bool excluded;
    } cases[] = {
        {"", "a.test", "443", false},
        {"*", "a.test", "443", true},
        {"a.test", "a.test", "443", true},
        {"A.Test", "a.tEST", "443", true},
        {"a.test", "b.a.test", "443", true},
        {"a.test", "xa.test", "443", false},
        {".a.test", "a.test", "443", false},
        {".a.test", "b.a.test", "443", true},
        {"*.a.test", "b.a.test", "443", true},
        {"*.a.test", "a.test", "443", false},
        {"x, a.test ,y", "a.test", "443", true},
        {"a.test:443", "a.test", "443", true},
        {"a.test:6443", "a.test", "443", false},
        {"10.0.0.1", "10.0.0.1", "443", true},
        {"10.0.0.1:443", "10.0.0.1", "443", true},
        {"10.0.0.1:80", "10.0.0.1", "443", false},
        {"10.0.0.1", "10.0.0.11", "443", false},
        {"10.0.0.0/8", "10.255.0.1", "443", true},
        {"10.0.0.0/8", "11.0.0.1", "443", false},
        {"10.1.2.128/25", "10.1.2.129", "443", true},
        {"10.1.2.128/25", "10.1.2.127", "443", false},
        {"10.0.0.0/33", "10.0.0.1", "443", false},
        {"10.0.0.0/x", "10.0.0.1", "443", false},
        {"0.0.0.0/0", "fd00::1", "443", false},
        {"fd00::/8", "fd12::1", "443", true},
        {"fd00::1", "fd00::1", "443", true},
        {"[fd00::1]:443", "fd00::1", "443", true},
        {"[fd00::1]:80", "fd00::1", "443", false},
        {":,[]:,]:[,/,", "a.test", "443", false},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        if (excludes(cases[i].list, cases[i].host, cases[i].port) !=
            cases[i].excluded) {
            fail_msg("%s: %s:%s", cases[i].list, cases[i].host, cases[i].port);
        }
    }
}

static void set(const char *name, const char *value)
{
    assert_int_equal(value != NULL ? setenv(name, value, 1) : unsetenv(name),
                     0);
}

static void the_environment_names_one_for_each_scheme(void **state)
{
    static const struct {
        const char *server, *want;
    } cases[] = {
        {"https://a.test:6443/x", "s:1"},
        {"http://a.test", "p:1"},
        {"https://u:p@no.test", NULL},
        {"https://no.test:6443", NULL},
        {"http://port.test", NULL},
        {"http://port.test:81", "p:1"},
        {"https://localhost:6443", NULL},
        {"https://127.1.2.3", NULL},
        {"https://[::1]:6443", NULL},
        {"https://[fd00::1]:6443", "s:1"},
        {"https://", "s:1"},
        {"", "p:1"},
    };

    (void)state;
    set("HTTPS_PROXY", "s:1");
    set("HTTP_PROXY", "");
    set("http_proxy", "p:1");
    set("NO_PROXY", NULL);
    set("no_proxy", "no.test,port.test:80");
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        const char *got = kg_proxy_of_environment(cases[i].server);

        assert_true((got == NULL) == (cases[i].want == NULL));
        if (got != NULL) {
            assert_string_equal(got, cases[i].want);
        }
    }
    set("HTTPS_PROXY", NULL);
    set("http_proxy", NULL);
    assert_null(kg_proxy_of_environment("https://a.test"));
}

static void what_kubernetes_knows_as_a_proxy_is_known(void **state)
{
    static const char *const known[] = {"http://a", "https://a", "socks5://a",
                                        "socks5h://a"};
    static const char *const unknown[] = {"ftp://a", "a:1", "", "://", "http:"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(known); i++) {
        assert_true(kg_proxy_is_known(known[i]));
    }
    for (size_t i = 0; i < KG_COUNT_OF(unknown); i++) {
        assert_false(kg_proxy_is_known(unknown[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_excludes_what_go_programs_exclude),
        cmocka_unit_test(the_environment_names_one_for_each_scheme),
        cmocka_unit_test(what_kubernetes_knows_as_a_proxy_is_known),
    };

    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
