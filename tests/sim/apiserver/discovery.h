/* What the server has: versions, groups, resources, health. */
#ifndef SIM_DISCOVERY_H
#define SIM_DISCOVERY_H

#include "sim.h"

bool sim_serves(const struct sim *sim, const struct sim_kind *k,
                const char *version);
/* Answers everything that is no resource. */
void sim_discover(struct sim_call *c);

#endif /* SIM_DISCOVERY_H */
