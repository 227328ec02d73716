/* YAML to trees, as Kubernetes tools read it, with the place of each part; and
 * trees to YAML.
 *
 * What a Kubernetes user writes means here what it means to kubectl: plain
 * null and ~ are null; true, yes, on, y and their opposites are booleans;
 * 0x1f, 0o17, 017 and 1_000 are integers; dates and quoted texts are strings.
 * JSON is YAML, but for U+0085, U+2028 and U+2029 inside a string, which break
 * a line there unless they are escaped. Numbers keep their digits: none passes
 * through a double. The name of a member may be a plain null, which is that
 * word.
 *
 * Refused, with the place: a name twice in one object, a name that is no
 * string (write "1":, "on":), .inf and .nan, tags that ask for other types,
 * bytes that are no UTF-8, and depth beyond KG_LIMIT_YAML_DEPTH. Aliases are
 * copied and `<<` is merged within the tree's maximum, so that a small text
 * cannot become a large one.
 *
 * libyaml allocates with malloc, not with heap.h: what it holds while a text
 * is read is bounded by the length of the text. */
#ifndef KUBEGLEAN_YAML_H
#define KUBEGLEAN_YAML_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

/* Reads all documents of `text`; those without content are left out. They are
 * the elements of the array *ret_documents, which lives in `t`. `file` is what
 * messages call the text ("krr.yaml"); borrowed until this returns.
 *
 * KG_ECONFIG: the text is wrong, "krr.yaml:3:7: ..." says where. KG_ELIMIT: it
 * is longer than KG_LIMIT_CONFIG, or its tree than t->max. KG_ENOMEM. `t` is
 * the caller's to finish in each case. */
KG_MUST_USE enum kg_errc kg_yaml_parse(struct kg_str text, const char *file,
                                       struct kg_tree *t,
                                       struct kg_node **ret_documents,
                                       struct kg_error *e);
/* The same for a text that must hold exactly one document. */
KG_MUST_USE enum kg_errc kg_yaml_parse_one(struct kg_str text, const char *file,
                                           struct kg_tree *t,
                                           struct kg_node **ret_root,
                                           struct kg_error *e);

/* Adds `n` as a document, as kubectl writes one. A string that a reader of YAML
 * 1.1 or 1.2 may take for something else is quoted. KG_ENOMEM, KG_ELIMIT. */
KG_MUST_USE enum kg_errc kg_yaml_write(const struct kg_node *n,
                                       struct kg_buf *out);

/* "0.2.5": libyaml's, for `kubeglean version`. */
const char *kg_yaml_parser_version(void);

#endif /* KUBEGLEAN_YAML_H */
