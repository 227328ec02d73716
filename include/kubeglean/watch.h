/* Follow one Kubernetes collection: list it, then watch it, for ever.
 *
 * Its states and what it does next are in follow.h; it is closed from any state.
 *
 * Reconnecting, bookmarks and "410 Gone" stay in here. The owner sees changes
 * in the server's order, and SYNCED each time it has been told everything. What
 * vanished while nobody watched is told as DELETED before SYNCED: the watch
 * keeps the uid of every object it told. */
#ifndef KUBEGLEAN_WATCH_H
#define KUBEGLEAN_WATCH_H

#include "kubeglean/follow.h"
#include "kubeglean/kube.h"

struct kg_watch;
enum kg_watch_kind { KG_WATCH_PUT, KG_WATCH_DELETED, KG_WATCH_SYNCED };

/* One change. `object` has what the watch's paths picked, and always its
 * metadata.uid, which is all that it has when it vanished unseen; NULL with
 * SYNCED. Borrowed. The callback may stop or close `w`; it may not free it. */
typedef void (*kg_watch_change_cb)(struct kg_watch *w, enum kg_watch_kind kind,
                                   const struct kg_node *object);
/* The watch gave up and is IDLE: no retry can cure `e` (401, 403, 404). */
typedef void (*kg_watch_fail_cb)(struct kg_watch *w, const struct kg_error *e);
/* The last call ever made for `w`: its memory is the owner's again. */
typedef void (*kg_watch_close_cb)(struct kg_watch *w);

struct kg_watch {
    void *data;              /* Public: the owner's, never read here. */
    struct kg_follow follow; /* Read-only: what it does, and what comes next. */
    struct kg_kube *kube;    /* Private from here on. Outlives the watch. */
    enum kg_kube_kind kind;
    uint32_t idle_ms;
    unsigned creds_generation; /* Of the credentials it was sent with. */
    bool tried_anew; /* Either side was refused, and nobody answered since. */
    enum kg_errc failed; /* The answer was a refusal that is no JSON. */
    const char *const *paths;
    struct kg_http_req req;       /* The list or watch request in flight. */
    struct kg_http_head head;     /* How its answer began. */
    struct kg_kube_status status; /* What the server refused it with. */
    struct kg_pick *pick;         /* Takes the answer apart. */
    struct kg_buf path;           /* Of the collection, with its selector. */
    struct kg_creds_wait creds_wait;
    uv_timer_t timer;     /* Armed in WAITING, and only there. */
    struct kg_latch open; /* Holds close_cb until the timer is gone. */
    kg_watch_change_cb change_cb;
    kg_watch_fail_cb fail_cb;
    kg_watch_close_cb close_cb;
};

struct kg_watch_options {
    enum kg_kube_kind kind;
    struct kg_str ns;         /* Empty: all namespaces. */
    struct kg_str labels;     /* Selector: "kubeglean.io/profile"; or empty. */
    const char *const *paths; /* As pick.h has them; ended by NULL. Borrowed. */
    uint64_t seed;            /* Of the jitter. */
    uint32_t idle_ms;         /* A watch silent for longer than bookmarks are
                                 apart is dead. 0: 90 seconds. */
};

/* After KG_OK, kg_watch_close() is due, once; else nothing (KG_ENOMEM, or
 * KG_EINVALID for a namespace that Kubernetes does not have). */
KG_MUST_USE enum kg_errc kg_watch_init(struct kg_watch *w, struct kg_kube *kube,
                                       const struct kg_watch_options *options);
/* From IDLE. Callbacks come from the loop, never from inside this call. What was
 * told before a stop is told anew, or as DELETED. */
void kg_watch_start(struct kg_watch *w, kg_watch_change_cb change_cb,
                    kg_watch_fail_cb fail_cb);
/* Objects that were told, and not deleted. */
size_t kg_watch_n_objects(const struct kg_watch *w);
/* From any state back to IDLE, at once and quietly: no callback follows. */
void kg_watch_stop(struct kg_watch *w);
/* Stops, then lets go of everything; `close_cb` comes later, from the loop. */
void kg_watch_close(struct kg_watch *w, kg_watch_close_cb close_cb);

#endif /* KUBEGLEAN_WATCH_H */
