/* SPDX-License-Identifier: MIT */
/* The sink as an agent uses it: reports begin, their rows come a few at a time
 * from all of them in turn, a pause is obeyed, and a report that is stored makes
 * room for the next one. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/heap.h"
#include "kubeglean/sink.h"
#include "ways.h"

enum { TURN_ROWS = 256 }; /* Fed in a turn of the loop. */

struct feeder {
    struct kg_loop loop;
    struct kg_sink *sink;
    const struct load *load;
    struct kg_deferred feed;
    struct kg_queue active; /* Reports that may be fed, */
    struct kg_queue held;   /* and, of load.hold, those that have all. */
    size_t n_held;
    size_t n_begun, n_stored, n_reports;
    double *delays_ms; /* Of each report. */
    bool ready, closed;
};

struct feed {
    struct kg_queue node;
    struct feeder *feeder;
    struct kg_report *report;
    size_t number, at, end;
    uint64_t ended_ns;
};

static _Noreturn void die(const char *what, const struct kg_error *e)
{
    (void)fprintf(stderr, "kg-bench-sink: %s: %s\n", what, e->text);
    exit(1);
}

static void must(enum kg_errc code)
{
    KG_REQUIRE(code == KG_OK);
}

static void on_state(void *data, const struct kg_error *e)
{
    struct feeder *f = data;

    if (e != NULL) {
        die("the sink", e);
    }
    f->ready = true;
}

static void on_table(void *data, const struct kg_error *e)
{
    if (e != NULL) {
        die("the table", e);
    }
    *(bool *)data = true;
}

static void on_closed(void *data)
{
    struct feeder *f = data;

    f->closed = true;
}

static void until(struct feeder *f, const bool *done)
{
    while (!*done) {
        (void)kg_loop_turn(&f->loop);
    }
}

static void begin_reports(struct feeder *f);

static void on_stored(void *data, const struct kg_report_result *result,
                      const struct kg_error *e)
{
    struct feed *feed = data;
    struct feeder *f = feed->feeder;

    if (e != NULL) {
        die("a report", e);
    }
    KG_REQUIRE(result->outcome == KG_COMPLETE && !result->replayed);
    f->delays_ms[f->n_stored++] =
        (double)(kg_clock_mono_ns() - feed->ended_ns) / 1e6;
    kg_free(feed);
    begin_reports(f);
}

static void activate(struct feed *feed)
{
    kg_queue_insert_tail(&feed->feeder->active, &feed->node);
    kg_defer(&feed->feeder->loop, &feed->feeder->feed);
}

static void on_resume(void *data)
{
    activate(data);
}

static void begin_report(struct feeder *f)
{
    static unsigned n_runs;
    const struct load *l = f->load;
    struct feed *feed = kg_calloc(1, sizeof(*feed));
    char uid[40];

    KG_REQUIRE(feed != NULL);
    (void)snprintf(uid, sizeof(uid), "%08x-0000-4000-8000-%012llx", ++n_runs,
                   (unsigned long long)kg_clock_now_us() & 0xffffffffffff);
    const struct kg_run_info run = {
        .id = {.cluster = KG_STR("bench"),
               .job_uid = kg_str_from(uid),
               .pod_uid = kg_str_from(uid),
               .container = KG_STR("krr")},
        .ns = KG_STR("team-a"),
        .job = KG_STR("krr-1"),
        .pod = KG_STR("krr-1-x7k2p"),
        .node = KG_STR("node-1"),
        .task = KG_STR("krr"),
        .profile = KG_STR("krr"),
        .scanned_at_us = l->scanned_at_us,
        .started_at_us = l->scanned_at_us,
        .finished_at_us = KG_TIME_NONE,
    };
    feed->feeder = f;
    feed->number = f->n_begun++;
    feed->at = feed->number * l->n_report;
    feed->end = feed->at + l->n_report;
    kg_queue_init(&feed->node);
    must(kg_report_begin(f->sink, l->rows->def, &run, 0, &feed->report));
    kg_report_on_resume(feed->report, on_resume, feed);
    activate(feed);
}

static void begin_reports(struct feeder *f)
{
    while (f->n_begun < f->n_reports &&
           f->n_begun - f->n_stored < f->load->in_flight) {
        begin_report(f);
    }
}

/* Returns how many rows were fed. */
static size_t feed_some(struct feed *feed)
{
    const struct load *l = feed->feeder->load;
    size_t began = feed->at;
    bool pause = false;

    while (feed->at < feed->end && feed->at - began < l->n_read && !pause) {
        const struct kg_row row = {rows_at(l->rows, feed->at),
                                   feed->at - feed->number * l->n_report};

        must(kg_report_add(feed->report, &row, &pause));
        feed->at++;
    }
    kg_queue_remove(&feed->node);
    if (feed->at == feed->end && l->hold) {
        kg_report_on_resume(feed->report, NULL, NULL);
        kg_queue_insert_tail(&feed->feeder->held, &feed->node);
        feed->feeder->n_held++;
    } else if (feed->at == feed->end) {
        feed->ended_ns = kg_clock_mono_ns();
        kg_report_end(feed->report, on_stored, feed);
    } else if (!pause) {
        activate(feed);
    }
    return feed->at - began;
}

static void on_feed(struct kg_deferred *d)
{
    struct feeder *f = KG_CONTAINER_OF(d, struct feeder, feed);
    struct kg_queue *node;
    size_t n = 0;

    while (n < TURN_ROWS && (node = kg_queue_head(&f->active)) != NULL) {
        n += feed_some(KG_CONTAINER_OF(node, struct feed, node));
    }
    if (!kg_queue_empty(&f->active)) {
        kg_defer(&f->loop, &f->feed);
    }
}

static int compare_delays(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static void note_delays(struct feeder *f, struct measured *m)
{
    qsort(f->delays_ms, f->n_stored, sizeof(f->delays_ms[0]), compare_delays);
    m->p50_ms = f->delays_ms[f->n_stored / 2];
    m->p99_ms = f->delays_ms[f->n_stored * 99 / 100];
    m->max_ms = f->delays_ms[f->n_stored - 1];
}

static void open_sink(struct feeder *f, const struct load *l)
{
    const struct kg_sink_options options = {.conninfo = l->conninfo,
                                            .n_connections = l->n_connections,
                                            .migrate = true};
    struct kg_error e;
    bool fits = false;

    *f = (struct feeder){.load = l, .n_reports = l->rows->n / l->n_report};
    kg_queue_init(&f->active);
    kg_queue_init(&f->held);
    kg_deferred_init(&f->feed, on_feed);
    if (kg_loop_init(&f->loop) != KG_OK ||
        kg_sink_create(&f->loop, &options, &e, &f->sink) != KG_OK) {
        die("the sink", &e);
    }
    kg_sink_start(f->sink, on_state, f);
    until(f, &f->ready);
    must(kg_sink_prepare(f->sink, l->rows->def, on_table, &fits));
    until(f, &fits);
}

static void close_sink(struct feeder *f)
{
    kg_sink_close(f->sink, on_closed, f);
    until(f, &f->closed);
    kg_loop_close(&f->loop);
}

void store_by_kubeglean(const struct load *l, struct measured *ret_measured)
{
    struct feeder f;
    struct stopwatch w;

    open_sink(&f, l);
    f.delays_ms = kg_calloc(f.n_reports, sizeof(double));
    KG_REQUIRE(f.delays_ms != NULL && f.n_reports > 0);
    w = stopwatch_begin(l->conninfo);
    begin_reports(&f);
    while (f.n_stored < f.n_reports) {
        (void)kg_loop_turn(&f.loop);
    }
    stopwatch_end(&w, ret_measured);
    note_delays(&f, ret_measured);
    close_sink(&f);
    kg_free(f.delays_ms);
}

/* --- what a report holds --------------------------------------------------------- */

static size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void on_quiet(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Until what was on its way to staging is there. */
static void wait_until_quiet(struct feeder *f)
{
    enum { QUIET_MS = 500 };
    bool quiet = false;
    uv_timer_t timer = {.data = &quiet};

    (void)uv_timer_init(&f->loop.uv, &timer);
    (void)uv_timer_start(&timer, on_quiet, QUIET_MS, 0);
    until(f, &quiet);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)kg_loop_turn(&f->loop);
}

double hold_by_kubeglean(const struct load *l)
{
    struct kg_queue *node;
    struct feeder f;
    size_t before;
    double held;

    open_sink(&f, l);
    before = heap_in_use();
    begin_reports(&f);
    while (f.n_held < f.n_reports) {
        (void)kg_loop_turn(&f.loop);
    }
    wait_until_quiet(&f);
    held = (double)(heap_in_use() - before);
    while ((node = kg_queue_head(&f.held)) != NULL) {
        struct feed *feed = KG_CONTAINER_OF(node, struct feed, node);

        kg_queue_remove(node);
        kg_report_abort(feed->report);
        kg_free(feed);
    }
    close_sink(&f);
    return held / (double)f.n_reports;
}
