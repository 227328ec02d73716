/* KRR's report: one object, its scans in an array (`-f json`). Each scan is made
 * of the seed and its number alone, so that it can be made again. */
#ifndef KG_GEN_REPORT_H
#define KG_GEN_REPORT_H

#include "emit.h"

struct report_shape {
    uint64_t seed;
    const char *cluster;   /* Value of every row's key. */
    const char *ns_prefix; /* "PREFIX-0", "PREFIX-1", ... */
    uint64_t n_keys;       /* Keys repeat after so many rows; 0: never. */
    bool non_ascii;
};

enum { SCAN_NAME_MAX = 160, SCAN_PODS_MAX = 50 };

/* One row, as far as it is decided before it is written. */
struct scan {
    char ns[SCAN_NAME_MAX], name[SCAN_NAME_MAX], container[SCAN_NAME_MAX];
    const char *cluster, *kind, *severity;
    unsigned n_pods, n_live;
    uint64_t number;       /* Within the log: documents go on counting. */
    uint64_t pods_live;    /* Bit i: pod i is not deleted. */
    char resources[8][24]; /* Numbers, null or "?": see report.c. */
    const char *severities[4];
    const char *info;
};

void scan_make(const struct report_shape *shape, uint64_t number,
               struct scan *ret_scan);
void report_begin(struct emit *e);
void report_scan(struct emit *e, const struct scan *s);
void report_end(struct emit *e);
/* What should become of the row: keys, counts and raw parts, one object. */
void report_expect(struct emit *e, const struct scan *s, unsigned document);

#endif /* KG_GEN_REPORT_H */
