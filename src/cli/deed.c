/* SPDX-License-Identifier: MIT */
/* One thing done to one object: what is asked of the server. */
#include "deeds.h"

#include "kubeglean/limits.h"

static enum kg_errc create(struct kg_deeds *d, const struct kg_deed_target *t)
{
    return kg_talk_hear(&d->talk,
                        kg_kube_create(&d->talk.kube, &d->talk.req, t->ref,
                                       t->object->root, kg_talk_on_answer));
}

static enum kg_errc apply(struct kg_deeds *d, const struct kg_deed_target *t)
{
    return kg_talk_hear(&d->talk,
                        kg_kube_apply(&d->talk.kube, &d->talk.req, t->ref,
                                      t->object->root, d->values.force,
                                      kg_talk_on_answer));
}

static enum kg_errc delete_it(struct kg_deeds *d,
                              const struct kg_deed_target *t)
{
    return kg_talk_hear(&d->talk,
                        kg_kube_delete(&d->talk.kube, &d->talk.req, t->ref,
                                       kg_str_from(d->values.uid),
                                       kg_talk_on_answer));
}

/* --- suspend, resume ---------------------------------------------------------- */

static struct kg_node *suspension(struct kg_tree *t, bool suspended)
{
    struct kg_node *patch = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *spec = kg_tree_new(t, KG_OBJECT, KG_STR(""));

    return kg_tree_put(t, spec, "suspend", kg_tree_bool(t, suspended)) &&
                   kg_tree_put(t, patch, "spec", spec)
               ? patch
               : NULL;
}

static enum kg_errc patch(struct kg_deeds *d, const struct kg_deed_target *t,
                          bool suspended)
{
    struct kg_tree tree;
    struct kg_node *node;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&tree, KG_KIB * 64);
    node = suspension(&tree, suspended);
    if (node != NULL) {
        err = kg_kube_patch(&d->talk.kube, &d->talk.req, t->ref, node,
                            kg_talk_on_answer);
    }
    err = kg_talk_hear(&d->talk, err);
    kg_tree_finish(&tree);
    return err;
}

/* A server that does not know the field, as 1.20 of Jobs, drops it. */
static enum kg_errc set_suspended(struct kg_deeds *d,
                                  const struct kg_deed_target *t,
                                  bool suspended)
{
    enum kg_errc err = patch(d, t, suspended);

    if (err == KG_OK && kg_node_path(d->talk.answer, "spec.suspend") == NULL) {
        err = kg_error_set(&d->talk.error, KG_EINVALID, 0,
                           "this server has %ss that cannot be suspended",
                           kg_kube_kind_name(t->ref.kind));
    }
    return err;
}

static enum kg_errc suspend(struct kg_deeds *d, const struct kg_deed_target *t)
{
    return set_suspended(d, t, true);
}

static enum kg_errc resume(struct kg_deeds *d, const struct kg_deed_target *t)
{
    return set_suspended(d, t, false);
}

/* --- trigger -------------------------------------------------------------------- */

static enum kg_errc make_job(struct kg_deeds *d, const struct kg_deed_target *t)
{
    const struct kg_kube_ref ref = {.kind = KG_KUBE_JOB, .ns = t->ref.ns};
    struct kg_tree tree;
    struct kg_node *job;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&tree, KG_LIMIT_TREE);
    job = kg_kube_job_from_cronjob(&tree, d->talk.answer,
                                   kg_str_from(d->values.name));
    if (job != NULL) {
        err = kg_kube_create(&d->talk.kube, &d->talk.req, ref, job,
                             kg_talk_on_answer);
    }
    err = kg_talk_hear(&d->talk, err);
    kg_tree_finish(&tree);
    return err;
}

static enum kg_errc trigger(struct kg_deeds *d, const struct kg_deed_target *t)
{
    enum kg_errc err =
        kg_talk_hear(&d->talk, kg_kube_get(&d->talk.kube, &d->talk.req, t->ref,
                                           kg_talk_on_answer));

    return err == KG_OK ? make_job(d, t) : err;
}

const struct kg_deed kg_deed_create = {"create", "created", KG_DEED_FILES,
                                       create};
const struct kg_deed kg_deed_apply = {"apply", "serverside-applied",
                                      KG_DEED_FILES, apply};
const struct kg_deed kg_deed_delete = {"delete", "deleted", KG_DEED_EITHER,
                                       delete_it};
const struct kg_deed kg_deed_suspend = {"suspend", "suspended", KG_DEED_NAMES,
                                        suspend};
const struct kg_deed kg_deed_resume = {"resume", "resumed", KG_DEED_NAMES,
                                       resume};
const struct kg_deed kg_deed_trigger = {"trigger", "created", KG_DEED_NAMES,
                                        trigger};
