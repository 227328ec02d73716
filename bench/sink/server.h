/* The server that all ways use: connections to it, and what its work costs. */
#ifndef BENCH_SINK_SERVER_H
#define BENCH_SINK_SERVER_H

#include <libpq-fe.h>

#include "kubeglean/base.h"

/* A measurement that fails is none: each of these ends the process, saying what
 * the server said. */
_Noreturn void die_of(PGconn *conn);
PGconn *connect_to(const char *conninfo);
void expect(PGconn *conn, PGresult *result, ExecStatusType status);

#endif /* BENCH_SINK_SERVER_H */
