/* Rows as the reader gives them to the sink, made before anything is measured:
 * kg-gen's scans, read by a built-in profile. */
#ifndef BENCH_SINK_ROWS_H
#define BENCH_SINK_ROWS_H

#include "kubeglean/clock.h"
#include "kubeglean/profile.h"

struct rows {
    const struct kg_table_def *def;
    size_t n;
    struct kg_value *values; /* n * def->n_columns */
    char at[KG_TIME_TEXT_MAX];
};

/* The table of a built-in profile, as long as the process lives. */
const struct kg_profile *rows_profile(const char *name);
/* Of `n_reports` of `n_report` rows. Row `i` has the same key whatever the seed;
 * its values follow from both. A table that is kept by namespace gets a report of
 * each, as Jobs of namespaces make them. */
void rows_make(struct rows *rows, const struct kg_profile *profile,
               size_t n_reports, size_t n_report, uint64_t seed);
/* All rows were scanned then; nothing happens where no column says so. */
void rows_stamp(struct rows *rows, int64_t scanned_at_us);

static inline const struct kg_value *rows_at(const struct rows *rows, size_t i)
{
    return &rows->values[i * rows->def->n_columns];
}

#endif /* BENCH_SINK_ROWS_H */
