/* Server-side apply. */
#ifndef SIM_APPLY_H
#define SIM_APPLY_H

#include "sim.h"

void sim_apply(struct sim_call *c);

#endif /* SIM_APPLY_H */
