/* What a container writes: stderr's lines first, then stdout's. */
#ifndef SIM_CONTENT_H
#define SIM_CONTENT_H

#include "sim.h"
#include "source.h"

struct sim_content {
    struct kg_map *sources;
    struct sim_source *parts[2]; /* stderr, stdout; never NULL. */
    uint64_t len;
    uint64_t rate;     /* Bytes a second, or 0: spread over the run. */
    bool at_once;      /* All of it as the container starts. */
    uint64_t chunk;    /* Bytes that are sent at a time, or 0. */
    uint64_t file_max; /* The runtime begins a new file then; 0: never. */
};

/* For the attempt (1, 2, ...) of a container, by the Pod's annotations or the
 * server's defaults. */
void sim_content_init(struct sim_content *c, struct sim *sim,
                      const struct kg_node *pod, struct kg_str container,
                      unsigned attempt);
void sim_content_finish(struct sim_content *c);
/* At most `len` bytes from `at`. */
size_t sim_content_read(const struct sim_content *c, uint64_t at, char *out,
                        size_t len);

#endif /* SIM_CONTENT_H */
