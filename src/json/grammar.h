/* A candidate from its opener to its last closer, byte by byte: the inside of
 * a frame. What may come next is a state; what was read goes to the frame's
 * `out` without the white space. */
#ifndef KG_JSON_GRAMMAR_H
#define KG_JSON_GRAMMAR_H

#include "bytes.h"
#include "frame.h"

/* `out` has so much more room than the input to be read can need. */
enum { KG_CUT_SLACK = 64 + KG_CHECK_SLACK };

/* The input of one call; the frame's `out` is written through `o`. */
struct kg_cut {
    const uint8_t *start, *p, *end;
    uint8_t *o;
    const uint8_t *line; /* The last line that begins in it, or NULL. */
};

/* No input at all, where the frame stands. */
static inline struct kg_cut kg_cut_nowhere(const struct kg_frame *f)
{
    static const uint8_t none[1];

    return (struct kg_cut){none, none, none, f->out.ptr + f->out.len, NULL};
}

static inline uint64_t kg_cut_offset(const struct kg_frame *f,
                                     const struct kg_cut *c)
{
    return f->offset + (uint64_t)(c->p - c->start);
}

/* Nothing is read from `offset` of the stream on. */
static inline void kg_cut_stop_at(const struct kg_frame *f, struct kg_cut *c,
                                  uint64_t offset)
{
    if (f->offset + (uint64_t)(c->end - c->start) > offset) {
        c->end = c->start + (size_t)(offset - f->offset);
    }
}

static inline uint8_t kg_cut_before(const struct kg_frame *f,
                                    const struct kg_cut *c)
{
    return c->p > c->start ? c->p[-1] : f->last;
}

static inline bool kg_cut_at_line_start(const struct kg_frame *f,
                                        const struct kg_cut *c)
{
    return kg_cut_before(f, c) == '\n';
}

/* So that what is read fits into `out`, and what is written beyond it at once. */
static inline void kg_cut_clamp(const struct kg_frame *f, struct kg_cut *c)
{
    size_t room = f->out.capacity - KG_CUT_SLACK - (size_t)(c->o - f->out.ptr);

    if ((size_t)(c->end - c->p) > room) {
        c->end = c->p + room;
    }
}

/* The container that is open. */
static inline bool kg_frame_is_object(const struct kg_frame *f)
{
    size_t top = f->depth - 1;

    return (f->kinds[top / 8] >> (top % 8) & 1) != 0;
}

static inline bool kg_frame_opens(const struct kg_frame *f, uint8_t byte)
{
    return (byte == '{' && f->options.root != KG_ROOT_ARRAY) ||
           (byte == '[' && f->options.root != KG_ROOT_OBJECT);
}

/* Whether openers of this kind are set against the closers in the noise. */
static inline bool kg_frame_counts(const struct kg_frame *f, bool object)
{
    return object == (f->options.root != KG_ROOT_ARRAY);
}

/* Of the token that is read, a string's first quote among them. */
static inline size_t kg_cut_token_len(const struct kg_frame *f,
                                      const struct kg_cut *c)
{
    return (size_t)(c->o - f->out.ptr) - f->token.text;
}

/* The same of what a string may have, */
static inline size_t kg_frame_text_max(const struct kg_frame *f)
{
    const struct kg_frame_limits *l = &f->options.limits;

    return (f->token.naming ? l->key : l->string) + 1;
}

/* and what is no string: as much as is looked at before it is read, or its limit. */
static inline size_t kg_frame_scalar_max(const struct kg_frame *f)
{
    size_t number = f->options.limits.number;

    return number > KG_OPENERS_TOKEN_MAX ? number : KG_OPENERS_TOKEN_MAX;
}

/* candidate.c: how one begins and ends. `from` is where its first byte is, which
 * the caller reads. */
void kg_candidate_begin(struct kg_frame *f, struct kg_cut *c, uint64_t from);
/* CLOSED, or NONE when it is to be judged by what follows. */
enum kg_frame_event kg_candidate_close(struct kg_frame *f,
                                       const struct kg_cut *c);
/* CLOSED: what follows leaves no doubt that it was a document. */
enum kg_frame_event kg_candidate_accept(struct kg_frame *f,
                                        const struct kg_cut *c);
/* The byte at c->p has no place here. It is read again, as noise. PIECE, when
 * tokens are left, or BROKEN. */
enum kg_frame_event kg_candidate_fail(struct kg_frame *f, struct kg_cut *c,
                                      enum kg_frame_fault fault);
/* The token is longer than it may be by what was copied of it last, from `from`
 * on: of that all but one byte too many is taken back, so that it ends in the same
 * place wherever the input was cut. Returns its fault. */
enum kg_frame_fault kg_candidate_shorten(const struct kg_frame *f,
                                         struct kg_cut *c, const uint8_t *from);
/* A limit: the rest of the document is no noise, and nothing worth reading. */
enum kg_frame_event kg_candidate_refuse(struct kg_frame *f, struct kg_cut *c,
                                        enum kg_frame_fault fault);

/* After the PIECE that kg_candidate_fail() or _refuse() returned. */
enum kg_frame_event kg_candidate_break(struct kg_frame *f);
/* PIECE with all that can be handed on; NONE when there is nothing. */
enum kg_frame_event kg_candidate_give(struct kg_frame *f);
/* The one inside becomes the candidate. */
void kg_candidate_turn_to_inner(struct kg_frame *f);

/* mend.c: what is to be taken out from between a candidate's bytes. `pass`: the
 * bytes from `from` up to c->p were read outside of one. */
void kg_mend_pass(struct kg_frame *f, struct kg_cut *c, const uint8_t *from);
/* The byte at c->p is the first of its line. True: it is not to be read now; and
 * for the others the same. */
bool kg_mend_at_line(struct kg_frame *f, struct kg_cut *c);
/* The byte at c->p has no place here. */
bool kg_mend_at_fault(struct kg_frame *f, struct kg_cut *c);
/* Reading goes on at c->p; it stops at the next place for a stamp. */
bool kg_mend_at_piece(struct kg_frame *f, struct kg_cut *c);
/* Where in the stream the next piece of the line that is read may begin. */
uint64_t kg_mend_piece_end(const struct kg_frame *f, const struct kg_cut *c);
/* Reads from `in` while f->mend has a kind; _end(): there is no more. */
enum kg_frame_event kg_mend_read(struct kg_frame *f, struct kg_str *in);
enum kg_frame_event kg_mend_end(struct kg_frame *f);
/* frame.c: takes bytes off `in` that were read. */
void kg_frame_take(struct kg_frame *f, struct kg_str *in, size_t n);

/* grammar.c: reads while the frame is inside a candidate, up to c->end. */
enum kg_frame_event kg_grammar_read(struct kg_frame *f, struct kg_cut *c);
enum kg_frame_event kg_grammar_end_scalar(struct kg_frame *f, struct kg_cut *c);

static inline bool kg_grammar_is_inside(const struct kg_frame *f)
{
    return f->state >= FIRST_NAME && f->state <= SCALAR;
}

static inline bool kg_grammar_is_in_token(const struct kg_frame *f)
{
    return f->state >= TEXT && f->state <= SCALAR;
}

#endif /* KG_JSON_GRAMMAR_H */
