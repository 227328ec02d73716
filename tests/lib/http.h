/* A client, a server that answers it from a script, and requests that note what
 * they were told. */
#ifndef KT_HTTP_H
#define KT_HTTP_H

#include "kt.h"
#include "kubeglean/http.h"
#include "server.h"

#define KT_OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json; q=1\r\n"
#define KT_CHUNKED KT_OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

struct kt_http {
    struct kg_loop loop;
    struct kt_server server;
    struct kg_http *http; /* NULL: it was closed already. */
    bool closed;
};

struct kt_asked {
    struct kg_http_req req;
    int status; /* 0: no answer yet. */
    char type[32];
    uint32_t retry_after_s;
    char body[256];
    size_t body_len;
    unsigned n_bodies, n_heads;
    bool done; /* From then on a callback fails the test. */
    struct kg_error e;
    bool pause_at_body, cancel_at_body, cancel_at_head;
    struct kg_http *close_at_body;
};

void kt_http_set_up(struct kt_http *f, const struct kt_reply *replies,
                    size_t n_replies);
void kt_http_tear_down(struct kt_http *f);
/* For kg_http_close(): sets `closed`. */
void kt_http_on_closed(void *data);
/* For requests whose `data` is a struct kt_asked. */
extern const struct kg_http_events kt_http_events;
/* GET */
void kt_ask(struct kt_http *f, struct kt_asked *a, const char *path);

#endif /* KT_HTTP_H */
