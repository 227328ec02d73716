/* Watches: what there is, then what happens, as chunks of JSON lines.
 *
 *   INITIAL (what is there, one by one) --> FOLLOWING (events from a cursor)
 *
 * A watcher is a cursor into its resource's history: nothing is queued for it.
 * One that is so slow that the history has gone past it is ended, as the real
 * server ends it. One that has seen all is found by its namespace when
 * something happens there. */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "http.h"
#include "store.h"

struct sim;
struct sim_call;

struct sim_watchers {
    struct kg_queue everywhere[SIM_RESOURCE_NR]; /* Of all namespaces. */
    struct kg_map by_ns;                         /* "jobs/NS" */
    unsigned n_watches;                          /* Read-only. */
    uint64_t n_dropped;                          /* Read-only: were too slow. */
    bool gone_as_status; /* 410 as an answer, not as an event of a stream. */
};

void sim_watchers_init(struct sim_watchers *w);
void sim_watchers_finish(struct sim_watchers *w);
/* Answers a request for a watch. */
void sim_watch(struct sim_call *c);
/* Tells those who wait for something to happen in this resource. */
void sim_watchers_notify(struct sim_watchers *w, struct sim_resource *r,
                         const struct sim_event *e);

#endif /* SIM_WATCH_H */
