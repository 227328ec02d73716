/* Making versions: the store's own business. */
#ifndef SIM_VERSION_H
#define SIM_VERSION_H

#include "store.h"

/* Writes `rv` into `root`, orders its members as the real server does, and
 * takes its text. The caller's is the first reference. */
struct sim_version *sim_version_create(struct kg_tree *t, struct kg_node *root,
                                       uint64_t rv);
/* A version that is only shown: its resourceVersion is left out, or stays. */
struct sim_version *sim_version_dry(struct kg_tree *t, struct kg_node *root);

#endif /* SIM_VERSION_H */
