/* What a user wrote in Task, Profile and Config files, checked and ready.
 *
 * Everything is read and refused before anything starts: an unknown key, a
 * wrong type, a missing value, a profile that does not compile. The message
 * has the place, what is wrong and what would be right:
 *
 *     krr.yaml:6:13: spec.schedule: column 3: minute above 59: "99 3 * * *"
 *
 * One file may hold several documents. A task's `profile` is a Profile
 * document of the files that are read, else a built-in one, else a file; paths
 * are relative to the file that names them. JobSpec and PodSpec are not looked
 * into beyond their containers' names: the API server knows them best. */
#ifndef KUBEGLEAN_CONFIG_H
#define KUBEGLEAN_CONFIG_H

#include "kubeglean/glean.h"

struct kg_profile;

/* Texts live as long as the configuration and end with a NUL. */
struct kg_task_config {
    struct kg_task_def def;     /* For the core; no namespace: kubeconfig's. */
    struct kg_profile *profile; /* Compiled; several tasks may share one. */
    const struct kg_node *job;  /* JobSpec, also where `pod:` was written. */
    struct kg_str schedule;     /* As written, for a CronJob; may be empty. */
    uint32_t timeout_s;         /* 0: none. */
    uint32_t n_keep_successful; /* CronJob's history limits. */
    uint32_t n_keep_failed;
    struct kg_cron cron;       /* Private: def.schedule points here. */
    struct kg_str *namespaces; /* Private: the file's, as def.namespaces. */
};

struct kg_config {
    const char *cluster;      /* What rows call the cluster, or NULL. */
    const char *database_url; /* NULL: PG* alone. Never in a message. */
    bool migrate;             /* Tables are made, and given new columns. */
    const char *listen;       /* "127.0.0.1:8080"; NULL: no endpoint. */
    const char *token_file;   /* Bearer token of the endpoint, or NULL. */
    const char *spool_dir;    /* NULL: no spool. */
    uint32_t spool_max_mib;
    uint32_t n_streams_max; /* limits.logStreams */
    uint32_t n_jobs_max;    /* limits.jobs */
    struct kg_task_config *tasks;
    size_t n_tasks;
    struct kg_config_files *files; /* Private: trees, profiles. */
};

/* Defaults, and no task: for who makes a configuration without files. */
void kg_config_init(struct kg_config *c);
/* `path` holds one Config document, and the files that it names tasks:
 * at least one. KG_ECONFIG, also for a file that cannot be read; KG_ELIMIT,
 * KG_ENOMEM. After KG_OK, kg_config_finish() is due. Blocks on files: for
 * start-up alone. */
KG_MUST_USE enum kg_errc kg_config_load(const char *path, struct kg_config *c,
                                        struct kg_error *e);
/* `path` ("-": standard input) holds Tasks, at least one, and maybe Profiles;
 * all else has its default. */
KG_MUST_USE enum kg_errc kg_config_load_tasks(const char *path,
                                              struct kg_config *c,
                                              struct kg_error *e);
void kg_config_finish(struct kg_config *c);

/* The profile that a command's --profile means: a built-in one, else a file of
 * one Profile document. KG_ECONFIG, KG_ELIMIT, KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_profile_load(const char *name_or_path,
                                         struct kg_profile **ret_profile,
                                         struct kg_error *e);

#endif /* KUBEGLEAN_CONFIG_H */
