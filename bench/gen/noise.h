/* What a KRR container prints beside its report. */
#ifndef KG_GEN_NOISE_H
#define KG_GEN_NOISE_H

#include "kubeglean/backoff.h"
#include "kubeglean/buf.h"

enum noise_kind {
    NOISE_NONE,
    NOISE_CLEAN, /* Banner, progress bars with colours, warnings. */
    NOISE_STRAY, /* And braces, dicts, ${X}, JSON that is no report. */
};

struct noise {
    enum noise_kind kind;
    bool crlf;
    struct kg_random random;
    uint64_t n_lines;
};

void noise_init(struct noise *n, enum noise_kind kind, uint64_t seed,
                bool crlf);
/* Each adds to `out`; NOISE_NONE adds nothing. */
void noise_banner(struct noise *n, struct kg_buf *out);
void noise_line(struct noise *n, struct kg_buf *out);
void noise_goodbye(struct noise *n, struct kg_buf *out);

#endif /* KG_GEN_NOISE_H */
