/* What a log is made of: a text, a file, or a report that is generated once
 * into a file without a name. Shared by all who read it; never held in
 * memory, but for a text. */
#ifndef SIM_SOURCE_H
#define SIM_SOURCE_H

#include "kubeglean/table.h"

struct sim_source {
    struct kg_map_node node; /* Private. */
    char *key;               /* Private. */
    unsigned refs;           /* Private. */
    int fd;                  /* Private: -1 for a text. */
    char *text;              /* Private. */
    uint64_t len;            /* Read-only. */
};

/* All three return a reference, to be released; a file that cannot be read
 * gives its error as the text. */
struct sim_source *sim_source_text(struct kg_str text);
struct sim_source *sim_source_file(struct kg_map *sources, const char *path);
/* A seeded KRR report of so many rows between lines of other things. Names of
 * objects are unique by namespace. `plain`: none of the lines has a brace. */
struct sim_source *sim_source_krr(struct kg_map *sources, struct kg_str ns,
                                  uint64_t n_rows, bool plain);
void sim_source_release(struct kg_map *sources, struct sim_source *s);
/* At most `len` bytes from `at`; less only at the end. */
size_t sim_source_read(const struct sim_source *s, uint64_t at, char *out,
                       size_t len);

#endif /* SIM_SOURCE_H */
