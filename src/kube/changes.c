/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "kubeglean/limits.h"
#include "kubeglean/pick.h"
#include "status.h"

enum { PATHS_MAX = 48 };

/* Whoever is told may stop the watch, or close it. */
static enum kg_errc drive(struct kg_watch *w, struct kg_follow_event *event,
                          const struct kg_node *object)
{
    kg_watch_drive(w, event, object);
    return kg_http_is_idle(&w->req) ? KG_ECANCELED : KG_OK;
}

static struct kg_str uid_of(const struct kg_node *object)
{
    return kg_node_str(kg_node_path(object, "metadata.uid"));
}

static enum kg_errc on_element(struct kg_watch *w, const struct kg_node *object)
{
    struct kg_follow_event event = {.kind = KG_FOLLOW_ELEMENT,
                                    .uid = uid_of(object)};

    return drive(w, &event, object);
}

/* The list's own fields, behind its elements. */
static enum kg_errc on_page(struct kg_watch *w, const struct kg_node *list)
{
    const struct kg_node *metadata = kg_node_get(list, "metadata");
    struct kg_follow_event event = {
        .kind = KG_FOLLOW_PAGE,
        .page = kg_node_str(kg_node_get(metadata, "continue")),
        .version = kg_node_str(kg_node_get(metadata, "resourceVersion"))};

    return drive(w, &event, NULL);
}

static enum kg_errc on_error_event(struct kg_watch *w,
                                   const struct kg_node *status)
{
    int64_t code = 500;

    (void)!kg_node_int(kg_node_get(status, "code"), &code);
    kg_kube_status_read(&w->status, (int)code, status, kg_str_of("", 0));
    return kg_kube_status_code(&w->status);
}

static bool ends_initial(const struct kg_node *bookmark)
{
    const struct kg_node *annotations =
        kg_node_path(bookmark, "metadata.annotations");

    return kg_str_is(
        kg_node_str(kg_node_get(annotations, "k8s.io/initial-events-end")),
        "true");
}

static enum kg_errc on_event(struct kg_watch *w, const struct kg_node *text)
{
    struct kg_str type = kg_node_str(kg_node_get(text, "type"));
    const struct kg_node *object = kg_node_get(text, "object");
    struct kg_follow_event event = {
        .kind = KG_FOLLOW_CHANGED, /* ADDED, MODIFIED */
        .uid = uid_of(object),
        .version =
            kg_node_str(kg_node_path(object, "metadata.resourceVersion"))};

    if (kg_str_is(type, "ERROR")) {
        return on_error_event(w, object);
    }
    if (kg_str_is(type, "DELETED")) {
        event.kind = KG_FOLLOW_REMOVED;
    } else if (kg_str_is(type, "BOOKMARK")) {
        event.kind = KG_FOLLOW_BOOKMARK;
        event.initial_end = ends_initial(object);
    }
    return drive(w, &event, object);
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
        return on_element(w, root);
    }
    return w->follow.sm.state == KG_FOLLOW_LISTING ? on_page(w, root)
                                                   : on_event(w, root);
}

/* Fields of a Status, which may come in place of anything else. */
#define STATUS_PATHS "kind", "reason", "message", "code", "details"

/* Of `always`; annotations, which may be large, only while the bookmark that ends
 * a streamed list is waited for. */
static size_t n_wanted_always(const struct kg_watch *w, bool list, size_t n)
{
    if (list) {
        return 1;
    }
    return w->follow.sm.state == KG_FOLLOW_STREAMING ? n : n - 1;
}

enum kg_errc kg_changes_expect(struct kg_watch *w, bool list)
{
    static const char *const list_top[] = {
        "metadata.resourceVersion", "metadata.continue", STATUS_PATHS, NULL};
    static const char *const watch_top[] = {"type", STATUS_PATHS, NULL};
    static const char *const always[] = {"metadata.uid",
                                         "metadata.resourceVersion",
                                         STATUS_PATHS, "metadata.annotations"};
    const char *paths[PATHS_MAX + KG_COUNT_OF(always) + 1] = {NULL};
    size_t n_always = n_wanted_always(w, list, KG_COUNT_OF(always));
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
    for (size_t i = 0; i < n_always; i++) {
        paths[n++] = always[i];
    }
    kg_pick_destroy(w->pick);
    w->pick = NULL;
    return kg_pick_create(&def, on_picked, w, &w->pick);
}
