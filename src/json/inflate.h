/* gzip and bzip2, unpacked piece by piece. */
#ifndef KG_JSON_INFLATE_H
#define KG_JSON_INFLATE_H

#include "kubeglean/error.h"
#include "profile_def.h"

struct kg_inflate {
    enum kg_packing packing; /* Private: NONE between streams. */
    void *stream;            /* Private: z_stream or bz_stream. */
};

/* KG_ENOMEM: nothing is due. */
KG_MUST_USE enum kg_errc kg_inflate_begin(struct kg_inflate *i,
                                          enum kg_packing packing);
/* Harmless when nothing was begun. */
void kg_inflate_end(struct kg_inflate *i);
/* Unpacks from the front of *in to `out`, which is not empty, until the one is
 * used up or the other full; *ret_len is how much. KG_ECLOSED: the stream is over,
 * and its check was right. KG_EDATA, KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_inflate_run(struct kg_inflate *i, struct kg_str *in,
                                        char *out, size_t out_len,
                                        size_t *ret_len);

#endif /* KG_JSON_INFLATE_H */
