/* --set KEY=VALUE: what is known of a run that no cluster tells of. */
#ifndef KG_CLI_RUNSET_H
#define KG_CLI_RUNSET_H

#include "kubeglean/row.h"
#include "options.h"

/* KG_EUSAGE: `e` names the key or the value, and what would be right. Borrows
 * the texts. */
KG_MUST_USE enum kg_errc kg_runset_apply(const struct kg_texts *sets,
                                         struct kg_run_info *run,
                                         struct kg_error *e);

#endif /* KG_CLI_RUNSET_H */
