/* SPDX-License-Identifier: MIT */
#include "path.h"

static enum kg_errc refuse(struct kg_error *e, struct kg_str text,
                           const char *why)
{
    return kg_error_set(e, KG_ECONFIG, 0, "path \"%.*s\": %s", KG_STR_ARG(text),
                        why);
}

static struct kg_str behind(struct kg_str s, size_t n)
{
    return kg_str_of(s.ptr + n, s.len - n);
}

static bool is_name_byte(char c)
{
    return c != '.' && c != '[' && c != ']' && c != '*' && c != '\'' &&
           c != '"' && (unsigned char)c > ' ';
}

/* ".name" or ".*"; what is wrong, or NULL. */
static const char *take_dotted(struct kg_str *rest, struct kg_step *step)
{
    size_t n = 1;

    if (rest->len > 1 && rest->ptr[1] == '*') {
        *step = (struct kg_step){.kind = KG_STEP_MEMBERS};
        *rest = behind(*rest, 2);
        return NULL;
    }
    while (n < rest->len && is_name_byte(rest->ptr[n])) {
        n++;
    }
    if (n == 1) {
        return "a name or * is expected behind the dot (write other names as "
               "['...'])";
    }
    *step = (struct kg_step){.kind = KG_STEP_NAME,
                             .name = kg_str_of(rest->ptr + 1, n - 1)};
    *rest = behind(*rest, n);
    return NULL;
}

/* "['name']", "[*]" or "[0]". */
static const char *take_bracketed(struct kg_str *rest, struct kg_step *step)
{
    ptrdiff_t end = kg_str_find(*rest, KG_STR("]"));
    struct kg_str inside;

    if (rest->len > 1 && (rest->ptr[1] == '\'' || rest->ptr[1] == '"')) {
        char ending[] = {rest->ptr[1], ']'};

        end = kg_str_find(behind(*rest, 2), kg_str_of(ending, 2));
        if (end < 0) {
            return "the quoted name does not end with ']";
        }
        *step = (struct kg_step){.kind = KG_STEP_NAME,
                                 .name = kg_str_of(rest->ptr + 2, (size_t)end)};
        *rest = behind(*rest, (size_t)end + 4);
        return NULL;
    }
    if (end < 0) {
        return "a ] is missing";
    }
    inside = kg_str_of(rest->ptr + 1, (size_t)end - 1);
    *rest = behind(*rest, (size_t)end + 1);
    if (kg_str_is(inside, "*")) {
        *step = (struct kg_step){.kind = KG_STEP_ELEMENTS};
        return NULL;
    }
    *step = (struct kg_step){.kind = KG_STEP_INDEX};
    return kg_str_to_u64(inside, &step->index)
               ? NULL
               : "between [ and ] is *, an index from 0, or a quoted name";
}

enum kg_errc kg_path_parse(struct kg_str text, struct kg_path *ret_path,
                           struct kg_error *e)
{
    struct kg_str rest = text;
    struct kg_path path = {.n_steps = 0};

    if (text.len == 0 || (*text.ptr != '$' && *text.ptr != '@')) {
        return refuse(e, text,
                      "it begins with $ (the document) or @ (the row)");
    }
    path.from_row = *text.ptr == '@';
    rest = behind(rest, 1);
    while (rest.len > 0) {
        struct kg_step *step = &path.steps[path.n_steps];
        const char *why = "a . or [ is expected";

        if (path.n_steps == KG_PATH_MAX) {
            return refuse(e, text, "it has more than 16 steps");
        }
        if (*rest.ptr == '.') {
            why = take_dotted(&rest, step);
        } else if (*rest.ptr == '[') {
            why = take_bracketed(&rest, step);
        }
        if (why != NULL) {
            return refuse(e, text, why);
        }
        path.n_steps++;
    }
    *ret_path = path;
    return KG_OK;
}

bool kg_step_eq(const struct kg_step *a, const struct kg_step *b)
{
    return a->kind == b->kind && a->index == b->index &&
           kg_str_eq(a->name, b->name);
}

bool kg_step_is_of_object(const struct kg_step *s)
{
    return s->kind == KG_STEP_NAME || s->kind == KG_STEP_MEMBERS;
}

bool kg_step_meets(const struct kg_step *a, const struct kg_step *b)
{
    if (kg_step_is_of_object(a) != kg_step_is_of_object(b)) {
        return false;
    }
    return a->kind != b->kind || kg_step_eq(a, b);
}

size_t kg_path_common(const struct kg_path *a, const struct kg_path *b)
{
    size_t n = 0;

    while (n < a->n_steps && n < b->n_steps &&
           kg_step_eq(&a->steps[n], &b->steps[n])) {
        n++;
    }
    return n;
}

bool kg_path_agree(const struct kg_path *a, const struct kg_path *b)
{
    size_t n = kg_path_common(a, b);

    return n == a->n_steps || n == b->n_steps ||
           kg_step_is_of_object(&a->steps[n]) ==
               kg_step_is_of_object(&b->steps[n]);
}

size_t kg_path_certain(const struct kg_path *p, size_t from)
{
    size_t n = from;

    while (n < p->n_steps && p->steps[n].kind != KG_STEP_ELEMENTS &&
           p->steps[n].kind != KG_STEP_MEMBERS) {
        n++;
    }
    return n;
}

bool kg_path_join(struct kg_path *p, const struct kg_path *tail)
{
    if (p->n_steps + tail->n_steps > KG_PATH_MAX) {
        return false;
    }
    for (size_t i = 0; i < tail->n_steps; i++) {
        p->steps[p->n_steps++] = tail->steps[i];
    }
    return true;
}
