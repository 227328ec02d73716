/* What a credential plugin prints: an ExecCredential. */
#ifndef KG_KUBE_EXECANSWER_H
#define KG_KUBE_EXECANSWER_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

struct kg_exec_answer { /* Texts live in `tree`. */
    struct kg_str token;
    struct kg_str cert, key; /* PEM; both, or neither. */
    int64_t expires_us;      /* 0: not said. */
    struct kg_tree tree;
};

/* KG_EPROTOCOL when it is none of that version, or says nothing: `e` tells what
 * is wrong, and nothing of what it holds. KG_ENOMEM. To be finished in each
 * case. */
KG_MUST_USE enum kg_errc kg_exec_answer_read(struct kg_exec_answer *a,
                                             struct kg_str text,
                                             const char *api_version,
                                             struct kg_error *e);
void kg_exec_answer_finish(struct kg_exec_answer *a); /* Wipes the secrets. */

#endif /* KG_KUBE_EXECANSWER_H */
