/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>

#include "kubeglean/backoff.h"

/* Places in scan.resources: what is set, and what is recommended. */
enum {
    CPU_REQUEST,
    MEMORY_REQUEST,
    CPU_LIMIT,
    MEMORY_LIMIT,
    RECOMMENDED, /* Four more, in the same order. */
};

static const char *pick(struct kg_random *r, const char *const *words,
                        size_t n_words)
{
    return words[kg_random_below(r, n_words)];
}

/* --- making a scan -------------------------------------------------------- */

static void make_cpu(struct kg_random *r, char text[24])
{
    (void)snprintf(text, 24, "0.%03u", (unsigned)kg_random_below(r, 999) + 1);
}

static void make_memory(struct kg_random *r, char text[24])
{
    (void)snprintf(text, 24, "%u.0",
                   ((unsigned)kg_random_below(r, 2000) + 16) * 1048576U);
}

static void make_resources(struct kg_random *r, struct scan *s)
{
    for (size_t i = 0; i < KG_COUNT_OF(s->resources); i++) {
        uint64_t odd = kg_random_below(r, 20);

        if (odd < 3) {
            (void)snprintf(s->resources[i], sizeof(s->resources[i]), "null");
        } else if (odd == 3) {
            (void)snprintf(s->resources[i], sizeof(s->resources[i]), "\"?\"");
        } else if (i % 2 == 0) {
            make_cpu(r, s->resources[i]);
        } else {
            make_memory(r, s->resources[i]);
        }
    }
}

/* Of the key's number alone, so that keys repeat when it does. */
static void make_key(const struct report_shape *shape, uint64_t n,
                     struct scan *s)
{
    static const char *const words[] = {"api",    "web",   "worker", "cache",
                                        "ledger", "queue", "search", "mailer"};
    static const char *const containers[] = {"app", "main", "server",
                                             "istio-proxy"};
    static const char *const kinds[] = {
        "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout"};
    bool odd = shape->non_ascii && n % 3 == 0;

    s->cluster = shape->cluster;
    s->kind = kinds[n % KG_COUNT_OF(kinds)];
    (void)snprintf(s->ns, sizeof(s->ns), "%s-%u", shape->ns_prefix,
                   (unsigned)(n % 40));
    (void)snprintf(s->name, sizeof(s->name), "%s-%s-%llu%s",
                   words[n % KG_COUNT_OF(words)],
                   words[n / 8 % KG_COUNT_OF(words)], (unsigned long long)n,
                   odd ? "-\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80" : "");
    (void)snprintf(s->container, sizeof(s->container), "%s",
                   containers[n / 3 % KG_COUNT_OF(containers)]);
}

static void make_pods(struct kg_random *r, struct scan *s)
{
    s->n_pods = 10 + (unsigned)kg_random_below(r, SCAN_PODS_MAX - 9);
    for (unsigned i = 0; i < s->n_pods; i++) {
        bool live = kg_random_below(r, 10) > 0;

        s->pods_live |= (uint64_t)live << i;
        s->n_live += live;
    }
}

void scan_make(const struct report_shape *shape, uint64_t number,
               struct scan *ret_scan)
{
    static const char *const severities[] = {"UNKNOWN", "GOOD", "OK", "WARNING",
                                             "CRITICAL"};
    static const char *const infos[] = {"null", "\"Not enough data\"",
                                        "\"OOMKill detected\""};
    struct scan *s = ret_scan;
    struct kg_random r;

    kg_random_init(&r, shape->seed * 1000003 + number);
    *s = (struct scan){.number = number};
    make_key(shape, shape->n_keys > 0 ? number % shape->n_keys : number, s);
    make_pods(&r, s);
    make_resources(&r, s);
    for (size_t i = 0; i < KG_COUNT_OF(s->severities); i++) {
        s->severities[i] = pick(&r, severities, KG_COUNT_OF(severities));
    }
    s->severity = pick(&r, severities, KG_COUNT_OF(severities));
    s->info = pick(&r, infos, KG_COUNT_OF(infos));
}

/* --- writing it ----------------------------------------------------------- */

static void emit_pods(struct emit *e, const struct scan *s)
{
    char name[SCAN_NAME_MAX + 40];

    emit_member_open(e, "pods", '[');
    for (unsigned i = 0; i < s->n_pods; i++) {
        (void)snprintf(name, sizeof(name), "%s-%08x-%05x", s->name,
                       (unsigned)(s->number * UINT64_C(2654435761)),
                       (unsigned)(s->number * 31 + i * UINT64_C(7919)) &
                           0xfffff);
        emit_element(e);
        emit_open(e, '{');
        emit_member_string(e, "name", name);
        emit_member_raw(e, "deleted",
                        (s->pods_live >> i & 1) != 0 ? "false" : "true");
        emit_close(e, '}');
    }
    emit_close(e, ']');
}

static void emit_pair(struct emit *e, const char *name, const char *cpu,
                      const char *memory)
{
    emit_member_open(e, name, '{');
    emit_member_raw(e, "cpu", cpu);
    emit_member_raw(e, "memory", memory);
    emit_close(e, '}');
}

static void emit_allocations(struct emit *e, const struct scan *s)
{
    emit_member_open(e, "allocations", '{');
    emit_pair(e, "requests", s->resources[CPU_REQUEST],
              s->resources[MEMORY_REQUEST]);
    emit_pair(e, "limits", s->resources[CPU_LIMIT], s->resources[MEMORY_LIMIT]);
    emit_member_open(e, "info", '{');
    emit_close(e, '}');
    emit_close(e, '}');
}

static void emit_recommended_pair(struct emit *e, const struct scan *s,
                                  const char *name, size_t at)
{
    static const char *const resources[] = {"cpu", "memory"};

    emit_member_open(e, name, '{');
    for (size_t i = 0; i < KG_COUNT_OF(resources); i++) {
        emit_member_open(e, resources[i], '{');
        emit_member_raw(e, "value", s->resources[RECOMMENDED + at + i]);
        emit_member_string(e, "severity", s->severities[at + i]);
        emit_close(e, '}');
    }
    emit_close(e, '}');
}

static void emit_recommended(struct emit *e, const struct scan *s)
{
    emit_member_open(e, "recommended", '{');
    emit_recommended_pair(e, s, "requests", CPU_REQUEST);
    emit_recommended_pair(e, s, "limits", CPU_LIMIT);
    emit_pair(e, "info", s->info, "null");
    emit_close(e, '}');
}

static void emit_labels(struct emit *e, const struct scan *s)
{
    emit_member_open(e, "labels", '{');
    emit_member_string(e, "app.kubernetes.io/name", s->name);
    emit_member_string(e, "app.kubernetes.io/part-of", s->ns);
    emit_member_string(e, "app.kubernetes.io/managed-by", "Helm");
    emit_close(e, '}');
    emit_member_open(e, "annotations", '{');
    emit_member_string(e, "deployment.kubernetes.io/revision", "7");
    emit_member_string(e, "description", "says \"hello {world}\" \\o/");
    emit_close(e, '}');
}

static void emit_object(struct emit *e, const struct scan *s)
{
    emit_member_open(e, "object", '{');
    emit_member_string(e, "cluster", s->cluster);
    emit_member_string(e, "name", s->name);
    emit_member_string(e, "container", s->container);
    emit_pods(e, s);
    emit_member_raw(e, "hpa", "null");
    emit_member_string(e, "namespace", s->ns);
    emit_member_string(e, "kind", s->kind);
    emit_allocations(e, s);
    emit_member_open(e, "warnings", '[');
    emit_close(e, ']');
    emit_labels(e, s);
    emit_close(e, '}');
}

void report_begin(struct emit *e)
{
    emit_open(e, '{');
    emit_member_open(e, "scans", '[');
}

void report_scan(struct emit *e, const struct scan *s)
{
    /* json.dumps escapes all or nothing; a log has both kinds. */
    bool ascii = e->ascii;

    e->ascii = s->number % 2 == 0;
    emit_element(e);
    emit_open(e, '{');
    emit_object(e, s);
    emit_recommended(e, s);
    emit_member_string(e, "severity", s->severity);
    emit_close(e, '}');
    e->ascii = ascii;
}

void report_end(struct emit *e)
{
    emit_close(e, ']');
    emit_member_number(e, "score", 61);
    emit_member_open(e, "resources", '[');
    emit_element(e);
    emit_string(e, "cpu");
    emit_element(e);
    emit_string(e, "memory");
    emit_close(e, ']');
    emit_member_string(e, "description",
                       "[b]Request Percentiles[/b] of 14 days");
    emit_member_open(e, "strategy", '{');
    emit_member_string(e, "name", "simple");
    emit_member_open(e, "settings", '{');
    emit_member_raw(e, "history_duration", "336.0");
    emit_member_raw(e, "timeframe_duration", "1.25");
    emit_close(e, '}');
    emit_close(e, '}');
    emit_member_open(e, "errors", '[');
    emit_close(e, ']');
    emit_member_open(e, "clusterSummary", '{');
    emit_close(e, '}');
    emit_close(e, '}');
}

void report_expect(struct emit *e, const struct scan *s, unsigned document)
{
    emit_open(e, '{');
    emit_member_number(e, "document", document);
    emit_member_string(e, "cluster", s->cluster);
    emit_member_string(e, "namespace", s->ns);
    emit_member_string(e, "name", s->name);
    emit_member_string(e, "kind", s->kind);
    emit_member_string(e, "container", s->container);
    emit_member_number(e, "pods", s->n_pods);
    emit_member_number(e, "pods_live", s->n_live);
    emit_allocations(e, s);
    emit_recommended(e, s);
    emit_member_string(e, "severity", s->severity);
    emit_close(e, '}');
}
