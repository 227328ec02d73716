/* SPDX-License-Identifier: MIT */
/* What a worker does at a time waits in one queue, and comes back to it when
 * another try may help. */
#include "internal.h"

uint64_t kg_sink_later(struct kg_sink *s, uint32_t tries)
{
    uint64_t wait_ms = KG_BACKOFF_FIRST_MS;

    while (tries-- > 0 && wait_ms < KG_BACKOFF_MAX_MS) {
        wait_ms *= 2;
    }
    return kg_loop_now_ms(s->loop) + wait_ms +
           kg_random_below(&s->random, wait_ms);
}

void kg_job_init(struct kg_job *job, struct kg_sink *s,
                 const struct kg_job_ops *ops)
{
    *job = (struct kg_job){.ops = ops, .sink = s};
    kg_queue_init(&job->node);
}

void kg_job_submit(struct kg_job *job)
{
    kg_queue_insert_tail(&job->sink->jobs, &job->node);
    kg_sink_dispatch(job->sink);
}

bool kg_job_may_retry(const struct kg_error *e)
{
    return kg_error_remedy(e->code) == KG_REMEDY_RETRY;
}

void kg_job_retry(struct kg_job *job, struct kg_pg *pg,
                  const struct kg_error *e)
{
    bool lost = pg->sm.state == KG_PG_DOWN;

    job->due_ms = lost ? 0 : kg_sink_later(job->sink, job->tries++);
    kg_job_submit(job);
    kg_job_done(pg, e); /* Last. */
}
