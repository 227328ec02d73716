/* What a report looks like, and which table its rows go to.
 *
 * A profile is written in YAML (kind: Profile), read by whoever has a YAML
 * parser into a tree, and compiled here: paths become one automaton, columns a
 * `struct kg_table_def`. A compiled profile never changes: any number of
 * readers share it.
 *
 * What it is written in is described in src/json/PROFILES.md. */
#ifndef KUBEGLEAN_PROFILE_H
#define KUBEGLEAN_PROFILE_H

#include "kubeglean/row.h"
#include "kubeglean/tree.h"

struct kg_profile;

/* Which JSON texts are looked for in the noise. */
enum kg_root { KG_ROOT_OBJECT, KG_ROOT_ARRAY, KG_ROOT_ANY };

enum kg_unit {
    KG_UNIT_DOCUMENT, /* Each document that matches is a report. */
    KG_UNIT_LOG,      /* All matching documents of a log are one. */
};

/* Compiles one document of a file: {apiVersion, kind: Profile, metadata, spec}.
 * Copies what it needs of `document`. KG_ECONFIG: `e` says what is wrong, as
 * "file:line:column: columns: ...". KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_profile_compile(const struct kg_node *document,
                                            const char *file,
                                            struct kg_profile **ret_profile,
                                            struct kg_error *e);
/* Readers that use it must be gone. NULL is allowed. */
void kg_profile_destroy(struct kg_profile *p);

const char *kg_profile_name(const struct kg_profile *p);
/* One line for people, or "". */
const char *kg_profile_summary(const struct kg_profile *p);
const struct kg_table_def *kg_profile_table(const struct kg_profile *p);
enum kg_root kg_profile_root(const struct kg_profile *p);
enum kg_unit kg_profile_unit(const struct kg_profile *p);
/* `incomplete: keep`: rows of a report that is incomplete are stored. */
bool kg_profile_keeps_incomplete(const struct kg_profile *p);

/* The paths that a profile is written with, from 0: those of its rows, of its
 * match, of its columns. */
struct kg_profile_path {
    const char *of;     /* "rows", "match", or the column's name. */
    int32_t column;     /* Its number, or -1. */
    struct kg_str text; /* "$.scans[*]"; of a mapKey, its levels. */
};

size_t kg_profile_n_paths(const struct kg_profile *p);
struct kg_profile_path kg_profile_path(const struct kg_profile *p, size_t i);

/* The profiles that come with the program, as YAML to be parsed and compiled. */
struct kg_builtin {
    const char *name;
    struct kg_str yaml;
};

extern const struct kg_builtin kg_profile_builtins[];
extern const size_t kg_profile_n_builtins;
/* NULL: there is none of that name. */
const struct kg_builtin *kg_profile_builtin(struct kg_str name);

#endif /* KUBEGLEAN_PROFILE_H */
