/* SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct address {
    unsigned char bytes[16];
    unsigned n_bits; /* 32 or 128; 0: it is none. */
};

static struct address address_of(struct kg_str s)
{
    struct address a = {.n_bits = 0};
    char text[INET6_ADDRSTRLEN];

    if (s.len >= sizeof(text)) {
        return a;
    }
    memcpy(text, s.ptr != NULL ? s.ptr : "", s.len);
    text[s.len] = '\0';
    if (inet_pton(AF_INET, text, a.bytes) == 1) {
        a.n_bits = 32;
    } else if (inet_pton(AF_INET6, text, a.bytes) == 1) {
        a.n_bits = 128;
    }
    return a;
}

static bool share_bits(const struct address *a, const struct address *b,
                       unsigned n_bits)
{
    unsigned n_bytes = n_bits / 8;
    unsigned char mask = (unsigned char)(0xff00u >> n_bits % 8);

    return a->n_bits == b->n_bits && memcmp(a->bytes, b->bytes, n_bytes) == 0 &&
           (n_bits % 8 == 0 ||
            ((a->bytes[n_bytes] ^ b->bytes[n_bytes]) & mask) == 0);
}

static bool is_loopback(struct kg_str host)
{
    struct address a = address_of(host);
    struct address four = address_of(KG_STR("127.0.0.0"));
    struct address six = address_of(KG_STR("::1"));

    return (host.len == 9 && strncasecmp(host.ptr, "localhost", 9) == 0) ||
           share_bits(&a, &four, 8) || share_bits(&a, &six, 128);
}

/* "[::1]:443", "host:443", "host"; a bare IPv6 address has no port. */
static struct kg_str cut_port(struct kg_str *host)
{
    const char *colon = memrchr(host->ptr, ':', host->len);
    const char *bracket = memrchr(host->ptr, ']', host->len);
    struct kg_str port = {NULL, 0};
    bool lone = colon != NULL && memchr(host->ptr, ':', host->len) == colon;

    if (colon != NULL && (lone || (bracket != NULL && bracket < colon))) {
        port =
            kg_str_of(colon + 1, host->len - (size_t)(colon + 1 - host->ptr));
        host->len = (size_t)(colon - host->ptr);
    }
    if (host->len > 1 && host->ptr[0] == '[' &&
        host->ptr[host->len - 1] == ']') {
        *host = kg_str_of(host->ptr + 1, host->len - 2);
    }
    return port;
}

static bool ends_with(struct kg_str s, struct kg_str suffix)
{
    return s.len >= suffix.len &&
           strncasecmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

/* A name with what is below it; with a dot before it, that alone. */
static bool is_within(struct kg_str host, struct kg_str domain)
{
    if (kg_str_starts(domain, KG_STR("*."))) {
        domain = kg_str_of(domain.ptr + 1, domain.len - 1);
    }
    if (domain.len == 0 || !ends_with(host, domain)) {
        return false;
    }
    return domain.ptr[0] == '.' || host.len == domain.len ||
           host.ptr[host.len - domain.len - 1] == '.';
}

static bool is_in_network(struct kg_str host, struct kg_str network)
{
    struct kg_str rest = network;
    struct address base = address_of(kg_str_cut(&rest, '/'));
    struct address a = address_of(host);
    uint64_t n_bits;

    return base.n_bits > 0 && kg_str_to_u64(rest, &n_bits) &&
           n_bits <= base.n_bits && share_bits(&a, &base, (unsigned)n_bits);
}

static bool excludes(struct kg_str entry, struct kg_str host,
                     struct kg_str port)
{
    struct kg_str its_port;
    struct address its;
    struct address a;

    if (entry.len == 0 || kg_str_is(entry, "*")) {
        return entry.len > 0;
    }
    if (memchr(entry.ptr, '/', entry.len) != NULL) {
        return is_in_network(host, entry);
    }
    its_port = cut_port(&entry);
    if (its_port.len > 0 && !kg_str_eq(its_port, port)) {
        return false;
    }
    its = address_of(entry);
    a = address_of(host);
    return its.n_bits > 0 ? share_bits(&its, &a, its.n_bits)
                          : is_within(host, entry);
}

bool kg_proxy_excludes(struct kg_str list, struct kg_str host,
                       struct kg_str port)
{
    while (list.ptr != NULL) {
        struct kg_str entry = kg_str_trim(kg_str_cut(&list, ','));

        if (excludes(entry, host, port)) {
            return true;
        }
    }
    return false;
}

bool kg_proxy_is_known(const char *url)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h",
                                          NULL};
    const char *end = strstr(url, "://");

    return end != NULL &&
           kg_str_which(kg_str_of(url, (size_t)(end - url)), schemes) >= 0;
}

/* --- the environment ------------------------------------------------------------ */

static const char *variable(const char *name, const char *small)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0') {
        value = getenv(small);
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *kg_proxy_of_environment(const char *server)
{
    bool tls = strncasecmp(server, "https://", 8) == 0;
    const char *proxy = tls ? variable("HTTPS_PROXY", "https_proxy")
                            : variable("HTTP_PROXY", "http_proxy");
    const char *begin = strstr(server, "://");
    struct kg_str host = kg_str_from(begin != NULL ? begin + 3 : server);
    struct kg_str port;
    const char *at;

    if (proxy == NULL) {
        return NULL;
    }
    host = kg_str_cut(&host, '/');
    at = memrchr(host.ptr, '@', host.len);
    if (at != NULL) {
        host = kg_str_of(at + 1, host.len - (size_t)(at + 1 - host.ptr));
    }
    port = cut_port(&host);
    if (port.len == 0) {
        port = tls ? KG_STR("443") : KG_STR("80");
    }
    return is_loopback(host) ||
                   kg_proxy_excludes(
                       kg_str_from(variable("NO_PROXY", "no_proxy")), host,
                       port)
               ? NULL
               : proxy;
}
