/* SPDX-License-Identifier: MIT */
#include "grammar.h"

#include "scalar.h"
#include "skip.h"

/* Used in more than one place, and inlined in each: see fail_here(). */
#define INLINED static inline __attribute__((always_inline))

/* The cut that is read from never leaves this file, so that its pointers stay in
 * registers: others get a copy of it. */
static enum kg_frame_event fail_here(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_cut copy = *c;
    enum kg_frame_event event =
        kg_mend_at_fault(f, &copy)
            ? KG_FRAME_NONE
            : kg_candidate_fail(f, &copy, KG_FAULT_SYNTAX);

    *c = copy;
    return event;
}

static enum kg_frame_event refuse(struct kg_frame *f, struct kg_cut *c,
                                  enum kg_frame_fault fault)
{
    struct kg_cut copy = *c;
    enum kg_frame_event event = kg_candidate_refuse(f, &copy, fault);

    *c = copy;
    return event;
}

/* Of the token that is read too much was copied, from `from` on. */
static enum kg_frame_event refuse_token(struct kg_frame *f, struct kg_cut *c,
                                        const uint8_t *from)
{
    struct kg_cut copy = *c;
    enum kg_frame_fault fault = kg_candidate_shorten(f, &copy, from);

    *c = copy;
    return fault == KG_FAULT_SYNTAX ? fail_here(f, c) : refuse(f, c, fault);
}

static enum kg_frame_event close_candidate(struct kg_frame *f,
                                           const struct kg_cut *c)
{
    struct kg_cut copy = *c;

    return kg_candidate_close(f, &copy);
}

static enum kg_frame_event skip(struct kg_frame *f, struct kg_cut *c)
{
    if (kg_skip_is_due(f)) {
        struct kg_cut copy = *c;

        kg_skip(f, &copy);
        *c = copy;
    }
    return KG_FRAME_NONE;
}

/* --- containers ------------------------------------------------------------ */

/* Of containers in what it has no need to know of it is not told. */
static inline bool tells_interest(const struct kg_frame *f)
{
    return f->options.interest != NULL && !f->mute.on && !f->text.on;
}

static void open_inner(struct kg_frame *f, struct kg_cut *c)
{
    if (f->options.strict || f->again.rest.len > 0) {
        return;
    }
    kg_inner_open(&f->inner, f->depth, kg_cut_offset(f, c));
    kg_cut_stop_at(f, c, kg_inner_bound(&f->inner));
}

INLINED enum kg_frame_event open_container(struct kg_frame *f, struct kg_cut *c)
{
    bool object = *c->p == '{';
    enum kg_wanted wanted = KG_WANTED_TOKENS;
    uint8_t bit = (uint8_t)(1u << (f->depth % 8));

    if (f->depth == f->options.limits.depth) {
        return refuse(f, c, KG_FAULT_DEPTH);
    }
    if (f->depth > 0 && kg_cut_at_line_start(f, c) &&
        kg_frame_opens(f, *c->p)) {
        open_inner(f, c);
    }
    if (object) {
        f->kinds[f->depth / 8] |= bit;
    } else {
        f->kinds[f->depth / 8] &= (uint8_t)~bit;
    }
    if (tells_interest(f)) {
        wanted = kg_interest_open(f->options.interest,
                                  object ? KG_OBJECT : KG_ARRAY);
    }
    f->depth++;
    *c->o++ = *c->p++;
    f->state = object ? FIRST_NAME : FIRST_VALUE;
    f->tally.looks = false;
    return wanted == KG_WANTED_TOKENS ? skip(f, c)
           : wanted == KG_WANTED_TEXT ? kg_span_begin_text(f, c->o)
                                      : kg_tally_begin(f, c->o);
}

/* What was muted leaves no trace. */
static void unmute(struct kg_frame *f, struct kg_cut *c)
{
    c->o = f->out.ptr + f->token.member;
    f->mute.on = false;
}

INLINED void end_value(struct kg_frame *f, struct kg_cut *c)
{
    f->state = NEXT;
    if (f->mute.on && f->depth == f->mute.depth) {
        unmute(f, c);
    } else if (f->tally.on) {
        kg_tally_value(f, c->o);
    }
}

INLINED enum kg_frame_event close_container(struct kg_frame *f,
                                            struct kg_cut *c)
{
    if (f->tally.on && f->depth - 1 == f->mute.depth) {
        c->o = f->out.ptr + f->token.member;
        return kg_tally_end(f);
    }
    if (f->text.on && f->depth - 1 == f->text.depth &&
        kg_span_end_text(f, c->o) == KG_FRAME_PIECE) {
        return KG_FRAME_PIECE;
    }
    if (tells_interest(f)) {
        kg_interest_close(f->options.interest);
    }
    *c->o++ = *c->p++;
    f->depth--;
    f->damaging = true;
    if (f->depth == 0) {
        return close_candidate(f, c);
    }
    if (f->inner.state != KG_INNER_NONE) {
        kg_inner_close(&f->inner, f->depth);
    }
    end_value(f, c);
    return KG_FRAME_NONE;
}

/* --- between tokens --------------------------------------------------------- */

static bool is_put_off(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_cut copy = *c;
    bool put_off = kg_mend_at_line(f, &copy);

    *c = copy;
    return put_off;
}

/* False at the input's end, and where nothing is to be read now. */
INLINED bool skip_space(struct kg_frame *f, struct kg_cut *c)
{
    while (*c->p <= ' ' && kg_json_is_space(*c->p)) {
        c->line = *c->p == '\n' ? c->p + 1 : c->line;
        c->p++;
        if (c->p < c->end && *c->p == ' ') {
            c->p =
                kg_bytes_skip_blanks(c->p + 1, c->end, f->options.scan->wide);
        }
        if (c->p == c->end) {
            return false;
        }
    }
    return c->p != c->line || !is_put_off(f, c);
}

static void begin_text(struct kg_frame *f, struct kg_cut *c)
{
    f->token.text = (size_t)(c->o - f->out.ptr);
    f->token.naming = false;
    *c->o++ = *c->p++;
    f->state = TEXT;
}

/* Members that were muted have left no comma for those behind them; inside a
 * muted one all are there. */
static inline bool needs_comma(const struct kg_frame *f, const struct kg_cut *c)
{
    uint8_t before = c->o > f->out.ptr ? c->o[-1] : f->out.handed;

    return f->state == NAME && (f->mute.on || before != '{');
}

static void begin_name(struct kg_frame *f, struct kg_cut *c)
{
    if (!f->mute.on) {
        f->token.member = (size_t)(c->o - f->out.ptr);
    }
    if (needs_comma(f, c)) {
        *c->o++ = ',';
    }
    f->token.text = (size_t)(c->o - f->out.ptr);
    f->token.naming = true;
    f->token.escaped = false;
    *c->o++ = *c->p++;
    f->state = TEXT;
}

INLINED enum kg_frame_event on_value(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(f, c)) {
        return KG_FRAME_NONE;
    }
    switch (*c->p) {
    case '"':
        begin_text(f, c);
        return KG_FRAME_NONE;
    case '{':
    case '[':
        return open_container(f, c);
    case ']':
        return f->state == FIRST_VALUE ? close_container(f, c)
                                       : fail_here(f, c);
    default:
        if (!kg_scalar_has(*c->p)) {
            return fail_here(f, c);
        }
        f->token.text = (size_t)(c->o - f->out.ptr);
        f->token.naming = false;
        f->state = SCALAR;
        return KG_FRAME_NONE;
    }
}

INLINED enum kg_frame_event on_name(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(f, c)) {
        return KG_FRAME_NONE;
    }
    if (*c->p == '"') {
        begin_name(f, c);
        return KG_FRAME_NONE;
    }
    if (*c->p == '}' && f->state == FIRST_NAME) {
        return close_container(f, c);
    }
    return fail_here(f, c);
}

/* From the input if it is all there: what was just written is slow to read. */
static struct kg_str last_name(const struct kg_frame *f, const struct kg_cut *c)
{
    size_t len = (size_t)(c->o - f->out.ptr) - f->token.text - 2;
    size_t behind = (size_t)(kg_cut_offset(f, c) - f->token.end) + 1;

    if ((size_t)(c->p - c->start) >= behind + len) {
        return kg_str_of((const char *)c->p - behind - len, len);
    }
    return kg_str_of((const char *)f->out.ptr + f->token.text + 1, len);
}

static void note_name(struct kg_frame *f, const struct kg_cut *c)
{
    if (!kg_interest_name(f->options.interest, last_name(f, c),
                          f->token.escaped)) {
        f->mute.on = true;
        f->mute.depth = f->depth;
    }
}

INLINED enum kg_frame_event on_colon(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(f, c)) {
        return KG_FRAME_NONE;
    }
    if (*c->p != ':') {
        return fail_here(f, c);
    }
    if (f->options.interest != NULL && !f->mute.on) {
        note_name(f, c);
    } else if (f->tally.on) {
        kg_tally_name(f, last_name(f, c));
    }
    *c->o++ = *c->p++;
    f->damaging = true;
    f->state = VALUE;
    return KG_FRAME_NONE;
}

INLINED enum kg_frame_event on_next(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(f, c)) {
        return KG_FRAME_NONE;
    }
    bool object = kg_frame_is_object(f);

    if (*c->p == ',') {
        c->p++;
        f->damaging = true;
        f->state = object ? NAME : VALUE;
        if (!object) {
            *c->o++ = ',';
        }
        if (f->inner.state == KG_INNER_WHOLE) {
            kg_inner_forget(&f->inner);
        }
        return skip(f, c);
    }
    if (*c->p == (object ? '}' : ']')) {
        return close_container(f, c);
    }
    return fail_here(f, c);
}

static enum kg_frame_event on_closer(struct kg_frame *f, struct kg_cut *c)
{
    if (!skip_space(f, c)) {
        return KG_FRAME_NONE;
    }
    if (*c->p == ',') {
        return fail_here(f, c);
    }
    f->state = NEXT;
    return KG_FRAME_NONE;
}

/* --- strings ---------------------------------------------------------------- */

INLINED enum kg_frame_event end_text(struct kg_frame *f, struct kg_cut *c,
                                     const uint8_t *from)
{
    size_t len = kg_cut_token_len(f, c);

    if (len > kg_frame_text_max(f)) {
        return refuse_token(f, c, from);
    }
    f->token.braced = len > 1 && c->o[-1] == '{';
    *c->o++ = *c->p++;
    f->token.end = kg_cut_offset(f, c);
    if (f->token.naming) {
        f->state = COLON;
        return KG_FRAME_NONE;
    }
    f->damaging = true;
    end_value(f, c);
    return f->depth > 0 ? KG_FRAME_NONE : close_candidate(f, c);
}

/* Takes `n` bytes back that are no character, and puts U+FFFD for them. */
static enum kg_frame_event replace(struct kg_frame *f, struct kg_cut *c,
                                   size_t n)
{
    if (f->options.strict) {
        return fail_here(f, c);
    }
    f->mend.mangled = kg_cut_offset(f, c);
    f->token.escaped = true;
    c->o -= n;
    memcpy(c->o, "\xEF\xBF\xBD", 3);
    c->o += 3;
    kg_cut_clamp(f, c);
    f->state = TEXT;
    return KG_FRAME_NONE;
}

/* RFC 3629: neither surrogates, nor longer forms than needed. */
static enum kg_frame_event begin_sequence(struct kg_frame *f, struct kg_cut *c)
{
    uint8_t lead = *c->p;

    if (lead < 0xC2 || lead > 0xF4) {
        c->p++;
        return replace(f, c, 0);
    }
    f->token.lacks = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    f->token.low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    f->token.top = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    f->token.had = 1;
    *c->o++ = *c->p++;
    f->state = SEQUENCE;
    return KG_FRAME_NONE;
}

INLINED enum kg_frame_event on_sequence(struct kg_frame *f, struct kg_cut *c)
{
    while (c->p < c->end) {
        if (*c->p < f->token.low || *c->p > f->token.top) {
            return replace(f, c, f->token.had);
        }
        *c->o++ = *c->p++;
        f->token.had++;
        f->token.low = 0x80;
        f->token.top = 0xBF;
        if (--f->token.lacks == 0) {
            f->state = TEXT;
            break;
        }
    }
    return KG_FRAME_NONE;
}

INLINED enum kg_frame_event on_text(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *from = c->p;

    kg_bytes_copy_plain(&c->p, c->end, &c->o, f->options.scan->wide);
    if (c->p < c->end && *c->p == '"') {
        return end_text(f, c, from);
    }
    if (kg_cut_token_len(f, c) > kg_frame_text_max(f)) {
        return refuse_token(f, c, from);
    }
    if (c->p == c->end) {
        return KG_FRAME_NONE;
    }
    if (*c->p == '\\') {
        *c->o++ = *c->p++;
        f->token.escaped = true;
        f->state = ESCAPE;
        return KG_FRAME_NONE;
    }
    return *c->p < 0x20 ? fail_here(f, c) : begin_sequence(f, c);
}

INLINED enum kg_frame_event on_escape(struct kg_frame *f, struct kg_cut *c)
{
    if (*c->p == 'u') {
        f->token.lacks = 4;
        f->state = HEX;
    } else if (kg_json_is_escaped(*c->p)) {
        f->state = TEXT;
    } else {
        return fail_here(f, c);
    }
    *c->o++ = *c->p++;
    return KG_FRAME_NONE;
}

INLINED enum kg_frame_event on_hex(struct kg_frame *f, struct kg_cut *c)
{
    if (!kg_json_is_hex(*c->p)) {
        return fail_here(f, c);
    }
    *c->o++ = *c->p++;
    if (--f->token.lacks == 0) {
        f->state = TEXT;
    }
    return KG_FRAME_NONE;
}

/* --- numbers and literals ----------------------------------------------------- */

INLINED enum kg_frame_event end_scalar(struct kg_frame *f, struct kg_cut *c)
{
    size_t len = kg_cut_token_len(f, c);
    enum kg_scalar kind =
        kg_scalar_of(kg_str_of((char *)f->out.ptr + f->token.text, len));

    if (kind == KG_SCALAR_NONE ||
        (kind == KG_SCALAR_NAN && f->options.strict)) {
        return fail_here(f, c);
    }
    if (len > f->options.limits.number && kind == KG_SCALAR_NUMBER) {
        return refuse(f, c, KG_FAULT_NUMBER);
    }
    if (kind == KG_SCALAR_NAN) {
        f->n_nan++;
        c->o = f->out.ptr + f->token.text;
        memcpy(c->o, "null", 4);
        c->o += 4;
        kg_cut_clamp(f, c);
    }
    end_value(f, c);
    return f->depth > 0 ? KG_FRAME_NONE : close_candidate(f, c);
}

INLINED enum kg_frame_event on_scalar(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *from = c->p;

    while (c->p < c->end && kg_scalar_has(*c->p)) {
        *c->o++ = *c->p++;
    }
    if (kg_cut_token_len(f, c) > kg_frame_scalar_max(f)) {
        return refuse_token(f, c, from);
    }
    return c->p < c->end ? end_scalar(f, c) : KG_FRAME_NONE;
}

/* --- the grammar ------------------------------------------------------------- */

enum kg_frame_event kg_grammar_end_scalar(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_cut cut = *c;
    enum kg_frame_event event = end_scalar(f, &cut);

    *c = cut;
    return event;
}

/* Is `state` what comes next, and can it? */
static inline bool goes_on(const struct kg_frame *f, const struct kg_cut *c,
                           enum kg_frame_event event,
                           enum kg_grammar_state state)
{
    return event == KG_FRAME_NONE && f->state == state && c->p < c->end;
}

/* A value that is no container, and the comma behind it. */
INLINED enum kg_frame_event read_value(struct kg_frame *f, struct kg_cut *c)
{
    enum kg_frame_event event = on_value(f, c);

    if (goes_on(f, c, event, TEXT)) {
        event = on_text(f, c);
    } else if (goes_on(f, c, event, SCALAR)) {
        event = on_scalar(f, c);
    }
    return goes_on(f, c, event, NEXT) ? on_next(f, c) : event;
}

/* A member, as most of them come; another goes on by its state. */
INLINED enum kg_frame_event read_member(struct kg_frame *f, struct kg_cut *c)
{
    enum kg_frame_event event = on_name(f, c);

    if (goes_on(f, c, event, TEXT)) {
        event = on_text(f, c);
    }
    if (goes_on(f, c, event, COLON)) {
        event = on_colon(f, c);
    }
    return goes_on(f, c, event, VALUE) ? read_value(f, c) : event;
}

static enum kg_frame_event read_on(struct kg_frame *f, struct kg_cut *c)
{
    enum kg_frame_event event = KG_FRAME_NONE;

    while (c->p < c->end && event == KG_FRAME_NONE) {
        switch (f->state) {
        case FIRST_NAME:
        case NAME:
            event = read_member(f, c);
            break;
        case COLON:
            event = on_colon(f, c);
            break;
        case FIRST_VALUE:
        case VALUE:
            event = read_value(f, c);
            break;
        case NEXT:
            event = on_next(f, c);
            break;
        case CLOSER:
            event = on_closer(f, c);
            break;
        case TEXT:
            event = on_text(f, c);
            break;
        case ESCAPE:
            event = on_escape(f, c);
            break;
        case HEX:
            event = on_hex(f, c);
            break;
        case SEQUENCE:
            event = on_sequence(f, c);
            break;
        case SCALAR:
            event = on_scalar(f, c);
            break;
        default:
            return event;
        }
    }
    return event;
}

enum kg_frame_event kg_grammar_read(struct kg_frame *f, struct kg_cut *c)
{
    struct kg_cut cut;
    enum kg_frame_event event;

    if (c->p == c->start && kg_skip_is_due(f)) {
        kg_skip(f, c);
    }
    cut = *c;
    event = read_on(f, &cut);
    *c = cut;
    return event;
}
