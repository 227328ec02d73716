/* SPDX-License-Identifier: MIT */
/* The loop runs only while something is awaited: an answer, or the end of a
 * pause. */
#include "talk.h"

#include "kubeglean/limits.h"

enum { BUSY_MAX = 10, PAUSE_MS = 1000, PAUSE_MAX_MS = 60 * 1000 };

enum kg_errc kg_talk_begin(struct kg_talk *talk,
                           const struct kg_kubeconfig *config,
                           struct kg_error *e)
{
    enum kg_errc err = kg_loop_init(&talk->loop);

    if (err != KG_OK) {
        return kg_error_set(e, err, 0, "%s", kg_errc_text(err));
    }
    err = kg_kube_init(&talk->kube, &talk->loop, config, e);
    if (err != KG_OK) {
        kg_loop_close(&talk->loop);
        return err;
    }
    kg_kube_req_init(&talk->req);
    kg_tree_init(&talk->tree, KG_LIMIT_RESPONSE);
    kg_latch_init(&talk->open, &talk->loop);
    (void)uv_timer_init(&talk->loop.uv, &talk->pause);
    talk->pause.data = talk;
    talk->answer = NULL;
    talk->n_busy = 0;
    return KG_OK;
}

static void on_kube_closed(struct kg_kube *kube)
{
    struct kg_talk *talk = KG_CONTAINER_OF(kube, struct kg_talk, kube);

    kg_latch_release(&talk->open); /* Last. */
}

static void on_closed(struct kg_latch *open)
{
    (void)open; /* Nothing is left in the loop: it returns. */
}

void kg_talk_end(struct kg_talk *talk)
{
    kg_latch_hold(&talk->open);
    kg_kube_close(&talk->kube, on_kube_closed);
    kg_latch_close_handle(&talk->open, (uv_handle_t *)&talk->pause);
    kg_latch_close(&talk->open, on_closed);
    kg_loop_run(&talk->loop);
    kg_loop_close(&talk->loop);
    kg_tree_finish(&talk->tree);
}

static void wait_for_it(struct kg_talk *talk)
{
    talk->waiting = true;
    while (talk->waiting) {
        (void)kg_loop_turn(&talk->loop);
    }
}

void kg_talk_on_answer(struct kg_kube_req *r, const struct kg_error *e,
                       const struct kg_node *answer)
{
    struct kg_talk *talk = KG_CONTAINER_OF(r, struct kg_talk, req);

    talk->waiting = false;
    kg_error_clear(&talk->error);
    if (e != NULL) {
        talk->error = *e;
    }
    if (answer != NULL) {
        talk->answer = kg_tree_copy(&talk->tree, answer);
        if (talk->answer == NULL) {
            (void)kg_error_set(&talk->error, KG_ENOMEM, 0,
                               "no memory for the answer");
        }
    }
}

enum kg_errc kg_talk_hear(struct kg_talk *talk, enum kg_errc asked)
{
    kg_tree_finish(&talk->tree);
    talk->answer = NULL;
    if (asked != KG_OK) {
        return kg_error_set(&talk->error, asked, 0, "request not sent: %s",
                            kg_errc_text(asked));
    }
    wait_for_it(talk);
    return talk->error.code;
}

static void on_pause_over(uv_timer_t *timer)
{
    struct kg_talk *talk = timer->data;

    talk->waiting = false;
}

bool kg_talk_may_repeat(struct kg_talk *talk)
{
    uint64_t ms = talk->req.status.retry_after_ms;
    bool is_busy = talk->error.code == KG_EBUSY ||
                   (talk->error.code == KG_ESERVER && ms > 0);

    if (!is_busy || talk->n_busy == BUSY_MAX) {
        talk->n_busy = 0;
        return false;
    }
    talk->n_busy++;
    ms = ms > 0 ? ms : PAUSE_MS;
    ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
    (void)uv_timer_start(&talk->pause, on_pause_over, ms, 0);
    wait_for_it(talk);
    return true;
}
