/* SPDX-License-Identifier: MIT */
/* The happy path of a sink is:
 * - the first worker connects, looks at the ledger's tables, makes what is
 *   missing, and reads the installation's id: READY;
 * - the other workers connect; each free one takes jobs, or else gathers items
 *   into a batch.
 *
 * Possible failure modes are:
 * - a connection cannot be had, or is lost: its worker waits and tries again;
 *   what it was doing goes back to where it was taken from. Without any
 *   connection the sink is DOWN, and says why, once;
 * - our tables do not fit, or rights are missing: STARTING goes on, slowly;
 * - that is found out later: the next connection looks at all of them again;
 * - a transaction was given up with its connection: the worker's next one ends
 *   what the server may still be doing. */
#include "internal.h"

#include <stdio.h>

#include "conninfo.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

/* Slowly: what only a person can cure. */
enum { BACKOFF_SLOW_MS = 5000, TROUBLES_TOLD = 5 };

static const struct kg_sm_state sink_states[KG_SINK_STATE_NR] = {
    [KG_SINK_IDLE] = {"idle",
                      KG_SM_TO(KG_SINK_STARTING) | KG_SM_TO(KG_SINK_CLOSING)},
    [KG_SINK_STARTING] = {"starting", KG_SM_TO(KG_SINK_READY) |
                                          KG_SM_TO(KG_SINK_GAVE_UP) |
                                          KG_SM_TO(KG_SINK_CLOSING)},
    [KG_SINK_READY] = {"ready",
                       KG_SM_TO(KG_SINK_DOWN) | KG_SM_TO(KG_SINK_CLOSING)},
    [KG_SINK_DOWN] = {"down",
                      KG_SM_TO(KG_SINK_READY) | KG_SM_TO(KG_SINK_CLOSING)},
    [KG_SINK_GAVE_UP] = {"gave up", KG_SM_TO(KG_SINK_CLOSING)},
    [KG_SINK_CLOSING] = {"closing", 0},
};

/*      start            connected        tables fit
 * OFF ------> CONNECTING ------> PREPARING -----> FREE <--> BUSY
 *                  ^  |               |             |        |
 *                  |  '---> WAITING <-'-------------'--------'  lost
 *                  '---------' timer
 * Only one, connected or FREE, prepares the sink while it is not prepared. */
enum { OFF, CONNECTING, PREPARING, FREE, BUSY, WAITING, WORKER_STATE_NR };

static const struct kg_sm_state worker_states[WORKER_STATE_NR] = {
    [OFF] = {"off", KG_SM_TO(CONNECTING)},
    [CONNECTING] = {"connecting", KG_SM_TO(PREPARING) | KG_SM_TO(FREE) |
                                      KG_SM_TO(WAITING) | KG_SM_TO(OFF)},
    [PREPARING] = {"preparing",
                   KG_SM_TO(FREE) | KG_SM_TO(WAITING) | KG_SM_TO(OFF)},
    [FREE] = {"free", KG_SM_TO(BUSY) | KG_SM_TO(PREPARING) | KG_SM_TO(WAITING) |
                          KG_SM_TO(OFF)},
    [BUSY] = {"busy", KG_SM_TO(FREE) | KG_SM_TO(WAITING) | KG_SM_TO(OFF)},
    [WAITING] = {"waiting", KG_SM_TO(CONNECTING) | KG_SM_TO(OFF)},
};

/* --- saying how it is --------------------------------------------------------- */

static void tell_state(struct kg_sink *s, const struct kg_error *e)
{
    if (e == NULL) {
        kg_error_clear(&s->told);
    } else if (s->told.code == e->code && strcmp(s->told.text, e->text) == 0) {
        return; /* It was said. */
    } else {
        s->told = *e;
    }
    s->state_cb(s->state_data, e); /* Last: may close. */
}

static unsigned count_up(const struct kg_sink *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n_workers; i++) {
        unsigned state = s->workers[i].sm.state;

        n += state == FREE || state == BUSY;
    }
    return n;
}

/* --- workers: to connect ---------------------------------------------------------- */

static void on_connected(struct kg_pg *pg, const struct kg_error *e);

static void worker_connect(struct kg_worker *w)
{
    kg_sm_move(&w->sm, CONNECTING);
    kg_pg_connect(&w->pg, on_connected);
}

static void on_worker_timer(uv_timer_t *timer)
{
    worker_connect(KG_CONTAINER_OF(timer, struct kg_worker, timer));
}

static void give_up(struct kg_sink *s, const struct kg_error *e)
{
    struct kg_worker *w = &s->workers[0];

    kg_pg_drop(&w->pg);
    kg_sm_move(&w->sm, OFF);
    kg_sm_move(&s->sm, KG_SINK_GAVE_UP);
    tell_state(s, e); /* Last. */
}

static void wait(struct kg_worker *w, bool slowly)
{
    uint32_t wait_ms = kg_backoff_next(&w->backoff);

    kg_pg_drop(&w->pg);
    kg_sm_move(&w->sm, WAITING);
    if (slowly && wait_ms < BACKOFF_SLOW_MS) {
        wait_ms = BACKOFF_SLOW_MS;
    }
    (void)uv_timer_start(&w->timer, on_worker_timer, wait_ms, 0);
}

/* The worker has no connection, or none that is of use. */
static void worker_lost(struct kg_worker *w, const struct kg_error *e)
{
    struct kg_sink *s = w->sink;

    if (s->sm.state == KG_SINK_STARTING && s->give_up) {
        give_up(s, e); /* Last. */
        return;
    }
    wait(w, s->sm.state != KG_SINK_READY &&
                kg_error_remedy(e->code) == KG_REMEDY_EXIT);
    if (s->sm.state == KG_SINK_READY && count_up(s) == 0) {
        kg_sm_move(&s->sm, KG_SINK_DOWN);
    }
    if (s->sm.state != KG_SINK_READY || s->n_troubles >= TROUBLES_TOLD) {
        tell_state(s, e); /* Last. */
    }
}

static void worker_ready(struct kg_worker *w)
{
    struct kg_sink *s = w->sink;

    kg_sm_move(&w->sm, FREE);
    kg_sink_dispatch(s);
    if (s->sm.state == KG_SINK_READY) {
        return;
    }
    kg_sm_move(&s->sm, KG_SINK_READY);
    for (unsigned i = 0; i < s->n_workers; i++) {
        if (s->workers[i].sm.state == OFF) {
            worker_connect(&s->workers[i]);
        }
    }
    tell_state(s, NULL); /* Last. */
}

static void on_installation(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_worker *w = KG_CONTAINER_OF(pg, struct kg_worker, pg);
    struct kg_sink *s = w->sink;
    struct kg_str id;

    if (e != NULL) {
        worker_lost(w, e); /* Last. */
        return;
    }
    id = kg_pg_text(pg, 1, 0, 0);
    (void)snprintf(s->installation, sizeof(s->installation), "%.*s",
                   KG_STR_ARG(id));
    s->prepared = true;
    worker_ready(w); /* Last. */
}

static void on_schema(struct kg_schema *c, struct kg_pg *pg,
                      const struct kg_error *e)
{
    struct kg_worker *w = KG_CONTAINER_OF(pg, struct kg_worker, pg);

    (void)c;
    if (e != NULL) {
        worker_lost(w, e); /* Last. */
        return;
    }
    kg_pg_add(pg,
              "INSERT INTO kubeglean_installation DEFAULT VALUES"
              " ON CONFLICT DO NOTHING",
              NULL);
    kg_pg_add(pg, "SELECT id FROM kubeglean_installation", NULL);
    kg_pg_go(pg, on_installation);
}

/* Another worker looks at the tables: this one comes back when that is done. */
static bool is_preparing(const struct kg_sink *s)
{
    for (unsigned i = 0; i < s->n_workers; i++) {
        if (s->workers[i].sm.state == PREPARING) {
            return true;
        }
    }
    return false;
}

static void on_xact_ended(struct kg_pg *pg, const struct kg_error *e)
{
    if (pg->sm.state != KG_PG_DOWN) {
        kg_pg_forget_xact(pg); /* What cannot be ended ends by itself. */
        e = NULL;
    }
    on_connected(pg, e); /* Last. */
}

static void on_connected(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_worker *w = KG_CONTAINER_OF(pg, struct kg_worker, pg);
    struct kg_sink *s = w->sink;

    if (e != NULL) {
        worker_lost(w, e); /* Last. */
        return;
    }
    if (kg_pg_has_xact(pg)) {
        kg_pg_end_xact(pg, on_xact_ended);
        return;
    }
    if (s->prepared) {
        kg_backoff_reset(&w->backoff);
        worker_ready(w); /* Last. */
        return;
    }
    if (is_preparing(s)) {
        wait(w, false);
        return;
    }
    kg_sm_move(&w->sm, PREPARING);
    kg_schema_check(&s->schema, pg, on_schema);
}

static void on_lost(struct kg_pg *pg, const struct kg_error *e)
{
    worker_lost(KG_CONTAINER_OF(pg, struct kg_worker, pg), e); /* Last. */
}

/* --- workers: to work ---------------------------------------------------------------- */

static struct kg_job *next_job(struct kg_sink *s)
{
    uint64_t now_ms = kg_loop_now_ms(s->loop);
    struct kg_queue *node;

    kg_queue_foreach (node, &s->jobs) {
        struct kg_job *job = KG_CONTAINER_OF(node, struct kg_job, node);

        if (job->due_ms <= now_ms) {
            kg_queue_remove(node);
            return job;
        }
    }
    return NULL;
}

/* False: our own tables are in doubt. One worker looks, the others wait. */
static bool is_prepared(struct kg_worker *w)
{
    struct kg_sink *s = w->sink;

    if (!s->prepared && !is_preparing(s)) {
        kg_sm_move(&w->sm, PREPARING);
        kg_schema_check(&s->schema, &w->pg, on_schema);
    }
    return s->prepared;
}

static void give_work(struct kg_worker *w)
{
    struct kg_job *job;

    if (!is_prepared(w)) {
        return;
    }
    job = next_job(w->sink);
    if (job == NULL && kg_batch_gather(&w->batch)) {
        job = &w->batch.job;
    }
    if (job == NULL) {
        return;
    }
    w->job = job;
    kg_sm_move(&w->sm, BUSY);
    w->pg.data = job;
    job->ops->begin(job, &w->pg);
}

static void wake_at(uint64_t due_ms, uint64_t now_ms, uint64_t *min_ms)
{
    if (due_ms > now_ms && due_ms - now_ms < *min_ms) {
        *min_ms = due_ms - now_ms;
    }
}

static void on_timer(uv_timer_t *timer)
{
    kg_sink_dispatch(KG_CONTAINER_OF(timer, struct kg_sink, timer));
}

static void arm_timer(struct kg_sink *s)
{
    uint64_t now_ms = kg_loop_now_ms(s->loop);
    uint64_t min_ms = UINT64_MAX;
    struct kg_queue *node;

    kg_queue_foreach (node, &s->jobs) {
        wake_at(KG_CONTAINER_OF(node, struct kg_job, node)->due_ms, now_ms,
                &min_ms);
    }
    kg_queue_foreach (node, &s->ready) {
        wake_at(KG_CONTAINER_OF(node, struct kg_item, node)->due_ms, now_ms,
                &min_ms);
    }
    if (min_ms != UINT64_MAX) {
        (void)uv_timer_start(&s->timer, on_timer, min_ms, 0);
    }
}

static void on_dispatch(struct kg_deferred *d)
{
    struct kg_sink *s = KG_CONTAINER_OF(d, struct kg_sink, dispatch);

    for (unsigned i = 0; i < s->n_workers; i++) {
        if (s->workers[i].sm.state == FREE) {
            give_work(&s->workers[i]);
        }
    }
    arm_timer(s);
    kg_report_resume(s); /* Last: may close. */
}

void kg_sink_dispatch(struct kg_sink *s)
{
    if (s->sm.state != KG_SINK_CLOSING) {
        kg_defer(s->loop, &s->dispatch);
    }
}

/* A server that became read-only has a successor; missing tables and rights are
 * looked at on a new connection. */
static bool wants_anew(const struct kg_error *e)
{
    return e->native == KG_SQLSTATE("25006") || e->code == KG_ESCHEMA ||
           e->code == KG_EFORBIDDEN;
}

static void count_trouble(struct kg_sink *s, const struct kg_error *e)
{
    if (e == NULL) {
        s->n_troubles = 0;
    } else if (kg_job_may_retry(e)) {
        s->n_troubles++;
    }
}

/* What fails again and again is told although there is a connection: the disk
 * is full, say. */
static void tell_trouble(struct kg_sink *s, const struct kg_error *e)
{
    if (s->n_troubles >= TROUBLES_TOLD && e != NULL) {
        tell_state(s, e); /* Last. */
    } else if (e == NULL && s->told.code != KG_OK &&
               s->sm.state == KG_SINK_READY) {
        tell_state(s, NULL); /* Last. */
    }
}

void kg_job_done(struct kg_pg *pg, const struct kg_error *e)
{
    struct kg_worker *w = KG_CONTAINER_OF(pg, struct kg_worker, pg);
    struct kg_sink *s = w->sink;

    w->job = NULL;
    count_trouble(s, e);
    if (pg->sm.state != KG_PG_DOWN) {
        kg_pg_forget_xact(pg);
    }
    if (pg->sm.state == KG_PG_DOWN || (e != NULL && wants_anew(e))) {
        worker_lost(w, e); /* Last. */
        return;
    }
    if (e == NULL) {
        kg_backoff_reset(&w->backoff);
    }
    kg_sm_move(&w->sm, FREE);
    kg_sink_dispatch(s);
    tell_trouble(s, e); /* Last. */
}

/* --- life -------------------------------------------------------------------------------- */

static void on_tell(struct kg_deferred *d)
{
    struct kg_sink *s = KG_CONTAINER_OF(d, struct kg_sink, tell);
    struct kg_queue *node;

    while (s->sm.state != KG_SINK_CLOSING &&
           (node = kg_queue_head(&s->done)) != NULL) {
        kg_queue_remove(node);
        kg_item_tell(KG_CONTAINER_OF(node, struct kg_item, node), s);
    }
}

static void init_worker(struct kg_worker *w, struct kg_sink *s)
{
    w->sink = s;
    kg_sm_init(&w->sm, "worker", worker_states, OFF);
    kg_pg_init(&w->pg, s->loop, s->conninfo, s->answer_ms, on_lost);
    kg_batch_init(&w->batch, s);
    kg_backoff_init(&w->backoff, KG_BACKOFF_FIRST_MS, KG_BACKOFF_MAX_MS,
                    kg_random_next(&s->random));
    (void)uv_timer_init(&s->loop->uv, &w->timer);
}

static void init_lists(struct kg_sink *s)
{
    kg_queue_init(&s->jobs);
    kg_queue_init(&s->ready);
    kg_queue_init(&s->done);
    kg_queue_init(&s->reports);
    kg_queue_init(&s->paused);
    kg_queue_init(&s->targets);
    kg_map_init(&s->target_defs);
    kg_map_init(&s->runs);
}

enum kg_errc kg_sink_create(struct kg_loop *loop,
                            const struct kg_sink_options *options,
                            struct kg_error *e, struct kg_sink **ret_sink)
{
    enum kg_errc code = kg_conninfo_check(options->conninfo, e);
    struct kg_sink *s;

    if (code != KG_OK) {
        return code;
    }
    s = kg_calloc(1, sizeof(*s));
    if (s == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "the sink: out of memory");
    }
    s->n_workers = options->n_connections > 0 ? options->n_connections
                                              : KG_LIMIT_CONNECTIONS;
    s->workers = kg_calloc(s->n_workers, sizeof(s->workers[0]));
    s->conninfo =
        options->conninfo != NULL ? kg_strdup(options->conninfo) : NULL;
    if (s->workers == NULL ||
        (options->conninfo != NULL && s->conninfo == NULL)) {
        kg_free(s->workers);
        kg_free(s->conninfo);
        kg_free(s);
        return kg_error_set(e, KG_ENOMEM, 0, "the sink: out of memory");
    }
    s->loop = loop;
    s->migrate = options->migrate;
    s->give_up = options->give_up;
    s->answer_ms =
        options->answer_ms > 0 ? options->answer_ms : KG_LIMIT_ANSWER_MS;
    s->schema = (struct kg_schema){.relations = kg_own_relations,
                                   .n_relations = KG_OWN_RELATIONS,
                                   .migrate = options->migrate};
    kg_sm_init(&s->sm, "sink", sink_states, KG_SINK_IDLE);
    init_lists(s);
    kg_random_init(&s->random, uv_hrtime());
    kg_deferred_init(&s->tell, on_tell);
    kg_deferred_init(&s->dispatch, on_dispatch);
    kg_latch_init(&s->latch, loop);
    (void)uv_timer_init(&loop->uv, &s->timer);
    for (unsigned i = 0; i < s->n_workers; i++) {
        init_worker(&s->workers[i], s);
    }
    *ret_sink = s;
    return KG_OK;
}

void kg_sink_start(struct kg_sink *s, kg_sink_state_cb state_cb, void *data)
{
    s->state_cb = state_cb;
    s->state_data = data;
    kg_sm_move(&s->sm, KG_SINK_STARTING);
    worker_connect(&s->workers[0]);
}

bool kg_sink_is_ready(const struct kg_sink *s)
{
    return s->sm.state == KG_SINK_READY;
}

const char *kg_sink_trouble(const struct kg_sink *s)
{
    return s->told.code != KG_OK ? s->told.text : NULL;
}

struct kg_str kg_sink_installation(const struct kg_sink *s)
{
    return kg_str_from(s->installation);
}

void kg_sink_doubt(struct kg_sink *s)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &s->targets) {
        kg_target_doubt(KG_CONTAINER_OF(node, struct kg_target, node));
    }
    s->prepared = false;
}

void kg_sink_bytes(struct kg_sink *s, size_t add, size_t sub)
{
    KG_REQUIRE(s->n_bytes + add >= sub);
    s->n_bytes = s->n_bytes + add - sub;
}

static void on_all_closed(struct kg_latch *latch)
{
    struct kg_sink *s = KG_CONTAINER_OF(latch, struct kg_sink, latch);
    kg_sink_close_cb close_cb = s->close_cb;
    void *data = s->close_data;

    for (unsigned i = 0; i < s->n_workers; i++) {
        kg_batch_finish(&s->workers[i].batch);
    }
    kg_map_finish(&s->runs);
    kg_map_finish(&s->target_defs);
    kg_free(s->workers);
    kg_free(s->conninfo);
    kg_free(s);
    close_cb(data); /* Last. */
}

void kg_sink_close(struct kg_sink *s, kg_sink_close_cb close_cb, void *data)
{
    kg_sm_move(&s->sm, KG_SINK_CLOSING);
    s->close_cb = close_cb;
    s->close_data = data;
    kg_deferred_cancel(&s->tell);
    kg_deferred_cancel(&s->dispatch);
    kg_latch_close_handle(&s->latch, (uv_handle_t *)&s->timer);
    for (unsigned i = 0; i < s->n_workers; i++) {
        kg_worker_leave(&s->workers[i]);
    }
    kg_sink_discard(s);
    kg_latch_close(&s->latch, on_all_closed);
}

int kg_sink_client_version(void)
{
    return PQlibVersion();
}
