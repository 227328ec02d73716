/* SPDX-License-Identifier: MIT */
/* The Jobs and CronJobs that we make, as trees. */
#include "kubeglean/glean.h"

static struct kg_node *string_of(struct kg_tree *t, struct kg_str text)
{
    return kg_tree_new(t, KG_STRING, text);
}

/* The member as an object: the one that is there, or a new one. */
static struct kg_node *object_at(struct kg_tree *t, struct kg_node *parent,
                                 const char *name)
{
    struct kg_node *child = kg_node_get(parent, name);

    if (child != NULL && child->kind == KG_OBJECT) {
        return child;
    }
    child = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    return kg_tree_put(t, parent, name, child) ? child : NULL;
}

static bool put_labels(struct kg_tree *t, struct kg_node *object,
                       const struct kg_manifest *m)
{
    struct kg_node *meta = object_at(t, object, "metadata");
    struct kg_node *labels = meta != NULL ? object_at(t, meta, "labels") : NULL;

    return labels != NULL &&
           kg_tree_put(t, labels, KG_LABEL_INSTANCE,
                       string_of(t, m->instance)) &&
           kg_tree_put(t, labels, KG_LABEL_TASK, string_of(t, m->def->name)) &&
           kg_tree_put(t, labels, KG_LABEL_PROFILE,
                       string_of(t, m->def->profile));
}

static bool put_default(struct kg_tree *t, struct kg_node *object,
                        const char *name, struct kg_node *value)
{
    return kg_node_get(object, name) != NULL ||
           kg_tree_put(t, object, name, value);
}

/* The task's JobSpec, with what makes it ours. */
static struct kg_node *job_spec(struct kg_tree *t, const struct kg_manifest *m)
{
    struct kg_node *spec = kg_tree_copy(t, m->spec);
    struct kg_node *template =
        spec != NULL ? object_at(t, spec, "template") : NULL;
    struct kg_node *pod =
        template != NULL ? object_at(t, template, "spec") : NULL;

    if (pod == NULL || !put_labels(t, template, m) ||
        !put_default(t, spec, "backoffLimit", kg_tree_int(t, 0)) ||
        !put_default(t, pod, "restartPolicy", kg_tree_string(t, "Never"))) {
        return NULL;
    }
    if (m->timeout_s > 0 && !kg_tree_put(t, spec, "activeDeadlineSeconds",
                                         kg_tree_int(t, m->timeout_s))) {
        return NULL;
    }
    return spec;
}

/* {kind, metadata: {name, namespace, labels}} */
static struct kg_node *begin(struct kg_tree *t, const char *kind,
                             const struct kg_manifest *m)
{
    struct kg_node *object = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *meta;

    if (object == NULL ||
        !kg_tree_put(t, object, "kind", kg_tree_string(t, kind))) {
        return NULL;
    }
    meta = object_at(t, object, "metadata");
    if (meta == NULL || !kg_tree_put(t, meta, "name", string_of(t, m->name)) ||
        !kg_tree_put(t, meta, "namespace", string_of(t, m->ns)) ||
        !put_labels(t, object, m)) {
        return NULL;
    }
    return object;
}

struct kg_node *kg_manifest_job(struct kg_tree *t, const struct kg_manifest *m)
{
    struct kg_node *job = begin(t, "Job", m);

    return job != NULL && kg_tree_put(t, job, "spec", job_spec(t, m)) ? job
                                                                      : NULL;
}

struct kg_node *kg_manifest_cronjob(struct kg_tree *t,
                                    const struct kg_manifest *m)
{
    struct kg_node *cronjob = begin(t, "CronJob", m);
    struct kg_node *spec =
        cronjob != NULL ? object_at(t, cronjob, "spec") : NULL;
    struct kg_node *made =
        spec != NULL ? object_at(t, spec, "jobTemplate") : NULL;

    if (made == NULL || !put_labels(t, made, m) ||
        !kg_tree_put(t, made, "spec", job_spec(t, m)) ||
        !kg_tree_put(t, spec, "schedule", string_of(t, m->schedule)) ||
        !kg_tree_put(t, spec, "concurrencyPolicy",
                     kg_tree_string(t, "Forbid")) ||
        !kg_tree_put(t, spec, "successfulJobsHistoryLimit",
                     kg_tree_int(t, m->n_keep_successful)) ||
        !kg_tree_put(t, spec, "failedJobsHistoryLimit",
                     kg_tree_int(t, m->n_keep_failed))) {
        return NULL;
    }
    return cronjob;
}

struct kg_node *kg_manifest_mark(struct kg_tree *t, enum kg_outcome outcome)
{
    struct kg_node *patch = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *meta =
        patch != NULL ? object_at(t, patch, "metadata") : NULL;
    struct kg_node *annotations =
        meta != NULL ? object_at(t, meta, "annotations") : NULL;

    return annotations != NULL &&
                   kg_tree_put(t, annotations, KG_ANNOTATION_ENDED,
                               kg_tree_string(t, kg_outcome_name(outcome)))
               ? patch
               : NULL;
}
