/* What a verb says of a log's reports on standard error: of the first few that
 * are not as they should be. */
#ifndef KG_CLI_TOLD_H
#define KG_CLI_TOLD_H

#include "cli.h"
#include "kubeglean/reader.h"

struct kg_told {
    const struct kg_verb *verb;
    const char *log; /* Being read. */
    unsigned n;      /* Lines. */
};

void kg_told_reject(struct kg_told *t, const struct kg_row *row,
                    const char *column, const char *reason);
void kg_told_report(struct kg_told *t, const struct kg_report_end *end);
/* Of a log that gave no report: what was damaged in it, or is missing. */
void kg_told_damage(struct kg_told *t, const struct kg_reader_stats *s,
                    bool strict);

#endif /* KG_CLI_TOLD_H */
