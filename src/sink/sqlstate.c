/* SPDX-License-Identifier: MIT */
#include "sqlstate.h"

enum { SQLSTATE_LEN = 5 };

/* The longest prefix that fits says it. */
static const struct {
    const char *prefix;
    enum kg_errc code;
} meanings[] = {
    {"08", KG_ECLOSED},       {"21", KG_EDATA},
    {"22", KG_EDATA},         {"23", KG_EDATA},
    {"25006", KG_ESERVER}, /* Read-only: after a failover. */
    {"28", KG_EUNAUTHORIZED}, {"3D", KG_ENOTFOUND},
    {"3F", KG_ESCHEMA},       {"40", KG_ECONFLICT},
    {"42", KG_ESCHEMA},       {"42501", KG_EFORBIDDEN},
    {"53", KG_EBUSY},         {"55", KG_EBUSY},
    {"55000", KG_ESCHEMA}, /* An index that ON CONFLICT cannot use. */
    {"57", KG_ESERVER},       {"57P", KG_ECLOSED},
    {"54", KG_EDATA}, /* A key too long for an index. */
    {"58", KG_ESERVER},       {"P0", KG_EDATA}, /* RAISE in a trigger. */
};

long kg_sqlstate_pack(const char *text)
{
    if (text == NULL || strlen(text) != SQLSTATE_LEN) {
        return 0;
    }
    return KG_SQLSTATE(text);
}

const char *kg_sqlstate_text(long packed, char text[6])
{
    memset(text, 0, SQLSTATE_LEN + 1);
    for (int i = 0; packed != 0 && i < SQLSTATE_LEN; i++) {
        text[i] = (char)(packed >> (8 * (SQLSTATE_LEN - 1 - i)));
    }
    return text;
}

enum kg_errc kg_sqlstate_errc(long packed)
{
    enum kg_errc code = KG_ESERVER;
    size_t longest = 0;
    char text[6];

    (void)kg_sqlstate_text(packed, text);
    for (size_t i = 0; i < KG_COUNT_OF(meanings); i++) {
        size_t len = strlen(meanings[i].prefix);

        if (len > longest && strncmp(text, meanings[i].prefix, len) == 0) {
            longest = len;
            code = meanings[i].code;
        }
    }
    return code;
}

bool kg_sqlstate_is_data(long packed)
{
    return packed != 0 && kg_sqlstate_errc(packed) == KG_EDATA;
}

/* Beside the server's own words, which do not say what we do about it. */
static const struct note {
    long native;
    const char *what, *next;
} notes[] = {
    {KG_SQLSTATE("25006"),
     "read-only: ", "; looking for a server that can be written to"},
    {KG_SQLSTATE("28000"), "",
     "; cure: a role that may log in, and a line of pg_hba.conf that lets it"},
    {KG_SQLSTATE("28P01"), "",
     "; cure: the role's password, in the database's address, PGPASSWORD or "
     "the password file"},
    {KG_SQLSTATE("3D000"), "", "; cure: CREATE DATABASE"},
    {KG_SQLSTATE("40001"), "serialization failure: ", "; trying again"},
    {KG_SQLSTATE("40P01"), "deadlock: ", "; trying again"},
    {KG_SQLSTATE("42501"), "", "; cure: GRANT CONNECT ON DATABASE"},
    {KG_SQLSTATE("53100"), "disk full: ", "; trying again until there is room"},
    {KG_SQLSTATE("53200"), "server out of memory: ", "; trying again"},
    {KG_SQLSTATE("53300"), "too many connections: ",
     "; trying again; cure: fewer clients, or a pooler"},
    {KG_SQLSTATE("55P03"),
     "lock timeout: ", "; trying again until its holder lets go"},
    {KG_SQLSTATE("57014"), "statement canceled: ",
     "; trying again; cure: a longer statement_timeout for our role"},
    {KG_SQLSTATE("57P01"), "connection ended: ", "; connecting anew"},
    {KG_SQLSTATE("57P02"), "server crashed: ", "; connecting anew"},
    {KG_SQLSTATE("57P03"), "not accepting connections: ", "; connecting anew"},
};

static const struct note *note_of(long packed)
{
    static const struct note none = {0, "", ""};

    for (size_t i = 0; i < KG_COUNT_OF(notes); i++) {
        if (notes[i].native == packed) {
            return &notes[i];
        }
    }
    return &none;
}

const char *kg_sqlstate_what(long packed)
{
    return note_of(packed)->what;
}

const char *kg_sqlstate_next(long packed)
{
    return note_of(packed)->next;
}

static bool is_sqlstate(const char *ptr)
{
    for (int i = 0; i < SQLSTATE_LEN; i++) {
        if (!((ptr[i] >= '0' && ptr[i] <= '9') ||
              (ptr[i] >= 'A' && ptr[i] <= 'Z'))) {
            return false;
        }
    }
    return true;
}

/* "FATAL:  28P01: password authentication failed": the severity is translated,
 * so only the colons can be relied upon. */
long kg_sqlstate_find(struct kg_str message)
{
    for (size_t i = 2; i + SQLSTATE_LEN < message.len; i++) {
        const char *ptr = message.ptr + i;

        if (ptr[-1] == ' ' && ptr[-2] == ' ' && is_sqlstate(ptr) &&
            ptr[SQLSTATE_LEN] == ':') {
            return KG_SQLSTATE(ptr);
        }
    }
    return 0;
}
