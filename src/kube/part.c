/* SPDX-License-Identifier: MIT */
/* Which part of an object a server's message is about. */
#include "kubeglean/object.h"

static const struct kg_node *element(const struct kg_node *array, int64_t index)
{
    const struct kg_node *n = array->child;

    while (n != NULL && index > 0) {
        n = n->next;
        index--;
    }
    return n;
}

/* The element whose member `name` is that text. */
static const struct kg_node *keyed(const struct kg_node *array,
                                   struct kg_str name, struct kg_str text)
{
    const struct kg_node *n = array->child;

    while (n != NULL &&
           !kg_str_eq(kg_node_str(kg_node_member(n, name)), text)) {
        n = n->next;
    }
    return n;
}

/* `step` is what is between brackets: 0, or name="krr". */
static const struct kg_node *in_brackets(const struct kg_node *n,
                                         struct kg_str step)
{
    struct kg_str name = kg_str_cut(&step, '=');
    int64_t index;

    if (n->kind != KG_ARRAY) {
        return NULL;
    }
    if (step.ptr == NULL) {
        return kg_str_to_i64(name, &index) ? element(n, index) : NULL;
    }
    if (step.len >= 2 && step.ptr[0] == '"') {
        step = kg_str_of(step.ptr + 1, step.len - 2);
    }
    return keyed(n, name, step);
}

/* Takes ".name", "name" or "[...]" off the front. */
static const struct kg_node *take_step(const struct kg_node *n,
                                       struct kg_str *field)
{
    size_t len = 0;

    if (field->ptr[0] == '[') {
        struct kg_str step;

        *field = kg_str_of(field->ptr + 1, field->len - 1);
        step = kg_str_cut(field, ']');
        return in_brackets(n, step);
    }
    if (field->ptr[0] == '.') {
        *field = kg_str_of(field->ptr + 1, field->len - 1);
    }
    while (len < field->len && field->ptr[len] != '.' &&
           field->ptr[len] != '[') {
        len++;
    }
    n = kg_node_member(n, kg_str_of(field->ptr, len));
    *field = kg_str_of(field->ptr + len, field->len - len);
    return n;
}

const struct kg_node *kg_object_part(const struct kg_object *o,
                                     struct kg_str field)
{
    const struct kg_node *n = o->root;

    while (field.ptr != NULL && field.len > 0) {
        const struct kg_node *below = take_step(n, &field);

        if (below == NULL) {
            break;
        }
        n = below;
    }
    return n;
}

struct kg_str kg_object_field_named(struct kg_str message)
{
    static const struct {
        struct kg_str before;
        char behind;
    } wordings[] = {{{"unknown field \"", 15}, '"'}, {{" .", 2}, ':'}};

    for (size_t i = 0; i < KG_COUNT_OF(wordings); i++) {
        ptrdiff_t at = kg_str_find(message, wordings[i].before);

        if (at >= 0) {
            size_t begin = (size_t)at + wordings[i].before.len;

            message = kg_str_of(message.ptr + begin, message.len - begin);
            return kg_str_cut(&message, wordings[i].behind);
        }
    }
    return kg_str_of("", 0);
}

/* What a server leaves out because it means the same. */
static bool is_empty(const struct kg_node *n)
{
    return n->kind == KG_NULL || n->kind == KG_BOOL
               ? !kg_node_is_true(n)
               : n->n_children == 0 &&
                     (n->text.len == 0 || kg_str_is(n->text, "0"));
}

struct search {
    kg_object_part_cb part_cb;
    void *data;
};

static void find_dropped(const struct search *s, const struct kg_node *written,
                         const struct kg_node *kept)
{
    const struct kg_node *k = kept->child;

    if (kept->kind != written->kind ||
        (written->kind == KG_ARRAY &&
         kept->n_children != written->n_children)) {
        return;
    }
    for (const struct kg_node *w = written->child; w != NULL; w = w->next) {
        if (written->kind == KG_OBJECT) {
            k = kg_node_member(kept, w->name);
        }
        if (k != NULL) {
            find_dropped(s, w, k);
            k = k->next;
        } else if (!is_empty(w)) {
            s->part_cb(s->data, w);
        }
    }
}

void kg_object_dropped(const struct kg_object *o, const struct kg_node *kept,
                       kg_object_part_cb part_cb, void *data)
{
    const struct search s = {part_cb, data};
    const struct kg_node *written = kg_node_get(o->root, "spec");

    kept = kg_node_get(kept, "spec");
    if (written != NULL && kept != NULL) {
        find_dropped(&s, written, kept);
    }
}
