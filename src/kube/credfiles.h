/* The files that hold who we are, or who the server is, and that somebody else
 * replaces while we run: a token, certificates, a key. */
#ifndef KG_KUBE_CREDFILES_H
#define KG_KUBE_CREDFILES_H

#include "kubeglean/kubeconfig.h"
#include "kubeglean/latch.h"

enum kg_credfile {
    KG_CREDFILE_TOKEN,
    KG_CREDFILE_CA,
    KG_CREDFILE_CERT,
    KG_CREDFILE_KEY,
    KG_CREDFILE_NR
};

struct kg_credfiles {
    struct {
        char *name;         /* NULL: it is in no file. */
        struct kg_buf text; /* Read-only: what is in use. */
        struct kg_buf next; /* What was read. */
    } items[KG_CREDFILE_NR];
    struct kg_latch *open; /* Held while they are read. */
    bool busy;             /* Read-only. */
    uint64_t read_ms;      /* Read-only: when they were read last. */
    struct kg_error error; /* Read-only: why they could not be. */
    uv_work_t work;
    void (*cb)(struct kg_credfiles *f, unsigned changed);
};

/* Reads them at once, for start-up. `cb` is told later on, each time they were
 * read again, which changed: bits 1 << KG_CREDFILE_... KG_ENOMEM, KG_EIO,
 * KG_ECONFIG; to be finished in each case. */
KG_MUST_USE enum kg_errc kg_credfiles_init(
    struct kg_credfiles *f, struct kg_latch *open,
    const struct kg_kubeconfig *config,
    void (*cb)(struct kg_credfiles *f, unsigned changed), struct kg_error *e);
/* `open` has no holds any more. */
void kg_credfiles_finish(struct kg_credfiles *f);
bool kg_credfiles_none(const struct kg_credfiles *f);
/* By libuv's pool; harmless while they are read. */
void kg_credfiles_read_again(struct kg_credfiles *f);
/* Its text, or none when it is in no file. */
struct kg_str kg_credfiles_text(const struct kg_credfiles *f,
                                enum kg_credfile which);

#endif /* KG_KUBE_CREDFILES_H */
