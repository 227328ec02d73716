/* SPDX-License-Identifier: MIT */
#include "conninfo.h"

#include <stdlib.h>

#include "kubeglean/limits.h"
#include "kubeglean/str.h"

void kg_params_set(struct kg_params *p, const char *name, const char *value)
{
    KG_REQUIRE(p->n + 1 < KG_PARAMS_MAX);
    p->names[p->n] = name;
    p->values[p->n] = value;
    p->n++;
    p->names[p->n] = NULL;
}

void kg_params_init(struct kg_params *p, const char *conninfo)
{
    p->n = 0;
    kg_params_set(p, "fallback_application_name", "kubeglean");
    kg_params_set(p, "keepalives_idle", "30");
    kg_params_set(p, "keepalives_interval", "10");
    kg_params_set(p, "keepalives_count", "3");
    kg_params_set(p, "tcp_user_timeout", "60000");
    if (getenv("PGGSSENCMODE") == NULL) {
        kg_params_set(p, "gssencmode", "disable"); /* Its start blocks. */
    }
    if (conninfo != NULL) {
        kg_params_set(p, "dbname", conninfo);
    }
    kg_params_set(p, "client_encoding", "UTF8");
}

PGconn *kg_conninfo_read(const char *conninfo)
{
    struct kg_params p;

    kg_params_init(&p, conninfo);
    kg_params_set(&p, "channel_binding", "none of these");
    return PQconnectStartParams(p.names, p.values, 1);
}

enum kg_errc kg_conninfo_check(const char *conninfo, struct kg_error *e)
{
    PQconninfoOption *options = NULL;

    if (conninfo == NULL ||
        (strchr(conninfo, '=') == NULL && strstr(conninfo, "://") == NULL)) {
        return KG_OK; /* The environment, or a database's name. */
    }
    options = PQconninfoParse(conninfo, NULL);
    if (options == NULL) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "the database's address cannot be parsed: it is "
                            "postgresql://USER@HOST:PORT/DBNAME or \"host=HOST "
                            "dbname=DBNAME ...\"; '%%', '@', ':' and '/' in a "
                            "password are written %%25, %%40, %%3A and %%2F");
    }
    PQconninfoFree(options);
    return KG_OK;
}

const char *kg_conninfo_option(const PQconninfoOption *options,
                               const char *name)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, name) == 0) {
            return options->val;
        }
    }
    return NULL;
}

uint64_t kg_conninfo_timeout_ms(const PQconninfoOption *options)
{
    uint64_t seconds = 0;

    if (!kg_str_to_u64(
            kg_str_from(kg_conninfo_option(options, "connect_timeout")),
            &seconds) ||
        seconds == 0) {
        return KG_LIMIT_CONNECT_MS;
    }
    return (seconds < 2 ? 2 : seconds) * 1000;
}
