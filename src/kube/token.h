/* A bearer token that is kept in a file, which somebody else replaces. */
#ifndef KG_KUBE_TOKEN_H
#define KG_KUBE_TOKEN_H

#include "kubeglean/kube.h"

struct kg_token {
    struct kg_latch *open; /* Held while the file is read. */
    struct kg_http *http;  /* Is given new ones; NULL: closing. Set by owner. */
    char *file;
    uint64_t read_ms;        /* When it was read last. */
    unsigned generation;     /* Counts the tokens that were new. */
    struct kg_queue waiting; /* Who wants to know when it was read. */
    bool busy;
    uv_work_t work;
    struct kg_buf text;    /* What is in use. */
    struct kg_buf next;    /* What the pool read. */
    struct kg_error error; /* Why it could not. */
};

/* Reads it at once: for start-up. KG_ENOMEM, KG_EIO, KG_ECONFIG. */
KG_MUST_USE enum kg_errc kg_token_create(struct kg_latch *open,
                                         const char *file, struct kg_error *e,
                                         struct kg_token **ret_token);
/* Nobody is called any more. Frees itself; `open` is released after that. NULL
 * is allowed. */
void kg_token_close(struct kg_token *t);
/* Has it read again when it is older than a minute. NULL is allowed. */
void kg_token_keep_fresh(struct kg_token *t);
/* Has it read now. */
void kg_token_read_again(struct kg_token *t);
/* The same; `cb` comes from the loop when that was done, whether or not
 * it worked. */
void kg_token_wait(struct kg_token *t, struct kg_token_wait *w,
                   void (*cb)(struct kg_token_wait *w));
void kg_token_wait_init(struct kg_token_wait *w);
void kg_token_wait_cancel(struct kg_token_wait *w); /* Idempotent. */

#endif /* KG_KUBE_TOKEN_H */
