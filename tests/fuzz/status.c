/* SPDX-License-Identifier: MIT */
/* Whatever a server refuses us with becomes one line of text, in whole
 * characters. The first byte is the HTTP status. */
#include "kube/status.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"

static void check_text(const char *text)
{
    struct kg_str s = kg_str_from(text);

    KG_REQUIRE(kg_str_utf8_span(s) == s.len);
}

static void check(int http, const struct kg_node *body, struct kg_str text)
{
    struct kg_kube_status status;
    struct kg_error e;

    kg_kube_status_read(&status, http, body, text);
    kg_kube_status_error(&status, "GET /x", &e);
    KG_REQUIRE(e.code != KG_OK);
    KG_REQUIRE(status.http == http);
    check_text(status.reason);
    check_text(status.message);
    check_text(e.text);
    KG_REQUIRE(strchr(e.text, '\n') == NULL);
}

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    const int *http = data;

    (void)kind;
    check(*http, root, kg_str_of("", 0));
    return KG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kg_pick_def def = {.whole = true, .max_bytes = KG_MIB};
    struct kg_str text = kg_str_of((const char *)data, size);
    struct kg_error e;
    struct kg_pick *p;
    int http;

    if (size == 0) {
        return 0;
    }
    http = 400 + data[0];
    text = kg_str_of(text.ptr + 1, text.len - 1);
    check(http, NULL, text);
    KG_REQUIRE(kg_pick_create(&def, on_picked, &http, &p) == KG_OK);
    (void)!kg_pick_feed(p, text, &e);
    kg_pick_destroy(p);
    return 0;
}
