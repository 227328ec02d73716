/* SPDX-License-Identifier: MIT */
/* Questions to the ledger: each is a job of one statement. */
#include "internal.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

struct query {
    struct kg_job job;
    const char *sql;
    struct kg_binds args;
    kg_sink_list_cb list_cb;
    kg_sink_known_cb known_cb; /* Or this one. */
    void *data;
};

static const char list_running[] =
    "SELECT cluster, job_uid, pod_uid, container, restart, namespace, job, pod,"
    " node, task, profile,"
    " to_char(scanned_at AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    " FROM kubeglean_runs WHERE cluster = $1::text AND outcome = 'running'";

static const char job_known[] =
    "SELECT EXISTS (SELECT FROM kubeglean_runs WHERE cluster = $1::text"
    " AND namespace = $2::text AND job = $3::text)";

static void free_query(struct query *q)
{
    kg_binds_finish(&q->args);
    kg_free(q);
}

static void discard(struct kg_job *job)
{
    free_query(KG_CONTAINER_OF(job, struct query, job));
}

static void read_run(struct kg_pg *pg, size_t row, struct kg_run_info *run)
{
    *run = (struct kg_run_info){
        .id = {kg_pg_text(pg, 0, row, 0), kg_pg_text(pg, 0, row, 1),
               kg_pg_text(pg, 0, row, 2), kg_pg_text(pg, 0, row, 3),
               (uint32_t)kg_pg_u64(pg, 0, row, 4)},
        .ns = kg_pg_text(pg, 0, row, 5),
        .job = kg_pg_text(pg, 0, row, 6),
        .pod = kg_pg_text(pg, 0, row, 7),
        .node = kg_pg_text(pg, 0, row, 8),
        .task = kg_pg_text(pg, 0, row, 9),
        .profile = kg_pg_text(pg, 0, row, 10),
        .scanned_at_us = KG_TIME_NONE,
        .started_at_us = KG_TIME_NONE,
        .finished_at_us = KG_TIME_NONE,
    };
    if (kg_time_parse(kg_pg_text(pg, 0, row, 11), &run->scanned_at_us)) {
        run->started_at_us = run->scanned_at_us;
    }
}

/* The callback may close the sink, and with it the connection: the answers must
 * be there no more than until then. */
static void tell_list(struct query *q, struct kg_pg *pg)
{
    struct kg_sink *s = q->job.sink;
    size_t n = kg_pg_rows(pg, 0);
    kg_sink_list_cb list_cb = q->list_cb;
    void *data = q->data;

    for (size_t i = 0; i < n; i++) {
        struct kg_run_info run;

        read_run(pg, i, &run);
        list_cb(data, &run, NULL);
        if (s->sm.state == KG_SINK_CLOSING) {
            return; /* `q` was discarded. */
        }
    }
    free_query(q);
    kg_job_done(pg, NULL);
    list_cb(data, NULL, NULL); /* Last. */
}

static void tell_failure(struct query *q, struct kg_pg *pg,
                         const struct kg_error *e)
{
    struct query copy = *q;
    struct kg_error told = *e;

    free_query(q);
    kg_job_done(pg, NULL);
    if (copy.list_cb != NULL) {
        copy.list_cb(copy.data, NULL, &told); /* Last. */
    } else {
        copy.known_cb(copy.data, false, &told); /* Last. */
    }
}

static void on_answer(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_job *job = pg->data;
    struct query *q = KG_CONTAINER_OF(job, struct query, job);
    kg_sink_known_cb known_cb = q->known_cb;
    void *data = q->data;
    bool known;

    if (e != NULL && (e->code == KG_ESCHEMA || e->code == KG_EFORBIDDEN)) {
        kg_sink_doubt(job->sink);
        kg_job_retry(job, pg, e); /* Last. */
        return;
    }
    if (e != NULL && kg_job_may_retry(e)) {
        kg_job_retry(job, pg, e); /* Last. */
        return;
    }
    if (e != NULL) {
        tell_failure(q, pg, e); /* Last. */
        return;
    }
    if (q->list_cb != NULL) {
        tell_list(q, pg); /* Last. */
        return;
    }
    known = kg_pg_true(pg, 0, 0, 0);
    free_query(q);
    kg_job_done(pg, NULL);
    known_cb(data, known, NULL); /* Last. */
}

static void begin(struct kg_job *job, struct kg_pg *pg)
{
    struct query *q = KG_CONTAINER_OF(job, struct query, job);

    kg_pg_add(pg, q->sql, &q->args);
    kg_pg_go(pg, on_answer);
}

static const struct kg_job_ops ops = {.begin = begin, .discard = discard};

static enum kg_errc submit(struct kg_sink *s, struct query *q)
{
    enum kg_errc code = q->args.err;

    if (code != KG_OK) {
        free_query(q);
        return code;
    }
    kg_job_init(&q->job, s, &ops);
    kg_job_submit(&q->job);
    return KG_OK;
}

enum kg_errc kg_sink_running(struct kg_sink *s, struct kg_str cluster,
                             kg_sink_list_cb list_cb, void *data)
{
    struct query *q = kg_calloc(1, sizeof(*q));

    if (q == NULL) {
        return KG_ENOMEM;
    }
    kg_binds_init(&q->args);
    kg_binds_text(&q->args, cluster);
    q->sql = list_running;
    q->list_cb = list_cb;
    q->data = data;
    return submit(s, q);
}

enum kg_errc kg_sink_job_known(struct kg_sink *s, struct kg_str cluster,
                               struct kg_str ns, struct kg_str job,
                               kg_sink_known_cb known_cb, void *data)
{
    struct query *q = kg_calloc(1, sizeof(*q));

    if (q == NULL) {
        return KG_ENOMEM;
    }
    kg_binds_init(&q->args);
    kg_binds_text(&q->args, cluster);
    kg_binds_text(&q->args, ns);
    kg_binds_text(&q->args, job);
    q->sql = job_known;
    q->known_cb = known_cb;
    q->data = data;
    return submit(s, q);
}
