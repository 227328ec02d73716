/* Where the server is, as the user, the environment and the service file say. */
#ifndef KG_SINK_CONNINFO_H
#define KG_SINK_CONNINFO_H

#include <libpq-fe.h>

#include "kubeglean/error.h"

enum { KG_PARAMS_MAX = 16 };

/* The arguments of PQconnectStartParams(). */
struct kg_params {
    const char *names[KG_PARAMS_MAX]; /* NULL ends them. */
    const char *values[KG_PARAMS_MAX];
    size_t n;
};

/* In libpq's order of precedence: what is a default for us stands before
 * conninfo (which may be NULL), what is not to be overridden behind it. Borrows
 * all texts. */
void kg_params_init(struct kg_params *p, const char *conninfo);
void kg_params_set(struct kg_params *p, const char *name, const char *value);

/* Can conninfo (may be NULL), together with environment and service file, ever
 * work? KG_ECONFIG, with a text that does not repeat it: it may hold a password.
 * KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_conninfo_check(const char *conninfo,
                                           struct kg_error *e);
/* A connection that libpq refuses before its first step has nevertheless read
 * URI, environment and service file: PQconninfo() says what they come to. */
PGconn *kg_conninfo_read(const char *conninfo);
/* Borrowed; NULL when it is not set. */
const char *kg_conninfo_option(const PQconninfoOption *options,
                               const char *name);
/* libpq ignores connect_timeout when it is polled: so we keep it. */
uint64_t kg_conninfo_timeout_ms(const PQconninfoOption *options);
/* A statement of the usual size is to be taken whole: what a socket leaves is
 * moved within libpq's buffer each time. TCP finds its size by itself. */
void kg_conn_widen(PGconn *conn);

#endif /* KG_SINK_CONNINFO_H */
