/* SPDX-License-Identifier: MIT */
#include "skip.h"

#include "text.h"

/* --- spans -------------------------------------------------------------------- */

/* PIECE: what came before `end` may not be in one piece with what comes. */
static enum kg_frame_event split_at(struct kg_frame *f, const uint8_t *end)
{
    f->out.len = (size_t)(end - f->out.ptr);
    return kg_candidate_give(f);
}

/* An opener that is likely noise is not handed on yet. */
enum kg_frame_event kg_span_begin_text(struct kg_frame *f, const uint8_t *end)
{
    enum kg_frame_event event = split_at(f, end);

    f->text.on = event == KG_FRAME_PIECE;
    f->text.depth = f->depth - 1;
    return event;
}

enum kg_frame_event kg_span_end_text(struct kg_frame *f, const uint8_t *end)
{
    enum kg_frame_event event = split_at(f, end);

    f->text.on = false;
    return event;
}

/* --- counting ----------------------------------------------------------------- */

enum kg_frame_event kg_tally_begin(struct kg_frame *f, const uint8_t *end)
{
    enum kg_frame_event event = split_at(f, end);

    if (event == KG_FRAME_PIECE) {
        f->mute.on = true;
        f->mute.depth = f->depth - 1;
        f->token.member = f->out.len;
        f->tally.on = true;
        f->tally.looks = false;
        f->tally.sum = kg_interest_tally(f->options.interest);
    }
    return event;
}

enum kg_frame_event kg_tally_end(struct kg_frame *f)
{
    f->tally.on = false;
    f->mute.on = false;
    f->found = (struct kg_frame_found){
        .tally = &f->tally.sum, .from = f->from, .n_nan = f->n_nan};
    return KG_FRAME_PIECE;
}

/* `text` has escapes: is `name` what it says? */
static bool says(struct kg_str text, struct kg_str name)
{
    struct kg_text decoder;
    struct kg_buf out;
    enum kg_errc err = KG_OK;
    bool same;

    kg_buf_init(&out, name.len);
    kg_text_begin(&decoder, &out);
    while (text.len > 0 && err == KG_OK) {
        size_t n;

        err = kg_text_read(&decoder, text, &n);
        text = kg_str_of(text.ptr + n, text.len - n);
    }
    same = err == KG_OK && kg_str_eq(kg_buf_str(&out), name);
    kg_buf_finish(&out);
    return same;
}

void kg_tally_name(struct kg_frame *f, struct kg_str name)
{
    struct kg_tally *sum = &f->tally.sum;

    if (!f->tally.on || f->depth != f->mute.depth + 2) {
        return;
    }
    f->tally.looks =
        sum->name.len > 0 && (kg_str_eq(name, sum->name) ||
                              (f->token.escaped && says(name, sum->name)));
    sum->met = sum->met && !f->tally.looks;
}

void kg_tally_value(struct kg_frame *f, const uint8_t *end)
{
    struct kg_tally *sum = &f->tally.sum;
    const uint8_t *text = f->out.ptr + f->token.text;

    if (!f->tally.on) {
        return;
    }
    if (f->depth == f->mute.depth + 1) {
        sum->n_all++;
        sum->n_met += sum->met;
        sum->met = false;
    } else if (f->tally.looks && f->depth == f->mute.depth + 2) {
        sum->met = kg_str_eq(
            sum->value, kg_str_of((const char *)text, (size_t)(end - text)));
        f->tally.looks = false;
    }
}

/* --- skipping ------------------------------------------------------------------- */

/* A document inside has to be met by the grammar, and so have stamps. */
static bool may_skip(const struct kg_frame *f, const struct kg_cut *c)
{
    return !f->options.strict && f->inner.state == KG_INNER_NONE &&
           !f->mend.stamped && c->p > c->start &&
           f->depth - f->mute.depth <= KG_NEST_MAX;
}

static uint64_t kinds_of(const struct kg_frame *f)
{
    uint64_t kinds = 0;

    for (size_t i = f->mute.depth; i < f->depth; i++) {
        kinds = kinds << 1 | (f->kinds[i / 8] >> (i % 8) & 1);
    }
    return kinds;
}

static void set_kinds(struct kg_frame *f, const struct kg_nest *n)
{
    uint64_t kinds = n->kinds;

    f->depth = f->mute.depth + n->depth;
    for (size_t i = f->depth; i > f->mute.depth; i--) {
        uint8_t bit = (uint8_t)(1u << ((i - 1) % 8));

        f->kinds[(i - 1) / 8] &= (uint8_t)~bit;
        f->kinds[(i - 1) / 8] |= (kinds & 1) != 0 ? bit : 0;
        kinds >>= 1;
    }
}

static int state_behind(uint8_t byte, bool object)
{
    switch (byte) {
    case '{':
        return FIRST_NAME;
    case '[':
        return FIRST_VALUE;
    case ',':
        return object ? NAME : VALUE;
    default:
        return NEXT;
    }
}

static void note_line(struct kg_cut *c, size_t len)
{
    const uint8_t *newline = memrchr(c->p - len, '\n', len);

    c->line = newline != NULL ? newline + 1 : c->line;
}

/* The closer of the outermost is left to the grammar. */
static void go_on_behind(struct kg_frame *f, struct kg_cut *c,
                         struct kg_nest *n)
{
    uint8_t last = c->p[-1];

    if (n->depth == 0) {
        c->p--;
        n->depth = 1;
        n->kinds = last == '}';
    }
    set_kinds(f, n);
    f->state = state_behind(last, (n->kinds & 1) != 0);
    c->o = f->out.ptr + f->token.member;
    *c->o++ = last;
    f->tally.looks = false;
}

void kg_skip(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_nest n = {.tally = f->tally.on ? &f->tally.sum : NULL};
    size_t max = f->options.limits.depth - f->mute.depth;
    size_t len;

    if (!may_skip(f, c)) {
        return;
    }
    n.kinds = kinds_of(f);
    n.depth = (unsigned)(f->depth - f->mute.depth);
    n.max = (unsigned)(max < KG_NEST_MAX ? max : KG_NEST_MAX);
    len = f->options.scan->nested(&n, c->p,
                                  (size_t)(kg_mend_piece_end(f, c) - c->p));
    if (len > 0) {
        c->p += len;
        note_line(c, len);
        go_on_behind(f, c, &n);
    }
}
