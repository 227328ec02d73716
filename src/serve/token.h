/* The bearer token that changes of state want, in a file that may be replaced
 * at any time (a mounted Secret is). */
#ifndef KG_SERVE_TOKEN_H
#define KG_SERVE_TOKEN_H

#include "kubeglean/error.h"
#include "kubeglean/limits.h"
#include "kubeglean/str.h"

struct kg_serve_token {
    char text[KG_LIMIT_SERVE_TOKEN];
    size_t len;
};

/* Reads the file, white space at both ends left out. Blocks: for start-up and
 * libuv's pool alone. KG_ECONFIG with a message that names the file. */
KG_MUST_USE enum kg_errc kg_serve_token_read(const char *path,
                                             struct kg_serve_token *ret_token,
                                             struct kg_error *e);
/* Takes as long for any `guess` of its length. */
bool kg_serve_token_is(const struct kg_serve_token *t, struct kg_str guess);

#endif /* KG_SERVE_TOKEN_H */
