/* SPDX-License-Identifier: MIT */
#include "logquery.h"

#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "status.h"

/* False: it is no number; answered. */
static bool take_number(struct sim_call *c, const char *name, int64_t *ret_n,
                        bool *ret_said)
{
    char *text = sim_query(c->req->query, name);
    bool good = true;

    *ret_said = text != NULL && text[0] != '\0';
    if (*ret_said && !kg_str_to_i64(kg_str_from(text), ret_n)) {
        good = false;
        sim_bad_request(c, "strconv.ParseInt: parsing \"%s\": invalid syntax",
                        text);
    }
    kg_free(text);
    return good;
}

static bool take_since_time(struct sim_call *c, struct sim_log_query *q,
                            bool *ret_said)
{
    char *text = sim_query(c->req->query, "sinceTime");
    bool good = true;

    *ret_said = text != NULL && text[0] != '\0';
    if (*ret_said && !kg_time_parse(kg_str_from(text), &q->since_us)) {
        good = false;
        sim_bad_request(c,
                        "parsing time \"%s\" as \"2006-01-02T15:04:05Z07:00\""
                        ": cannot parse \"%s\" as \"2006\"",
                        text, text);
    }
    kg_free(text);
    return good;
}

/* A server that does not know the parameter ignores it. */
static void take_stream(struct sim_call *c, struct sim_log_query *q,
                        struct sim_causes *causes)
{
    char *text = sim_query(c->req->query, "stream");

    if (text == NULL || !c->sim->config.modern || strcmp(text, "All") == 0) {
        kg_free(text);
        return;
    }
    if (strcmp(text, "Stdout") == 0) {
        q->stream = SIM_STDOUT;
    } else if (strcmp(text, "Stderr") == 0) {
        q->stream = SIM_STDERR;
    } else {
        sim_cause(causes, "FieldValueNotSupported", "stream",
                  "Unsupported value: \"%s\": supported values: \"All\", "
                  "\"Stderr\", \"Stdout\"",
                  text);
    }
    if (q->stream != SIM_BOTH && q->tail_lines >= 0) {
        sim_cause(causes, "FieldValueForbidden", "[]",
                  "Forbidden: `tailLines` and specific `stream` are mutually "
                  "exclusive for now");
    }
    kg_free(text);
}

struct said {
    bool tail, limit, since_seconds, since_time;
};

static void check(const struct sim_log_query *q, const struct said *said,
                  int64_t since_seconds, struct sim_causes *causes)
{
    if (said->tail && q->tail_lines < 0) {
        sim_cause(causes, "FieldValueInvalid", "tailLines",
                  "Invalid value: %lld: must be greater than or equal to 0",
                  (long long)q->tail_lines);
    }
    if (said->limit && q->limit_bytes < 1) {
        sim_cause(causes, "FieldValueInvalid", "limitBytes",
                  "Invalid value: %lld: must be greater than 0",
                  (long long)q->limit_bytes);
    }
    if (said->since_seconds && said->since_time) {
        sim_cause(causes, "FieldValueForbidden", "[]",
                  "Forbidden: at most one of `sinceTime` or `sinceSeconds` "
                  "may be specified");
    } else if (said->since_seconds && since_seconds < 1) {
        sim_cause(causes, "FieldValueInvalid", "sinceSeconds",
                  "Invalid value: %lld: must be greater than 0",
                  (long long)since_seconds);
    }
}

static bool take_all(struct sim_log_query *q, struct sim_call *c,
                     struct sim_causes *causes)
{
    struct said said;
    int64_t since_seconds = 0;

    if (!take_number(c, "tailLines", &q->tail_lines, &said.tail) ||
        !take_number(c, "limitBytes", &q->limit_bytes, &said.limit) ||
        !take_number(c, "sinceSeconds", &since_seconds, &said.since_seconds) ||
        !take_since_time(c, q, &said.since_time)) {
        return false;
    }
    check(q, &said, since_seconds, causes);
    take_stream(c, q, causes);
    if (said.since_seconds) {
        q->since_us = kg_clock_now_us() - since_seconds * 1000000;
    }
    return true;
}

bool sim_log_query_init(struct sim_log_query *q, struct sim_call *c)
{
    struct sim_causes causes = {.n = 0};

    *q = (struct sim_log_query){
        .tail_lines = -1, .limit_bytes = -1, .since_us = KG_TIME_NONE};
    if (!take_all(q, c, &causes)) {
        return false;
    }
    if (causes.n > 0) {
        sim_invalid(c, "PodLogOptions", c->name, &causes);
        return false;
    }
    q->follow = sim_query_true(c->req->query, "follow");
    q->previous = sim_query_true(c->req->query, "previous");
    q->timestamps = sim_query_true(c->req->query, "timestamps");
    q->container_text = sim_query(c->req->query, "container");
    q->container = kg_str_from(q->container_text);
    return true;
}

void sim_log_query_finish(struct sim_log_query *q)
{
    kg_free(q->container_text);
}

static void add_names(struct kg_buf *b, const struct kg_node *list)
{
    bool first = true;

    sim_require(kg_buf_adds(b, "["));
    for (const struct kg_node *n = list != NULL ? list->child : NULL; n != NULL;
         n = n->next) {
        sim_require(
            kg_buf_addf(b, "%s%.*s", first ? "" : " ",
                        KG_STR_ARG(kg_node_str(kg_node_get(n, "name")))));
        first = false;
    }
    sim_require(kg_buf_adds(b, "]"));
}

static void choose_one(struct sim_call *c, const struct kg_node *containers,
                       const struct kg_node *inits)
{
    struct kg_buf b;

    kg_buf_init(&b, SIM_BODY_MAX);
    add_names(&b, containers);
    if (inits != NULL) {
        sim_require(kg_buf_adds(&b, " or one of the init containers: "));
        add_names(&b, inits);
    }
    sim_bad_request(c,
                    "a container name must be specified for pod %.*s, choose "
                    "one of: %s",
                    KG_STR_ARG(c->name), kg_buf_cstr(&b));
    kg_buf_finish(&b);
}

bool sim_log_container(struct sim_call *c, const struct kg_node *pod,
                       struct sim_log_query *q)
{
    const struct kg_node *containers = kg_node_path(pod, "spec.containers");
    const struct kg_node *inits = kg_node_path(pod, "spec.initContainers");

    if (q->container.len == 0) {
        if (containers->n_children != 1) {
            choose_one(c, containers, inits);
            return false;
        }
        q->container = kg_node_str(kg_node_get(containers->child, "name"));
        return true;
    }
    if (sim_element(containers, "name", q->container.ptr) != NULL ||
        sim_element(inits, "name", q->container.ptr) != NULL) {
        return true;
    }
    sim_bad_request(c, "container %.*s is not valid for pod %.*s",
                    KG_STR_ARG(q->container), KG_STR_ARG(c->name));
    return false;
}
