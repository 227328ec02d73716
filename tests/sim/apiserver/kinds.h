/* What each kind does to an object that is written: defaults, what the server
 * sets, what it refuses. */
#ifndef SIM_KINDS_H
#define SIM_KINDS_H

#include "sim.h"
#include "status.h"

/* Fills in what was not said, as the real server's decoder does. */
void sim_kind_default(const struct sim *sim, const struct sim_kind *k,
                      struct kg_tree *t, struct kg_node *root);
/* Before a creation: status, generation, what is derived from the uid. */
void sim_kind_prepare(const struct sim *sim, const struct sim_kind *k,
                      struct kg_tree *t, struct kg_node *root);
/* Before a change of `root` from what `old` was: status is kept (or, for the
 * subresource, all but status), the generation counts. */
void sim_kind_prepare_change(const struct sim *sim, const struct sim_kind *k,
                             struct kg_tree *t, struct kg_node *root,
                             const struct kg_node *old, bool status_only);
/* What is wrong with it; `old` is NULL for a creation. */
void sim_kind_validate(const struct sim *sim, const struct sim_kind *k,
                       const struct kg_node *root, const struct kg_node *old,
                       struct sim_causes *causes);

#endif /* SIM_KINDS_H */
