/* What can go wrong, in one word, and what to do about it.
 *
 * A function that can fail returns `enum kg_errc`, KG_OK being 0; values leave
 * only through `ret_` parameters, which are set on success alone. What crosses
 * a module's border asynchronously is a `struct kg_error`: our word for it, the
 * foreign number, and a sentence that was wrapped on its way up ("watch jobs:
 * list: HTTP 410 Gone: too old resource version"). */
#ifndef KUBEGLEAN_ERROR_H
#define KUBEGLEAN_ERROR_H

#include <stdarg.h>

#include "kubeglean/base.h"

/* X(code, text, remedy) */
#define KG_ERRC_MAP(X)                                       \
    X(OK, "no error", NONE)                                  \
    X(ENOMEM, "out of memory", RETRY)                        \
    X(ELIMIT, "a limit was reached", DROP)                   \
    X(EUSAGE, "wrong usage", EXIT)                           \
    X(ECONFIG, "wrong configuration", EXIT)                  \
    X(ESYNTAX, "cannot be parsed", DROP)                     \
    X(EIO, "input or output error", RETRY)                   \
    X(ENAME, "name cannot be resolved", RETRY)               \
    X(ECONNECT, "cannot connect", RETRY)                     \
    X(ECLOSED, "connection was closed", RETRY)               \
    X(ETLS, "TLS verification failed", EXIT)                 \
    X(ETIMEOUT, "time ran out", RETRY)                       \
    X(EPROTOCOL, "the peer broke the protocol", RETRY)       \
    X(EBADREQUEST, "the request was refused as wrong", DROP) \
    X(EUNAUTHORIZED, "not authenticated", EXIT)              \
    X(EFORBIDDEN, "not allowed", EXIT)                       \
    X(ENOTFOUND, "not found", DROP)                          \
    X(EEXISTS, "exists already", DROP)                       \
    X(ECONFLICT, "was changed by somebody else", RETRY)      \
    X(EGONE, "resource version is too old", RESYNC)          \
    X(EINVALID, "the object is not valid", DROP)             \
    X(EBUSY, "too many requests", RETRY)                     \
    X(ESERVER, "the server failed", RETRY)                   \
    X(EDATA, "the data was refused", DROP)                   \
    X(ESCHEMA, "the table does not fit", EXIT)               \
    X(ECANCELED, "canceled", DROP)

enum kg_errc {
#define X(code, text, remedy) KG_##code,
    KG_ERRC_MAP(X)
#undef X
        KG_ERRC_NR
};

/* What to do about an error. Decided in one place, kg_error_remedy(). */
enum kg_remedy {
    KG_REMEDY_NONE,   /* Nothing is wrong. */
    KG_REMEDY_RETRY,  /* The same again, after a backoff. */
    KG_REMEDY_RESYNC, /* List again: what we knew is too old. */
    KG_REMEDY_DROP,   /* Count it and go on without this one thing. */
    KG_REMEDY_EXIT,   /* No retry can cure it: tell the user. */
};

enum { KG_ERROR_TEXT_MAX = 400 };

struct kg_error {
    enum kg_errc code; /* Our word. */
    long native;       /* errno, CURLcode, HTTP status or packed SQLSTATE. */
    char text[KG_ERROR_TEXT_MAX]; /* A sentence without a full stop. */
};

/* "KG_EGONE" is "EGONE"; its text is "resource version is too old". Both are
 * static strings. */
const char *kg_errc_name(enum kg_errc code);
const char *kg_errc_text(enum kg_errc code);
enum kg_remedy kg_error_remedy(enum kg_errc code);

/* Forgets what `e` held. `e` may be NULL in all functions below: then only the
 * code is returned. */
void kg_error_clear(struct kg_error *e);
/* Sets `e` and returns `code`, so that one line does both:
 *     return kg_error_set(e, KG_EIO, errno, "%s: cannot read", path);
 * A text that is too long is cut at a character's border. */
enum kg_errc kg_error_set(struct kg_error *e, enum kg_errc code, long native,
                          const char *fmt, ...) KG_PRINTF(4, 5);
enum kg_errc kg_error_setv(struct kg_error *e, enum kg_errc code, long native,
                           const char *fmt, va_list args) KG_PRINTF(4, 0);
/* Puts "<prefix>: " before the text. Returns e's code (KG_OK for NULL). */
enum kg_errc kg_error_wrap(struct kg_error *e, const char *fmt, ...)
    KG_PRINTF(2, 3);

#endif /* KUBEGLEAN_ERROR_H */
