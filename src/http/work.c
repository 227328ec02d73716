/* SPDX-License-Identifier: MIT */
/* Transfers into libcurl and out of it, on the loop's next turn: what asks for
 * it may be called by libcurl, which refuses to be called back.
 *
 * Failure modes: a lane breaks for lack of memory, and all its transfers fail;
 * the name cannot be resolved, and all that wait for it fail. */
#include "client.h"

void kg_http_bury(struct kg_transfer *t)
{
    struct kg_http *http = t->http;

    if (t->req != NULL) {
        t->req->transfer = NULL;
        t->req = NULL;
    }
    if (t->counted) {
        t->counted = false;
        http->pace.n_now--;
    }
    kg_queue_remove(&t->flow_node);
    kg_transfer_move(t, &http->dead);
    kg_defer(http->loop, &http->work);
}

void kg_http_bury_all(struct kg_queue *list)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(list)) != NULL) {
        kg_http_bury(kg_transfer_of(node));
    }
}

void kg_http_fail(struct kg_transfer *t, const struct kg_error *e)
{
    struct kg_http_req *req = t->req;

    kg_http_bury(t);
    req->events->done(req, e); /* Last. */
}

/* Fails all of the batch. */
static void fail_batch(struct kg_http *http, const struct kg_error *e)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&http->batch)) != NULL) {
        struct kg_transfer *t = kg_transfer_of(node);
        struct kg_error told = *e;

        (void)kg_error_wrap(&told, "%s", t->what);
        kg_http_fail(t, &told);
    }
}

void kg_http_fail_starting(struct kg_http *http, const struct kg_error *e)
{
    kg_queue_move(&http->starting, &http->batch);
    fail_batch(http, e); /* Last. */
}

static void on_ended(struct kg_lane *lane, CURL *easy, CURLcode result)
{
    char *private = NULL;
    struct kg_transfer *t;
    struct kg_http *http = lane->data;
    struct kg_http_req *req;
    struct kg_error e;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    t = (struct kg_transfer *)(void *)private;
    req = t->req;
    kg_transfer_result(t, result, &e);
    t->lane = NULL;
    kg_http_bury(t);
    if (e.code == KG_ECONNECT) {
        kg_resolver_forget(&http->resolver); /* It may have moved. */
    }
    if (req != NULL) {
        req->events->done(req, e.code != KG_OK ? &e : NULL); /* Last. */
    }
}

/* --- lanes ------------------------------------------------------------------ */

void kg_http_retire(struct kg_http *http, struct kg_lane *lane)
{
    http->shared = http->shared == lane ? NULL : http->shared;
    http->watches = http->watches == lane ? NULL : http->watches;
    http->streams = http->streams == lane ? NULL : http->streams;
    kg_defer(http->loop, &http->work);
}

static void on_broken(struct kg_lane *lane)
{
    struct kg_http *http = lane->data;
    struct kg_error e = {KG_ENOMEM, 0, "out of memory"};
    struct kg_queue *node = http->active.next;

    while (node != &http->active) {
        struct kg_transfer *t = kg_transfer_of(node);

        node = node->next;
        if (t->lane == lane) {
            kg_transfer_move(t, &http->batch);
        }
    }
    kg_http_retire(http, lane);
    fail_batch(http, &e); /* Last. */
}

/* What has no time in all is a watch. */
static struct kg_lane **lane_of(struct kg_http *http,
                                const struct kg_transfer *t)
{
    if (t->stream) {
        return &http->streams;
    }
    return t->due_ms == 0 ? &http->watches : &http->shared;
}

static enum kg_errc lane_for(struct kg_http *http, const struct kg_transfer *t,
                             struct kg_lane **ret_lane)
{
    struct kg_lane **lane = lane_of(http, t);
    enum kg_errc err = KG_OK;

    if (*lane == NULL) {
        err = kg_lane_create(&http->open, on_ended, on_broken, lane);
        if (err != KG_OK) {
            return err;
        }
        (*lane)->data = http;
        kg_queue_insert_tail(&http->lanes, &(*lane)->node);
    }
    *ret_lane = *lane;
    return KG_OK;
}

static void close_retired(struct kg_http *http)
{
    struct kg_queue *node = http->lanes.next;

    while (node != &http->lanes) {
        struct kg_lane *lane = KG_CONTAINER_OF(node, struct kg_lane, node);

        node = node->next;
        if (lane->n_transfers == 0 && lane != http->shared &&
            lane != http->watches && lane != http->streams) {
            kg_queue_remove(&lane->node);
            kg_lane_close(lane);
        }
    }
}

/* --- deferred work ---------------------------------------------------------- */

static void dispose_dead(struct kg_http *http)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&http->dead)) != NULL) {
        struct kg_transfer *t = kg_transfer_of(node);

        kg_queue_remove(node);
        if (t->lane != NULL) {
            kg_lane_remove(t->lane, t->easy);
        }
        kg_transfer_destroy(t);
    }
}

/* libcurl hands out what it held back from within curl_easy_pause(). */
static void resume_all(struct kg_http *http)
{
    struct kg_queue batch;
    struct kg_queue *node;

    kg_queue_init(&batch);
    kg_queue_move(&http->resuming, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct kg_transfer *t =
            KG_CONTAINER_OF(node, struct kg_transfer, flow_node);

        kg_queue_remove(node);
        t->flow = KG_FLOWING;
        t->last_ms = kg_loop_now_ms(http->loop);
        kg_http_arm_sweep(http, t);
        (void)curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
}

static void begin(struct kg_http *http, struct kg_transfer *t,
                  const char *address)
{
    struct kg_lane *lane = NULL;
    enum kg_errc err =
        kg_transfer_identify(t, http->origin.identity, http->authorization);
    struct kg_error e;

    if (err == KG_OK) {
        err = kg_transfer_resolve(t, address);
    }
    if (err == KG_OK) {
        err = lane_for(http, t, &lane);
    }
    if (err == KG_OK) {
        t->lane = lane; /* Its callbacks may come from here on. */
        err = kg_lane_add(lane, t->easy);
    }
    if (err == KG_OK) {
        kg_transfer_move(t, &http->active);
        return;
    }
    t->lane = NULL;
    (void)kg_error_set(&e, err, 0, "%s: %s", t->what, kg_errc_text(err));
    kg_http_fail(t, &e); /* Last. */
}

static void on_resolved(struct kg_resolver *r, const char *entry,
                        const struct kg_error *e)
{
    struct kg_http *http = KG_CONTAINER_OF(r, struct kg_http, resolver);

    (void)entry;
    if (e != NULL) {
        kg_http_fail_starting(http, e); /* Last. */
        return;
    }
    kg_defer(http->loop, &http->work);
}

/* A watch asks once for a long time; a stream is not one of many at a time, the
 * owner counts those. */
static bool may_begin(struct kg_http *http, struct kg_transfer *t,
                      uint64_t now_ms)
{
    bool counted = !t->stream;

    if (t->watch) {
        return true;
    }
    if ((counted && !kg_pace_has_room(&http->pace)) ||
        !kg_pace_take(&http->pace, now_ms)) {
        return false;
    }
    t->counted = counted;
    http->pace.n_now += counted ? 1 : 0;
    return true;
}

/* Into the batch; who has to wait is not idle meanwhile. */
static void admit(struct kg_http *http)
{
    uint64_t now_ms = kg_loop_now_ms(http->loop);
    struct kg_queue *node = http->starting.next;
    uint64_t wait_ms;

    while (node != &http->starting) {
        struct kg_transfer *t = kg_transfer_of(node);

        node = node->next;
        t->last_ms = now_ms;
        if (may_begin(http, t, now_ms)) {
            kg_transfer_move(t, &http->batch);
        }
    }
    wait_ms = kg_pace_wait_ms(&http->pace);
    if (wait_ms > 0 && !kg_queue_empty(&http->starting)) {
        kg_http_arm_at(http, now_ms + wait_ms);
    }
}

static void begin_all(struct kg_http *http)
{
    struct kg_queue *node;
    const char *address;
    struct kg_error e;
    enum kg_errc err;

    if (http->held || kg_queue_empty(&http->starting)) {
        return;
    }
    if (kg_resolver_get(&http->resolver, &address)) {
        admit(http);
        while ((node = kg_queue_head(&http->batch)) != NULL) {
            begin(http, kg_transfer_of(node), address);
        }
        return;
    }
    err = kg_resolver_start(&http->resolver, on_resolved);
    if (err != KG_OK) {
        (void)kg_error_set(&e, err, 0, "%s: %s", http->resolver.name,
                           kg_errc_text(err));
        kg_http_fail_starting(http, &e); /* Last. */
    }
}

void kg_http_clean_up(struct kg_http *http)
{
    dispose_dead(http);
    close_retired(http);
}

void kg_http_on_work(struct kg_deferred *d)
{
    struct kg_http *http = KG_CONTAINER_OF(d, struct kg_http, work);

    kg_http_clean_up(http);
    resume_all(http);
    begin_all(http); /* Last: it may tell owners. */
}
