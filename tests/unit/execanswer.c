/* SPDX-License-Identifier: MIT */
/* kube/: what a credential plugin prints. */
#include "kube/execanswer.h"

#include "kt.h"

#define V1  "client.authentication.k8s.io/v1"
#define PEM "-----BEGIN X-----"

static const char whole[] =
    "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"more\":[1,{}],"
    "\"status\":{\"token\":\"t\\u006fk\",\"clientCertificateData\":\"" PEM
    "\",\"clientKeyData\":\"" PEM "\\n\",\"expirationTimestamp\":"
    "\"2026-11-22T09:42:00Z\"}}\n";

static void all_of_an_answer_is_read(void **state)
{
    struct kg_exec_answer a;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_exec_answer_read(&a, kg_str_from(whole), V1, &e),
                     KG_OK);
    kt_assert_str(a.token, "tok");
    kt_assert_str(a.cert, PEM);
    kt_assert_str(a.key, PEM "\n");
    assert_int_equal(a.expires_us, INT64_C(1795340520000000));
    kg_exec_answer_finish(&a);
}

static void an_answer_cut_at_any_byte_is_none(void **state)
{
    (void)state;
    for (size_t len = 0; len + 2 < sizeof(whole); len++) {
        struct kg_exec_answer a;
        struct kg_error e;

        assert_int_equal(kg_exec_answer_read(&a, kg_str_of(whole, len), V1, &e),
                         KG_EPROTOCOL);
        assert_string_equal(e.text, "its output is not one JSON object");
        kg_exec_answer_finish(&a);
    }
}

static void another_version_is_refused(void **state)
{
    static const char *const versions[] = {V1 "beta1", "v1", ""};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(versions); i++) {
        struct kg_exec_answer a;
        struct kg_error e;

        assert_int_equal(
            kg_exec_answer_read(&a, kg_str_from(whole), versions[i], &e),
            KG_EPROTOCOL);
        assert_non_null(strstr(e.text, "is no ExecCredential of "));
        kg_exec_answer_finish(&a);
    }
}

static void read_with_refusals(void *data, bool may_fail)
{
    struct kg_exec_answer a;
    struct kg_error e;
    enum kg_errc err = kg_exec_answer_read(&a, kg_str_from(whole), V1, &e);

    (void)data;
    assert_true(err == KG_OK || (may_fail && err == KG_ENOMEM));
    kg_exec_answer_finish(&a);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kt_torture(read_with_refusals, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_an_answer_is_read),
        cmocka_unit_test(an_answer_cut_at_any_byte_is_none),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("execanswer", tests, NULL, NULL);
}
