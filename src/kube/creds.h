/* Who we are, as far as that changes while we run, and who wants to know. */
#ifndef KG_KUBE_CREDS_H
#define KG_KUBE_CREDS_H

#include "credfiles.h"
#include "exec.h"
#include "kubeglean/kube.h"

struct kg_creds {
    struct kg_http *http;    /* Is given what is new; NULL: closing. */
    unsigned generation;     /* Read-only: counts what was new. */
    struct kg_queue waiting; /* Private from here on. */
    struct kg_credfiles files;
    struct kg_exec *exec; /* NULL: no plugin. */
};

/* Reads files at once: for start-up. Then *ret_creds is NULL when nothing can
 * change. Files that are read again hold `open` meanwhile. KG_ENOMEM, KG_EIO,
 * KG_ECONFIG. */
KG_MUST_USE enum kg_errc kg_creds_create(struct kg_latch *open,
                                         const struct kg_kubeconfig *config,
                                         struct kg_error *e,
                                         struct kg_creds **ret_creds);
/* What is known of it, in place of what `options` say; borrowed. */
void kg_creds_fill(const struct kg_creds *c, struct kg_http_options *options);
/* Nobody is called any more. NULL is allowed, as in all of these. */
void kg_creds_close(struct kg_creds *c);
/* Behind its close, when `open` has no holds any more. */
void kg_creds_destroy(struct kg_creds *c);

/* To be called before a request is started: has files read again that were not
 * for a minute, and runs a plugin whose answer expired; until it has ended, the
 * client's requests wait. */
void kg_creds_keep_fresh(struct kg_creds *c);
unsigned kg_creds_generation(const struct kg_creds *c);
/* The server refused us: has everything read again. */
void kg_creds_renew(struct kg_creds *c);
/* The same; `cb` comes from the loop when that was done, whether or not it
 * worked. Not NULL. */
void kg_creds_wait(struct kg_creds *c, struct kg_creds_wait *w,
                   void (*cb)(struct kg_creds_wait *w));
void kg_creds_wait_init(struct kg_creds_wait *w);
void kg_creds_wait_cancel(struct kg_creds_wait *w); /* Idempotent. */

#endif /* KG_KUBE_CREDS_H */
