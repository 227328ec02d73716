/* SPDX-License-Identifier: MIT */
#include "kinds.h"

/* --- defaults -------------------------------------------------------------- */

static bool pulls_always(struct kg_str image)
{
    struct kg_str tag = image;
    ptrdiff_t slash;

    while ((slash = kg_str_find(tag, KG_STR("/"))) >= 0) {
        tag = kg_str_of(tag.ptr + slash + 1, tag.len - (size_t)slash - 1);
    }
    if (kg_str_find(tag, KG_STR("@")) >= 0) {
        return false;
    }
    (void)kg_str_cut(&tag, ':');
    return tag.ptr == NULL || kg_str_is(tag, "latest");
}

static void default_env(struct kg_tree *t, struct kg_node *container)
{
    struct kg_node *env = kg_node_get(container, "env");

    for (struct kg_node *e = env != NULL ? env->child : NULL; e != NULL;
         e = e->next) {
        struct kg_node *ref = kg_node_path(e, "valueFrom.fieldRef");

        if (ref != NULL) {
            (void)sim_default_text(t, ref, "apiVersion", "v1");
        }
    }
}

static void default_ports(struct kg_tree *t, struct kg_node *container)
{
    struct kg_node *ports = kg_node_get(container, "ports");

    for (struct kg_node *p = ports != NULL ? ports->child : NULL; p != NULL;
         p = p->next) {
        (void)sim_default_text(t, p, "protocol", "TCP");
    }
}

static void default_container(struct kg_tree *t, struct kg_node *c)
{
    struct kg_str image = kg_node_str(kg_node_get(c, "image"));

    default_env(t, c);
    default_ports(t, c);
    (void)sim_member(t, c, "resources", KG_OBJECT);
    (void)sim_default_text(t, c, "terminationMessagePath",
                           "/dev/termination-log");
    (void)sim_default_text(t, c, "terminationMessagePolicy", "File");
    (void)sim_default_text(t, c, "imagePullPolicy",
                           pulls_always(image) ? "Always" : "IfNotPresent");
}

static void default_volume(struct kg_tree *t, struct kg_node *v)
{
    static const char *const kinds[] = {"secret", "configMap", "projected",
                                        "downwardAPI"};

    for (size_t i = 0; i < KG_COUNT_OF(kinds); i++) {
        struct kg_node *source = kg_node_get(v, kinds[i]);

        if (source != NULL && source->kind == KG_OBJECT) {
            (void)sim_default_int(t, source, "defaultMode", 420);
        }
    }
    if (v->n_children == 1) {
        sim_put(t, v, "emptyDir", sim_object(t));
    }
}

static void for_each(struct kg_tree *t, const struct kg_node *object,
                     const char *name,
                     void (*each)(struct kg_tree *t, struct kg_node *n))
{
    struct kg_node *list = kg_node_get(object, name);

    if (list == NULL || list->kind != KG_ARRAY) {
        return;
    }
    for (struct kg_node *n = list->child; n != NULL; n = n->next) {
        if (n->kind == KG_OBJECT) {
            each(t, n);
        }
    }
}

static void default_account(struct kg_tree *t, struct kg_node *spec)
{
    struct kg_node *account = kg_node_get(spec, "serviceAccountName");

    if (account != NULL) {
        sim_put_str(t, spec, "serviceAccount", kg_node_str(account));
    }
}

static void default_pod_spec(struct kg_tree *t, struct kg_node *spec)
{
    for_each(t, spec, "containers", default_container);
    for_each(t, spec, "initContainers", default_container);
    for_each(t, spec, "volumes", default_volume);
    (void)sim_default_text(t, spec, "restartPolicy", "Always");
    (void)sim_default_int(t, spec, "terminationGracePeriodSeconds", 30);
    (void)sim_default_text(t, spec, "dnsPolicy", "ClusterFirst");
    (void)sim_member(t, spec, "securityContext", KG_OBJECT);
    (void)sim_default_text(t, spec, "schedulerName", "default-scheduler");
    default_account(t, spec);
}

static void default_template(struct kg_tree *t, struct kg_node *job_spec)
{
    struct kg_node *template = sim_member(t, job_spec, "template", KG_OBJECT);

    (void)sim_member(t, template, "metadata", KG_OBJECT);
    default_pod_spec(t, sim_member(t, template, "spec", KG_OBJECT));
}

static void default_job_spec(const struct sim *sim, struct kg_tree *t,
                             struct kg_node *spec)
{
    bool policy = kg_node_get(spec, "podFailurePolicy") != NULL;

    if (kg_node_get(spec, "completions") == NULL &&
        kg_node_get(spec, "parallelism") == NULL) {
        sim_put_int(t, spec, "completions", 1);
    }
    (void)sim_default_int(t, spec, "parallelism", 1);
    (void)sim_default_int(t, spec, "backoffLimit", 6);
    default_template(t, spec);
    if (!sim->config.modern) {
        return;
    }
    (void)sim_default_text(t, spec, "completionMode", "NonIndexed");
    (void)sim_default_bool(t, spec, "suspend", false);
    (void)sim_default_text(t, spec, "podReplacementPolicy",
                           policy ? "Failed" : "TerminatingOrFailed");
}

/* A Job without labels shows those of its template. */
static void default_job_labels(struct kg_tree *t, struct kg_node *root)
{
    struct kg_node *metadata = sim_member(t, root, "metadata", KG_OBJECT);
    struct kg_node *labels = kg_node_get(metadata, "labels");
    struct kg_node *from = kg_node_path(root, "spec.template.metadata.labels");

    if ((labels == NULL || labels->n_children == 0) && from != NULL) {
        sim_put(t, metadata, "labels", sim_copy(t, from));
    }
}

static void default_job(const struct sim *sim, struct kg_tree *t,
                        struct kg_node *root)
{
    default_job_spec(sim, t, sim_member(t, root, "spec", KG_OBJECT));
    if (sim->config.modern) {
        (void)sim_default_bool(t, kg_node_get(root, "spec"), "manualSelector",
                               false);
    }
}

static void default_cronjob(const struct sim *sim, struct kg_tree *t,
                            struct kg_node *root)
{
    struct kg_node *spec = sim_member(t, root, "spec", KG_OBJECT);
    struct kg_node *template = sim_member(t, spec, "jobTemplate", KG_OBJECT);
    struct kg_node *job_spec;

    (void)sim_default_text(t, spec, "concurrencyPolicy", "Allow");
    (void)sim_default_bool(t, spec, "suspend", false);
    (void)sim_default_int(t, spec, "successfulJobsHistoryLimit", 3);
    (void)sim_default_int(t, spec, "failedJobsHistoryLimit", 1);
    (void)sim_member(t, template, "metadata", KG_OBJECT);
    job_spec = sim_member(t, template, "spec", KG_OBJECT);
    (void)sim;
    default_template(t, job_spec);
}

void sim_kind_default(const struct sim *sim, const struct sim_kind *k,
                      struct kg_tree *t, struct kg_node *root)
{
    switch (k->id) {
    case SIM_JOBS:
        default_job(sim, t, root);
        break;
    case SIM_CRONJOBS:
        default_cronjob(sim, t, root);
        break;
    case SIM_PODS:
        default_pod_spec(t, sim_member(t, root, "spec", KG_OBJECT));
        break;
    default:
        break;
    }
}

/* --- what the server sets --------------------------------------------------- */

static void generate_selector(const struct sim *sim, struct kg_tree *t,
                              struct kg_node *root)
{
    static const char *const new_labels[] = {"batch.kubernetes.io/job-name",
                                             "batch.kubernetes.io/"
                                             "controller-uid"};
    struct kg_node *metadata = kg_node_get(root, "metadata");
    struct kg_node *spec = kg_node_get(root, "spec");
    struct kg_str name = kg_node_str(kg_node_get(metadata, "name"));
    struct kg_str uid = kg_node_str(kg_node_get(metadata, "uid"));
    struct kg_node *labels;
    struct kg_node *match;

    if (kg_node_is_true(kg_node_get(spec, "manualSelector"))) {
        return;
    }
    labels = sim_member(
        t, sim_member(t, kg_node_get(spec, "template"), "metadata", KG_OBJECT),
        "labels", KG_OBJECT);
    match = sim_member(t, sim_member(t, spec, "selector", KG_OBJECT),
                       "matchLabels", KG_OBJECT);
    sim_put_str(t, labels, "job-name", name);
    sim_put_str(t, labels, "controller-uid", uid);
    if (sim->config.modern) {
        sim_put_str(t, labels, new_labels[0], name);
        sim_put_str(t, labels, new_labels[1], uid);
    }
    sim_put_str(t, match, sim->config.modern ? new_labels[1] : "controller-uid",
                uid);
}

static void prepare_namespace(const struct sim *sim, struct kg_tree *t,
                              struct kg_node *root)
{
    struct kg_node *metadata = kg_node_get(root, "metadata");
    struct kg_str name = kg_node_str(kg_node_get(metadata, "name"));
    struct kg_node *finalizers = sim_array(t);
    struct kg_node *status = sim_object(t);

    sim_add_text(t, finalizers, "kubernetes");
    sim_put(t, sim_member(t, root, "spec", KG_OBJECT), "finalizers",
            finalizers);
    if (sim->config.modern) {
        sim_put_str(t, sim_member(t, metadata, "labels", KG_OBJECT),
                    "kubernetes.io/metadata.name", name);
    }
    sim_put_text(t, status, "phase", "Active");
    sim_put(t, root, "status", status);
}

static void prepare_pod(struct kg_tree *t, struct kg_node *root)
{
    struct kg_node *status = sim_object(t);

    sim_put_text(t, status, "phase", "Pending");
    sim_put_text(t, status, "qosClass", "BestEffort");
    sim_put(t, root, "status", status);
}

void sim_kind_prepare(const struct sim *sim, const struct sim_kind *k,
                      struct kg_tree *t, struct kg_node *root)
{
    struct kg_node *metadata = kg_node_get(root, "metadata");
    bool counted = k->id == SIM_JOBS || k->id == SIM_CRONJOBS;

    if (counted) {
        sim_put(t, root, "status", sim_object(t));
    }
    if (counted && sim->config.modern) {
        sim_put_int(t, metadata, "generation", 1);
    }
    if (k->id == SIM_JOBS) {
        generate_selector(sim, t, root);
        default_job_labels(t, root);
    } else if (k->id == SIM_NAMESPACES) {
        prepare_namespace(sim, t, root);
    } else if (k->id == SIM_PODS) {
        prepare_pod(t, root);
    }
}

static void keep(struct kg_tree *t, struct kg_node *root,
                 const struct kg_node *old, const char *name)
{
    const struct kg_node *was = kg_node_get(old, name);

    if (was != NULL) {
        sim_put(t, root, name, sim_copy(t, was));
    } else {
        kg_node_drop(root, name);
    }
}

void sim_kind_prepare_change(const struct sim *sim, const struct sim_kind *k,
                             struct kg_tree *t, struct kg_node *root,
                             const struct kg_node *old, bool status_only)
{
    struct kg_node *metadata = kg_node_get(root, "metadata");
    int64_t generation = sim_int(kg_node_get(old, "metadata"), "generation", 0);

    if (status_only) {
        keep(t, root, old, "spec");
    } else if (k->id != SIM_LEASES) {
        keep(t, root, old, "status");
    }
    if (k->id == SIM_JOBS) {
        default_job_labels(t, root);
    }
    if (!sim->config.modern || generation == 0) {
        return;
    }
    if (!sim_same(kg_node_get(root, "spec"), kg_node_get(old, "spec"))) {
        generation++;
    }
    sim_put_int(t, metadata, "generation", generation);
}
