/* Where objects are on the server. */
#ifndef KG_KUBE_PATH_H
#define KG_KUBE_PATH_H

#include "kubeglean/kube.h"

const char *kg_kube_resource_name(enum kg_kube_kind kind); /* "cronjobs" */
/* Adds "/apis/batch/v1/namespaces/a/jobs/b", or "/api/v1/pods?labelSelector=c"
 * for a collection. KG_EINVALID when a name of `ref`
 * is none that Kubernetes has. */
KG_MUST_USE enum kg_errc kg_kube_path(const struct kg_kube *kube,
                                      struct kg_kube_ref ref,
                                      struct kg_buf *out);

#endif /* KG_KUBE_PATH_H */
