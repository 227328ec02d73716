/* The wiring: makes, starts and stops the parts in order, and carries out what
 * the core wants done. What is to be done is never decided here.
 *
 *            start               database and server answer
 *     IDLE -------> PREPARING ------------------------------> RUNNING
 *                       | cannot, or stop                        | stop, or
 *                       v                                        v all done
 *                     ENDED <--- the core has nothing left --- DRAINING
 *     close(cb) from any state --> CLOSING ~~> cb
 *
 * In ENDED the owner was told the exit code. */
#ifndef KUBEGLEAN_AGENT_H
#define KUBEGLEAN_AGENT_H

#include "kubeglean/config.h"
#include "kubeglean/kubeconfig.h"
#include "kubeglean/loop.h"

struct kg_agent;

/* A row of a report, when there is no database. Borrowed. False: it could not
 * be written, and the agent ends. */
typedef bool (*kg_agent_row_cb)(void *data, const struct kg_table_def *def,
                                const struct kg_row *row);
/* It ended, with `code` as exit code; `e` is NULL, or why it could not go on. */
typedef void (*kg_agent_end_cb)(void *data, int code, const struct kg_error *e);
/* The last call ever made: the agent is gone. */
typedef void (*kg_agent_close_cb)(void *data);

/* All is borrowed as long as the agent lives. */
struct kg_agent_options {
    const struct kg_config *config;
    const struct kg_kubeconfig *kubeconfig;
    bool once; /* Runs every task once, and ends; what fails before is final. */
    kg_agent_row_cb row_cb; /* Instead of a database; or NULL. */
    void *row_data;
    kg_agent_end_cb end_cb;
    void *data; /* Handed to end_cb. */
};

/* KG_ENOMEM. After KG_OK, kg_agent_close() is due, once. */
KG_MUST_USE enum kg_errc kg_agent_create(struct kg_loop *loop,
                                         const struct kg_agent_options *options,
                                         struct kg_agent **ret_agent);
/* KG_ECONFIG (a certificate, the database's URL, the address to listen on),
 * KG_EIO (it cannot be listened on), KG_ENOMEM: end_cb will not come. */
KG_MUST_USE enum kg_errc kg_agent_start(struct kg_agent *a, struct kg_error *e);
/* No new Job; logs at their end are stored, those of running containers are
 * left to the next agent. Then end_cb. */
void kg_agent_stop(struct kg_agent *a);
void kg_agent_close(struct kg_agent *a, kg_agent_close_cb close_cb, void *data);

struct kg_agent_progress {
    const char *state; /* Of the Job that is least far. Static. */
    uint64_t n_jobs;   /* Not yet put away. */
    uint64_t bytes;    /* Of logs. */
    uint64_t reports;
    uint64_t rows;
};

void kg_agent_progress(const struct kg_agent *a,
                       struct kg_agent_progress *ret_progress);
/* The next Job that has not ended: start with NULL. For messages. */
const struct kg_job *kg_agent_next_job(const struct kg_agent *a,
                                       const struct kg_job *job);

#endif /* KUBEGLEAN_AGENT_H */
