/* SPDX-License-Identifier: MIT */
#include "parser.h"

#include "kubeglean/limits.h"
#include "kubeglean/serve.h"

/* What a chunked body may cost in framing, and a request in empty lines. */
#define REQUEST_MAX (KG_LIMIT_SERVE_HEAD + 2 * KG_LIMIT_SERVE_BODY)

static struct kg_serve_parser *parser_of(llhttp_t *llhttp)
{
    return KG_CONTAINER_OF(llhttp, struct kg_serve_parser, llhttp);
}

static int refuse(struct kg_serve_parser *p, unsigned status)
{
    p->status = status;
    return HPE_USER;
}

/* `beyond` is the status for what is too long. */
static int keep(struct kg_serve_parser *p, struct kg_buf *b, struct kg_str s,
                unsigned beyond)
{
    switch (kg_buf_add(b, s)) {
    case KG_OK:
        return 0;
    case KG_ELIMIT:
        return refuse(p, beyond);
    default:
        return refuse(p, 503);
    }
}

static bool head_is_too_long(struct kg_serve_parser *p, size_t len)
{
    p->n_head += len;
    return p->n_head > KG_LIMIT_SERVE_HEAD;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t len)
{
    struct kg_serve_parser *p = parser_of(llhttp);

    p->n_head += len;
    return keep(p, &p->url, kg_str_of(at, len), 414);
}

static int on_field(llhttp_t *llhttp, const char *at, size_t len)
{
    struct kg_serve_parser *p = parser_of(llhttp);

    if (head_is_too_long(p, len)) {
        return refuse(p, 431);
    }
    for (size_t i = 0; i < len && p->field_len + i < sizeof(p->field); i++) {
        bool upper = at[i] >= 'A' && at[i] <= 'Z';

        p->field[p->field_len + i] = (char)(upper ? at[i] - 'A' + 'a' : at[i]);
    }
    p->field_len += len;
    return 0;
}

static int on_host(struct kg_serve_parser *p, struct kg_str value)
{
    (void)value;
    p->n_hosts++;
    return 0;
}

static bool is_bearer(struct kg_str scheme)
{
    return scheme.len == 6 && strncasecmp(scheme.ptr, "bearer", 6) == 0;
}

static int on_authorization(struct kg_serve_parser *p, struct kg_str value)
{
    struct kg_str rest = value;
    struct kg_str scheme = kg_str_cut(&rest, ' ');

    if (kg_buf_len(&p->token) > 0) {
        return refuse(p, 400); /* Which of the two would count? */
    }
    return is_bearer(scheme) ? keep(p, &p->token, kg_str_trim(rest), 431) : 0;
}

static int on_origin(struct kg_serve_parser *p, struct kg_str value)
{
    (void)value;
    p->from_page = true;
    return 0;
}

static int on_expect(struct kg_serve_parser *p, struct kg_str value)
{
    if (value.len != 12 || strncasecmp(value.ptr, "100-continue", 12) != 0) {
        return refuse(p, 417);
    }
    p->expects = p->llhttp.http_minor > 0;
    return 0;
}

static const struct known {
    struct kg_str name;
    int (*on_value)(struct kg_serve_parser *p, struct kg_str value);
} knowns[] = {
    {{"host", 4}, on_host},
    {{"authorization", 13}, on_authorization},
    {{"origin", 6}, on_origin},
    {{"expect", 6}, on_expect},
};

/* NULL for the fields that nobody asks for, and for trailers. */
static const struct known *known_field(const struct kg_serve_parser *p)
{
    for (size_t i = 0; i < KG_COUNT_OF(knowns) && !p->past_head; i++) {
        if (p->field_len <= sizeof(p->field) &&
            kg_str_eq(knowns[i].name, kg_str_of(p->field, p->field_len))) {
            return &knowns[i];
        }
    }
    return NULL;
}

static int on_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct kg_serve_parser *p = parser_of(llhttp);

    if (head_is_too_long(p, len)) {
        return refuse(p, 431);
    }
    return known_field(p) != NULL ? keep(p, &p->value, kg_str_of(at, len), 431)
                                  : 0;
}

static int on_value_complete(llhttp_t *llhttp)
{
    struct kg_serve_parser *p = parser_of(llhttp);
    const struct known *known = known_field(p);
    int err = 0;

    if (known != NULL) {
        err = known->on_value(p, kg_str_trim(kg_buf_str(&p->value)));
    }
    kg_buf_reset(&p->value);
    p->field_len = 0;
    return err;
}

static int on_head_complete(llhttp_t *llhttp)
{
    struct kg_serve_parser *p = parser_of(llhttp);
    bool is_1_0 = llhttp->http_minor == 0;

    p->past_head = true;
    if (llhttp->http_major != 1 || llhttp->http_minor > 1) {
        return refuse(p, 505);
    }
    if (llhttp->method == HTTP_CONNECT) {
        return refuse(p, 400); /* Nobody agrees on where it ends. */
    }
    if (p->n_hosts > 1 || (p->n_hosts == 0 && !is_1_0) ||
        (is_1_0 && (llhttp->flags & F_TRANSFER_ENCODING) != 0)) {
        return refuse(p, 400);
    }
    return llhttp->content_length > KG_LIMIT_SERVE_BODY ? refuse(p, 413) : 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct kg_serve_parser *p = parser_of(llhttp);

    return keep(p, &p->body, kg_str_of(at, len), 413);
}

/* Pauses, so that what follows is left for the next request. */
static int on_whole(llhttp_t *llhttp)
{
    parser_of(llhttp)->keep_alive = llhttp_should_keep_alive(llhttp) == 1;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_head_complete,
    .on_body = on_body,
    .on_message_complete = on_whole,
};

/* All but the buffers. */
static void begin(struct kg_serve_parser *p)
{
    llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
    p->field_len = 0;
    p->n_head = 0;
    p->n_bytes = 0;
    p->n_hosts = 0;
    p->status = 0;
    p->past_head = false;
    p->from_page = false;
    p->expects = false;
    p->keep_alive = false;
}

void kg_serve_parser_init(struct kg_serve_parser *p)
{
    kg_buf_init(&p->url, KG_LIMIT_SERVE_URL);
    kg_buf_init(&p->token, KG_LIMIT_SERVE_TOKEN);
    kg_buf_init(&p->body, KG_LIMIT_SERVE_BODY);
    kg_buf_init(&p->value, KG_LIMIT_SERVE_HEAD);
    begin(p);
}

void kg_serve_parser_finish(struct kg_serve_parser *p)
{
    kg_buf_finish(&p->url);
    kg_buf_finish(&p->token);
    kg_buf_finish(&p->body);
    kg_buf_finish(&p->value);
}

void kg_serve_parser_next(struct kg_serve_parser *p)
{
    kg_buf_reset(&p->url);
    kg_buf_reset(&p->value);
    kg_buf_shrink(&p->token, 0); /* A secret, even if it was a wrong one. */
    kg_buf_shrink(&p->body, 0);
    begin(p);
}

/* llhttp's own refusals, and ours. */
static enum kg_serve_verdict refused(struct kg_serve_parser *p,
                                     llhttp_errno_t why)
{
    if (p->status == 0) {
        p->status = why == HPE_INVALID_VERSION ? 505 : 400;
    }
    return KG_SERVE_REFUSED;
}

enum kg_serve_verdict kg_serve_parser_feed(struct kg_serve_parser *p,
                                           struct kg_str bytes,
                                           size_t *ret_used)
{
    llhttp_errno_t why = llhttp_execute(&p->llhttp, bytes.ptr, bytes.len);

    if (why == HPE_OK) {
        *ret_used = bytes.len;
        p->n_bytes += bytes.len;
        if (p->n_bytes <= REQUEST_MAX) {
            return KG_SERVE_MORE;
        }
        p->status = p->past_head ? 413 : 431;
        return KG_SERVE_REFUSED;
    }
    *ret_used = (size_t)(llhttp_get_error_pos(&p->llhttp) - bytes.ptr);
    p->n_bytes += *ret_used;
    return why == HPE_PAUSED ? KG_SERVE_WHOLE : refused(p, why);
}

const char *kg_serve_parser_method(const struct kg_serve_parser *p)
{
    return llhttp_method_name((llhttp_method_t)p->llhttp.method);
}

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

const char *kg_serve_parser_version(void)
{
    return TEXT(LLHTTP_VERSION_MAJOR) "." TEXT(LLHTTP_VERSION_MINOR) "." TEXT(
        LLHTTP_VERSION_PATCH);
}
