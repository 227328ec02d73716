/* The one server of a client: where it is, and how it is known to be it. */
#ifndef KG_HTTP_ORIGIN_H
#define KG_HTTP_ORIGIN_H

#include "identity.h"

struct kg_origin { /* All texts are owned. */
    char *url;     /* "https://10.0.0.1:6443/prefix", without a slash behind. */
    char *host;    /* "10.0.0.1:6443", for people. */
    char *name;    /* What is connected to, the server or its proxy: */
    char *port;    /* "10.0.0.1" without brackets, and "6443". */
    char *proxy;   /* Its URL with its port, or NULL. */
    char *header;  /* "Host: ..." when `url` names another host, or NULL. */
    char *connect; /* "::10.0.0.1:6443" then, for CURLOPT_CONNECT_TO. */
    char *user_agent;
    struct curl_slist *headers;   /* Of each request, besides its own. */
    struct kg_identity *identity; /* Of connections made from now on. */
    bool tls;
    bool insecure;
};

/* KG_ECONFIG, KG_ENOMEM: there is nothing to finish. */
KG_MUST_USE enum kg_errc kg_origin_init(struct kg_origin *o,
                                        const struct kg_http_options *options,
                                        struct kg_error *e);
void kg_origin_finish(struct kg_origin *o);
/* Everything of the origin that a transfer needs but its URL, its headers and
 * the identity. `o` outlives `easy`. */
KG_MUST_USE CURLcode kg_origin_apply(const struct kg_origin *o, CURL *easy);

#endif /* KG_HTTP_ORIGIN_H */
