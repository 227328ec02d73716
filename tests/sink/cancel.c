/* SPDX-License-Identifier: MIT */
/* sink/: statements that hang, behind a wire that does not tell their server that
 * we are gone: nothing but a word of ours ends them. */
#include <stdio.h>

#include "proxy.h"
#include "sink.h"

enum { NOON = 1790000000, LARGE = 1500 };

struct hung {
    struct kt_sink t;
    struct kt_proxy proxy;
    struct kt_stored stored;
};

/* Whatever is written to `table`, its `nth` statement sleeps. */
static void hang(const char *table, unsigned nth)
{
    char sql[600];

    (void)snprintf(sql, sizeof(sql),
                   "CREATE SEQUENCE statements;"
                   "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS"
                   " $$BEGIN IF nextval('statements') = %u THEN"
                   " PERFORM pg_sleep(100); END IF; RETURN NULL; END$$;"
                   "CREATE TRIGGER sleep BEFORE INSERT ON %s FOR EACH STATEMENT"
                   " EXECUTE FUNCTION sleep()",
                   nth, table);
    (void)kt_pg_query(sql);
}

static void unhang(const char *table)
{
    char sql[200];

    (void)snprintf(sql, sizeof(sql),
                   "DROP TRIGGER sleep ON %s; DROP FUNCTION sleep();"
                   " DROP SEQUENCE statements",
                   table);
    (void)kt_pg_query(sql);
}

#define ASLEEP                                  \
    "SELECT count(*) FROM pg_stat_activity"     \
    " WHERE wait_event = 'PgSleep' AND datname" \
    " = current_database()"

/* The first statement on `table` hangs with a report of so many rows. */
static void open_hung(struct hung *h, const char *table, unsigned n_rows,
                      unsigned answer_ms)
{
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_sink_options options = {.conninfo = kt_pg_conninfo(),
                                      .migrate = true};
    struct kg_report *r;

    *h = (struct hung){0};
    kt_pg_reset();
    kt_heap_setup();
    kt_sink_open(&h->t, &options); /* Makes the tables. */
    kt_sink_until_ready(&h->t);
    assert_int_equal(kt_prepare(&h->t, &kt_krr).code, KG_OK);
    kt_sink_teardown(&h->t);
    hang(table, 1);
    h->t = (struct kt_sink){0};
    assert_int_equal(kg_loop_init(&h->t.loop), KG_OK);
    kt_proxy_open(&h->proxy, &h->t.loop, kt_pg_port());
    h->proxy.swallows_ends = true;
    options.conninfo = kt_proxy_conninfo(&h->proxy);
    options.answer_ms = answer_ms;
    kt_sink_open_on(&h->t, &options);
    kt_sink_until_ready(&h->t);
    assert_int_equal(kg_report_begin(h->t.sink, &kt_krr, &run, 0, &r), KG_OK);
    kt_add_many(&h->t, r, &run, 0, n_rows);
    kg_report_end(r, kt_on_done, &h->stored);
    kt_until_query(&h->t, ASLEEP, "1");
    kt_turn_for(&h->t, 100); /* Whose it is has arrived. */
}

static void close_hung(struct hung *h, const char *table)
{
    kt_proxy_close(&h->proxy);
    kt_sink_until(&h->t, &h->proxy.closed, 10);
    kg_loop_close(&h->t.loop);
    kt_heap_teardown();
    unhang(table);
}

static void close_sink(struct hung *h)
{
    kg_sink_close(h->t.sink, kt_on_closed, &h->t);
    kt_sink_until(&h->t, &h->t.closed, 20);
}

static void closing_ends_a_statement_that_hangs(void **state)
{
    struct hung h;

    (void)state;
    open_hung(&h, "scan_history", 1, 0);
    close_sink(&h);
    kt_until_query(&h.t, ASLEEP, "0");
    kt_assert_query("SELECT count(*) FROM scan_history", "0");
    close_hung(&h, "scan_history");
}

static void closing_ends_a_piece_that_hangs(void **state)
{
    struct hung h;

    (void)state;
    open_hung(&h, "kubeglean_staging_scan_history", LARGE, 0);
    close_sink(&h);
    kt_until_query(&h.t, ASLEEP, "0");
    kt_assert_query("SELECT count(*) FROM kubeglean_staging_scan_history", "0");
    close_hung(&h, "kubeglean_staging_scan_history");
}

static void what_was_given_up_is_ended_before_the_next_try(void **state)
{
    struct hung h;

    (void)state;
    open_hung(&h, "scan_history", 1, 1000);
    kt_sink_until(&h.t, &h.stored.done, 30);
    assert_false(h.stored.failed);
    kt_assert_query(ASLEEP, "0");
    kt_assert_query("SELECT (SELECT count(*) FROM scan_history),"
                    " (SELECT sum(documents) FROM kubeglean_runs)",
                    "1|1");
    close_sink(&h);
    close_hung(&h, "scan_history");
}

/* Nobody answers: the loop turns, and closing has an end. */
static void closing_does_not_wait_for_a_server_that_is_stopped(void **state)
{
    struct kt_ticks ticks;
    struct hung h;

    (void)state;
    kt_pg_needs_own();
    open_hung(&h, "scan_history", 1, 0);
    kt_ticks_start(&ticks, &h.t.loop);
    kt_pg_ctl("pause");
    close_sink(&h);
    kt_ticks_end(&ticks, 10);
    kt_pg_ctl("resume");
    (void)kt_pg_query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE wait_event = 'PgSleep'");
    close_hung(&h, "scan_history");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_ends_a_statement_that_hangs),
        cmocka_unit_test(closing_ends_a_piece_that_hangs),
        cmocka_unit_test(what_was_given_up_is_ended_before_the_next_try),
        cmocka_unit_test(closing_does_not_wait_for_a_server_that_is_stopped),
    };

    return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
