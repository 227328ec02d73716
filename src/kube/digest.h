/* A hash of all bytes so far, at any cut: two streams with the same digest are
 * the same, but for a collision of 64 bits. Not for secrets. Four words at a time
 * go to four lanes, of which none waits for another. */
#ifndef KG_KUBE_DIGEST_H
#define KG_KUBE_DIGEST_H

#include "kubeglean/podlog.h"

void kg_digest_init(struct kg_digest *d);
void kg_digest_add(struct kg_digest *d, struct kg_str bytes);
bool kg_digest_eq(const struct kg_digest *a, const struct kg_digest *b);

#endif /* KG_KUBE_DIGEST_H */
