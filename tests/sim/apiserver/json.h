/* JSON objects of the API: parsed to trees, changed, and written again.
 *
 * The simulated server is a tool of tests: when memory ends, it ends. So the
 * functions that build cannot fail, and what a request says is checked. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include "kubeglean/tree.h"

enum { SIM_BODY_MAX = 3 * 1024 * 1024 }; /* As the real one. */

/* At most 200 levels deep. The error's text is a sentence without a place. */
KG_MUST_USE enum kg_errc sim_json_parse(struct kg_tree *t, struct kg_str text,
                                        struct kg_error *e);

struct kg_node *sim_object(struct kg_tree *t);
struct kg_node *sim_array(struct kg_tree *t);
void sim_put(struct kg_tree *t, struct kg_node *object, const char *name,
             struct kg_node *value);
void sim_put_str(struct kg_tree *t, struct kg_node *object, const char *name,
                 struct kg_str value);
void sim_put_text(struct kg_tree *t, struct kg_node *object, const char *name,
                  const char *value);
void sim_put_int(struct kg_tree *t, struct kg_node *object, const char *name,
                 int64_t value);
void sim_put_bool(struct kg_tree *t, struct kg_node *object, const char *name,
                  bool value);
/* As RFC 3339 in whole seconds, the API's metav1.Time. */
void sim_put_time(struct kg_tree *t, struct kg_node *object, const char *name,
                  int64_t us);
void sim_add(struct kg_node *array, struct kg_node *value);
void sim_add_text(struct kg_tree *t, struct kg_node *array, const char *value);
/* The member of that kind; made at the end when it is not there, or is of
 * another kind. */
struct kg_node *sim_member(struct kg_tree *t, struct kg_node *object,
                           const char *name, enum kg_kind kind);
/* Only when there is no such member, or it is null. True when it was put. */
bool sim_default_text(struct kg_tree *t, struct kg_node *object,
                      const char *name, const char *value);
bool sim_default_int(struct kg_tree *t, struct kg_node *object,
                     const char *name, int64_t value);
bool sim_default_bool(struct kg_tree *t, struct kg_node *object,
                      const char *name, bool value);
struct kg_node *sim_copy(struct kg_tree *t, const struct kg_node *from);
/* The first element of `array` whose member `key` is `value`; or NULL. */
struct kg_node *sim_element(const struct kg_node *array, const char *key,
                            const char *value);
/* A member's number, or `otherwise` when it is no whole number. */
int64_t sim_int(const struct kg_node *object, const char *name,
                int64_t otherwise);
bool sim_same(const struct kg_node *a, const struct kg_node *b);
/* A copy of a slice with a NUL; never NULL. */
char *sim_cstr(struct kg_str s);
void sim_require(enum kg_errc err);

#endif /* SIM_JSON_H */
