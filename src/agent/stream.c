/* SPDX-License-Identifier: MIT */
/* One run, as the wiring carries it out.
 *
 * Happy path: the ledger is told; the log's bytes go through the reader, whose
 * rows go to the sink; at the log's end the reader is finished, and when every
 * report is stored the outcome is recorded.
 *
 * Failure modes: the sink cannot keep up (the log is paused, and resumed when it
 * can); the reader or a report gives up (the log ends as KG_LOG_LIMIT); the log
 * breaks (the core says when to resume it). */
#include "agent.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"

enum { TAIL_MAX = 4096, TAIL_LINES = 10 };

static void step(struct kg_stream *s, struct kg_event event)
{
    if (!s->closed) {
        event.id = s->run;
        kg_agent_step(s->agent, &event);
    }
}

/* The sink will call back; when it is closed first, it will not. */
static void asked(struct kg_stream *s)
{
    s->n_asked++;
    kg_latch_hold(&s->open);
}

static void answered(struct kg_stream *s)
{
    s->n_asked--;
    kg_latch_release(&s->open);
}

static struct kg_stream *stream_of(const struct kg_run *run)
{
    return run->data;
}

/* --- reports -------------------------------------------------------------- */

static void on_resume(void *data)
{
    struct kg_stream *s = data;

    kg_podlog_resume(&s->log);
}

/* COMMIT was said, or the report is given up. */
static void on_stored(void *data, const struct kg_report_result *result,
                      const struct kg_error *e)
{
    struct kg_stream *s = data;
    struct kg_stored_facts facts = {0};

    if (e == NULL) {
        kg_measure_report(s->agent, s, result);
        facts.rows =
            result->n_inserted + result->n_updated + result->n_unchanged;
        facts.rows_rejected = result->n_rejected;
        facts.outcome = result->outcome;
    }
    step(s,
         (struct kg_event){.kind = KG_EV_STORED, .stored = &facts, .error = e});
    answered(s);
}

static bool on_begin(void *data, uint64_t ordinal)
{
    struct kg_stream *s = data;
    const struct kg_table_def *def = kg_profile_table(s->task->profile);

    s->has_late = false;
    if (s->agent->sink == NULL) {
        return true;
    }
    if (kg_report_begin(s->agent->sink, def, &s->info, (uint32_t)ordinal,
                        &s->report) != KG_OK) {
        return false;
    }
    kg_report_on_resume(s->report, on_resume, s);
    return true;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct kg_stream *s = data;
    bool pause = false;

    s->has_late = s->has_late || row->late != 0;
    s->agent->progress.rows++;
    if (s->agent->sink == NULL) {
        s->n_printed++;
        return s->agent->options.row_cb(s->agent->options.row_data,
                                        kg_profile_table(s->task->profile),
                                        row);
    }
    if (kg_report_add(s->report, row, &pause) != KG_OK) {
        return false;
    }
    if (pause && s->is_open) {
        kg_podlog_pause(&s->log);
    }
    return true;
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    struct kg_stream *s = data;

    s->read.rows_rejected++;
    return s->agent->sink == NULL ||
           kg_report_reject(s->report, row, column, reason) == KG_OK;
}

/* Hands the report over. */
static void store(struct kg_stream *s)
{
    struct kg_report *report = s->report;

    s->report = NULL;
    s->agent->progress.reports++;
    step(s, (struct kg_event){.kind = KG_EV_REPORT});
    if (s->agent->sink == NULL) {
        kg_stream_later(s, KG_LATER_STORED);
        return;
    }
    asked(s);
    kg_report_end(report, on_stored, s);
}

static void drop(struct kg_stream *s)
{
    if (s->report != NULL) {
        kg_report_abort(s->report);
        s->report = NULL;
    }
}

static enum kg_errc complete_report(struct kg_report *r,
                                    const struct kg_report_end *end)
{
    const struct kg_row scope = {.values = end->scope};

    if (end->outcome != KG_COMPLETE) {
        kg_report_partial(r);
    }
    if (end->late != NULL) {
        return kg_report_join(r, end->late);
    }
    return end->scope != NULL ? kg_report_empty(r, &scope) : KG_OK;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct kg_stream *s = data;
    bool keeps = kg_profile_keeps_incomplete(s->task->profile) &&
                 (!s->has_late || end->late != NULL);

    if (!kg_read_take(&s->read, end->outcome, end->reason, keeps)) {
        drop(s);
        return true;
    }
    if (s->report != NULL && complete_report(s->report, end) != KG_OK) {
        return false; /* No memory. */
    }
    store(s);
    return true;
}

static enum kg_errc open_reader(struct kg_stream *s)
{
    static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                             .row_cb = on_row,
                                             .reject_cb = on_reject,
                                             .end_cb = on_end};
    struct kg_reader_options options = {
        .profile = s->task->profile,
        .root = kg_profile_root(s->task->profile),
        .takes_late = s->agent->sink != NULL,
        .run = &s->info,
    };

    return kg_reader_create(&options, &ops, s, &s->reader);
}

/* --- log ------------------------------------------------------------------ */

static void keep_tail(struct kg_stream *s, struct kg_str bytes)
{
    if (bytes.len > TAIL_MAX) {
        bytes = kg_str_of(bytes.ptr + bytes.len - TAIL_MAX, TAIL_MAX);
    }
    if (kg_buf_len(&s->tail) + bytes.len > TAIL_MAX) {
        kg_buf_consume(&s->tail, kg_buf_len(&s->tail) + bytes.len - TAIL_MAX);
    }
    if (kg_buf_add(&s->tail, bytes) != KG_OK) {
        kg_buf_reset(&s->tail); /* Only for people; it may begin anew. */
    }
}

static void on_bytes(struct kg_podlog *l, struct kg_str bytes)
{
    struct kg_stream *s = l->data;

    kg_measure_bytes(s->agent, bytes.len);
    s->read.bytes += bytes.len;
    keep_tail(s, bytes);
    if (kg_reader_feed(s->reader, bytes) != KG_OK) {
        kg_podlog_stop(l);
        kg_stream_later(s, KG_LATER_LIMIT);
    }
}

static void on_gap(struct kg_podlog *l)
{
    struct kg_stream *s = l->data;

    s->read.gaps++;
    kg_reader_doubt(s->reader, "gap");
}

static void on_log_end(struct kg_podlog *l, enum kg_podlog_end end,
                       const struct kg_error *e)
{
    static const enum kg_log_end ends[] = {
        [KG_PODLOG_EOF] = KG_LOG_EOF,
        [KG_PODLOG_BROKEN] = KG_LOG_BROKEN,
        [KG_PODLOG_NOT_STARTED] = KG_LOG_NOT_STARTED,
        [KG_PODLOG_GONE] = KG_LOG_GONE,
        [KG_PODLOG_REFUSED] = KG_LOG_REFUSED,
    };
    struct kg_stream *s = l->data;

    step(s, (struct kg_event){
                .kind = KG_EV_LOG_ENDED, .end = ends[end], .error = e});
}

static enum kg_errc start_log(struct kg_stream *s)
{
    return kg_podlog_start(&s->log, on_bytes, on_gap, on_log_end);
}

static enum kg_errc open_log(struct kg_stream *s)
{
    enum kg_errc rc = kg_podlog_init(&s->log, &s->agent->kube, s->info.ns,
                                     s->info.pod, s->info.id.container);

    if (rc == KG_OK) {
        s->log.data = s;
        s->is_open = true;
        rc = start_log(s);
    }
    return rc;
}

void kg_stream_follow(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = stream_of(run);

    if (s == NULL) {
        return;
    }
    s->info = kg_run_describe(run);
    s->info.id.cluster = kg_str_from(a->options.config->cluster);
    if (open_reader(s) != KG_OK || open_log(s) != KG_OK) {
        kg_stream_later(s, KG_LATER_LIMIT);
    }
}

void kg_stream_resume(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = stream_of(run);

    (void)a;
    if (start_log(s) != KG_OK) {
        kg_stream_later(s, KG_LATER_LIMIT);
    }
}

void kg_stream_tell_tail(const struct kg_run *run)
{
    struct kg_stream *s = stream_of(run);
    struct kg_str rest;
    size_t n_lines = 1;

    if (s == NULL) {
        return;
    }
    rest = kg_str_trim(kg_buf_str(&s->tail));
    for (size_t i = 0; i < rest.len; i++) {
        n_lines += rest.ptr[i] == '\n' ? 1 : 0;
    }
    while (rest.len > 0) {
        struct kg_str line = kg_str_cut(&rest, '\n');

        if (n_lines-- <= TAIL_LINES) {
            KG_LOG(KG_LOG_WARN, "last lines of a failed run",
                   KG_F("job", run->job->path), KG_F("pod", run->pod),
                   KG_FS("line", line));
        }
    }
}

/* --- events from the next turn ---------------------------------------------- */

static void finish(struct kg_stream *s)
{
    const struct kg_run *run = kg_glean_run(s->agent->glean, s->run);

    s->finished_ns = kg_clock_mono_ns();
    if (s->is_open) {
        kg_podlog_stop(&s->log);
    }
    if (s->reader != NULL && run != NULL) {
        const struct kg_reader_stats *stats = kg_reader_stats(s->reader);

        if (kg_reader_finish(s->reader, run->cut) != KG_OK) {
            s->read.incomplete++;
            s->read.reason = "limit";
        }
        s->read.damaged = stats->damaged;
        s->read.headless = stats->headless;
    }
    drop(s);
    step(s, (struct kg_event){.kind = KG_EV_READ, .read = &s->read});
}

/* Without a database a row is stored when it is printed. */
static void tell_stored(struct kg_stream *s)
{
    const struct kg_run *run = kg_glean_run(s->agent->glean, s->run);
    struct kg_stored_facts stored = {.rows = s->n_printed};

    s->n_printed = 0;
    while (run != NULL && run->n_open > 0) {
        step(s, (struct kg_event){.kind = KG_EV_STORED, .stored = &stored});
        stored.rows = 0;
    }
}

static void tell_recorded(struct kg_stream *s, const struct kg_error *e)
{
    const struct kg_run *run = kg_glean_run(s->agent->glean, s->run);

    if (run != NULL) {
        step(s, (struct kg_event){.kind = KG_EV_RECORDED,
                                  .outcome = run->outcome,
                                  .error = e});
    }
}

static void on_later(struct kg_deferred *d)
{
    static const struct kg_error no_memory = {
        .code = KG_ENOMEM, .text = "no memory to record the run"};
    struct kg_stream *s = KG_CONTAINER_OF(d, struct kg_stream, deferred);
    uint32_t later = s->later;

    s->later = 0;
    if (later & KG_LATER_BEGUN) {
        step(s, (struct kg_event){.kind = KG_EV_BEGUN});
    }
    if (later & KG_LATER_LIMIT) {
        step(s,
             (struct kg_event){.kind = KG_EV_LOG_ENDED, .end = KG_LOG_LIMIT});
    }
    if (later & KG_LATER_FINISH) {
        finish(s);
    }
    if (later & KG_LATER_STORED) {
        tell_stored(s);
    }
    if (later & (KG_LATER_RECORDED | KG_LATER_UNRECORDED)) {
        tell_recorded(s, later & KG_LATER_RECORDED ? NULL : &no_memory);
    }
}

void kg_stream_later(struct kg_stream *s, enum kg_later what)
{
    s->later |= what;
    kg_defer(s->agent->loop, &s->deferred);
}

void kg_stream_finish(struct kg_agent *a, struct kg_run *run)
{
    (void)a;
    if (stream_of(run) != NULL) {
        kg_stream_later(stream_of(run), KG_LATER_FINISH);
    }
}

/* --- ledger --------------------------------------------------------------- */

static void on_begun(void *data, const struct kg_ledger_entry *entry,
                     const struct kg_error *e)
{
    struct kg_stream *s = data;

    step(s, (struct kg_event){
                .kind = KG_EV_BEGUN, .outcome = entry->outcome, .error = e});
    answered(s);
}

static void on_recorded(void *data, const struct kg_ledger_entry *entry,
                        const struct kg_error *e)
{
    struct kg_stream *s = data;

    step(s, (struct kg_event){
                .kind = KG_EV_RECORDED, .outcome = entry->outcome, .error = e});
    answered(s);
}

static struct kg_stream *create(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = kg_calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->agent = a;
    s->run = run->id;
    s->task = run->job->task != NULL ? kg_agent_task(a, run->job->task) : NULL;
    s->info = kg_run_describe(run);
    s->info.id.cluster = kg_str_from(a->options.config->cluster);
    kg_buf_init(&s->tail, (size_t)2 * TAIL_MAX);
    kg_deferred_init(&s->deferred, on_later);
    kg_latch_init(&s->open, a->loop);
    kg_queue_insert_tail(&a->streams, &s->node);
    kg_latch_hold(&a->open);
    run->data = s;
    return s;
}

/* For lack of memory the run stays `running`, and its Job is kept. */
static struct kg_stream *find_or_create(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = stream_of(run);

    if (s == NULL) {
        s = create(a, run);
    }
    if (s == NULL) {
        KG_LOG(KG_LOG_ERROR, "no memory for a run", KG_F("job", run->job->path),
               KG_F("pod", run->pod));
    }
    return s;
}

void kg_stream_begin(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = find_or_create(a, run);

    if (s == NULL) {
        return;
    }
    if (a->sink == NULL) {
        kg_stream_later(s, KG_LATER_BEGUN);
        return;
    }
    if (kg_sink_seen(a->sink, &s->info, on_begun, s) == KG_OK) {
        asked(s);
    }
}

void kg_stream_record(struct kg_agent *a, struct kg_run *run)
{
    struct kg_stream *s = find_or_create(a, run);
    struct kg_settlement settlement = {
        .outcome = run->outcome,
        .reason = kg_str_from(run->reason),
        .bytes = run->read.bytes,
    };

    if (s == NULL) {
        return;
    }
    s->info = kg_run_describe(run);
    s->info.id.cluster = kg_str_from(a->options.config->cluster);
    if (a->sink == NULL) {
        kg_stream_later(s, KG_LATER_RECORDED);
        return;
    }
    if (kg_sink_settle(a->sink, &s->info, &settlement, on_recorded, s) ==
        KG_OK) {
        asked(s);
    } else {
        kg_stream_later(s, KG_LATER_UNRECORDED);
    }
}

/* --- end ------------------------------------------------------------------ */

static void on_released(struct kg_latch *open)
{
    struct kg_stream *s = KG_CONTAINER_OF(open, struct kg_stream, open);
    struct kg_agent *a = s->agent;

    kg_queue_remove(&s->node);
    kg_buf_finish(&s->tail);
    kg_free(s);
    kg_latch_release(&a->open); /* Last: may be the agent's end. */
}

static void on_log_closed(struct kg_podlog *l)
{
    struct kg_stream *s = l->data;

    kg_latch_release(&s->open);
}

static void close_stream(struct kg_stream *s)
{
    if (s->closed) {
        return;
    }
    s->closed = true;
    kg_deferred_cancel(&s->deferred);
    drop(s);
    kg_reader_destroy(s->reader);
    s->reader = NULL;
    if (s->is_open) {
        kg_latch_hold(&s->open);
        kg_podlog_close(&s->log, on_log_closed);
    }
    kg_latch_close(&s->open, on_released);
}

void kg_stream_close(struct kg_agent *a, struct kg_run *run)
{
    (void)a;
    if (stream_of(run) != NULL) {
        close_stream(stream_of(run));
        run->data = NULL;
    }
}

/* After the sink: what it was asked will not be answered any more. */
void kg_stream_close_all(struct kg_agent *a)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &a->streams) {
        struct kg_stream *s = KG_CONTAINER_OF(node, struct kg_stream, node);

        s->report = NULL; /* The sink's, which is closed. */
        close_stream(s);
        while (s->n_asked > 0) {
            answered(s);
        }
    }
}
