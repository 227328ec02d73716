/* Where to listen: "127.0.0.1:8080", "[::1]:0", "localhost:8080", ":8080". */
#ifndef KG_SERVE_ADDRESS_H
#define KG_SERVE_ADDRESS_H

#include <netinet/in.h>

#include "kubeglean/error.h"

union kg_serve_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Without a host all IPv4 addresses are meant. KG_ECONFIG. */
KG_MUST_USE enum kg_errc kg_serve_address_parse(
    const char *text, union kg_serve_address *ret_address, struct kg_error *e);
/* Nobody outside this machine reaches it. */
bool kg_serve_address_is_loopback(const union kg_serve_address *a);

#endif /* KG_SERVE_ADDRESS_H */
