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
    if (getenv("PGTARGETSESSIONATTRS") == NULL) {
        kg_params_set(p, "target_session_attrs", "read-write"); /* We write. */
    }
    if (conninfo != NULL) {
        kg_params_set(p, "dbname", conninfo);
    }
    kg_params_set(p, "client_encoding", "UTF8");
}

/* libpq refuses what has `name` set to nonsense, after having looked at all that
 * it looks at before `name`. */
static PGconn *read_until(const char *conninfo, const char *name)
{
    struct kg_params p;

    kg_params_init(&p, conninfo);
    kg_params_set(&p, name, "none of these");
    return PQconnectStartParams(p.names, p.values, 1);
}

PGconn *kg_conninfo_read(const char *conninfo)
{
    return read_until(conninfo, "channel_binding");
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

/* --- can it work? -------------------------------------------------------------- */

static enum kg_errc check_syntax(const char *conninfo, struct kg_error *e)
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

static enum kg_errc check_ports(struct kg_str ports, struct kg_error *e)
{
    while (ports.ptr != NULL) {
        struct kg_str port = kg_str_cut(&ports, ',');
        uint64_t number = 0;

        if (port.len > 0 && (!kg_str_to_u64(port, &number) || number == 0 ||
                             number > UINT16_MAX)) {
            return kg_error_set(e, KG_ECONFIG, 0,
                                "the database's port \"%.*s\" is none: it is a "
                                "number from 1 to 65535",
                                KG_STR_ARG(port));
        }
    }
    return KG_OK;
}

static enum kg_errc check_timeout(struct kg_str timeout, struct kg_error *e)
{
    int64_t seconds;

    if (timeout.len > 0 && !kg_str_to_i64(timeout, &seconds)) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "the database's connect_timeout \"%.*s\" is none: "
                            "it is a number of seconds",
                            KG_STR_ARG(timeout));
    }
    return KG_OK;
}

/* What libpq complained of, but for what was made for it to complain of. Its
 * words hold names of options and hosts, never the password. */
static enum kg_errc check_words(const PGconn *conn, struct kg_error *e)
{
    struct kg_str words = kg_str_trim(kg_str_from(PQerrorMessage(conn)));

    if (kg_str_find(words, KG_STR("none of these")) >= 0) {
        return KG_OK;
    }
    return kg_error_set(e, KG_ECONFIG, 0, "the database's address: %.*s",
                        KG_STR_ARG(words));
}

enum kg_errc kg_conninfo_check(const char *conninfo, struct kg_error *e)
{
    enum kg_errc code = check_syntax(conninfo, e);
    PQconninfoOption *options;
    PGconn *conn;

    if (code != KG_OK) {
        return code;
    }
    conn = read_until(conninfo, "target_session_attrs"); /* The last one. */
    options = conn != NULL ? PQconninfo(conn) : NULL;
    if (options == NULL) {
        PQfinish(conn);
        return kg_error_set(e, KG_ENOMEM, 0, "the database's address: %s",
                            kg_errc_text(KG_ENOMEM));
    }
    code = check_words(conn, e);
    if (code == KG_OK) {
        code = check_ports(kg_str_from(kg_conninfo_option(options, "port")), e);
    }
    if (code == KG_OK) {
        code = check_timeout(
            kg_str_from(kg_conninfo_option(options, "connect_timeout")), e);
    }
    PQconninfoFree(options);
    PQfinish(conn);
    return code;
}
