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
/* One that was not seen in `generation`, from `*cursor` on, which begins as
 * NULL; NULL when there is none any more. That one may be dropped. */
const struct kg_str *kg_known_stale(const struct kg_map *known,
                                    unsigned generation,
                                    const struct kg_map_node **cursor);
void kg_known_finish(struct kg_map *known);

#endif /* KG_KUBE_KNOWN_H */
