/* SPDX-License-Identifier: MIT */
/* Any bytes are an answer that says who we are, or an error that has a text and
 * none of the bytes. */
#include "kube/execanswer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kg_exec_answer a;
    struct kg_error e = {.code = KG_OK};
    enum kg_errc err =
        kg_exec_answer_read(&a, kg_str_of((const char *)bytes, len),
                            "client.authentication.k8s.io/v1", &e);

    if (err == KG_OK) {
        KG_REQUIRE(a.token.len > 0 || a.cert.len > 0);
        KG_REQUIRE((a.cert.len > 0) == (a.key.len > 0));
    } else {
        KG_REQUIRE(e.code == err && e.text[0] != '\0');
    }
    kg_exec_answer_finish(&a);
    return 0;
}
