/* SPDX-License-Identifier: MIT */
#include "origin.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

void kg_origin_finish(struct kg_origin *o)
{
    kg_free(o->url);
    kg_free(o->host);
    kg_free(o->name);
    kg_free(o->port);
    if (o->proxy != NULL) {
        explicit_bzero(o->proxy, strlen(o->proxy)); /* A password, maybe. */
    }
    kg_free(o->proxy);
    kg_free(o->header);
    kg_free(o->connect);
    kg_free(o->user_agent);
    curl_slist_free_all(o->headers);
    kg_identity_release(o->identity);
    *o = (struct kg_origin){0};
}

static char *join(const char *a, const char *b, const char *c, const char *d)
{
    struct kg_buf text;
    char *copy = NULL;

    kg_buf_init(&text, KG_LIMIT_URL);
    if (kg_buf_addf(&text, "%s%s%s%s", a, b, c, d) == KG_OK) {
        copy = kg_strndup(kg_buf_str(&text).ptr, kg_buf_len(&text));
    }
    kg_buf_finish(&text);
    return copy;
}

/* What libcurl understood of the server's URL; freed by curl_free(). */
struct parts {
    char *scheme, *host, *port, *path;
    char *user, *password; /* Of a proxy, or NULL. */
};

static void parts_free(struct parts *p)
{
    curl_free(p->scheme);
    curl_free(p->host);
    curl_free(p->port);
    curl_free(p->path);
    curl_free(p->user);
    curl_free(p->password);
}

static CURLUcode parse(CURLU *url, const char *server, struct parts *ret_parts)
{
    CURLUcode err = curl_url_set(url, CURLUPART_URL, server, 0);

    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_SCHEME, &ret_parts->scheme, 0);
    }
    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_HOST, &ret_parts->host, 0);
    }
    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_PORT, &ret_parts->port,
                           CURLU_DEFAULT_PORT);
    }
    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_PATH, &ret_parts->path, 0);
    }
    return err;
}

/* With a TLS server name the URL names that, since SNI and verification go by
 * it; the connection and the Host header go to where the server is. */
static bool build(struct kg_origin *o, struct parts *p, const char *tls_name)
{
    size_t path_len = strlen(p->path);
    size_t len = strlen(p->host);
    bool bracket = p->host[0] == '[';
    const char *url_host = tls_name != NULL ? tls_name : p->host;
    char *base;

    while (path_len > 0 && p->path[path_len - 1] == '/') {
        p->path[--path_len] = '\0';
    }
    o->host = join(p->host, ":", p->port, "");
    o->port = kg_strdup(p->port);
    o->name = kg_strndup(p->host + bracket, len - 2 * (size_t)bracket);
    if (tls_name != NULL) {
        o->header = join("Host: ", p->host, ":", p->port);
        o->connect = join("::", p->host, ":", p->port);
    }
    base = join(p->scheme, "://", url_host, ":");
    o->url = base != NULL ? join(base, p->port, p->path, "") : NULL;
    kg_free(base);
    return o->url != NULL && o->host != NULL && o->port != NULL &&
           o->name != NULL &&
           (tls_name == NULL || (o->header != NULL && o->connect != NULL));
}

/* What parse() said, and whether we speak it. */
static enum kg_errc check(CURLUcode bad, const struct parts *p,
                          const char *server, struct kg_error *e)
{
    if (bad == CURLUE_OUT_OF_MEMORY) {
        (void)kg_error_set(e, KG_ENOMEM, 0, "out of memory");
        return KG_ENOMEM;
    }
    if (bad != CURLUE_OK) {
        (void)kg_error_set(e, KG_ECONFIG, (long)bad, "server \"%s\": %s",
                           server, curl_url_strerror(bad));
        return KG_ECONFIG;
    }
    if (strcmp(p->scheme, "https") != 0 && strcmp(p->scheme, "http") != 0) {
        (void)kg_error_set(e, KG_ECONFIG, 0,
                           "server \"%s\": must begin with https:// or "
                           "http://",
                           server);
        return KG_ECONFIG;
    }
    return KG_OK;
}

/* For messages: a password may stand before the host. */
static const char *without_user(const char *server)
{
    const char *at = strrchr(server, '@');

    return at != NULL ? at + 1 : server;
}

static enum kg_errc init(struct kg_origin *o,
                         const struct kg_http_options *options, CURLU *url,
                         struct kg_error *e)
{
    struct parts p = {0};
    enum kg_errc err = check(parse(url, options->server, &p), &p,
                             without_user(options->server), e);

    if (err == KG_OK && !build(o, &p, options->tls_server_name)) {
        err = kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    if (err == KG_OK) {
        o->tls = strcmp(p.scheme, "https") == 0;
    }
    parts_free(&p);
    return err;
}

/* --- the proxy ----------------------------------------------------------------- */

static CURLUcode parse_proxy(CURLU *url, const char *proxy,
                             struct parts *ret_parts)
{
    CURLUcode err =
        curl_url_set(url, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME);

    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_SCHEME, &ret_parts->scheme, 0);
    }
    if (err == CURLUE_OK) {
        err = curl_url_get(url, CURLUPART_HOST, &ret_parts->host, 0);
    }
    if (err == CURLUE_OK) { /* These need not be there. */
        (void)curl_url_get(url, CURLUPART_USER, &ret_parts->user, 0);
        (void)curl_url_get(url, CURLUPART_PASSWORD, &ret_parts->password, 0);
        (void)curl_url_get(url, CURLUPART_PORT, &ret_parts->port, 0);
    }
    return err;
}

/* libcurl takes 1080 for all of them. */
static const char *proxy_port(const struct parts *p)
{
    if (p->port != NULL) {
        return p->port;
    }
    if (strcmp(p->scheme, "https") == 0) {
        return "443";
    }
    return strcmp(p->scheme, "http") == 0 ? "80" : "1080";
}

/* The connection goes there; a SOCKS proxy resolves names, as Go asks it to. */
static bool build_proxy(struct kg_origin *o, const struct parts *p)
{
    bool socks = strncmp(p->scheme, "socks5", 6) == 0;
    bool bracket = p->host[0] == '[';
    struct kg_buf url;
    enum kg_errc err;

    kg_buf_init(&url, KG_LIMIT_URL);
    err = kg_buf_addf(&url, "%s://%s%s%s%s%s:%s", socks ? "socks5h" : p->scheme,
                      p->user != NULL ? p->user : "",
                      p->password != NULL ? ":" : "",
                      p->password != NULL ? p->password : "",
                      p->user != NULL ? "@" : "", p->host, proxy_port(p));
    if (err == KG_OK) {
        o->proxy = kg_strndup(kg_buf_str(&url).ptr, kg_buf_len(&url));
    }
    explicit_bzero((char *)kg_buf_str(&url).ptr, kg_buf_len(&url));
    kg_buf_finish(&url);
    kg_free(o->name);
    kg_free(o->port);
    o->name =
        kg_strndup(p->host + bracket, strlen(p->host) - 2 * (size_t)bracket);
    o->port = kg_strdup(proxy_port(p));
    return o->proxy != NULL && o->name != NULL && o->port != NULL;
}

static enum kg_errc use_proxy(struct kg_origin *o, const char *proxy,
                              struct kg_error *e)
{
    CURLU *url = curl_url();
    struct parts p = {0};
    CURLUcode bad =
        url != NULL ? parse_proxy(url, proxy, &p) : CURLUE_OUT_OF_MEMORY;
    enum kg_errc err = KG_OK;

    if (bad == CURLUE_OUT_OF_MEMORY ||
        (bad == CURLUE_OK && !build_proxy(o, &p))) {
        err = kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    } else if (bad != CURLUE_OK) {
        err = kg_error_set(e, KG_ECONFIG, (long)bad, "proxy \"%s\": %s",
                           without_user(proxy), curl_url_strerror(bad));
    }
    parts_free(&p);
    curl_url_cleanup(url);
    return err;
}

/* --- the whole ------------------------------------------------------------------- */

static bool copy_headers(struct kg_origin *o, const char *lines)
{
    struct kg_str rest = kg_str_from(lines);

    while (rest.ptr != NULL) {
        struct kg_str line = kg_str_cut(&rest, '\n');
        char *text = kg_strndup(line.ptr, line.len);
        struct curl_slist *longer =
            text != NULL ? curl_slist_append(o->headers, text) : NULL;

        kg_free(text);
        if (longer == NULL) {
            return false;
        }
        o->headers = longer;
    }
    return true;
}

static bool copy(struct kg_origin *o, const struct kg_http_options *options)
{
    o->identity =
        kg_identity_create(&options->ca, &options->cert, &options->key);
    o->user_agent = kg_strdup(options->user_agent != NULL ? options->user_agent
                                                          : "kubeglean");
    return o->identity != NULL && o->user_agent != NULL &&
           copy_headers(o, options->headers);
}

enum kg_errc kg_origin_init(struct kg_origin *o,
                            const struct kg_http_options *options,
                            struct kg_error *e)
{
    CURLU *url = curl_url();
    enum kg_errc err;

    *o = (struct kg_origin){.insecure = options->insecure};
    if (url == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    err = init(o, options, url, e);
    curl_url_cleanup(url);
    if (err == KG_OK && options->proxy != NULL) {
        err = use_proxy(o, options->proxy, e);
    }
    if (err == KG_OK && !copy(o, options)) {
        err = kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    if (err != KG_OK) {
        kg_origin_finish(o);
    }
    return err;
}

CURLcode kg_origin_apply(const struct kg_origin *o, CURL *easy)
{
    /* Debian sets a CAPATH, with which libcurl reads the system's certificates
     * anew for each connection: 900 KB and 20 ms each. */
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, o->insecure ? 0L : 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, o->insecure ? 0L : 2L);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                           (long)CURL_SSLVERSION_TLSv1_2);
    if (curl_easy_setopt(easy, CURLOPT_PROXY,
                         o->proxy != NULL ? o->proxy : "") != CURLE_OK) {
        return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_setopt(easy, CURLOPT_USERAGENT, o->user_agent);
}
