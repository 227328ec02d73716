/* What the API server keeps: objects by resource, namespace and name, each of
 * them a chain of versions that never change, and a bounded history of events.
 *
 * A version is JSON text. Whoever shows one (a list, a page of an old list, an
 * event in the history, a watcher) holds a reference, so nothing is copied and
 * a page of a list shows what was there when the list began. */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "json.h"
#include "kubeglean/loop.h"
#include "kubeglean/table.h"

enum sim_resource_id {
    SIM_NAMESPACES,
    SIM_PODS,
    SIM_JOBS,
    SIM_CRONJOBS,
    SIM_LEASES,
    SIM_RESOURCE_NR
};

struct sim_version {
    unsigned refs;    /* Private. */
    uint64_t rv;      /* Read-only, as all that follows. */
    struct kg_str ns; /* Empty for a Namespace. */
    struct kg_str name;
    struct kg_str uid;
    struct kg_str labels; /* "key\0value\0" of each. */
    struct kg_str phase;  /* status.phase */
    struct kg_str node;   /* spec.nodeName */
    struct kg_str json;   /* Members but kind and apiVersion, and the "}". */
};

struct sim_object {
    struct sim_resource *resource; /* Read-only. */
    struct sim_version *now;       /* Read-only. */
    struct kg_map_node by_uid;     /* Private. */
    struct kg_queue siblings;      /* Private: in `children` of its owner. */
    struct kg_queue children;      /* Read-only: objects that it controls. */
    struct sim_object *owner;      /* Read-only: its controller, while there. */
    bool owned;                    /* Read-only: has a controller reference. */
    bool leaving;                  /* Read-only: has a deletionTimestamp. */
    struct kg_queue dirty;         /* Private: waits for its controller. */
    uv_timer_t timer;              /* Private: its controller's next look. */
    void *state;                   /* The controller's own, freed with it. */
};

enum sim_event_type { SIM_ADDED, SIM_MODIFIED, SIM_DELETED };

struct sim_event {
    enum sim_event_type type;
    struct sim_version *now;    /* Of DELETED: the last one, with a new rv. */
    struct sim_version *before; /* NULL for ADDED. */
};

/* One of SIM_RESOURCE_NR. */
struct sim_resource {
    enum sim_resource_id id;
    struct sim_store *store;
    struct sim_object **objects; /* Sorted by namespace, then name. */
    size_t n_objects;
    size_t capacity;
    struct sim_event *ring; /* The last n_events, oldest first from `first`. */
    size_t ring_capacity;
    size_t first;
    size_t n_events;
    uint64_t n_ever;    /* Events since the start: numbers them. */
    uint64_t oldest_rv; /* A watch from before this is 410. */
};

/* After each event, and before the next. */
typedef void (*sim_event_cb)(void *data, struct sim_resource *r,
                             const struct sim_event *e);
/* `o` has changed, is new, or its time has come: its controller's turn. */
typedef void (*sim_look_cb)(void *data, struct sim_object *o);

struct sim_store {
    struct kg_loop *loop;
    uint64_t rv;           /* The last one given. */
    uint64_t compacted_rv; /* Pages of lists before this are gone. */
    struct sim_resource resources[SIM_RESOURCE_NR];
    struct kg_map by_uid;    /* Private. */
    struct kg_queue dirty;   /* Private. */
    struct kg_deferred look; /* Private. */
    struct kg_latch *latch;  /* Private: timers that close. */
    sim_event_cb event_cb;   /* Private. */
    sim_look_cb look_cb;     /* Private. */
    void *data;              /* Private. */
    uint64_t uid_seed;       /* Private. */
};

/* `history`: events kept for each resource. */
void sim_store_init(struct sim_store *s, struct kg_loop *loop, size_t history);
void sim_store_start(struct sim_store *s, sim_event_cb event_cb,
                     sim_look_cb look_cb, void *data);
/* Removes all objects and history, quietly; resourceVersions go on. */
void sim_store_clear(struct sim_store *s);
void sim_store_finish(struct sim_store *s);

struct sim_object *sim_store_find(struct sim_store *s, enum sim_resource_id id,
                                  struct kg_str ns, struct kg_str name);
struct sim_object *sim_store_find_uid(struct sim_store *s, struct kg_str uid);
/* Index of the first object that is not before (ns, name). */
size_t sim_store_seek(const struct sim_resource *r, struct kg_str ns,
                      struct kg_str name);

/* `root` is the whole object, its metadata with name and uid; the
 * resourceVersion is written here. */
struct sim_object *sim_store_create(struct sim_store *s,
                                    enum sim_resource_id id, struct kg_tree *t,
                                    struct kg_node *root);
/* A new version, if `root` differs from the present one. An object that is
 * leaving and has no finalizers (any more) is removed: false, `o` is gone. */
bool sim_store_update(struct sim_object *o, struct kg_tree *t,
                      struct kg_node *root);
/* Removes it, finalizers or not. */
void sim_store_remove(struct sim_object *o);

/* Parses an object for change. The tree's root is the object without kind and
 * apiVersion. */
void sim_store_open(const struct sim_object *o, struct kg_tree *t);
/* A random UUID. */
void sim_store_uid(struct sim_store *s, char text[37]);
/* Five letters and digits, as generateName adds. */
void sim_store_suffix(struct sim_store *s, char text[6]);

/* Asks for `o`'s controller to look at it, soon or after `ms`: of several times
 * the first counts, after which the controller asks again. */
void sim_store_look(struct sim_object *o);
void sim_store_look_in(struct sim_object *o, uint64_t ms);

/* The event number `n` of a resource, counted from the start; NULL when it has
 * left the ring. */
const struct sim_event *sim_store_event(const struct sim_resource *r,
                                        uint64_t n);
/* The number of the first event newer than `rv`. */
uint64_t sim_store_event_after(const struct sim_resource *r, uint64_t rv);
/* Forgets the history up to now: watches and pages from before are 410. */
void sim_store_compact(struct sim_store *s);

struct sim_version *sim_version_hold(struct sim_version *v);
void sim_version_release(struct sim_version *v);
/* NULL (ptr) when there is no such label. */
struct kg_str sim_version_label(const struct sim_version *v, struct kg_str key);

#endif /* SIM_STORE_H */
