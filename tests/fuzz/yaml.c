/* SPDX-License-Identifier: MIT */
/* Any bytes give a tree that can be written as JSON and read again to the same
 * JSON, or an error that has a text. */
#include "kubeglean/yaml.h"
#include "kubeglean/limits.h"

enum { MAX_TREE = 4 * 1024 * 1024 };

static enum kg_errc rewrite(struct kg_str text, struct kg_buf *out)
{
    struct kg_node *documents;
    struct kg_error e;
    struct kg_tree t;
    enum kg_errc err;

    kg_tree_init(&t, MAX_TREE);
    err = kg_yaml_parse(text, "f", &t, &documents, &e);
    if (err == KG_OK) {
        err = kg_node_json(documents, out);
    } else {
        KG_REQUIRE(e.code == err && e.text[0] != '\0');
    }
    kg_tree_finish(&t);
    return err;
}

/* YAML 1.1 breaks a line, also inside quotes, where JSON has a character. */
static bool has_yaml_break(struct kg_str json)
{
    return kg_str_find(json, KG_STR("\xc2\x85")) >= 0 ||
           kg_str_find(json, KG_STR("\xe2\x80\xa8")) >= 0 ||
           kg_str_find(json, KG_STR("\xe2\x80\xa9")) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kg_buf first;
    struct kg_buf second;

    kg_buf_init(&first, KG_LIMIT_CONFIG / 4);
    kg_buf_init(&second, KG_LIMIT_CONFIG / 4);
    if (rewrite(kg_str_of((const char *)bytes, len), &first) == KG_OK &&
        rewrite(kg_buf_str(&first), &second) == KG_OK) {
        struct kg_str again = kg_buf_str(&second);

        KG_REQUIRE(again.len >= 2);
        again = kg_str_of(again.ptr + 1, again.len - 2);
        KG_REQUIRE(kg_str_eq(kg_buf_str(&first), again) ||
                   has_yaml_break(kg_buf_str(&first)));
    }
    kg_buf_finish(&second);
    kg_buf_finish(&first);
    return 0;
}
