/* A line on the terminal that is written anew, and steps aside for log lines.
 * Where standard error is no terminal there is none. */
#ifndef KG_CLI_PROGRESS_H
#define KG_CLI_PROGRESS_H

#include "kubeglean/agent.h"
#include "kubeglean/latch.h"

struct kg_progress {
    const struct kg_agent *agent; /* Private from here on. */
    struct kg_loop *loop;
    uv_timer_t timer;
    bool on;      /* There is a terminal. */
    bool visible; /* The line stands there now. */
    uint64_t began_ms;
    uint64_t bytes; /* At the last line. */
    double rate;    /* Bytes a second, smoothed. */
};

/* Shown when `wanted`, and there is a terminal. */
void kg_progress_start(struct kg_progress *p, struct kg_loop *loop,
                       const struct kg_agent *agent, bool wanted);
/* Until it is written again: before something else is. */
void kg_progress_hide(struct kg_progress *p);
/* Takes the line away, and closes its timer by `open`. */
void kg_progress_close(struct kg_progress *p, struct kg_latch *open);

#endif /* KG_CLI_PROGRESS_H */
