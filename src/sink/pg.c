/* SPDX-License-Identifier: MIT */
/* The happy path of a connection is:
 * - ask libpq what it makes of conninfo, environment and service file;
 * - resolve the hosts' names through the loop;
 * - start to connect to the first address, and poll as PQconnectPoll() says; its
 *   socket may change from step to step, so each step stops polling first and
 *   looks again after;
 * - enter pipeline mode: from here on, rounds.
 *
 * Possible failure modes are:
 * - an address does not answer in its share of the time, cannot be reached, or
 *   is not the server that is wanted (read-only): the next one is tried;
 * - no address is left, or a server refuses us (wrong password): the connect
 *   callback is told, with the server's SQLSTATE where it gave one;
 * - no answer to a round in time: the connection is lost;
 * - lost while BUSY: the round's callback is told; while IDLE: lost_cb;
 * - a statement fails: the round goes on to its Sync, then its callback is told. */
#include "pg.h"

#include <stdio.h>

#include "conninfo.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

static const struct kg_sm_state states[KG_PG_STATE_NR] = {
    [KG_PG_DOWN] = {"down",
                    KG_SM_TO(KG_PG_RESOLVING) | KG_SM_TO(KG_PG_CLOSING)},
    [KG_PG_RESOLVING] = {"resolving", KG_SM_TO(KG_PG_CONNECTING) |
                                          KG_SM_TO(KG_PG_DOWN) |
                                          KG_SM_TO(KG_PG_CLOSING)},
    [KG_PG_CONNECTING] = {"connecting", KG_SM_TO(KG_PG_IDLE) |
                                            KG_SM_TO(KG_PG_DOWN) |
                                            KG_SM_TO(KG_PG_CLOSING)},
    [KG_PG_IDLE] = {"idle", KG_SM_TO(KG_PG_BUSY) | KG_SM_TO(KG_PG_DOWN) |
                                KG_SM_TO(KG_PG_CLOSING)},
    [KG_PG_BUSY] = {"busy", KG_SM_TO(KG_PG_IDLE) | KG_SM_TO(KG_PG_DOWN) |
                                KG_SM_TO(KG_PG_CLOSING)},
    [KG_PG_CLOSING] = {"closing", 0},
};

/* --- polling a socket that is libpq's ------------------------------------- */

struct kg_poller {
    uv_poll_t uv;
    struct kg_pg *pg;
    uv_os_sock_t socket;
};

static void on_socket(uv_poll_t *handle, int status, int events);

static void on_poller_closed(uv_handle_t *handle)
{
    struct kg_poller *p = KG_CONTAINER_OF(handle, struct kg_poller, uv);
    struct kg_latch *latch = &p->pg->latch;

    kg_free(p);
    kg_latch_release(latch); /* Last: its owner may go. */
}

static void close_poller(struct kg_pg *pg)
{
    if (pg->poller != NULL) {
        uv_close((uv_handle_t *)&pg->poller->uv, on_poller_closed);
        pg->poller = NULL;
    }
}

/* Polls libpq's present socket, through a new handle if it is a new one. */
static enum kg_errc poll_for(struct kg_pg *pg, int events)
{
    uv_os_sock_t socket = PQsocket(pg->conn);

    if (pg->poller != NULL && pg->poller->socket != socket) {
        close_poller(pg);
    }
    if (pg->poller == NULL) {
        struct kg_poller *p = kg_alloc(sizeof(*p));

        if (p == NULL) {
            return KG_ENOMEM;
        }
        if (uv_poll_init_socket(&pg->loop->uv, &p->uv, socket) != 0) {
            kg_free(p);
            return KG_EIO;
        }
        p->pg = pg;
        p->socket = socket;
        pg->poller = p;
        kg_latch_hold(&pg->latch);
    }
    return uv_poll_start(&pg->poller->uv, events, on_socket) == 0 ? KG_OK
                                                                  : KG_EIO;
}

/* --- the ends of things ----------------------------------------------------- */

static void clear(PGresult *results[KG_PG_STATEMENTS_MAX])
{
    for (unsigned i = 0; i < KG_PG_STATEMENTS_MAX; i++) {
        PQclear(results[i]);
        results[i] = NULL;
    }
}

/* Polling ends before libpq closes the socket: never the other way round. */
static void disconnect(struct kg_pg *pg)
{
    kg_deferred_cancel(&pg->deferred);
    kg_resolve_stop(&pg->resolve);
    (void)uv_timer_stop(&pg->timer);
    close_poller(pg);
    clear(pg->results);
    clear(pg->answers);
    pg->n_sent = 0;
    pg->n_ended = 0;
    pg->failed = false;
    PQfinish(pg->conn);
    pg->conn = NULL;
}

/* libpq's words on one line: "a: b\n\tc\n" becomes "a: b; c"; and the cure. */
void kg_pg_note_conn(struct kg_pg *pg, enum kg_errc code)
{
    struct kg_str rest = kg_str_from(PQerrorMessage(pg->conn));
    long native = kg_sqlstate_find(rest);
    char text[KG_ERROR_TEXT_MAX] = "";
    size_t len = 0;

    while (rest.ptr != NULL && len < sizeof(text) - 1) {
        struct kg_str line = kg_str_trim(kg_str_cut(&rest, '\n'));

        if (line.len == 0 || kg_str_starts(line, KG_STR("LOCATION:")) ||
            kg_str_find(kg_str_from(text), line) >=
                0) { /* With TLS, without. */
            continue;
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
                                len > 0 ? "; " : "", KG_STR_ARG(line));
    }
    (void)kg_error_set(
        &pg->error, native != 0 ? kg_sqlstate_errc(native) : code, native,
        "%s%s", text[0] != '\0' ? text : "no answer", kg_sqlstate_next(native));
}

/* `pg->error` is told to whoever waits. */
static void go_down(struct kg_pg *pg)
{
    struct kg_error e = pg->error;
    unsigned was = pg->sm.state;

    disconnect(pg);
    kg_sm_move(&pg->sm, KG_PG_DOWN);
    if (was == KG_PG_BUSY) {
        pg->round_cb(pg, &e); /* Last. */
    } else if (was == KG_PG_IDLE) {
        pg->lost_cb(pg, &e); /* Last. */
    } else {
        pg->connect_cb(pg, &e); /* Last. */
    }
}

static void on_deferred(struct kg_deferred *d)
{
    go_down(KG_CONTAINER_OF(d, struct kg_pg, deferred));
}

static void lost(struct kg_pg *pg)
{
    if (!pg->failed) { /* Else the server said why, just before. */
        kg_pg_note_conn(pg, KG_ECLOSED);
    }
    go_down(pg); /* Last. */
}

/* --- connecting -------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* Behind what was said of the addresses before. */
static void note_refusal(struct kg_pg *pg, const struct kg_error *before)
{
    struct kg_error e = pg->error;

    if (before->code != KG_OK) {
        (void)kg_error_set(&pg->error, e.code, e.native, "%s; %s", before->text,
                           e.text);
    }
}

static void note_refused(struct kg_pg *pg)
{
    struct kg_error before = pg->error;

    kg_pg_note_conn(pg, pg->conn != NULL ? KG_ECONNECT : KG_ENOMEM);
    note_refusal(pg, &before);
}

static void note_silence(struct kg_pg *pg)
{
    struct kg_error before = pg->error;
    const char *address = PQhostaddr(pg->conn);

    (void)kg_error_set(&pg->error, KG_ETIMEOUT, 0,
                       "connection to server at \"%s\" (%s), port %s failed: "
                       "no answer in time",
                       PQhost(pg->conn),
                       address[0] != '\0' ? address : "socket",
                       PQport(pg->conn));
    note_refusal(pg, &before);
}

/* What is left of the time, divided by the addresses that need it. */
static uint64_t share_ms(const struct kg_pg *pg)
{
    uint64_t now_ms = kg_loop_now_ms(pg->loop);

    return now_ms < pg->deadline_ms
               ? (pg->deadline_ms - now_ms) / (pg->n_left + 1)
               : 0;
}

static void on_notice(void *data, const PGresult *result)
{
    (void)data; /* "relation exists, skipping": nobody asked. */
    (void)result;
}

static bool begin_to_connect(struct kg_pg *pg, const struct kg_address *address)
{
    struct kg_params p;

    close_poller(pg);
    PQfinish(pg->conn);
    kg_params_init(&p, pg->conninfo);
    kg_params_set(&p, "host", address->host);
    kg_params_set(&p, "hostaddr", address->hostaddr);
    kg_params_set(&p, "port", address->port);
    pg->conn = PQconnectStartParams(p.names, p.values, 1);
    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        return false;
    }
    (void)PQsetNoticeReceiver(pg->conn, on_notice, NULL);
    /* Verbose: only so does libpq tell the SQLSTATE of a refusal. */
    (void)PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
    return poll_for(pg, UV_WRITABLE) == KG_OK;
}

static void try_next_address(struct kg_pg *pg)
{
    struct kg_address address;

    while (kg_resolve_next(&pg->resolve, &pg->place, &address)) {
        pg->n_left--;
        if (begin_to_connect(pg, &address)) {
            (void)uv_timer_start(&pg->timer, on_timer, share_ms(pg), 0);
            return;
        }
        note_refused(pg);
    }
    go_down(pg); /* Last. */
}

/* A server that says no ends it, as in libpq; one that is starting or stopping
 * does not. */
static bool is_final(const struct kg_error *e)
{
    return e->native != 0 && e->native != KG_SQLSTATE("57P03");
}

static void connected(struct kg_pg *pg)
{
    (void)uv_timer_stop(&pg->timer);
    (void)PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
    kg_conn_widen(pg->conn);
    if (PQsetnonblocking(pg->conn, 1) != 0 ||
        PQenterPipelineMode(pg->conn) != 1 ||
        poll_for(pg, UV_READABLE) != KG_OK) {
        kg_pg_note_conn(pg, KG_ENOMEM);
        go_down(pg); /* Last. */
        return;
    }
    kg_error_clear(&pg->error);
    kg_sm_move(&pg->sm, KG_PG_IDLE);
    pg->connect_cb(pg, NULL); /* Last. */
}

static void connect_step(struct kg_pg *pg)
{
    PostgresPollingStatusType next = PQconnectPoll(pg->conn);
    int events = next == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE;

    if (next == PGRES_POLLING_OK) {
        connected(pg); /* Last. */
        return;
    }
    if (next != PGRES_POLLING_FAILED && poll_for(pg, events) == KG_OK) {
        return;
    }
    note_refused(pg);
    if (is_final(&pg->error)) {
        go_down(pg); /* Last. */
        return;
    }
    try_next_address(pg); /* Last. */
}

static void on_resolved(struct kg_resolve *r, const struct kg_error *e)
{
    struct kg_pg *pg = KG_CONTAINER_OF(r, struct kg_pg, resolve);

    pg->error = r->error; /* Of the names that are left out, if any. */
    if (e != NULL) {
        go_down(pg); /* Last. */
        return;
    }
    pg->place = 0;
    pg->n_left = r->n_addresses;
    kg_sm_move(&pg->sm, KG_PG_CONNECTING);
    try_next_address(pg); /* Last. */
}

static void on_timer(uv_timer_t *timer)
{
    struct kg_pg *pg = KG_CONTAINER_OF(timer, struct kg_pg, timer);

    switch (pg->sm.state) {
    case KG_PG_RESOLVING:
        kg_resolve_hurry(&pg->resolve); /* Last. */
        return;
    case KG_PG_CONNECTING:
        note_silence(pg);
        try_next_address(pg); /* Last. */
        return;
    default:
        (void)kg_error_set(&pg->error, KG_ETIMEOUT, 0,
                           "server at \"%s\", port %s: no answer for %u ms",
                           PQhost(pg->conn), PQport(pg->conn), pg->answer_ms);
        go_down(pg); /* Last. */
        return;
    }
}

/* Of several hosts, one whose name nobody knows leaves time for the others. */
static enum kg_errc resolve(struct kg_pg *pg, const PQconninfoOption *options)
{
    uint64_t limit_ms = kg_conninfo_timeout_ms(options);
    const char *hosts = kg_conninfo_option(options, "host");
    bool several = hosts != NULL && strchr(hosts, ',') != NULL;

    pg->deadline_ms = kg_loop_now_ms(pg->loop) + limit_ms;
    (void)uv_timer_start(&pg->timer, on_timer,
                         several ? limit_ms / 2 : limit_ms, 0);
    return kg_resolve_start(&pg->resolve, hosts,
                            kg_conninfo_option(options, "hostaddr"),
                            kg_conninfo_option(options, "port"), on_resolved);
}

void kg_pg_connect(struct kg_pg *pg, kg_pg_connect_cb cb)
{
    PQconninfoOption *options;
    enum kg_errc code = KG_ENOMEM;

    pg->connect_cb = cb;
    kg_sm_move(&pg->sm, KG_PG_RESOLVING);
    pg->conn = kg_conninfo_read(pg->conninfo);
    options = pg->conn != NULL ? PQconninfo(pg->conn) : NULL;
    if (options != NULL) {
        code = resolve(pg, options);
        PQconninfoFree(options);
    }
    if (code != KG_OK) {
        (void)kg_error_set(&pg->error, code, 0, "connecting: %s",
                           kg_errc_text(code));
        kg_defer(pg->loop, &pg->deferred);
    }
}

/* --- rounds ------------------------------------------------------------------ */

static void note_failure(struct kg_pg *pg, const PGresult *result)
{
    long native =
        kg_sqlstate_pack(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char state[6];

    if (pg->failed) {
        return;
    }
    pg->failed = true;
    if (text == NULL) { /* libpq's own: the connection. */
        kg_pg_note_conn(pg, KG_ECLOSED);
        return;
    }
    (void)kg_error_set(&pg->error, kg_sqlstate_errc(native), native,
                       "%s%s (SQLSTATE %s)%s", kg_sqlstate_what(native), text,
                       kg_sqlstate_text(native, state),
                       kg_sqlstate_next(native));
}

static void round_ended(struct kg_pg *pg)
{
    struct kg_error e = pg->error;
    bool failed = pg->failed;

    KG_REQUIRE(pg->n_ended == pg->n_sent || failed);
    (void)uv_timer_stop(&pg->timer);
    clear(pg->answers);
    memcpy(pg->answers, pg->results, sizeof(pg->answers));
    memset(pg->results, 0, sizeof(pg->results));
    pg->n_sent = 0;
    pg->n_ended = 0;
    pg->failed = false;
    kg_sm_move(&pg->sm, KG_PG_IDLE);
    pg->round_cb(pg, failed ? &e : NULL); /* Last. */
}

/* True when the round's Sync was answered. */
static bool take_result(struct kg_pg *pg, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return true;
    }
    if (status == PGRES_FATAL_ERROR) {
        note_failure(pg, result);
    }
    if (pg->n_ended == pg->n_sent) { /* An error that belongs to none. */
        PQclear(result);
        return false;
    }
    PQclear(pg->results[pg->n_ended]);
    pg->results[pg->n_ended] = result;
    kg_xact_note(&pg->xact, pg->n_ended, result);
    return false;
}

static void drain_results(struct kg_pg *pg)
{
    while (!PQisBusy(pg->conn)) {
        PGresult *result = PQgetResult(pg->conn);

        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            if (result != NULL) {
                (void)take_result(pg, result);
            }
            lost(pg); /* Last. */
            return;
        }
        if (result == NULL) {
            pg->n_ended++;
        } else if (take_result(pg, result)) {
            round_ended(pg); /* Last. */
            return;
        }
    }
}

static void on_busy_socket(struct kg_pg *pg, int events)
{
    int flushed;

    if ((events & UV_READABLE) != 0 && PQconsumeInput(pg->conn) == 0) {
        drain_results(pg); /* Last: finds the server's last words, or lost. */
        return;
    }
    flushed = PQflush(pg->conn);
    if (flushed < 0 || poll_for(pg, flushed > 0 ? UV_READABLE | UV_WRITABLE
                                                : UV_READABLE) != KG_OK) {
        lost(pg); /* Last. */
        return;
    }
    drain_results(pg); /* Last. */
}

static void on_socket(uv_poll_t *handle, int status, int events)
{
    struct kg_pg *pg = KG_CONTAINER_OF(handle, struct kg_poller, uv)->pg;

    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE; /* libpq finds out what it is. */
    }
    switch (pg->sm.state) {
    case KG_PG_CONNECTING:
        (void)uv_poll_stop(handle);
        connect_step(pg); /* Last. */
        return;
    case KG_PG_IDLE:
        if (PQconsumeInput(pg->conn) == 0) {
            lost(pg); /* Last. */
            return;
        }
        (void)PQisBusy(pg->conn); /* Takes what came unasked: notices. */
        return;
    case KG_PG_BUSY:
        on_busy_socket(pg, events); /* Last. */
        return;
    default:
        return; /* A report that was already on its way. */
    }
}

void kg_pg_go(struct kg_pg *pg, kg_pg_round_cb cb)
{
    pg->round_cb = cb;
    kg_sm_move(&pg->sm, KG_PG_BUSY);
    (void)uv_timer_start(&pg->timer, on_timer, pg->answer_ms, 0);
    /* What could not even be sent leaves half a round in libpq: only a new
     * connection gets rid of it. */
    if (pg->failed || PQpipelineSync(pg->conn) != 1 || PQflush(pg->conn) < 0 ||
        poll_for(pg, UV_READABLE | UV_WRITABLE) != KG_OK) {
        if (!pg->failed) {
            kg_pg_note_conn(pg, KG_ECLOSED);
        }
        close_poller(pg); /* libpq may have closed the socket already. */
        kg_defer(pg->loop, &pg->deferred);
    }
}

/* --- life --------------------------------------------------------------------- */

void kg_pg_init(struct kg_pg *pg, struct kg_loop *loop, const char *conninfo,
                uint32_t answer_ms, kg_pg_lost_cb lost_cb)
{
    *pg = (struct kg_pg){.loop = loop,
                         .conninfo = conninfo,
                         .answer_ms = answer_ms,
                         .lost_cb = lost_cb};
    kg_sm_init(&pg->sm, "pg", states, KG_PG_DOWN);
    kg_pg_forget_xact(pg);
    kg_latch_init(&pg->latch, loop);
    kg_deferred_init(&pg->deferred, on_deferred);
    kg_resolve_init(&pg->resolve, loop, &pg->latch);
    (void)uv_timer_init(&loop->uv, &pg->timer);
}

void kg_pg_drop(struct kg_pg *pg)
{
    if (pg->sm.state == KG_PG_DOWN) {
        return;
    }
    disconnect(pg);
    kg_sm_move(&pg->sm, KG_PG_DOWN);
}

static void on_all_closed(struct kg_latch *latch)
{
    struct kg_pg *pg = KG_CONTAINER_OF(latch, struct kg_pg, latch);

    kg_resolve_finish(&pg->resolve);
    pg->close_cb(pg); /* Last: `pg` may be gone when this returns. */
}

void kg_pg_close(struct kg_pg *pg, kg_pg_close_cb cb)
{
    disconnect(pg);
    kg_sm_move(&pg->sm, KG_PG_CLOSING);
    pg->close_cb = cb;
    kg_latch_close_handle(&pg->latch, (uv_handle_t *)&pg->timer);
    kg_latch_close(&pg->latch, on_all_closed);
}
