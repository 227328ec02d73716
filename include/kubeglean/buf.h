/* Bytes that grow at the end and are consumed at the front.
 *
 *     0 .. start       -- consumed, reclaimed when more room is needed
 *     start .. end     -- content
 *     end .. capacity  -- room
 *
 * Its maximum is set at birth. An append that fails (KG_ENOMEM, or KG_ELIMIT
 * beyond the maximum) leaves the content as it was. */
#ifndef KUBEGLEAN_BUF_H
#define KUBEGLEAN_BUF_H

#include <stdarg.h>

#include "kubeglean/error.h"
#include "kubeglean/str.h"

struct kg_buf {
    char *ptr;       /* Private. */
    size_t start;    /* Private. */
    size_t end;      /* Private. */
    size_t capacity; /* Private. */
    size_t max;      /* Read-only: content never exceeds it. */
};

/* Allocates nothing. `max` in bytes, above 0. */
void kg_buf_init(struct kg_buf *b, size_t max);
/* Frees; `b` may be used again only after an init. */
void kg_buf_finish(struct kg_buf *b);
/* Empties, and keeps the memory. */
void kg_buf_reset(struct kg_buf *b);
/* Empties, and gives memory beyond `keep` bytes back. */
void kg_buf_shrink(struct kg_buf *b, size_t keep);

static inline size_t kg_buf_len(const struct kg_buf *b)
{
    return b->end - b->start;
}

/* The content; borrowed until the next change. */
static inline struct kg_str kg_buf_str(const struct kg_buf *b)
{
    return kg_str_of(b->ptr != NULL ? b->ptr + b->start : "",
                     b->end - b->start);
}

KG_MUST_USE enum kg_errc kg_buf_add(struct kg_buf *b, struct kg_str bytes);
/* The same bytes alone; after a failure it is empty. */
KG_MUST_USE enum kg_errc kg_buf_set(struct kg_buf *b, struct kg_str bytes);
KG_MUST_USE enum kg_errc kg_buf_addc(struct kg_buf *b, char c);
KG_MUST_USE enum kg_errc kg_buf_adds(struct kg_buf *b, const char *text);
/* "a, b, c": as many of `words`, which a NULL ends, as there is room for. */
void kg_buf_add_list(struct kg_buf *b, const char *const *words);
KG_MUST_USE enum kg_errc kg_buf_addf(struct kg_buf *b, const char *fmt, ...)
    KG_PRINTF(2, 3);
KG_MUST_USE enum kg_errc kg_buf_addv(struct kg_buf *b, const char *fmt,
                                     va_list args) KG_PRINTF(2, 0);
/* Room for `len` bytes, to be written at *ret_ptr and then added by
 * kg_buf_commit(b, at most len). */
KG_MUST_USE enum kg_errc kg_buf_reserve(struct kg_buf *b, size_t len,
                                        char **ret_ptr);
void kg_buf_commit(struct kg_buf *b, size_t len);
/* Takes `len` bytes, which must be there, off the front. */
void kg_buf_consume(struct kg_buf *b, size_t len);
/* Cuts the content to its first `len` bytes. */
void kg_buf_truncate(struct kg_buf *b, size_t len);
/* The content as a string with a NUL behind it (not part of the content), or
 * NULL when there was no memory for the NUL. Borrowed until the next change. */
KG_MUST_USE const char *kg_buf_cstr(struct kg_buf *b);
/* As JSON string with quotes (RFC 8259): control characters are escaped, and
 * bytes that are no UTF-8 become U+FFFD. */
KG_MUST_USE enum kg_errc kg_buf_add_json(struct kg_buf *b, struct kg_str s);

#endif /* KUBEGLEAN_BUF_H */
