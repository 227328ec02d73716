/* What a request for a log asks. */
#ifndef SIM_LOGQUERY_H
#define SIM_LOGQUERY_H

#include "sim.h"

enum sim_log_stream { SIM_BOTH, SIM_STDOUT, SIM_STDERR };

struct sim_log_query {
    char *container_text;    /* Private. */
    struct kg_str container; /* Empty until sim_log_container(). */
    bool follow;
    bool previous;
    bool timestamps;
    enum sim_log_stream stream;
    int64_t tail_lines;  /* -1: not said. */
    int64_t limit_bytes; /* -1: not said. */
    int64_t since_us;    /* KG_TIME_NONE: not said. */
};

/* False: refused, answered, and nothing is left to finish. */
bool sim_log_query_init(struct sim_log_query *q, struct sim_call *c);
void sim_log_query_finish(struct sim_log_query *q);
/* Which container of `pod`; false: refused, answered. */
bool sim_log_container(struct sim_call *c, const struct kg_node *pod,
                       struct sim_log_query *q);

#endif /* SIM_LOGQUERY_H */
