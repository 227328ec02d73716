/* SPDX-License-Identifier: MIT */
#include "kubeglean/sm.h"

static kg_sm_trace_cb traced; /* For tests and debug lines only. */
static void *traced_data;

void kg_sm_trace(kg_sm_trace_cb trace_cb, void *data)
{
    traced = trace_cb;
    traced_data = data;
}

void kg_sm_init(struct kg_sm *sm, const char *object,
                const struct kg_sm_state *states, unsigned state)
{
    sm->object = object;
    sm->states = states;
    sm->state = state;
}

bool kg_sm_may(const struct kg_sm *sm, unsigned to)
{
    return (sm->states[sm->state].to & KG_SM_TO(to)) != 0;
}

void kg_sm_move(struct kg_sm *sm, unsigned to)
{
    unsigned from = sm->state;

    KG_REQUIRE(kg_sm_may(sm, to));
    sm->state = to;
    if (traced != NULL) {
        traced(traced_data, sm, from);
    }
}

const char *kg_sm_name(const struct kg_sm *sm)
{
    return sm->states[sm->state].name;
}
