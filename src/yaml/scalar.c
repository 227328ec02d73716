/* SPDX-License-Identifier: MIT */
#include "scalar.h"

#include "kubeglean/limits.h"

/* The parts of a decimal number, as they were written. */
struct decimal {
    bool negative;
    struct kg_str whole;    /* Digits before the point, */
    struct kg_str fraction; /* and behind it. */
    struct kg_str exponent; /* With e and sign; empty: none. */
};

static bool is_null(struct kg_str s)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

    return kg_str_which(s, words) >= 0;
}

static bool is_true(struct kg_str s)
{
    static const char *const words[] = {"true", "True", "TRUE", "yes",
                                        "Yes",  "YES",  "on",   "On",
                                        "ON",   "y",    "Y",    NULL};

    return kg_str_which(s, words) >= 0;
}

static bool is_false(struct kg_str s)
{
    static const char *const words[] = {"false", "False", "FALSE", "no",
                                        "No",    "NO",    "off",   "Off",
                                        "OFF",   "n",     "N",     NULL};

    return kg_str_which(s, words) >= 0;
}

static bool is_not_finite(struct kg_str s)
{
    static const char *const words[] = {
        ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
        "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};

    return kg_str_which(s, words) >= 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct kg_str take(struct kg_str *s, size_t len)
{
    struct kg_str taken = kg_str_of(s->ptr, len);

    s->ptr += len;
    s->len -= len;
    return taken;
}

static struct kg_str take_digits(struct kg_str *s)
{
    size_t len = 0;

    while (len < s->len && is_digit(s->ptr[len])) {
        len++;
    }
    return take(s, len);
}

/* True when there was a sign; tells whether it was a minus. */
static bool take_sign(struct kg_str *s, bool *ret_negative)
{
    if (s->len == 0 || (s->ptr[0] != '-' && s->ptr[0] != '+')) {
        return false;
    }
    *ret_negative = take(s, 1).ptr[0] == '-';
    return true;
}

/* An exponent, or nothing at all; false when it is neither. */
static bool read_exponent(struct kg_str s, struct decimal *d)
{
    bool negative;

    d->exponent = s;
    if (s.len == 0) {
        return true;
    }
    if (s.ptr[0] != 'e' && s.ptr[0] != 'E') {
        return false;
    }
    (void)take(&s, 1);
    (void)take_sign(&s, &negative);
    return take_digits(&s).len > 0 && s.len == 0;
}

static bool read_decimal(struct kg_str s, struct decimal *d)
{
    *d = (struct decimal){0};
    (void)take_sign(&s, &d->negative);
    d->whole = take_digits(&s);
    if (s.len > 0 && s.ptr[0] == '.') {
        (void)take(&s, 1);
        d->fraction = take_digits(&s);
    }
    return d->whole.len + d->fraction.len > 0 && read_exponent(s, d);
}

/* As RFC 8259 wants it: one digit or more before the point, none of them a
 * zero too many, and no point without digits behind it. */
static enum kg_errc write_decimal(struct kg_buf *out, const struct decimal *d)
{
    struct kg_str whole = d->whole;
    enum kg_errc err = KG_OK;

    while (whole.len > 1 && whole.ptr[0] == '0') {
        (void)take(&whole, 1);
    }
    if (d->negative) {
        err = kg_buf_addc(out, '-');
    }
    if (err == KG_OK) {
        err = kg_buf_add(out, whole.len > 0 ? whole : KG_STR("0"));
    }
    if (err == KG_OK && d->fraction.len > 0) {
        err = kg_buf_addc(out, '.');
    }
    if (err == KG_OK) {
        err = kg_buf_add(out, d->fraction);
    }
    return err == KG_OK ? kg_buf_add(out, d->exponent) : err;
}

/* Takes 0x, 0o, 0b or the 0 of an old octal off the front; 10 without one. */
static unsigned take_base(struct kg_str *s)
{
    if (s->len < 2 || s->ptr[0] != '0') {
        return 10;
    }
    switch (s->ptr[1]) {
    case 'x':
    case 'X':
        (void)take(s, 2);
        return 16;
    case 'o':
    case 'O':
        (void)take(s, 2);
        return 8;
    case 'b':
    case 'B':
        (void)take(s, 2);
        return 2;
    default:
        (void)take(s, 1);
        return 8;
    }
}

static unsigned digit_value(char c)
{
    if (is_digit(c)) {
        return (unsigned)(c - '0');
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : UINT32_MAX;
}

/* An integer in a base other than ten that fits in 64 bits. */
static bool read_based(struct kg_str s, bool *ret_negative, uint64_t *ret_value)
{
    unsigned base;
    uint64_t value = 0;

    *ret_negative = false;
    (void)take_sign(&s, ret_negative);
    base = take_base(&s);
    if (base == 10 || s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = digit_value(s.ptr[i]);

        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *ret_value = value;
    return true;
}

/* Copies `s` without its underscores; *ret_bare borrows `room`. */
static struct kg_str without_underscores(struct kg_str s,
                                         char room[KG_LIMIT_NUMBER])
{
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '_') {
            room[len++] = s.ptr[i];
        }
    }
    return kg_str_of(room, len);
}

static bool may_be_number(struct kg_str s)
{
    return s.len <= KG_LIMIT_NUMBER && (is_digit(s.ptr[0]) || s.ptr[0] == '-' ||
                                        s.ptr[0] == '+' || s.ptr[0] == '.');
}

/* Leaves a number's JSON text in `out`, or nothing when `plain` is none. */
static enum kg_errc write_number(struct kg_str plain, struct kg_buf *out)
{
    char room[KG_LIMIT_NUMBER];
    struct decimal d;
    struct kg_str bare;
    bool negative;
    uint64_t value;

    kg_buf_reset(out);
    if (!may_be_number(plain)) {
        return KG_OK;
    }
    bare = without_underscores(plain, room);
    if (read_based(bare, &negative, &value)) {
        return kg_buf_addf(out, "%s%llu", negative ? "-" : "",
                           (unsigned long long)value);
    }
    return read_decimal(bare, &d) ? write_decimal(out, &d) : KG_OK;
}

enum kg_errc kg_yaml_scalar(struct kg_str plain, struct kg_buf *number,
                            enum kg_kind *ret_kind, struct kg_str *ret_text)
{
    enum kg_errc err;

    if (is_not_finite(plain)) {
        return KG_EINVALID;
    }
    *ret_text = plain;
    if (is_null(plain)) {
        *ret_kind = KG_NULL;
        *ret_text = kg_str_of("", 0);
        return KG_OK;
    }
    if (is_true(plain) || is_false(plain)) {
        *ret_kind = KG_BOOL;
        *ret_text = is_true(plain) ? KG_STR("true") : KG_STR("false");
        return KG_OK;
    }
    err = write_number(plain, number);
    if (err != KG_OK) {
        return err;
    }
    *ret_kind = kg_buf_len(number) > 0 ? KG_NUMBER : KG_STRING;
    if (*ret_kind == KG_NUMBER) {
        *ret_text = kg_buf_str(number);
    }
    return KG_OK;
}
