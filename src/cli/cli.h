/* The command line: one verb, one file, one line in the table of verbs.
 *
 * A verb describes itself by a `struct kg_verb` and begins its work with
 *
 *     struct extract x = {.max_depth = KG_LIMIT_DEPTH};
 *     struct kg_args rest;
 *     enum kg_exit code;
 *
 *     if (!kg_verb_parse(&kg_verb_extract, args, &x, &rest, &code)) {
 *         return code;
 *     }
 *
 * so that --help, the refusal of wrong options and their wording are the same
 * everywhere. */
#ifndef KG_CLI_H
#define KG_CLI_H

#include "kubeglean/error.h"
#include "options.h"

/* What the process ends with (README, "Exit codes"). */
enum kg_exit {
    KG_EXIT_DONE = 0,          /* Every report is complete. */
    KG_EXIT_ERROR = 1,         /* Of ours, or of the environment. */
    KG_EXIT_USAGE = 2,         /* Wrong usage or configuration. */
    KG_EXIT_EMPTY = 3,         /* It ended, and no report was found. */
    KG_EXIT_DAMAGED = 4,       /* A report is incomplete or rejected. */
    KG_EXIT_FAILED = 5,        /* The Job failed. */
    KG_EXIT_INTERRUPTED = 130, /* By the user, who was told what is left. */
};

/* Where two apply, the one that is told: 130, 2, 1, 4, 5, 3, 0. */
enum kg_exit kg_exit_worse(enum kg_exit a, enum kg_exit b);
/* KG_EUSAGE and KG_ECONFIG are wrong usage, all else is an error. */
enum kg_exit kg_exit_of(enum kg_errc code);

struct kg_verb {
    const char *name;
    const char *summary;             /* One line, for `kubeglean --help`. */
    const char *synopsis;            /* "[OPTION]... [FILE...|-]" */
    const char *commands;            /* Lines "  create  makes it", or NULL. */
    const char *about;               /* Text below the options, or NULL. */
    const struct kg_option *options; /* Ended by one without a name, or NULL. */
    /* `args` are what follows the verb, ended by NULL; may be permuted. */
    enum kg_exit (*run)(char **args);
};

extern const struct kg_verb kg_verb_agent;
extern const struct kg_verb kg_verb_check;
extern const struct kg_verb kg_verb_cronjob;
extern const struct kg_verb kg_verb_extract;
extern const struct kg_verb kg_verb_job;
extern const struct kg_verb kg_verb_profiles;
extern const struct kg_verb kg_verb_run;
extern const struct kg_verb kg_verb_schema;
extern const struct kg_verb kg_verb_version;

/* Runs the verb that argv[1] names. */
enum kg_exit kg_cli_run(char **argv);

/* Sets `values` and `*ret_rest`. False when there is nothing to do any more:
 * help was asked for and printed, or the usage was wrong and the message is
 * out; then *ret_code is what to end with. */
KG_MUST_USE bool kg_verb_parse(const struct kg_verb *verb, char **args,
                               void *values, struct kg_args *ret_rest,
                               enum kg_exit *ret_code);
/* Writes "kubeglean VERB: <message>" and where help is to be found to standard
 * error. Returns KG_EXIT_USAGE. */
enum kg_exit kg_verb_misused(const struct kg_verb *verb, const char *fmt, ...)
    KG_PRINTF(2, 3);
/* Writes "kubeglean VERB: <e's text>" to standard error. Returns the exit code
 * that `e` has. */
enum kg_exit kg_verb_failed(const struct kg_verb *verb,
                            const struct kg_error *e);
/* Writes the verb's help, made from its options, to standard output. */
enum kg_exit kg_verb_help(const struct kg_verb *verb);

#endif /* KG_CLI_H */
