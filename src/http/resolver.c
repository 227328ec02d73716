/* SPDX-License-Identifier: MIT */
#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { FRESH_MS = 60 * 1000 };

static bool is_numeric(const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, address) == 1 ||
           inet_pton(AF_INET6, name, address) == 1;
}

void kg_resolver_init(struct kg_resolver *r, struct kg_latch *open,
                      const char *name, const char *port)
{
    *r = (struct kg_resolver){.open = open, .name = name, .port = port};
    r->numeric = is_numeric(name);
    kg_buf_init(&r->entry, KG_LIMIT_URL);
}

void kg_resolver_close(struct kg_resolver *r)
{
    r->cb = NULL;
    if (r->busy) {
        (void)uv_cancel((uv_req_t *)&r->req); /* Too late: nobody listens. */
    }
    kg_buf_finish(&r->entry);
}

bool kg_resolver_get(const struct kg_resolver *r, const char **ret_entry)
{
    uint64_t age_ms = kg_loop_now_ms(r->open->loop) - r->found_ms;

    if (r->numeric) {
        *ret_entry = NULL;
        return true;
    }
    if (r->busy || r->found_ms == 0 || age_ms >= FRESH_MS) {
        return false;
    }
    *ret_entry = kg_buf_str(&r->entry).ptr;
    return true;
}

static enum kg_errc add_address(struct kg_buf *entry, const struct sockaddr *a)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (a->sa_family == AF_INET) {
        (void)uv_ip4_name((const void *)a, text, sizeof(text));
        return kg_buf_addf(entry, "%s,", text);
    }
    if (a->sa_family == AF_INET6) {
        (void)uv_ip6_name((const void *)a, text, sizeof(text));
        return kg_buf_addf(entry, "[%s],", text);
    }
    return KG_OK;
}

static enum kg_errc build_entry(struct kg_resolver *r,
                                const struct addrinfo *found)
{
    enum kg_errc err;

    kg_buf_reset(&r->entry);
    err = kg_buf_addf(&r->entry, "%s:%s:", r->name, r->port);
    for (; err == KG_OK && found != NULL; found = found->ai_next) {
        err = add_address(&r->entry, found->ai_addr);
    }
    if (err == KG_OK) { /* Its last comma makes room for the NUL. */
        kg_buf_truncate(&r->entry, kg_buf_len(&r->entry) - 1);
        err = kg_buf_cstr(&r->entry) != NULL ? KG_OK : KG_ENOMEM;
    }
    return err;
}

static void tell(struct kg_resolver *r, int status,
                 const struct addrinfo *found)
{
    struct kg_error e;
    enum kg_errc err = KG_ENAME;

    if (status == 0) {
        err = build_entry(r, found);
    }
    if (err == KG_OK) {
        r->found_ms = kg_loop_now_ms(r->open->loop);
        r->cb(r, kg_buf_str(&r->entry).ptr, NULL);
        return;
    }
    (void)kg_error_set(&e, err, status, "%s: %s", r->name,
                       status != 0 ? uv_strerror(status) : kg_errc_text(err));
    r->cb(r, NULL, &e);
}

static void on_found(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct kg_resolver *r = KG_CONTAINER_OF(req, struct kg_resolver, req);
    struct kg_latch *open = r->open;

    r->busy = false;
    if (r->cb != NULL) {
        tell(r, status, found);
    }
    uv_freeaddrinfo(found);
    kg_latch_release(open); /* Last: it kept `r`. */
}

enum kg_errc kg_resolver_start(struct kg_resolver *r, kg_resolver_cb cb)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_ADDRCONFIG};
    int err;

    if (r->busy) {
        return KG_OK;
    }
    r->cb = cb;
    err = uv_getaddrinfo(&r->open->loop->uv, &r->req, on_found, r->name,
                         r->port, &hints);
    if (err != 0) {
        return err == UV_ENOMEM ? KG_ENOMEM : KG_ENAME;
    }
    r->busy = true;
    kg_latch_hold(r->open);
    return KG_OK;
}

void kg_resolver_forget(struct kg_resolver *r)
{
    r->found_ms = 0;
}
