/* The answers to a watch's requests, taken apart into the events of follow.h. */
#ifndef KG_KUBE_CHANGES_H
#define KG_KUBE_CHANGES_H

#include "kubeglean/watch.h"

/* Makes w->pick for the answer to a list or a watch. What is fed to it goes to
 * kg_watch_drive(); a Status, also that of an ERROR event, into w->status.
 * Feeding it returns KG_ECANCELED once the request is no more. */
KG_MUST_USE enum kg_errc kg_changes_expect(struct kg_watch *w, bool list);

/* watch.c: steps, and carries out what follows. `object` is what the event is
 * about, or NULL. */
void kg_watch_drive(struct kg_watch *w, struct kg_follow_event *event,
                    const struct kg_node *object);

#endif /* KG_KUBE_CHANGES_H */
