/* Where the cluster is, and who we are there.
 *
 * Read once, at start-up: kubectl's file, the same text from memory, or what a
 * Pod finds in its own file system. */
#ifndef KUBEGLEAN_KUBECONFIG_H
#define KUBEGLEAN_KUBECONFIG_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

/* All may be NULL or empty. */
struct kg_kubeconfig_source {
    const char *file;    /* The file, before all others. */
    struct kg_str text;  /* Its content instead, when .ptr is not NULL, */
    const char *name;    /* and what messages call it: "stdin". */
    const char *context; /* Instead of current-context. */
    const char *ns;      /* Instead of the context's namespace. */
    const char *root;    /* In-cluster files are below it. NULL: "". */
};

/* Texts live in `tree`, end with a NUL, and are NULL when not given. */
struct kg_kubeconfig {
    const char *source;          /* "/root/.kube/config", "in-cluster" */
    const char *context;         /* Name of the context; "" in-cluster. */
    const char *cluster;         /* Name of the cluster; "" in-cluster. */
    const char *server;          /* "https://10.0.0.1:6443" */
    const char *ns;              /* "default" when nothing else is said. */
    const char *tls_server_name; /* Or NULL. */
    bool insecure;               /* insecure-skip-tls-verify */
    const char *ca_file;         /* Absolute, or relative to where we are. */
    struct kg_str ca_pem;        /* Decoded; before ca_file. */
    const char *cert_file;
    struct kg_str cert_pem;
    const char *key_file;
    struct kg_str key_pem;
    const char *token_file; /* Read again as it rotates; before token. */
    const char *token;
    struct kg_tree tree; /* Private. */
};

/* Where to look: source->text, source->file, the KUBECONFIG variable,
 * ~/.kube/config if it is there, and in a Pod its service account. KG_ECONFIG
 * with the place ("FILE:LINE:COLUMN: ...") and what would cure it; then `k` is
 * nothing that must be finished. Reads files, so it is for start-up alone. */
KG_MUST_USE enum kg_errc kg_kubeconfig_load(
    struct kg_kubeconfig *k, const struct kg_kubeconfig_source *source,
    struct kg_error *e);
void kg_kubeconfig_finish(struct kg_kubeconfig *k); /* Wipes the secrets. */

#endif /* KUBEGLEAN_KUBECONFIG_H */
