/* One of libcurl's multi handles on the loop: transfers that may share
 * connections.
 *
 * All calls into libcurl that can call back come from here or from the loop: a
 * transfer is added and removed from outside of its callbacks only. */
#ifndef KG_HTTP_LANE_H
#define KG_HTTP_LANE_H

#include <curl/curl.h>

#include "kubeglean/latch.h"

struct kg_lane;
/* `easy` ended and was removed. May add, and may close the lane. */
typedef void (*kg_lane_ended_cb)(struct kg_lane *lane, CURL *easy,
                                 CURLcode result);

/* libcurl gave the lane up for lack of memory: none of its transfers will go
 * on. They are still to be removed. */
typedef void (*kg_lane_broken_cb)(struct kg_lane *lane);

struct kg_lane {
    void *data;            /* Public: the owner's. */
    struct kg_queue node;  /* Public: the owner's. */
    unsigned n_transfers;  /* Read-only. */
    struct kg_latch *open; /* Private: the owner's; held until it is freed. */
    CURLM *multi;          /* Private: NULL once closed. */
    uv_timer_t timer;      /* Private: libcurl's one timer. */
    struct kg_deferred broken; /* Private. */
    kg_lane_ended_cb ended_cb;
    kg_lane_broken_cb broken_cb;
};

/* Holds `open` until the loop knows nothing of the lane. KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_lane_create(struct kg_latch *open,
                                        kg_lane_ended_cb ended_cb,
                                        kg_lane_broken_cb broken_cb,
                                        struct kg_lane **ret_lane);
KG_MUST_USE enum kg_errc kg_lane_add(struct kg_lane *lane, CURL *easy);
/* Silent: no callback for it follows. */
void kg_lane_remove(struct kg_lane *lane, CURL *easy);
/* All transfers must have been removed. Frees itself. */
void kg_lane_close(struct kg_lane *lane);

#endif /* KG_HTTP_LANE_H */
