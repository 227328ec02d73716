/* A server's refusal, in our words. */
#ifndef KG_KUBE_STATUS_H
#define KG_KUBE_STATUS_H

#include "kubeglean/kube.h"

/* An answer with HTTP status `http`, and its body: a Status object, or NULL
 * when it was none. `text` is what the body was then. */
void kg_kube_status_read(struct kg_kube_status *s, int http,
                         const struct kg_node *body, struct kg_str text);
enum kg_errc kg_kube_status_code(const struct kg_kube_status *s);
/* Sets `e` to "<what>: HTTP 403 Forbidden: <message>". */
void kg_kube_status_error(const struct kg_kube_status *s, const char *what,
                          struct kg_error *e);

#endif /* KG_KUBE_STATUS_H */
