/* SPDX-License-Identifier: MIT */
#include "kubeglean/error.h"

#include <stdio.h>
#include <string.h>

#include "kubeglean/str.h"

static const struct {
    const char *name;
    const char *text;
    enum kg_remedy remedy;
} errors[KG_ERRC_NR] = {
#define X(code, text, remedy) [KG_##code] = {#code, text, KG_REMEDY_##remedy},
    KG_ERRC_MAP(X)
#undef X
};

const char *kg_errc_name(enum kg_errc code)
{
    KG_REQUIRE(code < KG_ERRC_NR);
    return errors[code].name;
}

const char *kg_errc_text(enum kg_errc code)
{
    KG_REQUIRE(code < KG_ERRC_NR);
    return errors[code].text;
}

enum kg_remedy kg_error_remedy(enum kg_errc code)
{
    KG_REQUIRE(code < KG_ERRC_NR);
    return errors[code].remedy;
}

void kg_error_clear(struct kg_error *e)
{
    if (e != NULL) {
        e->code = KG_OK;
        e->native = 0;
        e->text[0] = '\0';
    }
}

/* vsnprintf may cut inside a character: take its first bytes away too. */
static void cut_at_border(char *text, int would_be)
{
    size_t len = strlen(text);

    if (would_be < 0 || (size_t)would_be <= len) {
        return;
    }
    for (int back = 0; back < 3 && len > 0; back++) {
        if (kg_str_utf8_span(kg_str_of(text, len)) == len) {
            break;
        }
        len--;
    }
    text[len] = '\0';
}

enum kg_errc kg_error_setv(struct kg_error *e, enum kg_errc code, long native,
                           const char *fmt, va_list args)
{
    if (e != NULL) {
        e->code = code;
        e->native = native;
        cut_at_border(e->text, vsnprintf(e->text, sizeof(e->text), fmt, args));
    }
    return code;
}

enum kg_errc kg_error_set(struct kg_error *e, enum kg_errc code, long native,
                          const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(e, code, native, fmt, args);
    va_end(args);
    return code;
}

enum kg_errc kg_error_wrap(struct kg_error *e, const char *fmt, ...)
{
    char inner[KG_ERROR_TEXT_MAX];
    va_list args;
    size_t len;

    if (e == NULL) {
        return KG_OK;
    }
    memcpy(inner, e->text, sizeof(inner));
    va_start(args, fmt);
    cut_at_border(e->text, vsnprintf(e->text, sizeof(e->text), fmt, args));
    va_end(args);
    len = strlen(e->text);
    cut_at_border(e->text,
                  (int)len + snprintf(e->text + len, sizeof(e->text) - len,
                                      ": %s", inner));
    return e->code;
}
