/* The fields that a server knows, as deep as a Pod's containers; what lies
 * deeper is taken as it comes. */
#ifndef SIM_SCHEMA_H
#define SIM_SCHEMA_H

#include "sim.h"

/* Called with "spec.bogus" or "spec.template.spec.containers[0].bogus". */
typedef void (*sim_field_cb)(void *data, const char *path);

struct sim_schema_report {
    sim_field_cb unknown_cb; /* A field that is not known. */
    sim_field_cb type_cb;    /* One of another type than it must have. */
    void *data;
};

/* Looks at the whole object; changes nothing. */
void sim_schema_check(const struct sim *sim, const struct sim_kind *k,
                      const struct kg_node *root,
                      const struct sim_schema_report *report);
/* Takes unknown fields out. */
void sim_schema_prune(const struct sim *sim, const struct sim_kind *k,
                      struct kg_node *root);

#endif /* SIM_SCHEMA_H */
