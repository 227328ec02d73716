/* By what both sides of a connection are known: shared by the transfers that
 * began with it, since libcurl copies none of it. */
#ifndef KG_HTTP_IDENTITY_H
#define KG_HTTP_IDENTITY_H

#include <curl/curl.h>

#include "kubeglean/http.h"

struct kg_identity {
    unsigned n_holds;
    struct kg_http_pem ca, cert, key; /* Copies. */
};

/* Held once. NULL for lack of memory. */
KG_MUST_USE struct kg_identity *kg_identity_create(
    const struct kg_http_pem *ca, const struct kg_http_pem *cert,
    const struct kg_http_pem *key);
void kg_identity_hold(struct kg_identity *id);
/* The last one wipes and frees it. NULL is allowed. */
void kg_identity_release(struct kg_identity *id);
/* `id` is held until `easy` is cleaned up. */
KG_MUST_USE CURLcode kg_identity_apply(const struct kg_identity *id,
                                       CURL *easy);

#endif /* KG_HTTP_IDENTITY_H */
