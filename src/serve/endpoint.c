/* SPDX-License-Identifier: MIT */
/* kubeglean's own routes. */
#include "answer.h"
#include "kubeglean/limits.h"
#include "kubeglean/serve.h"

static void on_livez(void *data, const struct kg_request *r)
{
    (void)data; /* Who can answer lives. */
    kg_serve_answer(r->serve, r->id, 200, KG_SERVE_TEXT, KG_STR("ok\n"));
}

static void on_readyz(void *data, const struct kg_request *r)
{
    struct kg_endpoint *endpoint = data;
    struct kg_buf reason;

    kg_buf_init(&reason, KG_ERROR_TEXT_MAX);
    if (endpoint->ready_cb(endpoint->data, &reason)) {
        kg_serve_answer(r->serve, r->id, 200, KG_SERVE_TEXT, KG_STR("ok\n"));
    } else {
        kg_serve_answer(r->serve, r->id, 503, KG_SERVE_TEXT,
                        kg_buf_str(&reason));
    }
    kg_buf_finish(&reason);
}

static void on_metrics(void *data, const struct kg_request *r)
{
    struct kg_endpoint *endpoint = data;
    struct kg_buf text;

    kg_buf_init(&text, KG_LIMIT_SERVE_ANSWER);
    if (endpoint->scrape_cb != NULL) {
        endpoint->scrape_cb(endpoint->data);
    }
    if (kg_metrics_text(endpoint->metrics, &text) == KG_OK) {
        kg_serve_answer(r->serve, r->id, 200,
                        "text/plain; version=0.0.4; charset=utf-8",
                        kg_buf_str(&text));
    } else {
        kg_serve_refuse(r->serve, r->id, 503, "no memory for the metrics");
    }
    kg_buf_finish(&text);
}

static void on_run(void *data, const struct kg_request *r)
{
    struct kg_endpoint *endpoint = data;

    endpoint->run_cb(endpoint->data, r->serve, r->id, r->name); /* Last. */
}

const struct kg_route kg_endpoint_routes[KG_ENDPOINT_ROUTES] = {
    {"GET", "/livez", false, on_livez},
    {"GET", "/readyz", false, on_readyz},
    {"GET", "/metrics", false, on_metrics},
    {"POST", "/api/v1/tasks/*/run", true, on_run},
};

static enum kg_errc add_member(struct kg_buf *b, const char *before,
                               struct kg_str value)
{
    enum kg_errc err = kg_buf_adds(b, before);

    return err == KG_OK ? kg_buf_add_json(b, value) : err;
}

static enum kg_errc add_run(struct kg_buf *b, const struct kg_started *run)
{
    enum kg_errc err = add_member(b, "{\"namespace\":", run->ns);

    if (err == KG_OK) {
        err = add_member(b, ",\"job\":", run->job);
    }
    if (err == KG_OK) {
        err = add_member(b, ",\"uid\":", run->uid);
    }
    return err == KG_OK ? kg_buf_addc(b, '}') : err;
}

static enum kg_errc add_runs(struct kg_buf *b, const struct kg_started *runs,
                             size_t n_runs)
{
    enum kg_errc err = kg_buf_adds(b, "{\"runs\":[");

    for (size_t i = 0; err == KG_OK && i < n_runs; i++) {
        err = i > 0 ? kg_buf_addc(b, ',') : KG_OK;
        err = err == KG_OK ? add_run(b, &runs[i]) : err;
    }
    return err == KG_OK ? kg_buf_adds(b, "]}\n") : err;
}

void kg_endpoint_started(struct kg_serve *s, struct kg_id id,
                         const struct kg_started *runs, size_t n_runs)
{
    struct kg_buf body;

    kg_buf_init(&body, KG_LIMIT_SERVE_ANSWER);
    if (add_runs(&body, runs, n_runs) == KG_OK) {
        kg_serve_answer(s, id, 202, KG_SERVE_JSON, kg_buf_str(&body));
    } else {
        kg_serve_refuse(s, id, 500, "started, but no memory to say what");
    }
    kg_buf_finish(&body);
}

static unsigned status_of(enum kg_errc code)
{
    switch (code) {
    case KG_ENOTFOUND:
        return 404;
    case KG_EEXISTS:
    case KG_ECONFLICT:
        return 409;
    case KG_EFORBIDDEN:
        return 403;
    case KG_EBUSY:
        return 503;
    default:
        return 500;
    }
}

void kg_endpoint_refused(struct kg_serve *s, struct kg_id id,
                         const struct kg_error *e)
{
    kg_serve_refuse(s, id, status_of(e->code), e->text);
}
