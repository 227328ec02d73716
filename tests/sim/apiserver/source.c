/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "krr.h"
#include "kubeglean/heap.h"

static struct sim_source *make(char *key, int fd, char *text, uint64_t len)
{
    struct sim_source *s = kg_calloc(1, sizeof(*s));

    KG_REQUIRE(s != NULL);
    s->key = key;
    s->refs = 1;
    s->fd = fd;
    s->text = text;
    s->len = len;
    return s;
}

struct sim_source *sim_source_text(struct kg_str text)
{
    return make(NULL, -1, sim_cstr(text), text.len);
}

static struct sim_source *find(struct kg_map *sources, const char *key)
{
    struct kg_map_node *node = kg_map_find(sources, kg_str_from(key));
    struct sim_source *s;

    if (node == NULL) {
        return NULL;
    }
    s = KG_CONTAINER_OF(node, struct sim_source, node);
    s->refs++;
    return s;
}

static struct sim_source *keep(struct kg_map *sources, const char *key, int fd)
{
    struct stat st;
    struct sim_source *s;

    KG_REQUIRE(fstat(fd, &st) == 0);
    s = make(sim_cstr(kg_str_from(key)), fd, NULL, (uint64_t)st.st_size);
    sim_require(kg_map_insert(sources, &s->node, kg_str_from(s->key)));
    return s;
}

static struct sim_source *cannot(const char *what)
{
    char text[300];
    int len = snprintf(text, sizeof(text), "kube-sim: %s: %s\n", what,
                       strerror(errno));

    return sim_source_text(kg_str_of(text, (size_t)len));
}

struct sim_source *sim_source_file(struct kg_map *sources, const char *path)
{
    struct sim_source *s = find(sources, path);
    int fd;

    if (s != NULL) {
        return s;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? keep(sources, path, fd) : cannot(path);
}

struct sim_source *sim_source_krr(struct kg_map *sources, struct kg_str ns,
                                  uint64_t n_rows, bool plain)
{
    char key[400];
    char path[] = "/tmp/kube-sim-XXXXXX";
    struct sim_source *s;
    int fd;

    (void)snprintf(key, sizeof(key), "krr%s %llu %.*s", plain ? " plain" : "",
                   (unsigned long long)n_rows, KG_STR_ARG(ns));
    s = find(sources, key);
    if (s != NULL) {
        return s;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return cannot(path);
    }
    (void)unlink(path);
    if (!sim_krr_write(fd, ns, n_rows, plain)) {
        (void)close(fd);
        return cannot("a report's temporary file");
    }
    return keep(sources, key, fd);
}

void sim_source_release(struct kg_map *sources, struct sim_source *s)
{
    if (--s->refs > 0) {
        return;
    }
    if (s->key != NULL) {
        kg_map_remove(sources, &s->node);
        (void)close(s->fd);
    }
    kg_free(s->key);
    kg_free(s->text);
    kg_free(s);
}

size_t sim_source_read(const struct sim_source *s, uint64_t at, char *out,
                       size_t len)
{
    size_t done = 0;

    if (at >= s->len) {
        return 0;
    }
    len = len < s->len - at ? len : (size_t)(s->len - at);
    if (s->fd < 0) {
        memcpy(out, s->text + at, len);
        return len;
    }
    while (done < len) {
        ssize_t n = pread(s->fd, out + done, len - done, (off_t)(at + done));

        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    return done;
}
