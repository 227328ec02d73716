/* JSON patch (RFC 6902). */
#ifndef SIM_JSONPATCH_H
#define SIM_JSONPATCH_H

#include "json.h"

/* Changes t->root; `operations` is the array. KG_EDATA: a test failed or a
 * path leads nowhere. */
KG_MUST_USE enum kg_errc sim_json_patch(struct kg_tree *t,
                                        const struct kg_node *operations,
                                        struct kg_error *e);

#endif /* SIM_JSONPATCH_H */
