/* SPDX-License-Identifier: MIT */
#include "conninfo.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kubeglean/buf.h"
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

static const char nonsense[] = "none of these";

/* libpq refuses what has `name` set to nonsense, after having looked at all that
 * it looks at before `name`. */
static PGconn *read_until(const char *conninfo, const char *name)
{
    struct kg_params p;

    kg_params_init(&p, conninfo);
    kg_params_set(&p, name, nonsense);
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

/* What libpq looks at only when it connects. */
static enum kg_errc check_numbers(const PQconninfoOption *options,
                                  struct kg_error *e)
{
    static const char *const names[] = {
        "connect_timeout",     "keepalives",       "keepalives_idle",
        "keepalives_interval", "keepalives_count", "tcp_user_timeout"};

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        struct kg_str text =
            kg_str_trim(kg_str_from(kg_conninfo_option(options, names[i])));
        int64_t number;

        if (text.len > 0 && (!kg_str_to_i64(text, &number) ||
                             number < INT_MIN || number > INT_MAX)) {
            return kg_error_set(e, KG_ECONFIG, 0,
                                "the database's %s \"%.*s\" is none: it is a "
                                "number",
                                names[i], KG_STR_ARG(text));
        }
    }
    return KG_OK;
}

enum { WORDS_MAX = 7 };

static const struct choice {
    const char *name;
    const char *words[WORDS_MAX];
} choices[] = {
    {"sslmode",
     {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
    {"gssencmode", {"disable", "prefer", "require"}},
    {"channel_binding", {"disable", "prefer", "require"}},
    {"ssl_min_protocol_version", {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}},
    {"ssl_max_protocol_version", {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}},
    {"target_session_attrs",
     {"any", "read-write", "read-only", "primary", "standby",
      "prefer-standby"}},
};

static enum kg_errc refuse_choice(const struct choice *c, const char *value,
                                  struct kg_error *e)
{
    struct kg_buf words;

    kg_buf_init(&words, KG_ERROR_TEXT_MAX);
    kg_buf_add_list(&words, c->words);
    (void)kg_error_set(e, KG_ECONFIG, 0,
                       "the database's %s \"%s\" is none: it is one of %.*s",
                       c->name, value, KG_STR_ARG(kg_buf_str(&words)));
    kg_buf_finish(&words);
    return KG_ECONFIG;
}

static enum kg_errc check_choices(const PQconninfoOption *options,
                                  struct kg_error *e)
{
    for (size_t i = 0; i < KG_COUNT_OF(choices); i++) {
        const char *value = kg_conninfo_option(options, choices[i].name);

        if (value != NULL && value[0] != '\0' && strcmp(value, nonsense) != 0 &&
            kg_str_which(kg_str_from(value), choices[i].words) < 0) {
            return refuse_choice(&choices[i], value, e);
        }
    }
    return KG_OK;
}

/* What libpq complained of, but for what was made for it to complain of. Its
 * words hold names of options and hosts, never the password. */
static enum kg_errc check_words(const PGconn *conn, struct kg_error *e)
{
    struct kg_str words = kg_str_trim(kg_str_from(PQerrorMessage(conn)));

    if (kg_str_find(words, kg_str_from(nonsense)) >= 0) {
        return KG_OK;
    }
    return kg_error_set(e, KG_ECONFIG, 0, "the database's address: %.*s",
                        KG_STR_ARG(words));
}

static enum kg_errc check_options(const PQconninfoOption *options,
                                  struct kg_error *e)
{
    enum kg_errc code =
        check_ports(kg_str_from(kg_conninfo_option(options, "port")), e);

    if (code == KG_OK) {
        code = check_numbers(options, e);
    }
    return code == KG_OK ? check_choices(options, e) : code;
}

/* All of it, but for what `name` is set to. */
static enum kg_errc check_but(const char *conninfo, const char *name,
                              struct kg_error *e)
{
    PGconn *conn = read_until(conninfo, name);
    PQconninfoOption *options = conn != NULL ? PQconninfo(conn) : NULL;
    enum kg_errc code;

    if (options == NULL) {
        code = kg_error_set(e, KG_ENOMEM, 0, "the database's address: %s",
                            kg_errc_text(KG_ENOMEM));
    } else {
        code = check_options(options, e);
    }
    if (code == KG_OK) {
        code = check_words(conn, e);
    }
    PQconninfoFree(options);
    PQfinish(conn);
    return code;
}

enum kg_errc kg_conninfo_check(const char *conninfo, struct kg_error *e)
{
    enum kg_errc code = check_syntax(conninfo, e);

    if (code == KG_OK) { /* The last that libpq looks at, */
        code = check_but(conninfo, "target_session_attrs", e);
    }
    if (code == KG_OK) { /* and another one, to see that one. */
        code = check_but(conninfo, "channel_binding", e);
    }
    return code;
}

void kg_conn_widen(PGconn *conn)
{
    const int bytes = KG_LIMIT_GATHER_BYTES;

    if (PQhost(conn)[0] == '/') {
        (void)setsockopt(PQsocket(conn), SOL_SOCKET, SO_SNDBUF, &bytes,
                         sizeof(bytes));
    }
}
