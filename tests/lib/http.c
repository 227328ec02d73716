/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <string.h>

void kt_http_on_closed(void *data)
{
    ((struct kt_http *)data)->closed = true;
}

static void on_head(struct kg_http_req *r, const struct kg_http_head *head)
{
    struct kt_asked *a = r->data;

    assert_false(a->done);
    assert_int_equal(a->n_bodies, 0);
    a->n_heads++;
    a->status = head->status;
    a->retry_after_s = head->retry_after_s;
    assert_true(head->content_type.len < sizeof(a->type));
    if (head->content_type.len > 0) {
        memcpy(a->type, head->content_type.ptr, head->content_type.len);
    }
    if (a->cancel_at_head) {
        kg_http_cancel(r);
        a->done = true;
    }
}

static void on_body(struct kg_http_req *r, struct kg_str piece)
{
    struct kt_asked *a = r->data;

    assert_false(a->done);
    assert_true(a->n_heads == 1);
    a->n_bodies++;
    if (a->body_len + piece.len <= sizeof(a->body)) {
        memcpy(a->body + a->body_len, piece.ptr, piece.len);
        a->body_len += piece.len;
    }
    if (a->pause_at_body) {
        kg_http_pause(r);
    }
    if (a->cancel_at_body) {
        kg_http_cancel(r);
        a->done = true;
    }
    if (a->close_at_body != NULL) {
        kg_http_close(a->close_at_body, NULL, NULL);
        a->done = true;
    }
}

static void on_done(struct kg_http_req *r, const struct kg_error *e)
{
    struct kt_asked *a = r->data;

    assert_false(a->done);
    assert_true(kg_http_is_idle(r));
    a->done = true;
    if (e != NULL) {
        a->e = *e;
    }
}

const struct kg_http_events kt_http_events = {on_head, on_body, on_done};

void kt_http_set_up(struct kt_http *f, const struct kt_reply *replies,
                    size_t n_replies)
{
    struct kg_http_options options = {.user_agent = "test/1"};
    struct kg_error e;

    f->closed = false;
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kt_server_start(&f->server, &f->loop, replies, n_replies);
    options.server = f->server.url;
    assert_int_equal(kg_http_create(&f->loop, &options, &e, &f->http), KG_OK);
}

void kt_http_tear_down(struct kt_http *f)
{
    if (f->http != NULL) {
        kg_http_close(f->http, kt_http_on_closed, f);
        assert_false(f->closed);
        kt_loop_until(&f->loop, &f->closed, 50);
    }
    kt_server_stop(&f->server);
    kg_loop_close(&f->loop);
}

void kt_ask(struct kt_http *f, struct kt_asked *a, const char *path)
{
    const struct kg_http_ask q = {.method = "GET", .path = path};

    kg_http_req_init(&a->req);
    a->req.data = a;
    assert_int_equal(kg_http_start(f->http, &a->req, &kt_http_events, &q),
                     KG_OK);
    assert_false(a->done);
}
