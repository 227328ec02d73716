/* The kubelet's own error text, which it writes into an answer whose status was
 * 200 already:
 *
 *     unable to retrieve container logs for containerd://8f2e...
 *
 * It can follow anything, and ends the stream. What may be its begin is held
 * back until it is known. */
#ifndef KG_KUBE_SENTENCE_H
#define KG_KUBE_SENTENCE_H

#include "kubeglean/str.h"

enum { KG_SENTENCE_MAX = 256 };

/* How many bytes at the end of `s` may be the sentence, or begin it. */
size_t kg_sentence_at_end(struct kg_str s);
/* Whether `s` may be the sentence, or begin it. */
bool kg_sentence_begins(struct kg_str s);
/* Whether `s` is a whole one. */
bool kg_sentence_is(struct kg_str s);

#endif /* KG_KUBE_SENTENCE_H */
