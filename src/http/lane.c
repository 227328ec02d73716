/* SPDX-License-Identifier: MIT */
/* libcurl tells which sockets to watch and when to be called at the latest; the
 * loop tells it what became ready; the transfers that ended by that are drained
 * in one place, on_action().
 *
 * What can go wrong: no memory for a socket's poll handle. libcurl then takes
 * the whole multi handle for dead, and broken_cb tells the owner. */
#include "lane.h"

#include "kubeglean/heap.h"

/* A descriptor that libcurl owns. It may be closed as soon as libcurl has said
 * CURL_POLL_REMOVE: polling ends on that word, and the descriptor is not
 * touched any more. */
struct socket {
    uv_poll_t poll;
    struct kg_lane *lane;  /* May be freed before this. */
    struct kg_latch *open; /* Held. */
    curl_socket_t fd;
};

static void drain(struct kg_lane *lane)
{
    CURLMsg *msg;
    int n_left;

    while (lane->multi != NULL &&
           (msg = curl_multi_info_read(lane->multi, &n_left)) != NULL) {
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;

        kg_lane_remove(lane, easy); /* `msg` is gone. */
        lane->ended_cb(lane, easy, result);
    }
}

/* The callbacks may close the lane, which frees it on a later turn. */
static void on_action(struct kg_lane *lane, curl_socket_t fd, int flags)
{
    int n_running;

    if (lane->multi != NULL) {
        (void)curl_multi_socket_action(lane->multi, fd, flags, &n_running);
        drain(lane);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct socket *s = KG_CONTAINER_OF(poll, struct socket, poll);
    int flags = 0;

    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    on_action(s->lane, s->fd,
              status < 0 ? CURL_CSELECT_ERR : flags); /* Last. */
}

static void on_due(uv_timer_t *timer)
{
    struct kg_lane *lane = KG_CONTAINER_OF(timer, struct kg_lane, timer);

    on_action(lane, CURL_SOCKET_TIMEOUT, 0); /* Last. */
}

/* -1 is never; 0 is as soon as possible, but not from in here. */
static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *data)
{
    struct kg_lane *lane = data;

    (void)multi;
    if (timeout_ms < 0) {
        (void)uv_timer_stop(&lane->timer);
    } else {
        (void)uv_timer_start(&lane->timer, on_due, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct socket *s = KG_CONTAINER_OF(handle, struct socket, poll);
    struct kg_latch *open = s->open;

    kg_free(s);
    kg_latch_release(open); /* Last. */
}

static struct socket *watch(struct kg_lane *lane, curl_socket_t fd)
{
    struct socket *s = kg_calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    if (uv_poll_init(&lane->open->loop->uv, &s->poll, fd) != 0) {
        kg_free(s);
        return NULL;
    }
    kg_latch_hold(lane->open);
    s->lane = lane;
    s->open = lane->open;
    s->fd = fd;
    (void)curl_multi_assign(lane->multi, fd, s);
    return s;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                     void *socket_data)
{
    static const int events[] = {
        [CURL_POLL_IN] = UV_READABLE,
        [CURL_POLL_OUT] = UV_WRITABLE,
        [CURL_POLL_INOUT] = UV_READABLE | UV_WRITABLE,
    };
    struct kg_lane *lane = data;
    struct socket *s = socket_data;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s != NULL) {
            (void)uv_poll_stop(&s->poll);
            uv_close((uv_handle_t *)&s->poll, on_socket_closed);
        }
        return 0;
    }
    if (s == NULL) {
        s = watch(lane, fd);
    }
    if (s == NULL || uv_poll_start(&s->poll, events[what], on_ready) != 0) {
        kg_defer(lane->open->loop, &lane->broken);
        return -1;
    }
    return 0;
}

static void on_broken(struct kg_deferred *d)
{
    struct kg_lane *lane = KG_CONTAINER_OF(d, struct kg_lane, broken);

    lane->broken_cb(lane); /* Last. */
}

static void on_lane_closed(uv_handle_t *handle)
{
    struct kg_lane *lane = KG_CONTAINER_OF(handle, struct kg_lane, timer);
    struct kg_latch *open = lane->open;

    kg_free(lane);
    kg_latch_release(open); /* Last. */
}

enum kg_errc kg_lane_create(struct kg_latch *open, kg_lane_ended_cb ended_cb,
                            kg_lane_broken_cb broken_cb,
                            struct kg_lane **ret_lane)
{
    struct kg_lane *lane = kg_calloc(1, sizeof(*lane));
    CURLM *multi = lane != NULL ? curl_multi_init() : NULL;

    if (multi == NULL) {
        kg_free(lane);
        return KG_ENOMEM;
    }
    lane->multi = multi;
    lane->open = open;
    lane->ended_cb = ended_cb;
    lane->broken_cb = broken_cb;
    kg_deferred_init(&lane->broken, on_broken);
    kg_queue_init(&lane->node);
    (void)uv_timer_init(&open->loop->uv, &lane->timer);
    kg_latch_hold(open);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane);
    *ret_lane = lane;
    return KG_OK;
}

enum kg_errc kg_lane_add(struct kg_lane *lane, CURL *easy)
{
    if (curl_multi_add_handle(lane->multi, easy) != CURLM_OK) {
        return KG_ENOMEM;
    }
    lane->n_transfers++;
    return KG_OK;
}

void kg_lane_remove(struct kg_lane *lane, CURL *easy)
{
    (void)curl_multi_remove_handle(lane->multi, easy);
    lane->n_transfers--;
}

/* libcurl still tells which sockets it drops while it is cleaned up. */
void kg_lane_close(struct kg_lane *lane)
{
    CURLM *multi = lane->multi;

    KG_REQUIRE(lane->n_transfers == 0);
    (void)curl_multi_cleanup(multi);
    lane->multi = NULL;
    kg_deferred_cancel(&lane->broken);
    uv_close((uv_handle_t *)&lane->timer, on_lane_closed);
}
