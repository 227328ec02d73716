/* Where the cluster is, and who we are there.
 *
 * Read once, at start-up: kubectl's files, the same text from memory, or what a
 * Pod finds in its own file system; and what the command line says instead.
 *
 * Several files are one kubeconfig, as in client-go: the first that has a
 * context, cluster or user of a name wins with all it says of it, as does the
 * first that sets current-context; a file name is relative to the file it is
 * written in. */
#ifndef KUBEGLEAN_KUBECONFIG_H
#define KUBEGLEAN_KUBECONFIG_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

/* What takes the place of the file's, by kubectl's options of these names. All
 * may be NULL or 0. */
struct kg_kubeconfig_overrides {
    const char *context, *cluster, *user, *ns;
    const char *server, *tls_server_name, *proxy;
    bool insecure;
    const char *ca_file, *cert_file, *key_file;
    const char *token;
    const char *as, *as_uid;
    const char *const *as_groups;
    size_t n_as_groups;
    uint64_t request_timeout_ms;
    uint64_t qps, burst;
};

/* All may be NULL or empty. */
struct kg_kubeconfig_source {
    const char *file;   /* The file, before all others. */
    struct kg_str text; /* Its content instead, when .ptr is not NULL, */
    const char *name;   /* and what messages call it: "stdin". */
    const char *root;   /* In-cluster files are below it. NULL: "". */
    struct kg_kubeconfig_overrides over;
};

/* A credential plugin: a program that prints who we are
 * (client.authentication.k8s.io). */
struct kg_kubeconfig_exec {
    const char *command; /* Found by PATH; with a '/', a file. NULL: none. */
    const struct kg_node *args; /* Strings; or NULL. */
    const struct kg_node *env;  /* {name, value} each; or NULL. */
    const char *api_version;    /* "client.authentication.k8s.io/v1" */
    const char *info;           /* For it, in KUBERNETES_EXEC_INFO. */
    const char *install_hint;   /* Or NULL. */
    bool interactive;           /* It may ask at our terminal. */
};

/* Texts live in `tree`, end with a NUL, and are NULL when not given. */
struct kg_kubeconfig {
    const char *source;          /* "/root/.kube/config", "in-cluster" */
    const char *context;         /* Name of the context; "" without one. */
    const char *cluster;         /* Name of the cluster; "" without one. */
    const char *server;          /* "https://10.0.0.1:6443" */
    const char *ns;              /* "default" when nothing else is said. */
    const char *tls_server_name; /* Or NULL. */
    const char *proxy;   /* "http://p:3128", also the environment's; or NULL. */
    bool insecure;       /* insecure-skip-tls-verify */
    const char *ca_file; /* Absolute, or relative to where we are. */
    struct kg_str ca_pem; /* Decoded; before ca_file. */
    const char *cert_file;
    struct kg_str cert_pem;
    const char *key_file;
    struct kg_str key_pem;
    const char *token_file; /* Read again as it rotates; before token. */
    const char *token;
    struct kg_kubeconfig_exec exec; /* When nothing else says who we are. */
    const char *impersonate;        /* Header lines, between '\n'; or NULL. */
    uint64_t request_timeout_ms;    /* 0: not said. */
    uint64_t qps, burst;            /* The same. */
    struct kg_tree tree;            /* Private. */
};

/* Where to look: source->text, source->file, the files of the KUBECONFIG
 * variable that are there, ~/.kube/config if it is there, and in a Pod its
 * service account, unless a server is given. KG_ECONFIG with the place
 * ("FILE:LINE:COLUMN: ...") and what would cure it; then `k` is nothing that
 * must be finished. Reads files, so it is for start-up alone. */
KG_MUST_USE enum kg_errc kg_kubeconfig_load(
    struct kg_kubeconfig *k, const struct kg_kubeconfig_source *source,
    struct kg_error *e);
void kg_kubeconfig_finish(struct kg_kubeconfig *k); /* Wipes the secrets. */

#endif /* KUBEGLEAN_KUBECONFIG_H */
