/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <stdio.h>

#include "json.h"
#include "kubeglean/heap.h"
#include "sim.h"

struct fault {
    struct kg_queue node;
    char *method; /* "" for any. */
    char *path;   /* Prefix of the target, query included. */
    char *verb;   /* "watch", "log", "list", ...; "" for any. */
    int64_t skip; /* So many that would fit are let through first. */
    int64_t left; /* So many meet it; -1: all. */
    enum sim_harm harm;
    int64_t at;
    int status; /* Of an answer; 0: a harm. */
    int64_t retry_after;
    char *body;
};

void sim_faults_init(struct sim_faults *f)
{
    *f = (struct sim_faults){0};
    kg_queue_init(&f->list);
}

static void drop(struct fault *f)
{
    kg_queue_remove(&f->node);
    kg_free(f->method);
    kg_free(f->path);
    kg_free(f->verb);
    kg_free(f->body);
    kg_free(f);
}

void sim_faults_clear(struct sim_faults *f)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&f->list)) != NULL) {
        drop(KG_CONTAINER_OF(node, struct fault, node));
    }
    f->n_met = 0;
}

bool sim_harm_parse(struct kg_str name, enum sim_harm *ret_harm)
{
    static const struct {
        const char *name;
        enum sim_harm harm;
    } harms[] = {
        {"close", SIM_HARM_CLOSE},
        {"reset", SIM_HARM_RESET},
        {"stall", SIM_HARM_STALL},
        {"end", SIM_HARM_END},
    };

    for (size_t i = 0; i < KG_COUNT_OF(harms); i++) {
        if (kg_str_is(name, harms[i].name)) {
            *ret_harm = harms[i].harm;
            return true;
        }
    }
    return false;
}

enum kg_errc sim_faults_add(struct sim_faults *f, const struct kg_node *wanted,
                            struct kg_error *e)
{
    struct kg_str what = kg_node_str(kg_node_get(wanted, "do"));
    enum sim_harm harm = SIM_HARM_NONE;
    int64_t status = sim_int(wanted, "status", 0);
    struct fault *fault;

    if (!sim_harm_parse(what, &harm) && status == 0) {
        return kg_error_set(e, KG_EUSAGE, 0,
                            "a fault has \"do\": close, reset, stall or end, "
                            "or a \"status\" to answer");
    }
    fault = kg_calloc(1, sizeof(*fault));
    KG_REQUIRE(fault != NULL);
    fault->method = sim_cstr(kg_node_str(kg_node_get(wanted, "method")));
    fault->path = sim_cstr(kg_node_str(kg_node_get(wanted, "path")));
    fault->verb = sim_cstr(kg_node_str(kg_node_get(wanted, "verb")));
    fault->body = sim_cstr(kg_node_str(kg_node_get(wanted, "body")));
    fault->skip = sim_int(wanted, "skip", 0);
    fault->left = sim_int(wanted, "count", 1);
    fault->harm = harm;
    fault->at =
        sim_int(wanted, "at", harm == SIM_HARM_END ? 0 : SIM_HARM_AT_ONCE);
    fault->status = (int)status;
    fault->retry_after = sim_int(wanted, "retryAfter", -1);
    kg_queue_insert_tail(&f->list, &fault->node);
    return KG_OK;
}

static bool is_log(const struct sim_request *r)
{
    return kg_str_ends(r->path, KG_STR("/log"));
}

static bool fits(const struct fault *f, const struct sim_call *c,
                 const char *verb)
{
    struct kg_str target = kg_str_of(
        c->req->path.ptr, c->req->query.ptr != NULL
                              ? c->req->path.len + 1 + c->req->query.len
                              : c->req->path.len);

    if (f->method[0] != '\0' && strcmp(f->method, c->req->method) != 0) {
        return false;
    }
    if (f->verb[0] != '\0' && strcmp(f->verb, verb) != 0 &&
        !(strcmp(f->verb, "log") == 0 && is_log(c->req))) {
        return false;
    }
    return kg_str_starts(target, kg_str_from(f->path));
}

static struct fault *find(struct sim_call *c, const char *verb)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &c->sim->faults.list) {
        struct fault *f = KG_CONTAINER_OF(node, struct fault, node);

        if (!fits(f, c, verb)) {
            continue;
        }
        if (f->skip > 0) {
            f->skip--;
            continue;
        }
        return f;
    }
    return NULL;
}

/* As the real server says it, if nothing else was asked for. */
static void answer(struct sim_call *c, const struct fault *f)
{
    char headers[64] = "";
    char text[300];
    struct kg_str body = kg_str_from(f->body);

    if (f->retry_after >= 0) {
        (void)snprintf(headers, sizeof(headers), "Retry-After: %lld\r\n",
                       (long long)f->retry_after);
    }
    if (body.len == 0 && f->status == 429) {
        body = KG_STR("Too many requests, please try again later.\n");
    }
    if (body.len == 0) {
        (void)snprintf(text, sizeof(text),
                       "{\"kind\":\"Status\",\"apiVersion\":\"v1\","
                       "\"metadata\":{},\"status\":\"Failure\",\"message\":"
                       "\"a fault that was asked for\",\"reason\":\"%s\","
                       "\"code\":%d}\n",
                       f->status == 410 ? "Expired" : "InternalError",
                       f->status);
        body = kg_str_from(text);
    }
    sim_answer(c->conn, f->status,
               body.ptr[0] == '{' ? "application/json"
                                  : "text/plain; charset=utf-8",
               headers, body);
}

bool sim_faults_answer(struct sim_call *c, const char *verb)
{
    struct fault *f = find(c, verb);
    bool answered = true;

    if (f == NULL) {
        return false;
    }
    c->sim->faults.n_met++;
    if (f->status != 0) {
        answer(c, f);
    } else {
        sim_conn_harm(c->conn, f->harm, f->at);
        answered = f->at == SIM_HARM_AT_ONCE;
        if (answered) {
            sim_answer(c->conn, 200, NULL, NULL, kg_str_of("", 0));
        }
    }
    if (f->left > 0 && --f->left == 0) {
        drop(f);
    }
    return answered;
}
