/* PATCH in its kinds: merge, strategic merge, JSON patch, apply. */
#ifndef SIM_PATCH_H
#define SIM_PATCH_H

#include "sim.h"

void sim_patch(struct sim_call *c);
/* RFC 7386: `patch` into `target`. */
void sim_merge(struct kg_tree *t, struct kg_node *target,
               const struct kg_node *patch);

#endif /* SIM_PATCH_H */
