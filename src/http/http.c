/* SPDX-License-Identifier: MIT */
#include "kubeglean/http.h"

#include "client.h"
#include "kubeglean/heap.h"

/* --- authorization --------------------------------------------------------- */

static void drop_authorization(struct kg_http *http)
{
    if (http->authorization != NULL) {
        explicit_bzero(http->authorization, strlen(http->authorization));
        kg_free(http->authorization);
        http->authorization = NULL;
    }
}

static bool fits_a_header(struct kg_str token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

enum kg_errc kg_http_set_token(struct kg_http *http, struct kg_str token)
{
    static const char bearer[] = "Authorization: Bearer ";
    char *line = NULL;

    if (!fits_a_header(token)) {
        return KG_EINVALID;
    }
    if (token.len > 0) {
        line = kg_calloc(1, sizeof(bearer) + token.len);
        if (line == NULL) {
            return KG_ENOMEM;
        }
        memcpy(line, bearer, sizeof(bearer) - 1);
        memcpy(line + sizeof(bearer) - 1, token.ptr, token.len);
    }
    drop_authorization(http);
    http->authorization = line;
    return KG_OK;
}

enum kg_errc kg_http_set_certificates(struct kg_http *http,
                                      const struct kg_http_pem *ca,
                                      const struct kg_http_pem *cert,
                                      const struct kg_http_pem *key)
{
    const struct kg_identity *old = http->origin.identity;
    struct kg_identity *id;

    ca = ca != NULL ? ca : &old->ca;
    cert = cert != NULL ? cert : &old->cert;
    key = key != NULL ? key : &old->key;
    id = kg_identity_create(ca, cert, key);
    if (id == NULL) {
        return KG_ENOMEM;
    }
    kg_identity_release(http->origin.identity);
    http->origin.identity = id;
    http->shared = NULL;
    http->watches = NULL;
    http->streams = NULL;
    kg_defer(http->loop, &http->work);
    return KG_OK;
}

void kg_http_hold(struct kg_http *http)
{
    http->held = true;
}

void kg_http_release(struct kg_http *http, const struct kg_error *e)
{
    http->held = false;
    if (e != NULL) {
        kg_http_fail_starting(http, e); /* Last. */
        return;
    }
    kg_defer(http->loop, &http->work);
}

/* --- life ------------------------------------------------------------------ */

static enum kg_errc create(struct kg_loop *loop,
                           const struct kg_http_options *options,
                           struct kg_error *e, struct kg_http **ret_http)
{
    struct kg_http *http = kg_calloc(1, sizeof(*http));
    enum kg_errc err;

    if (http == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    err = kg_http_set_token(http, options->token);
    if (err != KG_OK) {
        kg_free(http);
        return kg_error_set(e, err == KG_EINVALID ? KG_ECONFIG : err, 0,
                            "token: %s", kg_errc_text(err));
    }
    err = kg_origin_init(&http->origin, options, e);
    if (err != KG_OK) {
        drop_authorization(http);
        kg_free(http);
        return err;
    }
    http->loop = loop;
    kg_pace_init(&http->pace, options->qps, options->burst, options->n_at_once,
                 kg_loop_now_ms(loop));
    kg_latch_init(&http->open, loop);
    kg_resolver_init(&http->resolver, &http->open, http->origin.name,
                     http->origin.port);
    kg_queue_init(&http->lanes);
    kg_queue_init(&http->starting);
    kg_queue_init(&http->active);
    kg_queue_init(&http->dead);
    kg_queue_init(&http->batch);
    kg_queue_init(&http->resuming);
    kg_deferred_init(&http->work, kg_http_on_work);
    (void)uv_timer_init(&loop->uv, &http->sweep);
    *ret_http = http;
    return KG_OK;
}

/* libcurl counts how often it was initialised: each client does it once, and
 * cleans up once. */
enum kg_errc kg_http_create(struct kg_loop *loop,
                            const struct kg_http_options *options,
                            struct kg_error *e, struct kg_http **ret_http)
{
    enum kg_errc err;

    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, kg_alloc, kg_free, kg_realloc,
                             kg_strdup, kg_calloc) != CURLE_OK) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    err = create(loop, options, e, ret_http);
    if (err != KG_OK) {
        curl_global_cleanup();
    }
    return err;
}

static void on_all_closed(struct kg_latch *open)
{
    struct kg_http *http = KG_CONTAINER_OF(open, struct kg_http, open);
    kg_http_close_cb close_cb = http->close_cb;
    void *data = http->close_data;

    kg_free(http);
    curl_global_cleanup();
    if (close_cb != NULL) {
        close_cb(data); /* Last. */
    }
}

/* The rest, from the loop: it may be libcurl that called who closed us. */
static void on_closing(struct kg_deferred *d)
{
    struct kg_http *http = KG_CONTAINER_OF(d, struct kg_http, work);

    http->shared = NULL;
    http->watches = NULL;
    http->streams = NULL;
    kg_http_clean_up(http);
    kg_resolver_close(&http->resolver);
    kg_origin_finish(&http->origin);
    drop_authorization(http);
    kg_latch_close_handle(&http->open, (uv_handle_t *)&http->sweep);
    kg_latch_close(&http->open, on_all_closed);
}

void kg_http_close(struct kg_http *http, kg_http_close_cb close_cb, void *data)
{
    http->close_cb = close_cb;
    http->close_data = data;
    kg_http_bury_all(&http->starting);
    kg_http_bury_all(&http->active);
    kg_http_bury_all(&http->batch);
    kg_deferred_cancel(&http->work);
    kg_deferred_init(&http->work, on_closing);
    kg_defer(http->loop, &http->work);
}

const char *kg_http_host(const struct kg_http *http)
{
    return http->origin.host;
}

/* --- requests -------------------------------------------------------------- */

void kg_http_req_init(struct kg_http_req *r)
{
    r->transfer = NULL;
    r->events = NULL;
}

enum kg_errc kg_http_start(struct kg_http *http, struct kg_http_req *r,
                           const struct kg_http_events *events,
                           const struct kg_http_ask *ask)
{
    struct kg_transfer *t;

    KG_REQUIRE(kg_http_is_idle(r));
    t = kg_transfer_create(http, &http->origin, ask);
    if (t == NULL) {
        return KG_ENOMEM;
    }
    t->req = r;
    r->transfer = t;
    r->events = events;
    t->last_ms = kg_loop_now_ms(http->loop);
    t->due_ms = ask->total_ms != 0 ? t->last_ms + ask->total_ms : 0;
    kg_queue_insert_tail(&http->starting, &t->node);
    kg_defer(http->loop, &http->work);
    kg_http_arm_sweep(http, t);
    return KG_OK;
}

void kg_http_cancel(struct kg_http_req *r)
{
    if (r->transfer != NULL) {
        kg_http_bury(r->transfer);
    }
}

bool kg_http_is_idle(const struct kg_http_req *r)
{
    return r->transfer == NULL;
}

void kg_http_pause(struct kg_http_req *r)
{
    struct kg_transfer *t = r->transfer;

    if (t == NULL) {
        return;
    }
    if (t->flow == KG_FLOWING) {
        t->flow = KG_PAUSED;
    } else if (t->flow == KG_RESUMING) {
        t->flow = KG_HELD;
        kg_queue_remove(&t->flow_node);
    }
}

void kg_http_resume(struct kg_http_req *r)
{
    struct kg_transfer *t = r->transfer;

    if (t == NULL || t->flow == KG_FLOWING || t->flow == KG_RESUMING) {
        return;
    }
    t->last_ms = kg_loop_now_ms(t->http->loop);
    if (t->flow == KG_PAUSED) {
        t->flow = KG_FLOWING;
        kg_http_arm_sweep(t->http, t);
        return;
    }
    t->flow = KG_RESUMING;
    kg_queue_insert_tail(&t->http->resuming, &t->flow_node);
    kg_defer(t->http->loop, &t->http->work);
}

enum kg_errc kg_http_escape(struct kg_buf *out, struct kg_str s)
{
    static const char hex[] = "0123456789ABCDEF";
    enum kg_errc err = KG_OK;

    for (size_t i = 0; err == KG_OK && i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~", c) != NULL)) {
            err = kg_buf_addc(out, (char)c);
            continue;
        }
        err = kg_buf_addf(out, "%%%c%c", hex[c >> 4], hex[c & 15]);
    }
    return err;
}

const char *kg_http_client_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
