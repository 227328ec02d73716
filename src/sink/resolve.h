/* Names to addresses, before libpq gets to see them: left alone, it would
 * resolve them itself and block the loop.
 *
 *     init --start--> (all names are asked for at once) --> cb --finish
 *                      '--hurry: those not yet answered are left out
 *
 * Takes the lists `host`, `hostaddr` and `port` as libpq made them of URI,
 * environment and service file, and gives back the addresses to try, in their
 * order; a name with several addresses becomes several. */
#ifndef KG_SINK_RESOLVE_H
#define KG_SINK_RESOLVE_H

#include "kubeglean/buf.h"
#include "kubeglean/latch.h"

struct kg_resolve;
typedef void (*kg_resolve_cb)(struct kg_resolve *r, const struct kg_error *e);

/* As libpq wants it; any of them may be "". Borrowed from the resolver. */
struct kg_address {
    const char *host;
    const char *hostaddr;
    const char *port;
};

struct kg_lists {
    struct kg_str hosts, hostaddrs, ports; /* What is left of each; */
    struct kg_str port;                    /* a lone port serves all. */
};

struct kg_resolve {
    unsigned n_addresses;    /* Read-only: the result. */
    struct kg_buf addresses; /* Private from here on: its texts. */
    struct kg_loop *loop;
    struct kg_latch *latch; /* Held for each name being asked for. */
    struct kg_deferred deferred;
    struct kg_queue questions;
    char *texts; /* Copy of the three lists. */
    struct kg_lists lists;
    struct kg_error error; /* The last name's that could not be resolved. */
    kg_resolve_cb cb;
};

/* Borrows `latch`: closing it waits for what cannot be canceled. */
void kg_resolve_init(struct kg_resolve *r, struct kg_loop *loop,
                     struct kg_latch *latch);
void kg_resolve_finish(struct kg_resolve *r); /* Nothing is being asked for. */
/* Lists may be NULL. `cb` comes from the loop; KG_ENAME when no address is
 * there. KG_ENOMEM, KG_ELIMIT (a name is too long): it will not come. */
KG_MUST_USE enum kg_errc kg_resolve_start(struct kg_resolve *r,
                                          const char *hosts,
                                          const char *hostaddrs,
                                          const char *ports, kg_resolve_cb cb);
/* From the loop: ends what was started with the answers that are there. The
 * others, when they come, serve the next start. */
void kg_resolve_hurry(struct kg_resolve *r);
/* Immediate, silent, idempotent. */
void kg_resolve_stop(struct kg_resolve *r);
/* The next address behind `*place`, which begins at 0; false at the end. */
bool kg_resolve_next(const struct kg_resolve *r, size_t *place,
                     struct kg_address *ret_address);

#endif /* KG_SINK_RESOLVE_H */
