/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "grammar.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { SMALLEST = 16 * 1024 };

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* No longer than what has a limit: a byte that is no UTF-8 becomes three. */
static size_t gap_of(const struct kg_frame_limits *l)
{
    size_t gap = min(min(l->key, l->string) / 3, min(l->number, KG_TORN_MAX));

    return gap >= KG_NEST_GAP_MIN ? gap : 0;
}

enum kg_errc kg_frame_init(struct kg_frame *f,
                           const struct kg_frame_options *options)
{
    *f = (struct kg_frame){.options = *options,
                           .state = options->strict ? START : NOISE,
                           .whole = options->interest == NULL &&
                                    !options->delimits &&
                                    options->scan->checked != NULL,
                           .skip.gap = gap_of(&options->limits)};
    f->kinds = kg_calloc(options->limits.depth / 8 + 1, 1);
    f->out.ptr = kg_alloc(SMALLEST);
    f->out.capacity = SMALLEST;
    if (f->kinds == NULL || f->out.ptr == NULL) {
        kg_free(f->kinds);
        kg_free(f->out.ptr);
        return KG_ENOMEM;
    }
    kg_noise_init(&f->noise,
                  &(struct kg_openers){.root = options->root,
                                       .number = options->limits.number,
                                       .wide = options->scan->wide});
    kg_inner_init(&f->inner, KG_LIMIT_RESCAN);
    kg_buf_init(&f->again.text, KG_LIMIT_RESCAN);
    kg_mend_init(&f->mend);
    kg_around_init(&f->around, options->root);
    f->last = '\n';
    return KG_OK;
}

void kg_frame_finish(struct kg_frame *f)
{
    kg_free(f->kinds);
    kg_free(f->out.ptr);
    kg_inner_finish(&f->inner);
    kg_buf_finish(&f->again.text);
    kg_mend_finish(&f->mend);
}

/* --- outside ------------------------------------------------------------------ */

/* Nothing but blanks is before it in its line, or behind the line's stamp. */
static bool is_indented(const struct kg_frame *f)
{
    return f->from > f->mend.line &&
           f->from - f->mend.line <= f->around.n_blank;
}

/* It is read with bounds of its own, which only stamped logs have so soon. */
static void begin_candidate(struct kg_frame *f, struct kg_cut *c)
{
    enum kg_standing standing =
        kg_around_standing(&f->around, f->noise.n_lowest, f->noise.headless);

    if (f->state == DRAIN && standing != KG_STANDS_AS_PART) {
        standing = KG_STANDS_DOUBTED;
    }
    kg_candidate_begin(f, c, kg_cut_offset(f, c));
    if (standing < KG_STANDS_DOUBTED && is_indented(f)) {
        standing = KG_STANDS_DOUBTED;
    }
    f->around.n_blank = 0;
    f->standing = standing;
    f->begins = kg_cut_at_line_start(f, c) || f->from == f->mend.line;
    f->state = VALUE;
    c->end = f->mend.stamped ? c->p : c->end;
}

static void pass(struct kg_frame *f, struct kg_cut *c, const uint8_t *from)
{
    kg_mend_pass(f, c, from);
    kg_around_pass(&f->around, from, c->p);
}

static enum kg_frame_event on_noise(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *from = c->p;

    c->p += kg_noise_span(
        &f->noise, kg_str_of((const char *)from, (size_t)(c->end - from)));
    pass(f, c, from);
    if (c->p < c->end) {
        begin_candidate(f, c);
    }
    return KG_FRAME_NONE;
}

/* False at the input's end. */
static bool skip_space(struct kg_cut *c)
{
    while (c->p < c->end && kg_json_is_space(*c->p)) {
        c->p++;
    }
    return c->p < c->end;
}

static enum kg_frame_event on_start(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(c)) {
        return KG_FRAME_NONE;
    }
    kg_candidate_begin(f, c, kg_cut_offset(f, c));
    if (!kg_frame_opens(f, *c->p) && f->options.root != KG_ROOT_ANY) {
        return kg_candidate_fail(f, c, KG_FAULT_SYNTAX);
    }
    f->state = VALUE;
    return KG_FRAME_NONE;
}

/* Only brackets and strings are told apart. True at a line that begins with an
 * opener: it may be a new document. */
static bool skip_drained(struct kg_frame *f, struct kg_cut *c)
{
    for (; c->p < c->end && f->state == DRAIN; c->p++) {
        switch (*c->p) {
        case '"':
            f->state = DRAIN_TEXT;
            break;
        case '{':
        case '[':
            if (kg_cut_at_line_start(f, c) && kg_frame_opens(f, *c->p)) {
                return true;
            }
            f->depth++;
            break;
        case '}':
        case ']':
            if (--f->depth == 0) {
                kg_around_mend(&f->around);
                f->state = NOISE;
            }
            break;
        default:
            break;
        }
    }
    return false;
}

static enum kg_frame_event on_drain(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *from = c->p;
    bool opens = skip_drained(f, c);

    pass(f, c, from);
    if (opens) {
        begin_candidate(f, c);
    }
    return KG_FRAME_NONE;
}

static enum kg_frame_event on_drain_text(struct kg_frame *f, struct kg_cut *c)
{
    if (f->state == DRAIN_BACKSLASH && *c->p >= 0x20) {
        c->p++;
        f->state = DRAIN_TEXT;
    }
    while (c->p < c->end && *c->p >= 0x20 && *c->p != '"' && *c->p != '\\') {
        c->p++;
    }
    if (c->p == c->end) {
        return KG_FRAME_NONE;
    }
    if (*c->p < 0x20) {
        f->state = NOISE;
        return KG_FRAME_NONE;
    }
    f->state = *c->p++ == '"' ? DRAIN : DRAIN_BACKSLASH;
    return KG_FRAME_NONE;
}

static enum kg_frame_event fail_as_part(struct kg_frame *f, struct kg_cut *c)
{
    bool broke = f->around.torn != KG_AROUND_WHOLE && !f->noise.headless;

    if (f->options.strict || broke) {
        return kg_candidate_fail(f, c, KG_FAULT_SYNTAX);
    }
    f->noise.headless = true;
    return kg_candidate_fail(f, c, KG_FAULT_PART);
}

/* False at the input's end. */
static bool skip_to_judge(struct kg_frame *f, struct kg_cut *c)
{
    if (f->standing != KG_STANDS_FIRST) {
        return skip_space(c);
    }
    while (c->p < c->end && kg_json_is_blank(*c->p)) {
        c->p++;
    }
    return c->p < c->end;
}

/* What was around it goes on with a comma or a closer: it was a part. With
 * `strict` nothing may follow at all. */
static enum kg_frame_event on_judge(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *from = c->p;
    bool goes_on = skip_to_judge(f, c);

    pass(f, c, from);
    if (!goes_on) {
        return KG_FRAME_NONE;
    }
    if (f->options.strict || f->standing == KG_STANDS_AS_PART || *c->p == ',' ||
        *c->p == '}' || *c->p == ']') {
        return fail_as_part(f, c);
    }
    f->noise.n_bytes += kg_cut_offset(f, c) - f->to;
    return kg_candidate_accept(f, c);
}

static enum kg_frame_event end_judging(struct kg_frame *f, struct kg_cut *c)
{
    if (f->standing == KG_STANDS_AS_PART) {
        return fail_as_part(f, c);
    }
    if (!f->options.strict) {
        f->noise.n_bytes += f->offset - f->to;
    }
    return kg_candidate_accept(f, c);
}

/* --- the frame ------------------------------------------------------------------ */

static enum kg_frame_event step(struct kg_frame *f, struct kg_cut *c)
{
    switch (f->state) {
    case NOISE:
        return on_noise(f, c);
    case START:
        return on_start(f, c);
    case DRAIN:
        return on_drain(f, c);
    case DRAIN_TEXT:
    case DRAIN_BACKSLASH:
        return on_drain_text(f, c);
    case JUDGE:
        return on_judge(f, c);
    case DEAD:
        c->p = c->end;
        return KG_FRAME_NONE;
    default:
        return kg_grammar_read(f, c);
    }
}

static size_t less(size_t n, size_t by)
{
    return n > by ? n - by : 0;
}

/* Takes out what the last call handed on. */
static void drop_given(struct kg_frame *f)
{
    if (f->out.given == 0) {
        return;
    }
    if (f->out.lent != 0) {
        f->out.ptr[f->out.given] = f->out.lent;
        f->out.lent = 0;
    }
    f->out.handed = f->out.ptr[f->out.given - 1];
    f->out.len -= f->out.given;
    memmove(f->out.ptr, f->out.ptr + f->out.given, f->out.len);
    f->token.text = less(f->token.text, f->out.given);
    f->token.member = less(f->token.member, f->out.given);
    f->out.given = 0;
}

/* All of a muted member that came so far, but for the token it is in. */
static bool drop_muted(struct kg_frame *f)
{
    size_t end = kg_grammar_is_in_token(f) ? f->token.text : f->out.len;
    size_t n = f->mute.on ? end - f->token.member : 0;

    if (n == 0) {
        return false;
    }
    memmove(f->out.ptr + f->token.member, f->out.ptr + end, f->out.len - end);
    f->token.text -= n;
    f->out.len -= n;
    return true;
}

/* The token that fills `out` may be a long one, up to its limit. What leaves
 * nothing there, as white space and muted members, needs no room. */
static enum kg_frame_event make_room(struct kg_frame *f)
{
    uint8_t *out;

    if (f->out.len < f->out.capacity / 2 || drop_muted(f)) {
        return KG_FRAME_NONE;
    }
    out = kg_realloc(f->out.ptr, f->out.capacity * 2);
    if (out == NULL) {
        return KG_FRAME_NOMEM;
    }
    f->out.ptr = out;
    f->out.capacity *= 2;
    return KG_FRAME_NONE;
}

void kg_frame_take(struct kg_frame *f, struct kg_str *in, size_t n)
{
    kg_inner_copy(&f->inner, kg_str_of(in->ptr, n), f->offset);
    f->offset += n;
    f->n_read += n;
    f->last = n > 0 ? (uint8_t)in->ptr[n - 1] : f->last;
    *in = kg_str_of(in->ptr + n, in->len - n);
}

static bool is_at_line(const struct kg_frame *f, const struct kg_cut *c)
{
    return f->mend.line == f->offset && f->state <= CLOSER &&
           !kg_json_is_space(*c->p);
}

/* Where reading stops at the latest; `c` is empty if it does at once. */
static void bound(struct kg_frame *f, struct kg_cut *c)
{
    kg_cut_clamp(f, c);
    if (!kg_grammar_is_inside(f) || f->options.strict) {
        return;
    }
    if (kg_inner_is_kept(&f->inner)) {
        kg_cut_stop_at(f, c, kg_inner_bound(&f->inner));
    }
    if (is_at_line(f, c) && kg_mend_at_line(f, c)) {
        return;
    }
    if (f->mend.stamped) {
        (void)kg_mend_at_piece(f, c);
    }
}

static enum kg_frame_event read_some(struct kg_frame *f, struct kg_str *in)
{
    const uint8_t *start = (const uint8_t *)in->ptr;
    struct kg_cut c = {start, start, start + in->len, f->out.ptr + f->out.len,
                       NULL};
    enum kg_frame_event event = KG_FRAME_NONE;
    bool all;

    bound(f, &c);
    all = c.end == start + in->len;
    while (c.p < c.end && event == KG_FRAME_NONE) {
        event = step(f, &c);
    }
    f->out.len = (size_t)(c.o - f->out.ptr);
    if (c.line != NULL) {
        f->mend.line = f->offset + (uint64_t)(c.line - c.start);
    }
    kg_frame_take(f, in, (size_t)(c.p - c.start));
    if (f->skip.goes_on && all) {
        kg_torn_wait(&f->torn, in);
    }
    return event;
}

/* What the candidate's next tokens come to. */
static enum kg_frame_event hand_on(struct kg_frame *f, struct kg_str in)
{
    enum kg_frame_event event;

    if (kg_inner_is_kept(&f->inner) && f->offset == kg_inner_bound(&f->inner)) {
        kg_inner_forget(&f->inner);
    }
    event = kg_candidate_give(f);
    if (event == KG_FRAME_NONE && in.len > 0) {
        event = make_room(f);
    }
    return event;
}

static struct kg_str *source(struct kg_frame *f, struct kg_str *in)
{
    if (f->mend.rest.len > 0) {
        return &f->mend.rest;
    }
    return f->again.rest.len > 0 ? &f->again.rest
                                 : kg_torn_source(&f->torn, in);
}

enum kg_frame_event kg_frame_next(struct kg_frame *f, struct kg_str *in)
{
    enum kg_frame_event event = KG_FRAME_NONE;

    if (f->state == BREAKING) {
        return kg_candidate_break(f);
    }
    if (f->inner.state == KG_INNER_STANDS) {
        kg_candidate_turn_to_inner(f);
    }
    drop_given(f);
    while (event == KG_FRAME_NONE) {
        struct kg_str *from = source(f, in);

        if (from->len == 0) {
            break;
        }
        event = f->mend.kind != KG_MEND_NONE ? kg_mend_read(f, from)
                                             : read_some(f, from);
        if (event == KG_FRAME_NONE && kg_grammar_is_inside(f)) {
            event = hand_on(f, *from);
        }
    }
    if (event != KG_FRAME_NONE) {
        return event;
    }
    kg_torn_let_go(&f->torn);
    return KG_FRAME_HUNGRY;
}

/* What is open ends where the stream does. */
static enum kg_frame_event end_candidate(struct kg_frame *f)
{
    struct kg_cut c = kg_cut_nowhere(f);
    enum kg_frame_event event = KG_FRAME_NONE;

    if (f->state == SCALAR && f->depth == 0) {
        event = kg_grammar_end_scalar(f, &c);
    }
    if (f->state == JUDGE) {
        return end_judging(f, &c);
    }
    if (event != KG_FRAME_NONE) {
        return event;
    }
    if (f->state == START) {
        kg_candidate_begin(f, &c, f->offset);
        return kg_candidate_fail(f, &c, KG_FAULT_CUT);
    }
    return kg_grammar_is_inside(f) ? kg_candidate_fail(f, &c, KG_FAULT_CUT)
                                   : KG_FRAME_HUNGRY;
}

enum kg_frame_event kg_frame_end(struct kg_frame *f)
{
    struct kg_str nothing = kg_str_of("", 0);
    enum kg_frame_event event;

    f->ended = true;
    kg_torn_end(&f->torn);
    event = kg_frame_next(f, &nothing);
    if (event == KG_FRAME_HUNGRY && f->mend.kind != KG_MEND_NONE) {
        event = kg_mend_end(f);
        if (event == KG_FRAME_NONE) {
            event = kg_frame_next(f, &nothing);
        }
    }
    return event == KG_FRAME_HUNGRY ? end_candidate(f) : event;
}
