/* Where we are in a log, told by the bytes that were read: so that the place can
 * be found again in a file that was read anew.
 *
 *     add, add, ...                      while the log is read
 *     scan_begin, scan, ..., scan_end    a whole file, to find the place in it
 *     skip_begin, skip, ...              the same file again, up to the place
 *
 * Pure: it knows neither requests nor time. */
#ifndef KG_KUBE_TAIL_H
#define KG_KUBE_TAIL_H

#include "kubeglean/podlog.h"

enum { KG_TAIL_LEN = 64 * 1024 };

struct kg_tail {
    struct kg_digest read; /* The file as it was read so far. */
    /* The last bytes, in a ring of `capacity`; what is next goes to `at`. */
    char *ring;
    size_t capacity, filled, at;

    struct kg_digest seen; /* The file that is scanned, or skipped. */
    bool prefix_fits;      /* It begins with what was read. */
    uint32_t *fallbacks;   /* KMP: where to go on after a mismatch. */
    size_t matched;        /* Bytes of the ring's content that match so far. */
    unsigned n_found;
    struct kg_digest found; /* Up to behind the first match. */
};

void kg_tail_init(struct kg_tail *t); /* Allocates nothing. */
void kg_tail_finish(struct kg_tail *t);
/* The log's next bytes. KG_ENOMEM: they are counted, but may not be found
 * again. */
KG_MUST_USE enum kg_errc kg_tail_add(struct kg_tail *t, struct kg_str bytes);
/* The log goes on in a new file from its begin: nothing of it was read. */
void kg_tail_restart(struct kg_tail *t);

/* KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_tail_scan_begin(struct kg_tail *t);
void kg_tail_scan(struct kg_tail *t, struct kg_str bytes);
/* Whether the place is known for sure: what is before it. */
bool kg_tail_scan_end(struct kg_tail *t, struct kg_digest *ret_place);

void kg_tail_skip_begin(struct kg_tail *t);
/* Passes over what is before the place. Returns what is behind it in `bytes`;
 * *ret_reached tells whether it was reached, *ret_same whether the bytes before
 * it were those that were scanned. */
struct kg_str kg_tail_skip(struct kg_tail *t, const struct kg_digest *place,
                           struct kg_str bytes, bool *ret_reached,
                           bool *ret_same);
/* From here on the place is where we are. */
void kg_tail_move(struct kg_tail *t, const struct kg_digest *place);

#endif /* KG_KUBE_TAIL_H */
