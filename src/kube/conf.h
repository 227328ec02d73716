/* The files that are one kubeconfig together, and the values in them.
 *
 * They are not merged: a name is looked for in one file after the other, and
 * the first that has it wins with all it says. So every value still knows its
 * file, for messages and for file names that are relative to it. */
#ifndef KG_KUBE_CONF_H
#define KG_KUBE_CONF_H

#include "kubeglean/kubeconfig.h"

enum { KG_CONF_FILES_MAX = 32 };

struct kg_conf_file {
    const char *name;  /* As messages call it. */
    struct kg_str dir; /* Relative names are below it; with its slash. */
    const struct kg_node *root;
};

struct kg_conf {
    struct kg_kubeconfig *k; /* Is made of them, and owns all texts. */
    const struct kg_kubeconfig_overrides *over;
    struct kg_error *e; /* Where mistakes are told. */
    struct kg_conf_file files[KG_CONF_FILES_MAX];
    size_t n_files;
};

/* An object of one of the files. */
struct kg_conf_object {
    struct kg_conf *conf;
    const struct kg_conf_file *file; /* NULL: in none of them. */
    const struct kg_node *node;      /* NULL, too, when it is empty. */
};

/* Reads a text that messages call `name`, and whose relative names are below
 * `dir`; both are borrowed as long as `conf`. */
KG_MUST_USE enum kg_errc kg_conf_add(struct kg_conf *conf, struct kg_str text,
                                     const char *name, struct kg_str dir);
/* Reads a file. KG_EIO with errno when it cannot be read. */
KG_MUST_USE enum kg_errc kg_conf_add_file(struct kg_conf *conf,
                                          const char *name);

/* The `member` of the element of `list` that is called `name`, in the first
 * file that has one. */
KG_MUST_USE enum kg_errc kg_conf_find(struct kg_conf *conf, const char *list,
                                      const char *name, const char *member,
                                      struct kg_conf_object *ret_object);

/* "FILE:LINE:COLUMN: ..." of a node in o's file. Returns KG_ECONFIG. */
enum kg_errc kg_conf_wrong(const struct kg_conf_object *o,
                           const struct kg_node *where, const char *fmt, ...)
    KG_PRINTF(3, 4);
enum kg_errc kg_conf_no_memory(const struct kg_conf *conf);
/* A text of our own, kept in the tree; NULL for lack of memory. */
KG_MUST_USE const char *kg_conf_keep(struct kg_conf *conf, const char *fmt, ...)
    KG_PRINTF(2, 3);

/* A text that is not there, or empty, is NULL, as kubectl has it. */
KG_MUST_USE enum kg_errc kg_conf_text(const struct kg_conf_object *o,
                                      const char *name, const char **ret_text);
KG_MUST_USE enum kg_errc kg_conf_bool(const struct kg_conf_object *o,
                                      const char *name, bool *ret_value);
/* The name of a file, which can be read. */
KG_MUST_USE enum kg_errc kg_conf_file(const struct kg_conf_object *o,
                                      const char *name, const char **ret_file);
/* `<name>-data` in base64, or the file `<name>`. */
KG_MUST_USE enum kg_errc kg_conf_pem(const struct kg_conf_object *o,
                                     const char *name, struct kg_str *ret_pem,
                                     const char **ret_file);
/* The file that the option `--name` gives; `file` may be NULL. */
KG_MUST_USE enum kg_errc kg_conf_option_file(struct kg_conf *conf,
                                             const char *name, const char *file,
                                             const char **ret_file);
/* The text of an option instead of *ret_text, when it was given. */
KG_MUST_USE enum kg_errc kg_conf_option(struct kg_conf *conf, const char *text,
                                        const char **ret_text);

/* What the cluster and the user of a context say, and the options instead;
 * cluster.c, user.c and, for whom the user acts, as.c. The object may be in no
 * file. */
KG_MUST_USE enum kg_errc kg_conf_cluster(const struct kg_conf_object *cluster);
KG_MUST_USE enum kg_errc kg_conf_user(const struct kg_conf_object *user);
KG_MUST_USE enum kg_errc kg_conf_as(const struct kg_conf_object *user);
/* The user's credential plugin, if there is no other way to say who we are;
 * behind the others, as it may be told of the cluster. execconf.c. */
KG_MUST_USE enum kg_errc kg_conf_exec(const struct kg_conf_object *user,
                                      const struct kg_conf_object *cluster);

#endif /* KG_KUBE_CONF_H */
