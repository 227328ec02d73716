/* SPDX-License-Identifier: MIT */
#include "told.h"

#include <stdio.h>

enum { TOLD_MAX = 10 };

void kg_told_reject(struct kg_told *t, const struct kg_row *row,
                    const char *column, const char *reason)
{
    if (t->n++ < TOLD_MAX) {
        (void)fprintf(stderr,
                      "kubeglean %s: %s: row %llu is rejected: column %s: %s\n",
                      t->verb->name, t->log, (unsigned long long)row->number,
                      column, reason);
    }
}

void kg_told_report(struct kg_told *t, const struct kg_report_end *end)
{
    if (end->outcome != KG_COMPLETE && t->n++ < TOLD_MAX) {
        (void)fprintf(
            stderr,
            "kubeglean %s: %s: the report at byte %llu is %s (%s): %s\n",
            t->verb->name, t->log, (unsigned long long)end->offset,
            kg_outcome_name(end->outcome), end->reason, end->detail);
    }
}
