/* A credential plugin: a program that is run when its last answer expired, or
 * was refused.
 *
 *             run                        it ended
 *     IDLE ---------> RUNNING ------------------------------> IDLE, told
 *      '-- it failed a moment ago: the same is told again ---^
 */
#ifndef KG_KUBE_EXEC_H
#define KG_KUBE_EXEC_H

#include "execanswer.h"
#include "kubeglean/child.h"
#include "kubeglean/kubeconfig.h"

struct kg_exec;
/* `e` is NULL when `answer` is a new one; `changed` when it says anything new. */
typedef void (*kg_exec_cb)(struct kg_exec *x, const struct kg_error *e,
                           bool changed);

struct kg_exec {
    void *data;                   /* Public: the owner's. */
    struct kg_exec_answer answer; /* Read-only: the last good one. */
    struct kg_latch *open;        /* Private from here on; held by a child. */
    struct kg_child *child;
    char **args, **env;
    char *api_version;
    char *install_hint; /* Or NULL. */
    bool input;
    bool answered;      /* `answer` holds one. */
    uint64_t failed_ms; /* When it failed last; 0: it did not. */
    struct kg_error error;
    struct kg_deferred telling; /* Of what was known at once. */
    kg_exec_cb cb;
};

/* Copies. NULL for lack of memory. */
KG_MUST_USE struct kg_exec *kg_exec_create(
    struct kg_latch *open, const struct kg_kubeconfig_exec *config,
    kg_exec_cb cb);
/* `cb` comes from the loop, once; harmless when it runs already. */
void kg_exec_run(struct kg_exec *x);
bool kg_exec_is_running(const struct kg_exec *x);
/* There is no answer that still holds. */
bool kg_exec_is_due(const struct kg_exec *x);
void kg_exec_stop(struct kg_exec *x); /* Kills it; `cb` is not called. */
/* Stopped, and `open` has no holds any more. NULL is allowed. */
void kg_exec_destroy(struct kg_exec *x);

#endif /* KG_KUBE_EXEC_H */
