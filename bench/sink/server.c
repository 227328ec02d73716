/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "kubeglean/clock.h"
#include "ways.h"

_Noreturn void die_of(PGconn *conn)
{
    (void)fprintf(stderr, "kg-bench-sink: %s", PQerrorMessage(conn));
    exit(1);
}

PGconn *connect_to(const char *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);

    if (PQstatus(conn) != CONNECTION_OK) {
        die_of(conn);
    }
    return conn;
}

void expect(PGconn *conn, PGresult *result, ExecStatusType status)
{
    if (PQresultStatus(result) != status) {
        die_of(conn);
    }
    PQclear(result);
}

void must_sql(const char *conninfo, const char *sql)
{
    PGconn *conn = connect_to(conninfo);

    expect(conn, PQexec(conn, sql), PGRES_COMMAND_OK);
    PQfinish(conn);
}

/* --- time --------------------------------------------------------------------- */

static double own_cpu_us(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Linux counts in nanoseconds what a process spent on a CPU. */
static double process_cpu_us(const char *pid)
{
    char path[64];
    unsigned long long ns = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
    file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%llu", &ns) != 1) { /* NOLINT(cert-err34-c) */
        ns = 0;
    }
    (void)fclose(file);
    return (double)ns / 1000;
}

/* Of all connections but the one that asks. */
static double server_cpu_us(const char *conninfo)
{
    PGconn *conn = connect_to(conninfo);
    PGresult *pids = PQexec(conn, "SELECT pid FROM pg_stat_activity WHERE"
                                  " backend_type = 'client backend'"
                                  " AND pid <> pg_backend_pid()");
    double us = 0;

    if (PQresultStatus(pids) != PGRES_TUPLES_OK) {
        die_of(conn);
    }
    for (int i = 0; i < PQntuples(pids); i++) {
        us += process_cpu_us(PQgetvalue(pids, i, 0));
    }
    PQclear(pids);
    PQfinish(conn);
    return us;
}

struct stopwatch stopwatch_begin(const char *conninfo)
{
    double server_us = server_cpu_us(conninfo);

    return (struct stopwatch){conninfo, kg_clock_mono_ns(), own_cpu_us(),
                              server_us};
}

void stopwatch_end(const struct stopwatch *w, struct measured *ret_measured)
{
    *ret_measured = (struct measured){
        .seconds = (double)(kg_clock_mono_ns() - w->began_ns) / 1e9,
        .client_us = own_cpu_us() - w->client_us,
    };
    ret_measured->server_us = server_cpu_us(w->conninfo) - w->server_us;
}
