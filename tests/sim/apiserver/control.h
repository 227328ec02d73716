/* The way to the server besides its API: /sim/... */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim.h"

void sim_control(struct sim_call *c);

#endif /* SIM_CONTROL_H */
