/* SPDX-License-Identifier: MIT */
/* Versions of objects: JSON text and what is selected by, in one allocation. */
#include "version.h"

#include <stdio.h>

#include "kubeglean/heap.h"

enum { VERSION_MAX = 16 * 1024 * 1024 };

struct sim_version *sim_version_hold(struct sim_version *v)
{
    v->refs++;
    return v;
}

void sim_version_release(struct sim_version *v)
{
    if (v != NULL && --v->refs == 0) {
        kg_free(v);
    }
}

struct kg_str sim_version_label(const struct sim_version *v, struct kg_str key)
{
    struct kg_str rest = v->labels;

    while (rest.len > 0) {
        struct kg_str name = kg_str_cut(&rest, '\0');
        struct kg_str value = kg_str_cut(&rest, '\0');

        if (kg_str_eq(name, key)) {
            return value;
        }
    }
    return kg_str_of(NULL, 0);
}

/* The order in which the real server writes them. */
static void order_metadata(struct kg_tree *t, struct kg_node *metadata)
{
    static const char *const names[] = {
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "ownerReferences",
        "finalizers",
        "managedFields",
    };

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        struct kg_node *n = kg_node_get(metadata, names[i]);

        if (n != NULL) {
            sim_put(t, metadata, names[i], n);
        }
    }
}

static void order_members(struct kg_tree *t, struct kg_node *root)
{
    static const char *const names[] = {"metadata", "spec", "status"};

    kg_node_drop(root, "kind");
    kg_node_drop(root, "apiVersion");
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        struct kg_node *n = kg_node_get(root, names[i]);

        if (n != NULL) {
            sim_put(t, root, names[i], n);
        }
    }
}

static void add_z(struct kg_buf *b, struct kg_str s)
{
    sim_require(kg_buf_add(b, s));
    sim_require(kg_buf_addc(b, '\0'));
}

static struct kg_str take(const char **at, struct kg_str like)
{
    struct kg_str s = kg_str_of(*at, like.len);

    *at += like.len + 1;
    return s;
}

static size_t add_labels(struct kg_buf *b, const struct kg_node *metadata)
{
    const struct kg_node *labels = kg_node_get(metadata, "labels");
    size_t start = kg_buf_len(b);

    if (labels != NULL) {
        for (const struct kg_node *l = labels->child; l != NULL; l = l->next) {
            add_z(b, l->name);
            add_z(b, kg_node_str(l));
        }
    }
    return kg_buf_len(b) - start;
}

static struct sim_version *with_texts(struct kg_buf *b)
{
    struct kg_str bytes = kg_buf_str(b);
    struct sim_version *v = kg_alloc(sizeof(*v) + bytes.len);

    KG_REQUIRE(v != NULL);
    memcpy(v + 1, bytes.ptr, bytes.len);
    return v;
}

static struct sim_version *make(struct kg_tree *t, struct kg_node *root,
                                uint64_t rv)
{
    struct kg_node *metadata = sim_member(t, root, "metadata", KG_OBJECT);
    struct kg_str texts[] = {
        kg_node_str(kg_node_get(metadata, "namespace")),
        kg_node_str(kg_node_get(metadata, "name")),
        kg_node_str(kg_node_get(metadata, "uid")),
        kg_node_str(kg_node_path(root, "status.phase")),
        kg_node_str(kg_node_path(root, "spec.nodeName")),
    };
    struct kg_buf b;
    struct sim_version *v;
    const char *at;
    size_t labels_len;

    order_metadata(t, metadata);
    order_members(t, root);
    kg_buf_init(&b, VERSION_MAX);
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        add_z(&b, texts[i]);
    }
    labels_len = add_labels(&b, metadata);
    sim_require(kg_node_json(root, &b));
    v = with_texts(&b);
    at = (const char *)(v + 1);
    *v = (struct sim_version){.refs = 1, .rv = rv};
    v->ns = take(&at, texts[0]);
    v->name = take(&at, texts[1]);
    v->uid = take(&at, texts[2]);
    v->phase = take(&at, texts[3]);
    v->node = take(&at, texts[4]);
    v->labels = kg_str_of(at, labels_len);
    at += labels_len + 1; /* Its opening brace is not kept in view. */
    v->json =
        kg_str_of(at, kg_buf_len(&b) - (size_t)(at - (const char *)(v + 1)));
    kg_buf_finish(&b);
    return v;
}

struct sim_version *sim_version_create(struct kg_tree *t, struct kg_node *root,
                                       uint64_t rv)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)rv);
    sim_put_text(t, sim_member(t, root, "metadata", KG_OBJECT),
                 "resourceVersion", text);
    return make(t, root, rv);
}

struct sim_version *sim_version_dry(struct kg_tree *t, struct kg_node *root)
{
    return make(t, root, 0);
}
