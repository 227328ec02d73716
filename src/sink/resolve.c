/* SPDX-License-Identifier: MIT */
/* The happy path: each entry of the list is looked at in turn; sockets and
 * numeric addresses are taken as they are, a name is asked for through libuv's
 * pool, and the list goes on from the answer.
 *
 * Possible failure modes are:
 * - A name cannot be resolved: its entry is left out; with no entry left, the
 *   whole has failed.
 * - Stopped while a name is asked for: the answer comes to nobody. */
#include "resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

#include "kubeglean/heap.h"

enum { LIST_MAX = 16 * 1024 };

static void next_entry(struct kg_resolve *r);

static void report(struct kg_resolve *r, enum kg_errc code)
{
    kg_resolve_cb cb = r->cb;
    const struct kg_error *e = &r->error;

    r->cb = NULL;
    kg_free(r->lists);
    r->lists = NULL;
    if (code == KG_OK && r->n_entries > 0) {
        e = NULL;
    } else if (code != KG_OK) {
        (void)kg_error_set(&r->error, code, 0, "addresses of the server: %s",
                           kg_errc_text(code));
    }
    cb(r, e); /* Last: may start anew, or close. */
}

static void on_deferred(struct kg_deferred *d)
{
    next_entry(KG_CONTAINER_OF(d, struct kg_resolve, deferred));
}

void kg_resolve_init(struct kg_resolve *r, struct kg_loop *loop,
                     struct kg_latch *latch)
{
    *r = (struct kg_resolve){.loop = loop, .latch = latch};
    kg_buf_init(&r->host, LIST_MAX);
    kg_buf_init(&r->hostaddr, LIST_MAX);
    kg_buf_init(&r->port, LIST_MAX);
    kg_deferred_init(&r->deferred, on_deferred);
}

void kg_resolve_finish(struct kg_resolve *r)
{
    KG_REQUIRE(!r->asking);
    kg_free(r->lists);
    kg_buf_finish(&r->host);
    kg_buf_finish(&r->hostaddr);
    kg_buf_finish(&r->port);
}

static enum kg_errc add_to(struct kg_buf *list, bool first, struct kg_str s)
{
    enum kg_errc code = first ? KG_OK : kg_buf_addc(list, ',');

    return code != KG_OK ? code : kg_buf_add(list, s);
}

static enum kg_errc add_entry(struct kg_resolve *r, struct kg_str host,
                              struct kg_str addr)
{
    bool first = r->n_entries == 0;
    enum kg_errc code;

    if ((code = add_to(&r->host, first, host)) != KG_OK ||
        (code = add_to(&r->hostaddr, first, addr)) != KG_OK ||
        (code = add_to(&r->port, first, r->last_port)) != KG_OK) {
        return code;
    }
    r->n_entries++;
    return KG_OK;
}

static enum kg_errc add_addresses(struct kg_resolve *r,
                                  const struct addrinfo *found)
{
    for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
        char text[NI_MAXHOST];
        enum kg_errc code;

        if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL,
                        0, NI_NUMERICHOST) != 0) {
            continue;
        }
        code = add_entry(r, kg_str_from(r->name), kg_str_from(text));
        if (code != KG_OK) {
            return code;
        }
    }
    return KG_OK;
}

static void on_addresses(uv_getaddrinfo_t *req, int status,
                         struct addrinfo *found)
{
    struct kg_resolve *r = KG_CONTAINER_OF(req, struct kg_resolve, req);
    enum kg_errc code = KG_OK;

    r->asking = false;
    if (status != 0) {
        (void)kg_error_set(&r->error, KG_ENAME, status,
                           "host \"%s\": its name cannot be resolved: %s",
                           r->name, uv_strerror(status));
    } else if (r->cb != NULL) {
        code = add_addresses(r, found);
    }
    uv_freeaddrinfo(found);
    kg_latch_release(r->latch);
    if (r->cb == NULL) {
        return; /* Stopped meanwhile. */
    }
    if (code != KG_OK) {
        report(r, code);
        return;
    }
    next_entry(r); /* Last: may be the end. */
}

static enum kg_errc ask(struct kg_resolve *r, struct kg_str host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_family = AF_UNSPEC};
    int err;

    if (host.len >= sizeof(r->name)) {
        return KG_ELIMIT;
    }
    memcpy(r->name, host.ptr, host.len);
    r->name[host.len] = '\0';
    err = uv_getaddrinfo(&r->loop->uv, &r->req, on_addresses, r->name, NULL,
                         &hints);
    if (err != 0) {
        return err == UV_ENOMEM ? KG_ENOMEM : KG_ENAME;
    }
    r->asking = true;
    kg_latch_hold(r->latch);
    return KG_OK;
}

/* Sockets are given by their directory, or by '@' and an abstract name. */
static bool is_name(struct kg_str host)
{
    return host.len > 0 && host.ptr[0] != '/' && host.ptr[0] != '@';
}

static void next_entry(struct kg_resolve *r)
{
    enum kg_errc code = KG_OK;

    while (code == KG_OK &&
           (r->hosts.ptr != NULL || r->hostaddrs.ptr != NULL)) {
        struct kg_str host = kg_str_cut(&r->hosts, ',');
        struct kg_str addr = kg_str_cut(&r->hostaddrs, ',');

        if (r->ports.ptr != NULL) {
            r->last_port = kg_str_cut(&r->ports, ',');
        }
        if (addr.len > 0 || !is_name(host)) {
            code = add_entry(r, host, addr);
            continue;
        }
        code = ask(r, host);
        if (code == KG_OK) {
            return; /* on_addresses() goes on. */
        }
    }
    report(r, code); /* Last. */
}

enum kg_errc kg_resolve_start(struct kg_resolve *r, const char *hosts,
                              const char *hostaddrs, const char *ports,
                              kg_resolve_cb cb)
{
    const struct kg_str from[] = {kg_str_from(hosts != NULL ? hosts : ""),
                                  kg_str_from(hostaddrs), kg_str_from(ports)};
    struct kg_str *const to[] = {&r->hosts, &r->hostaddrs, &r->ports};
    char *end;

    KG_REQUIRE(r->cb == NULL);
    if (r->asking) {
        return KG_EBUSY;
    }
    r->lists = kg_alloc(from[0].len + from[1].len + from[2].len + 1);
    if (r->lists == NULL) {
        return KG_ENOMEM;
    }
    end = r->lists;
    for (size_t i = 0; i < KG_COUNT_OF(to); i++) {
        *to[i] = (struct kg_str){NULL, 0};
        if (from[i].ptr != NULL) {
            memcpy(end, from[i].ptr, from[i].len);
            *to[i] = kg_str_of(end, from[i].len);
            end += from[i].len;
        }
    }
    kg_buf_reset(&r->host);
    kg_buf_reset(&r->hostaddr);
    kg_buf_reset(&r->port);
    r->last_port = KG_STR("");
    r->n_entries = 0;
    kg_error_clear(&r->error);
    r->cb = cb;
    kg_defer(r->loop, &r->deferred);
    return KG_OK;
}

void kg_resolve_stop(struct kg_resolve *r)
{
    r->cb = NULL;
    kg_free(r->lists);
    r->lists = NULL;
    kg_deferred_cancel(&r->deferred);
    if (r->asking) {
        (void)uv_cancel((uv_req_t *)&r->req);
    }
}
