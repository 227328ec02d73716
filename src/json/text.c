/* SPDX-License-Identifier: MIT */
#include "text.h"

static enum kg_errc add(struct kg_text *t, const char *bytes, size_t len)
{
    return t->out != NULL ? kg_buf_add(t->out, kg_str_of(bytes, len)) : KG_OK;
}

static enum kg_errc add_code_point(struct kg_text *t, uint32_t code)
{
    char bytes[4];
    size_t len = 0;

    if (code < 0x80) {
        bytes[len++] = (char)code;
    } else if (code < 0x800) {
        bytes[len++] = (char)(0xc0 | code >> 6);
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[len++] = (char)(0xe0 | code >> 12);
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[len++] = (char)(0xf0 | code >> 18);
        bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    }
    return add(t, bytes, len);
}

/* A high surrogate without its low one, or the reverse, is U+FFFD. */
static enum kg_errc flush_surrogate(struct kg_text *t)
{
    enum kg_errc err = t->high != 0 ? add_code_point(t, 0xfffd) : KG_OK;

    t->high = 0;
    return err;
}

static enum kg_errc add_escaped(struct kg_text *t, uint32_t code)
{
    enum kg_errc err;

    if (code >= 0xdc00 && code < 0xe000 && t->high != 0) {
        code = 0x10000 + ((t->high - 0xd800) << 10) + (code - 0xdc00);
        t->high = 0;
        return add_code_point(t, code);
    }
    err = flush_surrogate(t);
    if (code >= 0xd800 && code < 0xdc00) {
        t->high = code;
        return err;
    }
    if (code >= 0xdc00 && code < 0xe000) {
        code = 0xfffd;
    }
    return err == KG_OK ? add_code_point(t, code) : err;
}

static enum kg_errc hex_digit(struct kg_text *t, char c)
{
    uint32_t digit;

    if (c >= '0' && c <= '9') {
        digit = (uint32_t)(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (uint32_t)((c | 0x20) - 'a' + 10);
    } else {
        return KG_ESYNTAX;
    }
    t->code = t->code << 4 | digit;
    if (++t->n_digits < 4) {
        return KG_OK;
    }
    t->state = KG_TEXT_PLAIN;
    return add_escaped(t, t->code);
}

static enum kg_errc escape(struct kg_text *t, char c)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    enum kg_errc err;

    if (c == 'u') {
        t->code = 0;
        t->n_digits = 0;
        t->state = KG_TEXT_HEX;
        return KG_OK;
    }
    if (at == NULL) {
        return KG_ESYNTAX;
    }
    t->state = KG_TEXT_PLAIN;
    err = flush_surrogate(t);
    return err == KG_OK ? add(t, &to[at - from], 1) : err;
}

/* Up to a quote, a backslash, or the end of `s`. */
static enum kg_errc plain(struct kg_text *t, struct kg_str s, size_t *ret_len)
{
    size_t len = 0;
    enum kg_errc err = KG_OK;

    while (len < s.len && s.ptr[len] != '"' && s.ptr[len] != '\\' &&
           (unsigned char)s.ptr[len] >= 0x20) {
        len++;
    }
    *ret_len = len + (len < s.len);
    if (len > 0 || s.ptr[0] == '"') {
        err = flush_surrogate(t);
    }
    if (err == KG_OK) {
        err = add(t, s.ptr, len);
    }
    if (err != KG_OK || len == s.len) {
        return err;
    }
    t->state = s.ptr[len] == '"' ? KG_TEXT_OVER : KG_TEXT_ESCAPE;
    return (unsigned char)s.ptr[len] >= 0x20 ? KG_OK : KG_ESYNTAX;
}

void kg_text_begin(struct kg_text *t, struct kg_buf *out)
{
    *t = (struct kg_text){.out = out};
}

enum kg_errc kg_text_read(struct kg_text *t, struct kg_str s, size_t *ret_len)
{
    *ret_len = 1;
    switch (t->state) {
    case KG_TEXT_ESCAPE:
        return escape(t, s.ptr[0]);
    case KG_TEXT_HEX:
        return hex_digit(t, s.ptr[0]);
    default:
        return plain(t, s, ret_len);
    }
}
