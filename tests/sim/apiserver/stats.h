/* How often was what asked: "watch jobs", "get pods/log". */
#ifndef SIM_STATS_H
#define SIM_STATS_H

#include "kubeglean/buf.h"
#include "kubeglean/table.h"

void sim_count(struct kg_map *stats, const char *what);
/* As members of a JSON object, without its braces, by name. */
void sim_stats_json(const struct kg_map *stats, struct kg_buf *out);
void sim_stats_clear(struct kg_map *stats);

#endif /* SIM_STATS_H */
