/* Deletions that take time: dependents of what is gone, finalizers of
 * deletions in the foreground and of orphans, and Namespaces that go. */
#ifndef SIM_GARBAGE_H
#define SIM_GARBAGE_H

#include "sim.h"

/* True when `o` is on its way out, or gone: its controller has no turn. A Pod
 * that runs has, until its kubelet has let go of it. */
bool sim_garbage_look(struct sim *sim, struct sim_object *o);
/* Something in `ns` is gone. */
void sim_garbage_in(struct sim *sim, struct kg_str ns);

#endif /* SIM_GARBAGE_H */
