/* What of a candidate needs no parser: what is wanted as text, the inside of
 * members that nobody wants, and arrays of which only a number is wanted.
 *
 * The latter two are muted: not handed on. Unless `strict` asks for the grammar
 * scan.h goes over them, and looks at little; what is text, and all of it where no
 * profile asks, it checks. It goes from between two tokens to an opener, a comma or
 * a closer, as far as it is sure; the grammar reads the rest. */
#ifndef KG_JSON_SKIP_H
#define KG_JSON_SKIP_H

#include "grammar.h"

/* What is wanted as text begins behind the opener that was just written, before
 * `end`. PIECE: what came before. */
enum kg_frame_event kg_span_begin_text(struct kg_frame *f, const uint8_t *end);
/* Its closer comes next, or comes again after the PIECE: the text. */
enum kg_frame_event kg_span_end_text(struct kg_frame *f, const uint8_t *end);
/* The opener is that of an array that is only counted. */
enum kg_frame_event kg_tally_begin(struct kg_frame *f, const uint8_t *end);
/* Its closer comes again after the PIECE: what its elements come to. */
enum kg_frame_event kg_tally_end(struct kg_frame *f);
/* Behind a name of a muted member. */
void kg_tally_name(struct kg_frame *f, struct kg_str name);
/* Behind a muted value, whose text ends there if it is a scalar. */
void kg_tally_value(struct kg_frame *f, const uint8_t *end);

/* Is nothing to be told of what is read now, token by token? */
static inline bool kg_skip_is_due(const struct kg_frame *f)
{
    return f->mute.on || f->whole ||
           (f->text.on && f->options.scan->checked != NULL);
}

/* Behind an opener or a comma of what is so. */
void kg_skip(struct kg_frame *f, struct kg_cut *c);

#endif /* KG_JSON_SKIP_H */
