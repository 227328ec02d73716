/* Which members of a document any column needs: the others are not handed on.
 *
 * Told of names and containers outside of what is not wanted. */
#ifndef KG_JSON_INTEREST_H
#define KG_JSON_INTEREST_H

#include "places.h"
#include "scan.h"

/* What of a container. */
enum kg_wanted {
    KG_WANTED_TOKENS,
    KG_WANTED_TEXT,  /* All inside, and as text alone. */
    KG_WANTED_TALLY, /* How many elements an array has. */
};

struct kg_interest {
    struct kg_places places; /* Private. */
    uint64_t n_whole;        /* Private: open, and wanted with all inside. */
    bool unknown;            /* Private: the name needs decoding. */
};

KG_MUST_USE enum kg_errc kg_interest_init(struct kg_interest *i,
                                          const struct kg_trie *trie);
void kg_interest_finish(struct kg_interest *i);
/* A document begins. */
void kg_interest_begin(struct kg_interest *i);
/* Is the member wanted? `name` is as it is written; `escaped`: with escapes. */
bool kg_interest_name(struct kg_interest *i, struct kg_str name, bool escaped);
enum kg_wanted kg_interest_open(struct kg_interest *i, enum kg_kind kind);
/* Behind KG_WANTED_TALLY: what is counted. */
struct kg_tally kg_interest_tally(const struct kg_interest *i);
void kg_interest_close(struct kg_interest *i);

#endif /* KG_JSON_INTEREST_H */
