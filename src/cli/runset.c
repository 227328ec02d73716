/* SPDX-License-Identifier: MIT */
#include "runset.h"

#include "kubeglean/clock.h"

static struct kg_str *find_text(struct kg_run_info *run, struct kg_str key)
{
    const struct {
        const char *name;
        struct kg_str *text;
    } texts[] = {
        {"cluster", &run->id.cluster},
        {"namespace", &run->ns},
        {"job", &run->job},
        {"pod", &run->pod},
        {"node", &run->node},
        {"task", &run->task},
        {"container", &run->id.container},
        {"job_uid", &run->id.job_uid},
        {"pod_uid", &run->id.pod_uid},
    };

    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        if (kg_str_is(key, texts[i].name)) {
            return texts[i].text;
        }
    }
    return NULL;
}

static int64_t *find_time(struct kg_run_info *run, struct kg_str key)
{
    if (kg_str_is(key, "scanned_at")) {
        return &run->scanned_at_us;
    }
    if (kg_str_is(key, "started_at")) {
        return &run->started_at_us;
    }
    return kg_str_is(key, "finished_at") ? &run->finished_at_us : NULL;
}

static enum kg_errc apply(const char *set, struct kg_run_info *run,
                          struct kg_error *e)
{
    struct kg_str value = kg_str_from(set);
    struct kg_str key = kg_str_cut(&value, '=');
    struct kg_str *text = find_text(run, key);
    int64_t *us = find_time(run, key);

    if (value.ptr == NULL) {
        return kg_error_set(e, KG_EUSAGE, 0, "--set %s: write it as KEY=VALUE",
                            set);
    }
    if (text != NULL) {
        *text = value;
        return KG_OK;
    }
    if (us == NULL) {
        return kg_error_set(e, KG_EUSAGE, 0,
                            "--set %s: the keys are cluster, namespace, job, "
                            "pod, node, task, container, job_uid, pod_uid, "
                            "scanned_at, started_at, finished_at",
                            set);
    }
    return kg_time_parse(value, us)
               ? KG_OK
               : kg_error_set(e, KG_EUSAGE, 0,
                              "--set %s: write the time as "
                              "2026-11-22T09:42:00Z",
                              set);
}

enum kg_errc kg_runset_apply(const struct kg_texts *sets,
                             struct kg_run_info *run, struct kg_error *e)
{
    for (size_t i = 0; i < sets->n_items; i++) {
        enum kg_errc err = apply(sets->items[i], run, e);

        if (err != KG_OK) {
            return err;
        }
    }
    return KG_OK;
}
