/* get, create, update and delete. Each answers its call. */
#ifndef SIM_VERBS_H
#define SIM_VERBS_H

#include "sim.h"

void sim_get(struct sim_call *c);
void sim_create(struct sim_call *c);
void sim_update(struct sim_call *c);
void sim_delete(struct sim_call *c);
void sim_delete_collection(struct sim_call *c);

/* What a controller creates: `root` with a name, or without. NULL: one of that
 * name is there. */
struct sim_object *sim_make_object(struct sim *sim, enum sim_resource_id id,
                                   struct kg_str ns, struct kg_tree *t,
                                   struct kg_node *root);
/* What create and apply share: takes the new object from admission to its
 * answer. `root` has kind and apiVersion still, or not. */
void sim_create_object(struct sim_call *c, struct kg_tree *t,
                       struct kg_node *root);
/* What update and the patches share: `root` is what `o` shall become. */
void sim_replace_object(struct sim_call *c, struct sim_object *o,
                        struct kg_tree *t, struct kg_node *root);
/* The object the call names, or NULL and 404 was answered. */
struct sim_object *sim_call_object(struct sim_call *c);
/* False: refused, answered. For what creates something in the namespace. */
bool sim_namespace_is_open(struct sim_call *c, struct kg_str name);
bool sim_is_dry_run(const struct sim_call *c);

enum sim_policy { SIM_BACKGROUND, SIM_FOREGROUND, SIM_ORPHAN };

/* Begins or does a deletion: finalizers of the policy, deletionTimestamp,
 * grace. False when `o` is gone. */
bool sim_delete_object(struct sim *sim, struct sim_object *o,
                       enum sim_policy policy, int64_t grace_seconds);

#endif /* SIM_VERBS_H */
