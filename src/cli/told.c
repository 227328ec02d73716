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

void kg_told_damage(struct kg_told *t, const struct kg_reader_stats *s,
                    bool strict)
{
    unsigned long long from = s->damaged_from;
    unsigned long long to = s->damaged_to;

    (void)fprintf(stderr, "kubeglean %s: %s: ", t->verb->name, t->log);
    if (s->damaged == 0) {
        (void)fprintf(stderr, "it begins inside a document: closers without "
                              "openers\n");
    } else if (strict) {
        (void)fprintf(stderr, "bytes %llu to %llu are not one JSON text\n",
                      from, to);
    } else if (s->damaged_why != NULL) {
        (void)fprintf(stderr,
                      "bytes %llu to %llu are packed and damaged (%s), and no "
                      "report was found\n",
                      from, to, s->damaged_why);
    } else {
        (void)fprintf(stderr,
                      "bytes %llu to %llu are a document that is broken or "
                      "cut, and no report was found\n",
                      from, to);
    }
}
