/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>

#include "kubeglean/str.h"

enum { HOST_MAX = INET6_ADDRSTRLEN };

static enum kg_errc none(const char *text, struct kg_error *e)
{
    return kg_error_set(e, KG_ECONFIG, 0,
                        "listen: \"%s\" is no address and port such as "
                        "127.0.0.1:8080 or [::1]:8080",
                        text);
}

static bool set_v4(struct kg_str host, in_port_t port,
                   union kg_serve_address *a)
{
    char text[HOST_MAX] = {0};

    if (host.len == 0) {
        host = KG_STR("0.0.0.0");
    } else if (kg_str_is(host, "localhost")) {
        host = KG_STR("127.0.0.1");
    }
    if (host.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.ptr, host.len);
    a->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    return inet_pton(AF_INET, text, &a->v4.sin_addr) == 1;
}

static bool set_v6(struct kg_str host, in_port_t port,
                   union kg_serve_address *a)
{
    char text[HOST_MAX] = {0};

    if (host.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, host.ptr, host.len);
    a->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
    return inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1;
}

enum kg_errc kg_serve_address_parse(const char *text,
                                    union kg_serve_address *ret_address,
                                    struct kg_error *e)
{
    const char *colon = strrchr(text, ':');
    union kg_serve_address a = {0};
    struct kg_str host;
    uint64_t port;
    bool valid;

    if (colon == NULL || !kg_str_to_u64(kg_str_from(colon + 1), &port) ||
        port > UINT16_MAX) {
        return none(text, e);
    }
    host = kg_str_of(text, (size_t)(colon - text));
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = kg_str_of(host.ptr + 1, host.len - 2);
        valid = set_v6(host, htons((uint16_t)port), &a);
    } else {
        valid = set_v4(host, htons((uint16_t)port), &a);
    }
    if (!valid) {
        return none(text, e);
    }
    *ret_address = a;
    return KG_OK;
}

bool kg_serve_address_is_loopback(const union kg_serve_address *a)
{
    if (a->any.sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) != 0;
    }
    return ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
