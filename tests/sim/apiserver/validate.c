/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "kinds.h"
#include "schedule.h"

static void required(struct sim_causes *all, const char *field, const char *why)
{
    sim_cause(all, "FieldValueRequired", field, "Required value%s%s",
              why[0] != '\0' ? ": " : "", why);
}

/* --- metadata -------------------------------------------------------------------- */

static bool is_name(struct kg_str s)
{
    if (s.len == 0 || s.len > 253) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool inside = i > 0 && i + 1 < s.len && s.ptr[i - 1] != '.' &&
                      s.ptr[i + 1] != '.';

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            ((c == '-' || c == '.') && inside)) {
            continue;
        }
        return false;
    }
    return true;
}

static bool is_label_value(struct kg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool inside = i > 0 && i + 1 < s.len;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') ||
            ((c == '-' || c == '.' || c == '_') && inside)) {
            continue;
        }
        return false;
    }
    return s.len <= 63;
}

static void check_labels(const struct kg_node *labels,
                         struct sim_causes *causes)
{
    for (const struct kg_node *n = labels != NULL ? labels->child : NULL;
         n != NULL; n = n->next) {
        if (!is_label_value(kg_node_str(n))) {
            sim_cause(causes, "FieldValueInvalid", "metadata.labels",
                      "Invalid value: \"%.*s\": a valid label must be an empty "
                      "string or consist of alphanumeric characters, '-', '_' "
                      "or '.', and must start and end with an alphanumeric "
                      "character (e.g. 'MyValue',  or 'my_value',  or "
                      "'12345', regex used for validation is "
                      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                      KG_STR_ARG(kg_node_str(n)));
        }
    }
}

static void check_metadata(const struct kg_node *metadata,
                           const struct kg_node *old, struct sim_causes *causes)
{
    struct kg_str name = kg_node_str(kg_node_get(metadata, "name"));
    struct kg_str uid = kg_node_str(kg_node_get(metadata, "uid"));

    if (name.len == 0) {
        required(causes, "metadata.name", "name or generateName is required");
    } else if (!is_name(name)) {
        sim_cause(causes, "FieldValueInvalid", "metadata.name",
                  "Invalid value: \"%.*s\": a lowercase RFC 1123 subdomain "
                  "must consist of lower case alphanumeric characters, '-' or "
                  "'.', and must start and end with an alphanumeric character "
                  "(e.g. 'example.com', regex used for validation is "
                  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*"
                  "[a-z0-9])?)*')",
                  KG_STR_ARG(name));
    }
    check_labels(kg_node_get(metadata, "labels"), causes);
    if (old != NULL && !kg_str_eq(uid, kg_node_str(kg_node_get(old, "uid")))) {
        sim_cause(causes, "FieldValueInvalid", "metadata.uid",
                  "Invalid value: \"%.*s\": field is immutable",
                  KG_STR_ARG(uid));
    }
}

/* --- specs -------------------------------------------------------------------------- */

static void check_not_negative(const struct kg_node *spec, const char *prefix,
                               const char *name, struct sim_causes *causes)
{
    int64_t value = sim_int(spec, name, 0);
    char field[200];

    if (value < 0) {
        (void)snprintf(field, sizeof(field), "%s.%s", prefix, name);
        sim_cause(causes, "FieldValueInvalid", field,
                  "Invalid value: %lld: must be greater than or equal to 0",
                  (long long)value);
    }
}

static void check_containers(const struct kg_node *spec, const char *prefix,
                             struct sim_causes *causes)
{
    const struct kg_node *list = kg_node_get(spec, "containers");
    char field[200];
    int i = 0;

    if (list == NULL || list->n_children == 0) {
        (void)snprintf(field, sizeof(field), "%s.containers", prefix);
        required(causes, field, "");
        return;
    }
    for (const struct kg_node *c = list->child; c != NULL; c = c->next, i++) {
        if (kg_node_str(kg_node_get(c, "name")).len == 0) {
            (void)snprintf(field, sizeof(field), "%s.containers[%d].name",
                           prefix, i);
            required(causes, field, "");
        }
        if (kg_node_str(kg_node_get(c, "image")).len == 0) {
            (void)snprintf(field, sizeof(field), "%s.containers[%d].image",
                           prefix, i);
            required(causes, field, "");
        }
    }
}

static void check_job_spec(const struct kg_node *spec, const char *prefix,
                           struct sim_causes *causes)
{
    static const char *const numbers[] = {
        "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
        "ttlSecondsAfterFinished"};
    const struct kg_node *pod = kg_node_path(spec, "template.spec");
    struct kg_str policy = kg_node_str(kg_node_get(pod, "restartPolicy"));
    char field[200];

    for (size_t i = 0; i < KG_COUNT_OF(numbers); i++) {
        check_not_negative(spec, prefix, numbers[i], causes);
    }
    (void)snprintf(field, sizeof(field), "%s.template.spec.restartPolicy",
                   prefix);
    if (policy.len == 0 || kg_str_is(policy, "Always")) {
        required(causes, field, "valid values: \"OnFailure\", \"Never\"");
    } else if (!kg_str_is(policy, "Never") && !kg_str_is(policy, "OnFailure")) {
        sim_cause(causes, "FieldValueNotSupported", field,
                  "Unsupported value: \"%.*s\": supported values: "
                  "\"OnFailure\", \"Never\"",
                  KG_STR_ARG(policy));
    }
    (void)snprintf(field, sizeof(field), "%s.template.spec", prefix);
    check_containers(pod, field, causes);
}

/* What a Job may not change. A suspended one that has not begun may have
 * another template. */
static void check_job_change(const struct kg_node *root,
                             const struct kg_node *old,
                             struct sim_causes *causes)
{
    static const char *const fixed[] = {"completions", "selector", "template",
                                        "completionMode"};
    const struct kg_node *spec = kg_node_get(root, "spec");
    const struct kg_node *was = kg_node_get(old, "spec");
    bool not_begun = kg_node_is_true(kg_node_get(was, "suspend")) &&
                     kg_node_path(old, "status.startTime") == NULL;
    struct kg_buf value;
    char field[100];

    for (size_t i = 0; i < KG_COUNT_OF(fixed); i++) {
        const struct kg_node *n = kg_node_get(spec, fixed[i]);

        if (sim_same(n, kg_node_get(was, fixed[i])) ||
            (not_begun && strcmp(fixed[i], "template") == 0)) {
            continue;
        }
        kg_buf_init(&value, SIM_BODY_MAX);
        if (n != NULL) {
            sim_require(kg_node_json(n, &value));
        }
        (void)snprintf(field, sizeof(field), "spec.%s", fixed[i]);
        sim_cause(causes, "FieldValueInvalid", field,
                  "Invalid value: %.*s: field is immutable",
                  KG_STR_ARG(kg_buf_str(&value)));
        kg_buf_finish(&value);
    }
}

/* 1.20 tells too long names at once; today the Pods are never made. */
static void check_job_name(const struct sim *sim, const struct kg_node *root,
                           struct sim_causes *causes)
{
    struct kg_str name = kg_node_str(kg_node_path(root, "metadata.name"));

    if (!sim->config.modern && name.len > 63) {
        sim_cause(causes, "FieldValueInvalid", "spec.template.labels",
                  "Invalid value: \"%.*s\": must be no more than 63 "
                  "characters",
                  KG_STR_ARG(name));
    }
}

static void check_job(const struct sim *sim, const struct kg_node *root,
                      const struct kg_node *old, struct sim_causes *causes)
{
    check_job_name(sim, root, causes);
    check_job_spec(kg_node_get(root, "spec"), "spec", causes);
    if (old != NULL) {
        check_job_change(root, old, causes);
    }
}

/* 1.20 begins its sentences with a capital letter. */
static void check_schedule(const struct sim *sim, struct kg_str text,
                           struct sim_causes *causes)
{
    struct sim_schedule schedule;
    struct kg_error e;

    if (text.len == 0) {
        required(causes, "spec.schedule", "");
    } else if (sim_schedule_parse(&schedule, text, &e) != KG_OK) {
        if (!sim->config.modern) {
            e.text[0] = (char)(e.text[0] - 'a' + 'A');
        }
        sim_cause(causes, "FieldValueInvalid", "spec.schedule",
                  "Invalid value: \"%.*s\": %s", KG_STR_ARG(text), e.text);
    }
}

static void check_cronjob(const struct sim *sim, const struct kg_node *root,
                          struct sim_causes *causes)
{
    struct kg_str name = kg_node_str(kg_node_path(root, "metadata.name"));
    const struct kg_node *spec = kg_node_get(root, "spec");

    if (name.len > 52) {
        sim_cause(causes, "FieldValueInvalid", "metadata.name",
                  "Invalid value: \"%.*s\": must be no more than 52 "
                  "characters",
                  KG_STR_ARG(name));
    }
    check_schedule(sim, kg_node_str(kg_node_get(spec, "schedule")), causes);
    check_job_spec(kg_node_path(spec, "jobTemplate.spec"),
                   "spec.jobTemplate.spec", causes);
}

void sim_kind_validate(const struct sim *sim, const struct sim_kind *k,
                       const struct kg_node *root, const struct kg_node *old,
                       struct sim_causes *causes)
{
    check_metadata(kg_node_get(root, "metadata"), kg_node_get(old, "metadata"),
                   causes);
    if (k->id == SIM_JOBS) {
        check_job(sim, root, old, causes);
    } else if (k->id == SIM_PODS && old == NULL) {
        check_containers(kg_node_get(root, "spec"), "spec", causes);
    } else if (k->id == SIM_CRONJOBS) {
        check_cronjob(sim, root, causes);
    }
}
