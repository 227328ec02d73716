/* SPDX-License-Identifier: MIT */
#include "profiles.h"

#include <stdio.h>
#include <unistd.h>

#include "kubeglean/clock.h"
#include "kubeglean/config.h"
#include "runset.h"

struct values {
    struct kg_texts sets;
};

struct command {
    const char *name;
    const char *operands;
    size_t n_min, n_max;
    enum kg_exit (*run)(const struct values *values, char **operands);
};

/* --- list ----------------------------------------------------------------------- */

/* Key columns are never cut. */
static const struct kg_column list_columns[] = {
    {.name = "name", .type = KG_TYPE_TEXT, .key = true},
    {.name = "table", .type = KG_TYPE_TEXT, .key = true},
    {.name = "summary", .type = KG_TYPE_TEXT, .key = true}};

static enum kg_errc list_one(struct kg_sheet *sheet, const char *name,
                             struct kg_error *e)
{
    struct kg_profile *profile;
    enum kg_errc err = kg_profile_load(name, &profile, e);

    if (err == KG_OK) {
        struct kg_value values[] = {
            kg_sheet_text(name), kg_sheet_text(kg_profile_table(profile)->name),
            kg_sheet_text(kg_profile_summary(profile))};

        kg_sheet_add(sheet, values);
        kg_profile_destroy(profile);
    }
    return err;
}

static enum kg_errc list_all(struct kg_print *print, struct kg_error *e)
{
    struct kg_sheet sheet;
    enum kg_errc err = KG_OK;
    enum kg_errc printed;

    kg_sheet_begin(&sheet, list_columns, KG_COUNT_OF(list_columns), print);
    for (size_t i = 0; err == KG_OK && i < kg_profile_n_builtins; i++) {
        err = list_one(&sheet, kg_profile_builtins[i].name, e);
    }
    printed = kg_sheet_end(&sheet);
    return err == KG_OK && printed != KG_OK
               ? kg_error_set(e, printed, 0, "%s", kg_errc_text(printed))
               : err;
}

static enum kg_exit end_print(struct kg_print *print, enum kg_errc err,
                              struct kg_error *e)
{
    if (err == KG_OK) {
        err = kg_print_flush(print);
    }
    if (print->error.code != KG_OK) {
        *e = print->error;
    }
    kg_print_finish(print);
    return err == KG_OK ? KG_EXIT_DONE : kg_verb_failed(&kg_verb_profiles, e);
}

static enum kg_exit list(const struct values *values, char **operands)
{
    struct kg_print print;
    struct kg_error e;

    (void)values;
    (void)operands;
    kg_error_clear(&e);
    kg_print_init(&print, STDOUT_FILENO);
    return end_print(&print, list_all(&print, &e), &e);
}

/* --- show ----------------------------------------------------------------------- */

static enum kg_exit show(const struct values *values, char **operands)
{
    const struct kg_builtin *builtin =
        kg_profile_builtin(kg_str_from(operands[0]));
    struct kg_print print;
    struct kg_error e;

    (void)values;
    if (builtin == NULL) {
        return kg_verb_misused(&kg_verb_profiles,
                               "no profile \"%s\" is built in; `kubeglean "
                               "profiles list` names them",
                               operands[0]);
    }
    kg_error_clear(&e);
    kg_print_init(&print, STDOUT_FILENO);
    return end_print(&print, kg_print_add(&print, builtin->yaml), &e);
}

/* --- check ---------------------------------------------------------------------- */

static enum kg_exit check_one(const char *file)
{
    struct kg_profile *profile;
    const struct kg_table_def *table;
    struct kg_error e;

    if (kg_profile_load(file, &profile, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_profiles, &e);
    }
    table = kg_profile_table(profile);
    (void)printf("%s: profile %s is right: %u columns of table %s\n", file,
                 kg_profile_name(profile), table->n_columns, table->name);
    kg_profile_destroy(profile);
    return KG_EXIT_DONE;
}

/* All of them, also behind one that is wrong. */
static enum kg_exit check(const struct values *values, char **operands)
{
    enum kg_exit code = KG_EXIT_DONE;

    (void)values;
    for (size_t i = 0; operands[i] != NULL; i++) {
        code = kg_exit_worse(code, check_one(operands[i]));
    }
    if (fflush(stdout) != 0) {
        perror("kubeglean profiles: standard output");
        code = kg_exit_worse(code, KG_EXIT_ERROR);
    }
    return code;
}

/* --- test ----------------------------------------------------------------------- */

static enum kg_exit test(const struct values *values, char **operands)
{
    static char *standard_input[] = {"-", NULL};
    struct kg_run_info run = {.scanned_at_us = KG_TIME_NONE,
                              .started_at_us = KG_TIME_NONE,
                              .finished_at_us = KG_TIME_NONE};
    char **logs = operands[1] != NULL ? operands + 1 : standard_input;
    struct kg_profile *profile;
    struct kg_error e;
    enum kg_exit code;

    if (kg_runset_apply(&values->sets, &run, &e) != KG_OK) {
        return kg_verb_misused(&kg_verb_profiles, "%s", e.text);
    }
    if (kg_profile_load(operands[0], &profile, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_profiles, &e);
    }
    code = kg_profiles_test(profile, &run, logs);
    kg_profile_destroy(profile);
    return code;
}

/* --- the verb ------------------------------------------------------------------- */

static const struct command commands[] = {
    {"list", "", 0, 0, list},
    {"show", " NAME", 1, 1, show},
    {"check", " FILE...", 1, SIZE_MAX, check},
    {"test", " FILE [LOG...|-]", 1, SIZE_MAX, test}};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < KG_COUNT_OF(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static enum kg_exit profiles(char **args)
{
    struct values values = {.sets = {.n_items = 0}};
    const struct command *command;
    struct kg_args rest;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_profiles, args, &values, &rest, &code)) {
        return code;
    }
    command = rest.n_items > 0 ? find(rest.items[0]) : NULL;
    if (command == NULL) {
        return kg_verb_misused(&kg_verb_profiles,
                               "one of list, show, check, test is expected");
    }
    if (rest.n_items - 1 < command->n_min ||
        rest.n_items - 1 > command->n_max) {
        return kg_verb_misused(&kg_verb_profiles, "it is profiles %s%s",
                               command->name, command->operands);
    }
    if (values.sets.n_items > 0 && command->run != test) {
        return kg_verb_misused(&kg_verb_profiles, "--set is for test alone");
    }
    return command->run(&values, rest.items + 1);
}

static const struct kg_option options[] = {
    {.name = "set",
     .type = KG_OPTION_LIST,
     .value = "KEY=VALUE",
     .at = offsetof(struct values, sets),
     .help = "test: a value of the run: cluster, node, scanned_at, ..."},
    {0}};

const struct kg_verb kg_verb_profiles = {
    .name = "profiles",
    .summary = "List, show, check and test what reports are made of",
    .synopsis = "list | show NAME | check FILE... | test FILE [LOG...]",
    .commands =
        "  list   the built-in profiles\n"
        "  show   one of them as YAML, from which to make your own\n"
        "  check  whether a profile of your own is right, or where it is not\n"
        "  test   what a profile, yours or a built-in one, makes of logs (of\n"
        "         standard input, if none is given): reports, columns that\n"
        "         stayed empty, paths that never matched\n",
    .about =
        "Exit codes of test: 0: every report is complete; 3: no report was\n"
        "found; 4: one is incomplete or rejected, or a row of it is.\n\n"
        "  kubeglean profiles show krr >mine.yaml\n"
        "  kubectl logs job/krr | kubeglean profiles test mine.yaml\n",
    .options = options,
    .run = profiles,
};
