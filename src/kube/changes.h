/* What the answers to a watch's requests say, told to its owner; watch.c decides
 * what is asked, and what is done about errors.
 *
 * KG_ECANCELED, here: the owner stopped or closed the watch in its callback. */
#ifndef KG_KUBE_CHANGES_H
#define KG_KUBE_CHANGES_H

#include "kubeglean/watch.h"

enum { IDLE, LISTING, WATCHING, WAITING, CLOSING, CLOSED, STATE_NR };

/* Makes w->pick for the answer to a list or a watch. What is fed to it is told:
 * elements and events as changes; the list's version and next page into `w`; a
 * Status, also that of an ERROR event, into w->status. */
KG_MUST_USE enum kg_errc kg_changes_expect(struct kg_watch *w, bool list);
/* Tells as DELETED who was not in the list that was read last. KG_ENOMEM,
 * KG_ECANCELED. */
KG_MUST_USE enum kg_errc kg_changes_tell_vanished(struct kg_watch *w);
KG_MUST_USE enum kg_errc kg_changes_tell_synced(struct kg_watch *w);

#endif /* KG_KUBE_CHANGES_H */
