/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <stdio.h>

static bool on_ready(void *data, struct kg_buf *reason)
{
    struct kt_serve *f = data;

    if (f->not_ready != NULL) {
        assert_int_equal(kg_buf_adds(reason, f->not_ready), KG_OK);
    }
    return f->not_ready == NULL;
}

void kt_serve_start_run(struct kt_serve *f)
{
    const struct kg_started run = {KG_STR("team-a"), KG_STR("krr-1"),
                                   KG_STR("uid \"1\"")};

    kg_endpoint_started(f->serve, f->asked, &run, 1);
}

static void on_run(void *data, struct kg_serve *s, struct kg_id id,
                   struct kg_str task)
{
    struct kt_serve *f = data;

    f->asked = id;
    f->n_asked++;
    (void)snprintf(f->task, sizeof(f->task), "%.*s", KG_STR_ARG(task));
    if (kg_str_is(task, "krr") && !f->answer_later) {
        kt_serve_start_run(f);
    } else if (!f->answer_later) {
        struct kg_error e;

        (void)kg_error_set(
            &e, kg_str_is(task, "busy") ? KG_ECONFLICT : KG_ENOTFOUND, 0,
            "task %.*s: no", KG_STR_ARG(task));
        kg_endpoint_refused(s, id, &e);
    }
}

static const struct kg_family family = {
    .name = "kubeglean_test", .help = "A test", .type = KG_GAUGE};

void kt_serve_set_up(struct kt_serve *f)
{
    *f = (struct kt_serve){.config = {.listen = "127.0.0.1:0",
                                      .routes = kg_endpoint_routes,
                                      .n_routes = KG_ENDPOINT_ROUTES}};
    assert_int_equal(kg_loop_init(&f->loop), KG_OK);
    kg_metrics_init(&f->metrics, 10);
    kg_metrics_set(&f->metrics, &family, NULL, 42);
    f->endpoint = (struct kg_endpoint){&f->metrics, on_ready, on_run, f};
    f->config.data = &f->endpoint;
}

void kt_serve_start(struct kt_serve *f)
{
    struct kg_error e;

    assert_int_equal(kg_serve_create(&f->loop, &f->config, &f->serve, &e),
                     KG_OK);
}

static void on_closed(void *data)
{
    ((struct kt_serve *)data)->closed = true;
}

void kt_serve_on_drained(void *data)
{
    ((struct kt_serve *)data)->drained = true;
}

void kt_serve_tear_down(struct kt_serve *f)
{
    if (f->serve != NULL) {
        kg_serve_close(f->serve, on_closed, f);
        kt_loop_until(&f->loop, &f->closed, 100);
    }
    kg_loop_close(&f->loop);
    kg_metrics_finish(&f->metrics);
}

void kt_serve_ask(struct kt_serve *f, struct kt_client *c, const char *request)
{
    kt_dial(c, kg_serve_port(f->serve));
    kt_say(c, request);
    kt_hear_until(c, &f->loop, NULL);
    kt_hang_up(c);
}
