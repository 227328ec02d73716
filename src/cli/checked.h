/* What `kubeglean check` found, and how it is told. */
#ifndef KG_CLI_CHECKED_H
#define KG_CLI_CHECKED_H

#include "kubeglean/kube.h"

/* One right in one namespace. */
struct kg_checked_right {
    struct kg_str ns;
    const struct kg_kube_right *right;
    bool allowed;
};

struct kg_checked {
    const struct kg_kubeconfig *kubeconfig;
    const struct kg_kube_server *server;
    struct kg_checked_right *rights; /* Those of a namespace are neighbours. */
    size_t n_rights;
};

size_t kg_checked_missing(const struct kg_checked *c);
/* For people: a line for each thing, and the rule that would grant each right
 * that is missing. */
KG_MUST_USE enum kg_errc kg_checked_text(const struct kg_checked *c,
                                         struct kg_buf *out);
/* One JSON object on one line. */
KG_MUST_USE enum kg_errc kg_checked_json(const struct kg_checked *c,
                                         struct kg_buf *out);

#endif /* KG_CLI_CHECKED_H */
