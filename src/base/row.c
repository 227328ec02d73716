/* SPDX-License-Identifier: MIT */
#include "kubeglean/row.h"

static const char *const type_names[KG_TYPE_NR] = {
    [KG_TYPE_TEXT] = "text",       [KG_TYPE_INTEGER] = "integer",
    [KG_TYPE_BIGINT] = "bigint",   [KG_TYPE_NUMERIC] = "numeric",
    [KG_TYPE_BOOLEAN] = "boolean", [KG_TYPE_TIMESTAMPTZ] = "timestamptz",
    [KG_TYPE_JSONB] = "jsonb",     [KG_TYPE_TEXT_ARRAY] = "text[]",
};

const char *kg_type_name(enum kg_type type)
{
    KG_REQUIRE(type < KG_TYPE_NR);
    return type_names[type];
}

bool kg_type_parse(struct kg_str name, enum kg_type *ret_type)
{
    for (unsigned i = 0; i < KG_TYPE_NR; i++) {
        if (kg_str_is(name, type_names[i])) {
            *ret_type = (enum kg_type)i;
            return true;
        }
    }
    return false;
}

const char *kg_outcome_name(enum kg_outcome outcome)
{
    static const char *const names[KG_OUTCOME_NR] = {
        [KG_RUNNING] = "running",      [KG_COMPLETE] = "complete",
        [KG_EMPTY] = "empty",          [KG_INCOMPLETE] = "incomplete",
        [KG_REJECTED] = "rejected",    [KG_FAILED] = "failed",
        [KG_SUPERSEDED] = "superseded"};

    KG_REQUIRE(outcome < KG_OUTCOME_NR);
    return names[outcome];
}
