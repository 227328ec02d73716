/* The one door through which an object changes its state.
 *
 * The states are an enum, the allowed moves a table:
 *
 *     enum { IDLE, BUSY, CLOSED, STATE_NR };
 *     static const struct kg_sm_state states[STATE_NR] = {
 *         [IDLE]   = {"idle",   KG_SM_TO(BUSY) | KG_SM_TO(CLOSED)},
 *         [BUSY]   = {"busy",   KG_SM_TO(IDLE) | KG_SM_TO(CLOSED)},
 *         [CLOSED] = {"closed", 0},
 *     };
 *
 * A move that the table does not allow is our own mistake and aborts. */
#ifndef KUBEGLEAN_SM_H
#define KUBEGLEAN_SM_H

#include "kubeglean/base.h"

#define KG_SM_TO(state) (UINT32_C(1) << (state))

struct kg_sm_state {
    const char *name; /* For traces: lower case. */
    uint32_t to;      /* Allowed moves, KG_SM_TO() of each or'ed. */
};

struct kg_sm {
    const char *object;               /* Read-only: what is it, for traces. */
    const struct kg_sm_state *states; /* Private: borrowed for ever. */
    unsigned state;                   /* Read-only. */
};

/* Called after every move of every machine; for traces in tests and at debug
 * level. NULL: none. */
typedef void (*kg_sm_trace_cb)(void *data, const struct kg_sm *sm,
                               unsigned from);
void kg_sm_trace(kg_sm_trace_cb trace_cb, void *data);

/* Borrows `object` and `states` as long as `sm` lives. */
void kg_sm_init(struct kg_sm *sm, const char *object,
                const struct kg_sm_state *states, unsigned state);
void kg_sm_move(struct kg_sm *sm, unsigned to);
bool kg_sm_may(const struct kg_sm *sm, unsigned to);
const char *kg_sm_name(const struct kg_sm *sm); /* Of the present state. */

#endif /* KUBEGLEAN_SM_H */
