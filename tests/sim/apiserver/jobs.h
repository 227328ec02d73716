/* The Job controller. */
#ifndef SIM_JOBS_H
#define SIM_JOBS_H

#include "sim.h"

/* The finalizer of a Pod that its Job has not counted yet; not on 1.20. */
#define SIM_TRACKING "batch.kubernetes.io/job-tracking"

/* The Job's turn: Pods are made, counted and taken away, until the Job is
 * Complete or Failed, and then until its time to live is over. */
void sim_job_look(struct sim *sim, struct sim_object *job);
/* Makes one Pod of a Job; `attempt` counts from 0. */
void sim_make_pod(struct sim *sim, struct sim_object *job,
                  const struct kg_node *root_of_job, unsigned attempt);

#endif /* SIM_JOBS_H */
