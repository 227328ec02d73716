/* A generated KRR log. */
#ifndef SIM_KRR_H
#define SIM_KRR_H

#include "kubeglean/str.h"

/* Writes the lines that KRR logs and its report of `n_rows` scans, the same
 * for the same arguments; `plain`: no braces but the report's. False when `fd`
 * cannot be written. */
bool sim_krr_write(int fd, struct kg_str ns, uint64_t n_rows, bool plain);

#endif /* SIM_KRR_H */
