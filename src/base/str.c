/* SPDX-License-Identifier: MIT */
#include "kubeglean/str.h"

enum { DNS_LABEL_MAX = 63, DNS_SUBDOMAIN_MAX = 253 };

bool kg_str_eq(struct kg_str a, struct kg_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool kg_str_is(struct kg_str a, const char *text)
{
    return kg_str_eq(a, kg_str_from(text));
}

ptrdiff_t kg_str_which(struct kg_str s, const char *const *words)
{
    for (ptrdiff_t i = 0; words[i] != NULL; i++) {
        if (kg_str_is(s, words[i])) {
            return i;
        }
    }
    return -1;
}

int kg_str_cmp(struct kg_str a, struct kg_str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool kg_str_starts(struct kg_str s, struct kg_str prefix)
{
    return s.len >= prefix.len &&
           kg_str_eq(kg_str_of(s.ptr, prefix.len), prefix);
}

bool kg_str_ends(struct kg_str s, struct kg_str suffix)
{
    return s.len >= suffix.len &&
           kg_str_eq(kg_str_of(s.ptr + (s.len - suffix.len), suffix.len),
                     suffix);
}

ptrdiff_t kg_str_find(struct kg_str s, struct kg_str needle)
{
    const char *at;

    if (needle.len == 0) {
        return 0;
    }
    if (s.len < needle.len) {
        return -1;
    }
    at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at != NULL ? at - s.ptr : -1;
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct kg_str kg_str_trim(struct kg_str s)
{
    while (s.len > 0 && is_white(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_white(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

struct kg_str kg_str_cut(struct kg_str *rest, char sep)
{
    struct kg_str head = *rest;
    const char *at = head.len > 0 ? memchr(head.ptr, sep, head.len) : NULL;

    if (at == NULL) {
        *rest = kg_str_of(NULL, 0);
        return head;
    }
    head.len = (size_t)(at - head.ptr);
    rest->ptr += head.len + 1;
    rest->len -= head.len + 1;
    return head;
}

bool kg_str_to_u64(struct kg_str s, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value)) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

bool kg_str_to_i64(struct kg_str s, int64_t *ret_value)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t value;

    if (negative) {
        s.ptr++;
        s.len--;
    }
    if (!kg_str_to_u64(s, &value) || value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

uint64_t kg_str_hash(struct kg_str s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < s.len; i++) {
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

int kg_str_base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool kg_str_base64(struct kg_str s, char *out, size_t *ret_len)
{
    size_t len = 0;
    size_t padding = 0;

    if (s.len % 4 != 0) {
        return false;
    }
    while (padding < 2 && s.len > 0 && s.ptr[s.len - 1 - padding] == '=') {
        padding++;
    }
    for (size_t i = 0; i < s.len; i += 4) {
        size_t n = i + 4 < s.len ? 4 : 4 - padding;
        uint32_t group = 0;

        for (size_t k = 0; k < 4; k++) {
            int value = k < n ? kg_str_base64_value(s.ptr[i + k]) : 0;

            if (value < 0) {
                return false;
            }
            group = group << 6 | (uint32_t)value;
        }
        for (size_t k = 0; k + 1 < n; k++) {
            out[len++] = (char)(group >> (16 - 8 * k) & 0xff);
        }
    }
    *ret_len = len;
    return true;
}

/* Length of the character at `p`, of which `left` bytes are there; 0 when it is
 * no valid UTF-8 (overlong forms and surrogates are not). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    static const unsigned char lowest[] = {0, 0, 0x80, 0xa0, 0x90};
    unsigned char c = p[0];
    size_t len = c < 0x80   ? 1
                 : c < 0xc2 ? 0
                 : c < 0xe0 ? 2
                 : c < 0xf0 ? 3
                 : c < 0xf5 ? 4
                            : 0;

    if (len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((c == 0xe0 || c == 0xf0) && p[1] < lowest[len]) {
        return 0;
    }
    if ((c == 0xed && p[1] > 0x9f) || (c == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return len;
}

/* Most texts are ASCII: eight bytes at a time. */
static size_t ascii_words(const unsigned char *p, size_t len)
{
    size_t at = 0;
    uint64_t word;

    while (len - at >= sizeof(word)) {
        memcpy(&word, p + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        at += sizeof(word);
    }
    return at;
}

size_t kg_str_utf8_span(struct kg_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t at = 0;

    while (at < s.len) {
        size_t len = ascii_words(p + at, s.len - at);

        if (len == 0) {
            len = utf8_len(p + at, s.len - at);
        }
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

/* --- names ----------------------------------------------------------------- */

static bool is_inner(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Between dots, of whatever length. */
static bool is_dns_part(struct kg_str s)
{
    if (s.len == 0 || !is_inner(s.ptr[0]) || !is_inner(s.ptr[s.len - 1])) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is_inner(s.ptr[i]) && s.ptr[i] != '-') {
            return false;
        }
    }
    return true;
}

bool kg_str_is_dns_label(struct kg_str s)
{
    return s.len <= DNS_LABEL_MAX && is_dns_part(s);
}

bool kg_str_is_dns_subdomain(struct kg_str s)
{
    if (s.len > DNS_SUBDOMAIN_MAX) {
        return false;
    }
    do {
        if (!is_dns_part(kg_str_cut(&s, '.'))) {
            return false;
        }
    } while (s.ptr != NULL);
    return true;
}

bool kg_str_is_job_name(struct kg_str s)
{
    return s.len <= DNS_LABEL_MAX && kg_str_is_dns_subdomain(s);
}
