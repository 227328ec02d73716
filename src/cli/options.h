/* Options of a command, described by a table and read into a struct.
 *
 *     struct values {
 *         const char *profile;
 *         bool strict;
 *         unsigned output;
 *     };
 *     static const char *const outputs[] = {"ndjson", "csv", "table", NULL};
 *     static const struct kg_option options[] = {
 *         {.name = "profile", .type = KG_OPTION_TEXT, .value = "NAME|FILE",
 *          .at = offsetof(struct values, profile), .help = "What to read"},
 *         {.name = "strict", .type = KG_OPTION_FLAG,
 *          .at = offsetof(struct values, strict), .help = "Accept no noise"},
 *         {.name = "output", .letter = 'o', .type = KG_OPTION_CHOICE,
 *          .choices = outputs, .at = offsetof(struct values, output),
 *          .help = "Form of the rows"},
 *         {0}};
 *
 * `--name VALUE`, `--name=VALUE`, `-o VALUE`, `-oVALUE` and `-o=VALUE` are the
 * same; flags' letters may be put together. Options and operands may be mixed;
 * behind `--` all are operands. What is not given stays as the caller set it:
 * that is how defaults are written. Options that several verbs share are a table
 * of their own, which theirs hold as a group (connect.h). */
#ifndef KG_OPTIONS_H
#define KG_OPTIONS_H

#include "kubeglean/buf.h"

enum kg_option_type {
    KG_OPTION_FLAG,     /* bool; takes no value */
    KG_OPTION_TEXT,     /* const char *, borrowed from the arguments */
    KG_OPTION_NUMBER,   /* uint64_t */
    KG_OPTION_SIZE,     /* size_t: "512", "4KiB", "1MiB", "2GiB" */
    KG_OPTION_DURATION, /* uint64_t, milliseconds: "90s", "1h30m" */
    KG_OPTION_CHOICE,   /* unsigned: index into `choices` */
    KG_OPTION_LIST,     /* struct kg_texts: may be given many times */
    KG_OPTION_GROUP,    /* Another table, whose struct is at `at` */
};

enum { KG_TEXTS_MAX = 32 };

struct kg_texts {
    const char *items[KG_TEXTS_MAX]; /* Borrowed from the arguments. */
    size_t n_items;
};

struct kg_option {
    const char *name; /* Without dashes, or a group's heading; NULL: the end. */
    char letter;      /* Short form, or 0. */
    bool required;
    enum kg_option_type type;
    const char *const *choices;    /* KG_OPTION_CHOICE: ended by NULL. */
    const struct kg_option *group; /* KG_OPTION_GROUP */
    size_t at;                     /* Of the value in the caller's struct. */
    const char *value;             /* For the help: "FILE"; NULL: by type. */
    const char *help;              /* A phrase, with the default if any. */
};

/* What the options left over. Borrowed from the arguments. */
struct kg_args {
    char **items; /* Operands in their order, ended by NULL. */
    size_t n_items;
    size_t n_before; /* How many of them stood before `--`. */
    bool help;       /* --help or -h was met; nothing behind it was read. */
};

/* Permutes `args`, which end with NULL. A mistake is KG_EUSAGE, and `e` names
 * the option and the cure. `options` may be NULL: none but --help. */
KG_MUST_USE enum kg_errc kg_options_parse(const struct kg_option *options,
                                          char **args, void *values,
                                          struct kg_args *ret_args,
                                          struct kg_error *e);
/* Each option with its phrase, --help included, and each group below its
 * heading; no line above 80. */
KG_MUST_USE enum kg_errc kg_options_help(const struct kg_option *options,
                                         struct kg_buf *out);

/* What `--name` wants behind it: "FILE". */
const char *kg_option_value_name(const struct kg_option *o);
/* Reads `text` into the value at `at`; KG_EUSAGE. */
KG_MUST_USE enum kg_errc kg_option_set(const struct kg_option *o,
                                       const char *text, void *at,
                                       struct kg_error *e);
KG_MUST_USE enum kg_errc kg_option_help(const struct kg_option *o,
                                        struct kg_buf *out);

/* How many letters have to be added, taken away, replaced or swapped with
 * their neighbour to make `b` of `a`; names longer than 31 are never near. */
unsigned kg_typing_distance(struct kg_str a, struct kg_str b);

enum { KG_TYPING_NEAR = 2 }; /* Up to here it is taken for a slip. */

#endif /* KG_OPTIONS_H */
