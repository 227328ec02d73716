/* Events, as far as a client of Jobs looks for them: why a Job has no Pod. */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include "sim.h"

/* Why the Job gets no Pods; ptr is NULL when it gets them. */
struct kg_str sim_refusal(const struct kg_node *job);
/* Answers a list of events. They are not stored: each Job of the namespace whose
 * Pods are refused (sim/refused) has one, made as it is asked for. */
void sim_events_list(struct sim_call *c, struct kg_str ns);

#endif /* SIM_EVENTS_H */
