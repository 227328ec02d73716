/* SPDX-License-Identifier: MIT */
/* kube/: what kubectl reads, and each mistake with its place. */
#include "kubeglean/kubeconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
         "stdin:3:54: proxy-url: proxies are not supported"},
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

struct files {
    char dir[32];
    char path[128];
};

static const char *in_dir(struct files *f, const char *name)
{
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, name);
    return f->path;
}

static void write_file(struct files *f, const char *name, const char *text)
{
    FILE *file = fopen(in_dir(f, name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_dirs(void **state)
{
    static struct files f;
    static const char *const dirs[] = {
        ".kube",
        "second",
        "var",
        "var/run",
        "var/run/secrets",
        "var/run/secrets/kubernetes.io",
        "var/run/secrets/kubernetes.io/serviceaccount"};

    (void)snprintf(f.dir, sizeof(f.dir), "/tmp/kt-kubeconfig-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    for (size_t i = 0; i < KG_COUNT_OF(dirs); i++) {
        assert_int_equal(mkdir(in_dir(&f, dirs[i]), 0700), 0);
    }
    assert_non_null(freopen("/dev/null", "r", stdin)); /* No terminal. */
    assert_int_equal(setenv("HOME", f.dir, 1), 0);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
    assert_int_equal(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
    *state = &f;
    return 0;
}

static int remove_dirs(void **state)
{
    char command[64];
    const struct files *f = *state;

    (void)snprintf(command, sizeof(command), "rm -r %s", f->dir);
    return system(command);
}

#define NAMED(server)                                                    \
    "current-context: c\ncontexts: [{name: c, context: {cluster: c}}]\n" \
    "clusters: [{name: c, cluster: {server: '" server                    \
    "', certificate-authority: ca.crt}}]\n"

static void relative_names_are_below_the_file(void **state)
{
    struct files *f = *state;
    struct kg_kubeconfig_source source = {0};
    struct kg_kubeconfig k;
    struct kg_error e;
    char want[128];

    write_file(f, "ca.crt", "");
    write_file(f, "config", NAMED("https://file"));
    source.file = in_dir(f, "config");
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    (void)snprintf(want, sizeof(want), "%s/ca.crt", f->dir);
    assert_string_equal(k.ca_file, want);
    kg_kubeconfig_finish(&k);
}

/* --- several files -------------------------------------------------------------- */

static void set_list(const struct files *f, const char *const *names)
{
    char list[512] = "";

    for (; *names != NULL; names++) {
        size_t len = strlen(list);

        (void)snprintf(list + len, sizeof(list) - len, ":%s/%s", f->dir,
                       *names);
    }
    assert_int_equal(setenv("KUBECONFIG", list, 1), 0);
}

static const char first[] =
    "current-context: ''\n"
    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
    "users: [{name: u, user: {token: first}}]\n";
static const char second[] =
    "current-context: c\n"
    "contexts: [{name: c, context: {cluster: x, user: x, namespace: x}}]\n"
    "clusters: [{name: k, cluster: {server: 'https://second', "
    "certificate-authority: ca.crt}}]\n"
    "users: [{name: u, user: {token: second, as: x}}]\n";

static void the_first_file_that_has_a_name_wins_with_all_it_says(void **state)
{
    static const char *const list[] = {"missing", "config", "second/config",
                                       NULL};
    struct files *f = *state;
    struct kg_kubeconfig_source source = {0};
    struct kg_kubeconfig k;
    struct kg_error e;
    char want[256];

    write_file(f, "config", first);
    write_file(f, "second/config", second);
    write_file(f, "second/ca.crt", "");
    set_list(f, list);
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.context, "c");
    assert_string_equal(k.server, "https://second");
    assert_string_equal(k.token, "first");
    assert_string_equal(k.ns, "default");
    (void)snprintf(want, sizeof(want), "%s/second/ca.crt", f->dir);
    assert_string_equal(k.ca_file, want);
    (void)snprintf(want, sizeof(want), "%s/config:%s/second/config", f->dir,
                   f->dir);
    assert_string_equal(k.source, want);
    kg_kubeconfig_finish(&k);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
}

static void a_mistake_in_any_file_of_the_list_is_told(void **state)
{
    static const char *const list[] = {"config", "second/config", NULL};
    struct files *f = *state;
    struct kg_kubeconfig_source source = {0};
    struct kg_kubeconfig k;
    struct kg_error e;

    write_file(f, "config", NAMED("https://x"));
    write_file(f, "second/config", "- no\n");
    set_list(f, list);
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "/second/config:1:1: is no kubeconfig"));
    write_file(f, "second/config", "current-context: none\n");
    write_file(f, "config", "clusters: []\n");
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(
        strstr(e.text, "/second/config:1:18: there is no context \"none\""));
    write_file(f, "config",
               "clusters: [{name: c, cluster: {}},\n{name: c, cluster: {}}]\n");
    source.over.cluster = "c";
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    write_file(f, "second/config", "a: b\n");
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(
        strstr(e.text, "/config:2:1: clusters: \"c\" is there twice"));
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
}

/* --- options -------------------------------------------------------------------- */

static void options_take_the_place_of_what_the_file_says(void **state)
{
    struct kg_kubeconfig_source source = text_source(whole);
    struct kg_kubeconfig k;
    struct kg_error e;
    struct files *f = *state;

    write_file(f, "pem", "");
    source.over = (struct kg_kubeconfig_overrides){
        .server = "https://other",
        .ca_file = in_dir(f, "pem"),
        .cert_file = f->path,
        .key_file = f->path,
        .token = "given",
        .request_timeout_ms = 5000,
    };
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://other");
    assert_null(k.tls_server_name); /* It was another server's. */
    assert_int_equal(k.ca_pem.len, 0);
    assert_int_equal(k.cert_pem.len, 0);
    assert_int_equal(k.key_pem.len, 0);
    assert_string_equal(k.ca_file, f->path);
    assert_string_equal(k.cert_file, f->path);
    assert_string_equal(k.key_file, f->path);
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

/* --- credential plugins ---------------------------------------------------------- */

static void a_plugin_is_told_what_it_may_know(void **state)
{
    static const char text[] = CONTEXT
        "clusters:\n- name: c\n  cluster:\n    server: https://x\n"
        "    tls-server-name: kube\n    certificate-authority-data: " PEM
        "\n    extensions:\n    - name: client.authentication.k8s.io/exec"
        "\n      extension: {audience: z}\n"
        "users:\n- name: u\n  user:\n    exec:\n"
        "      apiVersion: client.authentication.k8s.io/v1beta1\n"
        "      command: bin/plugin\n      args: [get, token]\n"
        "      env: [{name: A, value: b}]\n"
        "      installHint: ask\n      provideClusterInfo: true\n";
    struct files *f = *state;
    struct kg_kubeconfig_source source = {0};
    struct kg_kubeconfig k;
    struct kg_error e;
    char want[128];

    write_file(f, "config", text);
    source.file = in_dir(f, "config");
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    (void)snprintf(want, sizeof(want), "%s/bin/plugin", f->dir);
    assert_string_equal(k.exec.command, want);
    assert_int_equal(k.exec.args->n_children, 2);
    assert_int_equal(k.exec.env->n_children, 1);
    assert_string_equal(k.exec.install_hint, "ask");
    assert_string_equal(
        k.exec.info,
        "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":"
        "\"ExecCredential\",\"spec\":{\"interactive\":false,\"cluster\":{"
        "\"server\":\"https://x\",\"tls-server-name\":\"kube\","
        "\"certificate-authority-data\":\"" PEM
        "\",\"config\":{\"audience\":\"z\"}}}}");
    kg_kubeconfig_finish(&k);
    source.over.token = "t"; /* Who has one needs no plugin. */
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_null(k.exec.command);
    kg_kubeconfig_finish(&k);
}

/* --- where ---------------------------------------------------------------------- */

static void in_a_pod_the_service_account_is_used(void **state)
{
    struct files *f = *state;
    struct kg_kubeconfig_source source = {.root = f->dir};
    struct kg_kubeconfig k;
    struct kg_error e;

    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "no cluster is known"));

    assert_int_equal(setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1), 0);
    assert_int_equal(setenv("KUBERNETES_SERVICE_PORT", "443", 1), 0);
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_EIO);
    write_file(f, "var/run/secrets/kubernetes.io/serviceaccount/namespace",
               "team\n");
    assert_int_equal(setenv("KUBECONFIG", "/no/such/file", 1), 0);
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.source, "in-cluster");
    assert_string_equal(k.server, "https://[fd00::1]:443");
    assert_string_equal(k.ns, "team");
    assert_non_null(strstr(k.token_file, "/serviceaccount/token"));
    assert_non_null(strstr(k.ca_file, "/serviceaccount/ca.crt"));
    kg_kubeconfig_finish(&k);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
}

/* Runs behind the one above: this is a Pod. */
static void another_server_does_not_get_the_pods_token(void **state)
{
    const struct files *f = *state;
    struct kg_kubeconfig_source source = {.root = f->dir,
                                          .over = {.server = "https://other"}};
    struct kg_kubeconfig k;
    struct kg_error e;

    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_null(k.token_file);
    kg_kubeconfig_finish(&k);
    source.over = (struct kg_kubeconfig_overrides){.context = "x"};
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
}

static void where_it_is_looked_for(void **state)
{
    struct files *f = *state;
    struct kg_kubeconfig_source source = {.root = f->dir};
    struct kg_kubeconfig k;
    struct kg_error e;
    char variable[160];

    write_file(f, ".kube/ca.crt", "");
    write_file(f, "ca.crt", "");
    write_file(f, ".kube/config", NAMED("https://home"));
    write_file(f, "config", NAMED("https://variable"));
    write_file(f, "second/config", NAMED("https://option"));
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://home");
    kg_kubeconfig_finish(&k);

    (void)snprintf(variable, sizeof(variable), "%s", in_dir(f, "config"));
    assert_int_equal(setenv("KUBECONFIG", variable, 1), 0);
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://variable");
    kg_kubeconfig_finish(&k);

    source.file = in_dir(f, "second/config");
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_OK);
    assert_string_equal(k.server, "https://option");
    kg_kubeconfig_finish(&k);

    source.file = "/no/such/file";
    assert_int_equal(kg_kubeconfig_load(&k, &source, &e), KG_ECONFIG);
    assert_non_null(strstr(e.text, "/no/such/file"));
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
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
    static const char *const list[] = {"config", "second/config", NULL};
    struct files *f = *state;
    struct kg_kubeconfig_source text = text_source(whole);
    struct kg_kubeconfig_source files = {
        .over = {.server = "https://x", .token = "t", .ca_file = "/dev/null"}};

    kt_torture(load_with_refusals, &text);
    text.text = kg_str_from(EXEC(V1 ", interactiveMode: Never, command: x, "
                                    "provideClusterInfo: true"));
    kt_torture(load_with_refusals, &text);
    text.over.as = "jane";
    kt_torture(load_with_refusals, &text);
    write_file(f, "config", first);
    write_file(f, "second/config", second);
    set_list(f, list);
    kt_torture(load_with_refusals, &files);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_context_says_is_read),
        cmocka_unit_test(json_is_a_kubeconfig_too),
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(relative_names_are_below_the_file),
        cmocka_unit_test(the_first_file_that_has_a_name_wins_with_all_it_says),
        cmocka_unit_test(a_mistake_in_any_file_of_the_list_is_told),
        cmocka_unit_test(options_take_the_place_of_what_the_file_says),
        cmocka_unit_test(options_alone_are_enough),
        cmocka_unit_test(a_wrong_option_is_named),
        cmocka_unit_test(whom_the_user_acts_for_becomes_header_lines),
        cmocka_unit_test(a_plugin_is_told_what_it_may_know),
        cmocka_unit_test(in_a_pod_the_service_account_is_used),
        cmocka_unit_test(another_server_does_not_get_the_pods_token),
        cmocka_unit_test(where_it_is_looked_for),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("kubeconfig", tests, make_dirs,
                                       remove_dirs);
}
