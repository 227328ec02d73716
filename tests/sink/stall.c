/* SPDX-License-Identifier: MIT */
/* sink/: the wire goes dead at every step: before each piece that either side
 * sends, and behind its first byte. The loop turns, the step ends by our own
 * limit, and what was asked for is stored once. All steps are tried at a time,
 * each by a sink and a wire of its own. */
#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/clock.h"
#include "proxy.h"
#include "sink.h"

enum {
    NOON = 1790000000,
    VICTIMS_MAX = 80,
    ROOM = 700,
    NS_PER_S = 1000000000,
    PATIENCE_S = 300
};

static char dir[] = "/tmp/kt-stall.XXXXXX"; /* Certificates. */
static struct kg_table_def append;

struct victim {
    struct kt_proxy proxy;
    struct kg_sink *sink;
    struct kg_error told; /* First of all. */
    struct kt_stored stored;
    unsigned n_to_ready; /* Pieces that passed until then. */
    bool ready, closed;
};

/* How a connection is made: words behind host and port. */
struct way {
    const char *role;
    const char *words;
    const char *sql;
    bool at_work; /* Stall it there as well. */
};

static void on_state(void *data, const struct kg_error *e)
{
    struct victim *v = data;

    if (e != NULL && v->told.code == KG_OK) {
        v->told = *e;
    } else if (e == NULL && !v->ready) {
        v->ready = true;
        v->n_to_ready = v->proxy.n_both;
    }
}

static void on_closed(void *data)
{
    struct victim *v = data;

    v->closed = true;
}

static void open_victim(struct victim *v, struct kt_sink *hub,
                        const struct way *way, unsigned limit_s)
{
    char conninfo[ROOM];
    const struct kg_sink_options options = {.conninfo = conninfo,
                                            .n_connections = 1,
                                            .migrate = true,
                                            .answer_ms = limit_s * 1000};
    struct kg_error e;

    *v = (struct victim){0};
    kt_proxy_open(&v->proxy, &hub->loop, kt_pg_port());
    (void)snprintf(conninfo, sizeof(conninfo),
                   "host=localhost hostaddr=127.0.0.1 port=%d user=%s dbname=kt"
                   " connect_timeout=%u %s",
                   v->proxy.port, way->role, limit_s, way->words);
    assert_int_equal(kg_sink_create(&hub->loop, &options, &e, &v->sink), KG_OK);
}

static void start_victim(struct victim *v, unsigned number)
{
    const struct kt_row row = {"a", "1", "{}", "OK"};
    struct kg_run_info run = kt_run(number, NOON);
    struct kg_report *r;
    bool pause;

    kg_sink_start(v->sink, on_state, v);
    assert_int_equal(kg_report_begin(v->sink, &append, &run, 0, &r), KG_OK);
    kt_add(r, &run, &row, 0, &pause);
    kg_report_end(r, kt_on_done, &v->stored);
}

static void close_victims(struct victim *all, unsigned n, struct kt_sink *hub)
{
    for (unsigned i = 0; i < n; i++) {
        kg_sink_close(all[i].sink, on_closed, &all[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        kt_sink_until(hub, &all[i].closed, PATIENCE_S);
        kt_proxy_close(&all[i].proxy);
        kt_sink_until(hub, &all[i].proxy.closed, PATIENCE_S);
    }
}

/* How many pieces it takes when nothing goes wrong. */
static unsigned count_pieces(struct kt_sink *hub, const struct way *way,
                             unsigned number)
{
    struct victim v;
    unsigned n;

    open_victim(&v, hub, way, 60);
    start_victim(&v, number);
    kt_sink_until(hub, &v.stored.done, PATIENCE_S);
    n = way->at_work ? v.proxy.n_both : v.n_to_ready;
    close_victims(&v, 1, hub);
    return n;
}

/* For `n` of them at once, on a machine as busy as it is with one. */
static unsigned time_for(unsigned n, uint64_t one_ns)
{
    return (unsigned)(n * one_ns / NS_PER_S);
}

/* One for each piece, and another for its first byte. */
static unsigned open_victims(struct victim *all, struct kt_sink *hub,
                             const struct way *way, unsigned limit_s)
{
    uint64_t began_ns;
    unsigned n;

    append = kt_krr;
    append.mode = KG_MODE_APPEND;
    kt_pg_reset();
    (void)kt_pg_query(way->sql);
    assert_int_equal(kg_loop_init(&hub->loop), KG_OK);
    (void)count_pieces(hub, way, 1000); /* Makes the tables. */
    began_ns = kg_clock_mono_ns();
    n = 2 * count_pieces(hub, way, 1001);
    assert_in_range(n, 4, VICTIMS_MAX);
    limit_s += time_for(n, kg_clock_mono_ns() - began_ns);
    for (unsigned i = 0; i < n; i++) {
        open_victim(&all[i], hub, way, limit_s);
        all[i].proxy.hold_at = i / 2;
        all[i].proxy.hold_bytes = i % 2;
    }
    for (unsigned i = 0; i < n; i++) {
        start_victim(&all[i], i + 1);
    }
    return n;
}

static void stall_everywhere(const struct way *way)
{
    static struct victim all[VICTIMS_MAX];
    struct kt_sink hub = {0};
    struct kt_ticks ticks;
    unsigned n_held = 0;
    char want[32];
    unsigned n;

    kt_heap_setup();
    n = open_victims(all, &hub, way, 2);
    kt_ticks_start(&ticks, &hub.loop);
    for (unsigned i = 0; i < n; i++) {
        kt_sink_until(&hub, &all[i].stored.done, PATIENCE_S);
        assert_false(all[i].stored.failed);
    }
    kt_ticks_end(&ticks, 10);
    for (unsigned i = 0; i < n; i++) {
        if (all[i].proxy.was_held) {
            n_held++;
            assert_int_equal(all[i].told.code, KG_ETIMEOUT);
            assert_non_null(strstr(all[i].told.text, "no answer "));
        }
    }
    assert_true(n_held > n / 2); /* Pieces may stick together. */
    (void)snprintf(want, sizeof(want), "%u|%u", n + 2, n + 2);
    kt_assert_query("SELECT (SELECT count(*) FROM scan_history),"
                    " (SELECT sum(documents) FROM kubeglean_runs)",
                    want);
    close_victims(all, n, &hub);
    kg_loop_close(&hub.loop);
    kt_heap_teardown();
}

#define ROLE(name, password)                                         \
    "SET client_min_messages = error; DROP ROLE IF EXISTS " name ";" \
    "SET password_encryption = '" password "'; CREATE ROLE " name    \
    " LOGIN PASSWORD 'secret'; GRANT ALL ON SCHEMA public TO " name

static void drop_role(const char *role)
{
    char sql[100];

    (void)snprintf(sql, sizeof(sql), "DROP OWNED BY %s; DROP ROLE %s", role,
                   role);
    (void)kt_pg_query(sql);
}

static const struct way trusted = {"kt", "sslmode=disable", "SELECT", true};

static void a_wire_that_dies_at_any_step_is_given_up_in_time(void **state)
{
    (void)state;
    stall_everywhere(&trusted);
}

static void a_wire_that_dies_while_a_password_is_asked_for(void **state)
{
    static const struct way ways[] = {
        {"kt_stalled", "password=secret sslmode=disable",
         ROLE("kt_stalled", "scram-sha-256"), false},
        {"kt_md5", "password=secret sslmode=disable", ROLE("kt_md5", "md5"),
         false},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(ways); i++) {
        stall_everywhere(&ways[i]);
        drop_role(ways[i].role);
    }
}

static void a_wire_that_dies_while_tls_is_agreed_upon(void **state)
{
    char words[300];
    const struct way way = {"kt_cert", words, ROLE("kt_cert", "scram-sha-256"),
                            false};

    (void)state;
    (void)snprintf(words, sizeof(words),
                   "sslmode=verify-full sslrootcert=%s/ca.crt"
                   " sslcert=%s/client.crt sslkey=%s/client.key",
                   dir, dir, dir);
    stall_everywhere(&way);
    drop_role("kt_cert");
}

/* With a minute's limit: it is not the limit that ends it. */
static void a_sink_whose_wire_died_closes_at_once(void **state)
{
    static struct victim all[VICTIMS_MAX];
    struct kt_sink hub = {0};
    unsigned n;

    (void)state;
    kt_heap_setup();
    n = open_victims(all, &hub, &trusted, 60);
    for (unsigned i = 0; i < n; i++) {
        while (!all[i].proxy.was_held && !all[i].stored.done) {
            kt_turn_for(&hub, 2);
        }
    }
    close_victims(all, n, &hub);
    kg_loop_close(&hub.loop);
    kt_heap_teardown();
}

static int make_certificates(void **state)
{
    (void)state;
    kt_pg_make_tls(dir);
    return 0;
}

static int remove_certificates(void **state)
{
    (void)state;
    return kt_pg_remove_tls(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wire_that_dies_at_any_step_is_given_up_in_time),
        cmocka_unit_test(a_wire_that_dies_while_a_password_is_asked_for),
        cmocka_unit_test(a_wire_that_dies_while_tls_is_agreed_upon),
        cmocka_unit_test(a_sink_whose_wire_died_closes_at_once),
    };

    return cmocka_run_group_tests_name("stall", tests, make_certificates,
                                       remove_certificates);
}
