/* Rows on their way out of a select: complete, refused, or held. */
#ifndef KG_JSON_OUTPUT_H
#define KG_JSON_OUTPUT_H

#include "select.h"

/* The cells make a row. False: s->err. */
KG_MUST_USE bool kg_output_row(struct kg_select *s);
/* The document matches now: those that waited for it go out. */
KG_MUST_USE bool kg_output_matched(struct kg_select *s);
/* The parent's value is known, or will never be. */
KG_MUST_USE bool kg_output_parent(struct kg_select *s, uint32_t slot);
/* The values that late rows lack: of all columns, borrowed as those below. NULL:
 * a column refuses them, and so all of these rows; `e` says why. */
const struct kg_value *kg_output_late(struct kg_select *s, struct kg_error *e);
/* What a document without a row says of its scope: values of all columns,
 * borrowed until the next document; NULL: a column of the scope refuses. */
const struct kg_value *kg_output_scope(struct kg_select *s);

#endif /* KG_JSON_OUTPUT_H */
