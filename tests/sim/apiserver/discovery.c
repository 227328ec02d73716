/* SPDX-License-Identifier: MIT */
#include "discovery.h"

#include <stdio.h>

#include "status.h"

enum { TEXT_MAX = 64 * 1024 };

bool sim_serves(const struct sim *sim, const struct sim_kind *k,
                const char *version)
{
    if (k->id != SIM_CRONJOBS) {
        return strcmp(version, "v1") == 0;
    }
    return strcmp(version, "v1") == 0 ? sim->config.cronjobs_v1
                                      : sim->config.cronjobs_beta;
}

static void show(struct sim_call *c, struct kg_buf *b)
{
    sim_require(kg_buf_adds(b, "\n"));
    sim_answer(c->conn, 200, "application/json", NULL, kg_buf_str(b));
}

static void put_version(struct sim_call *c, struct kg_buf *b)
{
    bool modern = c->sim->config.modern;

    sim_require(kg_buf_addf(
        b,
        "{\"major\":\"1\",\"minor\":\"%s\",\"gitVersion\":\"%s\","
        "\"gitCommit\":\"simulated\",\"gitTreeState\":\"clean\",\"buildDate\":"
        "\"2026-01-01T00:00:00Z\",\"goVersion\":\"none\",\"compiler\":\"gcc\","
        "\"platform\":\"linux/amd64\"}",
        modern ? "36" : "20", modern ? "v1.36.4" : "v1.20.2"));
}

static void put_api(struct sim_call *c, struct kg_buf *b)
{
    (void)c;
    sim_require(kg_buf_adds(
        b, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
           "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
           "\"serverAddress\":\"127.0.0.1\"}]}"));
}

static void put_versions(struct kg_buf *b, const char *group, bool beta)
{
    sim_require(kg_buf_addf(b,
                            "\"name\":\"%s\",\"versions\":[{\"groupVersion\":"
                            "\"%s/v1\",\"version\":\"v1\"}",
                            group, group));
    if (beta) {
        sim_require(kg_buf_addf(
            b, ",{\"groupVersion\":\"%s/v1beta1\",\"version\":\"v1beta1\"}",
            group));
    }
    sim_require(kg_buf_addf(b,
                            "],\"preferredVersion\":{\"groupVersion\":"
                            "\"%s/v1\",\"version\":\"v1\"}",
                            group));
}

static void put_batch(struct sim_call *c, struct kg_buf *b)
{
    sim_require(
        kg_buf_adds(b, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\","));
    put_versions(b, "batch", c->sim->config.cronjobs_beta);
    sim_require(kg_buf_adds(b, "}"));
}

static void put_groups(struct sim_call *c, struct kg_buf *b)
{
    bool modern = c->sim->config.modern;

    sim_require(kg_buf_addf(b, "{\"kind\":\"APIGroupList\",%s\"groups\":[{",
                            modern ? "" : "\"apiVersion\":\"v1\","));
    put_versions(b, "batch", c->sim->config.cronjobs_beta);
    sim_require(kg_buf_adds(b, "},{"));
    put_versions(b, "coordination.k8s.io", !modern);
    sim_require(kg_buf_adds(b, "}]}"));
}

static void put_names(struct kg_buf *b, const struct sim_kind *k)
{
    if (k->shorter != NULL) {
        sim_require(kg_buf_addf(b, ",\"shortNames\":[\"%s\"]", k->shorter));
    }
    if (k->in_all) {
        sim_require(kg_buf_adds(b, ",\"categories\":[\"all\"]"));
    }
}

static void put_sub(struct kg_buf *b, const struct sim_kind *k, const char *sub,
                    const char *verbs)
{
    sim_require(kg_buf_addf(b,
                            ",{\"name\":\"%s/%s\",\"singularName\":\"\","
                            "\"namespaced\":%s,\"kind\":\"%s\",\"verbs\":[%s]}",
                            k->plural, sub, k->namespaced ? "true" : "false",
                            k->kind, verbs));
}

static void put_resource(struct sim_call *c, struct kg_buf *b,
                         const struct sim_kind *k)
{
    bool modern = c->sim->config.modern;
    bool collection = k->namespaced || modern;

    sim_require(kg_buf_addf(
        b,
        "{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,"
        "\"kind\":\"%s\",\"verbs\":[\"create\",\"delete\",%s\"get\","
        "\"list\",\"patch\",\"update\",\"watch\"]",
        k->plural, modern ? k->singular : "", k->namespaced ? "true" : "false",
        k->kind, collection ? "\"deletecollection\"," : ""));
    put_names(b, k);
    sim_require(kg_buf_adds(b, "}"));
    if (k->id == SIM_PODS) {
        put_sub(b, k, "log", "\"get\"");
    }
    if (k->id != SIM_LEASES) {
        put_sub(b, k, "status", "\"get\",\"patch\",\"update\"");
    }
}

static void put_resources(struct sim_call *c, struct kg_buf *b,
                          const char *group, const char *version)
{
    /* In the order of their names, as the real server has them. */
    static const enum sim_resource_id order[] = {
        SIM_CRONJOBS, SIM_JOBS, SIM_LEASES, SIM_NAMESPACES, SIM_PODS};
    bool first = true;

    sim_require(kg_buf_addf(b,
                            "{\"kind\":\"APIResourceList\",%s\"groupVersion\":"
                            "\"%s%s%s\",\"resources\":[",
                            group[0] == '\0' && c->sim->config.modern
                                ? ""
                                : "\"apiVersion\":\"v1\",",
                            group, group[0] != '\0' ? "/" : "", version));
    for (size_t i = 0; i < KG_COUNT_OF(order); i++) {
        const struct sim_kind *k = &sim_kinds[order[i]];

        if (strcmp(k->group, group) != 0 || !sim_serves(c->sim, k, version)) {
            continue;
        }
        sim_require(kg_buf_adds(b, first ? "" : ","));
        put_resource(c, b, k);
        first = false;
    }
    sim_require(kg_buf_adds(b, "]}"));
}

static void put_core(struct sim_call *c, struct kg_buf *b)
{
    put_resources(c, b, "", "v1");
}

static void put_batch_v1(struct sim_call *c, struct kg_buf *b)
{
    put_resources(c, b, "batch", "v1");
}

static void put_batch_v1beta1(struct sim_call *c, struct kg_buf *b)
{
    put_resources(c, b, "batch", "v1beta1");
}

static void put_coordination(struct sim_call *c, struct kg_buf *b)
{
    put_resources(c, b, "coordination.k8s.io", "v1");
}

static bool is_health(struct kg_str path)
{
    return kg_str_is(path, "/readyz") || kg_str_is(path, "/livez") ||
           kg_str_is(path, "/healthz");
}

static void nowhere(struct sim_call *c)
{
    struct kg_str path = c->req->path;

    if (kg_str_starts(path, KG_STR("/apis/batch/"))) {
        sim_no_such_path(c);
    } else if (kg_str_starts(path, KG_STR("/apis/")) &&
               !c->sim->config.modern) {
        sim_answer(c->conn, 404, "text/plain; charset=utf-8",
                   "X-Content-Type-Options: nosniff\r\n",
                   KG_STR("404 page not found\n"));
    } else {
        sim_answer(c->conn, 404, "application/json", NULL,
                   KG_STR("{\"paths\":[\"/api\",\"/apis\",\"/apis/batch\","
                          "\"/livez\",\"/readyz\",\"/version\"]}\n"));
    }
}

void sim_discover(struct sim_call *c)
{
    static const struct {
        const char *path;
        void (*put)(struct sim_call *c, struct kg_buf *b);
    } pages[] = {
        {"/version", put_version},
        {"/api", put_api},
        {"/apis", put_groups},
        {"/apis/batch", put_batch},
        {"/api/v1", put_core},
        {"/apis/batch/v1", put_batch_v1},
        {"/apis/batch/v1beta1", put_batch_v1beta1},
        {"/apis/coordination.k8s.io/v1", put_coordination},
    };
    struct kg_buf b;

    if (is_health(c->req->path)) {
        sim_answer(c->conn, 200, "text/plain; charset=utf-8", NULL,
                   KG_STR("ok"));
        return;
    }
    for (size_t i = 0; i < KG_COUNT_OF(pages); i++) {
        if (!kg_str_is(c->req->path, pages[i].path) ||
            (pages[i].put == put_batch_v1beta1 &&
             !c->sim->config.cronjobs_beta)) {
            continue;
        }
        kg_buf_init(&b, TEXT_MAX);
        pages[i].put(c, &b);
        show(c, &b);
        kg_buf_finish(&b);
        return;
    }
    nowhere(c);
}
