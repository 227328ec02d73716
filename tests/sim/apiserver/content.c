/* SPDX-License-Identifier: MIT */
#include "content.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "notes.h"

enum { TEXT_MAX = 4 * 1024 * 1024 };

/* With a newline at the end, if there is anything. */
static struct sim_source *lines(struct kg_str text)
{
    struct kg_buf b;
    struct sim_source *s;

    kg_buf_init(&b, TEXT_MAX);
    sim_require(kg_buf_add(&b, text));
    if (text.len > 0 && text.ptr[text.len - 1] != '\n') {
        sim_require(kg_buf_addc(&b, '\n'));
    }
    s = sim_source_text(kg_buf_str(&b));
    kg_buf_finish(&b);
    return s;
}

/* As the bytes are, but for the CR before a newline: the runtime drops it. */
static struct sim_source *bytes(struct kg_str base64)
{
    char *raw = kg_alloc(base64.len + 1);
    struct sim_source *s;
    size_t len = 0;
    size_t to = 0;

    KG_REQUIRE(raw != NULL);
    if (!kg_str_base64(base64, raw, &len)) {
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (raw[i] != '\r' || i + 1 == len || raw[i + 1] != '\n') {
            raw[to++] = raw[i];
        }
    }
    s = sim_source_text(kg_str_of(raw, to));
    kg_free(raw);
    return s;
}

/* A file of --log-dir, by a path that stays in there. */
static struct sim_source *file(struct sim *sim, struct kg_str name)
{
    char path[1024];

    if (sim->config.log_dir == NULL || kg_str_starts(name, KG_STR("/")) ||
        kg_str_find(name, KG_STR("..")) >= 0) {
        return lines(KG_STR("kube-sim: sim/log-file is the name of a file in "
                            "the directory that --log-dir says"));
    }
    (void)snprintf(path, sizeof(path), "%s/%.*s", sim->config.log_dir,
                   KG_STR_ARG(name));
    return sim_source_file(&sim->sources, path);
}

static struct sim_source *by_default(struct sim *sim, const struct kg_node *pod,
                                     struct kg_str container)
{
    struct kg_str name = kg_node_str(kg_node_path(pod, "metadata.name"));
    char text[600];
    int len;

    if (sim->config.log_file != NULL) {
        return sim_source_file(&sim->sources, sim->config.log_file);
    }
    if (sim->config.krr_rows > 0) {
        return sim_source_krr(
            &sim->sources, kg_node_str(kg_node_path(pod, "metadata.namespace")),
            sim->config.krr_rows, false);
    }
    len = snprintf(text, sizeof(text), "hello from %.*s/%.*s\n{\"ok\": true}\n",
                   KG_STR_ARG(name), KG_STR_ARG(container));
    return sim_source_text(kg_str_of(text, (size_t)len));
}

static struct sim_source *standard_output(struct sim *sim,
                                          const struct kg_node *pod,
                                          struct kg_str container,
                                          unsigned attempt)
{
    struct kg_str text = sim_note_of(pod, "log-text", container);
    struct kg_str second = sim_note(pod, "log-text-2");
    struct kg_str name = sim_note_of(pod, "log-file", container);
    struct kg_str base64 = sim_note_of(pod, "log-bytes", container);
    uint64_t n_rows;

    if (attempt > 1 && second.ptr != NULL) {
        return lines(second);
    }
    if (text.ptr == NULL) {
        text = sim_note(pod, "log-now");
    }
    if (text.ptr != NULL) {
        return lines(text);
    }
    if (base64.ptr != NULL) {
        return bytes(base64);
    }
    if (name.ptr != NULL) {
        return file(sim, name);
    }
    if (kg_str_to_u64(sim_note_of(pod, "log-krr-rows", container), &n_rows)) {
        return sim_source_krr(
            &sim->sources, kg_node_str(kg_node_path(pod, "metadata.namespace")),
            n_rows, sim_note(pod, "log-krr-plain").ptr != NULL);
    }
    return by_default(sim, pod, container);
}

void sim_content_init(struct sim_content *c, struct sim *sim,
                      const struct kg_node *pod, struct kg_str container,
                      unsigned attempt)
{
    *c = (struct sim_content){.sources = &sim->sources};
    c->parts[0] = lines(sim_note_of(pod, "log-stderr", container));
    c->parts[1] = standard_output(sim, pod, container, attempt);
    c->len = c->parts[0]->len + c->parts[1]->len;
    c->rate = sim_note_number(pod, "log-rate", sim->config.log_rate);
    c->at_once = sim_note(pod, "log-now").ptr != NULL;
    c->chunk = sim_note_number(pod, "log-chunk", 0);
    c->file_max = sim_note_number(pod, "log-file-max", 0);
}

void sim_content_finish(struct sim_content *c)
{
    sim_source_release(c->sources, c->parts[0]);
    sim_source_release(c->sources, c->parts[1]);
}

size_t sim_content_read(const struct sim_content *c, uint64_t at, char *out,
                        size_t len)
{
    uint64_t first = c->parts[0]->len;
    size_t n = 0;

    if (at < first) {
        n = sim_source_read(c->parts[0], at, out, len);
        at += n;
    }
    if (at >= first && n < len) {
        n += sim_source_read(c->parts[1], at - first, out + n, len - n);
    }
    return n;
}
