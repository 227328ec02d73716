/* SPDX-License-Identifier: MIT */
#include "path.h"

static const struct {
    const char *group; /* "" is the core group. */
    const char *kind;
    const char *resource;
    bool namespaced;
} kinds[KG_KUBE_KIND_NR] = {
    [KG_KUBE_NAMESPACE] = {"", "Namespace", "namespaces", false},
    [KG_KUBE_JOB] = {"batch", "Job", "jobs", true},
    [KG_KUBE_CRONJOB] = {"batch", "CronJob", "cronjobs", true},
    [KG_KUBE_POD] = {"", "Pod", "pods", true},
    [KG_KUBE_EVENT] = {"", "Event", "events", true},
};

const char *kg_kube_api_version(const struct kg_kube *kube,
                                enum kg_kube_kind kind)
{
    if (kinds[kind].group[0] == '\0') {
        return "v1";
    }
    return kind == KG_KUBE_CRONJOB && kube->server.beta_cronjobs
               ? "batch/v1beta1"
               : "batch/v1";
}

const char *kg_kube_kind_name(enum kg_kube_kind kind)
{
    return kinds[kind].kind;
}

const char *kg_kube_resource_name(enum kg_kube_kind kind)
{
    return kinds[kind].resource;
}

static enum kg_errc add_name(struct kg_buf *out, const char *before,
                             struct kg_str name)
{
    if (!kg_str_is_dns_subdomain(name)) {
        return KG_EINVALID;
    }
    return kg_buf_addf(out, "%s%.*s", before, KG_STR_ARG(name));
}

static enum kg_errc add_selector(struct kg_buf *out, const char *before,
                                 struct kg_str selector)
{
    enum kg_errc err = kg_buf_adds(out, before);

    return err == KG_OK ? kg_http_escape(out, selector) : err;
}

enum kg_errc kg_kube_path(const struct kg_kube *kube, struct kg_kube_ref ref,
                          struct kg_buf *out)
{
    const char *root = kinds[ref.kind].group[0] == '\0' ? "/api/" : "/apis/";
    enum kg_errc err =
        kg_buf_addf(out, "%s%s", root, kg_kube_api_version(kube, ref.kind));

    if (err == KG_OK && kinds[ref.kind].namespaced && ref.ns.len > 0) {
        err = add_name(out, "/namespaces/", ref.ns);
    }
    if (err == KG_OK) {
        err = kg_buf_addf(out, "/%s", kinds[ref.kind].resource);
    }
    if (err == KG_OK && ref.name.len > 0) {
        err = add_name(out, "/", ref.name);
    }
    if (err == KG_OK && ref.labels.len > 0) {
        err = add_selector(out, "?labelSelector=", ref.labels);
    }
    if (err == KG_OK && ref.fields.len > 0) {
        err = add_selector(
            out, ref.labels.len > 0 ? "&fieldSelector=" : "?fieldSelector=",
            ref.fields);
    }
    return err;
}
