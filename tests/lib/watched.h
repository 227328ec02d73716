/* A watch of Jobs in namespace "a", followed through a script of answers: what
 * it told is in `trace`. */
#ifndef KT_WATCHED_H
#define KT_WATCHED_H

#include <stdio.h>

#include "kube.h"
#include "kubeglean/watch.h"

#define JOB(uid, name, version)                           \
    "{\"metadata\":{\"uid\":\"" uid "\",\"name\":\"" name \
    "\",\"resourceVersion\":\"" version "\",\"managedFields\":[{}]}}"
#define LIST(version, token, items)                                      \
    "{\"kind\":\"JobList\",\"metadata\":{\"resourceVersion\":\"" version \
    "\",\"continue\":\"" token "\"},\"items\":[" items "]}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version)                                                  \
    EVENT("BOOKMARK",                                                      \
          "{\"kind\":\"Job\",\"metadata\":{\"resourceVersion\":\"" version \
          "\"}}")
#define GONE                                                               \
    "{\"kind\":\"Status\",\"metadata\":{},\"message\":\"too old resource " \
    "version\",\"reason\":\"Expired\",\"code\":410}"
#define PATH "GET /apis/batch/v1/namespaces/a/jobs?"

/* A stream that stays open. */
#define OPEN_STREAM(start, events)                                   \
    {                                                                \
        .request = start,                                            \
        .bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json" \
                 "\r\n\r\n" events                                   \
    }

struct watched {
    struct kt_kube k;
    struct kg_watch watch;
    char trace[4096];
    unsigned n_changes, n_synced;
    bool done; /* The `until`-th change came, or the watch failed. */
    bool closed;
    unsigned until;
    struct kg_error e;
    uint32_t idle_ms;
    const char *token_file;
    bool streams;                           /* Lists are streamed. */
    unsigned stop_at, restart_at, close_at; /* Change; 0: never. */
};

static inline void kt_watched_on_closed(struct kg_watch *w)
{
    ((struct watched *)w->data)->closed = true;
}

static inline void kt_watched_on_fail(struct kg_watch *w,
                                      const struct kg_error *e)
{
    struct watched *d = w->data;

    d->e = *e;
    d->done = true;
}

static inline void kt_watched_on_change(struct kg_watch *w,
                                        enum kg_watch_kind kind,
                                        const struct kg_node *object)
{
    static const char *const names[] = {"put", "deleted", "synced"};
    struct watched *d = w->data;
    struct kg_str uid = kg_node_str(kg_node_path(object, "metadata.uid"));
    struct kg_str name = kg_node_str(kg_node_path(object, "metadata.name"));
    size_t len = strlen(d->trace);

    assert_false(d->closed);
    assert_null(kg_node_path(object, "metadata.managedFields"));
    (void)snprintf(d->trace + len, sizeof(d->trace) - len, "%s%s%.*s%s%.*s\n",
                   names[kind], uid.len > 0 ? " " : "", KG_STR_ARG(uid),
                   name.len > 0 ? "=" : "", KG_STR_ARG(name));
    d->n_changes++;
    d->n_synced += kind == KG_WATCH_SYNCED;
    d->done = d->done || d->n_changes == d->until;
    if (d->n_changes == d->stop_at || d->n_changes == d->restart_at) {
        kg_watch_stop(w);
    }
    if (d->n_changes == d->restart_at) {
        kg_watch_start(w, kt_watched_on_change, kt_watched_on_fail);
    }
    if (d->n_changes == d->close_at) {
        kg_watch_close(w, kt_watched_on_closed);
    }
}

static inline bool kt_watched_begin(struct watched *d,
                                    const struct kt_reply *replies, size_t n)
{
    static const char *const paths[] = {"metadata.name", NULL};
    const struct kg_watch_options options = {.kind = KG_KUBE_JOB,
                                             .ns = KG_STR("a"),
                                             .paths = paths,
                                             .seed = 1,
                                             .idle_ms = d->idle_ms};

    if (!kt_kube_start(&d->k, replies, n, d->token_file)) {
        return false;
    }
    d->k.kube.server.streams_lists = d->streams;
    d->watch.data = d;
    if (kg_watch_init(&d->watch, &d->k.kube, &options) != KG_OK) {
        kt_kube_stop(&d->k);
        return false;
    }
    kg_backoff_init(&d->watch.follow.backoff, 1, 2,
                    1); /* No test waits long. */
    kg_watch_start(&d->watch, kt_watched_on_change, kt_watched_on_fail);
    assert_int_equal(d->n_changes, 0);
    return true;
}

static inline void kt_watched_end(struct watched *d)
{
    if (d->close_at == 0) {
        kg_watch_close(&d->watch, kt_watched_on_closed);
    }
    kt_loop_until(&d->k.loop, &d->closed, 200);
    kt_kube_stop(&d->k);
}

/* Follows the script until so many changes were told. */
static inline void kt_watched_follow(struct watched *d,
                                     const struct kt_reply *replies, size_t n,
                                     unsigned n_changes)
{
    d->until = n_changes;
    assert_true(kt_watched_begin(d, replies, n));
    kt_loop_until(&d->k.loop, &d->done, 3000);
}

static inline void kt_watched_tell(struct watched *d,
                                   const struct kt_reply *replies, size_t n,
                                   bool may_fail)
{
    if (!kt_watched_begin(d, replies, n)) {
        assert_true(may_fail);
        return;
    }
    kt_kube_spin(&d->k, &d->done, may_fail ? 30 : 2000);
    assert_true(may_fail || d->n_changes == d->until);
    kt_watched_end(d);
}

#endif /* KT_WATCHED_H */
