/* One run of a program as a child of the loop, whose output is collected.
 *
 *     start                        it exited, and its output ended
 *     -----> RUNNING ------------------------------------------------> done_cb
 *              |  '--- too long, too much: killed ----------------------^
 *              '--- kill: killed, silent
 *
 * It is started without a shell. Its standard error is ours; its standard input
 * is ours or empty. Unless it has ours it leads a process group, and is killed
 * with all that it started. */
#ifndef KUBEGLEAN_CHILD_H
#define KUBEGLEAN_CHILD_H

#include "kubeglean/buf.h"
#include "kubeglean/latch.h"

struct kg_child;

/* `e` is NULL when it exited with 0; KG_EIO when it failed, was killed by a
 * signal or took too long, with its exit code in `native`; KG_ELIMIT when it
 * wrote too much. All is borrowed until the callback returns; the child is gone
 * behind it. */
typedef void (*kg_child_done_cb)(void *data, const struct kg_error *e,
                                 struct kg_str output);

struct kg_child_options {
    const char *const *args; /* The program first; ended by NULL. */
    const char *const *env;  /* "NAME=value", ended by NULL; all of it. */
    bool input;              /* Its standard input is ours. */
    uint64_t time_ms;        /* For all of it. */
    size_t output_max;
    kg_child_done_cb done_cb;
    void *data;
};

/* Copies nothing but the callback; holds `open` until the loop knows nothing of
 * it. KG_ECONFIG when there is no such program or it cannot be run, KG_EIO,
 * KG_ENOMEM: no callback will come. */
KG_MUST_USE enum kg_errc kg_child_start(struct kg_latch *open,
                                        const struct kg_child_options *options,
                                        struct kg_error *e,
                                        struct kg_child **ret_child);
/* No callback follows. NULL is allowed. */
void kg_child_kill(struct kg_child *c);

#endif /* KUBEGLEAN_CHILD_H */
