/* Instants, and how they are written.
 *
 * An instant is microseconds since 1970-01-01T00:00:00Z (`_us`), what
 * PostgreSQL's timestamptz resolves. Durations on the loop are milliseconds
 * (`_ms`) of a clock that never steps. */
#ifndef KUBEGLEAN_CLOCK_H
#define KUBEGLEAN_CLOCK_H

#include "kubeglean/str.h"

#define KG_TIME_NONE INT64_MIN /* No instant is known. */

enum { KG_TIME_TEXT_MAX = 32 };

struct kg_civil {         /* UTC, proleptic Gregorian calendar. */
    int year, month, day; /* month 1..12, day 1..31 */
    int hour, minute, second, microsecond;
    int weekday; /* 0 is Sunday */
};

int64_t kg_clock_now_us(void);   /* Wall clock. */
uint64_t kg_clock_mono_ns(void); /* Never steps; for intervals. */

/* RFC 3339: "2026-11-22T09:42:00Z", with fraction and any offset. More than
 * six digits of fraction are cut. */
KG_MUST_USE bool kg_time_parse(struct kg_str s, int64_t *ret_us);
/* As RFC 3339 in UTC; the fraction only when it is not 0. Writes a NUL; returns
 * `text`. KG_TIME_NONE gives "". */
const char *kg_time_format(int64_t us, char text[KG_TIME_TEXT_MAX]);
struct kg_civil kg_time_civil(int64_t us);
int64_t kg_time_from_civil(const struct kg_civil *c); /* Ignores weekday. */

/* A duration as the command line takes it: "90s", "5m", "1h30m", "250ms", or a
 * bare number of seconds. */
KG_MUST_USE bool kg_duration_parse(struct kg_str s, uint64_t *ret_ms);

#endif /* KUBEGLEAN_CLOCK_H */
