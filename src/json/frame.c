/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include "grammar.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "scalar.h"

enum { SMALLEST = 16 * 1024 };

enum kg_errc kg_frame_init(struct kg_frame *f,
                           const struct kg_frame_options *options)
{
    *f = (struct kg_frame){.options = *options,
                           .state = options->strict ? START : NOISE};
    f->kinds = kg_calloc(options->limits.depth / 8 + 1, 1);
    f->out.ptr = kg_alloc(SMALLEST);
    f->out.capacity = SMALLEST;
    if (f->kinds == NULL || f->out.ptr == NULL) {
        kg_free(f->kinds);
        kg_free(f->out.ptr);
        return KG_ENOMEM;
    }
    kg_noise_init(&f->noise, options->root);
    kg_inner_init(&f->inner, KG_LIMIT_RESCAN);
    return KG_OK;
}

void kg_frame_finish(struct kg_frame *f)
{
    kg_free(f->kinds);
    kg_free(f->out.ptr);
    kg_inner_finish(&f->inner);
}

/* --- outside ------------------------------------------------------------------ */

/* Most openers in noise are none: the byte behind them tells. */
static bool is_hopeless(const struct kg_cut *c)
{
    uint8_t next = c->p + 1 < c->end ? c->p[1] : ' ';

    if (next <= ' ' || next == '"') {
        return false;
    }
    if (*c->p == '{') {
        return next != '}';
    }
    return next != '{' && next != '[' && next != ']' && !kg_scalar_has(next);
}

static enum kg_frame_event on_noise(struct kg_frame *f, struct kg_cut *c)
{
    do {
        c->p += kg_noise_span(
            &f->noise, kg_str_of((const char *)c->p, (size_t)(c->end - c->p)));
        if (c->p == c->end) {
            return KG_FRAME_HUNGRY;
        }
        if (!is_hopeless(c)) {
            kg_candidate_begin(f, c, kg_cut_offset(f, c));
            f->state = VALUE;
            return KG_FRAME_HUNGRY;
        }
        f->noise.n_bytes++;
        kg_noise_after(&f->noise, kg_frame_counts(f, *c->p == '{'));
        c->p++;
    } while (c->p < c->end);
    return KG_FRAME_HUNGRY;
}

/* False at the input's end. */
static bool skip_space(struct kg_cut *c)
{
    while (c->p < c->end &&
           (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t')) {
        c->p++;
    }
    return c->p < c->end;
}

static enum kg_frame_event on_start(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(c)) {
        return KG_FRAME_HUNGRY;
    }
    kg_candidate_begin(f, c, kg_cut_offset(f, c));
    if (!kg_frame_opens(f, *c->p) && f->options.root != KG_ROOT_ANY) {
        return kg_candidate_fail(f, c, KG_FAULT_SYNTAX);
    }
    f->state = VALUE;
    return KG_FRAME_HUNGRY;
}

/* Only brackets and strings are told apart. A line that begins with an opener
 * is more likely a new document than a part of one with such a limit. */
static enum kg_frame_event on_drain(struct kg_frame *f, struct kg_cut *c)
{
    for (; c->p < c->end && f->state == DRAIN; c->p++) {
        switch (*c->p) {
        case '"':
            f->state = DRAIN_TEXT;
            break;
        case '{':
        case '[':
            if (kg_cut_at_line_start(f, c) && kg_frame_opens(f, *c->p)) {
                f->state = NOISE;
                return KG_FRAME_HUNGRY;
            }
            f->depth++;
            break;
        case '}':
        case ']':
            f->depth--;
            f->state = f->depth > 0 ? DRAIN : NOISE;
            break;
        default:
            break;
        }
    }
    return KG_FRAME_HUNGRY;
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
        return KG_FRAME_HUNGRY;
    }
    if (*c->p < 0x20) {
        f->state = NOISE;
        return KG_FRAME_HUNGRY;
    }
    f->state = *c->p++ == '"' ? DRAIN : DRAIN_BACKSLASH;
    return KG_FRAME_HUNGRY;
}

static enum kg_frame_event on_over(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(c)) {
        return KG_FRAME_HUNGRY;
    }
    kg_candidate_begin(f, c, kg_cut_offset(f, c));
    return kg_candidate_fail(f, c, KG_FAULT_SYNTAX);
}

/* --- the frame ------------------------------------------------------------------ */

static enum kg_frame_event step(struct kg_frame *f, struct kg_cut *c)
{
    switch ((enum kg_grammar_state)f->state) {
    case NOISE:
        return on_noise(f, c);
    case START:
        return on_start(f, c);
    case DRAIN:
        return on_drain(f, c);
    case DRAIN_TEXT:
    case DRAIN_BACKSLASH:
        return on_drain_text(f, c);
    case OVER:
        return on_over(f, c);
    case DEAD:
        c->p = c->end;
        return KG_FRAME_HUNGRY;
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
    f->out.before += f->out.given;
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
    kg_candidate_copy_inner(f, end);
    memmove(f->out.ptr + f->token.member, f->out.ptr + end, f->out.len - end);
    f->token.text -= n;
    f->out.len -= n;
    f->out.before += n;
    return true;
}

static size_t token_limit(const struct kg_frame *f)
{
    if (f->state == SCALAR) {
        return f->options.limits.number;
    }
    return f->token.naming ? f->options.limits.key : f->options.limits.string;
}

static enum kg_frame_fault token_fault(const struct kg_frame *f)
{
    if (f->state == SCALAR) {
        return KG_FAULT_NUMBER;
    }
    return f->token.naming ? KG_FAULT_KEY : KG_FAULT_STRING;
}

static bool is_token_too_long(const struct kg_frame *f)
{
    return kg_grammar_is_in_token(f) &&
           f->out.len - f->token.text > token_limit(f);
}

/* The token that fills `out` may be a long one, up to its limit. What leaves
 * nothing there, as white space and muted members, needs no room. */
static enum kg_frame_event make_room(struct kg_frame *f, struct kg_str in)
{
    const uint8_t *p = (const uint8_t *)in.ptr;
    struct kg_cut c = {p, p, p, f->out.ptr + f->out.len};
    uint8_t *out;

    if (drop_muted(f)) {
        return KG_FRAME_HUNGRY;
    }
    if (is_token_too_long(f)) {
        return kg_candidate_refuse(f, &c, token_fault(f));
    }
    if (f->out.len < f->out.capacity / 2) {
        return KG_FRAME_HUNGRY;
    }
    out = kg_realloc(f->out.ptr, f->out.capacity * 2);
    if (out == NULL) {
        return KG_FRAME_NOMEM;
    }
    f->out.ptr = out;
    f->out.capacity *= 2;
    return KG_FRAME_HUNGRY;
}

static enum kg_frame_event read_some(struct kg_frame *f, struct kg_str *in)
{
    const uint8_t *start = (const uint8_t *)in->ptr;
    struct kg_cut c = {start, start, start + in->len, f->out.ptr + f->out.len};
    enum kg_frame_event event = KG_FRAME_HUNGRY;
    size_t n;

    kg_cut_clamp(f, &c);
    while (c.p < c.end && event == KG_FRAME_HUNGRY) {
        event = step(f, &c);
    }
    n = (size_t)(c.p - c.start);
    f->out.len = (size_t)(c.o - f->out.ptr);
    f->offset += n;
    f->last = n > 0 ? c.p[-1] : f->last;
    *in = kg_str_of(in->ptr + n, in->len - n);
    return event;
}

static enum kg_frame_event give_inner(struct kg_frame *f)
{
    f->found = (struct kg_frame_found){.piece = kg_buf_str(&f->inner.text),
                                       .from = f->inner.from,
                                       .to = f->inner.to,
                                       .n_nan = f->inner.n_nan};
    f->inner.state = KG_INNER_NONE;
    return KG_FRAME_CLOSED;
}

enum kg_frame_event kg_frame_next(struct kg_frame *f, struct kg_str *in)
{
    enum kg_frame_event event = KG_FRAME_HUNGRY;

    if (f->state == BREAKING) {
        return kg_candidate_break(f);
    }
    if (f->inner.state == KG_INNER_WHOLE && !kg_grammar_is_inside(f)) {
        return give_inner(f);
    }
    drop_given(f);
    while (in->len > 0 && event == KG_FRAME_HUNGRY) {
        event = read_some(f, in);
        if (event != KG_FRAME_HUNGRY || !kg_grammar_is_inside(f)) {
            continue;
        }
        event = kg_candidate_give(f);
        if (event == KG_FRAME_HUNGRY && in->len > 0) {
            event = make_room(f, *in);
        }
    }
    return event;
}

enum kg_frame_event kg_frame_end(struct kg_frame *f)
{
    static const uint8_t none[1];
    struct kg_cut c = {none, none, none, f->out.ptr};

    if (f->state == BREAKING) {
        return kg_candidate_break(f);
    }
    if (f->inner.state == KG_INNER_WHOLE && !kg_grammar_is_inside(f)) {
        return give_inner(f);
    }
    drop_given(f);
    c.o = f->out.ptr + f->out.len;
    if (f->state == SCALAR && f->depth == 0) {
        return kg_grammar_end_scalar(f, &c);
    }
    if (f->state == START) {
        kg_candidate_begin(f, &c, f->offset);
        return kg_candidate_fail(f, &c, KG_FAULT_CUT);
    }
    return kg_grammar_is_inside(f) ? kg_candidate_fail(f, &c, KG_FAULT_CUT)
                                   : KG_FRAME_HUNGRY;
}
