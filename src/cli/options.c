/* SPDX-License-Identifier: MIT */
#include "options.h"

/* Where the parser is in the arguments. */
struct cursor {
    const struct kg_option *options;
    char **args;    /* The next one to read. */
    uint64_t given; /* A bit for each option of the table. */
    char *values;   /* The caller's struct. */
    struct kg_args *rest;
    struct kg_error *e;
};

static size_t count(const struct kg_option *options)
{
    size_t n = 0;

    while (options != NULL && options[n].name != NULL) {
        n++;
    }
    KG_REQUIRE(n <= 64); /* Bits of `given`. */
    return n;
}

static enum kg_errc unknown(const struct cursor *c, struct kg_str name)
{
    unsigned nearest = KG_TYPING_NEAR + 1;
    const char *found = NULL;

    if (kg_typing_distance(name, KG_STR("help")) <= KG_TYPING_NEAR) {
        found = "help";
    }
    for (size_t i = 0; i < count(c->options); i++) {
        unsigned distance =
            kg_typing_distance(name, kg_str_from(c->options[i].name));

        if (distance < nearest) {
            nearest = distance;
            found = c->options[i].name;
        }
    }
    return kg_error_set(c->e, KG_EUSAGE, 0, "there is no option --%.*s%s%s%s",
                        KG_STR_ARG(name),
                        found != NULL ? "; did you mean --" : "",
                        found != NULL ? found : "", found != NULL ? "?" : "");
}

/* `text` is what was written behind the name, or NULL: then the next argument
 * is the value. */
static enum kg_errc take(struct cursor *c, size_t index, const char *text)
{
    const struct kg_option *o = &c->options[index];
    uint64_t bit = UINT64_C(1) << index;

    if ((c->given & bit) != 0 && o->type != KG_OPTION_LIST &&
        o->type != KG_OPTION_FLAG) {
        return kg_error_set(c->e, KG_EUSAGE, 0,
                            "--%s: given twice; give it once", o->name);
    }
    c->given |= bit;
    if (o->type != KG_OPTION_FLAG && text == NULL) {
        text = *c->args;
        if (text == NULL) {
            return kg_error_set(c->e, KG_EUSAGE, 0,
                                "--%s: its value is missing: --%s %s", o->name,
                                o->name, kg_option_value_name(o));
        }
        c->args++;
    }
    return kg_option_set(o, text, c->values + o->at, c->e);
}

static enum kg_errc take_long(struct cursor *c, const char *arg)
{
    struct kg_str rest = kg_str_from(arg);
    struct kg_str name = kg_str_cut(&rest, '=');

    if (kg_str_is(name, "help")) {
        c->rest->help = true;
        return KG_OK;
    }
    for (size_t i = 0; i < count(c->options); i++) {
        const struct kg_option *o = &c->options[i];

        if (!kg_str_is(name, o->name)) {
            continue;
        }
        if (o->type == KG_OPTION_FLAG && rest.ptr != NULL) {
            return kg_error_set(c->e, KG_EUSAGE, 0,
                                "--%s: takes no value; give it or leave it out",
                                o->name);
        }
        return take(c, i, rest.ptr);
    }
    return unknown(c, name);
}

static size_t find_letter(const struct cursor *c, char letter)
{
    size_t i = 0;

    while (i < count(c->options) && c->options[i].letter != letter) {
        i++;
    }
    return i;
}

/* "-sofile" is "-s -o file". */
static enum kg_errc take_letters(struct cursor *c, const char *letters)
{
    enum kg_errc err = KG_OK;

    while (err == KG_OK && *letters != '\0') {
        size_t i = find_letter(c, *letters);

        if (*letters == 'h' && i == count(c->options)) {
            c->rest->help = true;
            return KG_OK;
        }
        if (i == count(c->options)) {
            return kg_error_set(c->e, KG_EUSAGE, 0, "there is no option -%c",
                                *letters);
        }
        letters++;
        if (c->options[i].type != KG_OPTION_FLAG) {
            letters += *letters == '=';
            return take(c, i, *letters != '\0' ? letters : NULL);
        }
        err = take(c, i, NULL);
    }
    return err;
}

static void keep(struct cursor *c, char *arg)
{
    c->rest->items[c->rest->n_items++] = arg;
}

static enum kg_errc take_arg(struct cursor *c, char *arg)
{
    if (arg[0] != '-' || arg[1] == '\0') { /* "-" is standard input. */
        keep(c, arg);
        c->rest->n_before++;
        return KG_OK;
    }
    if (arg[1] != '-') {
        return take_letters(c, arg + 1);
    }
    if (arg[2] != '\0') {
        return take_long(c, arg + 2);
    }
    while (*c->args != NULL) {
        keep(c, *c->args++);
    }
    return KG_OK;
}

static enum kg_errc check_required(const struct cursor *c)
{
    for (size_t i = 0; i < count(c->options); i++) {
        const struct kg_option *o = &c->options[i];

        if (o->required && (c->given & UINT64_C(1) << i) == 0) {
            return kg_error_set(c->e, KG_EUSAGE, 0, "--%s is missing: --%s %s",
                                o->name, o->name, kg_option_value_name(o));
        }
    }
    return KG_OK;
}

enum kg_errc kg_options_parse(const struct kg_option *options, char **args,
                              void *values, struct kg_args *ret_args,
                              struct kg_error *e)
{
    struct cursor c = {options, args, 0, values, ret_args, e};
    enum kg_errc err = KG_OK;

    *ret_args = (struct kg_args){.items = args};
    while (err == KG_OK && *c.args != NULL && !ret_args->help) {
        err = take_arg(&c, *c.args++);
    }
    if (err == KG_OK && !ret_args->help) {
        ret_args->items[ret_args->n_items] = NULL;
        err = check_required(&c);
    }
    return err;
}

enum kg_errc kg_options_help(const struct kg_option *options,
                             struct kg_buf *out)
{
    static const struct kg_option help = {
        .name = "help", .letter = 'h', .help = "Print this text"};
    enum kg_errc err = KG_OK;

    for (size_t i = 0; err == KG_OK && i < count(options); i++) {
        err = kg_option_help(&options[i], out);
    }
    return err == KG_OK ? kg_option_help(&help, out) : err;
}
