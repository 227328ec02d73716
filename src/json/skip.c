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
static bool may_skip(const struct kg_frame *f)
{
    return f->inner.state == KG_INNER_NONE && !f->mend.stamped;
}

static uint64_t kinds_of(const struct kg_frame *f, size_t base)
{
    uint64_t kinds = 0;

    for (size_t i = base; i < f->depth; i++) {
        kinds = kinds << 1 | (f->kinds[i / 8] >> (i % 8) & 1);
    }
    return kinds;
}

static void set_kinds(struct kg_frame *f, size_t base, const struct kg_nest *n)
{
    uint64_t kinds = n->kinds;

    f->depth = base + n->depth;
    for (size_t i = f->depth; i > base; i--) {
        uint8_t bit = (uint8_t)(1u << ((i - 1) % 8));

        f->kinds[(i - 1) / 8] &= (uint8_t)~bit;
        f->kinds[(i - 1) / 8] |= (kinds & 1) != 0 ? bit : 0;
        kinds >>= 1;
    }
}

/* The containers that are open from `base` on. */
static struct kg_nest nest_from(struct kg_frame *f, size_t base)
{
    size_t max = f->options.limits.depth - base;

    return (struct kg_nest){
        .kinds = kinds_of(f, base),
        .depth = (unsigned)(f->depth - base),
        .max = (unsigned)(max < KG_NEST_MAX ? max : KG_NEST_MAX),
        .tally = f->tally.on ? &f->tally.sum : NULL};
}

static enum kg_grammar_state state_behind(uint8_t byte, bool object)
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

/* Reads on behind what was skipped. The closer of the outermost is left to the
 * grammar. */
static void go_on_behind(struct kg_frame *f, struct kg_cut *c, size_t base,
                         struct kg_nest *n)
{
    uint8_t last = c->p[-1];

    if (n->depth == 0) {
        c->p--;
        n->depth = 1;
        n->kinds = last == '}';
    }
    set_kinds(f, base, n);
    f->state = state_behind(last, (n->kinds & 1) != 0);
    f->tally.looks = false;
    if (f->mute.on) {
        c->o = f->out.ptr + f->token.member;
        *c->o++ = last;
    }
}

/* What is there to be read before `offset` of the stream. */
static size_t len_before(const struct kg_frame *f, const struct kg_cut *c,
                         uint64_t offset)
{
    uint64_t len = offset - kg_cut_offset(f, c);
    size_t rest = (size_t)(c->end - c->p);

    return rest < len ? rest : (size_t)len;
}

/* What is read again, or was looked at already, is the grammar's. */
static bool begins_skip(struct kg_frame *f, const struct kg_cut *c)
{
    bool goes_on = f->skip.goes_on;

    f->skip.goes_on = false;
    if (goes_on) {
        return true;
    }
    f->skip.bound = kg_mend_piece_end(f, c);
    return c->p > c->start && f->skip.gap > 0 && f->mend.rest.len == 0 &&
           f->again.rest.len == 0 && f->depth - f->mute.depth <= KG_NEST_MAX;
}

static void skip_unread(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_nest n;
    size_t len;
    bool bounded;

    if (!begins_skip(f, c)) {
        return;
    }
    n = nest_from(f, f->mute.depth);
    n.gap = f->skip.gap;
    n.member = kg_cut_before(f, c) == '{';
    len = len_before(f, c, f->skip.bound);
    bounded = len < (size_t)(c->end - c->p);
    len = f->options.scan->nested(&n, c->p, len);
    if (len > 0) {
        c->p += len;
        note_line(c, len);
        go_on_behind(f, c, f->mute.depth, &n);
    }
    if (n.ran_out && !bounded && !f->ended) {
        f->skip.goes_on = true;
        c->end = c->p;
    }
}

/* Outside of what is checked: what is around it is told of each container. */
static size_t base_of(const struct kg_frame *f)
{
    if (f->mute.on) {
        return f->mute.depth;
    }
    if (f->text.on) {
        return f->text.depth;
    }
    return f->depth > KG_NEST_MAX / 2 ? f->depth - KG_NEST_MAX / 2 : 0;
}

/* So few bytes hold no string that is too long. */
static size_t check_len(const struct kg_frame *f, const struct kg_cut *c)
{
    const struct kg_frame_limits *l = &f->options.limits;
    size_t len = len_before(f, c, kg_mend_piece_end(f, c));
    size_t max = l->key < l->string ? l->key : l->string;

    return len < max ? len : max;
}

static bool is_expected(enum kg_grammar_state state,
                        enum kg_expected *ret_expected)
{
    switch (state) {
    case FIRST_NAME:
        *ret_expected = KG_EXPECT_FIRST_NAME;
        return true;
    case NAME:
        *ret_expected = KG_EXPECT_NAME;
        return true;
    case FIRST_VALUE:
        *ret_expected = KG_EXPECT_FIRST_VALUE;
        return true;
    case VALUE:
        *ret_expected = KG_EXPECT_VALUE;
        return true;
    default:
        return false;
    }
}

/* The grammar writes an object's comma with the name behind it. */
static uint8_t *copied_up_to(const struct kg_cut *c, const struct kg_nest *n,
                             uint8_t *end)
{
    bool closed = n->depth == 0;

    return closed || (c->p[-1] == ',' && (n->kinds & 1) != 0) ? end - 1 : end;
}

static void skip_checked(struct kg_frame *f, struct kg_cut *c)
{
    size_t base = base_of(f);
    size_t depth = f->depth - base;
    struct kg_check check = {.at_line = kg_cut_at_line_start(f, c),
                             .max_number = f->options.limits.number,
                             .out = c->o};
    size_t len;

    if (depth == 0 || depth > KG_NEST_MAX || !f->damaging || f->tally.looks ||
        !is_expected(f->state, &check.expected)) {
        return;
    }
    check.nest = nest_from(f, base);
    if (check.expected == KG_EXPECT_NAME) {
        *check.out++ = ',';
    }
    len = f->options.scan->checked(&check, c->p, check_len(f, c));
    if (len > 0) {
        c->p += len;
        note_line(c, len);
        c->o = copied_up_to(c, &check.nest, check.out);
        go_on_behind(f, c, base, &check.nest);
    }
}

void kg_skip(struct kg_frame *f, struct kg_cut *c)
{
    if (!may_skip(f)) {
        return;
    }
    if (f->mute.on && !f->options.strict) {
        skip_unread(f, c);
    } else if (f->options.scan->checked != NULL) {
        skip_checked(f, c);
    }
}
