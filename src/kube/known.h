/* The uids that a watch told its owner, so that what vanished while nobody
 * watched can be told too. */
#ifndef KG_KUBE_KNOWN_H
#define KG_KUBE_KNOWN_H

#include "kubeglean/table.h"

/* Adds `uid`, or marks it as seen in this generation. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_known_put(struct kg_map *known, struct kg_str uid,
                                      unsigned generation);
/* Harmless when it is not there. */
void kg_known_drop(struct kg_map *known, struct kg_str uid);
/* The next behind `node` (NULL: the first) that was not seen in `generation`, or
 * NULL. `node` may be dropped after that. */
const struct kg_map_node *kg_known_stale(const struct kg_map *known,
                                         unsigned generation,
                                         const struct kg_map_node *node);
void kg_known_finish(struct kg_map *known);

#endif /* KG_KUBE_KNOWN_H */
