/* SPDX-License-Identifier: MIT */
/* Metrics, by the contract's names. */
#include "agent.h"

#include <math.h>

#include "kubeglean/clock.h"

static const double latencies[] = {0.01, 0.05, 0.1, 0.5, 1,
                                   5,    10,   30,  120, INFINITY};
static const double turns[] = {0.0001, 0.001, 0.01, 0.1, 1, INFINITY};

static const struct kg_family runs = {
    .name = "kubeglean_runs_total",
    .help = "Runs settled, by outcome",
    .type = KG_COUNTER,
    .labels = {"profile", "outcome"},
};
static const struct kg_family rows = {
    .name = "kubeglean_rows_total",
    .help = "Rows of stored reports, by what became of them",
    .type = KG_COUNTER,
    .labels = {"profile", "result"},
};
static const struct kg_family log_bytes = {
    .name = "kubeglean_log_bytes_total",
    .help = "Bytes of logs read",
    .type = KG_COUNTER,
};
static const struct kg_family streams = {
    .name = "kubeglean_log_streams",
    .help = "Runs that are not settled, by state",
    .type = KG_GAUGE,
    .labels = {"state"},
};
static const struct kg_family jobs_cached = {
    .name = "kubeglean_jobs_cached",
    .help = "Jobs tracked",
    .type = KG_GAUGE,
};
static const struct kg_family latency = {
    .name = "kubeglean_storage_latency_seconds",
    .help = "From the last byte of a log to COMMIT",
    .type = KG_HISTOGRAM,
    .bounds = latencies,
};
static const struct kg_family not_stored = {
    .name = "kubeglean_runs_not_stored_total",
    .help = "Runs that ended without their reports in the database",
    .type = KG_COUNTER,
};
static const struct kg_family loop_turn = {
    .name = "kubeglean_loop_turn_seconds",
    .help = "Time that one turn of the loop was busy",
    .type = KG_HISTOGRAM,
    .bounds = turns,
};

void kg_measure_bytes(struct kg_agent *a, size_t len)
{
    a->progress.bytes += len;
}

static void add_rows(struct kg_agent *a, const struct kg_stream *s,
                     const char *result, uint64_t n)
{
    struct kg_str values[] = {s->info.profile, kg_str_from(result)};

    kg_metrics_add(&a->metrics, &rows, values, (double)n);
}

void kg_measure_report(struct kg_agent *a, const struct kg_stream *s,
                       const struct kg_report_result *result)
{
    add_rows(a, s, "inserted", result->n_inserted);
    add_rows(a, s, "updated", result->n_updated);
    add_rows(a, s, "unchanged", result->n_unchanged);
    add_rows(a, s, "rejected", result->n_rejected);
}

void kg_measure_run(struct kg_agent *a, const struct kg_run *run)
{
    const struct kg_stream *s = run->data;
    struct kg_run_info info = kg_run_describe(run);
    struct kg_str values[] = {info.profile,
                              kg_str_from(kg_outcome_name(run->outcome))};

    kg_metrics_add(&a->metrics, &runs, values, 1);
    if (!kg_run_is_stored(run)) {
        kg_metrics_add(&a->metrics, &not_stored, NULL, 1);
    } else if (s != NULL && s->finished_ns != 0) {
        kg_metrics_observe(&a->metrics, &latency, NULL,
                           (double)(kg_clock_mono_ns() - s->finished_ns) / 1e9);
    }
}

void kg_measure_levels(struct kg_agent *a)
{
    kg_metrics_set(&a->metrics, &log_bytes, NULL, (double)a->progress.bytes);
    kg_metrics_set(&a->metrics, &jobs_cached, NULL,
                   a->glean != NULL ? (double)kg_glean_n_jobs(a->glean) : 0);
    for (unsigned state = 0; a->glean != NULL && state < KG_RUN_SETTLED;
         state++) {
        struct kg_str value = kg_str_from(kg_run_state_name(state));

        kg_metrics_set(&a->metrics, &streams, &value,
                       (double)kg_glean_n_runs(a->glean, state));
    }
}

void kg_measure_turn(void *agent, uint64_t busy_ns)
{
    struct kg_agent *a = agent;

    kg_metrics_observe(&a->metrics, &loop_turn, NULL, (double)busy_ns / 1e9);
}
