/* An endpoint with kubeglean's own routes, whose owner knows the task "krr",
 * has no time for "busy", and says what it was asked. */
#ifndef KT_SERVE_H
#define KT_SERVE_H

#include "client.h"
#include "kubeglean/serve.h"

#define HOST "Host: x\r\n"
/* A request that ends its connection. */
#define KT_ASK(method, path) \
    method " " path " HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

struct kt_serve {
    struct kg_loop loop;
    struct kg_serve *serve;
    struct kg_metrics metrics;
    struct kg_endpoint endpoint;
    struct kg_serve_config config;
    struct kg_id asked; /* The last run that was asked for, */
    char task[64];      /* and of what. */
    unsigned n_asked;
    const char *not_ready; /* NULL: ready. */
    bool answer_later;
    bool drained, closed;
};

/* `config` may be changed between the two. */
void kt_serve_set_up(struct kt_serve *f);
void kt_serve_start(struct kt_serve *f);
/* Also when it was not started. */
void kt_serve_tear_down(struct kt_serve *f);
/* Answers the run that was asked for. */
void kt_serve_start_run(struct kt_serve *f);
/* For kg_serve_drain(): sets `drained`. */
void kt_serve_on_drained(void *data);
/* One request on a connection of its own, until that is closed. */
void kt_serve_ask(struct kt_serve *f, struct kt_client *c, const char *request);

#endif /* KT_SERVE_H */
