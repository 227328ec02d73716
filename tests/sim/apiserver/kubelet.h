/* Scheduler and kubelet: Pods go through their phases, as they are told.
 *
 *   NEW --bound--> BOUND --seen--> CREATING --pulled--> RUNNING --> ENDED
 *                                     '-- waiting for ever: image, config
 */
#ifndef SIM_KUBELET_H
#define SIM_KUBELET_H

#include "sim.h"

/* What is known of a Pod besides its object: times in full. */
struct sim_run {
    int64_t seen_us;
    int64_t started_us; /* 0: not yet. */
    int64_t ended_us;   /* 0: not yet. */
    uint64_t run_us;    /* How long it will run; UINT64_MAX: for ever. */
    unsigned n_pulls;
    struct kg_queue readers; /* Who follows its logs. */
};

/* The Pod's run, made when it is not there yet. */
struct sim_run *sim_run_of(struct sim_object *pod);
/* The Pod's turn. */
void sim_kubelet_look(struct sim *sim, struct sim_object *pod);
/* The Pod is gone: its logs end here. */
void sim_kubelet_gone(struct sim_object *pod);

#endif /* SIM_KUBELET_H */
