/* Who owns which field: metadata.managedFields, and what follows from it.
 *
 * A manager's set is FieldsV1: "f:NAME" for a member, `k:{"name":"main"}` for
 * an element of a list that is keyed; where it ends, a value is owned whole. */
#ifndef SIM_MANAGED_H
#define SIM_MANAGED_H

#include "sim.h"
#include "status.h"

/* The set of all that `object` says, without what no one can own. */
struct kg_node *sim_managed_set(struct kg_tree *t,
                                const struct kg_node *object);
/* The entry of a manager, or NULL. `operation`: "Apply", "Update". */
struct kg_node *sim_managed_find(const struct kg_node *metadata,
                                 struct kg_str manager, const char *operation);
/* Puts the entry in, or takes it out if `set` has nothing. Its time changes
 * only if its set does. */
void sim_managed_put(struct sim_call *c, struct kg_tree *t,
                     struct kg_node *metadata, struct kg_str manager,
                     const char *operation, struct kg_node *set);
/* An update by the call's manager: what changed from `old` becomes its own. */
void sim_managed_update(struct sim_call *c, struct kg_tree *t,
                        struct kg_node *root, const struct kg_node *old);
/* The manager that a request names, or its User-Agent up to the slash; to be
 * freed. */
char *sim_manager_of(const struct sim_call *c);

/* --- for apply --- */

/* The fields of `mine` that others own with another value than `config`. */
void sim_managed_conflicts(const struct kg_node *metadata,
                           struct kg_str manager, const struct kg_node *mine,
                           const struct kg_node *live,
                           const struct kg_node *config,
                           struct sim_causes *causes);
/* Takes `mine` from all other managers where the values differ. */
void sim_managed_force(struct kg_node *metadata, struct kg_str manager,
                       const struct kg_node *mine, const struct kg_node *live,
                       const struct kg_node *config);
/* Takes out of `live` what the manager's old set had, `mine` has not, and
 * nobody else owns. */
void sim_managed_remove(struct kg_node *live, const struct kg_node *metadata,
                        struct kg_str manager, const struct kg_node *old_set,
                        const struct kg_node *mine);
/* Puts what `config` says into `live`; keyed lists by their keys. */
void sim_managed_merge(struct kg_tree *t, struct kg_node *live,
                       const struct kg_node *config);

#endif /* SIM_MANAGED_H */
