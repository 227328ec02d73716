/* SPDX-License-Identifier: MIT */
/* The shape is that of KRR's `result.json(indent=2)`, printed after its lines
 * of log. Values are a function of the namespace and the row's number. */
#include "krr.h"

#include <unistd.h>

#include "json.h"
#include "kubeglean/backoff.h"

enum { PIECE = 256 * 1024, OUT_MAX = 1024 * 1024 };

static bool flush(int fd, struct kg_buf *b)
{
    while (kg_buf_len(b) > 0) {
        struct kg_str s = kg_buf_str(b);
        ssize_t n = write(fd, s.ptr, s.len);

        if (n <= 0) {
            return false;
        }
        kg_buf_consume(b, (size_t)n);
    }
    return true;
}

static void put_head(struct kg_buf *b, struct kg_str ns, uint64_t n_rows,
                     bool plain)
{
    static const char banner[] =
        "\n _____       _               _          _  _______  _____\n"
        "|  __ \\     | |             | |        | |/ /  __ \\|  __ \\\n"
        "Running Robusta's KRR (Kubernetes Resource Recommender) v1.26.0\n"
        "Using strategy: Simple\nUsing formatter: json\n\n";

    sim_require(kg_buf_adds(b, banner));
    sim_require(
        kg_buf_adds(b, "[12:00:01] INFO     Using clusters: ['sim']\n"));
    if (!plain) {
        sim_require(kg_buf_addf(
            b,
            "[12:00:01] INFO     Listing scannable objects in {'%.*s'}\n"
            "[12:00:02] WARNING  Unable to query cpu{namespace=\"%.*s\"} "
            "[retry]\n",
            KG_STR_ARG(ns), KG_STR_ARG(ns)));
    }
    sim_require(kg_buf_addf(
        b, "[12:00:02] INFO     Found %llu objects in namespace %.*s\n",
        (unsigned long long)n_rows, KG_STR_ARG(ns)));
}

static void put_value(struct kg_buf *b, struct kg_random *r, const char *unit)
{
    uint64_t dice = kg_random_below(r, 20);

    if (dice == 0) {
        sim_require(kg_buf_adds(b, "null"));
    } else if (dice == 1) {
        sim_require(kg_buf_adds(b, "\"?\""));
    } else if (unit[0] == 'c') {
        sim_require(
            kg_buf_addf(b, "0.%03u", (unsigned)kg_random_below(r, 1000)));
    } else {
        sim_require(kg_buf_addf(
            b, "%llu.0",
            (unsigned long long)(kg_random_below(r, 4096) + 1) * 1048576));
    }
}

static void put_amounts(struct kg_buf *b, struct kg_random *r)
{
    static const char *const names[] = {"requests", "limits"};

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        sim_require(kg_buf_addf(
            b, "          \"%s\": {\n            \"cpu\": ", names[i]));
        put_value(b, r, "cpu");
        sim_require(kg_buf_adds(b, ",\n            \"memory\": "));
        put_value(b, r, "memory");
        sim_require(kg_buf_adds(b, "\n          },\n"));
    }
    sim_require(kg_buf_adds(b, "          \"info\": {}\n"));
}

static void put_pods(struct kg_buf *b, struct kg_random *r, struct kg_str ns,
                     uint64_t row)
{
    uint64_t n = kg_random_below(r, 4);

    sim_require(kg_buf_adds(b, "        \"pods\": ["));
    for (uint64_t i = 0; i < n; i++) {
        sim_require(kg_buf_addf(
            b,
            "%s\n          {\n            \"name\": \"%.*s-app-%llu-%llu\",\n"
            "            \"deleted\": %s\n          }",
            i > 0 ? "," : "", KG_STR_ARG(ns), (unsigned long long)row,
            (unsigned long long)i,
            kg_random_below(r, 4) == 0 ? "true" : "false"));
    }
    sim_require(kg_buf_adds(b, n > 0 ? "\n        ],\n" : "],\n"));
}

static void put_recommended(struct kg_buf *b, struct kg_random *r,
                            const char *severity)
{
    static const char *const names[] = {"requests", "limits"};
    static const char *const units[] = {"cpu", "memory"};

    sim_require(kg_buf_adds(b, "      \"recommended\": {\n"));
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        sim_require(kg_buf_addf(b, "        \"%s\": {\n", names[i]));
        for (size_t k = 0; k < KG_COUNT_OF(units); k++) {
            sim_require(kg_buf_addf(
                b, "          \"%s\": {\n            \"value\": ", units[k]));
            put_value(b, r, units[k]);
            sim_require(kg_buf_addf(
                b, ",\n            \"severity\": \"%s\"\n          }%s\n",
                severity, k == 0 ? "," : ""));
        }
        sim_require(kg_buf_adds(b, "        },\n"));
    }
    sim_require(kg_buf_adds(b, "        \"info\": {\n          \"cpu\": null,\n"
                               "          \"memory\": \"Not enough data\"\n"
                               "        }\n      },\n"));
}

static void put_row(struct kg_buf *b, struct kg_random *r, struct kg_str ns,
                    uint64_t row)
{
    static const char *const severities[] = {"UNKNOWN", "GOOD", "OK", "WARNING",
                                             "CRITICAL"};
    static const char *const kinds[] = {"Deployment", "StatefulSet",
                                        "DaemonSet", "Job"};
    const char *severity =
        severities[kg_random_below(r, KG_COUNT_OF(severities))];

    sim_require(kg_buf_addf(
        b,
        "    {\n      \"object\": {\n        \"cluster\": \"sim\",\n"
        "        \"name\": \"%.*s-app-%llu\",\n"
        "        \"container\": \"main\",\n",
        KG_STR_ARG(ns), (unsigned long long)row));
    put_pods(b, r, ns, row);
    sim_require(
        kg_buf_addf(b,
                    "        \"hpa\": null,\n        \"namespace\": \"%.*s\",\n"
                    "        \"kind\": \"%s\",\n        \"allocations\": {\n",
                    KG_STR_ARG(ns), kinds[row % KG_COUNT_OF(kinds)]));
    put_amounts(b, r);
    sim_require(kg_buf_adds(b, "        },\n        \"warnings\": [],\n"
                               "        \"labels\": {},\n"
                               "        \"annotations\": {}\n      },\n"));
    put_recommended(b, r, severity);
    sim_require(kg_buf_addf(b, "      \"severity\": \"%s\"\n    }", severity));
}

static bool put_rows(int fd, struct kg_buf *b, struct kg_str ns,
                     uint64_t n_rows)
{
    struct kg_random random;

    kg_random_init(&random, kg_str_hash(ns));
    for (uint64_t row = 0; row < n_rows; row++) {
        sim_require(kg_buf_adds(b, row > 0 ? ",\n" : "\n"));
        put_row(b, &random, ns, row);
        if (kg_buf_len(b) >= PIECE && !flush(fd, b)) {
            return false;
        }
    }
    return true;
}

bool sim_krr_write(int fd, struct kg_str ns, uint64_t n_rows, bool plain)
{
    struct kg_buf b;
    bool good;

    kg_buf_init(&b, OUT_MAX);
    put_head(&b, ns, n_rows, plain);
    for (uint64_t row = 0; row < n_rows && row < 20; row++) {
        sim_require(kg_buf_addf(
            &b,
            "[12:00:03] INFO     Calculated recommendations for Deployment "
            "%.*s/%.*s-app-%llu/main (using 3 metrics)\n",
            KG_STR_ARG(ns), KG_STR_ARG(ns), (unsigned long long)row));
    }
    sim_require(
        kg_buf_adds(&b, "[12:00:09] INFO     Result collected, displaying...\n"
                        "{\n  \"scans\": ["));
    good = put_rows(fd, &b, ns, n_rows);
    sim_require(kg_buf_adds(
        &b, "\n  ],\n  \"score\": 61,\n  \"resources\": [\n    \"cpu\",\n"
            "    \"memory\"\n  ],\n  \"description\": \"[b]Simple[/b]\",\n"
            "  \"strategy\": {\n    \"name\": \"simple\",\n"
            "    \"settings\": {}\n  },\n  \"errors\": [],\n"
            "  \"clusterSummary\": {},\n  \"config\": {}\n}\n"
            "[12:00:09] INFO     Done "));
    sim_require(kg_buf_adds(&b, plain ? "in 8 s\n" : "{in 8 s}\n"));
    good = flush(fd, &b) && good;
    kg_buf_finish(&b);
    return good;
}
