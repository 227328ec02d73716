/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 300 };

struct reading {
    const struct schema_field *fields;
    const char *file;
    char *values;
    struct kg_error *error;
};

enum kg_errc kg_schema_refuse(struct kg_error *e, const char *file,
                              const struct kg_node *at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(e, KG_ECONFIG, 0, fmt, args);
    va_end(args);
    if (at != NULL) {
        (void)kg_error_wrap(e, "%s:%u:%u", file, at->line, at->column);
    } else {
        (void)kg_error_wrap(e, "%s", file);
    }
    return KG_ECONFIG;
}

/* --- checks --------------------------------------------------------------- */

const char *kg_schema_dns_label(struct kg_str text)
{
    return kg_str_is_dns_label(text) ? NULL : "must be " KG_DNS_RULE;
}

const char *kg_schema_not_empty(struct kg_str text)
{
    return text.len == 0 ? "must not be empty" : NULL;
}

/* --- the table ------------------------------------------------------------ */

/* The last part of `path` when the rest is `parent`, else NULL. */
static const char *name_below(const char *path, const char *parent)
{
    size_t len = strlen(parent);

    if (len > 0) {
        if (strncmp(path, parent, len) != 0 || path[len] != '.') {
            return NULL;
        }
        path += len + 1;
    }
    return strchr(path, '.') == NULL ? path : NULL;
}

static const struct schema_field *find_field(const struct reading *r,
                                             const char *parent,
                                             struct kg_str name)
{
    for (const struct schema_field *f = r->fields; f->path != NULL; f++) {
        const char *below = name_below(f->path, parent);

        if (below != NULL && kg_str_is(name, below)) {
            return f;
        }
    }
    return NULL;
}

/* "profile, namespaces, schedule"; cut where there is no more room. */
struct list {
    char text[LIST_MAX];
    size_t len;
};

static void list_add(struct list *l, const char *item)
{
    int len = snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s",
                       l->len > 0 ? ", " : "", item);

    l->len += (size_t)len;
    if (l->len >= sizeof(l->text)) {
        l->len = sizeof(l->text) - 1;
    }
}

/* What a field may be: "a task's name", "a number from 1 to 24". */
static void describe(const struct schema_field *f, struct list *ret_list)
{
    *ret_list = (struct list){.len = 0};
    switch (f->type) {
    case SCHEMA_OBJECT:
    case SCHEMA_TREE:
        list_add(ret_list, "an object");
        return;
    case SCHEMA_TEXT:
    case SCHEMA_TEXTS:
        list_add(ret_list, f->wants);
        return;
    case SCHEMA_BOOL:
        list_add(ret_list, "true or false");
        return;
    case SCHEMA_NUMBER:
        (void)snprintf(ret_list->text, sizeof(ret_list->text),
                       "a whole number from %u to %u", f->min, f->max);
        return;
    case SCHEMA_CHOICE:
        for (size_t i = 0; f->choices[i] != NULL; i++) {
            list_add(ret_list, f->choices[i]);
        }
        return;
    }
}

/* --- refusals ------------------------------------------------------------- */

static enum kg_errc refuse_unknown(const struct reading *r, const char *parent,
                                   const struct kg_node *member)
{
    const struct kg_node name = {.line = member->name_line,
                                 .column = member->name_column};
    struct list known = {.len = 0};

    for (const struct schema_field *f = r->fields; f->path != NULL; f++) {
        const char *below = name_below(f->path, parent);

        if (below != NULL) {
            list_add(&known, below);
        }
    }
    return kg_schema_refuse(r->error, r->file, &name,
                            "%s%s%.*s: unknown key; known here: %s", parent,
                            parent[0] != '\0' ? "." : "",
                            KG_STR_ARG(member->name), known.text);
}

static enum kg_errc refuse_missing(const struct reading *r,
                                   const struct kg_node *object,
                                   const struct schema_field *f)
{
    struct list wanted;

    describe(f, &wanted);
    return kg_schema_refuse(r->error, r->file, object,
                            "%s: missing; wanted: %s", f->path, wanted.text);
}

static const char *is_what(const struct kg_node *value)
{
    static const char *const words[] = {
        [KG_NULL] = "has no value",  [KG_BOOL] = "is a boolean",
        [KG_NUMBER] = "is a number", [KG_STRING] = "is a string",
        [KG_ARRAY] = "is an array",  [KG_OBJECT] = "is an object",
    };

    return value->kind == KG_ARRAY && value->n_children == 0
               ? "is empty"
               : words[value->kind];
}

/* Never with the value itself: it may be a secret. */
static enum kg_errc refuse_type(const struct reading *r,
                                const struct schema_field *f,
                                const struct kg_node *value)
{
    struct list wanted;

    describe(f, &wanted);
    return kg_schema_refuse(r->error, r->file, value, "%s: %s; wanted: %s",
                            f->path, is_what(value), wanted.text);
}

static enum kg_errc refuse_element(const struct reading *r,
                                   const struct schema_field *f,
                                   const struct kg_node *element)
{
    return kg_schema_refuse(r->error, r->file, element,
                            "%s: an element %s; wanted: text, in quotes",
                            f->path, is_what(element));
}

static enum kg_errc refuse_text(const struct reading *r,
                                const struct schema_field *f,
                                const struct kg_node *value,
                                const char *complaint)
{
    return kg_schema_refuse(r->error, r->file, value, "%s: \"%.*s\" %s",
                            f->path, KG_STR_ARG(value->text), complaint);
}

/* --- values --------------------------------------------------------------- */

static enum kg_errc read_text(const struct reading *r,
                              const struct schema_field *f,
                              const struct kg_node *value)
{
    const char *complaint = NULL;

    if (value->kind != KG_STRING) {
        return refuse_type(r, f, value);
    }
    if (memchr(value->text.ptr, '\0', value->text.len) != NULL) {
        return kg_schema_refuse(r->error, r->file, value,
                                "%s: must not hold a NUL", f->path);
    }
    if (f->check != NULL) {
        complaint = f->check(value->text);
    }
    return complaint != NULL ? refuse_text(r, f, value, complaint) : KG_OK;
}

static enum kg_errc read_texts(const struct reading *r,
                               const struct schema_field *f,
                               const struct kg_node *value)
{
    enum kg_errc err = KG_OK;

    if (value->kind != KG_ARRAY || value->n_children == 0) {
        return refuse_type(r, f, value);
    }
    for (const struct kg_node *c = value->child; err == KG_OK && c != NULL;
         c = c->next) {
        err =
            c->kind == KG_STRING ? read_text(r, f, c) : refuse_element(r, f, c);
    }
    return err;
}

static enum kg_errc read_bool(const struct reading *r,
                              const struct schema_field *f,
                              const struct kg_node *value)
{
    if (value->kind != KG_BOOL) {
        return refuse_type(r, f, value);
    }
    *(bool *)(void *)(r->values + f->at) = kg_str_is(value->text, "true");
    return KG_OK;
}

static enum kg_errc read_number(const struct reading *r,
                                const struct schema_field *f,
                                const struct kg_node *value)
{
    int64_t number;

    if (value->kind != KG_NUMBER) {
        return refuse_type(r, f, value);
    }
    if (!kg_node_int(value, &number) || number < f->min || number > f->max) {
        return kg_schema_refuse(r->error, r->file, value,
                                "%s: %.*s is no whole number from %u to %u",
                                f->path, KG_STR_ARG(value->text), f->min,
                                f->max);
    }
    *(uint32_t *)(void *)(r->values + f->at) = (uint32_t)number;
    return KG_OK;
}

static enum kg_errc read_choice(const struct reading *r,
                                const struct schema_field *f,
                                const struct kg_node *value)
{
    struct list wanted;

    if (value->kind != KG_STRING) {
        return refuse_type(r, f, value);
    }
    for (unsigned i = 0; f->choices[i] != NULL; i++) {
        if (kg_str_is(value->text, f->choices[i])) {
            *(unsigned *)(void *)(r->values + f->at) = i;
            return KG_OK;
        }
    }
    describe(f, &wanted);
    return kg_schema_refuse(r->error, r->file, value,
                            "%s: \"%.*s\" is none of: %s", f->path,
                            KG_STR_ARG(value->text), wanted.text);
}

static enum kg_errc read_object(const struct reading *r, const char *path,
                                const struct kg_node *object);

static enum kg_errc read_value(const struct reading *r,
                               const struct schema_field *f,
                               const struct kg_node *value)
{
    void *to = r->values + f->at;
    enum kg_errc err = KG_OK;

    switch (f->type) {
    case SCHEMA_OBJECT:
        return value->kind == KG_OBJECT ? read_object(r, f->path, value)
                                        : refuse_type(r, f, value);
    case SCHEMA_BOOL:
        return read_bool(r, f, value);
    case SCHEMA_NUMBER:
        return read_number(r, f, value);
    case SCHEMA_CHOICE:
        return read_choice(r, f, value);
    case SCHEMA_TEXT:
        err = read_text(r, f, value);
        if (err == KG_OK) {
            *(const char **)to = value->text.ptr;
        }
        return err;
    case SCHEMA_TEXTS:
        err = read_texts(r, f, value);
        break;
    case SCHEMA_TREE:
        if (value->kind != KG_OBJECT) {
            err = refuse_type(r, f, value);
        }
        break;
    }
    if (err == KG_OK) {
        *(const struct kg_node **)to = value;
    }
    return err;
}

/* As deep as the table is. */
static enum kg_errc read_object(const struct reading *r, const char *path,
                                const struct kg_node *object)
{
    enum kg_errc err = KG_OK;

    for (const struct kg_node *m = object->child; err == KG_OK && m != NULL;
         m = m->next) {
        const struct schema_field *f = find_field(r, path, m->name);

        err = f != NULL ? read_value(r, f, m) : refuse_unknown(r, path, m);
    }
    for (const struct schema_field *f = r->fields;
         err == KG_OK && f->path != NULL; f++) {
        const char *name = name_below(f->path, path);

        if (f->required && name != NULL && kg_node_get(object, name) == NULL) {
            err = refuse_missing(r, object, f);
        }
    }
    return err;
}

enum kg_errc kg_schema_read(const struct schema_field *fields,
                            const struct kg_node *document, const char *file,
                            void *values, struct kg_error *e)
{
    const struct reading r = {fields, file, values, e};

    if (document->kind != KG_OBJECT) {
        return kg_schema_refuse(e, file, document, "%s",
                                "a document must be an object");
    }
    return read_object(&r, "", document);
}
