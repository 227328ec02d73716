/* SPDX-License-Identifier: MIT */
/* libyaml's events become a tree, without recursion: a stack of the collections
 * that are open, a table of the document's anchors. */
#include "kubeglean/heap.h"
#include "reader.h"
#include "scalar.h"

struct anchor {
    struct kg_map_node node;
    struct kg_node *name; /* Keeps the table's key. */
    struct kg_node *value;
};

static uint32_t line_of(const yaml_event_t *ev)
{
    return (uint32_t)ev->start_mark.line + 1;
}

static uint32_t column_of(const yaml_event_t *ev)
{
    return (uint32_t)ev->start_mark.column + 1;
}

static struct kg_str str_of(const yaml_char_t *text)
{
    return kg_str_from((const char *)text);
}

static struct frame *top(struct reader *r)
{
    return r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
}

/* --- anchors -------------------------------------------------------------- */

void kg_yaml_forget_anchors(struct reader *r)
{
    struct kg_map_node *node = kg_map_next(&r->anchors, NULL);

    while (node != NULL) {
        struct kg_map_node *next = kg_map_next(&r->anchors, node);

        kg_free(KG_CONTAINER_OF(node, struct anchor, node));
        node = next;
    }
    kg_map_finish(&r->anchors);
}

static struct anchor *find_anchor(struct reader *r, struct kg_str name)
{
    struct kg_map_node *node = kg_map_find(&r->anchors, name);

    return node != NULL ? KG_CONTAINER_OF(node, struct anchor, node) : NULL;
}

/* An anchor may be given again: the alias means the one before it. */
static enum kg_errc set_anchor(struct reader *r, const yaml_char_t *name,
                               struct kg_node *value)
{
    struct anchor *a;
    enum kg_errc err;

    if (name == NULL) {
        return KG_OK;
    }
    a = find_anchor(r, str_of(name));
    if (a != NULL) {
        a->value = value;
        return KG_OK;
    }
    a = kg_alloc(sizeof(*a));
    if (a == NULL) {
        return kg_yaml_no_memory(r);
    }
    *a = (struct anchor){.value = value};
    a->name = kg_tree_new(r->tree, KG_STRING, str_of(name));
    err = a->name != NULL ? kg_map_insert(&r->anchors, &a->node, a->name->text)
                          : KG_ELIMIT;
    if (err != KG_OK) {
        kg_free(a);
        return err == KG_ELIMIT ? kg_yaml_no_room(r) : kg_yaml_no_memory(r);
    }
    return KG_OK;
}

static bool is_open(const struct reader *r, const struct kg_node *node)
{
    for (size_t i = 0; i < r->depth; i++) {
        if (r->stack[i].node == node) {
            return true;
        }
    }
    return false;
}

/* Bounded by the depth that each part was allowed when it was read. */
static size_t height_of(const struct kg_node *node)
{
    size_t height = 0;

    for (const struct kg_node *c = node->child; c != NULL; c = c->next) {
        size_t below = height_of(c) + 1;

        height = below > height ? below : height;
    }
    return height;
}

/* --- values --------------------------------------------------------------- */

static enum kg_errc refuse_depth(struct reader *r, const yaml_event_t *ev)
{
    return kg_yaml_refuse(r, line_of(ev), column_of(ev),
                          "nested deeper than %d levels", KG_LIMIT_YAML_DEPTH);
}

/* What << names: an object, or several in an array. */
static enum kg_errc attach_merge(struct reader *r, struct frame *f,
                                 struct kg_node *value)
{
    struct kg_node *from = value;
    struct kg_node *next;

    if (f->merge != NULL) {
        return kg_yaml_refuse(r, f->key->line, f->key->column,
                              "<< is there twice: give it an array");
    }
    f->merge = kg_tree_new(r->tree, KG_ARRAY, kg_str_of("", 0));
    if (f->merge == NULL) {
        return kg_yaml_no_room(r);
    }
    if (value->kind == KG_ARRAY) {
        from = value->child;
    }
    for (; from != NULL; from = next) {
        next = from->next;
        if (from->kind != KG_OBJECT) {
            return kg_yaml_refuse(r, f->key->line, f->key->column,
                                  "<< wants an object, or an array of objects");
        }
        if (!kg_tree_add(f->merge, from)) {
            return kg_yaml_no_room(r);
        }
    }
    return KG_OK;
}

static enum kg_errc attach_member(struct reader *r, struct frame *f,
                                  struct kg_node *value)
{
    const struct kg_node *key = f->key;

    if (f->key_is_merge) {
        return attach_merge(r, f, value);
    }
    value->name_line = key->line;
    value->name_column = key->column;
    return kg_tree_append(r->tree, f->node, key->text, value)
               ? KG_OK
               : kg_yaml_no_room(r);
}

/* A complete value goes to the collection that is open, or is a document. */
static enum kg_errc attach(struct reader *r, struct kg_node *value)
{
    struct frame *f = top(r);
    enum kg_errc err;

    if (f != NULL && f->node->kind == KG_OBJECT) {
        err = attach_member(r, f, value);
        f->key = NULL;
        return err;
    }
    return kg_tree_add(f != NULL ? f->node : r->documents, value)
               ? KG_OK
               : kg_yaml_no_room(r);
}

static struct kg_node *new_node(struct reader *r, const yaml_event_t *ev,
                                enum kg_kind kind, struct kg_str text)
{
    struct kg_node *n = kg_tree_new(r->tree, kind, text);

    if (n != NULL) {
        n->line = line_of(ev);
        n->column = column_of(ev);
    }
    return n;
}

static bool wants_key(struct reader *r)
{
    const struct frame *f = top(r);

    return f != NULL && f->node->kind == KG_OBJECT && f->key == NULL;
}

static enum kg_errc refuse_key(struct reader *r, const yaml_event_t *ev)
{
    return kg_yaml_refuse(r, line_of(ev), column_of(ev),
                          "a name must be a string: put it in quotes");
}

/* --- events --------------------------------------------------------------- */

static bool is_plain(const yaml_event_t *ev)
{
    return ev->data.scalar.plain_implicit &&
           ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* A tag may say what is so anyhow, or that a scalar is a string. */
static enum kg_errc check_tag(struct reader *r, const yaml_event_t *ev,
                              const yaml_char_t *tag, const char *allowed)
{
    if (tag == NULL || kg_str_is(str_of(tag), "!") ||
        kg_str_is(str_of(tag), allowed)) {
        return KG_OK;
    }
    return kg_yaml_refuse(r, line_of(ev), column_of(ev),
                          "the tag %s is not supported: leave it out",
                          (const char *)tag);
}

/* NULL: the error is set. */
static struct kg_node *read_scalar(struct reader *r, const yaml_event_t *ev)
{
    struct kg_str text =
        kg_str_of((const char *)ev->data.scalar.value, ev->data.scalar.length);
    enum kg_kind kind = KG_STRING;
    struct kg_node *node;

    if (check_tag(r, ev, ev->data.scalar.tag, YAML_STR_TAG) != KG_OK) {
        return NULL;
    }
    if (is_plain(ev)) {
        switch (kg_yaml_scalar(text, &r->number, &kind, &text)) {
        case KG_OK:
            break;
        case KG_EINVALID:
            (void)kg_yaml_refuse(r, line_of(ev), column_of(ev),
                                 "JSON has no such number: put it in quotes");
            return NULL;
        default:
            (void)kg_yaml_no_memory(r);
            return NULL;
        }
    }
    node = new_node(r, ev, kind, text);
    if (node == NULL) {
        (void)kg_yaml_no_room(r);
    }
    return node;
}

/* A column of a profile has a member `null`; as a name it is but a word. */
static struct kg_node *read_key(struct reader *r, const yaml_event_t *ev)
{
    struct kg_node *key = read_scalar(r, ev);

    if (key == NULL || key->kind != KG_NULL ||
        !kg_str_is(str_of(ev->data.scalar.value), "null")) {
        return key;
    }
    key = new_node(r, ev, KG_STRING, KG_STR("null"));
    if (key == NULL) {
        (void)kg_yaml_no_room(r);
    }
    return key;
}

static enum kg_errc on_key(struct reader *r, const yaml_event_t *ev)
{
    struct frame *f = top(r);
    struct kg_node *key = read_key(r, ev);

    if (key == NULL) {
        return r->error.code;
    }
    if (key->kind != KG_STRING) {
        return refuse_key(r, ev);
    }
    f->key = key;
    f->key_is_merge = is_plain(ev) && kg_str_is(key->text, "<<");
    return set_anchor(r, ev->data.scalar.anchor, key);
}

static bool is_nothing(const yaml_event_t *ev)
{
    return ev->data.scalar.length == 0 && is_plain(ev);
}

static enum kg_errc on_scalar(struct reader *r, const yaml_event_t *ev)
{
    struct kg_node *node;
    enum kg_errc err;

    if (wants_key(r)) {
        return on_key(r, ev);
    }
    if (r->depth == 0 && is_nothing(ev)) {
        return KG_OK; /* A document without content. */
    }
    node = read_scalar(r, ev);
    if (node == NULL) {
        return r->error.code;
    }
    err = set_anchor(r, ev->data.scalar.anchor, node);
    return err == KG_OK ? attach(r, node) : err;
}

static enum kg_errc on_alias(struct reader *r, const yaml_event_t *ev)
{
    const struct anchor *a = find_anchor(r, str_of(ev->data.alias.anchor));
    struct kg_node *copy;

    if (a == NULL || is_open(r, a->value)) {
        return kg_yaml_refuse(r, line_of(ev), column_of(ev),
                              "*%s names no anchor that is complete here",
                              (const char *)ev->data.alias.anchor);
    }
    if (wants_key(r)) {
        return refuse_key(r, ev);
    }
    if (r->depth + height_of(a->value) > KG_LIMIT_YAML_DEPTH) {
        return refuse_depth(r, ev);
    }
    copy = kg_tree_copy(r->tree, a->value);
    return copy != NULL ? attach(r, copy) : kg_yaml_no_room(r);
}

static enum kg_errc on_open(struct reader *r, const yaml_event_t *ev,
                            enum kg_kind kind)
{
    bool object = kind == KG_OBJECT;
    const yaml_char_t *anchor =
        object ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor;
    enum kg_errc err =
        object ? check_tag(r, ev, ev->data.mapping_start.tag, YAML_MAP_TAG)
               : check_tag(r, ev, ev->data.sequence_start.tag, YAML_SEQ_TAG);
    struct kg_node *node;

    if (err != KG_OK) {
        return err;
    }
    if (wants_key(r)) {
        return refuse_key(r, ev);
    }
    if (r->depth == KG_LIMIT_YAML_DEPTH) {
        return refuse_depth(r, ev);
    }
    node = new_node(r, ev, kind, kg_str_of("", 0));
    if (node == NULL) {
        return kg_yaml_no_room(r);
    }
    r->stack[r->depth++] = (struct frame){.node = node};
    return set_anchor(r, anchor, node);
}

static enum kg_errc on_close(struct reader *r)
{
    struct frame closed;
    enum kg_errc err = KG_OK;

    KG_REQUIRE(r->depth > 0); /* libyaml closes what it has opened. */
    closed = *top(r);
    if (closed.node->kind == KG_OBJECT) {
        err = kg_yaml_close_object(r, &closed);
    }
    r->depth--;
    return err == KG_OK ? attach(r, closed.node) : err;
}

enum kg_errc kg_yaml_on_event(struct reader *r, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, ev);
    case YAML_ALIAS_EVENT:
        return on_alias(r, ev);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, ev, KG_ARRAY);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, ev, KG_OBJECT);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(r);
    case YAML_DOCUMENT_END_EVENT:
        kg_yaml_forget_anchors(r);
        return KG_OK;
    default:
        return KG_OK;
    }
}
