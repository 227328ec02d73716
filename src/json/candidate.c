/* SPDX-License-Identifier: MIT */
#include "grammar.h"
#include "scalar.h"

static uint64_t count_open(const struct kg_frame *f)
{
    uint64_t n = 0;

    for (size_t i = 0; i < f->depth; i++) {
        bool object = (f->kinds[i / 8] >> (i % 8) & 1) != 0;

        n += object == (f->root != KG_ROOT_ARRAY);
    }
    return n;
}

void kg_candidate_begin(struct kg_frame *f, struct kg_cut *c, uint64_t from)
{
    f->from = from;
    f->depth = 0;
    f->damaging = false;
    f->n_nan = 0;
    f->given = 0;
    f->before = 0;
    f->text = 0;
    f->member = 0;
    f->quote = 0;
    f->muted = false;
    if (f->interest != NULL) {
        kg_interest_begin(f->interest);
    }
    c->o = f->out;
    kg_inner_forget(&f->inner);
}

/* The candidate's last bytes are in `out`. */
enum kg_frame_event kg_candidate_close(struct kg_frame *f, struct kg_cut *c)
{
    f->given = (size_t)(c->o - f->out);
    f->found = (struct kg_frame_found){
        .piece = kg_str_of((char *)f->out, f->given),
        .from = f->from,
        .to = kg_cut_offset(f, c),
        .n_nan = f->n_nan,
    };
    f->state = f->strict ? OVER : NOISE;
    kg_noise_after(&f->noise, 0);
    return KG_FRAME_CLOSED;
}

/* A string that ended with an opener, and broke right behind it, began in
 * noise: what was taken for its end is the first name's beginning. */
static bool is_inside_out(const struct kg_frame *f, const struct kg_cut *c)
{
    return f->quote == kg_cut_offset(f, c) && f->braced &&
           kg_frame_opens(f, '{');
}

static void turn_inside_out(struct kg_frame *f)
{
    struct kg_cut c = {.o = f->out};

    kg_candidate_begin(f, &c, f->broken.to);
    if (f->interest != NULL) {
        kg_interest_open(f->interest, KG_OBJECT);
    }
    f->kinds[0] |= 1;
    f->depth = 1;
    f->out[0] = '{';
    f->out[1] = '"';
    f->len = 2;
    f->text = 1;
    f->member = 1;
    f->naming = true;
    f->escaped = false;
    f->state = TEXT;
}

enum kg_frame_event kg_candidate_break(struct kg_frame *f)
{
    f->found = f->broken;
    f->state = f->after;
    f->len = 0;
    f->given = 0;
    f->lent = 0;
    if (f->turned) {
        turn_inside_out(f);
    }
    return KG_FRAME_BROKEN;
}

/* Its last whole tokens are handed on first: a match may be among them. */
static enum kg_frame_event break_off(struct kg_frame *f, struct kg_cut *c,
                                     enum kg_frame_fault fault,
                                     enum kg_grammar_state after)
{
    enum kg_frame_event event;

    f->len = (size_t)(c->o - f->out);
    f->turned = after == NOISE && is_inside_out(f, c);
    f->broken = (struct kg_frame_found){
        .fault = fault,
        .damaged = f->damaging,
        .from = f->from,
        .to = kg_cut_offset(f, c) - (f->turned ? 2 : 0),
        .n_nan = f->n_nan,
    };
    if (!f->damaging) {
        f->noise.n_bytes += f->broken.to - f->from;
    }
    if (after != NOISE || !kg_inner_stands(&f->inner, f->before + f->len)) {
        kg_inner_forget(&f->inner);
    }
    kg_noise_after(&f->noise, count_open(f));
    f->after = (int)after;
    event = kg_candidate_give(f);
    f->state = BREAKING;
    if (event != KG_FRAME_PIECE) {
        event = kg_candidate_break(f);
        c->o = f->out + f->len;
    }
    return event;
}

enum kg_frame_event kg_candidate_fail(struct kg_frame *f, struct kg_cut *c,
                                      enum kg_frame_fault fault)
{
    return break_off(f, c, fault, f->strict ? DEAD : NOISE);
}

static enum kg_grammar_state drain_from(enum kg_grammar_state state)
{
    switch (state) {
    case TEXT:
    case HEX:
    case SEQUENCE:
        return DRAIN_TEXT;
    case ESCAPE:
        return DRAIN_BACKSLASH;
    default:
        return DRAIN;
    }
}

enum kg_frame_event kg_candidate_refuse(struct kg_frame *f, struct kg_cut *c,
                                        enum kg_frame_fault fault)
{
    enum kg_grammar_state drain = drain_from((enum kg_grammar_state)f->state);

    f->damaging = true;
    return break_off(f, c, fault, f->strict ? DEAD : drain);
}

void kg_candidate_copy_inner(struct kg_frame *f, size_t len)
{
    kg_inner_copy(&f->inner, kg_str_of((char *)f->out, len), f->before);
}

/* What can be handed on: whole tokens, and no member before it is known to be
 * wanted. An opener alone is likely noise. */
static size_t whole(const struct kg_frame *f)
{
    if (!f->damaging) {
        return 0;
    }
    if (f->muted || f->state == COLON ||
        (f->naming && kg_grammar_is_in_token(f))) {
        return f->member;
    }
    return kg_grammar_is_in_token(f) ? f->text : f->len;
}

/* The byte behind the piece becomes a blank until the next call. */
static size_t delimit(struct kg_frame *f)
{
    uint8_t *end = f->out + f->given;

    if (!f->delimits || !kg_scalar_has(end[-1])) {
        return 0;
    }
    f->lent = f->given < f->len ? *end : ' ';
    *end = ' ';
    return 1;
}

enum kg_frame_event kg_candidate_give(struct kg_frame *f)
{
    f->given = whole(f);
    if (f->given == 0) {
        return KG_FRAME_HUNGRY;
    }
    kg_candidate_copy_inner(f, f->given);
    f->found =
        (struct kg_frame_found){.piece = kg_str_of((char *)f->out, f->given),
                                .blank = delimit(f),
                                .from = f->from,
                                .n_nan = f->n_nan};
    return KG_FRAME_PIECE;
}
