/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "known.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"
#include "status.h"

enum { PATHS_MAX = 48 };

/* --- telling the owner --------------------------------------------------------- */

/* A result that is not KG_OK ends the picker's feeding. */
static enum kg_errc tell(struct kg_watch *w, enum kg_watch_kind kind,
                         const struct kg_node *object)
{
    unsigned state = w->sm.state;

    w->change_cb(w, kind, object);
    return w->sm.state == state ? KG_OK : KG_ECANCELED;
}

static enum kg_errc tell_put(struct kg_watch *w, const struct kg_node *object)
{
    struct kg_str uid = kg_node_str(kg_node_path(object, "metadata.uid"));
    enum kg_errc err = uid.len > 0 ? kg_known_put(&w->known, uid, w->generation)
                                   : KG_EPROTOCOL;

    return err == KG_OK ? tell(w, KG_WATCH_PUT, object) : err;
}

static enum kg_errc tell_deleted(struct kg_watch *w,
                                 const struct kg_node *object)
{
    kg_known_drop(&w->known, kg_node_str(kg_node_path(object, "metadata.uid")));
    return tell(w, KG_WATCH_DELETED, object);
}

static enum kg_errc tell_vanished(struct kg_watch *w, struct kg_str uid)
{
    struct kg_node *root;
    struct kg_node *metadata;
    struct kg_tree t;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, 16 * KG_KIB);
    root = kg_tree_new(&t, KG_OBJECT, kg_str_of("", 0));
    metadata = kg_tree_new(&t, KG_OBJECT, kg_str_of("", 0));
    if (kg_tree_put(&t, root, "metadata", metadata) &&
        kg_tree_put(&t, metadata, "uid", kg_tree_new(&t, KG_STRING, uid))) {
        err = tell_deleted(w, root);
    }
    kg_tree_finish(&t);
    return err;
}

enum kg_errc kg_changes_tell_vanished(struct kg_watch *w)
{
    const struct kg_map_node *cursor = NULL;
    const struct kg_str *uid;
    enum kg_errc err = KG_OK;

    while (err == KG_OK &&
           (uid = kg_known_stale(&w->known, w->generation, &cursor)) != NULL) {
        bool last = cursor == NULL;

        err = tell_vanished(w, *uid);
        if (last) {
            break;
        }
    }
    return err;
}

enum kg_errc kg_changes_tell_synced(struct kg_watch *w)
{
    w->synced = true;
    return tell(w, KG_WATCH_SYNCED, NULL);
}

/* --- what the server says ----------------------------------------------------- */

/* The list's own fields, behind its elements. */
static enum kg_errc on_page(struct kg_watch *w, const struct kg_node *list)
{
    const struct kg_node *metadata = kg_node_get(list, "metadata");
    enum kg_errc err =
        kg_buf_set(&w->page, kg_node_str(kg_node_get(metadata, "continue")));

    if (err == KG_OK) {
        err = kg_buf_set(&w->listed,
                         kg_node_str(kg_node_get(metadata, "resourceVersion")));
    }
    return err;
}

static enum kg_errc on_error_event(struct kg_watch *w,
                                   const struct kg_node *status)
{
    int64_t code = 500;

    (void)!kg_node_int(kg_node_get(status, "code"), &code);
    kg_kube_status_read(&w->status, (int)code, status, kg_str_of("", 0));
    return kg_kube_status_code(&w->status);
}

static enum kg_errc on_event(struct kg_watch *w, const struct kg_node *event)
{
    struct kg_str type = kg_node_str(kg_node_get(event, "type"));
    const struct kg_node *object = kg_node_get(event, "object");
    struct kg_str version =
        kg_node_str(kg_node_path(object, "metadata.resourceVersion"));
    enum kg_errc err;

    if (kg_str_is(type, "ERROR")) {
        return on_error_event(w, object);
    }
    err = version.len > 0 ? kg_buf_set(&w->version, version) : KG_EPROTOCOL;
    if (err != KG_OK || kg_str_is(type, "BOOKMARK")) {
        return err;
    }
    if (kg_str_is(type, "DELETED")) {
        return tell_deleted(w, object);
    }
    return tell_put(w, object); /* ADDED, MODIFIED */
}

static enum kg_errc on_picked(void *data, enum kg_pick_kind kind,
                              const struct kg_node *root)
{
    struct kg_watch *w = data;

    if (w->head.status != 200) {
        kg_kube_status_read(&w->status, w->head.status, root, kg_str_of("", 0));
        return KG_OK;
    }
    if (kind == KG_PICK_ELEMENT) {
        return tell_put(w, root);
    }
    return w->sm.state == LISTING ? on_page(w, root) : on_event(w, root);
}

/* Fields of a Status, which may come in place of anything else. */
#define STATUS_PATHS "kind", "reason", "message", "code", "details"

enum kg_errc kg_changes_expect(struct kg_watch *w, bool list)
{
    static const char *const list_top[] = {
        "metadata.resourceVersion", "metadata.continue", STATUS_PATHS, NULL};
    static const char *const watch_top[] = {"type", STATUS_PATHS, NULL};
    static const char *const always[] = {
        "metadata.uid", "metadata.resourceVersion", STATUS_PATHS};
    const char *paths[PATHS_MAX + KG_COUNT_OF(always) + 1] = {NULL};
    size_t n = 0;
    struct kg_pick_def def = {
        .each = list ? "items" : NULL,
        .under = list ? NULL : "object",
        .paths = paths,
        .top = list ? list_top : watch_top,
        .max_bytes = KG_LIMIT_RESPONSE,
    };

    for (; w->paths[n] != NULL; n++) {
        KG_REQUIRE(n < PATHS_MAX);
        paths[n] = w->paths[n];
    }
    for (size_t i = 0; i < (list ? 1 : KG_COUNT_OF(always)); i++) {
        paths[n++] = always[i];
    }
    kg_pick_destroy(w->pick);
    w->pick = NULL;
    return kg_pick_create(&def, on_picked, w, &w->pick);
}
