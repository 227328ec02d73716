/* A document against a table of all that it may hold. Each line of the table is
 * a key, and where its value goes in the caller's struct:
 *
 *     struct values {
 *         const char *name;
 *         uint32_t hours;
 *     };
 *     static const struct schema_field fields[] = {
 *         {.path = "spec", .type = SCHEMA_OBJECT, .required = true},
 *         {.path = "spec.name", .type = SCHEMA_TEXT, .required = true,
 *          .wants = "a task's name", .check = kg_schema_dns_label,
 *          .at = offsetof(struct values, name)},
 *         {.path = "spec.hours", .type = SCHEMA_NUMBER, .max = 24,
 *          .at = offsetof(struct values, hours)},
 *         {0}};
 *
 * What is not written keeps the value that the caller gave it: defaults. */
#ifndef KG_SCHEMA_H
#define KG_SCHEMA_H

#include "kubeglean/error.h"
#include "kubeglean/tree.h"

enum schema_type {
    SCHEMA_OBJECT, /* Whose keys are in the table; no value. */
    SCHEMA_TREE,   /* Any object, not looked into: const struct kg_node * */
    SCHEMA_TEXT,   /* const char *, borrowed from the tree. */
    SCHEMA_BOOL,   /* bool */
    SCHEMA_NUMBER, /* uint32_t from `min` to `max`. */
    SCHEMA_CHOICE, /* unsigned: index into `choices`. */
    SCHEMA_TEXTS,  /* Array of one text or more: const struct kg_node * */
};

struct schema_field {
    const char *path; /* "spec.retention.complete"; NULL ends the table. */
    enum schema_type type;
    bool required;
    const char *wants;          /* Texts: "a task's name", for messages. */
    const char *const *choices; /* SCHEMA_CHOICE: ended by NULL. */
    uint32_t min, max;          /* SCHEMA_NUMBER */
    /* Texts: NULL, or what is wrong with it ("must be ..."). */
    const char *(*check)(struct kg_str text);
    size_t at; /* Of the value in the caller's struct. */
};

/* KG_ECONFIG at the first mistake: "file:line:column: path: ...". */
KG_MUST_USE enum kg_errc kg_schema_read(const struct schema_field *fields,
                                        const struct kg_node *document,
                                        const char *file, void *values,
                                        struct kg_error *e);
/* Sets `e` to "file:line:column: " (`at` may be NULL: file alone) and the
 * message; returns KG_ECONFIG. */
enum kg_errc kg_schema_refuse(struct kg_error *e, const char *file,
                              const struct kg_node *at, const char *fmt, ...)
    KG_PRINTF(4, 5);

/* Checks for texts. */
const char *kg_schema_dns_label(struct kg_str text); /* RFC 1123 */
const char *kg_schema_not_empty(struct kg_str text);

#endif /* KG_SCHEMA_H */
