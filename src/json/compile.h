/* What the compilation of a profile's parts have in common. */
#ifndef KG_JSON_COMPILE_H
#define KG_JSON_COMPILE_H

#include "profile_def.h"

struct kg_compile {
    struct kg_profile *p;
    const char *file;
    struct kg_error *e;
};

/* "file:line:column: ..." of `at`; KG_ECONFIG. */
enum kg_errc kg_compile_fail(const struct kg_compile *c,
                             const struct kg_node *at, const char *fmt, ...)
    KG_PRINTF(3, 4);
/* All members of `object` have one of the names, which end with NULL. */
KG_MUST_USE enum kg_errc kg_compile_known(const struct kg_compile *c,
                                          const struct kg_node *object,
                                          const char *const *names);
/* The member `name` of `parent` as a string; the empty one when it is not there,
 * or a mistake if it is required. */
KG_MUST_USE enum kg_errc kg_compile_text(const struct kg_compile *c,
                                         const struct kg_node *parent,
                                         const char *name, bool required,
                                         struct kg_str *ret_text);
/* PostgreSQL cuts a longer name: two might become one. */
KG_MUST_USE enum kg_errc kg_compile_name(const struct kg_compile *c,
                                         const struct kg_node *at,
                                         struct kg_str name);
/* The index of the member's string in `words`, which end with NULL; when it is
 * not there *ret_index stays. */
KG_MUST_USE enum kg_errc kg_compile_word(const struct kg_compile *c,
                                         const struct kg_node *parent,
                                         const char *name,
                                         const char *const *words,
                                         unsigned *ret_index);
KG_MUST_USE enum kg_errc kg_compile_bool(const struct kg_compile *c,
                                         const struct kg_node *parent,
                                         const char *name, bool *ret_value);
KG_MUST_USE enum kg_errc kg_compile_path(const struct kg_compile *c,
                                         const struct kg_node *text,
                                         bool from_row,
                                         struct kg_path *ret_path);
/* KG_ENOMEM and limits of the trie as an error about `at`. */
KG_MUST_USE enum kg_errc kg_compile_act(const struct kg_compile *c,
                                        const struct kg_node *at,
                                        const struct kg_path *path,
                                        size_t n_steps,
                                        struct kg_action action);
/* column.c: columns[index] from its description. */
KG_MUST_USE enum kg_errc kg_compile_column(const struct kg_compile *c,
                                           const struct kg_node *column,
                                           uint32_t index);
/* source.c: the column's slots, and what is given. */
KG_MUST_USE enum kg_errc kg_compile_source(const struct kg_compile *c,
                                           const struct kg_node *column,
                                           uint32_t index);
/* The member `run` of `from`. */
KG_MUST_USE enum kg_errc kg_compile_run(const struct kg_compile *c,
                                        const struct kg_node *from,
                                        enum kg_type type,
                                        struct kg_given *ret_given);
KG_MUST_USE enum kg_errc kg_compile_const(const struct kg_compile *c,
                                          const struct kg_node *scalar,
                                          enum kg_type type,
                                          struct kg_given *ret_given);
/* How far the values of parents reach: behind the end of the rows. */
KG_MUST_USE enum kg_errc kg_compile_scopes(const struct kg_compile *c,
                                           const struct kg_node *columns);
/* rows.c: `rows` and `match`, what a report is made of. */
KG_MUST_USE enum kg_errc kg_compile_rows(const struct kg_compile *c,
                                         const struct kg_node *spec);
KG_MUST_USE enum kg_errc kg_compile_match(const struct kg_compile *c,
                                          const struct kg_node *spec);

#endif /* KG_JSON_COMPILE_H */
