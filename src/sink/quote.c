/* SPDX-License-Identifier: MIT */
/* SQL text as it grows, and the names in it. */
#include <inttypes.h>
#include <stdio.h>

#include "kubeglean/limits.h"
#include "sql.h"

enum { NAME_MAX_LEN = 63 }; /* NAMEDATALEN - 1. */

#define STAGING_PREFIX "kubeglean_staging_"

void kg_sql_init(struct kg_sql *q)
{
    kg_buf_init(&q->text, KG_LIMIT_CONFIG);
    q->err = KG_OK;
}

void kg_sql_finish(struct kg_sql *q)
{
    kg_buf_finish(&q->text);
}

void kg_sql_add(struct kg_sql *q, const char *fmt, ...)
{
    va_list args;

    if (q->err != KG_OK) {
        return;
    }
    va_start(args, fmt);
    q->err = kg_buf_addv(&q->text, fmt, args);
    va_end(args);
}

static void add_quoted(struct kg_sql *q, struct kg_str s, char quote)
{
    kg_sql_add(q, "%c", quote);
    for (size_t i = 0; i < s.len; i++) {
        kg_sql_add(q, s.ptr[i] == quote ? "%c%c" : "%c", s.ptr[i], quote);
    }
    kg_sql_add(q, "%c", quote);
}

void kg_sql_name(struct kg_sql *q, struct kg_str name)
{
    add_quoted(q, name, '"');
}

void kg_sql_literal(struct kg_sql *q, struct kg_str text)
{
    add_quoted(q, text, '\'');
}

/* Splits at the first point; without one there is no schema. */
static void split_table(const char *name, struct kg_str *ret_schema,
                        struct kg_str *ret_table)
{
    struct kg_str rest = kg_str_from(name);
    struct kg_str first = kg_str_cut(&rest, '.');

    *ret_schema = rest.ptr != NULL ? first : KG_STR("");
    *ret_table = rest.ptr != NULL ? rest : first;
}

void kg_sql_table(struct kg_sql *q, const char *name)
{
    struct kg_str schema;
    struct kg_str table;

    split_table(name, &schema, &table);
    if (schema.len > 0) {
        kg_sql_name(q, schema);
        kg_sql_add(q, ".");
    }
    kg_sql_name(q, table);
}

/* A name too long for PostgreSQL ends in its hash. */
void kg_sql_staging(struct kg_sql *q, const char *target)
{
    const size_t room = NAME_MAX_LEN - (sizeof(STAGING_PREFIX) - 1);
    struct kg_str schema;
    struct kg_str table;
    char name[NAME_MAX_LEN + 1];

    split_table(target, &schema, &table);
    if (table.len <= room) {
        (void)snprintf(name, sizeof(name), STAGING_PREFIX "%.*s",
                       KG_STR_ARG(table));
    } else {
        (void)snprintf(name, sizeof(name), STAGING_PREFIX "%.*s_%016" PRIx64,
                       (int)room - 17, table.ptr, kg_str_hash(table));
    }
    if (schema.len > 0) {
        kg_sql_name(q, schema);
        kg_sql_add(q, ".");
    }
    kg_sql_name(q, kg_str_from(name));
}

const char *kg_sql_text(struct kg_sql *q)
{
    return q->err == KG_OK ? kg_buf_cstr(&q->text) : NULL;
}
