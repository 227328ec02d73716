/* SPDX-License-Identifier: MIT */
#include "grammar.h"

#include "kubeglean/limits.h"

/* What the kubelet's runtimes split what is written into. */
#define PIECE ((uint64_t)(16 * KG_KIB))

/* --- lines -------------------------------------------------------------------- */

void kg_mend_init(struct kg_mend *m)
{
    *m = (struct kg_mend){.kind = KG_MEND_NONE};
    kg_buf_init(&m->text, KG_LIMIT_FOREIGN);
}

void kg_mend_finish(struct kg_mend *m)
{
    kg_buf_finish(&m->text);
}

/* A stamp at the line's beginning is there for all candidates in the line. */
void kg_mend_begin(struct kg_mend *m)
{
    bool open;
    size_t stamp = kg_foreign_stamp(kg_str_of(m->head, m->n_head), &open);
    uint64_t text = m->head_from + stamp;

    m->kind = KG_MEND_NONE;
    m->since = 0;
    m->n_taken = 0;
    m->mangled = 0;
    m->stamped = stamp > 0 && m->line <= text;
    m->line = m->stamped ? text : m->line;
    memset(m->head + m->n_head, 0, sizeof(m->head) - m->n_head);
    m->n_head = sizeof(m->head);
}

void kg_mend_pass(struct kg_frame *f, struct kg_cut *c, const uint8_t *from)
{
    struct kg_mend *m = &f->mend;
    size_t len = (size_t)(c->p - from);
    const uint8_t *end = len > 0 ? memrchr(from, '\n', len) : NULL;

    if (end != NULL) {
        from = end + 1;
        m->line = f->offset + (uint64_t)(from - c->start);
        m->head_from = m->line;
        m->n_head = 0;
        c->line = NULL;
    }
    while (from < c->p && m->n_head < sizeof(m->head)) {
        m->head[m->n_head++] = (char)*from++;
    }
}

/* --- beginning ------------------------------------------------------------------ */

static bool begin(struct kg_frame *f, struct kg_cut *c, enum kg_mend_kind kind)
{
    f->mend.kind = kind;
    f->mend.from = kg_cut_offset(f, c);
    f->mend.before = kg_cut_before(f, c);
    kg_buf_reset(&f->mend.text);
    c->end = c->p;
    return true;
}

bool kg_mend_at_line(struct kg_frame *f, struct kg_cut *c)
{
    switch (*c->p) {
    case '{':
    case '"':
    case '}':
    case ']':
    case ',':
        return false;
    default:
        return f->depth > 0 && !f->options.strict &&
               kg_cut_offset(f, c) >= f->mend.done && begin(f, c, KG_MEND_LINE);
    }
}

static uint64_t line_of(const struct kg_frame *f, const struct kg_cut *c)
{
    return c->line != NULL ? f->offset + (uint64_t)(c->line - c->start)
                           : f->mend.line;
}

static void note_taken(struct kg_frame *f, uint64_t n)
{
    f->noise.n_bytes += n;
    f->mend.n_taken += n;
}

/* The backslash of an escape that may have been split. */
static bool ends_in_escape(const uint8_t *end, uint64_t len)
{
    size_t n = len < 5 ? (size_t)len : 5;

    return memchr(end - n, '\\', n) != NULL;
}

/* The string goes on in the next line, from where a piece of it ended. There has
 * to be one such place, and a log's line has to begin there. */
static bool cut_text(struct kg_frame *f, struct kg_cut *c)
{
    const uint8_t *text = f->out.ptr + f->token.text + 1;
    uint64_t now = kg_cut_offset(f, c);
    uint64_t first = now - (uint64_t)(c->o - text);
    uint64_t line = line_of(f, c);
    uint64_t place = now - (now - line) % PIECE;
    size_t n = (size_t)(now - place);

    if (n == 0 || place <= line || place < first || place - first >= PIECE ||
        f->mend.mangled >= first || ends_in_escape(c->o - n, place - first) ||
        !kg_foreign_is_head(kg_str_of((char *)c->o - n, n))) {
        return false;
    }
    c->o -= n;
    c->p++;
    c->line = c->p;
    note_taken(f, n + 1);
    return begin(f, c, KG_MEND_STAMP);
}

static bool is_piece(const struct kg_frame *f, const struct kg_cut *c,
                     uint64_t at)
{
    uint64_t line = line_of(f, c);

    return f->damaging && at > line && (at - line) % PIECE == 0 &&
           at >= f->mend.done;
}

/* What was read as a scalar is the beginning of the piece. */
static bool turn_scalar(struct kg_frame *f, struct kg_cut *c)
{
    uint8_t *token = f->out.ptr + f->token.text;
    size_t len = (size_t)(c->o - token);
    uint8_t before = token > f->out.ptr ? token[-1] : f->out.handed;

    if (!is_piece(f, c, kg_cut_offset(f, c) - len)) {
        return false;
    }
    (void)begin(f, c, KG_MEND_PIECE);
    f->mend.from -= len;
    f->mend.before = before;
    c->o = token;
    f->state = before == '[' ? FIRST_VALUE : VALUE;
    return kg_buf_add(&f->mend.text, kg_str_of((char *)token, len)) == KG_OK;
}

bool kg_mend_at_fault(struct kg_frame *f, struct kg_cut *c)
{
    bool between = f->state >= FIRST_NAME && f->state <= CLOSER;

    if (f->options.strict) {
        return false;
    }
    if (*c->p == '\x1b' && (between || f->state == TEXT)) {
        f->mend.ansi = KG_ANSI_BEGUN;
        return begin(f, c, KG_MEND_ANSI);
    }
    if (f->state == TEXT) {
        return *c->p == '\n' && cut_text(f, c);
    }
    if (f->state == SCALAR) {
        return turn_scalar(f, c);
    }
    return between && is_piece(f, c, kg_cut_offset(f, c)) &&
           begin(f, c, KG_MEND_PIECE);
}

/* How long pieces are, or were, in the field. */
bool kg_mend_at_piece(struct kg_frame *f, struct kg_cut *c)
{
    uint64_t at = kg_cut_offset(f, c);

    for (uint64_t len = PIECE / 4; len <= PIECE; len *= 2) {
        uint64_t place = f->mend.line + len;

        if (at == place && at >= f->mend.done) {
            return begin(f, c, KG_MEND_STAMP);
        }
        if (at < place) {
            kg_cut_stop_at(f, c, place);
            return false;
        }
    }
    return false;
}

uint64_t kg_mend_piece_end(const struct kg_frame *f, const struct kg_cut *c)
{
    uint64_t at = kg_cut_offset(f, c);

    return at + PIECE - (at - line_of(f, c)) % PIECE;
}

/* --- the end of what is looked at ------------------------------------------------- */

/* But for `skip` bytes, the grammar is to meet it. */
static void release(struct kg_frame *f, size_t skip)
{
    struct kg_mend *m = &f->mend;
    struct kg_str text = kg_buf_str(&m->text);

    if (skip > 0) {
        m->line = m->from + skip;
        note_taken(f, skip);
    }
    m->kind = KG_MEND_NONE;
    m->done = m->from + text.len;
    m->rest = kg_str_of(text.ptr + skip, text.len - skip);
    f->offset = m->from + skip;
    f->last = skip > 0 ? '\n' : m->before;
}

static void take_out(struct kg_frame *f)
{
    f->mend.kind = KG_MEND_NONE;
    f->mend.done = f->offset;
    f->mend.line = f->offset;
    note_taken(f, kg_buf_len(&f->mend.text));
}

/* The document goes on at `at`, behind lines that were taken out. */
static void go_on(struct kg_frame *f, uint64_t at)
{
    note_taken(f, at - f->mend.since);
    f->mend.since = 0;
    f->mend.kind = KG_MEND_NONE;
    f->state = f->state == NEXT ? CLOSER : f->state;
}

static enum kg_frame_event give_up(struct kg_frame *f)
{
    struct kg_cut c = kg_cut_nowhere(f);

    release(f, 0);
    return kg_candidate_fail(f, &c, KG_FAULT_SYNTAX);
}

/* An object's value is in its name's line. A document that closed right before
 * may be all there is. */
static bool may_lose_a_line(const struct kg_frame *f)
{
    const struct kg_mend *m = &f->mend;

    if (f->inner.state == KG_INNER_WHOLE ||
        (m->since > 0 && f->offset - m->since > KG_LIMIT_RESCAN)) {
        return false;
    }
    switch (f->state) {
    case FIRST_NAME:
    case FIRST_VALUE:
    case NAME:
        return f->damaging || f->depth == 1;
    case VALUE:
        return f->damaging && !kg_frame_is_object(f);
    case NEXT:
    case CLOSER:
        return true;
    default:
        return false;
    }
}

/* Noise may have "{", a line, "}": there has to be something in a document. And
 * the line may have had an array's only element behind it. */
static void lose_line(struct kg_frame *f)
{
    if (f->mend.since == 0) {
        f->mend.since = f->mend.from;
    }
    if (f->state == FIRST_VALUE) {
        f->state = VALUE;
    } else if (f->state == FIRST_NAME && !f->damaging) {
        f->state = NAME;
    }
    kg_buf_reset(&f->mend.text);
}

static bool goes_on_with(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '}' || byte == ']';
}

/* `whole`: to its end; else there is more of it than is looked at. */
static enum kg_line verdict_on(const struct kg_frame *f, struct kg_str line,
                               bool whole)
{
    return whole && line.len > 0 ? kg_foreign_judge(line, f->options.root)
                                 : KG_LINE_DOUBTFUL;
}

static size_t stamp_of(const struct kg_frame *f, struct kg_str line)
{
    bool open;

    return f->mend.stamped ? kg_foreign_stamp(line, &open) : 0;
}

static enum kg_frame_event judge_line(struct kg_frame *f, struct kg_str line,
                                      bool whole)
{
    size_t stamp = stamp_of(f, line);
    enum kg_line verdict;

    line = kg_str_of(line.ptr + stamp, line.len - stamp);
    verdict = verdict_on(f, line, whole);
    if (verdict == KG_LINE_FOREIGN && may_lose_a_line(f)) {
        lose_line(f);
        return KG_FRAME_NONE;
    }
    if (f->mend.since > 0) {
        if (verdict != KG_LINE_TOKENS || line.len == 0 ||
            !goes_on_with((uint8_t)*line.ptr)) {
            return give_up(f);
        }
        go_on(f, f->mend.from);
    }
    release(f, stamp);
    return KG_FRAME_NONE;
}

static enum kg_frame_event judge_piece(struct kg_frame *f, struct kg_str line,
                                       bool whole)
{
    if (verdict_on(f, line, whole) == KG_LINE_FOREIGN) {
        take_out(f);
    } else {
        release(f, 0);
    }
    return KG_FRAME_NONE;
}

static enum kg_frame_event judge(struct kg_frame *f, bool whole)
{
    struct kg_str line = kg_buf_str(&f->mend.text);

    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\n';
    return f->mend.kind == KG_MEND_LINE ? judge_line(f, line, whole)
                                        : judge_piece(f, line, whole);
}

/* --- reading -------------------------------------------------------------------- */

static enum kg_frame_event collect(struct kg_frame *f, struct kg_str *in,
                                   size_t n)
{
    if (kg_buf_add(&f->mend.text, kg_str_of(in->ptr, n)) != KG_OK) {
        return KG_FRAME_NOMEM;
    }
    kg_frame_take(f, in, n);
    return KG_FRAME_NONE;
}

/* The first byte behind a line that was taken out: is it looked at no more? */
static bool read_first(struct kg_frame *f, struct kg_str *in)
{
    if (*in->ptr == '\n' || *in->ptr == '\r') {
        kg_frame_take(f, in, 1);
        return true;
    }
    f->mend.from = f->offset;
    f->mend.before = '\n';
    f->mend.line = f->offset;
    if (!goes_on_with((uint8_t)*in->ptr)) {
        return false;
    }
    go_on(f, f->offset);
    return true;
}

static enum kg_frame_event read_line(struct kg_frame *f, struct kg_str *in)
{
    size_t had = kg_buf_len(&f->mend.text);
    size_t n = f->mend.text.max - had;
    const char *end;

    if (had == 0 && f->mend.since > 0 && read_first(f, in)) {
        return KG_FRAME_NONE;
    }
    n = n < in->len ? n : in->len;
    if (kg_inner_is_kept(&f->inner) &&
        n > kg_inner_bound(&f->inner) - f->offset) {
        n = (size_t)(kg_inner_bound(&f->inner) - f->offset);
    }
    end = memchr(in->ptr, '\n', n);
    n = end != NULL ? (size_t)(end - in->ptr) + 1 : n;
    if (collect(f, in, n) != KG_FRAME_NONE) {
        return KG_FRAME_NOMEM;
    }
    if (end == NULL && had + n < f->mend.text.max) {
        return KG_FRAME_NONE;
    }
    return judge(f, end != NULL);
}

/* Where no line had one it is the document's as likely as not. */
static enum kg_frame_event read_stamp(struct kg_frame *f, struct kg_str *in)
{
    bool open;

    if (collect(f, in, 1) != KG_FRAME_NONE) {
        return KG_FRAME_NOMEM;
    }
    if (kg_foreign_stamp(kg_buf_str(&f->mend.text), &open) > 0) {
        if (!f->mend.stamped) {
            return give_up(f);
        }
        take_out(f);
        f->mend.mangled = f->offset;
    } else if (!open) {
        release(f, 0);
    }
    return KG_FRAME_NONE;
}

static enum kg_frame_event read_ansi(struct kg_frame *f, struct kg_str *in)
{
    struct kg_cut c = kg_cut_nowhere(f);

    if (f->offset > f->mend.from) {
        f->mend.ansi = kg_foreign_ansi(f->mend.ansi, (uint8_t)*in->ptr);
    }
    if (f->mend.ansi == KG_ANSI_BAD) {
        return kg_candidate_fail(f, &c, KG_FAULT_SYNTAX);
    }
    kg_frame_take(f, in, 1);
    if (f->mend.ansi == KG_ANSI_OVER) {
        note_taken(f, f->offset - f->mend.from);
        f->mend.kind = KG_MEND_NONE;
        f->mend.mangled = f->offset;
    }
    return KG_FRAME_NONE;
}

enum kg_frame_event kg_mend_read(struct kg_frame *f, struct kg_str *in)
{
    switch (f->mend.kind) {
    case KG_MEND_STAMP:
        return read_stamp(f, in);
    case KG_MEND_ANSI:
        return read_ansi(f, in);
    default:
        return read_line(f, in);
    }
}

enum kg_frame_event kg_mend_end(struct kg_frame *f)
{
    if (f->mend.kind == KG_MEND_STAMP) {
        release(f, 0);
    } else if (f->mend.kind != KG_MEND_ANSI && kg_buf_len(&f->mend.text) > 0) {
        return judge(f, true);
    }
    return KG_FRAME_NONE;
}
