/* SPDX-License-Identifier: MIT */
#include "grammar.h"

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
    f->token = 0;
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

static void turn_inside_out(struct kg_frame *f, struct kg_cut *c)
{
    uint64_t from = kg_cut_offset(f, c) - 2;

    kg_candidate_begin(f, c, from);
    if (f->interest != NULL) {
        kg_interest_open(f->interest, KG_OBJECT);
    }
    f->kinds[0] |= 1;
    f->depth = 1;
    *c->o++ = '{';
    *c->o++ = '"';
    f->token = 1;
    f->text = 1;
    f->member = 1;
    f->naming = true;
    f->escaped = false;
    f->state = TEXT;
}

enum kg_frame_event kg_candidate_fail(struct kg_frame *f, struct kg_cut *c,
                                      enum kg_frame_fault fault)
{
    uint64_t at = f->before + (uint64_t)(c->o - f->out);
    bool turn = !f->strict && fault == KG_FAULT_SYNTAX && is_inside_out(f, c);

    f->found = (struct kg_frame_found){
        .fault = fault,
        .damaged = f->damaging,
        .from = f->from,
        .to = kg_cut_offset(f, c) - (turn ? 2 : 0),
        .n_nan = f->n_nan,
    };
    if (!f->damaging) {
        f->noise.n_bytes += f->found.to - f->from;
    }
    c->o = f->out;
    if (!kg_inner_stands(&f->inner, at)) {
        kg_inner_forget(&f->inner);
    }
    f->state = f->strict ? DEAD : NOISE;
    kg_noise_after(&f->noise, count_open(f));
    if (turn) {
        turn_inside_out(f, c);
    }
    return KG_FRAME_BROKEN;
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
    (void)kg_candidate_fail(f, c, fault);
    kg_inner_forget(&f->inner);
    f->state = f->strict ? (int)DEAD : (int)drain;
    return KG_FRAME_BROKEN;
}

void kg_candidate_copy_inner(struct kg_frame *f, size_t len)
{
    kg_inner_copy(&f->inner, kg_str_of((char *)f->out, len), f->before);
}
