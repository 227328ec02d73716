/* A profile as it was compiled: columns, and the automaton of their paths. */
#ifndef KG_JSON_PROFILE_DEF_H
#define KG_JSON_PROFILE_DEF_H

#include <regex.h>

#include "kubeglean/profile.h"
#include "path.h"

enum kg_packing { KG_PACKING_NONE, KG_PACKING_GZIP, KG_PACKING_BZIP2 };

enum kg_source {
    KG_FROM_PATH,
    KG_FROM_RAW,
    KG_FROM_COUNT,
    KG_FROM_PARENT,
    KG_FROM_MAP_KEY,
    KG_FROM_RUN,
    KG_FROM_CONST,
};

enum kg_policy { KG_POLICY_NULL, KG_POLICY_REJECT, KG_POLICY_DEFAULT };

enum kg_run_field {
    KG_RUN_CLUSTER,
    KG_RUN_NAMESPACE,
    KG_RUN_JOB,
    KG_RUN_POD,
    KG_RUN_NODE,
    KG_RUN_TASK,
    KG_RUN_CONTAINER,
    KG_RUN_JOB_UID,
    KG_RUN_POD_UID,
    KG_RUN_SCANNED_AT,
    KG_RUN_STARTED_AT,
    KG_RUN_FINISHED_AT,
    KG_RUN_NR
};

enum {
    KG_WHERE_MAX = 8,
    KG_GROUPS_MAX = 10,
    KG_ROWS_MAX = 8,     /* Paths of rows, */
    KG_MATCHES_MAX = 64, /* of `match`, */
    KG_SLOTS_MAX = 64,   /* and of columns: one bit each. */
    KG_NAME_MAX = 63,    /* Bytes: PostgreSQL cuts what is longer. */
};

struct kg_condition {
    struct kg_str name; /* Of a member of the counted object, */
    enum kg_kind kind;  /* which is this scalar. */
    struct kg_str text;
};

/* A value that is known before any document is read. */
struct kg_given {
    bool from_run;
    enum kg_run_field field;
    struct kg_value value; /* Unless `from_run`. */
};

struct kg_column_def {
    const char *name;
    enum kg_type type;
    bool key;
    enum kg_source source;
    enum kg_policy absent, null, mismatch;
    struct kg_given given;    /* Of RUN and CONST. */
    struct kg_given fallback; /* The default. */
    uint64_t slots;           /* Its alternatives, in their order. */
    bool has_regex;
    regex_t regex;
    size_t group;
    size_t n_where;
    struct kg_condition where[KG_WHERE_MAX];
};

/* One of the paths that a column takes its value from. */
struct kg_slot {
    uint32_t column;
    bool waits;          /* It may come behind its rows: a parent. */
    uint64_t rows;       /* Paths of rows that have it, one bit each. */
    struct kg_path path; /* From the root; of a parent, */
    size_t scope;        /* steps of it that hold one value. */
    struct kg_str text;  /* As it was written. */
};

/* What happens at a place of the document. */
enum kg_action_kind {
    KG_ACT_MATCH,     /* One of the paths of `match` is there. */
    KG_ACT_ROWS,      /* What holds rows: array, object, or the row. */
    KG_ACT_ROW,       /* A row begins here, */
    KG_ACT_ROW_END,   /* and ends when all else here was done. */
    KG_ACT_VALUE,     /* The value of a slot, */
    KG_ACT_RAW,       /* its text, */
    KG_ACT_COUNT,     /* one more of what it counts, */
    KG_ACT_COUNTED,   /* what holds the things it counts, */
    KG_ACT_CONDITION, /* a member that decides whether it counts, */
    KG_ACT_PARENT,    /* its value, for rows before and after, */
    KG_ACT_SCOPE,     /* as far as this reaches; */
    KG_ACT_MAP_KEY,   /* the name of this member. */
};

enum { KG_NODE_NONE = UINT16_MAX };

struct kg_action {
    enum kg_action_kind kind;
    uint16_t slot;      /* Or number of the path, of `match` or of rows. */
    uint16_t condition; /* Number of it, or of the demand a match meets. */
    uint16_t node;      /* Where it happens. */
};

enum { KG_NAME_SORTS = 16 };

struct kg_trie_node {
    struct kg_step step;
    uint16_t child;                /* First, */
    uint16_t next;                 /* next sibling. */
    uint16_t named[KG_NAME_SORTS]; /* First child whose name is of a sort, */
    uint16_t alike;                /* next sibling whose name is. */
    uint16_t members;              /* The child that is each member. */
    uint16_t action;               /* First one of */
    uint16_t n_actions;
    bool whole;   /* All that is inside is needed, */
    bool as_text; /* and nobody asks what it says. */
    bool counted; /* Of an array's elements it is only needed how many, */
    const struct kg_condition *counted_if; /* and, unless NULL, of which. */
};

/* So that a name is compared with one other, mostly, or none. */
static inline unsigned kg_name_sort(struct kg_str name)
{
    unsigned first, last;

    if (name.len == 0) {
        return 0;
    }
    first = (uint8_t)name.ptr[0];
    last = (uint8_t)name.ptr[name.len - 1];
    return (first + 3 * last + (unsigned)name.len) % KG_NAME_SORTS;
}

struct kg_trie {
    struct kg_trie_node *nodes; /* [0] is the document. */
    struct kg_action *actions;  /* Sorted by node when it is sealed. */
    size_t n_nodes, n_actions;
};

/* KG_ENOMEM, or KG_ELIMIT beyond what a uint16_t can number. */
KG_MUST_USE enum kg_errc kg_trie_add(struct kg_trie *t,
                                     const struct kg_path *path, size_t n_steps,
                                     struct kg_action action);
/* After the last add: the actions of a node in the order of their adding. */
void kg_trie_seal(struct kg_trie *t);
void kg_trie_finish(struct kg_trie *t);

struct kg_profile {
    struct kg_tree texts; /* The YAML's tree: what all slices point into. */
    struct kg_str name, summary;
    struct kg_table_def table;
    enum kg_root root;
    enum kg_unit unit;
    enum kg_packing packing;
    bool keep_incomplete;
    bool may_lack_rows;
    size_t n_rows, n_matches, n_slots;
    size_t n_demands; /* Of `match`; each has one path or more. */
    struct kg_path rows[KG_ROWS_MAX];
    struct kg_str rows_text[KG_ROWS_MAX];
    struct kg_str match_text[KG_MATCHES_MAX];
    struct kg_slot *slots;
    struct kg_column columns[KG_COLUMNS_MAX]; /* The table's, */
    uint32_t scope[KG_COLUMNS_MAX];
    struct kg_column_def *defs; /* and where they come from. */
    struct kg_trie trie;
};

/* The column that a value of the slot goes to. */
static inline const struct kg_column_def *kg_profile_def_of(
    const struct kg_profile *p, uint32_t slot)
{
    return &p->defs[p->slots[slot].column];
}

/* tally.c: which arrays are only counted; after kg_trie_seal(). */
void kg_profile_note_counted(struct kg_profile *p);

#endif /* KG_JSON_PROFILE_DEF_H */
