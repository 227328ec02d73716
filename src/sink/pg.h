/* One connection to PostgreSQL on the loop.
 *
 *          connect          addresses known       connected
 *   DOWN ----------> RESOLVING -------> CONNECTING -------> IDLE <---> BUSY
 *    ^                   |             ^     |               |  round   |
 *    |                   |   the next  '-----|               |          |
 *    '-------------------'-------------------'---------------'----------'
 *          failed, timed out, lost: told once; or dropped: silent
 *   close(cb) from any state --> CLOSING ~~> cb
 *
 * Every state but DOWN and IDLE has a time limit: connecting, connect_timeout
 * for all addresses together, of which each gets its share; a round,
 * `answer_ms`.
 *
 * Work is done in rounds: statements are added, kg_pg_go() sends them behind
 * one Sync, and the round's callback comes when all of them were answered. The
 * first statement that fails ends the round's work; its transaction is then
 * aborted, and ROLLBACK is the next round. */
#ifndef KG_SINK_PG_H
#define KG_SINK_PG_H

#include <libpq-fe.h>

#include "binds.h"
#include "kubeglean/latch.h"
#include "kubeglean/sm.h"
#include "resolve.h"
#include "sqlstate.h"

enum { KG_PG_STATEMENTS_MAX = 16 };

enum kg_pg_state {
    KG_PG_DOWN,
    KG_PG_RESOLVING,
    KG_PG_CONNECTING,
    KG_PG_IDLE,
    KG_PG_BUSY,
    KG_PG_CLOSING,
    KG_PG_STATE_NR
};

struct kg_pg;
/* IDLE with `e` NULL; else DOWN again. */
typedef void (*kg_pg_connect_cb)(struct kg_pg *pg, const struct kg_error *e);
/* The answers are there until the next round ends or the connection does. With
 * an error the state says whether the connection is still there (IDLE) or lost
 * (DOWN). */
typedef void (*kg_pg_round_cb)(struct kg_pg *pg, const struct kg_error *e);
/* The connection was lost while IDLE. */
typedef void (*kg_pg_lost_cb)(struct kg_pg *pg, const struct kg_error *e);
typedef void (*kg_pg_close_cb)(struct kg_pg *pg);

/* A transaction of ours as its server knows it; `pid` is "" where none is. */
struct kg_xact {
    unsigned statement; /* Of the round, that tells the others. */
    char pid[12];
    char since[32];
};

struct kg_poller; /* A socket being polled; private. */

struct kg_pg {
    void *data;           /* Public. */
    struct kg_sm sm;      /* Read-only. */
    struct kg_loop *loop; /* Private from here on. */
    const char *conninfo; /* Borrowed, may be NULL. */
    uint32_t answer_ms;
    PGconn *conn;
    struct kg_poller *poller;
    uv_timer_t timer; /* Ends what does not end by itself. */
    struct kg_resolve resolve;
    size_t place;         /* Behind the address being tried; */
    unsigned n_left;      /* addresses behind that. */
    uint64_t deadline_ms; /* Of all of them. */
    struct kg_latch latch;
    struct kg_deferred deferred; /* Tells `error`. */
    struct kg_error error;
    PGresult *results[KG_PG_STATEMENTS_MAX]; /* Of the round under way, */
    unsigned n_sent, n_ended;
    PGresult *answers[KG_PG_STATEMENTS_MAX]; /* and of the one before. */
    bool failed; /* `error` is this round's first failure. */
    struct kg_xact xact;
    kg_pg_connect_cb connect_cb;
    kg_pg_round_cb round_cb;
    kg_pg_lost_cb lost_cb;
    kg_pg_close_cb close_cb;
};

/* Borrows `conninfo` as long as it lives. Close is due, once. `answer_ms`: a
 * round that takes longer has lost its connection. */
void kg_pg_init(struct kg_pg *pg, struct kg_loop *loop, const char *conninfo,
                uint32_t answer_ms, kg_pg_lost_cb lost_cb);
/* From DOWN. The callback comes from the loop. */
void kg_pg_connect(struct kg_pg *pg, kg_pg_connect_cb cb);
/* In IDLE. Adds one statement to the round that kg_pg_go() will send; its
 * number is the order of adding. `args` may be NULL; they are copied. A failure
 * to add is told by the round's callback. */
void kg_pg_add(struct kg_pg *pg, const char *sql, const struct kg_binds *args);
/* The statement that was added last once more: the server parses and plans it
 * once. */
void kg_pg_add_again(struct kg_pg *pg, const struct kg_binds *args);
/* The server may begin with what was added; the round's callback tells of any
 * failure. */
void kg_pg_push(struct kg_pg *pg);
void kg_pg_go(struct kg_pg *pg, kg_pg_round_cb cb);
/* The first statement of a transaction, but for BEGIN: "SELECT " KG_PG_XACT and
 * perhaps more. Once it was answered the transaction is known until it is
 * forgotten, also when its connection is gone. */
void kg_pg_add_xact(struct kg_pg *pg, const char *sql);
/* What was added so far is answered while the rest is carried out. */
void kg_pg_answer_now(struct kg_pg *pg);
void kg_pg_forget_xact(struct kg_pg *pg);
bool kg_pg_has_xact(const struct kg_pg *pg);
/* In IDLE, on a later connection: a round that ends what its server may still be
 * doing. */
void kg_pg_end_xact(struct kg_pg *pg, kg_pg_round_cb cb);
/* Where a server can (Linux, 14), it is to notice that we are gone while a
 * statement is under way. */
#define KG_PG_INSTANT(sql) \
    "to_char(" sql " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
#define KG_PG_XACT                                                             \
    "pg_backend_pid(), " KG_PG_INSTANT(                                        \
        "now()") ", CASE WHEN version() LIKE '%linux%'"                        \
                 " AND current_setting('server_version_num')::integer >= "     \
                 "140000"                                                      \
                 " THEN set_config('client_connection_check_interval', '1s', " \
                 "true) END"
/* Private to pg.c. */
void kg_xact_note(struct kg_xact *x, unsigned statement,
                  const PGresult *result);
/* To DOWN, at once and silently. */
void kg_pg_drop(struct kg_pg *pg);
void kg_pg_close(struct kg_pg *pg, kg_pg_close_cb cb);

/* pg.c and send.c alone: `error` is what libpq says of its connection, `code`
 * unless a server said more. */
void kg_pg_note_conn(struct kg_pg *pg, enum kg_errc code);

/* Answers of the last round, by the statement's number. */
size_t kg_pg_rows(const struct kg_pg *pg, unsigned statement);
/* "" for NULL. */
struct kg_str kg_pg_text(const struct kg_pg *pg, unsigned statement, size_t row,
                         int column);
uint64_t kg_pg_u64(const struct kg_pg *pg, unsigned statement, size_t row,
                   int column);
bool kg_pg_true(const struct kg_pg *pg, unsigned statement, size_t row,
                int column);
/* The command's tag: "COMMIT". */
const char *kg_pg_tag(const struct kg_pg *pg, unsigned statement);
/* The column that the failed statement complained of, or "". */
struct kg_str kg_pg_failed_column(const struct kg_pg *pg);

#endif /* KG_SINK_PG_H */
