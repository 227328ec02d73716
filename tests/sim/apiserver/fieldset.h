/* Sets of fields, as FieldsV1 has them, and walks of a set beside a value. */
#ifndef SIM_FIELDSET_H
#define SIM_FIELDSET_H

#include "json.h"

enum { SIM_SETS_MAX = 16 };

/* The set of all of `value`, which is called `name` in what holds it. */
struct kg_node *sim_set_of(struct kg_tree *t, const struct kg_node *value,
                           struct kg_str name);
/* The set of what `value` has and `old` has not, or otherwise; NULL: nothing.
 * `old` may be NULL. */
struct kg_node *sim_set_changed(struct kg_tree *t, const struct kg_node *value,
                                const struct kg_node *old, struct kg_str name);
/* What a name of a set ("f:spec", `k:{"name":"main"}`) stands for in `value`;
 * or NULL. */
struct kg_node *sim_set_step(const struct kg_node *value,
                             const struct kg_node *name);
/* A set's name as people read it: `.spec`, `[name="main"]`, added to `path`. */
void sim_set_show(const struct kg_node *name, char *path, size_t max);
void sim_set_add(struct kg_tree *t, struct kg_node *set,
                 const struct kg_node *more);
/* Takes out of `set` what is in `less` too. */
void sim_set_subtract(struct kg_node *set, const struct kg_node *less);
/* Takes out of `set` what `value` has not. */
void sim_set_fit(struct kg_node *set, const struct kg_node *value);
/* Takes one element out of a list. */
void sim_list_drop(struct kg_node *list, const struct kg_node *element);
/* The member that tells elements of the list `name` apart; NULL: the list is
 * one value. */
const char *sim_list_key(struct kg_str name);
/* The element of `list` that has the same key as `like`; or NULL. */
struct kg_node *sim_list_find(const struct kg_node *list, const char *key,
                              const struct kg_node *like);

#endif /* SIM_FIELDSET_H */
