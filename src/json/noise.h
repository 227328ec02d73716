/* What lies between documents: skipped as fast as memory, and looked at for one
 * thing only, whether the end of a document is there whose beginning is not.
 *
 * A closer without an opener counts where chance is unlikely: as the first
 * thing in a line (a pretty-printed tail), or in the log's first line (the tail
 * of a document in one line). */
#ifndef KG_JSON_NOISE_H
#define KG_JSON_NOISE_H

#include "openers.h"

enum kg_noise_line {
    KG_NOISE_FIRST, /* The log's first line. */
    KG_NOISE_BLANK, /* Nothing but white space in this line so far. */
    KG_NOISE_OTHER,
};

struct kg_noise {
    struct kg_openers openers;
    enum kg_noise_line line; /* Of the byte that comes next. */
    uint64_t n_open;         /* Openers that were given up, less closers. */
    uint64_t n_lowest;       /* What it fell to, since the last break. */
    uint64_t n_bytes;        /* Read-only. */
    bool headless;           /* Read-only. */
};

/* Copies `openers`. */
void kg_noise_init(struct kg_noise *n, const struct kg_openers *openers);
/* Length of the noise that `bytes` begins with: up to an opener that may begin a
 * document, or all. */
size_t kg_noise_span(struct kg_noise *n, struct kg_str bytes);
/* A candidate or document has ended here; so many openers stay open. */
void kg_noise_after(struct kg_noise *n, uint64_t n_open);

#endif /* KG_JSON_NOISE_H */
