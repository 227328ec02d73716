/* What the files of this folder know of each other.
 *
 *   sink.c    life of the sink, its workers (one connection each), retries
 *   run.c     runs and the items asked for them: seen, report, settle
 *   report.c  a report while it comes in; its staged pieces
 *   reject.c  its bad rows
 *   batch.c   THE transaction: claim, store, ledger, COMMIT; its parts are
 *             store.c, bisect.c, ledger.c
 *   target.c  a target's table: looked at, created, extended, refused
 *   schema.c  relations: DDL, and the run that makes it true
 *   compare.c how a relation that is there differs from it
 *   query.c   questions to the ledger
 *
 * A job is what a worker does at a time: prepare a table, stage a piece, answer
 * a question, or a batch of items. */
#ifndef KG_SINK_INTERNAL_H
#define KG_SINK_INTERNAL_H

#include "kubeglean/backoff.h"
#include "kubeglean/sink.h"
#include "kubeglean/table.h"
#include "pg.h"
#include "rowset.h"
#include "sql.h"

/* --- jobs ----------------------------------------------------------------------- */

struct kg_job;

struct kg_job_ops {
    /* The connection is the job's until kg_job_done() or kg_job_retry(). */
    void (*begin)(struct kg_job *job, struct kg_pg *pg);
    /* The sink is closing: frees what the job owns. */
    void (*discard)(struct kg_job *job);
};

struct kg_job {
    struct kg_queue node; /* In the sink's `jobs`, or in none. */
    const struct kg_job_ops *ops;
    struct kg_sink *sink;
    uint64_t due_ms; /* Not before. */
    uint32_t tries;
};

void kg_job_init(struct kg_job *job, struct kg_sink *s,
                 const struct kg_job_ops *ops);
void kg_job_submit(struct kg_job *job);
/* The worker is free for its next job, which it gets from the loop; the job is
 * the owner's again. `e` is NULL, or what ended it: the worker connects anew
 * where that is needed. May call the state callback: last. */
void kg_job_done(struct kg_pg *pg, const struct kg_error *e);
/* Another try may help: the job is submitted again, for later. Last. */
void kg_job_retry(struct kg_job *job, struct kg_pg *pg,
                  const struct kg_error *e);
/* Is it worth a retry? */
bool kg_job_may_retry(const struct kg_error *e);

/* --- relations --------------------------------------------------------------------- */

struct kg_relation_column {
    const char *name;
    const char *type;     /* As format_type() writes it. */
    const char *modifier; /* "NOT NULL DEFAULT 0", or "". */
    bool is_guard;        /* Compared by time: no text can take its place. */
};

enum { KG_RELATION_COLUMNS_MAX = KG_COLUMNS_MAX + 4 };

struct kg_relation {
    const char *name;       /* Quoted as needed, ready for SQL. */
    const char *rights;     /* "SELECT, INSERT, UPDATE" */
    const char *key;        /* Column list of the unique key, ready for SQL. */
    const char *tail;       /* "WITH (fillfactor = 50)", or "". */
    const char *indexes[3]; /* Whole statements; NULL ends them. */
    bool adopted; /* Foreign columns and types that fit are welcome. */
    uint32_t n_columns;
    struct kg_relation_column columns[KG_RELATION_COLUMNS_MAX];
    uint32_t n_keys;               /* The first ones of `keys`, */
    uint32_t keys[KG_COLUMNS_MAX]; /* indexes into `columns`. */
};

enum { KG_OWN_RELATIONS = 4 };
extern const struct kg_relation kg_own_relations[KG_OWN_RELATIONS];

/* CREATE TABLE and indexes, each IF NOT EXISTS and ended by a semicolon. */
void kg_relation_ddl(struct kg_sql *q, const struct kg_relation *r);
/* The latter. */
void kg_relation_indexes_ddl(struct kg_sql *q, const struct kg_relation *r);
/* "name" type modifier */
void kg_relation_column_ddl(struct kg_sql *q,
                            const struct kg_relation_column *c);
void kg_relation_grant(struct kg_sql *q, const struct kg_relation *r,
                       struct kg_str role);
/* Adds two questions about `r` to the round. */
void kg_relation_ask(struct kg_pg *pg, const struct kg_relation *r,
                     struct kg_binds *args);
/* What is missing, and how to make it. */
struct kg_plan {
    bool migrate; /* We are to make it ourselves. */
    struct kg_sql ddl;
    struct kg_sql names; /* "t, column c of u" */
};

/* Their answers, which begin at `statement`: KG_OK: it fits; KG_ENOTFOUND: it
 * fits once the plan's DDL has been carried out, to which it adds; else it is
 * refused, `e` says why. */
enum kg_errc kg_relation_compare(struct kg_pg *pg, unsigned statement,
                                 const struct kg_relation *r,
                                 struct kg_plan *plan, struct kg_error *e);
/* The casts that kg_sql_store() wants, borrowed from the answers. */
void kg_relation_casts(struct kg_pg *pg, unsigned statement,
                       const struct kg_relation *r, struct kg_str *casts);

/* A run of looking at, and if need be making, some relations. */
struct kg_schema;
typedef void (*kg_schema_cb)(struct kg_schema *c, struct kg_pg *pg,
                             const struct kg_error *e);

struct kg_schema {
    void *data;
    const struct kg_relation *relations; /* Borrowed. */
    unsigned n_relations;                /* At most KG_PG_STATEMENTS_MAX / 2. */
    bool migrate;
    bool made; /* DDL was carried out once. */
    struct kg_binds args;
    struct kg_plan plan;
    struct kg_str casts[KG_COLUMNS_MAX]; /* Of the first one, during `cb`. */
    kg_schema_cb cb;                     /* NULL: nothing is under way. */
};

/* `pg->data` is the schema's until `cb`. With an error, no transaction is
 * open. */
void kg_schema_check(struct kg_schema *c, struct kg_pg *pg, kg_schema_cb cb);
/* The connection is gone: no callback comes. Harmless when nothing is under
 * way. */
void kg_schema_abandon(struct kg_schema *c);

/* --- targets ------------------------------------------------------------------------ */

enum kg_target_state {
    KG_TARGET_UNKNOWN,
    KG_TARGET_CHECKING,
    KG_TARGET_FITS,
    KG_TARGET_REFUSED,
    KG_TARGET_STATE_NR
};

struct kg_target {
    struct kg_sm sm;
    struct kg_map_node by_def;
    struct kg_job job;
    struct kg_queue node;      /* In the sink's `targets`. */
    struct kg_queue asking;    /* kg_sink_prepare() calls to answer, */
    struct kg_deferred answer; /* from the loop. */
    const struct kg_table_def *def;
    struct kg_error error; /* Why it is REFUSED. */
    struct kg_schema schema;
    uint64_t n_new;                  /* Rows in a row that the table had not. */
    struct kg_relation relations[2]; /* The table and its staging. */
    struct kg_sql names[2], keys[2]; /* Texts they refer to. */
    struct kg_sql store[KG_SQL_HOW_NR]; /* Statements, once it fits: of rows */
    struct kg_sql guard[KG_GUARD_NR];   /* given, and those before, */
    struct kg_sql merge[KG_SQL_HOW_NR]; /* and of rows that are staged. */
    struct kg_sql merge_guard[KG_GUARD_NR];
    struct kg_sql stage[KG_SQL_HOW_NR];
};

/* Found or made. KG_ENOMEM. */
enum kg_errc kg_target_get(struct kg_sink *s, const struct kg_table_def *def,
                           struct kg_target **ret_target);
/* Looked at (again) unless it fits, or is being looked at. */
void kg_target_check(struct kg_target *t);
/* It fitted, and a statement says that it does no more. */
void kg_target_doubt(struct kg_target *t);
void kg_target_free(struct kg_target *t);
/* What its last rows were is what the next are likely to be: the first scan of a
 * cluster has new rows alone, later ones next to none. */
enum kg_sql_how kg_target_how(const struct kg_target *t);
/* `n` rows were stored, of which the table had `n_known`. */
void kg_target_note(struct kg_target *t, uint64_t n, uint64_t n_known);
/* The target's two relations, pointing into `t`. */
enum kg_errc kg_target_describe(struct kg_target *t,
                                const struct kg_table_def *def);
void kg_target_undescribe(struct kg_target *t);

/* --- runs and items ------------------------------------------------------------------ */

enum { KG_RUN_TEXTS = 10 };

/* One run, while anything is asked for it. */
struct kg_run_ref {
    struct kg_map_node by_key;
    struct kg_queue items;   /* kg_item.run_node, in the order of asking. */
    struct kg_run_info info; /* Its texts are in `texts`. */
    char *texts;
    char *key; /* "cluster job pod container 0000000001": in runs' order. */
    struct kg_batch_run *in_batch; /* While a batch has claimed it. */
};

enum kg_item_kind { KG_ITEM_SEEN, KG_ITEM_REPORT, KG_ITEM_SETTLE };

/* How a transaction that failed is tried again. */
enum kg_care {
    KG_CARE_GATHERED, /* With others. */
    KG_CARE_ALONE,
    KG_CARE_BISECTED, /* Alone, bad rows being looked for. */
};

struct kg_item {
    enum kg_item_kind kind;
    enum kg_care care;
    struct kg_queue node;     /* In `ready`, a batch, or `done`. */
    struct kg_queue run_node; /* In its run's `items`. */
    struct kg_run_ref *run;
    uint64_t due_ms;
    uint32_t tries;
    struct kg_batch *taken; /* The batch that it is in. */
    struct kg_error error;
    bool failed; /* `error` is the answer. */
    struct kg_ledger_entry entry;
};

/* Takes the item's place behind what was asked for its run before. */
enum kg_errc kg_item_init(struct kg_item *item, struct kg_sink *s,
                          enum kg_item_kind kind,
                          const struct kg_run_info *run);
/* Leaves its run, and frees the run if it was the last. */
void kg_item_finish(struct kg_item *item, struct kg_sink *s);
/* It can be carried out when its turn comes. */
void kg_item_ready(struct kg_item *item, struct kg_sink *s);
/* Its answer will be told from the loop. */
void kg_item_done(struct kg_item *item, struct kg_sink *s);
void kg_item_tell(struct kg_item *item, struct kg_sink *s); /* Frees it. */
void kg_item_discard(struct kg_item *item, struct kg_sink *s);

struct kg_settle_item {
    struct kg_item item; /* KG_ITEM_SEEN or KG_ITEM_SETTLE. */
    struct kg_settlement settlement;
    kg_sink_run_cb run_cb;
    void *data;
    char reason[]; /* The settlement's. */
};

/* --- reports --------------------------------------------------------------------------- */

enum kg_report_state {
    KG_REPORT_GATHERING,
    KG_REPORT_STAGING,
    KG_REPORT_ENDED,
    KG_REPORT_SWEEPING,
    KG_REPORT_STATE_NR
};

struct kg_reject_row {
    struct kg_queue node;
    uint64_t row;
    struct kg_str key, column, state, reason; /* Inside `texts`. */
    char texts[];
};

struct kg_report {
    struct kg_item item;
    struct kg_sm sm;
    struct kg_queue node;       /* In the sink's `reports`. */
    struct kg_queue pause_node; /* In its `paused`: resume_cb is due. */
    struct kg_sink *sink;
    struct kg_target *target;
    char *key; /* "<its run's key>#0000000001": in their order. */
    uint32_t ordinal;
    bool ended;                /* No row will follow. */
    struct kg_rows rows;       /* Not yet on their way, */
    struct kg_rows piece;      /* on their way to staging, */
    enum kg_sql_how piece_how; /* with care once a try has failed, */
    uint64_t n_staged;         /* and there. */
    struct kg_job job;         /* Stages `piece`, or sweeps. */
    bool job_busy;
    char attempt[40];          /* UUID of this try to stage, or "". */
    uint64_t n_numbers;        /* One more than the last row's number. */
    struct kg_buf scope;       /* Of its first row, as JSON. */
    uint64_t late;             /* Columns that rows lack, one bit each; */
    uint64_t n_late;           /* no row from this number on. */
    struct kg_rows first_late; /* The first of them: later, as it should be. */
    bool join_due;             /* They can be given what they lack. */
    bool partial;              /* KG_MODE_REPLACE: nothing is taken away. */
    struct kg_sql scopes;      /* That took it, a line each. */
    struct kg_queue rejects;   /* kg_reject_row, KG_LIMIT_REJECTS at most. */
    uint32_t n_rejects;        /* In the list; */
    uint32_t n_read_rejects;   /* of them noted before the batch, */
    uint64_t n_read_rejected;  /* and how many rows that were. */
    struct kg_report_result result;
    kg_report_resume_cb resume_cb;
    void *resume_data;
    kg_report_done_cb done_cb;
    void *done_data;
};

static inline bool kg_report_is_staged(const struct kg_report *r)
{
    return r->attempt[0] != '\0';
}

struct kg_reject {
    uint64_t row;         /* Its number within the report. */
    struct kg_str key;    /* JSON, or empty. */
    struct kg_str column; /* May be empty. */
    struct kg_str reason;
};

/* Keeps the first KG_LIMIT_REJECTS, and counts none. */
enum kg_errc kg_report_note_reject(struct kg_report *r,
                                   const struct kg_reject *reject,
                                   const char *state);
/* A row that kg_row_bad_text() finds bad. */
enum kg_errc kg_report_reject_text(struct kg_report *r,
                                   const struct kg_row *row);
/* Rows are late from here on. */
enum kg_errc kg_report_note_late(struct kg_report *r, const struct kg_row *row);
/* What its late rows lack goes to them, in staging: a part of one round. */
void kg_report_send_join(struct kg_report *r, struct kg_pg *pg);
/* `scope`, from one of its rows, unless that is known. */
void kg_report_note_scope(struct kg_report *r, const struct kg_row *row);
/* It is too large to gather. */
enum kg_errc kg_report_stage(struct kg_report *r);
/* Forgets all but the first `n`: the transaction starts anew. */
void kg_report_forget_rejects(struct kg_report *r, uint32_t n);
void kg_report_free(struct kg_report *r);
/* Goes on, if it can: its target fits now, or is refused. */
void kg_report_kick(struct kg_report *r);
/* Those who can go on are told, in the order of pausing. */
void kg_report_resume(struct kg_sink *s);

/* --- the batch ---------------------------------------------------------------------------- */

/* A run's row of the ledger: as it was claimed, then as it is to become. */
struct kg_batch_run {
    struct kg_run_ref *run;
    struct kg_ledger_entry entry;
    uint32_t n_before;   /* Documents that it was claimed with. */
    bool all_superseded; /* Its reports so far, of which there are some. */
    uint64_t n_rows, n_rejected, n_duplicates; /* To be added. */
    const struct kg_report *last;              /* Stored now, or NULL. */
    const struct kg_settlement *settle; /* Its last word, now, or NULL. */
};

struct kg_range {
    uint64_t from, to; /* Rows from .. to - 1. */
};

enum { KG_RANGES_MAX = 66 }; /* Halving: one for each bit of a row's number. */

struct kg_batch {
    struct kg_job job;
    struct kg_queue items;
    size_t n_items;
    enum kg_care care;
    struct kg_batch_run *runs; /* Sorted by key. */
    size_t n_runs;
    struct kg_report **reports; /* To be stored; by table, newer ones later. */
    size_t n_reports;
    size_t n_asked;        /* Reports that rounds were sent for. */
    unsigned n_statements; /* Of the round. */
    struct kg_binds args;
    struct kg_error error; /* Why it is being rolled back. */
    bool storing;          /* The error came from the rows. */
    bool hopes;            /* For new rows: KG_SQL_NEW was sent. */
    /* Looking for bad rows: */
    struct kg_row_set set;                 /* Of the one report, if held. */
    struct kg_range ranges[KG_RANGES_MAX]; /* Still to do, next one last. */
    unsigned n_ranges;
    char column[64]; /* That the server complained of, or "". */
};

void kg_batch_init(struct kg_batch *b, struct kg_sink *s);
void kg_batch_finish(struct kg_batch *b);
/* Gathers from the sink's `ready`; false: there is nothing to do. */
bool kg_batch_gather(struct kg_batch *b);

/* All rows are stored: the ledger's round is next. */
void kg_batch_stored(struct kg_batch *b, struct kg_pg *pg);
/* Rolled back; then it is tried again, another way, or given up. Last. */
void kg_batch_failed(struct kg_batch *b, struct kg_pg *pg,
                     const struct kg_error *e);
/* Adds a statement that `write` makes for r's table, with the batch's args. */
void kg_batch_add(struct kg_batch *b, struct kg_pg *pg,
                  void (*write)(struct kg_sql *q,
                                const struct kg_table_def *def),
                  const struct kg_report *r);

/* store.c: from the claim to kg_batch_stored() or kg_batch_failed(). */
void kg_store_begin(struct kg_batch *b, struct kg_pg *pg);
/* Adds the statements that store some of a set's rows, or of the first report's
 * staged ones. */
void kg_store_rows(struct kg_batch *b, struct kg_pg *pg, struct kg_row_set *set,
                   uint64_t from, uint64_t to);
void kg_store_staged(struct kg_batch *b, struct kg_pg *pg, uint64_t from,
                     uint64_t to);
/* Behind them, where it matters whose rows fail: what deferred constraints would
 * say at COMMIT is said now. */
void kg_store_check(const struct kg_batch *b, struct kg_pg *pg);
/* All rows are where they belong: counts what came again. Last. */
void kg_store_ended(struct kg_batch *b, struct kg_pg *pg);
/* Adds the counts that `statement` answered to the reports' results. False: it
 * met rows that were no longer as they had been seen, and kg_store_raced() is
 * next. */
bool kg_store_count(struct kg_batch *b, struct kg_pg *pg, unsigned statement);
/* Rolled back, and tried again with care. Last. */
void kg_store_raced(struct kg_batch *b, struct kg_pg *pg);

/* bisect.c: stores the batch's one report range by range, each within a
 * savepoint, halving what fails. */
void kg_bisect_begin(struct kg_batch *b, struct kg_pg *pg);

/* ledger.c: the statements on kubeglean_runs and kubeglean_rejects. */
void kg_ledger_claim(struct kg_batch *b, struct kg_pg *pg);
/* False: a run's line is not there, so that nothing is claimed. */
bool kg_ledger_claimed(struct kg_batch *b, struct kg_pg *pg,
                       unsigned statement);
/* In each savepoint that rows are stored in: it is a transaction of its own. */
void kg_ledger_mark(struct kg_batch *b, struct kg_pg *pg);
void kg_ledger_write(struct kg_batch *b, struct kg_pg *pg);

/* --- the sink ------------------------------------------------------------------------------ */

enum kg_sink_state {
    KG_SINK_IDLE,
    KG_SINK_STARTING,
    KG_SINK_READY,
    KG_SINK_DOWN,
    KG_SINK_GAVE_UP,
    KG_SINK_CLOSING,
    KG_SINK_STATE_NR
};

struct kg_worker {
    struct kg_sm sm;
    struct kg_sink *sink;
    struct kg_pg pg;
    struct kg_job *job;
    struct kg_batch batch;
    struct kg_backoff backoff;
    uv_timer_t timer; /* In WAITING: until the next try to connect. */
};

struct kg_sink {
    struct kg_sm sm;
    struct kg_loop *loop;
    char *conninfo;
    bool migrate, give_up;
    uint32_t answer_ms;
    unsigned n_workers;
    struct kg_worker *workers;
    struct kg_schema schema;
    bool prepared; /* Our own tables were found to fit. */
    char installation[40];
    struct kg_queue jobs;    /* To be done, in order. */
    struct kg_queue ready;   /* Items to be gathered. */
    struct kg_queue done;    /* Items to be told. */
    struct kg_queue reports; /* All. */
    struct kg_queue paused;  /* Those whose reader waits. */
    struct kg_queue targets;
    struct kg_map target_defs;
    struct kg_map runs;
    size_t n_bytes; /* Of rows held by all reports. */
    struct kg_error told;
    unsigned n_troubles;         /* Jobs in a row that are to be retried. */
    struct kg_deferred tell;     /* Tells `done`. */
    struct kg_deferred dispatch; /* Gives work to free workers. */
    uv_timer_t timer;            /* When the next delayed work is due. */
    struct kg_latch latch;
    struct kg_random random;
    kg_sink_state_cb state_cb;
    void *state_data;
    kg_sink_close_cb close_cb;
    void *close_data;
};

/* Something may be there to do. */
void kg_sink_dispatch(struct kg_sink *s);
enum { KG_BACKOFF_FIRST_MS = 100, KG_BACKOFF_MAX_MS = 15000 };
/* When a try is due that failed `tries` times before. */
uint64_t kg_sink_later(struct kg_sink *s, uint32_t tries);
/* A statement found a table or a right missing: all are looked at anew. */
void kg_sink_doubt(struct kg_sink *s);
/* Frees all that was asked for; none of its callbacks comes. */
void kg_sink_discard(struct kg_sink *s);
/* The sink is closing, and holds its latch for the worker until then: what it was
 * doing ends at the server as well, and its connection closes. */
void kg_worker_leave(struct kg_worker *w);
void kg_sink_bytes(struct kg_sink *s, size_t add, size_t sub);

#endif /* KG_SINK_INTERNAL_H */
