/* SPDX-License-Identifier: MIT */
/* Any bytes are picked the same whole and byte by byte, and what was picked is
 * JSON of which the same is picked. */
#include "kubeglean/pick.h"
#include "kubeglean/limits.h"

static const char *const paths[] = {"a", "b.c", "d[*].e", NULL};
static const char *const top[] = {"f", NULL};

static const struct kg_pick_def defs[] = {
    {.whole = true, .max_bytes = KG_MIB},
    {.paths = paths, .top = top, .max_bytes = KG_MIB},
    {.each = "a", .paths = paths, .top = top, .max_bytes = KG_MIB},
    {.each = "a", .whole = true, .max_bytes = KG_MIB},
    {.under = "b", .paths = paths, .top = top, .max_bytes = KG_MIB},
};

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct kg_buf *out = data;
    enum kg_errc err = kg_node_json(root, out);

    (void)kind;
    return err == KG_OK ? kg_buf_addc(out, '\n') : err;
}

/* In pieces of `step` bytes. */
static enum kg_errc pick(const struct kg_pick_def *def, struct kg_str text,
                         size_t step, struct kg_buf *out, struct kg_error *e)
{
    struct kg_pick *p;
    enum kg_errc err = kg_pick_create(def, on_picked, out, &p);

    KG_REQUIRE(err == KG_OK);
    while (err == KG_OK && text.len > 0) {
        size_t len = step < text.len ? step : text.len;

        err = kg_pick_feed(p, kg_str_of(text.ptr, len), e);
        text = kg_str_of(text.ptr + len, text.len - len);
    }
    if (err == KG_OK) {
        err = kg_pick_end(p, e);
    }
    kg_pick_destroy(p);
    return err;
}

static void check(const struct kg_pick_def *def, struct kg_str text,
                  struct kg_buf *whole, struct kg_buf *bytes)
{
    struct kg_error e;
    struct kg_error again;
    enum kg_errc err = pick(def, text, text.len, whole, &e);

    KG_REQUIRE(pick(def, text, 1, bytes, &again) == err);
    KG_REQUIRE(kg_str_eq(kg_buf_str(whole), kg_buf_str(bytes)));
    KG_REQUIRE(err == KG_OK || err == again.code);
    if (err == KG_OK && def->whole && def->each == NULL) {
        kg_buf_reset(bytes);
        KG_REQUIRE(pick(def, kg_buf_str(whole), 7, bytes, &e) == KG_OK);
        KG_REQUIRE(kg_str_eq(kg_buf_str(whole), kg_buf_str(bytes)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kg_str text = kg_str_of((const char *)bytes, len);

    for (size_t i = 0; i < KG_COUNT_OF(defs); i++) {
        struct kg_buf whole;
        struct kg_buf chopped;

        kg_buf_init(&whole, 8 * KG_MIB);
        kg_buf_init(&chopped, 8 * KG_MIB);
        check(&defs[i], text, &whole, &chopped);
        kg_buf_finish(&chopped);
        kg_buf_finish(&whole);
    }
    return 0;
}
