/* SPDX-License-Identifier: MIT */
#include "kubeglean/buf.h"

#include <stdio.h>
#include <string.h>

#include "kubeglean/heap.h"

enum { SMALLEST = 64 };

static void sane(const struct kg_buf *b)
{
    KG_REQUIRE(b->start <= b->end && b->end <= b->capacity);
}

void kg_buf_init(struct kg_buf *b, size_t max)
{
    KG_REQUIRE(max > 0);
    *b = (struct kg_buf){.max = max};
}

void kg_buf_finish(struct kg_buf *b)
{
    kg_free(b->ptr);
    *b = (struct kg_buf){.max = b->max};
}

void kg_buf_reset(struct kg_buf *b)
{
    b->start = 0;
    b->end = 0;
}

void kg_buf_shrink(struct kg_buf *b, size_t keep)
{
    kg_buf_reset(b);
    if (b->capacity > keep) {
        kg_buf_finish(b);
    }
}

/* Capacity doubles, so that a byte is moved a bounded number of times. */
static enum kg_errc grow(struct kg_buf *b, size_t need)
{
    size_t capacity = b->capacity > 0 ? b->capacity : SMALLEST;
    char *ptr;

    while (capacity < need) {
        capacity *= 2;
    }
    ptr = kg_realloc(b->ptr, capacity);
    if (ptr == NULL) {
        return KG_ENOMEM;
    }
    b->ptr = ptr;
    b->capacity = capacity;
    return KG_OK;
}

static void reclaim(struct kg_buf *b)
{
    memmove(b->ptr, b->ptr + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
}

/* Room for `len` bytes and for the NUL of kg_buf_cstr(). */
static enum kg_errc make_room(struct kg_buf *b, size_t len)
{
    size_t content = b->end - b->start;

    sane(b);
    if (len > b->max || content > b->max - len) {
        return KG_ELIMIT;
    }
    if (b->capacity - b->end > len) {
        return KG_OK;
    }
    /* Moving pays only when more is gone than is left. */
    if (b->start > content && b->capacity - content > len) {
        reclaim(b);
        return KG_OK;
    }
    return grow(b, b->end + len + 1);
}

enum kg_errc kg_buf_reserve(struct kg_buf *b, size_t len, char **ret_ptr)
{
    enum kg_errc err = make_room(b, len);

    if (err == KG_OK) {
        *ret_ptr = b->ptr + b->end;
    }
    return err;
}

void kg_buf_commit(struct kg_buf *b, size_t len)
{
    b->end += len;
    sane(b);
}

enum kg_errc kg_buf_add(struct kg_buf *b, struct kg_str bytes)
{
    enum kg_errc err = make_room(b, bytes.len);

    if (err == KG_OK && bytes.len > 0) {
        memcpy(b->ptr + b->end, bytes.ptr, bytes.len);
        b->end += bytes.len;
    }
    return err;
}

enum kg_errc kg_buf_set(struct kg_buf *b, struct kg_str bytes)
{
    kg_buf_reset(b);
    return kg_buf_add(b, bytes);
}

enum kg_errc kg_buf_addc(struct kg_buf *b, char c)
{
    return kg_buf_add(b, kg_str_of(&c, 1));
}

enum kg_errc kg_buf_adds(struct kg_buf *b, const char *text)
{
    return kg_buf_add(b, kg_str_from(text));
}

void kg_buf_add_list(struct kg_buf *b, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (kg_buf_addf(b, "%s%s", i > 0 ? ", " : "", words[i]) != KG_OK) {
            return;
        }
    }
}

enum kg_errc kg_buf_addv(struct kg_buf *b, const char *fmt, va_list args)
{
    va_list again;
    char *room;
    enum kg_errc err;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    KG_REQUIRE(len >= 0);
    err = kg_buf_reserve(b, (size_t)len, &room);
    if (err == KG_OK) {
        (void)vsnprintf(room, (size_t)len + 1, fmt, args);
        kg_buf_commit(b, (size_t)len);
    }
    return err;
}

enum kg_errc kg_buf_addf(struct kg_buf *b, const char *fmt, ...)
{
    va_list args;
    enum kg_errc err;

    va_start(args, fmt);
    err = kg_buf_addv(b, fmt, args);
    va_end(args);
    return err;
}

void kg_buf_consume(struct kg_buf *b, size_t len)
{
    KG_REQUIRE(len <= kg_buf_len(b));
    b->start += len;
    if (b->start == b->end) {
        kg_buf_reset(b);
    }
}

void kg_buf_truncate(struct kg_buf *b, size_t len)
{
    KG_REQUIRE(len <= kg_buf_len(b));
    b->end = b->start + len;
}

const char *kg_buf_cstr(struct kg_buf *b)
{
    if (b->capacity == b->end && grow(b, b->end + 1) != KG_OK) {
        return NULL;
    }
    b->ptr[b->end] = '\0';
    return b->ptr + b->start;
}

static enum kg_errc add_escaped(struct kg_buf *b, unsigned char c)
{
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    char escape[2] = {'\\', c < sizeof(shorts) ? shorts[c] : '\0'};

    if (escape[1] != '\0') {
        return kg_buf_add(b, kg_str_of(escape, 2));
    }
    return kg_buf_addf(b, "\\u%04x", c);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static size_t plain_len(struct kg_str s)
{
    size_t len = 0;

    while (len < s.len && is_plain((unsigned char)s.ptr[len])) {
        len++;
    }
    return len;
}

/* One piece that is treated alike; sets how long it is. */
static enum kg_errc add_piece(struct kg_buf *b, struct kg_str s,
                              size_t *ret_len)
{
    size_t len = plain_len(s);

    if (len > 0) {
        *ret_len = len;
        return kg_buf_add(b, kg_str_of(s.ptr, len));
    }
    *ret_len = 1;
    if ((unsigned char)s.ptr[0] < 0x80) {
        return add_escaped(b, (unsigned char)s.ptr[0]);
    }
    while (len < s.len && len < 4 &&
           kg_str_utf8_span(kg_str_of(s.ptr, len)) == 0) {
        len++;
    }
    if (kg_str_utf8_span(kg_str_of(s.ptr, len)) == 0) {
        return kg_buf_adds(b, "\xef\xbf\xbd");
    }
    *ret_len = len;
    return kg_buf_add(b, kg_str_of(s.ptr, len));
}

static enum kg_errc add_quoted(struct kg_buf *b, struct kg_str s)
{
    char *room;
    enum kg_errc err = kg_buf_reserve(b, s.len + 2, &room);

    if (err == KG_OK) {
        room[0] = '"';
        memcpy(room + 1, s.ptr, s.len);
        room[s.len + 1] = '"';
        kg_buf_commit(b, s.len + 2);
    }
    return err;
}

enum kg_errc kg_buf_add_json(struct kg_buf *b, struct kg_str s)
{
    size_t before = kg_buf_len(b);
    enum kg_errc err;

    if (s.len > 0 && plain_len(s) == s.len) {
        return add_quoted(b, s);
    }
    err = kg_buf_addc(b, '"');
    while (err == KG_OK && s.len > 0) {
        size_t len = 0;

        err = add_piece(b, s, &len);
        s.ptr += len;
        s.len -= len;
    }
    if (err == KG_OK) {
        err = kg_buf_addc(b, '"');
    }
    if (err != KG_OK) {
        kg_buf_truncate(b, before);
    }
    return err;
}
