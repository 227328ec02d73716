/* What is said of a document that broke. */
#ifndef KG_JSON_FAULT_H
#define KG_JSON_FAULT_H

#include "frame.h"
#include "kubeglean/error.h"

/* f->found's, with the place and the option that would help. */
void kg_fault_tell(const struct kg_frame *f, struct kg_error *e);
/* One word for it; `ending` is why the log ended. */
const char *kg_fault_reason(const struct kg_frame *f, const char *ending);

#endif /* KG_JSON_FAULT_H */
