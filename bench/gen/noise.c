/* SPDX-License-Identifier: MIT */
#include "noise.h"

enum { BAR_LEN = 40, STRAY_ONE_IN = 20, DOCUMENT_ONE_IN = 1000 };

static void add(struct kg_buf *out, const char *text)
{
    KG_REQUIRE(kg_buf_adds(out, text) == KG_OK);
}

static void end_line(const struct noise *n, struct kg_buf *out)
{
    add(out, n->crlf ? "\r\n" : "\n");
}

static void add_line(const struct noise *n, struct kg_buf *out,
                     const char *text)
{
    add(out, text);
    end_line(n, out);
}

void noise_init(struct noise *n, enum noise_kind kind, uint64_t seed, bool crlf)
{
    *n = (struct noise){.kind = kind, .crlf = crlf};
    kg_random_init(&n->random, seed);
}

/* Nothing of these is a report, whatever it looks like. */
static const char *const strays[] = {
    "}",
    "{",
    "[]]",
    "{'requests': {'cpu': None, 'memory': '128Mi'}, 'info': {}}",
    "Using ${PROMETHEUS_URL} and ${CLUSTER:-none}",
    "sum(rate(container_cpu_usage_seconds_total{namespace=\"x\"}[5m]))",
    "map[limits:{cpu 100m} requests:{cpu 10m}]",
    "level=info msg={\"unfinished\": [1, 2",
    "\"a quote that nobody closes",
};

static const char *const documents[] = {
    ("{\"kind\": \"Status\", \"apiVersion\": \"v1\", \"metadata\": {}, "
     "\"status\": \"Failure\", \"code\": 404}"),
    "Response body: {\"result\": {\"id\": 7, \"scan\": []}, \"ok\": true}",
    "{\"level\": \"info\", \"msg\": \"not a report\", \"scans_done\": 3}",
};

void noise_banner(struct noise *n, struct kg_buf *out)
{
    if (n->kind == NOISE_NONE) {
        return;
    }
    add_line(n, out, "  _  ___ ___   resource recommendations");
    add_line(n, out, " | |/ / _ \\ _ \\");
    add_line(n, out, " |_|\\_\\_|_\\_|_\\  v1.12.0");
    add_line(n, out, "Running Robusta's KRR (Kubernetes Resource Recommender)");
    add_line(n, out, "Using strategy: Simple");
    add_line(n, out, "Using formatter: json");
    if (n->kind == NOISE_STRAY) {
        for (size_t i = 0; i < KG_COUNT_OF(strays); i++) {
            add_line(n, out, strays[i]);
        }
        for (size_t i = 0; i < KG_COUNT_OF(documents); i++) {
            add_line(n, out, documents[i]);
        }
    }
}

static void progress(struct noise *n, struct kg_buf *out)
{
    uint64_t full = kg_random_below(&n->random, BAR_LEN + 1);

    add(out, "\r\x1b[2K\x1b[32mCalculating Recommendation\x1b[0m |");
    for (uint64_t i = 0; i < BAR_LEN; i++) {
        add(out, i < full ? "\xe2\x96\x88" : " ");
    }
    KG_REQUIRE(kg_buf_addf(out, "| %llu in %u.%us (0.3/s)",
                           (unsigned long long)n->n_lines,
                           (unsigned)(n->n_lines / 3),
                           (unsigned)(n->n_lines % 10)) == KG_OK);
    end_line(n, out);
}

static void warning(struct noise *n, struct kg_buf *out)
{
    unsigned s = (unsigned)(n->n_lines % 60);

    KG_REQUIRE(
        kg_buf_addf(out,
                    "[12:%02u:%02u] \x1b[33mWARNING\x1b[0m  No data for "
                    "pods [web-%llu] in the last [14 days]  simple.py:%u",
                    (unsigned)(n->n_lines / 60 % 60), s,
                    (unsigned long long)n->n_lines, 100 + s) == KG_OK);
    end_line(n, out);
}

static void stray(struct noise *n, struct kg_buf *out)
{
    if (kg_random_below(&n->random, DOCUMENT_ONE_IN / STRAY_ONE_IN) == 0) {
        add_line(
            n, out,
            documents[kg_random_below(&n->random, KG_COUNT_OF(documents))]);
        return;
    }
    add_line(n, out, strays[kg_random_below(&n->random, KG_COUNT_OF(strays))]);
}

void noise_line(struct noise *n, struct kg_buf *out)
{
    if (n->kind == NOISE_NONE) {
        return;
    }
    n->n_lines++;
    if (n->kind == NOISE_STRAY &&
        kg_random_below(&n->random, STRAY_ONE_IN) == 0) {
        stray(n, out);
    } else if (kg_random_below(&n->random, 8) == 0) {
        warning(n, out);
    } else {
        progress(n, out);
    }
}

void noise_goodbye(struct noise *n, struct kg_buf *out)
{
    if (n->kind != NOISE_NONE) {
        add_line(n, out, "[12:59:59] INFO     Done");
    }
}
