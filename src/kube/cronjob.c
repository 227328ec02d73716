/* SPDX-License-Identifier: MIT */
#include "kubeglean/kube.h"

#include <stdio.h>

#define INSTANTIATE "cronjob.kubernetes.io/instantiate"

static bool put_text(struct kg_tree *t, struct kg_node *object,
                     const char *name, struct kg_str text)
{
    return kg_tree_put(t, object, name, kg_tree_new(t, KG_STRING, text));
}

static struct kg_node *owner_of(struct kg_tree *t,
                                const struct kg_node *cronjob)
{
    struct kg_node *list = kg_tree_new(t, KG_ARRAY, kg_str_of("", 0));
    struct kg_node *owner = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    bool ok = put_text(t, owner, "apiVersion",
                       kg_node_str(kg_node_get(cronjob, "apiVersion"))) &&
              put_text(t, owner, "kind", KG_STR("CronJob")) &&
              put_text(t, owner, "name",
                       kg_node_str(kg_node_path(cronjob, "metadata.name"))) &&
              put_text(t, owner, "uid",
                       kg_node_str(kg_node_path(cronjob, "metadata.uid"))) &&
              kg_tree_put(t, owner, "controller", kg_tree_bool(t, true)) &&
              kg_tree_add(list, owner);

    return ok ? list : NULL;
}

/* A copy of `object`, or a new one where there is none. */
static struct kg_node *copy_object(struct kg_tree *t,
                                   const struct kg_node *object)
{
    return object != NULL && object->kind == KG_OBJECT
               ? kg_tree_copy(t, object)
               : kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
}

/* Without a name the server makes one of the CronJob's. */
static bool put_name(struct kg_tree *t, struct kg_node *metadata,
                     const struct kg_node *cronjob, struct kg_str job_name)
{
    struct kg_str from = kg_node_str(kg_node_path(cronjob, "metadata.name"));
    char text[300];

    if (job_name.len > 0) {
        return put_text(t, metadata, "name", job_name);
    }
    (void)snprintf(text, sizeof(text), "%.*s-manual-", KG_STR_ARG(from));
    return put_text(t, metadata, "generateName", kg_str_from(text));
}

static struct kg_node *metadata_of(struct kg_tree *t,
                                   const struct kg_node *cronjob,
                                   const struct kg_node *template,
                                   struct kg_str job_name)
{
    const struct kg_node *from = kg_node_get(template, "metadata");
    struct kg_node *metadata = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    struct kg_node *notes = copy_object(t, kg_node_get(from, "annotations"));
    bool ok = put_name(t, metadata, cronjob, job_name) &&
              kg_tree_put(t, metadata, "labels",
                          copy_object(t, kg_node_get(from, "labels"))) &&
              put_text(t, notes, INSTANTIATE, KG_STR("manual")) &&
              kg_tree_put(t, metadata, "annotations", notes) &&
              kg_tree_put(t, metadata, "ownerReferences", owner_of(t, cronjob));

    return ok ? metadata : NULL;
}

struct kg_node *kg_kube_job_from_cronjob(struct kg_tree *t,
                                         const struct kg_node *cronjob,
                                         struct kg_str job_name)
{
    const struct kg_node *template = kg_node_path(cronjob, "spec.jobTemplate");
    const struct kg_node *spec = kg_node_get(template, "spec");
    struct kg_node *job;
    bool ok;

    if (spec == NULL) {
        return NULL;
    }
    job = kg_tree_new(t, KG_OBJECT, kg_str_of("", 0));
    ok = put_text(t, job, "apiVersion", KG_STR("batch/v1")) &&
         put_text(t, job, "kind", KG_STR("Job")) &&
         kg_tree_put(t, job, "metadata",
                     metadata_of(t, cronjob, template, job_name)) &&
         kg_tree_put(t, job, "spec", kg_tree_copy(t, spec));
    return ok ? job : NULL;
}
