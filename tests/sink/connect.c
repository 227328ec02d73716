/* SPDX-License-Identifier: MIT */
/* sink/: to get a connection: where the server is, and whether it lets us in. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink.h"
#include "sink/pg.h"

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

/* libuv's pool calls this one: a name server that does not answer. libpq must
 * not, but for what is no name. */
static volatile bool names_hang;
static volatile unsigned n_from_the_loop;
static pthread_t loop_thread;

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);

    n_from_the_loop += pthread_equal(pthread_self(), loop_thread) &&
                       (hints->ai_flags & AI_NUMERICHOST) == 0;
    while (names_hang && strcmp(name, "hangs.invalid") == 0) {
        (void)usleep(1000);
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, found);
}

static void names_are_resolved_and_several_hosts_tried(void **state)
{
    struct kt_sink t;

    (void)state;
    loop_thread = pthread_self();
    n_from_the_loop = 0;
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
    assert_int_equal(n_from_the_loop, 0);
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

/* --- what can never work ----------------------------------------------------- */

static void assert_never_works(const char *conninfo, const char *why)
{
    const struct kg_sink_options options = {.conninfo = conninfo};
    struct kg_loop loop;
    struct kg_sink *sink;
    struct kg_error e;

    kt_heap_setup();
    assert_int_equal(kg_loop_init(&loop), KG_OK);
    assert_int_equal(kg_sink_create(&loop, &options, &e, &sink), KG_ECONFIG);
    if (strstr(e.text, why) == NULL) {
        fail_msg("%s: \"%s\" is not in: %s", conninfo, why, e.text);
    }
    assert_null(strstr(e.text, "hunter2"));
    kg_loop_close(&loop);
    kt_heap_teardown();
}

static void what_can_never_work_is_told_before_the_start(void **state)
{
    (void)state;
    assert_never_works("host=h password=hunter2 port=abc",
                       "port \"abc\" is none: it is a number from 1 to 65535");
    assert_never_works("host=h,h port=5432,0", "port \"0\" is none");
    assert_never_works("postgresql://me:hunter2@h:65536/db", "port \"65536\"");
    assert_never_works("host=a,b port=1,2,3",
                       "could not match 3 port numbers to 2 hosts");
    assert_never_works("sslmode=sure password=hunter2",
                       "sslmode \"sure\" is none: it is one of disable, allow,"
                       " prefer, require, verify-ca, verify-full");
    assert_never_works("postgresql://me:hunter2@h/db?target_session_attrs="
                       "read-wrte",
                       "target_session_attrs \"read-wrte\" is none: it is one"
                       " of any, read-write, read-only, primary, standby,"
                       " prefer-standby");
    assert_never_works("channel_binding=always", "one of disable, prefer,");
    assert_never_works("ssl_min_protocol_version=1.2", "one of TLSv1, ");
    assert_never_works("keepalives_idle=long",
                       "keepalives_idle \"long\" is none: it is a number");
    assert_never_works("service=nowhere", "service \"nowhere\" not found");
    assert_never_works("connect_timeout=5s", "\"5s\" is none");
    (void)setenv("PGPORT", "five", 1);
    assert_never_works(NULL, "port \"five\" is none");
    (void)unsetenv("PGPORT");
    (void)setenv("PGTARGETSESSIONATTRS", "writable", 1);
    assert_never_works(NULL, "target_session_attrs \"writable\"");
    (void)unsetenv("PGTARGETSESSIONATTRS");
}

/* --- hosts that hang ---------------------------------------------------------- */

/* Connections are made to it, and nobody ever answers. */
struct silent {
    int socket;
    int port;
};

static struct silent listen_silently(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof(addr);
    struct silent s = {.socket = socket(AF_INET, SOCK_STREAM, 0)};

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s.socket, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(s.socket, 16), 0);
    assert_int_equal(getsockname(s.socket, (struct sockaddr *)&addr, &len), 0);
    s.port = ntohs(addr.sin_port);
    return s;
}

static void a_host_that_hangs_uses_its_share_of_the_time(void **state)
{
    struct silent silent = listen_silently();
    char more[200];
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    (void)snprintf(more, sizeof(more),
                   "host=127.0.0.1,127.0.0.1,127.0.0.1 port=%d,1,%d"
                   " connect_timeout=2",
                   silent.port, kt_pg_port());
    kt_sink_open_with(&t, kt_pg_conninfo_with(more), true);
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    (void)close(silent.socket);
}

static void hosts_that_all_fail_are_each_named(void **state)
{
    struct silent silent = listen_silently();
    char want[100];
    char more[200];
    struct kt_sink t;

    (void)state;
    (void)snprintf(more, sizeof(more),
                   "host=nowhere.invalid,127.0.0.1,127.0.0.1 port=5432,1,%d"
                   " connect_timeout=2",
                   silent.port);
    kt_sink_open_with(&t, kt_pg_conninfo_with(more), true);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_ETIMEOUT);
    (void)snprintf(want, sizeof(want),
                   "\"127.0.0.1\" (127.0.0.1), port %d failed: no answer in "
                   "time",
                   silent.port);
    assert_non_null(strstr(t.error.text, want));
    assert_non_null(strstr(t.error.text, "port 1 failed: Connection refused"));
    assert_non_null(strstr(t.error.text, "host \"nowhere.invalid\""));
    kt_sink_end(&t);
    (void)close(silent.socket);
}

static void a_name_that_hangs_leaves_time_for_the_others(void **state)
{
    struct kt_ticks ticks;
    struct kt_sink t;

    (void)state;
    kt_pg_reset();
    names_hang = true;
    kt_sink_open_with(
        &t,
        kt_pg_conninfo_with("host=hangs.invalid,127.0.0.1 connect_timeout=2"),
        true);
    kt_ticks_start(&ticks, &t.loop);
    kt_sink_until_ready(&t);
    kt_ticks_end(&ticks, 50);
    names_hang = false;
    kt_sink_end(&t);
}

static void a_name_that_hangs_is_told_in_time(void **state)
{
    struct kt_sink t;

    (void)state;
    names_hang = true;
    kt_sink_open_with(
        &t, kt_pg_conninfo_with("host=hangs.invalid connect_timeout=2"), true);
    kt_until_told(&t);
    assert_int_equal(t.error.code, KG_ENAME);
    assert_string_equal(t.error.text, "host \"hangs.invalid\": its name cannot "
                                      "be resolved: no answer in time");
    names_hang = false;
    kt_sink_end(&t);
}

/* --- where the words come from --------------------------------------------------------- */

static void assert_ready_with(const char *conninfo)
{
    struct kt_sink t;

    kt_sink_open_with(&t, conninfo, true);
    kt_sink_until_ready(&t);
    kt_assert_query("SELECT DISTINCT application_name FROM pg_stat_activity"
                    " WHERE application_name LIKE 'kt %'",
                    "kt words");
    kt_sink_end(&t);
}

static void a_service_file_says_where_the_server_is(void **state)
{
    char path[] = "/tmp/kt-services.XXXXXX";
    char text[300];

    (void)state;
    kt_pg_reset();
    assert_true(close(mkstemp(path)) == 0);
    (void)snprintf(text, sizeof(text),
                   "[reports]\nhost=127.0.0.1\nport=%d\nuser=kt\ndbname=kt\n"
                   "application_name=kt words\n",
                   kt_pg_port());
    kt_write_file(path, text);
    (void)setenv("PGSERVICEFILE", path, 1);
    assert_ready_with("service=reports");
    (void)setenv("PGSERVICE", "reports", 1);
    assert_ready_with(NULL);
    (void)unsetenv("PGSERVICE");
    (void)unsetenv("PGSERVICEFILE");
    (void)unlink(path);
}

static void a_uri_may_have_several_hosts_and_options(void **state)
{
    char uri[300];

    (void)state;
    kt_pg_reset();
    (void)snprintf(uri, sizeof(uri),
                   "postgresql://kt@127.0.0.1:1,localhost:%d/kt?sslmode=disable"
                   "&application_name=kt%%20words",
                   kt_pg_port());
    assert_ready_with(uri);
}

static void the_environment_is_read_in_full(void **state)
{
    static const char *const names[] = {"PGUSER", "PGDATABASE", "PGHOSTADDR",
                                        "PGSSLMODE", "PGAPPNAME"};
    static const char *const values[] = {"kt", "kt", "127.0.0.1", "disable",
                                         "kt words"};
    char port[16];

    (void)state;
    kt_pg_reset();
    (void)snprintf(port, sizeof(port), "%d", kt_pg_port());
    (void)setenv("PGPORT", port, 1);
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        (void)setenv(names[i], values[i], 1);
    }
    assert_ready_with(NULL);
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        (void)unsetenv(names[i]);
    }
    (void)unsetenv("PGPORT");
}

/* --- closed, or without memory, on the way --------------------------------------------- */

struct attempt {
    struct kg_loop loop;
    struct kg_pg pg;
    char conninfo[300];
    bool done, failed, closed;
};

static void on_attempted(struct kg_pg *pg, const struct kg_error *e)
{
    struct attempt *a = pg->data;

    a->done = true;
    a->failed = e != NULL;
}

static void on_attempt_closed(struct kg_pg *pg)
{
    struct attempt *a = pg->data;

    a->closed = true;
}

/* By way of names, and of an address that refuses. At most so many turns. */
static void attempt(struct attempt *a, unsigned max_turns)
{
    *a = (struct attempt){0};
    (void)snprintf(a->conninfo, sizeof(a->conninfo), "%s host=%s port=1,%d",
                   kt_pg_conninfo(), "localhost,localhost", kt_pg_port());
    assert_int_equal(kg_loop_init(&a->loop), KG_OK);
    kg_pg_init(&a->pg, &a->loop, a->conninfo, 10000, on_attempted);
    a->pg.data = a;
    kg_pg_connect(&a->pg, on_attempted);
    for (unsigned i = 0; i < max_turns && !a->done; i++) {
        (void)kg_loop_turn(&a->loop);
    }
    kg_pg_close(&a->pg, on_attempt_closed);
    while (!a->closed) {
        (void)kg_loop_turn(&a->loop);
    }
    kg_loop_close(&a->loop);
}

static void closed_at_any_turn_on_the_way_it_leaves_nothing(void **state)
{
    struct attempt a = {0};

    (void)state;
    for (unsigned n = 0; !a.done; n++) {
        kt_heap_setup();
        attempt(&a, n);
        kt_heap_teardown();
        assert_true(n < 100);
    }
    assert_false(a.failed);
}

static void attempt_without_memory(void *data, bool may_fail)
{
    struct attempt a;

    (void)data;
    attempt(&a, 1000);
    assert_true(a.done);
    assert_true(may_fail || !a.failed);
}

static void without_memory_it_fails_and_leaves_nothing(void **state)
{
    (void)state;
    kt_torture(attempt_without_memory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_is_away_is_waited_for_and_told_once),
        cmocka_unit_test(giving_up_is_told_once_and_final),
        cmocka_unit_test(an_address_that_cannot_be_parsed_keeps_its_password),
        cmocka_unit_test(a_database_that_is_not_there_is_named),
        cmocka_unit_test(names_are_resolved_and_several_hosts_tried),
        cmocka_unit_test(the_environment_says_where_the_server_is),
        cmocka_unit_test(a_read_only_server_is_left_for_another),
        cmocka_unit_test(what_can_never_work_is_told_before_the_start),
        cmocka_unit_test(a_host_that_hangs_uses_its_share_of_the_time),
        cmocka_unit_test(hosts_that_all_fail_are_each_named),
        cmocka_unit_test(a_name_that_hangs_leaves_time_for_the_others),
        cmocka_unit_test(a_name_that_hangs_is_told_in_time),
        cmocka_unit_test(a_service_file_says_where_the_server_is),
        cmocka_unit_test(a_uri_may_have_several_hosts_and_options),
        cmocka_unit_test(the_environment_is_read_in_full),
        cmocka_unit_test(closed_at_any_turn_on_the_way_it_leaves_nothing),
        cmocka_unit_test(without_memory_it_fails_and_leaves_nothing),
    };

    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
