/* SPDX-License-Identifier: MIT */
#include "store.h"

#include "kubeglean/backoff.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "version.h"

enum {
    TREE_MAX = 64 * 1024 * 1024,
    LOOKS_PER_TURN = 200, /* So that requests are heard in between. */
    FIRST_RV = 1000, /* So that 1 is too old, as on a server with a past. */
};

static void on_look(struct kg_deferred *d);

void sim_store_init(struct sim_store *s, struct kg_loop *loop, size_t history)
{
    *s = (struct sim_store){.loop = loop, .rv = FIRST_RV};
    s->compacted_rv = FIRST_RV;
    s->uid_seed = (uint64_t)kg_clock_now_us();
    kg_map_init(&s->by_uid);
    kg_queue_init(&s->dirty);
    kg_deferred_init(&s->look, on_look);
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        struct sim_resource *r = &s->resources[i];

        r->id = (enum sim_resource_id)i;
        r->store = s;
        r->oldest_rv = FIRST_RV;
        r->ring_capacity = history;
        r->ring = kg_calloc(history, sizeof(*r->ring));
        KG_REQUIRE(r->ring != NULL);
    }
}

void sim_store_start(struct sim_store *s, sim_event_cb event_cb,
                     sim_look_cb look_cb, void *data)
{
    s->event_cb = event_cb;
    s->look_cb = look_cb;
    s->data = data;
}

/* --- finding ------------------------------------------------------------- */

static int compare(const struct sim_object *o, struct kg_str ns,
                   struct kg_str name)
{
    int order = kg_str_cmp(o->now->ns, ns);

    return order != 0 ? order : kg_str_cmp(o->now->name, name);
}

size_t sim_store_seek(const struct sim_resource *r, struct kg_str ns,
                      struct kg_str name)
{
    size_t low = 0;
    size_t high = r->n_objects;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(r->objects[middle], ns, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct sim_object *sim_store_find(struct sim_store *s, enum sim_resource_id id,
                                  struct kg_str ns, struct kg_str name)
{
    struct sim_resource *r = &s->resources[id];
    size_t i = sim_store_seek(r, ns, name);

    if (i < r->n_objects && compare(r->objects[i], ns, name) == 0) {
        return r->objects[i];
    }
    return NULL;
}

struct sim_object *sim_store_find_uid(struct sim_store *s, struct kg_str uid)
{
    struct kg_map_node *node = kg_map_find(&s->by_uid, uid);

    return node != NULL ? KG_CONTAINER_OF(node, struct sim_object, by_uid)
                        : NULL;
}

/* --- history ------------------------------------------------------------- */

static void drop_event(struct sim_resource *r)
{
    struct sim_event *e = &r->ring[r->first];

    r->oldest_rv = e->now->rv;
    sim_version_release(e->now);
    sim_version_release(e->before);
    r->first = (r->first + 1) % r->ring_capacity;
    r->n_events--;
}

static void record(struct sim_resource *r, enum sim_event_type type,
                   struct sim_version *now, struct sim_version *before)
{
    struct sim_event *e;

    if (r->n_events == r->ring_capacity) {
        drop_event(r);
    }
    e = &r->ring[(r->first + r->n_events) % r->ring_capacity];
    e->type = type;
    e->now = sim_version_hold(now);
    e->before = before != NULL ? sim_version_hold(before) : NULL;
    r->n_events++;
    r->n_ever++;
    if (r->store->event_cb != NULL) {
        r->store->event_cb(r->store->data, r, e);
    }
}

const struct sim_event *sim_store_event(const struct sim_resource *r,
                                        uint64_t n)
{
    uint64_t oldest = r->n_ever - r->n_events;

    if (n < oldest || n >= r->n_ever) {
        return NULL;
    }
    return &r->ring[(r->first + (n - oldest)) % r->ring_capacity];
}

uint64_t sim_store_event_after(const struct sim_resource *r, uint64_t rv)
{
    uint64_t low = r->n_ever - r->n_events;
    uint64_t high = r->n_ever;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (sim_store_event(r, middle)->now->rv <= rv) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void compact_one(struct sim_resource *r)
{
    while (r->n_events > 0) {
        drop_event(r);
    }
    r->oldest_rv = r->store->rv;
}

void sim_store_compact(struct sim_store *s)
{
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        compact_one(&s->resources[i]);
    }
    s->compacted_rv = s->rv;
}

/* --- owners -------------------------------------------------------------- */

static const struct kg_node *controller_of(const struct kg_node *root)
{
    const struct kg_node *owners =
        kg_node_path(root, "metadata.ownerReferences");

    if (owners == NULL) {
        return NULL;
    }
    for (const struct kg_node *n = owners->child; n != NULL; n = n->next) {
        if (kg_node_is_true(kg_node_get(n, "controller"))) {
            return n;
        }
    }
    return NULL;
}

static void find_owner(struct sim_object *o, const struct kg_node *root)
{
    const struct kg_node *reference = controller_of(root);
    struct sim_object *owner = NULL;

    o->owned = reference != NULL;
    if (o->owned) {
        owner = sim_store_find_uid(o->resource->store,
                                   kg_node_str(kg_node_get(reference, "uid")));
    }
    if (owner == o->owner) {
        return;
    }
    kg_queue_remove(&o->siblings);
    o->owner = owner;
    if (owner != NULL) {
        kg_queue_insert_tail(&owner->children, &o->siblings);
    }
}

static void leave_owner(struct sim_object *o)
{
    kg_queue_remove(&o->siblings);
    if (o->owner != NULL) {
        sim_store_look(o->owner);
    }
    o->owner = NULL;
}

static void orphan_children(struct sim_object *o)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&o->children)) != NULL) {
        struct sim_object *child =
            KG_CONTAINER_OF(node, struct sim_object, siblings);

        kg_queue_remove(node);
        child->owner = NULL;
        sim_store_look(child);
    }
}

/* --- controllers' turns -------------------------------------------------- */

void sim_store_look(struct sim_object *o)
{
    struct sim_store *s = o->resource->store;

    if (kg_queue_empty(&o->dirty)) {
        kg_queue_insert_tail(&s->dirty, &o->dirty);
    }
    kg_defer(s->loop, &s->look);
}

static void on_look(struct kg_deferred *d)
{
    struct sim_store *s = KG_CONTAINER_OF(d, struct sim_store, look);
    struct kg_queue *node;

    for (int i = 0; i < LOOKS_PER_TURN; i++) {
        node = kg_queue_head(&s->dirty);
        if (node == NULL) {
            return;
        }
        kg_queue_remove(node);
        s->look_cb(s->data, KG_CONTAINER_OF(node, struct sim_object, dirty));
    }
    kg_defer(s->loop, &s->look);
}

static void on_timer(uv_timer_t *timer)
{
    sim_store_look(KG_CONTAINER_OF(timer, struct sim_object, timer));
}

void sim_store_look_in(struct sim_object *o, uint64_t ms)
{
    if (!uv_is_active((uv_handle_t *)&o->timer) ||
        uv_timer_get_due_in(&o->timer) > ms) {
        (void)uv_timer_start(&o->timer, on_timer, ms, 0);
    }
}

/* --- changing ------------------------------------------------------------ */

static void insert(struct sim_resource *r, struct sim_object *o)
{
    size_t i = sim_store_seek(r, o->now->ns, o->now->name);

    if (r->n_objects == r->capacity) {
        r->capacity = r->capacity > 0 ? r->capacity * 2 : 64;
        r->objects =
            kg_realloc(r->objects, r->capacity * sizeof(struct sim_object *));
        KG_REQUIRE(r->objects != NULL);
    }
    memmove(&r->objects[i + 1], &r->objects[i],
            (r->n_objects - i) * sizeof(struct sim_object *));
    r->objects[i] = o;
    r->n_objects++;
}

static void take_out(struct sim_resource *r, struct sim_object *o)
{
    size_t i = sim_store_seek(r, o->now->ns, o->now->name);

    KG_REQUIRE(i < r->n_objects && r->objects[i] == o);
    r->n_objects--;
    memmove(&r->objects[i], &r->objects[i + 1],
            (r->n_objects - i) * sizeof(struct sim_object *));
}

static void note(struct sim_object *o, const struct kg_node *root)
{
    o->leaving = kg_node_path(root, "metadata.deletionTimestamp") != NULL;
    find_owner(o, root);
    sim_store_look(o);
    if (o->owner != NULL) {
        sim_store_look(o->owner);
    }
}

struct sim_object *sim_store_create(struct sim_store *s,
                                    enum sim_resource_id id, struct kg_tree *t,
                                    struct kg_node *root)
{
    struct sim_object *o = kg_calloc(1, sizeof(*o));

    KG_REQUIRE(o != NULL);
    o->resource = &s->resources[id];
    o->now = sim_version_create(t, root, ++s->rv);
    kg_queue_init(&o->siblings);
    kg_queue_init(&o->children);
    kg_queue_init(&o->dirty);
    (void)uv_timer_init(&s->loop->uv, &o->timer);
    sim_require(kg_map_insert(&s->by_uid, &o->by_uid, o->now->uid));
    insert(o->resource, o);
    record(o->resource, SIM_ADDED, o->now, NULL);
    note(o, root);
    return o;
}

static bool has_finalizers(const struct kg_node *root)
{
    const struct kg_node *n = kg_node_path(root, "metadata.finalizers");
    const struct kg_node *of_namespace = kg_node_path(root, "spec.finalizers");

    return (n != NULL && n->n_children > 0) ||
           (of_namespace != NULL && of_namespace->n_children > 0);
}

/* A change of order is none. */
static bool is_same_version(const struct sim_object *o, struct kg_tree *t,
                            struct kg_node *root)
{
    struct sim_version *same = sim_version_create(t, root, o->now->rv);
    bool equal = kg_str_eq(same->json, o->now->json);
    struct kg_tree now;

    sim_version_release(same);
    if (!equal) {
        sim_store_open(o, &now);
        equal = sim_same(now.root, root);
        kg_tree_finish(&now);
    }
    return equal;
}

/* Leaving, with nothing left to wait for. */
static bool is_free_to_go(const struct sim_object *o,
                          const struct kg_node *root)
{
    return o->leaving && !has_finalizers(root) &&
           sim_int(kg_node_get(root, "metadata"), "deletionGracePeriodSeconds",
                   0) == 0;
}

bool sim_store_update(struct sim_object *o, struct kg_tree *t,
                      struct kg_node *root)
{
    struct sim_store *s = o->resource->store;
    struct sim_version *before = o->now;

    if (is_free_to_go(o, root) && o->resource->id != SIM_PODS) {
        sim_store_remove(o);
        return false;
    }
    if (is_same_version(o, t, root)) {
        return true;
    }
    kg_map_remove(&s->by_uid, &o->by_uid);
    o->now = sim_version_create(t, root, ++s->rv);
    sim_require(kg_map_insert(&s->by_uid, &o->by_uid, o->now->uid));
    record(o->resource, SIM_MODIFIED, o->now, before);
    sim_version_release(before);
    note(o, root);
    if (is_free_to_go(o, root)) { /* A Pod: its last state is seen first. */
        sim_store_remove(o);
        return false;
    }
    return true;
}

static void on_object_closed(uv_handle_t *handle)
{
    struct sim_object *o = KG_CONTAINER_OF(handle, struct sim_object, timer);

    kg_free(o->state);
    kg_free(o);
}

static void let_go(struct sim_object *o)
{
    kg_map_remove(&o->resource->store->by_uid, &o->by_uid);
    kg_queue_remove(&o->dirty);
    sim_version_release(o->now);
    uv_close((uv_handle_t *)&o->timer, on_object_closed);
}

void sim_store_remove(struct sim_object *o)
{
    struct sim_store *s = o->resource->store;
    struct sim_version *last;
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    sim_store_open(o, &t);
    last = sim_version_create(&t, t.root, ++s->rv);
    kg_tree_finish(&t);
    take_out(o->resource, o);
    record(o->resource, SIM_DELETED, last, o->now);
    sim_version_release(last);
    leave_owner(o);
    orphan_children(o);
    let_go(o);
}

void sim_store_clear(struct sim_store *s)
{
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        struct sim_resource *r = &s->resources[i];

        for (size_t n = 0; n < r->n_objects; n++) {
            let_go(r->objects[n]);
        }
        r->n_objects = 0;
    }
    s->rv++;
    sim_store_compact(s);
}

void sim_store_finish(struct sim_store *s)
{
    sim_store_clear(s);
    kg_deferred_cancel(&s->look);
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        kg_free(s->resources[i].objects);
        kg_free(s->resources[i].ring);
    }
    kg_map_finish(&s->by_uid);
}

/* --- help ---------------------------------------------------------------- */

void sim_store_open(const struct sim_object *o, struct kg_tree *t)
{
    struct kg_str json = o->now->json;

    kg_tree_init(t, TREE_MAX);
    sim_require(sim_json_parse(t, kg_str_of(json.ptr - 1, json.len + 1), NULL));
}

void sim_store_uid(struct sim_store *s, char text[37])
{
    struct kg_random random;
    uint64_t a;
    uint64_t b;

    kg_random_init(&random, s->uid_seed++);
    a = kg_random_next(&random);
    b = kg_random_next(&random);
    (void)snprintf(text, 37, "%08x-%04x-4%03x-%04x-%012llx",
                   (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
                   (unsigned)a & 0xfff, (unsigned)(b >> 48 & 0x3fff) | 0x8000,
                   (unsigned long long)(b & 0xffffffffffff));
}

void sim_store_suffix(struct sim_store *s, char text[6])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    struct kg_random random;

    kg_random_init(&random, s->uid_seed++);
    for (int i = 0; i < 5; i++) {
        text[i] = letters[kg_random_below(&random, sizeof(letters) - 1)];
    }
    text[5] = '\0';
}
