/* The object that a request carries. */
#ifndef SIM_BODY_H
#define SIM_BODY_H

#include "sim.h"

/* Parses JSON (or YAML, by its Content-Type) that shall be an object of the
 * call's kind, and deals with fields that the server does not know: dropped
 * on 1.20; today dropped with a warning, or refused, as fieldValidation says.
 * False: refused, answered, nothing to finish. */
bool sim_body_object(struct sim_call *c, struct kg_tree *t);
/* Any JSON, or YAML; false: 400 was answered, nothing to finish. */
bool sim_body_parse(struct sim_call *c, struct kg_tree *t);

#endif /* SIM_BODY_H */
