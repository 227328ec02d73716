/* SPDX-License-Identifier: MIT */
#include "want.h"

#include "kubeglean/heap.h"

/* Steps and names are taken from one block that was measured beforehand. */
struct builder {
    struct kg_want *steps;
    size_t n_steps;
    char *names;
};

static size_t steps_in(const char *path)
{
    size_t n = 2; /* The first name, and what delivers. */

    for (; path != NULL && *path != '\0'; path++) {
        n += *path == '.' || *path == '[';
    }
    return n;
}

static void measure(const char *path, const char *prefix, size_t *n_steps,
                    size_t *names_len)
{
    *n_steps += steps_in(path) + steps_in(prefix);
    *names_len += strlen(path) + (prefix != NULL ? strlen(prefix) : 0);
}

static struct kg_want *new_step(struct builder *b, struct kg_str name)
{
    struct kg_want *w = &b->steps[b->n_steps++];

    if (name.len > 0) {
        memcpy(b->names, name.ptr, name.len);
        w->name = kg_str_of(b->names, name.len);
        b->names += name.len;
    }
    return w;
}

static struct kg_want *member_step(struct builder *b, struct kg_want *w,
                                   struct kg_str name)
{
    struct kg_want *child;

    for (child = w->child; child != NULL; child = child->next) {
        if (kg_str_eq(child->name, name)) {
            return child;
        }
    }
    child = new_step(b, name);
    child->next = w->child;
    w->child = child;
    return child;
}

static struct kg_want *walk(struct builder *b, struct kg_want *w,
                            const char *path)
{
    static const struct kg_str each = {"[*]", 3};
    struct kg_str rest = kg_str_from(path);

    while (rest.ptr != NULL) {
        struct kg_str name = kg_str_cut(&rest, '.');
        bool elements = kg_str_ends(name, each);

        name.len -= elements ? each.len : 0;
        w = member_step(b, w, name);
        if (elements && w->each == NULL) {
            w->each = new_step(b, kg_str_of("", 0));
        }
        w = elements ? w->each : w;
    }
    return w;
}

static void build(struct builder *b, struct kg_want *top,
                  const struct kg_pick_def *def)
{
    struct kg_want *from = top;

    if (def->each != NULL) {
        struct kg_want *array = walk(b, top, def->each);

        array->each = new_step(b, kg_str_of("", 0));
        array->each->deliver = true;
        from = array->each;
    } else if (def->under != NULL) {
        from = walk(b, top, def->under);
    }
    from->whole = def->whole;
    for (const char *const *p = def->paths; p != NULL && *p != NULL; p++) {
        walk(b, from, *p)->whole = true;
    }
    for (const char *const *p = def->top; p != NULL && *p != NULL; p++) {
        walk(b, top, *p)->whole = true;
    }
}

enum kg_errc kg_wants_init(struct kg_wants *w, const struct kg_pick_def *def)
{
    struct builder b = {0};
    size_t n_steps = 1;
    size_t names_len = 0;

    measure("", def->each, &n_steps, &names_len);
    measure("", def->under, &n_steps, &names_len);
    for (const char *const *p = def->paths; p != NULL && *p != NULL; p++) {
        measure(*p, NULL, &n_steps, &names_len);
    }
    for (const char *const *p = def->top; p != NULL && *p != NULL; p++) {
        measure(*p, NULL, &n_steps, &names_len);
    }
    w->memory = kg_calloc(1, n_steps * sizeof(*b.steps) + names_len);
    if (w->memory == NULL) {
        return KG_ENOMEM;
    }
    b.steps = w->memory;
    b.names = (char *)(b.steps + n_steps);
    w->top = new_step(&b, kg_str_of("", 0));
    build(&b, w->top, def);
    return KG_OK;
}

void kg_wants_finish(struct kg_wants *w)
{
    kg_free(w->memory);
    *w = (struct kg_wants){0};
}

/* Below what is wanted as a whole, nothing is delivered alone. */
static const struct kg_want everything = {.whole = true};

const struct kg_want *kg_want_member(const struct kg_want *w,
                                     struct kg_str name)
{
    const struct kg_want *child;

    if (w == NULL) {
        return NULL;
    }
    if (w->whole) {
        return &everything;
    }
    for (child = w->child; child != NULL; child = child->next) {
        if (kg_str_eq(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

const struct kg_want *kg_want_element(const struct kg_want *w)
{
    if (w == NULL) {
        return NULL;
    }
    return w->whole ? &everything : w->each;
}
