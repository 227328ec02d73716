/* A sink on a loop of its own, and reports to put into it. */
#ifndef KT_SINK_H
#define KT_SINK_H

#include "kubeglean/sink.h"
#include "pg.h"

struct kt_sink {
    struct kg_loop loop;
    struct kg_sink *sink;
    bool ready;
    bool closed;
    unsigned n_states;     /* Calls of the state callback. */
    struct kg_error error; /* Of the last one, or cleared. */
};

/* NULL: the test server's conninfo. Ready when it returns. */
void kt_sink_setup(struct kt_sink *t, const char *conninfo);
/* Started, and perhaps never ready. */
void kt_sink_open(struct kt_sink *t, const struct kg_sink_options *options);
/* The same, on a loop that is there. */
void kt_sink_open_on(struct kt_sink *t, const struct kg_sink_options *options);
/* The same with a counting heap, and our tables made where they lack. */
void kt_sink_open_with(struct kt_sink *t, const char *conninfo, bool give_up);
void kt_sink_until_ready(struct kt_sink *t);
/* Until the state callback came. */
void kt_until_told(struct kt_sink *t);
/* Turns the loop that long, whatever happens. */
void kt_turn_for(struct kt_sink *t, unsigned ms);
/* Turns it until the server answers `want`; fails after some seconds. */
void kt_until_query(struct kt_sink *t, const char *sql, const char *want);
void kt_sink_teardown(struct kt_sink *t);
/* An empty database and a counting heap as well. */
void kt_sink_fresh(struct kt_sink *t);
void kt_sink_end(struct kt_sink *t);
/* Callbacks for a sink of one's own: `data` is the struct kt_sink. */
void kt_on_state(void *data, const struct kg_error *e);
void kt_on_closed(void *data);
/* Turns the loop until `*done`, at most that long. */
void kt_sink_until(struct kt_sink *t, const bool *done, unsigned seconds);

/* A timer that is due every 10 ms: is the loop turning? */
struct kt_ticks {
    uv_timer_t timer;
    uint64_t last_ns, longest_ns;
    unsigned n;
};

void kt_ticks_start(struct kt_ticks *k, struct kg_loop *loop);
/* There were more than `n`, and never 5 s between two. */
void kt_ticks_end(struct kt_ticks *k, unsigned n);

/* KRR's table: cluster, namespace, name, kind, container; pods; allocations;
 * severity; scanned_at. */
extern const struct kg_table_def kt_krr;
/* The seed's: no scanned_at, texts only. */
extern const struct kg_table_def kt_seed;

/* Prepares the table, and waits. Cleared: it fits. */
struct kg_error kt_prepare(struct kt_sink *t, const struct kg_table_def *def);

/* Run `number`: everything of it follows from it; `second` is its start. */
struct kg_run_info kt_run(unsigned number, int64_t second);

/* One row of kt_krr; NULL for allocations means NULL. */
struct kt_row {
    const char *name;
    const char *pods;
    const char *allocations;
    const char *severity;
};

struct kt_stored {
    bool done;
    bool failed;
    struct kg_report_result result;
    struct kg_error error;
};

/* Begins, adds, ends; does not wait. `second` is also the rows' scanned_at. */
void kt_store(struct kt_sink *t, const struct kg_run_info *run,
              uint32_t ordinal, const struct kt_row *rows, size_t n_rows,
              struct kt_stored *stored);
void kt_add(struct kg_report *r, const struct kg_run_info *run,
            const struct kt_row *row, uint64_t number, bool *ret_pause);
void kt_on_done(void *data, const struct kg_report_result *result,
                const struct kg_error *e);

/* The same, and waits until it is done. */
struct kt_stored kt_store_wait(struct kt_sink *t, const struct kg_run_info *run,
                               uint32_t ordinal, const struct kt_row *rows,
                               size_t n_rows);
/* Into any table: `texts` has def's n_columns for each row, NULL for NULL. */
void kt_give_texts(struct kt_sink *t, const struct kg_table_def *def,
                   const struct kg_run_info *run, const char *const *texts,
                   size_t n_rows, struct kt_stored *stored);
struct kt_stored kt_store_texts(struct kt_sink *t,
                                const struct kg_table_def *def,
                                const struct kg_run_info *run,
                                const char *const *texts, size_t n_rows);
/* Adds rows `from` up to `to`, named row000000 and so on, as the report's
 * reader does: waits while the sink says so. */
void kt_add_many(struct kt_sink *t, struct kg_report *r,
                 const struct kg_run_info *run, unsigned from, unsigned to);

struct kt_answered {
    bool done;
    bool failed;
    struct kg_ledger_entry entry;
    struct kg_error error;
};

void kt_on_run(void *data, const struct kg_ledger_entry *entry,
               const struct kg_error *e);
/* Asks, and waits for the answer. */
struct kt_answered kt_seen(struct kt_sink *t, const struct kg_run_info *run);
struct kt_answered kt_settle(struct kt_sink *t, const struct kg_run_info *run,
                             enum kg_outcome outcome, const char *reason);

#endif /* KT_SINK_H */
