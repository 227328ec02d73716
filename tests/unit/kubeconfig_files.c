/* SPDX-License-Identifier: MIT */
/* kube/: the files of a kubeconfig: several as one, where they are looked for, and
 * what is relative to them. */
#include "kubeglean/kubeconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kt.h"

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

/* --- credential plugins ---------------------------------------------------------- */

static void a_plugin_is_told_what_it_may_know(void **state)
{
    static const char text[] =
        "current-context: c\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "clusters:\n- name: c\n  cluster:\n    server: https://x\n"
        "    tls-server-name: kube\n    certificate-authority-data: "
        "LS0tLS1CRUdJTiBYLS0tLS0=\n    extensions:\n    - name: "
        "client.authentication.k8s.io/exec\n"
        "      extension: {audience: z}\n"
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
        "\"certificate-authority-data\":\"LS0tLS1CRUdJTiBYLS0tLS0=\","
        "\"config\":{\"audience\":\"z\"}}}}");
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
    struct kg_kubeconfig_source source = {
        .over = {.server = "https://x", .token = "t", .ca_file = "/dev/null"}};

    write_file(f, "config", first);
    write_file(f, "second/config", second);
    set_list(f, list);
    kt_torture(load_with_refusals, &source);
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relative_names_are_below_the_file),
        cmocka_unit_test(the_first_file_that_has_a_name_wins_with_all_it_says),
        cmocka_unit_test(a_mistake_in_any_file_of_the_list_is_told),
        cmocka_unit_test(a_plugin_is_told_what_it_may_know),
        cmocka_unit_test(in_a_pod_the_service_account_is_used),
        cmocka_unit_test(another_server_does_not_get_the_pods_token),
        cmocka_unit_test(where_it_is_looked_for),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("kubeconfig_files", tests, make_dirs,
                                       remove_dirs);
}
