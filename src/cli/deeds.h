/* What `kubeglean job` and `kubeglean cronjob` have in common: commands that do
 * something to objects, which are in files or have names.
 *
 * All files are read and checked before the first object is sent; after that one
 * object that fails does not stop the others. */
#ifndef KG_CLI_DEEDS_H
#define KG_CLI_DEEDS_H

#include "cli.h"
#include "connect.h"
#include "kubeglean/object.h"
#include "shown.h"
#include "talk.h"

enum { KG_DRY_RUN_NONE, KG_DRY_RUN_SERVER };

struct kg_deeds_values {
    struct kg_texts files;
    struct kg_connect connect;
    const char *manager, *uid, *name;
    unsigned output, dry_run, cascade;
    bool force, ignore_missing;
};

/* For struct kg_verb: they set struct kg_deeds_values. The first, --name, is of
 * CronJobs alone. */
extern const struct kg_option kg_deeds_options[];

struct kg_deed_target {
    struct kg_kube_ref ref;
    const struct kg_object *object; /* NULL: an operand named it. */
    const char *file;               /* It is from, or NULL. */
};

struct kg_deeds {
    const struct kg_deeds_def *def;
    const struct kg_deed *deed;
    struct kg_deeds_values values;
    struct kg_kubeconfig config;
    struct kg_objects files[KG_TEXTS_MAX];
    struct kg_deed_target *targets;
    size_t n_targets;
    struct kg_talk talk;
    struct kg_shown shown;
};

enum kg_deed_source { KG_DEED_FILES, KG_DEED_NAMES, KG_DEED_EITHER };

struct kg_deed {
    const char *name; /* "create" */
    const char *done; /* "created" */
    enum kg_deed_source source;
    /* Asks, and hears the answer, which d->talk has. */
    enum kg_errc (*act)(struct kg_deeds *d, const struct kg_deed_target *t);
};

struct kg_deeds_def {
    const struct kg_verb *verb;
    enum kg_kube_kind kind;
    const struct kg_deed *const *deeds; /* Ended by NULL. */
};

extern const struct kg_deed kg_deed_create;
extern const struct kg_deed kg_deed_apply;
extern const struct kg_deed kg_deed_delete;
extern const struct kg_deed kg_deed_suspend;
extern const struct kg_deed kg_deed_resume;
extern const struct kg_deed kg_deed_trigger; /* Of a CronJob. */

/* The verb's work, from its arguments to its exit code. */
enum kg_exit kg_deeds_run(const struct kg_deeds_def *def, char **args);

/* When the usage is right: does it to the names, or to what the files hold. */
enum kg_exit kg_deeds_do(struct kg_deeds *d, char **names, size_t n_names);

#endif /* KG_CLI_DEEDS_H */
