/* Five fields of cron, in UTC. */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

struct sim_schedule {
    uint64_t minutes, hours, days, months, weekdays; /* A bit for each. */
    bool any_day, any_weekday;
};

/* Also @hourly, @daily, @weekly, @monthly, @yearly. The error's text is that
 * of the library that the real server uses, as far as it goes. */
KG_MUST_USE enum kg_errc sim_schedule_parse(struct sim_schedule *s,
                                            struct kg_str text,
                                            struct kg_error *e);
/* The first time after `us`; KG_TIME_NONE: none within five years. */
int64_t sim_schedule_next(const struct sim_schedule *s, int64_t us);

#endif /* SIM_SCHEDULE_H */
