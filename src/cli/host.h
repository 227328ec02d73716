/* An agent within a process: where the cluster is, signals, progress, the end.
 *
 * SIGINT and SIGTERM either leave everything where it is (run: the Jobs are
 * named, exit 130) or drain (agent: what is at its end is stored, exit 0). */
#ifndef KG_CLI_HOST_H
#define KG_CLI_HOST_H

#include "cli.h"
#include "kubeglean/agent.h"

struct kg_host_options {
    const struct kg_verb *verb;
    const struct kg_config *config;
    const struct kg_kubeconfig *kubeconfig;
    bool once;
    kg_agent_row_cb row_cb; /* Instead of a database; or NULL. */
    void *data;             /* Handed to it. */
    uint64_t grace_ms;      /* For draining; 0: leave at once. */
};

/* Runs until the agent has ended. What went wrong was said. */
enum kg_exit kg_host_run(const struct kg_host_options *options);

#endif /* KG_CLI_HOST_H */
