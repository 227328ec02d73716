/* The simulated API server: its parts, and one request on its way through. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "ends.h"
#include "faults.h"
#include "http.h"
#include "store.h"
#include "watch.h"

enum { SIM_TOKENS_MAX = 16, SIM_DENIALS_MAX = 64 };

struct sim_token {
    const char *user;
    char *text; /* Owned: it may change. */
};

/* A user may not do this. "*" is any. */
struct sim_denial {
    struct kg_str user;
    struct kg_str verb;
    struct kg_str resource;
};

struct sim_config {
    int port;
    const char *port_file;
    bool modern; /* Imitates 0.36, else 1.20. */
    bool cronjobs_v1;
    bool cronjobs_beta;
    bool anonymous;     /* Requests without a token are let in, */
    bool forbid_nobody; /* or get 403 as system:anonymous; else 401. */
    struct sim_token tokens[SIM_TOKENS_MAX];
    size_t n_tokens;
    struct sim_denial denials[SIM_DENIALS_MAX];
    size_t n_denials;
    uint64_t watch_seconds; /* A watch ends after this to twice this. */
    uint64_t history;       /* Events kept for each resource. */
    /* What a Pod does that does not say. */
    const char *log_file; /* Or NULL. */
    uint64_t krr_rows;
    uint64_t run_ms;
    uint64_t pending_ms;
    uint64_t backoff_ms; /* Between a failed Pod and the next. */
    uint64_t log_rate;   /* Bytes a second; 0: spread over the run. */
    const char *log_dir; /* Where sim/log-file is looked for, or NULL. */
};

struct sim {
    struct kg_loop loop;
    struct sim_config config;
    struct sim_server server;
    struct sim_store store;
    struct sim_watchers watchers;
    struct sim_faults faults;
    struct kg_map stats;       /* "watch jobs" and so on, counted. */
    struct kg_map sources;     /* What logs are made of. */
    struct kg_queue old_lists; /* Lists that are read in pages. */
    uint64_t n_logs;           /* Log streams begun. */
    struct sim_ends ends;      /* Of logs that were read to their end. */
};

struct sim_kind {
    enum sim_resource_id id;
    const char *plural;
    const char *singular;
    const char *kind;
    const char *group;    /* "" is core. */
    const char *shorter;  /* For kubectl. */
    const char *go_group; /* In messages about fields. */
    const char *empty;    /* What a BOOKMARK's object has besides metadata. */
    bool namespaced;
    bool in_all; /* The category "all". */
};

extern const struct sim_kind sim_kinds[SIM_RESOURCE_NR];

/* One request, from the router to its answer. */
struct sim_call {
    struct sim *sim;
    struct sim_conn *conn;
    const struct sim_request *req;
    const struct sim_kind *kind;
    struct sim_resource *resource;
    const char *version; /* "v1", "v1beta1" */
    const char *user;
    struct kg_str ns;   /* Empty: all, or none. */
    struct kg_str name; /* Empty: the collection. */
    struct kg_str sub;  /* "log", "status", or empty. */
    bool applies;       /* Server-side apply minds managedFields itself. */
    char headers[600];  /* More of the answer: warnings. */
};

/* "batch/v1", into `text`. */
const char *sim_api_version(const struct sim_kind *k, const char *version,
                            char text[64]);
/* `"kind":"Job","apiVersion":"batch/v1",`, what goes before a version's
 * text. */
void sim_put_type(struct kg_buf *b, const struct sim_kind *k,
                  const char *version);

#endif /* SIM_SIM_H */
