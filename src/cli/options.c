/* SPDX-License-Identifier: MIT */
#include "options.h"

enum { OPTIONS_MAX = 64 };

struct slot {
    const struct kg_option *option;
    void *value;
    bool given;
};

/* Where the parser is in the arguments. */
struct cursor {
    struct slot slots[OPTIONS_MAX]; /* The table and its groups. */
    size_t n_slots;
    char **args; /* The next one to read. */
    struct kg_args *rest;
    struct kg_error *e;
};

static void add_slots(struct cursor *c, const struct kg_option *options,
                      char *values)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->type == KG_OPTION_GROUP) {
            add_slots(c, options->group, values + options->at);
            continue;
        }
        KG_REQUIRE(c->n_slots < OPTIONS_MAX);
        c->slots[c->n_slots++] =
            (struct slot){options, values + options->at, false};
    }
}

static enum kg_errc unknown(const struct cursor *c, struct kg_str name)
{
    unsigned nearest = KG_TYPING_NEAR + 1;
    const char *found = NULL;

    if (kg_typing_distance(name, KG_STR("help")) <= KG_TYPING_NEAR) {
        found = "help";
    }
    for (size_t i = 0; i < c->n_slots; i++) {
        const char *known = c->slots[i].option->name;
        unsigned distance = kg_typing_distance(name, kg_str_from(known));

        if (distance < nearest) {
            nearest = distance;
            found = known;
        }
    }
    return kg_error_set(c->e, KG_EUSAGE, 0, "there is no option --%.*s%s%s%s",
                        KG_STR_ARG(name),
                        found != NULL ? "; did you mean --" : "",
                        found != NULL ? found : "", found != NULL ? "?" : "");
}

/* `text` is what was written behind the name, or NULL: then the next argument
 * is the value. */
static enum kg_errc take(struct cursor *c, struct slot *slot, const char *text)
{
    const struct kg_option *o = slot->option;

    if (slot->given && o->type != KG_OPTION_LIST && o->type != KG_OPTION_FLAG) {
        return kg_error_set(c->e, KG_EUSAGE, 0,
                            "--%s: given twice; give it once", o->name);
    }
    slot->given = true;
    if (o->type != KG_OPTION_FLAG && text == NULL) {
        text = *c->args;
        if (text == NULL) {
            return kg_error_set(c->e, KG_EUSAGE, 0,
                                "--%s: its value is missing: --%s %s", o->name,
                                o->name, kg_option_value_name(o));
        }
        c->args++;
    }
    return kg_option_set(o, text, slot->value, c->e);
}

static enum kg_errc take_long(struct cursor *c, const char *arg)
{
    struct kg_str rest = kg_str_from(arg);
    struct kg_str name = kg_str_cut(&rest, '=');

    if (kg_str_is(name, "help")) {
        c->rest->help = true;
        return KG_OK;
    }
    for (size_t i = 0; i < c->n_slots; i++) {
        const struct kg_option *o = c->slots[i].option;

        if (!kg_str_is(name, o->name)) {
            continue;
        }
        if (o->type == KG_OPTION_FLAG && rest.ptr != NULL) {
            return kg_error_set(c->e, KG_EUSAGE, 0,
                                "--%s: takes no value; give it or leave it out",
                                o->name);
        }
        return take(c, &c->slots[i], rest.ptr);
    }
    return unknown(c, name);
}

static struct slot *find_letter(struct cursor *c, char letter)
{
    for (size_t i = 0; i < c->n_slots; i++) {
        if (c->slots[i].option->letter == letter) {
            return &c->slots[i];
        }
    }
    return NULL;
}

/* "-sofile" is "-s -o file". */
static enum kg_errc take_letters(struct cursor *c, const char *letters)
{
    enum kg_errc err = KG_OK;

    while (err == KG_OK && *letters != '\0') {
        struct slot *slot = find_letter(c, *letters);

        if (*letters == 'h' && slot == NULL) {
            c->rest->help = true;
            return KG_OK;
        }
        if (slot == NULL) {
            return kg_error_set(c->e, KG_EUSAGE, 0, "there is no option -%c",
                                *letters);
        }
        letters++;
        if (slot->option->type != KG_OPTION_FLAG) {
            letters += *letters == '=';
            return take(c, slot, *letters != '\0' ? letters : NULL);
        }
        err = take(c, slot, NULL);
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
    for (size_t i = 0; i < c->n_slots; i++) {
        const struct kg_option *o = c->slots[i].option;

        if (o->required && !c->slots[i].given) {
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
    struct cursor c = {.args = args, .rest = ret_args, .e = e};
    enum kg_errc err = KG_OK;

    add_slots(&c, options, values);
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

/* Those that are groups, below their headings, or those that are not. */
static enum kg_errc add_help(const struct kg_option *o, bool groups,
                             struct kg_buf *out)
{
    enum kg_errc err = KG_OK;

    for (; err == KG_OK && o != NULL && o->name != NULL; o++) {
        if ((o->type == KG_OPTION_GROUP) != groups) {
            continue;
        }
        if (!groups) {
            err = kg_option_help(o, out);
            continue;
        }
        err = kg_buf_addf(out, "\n%s:\n", o->name);
        err = err == KG_OK ? add_help(o->group, false, out) : err;
    }
    return err;
}

enum kg_errc kg_options_help(const struct kg_option *options,
                             struct kg_buf *out)
{
    static const struct kg_option help = {
        .name = "help", .letter = 'h', .help = "Print this text"};
    enum kg_errc err = add_help(options, false, out);

    if (err == KG_OK) {
        err = kg_option_help(&help, out);
    }
    return err == KG_OK ? add_help(options, true, out) : err;
}
