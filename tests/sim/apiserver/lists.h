/* Lists, whole and in pages. The pages of one list are all of one
 * resourceVersion: what was there is held until the last page was read, or
 * until there are too many such lists. */
#ifndef SIM_LISTS_H
#define SIM_LISTS_H

#include "selector.h"
#include "sim.h"

void sim_list(struct sim_call *c);
/* The call's selectors; false: 400 was answered. */
bool sim_call_selector(struct sim_call *c, struct sim_selector *ret_selector);
/* Forgets lists that are being read in pages. */
void sim_lists_forget(struct sim *sim);

#endif /* SIM_LISTS_H */
