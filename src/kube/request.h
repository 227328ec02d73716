/* One request for JSON, with its answer taken apart. */
#ifndef KG_KUBE_REQUEST_H
#define KG_KUBE_REQUEST_H

#include "kubeglean/kube.h"

struct kg_kube_ask {
    const char *method;
    const char *path;           /* With its query, escaped. Copied. */
    const char *type;           /* Of the body; a static string, or NULL. */
    const struct kg_node *body; /* Or NULL. Borrowed for the call. */
};

/* From idle. KG_ENOMEM: no callback will come. */
KG_MUST_USE enum kg_errc kg_kube_send(struct kg_kube *kube,
                                      struct kg_kube_req *r,
                                      const struct kg_kube_ask *ask,
                                      kg_kube_done_cb done_cb);

#endif /* KG_KUBE_REQUEST_H */
