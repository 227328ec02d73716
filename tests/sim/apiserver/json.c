/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <yajl/yajl_parse.h>

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

enum { DEPTH_MAX = 200 };

struct parse {
    struct kg_tree *tree;
    struct kg_node *stack[DEPTH_MAX];
    size_t depth;
    struct kg_str key; /* Points into the tree's arena. */
};

void sim_require(enum kg_errc err)
{
    KG_REQUIRE(err == KG_OK);
}

static struct kg_node *must(struct kg_node *n)
{
    KG_REQUIRE(n != NULL);
    return n;
}

static struct kg_node *new_node(struct kg_tree *t, enum kg_kind kind,
                                struct kg_str text)
{
    return must(kg_tree_new(t, kind, text));
}

static int attach(struct parse *p, struct kg_node *value)
{
    struct kg_node *parent = p->depth > 0 ? p->stack[p->depth - 1] : NULL;

    if (parent == NULL) {
        p->tree->root = value;
    } else if (parent->kind == KG_OBJECT) {
        sim_put(p->tree, parent, p->key.ptr, value);
    } else {
        sim_add(parent, value);
    }
    return 1;
}

static int on_scalar(struct parse *p, enum kg_kind kind, struct kg_str text)
{
    return attach(p, new_node(p->tree, kind, text));
}

static int on_null(void *ctx)
{
    return on_scalar(ctx, KG_NULL, KG_STR("null"));
}

static int on_bool(void *ctx, int value)
{
    return on_scalar(ctx, KG_BOOL, value ? KG_STR("true") : KG_STR("false"));
}

static int on_number(void *ctx, const char *text, size_t len)
{
    return on_scalar(ctx, KG_NUMBER, kg_str_of(text, len));
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    return on_scalar(ctx, KG_STRING, kg_str_of((const char *)text, len));
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    struct parse *p = ctx;

    p->key =
        new_node(p->tree, KG_STRING, kg_str_of((const char *)text, len))->text;
    return 1;
}

static int on_open(struct parse *p, enum kg_kind kind)
{
    struct kg_node *n = new_node(p->tree, kind, kg_str_of("", 0));

    if (p->depth == DEPTH_MAX) {
        return 0;
    }
    (void)attach(p, n);
    p->stack[p->depth++] = n;
    return 1;
}

static int on_object(void *ctx)
{
    return on_open(ctx, KG_OBJECT);
}

static int on_array(void *ctx)
{
    return on_open(ctx, KG_ARRAY);
}

static int on_close(void *ctx)
{
    struct parse *p = ctx;

    p->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_array,
    .yajl_end_array = on_close,
};

enum kg_errc sim_json_parse(struct kg_tree *t, struct kg_str text,
                            struct kg_error *e)
{
    struct parse p = {.tree = t};
    yajl_handle yajl = yajl_alloc(&callbacks, NULL, &p);
    yajl_status status;

    KG_REQUIRE(yajl != NULL);
    status = yajl_parse(yajl, (const unsigned char *)text.ptr, text.len);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(yajl);
    }
    yajl_free(yajl);
    if (status != yajl_status_ok || t->root == NULL) {
        return kg_error_set(e, KG_ESYNTAX, 0, "the body is not JSON");
    }
    return KG_OK;
}

struct kg_node *sim_object(struct kg_tree *t)
{
    return new_node(t, KG_OBJECT, kg_str_of("", 0));
}

struct kg_node *sim_array(struct kg_tree *t)
{
    return new_node(t, KG_ARRAY, kg_str_of("", 0));
}

void sim_put(struct kg_tree *t, struct kg_node *object, const char *name,
             struct kg_node *value)
{
    bool done = kg_tree_put(t, object, name, value);

    KG_REQUIRE(done);
}

void sim_put_str(struct kg_tree *t, struct kg_node *object, const char *name,
                 struct kg_str value)
{
    sim_put(t, object, name, new_node(t, KG_STRING, value));
}

void sim_put_text(struct kg_tree *t, struct kg_node *object, const char *name,
                  const char *value)
{
    sim_put_str(t, object, name, kg_str_from(value));
}

void sim_put_int(struct kg_tree *t, struct kg_node *object, const char *name,
                 int64_t value)
{
    sim_put(t, object, name, must(kg_tree_int(t, value)));
}

void sim_put_bool(struct kg_tree *t, struct kg_node *object, const char *name,
                  bool value)
{
    sim_put(t, object, name, must(kg_tree_bool(t, value)));
}

void sim_put_time(struct kg_tree *t, struct kg_node *object, const char *name,
                  int64_t us)
{
    char text[KG_TIME_TEXT_MAX];

    sim_put_text(t, object, name, kg_time_format(us - us % 1000000, text));
}

void sim_add(struct kg_node *array, struct kg_node *value)
{
    bool done = kg_tree_add(array, value);

    KG_REQUIRE(done);
}

void sim_add_text(struct kg_tree *t, struct kg_node *array, const char *value)
{
    sim_add(array, new_node(t, KG_STRING, kg_str_from(value)));
}

struct kg_node *sim_member(struct kg_tree *t, struct kg_node *object,
                           const char *name, enum kg_kind kind)
{
    struct kg_node *n = kg_node_get(object, name);

    if (n == NULL || n->kind != kind) {
        n = new_node(t, kind, kg_str_of("", 0));
        sim_put(t, object, name, n);
    }
    return n;
}

static bool is_absent(const struct kg_node *object, const char *name)
{
    const struct kg_node *n = kg_node_get(object, name);

    return n == NULL || n->kind == KG_NULL;
}

bool sim_default_text(struct kg_tree *t, struct kg_node *object,
                      const char *name, const char *value)
{
    if (!is_absent(object, name)) {
        return false;
    }
    sim_put_text(t, object, name, value);
    return true;
}

bool sim_default_int(struct kg_tree *t, struct kg_node *object,
                     const char *name, int64_t value)
{
    if (!is_absent(object, name)) {
        return false;
    }
    sim_put_int(t, object, name, value);
    return true;
}

bool sim_default_bool(struct kg_tree *t, struct kg_node *object,
                      const char *name, bool value)
{
    if (!is_absent(object, name)) {
        return false;
    }
    sim_put_bool(t, object, name, value);
    return true;
}

struct kg_node *sim_copy(struct kg_tree *t, const struct kg_node *from)
{
    return must(kg_tree_copy(t, from));
}

struct kg_node *sim_element(const struct kg_node *array, const char *key,
                            const char *value)
{
    if (array == NULL) {
        return NULL;
    }
    for (struct kg_node *n = array->child; n != NULL; n = n->next) {
        if (kg_str_is(kg_node_str(kg_node_get(n, key)), value)) {
            return n;
        }
    }
    return NULL;
}

int64_t sim_int(const struct kg_node *object, const char *name,
                int64_t otherwise)
{
    int64_t value;

    return kg_node_int(kg_node_get(object, name), &value) ? value : otherwise;
}

static bool same_members(const struct kg_node *a, const struct kg_node *b)
{
    for (const struct kg_node *m = a->child; m != NULL; m = m->next) {
        const struct kg_node *other = kg_node_get(b, m->name.ptr);

        if (other == NULL || !sim_same(m, other)) {
            return false;
        }
    }
    return true;
}

bool sim_same(const struct kg_node *a, const struct kg_node *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (a->kind != b->kind || a->n_children != b->n_children) {
        return false;
    }
    if (a->kind == KG_OBJECT) {
        return same_members(a, b);
    }
    if (a->kind != KG_ARRAY) {
        return kg_str_eq(a->text, b->text);
    }
    for (const struct kg_node *x = a->child, *y = b->child; x != NULL;
         x = x->next, y = y->next) {
        if (!sim_same(x, y)) {
            return false;
        }
    }
    return true;
}

char *sim_cstr(struct kg_str s)
{
    char *copy = kg_strndup(s.ptr != NULL ? s.ptr : "", s.len);

    KG_REQUIRE(copy != NULL);
    return copy;
}
