/* SPDX-License-Identifier: MIT */
#include "grammar.h"
#include "scalar.h"

static uint64_t count_open(const struct kg_frame *f)
{
    uint64_t n = 0;

    for (size_t i = 0; i < f->depth; i++) {
        bool object = (f->kinds[i / 8] >> (i % 8) & 1) != 0;

        n += kg_frame_counts(f, object);
    }
    return n;
}

void kg_candidate_begin(struct kg_frame *f, struct kg_cut *c, uint64_t from)
{
    f->from = from;
    f->depth = 0;
    f->damaging = false;
    f->standing = KG_STANDS_ALONE;
    f->begins = false;
    f->n_nan = 0;
    f->out.given = 0;
    f->token.text = 0;
    f->token.member = 0;
    f->token.end = 0;
    f->mute.on = false;
    f->skip.goes_on = false;
    f->text.on = false;
    f->tally.on = false;
    if (f->options.interest != NULL) {
        kg_interest_begin(f->options.interest);
    }
    c->o = f->out.ptr;
    kg_inner_forget(&f->inner);
    kg_mend_begin(&f->mend);
}

/* The candidate's last bytes are in `out`. */
enum kg_frame_event kg_candidate_accept(struct kg_frame *f,
                                        const struct kg_cut *c)
{
    f->out.given = (size_t)(c->o - f->out.ptr);
    f->found = (struct kg_frame_found){
        .piece = kg_str_of((char *)f->out.ptr, f->out.given),
        .from = f->from,
        .to = f->to,
        .n_nan = f->n_nan,
        .n_taken = f->mend.n_taken,
    };
    kg_around_mark(&f->around, KG_AROUND_DOCUMENT);
    if (f->begins) {
        kg_around_mend(&f->around);
    }
    f->state = f->options.strict ? DEAD : NOISE;
    return KG_FRAME_CLOSED;
}

/* The opener's line may have been as indented, before the log began. */
static bool is_closed_behind_blank(const struct kg_frame *f,
                                   const struct kg_cut *c)
{
    return kg_json_is_blank(c->p - c->start > 1 ? c->p[-2] : f->last);
}

enum kg_frame_event kg_candidate_close(struct kg_frame *f,
                                       const struct kg_cut *c)
{
    f->to = kg_cut_offset(f, c);
    kg_noise_after(&f->noise, 0);
    if (f->standing == KG_STANDS_FIRST && is_closed_behind_blank(f, c)) {
        f->standing = KG_STANDS_DOUBTED;
    }
    if (f->standing != KG_STANDS_ALONE || f->options.strict) {
        f->state = JUDGE;
        return KG_FRAME_NONE;
    }
    return kg_candidate_accept(f, c);
}

/* A string that ended with an opener, and broke right behind it, began in
 * noise: what was taken for its end is the first name's beginning. */
static bool is_inside_out(const struct kg_frame *f, const struct kg_cut *c)
{
    return f->token.end == kg_cut_offset(f, c) && f->token.braced &&
           kg_frame_opens(f, '{');
}

static void turn_inside_out(struct kg_frame *f)
{
    struct kg_cut c = {.o = f->out.ptr};

    kg_candidate_begin(f, &c, f->ending.found.to);
    if (f->options.interest != NULL) {
        (void)kg_interest_open(f->options.interest, KG_OBJECT);
    }
    f->kinds[0] |= 1;
    f->depth = 1;
    f->out.ptr[0] = '{';
    f->out.ptr[1] = '"';
    f->out.len = 2;
    f->token.text = 1;
    f->token.member = 1;
    f->token.naming = true;
    f->token.escaped = false;
    f->standing = KG_STANDS_DOUBTED;
    f->state = TEXT;
}

enum kg_frame_event kg_candidate_break(struct kg_frame *f)
{
    f->found = f->ending.found;
    f->state = f->ending.state;
    f->out.len = 0;
    f->out.given = 0;
    f->out.lent = 0;
    if (f->ending.turned) {
        turn_inside_out(f);
    }
    return KG_FRAME_BROKEN;
}

/* A document of its own is what the break is right behind, or what had been
 * shallow enough without its surroundings. */
static void settle_inner(struct kg_frame *f, enum kg_frame_fault fault)
{
    enum kg_inner_state state = f->inner.state;

    if ((state == KG_INNER_WHOLE &&
         (fault == KG_FAULT_SYNTAX || fault == KG_FAULT_CUT)) ||
        (state == KG_INNER_OPEN && fault == KG_FAULT_DEPTH)) {
        kg_inner_stand(&f->inner);
    }
    if (f->inner.state == KG_INNER_STANDS) {
        f->depth = f->inner.depth;
        f->ending.turned = false;
        f->ending.found.to = f->inner.from;
        f->ending.state = NOISE;
    } else {
        kg_inner_forget(&f->inner);
    }
}

/* It ended before the lines that it did not go on behind. */
static void end_mending(struct kg_frame *f)
{
    uint64_t since = f->mend.since;

    if (since > 0) {
        f->noise.n_bytes += f->ending.found.to - since;
        f->ending.found.to = since;
    }
    f->mend.since = 0;
    f->mend.kind = KG_MEND_NONE;
}

/* What was open may go on in the noise. */
static void note_break(struct kg_frame *f)
{
    bool outer_is_object = (f->kinds[0] & 1) != 0;

    if (f->damaging && f->depth > 0) {
        kg_around_tear(&f->around, f->noise.n_open,
                       kg_frame_counts(f, outer_is_object));
        f->noise.n_lowest = UINT64_MAX;
    }
    kg_around_mark(&f->around,
                   f->depth > 0 ? KG_AROUND_BROKEN : KG_AROUND_PART);
    kg_noise_after(&f->noise, count_open(f));
}

/* A line of many that was cut in its first name, or behind it, is one that is
 * lost. Behind a blank there are other words: {"x" and "y"}. */
static bool is_lost_line(const struct kg_frame *f, const struct kg_cut *c)
{
    bool words = f->state == COLON && kg_json_is_blank(kg_cut_before(f, c));

    return f->options.lines && f->begins && f->out.len > 1 &&
           memcmp(f->out.ptr, "{\"", 2) == 0 && !words;
}

/* Its last whole tokens are handed on first: a match may be among them. */
static enum kg_frame_event break_off(struct kg_frame *f, struct kg_cut *c,
                                     enum kg_frame_fault fault,
                                     enum kg_grammar_state after)
{
    enum kg_frame_event event;

    f->out.len = (size_t)(c->o - f->out.ptr);
    f->ending.state = after;
    f->ending.turned = after == NOISE && is_inside_out(f, c);
    f->ending.found = (struct kg_frame_found){
        .fault = fault,
        .damaged = f->damaging || f->options.strict || is_lost_line(f, c),
        .from = f->from,
        .to = kg_cut_offset(f, c) - (f->ending.turned ? 2 : 0),
        .n_nan = f->n_nan,
        .n_taken = f->mend.n_taken,
    };
    end_mending(f);
    settle_inner(f, fault);
    if (!f->ending.found.damaged) {
        f->noise.n_bytes +=
            f->ending.found.to - f->from - f->ending.found.n_taken;
    }
    note_break(f);
    event = kg_candidate_give(f);
    f->state = BREAKING;
    if (event != KG_FRAME_PIECE) {
        event = kg_candidate_break(f);
        c->o = f->out.ptr + f->out.len;
    }
    return event;
}

enum kg_frame_event kg_candidate_fail(struct kg_frame *f, struct kg_cut *c,
                                      enum kg_frame_fault fault)
{
    return break_off(f, c, fault, f->options.strict ? DEAD : NOISE);
}

/* What is longer than any literal. */
static enum kg_frame_fault scalar_fault(const uint8_t *p, const uint8_t *end)
{
    while (p < end && strchr("+-.0123456789Ee", *p) != NULL) {
        p++;
    }
    return p == end ? KG_FAULT_NUMBER : KG_FAULT_SYNTAX;
}

enum kg_frame_fault kg_candidate_shorten(const struct kg_frame *f,
                                         struct kg_cut *c, const uint8_t *from)
{
    size_t max =
        f->state == SCALAR ? kg_frame_scalar_max(f) : kg_frame_text_max(f);
    size_t over = kg_cut_token_len(f, c) - max - 1;
    size_t copied = (size_t)(c->p - from);
    size_t n = over < copied ? over : copied;

    c->p -= n;
    c->o -= n;
    if (f->state == SCALAR) {
        return scalar_fault(f->out.ptr + f->token.text, c->o);
    }
    return f->token.naming ? KG_FAULT_KEY : KG_FAULT_STRING;
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
    enum kg_grammar_state drain = drain_from(f->state);

    f->damaging = true;
    return break_off(f, c, fault, f->options.strict ? DEAD : drain);
}

/* Its bytes are in what is kept of it, or still in the line that is read. */
static void rewind_to_inner(struct kg_frame *f)
{
    struct kg_str line = kg_buf_str(&f->mend.text);
    struct kg_buf used = f->again.text;

    if (f->mend.rest.len > 0 && f->inner.from >= f->mend.from) {
        size_t at = (size_t)(f->inner.from - f->mend.from);

        f->mend.rest = kg_str_of(line.ptr + at, line.len - at);
        return;
    }
    f->mend.rest.len = 0;
    f->again.text = f->inner.text;
    f->inner.text = used;
    f->again.rest = kg_buf_str(&f->again.text);
}

void kg_candidate_turn_to_inner(struct kg_frame *f)
{
    struct kg_cut c = {.o = f->out.ptr};

    rewind_to_inner(f);
    f->offset = f->inner.from;
    f->last = '\n';
    kg_candidate_begin(f, &c, f->offset);
    f->standing = KG_STANDS_DOUBTED;
    f->begins = true;
    f->state = VALUE;
}

/* What can be handed on: whole tokens, and no member before it is known to be
 * wanted. An opener alone is likely noise. */
static size_t whole(const struct kg_frame *f)
{
    if (!f->damaging) {
        return 0;
    }
    if (f->mute.on || f->state == COLON ||
        (f->token.naming && kg_grammar_is_in_token(f))) {
        return f->token.member;
    }
    return kg_grammar_is_in_token(f) ? f->token.text : f->out.len;
}

/* The byte behind the piece becomes a blank until the next call. */
static size_t delimit(struct kg_frame *f)
{
    uint8_t *end = f->out.ptr + f->out.given;

    if (!f->options.delimits || !kg_scalar_has(end[-1])) {
        return 0;
    }
    f->out.lent = f->out.given < f->out.len ? *end : ' ';
    *end = ' ';
    return 1;
}

enum kg_frame_event kg_candidate_give(struct kg_frame *f)
{
    f->out.given = whole(f);
    if (f->out.given == 0) {
        return KG_FRAME_NONE;
    }
    f->found = (struct kg_frame_found){
        .piece = kg_str_of((char *)f->out.ptr, f->out.given),
        .blank = delimit(f),
        .text = f->text.on,
        .from = f->from,
        .n_nan = f->n_nan};
    return KG_FRAME_PIECE;
}
