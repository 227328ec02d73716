/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "kubeglean/reader.h"

#include <stdio.h>

enum { HELP_MAX = 64 * 1024 };

static const struct kg_verb *const verbs[] = {
    &kg_verb_run,      &kg_verb_agent,  &kg_verb_check,
    &kg_verb_extract,  &kg_verb_job,    &kg_verb_cronjob,
    &kg_verb_profiles, &kg_verb_schema, &kg_verb_version,
};

static const struct kg_verb *verb_find(const char *name)
{
    for (size_t i = 0; i < KG_COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

/* The verb that `name` may have been meant for, or NULL. */
static const char *verb_nearest(const char *name)
{
    unsigned nearest = KG_TYPING_NEAR + 1;
    const char *found = NULL;

    for (size_t i = 0; i < KG_COUNT_OF(verbs); i++) {
        unsigned distance =
            kg_typing_distance(kg_str_from(name), kg_str_from(verbs[i]->name));

        if (distance < nearest) {
            nearest = distance;
            found = verbs[i]->name;
        }
    }
    return found;
}

/* Standard output may be a full disk: what was not written is an error. */
static enum kg_exit print(enum kg_errc built, struct kg_buf *text)
{
    struct kg_str s = kg_buf_str(text);
    bool written;

    if (built != KG_OK) {
        (void)fprintf(stderr, "kubeglean: %s\n", kg_errc_text(built));
        kg_buf_finish(text);
        return KG_EXIT_ERROR;
    }
    written = fwrite(s.ptr, 1, s.len, stdout) == s.len && fflush(stdout) == 0;
    if (!written) {
        perror("kubeglean: standard output");
    }
    kg_buf_finish(text);
    return written ? KG_EXIT_DONE : KG_EXIT_ERROR;
}

static const char overview[] =
    "Runs report-producing Kubernetes Jobs and keeps their rows current in\n"
    "PostgreSQL.\n\n"
    "Usage: kubeglean VERB [OPTION]... [OPERAND]...\n\nVerbs:\n";

static const char exit_codes[] =
    "\nExit codes:\n"
    "  0  done; every report is complete\n"
    "  1  an error, which the message names\n"
    "  2  wrong usage or configuration; nothing was done\n"
    "  3  it ended, and no report was found\n"
    "  4  a report was found, and it is incomplete or rejected\n"
    "  5  the Job failed\n"
    "Where several apply, the first of 2, 1, 4, 5, 3 is told.\n\n"
    "`kubeglean VERB --help` tells more.\n";

static enum kg_errc add_overview(struct kg_buf *out)
{
    enum kg_errc err = kg_buf_adds(out, overview);

    for (size_t i = 0; err == KG_OK && i < KG_COUNT_OF(verbs); i++) {
        err =
            kg_buf_addf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    return err == KG_OK ? kg_buf_adds(out, exit_codes) : err;
}

static enum kg_exit help_overview(void)
{
    struct kg_buf out;

    kg_buf_init(&out, HELP_MAX);
    return print(add_overview(&out), &out);
}

static enum kg_errc add_verb_help(const struct kg_verb *verb,
                                  struct kg_buf *out)
{
    enum kg_errc err =
        kg_buf_addf(out, "%s.\n\nUsage: kubeglean %s%s%s\n", verb->summary,
                    verb->name, verb->synopsis != NULL ? " " : "",
                    verb->synopsis != NULL ? verb->synopsis : "");

    if (err == KG_OK && verb->commands != NULL) {
        err = kg_buf_addf(out, "\nCommands:\n%s", verb->commands);
    }
    if (err == KG_OK) {
        err = kg_buf_adds(out, "\nOptions:\n");
    }
    if (err == KG_OK) {
        err = kg_options_help(verb->options, out);
    }
    if (err == KG_OK && verb->about != NULL) {
        err = kg_buf_addf(out, "\n%s", verb->about);
    }
    return err;
}

enum kg_exit kg_verb_help(const struct kg_verb *verb)
{
    struct kg_buf out;

    kg_buf_init(&out, HELP_MAX);
    return print(add_verb_help(verb, &out), &out);
}

enum kg_exit kg_verb_misused(const struct kg_verb *verb, const char *fmt, ...)
{
    struct kg_error e;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(e.text, sizeof(e.text), fmt, args);
    va_end(args);
    (void)fprintf(stderr,
                  "kubeglean %s: %s\n`kubeglean %s --help` tells more.\n",
                  verb->name, e.text, verb->name);
    return KG_EXIT_USAGE;
}

enum kg_exit kg_verb_failed(const struct kg_verb *verb,
                            const struct kg_error *e)
{
    (void)fprintf(stderr, "kubeglean %s: %s\n", verb->name, e->text);
    return kg_exit_of(e->code);
}

bool kg_verb_parse(const struct kg_verb *verb, char **args, void *values,
                   struct kg_args *ret_rest, enum kg_exit *ret_code)
{
    struct kg_error e;

    if (kg_options_parse(verb->options, args, values, ret_rest, &e) != KG_OK) {
        *ret_code = kg_verb_misused(verb, "%s", e.text);
        return false;
    }
    if (ret_rest->help) {
        *ret_code = kg_verb_help(verb);
        return false;
    }
    return true;
}

static enum kg_exit unknown(const char *name)
{
    const char *nearest = verb_nearest(name);

    (void)fprintf(stderr, "kubeglean: there is no verb \"%s\"%s%s%s\n", name,
                  nearest != NULL ? "; did you mean \"" : "",
                  nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
    (void)fputs("`kubeglean --help` lists the verbs.\n", stderr);
    return KG_EXIT_USAGE;
}

static enum kg_exit help(const char *name)
{
    const struct kg_verb *verb;

    if (name == NULL) {
        return help_overview();
    }
    verb = verb_find(name);
    return verb != NULL ? kg_verb_help(verb) : unknown(name);
}

static bool is_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

enum kg_exit kg_cli_run(char **argv)
{
    const struct kg_verb *verb;
    char **args = argv;
    struct kg_error e;

    if (argv[0] == NULL || argv[1] == NULL) {
        (void)fputs("kubeglean: which verb? `kubeglean --help` lists them.\n",
                    stderr);
        return KG_EXIT_USAGE;
    }
    args += 2;
    if (is_help(argv[1])) {
        return help_overview();
    }
    if (strcmp(argv[1], "help") == 0) {
        return help(args[0]);
    }
    if (kg_reader_check(&e) != KG_OK) {
        (void)fprintf(stderr, "kubeglean: %s\n", e.text);
        return KG_EXIT_USAGE;
    }
    verb = strcmp(argv[1], "--version") == 0 ? &kg_verb_version
                                             : verb_find(argv[1]);
    return verb != NULL ? verb->run(args) : unknown(argv[1]);
}
