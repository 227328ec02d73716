/* SPDX-License-Identifier: MIT */
/* Any bytes are a kubeconfig that can be used, or an error that has a text. */
#include "kubeglean/kubeconfig.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void load(struct kg_str text, const struct kg_kubeconfig_overrides *over)
{
    const struct kg_kubeconfig_source source = {
        .text = text, .name = "f", .over = *over};
    struct kg_kubeconfig k;
    struct kg_error e = {.code = KG_OK};
    enum kg_errc err = kg_kubeconfig_load(&k, &source, &e);

    if (err != KG_OK) {
        KG_REQUIRE(e.code == err && e.text[0] != '\0');
        return;
    }
    KG_REQUIRE(k.server != NULL && k.ns != NULL && k.source != NULL);
    KG_REQUIRE(k.context != NULL && k.cluster != NULL);
    KG_REQUIRE(k.exec.command == NULL || k.exec.info != NULL);
    KG_REQUIRE(k.impersonate == NULL || strstr(k.impersonate, "\n\n") == NULL);
    kg_kubeconfig_finish(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct kg_kubeconfig_overrides none = {0};
    static const struct kg_kubeconfig_overrides some = {
        .server = "https://x", .token = "t", .as = "u", .insecure = true};
    struct kg_str text = kg_str_of(len > 0 ? (const char *)bytes : "", len);

    load(text, &none);
    load(text, &some);
    return 0;
}
