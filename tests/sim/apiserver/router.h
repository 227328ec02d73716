/* From a path to what it means: who asks, may they, and for what. */
#ifndef SIM_ROUTER_H
#define SIM_ROUTER_H

#include "sim.h"

/* The server's request callback; `data` is the struct sim. */
void sim_route(void *data, struct sim_conn *c, const struct sim_request *r);

#endif /* SIM_ROUTER_H */
