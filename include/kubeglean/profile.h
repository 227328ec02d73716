/* What a report looks like, and which table its rows go to.
 *
 * A profile is written in YAML (kind: Profile), read by whoever has a YAML
 * parser into a tree, and compiled here: paths become one automaton, columns a
 * `struct kg_table_def`. A compiled profile never changes: any number of
 * readers share it.
 *
 * Columns take their value from one of
 *     path:   the value at a path below the row ("@.object.name")
 *     raw:    the JSON text at such a path, whatever it is
 *     count:  how many values a path has; with `where`, those objects alone
 *             whose members equal the given scalars
 *     parent: the value at a path from the root ("$.A[*].b"); what it shares
 *             with the path of the rows is the same element. It may come later
 *             in the text than its rows
 *     mapKey: the name under which the row, or the value so many levels above
 *             it, stands in its object
 *     run:    what is known of the run: cluster, namespace, job, pod, node,
 *             task, container, job_uid, pod_uid, scanned_at, started_at,
 *             finished_at
 *     const:  a scalar
 * and `regex` with `group` (path and parent alone) cuts a piece out of a string.
 *
 * `absent`, `null` and `mismatch` say what becomes of a value that is not there,
 * is null (or NaN), or is of another type than the column's: `null`, `reject`
 * (the row) or `default`. Without them absent and null give the default where
 * one is written, else NULL, and a mismatch rejects the row. Text takes strings,
 * the numeric types numbers, boolean booleans, timestamptz strings as of RFC
 * 3339, jsonb anything. NULL in a key rejects the row. */
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
const struct kg_table_def *kg_profile_table(const struct kg_profile *p);
enum kg_root kg_profile_root(const struct kg_profile *p);
enum kg_unit kg_profile_unit(const struct kg_profile *p);
/* `incomplete: keep`: rows of a report that is incomplete are stored. */
bool kg_profile_keeps_incomplete(const struct kg_profile *p);

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
