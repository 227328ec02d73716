/* The CronJob controller. */
#ifndef SIM_CRONJOBS_H
#define SIM_CRONJOBS_H

#include "sim.h"

/* The CronJob's turn: makes the Job that is due, keeps its history short. */
void sim_cronjob_look(struct sim *sim, struct sim_object *cronjob);

#endif /* SIM_CRONJOBS_H */
