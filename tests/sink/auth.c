/* SPDX-License-Identifier: MIT */
/* sink/: passwords, certificates: who we are, and who the server is. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sink.h"

static char dir[] = "/tmp/kt-auth.XXXXXX"; /* Certificates, passwords. */

static const char *own_path(const char *name)
{
    static char paths[8][100];
    static unsigned next;
    char *path = paths[next++ % KG_COUNT_OF(paths)];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

/* --- who we are ------------------------------------------------------------------ */

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

static void write_password(const char *role, const char *password)
{
    char line[200];

    (void)snprintf(line, sizeof(line), "*:*:*:%s:%s\n", role, password);
    kt_write_file(own_path("passwords"), line);
    assert_int_equal(chmod(own_path("passwords"), 0600), 0);
}

/* PostgreSQL looks at the password when a connection is made, libpq at the file:
 * so a rotation needs no restart of ours. */
static void p10_a_rotated_password_is_told_and_read_again(void **state)
{
    struct kt_sink t;
    char more[300];

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP ROLE IF EXISTS kt_rotated;"
                      "CREATE ROLE kt_rotated LOGIN PASSWORD 'hunter1';"
                      "GRANT ALL ON SCHEMA public TO kt_rotated");
    write_password("kt_rotated", "hunter1");
    (void)snprintf(more, sizeof(more),
                   "host=127.0.0.1 user=kt_rotated passfile=%s",
                   own_path("passwords"));
    kt_sink_open_with(&t, kt_pg_conninfo_with(more), false);
    kt_sink_until_ready(&t);
    (void)kt_pg_query("ALTER ROLE kt_rotated PASSWORD 'hunter2';"
                      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE usename = 'kt_rotated'");
    while (t.error.code != KG_EUNAUTHORIZED) {
        kt_turn_for(&t, 2);
    }
    assert_non_null(strstr(t.error.text, "server at \"127.0.0.1\""));
    assert_non_null(strstr(t.error.text, "user \"kt_rotated\""));
    if (strstr(t.error.text, "cure: the role's password") == NULL) {
        fail_msg("no cure in: %s", t.error.text);
    }
    assert_null(strstr(t.error.text, "hunter"));
    kt_turn_for(&t, 2000);
    /* Once for each connection, with TLS and without. */
    assert_true(kt_pg_count_log("failed for user \"kt_rotated\"") <= 4);
    write_password("kt_rotated", "hunter2");
    kt_sink_until_ready(&t);
    kt_sink_end(&t);
    (void)kt_pg_query("DROP OWNED BY kt_rotated; DROP ROLE kt_rotated");
}

static void each_kind_of_password_is_accepted(void **state)
{
    static const char *const kinds[] = {"md5", "scram-sha-256"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(kinds); i++) {
        struct kt_sink t;
        char sql[400];

        kt_pg_reset();
        (void)snprintf(sql, sizeof(sql),
                       "SET client_min_messages = error;"
                       "SET password_encryption = '%s';"
                       "DROP ROLE IF EXISTS kt_md5;"
                       "CREATE ROLE kt_md5 LOGIN PASSWORD 'p@ss/word';"
                       "GRANT ALL ON SCHEMA public TO kt_md5",
                       kinds[i]);
        (void)kt_pg_query(sql);
        (void)snprintf(sql, sizeof(sql),
                       "postgresql://kt_md5:p%%40ss%%2Fword@127.0.0.1:%d/kt",
                       kt_pg_port());
        kt_sink_open_with(&t, sql, true);
        kt_sink_until_ready(&t);
        kt_sink_end(&t);
        (void)kt_pg_query("DROP OWNED BY kt_md5; DROP ROLE kt_md5");
    }
}

static void who_is_not_let_in_is_told_the_cure(void **state)
{
    static const struct {
        const char *sql, *more, *why, *cure;
    } all[] = {
        {"ALTER ROLE kt_outside NOLOGIN", "", "is not permitted to log in",
         "cure: a role that may log in"},
        {"ALTER ROLE kt_outside LOGIN;"
         "REVOKE CONNECT ON DATABASE kt FROM PUBLIC",
         "", "permission denied for database",
         "cure: GRANT CONNECT ON DATABASE"},
        {"GRANT CONNECT ON DATABASE kt TO PUBLIC", "dbname=nowhere",
         "database \"nowhere\" does not exist", "cure: CREATE DATABASE"},
    };

    (void)state;
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP ROLE IF EXISTS kt_outside; CREATE ROLE kt_outside");
    for (size_t i = 0; i < KG_COUNT_OF(all); i++) {
        char more[100];
        struct kt_sink t;

        (void)kt_pg_query(all[i].sql);
        (void)snprintf(more, sizeof(more), "user=kt_outside %s", all[i].more);
        kt_sink_open_with(&t, kt_pg_conninfo_with(more), true);
        kt_until_told(&t);
        if (strstr(t.error.text, all[i].why) == NULL ||
            strstr(t.error.text, all[i].cure) == NULL) {
            fail_msg("\"%s\" and \"%s\" are not in: %s", all[i].why,
                     all[i].cure, t.error.text);
        }
        kt_sink_end(&t);
    }
    (void)kt_pg_query("DROP ROLE kt_outside");
}

/* --- who they are ------------------------------------------------------------------ */

static void open_tls(struct kt_sink *t, const char *role, const char *ca,
                     const char *more)
{
    char words[600];

    (void)snprintf(words, sizeof(words),
                   "user=%s sslmode=verify-full sslrootcert=%s %s", role,
                   own_path(ca), more);
    kt_sink_open_with(t, kt_pg_conninfo_with(words), true);
}

static void a_server_is_verified_and_we_are_by_certificate(void **state)
{
    struct kt_sink t;
    char more[300];

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP ROLE IF EXISTS kt_cert; CREATE ROLE kt_cert LOGIN;"
                      "GRANT ALL ON SCHEMA public TO kt_cert");
    (void)snprintf(more, sizeof(more), "host=localhost sslcert=%s sslkey=%s",
                   own_path("client.crt"), own_path("client.key"));
    open_tls(&t, "kt_cert", "ca.crt", more);
    kt_sink_until_ready(&t);
    kt_assert_query("SELECT DISTINCT ssl, client_dn FROM pg_stat_ssl"
                    " JOIN pg_stat_activity USING (pid)"
                    " WHERE usename = 'kt_cert'",
                    "t|/CN=kt_cert");
    kt_sink_end(&t);
    (void)kt_pg_query("DROP OWNED BY kt_cert; DROP ROLE kt_cert");
}

static void a_server_that_nobody_vouches_for_is_refused(void **state)
{
    static const struct {
        const char *ca, *more, *why;
    } all[] = {
        {"other.crt", "host=localhost", "certificate verify failed"},
        {"ca.crt", "host=other hostaddr=127.0.0.1",
         "does not match host name \"other\""},
        {"nothing", "host=localhost", "does not exist"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(all); i++) {
        struct kt_sink t;

        open_tls(&t, "kt", all[i].ca, all[i].more);
        kt_until_told(&t);
        if (strstr(t.error.text, all[i].why) == NULL) {
            fail_msg("\"%s\" is not in: %s", all[i].why, t.error.text);
        }
        kt_sink_end(&t);
    }
}

/* --- the place --------------------------------------------------------------------------- */

static int make_place(void **state)
{
    (void)state;
    kt_pg_make_tls(dir);
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    return kt_pg_remove_tls(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_password_is_told_without_the_password),
        cmocka_unit_test(p10_a_rotated_password_is_told_and_read_again),
        cmocka_unit_test(each_kind_of_password_is_accepted),
        cmocka_unit_test(who_is_not_let_in_is_told_the_cure),
        cmocka_unit_test(a_server_is_verified_and_we_are_by_certificate),
        cmocka_unit_test(a_server_that_nobody_vouches_for_is_refused),
    };

    return cmocka_run_group_tests_name("auth", tests, make_place, remove_place);
}
