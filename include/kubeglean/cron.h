/* When a schedule is due: cron's five fields, in UTC.
 *
 *     minute  hour  day of month  month    day of week
 *     0-59    0-23  1-31          1-12     0-7, 0 and 7 are Sunday
 *                                 JAN-DEC  SUN-SAT
 *
 * A field is `*`, a number, a range `a-b`, any of them with a step `/n`, or a
 * list of those with commas. When both days are restricted, either is enough.
 * @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually are
 * what Kubernetes takes them for. Pure: the time is given. */
#ifndef KUBEGLEAN_CRON_H
#define KUBEGLEAN_CRON_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

struct kg_cron {
    uint64_t minutes;  /* Private: a bit for each value that is meant. */
    uint32_t hours;    /* Private. */
    uint32_t days;     /* Private: of the month. */
    uint32_t months;   /* Private. */
    uint32_t weekdays; /* Private: Sunday is bit 0. */
    bool any_day;      /* Private: `*` as day of the month, */
    bool any_weekday;  /* Private: or as day of the week. */
};

/* KG_ESYNTAX with a sentence that names the column (from 1) and what was
 * expected there. `e` may be NULL. */
KG_MUST_USE enum kg_errc kg_cron_parse(struct kg_str text,
                                       struct kg_cron *ret_cron,
                                       struct kg_error *e);
/* The first instant after `after_us` that fits: a whole minute. KG_TIME_NONE
 * when there is none within eight years (30 February). */
int64_t kg_cron_next(const struct kg_cron *c, int64_t after_us);

#endif /* KUBEGLEAN_CRON_H */
