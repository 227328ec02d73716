/* Names to addresses, before libpq gets to see them: left alone, it would
 * resolve them itself and block the loop.
 *
 *     init --start--> (names are resolved one by one) --> cb --finish
 *
 * Takes the lists `host`, `hostaddr` and `port` as libpq made them of URI,
 * environment and service file, and gives them back with an address for each
 * name; a name with several addresses becomes several entries. */
#ifndef KG_SINK_RESOLVE_H
#define KG_SINK_RESOLVE_H

#include "kubeglean/buf.h"
#include "kubeglean/latch.h"

struct kg_resolve;
typedef void (*kg_resolve_cb)(struct kg_resolve *r, const struct kg_error *e);

struct kg_resolve {
    struct kg_buf host, hostaddr, port; /* Read-only: the result. */
    struct kg_loop *loop;               /* Private from here on. */
    struct kg_latch *latch;             /* Held while a request is under way. */
    struct kg_deferred deferred;
    uv_getaddrinfo_t req;
    bool asking;                           /* `req` is libuv's. */
    char *lists;                           /* Copy of the three lists: */
    struct kg_str hosts, hostaddrs, ports; /* what is left of each, */
    struct kg_str last_port;               /* a lone port serves all. */
    char name[256];                        /* Being asked for. */
    unsigned n_entries;
    struct kg_error error; /* The last name's that could not be resolved. */
    kg_resolve_cb cb;
};

/* Borrows `latch`: closing it waits for a request that cannot be canceled. */
void kg_resolve_init(struct kg_resolve *r, struct kg_loop *loop,
                     struct kg_latch *latch);
void kg_resolve_finish(struct kg_resolve *r); /* No request is under way. */
/* Lists may be NULL. `cb` comes from the loop; KG_ENAME when no entry is left.
 * KG_ENOMEM: it will not come. A request of a start that was stopped may still
 * be under way: KG_EBUSY. */
KG_MUST_USE enum kg_errc kg_resolve_start(struct kg_resolve *r,
                                          const char *hosts,
                                          const char *hostaddrs,
                                          const char *ports, kg_resolve_cb cb);
/* Immediate, silent, idempotent. */
void kg_resolve_stop(struct kg_resolve *r);

#endif /* KG_SINK_RESOLVE_H */
