/* SPDX-License-Identifier: MIT */
#include "kubeglean/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kubeglean/heap.h"

/* One series. Its key is the family's name and its labels as the text format
 * writes them, so that sorting by key groups families. */
struct series {
    struct kg_map_node node;
    const struct kg_family *family;
    struct kg_buf key; /* name{label="value",...} */
    double value;      /* Histogram: the sum. */
    uint64_t buckets[KG_METRIC_BUCKETS_MAX];
};

enum { KEY_MAX = 1024 };

void kg_metrics_init(struct kg_metrics *m, size_t n_max)
{
    kg_map_init(&m->series);
    m->n_max = n_max;
    m->n_dropped = 0;
}

static void series_free(struct series *s)
{
    kg_buf_finish(&s->key);
    kg_free(s);
}

void kg_metrics_finish(struct kg_metrics *m)
{
    struct kg_map_node *node = kg_map_next(&m->series, NULL);

    while (node != NULL) {
        struct kg_map_node *next = kg_map_next(&m->series, node);

        series_free(KG_CONTAINER_OF(node, struct series, node));
        node = next;
    }
    kg_map_finish(&m->series);
}

static enum kg_errc add_label(struct kg_buf *b, char before, const char *name,
                              struct kg_str value)
{
    enum kg_errc err = kg_buf_addf(b, "%c%s=\"", before, name);

    for (size_t i = 0; err == KG_OK && i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '\n') {
            err = kg_buf_adds(b, "\\n");
        } else if (c == '"' || c == '\\') {
            err = kg_buf_addf(b, "\\%c", c);
        } else {
            err = kg_buf_addc(b, c);
        }
    }
    return err == KG_OK ? kg_buf_addc(b, '"') : err;
}

static enum kg_errc build_key(struct kg_buf *b, const struct kg_family *family,
                              const struct kg_str *values)
{
    enum kg_errc err = kg_buf_adds(b, family->name);
    size_t n = 0;

    for (;
         err == KG_OK && n < KG_METRIC_LABELS_MAX && family->labels[n] != NULL;
         n++) {
        err = add_label(b, n == 0 ? '{' : ',', family->labels[n], values[n]);
    }
    return err == KG_OK && n > 0 ? kg_buf_addc(b, '}') : err;
}

static struct series *series_new(struct kg_metrics *m,
                                 const struct kg_family *family,
                                 struct kg_buf *key)
{
    struct series *s;

    if (m->series.n_nodes >= m->n_max) {
        return NULL;
    }
    s = kg_calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->family = family;
    s->key = *key;
    if (kg_map_insert(&m->series, &s->node, kg_buf_str(&s->key)) != KG_OK) {
        kg_free(s);
        return NULL;
    }
    return s;
}

/* The series, made when it is not there; NULL counts a dropped sample. */
static struct series *series_of(struct kg_metrics *m,
                                const struct kg_family *family,
                                const struct kg_str *values)
{
    struct kg_map_node *node;
    struct series *s = NULL;
    struct kg_buf key;

    kg_buf_init(&key, KEY_MAX);
    if (build_key(&key, family, values) == KG_OK) {
        node = kg_map_find(&m->series, kg_buf_str(&key));
        if (node != NULL) {
            kg_buf_finish(&key);
            return KG_CONTAINER_OF(node, struct series, node);
        }
        s = series_new(m, family, &key);
    }
    if (s == NULL) {
        kg_buf_finish(&key);
        m->n_dropped++;
    }
    return s;
}

void kg_metrics_add(struct kg_metrics *m, const struct kg_family *family,
                    const struct kg_str *values, double delta)
{
    struct series *s = series_of(m, family, values);

    if (s != NULL) {
        s->value += delta;
    }
}

void kg_metrics_set(struct kg_metrics *m, const struct kg_family *family,
                    const struct kg_str *values, double value)
{
    struct series *s = series_of(m, family, values);

    if (s != NULL) {
        s->value = value;
    }
}

void kg_metrics_observe(struct kg_metrics *m, const struct kg_family *family,
                        const struct kg_str *values, double value)
{
    struct series *s = series_of(m, family, values);
    size_t i = 0;

    KG_REQUIRE(family->type == KG_HISTOGRAM);
    if (s == NULL) {
        return;
    }
    while (value > family->bounds[i]) {
        i++; /* The last bound is infinite. */
    }
    KG_REQUIRE(i < KG_METRIC_BUCKETS_MAX);
    s->buckets[i]++;
    s->value += value;
}

static enum kg_errc add_number(struct kg_buf *out, double value)
{
    if (value == floor(value) && fabs(value) < 9e15) {
        return kg_buf_addf(out, "%.0f", value);
    }
    return kg_buf_addf(out, "%.15g", value); /* A double is sure of 15. */
}

/* "name_bucket{labels,le="0.1"} n": the labels come from the key. */
static enum kg_errc histogram_line(const struct series *s, const char *suffix,
                                   const char *le, double value,
                                   struct kg_buf *out)
{
    struct kg_str key = kg_buf_str(&s->key);
    size_t name = strlen(s->family->name);
    struct kg_str labels = kg_str_of(key.ptr + name, key.len - name);
    enum kg_errc err;

    if (labels.len > 0) {
        labels = kg_str_of(labels.ptr + 1, labels.len - 2); /* No braces. */
    }
    err = kg_buf_addf(out, "%s%s", s->family->name, suffix);
    if (err == KG_OK && (labels.len > 0 || le != NULL)) {
        err = kg_buf_addf(out, "{%.*s%s%s%s%s}", KG_STR_ARG(labels),
                          labels.len > 0 && le != NULL ? "," : "",
                          le != NULL ? "le=\"" : "", le != NULL ? le : "",
                          le != NULL ? "\"" : "");
    }
    if (err == KG_OK) {
        err = kg_buf_addc(out, ' ');
    }
    if (err == KG_OK) {
        err = add_number(out, value);
    }
    return err == KG_OK ? kg_buf_addc(out, '\n') : err;
}

static enum kg_errc histogram_text(const struct series *s, struct kg_buf *out)
{
    enum kg_errc err = KG_OK;
    uint64_t n = 0;
    size_t i = 0;

    for (bool last = false; err == KG_OK && !last; i++) {
        struct kg_buf le;

        last = isinf(s->family->bounds[i]) != 0;
        n += s->buckets[i];
        kg_buf_init(&le, 64);
        err = last ? kg_buf_adds(&le, "+Inf")
                   : add_number(&le, s->family->bounds[i]);
        if (err == KG_OK && kg_buf_cstr(&le) == NULL) {
            err = KG_ENOMEM;
        }
        if (err == KG_OK) {
            err =
                histogram_line(s, "_bucket", kg_buf_cstr(&le), (double)n, out);
        }
        kg_buf_finish(&le);
    }
    if (err == KG_OK) {
        err = histogram_line(s, "_sum", NULL, s->value, out);
    }
    return err == KG_OK ? histogram_line(s, "_count", NULL, (double)n, out)
                        : err;
}

static enum kg_errc series_text(const struct series *s, struct kg_buf *out)
{
    enum kg_errc err;

    if (s->family->type == KG_HISTOGRAM) {
        return histogram_text(s, out);
    }
    err = kg_buf_add(out, kg_buf_str(&s->key));
    if (err == KG_OK) {
        err = kg_buf_addc(out, ' ');
    }
    if (err == KG_OK) {
        err = add_number(out, s->value);
    }
    return err == KG_OK ? kg_buf_addc(out, '\n') : err;
}

static int by_name(const void *a, const void *b)
{
    const struct series *const *left = a;
    const struct series *const *right = b;
    int order = strcmp((*left)->family->name, (*right)->family->name);

    return order != 0 ? order
                      : kg_str_cmp((*left)->node.key, (*right)->node.key);
}

static enum kg_errc family_text(const struct kg_family *family,
                                struct kg_buf *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    return kg_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name,
                       family->help, family->name, types[family->type]);
}

enum kg_errc kg_metrics_text(const struct kg_metrics *m, struct kg_buf *out)
{
    const struct series **all = kg_alloc(m->series.n_nodes * sizeof(void *));
    const struct kg_family *family = NULL;
    struct kg_map_node *node = NULL;
    enum kg_errc err = KG_OK;
    size_t n = 0;

    if (all == NULL) {
        return KG_ENOMEM;
    }
    while ((node = kg_map_next(&m->series, node)) != NULL) {
        all[n++] = KG_CONTAINER_OF(node, struct series, node);
    }
    if (n > 0) {
        qsort(all, n, sizeof(void *), by_name);
    }
    for (size_t i = 0; err == KG_OK && i < n; i++) {
        if (family == NULL || all[i]->family != family) {
            family = all[i]->family;
            err = family_text(family, out);
        }
        if (err == KG_OK) {
            err = series_text(all[i], out);
        }
    }
    kg_free(all);
    return err;
}
