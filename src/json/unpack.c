/* SPDX-License-Identifier: MIT */
#include "unpack.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum kg_errc kg_unpack_init(struct kg_unpack *u, enum kg_packing packing)
{
    *u = (struct kg_unpack){.packing = packing, .at_begin = true};
    u->windows = kg_alloc(2 * sizeof(*u->windows));
    return u->windows != NULL ? KG_OK : KG_ENOMEM;
}

void kg_unpack_finish(struct kg_unpack *u)
{
    kg_inflate_end(&u->inflate);
    kg_free(u->windows);
}

bool kg_unpack_is_open(const struct kg_unpack *u)
{
    return u->state == KG_UNPACK_BODY;
}

/* 1f 8b 08, and "BZh". */
static const char *magic_of(const struct kg_unpack *u)
{
    return u->packing == KG_PACKING_GZIP ? "H4sI" : "Qlpo";
}

static void skip(struct kg_str *s, size_t n)
{
    *s = kg_str_of(s->ptr + n, s->len - n);
}

/* --- base64 --------------------------------------------------------------------- */

static size_t add_bits(struct kg_unpack *u, int value, size_t len)
{
    u->bits = u->bits << 6 | (uint32_t)value;
    u->n_bits += 6;
    if (u->n_bits < 8) {
        return len;
    }
    u->n_bits -= 8;
    u->bytes[len] = (char)(u->bits >> u->n_bits);
    return len + 1;
}

/* Up to what is no base64, to a line's end (the body's, maybe), or as much as
 * there is room for. */
static void decode(struct kg_unpack *u, struct kg_str *log)
{
    size_t len = 0;
    size_t i = 0;

    u->at_begin = false;
    while (i < log->len && len < sizeof(u->bytes) && !u->at_begin) {
        int value = kg_str_base64_value(log->ptr[i]);

        if (value >= 0) {
            len = add_bits(u, value, len);
        } else if (log->ptr[i] != '\n' && log->ptr[i] != '\r') {
            u->over = true;
            break;
        }
        u->at_begin = log->ptr[i++] == '\n';
    }
    skip(log, i);
    u->n_in += i;
    u->packed = kg_str_of(u->bytes, len);
}

/* --- outside of a body ------------------------------------------------------------ */

static enum kg_unpack_event begin_body(struct kg_unpack *u)
{
    struct kg_str magic = kg_str_from(magic_of(u));

    if (kg_inflate_begin(&u->inflate, u->packing) != KG_OK) {
        return KG_UNPACK_NOMEM;
    }
    u->state = KG_UNPACK_BODY;
    u->bits = 0;
    u->n_bits = 0;
    u->over = false;
    u->full = false;
    decode(u, &magic);
    return KG_UNPACK_MORE;
}

/* At a line's beginning; false when the line is another. */
static bool read_magic(struct kg_unpack *u, struct kg_str *log)
{
    const char *magic = magic_of(u);

    while (log->len > 0 && u->n_magic < KG_UNPACK_MAGIC &&
           *log->ptr == magic[u->n_magic]) {
        u->n_magic++;
        skip(log, 1);
    }
    return log->len == 0 || u->n_magic == KG_UNPACK_MAGIC;
}

/* What looked like a body's beginning, up to here. */
static enum kg_unpack_event give_magic_back(struct kg_unpack *u)
{
    u->text = kg_str_of(magic_of(u), u->n_magic);
    u->at_begin = false;
    u->n_magic = 0;
    return KG_UNPACK_TEXT;
}

/* Up to a line that begins as a body does, at least with its first letter. */
static enum kg_unpack_event pass_lines(struct kg_unpack *u, struct kg_str *log)
{
    const char *from = log->ptr;
    const char *end = log->ptr + log->len;
    const char *at = from;

    while (at < end && !u->at_begin) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        at = line != NULL ? line + 1 : end;
        u->at_begin = line != NULL && (at == end || *at == *magic_of(u));
    }
    u->text = kg_str_of(from, (size_t)(at - from));
    skip(log, u->text.len);
    return KG_UNPACK_TEXT;
}

static enum kg_unpack_event read_lines(struct kg_unpack *u, struct kg_str *log)
{
    if (u->at_begin && !read_magic(u, log)) {
        if (u->n_magic > 0) {
            return give_magic_back(u);
        }
        u->at_begin = false;
    }
    if (u->n_magic == KG_UNPACK_MAGIC) {
        u->n_magic = 0;
        return begin_body(u);
    }
    return log->len > 0 ? pass_lines(u, log) : KG_UNPACK_MORE;
}

/* --- a body ------------------------------------------------------------------------- */

static enum kg_unpack_event leave(struct kg_unpack *u,
                                  enum kg_unpack_event event)
{
    kg_inflate_end(&u->inflate);
    u->len[0] = 0;
    u->len[1] = 0;
    u->state = KG_UNPACK_LINE;
    return event;
}

static enum kg_unpack_event broken(struct kg_unpack *u, const char *why)
{
    u->why = why;
    return leave(u, KG_UNPACK_BROKEN);
}

/* The window that waited goes out, the one that is full waits. */
static enum kg_unpack_event turn(struct kg_unpack *u)
{
    u->filling ^= 1;
    u->text = kg_str_of(u->windows[u->filling], u->len[u->filling]);
    u->len[u->filling] = 0;
    return u->text.len > 0 ? KG_UNPACK_TEXT : KG_UNPACK_MORE;
}

static bool is_too_large(const struct kg_unpack *u)
{
    return u->n_out > KG_LIMIT_UNPACK_FREE &&
           u->n_out / KG_LIMIT_UNPACK_RATIO > u->n_in;
}

static enum kg_unpack_event unpack_some(struct kg_unpack *u)
{
    size_t *len = &u->len[u->filling];
    size_t room = KG_UNPACK_WINDOW - *len;
    size_t n;
    enum kg_errc err = kg_inflate_run(&u->inflate, &u->packed,
                                      u->windows[u->filling] + *len, room, &n);

    *len += n;
    u->n_out += n;
    u->full = n == room;
    if (err == KG_ECLOSED) {
        u->state = KG_UNPACK_ENDING;
        return turn(u);
    }
    if (err != KG_OK) {
        return err == KG_ENOMEM ? KG_UNPACK_NOMEM : broken(u, "cut");
    }
    if (is_too_large(u)) {
        return broken(u, "limit");
    }
    return u->full ? turn(u) : KG_UNPACK_MORE;
}

/* MORE while there is something to do is a step alone. */
static enum kg_unpack_event read_body(struct kg_unpack *u, struct kg_str *log)
{
    if (u->packed.len == 0 && !u->full) {
        if (u->over) {
            return broken(u, "cut");
        }
        decode(u, log);
    }
    return u->packed.len > 0 || u->full ? unpack_some(u) : KG_UNPACK_MORE;
}

static enum kg_unpack_event end_body(struct kg_unpack *u)
{
    enum kg_unpack_event event = turn(u);

    return event == KG_UNPACK_TEXT ? event : leave(u, KG_UNPACK_MORE);
}

/* --- all ------------------------------------------------------------------------------ */

static bool is_idle(const struct kg_unpack *u, struct kg_str log)
{
    if (u->state == KG_UNPACK_BODY) {
        return log.len == 0 && u->packed.len == 0 && !u->full && !u->over;
    }
    return u->state == KG_UNPACK_LINE && log.len == 0;
}

enum kg_unpack_event kg_unpack_next(struct kg_unpack *u, struct kg_str *log)
{
    enum kg_unpack_event event = KG_UNPACK_MORE;

    while (event == KG_UNPACK_MORE && !is_idle(u, *log)) {
        switch (u->state) {
        case KG_UNPACK_LINE:
            event = read_lines(u, log);
            break;
        case KG_UNPACK_BODY:
            event = read_body(u, log);
            break;
        case KG_UNPACK_ENDING:
            event = end_body(u);
            break;
        }
    }
    return event;
}
