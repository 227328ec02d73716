/* SPDX-License-Identifier: MIT */
#include "pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *kt_pg_conninfo(void)
{
    const char *conninfo = getenv("KT_PG");

    if (conninfo == NULL) {
        print_message("SKIP: run by tests/lib/with-postgres\n");
        exit(77);
    }
    return conninfo;
}

const char *kt_pg_conninfo_with(const char *more)
{
    static char conninfo[1000];

    (void)snprintf(conninfo, sizeof(conninfo), "%s %s", kt_pg_conninfo(), more);
    return conninfo;
}

int kt_pg_port(void)
{
    const char *port = strstr(kt_pg_conninfo(), "port=");

    assert_non_null(port);
    return (int)strtol(port + strlen("port="), NULL, 10);
}

void kt_pg_in_background(const char *sql)
{
    char command[1200];

    (void)snprintf(command, sizeof(command),
                   "psql -qAtX '%s' -c \"%s\" >/dev/null 2>&1 &",
                   kt_pg_conninfo(), sql);
    assert_int_equal(system(command), 0);
}

const char *kt_pg_query(const char *sql)
{
    static char output[64 * 1024];
    char path[] = "/tmp/kt-sql.XXXXXX";
    char command[1024];
    int file = mkstemp(path);
    bool failed;
    size_t len;
    FILE *pipe;

    assert_true(file >= 0);
    assert_int_equal(write(file, sql, strlen(sql)), strlen(sql));
    (void)close(file);
    (void)snprintf(command, sizeof(command),
                   "psql -qAtX -v ON_ERROR_STOP=1 '%s' -f %s", kt_pg_conninfo(),
                   path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(output, 1, sizeof(output) - 1, pipe);
    output[len] = '\0';
    failed = pclose(pipe) != 0;
    (void)unlink(path);
    if (failed) {
        fail_msg("psql failed: %s", sql);
    }
    if (len > 0 && output[len - 1] == '\n') {
        output[len - 1] = '\0';
    }
    return output;
}

void kt_pg_reset(void)
{
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP SCHEMA public CASCADE; CREATE SCHEMA public;");
}

void kt_pg_needs_own(void)
{
    if (getenv("KT_PG_DATA") == NULL) {
        print_message("SKIP: the server is not ours to stop\n");
        skip();
    }
}

void kt_pg_ctl(const char *what)
{
    char command[1024];

    kt_pg_needs_own();
    (void)snprintf(command, sizeof(command), "%s --ctl %s", KT_WITH_POSTGRES,
                   what);
    assert_int_equal(system(command), 0);
}

unsigned kt_pg_count_log(const char *text)
{
    char command[300];
    char answer[32] = "";
    FILE *pipe;

    (void)snprintf(command, sizeof(command), "grep -c '%s' '%s/log'", text,
                   getenv("KT_PG_DATA"));
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(answer, sizeof(answer), pipe));
    (void)pclose(pipe);
    return (unsigned)strtoul(answer, NULL, 10);
}

void kt_pg_make_tls(char *place)
{
    char command[64];

    assert_non_null(mkdtemp(place));
    (void)snprintf(command, sizeof(command), "tls %s", place);
    kt_pg_ctl(command);
}

int kt_pg_remove_tls(const char *place)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -r %s", place);
    return system(command);
}
