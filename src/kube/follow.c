/* SPDX-License-Identifier: MIT */
/* Happy path: pages of a list, or a stream of what is there; who was not in it
 * is told as vanished; SYNCED; then a watch that goes on from the list's
 * resourceVersion, and from each event's and bookmark's after that, request
 * after request.
 *
 * What can go wrong, and what is done:
 * - 410: list again. When a page's token is too old, the next list comes in one
 *   piece.
 * - the server does not know how to stream a list: it says so, or ends the
 *   watch, stays silent, or sends another bookmark first. Lists come in pages
 *   from then on.
 * - the connection breaks, the server is busy or fails, the answer is no JSON,
 *   memory runs out: wait, then go on from where it was.
 * - the watch went silent for longer than a bookmark may take: the link is dead,
 *   though nobody said so: go on with a new request at once.
 * - a watch that ends at once, again and again, waits longer each time.
 * - the token or a certificate was replaced: go on at once with the new one.
 * - 401, 403, 404: nobody can go on; the owner is told. */
#include "kubeglean/follow.h"

#include "known.h"
#include "kubeglean/limits.h"

static const struct kg_sm_state states[KG_FOLLOW_STATE_NR] = {
    [KG_FOLLOW_IDLE] = {"idle", KG_SM_TO(KG_FOLLOW_WAITING)},
    [KG_FOLLOW_WAITING] = {"waiting", KG_SM_TO(KG_FOLLOW_LISTING) |
                                          KG_SM_TO(KG_FOLLOW_STREAMING) |
                                          KG_SM_TO(KG_FOLLOW_WATCHING) |
                                          KG_SM_TO(KG_FOLLOW_IDLE)},
    [KG_FOLLOW_LISTING] = {"listing", KG_SM_TO(KG_FOLLOW_SYNCING) |
                                          KG_SM_TO(KG_FOLLOW_WAITING) |
                                          KG_SM_TO(KG_FOLLOW_IDLE)},
    [KG_FOLLOW_STREAMING] = {"streaming", KG_SM_TO(KG_FOLLOW_SYNCING) |
                                              KG_SM_TO(KG_FOLLOW_WAITING) |
                                              KG_SM_TO(KG_FOLLOW_IDLE)},
    [KG_FOLLOW_SYNCING] = {"syncing", KG_SM_TO(KG_FOLLOW_WATCHING) |
                                          KG_SM_TO(KG_FOLLOW_WAITING) |
                                          KG_SM_TO(KG_FOLLOW_IDLE)},
    [KG_FOLLOW_WATCHING] = {"watching", KG_SM_TO(KG_FOLLOW_WAITING) |
                                            KG_SM_TO(KG_FOLLOW_IDLE)},
};

enum {
    WATCH_MIN_S = 300,    /* For how long the server is asked to go on: */
    WATCH_SPREAD_S = 300, /* so much more, by chance. */
    BACKOFF_FIRST_MS = 800,
    BACKOFF_MAX_MS = 30 * 1000,
    LASTED_MS = 10 * 1000, /* A watch that lasted so long has worked. */
    VERSION_MAX = 1024,
};

static const struct kg_follow_action nothing = {.kind = KG_FOLLOW_NOTHING};

/* --- waiting, and what comes after ------------------------------------------ */

static struct kg_follow_action wait_for(struct kg_follow *f, enum kg_errc why,
                                        uint64_t wait_ms)
{
    if (f->sm.state != KG_FOLLOW_WAITING) {
        kg_sm_move(&f->sm, KG_FOLLOW_WAITING);
    }
    return (struct kg_follow_action){
        .kind = KG_FOLLOW_WAIT, .why = why, .wait_ms = wait_ms};
}

static struct kg_follow_action ask_for_page(struct kg_follow *f,
                                            uint64_t now_ms)
{
    f->began_ms = now_ms;
    f->streamed = false;
    kg_buf_reset(&f->listed);
    return (struct kg_follow_action){.kind = KG_FOLLOW_LIST};
}

static struct kg_follow_action ask_for_watch(struct kg_follow *f,
                                             enum kg_follow_action_kind kind,
                                             uint64_t now_ms)
{
    f->began_ms = now_ms;
    return (struct kg_follow_action){
        .kind = kind,
        .seconds = WATCH_MIN_S + (unsigned)kg_random_below(&f->backoff.random,
                                                           WATCH_SPREAD_S)};
}

static struct kg_follow_action start(struct kg_follow *f)
{
    KG_REQUIRE(f->sm.state == KG_FOLLOW_IDLE);
    f->synced = false;
    kg_buf_reset(&f->version);
    kg_backoff_reset(&f->backoff);
    return wait_for(f, KG_OK, 0);
}

static struct kg_follow_action due(struct kg_follow *f, uint64_t now_ms)
{
    if (f->sm.state != KG_FOLLOW_WAITING) {
        return nothing;
    }
    if (kg_buf_len(&f->version) > 0) {
        kg_sm_move(&f->sm, KG_FOLLOW_WATCHING);
        return ask_for_watch(f, KG_FOLLOW_WATCH, now_ms);
    }
    f->generation++;
    kg_buf_reset(&f->page);
    if (f->may_stream) {
        f->streamed = true;
        kg_sm_move(&f->sm, KG_FOLLOW_STREAMING);
        return ask_for_watch(f, KG_FOLLOW_STREAM, now_ms);
    }
    kg_sm_move(&f->sm, KG_FOLLOW_LISTING);
    return ask_for_page(f, now_ms);
}

/* --- what went wrong -------------------------------------------------------- */

/* A list that was not read to its end, or not told to its end, tells nothing of
 * who vanished. */
static struct kg_follow_action recover(struct kg_follow *f, enum kg_errc why,
                                       uint32_t retry_after_ms)
{
    enum kg_remedy remedy = kg_error_remedy(why);
    uint64_t wait_ms;

    if (remedy == KG_REMEDY_RESYNC) {
        f->unpaged =
            f->sm.state == KG_FOLLOW_LISTING && kg_buf_len(&f->page) > 0;
    }
    if (remedy == KG_REMEDY_RESYNC || f->sm.state == KG_FOLLOW_SYNCING) {
        f->vanished = NULL;
        kg_buf_reset(&f->version);
    } else if (remedy != KG_REMEDY_RETRY) {
        kg_follow_stop(f);
        return (struct kg_follow_action){.kind = KG_FOLLOW_FAIL, .why = why};
    }
    wait_ms = kg_backoff_next(&f->backoff);
    return wait_for(f, why,
                    wait_ms > retry_after_ms ? wait_ms : retry_after_ms);
}

/* --- what the server told --------------------------------------------------- */

static bool tells_changes(const struct kg_follow *f)
{
    return f->sm.state == KG_FOLLOW_WATCHING ||
           f->sm.state == KG_FOLLOW_STREAMING;
}

/* While what is there is told, its versions are in no order. */
static enum kg_errc go_on_from(struct kg_follow *f, struct kg_str version)
{
    if (version.len == 0) {
        return KG_EPROTOCOL;
    }
    return f->sm.state == KG_FOLLOW_WATCHING ? kg_buf_set(&f->version, version)
                                             : KG_OK;
}

static struct kg_follow_action put(struct kg_follow *f, struct kg_str uid)
{
    enum kg_errc err = uid.len > 0 ? kg_known_put(&f->known, uid, f->generation)
                                   : KG_EPROTOCOL;

    return err == KG_OK ? (struct kg_follow_action){.kind = KG_FOLLOW_TELL_PUT}
                        : recover(f, err, 0);
}

/* Its version comes second: what could not be told is asked for again. */
static struct kg_follow_action changed(struct kg_follow *f,
                                       const struct kg_follow_event *event)
{
    struct kg_follow_action action = put(f, event->uid);
    enum kg_errc err = action.kind == KG_FOLLOW_TELL_PUT
                           ? go_on_from(f, event->version)
                           : KG_OK;

    return err == KG_OK ? action : recover(f, err, 0);
}

static struct kg_follow_action removed(struct kg_follow *f,
                                       const struct kg_follow_event *event)
{
    enum kg_errc err = go_on_from(f, event->version);

    if (err != KG_OK) {
        return recover(f, err, 0);
    }
    kg_known_drop(&f->known, event->uid);
    return (struct kg_follow_action){.kind = KG_FOLLOW_TELL_DELETED};
}

static struct kg_follow_action tell_next(struct kg_follow *f);

/* All of a list was read. */
static struct kg_follow_action sync(struct kg_follow *f, struct kg_str version)
{
    enum kg_errc err =
        version.len > 0 ? kg_buf_set(&f->version, version) : KG_EPROTOCOL;

    if (err != KG_OK) {
        return recover(f, err, 0);
    }
    f->n_lists++;
    f->unpaged = false;
    kg_sm_move(&f->sm, KG_FOLLOW_SYNCING);
    return tell_next(f);
}

static struct kg_follow_action fall_back_to_pages(struct kg_follow *f)
{
    f->may_stream = false;
    return wait_for(f, KG_OK, 0);
}

static struct kg_follow_action bookmark(struct kg_follow *f,
                                        const struct kg_follow_event *event)
{
    enum kg_errc err;

    if (f->sm.state == KG_FOLLOW_STREAMING) {
        return event->initial_end ? sync(f, event->version)
                                  : fall_back_to_pages(f);
    }
    err = go_on_from(f, event->version);
    return err == KG_OK ? nothing : recover(f, err, 0);
}

static struct kg_follow_action page(struct kg_follow *f,
                                    const struct kg_follow_event *event)
{
    enum kg_errc err = kg_buf_set(&f->page, event->page);

    if (err == KG_OK) {
        err = kg_buf_set(&f->listed, event->version);
    }
    return err == KG_OK ? nothing : recover(f, err, 0);
}

/* --- who vanished ----------------------------------------------------------- */

static void forget_vanished(struct kg_follow *f)
{
    if (f->vanished != NULL) {
        kg_known_drop(&f->known, f->vanished->key);
        f->vanished = NULL;
    }
}

static struct kg_follow_action tell_next(struct kg_follow *f)
{
    const struct kg_map_node *next =
        kg_known_stale(&f->known, f->generation, f->vanished);

    forget_vanished(f);
    f->vanished = next;
    if (next != NULL) {
        return (struct kg_follow_action){.kind = KG_FOLLOW_TELL_VANISHED,
                                         .uid = next->key};
    }
    f->synced = true;
    kg_sm_move(&f->sm, f->streamed ? KG_FOLLOW_WATCHING : KG_FOLLOW_WAITING);
    return (struct kg_follow_action){.kind = KG_FOLLOW_TELL_SYNCED};
}

static struct kg_follow_action go_on(struct kg_follow *f)
{
    switch (f->sm.state) {
    case KG_FOLLOW_SYNCING:
        return tell_next(f);
    case KG_FOLLOW_WAITING:
        return wait_for(f, KG_OK, 0);
    default:
        return nothing;
    }
}

/* --- how a request ends ----------------------------------------------------- */

static struct kg_follow_action list_ended(struct kg_follow *f, uint64_t now_ms)
{
    return kg_buf_len(&f->page) > 0 ? ask_for_page(f, now_ms)
                                    : sync(f, kg_buf_str(&f->listed));
}

/* The server ended it, or it went silent, as every watch does once. */
static struct kg_follow_action watch_ended(struct kg_follow *f,
                                           const struct kg_follow_event *event,
                                           enum kg_errc why)
{
    bool lasted = event->now_ms - f->began_ms >= LASTED_MS;

    f->n_restarts++;
    if (lasted) {
        kg_backoff_reset(&f->backoff);
    }
    if (why != KG_OK && why != KG_ETIMEOUT) {
        return recover(f, why, event->retry_after_ms);
    }
    return wait_for(f, KG_OK, lasted ? 0 : kg_backoff_next(&f->backoff));
}

static bool does_not_stream(enum kg_errc why)
{
    return why == KG_OK || why == KG_ETIMEOUT || why == KG_EINVALID ||
           why == KG_EBADREQUEST;
}

static struct kg_follow_action ended(struct kg_follow *f,
                                     const struct kg_follow_event *event)
{
    enum kg_errc why = event->e != NULL ? event->e->code : KG_OK;

    if ((why == KG_EUNAUTHORIZED || why == KG_ETLS) && event->renewed) {
        return wait_for(f, KG_OK, 0);
    }
    switch (f->sm.state) {
    case KG_FOLLOW_LISTING:
        return why == KG_OK ? list_ended(f, event->now_ms)
                            : recover(f, why, event->retry_after_ms);
    case KG_FOLLOW_STREAMING:
        return does_not_stream(why) ? fall_back_to_pages(f)
                                    : recover(f, why, event->retry_after_ms);
    case KG_FOLLOW_SYNCING:
        return recover(f, why, event->retry_after_ms);
    case KG_FOLLOW_WATCHING:
        return watch_ended(f, event, why);
    default:
        return nothing;
    }
}

/* --- the one door ----------------------------------------------------------- */

struct kg_follow_action kg_follow_step(struct kg_follow *f,
                                       const struct kg_follow_event *event)
{
    if (event->kind == KG_FOLLOW_START) {
        return start(f);
    }
    if (f->sm.state == KG_FOLLOW_IDLE) {
        return nothing;
    }
    switch (event->kind) {
    case KG_FOLLOW_DUE:
        return due(f, event->now_ms);
    case KG_FOLLOW_ELEMENT:
        return f->sm.state == KG_FOLLOW_LISTING ? put(f, event->uid) : nothing;
    case KG_FOLLOW_PAGE:
        return f->sm.state == KG_FOLLOW_LISTING ? page(f, event) : nothing;
    case KG_FOLLOW_CHANGED:
        return tells_changes(f) ? changed(f, event) : nothing;
    case KG_FOLLOW_REMOVED:
        return tells_changes(f) ? removed(f, event) : nothing;
    case KG_FOLLOW_BOOKMARK:
        return tells_changes(f) ? bookmark(f, event) : nothing;
    case KG_FOLLOW_NEXT:
        return go_on(f);
    default:
        return ended(f, event);
    }
}

/* --- life ------------------------------------------------------------------- */

void kg_follow_init(struct kg_follow *f, const char *name, uint64_t seed)
{
    *f = (struct kg_follow){.may_stream = true};
    kg_sm_init(&f->sm, name, states, KG_FOLLOW_IDLE);
    kg_buf_init(&f->version, VERSION_MAX);
    kg_buf_init(&f->listed, VERSION_MAX);
    kg_buf_init(&f->page, KG_LIMIT_URL);
    kg_map_init(&f->known);
    kg_backoff_init(&f->backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, seed);
}

void kg_follow_stop(struct kg_follow *f)
{
    if (f->sm.state != KG_FOLLOW_IDLE) {
        forget_vanished(f);
        kg_sm_move(&f->sm, KG_FOLLOW_IDLE);
    }
}

void kg_follow_finish(struct kg_follow *f)
{
    kg_known_finish(&f->known);
    kg_buf_finish(&f->version);
    kg_buf_finish(&f->listed);
    kg_buf_finish(&f->page);
}
