/* Turns the server's name into addresses, with libuv's pool.
 *
 * libcurl would start threads of its own for this, which would use our heap. It
 * is given the addresses instead (CURLOPT_RESOLVE) and never asks. */
#ifndef KG_HTTP_RESOLVER_H
#define KG_HTTP_RESOLVER_H

#include "kubeglean/buf.h"
#include "kubeglean/latch.h"

struct kg_resolver;
/* `entry` is for CURLOPT_RESOLVE ("name:port:address,address"), or NULL with
 * `e`. Borrowed until the next one. */
typedef void (*kg_resolver_cb)(struct kg_resolver *r, const char *entry,
                               const struct kg_error *e);

struct kg_resolver {
    struct kg_latch *open; /* Held while a name is looked up. */
    const char *name;      /* Borrowed, as is `port`. */
    const char *port;
    bool numeric;      /* Needs no looking up. */
    bool busy;         /* Is being looked up. */
    uint64_t found_ms; /* When `entry` was found; 0: never. */
    struct kg_buf entry;
    uv_getaddrinfo_t req;
    kg_resolver_cb cb; /* NULL: nobody listens any more. */
};

void kg_resolver_init(struct kg_resolver *r, struct kg_latch *open,
                      const char *name, const char *port);
/* No callback follows. To be freed only when `open` closed. */
void kg_resolver_close(struct kg_resolver *r);
/* The entry if it is new enough (or NULL in *ret_entry for a numeric address,
 * which needs none); else false, and it has to be looked up. */
bool kg_resolver_get(const struct kg_resolver *r, const char **ret_entry);
/* Harmless while one is under way. The callback comes from the loop. If it
 * fails (KG_ENOMEM; KG_ENAME: that can be no name), none comes. */
KG_MUST_USE enum kg_errc kg_resolver_start(struct kg_resolver *r,
                                           kg_resolver_cb cb);
/* What was found is of no use: look it up anew. */
void kg_resolver_forget(struct kg_resolver *r);

#endif /* KG_HTTP_RESOLVER_H */
