/* SPDX-License-Identifier: MIT */
/* The happy path: every name of the lists is asked for through libuv's pool, all
 * at once; when the last was answered, the lists are gone through again, and
 * each entry becomes an address or several. Sockets and numeric addresses are
 * taken as they are.
 *
 * Possible failure modes are:
 * - A name cannot be resolved, or not in time: its entry is left out; with no
 *   entry left, the whole has failed.
 * - Stopped while a name is asked for: the question is canceled, or its answer
 *   serves the next start, so that there is never more than one of a name. */
#include "resolve.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "kubeglean/heap.h"

enum { ADDRESSES_MAX = 64 * 1024 };

struct question {
    struct kg_queue node; /* In the resolver's `questions` unless canceled. */
    struct kg_resolve *resolve;
    uv_getaddrinfo_t req;
    struct addrinfo *found;
    int status; /* UV_ETIMEDOUT: not answered. */
    char name[256];
};

/* --- questions ----------------------------------------------------------------- */

static void free_question(struct question *q)
{
    kg_queue_remove(&q->node);
    uv_freeaddrinfo(q->found);
    kg_free(q);
}

static struct question *find_question(const struct kg_resolve *r,
                                      struct kg_str name)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &r->questions) {
        struct question *q = KG_CONTAINER_OF(node, struct question, node);

        if (kg_str_is(name, q->name)) {
            return q;
        }
    }
    return NULL;
}

static bool is_asking(const struct kg_resolve *r)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &r->questions) {
        if (KG_CONTAINER_OF(node, struct question, node)->status ==
            UV_ETIMEDOUT) {
            return true;
        }
    }
    return false;
}

static void answer(struct kg_resolve *r);

static void on_addresses(uv_getaddrinfo_t *req, int status,
                         struct addrinfo *found)
{
    struct question *q = KG_CONTAINER_OF(req, struct question, req);
    struct kg_resolve *r = q->resolve;
    bool canceled = kg_queue_empty(&q->node);

    q->status = status;
    q->found = found;
    kg_latch_release(r->latch);
    if (canceled || r->cb == NULL) {
        free_question(q);
        return;
    }
    if (!is_asking(r)) {
        answer(r); /* Last. */
    }
}

static enum kg_errc ask(struct kg_resolve *r, struct kg_str name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_family = AF_UNSPEC};
    struct question *q;

    if (find_question(r, name) != NULL) {
        return KG_OK;
    }
    if (name.len >= sizeof(q->name)) {
        return KG_ELIMIT;
    }
    q = kg_calloc(1, sizeof(*q));
    if (q == NULL) {
        return KG_ENOMEM;
    }
    memcpy(q->name, name.ptr, name.len);
    q->resolve = r;
    q->status = UV_ETIMEDOUT;
    kg_queue_insert_tail(&r->questions, &q->node);
    kg_latch_hold(r->latch);
    if (uv_getaddrinfo(&r->loop->uv, &q->req, on_addresses, q->name, NULL,
                       &hints) != 0) {
        q->status = UV_EINVAL; /* No name at all. */
        kg_latch_release(r->latch);
    }
    return KG_OK;
}

/* --- lists ---------------------------------------------------------------------- */

struct entry {
    struct kg_str host, hostaddr, port;
};

static bool next_entry(struct kg_lists *l, struct entry *ret_entry)
{
    if (l->hosts.ptr == NULL && l->hostaddrs.ptr == NULL) {
        return false;
    }
    if (l->ports.ptr != NULL) {
        l->port = kg_str_cut(&l->ports, ',');
    }
    *ret_entry = (struct entry){.host = kg_str_cut(&l->hosts, ','),
                                .hostaddr = kg_str_cut(&l->hostaddrs, ','),
                                .port = l->port};
    return true;
}

/* Sockets are given by their directory, or by '@' and an abstract name. */
static bool is_name(const struct entry *e)
{
    return e->hostaddr.len == 0 && e->host.len > 0 && e->host.ptr[0] != '/' &&
           e->host.ptr[0] != '@';
}

static enum kg_errc add_text(struct kg_resolve *r, struct kg_str text)
{
    enum kg_errc code = kg_buf_add(&r->addresses, text);

    return code != KG_OK ? code : kg_buf_addc(&r->addresses, '\0');
}

static enum kg_errc add_address(struct kg_resolve *r, const struct entry *e,
                                struct kg_str hostaddr)
{
    enum kg_errc code;

    if ((code = add_text(r, e->host)) == KG_OK &&
        (code = add_text(r, hostaddr)) == KG_OK &&
        (code = add_text(r, e->port)) == KG_OK) {
        r->n_addresses++;
    }
    return code;
}

static enum kg_errc add_found(struct kg_resolve *r, const struct entry *e)
{
    const struct question *q = find_question(r, e->host);
    enum kg_errc code = KG_OK;

    KG_REQUIRE(q != NULL);
    if (q->status != 0) {
        (void)kg_error_set(&r->error, KG_ENAME, q->status,
                           "host \"%s\": its name cannot be resolved: %s",
                           q->name,
                           q->status == UV_ETIMEDOUT ? "no answer in time"
                                                     : uv_strerror(q->status));
    }
    for (const struct addrinfo *ai = q->found; ai != NULL && code == KG_OK;
         ai = ai->ai_next) {
        char text[NI_MAXHOST];

        if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL,
                        0, NI_NUMERICHOST) == 0) {
            code = add_address(r, e, kg_str_from(text));
        }
    }
    return code;
}

static enum kg_errc add_all(struct kg_resolve *r)
{
    struct kg_lists lists = r->lists;
    enum kg_errc code = KG_OK;
    struct entry e;

    while (code == KG_OK && next_entry(&lists, &e)) {
        code = is_name(&e) ? add_found(r, &e) : add_address(r, &e, e.hostaddr);
    }
    return code;
}

static void forget_answers(struct kg_resolve *r)
{
    struct kg_queue *next;

    for (struct kg_queue *node = r->questions.next; node != &r->questions;
         node = next) {
        struct question *q = KG_CONTAINER_OF(node, struct question, node);

        next = node->next;
        if (q->status != UV_ETIMEDOUT) {
            free_question(q);
        }
    }
}

static void answer(struct kg_resolve *r)
{
    enum kg_errc code = add_all(r);
    kg_resolve_cb cb = r->cb;

    if (code != KG_OK) {
        (void)kg_error_set(&r->error, code, 0, "addresses of the server: %s",
                           kg_errc_text(code));
    }
    kg_resolve_stop(r);
    cb(r, code == KG_OK && r->n_addresses > 0 ? NULL : &r->error); /* Last. */
}

/* --- life ------------------------------------------------------------------------ */

static void on_deferred(struct kg_deferred *d)
{
    struct kg_resolve *r = KG_CONTAINER_OF(d, struct kg_resolve, deferred);

    if (!is_asking(r)) {
        answer(r); /* Last. */
    }
}

void kg_resolve_init(struct kg_resolve *r, struct kg_loop *loop,
                     struct kg_latch *latch)
{
    *r = (struct kg_resolve){.loop = loop, .latch = latch};
    kg_buf_init(&r->addresses, ADDRESSES_MAX);
    kg_queue_init(&r->questions);
    kg_deferred_init(&r->deferred, on_deferred);
}

void kg_resolve_finish(struct kg_resolve *r)
{
    KG_REQUIRE(kg_queue_empty(&r->questions));
    kg_free(r->texts);
    kg_buf_finish(&r->addresses);
}

static enum kg_errc copy_lists(struct kg_resolve *r, const char *hosts,
                               const char *hostaddrs, const char *ports)
{
    const struct kg_str from[] = {kg_str_from(hosts != NULL ? hosts : ""),
                                  kg_str_from(hostaddrs), kg_str_from(ports)};
    struct kg_str *const to[] = {&r->lists.hosts, &r->lists.hostaddrs,
                                 &r->lists.ports};
    char *end = kg_alloc(from[0].len + from[1].len + from[2].len + 1);

    r->texts = end;
    if (end == NULL) {
        return KG_ENOMEM;
    }
    for (size_t i = 0; i < KG_COUNT_OF(to); i++) {
        *to[i] = (struct kg_str){NULL, 0};
        if (from[i].ptr != NULL) {
            memcpy(end, from[i].ptr, from[i].len);
            *to[i] = kg_str_of(end, from[i].len);
            end += from[i].len;
        }
    }
    r->lists.port = KG_STR("");
    return KG_OK;
}

enum kg_errc kg_resolve_start(struct kg_resolve *r, const char *hosts,
                              const char *hostaddrs, const char *ports,
                              kg_resolve_cb cb)
{
    enum kg_errc code = copy_lists(r, hosts, hostaddrs, ports);
    struct kg_lists lists = r->lists;
    struct entry e;

    KG_REQUIRE(r->cb == NULL);
    while (code == KG_OK && next_entry(&lists, &e)) {
        code = is_name(&e) ? ask(r, e.host) : KG_OK;
    }
    if (code != KG_OK) {
        kg_resolve_stop(r);
        return code;
    }
    kg_buf_reset(&r->addresses);
    r->n_addresses = 0;
    kg_error_clear(&r->error);
    r->cb = cb;
    kg_defer(r->loop, &r->deferred);
    return KG_OK;
}

void kg_resolve_hurry(struct kg_resolve *r)
{
    answer(r); /* Last. */
}

/* Who still waits in libuv's queue is taken out of it, and comes back to be
 * freed; who is being answered cannot be stopped. */
static void cancel_questions(struct kg_resolve *r)
{
    struct kg_queue *next;

    for (struct kg_queue *node = r->questions.next; node != &r->questions;
         node = next) {
        struct question *q = KG_CONTAINER_OF(node, struct question, node);

        next = node->next;
        if (uv_cancel((uv_req_t *)&q->req) == 0) {
            kg_queue_remove(&q->node);
        }
    }
}

void kg_resolve_stop(struct kg_resolve *r)
{
    r->cb = NULL;
    kg_free(r->texts);
    r->texts = NULL;
    kg_deferred_cancel(&r->deferred);
    forget_answers(r);
    cancel_questions(r);
}

bool kg_resolve_next(const struct kg_resolve *r, size_t *place,
                     struct kg_address *ret_address)
{
    const char **const to[] = {&ret_address->host, &ret_address->hostaddr,
                               &ret_address->port};
    const char *texts = kg_buf_str(&r->addresses).ptr;

    if (*place == kg_buf_len(&r->addresses)) {
        return false;
    }
    for (size_t i = 0; i < KG_COUNT_OF(to); i++) {
        *to[i] = texts + *place;
        *place += strlen(texts + *place) + 1;
    }
    return true;
}
