/* SPDX-License-Identifier: MIT */
/* One option: its value, and its line of help. */
#include "kubeglean/clock.h"
#include "options.h"

const char *kg_option_value_name(const struct kg_option *o)
{
    static const char *const by_type[] = {
        [KG_OPTION_TEXT] = "TEXT",   [KG_OPTION_NUMBER] = "N",
        [KG_OPTION_SIZE] = "SIZE",   [KG_OPTION_DURATION] = "DURATION",
        [KG_OPTION_CHOICE] = "WORD", [KG_OPTION_LIST] = "TEXT"};

    return o->value != NULL ? o->value : by_type[o->type];
}

/* "object|array|any" */
static enum kg_errc add_choices(const struct kg_option *o, struct kg_buf *out)
{
    enum kg_errc err = KG_OK;

    for (size_t i = 0; err == KG_OK && o->choices[i] != NULL; i++) {
        err = kg_buf_addf(out, "%s%s", i > 0 ? "|" : "", o->choices[i]);
    }
    return err;
}

static enum kg_errc wrong_choice(const struct kg_option *o, const char *text,
                                 struct kg_error *e)
{
    struct kg_buf choices;
    const char *list = NULL;

    kg_buf_init(&choices, KG_ERROR_TEXT_MAX);
    if (add_choices(o, &choices) == KG_OK) {
        list = kg_buf_cstr(&choices);
    }
    (void)kg_error_set(e, KG_EUSAGE, 0, "--%s: \"%s\" is none of %s", o->name,
                       text, list != NULL ? list : "the choices");
    kg_buf_finish(&choices);
    return KG_EUSAGE;
}

static enum kg_errc set_choice(const struct kg_option *o, const char *text,
                               unsigned *ret_value, struct kg_error *e)
{
    for (unsigned i = 0; o->choices[i] != NULL; i++) {
        if (strcmp(o->choices[i], text) == 0) {
            *ret_value = i;
            return KG_OK;
        }
    }
    return wrong_choice(o, text, e);
}

static bool parse_size(struct kg_str s, size_t *ret_value)
{
    static const struct {
        struct kg_str unit;
        unsigned shift;
    } units[] = {{{"KiB", 3}, 10}, {{"MiB", 3}, 20}, {{"GiB", 3}, 30}};
    unsigned shift = 0;
    uint64_t value;

    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        if (kg_str_ends(s, units[i].unit)) {
            s.len -= units[i].unit.len;
            shift = units[i].shift;
            break;
        }
    }
    if (!kg_str_to_u64(s, &value) || value > SIZE_MAX >> shift) {
        return false;
    }
    *ret_value = (size_t)value << shift;
    return true;
}

static enum kg_errc add_text(const struct kg_option *o, const char *text,
                             struct kg_texts *texts, struct kg_error *e)
{
    if (texts->n_items == KG_TEXTS_MAX) {
        return kg_error_set(e, KG_EUSAGE, 0, "--%s: given more than %d times",
                            o->name, KG_TEXTS_MAX);
    }
    texts->items[texts->n_items++] = text;
    return KG_OK;
}

enum kg_errc kg_option_set(const struct kg_option *o, const char *text,
                           void *at, struct kg_error *e)
{
    const char *example = NULL;

    switch (o->type) {
    case KG_OPTION_FLAG:
        *(bool *)at = true;
        break;
    case KG_OPTION_TEXT:
        *(const char **)at = text;
        break;
    case KG_OPTION_LIST:
        return add_text(o, text, at, e);
    case KG_OPTION_CHOICE:
        return set_choice(o, text, at, e);
    case KG_OPTION_NUMBER:
        example =
            kg_str_to_u64(kg_str_from(text), at) ? NULL : "a number such as 10";
        break;
    case KG_OPTION_SIZE:
        example = parse_size(kg_str_from(text), at)
                      ? NULL
                      : "a size such as 512, 4KiB or 1MiB";
        break;
    case KG_OPTION_DURATION:
        example = kg_duration_parse(kg_str_from(text), at)
                      ? NULL
                      : "a duration such as 90s, 5m or 1h30m";
        break;
    case KG_OPTION_GROUP: /* None of it is given itself. */
        break;
    }
    return example == NULL
               ? KG_OK
               : kg_error_set(e, KG_EUSAGE, 0, "--%s: \"%s\" is not %s",
                              o->name, text, example);
}

/* Where a line that has room for `width` bytes is best broken. */
static size_t line_len(struct kg_str text, size_t width)
{
    size_t len = width;

    if (text.len <= width) {
        return text.len;
    }
    while (len > 0 && text.ptr[len] != ' ') {
        len--;
    }
    return len > 0 ? len : width;
}

static enum kg_errc add_wrapped(struct kg_buf *out, struct kg_str text,
                                size_t column)
{
    enum { WIDTH = 80 };
    enum kg_errc err = KG_OK;

    while (err == KG_OK && text.len > 0) {
        size_t len = line_len(text, WIDTH - column);
        struct kg_str line = kg_str_of(text.ptr, len);

        text = kg_str_trim(kg_str_of(text.ptr + len, text.len - len));
        err = kg_buf_addf(out, "%.*s\n%*s", KG_STR_ARG(line),
                          text.len > 0 ? (int)column : 0, "");
    }
    return err;
}

enum kg_errc kg_option_help(const struct kg_option *o, struct kg_buf *out)
{
    enum { TEXT_COLUMN = 29 };
    size_t before = kg_buf_len(out);
    enum kg_errc err;
    size_t width;

    err = o->letter != 0 ? kg_buf_addf(out, "  -%c, --%s", o->letter, o->name)
                         : kg_buf_addf(out, "      --%s", o->name);
    if (err == KG_OK && o->type == KG_OPTION_CHOICE && o->value == NULL) {
        err = kg_buf_addc(out, ' ');
        err = err == KG_OK ? add_choices(o, out) : err;
    } else if (err == KG_OK && o->type != KG_OPTION_FLAG) {
        err = kg_buf_addf(out, " %s", kg_option_value_name(o));
    }
    width = kg_buf_len(out) - before;
    if (err == KG_OK && width >= TEXT_COLUMN) {
        err = kg_buf_addc(out, '\n');
        width = 0;
    }
    if (err == KG_OK) {
        err = kg_buf_addf(out, "%*s", (int)(TEXT_COLUMN - width), "");
    }
    return err == KG_OK ? add_wrapped(out, kg_str_from(o->help), TEXT_COLUMN)
                        : err;
}
