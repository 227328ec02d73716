/* Faults on demand: what a request meets in place of its answer. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "http.h"
#include "kubeglean/queue.h"

struct sim_call;

struct sim_faults {
    struct kg_queue list; /* Private: in the order they were asked for. */
    uint64_t n_met;       /* Read-only: requests that met one. */
};

void sim_faults_init(struct sim_faults *f);
void sim_faults_clear(struct sim_faults *f);
/* One fault, as tests/sim/README.md describes it. */
KG_MUST_USE enum kg_errc sim_faults_add(struct sim_faults *f,
                                        const struct kg_node *wanted,
                                        struct kg_error *e);
/* True: the request met a fault that was its answer. One that waits for a part
 * of the answer is set on the connection, and the request goes on. */
bool sim_faults_answer(struct sim_call *c, const char *verb);
KG_MUST_USE bool sim_harm_parse(struct kg_str name, enum sim_harm *ret_harm);

#endif /* SIM_FAULTS_H */
