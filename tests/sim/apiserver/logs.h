/* Logs of containers, as the kubelet serves them.
 *
 * Nothing is stored: what a container has written by some time is a function
 * of what it shall write, when it began and how long that takes. As a
 * container runtime does, lines are stored in pieces of at most 16 KiB, and a
 * piece is seen when it is whole. */
#ifndef SIM_LOGS_H
#define SIM_LOGS_H

#include "kubelet.h"
#include "sim.h"

enum { SIM_PIECE = 16384 };

/* Answers GET pods/NAME/log. */
void sim_log(struct sim_call *c);
/* How long the Pod's log takes to be written, if it has a rate; else 0. */
uint64_t sim_log_span_us(struct sim *sim, const struct kg_node *pod);
/* The container has ended: its readers go on to the end. */
void sim_logs_wake(struct sim_run *run);
/* `run` will be gone: its readers keep what they know of it. */
void sim_logs_gone(struct sim_run *run);

#endif /* SIM_LOGS_H */
