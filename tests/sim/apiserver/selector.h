/* labelSelector and fieldSelector. */
#ifndef SIM_SELECTOR_H
#define SIM_SELECTOR_H

#include "store.h"

enum { SIM_TERMS_MAX = 16, SIM_VALUES_MAX = 16 };

enum sim_term_op { SIM_IN, SIM_NOT_IN, SIM_HAS, SIM_HAS_NOT };

struct sim_term {
    enum sim_term_op op;
    struct kg_str key;
    struct kg_str values[SIM_VALUES_MAX];
    size_t n_values;
};

struct sim_selector {
    char *texts[2]; /* Private: what the terms point into. */
    struct sim_term labels[SIM_TERMS_MAX];
    size_t n_labels;
    struct sim_term fields[SIM_TERMS_MAX];
    size_t n_fields;
};

/* Takes both texts, each of which may be NULL. `kind` is for messages:
 * "batchv1.Job" on 1.20. On an error nothing is left to finish. */
KG_MUST_USE enum kg_errc sim_selector_init(struct sim_selector *s, char *labels,
                                           char *fields, const char *kind,
                                           bool modern, struct kg_error *e);
void sim_selector_finish(struct sim_selector *s);
bool sim_selector_fits(const struct sim_selector *s,
                       const struct sim_version *v);

#endif /* SIM_SELECTOR_H */
