/* What a plain scalar means to Kubernetes tools, whose YAML is that of go-yaml
 * v2: the booleans of YAML 1.1, and integers in four bases. */
#ifndef KG_YAML_SCALAR_H
#define KG_YAML_SCALAR_H

#include "kubeglean/buf.h"
#include "kubeglean/tree.h"

/* The kind of `plain`, and the text that JSON has for it. A number is written
 * anew in `number`, which *ret_text then borrows. KG_EINVALID: .inf and .nan,
 * which JSON does not have. KG_ENOMEM, KG_ELIMIT: `number` has no room. */
KG_MUST_USE enum kg_errc kg_yaml_scalar(struct kg_str plain,
                                        struct kg_buf *number,
                                        enum kg_kind *ret_kind,
                                        struct kg_str *ret_text);

#endif /* KG_YAML_SCALAR_H */
