/* Lists of a table's columns, as the statements need them. */
#ifndef KG_SINK_COLUMNS_H
#define KG_SINK_COLUMNS_H

#include "sql.h"

enum kg_columns {
    KG_COLUMNS_ALL,
    KG_COLUMNS_KEYS,
    KG_COLUMNS_SETTABLE, /* No key, */
    KG_COLUMNS_VALUES,   /* nor scanned_at. */
};

bool kg_column_is(const struct kg_table_def *def, uint32_t i,
                  enum kg_columns which);
unsigned kg_columns_count(const struct kg_table_def *def,
                          enum kg_columns which);
/* A row that is there: may it be left alone? */
bool kg_columns_leave_alone(const struct kg_table_def *def);

/* <alias>"a", <alias>"b" */
void kg_columns_add(struct kg_sql *q, const struct kg_table_def *def,
                    enum kg_columns which, const char *alias);
/* u."b"::integer: a text becomes the column's type; that of text[] is JSON. */
void kg_column_add_typed(struct kg_sql *q, const struct kg_column *c);
/* And then the type that the table has for it. */
void kg_column_add_cast(struct kg_sql *q, struct kg_str cast);
/* u."a" AS "a", u."b"::integer AS "b" */
void kg_columns_add_typed(struct kg_sql *q, const struct kg_table_def *def,
                          const struct kg_str *casts);
/* <alias>"a", <alias>"b"::jsonb: values, to be compared. */
void kg_columns_add_values(struct kg_sql *q, const struct kg_table_def *def,
                           const struct kg_str *casts, const char *alias);
/* left"a" = right"a" AND ... of the key. */
void kg_columns_add_match(struct kg_sql *q, const struct kg_table_def *def,
                          const char *left, const char *right);
/* The key's, bytewise. */
void kg_columns_add_order(struct kg_sql *q, const struct kg_table_def *def);
/* ["c1","team-a"]: what kubeglean_scopes and the ledger call the scope. */
void kg_columns_add_scope(struct kg_sql *q, const struct kg_table_def *def,
                          const char *alias);
/* t's row is of the scope that the expression `scope` is. No index knows the text
 * of a scope; columns of the key, which are never NULL, are asked by themselves. */
void kg_columns_add_in_scope(struct kg_sql *q, const struct kg_table_def *def,
                             const char *scope);
/* The scope of texts that are still to become the columns' types. */
void kg_columns_add_typed_scope(struct kg_sql *q,
                                const struct kg_table_def *def,
                                const struct kg_str *casts);
/* unnest($<arg>::text[]) AS "a", ... of the scope's columns, then kubeglean_at
 * and kubeglean_run: the place of who has rows in it. */
void kg_columns_add_scope_arrays(struct kg_sql *q,
                                 const struct kg_table_def *def, unsigned arg);

#endif /* KG_SINK_COLUMNS_H */
