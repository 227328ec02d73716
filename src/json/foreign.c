/* SPDX-License-Identifier: MIT */
#include "foreign.h"

#include "bytes.h"
#include "scalar.h"

/* --- terminals --------------------------------------------------------------- */

static bool is_of(uint8_t byte, const char *bytes)
{
    return byte != '\0' && strchr(bytes, byte) != NULL;
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Of what ECMA-48 allows, no byte that a sequence which was cut off could take
 * from the document: no quote, comma, bracket or brace. */
enum kg_ansi kg_foreign_ansi(enum kg_ansi ansi, uint8_t byte)
{
    switch (ansi) {
    case KG_ANSI_BEGUN:
        return byte == '['                ? KG_ANSI_CSI
               : is_of(byte, "()*+-./#%") ? KG_ANSI_SHORT
                                          : KG_ANSI_BAD;
    case KG_ANSI_CSI:
        return is_letter(byte) || is_of(byte, "@`~")   ? KG_ANSI_OVER
               : is_of(byte, "0123456789;:<=>? !$'*+") ? KG_ANSI_CSI
                                                       : KG_ANSI_BAD;
    case KG_ANSI_SHORT:
        return is_letter(byte) || (byte >= '0' && byte <= '9') ? KG_ANSI_OVER
                                                               : KG_ANSI_BAD;
    default:
        return KG_ANSI_BAD;
    }
}

/* Behind the sequence that begins at `at`, or `at`. */
static size_t skip_ansi(struct kg_str s, size_t at)
{
    enum kg_ansi ansi = KG_ANSI_BEGUN;

    for (size_t i = at + 1; i < s.len && ansi != KG_ANSI_BAD; i++) {
        ansi = kg_foreign_ansi(ansi, (uint8_t)s.ptr[i]);
        if (ansi == KG_ANSI_OVER) {
            return i + 1;
        }
    }
    return at;
}

/* --- tokens ------------------------------------------------------------------ */

/* Behind the string that begins at `at`, or `at`. */
static size_t skip_string(struct kg_str s, size_t at)
{
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.ptr[i] == '"') {
            return i + 1;
        }
        if (s.ptr[i] == '\\') {
            i++;
        } else if ((uint8_t)s.ptr[i] < 0x20 && s.ptr[i] != '\x1b') {
            return at;
        }
    }
    return at;
}

static size_t scalar_len(struct kg_str s, size_t at)
{
    size_t n = 0;

    while (at + n < s.len && kg_scalar_has((uint8_t)s.ptr[at + n])) {
        n++;
    }
    return n;
}

static bool is_scalar(struct kg_str s, size_t at, size_t len)
{
    return kg_scalar_of(kg_str_of(s.ptr + at, len)) != KG_SCALAR_NONE;
}

/* Behind the token or blank at `at`; or `at`, when there is none. */
static size_t skip_token(struct kg_str s, size_t at)
{
    size_t len;

    switch (s.ptr[at]) {
    case ' ':
    case '\t':
    case '\r':
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case ':':
        return at + 1;
    case '"':
        return skip_string(s, at);
    case '\x1b':
        return skip_ansi(s, at);
    default:
        len = scalar_len(s, at);
        return at + (is_scalar(s, at, len) ? len : 0);
    }
}

static bool is_made_of_tokens(struct kg_str s)
{
    for (size_t at = 0, next; at < s.len; at = next) {
        next = skip_token(s, at);
        if (next == at) {
            return false;
        }
    }
    return true;
}

/* --- doubts ------------------------------------------------------------------ */

static size_t skip_blanks(struct kg_str s, size_t at)
{
    while (at < s.len && kg_json_is_blank((uint8_t)s.ptr[at])) {
        at++;
    }
    return at;
}

/* "[12:00:01]" and "[INFO]" are no arrays. */
static bool may_be_array(struct kg_str s, size_t at)
{
    size_t first = skip_blanks(s, at + 1);
    size_t len = scalar_len(s, first);
    size_t next = skip_blanks(s, first + len);

    if (first == s.len || strchr("]{[\"", s.ptr[first]) != NULL) {
        return true;
    }
    return len > 0 && is_scalar(s, first, len) &&
           (next == s.len || s.ptr[next] == ',' || s.ptr[next] == ']');
}

static bool is_name_end(struct kg_str s, size_t at)
{
    size_t next = skip_blanks(s, at + 1);

    return next < s.len && s.ptr[next] == ':';
}

static bool has(struct kg_str s, char c, bool (*is_one)(struct kg_str, size_t))
{
    const char *end = s.ptr + s.len;

    for (const char *at = s.ptr; at < end; at++) {
        at = memchr(at, c, (size_t)(end - at));
        if (at == NULL) {
            return false;
        }
        if (is_one(s, (size_t)(at - s.ptr))) {
            return true;
        }
    }
    return false;
}

static bool is_doubtful(struct kg_str s, enum kg_root root)
{
    return memchr(s.ptr, '\0', s.len) != NULL ||
           memchr(s.ptr, '{', s.len) != NULL || has(s, '"', is_name_end) ||
           (root != KG_ROOT_OBJECT && has(s, '[', may_be_array));
}

static bool ends_like_a_documents(struct kg_str s)
{
    while (s.len > 0 && kg_json_is_blank((uint8_t)s.ptr[s.len - 1])) {
        s.len--;
    }
    return s.len > 0 && (s.ptr[s.len - 1] == ',' || s.ptr[s.len - 1] == '[');
}

enum kg_line kg_foreign_judge(struct kg_str line, enum kg_root root)
{
    if (is_made_of_tokens(line)) {
        return KG_LINE_TOKENS;
    }
    return kg_json_is_blank((uint8_t)line.ptr[0]) ||
                   ends_like_a_documents(line) || is_doubtful(line, root)
               ? KG_LINE_DOUBTFUL
               : KG_LINE_FOREIGN;
}

/* --- time stamps --------------------------------------------------------------- */

/* 0 is a digit. */
static bool fits(char pattern, char c)
{
    return pattern == '0' ? c >= '0' && c <= '9' : c == pattern;
}

/* How much of `pattern` is there; *ret_open: all that is there fits. */
static size_t match(const char *pattern, struct kg_str s, bool *ret_open)
{
    size_t n = 0;

    while (pattern[n] != '\0' && n < s.len && fits(pattern[n], s.ptr[n])) {
        n++;
    }
    *ret_open = n == s.len && pattern[n] != '\0';
    return pattern[n] == '\0' ? n : 0;
}

bool kg_foreign_is_head(struct kg_str line)
{
    static const char *const heads[] = {
        "I0000 00:00:00", "W0000 00:00:00", "E0000 00:00:00", "F0000 00:00:00",
        "[00:00:00]",     "00:00:00",       "0000-00-00T00:", "0000-00-00 00:",
        "0000/00/00 00:", "DEBUG",          "INFO",           "WARN",
        "ERROR",          "FATAL",          "CRITICAL"};
    bool open;

    for (size_t i = 0; i < KG_COUNT_OF(heads); i++) {
        if (match(heads[i], line, &open) > 0) {
            return true;
        }
    }
    return false;
}

size_t kg_foreign_stamp(struct kg_str text, bool *ret_open)
{
    static const char seconds[] = "0000-00-00T00:00:00";
    size_t n = match(seconds, text, ret_open);
    size_t zone;

    if (n == 0) {
        return 0;
    }
    if (n < text.len && text.ptr[n] == '.') {
        for (n++; n < text.len && n < sizeof(seconds) + 9 &&
                  fits('0', text.ptr[n]);) {
            n++;
        }
    }
    text = kg_str_of(text.ptr + n, text.len - n);
    if (text.len == 0) {
        *ret_open = true;
        return 0;
    }
    zone = match(*text.ptr == 'Z'   ? "Z "
                 : *text.ptr == '+' ? "+00:00 "
                                    : "-00:00 ",
                 text, ret_open);
    return zone > 0 ? n + zone : 0;
}
