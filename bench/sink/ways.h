/* The ways to get rows into a table that are compared. */
#ifndef BENCH_SINK_WAYS_H
#define BENCH_SINK_WAYS_H

#include "rows.h"

/* What is to be stored: reports of `n_report` rows each, which in all use each
 * of `rows` once. */
struct load {
    const char *conninfo;
    const char *table; /* Of the ways other than kubeglean's. */
    const struct rows *rows;
    size_t n_report;
    size_t in_flight;       /* Reports begun and not yet stored, at most. */
    size_t n_read;          /* Rows of a report that come at a time. */
    unsigned n_connections; /* kubeglean's. */
    int64_t scanned_at_us;
    bool hold; /* Reports are not ended: see hold_by_kubeglean(). */
};

struct measured {
    double seconds;
    double client_us; /* CPU of this process, */
    double server_us; /* and of the server's for its connections. */
    /* From a report's last row to its COMMIT; 0 where it was not asked. */
    double p50_ms, p99_ms, max_ms;
};

/* kubeglean's public API: ledger and guard. The tables are made before. */
void store_by_kubeglean(const struct load *l, struct measured *ret_measured);
/* What the heap holds for each report, in bytes, when all have their rows and
 * none its end; of what was too much to gather, what is not staged yet. */
double hold_by_kubeglean(const struct load *l);
/* The seed's statement: VALUES of 1000 rows, not prepared. */
void store_by_values(const struct load *l, struct measured *ret_measured);
/* The same, one transaction for each report. */
void store_each_report(const struct load *l, struct measured *ret_measured);
/* A prepared statement for each row, pipelined, 1000 in a transaction. */
void store_by_row(const struct load *l, struct measured *ret_measured);
/* Binary COPY into the table, which has to have none of the keys. */
void store_by_copy(const struct load *l, struct measured *ret_measured);

/* Carries out `sql` (which may be several statements), or ends the process. */
void must_sql(const char *conninfo, const char *sql);

/* Clock and CPU from begin to end, while the way's connections are open. */
struct stopwatch {
    const char *conninfo;
    uint64_t began_ns;
    double client_us, server_us;
};

struct stopwatch stopwatch_begin(const char *conninfo);
void stopwatch_end(const struct stopwatch *w, struct measured *ret_measured);

#endif /* BENCH_SINK_WAYS_H */
