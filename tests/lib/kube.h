/* A client of a scripted server: the fixture of what talks to Kubernetes. */
#ifndef KT_KUBE_H
#define KT_KUBE_H

#include "kt.h"
#include "kubeglean/kube.h"
#include "server.h"

/* An answer that ends with its connection. */
#define KT_JSON(status, body)                                       \
    {                                                               \
        .bytes = "HTTP/1.1 " status                                 \
                 "\r\nContent-Type: application/json\r\n\r\n" body, \
        .then = KT_CLOSE                                            \
    }
#define KT_JSON_FOR(start, status, body)                            \
    {                                                               \
        .request = start,                                           \
        .bytes = "HTTP/1.1 " status                                 \
                 "\r\nContent-Type: application/json\r\n\r\n" body, \
        .then = KT_CLOSE                                            \
    }

struct kt_kube {
    struct kg_loop loop;
    struct kt_server server;
    struct kg_kube kube;
    bool closed;
};

static inline void kt_kube_on_closed(struct kg_kube *kube)
{
    KG_CONTAINER_OF(kube, struct kt_kube, kube)->closed = true;
}

/* With a token's file, or NULL. Whether there was memory. */
static inline bool kt_kube_start(struct kt_kube *k,
                                 const struct kt_reply *replies,
                                 size_t n_replies, const char *token_file)
{
    struct kg_kubeconfig config = {.source = "test", .token_file = token_file};
    struct kg_error e;

    k->closed = false;
    assert_int_equal(kg_loop_init(&k->loop), KG_OK);
    kt_server_start(&k->server, &k->loop, replies, n_replies);
    config.server = k->server.url;
    if (kg_kube_init(&k->kube, &k->loop, &config, &e) != KG_OK) {
        kt_server_stop(&k->server);
        kg_loop_close(&k->loop);
        return false;
    }
    return true;
}

static inline void kt_kube_stop(struct kt_kube *k)
{
    kg_kube_close(&k->kube, kt_kube_on_closed);
    assert_false(k->closed);
    kt_loop_until(&k->loop, &k->closed, 200);
    kt_server_stop(&k->server);
    kg_loop_close(&k->loop);
}

/* Turns without waiting, until `*done` or for so long. */
static inline void kt_kube_spin(struct kt_kube *k, const bool *done,
                                uint64_t max_ms)
{
    uint64_t until_ms = uv_hrtime() / 1000000 + max_ms;

    while (!*done && uv_hrtime() / 1000000 < until_ms) {
        (void)uv_run(&k->loop.uv, UV_RUN_NOWAIT);
    }
}

/* Tortures all but libcurl, whose 7.88 divides by zero at a socket's next event
 * when it had no memory to note who uses the socket. */
static inline void kt_kube_torture(void (*body)(void *data, bool may_fail))
{
    kt_heap_spare("libcurl");
    kt_torture(body, NULL);
    kt_heap_spare(NULL);
}

#endif /* KT_KUBE_H */
