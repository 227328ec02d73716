/* SPDX-License-Identifier: MIT */
#include "kubeglean/tree.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "kubeglean/heap.h"

/* The arena: blocks in a list, each filled from its front. */
struct block {
    struct block *next;
    size_t used;
    size_t len;
    alignas(max_align_t) char bytes[];
};

enum { BLOCK_LEN = 4096 - sizeof(struct block) };

void kg_tree_init(struct kg_tree *t, size_t max_bytes)
{
    *t = (struct kg_tree){.max = max_bytes};
}

void kg_tree_finish(struct kg_tree *t)
{
    struct block *b = t->arena;

    while (b != NULL) {
        struct block *next = b->next;

        kg_free(b);
        b = next;
    }
    kg_tree_init(t, t->max);
}

static void *arena_alloc(struct kg_tree *t, size_t len)
{
    struct block *b = t->arena;
    size_t size;
    void *ptr;

    len = (len + alignof(max_align_t) - 1) / alignof(max_align_t) *
          alignof(max_align_t);
    if (b == NULL || b->len - b->used < len) {
        size = len > BLOCK_LEN ? len : (size_t)BLOCK_LEN;
        if (size > t->max || t->len > t->max - size) {
            t->full = true;
            return NULL;
        }
        b = kg_alloc(sizeof(*b) + size);
        if (b == NULL) {
            return NULL;
        }
        *b = (struct block){.next = t->arena, .len = size};
        t->arena = b;
        t->len += size;
    }
    ptr = b->bytes + b->used;
    b->used += len;
    return ptr;
}

static bool arena_copy(struct kg_tree *t, struct kg_str text,
                       struct kg_str *ret_copy)
{
    char *copy;

    *ret_copy = kg_str_of("", 0);
    if (text.len == 0) {
        return true;
    }
    copy = arena_alloc(t, text.len + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *ret_copy = kg_str_of(copy, text.len);
    return true;
}

struct kg_node *kg_tree_new(struct kg_tree *t, enum kg_kind kind,
                            struct kg_str text)
{
    struct kg_node *n = arena_alloc(t, sizeof(*n));

    if (n == NULL) {
        return NULL;
    }
    *n = (struct kg_node){.kind = kind, .name = {"", 0}};
    if (!arena_copy(t, text, &n->text)) {
        return NULL;
    }
    if (t->root == NULL) {
        t->root = n;
    }
    return n;
}

struct kg_node *kg_tree_string(struct kg_tree *t, const char *text)
{
    return kg_tree_new(t, KG_STRING, kg_str_from(text));
}

struct kg_node *kg_tree_int(struct kg_tree *t, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)value);

    return kg_tree_new(t, KG_NUMBER, kg_str_of(text, (size_t)len));
}

struct kg_node *kg_tree_bool(struct kg_tree *t, bool value)
{
    return kg_tree_new(t, KG_BOOL, value ? KG_STR("true") : KG_STR("false"));
}

static void append(struct kg_node *parent, struct kg_node *child)
{
    child->next = NULL;
    if (parent->last != NULL) {
        parent->last->next = child;
    } else {
        parent->child = child;
    }
    parent->last = child;
    parent->n_children++;
}

/* Depth is bounded by the parser that made `from`. */
struct kg_node *kg_tree_copy(struct kg_tree *t, const struct kg_node *from)
{
    struct kg_node *copy = kg_tree_new(t, from->kind, from->text);

    if (copy == NULL || !arena_copy(t, from->name, &copy->name)) {
        return NULL;
    }
    copy->line = from->line;
    copy->column = from->column;
    copy->name_line = from->name_line;
    copy->name_column = from->name_column;
    for (const struct kg_node *c = from->child; c != NULL; c = c->next) {
        struct kg_node *child = kg_tree_copy(t, c);

        if (child == NULL) {
            return NULL;
        }
        append(copy, child);
    }
    return copy;
}

void kg_node_drop(struct kg_node *object, const char *name)
{
    struct kg_node *before = NULL;

    for (struct kg_node *n = object->child; n != NULL; n = n->next) {
        if (!kg_str_is(n->name, name)) {
            before = n;
            continue;
        }
        if (before != NULL) {
            before->next = n->next;
        } else {
            object->child = n->next;
        }
        if (object->last == n) {
            object->last = before;
        }
        object->n_children--;
        return;
    }
}

bool kg_tree_put(struct kg_tree *t, struct kg_node *object, const char *name,
                 struct kg_node *child)
{
    if (object == NULL || child == NULL ||
        !arena_copy(t, kg_str_from(name), &child->name)) {
        return false;
    }
    KG_REQUIRE(object->kind == KG_OBJECT);
    kg_node_drop(object, name);
    append(object, child);
    return true;
}

bool kg_tree_append(struct kg_tree *t, struct kg_node *object,
                    struct kg_str name, struct kg_node *child)
{
    if (object == NULL || child == NULL || !arena_copy(t, name, &child->name)) {
        return false;
    }
    KG_REQUIRE(object->kind == KG_OBJECT);
    append(object, child);
    return true;
}

bool kg_tree_add(struct kg_node *array, struct kg_node *child)
{
    if (array == NULL || child == NULL) {
        return false;
    }
    KG_REQUIRE(array->kind == KG_ARRAY);
    append(array, child);
    return true;
}

struct kg_node *kg_node_member(const struct kg_node *object, struct kg_str name)
{
    if (object == NULL || object->kind != KG_OBJECT) {
        return NULL;
    }
    for (struct kg_node *n = object->child; n != NULL; n = n->next) {
        if (kg_str_eq(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

struct kg_node *kg_node_get(const struct kg_node *object, const char *name)
{
    return kg_node_member(object, kg_str_from(name));
}

struct kg_node *kg_node_path(const struct kg_node *object, const char *path)
{
    struct kg_str rest = kg_str_from(path);
    struct kg_node *n = NULL;

    while (rest.ptr != NULL) {
        n = kg_node_member(n != NULL ? n : object, kg_str_cut(&rest, '.'));
        if (n == NULL) {
            return NULL;
        }
    }
    return n;
}

struct kg_str kg_node_str(const struct kg_node *n)
{
    return n != NULL && n->kind == KG_STRING ? n->text : kg_str_of("", 0);
}

bool kg_node_is_true(const struct kg_node *n)
{
    return n != NULL && n->kind == KG_BOOL && kg_str_is(n->text, "true");
}

bool kg_node_int(const struct kg_node *n, int64_t *ret_value)
{
    return n != NULL && n->kind == KG_NUMBER &&
           kg_str_to_i64(n->text, ret_value);
}

const char *kg_kind_name(enum kg_kind kind)
{
    static const char *const names[] = {"null",   "boolean", "number",
                                        "string", "array",   "object"};

    KG_REQUIRE(kind < KG_COUNT_OF(names));
    return names[kind];
}

/* In compact JSON there are no lines. */
enum { COMPACT = -1, INDENT = 4 };

static enum kg_errc add_json(const struct kg_node *n, int depth,
                             struct kg_buf *out);

static enum kg_errc begin_line(int depth, struct kg_buf *out)
{
    return depth == COMPACT ? KG_OK
                            : kg_buf_addf(out, "\n%*s", depth * INDENT, "");
}

static enum kg_errc add_child(const struct kg_node *c, bool is_member,
                              int depth, struct kg_buf *out)
{
    enum kg_errc err = begin_line(depth, out);

    if (err == KG_OK && is_member) {
        err = kg_buf_add_json(out, c->name);
    }
    if (err == KG_OK && is_member) {
        err = kg_buf_adds(out, depth == COMPACT ? ":" : ": ");
    }
    return err == KG_OK ? add_json(c, depth, out) : err;
}

static enum kg_errc add_children(const struct kg_node *n, int depth,
                                 struct kg_buf *out)
{
    bool object = n->kind == KG_OBJECT;
    int below = depth == COMPACT ? COMPACT : depth + 1;
    enum kg_errc err = kg_buf_addc(out, object ? '{' : '[');

    for (const struct kg_node *c = n->child; err == KG_OK && c != NULL;
         c = c->next) {
        if (c != n->child) {
            err = kg_buf_addc(out, ',');
        }
        if (err == KG_OK) {
            err = add_child(c, object, below, out);
        }
    }
    if (err == KG_OK && n->child != NULL) {
        err = begin_line(depth, out);
    }
    return err == KG_OK ? kg_buf_addc(out, object ? '}' : ']') : err;
}

static enum kg_errc add_json(const struct kg_node *n, int depth,
                             struct kg_buf *out)
{
    switch (n->kind) {
    case KG_NULL:
        return kg_buf_adds(out, "null");
    case KG_BOOL:
    case KG_NUMBER:
        return kg_buf_add(out, n->text);
    case KG_STRING:
        return kg_buf_add_json(out, n->text);
    case KG_ARRAY:
    case KG_OBJECT:
        return add_children(n, depth, out);
    }
    return KG_EINVALID;
}

enum kg_errc kg_node_json(const struct kg_node *n, struct kg_buf *out)
{
    return add_json(n, COMPACT, out);
}

enum kg_errc kg_node_json_lines(const struct kg_node *n, struct kg_buf *out)
{
    enum kg_errc err = add_json(n, 0, out);

    return err == KG_OK ? kg_buf_addc(out, '\n') : err;
}
