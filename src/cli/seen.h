/* Which rows came before, by their key: to count duplicates in one report.
 *
 * Bounded: beyond KG_LIMIT_SEEN different keys, new ones are not remembered. */
#ifndef KG_CLI_SEEN_H
#define KG_CLI_SEEN_H

#include "kubeglean/row.h"

struct kg_seen {
    uint64_t *hashes; /* Private: open addressing, 0 is empty. */
    size_t n_slots;
    size_t n_used;
};

void kg_seen_init(struct kg_seen *s); /* Allocates nothing. */
void kg_seen_finish(struct kg_seen *s);
void kg_seen_clear(struct kg_seen *s);
/* What kg_seen_note() is asked about: its memory takes a while to come, so look
 * for it early. */
uint64_t kg_seen_look_for(const struct kg_seen *s,
                          const struct kg_table_def *table,
                          const struct kg_row *row);
/* True: a row with its key was noted before; of a table without a key none was.
 * For lack of memory it is not remembered. */
bool kg_seen_note(struct kg_seen *s, uint64_t hash);

#endif /* KG_CLI_SEEN_H */
