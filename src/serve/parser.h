/* One HTTP request after another, out of a connection's bytes.
 *
 * No socket, no clock: what was fed decides. A request that could be read in
 * two ways (two lengths, a length and an encoding, white space before a colon)
 * is refused: the next hop may have read it the other way. */
#ifndef KG_SERVE_PARSER_H
#define KG_SERVE_PARSER_H

#include <llhttp.h>

#include "kubeglean/buf.h"

enum kg_serve_verdict {
    KG_SERVE_MORE,    /* Feed on. */
    KG_SERVE_WHOLE,   /* A request is there. */
    KG_SERVE_REFUSED, /* `status` says why; nothing more can be fed. */
};

enum { KG_SERVE_FIELD_MAX = 16 }; /* "authorization", and none is longer. */

struct kg_serve_parser {
    llhttp_t llhttp;     /* Private. */
    struct kg_buf url;   /* Read-only: as written. */
    struct kg_buf token; /* Read-only: of "Authorization: Bearer". */
    struct kg_buf body;  /* Read-only. */
    struct kg_buf value; /* Private: the header value that is read. */
    char field[KG_SERVE_FIELD_MAX]; /* Private: its name, lower case, */
    size_t field_len; /* Private: which may be longer than `field`. */
    size_t n_head;    /* Private: bytes of path and headers. */
    size_t n_bytes;   /* Read-only: all bytes; 0: nothing came yet. */
    unsigned n_hosts; /* Private. */
    unsigned status;  /* Read-only: why it was refused (HTTP status). */
    bool past_head;   /* Private. */
    bool from_page;   /* Read-only: "Origin": a browser's page asks. */
    bool expects;     /* Public: waits for "100 Continue"; reset it. */
    bool keep_alive;  /* Read-only: the client would ask again. */
};

void kg_serve_parser_init(struct kg_serve_parser *p); /* Allocates nothing. */
void kg_serve_parser_finish(struct kg_serve_parser *p);
/* From KG_SERVE_WHOLE: forgets the request, and is ready for the next. */
void kg_serve_parser_next(struct kg_serve_parser *p);
/* `*ret_used` is how many of `bytes` the verdict is about. */
KG_MUST_USE enum kg_serve_verdict kg_serve_parser_feed(
    struct kg_serve_parser *p, struct kg_str bytes, size_t *ret_used);
const char *kg_serve_parser_method(const struct kg_serve_parser *p);

#endif /* KG_SERVE_PARSER_H */
