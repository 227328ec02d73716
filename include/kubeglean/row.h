/* What a report becomes: rows of a described table.
 *
 * json builds rows, sink stores them, cli prints them; the description is what
 * they agree on. A value is NULL, or text in the form in which PostgreSQL reads
 * the column's type; that of text[] is a JSON array of strings. */
#ifndef KUBEGLEAN_ROW_H
#define KUBEGLEAN_ROW_H

#include "kubeglean/str.h"

enum kg_type { /* X-listed in row.c with PostgreSQL's names. */
               KG_TYPE_TEXT,
               KG_TYPE_INTEGER,
               KG_TYPE_BIGINT,
               KG_TYPE_NUMERIC,
               KG_TYPE_BOOLEAN,
               KG_TYPE_TIMESTAMPTZ,
               KG_TYPE_JSONB,
               KG_TYPE_TEXT_ARRAY, /* text[] */
               KG_TYPE_NR
};

enum kg_mode { KG_MODE_UPSERT, KG_MODE_APPEND, KG_MODE_REPLACE };

enum { KG_COLUMNS_MAX = 64 };

struct kg_column {
    const char *name;
    enum kg_type type;
    bool key;
};

/* Lives as long as the profile it was compiled from. */
struct kg_table_def {
    const char *name; /* Unqualified, or "schema.table". */
    enum kg_mode mode;
    uint32_t n_columns;
    const struct kg_column *columns;
    uint32_t n_scope;      /* Columns that make the scope, */
    const uint32_t *scope; /* as indexes into `columns`. */
    int32_t scanned_at;    /* Index of the guard's column, or -1. */
    bool allow_empty;      /* KG_MODE_REPLACE: no rows may empty a scope. */
};

static inline bool kg_table_has_key(const struct kg_table_def *def)
{
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (def->columns[i].key) {
            return true;
        }
    }
    return false;
}

struct kg_value {
    struct kg_str text;
    bool is_null;
};

/* `values` has the table's n_columns entries. Borrowed. */
struct kg_row {
    const struct kg_value *values;
    uint64_t number; /* From 0, within its report. */
    uint64_t late;   /* Columns, one bit each, whose value here is none: the
                      * report tells it behind its rows, one for all. */
};

/* PostgreSQL's name of a type ("timestamptz"), a static string. */
const char *kg_type_name(enum kg_type type);
KG_MUST_USE bool kg_type_parse(struct kg_str name, enum kg_type *ret_type);

/* Why a run ended as it did (contracts, section 1). */
enum kg_outcome {
    KG_RUNNING,
    KG_COMPLETE,
    KG_EMPTY,
    KG_INCOMPLETE,
    KG_REJECTED,
    KG_FAILED,
    KG_SUPERSEDED,
    KG_OUTCOME_NR
};

const char *kg_outcome_name(enum kg_outcome outcome); /* "complete" */

/* What is known of the run whose log holds a report: columns with `run:` and
 * the ledger's key. Texts are borrowed; an unknown one is empty. */
struct kg_run_id {
    struct kg_str cluster;
    struct kg_str job_uid; /* UUID as text */
    struct kg_str pod_uid; /* empty: no Pod, stored as the nil UUID */
    struct kg_str container;
    uint32_t restart;
};

struct kg_run_info {
    struct kg_run_id id;
    struct kg_str ns, job, pod, node, task, profile;
    int64_t scanned_at_us;  /* Container's startedAt, or KG_TIME_NONE. */
    int64_t started_at_us;  /* The same. */
    int64_t finished_at_us; /* Container's finishedAt, or KG_TIME_NONE. */
};

#endif /* KUBEGLEAN_ROW_H */
