/* Counters, gauges and histograms, and their text for Prometheus.
 *
 * A family is a static description; a series is a family with a set of label
 * values. Series are made on first use and stay. Label values are escaped. The
 * number of series is bounded: beyond it a sample is counted as dropped. */
#ifndef KUBEGLEAN_METRICS_H
#define KUBEGLEAN_METRICS_H

#include "kubeglean/buf.h"
#include "kubeglean/table.h"

enum kg_metric_type { KG_COUNTER, KG_GAUGE, KG_HISTOGRAM };

enum { KG_METRIC_LABELS_MAX = 3, KG_METRIC_BUCKETS_MAX = 16 };

struct kg_family {
    const char *name; /* "kubeglean_runs_total" */
    const char *help;
    enum kg_metric_type type;
    const char *labels[KG_METRIC_LABELS_MAX]; /* NULL ends them. */
    const double *bounds; /* Histogram: ascending, ended by INFINITY. */
};

struct kg_metrics {
    struct kg_map series; /* Private. */
    size_t n_max;         /* Read-only. */
    uint64_t n_dropped;   /* Read-only: samples without a series. */
};

void kg_metrics_init(struct kg_metrics *m, size_t n_max);
void kg_metrics_finish(struct kg_metrics *m);

/* `values` are as many as the family has labels (NULL without labels). They
 * are copied; `family` is borrowed as long as `m` lives. */
void kg_metrics_add(struct kg_metrics *m, const struct kg_family *family,
                    const struct kg_str *values, double delta);
void kg_metrics_set(struct kg_metrics *m, const struct kg_family *family,
                    const struct kg_str *values, double value);
void kg_metrics_observe(struct kg_metrics *m, const struct kg_family *family,
                        const struct kg_str *values, double value);
/* The text exposition format 0.0.4, families in order of name. */
KG_MUST_USE enum kg_errc kg_metrics_text(const struct kg_metrics *m,
                                         struct kg_buf *out);

#endif /* KUBEGLEAN_METRICS_H */
