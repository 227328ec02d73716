/* SPDX-License-Identifier: MIT */
/* libcurl's callbacks only count, hand bytes on, or ask it to pause: none calls
 * libcurl back, and what the owner does in between takes effect on the loop's
 * next turn. */
#include "transfer.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

enum { CONNECT_TIMEOUT_MS = 30 * 1000, KEEPALIVE_S = 30 };

/* --- libcurl's callbacks --------------------------------------------------- */

static struct kg_str media_type(const char *text)
{
    struct kg_str rest = kg_str_from(text);

    return kg_str_trim(kg_str_cut(&rest, ';'));
}

/* Of a date that is past libcurl makes less than nothing. */
static uint32_t wait_of(curl_off_t seconds)
{
    if (seconds < 0) {
        return 0;
    }
    return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

static void tell_head(struct kg_transfer *t, long status)
{
    struct kg_http_head head = {.status = (int)status};
    char *type = NULL;
    curl_off_t retry_after_s = 0;

    t->answered = true;
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    head.content_type = media_type(type);
    head.retry_after_s = wait_of(retry_after_s);
    if (t->req->events->head != NULL) {
        t->req->events->head(t->req, &head); /* `t->req` may be NULL now. */
    }
}

/* A line of the head, or of the trailer behind a chunked body. */
static size_t on_header(char *line, size_t size, size_t len, void *data)
{
    struct kg_transfer *t = data;
    long status = 0;

    (void)size; /* Always 1. */
    t->header_bytes += len;
    if (t->req == NULL) {
        return 0;
    }
    if (t->header_bytes > KG_LIMIT_HEADERS) {
        (void)kg_error_set(&t->failed, KG_ELIMIT, 0,
                           "more than %zu bytes of headers", KG_LIMIT_HEADERS);
        return 0;
    }
    t->last_ms = kg_loop_now_ms(t->lane->open->loop);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!t->answered && status >= 200 && (line[0] == '\r' || line[0] == '\n')) {
        tell_head(t, status);
    }
    return t->req != NULL ? len : 0;
}

static size_t on_body(char *bytes, size_t size, size_t len, void *data)
{
    struct kg_transfer *t = data;

    (void)size; /* Always 1. */
    if (t->req == NULL) {
        return 0;
    }
    if (t->flow != KG_FLOWING) {
        t->flow = t->flow == KG_PAUSED ? KG_HELD : t->flow;
        return CURL_WRITEFUNC_PAUSE; /* It comes again. */
    }
    t->last_ms = kg_loop_now_ms(t->lane->open->loop);
    t->req->events->body(t->req, kg_str_of(bytes, len));
    return t->req != NULL ? len : 0;
}

/* --- asking ----------------------------------------------------------------- */

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    *list = longer != NULL ? longer : *list;
    return longer != NULL;
}

static bool add_header(struct kg_transfer *t, const char *name,
                       const char *value)
{
    char line[256];
    int len = snprintf(line, sizeof(line), "%s%s", name, value);

    KG_REQUIRE(len > 0 && (size_t)len < sizeof(line)); /* Our constants. */
    return add_line(&t->headers, line);
}

static bool add_origin(struct kg_transfer *t, const struct kg_origin *origin)
{
    const struct curl_slist *line = origin->headers;
    bool ok = true;

    for (; ok && line != NULL; line = line->next) {
        ok = add_line(&t->headers, line->data);
    }
    if (origin->header != NULL) {
        ok = ok && add_line(&t->headers, origin->header) &&
             add_line(&t->connect, origin->connect) &&
             curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect) ==
                 CURLE_OK;
    }
    return ok;
}

/* Those that are known when it is started; libcurl is given them behind
 * kg_transfer_identify(). */
static bool add_headers(struct kg_transfer *t, const struct kg_origin *origin,
                        const struct kg_http_ask *ask)
{
    const char *json = "application/json";
    const char *type = ask->content_type != NULL ? ask->content_type : json;
    bool ok =
        add_header(t, "Accept: ", ask->accept != NULL ? ask->accept : json);

    if (ask->body.len > 0) { /* No waiting for a "100 Continue". */
        ok = ok && add_header(t, "Content-Type: ", type) &&
             add_line(&t->headers, "Expect:");
    }
    return ok && add_origin(t, origin);
}

static bool set_body(struct kg_transfer *t, struct kg_str body)
{
    if (body.len == 0) {
        return true;
    }
    t->body = kg_strndup(body.ptr, body.len);
    (void)curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)body.len);
    return t->body != NULL &&
           curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body) == CURLE_OK;
}

static bool set_url(struct kg_transfer *t, const struct kg_origin *origin,
                    const struct kg_http_ask *ask)
{
    struct kg_buf url;
    struct kg_str path = kg_str_from(ask->path);
    bool ok;

    kg_buf_init(&url, 2 * KG_LIMIT_URL);
    ok = kg_buf_addf(&url, "%s%s", origin->url, ask->path) == KG_OK;
    ok = ok && kg_buf_cstr(&url) != NULL &&
         curl_easy_setopt(t->easy, CURLOPT_URL, kg_buf_str(&url).ptr) ==
             CURLE_OK;
    kg_buf_reset(&url);
    path = kg_str_cut(&path, '?');
    ok = ok && kg_buf_addf(&url, "%s %s%.*s", ask->method, origin->host,
                           KG_STR_ARG(path)) == KG_OK;
    t->what = ok ? kg_strndup(kg_buf_str(&url).ptr, kg_buf_len(&url)) : NULL;
    kg_buf_finish(&url);
    return t->what != NULL && curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST,
                                               ask->method) == CURLE_OK;
}

/* HTTP/2 is shared; a stream never is, so that it can be held back alone. */
static long http_version(const struct kg_origin *origin, bool stream)
{
    return origin->tls && !stream ? (long)CURL_HTTP_VERSION_2TLS
                                  : (long)CURL_HTTP_VERSION_1_1;
}

static void set_manners(struct kg_transfer *t, const struct kg_origin *origin)
{
    CURL *easy = t->easy;

    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->text);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S / 2);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           http_version(origin, t->stream));
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, t->stream ? 0L : 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, t->stream ? 1L : 0L);
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, t->stream ? 1L : 0L);
}

struct kg_transfer *kg_transfer_create(struct kg_http *http,
                                       const struct kg_origin *origin,
                                       const struct kg_http_ask *ask)
{
    struct kg_transfer *t = kg_calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    kg_queue_init(&t->node);
    kg_queue_init(&t->flow_node);
    t->http = http;
    t->stream = ask->stream;
    t->watch = ask->watch;
    t->idle_ms = ask->idle_ms;
    t->easy = curl_easy_init();
    if (t->easy == NULL || !set_url(t, origin, ask) ||
        !add_headers(t, origin, ask) || !set_body(t, ask->body) ||
        kg_origin_apply(origin, t->easy) != CURLE_OK) {
        kg_transfer_destroy(t);
        return NULL;
    }
    set_manners(t, origin);
    return t;
}

static void wipe(struct curl_slist *list)
{
    for (; list != NULL; list = list->next) {
        explicit_bzero(list->data, strlen(list->data));
    }
}

void kg_transfer_destroy(struct kg_transfer *t)
{
    if (t == NULL) {
        return;
    }
    curl_easy_cleanup(t->easy);
    kg_identity_release(t->identity);
    wipe(t->headers);
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->resolve);
    curl_slist_free_all(t->connect);
    kg_free(t->body);
    kg_free(t->what);
    kg_free(t);
}

enum kg_errc kg_transfer_identify(struct kg_transfer *t,
                                  struct kg_identity *identity,
                                  const char *authorization)
{
    kg_identity_hold(identity);
    t->identity = identity;
    if (authorization != NULL && !add_line(&t->headers, authorization)) {
        return KG_ENOMEM;
    }
    return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) ==
                       CURLE_OK &&
                   kg_identity_apply(identity, t->easy) == CURLE_OK
               ? KG_OK
               : KG_ENOMEM;
}

enum kg_errc kg_transfer_resolve(struct kg_transfer *t, const char *entry)
{
    if (entry == NULL) {
        return KG_OK;
    }
    t->resolve = curl_slist_append(NULL, entry);
    if (t->resolve == NULL) {
        return KG_ENOMEM;
    }
    (void)curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolve);
    return KG_OK;
}

/* --- what came of it -------------------------------------------------------- */

static enum kg_errc word_of(CURLcode result)
{
    switch (result) {
    case CURLE_OUT_OF_MEMORY:
    case CURLE_ABORTED_BY_CALLBACK: /* A lane without memory. */
        return KG_ENOMEM;
    case CURLE_COULDNT_RESOLVE_HOST:
        return KG_ENAME;
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_OPERATION_TIMEDOUT: /* Only connecting has a time of libcurl's. */
        return KG_ECONNECT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
        return KG_ETLS;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP2:
        return KG_ECLOSED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
        return KG_EPROTOCOL;
    default:
        return KG_EIO;
    }
}

/* The server's refusal of our certificate comes as a TLS alert, within the
 * handshake or, with TLS 1.3, with the first read after it. Other alerts tell
 * that the server, or what stands before it, is not well just now. */
static bool is_refusal_of_us(const char *text)
{
    static const char *const reasons[] = {"certificate", "unknown ca",
                                          "access denied"};
    const char *alert = strstr(text, " alert ");

    for (size_t i = 0; alert != NULL && i < KG_COUNT_OF(reasons); i++) {
        if (strstr(alert, reasons[i]) != NULL) {
            return true;
        }
    }
    return false;
}

void kg_transfer_result(const struct kg_transfer *t, CURLcode result,
                        struct kg_error *e)
{
    enum kg_errc code = word_of(result);
    const char *text =
        t->text[0] != '\0' ? t->text : curl_easy_strerror(result);

    kg_error_clear(e);
    if (t->failed.code != KG_OK) {
        *e = t->failed;
        (void)kg_error_wrap(e, "%s", t->what);
        return;
    }
    if (result == CURLE_OK) {
        return;
    }
    if (is_refusal_of_us(text)) {
        code = KG_ETLS;
    }
    (void)kg_error_set(e, code, (long)result, "%s: %s", t->what, text);
}
