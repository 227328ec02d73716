/* SPDX-License-Identifier: MIT */
/* sink/: to get a connection: where the server is, and whether it lets us in. */
#include <stdio.h>
#include <stdlib.h>

#include "sink.h"

enum { NOON = 1790000000 };

static const struct kt_row two[] = {{"a", "1", "{}", "OK"},
                                    {"b", "2", "{}", "OK"}};

static void a_server_that_is_away_is_waited_for_and_told_once(void **state)
{
    struct kt_sink t;
    struct kg_run_info run = kt_run(1, NOON);
    struct kt_stored s;

    (void)state;
    kt_pg_reset();
    kt_pg_ctl("stop");
    kt_sink_open_with(&t, kt_pg_conninfo(), false);
    kt_store(&t, &run, 0, two, 2, &s);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_ECONNECT);
    assert_non_null(strstr(t.error.text, "No such file or directory"));
    kt_turn_for(&t, 1000);
    assert_int_equal(t.n_states, 1);
    kt_pg_ctl("start");
    kt_sink_until_ready(&t);
    kt_sink_until(&t, &s.done, 20);
    assert_false(s.failed);
    kt_sink_end(&t);
}

static void giving_up_is_told_once_and_final(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_open_with(&t, kt_pg_conninfo_with("port=1"), true);
    kt_until_told(&t);
    kt_turn_for(&t, 400);
    assert_int_equal(t.n_states, 1);
    assert_int_equal(t.error.code, KG_ECONNECT);
    kt_sink_end(&t);
}

static void a_wrong_password_is_told_without_the_password(void **state)
{
    struct kt_sink t;

    (void)state;
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP ROLE IF EXISTS kt_password;"
                      "CREATE ROLE kt_password LOGIN PASSWORD 'right'");
    kt_sink_open_with(&t,
                      kt_pg_conninfo_with("host=127.0.0.1 user=kt_password"
                                          " password=hunter2-wrong"),
                      true);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_EUNAUTHORIZED);
    assert_non_null(strstr(t.error.text, "password authentication failed for "
                                         "user \"kt_password\""));
    assert_null(strstr(t.error.text, "hunter2"));
    assert_null(strstr(t.error.text, "LOCATION"));
    kt_sink_end(&t);
}

static void an_address_that_cannot_be_parsed_keeps_its_password(void **state)
{
    struct kg_loop loop;
    struct kg_sink *sink;
    struct kg_error e;
    const struct kg_sink_options options = {
        .conninfo = "postgresql://me:hunter2@[::1/x"};

    (void)state;
    kt_heap_setup();
    assert_int_equal(kg_loop_init(&loop), KG_OK);
    assert_int_equal(kg_sink_create(&loop, &options, &e, &sink), KG_ECONFIG);
    assert_non_null(strstr(e.text, "postgresql://USER@HOST:PORT/DBNAME"));
    assert_null(strstr(e.text, "hunter2"));
    kg_loop_close(&loop);
    kt_heap_teardown();
}

static void a_database_that_is_not_there_is_named(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_open_with(&t, kt_pg_conninfo_with("dbname=nowhere"), true);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_ENOTFOUND);
    assert_non_null(strstr(t.error.text, "\"nowhere\" does not exist"));
    kt_sink_end(&t);
}

static void names_are_resolved_and_several_hosts_tried(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    kt_sink_open_with(&t, kt_pg_conninfo_with("host=localhost"), true);
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    kt_sink_open_with(&t, kt_pg_conninfo_with("host=nowhere.invalid,127.0.0.1"),
                      true);
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    kt_sink_open_with(&t, kt_pg_conninfo_with("host=nowhere.invalid"), true);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_ENAME);
    assert_non_null(strstr(t.error.text, "nowhere.invalid"));
    kt_sink_end(&t);
}

static void the_environment_says_where_the_server_is(void **state)
{
    char host[200];
    char port[16];
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    assert_int_equal(
        sscanf(kt_pg_conninfo(), "host=%199s port=%15s", host, port), 2);
    (void)setenv("PGHOST", host, 1);
    (void)setenv("PGPORT", port, 1);
    (void)setenv("PGUSER", "kt", 1);
    (void)setenv("PGDATABASE", "kt", 1);
    kt_sink_open_with(&t, NULL, true);
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    (void)unsetenv("PGHOST");
    (void)unsetenv("PGPORT");
    (void)unsetenv("PGUSER");
    (void)unsetenv("PGDATABASE");
}

/* After a failover: this server may only be read. */
static void a_read_only_server_is_left_for_another(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("ALTER ROLE kt SET default_transaction_read_only = on");
    kt_sink_open_with(&t, kt_pg_conninfo(), false);
    kt_until_told(&t);
    assert_non_null(strstr(t.error.text, "session is read-only"));
    (void)kt_pg_query("SET default_transaction_read_only = off;"
                      "ALTER ROLE kt RESET default_transaction_read_only");
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_is_away_is_waited_for_and_told_once),
        cmocka_unit_test(giving_up_is_told_once_and_final),
        cmocka_unit_test(a_wrong_password_is_told_without_the_password),
        cmocka_unit_test(an_address_that_cannot_be_parsed_keeps_its_password),
        cmocka_unit_test(a_database_that_is_not_there_is_named),
        cmocka_unit_test(names_are_resolved_and_several_hosts_tried),
        cmocka_unit_test(the_environment_says_where_the_server_is),
        cmocka_unit_test(a_read_only_server_is_left_for_another),
    };

    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
