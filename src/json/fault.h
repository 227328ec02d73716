/* What is said of a document that broke. */
#ifndef KG_JSON_FAULT_H
#define KG_JSON_FAULT_H

#include "frame.h"
#include "kubeglean/reader.h"
#include "unpack.h"

/* f->found's, with the place and the option that would help. */
void kg_fault_tell(const struct kg_frame *f, struct kg_error *e);
/* Why selecting gave up: KG_ELIMIT, of a row or with `held` of those that wait,
 * KG_ESYNTAX; */
void kg_fault_tell_select(const struct kg_reader_limits *limits,
                          enum kg_errc why, bool held, struct kg_error *e);
/* where rows should be, and are not. */
void kg_fault_tell_rows(const struct kg_profile *p, bool wrong,
                        struct kg_error *e);
/* A packed body. */
void kg_fault_tell_packed(const struct kg_unpack_broken *b, struct kg_error *e);
/* Of a report that is a whole log: what broke, and what is missing before it. */
void kg_fault_tell_damage(const struct kg_reader_stats *s, struct kg_error *e);
void kg_fault_tell_head(struct kg_error *e);
/* One word for it; `ending` is why the log ended. */
const char *kg_fault_reason(const struct kg_frame *f, const char *ending);

#endif /* KG_JSON_FAULT_H */
