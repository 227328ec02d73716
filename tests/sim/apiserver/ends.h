/* Logs that were read to their end: what a delay is measured from. */
#ifndef SIM_ENDS_H
#define SIM_ENDS_H

#include "kubeglean/buf.h"
#include "kubeglean/queue.h"
#include "kubeglean/str.h"

struct sim_ends {
    struct kg_queue all; /* In the order of reading; the newest are kept. */
    size_t n;
};

void sim_ends_init(struct sim_ends *e);
/* The container of `pod` (NAMESPACE/NAME) ended then, and then the last byte of
 * its log was given to the reader's connection. */
void sim_ends_add(struct sim_ends *e, const char *pod, int64_t ended_us,
                  int64_t sent_us);
/* An array. */
void sim_ends_json(const struct sim_ends *e, struct kg_buf *out);
void sim_ends_clear(struct sim_ends *e);

#endif /* SIM_ENDS_H */
