/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <stdio.h>

/* TEXTS: an object of nothing but texts. */
enum type { ANY, TEXT, INT, BOOL, OBJECT, TEXTS, LIST };

struct field {
    const char *name;
    enum type type;
    bool modern;                /* 1.20 does not know it. */
    const struct field *inside; /* Of the object, or of each element. */
};

static const struct field metadata[] = {
    {"name", TEXT},
    {"generateName", TEXT},
    {"namespace", TEXT},
    {"uid", TEXT},
    {"resourceVersion", TEXT},
    {"generation", INT},
    {"creationTimestamp", ANY},
    {"deletionTimestamp", ANY},
    {"deletionGracePeriodSeconds", INT},
    {"labels", TEXTS},
    {"annotations", TEXTS},
    {"ownerReferences", LIST},
    {"finalizers", LIST},
    {"managedFields", LIST},
    {"selfLink", TEXT},
    {"clusterName", TEXT},
    {NULL},
};

static const struct field container[] = {
    {"name", TEXT},
    {"image", TEXT},
    {"command", LIST},
    {"args", LIST},
    {"workingDir", TEXT},
    {"ports", LIST},
    {"envFrom", LIST},
    {"env", LIST},
    {"resources", OBJECT},
    {"resizePolicy", LIST, true},
    {"restartPolicy", TEXT, true},
    {"volumeMounts", LIST},
    {"volumeDevices", LIST},
    {"livenessProbe", OBJECT},
    {"readinessProbe", OBJECT},
    {"startupProbe", OBJECT},
    {"lifecycle", OBJECT},
    {"terminationMessagePath", TEXT},
    {"terminationMessagePolicy", TEXT},
    {"imagePullPolicy", TEXT},
    {"securityContext", OBJECT},
    {"stdin", BOOL},
    {"stdinOnce", BOOL},
    {"tty", BOOL},
    {NULL},
};

static const struct field pod_spec[] = {
    {"volumes", LIST},
    {"initContainers", LIST, false, container},
    {"containers", LIST, false, container},
    {"ephemeralContainers", LIST},
    {"restartPolicy", TEXT},
    {"terminationGracePeriodSeconds", INT},
    {"activeDeadlineSeconds", INT},
    {"dnsPolicy", TEXT},
    {"nodeSelector", TEXTS},
    {"serviceAccountName", TEXT},
    {"serviceAccount", TEXT},
    {"automountServiceAccountToken", BOOL},
    {"nodeName", TEXT},
    {"hostNetwork", BOOL},
    {"hostPID", BOOL},
    {"hostIPC", BOOL},
    {"shareProcessNamespace", BOOL},
    {"securityContext", OBJECT},
    {"imagePullSecrets", LIST},
    {"hostname", TEXT},
    {"subdomain", TEXT},
    {"affinity", OBJECT},
    {"schedulerName", TEXT},
    {"tolerations", LIST},
    {"hostAliases", LIST},
    {"priorityClassName", TEXT},
    {"priority", INT},
    {"dnsConfig", OBJECT},
    {"readinessGates", LIST},
    {"runtimeClassName", TEXT},
    {"enableServiceLinks", BOOL},
    {"preemptionPolicy", TEXT},
    {"overhead", OBJECT},
    {"topologySpreadConstraints", LIST},
    {"setHostnameAsFQDN", BOOL},
    {"os", OBJECT, true},
    {"hostUsers", BOOL, true},
    {"schedulingGates", LIST, true},
    {"resourceClaims", LIST, true},
    {"resources", OBJECT, true},
    {NULL},
};

static const struct field pod_template[] = {
    {"metadata", OBJECT, false, metadata},
    {"spec", OBJECT, false, pod_spec},
    {NULL},
};

static const struct field job_spec[] = {
    {"parallelism", INT},
    {"completions", INT},
    {"activeDeadlineSeconds", INT},
    {"backoffLimit", INT},
    {"selector", OBJECT},
    {"manualSelector", BOOL},
    {"template", OBJECT, false, pod_template},
    {"ttlSecondsAfterFinished", INT},
    {"completionMode", TEXT, true},
    {"suspend", BOOL, true},
    {"podFailurePolicy", OBJECT, true},
    {"successPolicy", OBJECT, true},
    {"backoffLimitPerIndex", INT, true},
    {"maxFailedIndexes", INT, true},
    {"podReplacementPolicy", TEXT, true},
    {"managedBy", TEXT, true},
    {NULL},
};

static const struct field job_template[] = {
    {"metadata", OBJECT, false, metadata},
    {"spec", OBJECT, false, job_spec},
    {NULL},
};

static const struct field cronjob_spec[] = {
    {"schedule", TEXT},
    {"timeZone", TEXT, true},
    {"startingDeadlineSeconds", INT},
    {"concurrencyPolicy", TEXT},
    {"suspend", BOOL},
    {"jobTemplate", OBJECT, false, job_template},
    {"successfulJobsHistoryLimit", INT},
    {"failedJobsHistoryLimit", INT},
    {NULL},
};

static const struct field lease_spec[] = {
    {"holderIdentity", TEXT},        {"leaseDurationSeconds", INT},
    {"acquireTime", TEXT},           {"renewTime", TEXT},
    {"leaseTransitions", INT},       {"strategy", TEXT, true},
    {"preferredHolder", TEXT, true}, {NULL},
};

static const struct field *const specs[SIM_RESOURCE_NR] = {
    [SIM_PODS] = pod_spec,
    [SIM_JOBS] = job_spec,
    [SIM_CRONJOBS] = cronjob_spec,
    [SIM_LEASES] = lease_spec,
};

/* --- walking ------------------------------------------------------------------------ */

enum { PATH_MAX_LEN = 300 };

struct walk {
    bool modern;
    bool prune;
    const struct sim_schema_report *report; /* NULL when pruning. */
};

static bool has_texts(const struct kg_node *n)
{
    const struct kg_node *c = n->child;

    while (c != NULL && c->kind == KG_STRING) {
        c = c->next;
    }
    return n->kind == KG_OBJECT && c == NULL;
}

static bool has_type(const struct kg_node *n, enum type type)
{
    int64_t value;

    switch (type) {
    case TEXT:
        return n->kind == KG_STRING;
    case INT:
        return kg_node_int(n, &value);
    case BOOL:
        return n->kind == KG_BOOL;
    case OBJECT:
        return n->kind == KG_OBJECT;
    case TEXTS:
        return has_texts(n);
    case LIST:
        return n->kind == KG_ARRAY;
    default:
        return true;
    }
}

static const struct field *find(const struct walk *w,
                                const struct field *fields, struct kg_str name)
{
    for (; fields->name != NULL; fields++) {
        if (kg_str_is(name, fields->name) && (w->modern || !fields->modern)) {
            return fields;
        }
    }
    return NULL;
}

static void walk_object(const struct walk *w, const struct field *fields,
                        struct kg_node *object, const char *path);

static void walk_inside(const struct walk *w, const struct field *f,
                        struct kg_node *n, const char *path)
{
    char element[PATH_MAX_LEN + 16];
    int i = 0;

    if (f->inside == NULL) {
        return;
    }
    if (n->kind == KG_OBJECT) {
        walk_object(w, f->inside, n, path);
        return;
    }
    for (struct kg_node *e = n->child; e != NULL; e = e->next, i++) {
        (void)snprintf(element, sizeof(element), "%s[%d]", path, i);
        if (e->kind == KG_OBJECT) {
            walk_object(w, f->inside, e, element);
        }
    }
}

static void walk_object(const struct walk *w, const struct field *fields,
                        struct kg_node *object, const char *path)
{
    struct kg_node *next;
    char own[PATH_MAX_LEN];

    for (struct kg_node *n = object->child; n != NULL; n = next) {
        const struct field *f = find(w, fields, n->name);

        next = n->next;
        (void)snprintf(own, sizeof(own), "%s%s%.*s", path,
                       path[0] != '\0' ? "." : "", KG_STR_ARG(n->name));
        if (f == NULL) {
            if (w->prune) {
                kg_node_drop(object, n->name.ptr);
            } else {
                w->report->unknown_cb(w->report->data, own);
            }
        } else if (n->kind != KG_NULL && !has_type(n, f->type)) {
            if (!w->prune) {
                w->report->type_cb(w->report->data, own);
            }
        } else {
            walk_inside(w, f, n, own);
        }
    }
}

static void walk_root(const struct walk *w, const struct sim_kind *k,
                      struct kg_node *root)
{
    struct field fields[] = {
        {"kind", TEXT},
        {"apiVersion", TEXT},
        {"metadata", OBJECT, false, metadata},
        {"spec", OBJECT, false, specs[k->id]},
        {"status", OBJECT},
        {NULL},
    };

    walk_object(w, fields, root, "");
}

void sim_schema_check(const struct sim *sim, const struct sim_kind *k,
                      const struct kg_node *root,
                      const struct sim_schema_report *report)
{
    struct walk w = {.modern = sim->config.modern, .report = report};

    walk_root(&w, k, (struct kg_node *)root);
}

void sim_schema_prune(const struct sim *sim, const struct sim_kind *k,
                      struct kg_node *root)
{
    struct walk w = {.modern = sim->config.modern, .prune = true};

    walk_root(&w, k, root);
}
