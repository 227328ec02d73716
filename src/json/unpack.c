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

bool kg_unpack_is_unpacked(const struct kg_unpack *u)
{
    return u->state != KG_UNPACK_LINE;
}

/* 1f 8b 08, and "BZh". */
static const char *const magics[] = {[KG_PACKING_NONE] = "",
                                     [KG_PACKING_GZIP] = "H4sI",
                                     [KG_PACKING_BZIP2] = "Qlpo"};

static enum kg_packing packing_by(char first)
{
    return first == 'H'   ? KG_PACKING_GZIP
           : first == 'Q' ? KG_PACKING_BZIP2
                          : KG_PACKING_NONE;
}

static void skip(struct kg_unpack *u, struct kg_str *log, size_t n)
{
    *log = kg_str_of(log->ptr + n, log->len - n);
    u->offset += n;
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
    skip(u, log, i);
    u->n_in += i;
    u->packed = kg_str_of(u->bytes, len);
}

static void begin_base64(struct kg_unpack *u)
{
    u->bits = 0;
    u->n_bits = 0;
    u->over = false;
}

/* --- a stream --------------------------------------------------------------------- */

static enum kg_unpack_event begin_stream(struct kg_unpack *u)
{
    if (kg_inflate_begin(&u->inflate, u->packing) != KG_OK) {
        return KG_UNPACK_NOMEM;
    }
    u->state = KG_UNPACK_BODY;
    u->full = false;
    return KG_UNPACK_MORE;
}

static enum kg_unpack_event leave(struct kg_unpack *u,
                                  enum kg_unpack_event event)
{
    kg_inflate_end(&u->inflate);
    u->len[0] = 0;
    u->len[1] = 0;
    u->packed = kg_str_of(NULL, 0);
    u->state = KG_UNPACK_LINE;
    return event;
}

static enum kg_unpack_event broken(struct kg_unpack *u, const char *reason,
                                   const char *detail)
{
    u->broken.to = u->offset;
    u->broken.reason = reason;
    u->broken.detail = detail;
    return leave(u, KG_UNPACK_BROKEN);
}

bool kg_unpack_end(struct kg_unpack *u, const char *reason)
{
    if (u->state != KG_UNPACK_BODY) {
        return false;
    }
    (void)broken(u, reason, "the log ends inside it");
    return true;
}

/* --- outside of a body ------------------------------------------------------------ */

static enum kg_unpack_event begin_body(struct kg_unpack *u)
{
    struct kg_str magic = kg_str_from(magics[u->met]);
    enum kg_unpack_event event;

    u->broken.from = u->offset - magic.len;
    if (u->met != u->packing) {
        return broken(u, "cut",
                      u->met == KG_PACKING_BZIP2
                          ? "it is base64+bzip2, and the profile's encoding "
                            "base64+gzip"
                          : "it is base64+gzip, and the profile's encoding "
                            "base64+bzip2");
    }
    event = begin_stream(u);
    if (event == KG_UNPACK_MORE) {
        begin_base64(u);
        u->offset -= magic.len;
        decode(u, &magic);
    }
    return event;
}

/* At a line's beginning; false when the line is another. */
static bool read_magic(struct kg_unpack *u, struct kg_str *log)
{
    if (u->n_magic == 0 && log->len > 0) {
        u->met = packing_by(*log->ptr);
    }
    while (log->len > 0 && u->met != KG_PACKING_NONE &&
           u->n_magic < KG_UNPACK_MAGIC &&
           *log->ptr == magics[u->met][u->n_magic]) {
        u->n_magic++;
        skip(u, log, 1);
    }
    return log->len == 0 || u->n_magic == KG_UNPACK_MAGIC;
}

/* What looked like a body's beginning, up to here. */
static enum kg_unpack_event give_magic_back(struct kg_unpack *u)
{
    u->text = kg_str_of(magics[u->met], u->n_magic);
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
        u->at_begin =
            line != NULL && (at == end || packing_by(*at) != KG_PACKING_NONE);
    }
    u->text = kg_str_of(from, (size_t)(at - from));
    skip(u, log, u->text.len);
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
        u->at_begin = false;
        return begin_body(u);
    }
    return log->len > 0 ? pass_lines(u, log) : KG_UNPACK_MORE;
}

/* --- a body ------------------------------------------------------------------------- */

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
        kg_inflate_end(&u->inflate);
        u->state = KG_UNPACK_ENDING;
        return turn(u);
    }
    if (err == KG_ENOMEM) {
        return KG_UNPACK_NOMEM;
    }
    if (err != KG_OK) {
        return broken(u, "cut",
                      u->packing == KG_PACKING_GZIP
                          ? "what the base64 holds is no gzip, or its check "
                            "sum is another"
                          : "what the base64 holds is no bzip2, or its check "
                            "sum is another");
    }
    if (is_too_large(u)) {
        return broken(u, "limit",
                      "unpacked it is above 16 MiB and 256 times as long");
    }
    return u->full ? turn(u) : KG_UNPACK_MORE;
}

/* MORE while there is something to do is a step alone. */
static enum kg_unpack_event read_body(struct kg_unpack *u, struct kg_str *log)
{
    if (u->packed.len == 0 && !u->full) {
        if (u->over) {
            return broken(u, "cut", "this is no base64, and it is not over");
        }
        decode(u, log);
    }
    return u->packed.len > 0 || u->full ? unpack_some(u) : KG_UNPACK_MORE;
}

/* --- behind a stream ---------------------------------------------------------------- */

/* A tape's block was filled up with them. */
static void drop_zeros(struct kg_str *packed)
{
    while (packed->len > 0 && *packed->ptr == '\0') {
        *packed = kg_str_of(packed->ptr + 1, packed->len - 1);
    }
}

/* Behind the padding, as at a line's beginning, there may be another body. */
static enum kg_unpack_event end_base64(struct kg_unpack *u, struct kg_str *log)
{
    while (log->len > 0 && *log->ptr == '=') {
        skip(u, log, 1);
        u->at_begin = true;
    }
    return log->len > 0 ? leave(u, KG_UNPACK_MORE) : KG_UNPACK_MORE;
}

/* What is left of its line belongs to it: another stream, or damage. */
static enum kg_unpack_event end_body(struct kg_unpack *u, struct kg_str *log)
{
    enum kg_unpack_event event = turn(u);

    if (event == KG_UNPACK_TEXT) {
        return event;
    }
    drop_zeros(&u->packed);
    if (u->packed.len > 0) {
        return begin_stream(u);
    }
    if (u->over) {
        return end_base64(u, log);
    }
    if (u->at_begin) {
        return leave(u, KG_UNPACK_MORE);
    }
    decode(u, log);
    return KG_UNPACK_MORE;
}

/* --- all ------------------------------------------------------------------------------ */

static bool is_idle(const struct kg_unpack *u, struct kg_str log)
{
    switch (u->state) {
    case KG_UNPACK_BODY:
        return log.len == 0 && u->packed.len == 0 && !u->full && !u->over;
    case KG_UNPACK_ENDING:
        return log.len == 0 && u->packed.len == 0 &&
               (!u->at_begin || u->over) && u->len[0] == 0 && u->len[1] == 0;
    default:
        return log.len == 0;
    }
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
            event = end_body(u, log);
            break;
        }
    }
    return event;
}
