/* SPDX-License-Identifier: MIT */
/* What our own endpoint is asked: are we ready, run a task now. */
#include "agent.h"

#include "kubeglean/heap.h"

/* Of the database, or NULL. */
static const char *trouble_of(const struct kg_agent *a)
{
    return a->sink != NULL && a->sm.state <= KG_AGENT_RUNNING
               ? kg_sink_trouble(a->sink)
               : NULL;
}

/* What is waited for, or NULL. */
static const char *why_not_ready(const struct kg_agent *a)
{
    if (a->sm.state > KG_AGENT_RUNNING) {
        return kg_sm_name(&a->sm);
    }
    if (a->sink != NULL && !kg_sink_is_ready(a->sink)) {
        return "no connection to the database";
    }
    if (trouble_of(a) != NULL) {
        return "the database does not store";
    }
    if (!a->server_known) {
        return "no answer from the API server";
    }
    if (a->sm.state != KG_AGENT_RUNNING) {
        return kg_sm_name(&a->sm);
    }
    return kg_scopes_synced(a) ? NULL : "Jobs and Pods are not listed yet";
}

static enum kg_errc tell_why(const struct kg_agent *a, const char *why,
                             struct kg_buf *reason)
{
    const char *trouble = trouble_of(a);

    return trouble != NULL ? kg_buf_addf(reason, "%s: %s", why, trouble)
                           : kg_buf_adds(reason, why);
}

static bool on_ready(void *data, struct kg_buf *reason)
{
    const char *why = why_not_ready(data);

    if (why != NULL && tell_why(data, why, reason) != KG_OK) {
        kg_buf_reset(reason); /* Not ready, and no memory to say why. */
    }
    return why == NULL;
}

static void refuse(struct kg_serve *serve, struct kg_id request,
                   enum kg_errc code, const char *text)
{
    struct kg_error e;

    (void)kg_error_set(&e, code, 0, "%s", text);
    kg_endpoint_refused(serve, request, &e);
}

static struct kg_order *free_order(struct kg_agent *a)
{
    for (size_t i = 0; i < KG_ORDERS_MAX; i++) {
        if (a->orders[i].number == 0) {
            return &a->orders[i];
        }
    }
    return NULL;
}

static void place(struct kg_agent *a, const struct kg_task *task,
                  struct kg_order *order)
{
    struct kg_event event = {
        .kind = KG_EV_WANTED, .id = task->id, .order = order->number};

    if (kg_agent_step(a, &event) == KG_OK) {
        return; /* Answered when its Jobs are there. */
    }
    refuse(order->serve, order->request, KG_ECONFLICT,
           "it runs already in each of its namespaces");
    order->number = 0;
}

static void on_run(void *data, struct kg_serve *serve, struct kg_id request,
                   struct kg_str name)
{
    struct kg_agent *a = data;
    const struct kg_task *task =
        a->glean != NULL ? kg_glean_task(a->glean, name) : NULL;
    struct kg_order *order = free_order(a);

    if (a->sm.state != KG_AGENT_RUNNING || order == NULL) {
        refuse(serve, request, KG_EBUSY, "not ready; try again later");
    } else if (task == NULL) {
        refuse(serve, request, KG_ENOTFOUND, "there is no task of that name");
    } else {
        *order = (struct kg_order){++a->n_orders, serve, request};
        place(a, task, order);
    }
}

/* The Jobs that came of it; refused ones are not there any more. */
static size_t collect(const struct kg_agent *a, uint64_t number,
                      struct kg_started *runs, size_t max)
{
    struct kg_job *job = kg_glean_next_job(a->glean, NULL);
    size_t n = 0;

    for (; job != NULL; job = kg_glean_next_job(a->glean, job)) {
        if (job->order == number && job->uid[0] != '\0' && n < max) {
            runs[n++] =
                (struct kg_started){job->ns, job->name, kg_str_from(job->uid)};
        }
    }
    return n;
}

static void answer(struct kg_agent *a, const struct kg_order *order)
{
    size_t max = a->n_scopes;
    struct kg_started *runs = kg_calloc(max, sizeof(*runs));
    size_t n = runs != NULL ? collect(a, order->number, runs, max) : 0;

    if (n > 0) {
        kg_endpoint_started(order->serve, order->request, runs, n);
    } else {
        refuse(order->serve, order->request, KG_ESERVER,
               "the API server refused; the log tells more");
    }
    kg_free(runs);
}

void kg_api_ordered(struct kg_agent *a, uint64_t number)
{
    for (size_t i = 0; i < KG_ORDERS_MAX; i++) {
        if (a->orders[i].number == number) {
            answer(a, &a->orders[i]);
            a->orders[i].number = 0;
        }
    }
}

static void on_scrape(void *data)
{
    kg_measure_levels(data);
}

enum kg_errc kg_api_create(struct kg_agent *a, struct kg_error *e)
{
    const struct kg_config *config = a->options.config;
    struct kg_serve_config serve = {
        .listen = config->listen,
        .token_file = config->token_file,
        .routes = kg_endpoint_routes,
        .n_routes = KG_ENDPOINT_ROUTES,
        .data = &a->endpoint,
    };
    enum kg_errc rc;

    if (config->listen == NULL) {
        return KG_OK;
    }
    a->endpoint = (struct kg_endpoint){.metrics = &a->metrics,
                                       .ready_cb = on_ready,
                                       .run_cb = on_run,
                                       .scrape_cb = on_scrape,
                                       .data = a};
    rc = kg_serve_create(a->loop, &serve, &a->serve, e);
    if (rc == KG_OK) {
        KG_LOG(KG_LOG_INFO, "listening", KG_F("address", config->listen),
               KG_FU("port", kg_serve_port(a->serve)));
    }
    return rc;
}

static void on_closed(void *data)
{
    struct kg_agent *a = data;

    kg_latch_release(&a->open);
}

void kg_api_close(struct kg_agent *a)
{
    if (a->serve != NULL) {
        kg_latch_hold(&a->open);
        kg_serve_close(a->serve, on_closed, a);
    }
}
