/* What a verb did to objects, on standard output, as kubectl tells it:
 * "job.batch/krr created", or with -o the object itself. */
#ifndef KG_CLI_SHOWN_H
#define KG_CLI_SHOWN_H

#include "kubeglean/kube.h"
#include "print.h"

enum kg_shown_form { /* KG_SHOWN_FORMS, and what there is without -o. */
                     KG_SHOWN_JSON,
                     KG_SHOWN_YAML,
                     KG_SHOWN_NAME,
                     KG_SHOWN_DEED
};

extern const char *const kg_shown_forms[]; /* Choices of -o. */

struct kg_shown {
    struct kg_print print;
    enum kg_shown_form form;
    bool dry_run;
    size_t n; /* Private: objects so far. */
};

void kg_shown_init(struct kg_shown *s, enum kg_shown_form form, bool dry_run);
/* KG_EIO, KG_ENOMEM: s->print.error tells. */
KG_MUST_USE enum kg_errc kg_shown_end(struct kg_shown *s);

/* `object` is the server's answer; its `deed` is "created". KG_EIO, KG_ENOMEM,
 * KG_ELIMIT. */
KG_MUST_USE enum kg_errc kg_shown_add(struct kg_shown *s,
                                      const struct kg_node *object,
                                      const char *deed);
/* Of what is not there any more, but for its name. */
KG_MUST_USE enum kg_errc kg_shown_deleted(struct kg_shown *s,
                                          struct kg_kube_ref ref);

/* "cronjob.batch" */
const char *kg_shown_resource(enum kg_kube_kind kind);

#endif /* KG_CLI_SHOWN_H */
