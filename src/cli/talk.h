/* A talk with one API server, question by question: for a verb that has nothing
 * to do until it is answered.
 *
 *     if (kg_talk_begin(&talk, &config, &e) == KG_OK) {
 *         err = kg_talk_hear(&talk, kg_kube_get(&talk.kube, &talk.req, ref,
 *                                               kg_talk_on_answer));
 *         ... talk.answer, or talk.error
 *         kg_talk_end(&talk);
 *     } */
#ifndef KG_CLI_TALK_H
#define KG_CLI_TALK_H

#include "kubeglean/kube.h"

struct kg_talk {
    struct kg_kube kube;
    struct kg_kube_req req;       /* Public: `how` it writes, and its status. */
    struct kg_error error;        /* Read-only: of the last question. */
    const struct kg_node *answer; /* Read-only: until the next question. With */
                                  /* an error, the server's Status, or NULL. */
    struct kg_loop loop;          /* Private from here on. */
    struct kg_tree tree;          /* Holds the answer. */
    struct kg_latch open;
    uv_timer_t pause;
    unsigned n_busy; /* Answers in a row that said to come again. */
    bool waiting;
};

/* Connects to nothing yet. After KG_OK, kg_talk_end() is due; else nothing. */
KG_MUST_USE enum kg_errc kg_talk_begin(struct kg_talk *talk,
                                       const struct kg_kubeconfig *config,
                                       struct kg_error *e);
void kg_talk_end(struct kg_talk *talk);

/* Hand this to requests that are made with talk.req. */
void kg_talk_on_answer(struct kg_kube_req *r, const struct kg_error *e,
                       const struct kg_node *answer);
/* Waits for the answer to what was `asked` just now. Returns its error, which
 * talk.error tells. */
KG_MUST_USE enum kg_errc kg_talk_hear(struct kg_talk *talk, enum kg_errc asked);
/* After an error: false when asking again is of no use. When the server was too
 * busy, waits as long as it wished, and returns true; ten times at most. */
KG_MUST_USE bool kg_talk_may_repeat(struct kg_talk *talk);

#endif /* KG_CLI_TALK_H */
