/* Scheduler and kubelet: Pods go through their phases, as they are told.
 *
 *   NEW --bound--> BOUND --seen--> CREATING --> inits --> RUNNING --> ENDED
 *                                     '-- waits for ever     ^--restart--'
 */
#ifndef SIM_KUBELET_H
#define SIM_KUBELET_H

#include "sim.h"

enum { SIM_INITS_MAX = 8 };

/* One container's life: times in full. */
struct sim_stint {
    int64_t started_us; /* 0: not yet. */
    int64_t ended_us;   /* 0: not yet. */
    uint64_t run_us;    /* How long it will run; UINT64_MAX: for ever. */
};

/* What is known of a Pod besides its object. */
struct sim_run {
    int64_t seen_us;
    unsigned n_pulls;
    unsigned n_inits_done;
    unsigned n_restarts;                   /* In place: OnFailure. */
    struct sim_stint inits[SIM_INITS_MAX]; /* One after the other. */
    struct sim_stint main;                 /* All others, together. */
    struct sim_stint before;               /* The attempt before. */
    struct kg_queue readers;               /* Who follows its logs. */
};

/* The Pod's run, made when it is not there yet. */
struct sim_run *sim_run_of(struct sim_object *pod);
/* The Pod's turn. */
void sim_kubelet_look(struct sim *sim, struct sim_object *pod);
/* The Pod is gone: its logs end here. */
void sim_kubelet_gone(struct sim_object *pod);

#endif /* SIM_KUBELET_H */
