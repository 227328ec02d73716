/* What a Job or a Pod shall do, as its annotations say: sim/NAME, or lab/NAME
 * as the recorded scenarios have them. */
#ifndef SIM_NOTES_H
#define SIM_NOTES_H

#include "json.h"

/* The annotation's text; ptr is NULL when there is none. `root` is a Job, a
 * Pod or a CronJob. */
struct kg_str sim_note(const struct kg_node *root, const char *name);
/* The same for one container: sim/NAME.CONTAINER goes before sim/NAME. */
struct kg_str sim_note_of(const struct kg_node *root, const char *name,
                          struct kg_str container);
/* Seconds with a fraction, or `otherwise` when it is not said or is none. */
uint64_t sim_note_us(const struct kg_node *root, const char *name,
                     uint64_t otherwise_us);
uint64_t sim_seconds_us(struct kg_str text, uint64_t otherwise_us);
uint64_t sim_note_number(const struct kg_node *root, const char *name,
                         uint64_t otherwise);

#endif /* SIM_NOTES_H */
