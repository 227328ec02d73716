/* Stores reports in PostgreSQL: whole, once, newer over older, never blocking.
 *
 *                start           tables fit           no connection left
 *     create --> IDLE --> STARTING --------> READY --------------> DOWN
 *                            | give_up         ^-- connected anew --'
 *                            '--> GAVE UP
 *     close(cb) from any state --> CLOSING ~~> cb
 *
 * A few connections serve any number of reports. What is asked for in any state
 * but CLOSING is kept and carried out when the server is there: an outage, a
 * deadlock, a lost COMMIT answer are retried in here. Only what no retry can
 * cure comes back as an error.
 *
 * The ledger (table kubeglean_runs) decides what was stored. A run's life in it:
 *
 *     kg_sink_seen      row `running`, or the answer that it is settled already
 *     kg_report_...     each report commits with the ledger's count of documents
 *     kg_sink_settle    row `complete`, `empty`, `incomplete`, ...
 *
 * For one run these are carried out in the order in which they were asked for.
 * Small ones, of any runs, share a transaction. */
#ifndef KUBEGLEAN_SINK_H
#define KUBEGLEAN_SINK_H

#include "kubeglean/buf.h"
#include "kubeglean/loop.h"
#include "kubeglean/row.h"

struct kg_sink;

struct kg_sink_options {
    const char *conninfo;   /* URI or "key=value ..."; NULL: PG* alone. */
    unsigned n_connections; /* 0: KG_LIMIT_CONNECTIONS. */
    bool migrate;           /* Create tables, and add columns to them. */
    bool give_up;           /* The first failure before READY is final. */
    uint32_t answer_ms; /* For the server to answer; 0: KG_LIMIT_ANSWER_MS. */
};

/* The sink became ready (`e` is NULL), or cannot go on for now (`e` says why,
 * and never holds a password): without a connection, or with one on which
 * everything fails. The same failure is said once until the sink
 * was ready again. With `give_up` a failure before READY is the last call. */
typedef void (*kg_sink_state_cb)(void *data, const struct kg_error *e);
/* The last call ever made: the sink is gone. */
typedef void (*kg_sink_close_cb)(void *data);

/* Copies `options`. KG_ENOMEM; KG_ECONFIG: what conninfo, environment and
 * service file say can never work, `e` says how it should look. After KG_OK,
 * kg_sink_close() is due, once. */
KG_MUST_USE enum kg_errc kg_sink_create(struct kg_loop *loop,
                                        const struct kg_sink_options *options,
                                        struct kg_error *e,
                                        struct kg_sink **ret_sink);
/* Once. Callbacks come from the loop, never from inside this call. */
void kg_sink_start(struct kg_sink *s, kg_sink_state_cb state_cb, void *data);
bool kg_sink_is_ready(const struct kg_sink *s);
/* Why nothing is stored for now, as the state callback was told it last, or
 * NULL. Borrowed until the loop turns. */
const char *kg_sink_trouble(const struct kg_sink *s);
/* This installation's id (UUID as text): made and kept in the database. Empty
 * until the sink was ready once; then lives as long as the sink. */
struct kg_str kg_sink_installation(const struct kg_sink *s);
/* Drops all that is under way: none of its callbacks comes any more, and
 * reports not yet done are gone. A transaction whose COMMIT was sent may still
 * be carried out by the server. What hangs there is ended through a connection
 * of its own, which takes KG_LIMIT_LEAVE_MS at most. Who wants to drain waits
 * before closing. */
void kg_sink_close(struct kg_sink *s, kg_sink_close_cb close_cb, void *data);

/* --- tables --------------------------------------------------------------- */

/* The table is there and fits (`e` NULL), or is refused: KG_ESCHEMA names
 * table, column and the DDL that would cure it; KG_EFORBIDDEN the missing
 * right. A refused table is looked at again when it is asked for again, here or
 * by kg_report_begin(). */
typedef void (*kg_sink_table_cb)(void *data, const struct kg_error *e);

/* Creates the table, adds its new columns, or adopts one that exists. `def` is
 * borrowed as long as the sink lives. `table_cb` may be NULL. */
KG_MUST_USE enum kg_errc kg_sink_prepare(struct kg_sink *s,
                                         const struct kg_table_def *def,
                                         kg_sink_table_cb table_cb, void *data);

/* --- a run in the ledger --------------------------------------------------- */

struct kg_ledger_entry {
    enum kg_outcome outcome; /* KG_RUNNING: not settled. */
    uint32_t n_documents;    /* Reports 0 .. n - 1 are stored. */
};

/* `entry` is what the ledger says now (zeroed with an error); `e` is NULL, or
 * what no retry can cure (a UID that is no UUID, say). */
typedef void (*kg_sink_run_cb)(void *data, const struct kg_ledger_entry *entry,
                               const struct kg_error *e);

/* Writes the run's `running` row unless it has one. An entry that is not
 * KG_RUNNING was settled before: nothing of the run need be read again. Copies
 * `run`. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_sink_seen(struct kg_sink *s,
                                      const struct kg_run_info *run,
                                      kg_sink_run_cb run_cb, void *data);

struct kg_settlement {
    enum kg_outcome outcome; /* Not KG_RUNNING. */
    struct kg_str reason;    /* "cut", "agent_away", ...; may be empty. */
    uint64_t bytes;          /* Read of the log. */
    uint64_t gap_bytes;      /* Known to be missing. */
};

/* Writes the run's last word, with or without a row before. A run that is
 * settled already keeps its word, which comes back in the entry; a run all of
 * whose reports were superseded settles as superseded when KG_COMPLETE was
 * asked for. Copies all. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_sink_settle(struct kg_sink *s,
                                        const struct kg_run_info *run,
                                        const struct kg_settlement *settlement,
                                        kg_sink_run_cb run_cb, void *data);

/* One row of the ledger at a time, then NULL with the error, if any. Borrowed
 * until the callback returns. */
typedef void (*kg_sink_list_cb)(void *data, const struct kg_run_info *run,
                                const struct kg_error *e);

/* The runs of `cluster` that the ledger has as `running`, as of now: after a
 * restart, those whose Job is gone become incomplete(agent_away). Copies
 * `cluster`. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_sink_running(struct kg_sink *s,
                                         struct kg_str cluster,
                                         kg_sink_list_cb list_cb, void *data);

/* `known` is false with an error. */
typedef void (*kg_sink_known_cb)(void *data, bool known,
                                 const struct kg_error *e);

/* Does the ledger know a run of the Job of this name? Then it was made before,
 * and need not be made again when it is gone. Copies its texts. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_sink_job_known(struct kg_sink *s,
                                           struct kg_str cluster,
                                           struct kg_str ns, struct kg_str job,
                                           kg_sink_known_cb known_cb,
                                           void *data);

/* --- a report -------------------------------------------------------------
 *
 *     begin --> add, add, ... --end--> (stored) --> done_cb
 *                     '--abort: nothing of it stays
 *
 * At most KG_LIMIT_BATCH_ROWS rows and KG_LIMIT_BATCH_BYTES are held; a larger
 * report goes to the target's staging table while it comes in, and becomes
 * visible whole at its end. */

struct kg_report;

struct kg_report_result {
    enum kg_outcome outcome; /* KG_COMPLETE or KG_SUPERSEDED. */
    bool replayed;           /* The ledger had it: stored before. */
    uint64_t n_inserted;
    uint64_t n_updated;
    uint64_t n_unchanged;  /* Got their scanned_at, if that. */
    uint64_t n_refused;    /* The table has a newer row. */
    uint64_t n_rejected;   /* Bad ones: see kubeglean_rejects. */
    uint64_t n_duplicates; /* Of a key that came again later. */
};

/* COMMIT was said (`e` is NULL), or the report cannot be stored and nothing of
 * it was: KG_ESCHEMA, KG_EFORBIDDEN (its table was refused), KG_ECONFLICT (its
 * staged rows were taken away: read it again). `r` is gone after it. */
typedef void (*kg_report_done_cb)(void *data,
                                  const struct kg_report_result *result,
                                  const struct kg_error *e);
/* Rows may be added again. */
typedef void (*kg_report_resume_cb)(void *data);

/* Report number `ordinal` (from 0) of `run`; an ordinal below the ledger's
 * n_documents is known as stored and not stored again. A run's reports begin
 * in the order of their ordinals. Copies `run`; `def` as kg_sink_prepare()
 * has it, which need not have been called before. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_report_begin(struct kg_sink *s,
                                         const struct kg_table_def *def,
                                         const struct kg_run_info *run,
                                         uint32_t ordinal,
                                         struct kg_report **ret_report);
/* Who is told when rows may be added again; never called after end or abort. */
void kg_report_on_resume(struct kg_report *r, kg_report_resume_cb resume_cb,
                         void *data);
/* Copies the row. `*ret_pause`: add no more before the resume callback; a
 * caller who must finish a piece may add some, up to a hard limit (KG_ELIMIT).
 * After an error the report can only be aborted. */
KG_MUST_USE enum kg_errc kg_report_add(struct kg_report *r,
                                       const struct kg_row *row,
                                       bool *ret_pause);
/* A row that the reader turned away: goes to kubeglean_rejects with the report
 * (the first KG_LIMIT_REJECTS of a report, all are counted). Copies. */
KG_MUST_USE enum kg_errc kg_report_reject(struct kg_report *r,
                                          const struct kg_row *row,
                                          const char *column,
                                          const char *reason);
/* The report is whole and has no row: at its end the scope that `scope` has in
 * its columns is emptied. Instead of any add; `def` is a KG_MODE_REPLACE with
 * allow_empty. Copies. */
KG_MUST_USE enum kg_errc kg_report_empty(struct kg_report *r,
                                         const struct kg_row *scope);
/* The values that late rows (kg_row.late) lack, in those columns: after the last
 * row, and before the end of a report that has any. Copies. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_report_join(struct kg_report *r,
                                        const struct kg_value *late);
/* The report is not whole: KG_MODE_REPLACE takes away no row for it. */
void kg_report_partial(struct kg_report *r);
/* No row will follow: stores the report. `r` is the sink's from here on. */
void kg_report_end(struct kg_report *r, kg_report_done_cb done_cb, void *data);
/* Before end: nothing of it stays, `r` is gone at once. */
void kg_report_abort(struct kg_report *r);

/* --- DDL, without a connection ---------------------------------------------- */

/* What kg_sink_prepare() and the first start would create, as a script: the
 * ledger's tables, and those of `defs`. */
KG_MUST_USE enum kg_errc kg_sink_ddl(const struct kg_table_def *const *defs,
                                     size_t n_defs, struct kg_buf *out);
/* The rights that `role` needs once the tables are there, no more, as a script
 * that grants them; or with `migrate` those to make the tables itself. */
KG_MUST_USE enum kg_errc kg_sink_grants(const struct kg_table_def *const *defs,
                                        size_t n_defs, struct kg_str role,
                                        bool migrate, struct kg_buf *out);

/* 150020 is libpq 15.20, for `kubeglean version`. */
int kg_sink_client_version(void);

#endif /* KUBEGLEAN_SINK_H */
