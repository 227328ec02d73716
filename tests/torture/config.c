/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/config.h"

static void load(void *data, bool may_fail)
{
    struct kg_config c;
    struct kg_error e;
    enum kg_errc err = kg_config_load("c.yaml", &c, &e);

    (void)data;
    if (err == KG_OK) {
        assert_int_equal(c.n_tasks, 2);
        kg_config_finish(&c);
        return;
    }
    assert_true(may_fail);
    assert_int_equal(err, KG_ENOMEM);
    assert_int_equal(e.code, KG_ENOMEM);
}

static void every_allocation_may_fail(void **state)
{
    char dir[] = "/tmp/kubeglean-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    kt_write_file("c.yaml", "kind: Config\nspec: {tasks: [t.yaml]}\n");
    kt_write_file("t.yaml",
                  "apiVersion: kubeglean.io/v1\nkind: Task\n"
                  "metadata: {name: a}\n"
                  "spec:\n  profile: p\n  namespaces: [x, z]\n"
                  "  schedule: \"0 3 * * *\"\n"
                  "  pod: {containers: [{name: a}]}\n"
                  "---\n"
                  "apiVersion: kubeglean.io/v1\nkind: Task\n"
                  "metadata: {name: b}\n"
                  "spec:\n  profile: krr\n"
                  "  job: {template: {spec: {containers: [{name: a}]}}}\n"
                  "---\n"
                  "apiVersion: kubeglean.io/v1\nkind: Profile\n"
                  "metadata: {name: p}\n"
                  "spec:\n  match: [\"$.scans\"]\n  rows: \"$.scans[*]\"\n"
                  "  table: t\n  columns:\n"
                  "  - {name: k, type: text, key: true, path: \"@.k\"}\n");
    kt_torture(load, NULL);
    assert_int_equal(unlink("c.yaml"), 0);
    assert_int_equal(unlink("t.yaml"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
