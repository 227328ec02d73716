/* SPDX-License-Identifier: MIT */
/* kube/: what kubectl reads, and each mistake with its place. */
#include "kubeglean/kubeconfig.h"

#include <stdio.h>
#include <stdlib.h>

#include "kt.h"

/* base64 of "-----BEGIN X-----" */
#define PEM "LS0tLS1CRUdJTiBYLS0tLS0="

static const char whole[] = /* Its lines are counted below. */
    "apiVersion: v1\n"
    "kind: Config\n"
    "current-context: a\n"
    "contexts:\n"
    "- name: a\n"
    "  context: {cluster: ca, user: ua, namespace: team}\n"
    "- {name: b, context: {cluster: cb}}\n"
    "clusters:\n"
    "- name: ca\n"
    "  cluster:\n"
    "    server: https://a:6443\n"
    "    certificate-authority-data: " PEM "\n"
    "    tls-server-name: kube\n"
    "- {name: cb, cluster: {server: 'http://b', insecure-skip-tls-verify: "
    "true}}\n"
    "users:\n"
    "- name: ua\n"
    "  user: {client-certificate-data: " PEM ", client-key-data: " PEM
    ", token: t0k}\n";

static struct kg_kubeconfig_source text_source(const char *text)
{
    return (struct kg_kubeconfig_source){.text = kg_str_from(text),
                                         .name = "stdin"};
}

static void what_a_context_says_is_read(void **state)
{
    struct kg_kubeconfig_source source = text_source(whole);
    struct kg_kubeconfig k;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.source, "stdin");
    assert_string_equal(k.context, "a");
    assert_string_equal(k.cluster, "ca");
    assert_string_equal(k.server, "https://a:6443");
    assert_string_equal(k.ns, "team");
    assert_string_equal(k.tls_server_name, "kube");
    assert_false(k.insecure);
    kt_assert_str(k.ca_pem, "-----BEGIN X-----");
    kt_assert_str(k.cert_pem, "-----BEGIN X-----");
    kt_assert_str(k.key_pem, "-----BEGIN X-----");
    assert_string_equal(k.token, "t0k");
    kg_kubeconfig_finish(&k);

    source.over.context = "b";
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "http://b");
    assert_string_equal(k.ns, "default");
    assert_true(k.insecure);
    assert_null(k.token);
    kg_kubeconfig_finish(&k);

    source.over.ns = "mine";
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.ns, "mine");
    kg_kubeconfig_finish(&k);
}

static void json_is_a_kubeconfig_too(void **state)
{
    struct kg_kubeconfig_source source = text_source(
        "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{"
        "\"cluster\":\"c\",\"user\":\"\"}}],\"clusters\":[{\"name\":\"c\","
        "\"cluster\":{\"server\":\"https://x\"}}],\"users\":null}");
    struct kg_kubeconfig k;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://x");
    kg_kubeconfig_finish(&k);
}

#define CONTEXT                                                       \
    "current-context: c\ncontexts: [{name: c, context: {cluster: c, " \
    "user: u}}]\n"
#define CLUSTER "clusters: [{name: c, cluster: {server: 'https://x'}}]\n"
#define V1      "apiVersion: client.authentication.k8s.io/v1"
#define EXEC(text) \
    CONTEXT CLUSTER "users:\n- name: u\n  user: { exec: {" text "}}\n"

static void every_mistake_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"", "stdin"},
        {"a: [", "stdin:"},
        {"- a", "stdin:1:1: is no kubeconfig"},
        {"kind: Config", "stdin:1:1: current-context is not set: choose one by "
                         "--context"},
        {"current-context: x", "stdin:1:18: there is no context \"x\""},
        {"current-context: [x]",
         "stdin:1:18: current-context: must be a string, not array"},
        {CONTEXT, "stdin:2:41: there is no cluster \"c\""},
        {CONTEXT CLUSTER, "stdin:2:50: there is no user \"u\""},
        {CONTEXT "clusters: [{name: c, cluster: {}}]",
         "stdin:3:31: cluster \"c\" has no server"},
        {CONTEXT "clusters: [{name: c, cluster: {server: 7}}]",
         "stdin:3:40: server: must be a string, not number"},
        {CONTEXT "clusters: [{name: c, cluster: {server: x, proxy-url: z}}]",
         "stdin:3:54: proxy-url: must begin with http://, https:// or"},
        {CONTEXT "clusters:\n- name: c\n  cluster:\n    server: x\n"
                 "    insecure-skip-tls-verify: maybe\n",
         "stdin:7:31: insecure-skip-tls-verify: must be true or false, not "
         "string"},
        {CONTEXT "clusters:\n- name: c\n  cluster:\n    server: x\n"
                 "    certificate-authority-data: '?'\n",
         "stdin:7:33: certificate-authority-data: is no base64"},
        {CONTEXT "clusters:\n- name: c\n  cluster:\n    server: x\n"
                 "    certificate-authority-data: YWJj\n",
         "stdin:7:33: certificate-authority-data: is no PEM"},
        {CONTEXT "clusters:\n- name: c\n  cluster:\n    server: x\n"
                 "    certificate-authority: /no/such/ca.crt\n",
         "stdin:7:28: certificate-authority: /no/such/ca.crt: No such file"},
        {EXEC("command: x"), "stdin:6:17: exec: apiVersion must be client"},
        {EXEC(V1), "stdin:6:17: exec: command is missing"},
        {EXEC(V1 ", command: x"),
         "stdin:6:17: exec: interactiveMode must be Never, IfAvailable or"},
        {EXEC(V1 ", command: x, interactiveMode: Always"),
         "interactiveMode Always: standard input is no terminal"},
        {EXEC(V1 ", command: x, interactiveMode: Never, args: a"),
         "exec: args: must be a list, not string"},
        {EXEC(V1 ", command: x, interactiveMode: Never, args: [1]"),
         "exec: args: must be strings"},
        {EXEC(V1 ", command: x, interactiveMode: Never, env: [{value: a}]"),
         "exec: env: needs a name without '='"},
        {EXEC(V1 ", command: x, interactiveMode: Never, env: {}"),
         "exec: env: must be a list, not object"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user:\n    auth-provider: {}\n",
         "stdin:7:20: auth-provider: authentication providers are not"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user: {username: x}\n",
         "stdin:6:20: username: Kubernetes has no passwords"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user: {as-groups: [g]}\n",
         "stdin: groups, a uid or extras are asked for, but nobody to act"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user: {as: [x]}\n",
         "stdin:6:14: as: must be a string, not array"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user: {as: x, as-groups: g}\n",
         "stdin:6:28: as-groups: must be a list, not string"},
        {CONTEXT CLUSTER
         "users:\n- name: u\n  user: {as: x, as-groups: [\"a\\nb\"]}\n",
         "stdin:6:29: as-groups: must be texts without control characters"},
        {CONTEXT CLUSTER
         "users:\n- name: u\n  user: {as: x, as-user-extra: []}\n",
         "stdin:6:32: as-user-extra: must be a map, not array"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user:\n"
                         "    client-certificate-data: " PEM "\n",
         "stdin:7:5: client-certificate without client-key"},
        {CONTEXT CLUSTER "users:\n- name: u\n  user: {tokenFile: /no/token}\n",
         "stdin:6:21: tokenFile: /no/token: No such file"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kg_kubeconfig_source source = text_source(cases[i].text);
        struct kg_kubeconfig k;
        struct kg_error e;

        assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
        if (strstr(e.text, cases[i].want) == NULL) {
            fail_msg("%s\nis not in\n%s", cases[i].want, e.text);
        }
    }
}

/* --- options -------------------------------------------------------------------- */

static void options_take_the_place_of_what_the_file_says(void **state)
{
    struct kg_kubeconfig_source source = text_source(whole);
    struct kg_kubeconfig k;
    struct kg_error e;

    (void)state;
    source.over = (struct kg_kubeconfig_overrides){
        .server = "https://other",
        .ca_file = "/dev/null",
        .cert_file = "/dev/null",
        .key_file = "/dev/null",
        .token = "given",
        .request_timeout_ms = 5000,
    };
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://other");
    assert_null(k.tls_server_name); /* It was another server's. */
    assert_int_equal(k.ca_pem.len, 0);
    assert_int_equal(k.cert_pem.len, 0);
    assert_int_equal(k.key_pem.len, 0);
    assert_string_equal(k.ca_file, "/dev/null");
    assert_string_equal(k.cert_file, "/dev/null");
    assert_string_equal(k.key_file, "/dev/null");
    assert_string_equal(k.token, "given");
    assert_int_equal(k.request_timeout_ms, 5000);
    kg_kubeconfig_finish(&k);

    source.over = (struct kg_kubeconfig_overrides){
        .cluster = "cb", .tls_server_name = "name", .insecure = true};
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.cluster, "cb");
    assert_string_equal(k.server, "http://b");
    assert_string_equal(k.tls_server_name, "name");
    assert_string_equal(k.token, "t0k");
    kg_kubeconfig_finish(&k);

    source.over = (struct kg_kubeconfig_overrides){.insecure = true};
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_true(k.insecure);
    assert_int_equal(k.ca_pem.len, 0);
    kg_kubeconfig_finish(&k);
}

static void options_alone_are_enough(void **state)
{
    struct kg_kubeconfig_source source = {
        .over = {.server = "https://alone", .token = "t"}};
    struct kg_kubeconfig k;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.source, "the options");
    assert_string_equal(k.context, "");
    assert_string_equal(k.cluster, "");
    assert_string_equal(k.server, "https://alone");
    assert_string_equal(k.token, "t");
    kg_kubeconfig_finish(&k);
}

static void a_wrong_option_is_named(void **state)
{
    static const struct {
        struct kg_kubeconfig_overrides over;
        const char *want;
    } cases[] = {
        {{.context = "x"}, "stdin: there is no context \"x\""},
        {{.cluster = "x"}, "stdin: there is no cluster \"x\""},
        {{.user = "x"}, "stdin: there is no user \"x\""},
        {{.ns = "A"}, "--namespace: \"A\" must be"},
        {{.ca_file = "/no/ca"}, "--certificate-authority: /no/ca: No such"},
        {{.cert_file = "/no/crt"}, "--client-certificate: /no/crt: No such"},
        {{.key_file = "/no/key"}, "--client-key: /no/key: No such file"},
        {{.context = "b", .cert_file = "/dev/null"},
         "--client-certificate without --client-key"},
        {{.insecure = true, .ca_file = "/dev/null"},
         "insecure-skip-tls-verify and certificate-authority exclude"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kg_kubeconfig_source source = text_source(whole);
        struct kg_kubeconfig k;
        struct kg_error e;

        source.over = cases[i].over;
        assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
        if (strstr(e.text, cases[i].want) == NULL) {
            fail_msg("%s\nis not in\n%s", cases[i].want, e.text);
        }
    }
}

static void whom_the_user_acts_for_becomes_header_lines(void **state)
{
    static const char *const groups[] = {"g1", "g2"};
    struct kg_kubeconfig_source source = text_source(
        CONTEXT CLUSTER "users:\n- name: u\n  user:\n"
                        "    as: jane\n    as-uid: '7'\n"
                        "    as-groups: [a, b c]\n"
                        "    as-user-extra: {x/y: [v, w], z: []}\n");
    struct kg_kubeconfig k;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.impersonate,
                        "Impersonate-User: jane\nImpersonate-Uid: 7\n"
                        "Impersonate-Group: a\nImpersonate-Group: b c\n"
                        "Impersonate-Extra-x%2Fy: v\n"
                        "Impersonate-Extra-x%2Fy: w");
    kg_kubeconfig_finish(&k);

    source = text_source(whole);
    source.over.as = "joe";
    source.over.as_uid = "8";
    source.over.as_groups = groups;
    source.over.n_as_groups = 2;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.impersonate,
                        "Impersonate-User: joe\nImpersonate-Uid: 8\n"
                        "Impersonate-Group: g1\nImpersonate-Group: g2");
    kg_kubeconfig_finish(&k);
    source.over.as = NULL;
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    source.over.as = "a\nX: y";
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "Impersonate-User: is empty, or holds"));
}

/* --- memory --------------------------------------------------------------------- */

static void load_with_refusals(void *data, bool may_fail)
{
    const struct kg_kubeconfig_source *source = data;
    struct kg_kubeconfig k;
    struct kg_error e;
    enum kg_errc err = kg_kubeconfig_load(&k, source, &e);

    assert_true(err == KG_OK || (may_fail && err == KG_ENOMEM));
    if (err == KG_OK) {
        kg_kubeconfig_finish(&k);
    }
}

static void every_allocation_may_fail(void **state)
{
    struct kg_kubeconfig_source source = text_source(whole);

    (void)state;
    kt_torture(load_with_refusals, &source);
    source.over.as = "jane";
    kt_torture(load_with_refusals, &source);
    source.text = kg_str_from(EXEC(V1 ", interactiveMode: Never, command: x, "
                                      "provideClusterInfo: true"));
    kt_torture(load_with_refusals, &source);
}

static int prepare(void **state)
{
    (void)state;
    assert_non_null(freopen("/dev/null", "r", stdin)); /* No terminal. */
    assert_int_equal(setenv("HOME", "/no/such/home", 1), 0);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
    assert_int_equal(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_context_says_is_read),
        cmocka_unit_test(json_is_a_kubeconfig_too),
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(options_take_the_place_of_what_the_file_says),
        cmocka_unit_test(options_alone_are_enough),
        cmocka_unit_test(a_wrong_option_is_named),
        cmocka_unit_test(whom_the_user_acts_for_becomes_header_lines),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("kubeconfig", tests, prepare, NULL);
}
