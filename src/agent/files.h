/* The YAML files of a configuration, and the profiles found in and through
 * them. All live until the configuration is finished. */
#ifndef KG_CONFIG_FILES_H
#define KG_CONFIG_FILES_H

#include "kubeglean/config.h"
#include "kubeglean/queue.h"

struct kg_config_files {
    struct kg_queue files;    /* Of struct config_file, as they were read. */
    struct kg_queue profiles; /* Of struct config_profile. */
};

struct config_file {
    struct kg_queue node;
    char *path;       /* What relative paths in it are relative to. */
    const char *name; /* What messages call it: the path, or "stdin". */
    struct kg_tree tree;
    struct kg_node *documents; /* Array. */
};

void kg_config_files_init(struct kg_config_files *files);
void kg_config_files_finish(struct kg_config_files *files);

/* Reads `path` as `from` means it: relative to `from`, which may be NULL. */
KG_MUST_USE enum kg_errc kg_config_files_read(struct kg_config_files *files,
                                              const struct config_file *from,
                                              const char *path,
                                              struct config_file **ret_file,
                                              struct kg_error *e);
/* Compiles a Profile document; refuses a second one of its name. */
KG_MUST_USE enum kg_errc kg_config_files_add_profile(
    struct kg_config_files *files, const struct config_file *file,
    const struct kg_node *document, struct kg_error *e);
/* The profile that `name` means where `from` says it: a document's, a built-in
 * one, or that of a file when `name` looks like a path. What is wrong inside a
 * file has its place in the message; else the caller's place is wanted. */
KG_MUST_USE enum kg_errc kg_config_files_profile(
    struct kg_config_files *files, const struct config_file *from,
    const char *name, struct kg_profile **ret_profile, struct kg_error *e);

/* A file that is not there is a wrong configuration (KG_EIO becomes KG_ECONFIG):
 * no retry cures it. */
enum kg_errc kg_config_settle(enum kg_errc err, struct kg_error *e);

#endif /* KG_CONFIG_FILES_H */
