/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <stdio.h>

#include "kubeglean/backoff.h"
#include "kubeglean/heap.h"
#include "lists.h"
#include "selector.h"
#include "sim.h"
#include "status.h"
#include "version.h"

enum {
    EVENT_MAX = 16 * 1024 * 1024,
    TREE_MAX = 64 * 1024 * 1024,
    BOOKMARK_MS = 60000,
    BOOKMARK_BEFORE_END_MS = 2000,
};

/* Watchers of one namespace and resource. */
struct place {
    struct kg_map_node node;
    struct kg_queue watchers;
    char key[];
};

struct watcher {
    struct sim_stream stream;
    struct sim *sim;
    struct sim_resource *resource;
    const struct sim_kind *kind;
    const char *version;
    struct sim_selector selector;
    char *ns; /* "" for all. */
    struct kg_queue node;
    struct place *place;          /* NULL for all namespaces. */
    bool waiting;                 /* Has seen all there was. */
    uint64_t next;                /* Number of the next event to see. */
    uint64_t from_rv;             /* Older events are not for it. */
    struct sim_version **initial; /* Held, from i_initial on. */
    size_t n_initial;
    size_t i_initial;
    bool send_initial;  /* A bookmark ends the initial events. */
    bool bookmarks;     /* The client allows them. */
    uint64_t marked_rv; /* The last that was told. */
    uint64_t bookmark_ms;
    uint64_t end_ms;
    bool gone; /* Asked for a resourceVersion that is too old. */
};

void sim_watchers_init(struct sim_watchers *w)
{
    *w = (struct sim_watchers){0};
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        kg_queue_init(&w->everywhere[i]);
    }
    kg_map_init(&w->by_ns);
}

void sim_watchers_finish(struct sim_watchers *w)
{
    kg_map_finish(&w->by_ns);
}

/* --- where a watcher is found -------------------------------------------- */

static struct place *find_place(struct sim_watchers *w,
                                const struct sim_resource *r, struct kg_str ns)
{
    char key[400];
    int len = snprintf(key, sizeof(key), "%s/%.*s", sim_kinds[r->id].plural,
                       KG_STR_ARG(ns));
    struct kg_map_node *node =
        kg_map_find(&w->by_ns, kg_str_of(key, (size_t)len));

    return node != NULL ? KG_CONTAINER_OF(node, struct place, node) : NULL;
}

static struct place *make_place(struct watcher *w)
{
    size_t len = strlen(w->kind->plural) + strlen(w->ns) + 2;
    struct place *p = kg_alloc(sizeof(*p) + len);

    KG_REQUIRE(p != NULL);
    (void)snprintf(p->key, len, "%s/%s", w->kind->plural, w->ns);
    kg_queue_init(&p->watchers);
    sim_require(
        kg_map_insert(&w->sim->watchers.by_ns, &p->node, kg_str_from(p->key)));
    return p;
}

static void join(struct watcher *w)
{
    struct kg_queue *q = &w->sim->watchers.everywhere[w->resource->id];

    w->sim->watchers.n_watches++;
    if (w->ns[0] != '\0') {
        w->place =
            find_place(&w->sim->watchers, w->resource, kg_str_from(w->ns));
        w->place = w->place != NULL ? w->place : make_place(w);
        q = &w->place->watchers;
    }
    kg_queue_insert_tail(q, &w->node);
}

static void leave(struct watcher *w)
{
    struct place *p = w->place;

    w->sim->watchers.n_watches--;
    kg_queue_remove(&w->node);
    if (p != NULL && kg_queue_empty(&p->watchers)) {
        kg_map_remove(&w->sim->watchers.by_ns, &p->node);
        kg_free(p);
    }
}

static void tell(struct kg_queue *watchers, uint64_t n)
{
    struct kg_queue *node;

    kg_queue_foreach (node, watchers) {
        struct watcher *w = KG_CONTAINER_OF(node, struct watcher, node);

        if (w->waiting) {
            w->waiting = false;
            w->next = n;
            sim_stream_wake(&w->stream);
        }
    }
}

void sim_watchers_notify(struct sim_watchers *w, struct sim_resource *r,
                         const struct sim_event *e)
{
    struct place *p = find_place(w, r, e->now->ns);

    tell(&w->everywhere[r->id], r->n_ever - 1);
    if (p != NULL) {
        tell(&p->watchers, r->n_ever - 1);
    }
}

/* --- what is written ------------------------------------------------------ */

static void write_event(struct watcher *w, const char *type,
                        const struct sim_version *v)
{
    struct kg_buf b;

    kg_buf_init(&b, EVENT_MAX);
    sim_require(kg_buf_addf(&b, "{\"type\":\"%s\",\"object\":{", type));
    sim_put_type(&b, w->kind, w->version);
    sim_require(kg_buf_add(&b, v->json));
    sim_require(kg_buf_adds(&b, "}\n"));
    sim_stream_write(&w->stream, kg_buf_str(&b));
    kg_buf_finish(&b);
    w->marked_rv = v->rv;
}

/* What no longer fits is shown as it was when it did, with the new rv. */
static void write_left(struct watcher *w, const struct sim_version *before,
                       uint64_t rv)
{
    struct sim_version *shown;
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    sim_require(sim_json_parse(
        &t, kg_str_of(before->json.ptr - 1, before->json.len + 1), NULL));
    shown = sim_version_create(&t, t.root, rv);
    kg_tree_finish(&t);
    write_event(w, "DELETED", shown);
    sim_version_release(shown);
}

static void write_change(struct watcher *w, const struct sim_event *e)
{
    bool fits = sim_selector_fits(&w->selector, e->now);
    bool did_fit =
        e->before != NULL && sim_selector_fits(&w->selector, e->before);

    if (e->type == SIM_DELETED) {
        if (did_fit) {
            write_event(w, "DELETED", e->now);
        }
    } else if (fits) {
        write_event(w, did_fit ? "MODIFIED" : "ADDED", e->now);
    } else if (did_fit) {
        write_left(w, e->before, e->now->rv);
    }
}

static void write_bookmark(struct watcher *w, bool ends_initial)
{
    struct kg_buf b;

    w->marked_rv = w->sim->store.rv;
    kg_buf_init(&b, EVENT_MAX);
    sim_require(kg_buf_adds(&b, "{\"type\":\"BOOKMARK\",\"object\":{"));
    sim_put_type(&b, w->kind, w->version);
    sim_require(kg_buf_addf(&b,
                            "\"metadata\":{\"resourceVersion\":\"%llu\"%s%s}"
                            ",%s}}\n",
                            (unsigned long long)w->marked_rv,
                            w->sim->config.modern ? ""
                                                  : ",\"creationTimestamp\":"
                                                    "null",
                            ends_initial ? ",\"annotations\":{"
                                           "\"k8s.io/initial-events-end\":"
                                           "\"true\"}"
                                         : "",
                            w->kind->empty));
    sim_stream_write(&w->stream, kg_buf_str(&b));
    kg_buf_finish(&b);
}

static void write_gone(struct watcher *w)
{
    struct kg_buf b;

    kg_buf_init(&b, EVENT_MAX);
    sim_require(kg_buf_addf(
        &b,
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":"
        "\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old "
        "resource version: %llu (%llu)\",\"reason\":\"Expired\","
        "\"code\":410}}\n",
        (unsigned long long)w->from_rv,
        (unsigned long long)w->resource->oldest_rv));
    sim_stream_write(&w->stream, kg_buf_str(&b));
    kg_buf_finish(&b);
}

/* --- when ------------------------------------------------------------------ */

/* False when it has ended. */
static bool mind_the_time(struct watcher *w)
{
    uint64_t now_ms = kg_loop_now_ms(&w->sim->loop);
    uint64_t next_ms = w->end_ms;

    if (now_ms >= w->end_ms) {
        sim_stream_end(&w->stream);
        return false;
    }
    if (w->bookmarks && now_ms >= w->bookmark_ms) {
        w->bookmark_ms = now_ms + BOOKMARK_MS;
        if (w->sim->config.modern || w->sim->store.rv > w->marked_rv) {
            write_bookmark(w, false);
        }
    }
    if (w->bookmarks && w->bookmark_ms < next_ms) {
        next_ms = w->bookmark_ms;
    }
    sim_stream_wake_in(&w->stream, next_ms - now_ms);
    return true;
}

/* False when the initial events go on, for lack of room. */
static bool write_initial(struct watcher *w)
{
    while (w->i_initial < w->n_initial) {
        if (sim_stream_full(&w->stream)) {
            return false;
        }
        write_event(w, "ADDED", w->initial[w->i_initial]);
        sim_version_release(w->initial[w->i_initial++]);
    }
    if (w->send_initial && !sim_stream_full(&w->stream)) {
        w->send_initial = false;
        write_bookmark(w, true);
    }
    return !w->send_initial;
}

/* False when it has ended, or there is no room. */
static bool write_events(struct watcher *w)
{
    while (!w->waiting && w->next < w->resource->n_ever) {
        const struct sim_event *e = sim_store_event(w->resource, w->next);

        if (e == NULL) {
            w->sim->watchers.n_dropped++;
            sim_stream_end(&w->stream);
            return false;
        }
        if (sim_stream_full(&w->stream)) {
            return false;
        }
        w->next++;
        if ((w->ns[0] == '\0' || kg_str_is(e->now->ns, w->ns)) &&
            e->now->rv > w->from_rv) {
            write_change(w, e);
        }
    }
    w->waiting = true;
    return true;
}

static void on_pump(struct sim_stream *s)
{
    struct watcher *w = KG_CONTAINER_OF(s, struct watcher, stream);

    if (w->gone) {
        write_gone(w);
        sim_stream_end(s);
        return;
    }
    if (write_initial(w) && write_events(w)) {
        (void)mind_the_time(w); /* Last: it may have ended. */
    }
}

static void on_gone(struct sim_stream *s)
{
    struct watcher *w = KG_CONTAINER_OF(s, struct watcher, stream);

    leave(w);
    while (w->i_initial < w->n_initial) {
        sim_version_release(w->initial[w->i_initial++]);
    }
    kg_free(w->initial);
    sim_selector_finish(&w->selector);
    kg_free(w->ns);
    kg_free(w);
}

/* --- beginning ------------------------------------------------------------- */

static void take_initial(struct watcher *w)
{
    const struct sim_resource *r = w->resource;
    struct kg_str ns = kg_str_from(w->ns);
    size_t i = sim_store_seek(r, ns, kg_str_of("", 0));

    w->initial = kg_alloc((r->n_objects + 1) * sizeof(struct sim_version *));
    KG_REQUIRE(w->initial != NULL);
    for (; i < r->n_objects; i++) {
        struct sim_version *v = r->objects[i]->now;

        if (ns.len > 0 && !kg_str_eq(v->ns, ns)) {
            break;
        }
        if (sim_selector_fits(&w->selector, v)) {
            w->initial[w->n_initial++] = sim_version_hold(v);
        }
    }
    w->from_rv = r->store->rv;
    w->marked_rv = r->store->rv;
}

static void take_times(struct watcher *w, const struct sim_request *req)
{
    uint64_t now_ms = kg_loop_now_ms(&w->sim->loop);
    uint64_t ms = w->sim->config.watch_seconds * 1000;
    struct kg_random random;
    int64_t seconds;

    kg_random_init(&random, w->sim->store.rv + w->sim->watchers.n_watches);
    ms += kg_random_below(&random, ms);
    if (sim_query_int(req->query, "timeoutSeconds", &seconds) && seconds > 0) {
        ms = (uint64_t)seconds * 1000;
    }
    w->end_ms = now_ms + ms;
    w->bookmark_ms = now_ms + BOOKMARK_MS;
    if (ms > BOOKMARK_BEFORE_END_MS && ms < BOOKMARK_MS) {
        w->bookmark_ms = w->end_ms - BOOKMARK_BEFORE_END_MS;
    }
}

static bool initial_events_refused(struct sim_call *c, bool wanted)
{
    char *match = sim_query(c->req->query, "resourceVersionMatch");
    bool there = match != NULL;
    bool good = there && strcmp(match, "NotOlderThan") == 0;
    struct sim_causes causes = {.n = 0};
    const char *field = "resourceVersionMatch";

    kg_free(match);
    if (!c->sim->config.modern && there) {
        sim_cause(&causes, "FieldValueForbidden", field,
                  "Forbidden: resourceVersionMatch is forbidden for watch");
        sim_cause(&causes, "FieldValueForbidden", field,
                  "Forbidden: resourceVersionMatch is forbidden unless "
                  "resourceVersion is provided");
    } else if (c->sim->config.modern && wanted && !good) {
        sim_cause(&causes, "FieldValueForbidden", field,
                  "Forbidden: sendInitialEvents requires setting "
                  "resourceVersionMatch to NotOlderThan");
    } else if (c->sim->config.modern && !wanted && there) {
        sim_cause(&causes, "FieldValueForbidden", field,
                  "Forbidden: resourceVersionMatch is forbidden for watch");
    }
    if (causes.n > 0) {
        sim_invalid(c, "ListOptions.meta.k8s.io", kg_str_of("", 0), &causes);
    }
    return causes.n > 0;
}

/* False when the text is no number; an answer was given. */
static bool take_rv(struct sim_call *c, uint64_t *ret_rv)
{
    char *text = sim_query(c->req->query, "resourceVersion");
    bool good = true;

    *ret_rv = 0;
    if (text != NULL && text[0] != '\0' &&
        !kg_str_to_u64(kg_str_from(text), ret_rv)) {
        good = false;
        sim_fail(c, 500, NULL, NULL,
                 "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: "
                 "parsing \"%s\": invalid syntax",
                 text, text);
    }
    kg_free(text);
    return good;
}

static void begin(struct sim_call *c, struct watcher *w, uint64_t rv)
{
    w->from_rv = rv;
    w->marked_rv = rv;
    if (rv == 0) {
        take_initial(w);
        rv = w->from_rv;
    }
    w->gone = rv < w->resource->oldest_rv;
    w->next = sim_store_event_after(w->resource, rv);
    take_times(w, c->req);
    join(w);
    sim_stream_begin(c->conn, &w->stream, "application/json", on_pump, on_gone);
}

void sim_watch(struct sim_call *c)
{
    char *send = sim_query(c->req->query, "sendInitialEvents");
    bool wanted = send != NULL && c->sim->config.modern;
    bool yes = wanted && strcmp(send, "true") == 0;
    struct watcher *w;
    uint64_t rv;

    kg_free(send);
    if (initial_events_refused(c, wanted) || !take_rv(c, &rv)) {
        return;
    }
    if (rv != 0 && rv < c->resource->oldest_rv &&
        c->sim->watchers.gone_as_status) {
        sim_fail(
            c, 410, "Expired", NULL, "too old resource version: %llu (%llu)",
            (unsigned long long)rv, (unsigned long long)c->resource->oldest_rv);
        return;
    }
    w = kg_calloc(1, sizeof(*w));
    KG_REQUIRE(w != NULL);
    if (!sim_call_selector(c, &w->selector)) {
        kg_free(w);
        return;
    }
    w->sim = c->sim;
    w->resource = c->resource;
    w->kind = c->kind;
    w->version = c->version;
    w->ns = sim_cstr(c->ns);
    w->bookmarks = sim_query_true(c->req->query, "allowWatchBookmarks");
    w->send_initial = yes && w->bookmarks;
    begin(c, w, yes ? 0 : rv);
}
