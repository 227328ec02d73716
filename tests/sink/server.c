/* SPDX-License-Identifier: MIT */
/* sink/: what a server says no with, and takes back: each is provoked in a real
 * one while a report is on its way, seen in its log, and the report is stored
 * once all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kubeglean/backoff.h"
#include "kubeglean/clock.h"
#include "sink.h"

enum { NOON = 1790000000 };

static const struct kt_row two[] = {{"a", "2", "{}", "OK"},
                                    {"b", "2", "{}", "OK"}};

static void until_logged(struct kt_sink *t, const char *text, unsigned before)
{
    for (unsigned i = 0; i < 200 && kt_pg_count_log(text) == before; i++) {
        kt_turn_for(t, 50);
    }
    if (kt_pg_count_log(text) == before) {
        fail_msg("the server never said: %s", text);
    }
}

/* Rows a and b are there, and ours; the sink has `more` words. */
static void open_over_rows(struct kt_sink *t, const char *more)
{
    static const struct kt_row first[] = {{"a", "1", "{}", "OK"},
                                          {"b", "1", "{}", "OK"}};
    struct kg_run_info run = kt_run(1, NOON);

    kt_pg_needs_own();
    kt_pg_reset();
    kt_sink_open_with(t, kt_pg_conninfo_with(more), false);
    kt_sink_until_ready(t);
    assert_false(kt_store_wait(t, &run, 0, first, 2).failed);
}

static void until_stored_once(struct kt_sink *t, struct kt_stored *s)
{
    kt_sink_until(t, &s->done, 40);
    assert_false(s->failed);
    kt_assert_query("SELECT name, pods FROM scan_history ORDER BY 1",
                    "a|2\nb|2");
    kt_assert_query("SELECT outcome, documents, rows FROM kubeglean_runs"
                    " ORDER BY scanned_at",
                    "running|1|2\nrunning|1|2");
    kt_sink_end(t);
}

/* For a session that holds what we want: until we wait for it, and no more. */
#define UNTIL(waits)                                                     \
    "DO 'BEGIN WHILE " waits " (SELECT FROM pg_locks WHERE NOT granted)" \
    " LOOP PERFORM pg_sleep(0.02); END LOOP; END';"
#define UNTIL_WE_WAIT UNTIL("NOT EXISTS")
#define WHILE_WE_WAIT UNTIL("EXISTS")

/* Another session holds row b. */
static void hold_row(struct kt_sink *t, const char *then)
{
    char sql[800];

    (void)snprintf(sql, sizeof(sql),
                   "SET application_name = 'kt other'; BEGIN; SELECT FROM"
                   " scan_history WHERE name = 'b' FOR UPDATE; " UNTIL_WE_WAIT
                   " %s; COMMIT",
                   then);
    kt_pg_in_background(sql);
    kt_until_query(t,
                   "SELECT count(*) FROM pg_stat_activity WHERE"
                   " application_name = 'kt other' AND wait_event = 'PgSleep'",
                   "1");
}

/* While another session holds row b, and asks for more with `then`. */
static void store_against(const char *more, const char *then, const char *said)
{
    struct kg_run_info run = kt_run(2, NOON + 60);
    unsigned before;
    struct kt_stored s;
    struct kt_sink t;

    open_over_rows(&t, more);
    before = kt_pg_count_log(said);
    hold_row(&t, then);
    kt_store(&t, &run, 0, two, 2, &s);
    until_logged(&t, said, before);
    until_stored_once(&t, &s);
}

static void p2_a_deadlock_is_retried(void **state)
{
    (void)state;
    store_against("",
                  "SET deadlock_timeout = '20s';"
                  " SELECT FROM scan_history WHERE name = 'a' FOR UPDATE",
                  "ERROR:  deadlock detected");
}

static void a_serialization_failure_is_retried(void **state)
{
    (void)state;
    store_against(
        "options='-c default_transaction_isolation=repeatable\\\\ read'",
        "UPDATE scan_history SET severity = 'other' WHERE name = 'b'",
        "could not serialize access due to concurrent update");
}

/* As when it is deleted between its claim's two statements. */
static void a_claim_without_its_line_is_none(void **state)
{
    static const struct kt_row rows[] = {{"a", "1", NULL, "OK"}};
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(
        "CREATE SEQUENCE IF NOT EXISTS kt_claims; SELECT setval('kt_claims', "
        "1);"
        " CREATE OR REPLACE FUNCTION kt_claim() RETURNS trigger"
        " LANGUAGE plpgsql AS $$BEGIN IF nextval('kt_claims') = 2 THEN"
        " RETURN NULL; END IF; RETURN new; END$$;"
        " CREATE TRIGGER kt_claim BEFORE INSERT ON kubeglean_runs"
        " FOR EACH ROW EXECUTE FUNCTION kt_claim()");
    s = kt_store_wait(&t, &run, 0, rows, 1);
    assert_false(s.failed);
    assert_int_equal(s.result.n_inserted, 1);
    kt_assert_query("SELECT documents, rows FROM kubeglean_runs", "1|1");
    kt_sink_end(&t);
}

static void p10_a_statement_timeout_is_retried(void **state)
{
    (void)state;
    store_against("options='-c statement_timeout=200ms'", "SELECT pg_sleep(1)",
                  "canceling statement due to statement timeout");
}

/* --- the connection ends in the middle ----------------------------------------- */

/* `kill` ends it, one way or the other, while our statement waits. */
static void store_while(void (*kill)(void), const char *said)
{
    struct kg_run_info run = kt_run(2, NOON + 60);
    unsigned before;
    struct kt_stored s;
    struct kt_sink t;

    open_over_rows(&t, "");
    before = kt_pg_count_log(said);
    hold_row(&t, WHILE_WE_WAIT);
    kt_store(&t, &run, 0, two, 2, &s);
    kt_until_query(
        &t,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name"
        " = 'kubeglean' AND wait_event_type = 'Lock'",
        "1");
    kill();
    until_logged(&t, said, before);
    until_stored_once(&t, &s);
}

static void terminate_waiting(void)
{
    (void)kt_pg_query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE application_name = 'kubeglean'");
}

static void kill_waiting(void)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "kill -9 %s",
                   kt_pg_query("SELECT min(pid) FROM pg_stat_activity"
                               " WHERE wait_event_type = 'Lock'"));
    assert_int_equal(system(command), 0);
}

static void restart_server(void)
{
    kt_pg_ctl("stop");
    kt_pg_ctl("start");
}

static void an_administrator_ends_the_connection(void **state)
{
    (void)state;
    store_while(terminate_waiting,
                "terminating connection due to administrator command");
}

static void p10_a_server_restarts_in_the_middle(void **state)
{
    (void)state;
    store_while(restart_server, "received fast shutdown request");
}

static void a_process_of_the_server_crashes(void **state)
{
    (void)state;
    store_while(kill_waiting, "was terminated by signal 9");
}

/* --- a statement that hangs ------------------------------------------------------- */

/* The next row that is written takes a minute. */
static const char hang_once[] =
    "CREATE SEQUENCE IF NOT EXISTS kt_hangs; SELECT setval('kt_hangs', 1);"
    " CREATE OR REPLACE FUNCTION kt_hang() RETURNS trigger LANGUAGE plpgsql"
    " AS $$BEGIN IF nextval('kt_hangs') = 2 THEN PERFORM pg_sleep(60); END IF;"
    " RETURN new; END$$; CREATE TRIGGER kt_hang BEFORE UPDATE ON scan_history"
    " FOR EACH ROW EXECUTE FUNCTION kt_hang()";
static const char hanging[] = "SELECT count(*) FROM pg_stat_activity WHERE"
                              " application_name = 'kubeglean'"
                              " AND wait_event = 'PgSleep'";

static void closing_waits_for_no_statement_and_leaves_none(void **state)
{
    struct kg_run_info run = kt_run(2, NOON + 60);
    struct kt_stored s;
    struct kt_sink t;
    uint64_t begin_ns;

    (void)state;
    open_over_rows(&t, "");
    (void)kt_pg_query(hang_once);
    kt_store(&t, &run, 0, two, 2, &s);
    kt_until_query(&t, hanging, "1");
    begin_ns = kg_clock_mono_ns();
    kt_sink_end(&t);
    assert_true(kg_clock_mono_ns() - begin_ns < 5 * UINT64_C(1000000000));
    for (unsigned i = 0; i < 100 && kt_pg_query(hanging)[0] != '0'; i++) {
        (void)usleep(100000);
    }
    kt_assert_query(hanging, "0");
}

static void a_statement_beyond_its_time_is_not_in_the_way_of_the_next(
    void **state)
{
    const struct kg_sink_options options = {.conninfo = kt_pg_conninfo(),
                                            .answer_ms = 2000};
    struct kg_run_info run = kt_run(2, NOON + 60);
    struct kt_stored s;
    struct kt_sink t;

    (void)state;
    open_over_rows(&t, "");
    kt_sink_end(&t);
    (void)kt_pg_query(hang_once);
    kt_heap_setup();
    kt_sink_open(&t, &options);
    kt_sink_until_ready(&t);
    kt_store(&t, &run, 0, two, 2, &s);
    until_stored_once(&t, &s);
}

/* --- nothing works, with a connection ----------------------------------------------- */

static void told_until_cured(struct kt_sink *t, const struct kt_row rows[2],
                             const char *told, void (*cure)(void))
{
    struct kg_run_info run = kt_run(2, NOON + 60);
    struct kt_stored s;

    kt_store(t, &run, 0, rows, 2, &s);
    for (unsigned i = 0; i < 4000 && t->error.code == KG_OK; i++) {
        kt_turn_for(t, 5);
    }
    if (strstr(t->error.text, told) == NULL) {
        fail_msg("\"%s\" is not in: %s", told, t->error.text);
    }
    assert_string_equal(kg_sink_trouble(t->sink), t->error.text);
    assert_false(s.done);
    cure();
    kt_sink_until_ready(t);
    assert_null(kg_sink_trouble(t->sink));
    until_stored_once(t, &s);
}

static char disk[] = "/tmp/kt-disk.XXXXXX";

static void empty_disk(void)
{
    char command[100];

    (void)snprintf(command, sizeof(command), "rm %s/filling", disk);
    assert_int_equal(system(command), 0);
}

/* JSON that needs pages of its own. */
static const char *incompressible(void)
{
    static char text[64 * 1024];
    struct kg_random random;

    kg_random_init(&random, 1);
    text[0] = '"';
    for (size_t i = 1; i < sizeof(text) - 2; i++) {
        text[i] = (char)('a' + kg_random_below(&random, 26));
    }
    text[sizeof(text) - 2] = '"';
    return text;
}

/* A tablespace on a file system of its own, which is then filled. */
static void p10_a_full_disk_is_told_and_waited_for(void **state)
{
    const struct kt_row large[] = {{"a", "2", incompressible(), "OK"},
                                   {"b", "2", "{}", "OK"}};
    char command[300];
    struct kt_sink t;

    (void)state;
    assert_non_null(mkdtemp(disk));
    if (geteuid() != 0 || mount("kt", disk, "tmpfs", 0, "size=4m") != 0) {
        (void)rmdir(disk);
        print_message("SKIP: no file system can be mounted here\n");
        skip();
    }
    open_over_rows(&t, "");
    (void)snprintf(command, sizeof(command),
                   "mkdir %s/space && chown --reference=$KT_PG_DATA %s/space",
                   disk, disk);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof(command),
                   "CREATE TABLESPACE kt_small LOCATION '%s/space'", disk);
    (void)kt_pg_query(command);
    (void)kt_pg_query("ALTER TABLE scan_history SET TABLESPACE kt_small");
    (void)snprintf(command, sizeof(command),
                   "cat /dev/zero > %s/filling 2>/dev/null; test -s %s/filling",
                   disk, disk);
    assert_int_equal(system(command), 0);
    told_until_cured(&t, large,
                     "No space left on device (SQLSTATE 53100);"
                     " trying again until there is room",
                     empty_disk);
    (void)kt_pg_query("DROP TABLE scan_history; DROP TABLESPACE kt_small");
    assert_int_equal(umount(disk), 0);
    (void)rmdir(disk);
}

static void allow_writing(void)
{
    (void)kt_pg_query("ALTER SYSTEM RESET default_transaction_read_only;"
                      "SELECT pg_reload_conf()");
}

static void a_server_that_becomes_read_only_is_told(void **state)
{
    struct kt_sink t;

    (void)state;
    open_over_rows(&t, "target_session_attrs=any");
    (void)kt_pg_query("ALTER SYSTEM SET default_transaction_read_only = on");
    (void)kt_pg_query("SELECT pg_reload_conf()");
    kt_turn_for(&t, 300);
    told_until_cured(&t, two,
                     "read-only: cannot execute INSERT in a read-only"
                     " transaction (SQLSTATE 25006); looking for a server",
                     allow_writing);
}

static void let_go_of_row(void)
{
    (void)kt_pg_query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE application_name = 'kt other'");
}

static void a_statement_that_never_ends_in_time_is_told(void **state)
{
    struct kt_sink t;

    (void)state;
    open_over_rows(&t, "options='-c statement_timeout=200ms'");
    hold_row(&t, "SELECT pg_sleep(60)");
    told_until_cured(&t, two,
                     "statement canceled: canceling statement due to statement"
                     " timeout (SQLSTATE 57014); trying again; cure: a longer"
                     " statement_timeout for our role",
                     let_go_of_row);
}

static void allow_connections(void)
{
    (void)kt_pg_query("ALTER ROLE kt_limited CONNECTION LIMIT 5");
}

static void too_many_connections_are_told_and_waited_for(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP ROLE IF EXISTS kt_limited;"
                      "CREATE ROLE kt_limited LOGIN CONNECTION LIMIT 0;"
                      "GRANT ALL ON SCHEMA public TO kt_limited");
    kt_sink_open_with(&t, kt_pg_conninfo_with("user=kt_limited"), false);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_EBUSY);
    assert_non_null(strstr(t.error.text,
                           "too many connections for role"
                           " \"kt_limited\"; trying again; cure: fewer"));
    allow_connections();
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    (void)kt_pg_query("DROP OWNED BY kt_limited; DROP ROLE kt_limited");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_a_deadlock_is_retried),
        cmocka_unit_test(a_serialization_failure_is_retried),
        cmocka_unit_test(a_claim_without_its_line_is_none),
        cmocka_unit_test(p10_a_statement_timeout_is_retried),
        cmocka_unit_test(an_administrator_ends_the_connection),
        cmocka_unit_test(p10_a_server_restarts_in_the_middle),
        cmocka_unit_test(a_process_of_the_server_crashes),
        cmocka_unit_test(closing_waits_for_no_statement_and_leaves_none),
        cmocka_unit_test(
            a_statement_beyond_its_time_is_not_in_the_way_of_the_next),
        cmocka_unit_test(p10_a_full_disk_is_told_and_waited_for),
        cmocka_unit_test(a_server_that_becomes_read_only_is_told),
        cmocka_unit_test(a_statement_that_never_ends_in_time_is_told),
        cmocka_unit_test(too_many_connections_are_told_and_waited_for),
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
