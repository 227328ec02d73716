/* A slice of bytes that belongs to somebody else.
 *
 * No NUL at the end is assumed, and NULs may be inside. A callback's slice is
 * borrowed until the callback returns, unless its header says otherwise. */
#ifndef KUBEGLEAN_STR_H
#define KUBEGLEAN_STR_H

#include <string.h>

#include "kubeglean/base.h"

struct kg_str {
    const char *ptr; /* NULL only when len is 0. */
    size_t len;      /* Bytes. */
};

/* For a string literal. */
#define KG_STR(literal) ((struct kg_str){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". Evaluates `s` more than once. */
#define KG_STR_ARG(s) (int)(s).len, (s).ptr != NULL ? (s).ptr : ""

static inline struct kg_str kg_str_of(const char *ptr, size_t len)
{
    return (struct kg_str){ptr, len};
}

/* Borrows a NUL-terminated string; NULL gives the empty slice. */
static inline struct kg_str kg_str_from(const char *text)
{
    return (struct kg_str){text, text != NULL ? strlen(text) : 0};
}

bool kg_str_eq(struct kg_str a, struct kg_str b);
bool kg_str_is(struct kg_str a, const char *text);
/* Which of `words`, ended by NULL, it is; -1: none of them. */
ptrdiff_t kg_str_which(struct kg_str s, const char *const *words);
/* Bytewise, as PostgreSQL's COLLATE "C"; <0, 0, >0. */
int kg_str_cmp(struct kg_str a, struct kg_str b);
bool kg_str_starts(struct kg_str s, struct kg_str prefix);
bool kg_str_ends(struct kg_str s, struct kg_str suffix);
/* Where `needle` is first, or -1. */
ptrdiff_t kg_str_find(struct kg_str s, struct kg_str needle);
struct kg_str kg_str_trim(struct kg_str s); /* Of blanks, tabs, CR and LF. */
/* Cuts `*rest` at the first `sep`: returns what is before it, and leaves in
 * `*rest` what comes after. Without a `sep` all is returned and `*rest` is
 * empty with a NULL pointer: the loop's end. */
struct kg_str kg_str_cut(struct kg_str *rest, char sep);
/* A decimal number and nothing else; false when it is not one, or does not
 * fit. */
KG_MUST_USE bool kg_str_to_u64(struct kg_str s, uint64_t *ret_value);
KG_MUST_USE bool kg_str_to_i64(struct kg_str s, int64_t *ret_value);
/* FNV-1a, 64 bits: for hash tables and names, not for anything secret. */
uint64_t kg_str_hash(struct kg_str s);
/* Standard base64 (RFC 4648, padding required, white space refused). Writes at
 * most s.len / 4 * 3 bytes to `out`; false when `s` is not base64. */
KG_MUST_USE bool kg_str_base64(struct kg_str s, char *out, size_t *ret_len);
/* The six bits of one of its characters; -1: it is none, or the padding. */
int kg_str_base64_value(char c);
/* Length of the valid UTF-8 (RFC 3629) that `s` begins with. */
size_t kg_str_utf8_span(struct kg_str s);
/* Kubernetes' names (RFC 1123). A namespace is a label; most objects are a
 * subdomain: parts between dots, at most 253 bytes; a Job's name, which labels
 * its Pods, is a subdomain of at most 63. */
#define KG_DNS_RULE "lower-case letters, digits and '-' within, at most 63"
bool kg_str_is_dns_label(struct kg_str s);
bool kg_str_is_dns_subdomain(struct kg_str s);
bool kg_str_is_job_name(struct kg_str s);

#endif /* KUBEGLEAN_STR_H */
