/* SPDX-License-Identifier: MIT */
/* Kubeconfig -> manifests, all of them checked -> the server, object by object,
 * each told as it is done or refused. */
#include <stdio.h>

#include "deeds.h"
#include "input.h"
#include "kubeglean/file.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

/* --- what it is done to ------------------------------------------------------------ */

static enum kg_errc read_file(struct kg_deeds *d, size_t i, struct kg_error *e)
{
    const char *path = d->values.files.items[i];
    const struct kg_object_rules rules = {
        .file = kg_input_name(path),
        .kind = d->def->kind,
        .ns = kg_str_from(d->config.ns),
        .ns_given = d->values.connect.over.ns != NULL,
        .may_generate = d->deed == &kg_deed_create,
    };
    struct kg_buf text;
    enum kg_errc err;

    kg_buf_init(&text, KG_LIMIT_CONFIG);
    err = kg_file_read(path, &text, e);
    if (err == KG_EIO) {
        e->code = KG_ECONFIG; /* The file's name is wrong usage. */
    }
    if (err == KG_OK) {
        err = kg_objects_read(&d->files[i], kg_buf_str(&text), &rules, e);
    }
    kg_buf_finish(&text);
    return err;
}

static enum kg_errc make_targets(struct kg_deeds *d, size_t n,
                                 struct kg_error *e)
{
    d->targets = kg_calloc(n, sizeof(*d->targets));
    return d->targets != NULL
               ? KG_OK
               : kg_error_set(e, KG_ENOMEM, 0, "no memory for %zu objects", n);
}

static enum kg_errc take_files(struct kg_deeds *d, struct kg_error *e)
{
    size_t n = 0;
    enum kg_errc err = KG_OK;

    for (size_t i = 0; err == KG_OK && i < d->values.files.n_items; i++) {
        err = read_file(d, i, e);
        n += d->files[i].n_items;
    }
    if (err == KG_OK) {
        err = make_targets(d, n, e);
    }
    for (size_t i = 0; err == KG_OK && i < d->values.files.n_items; i++) {
        for (size_t j = 0; j < d->files[i].n_items; j++) {
            const struct kg_object *o = &d->files[i].items[j];

            d->targets[d->n_targets++] = (struct kg_deed_target){
                o->ref, o, kg_input_name(d->values.files.items[i])};
        }
    }
    return err;
}

static enum kg_errc take_names(struct kg_deeds *d, char **names, size_t n,
                               struct kg_error *e)
{
    enum kg_errc err = make_targets(d, n, e);

    for (; err == KG_OK && d->n_targets < n; d->n_targets++) {
        d->targets[d->n_targets].ref = (struct kg_kube_ref){
            .kind = d->def->kind,
            .ns = kg_str_from(d->config.ns),
            .name = kg_str_from(names[d->n_targets]),
        };
    }
    return err;
}

/* --- what came of it ---------------------------------------------------------------- */

static void begin_line(const struct kg_deeds *d, const struct kg_deed_target *t,
                       const struct kg_node *part)
{
    (void)fprintf(stderr, "kubeglean %s: ", d->def->verb->name);
    if (t->object != NULL) {
        (void)fprintf(stderr, "%s:%u:%u: ", t->file, part->line, part->column);
    }
}

/* Each of the server's reasons, at its place in the manifest. */
static void tell_causes(const struct kg_deeds *d,
                        const struct kg_deed_target *t)
{
    const struct kg_node *causes =
        kg_node_path(d->talk.answer, "details.causes");
    const struct kg_node *c = causes != NULL ? causes->child : NULL;

    for (; t->object != NULL && c != NULL; c = c->next) {
        struct kg_str field = kg_node_str(kg_node_get(c, "field"));
        struct kg_str message = kg_node_str(kg_node_get(c, "message"));

        begin_line(d, t, kg_object_part(t->object, field));
        (void)fprintf(stderr, "%.*s: %.*s\n", KG_STR_ARG(field),
                      KG_STR_ARG(message));
    }
}

static const char *cure_of(const struct kg_deeds *d)
{
    if (d->talk.error.code == KG_EEXISTS) {
        return "it is there already: delete it first, or choose another name";
    }
    return d->talk.error.code == KG_ECONFLICT && d->deed == &kg_deed_apply
               ? "leave out the fields that others manage, or take them over "
                 "with --force-conflicts"
               : NULL;
}

/* The part of the manifest that the server does not know, or all of it. */
static const struct kg_node *part_meant(const struct kg_deeds *d,
                                        const struct kg_deed_target *t)
{
    struct kg_str message = kg_node_str(kg_node_get(d->talk.answer, "message"));

    return t->object != NULL
               ? kg_object_part(t->object, kg_object_field_named(message))
               : NULL;
}

/* Its own, or what the server was to make one of. */
static struct kg_str name_of(const struct kg_deed_target *t)
{
    return t->ref.name.len > 0 ? t->ref.name
                               : kg_node_str(kg_node_path(
                                     t->object->root, "metadata.generateName"));
}

static enum kg_exit tell_failed(const struct kg_deeds *d,
                                const struct kg_deed_target *t)
{
    const char *cure = cure_of(d);

    begin_line(d, t, part_meant(d, t));
    (void)fprintf(stderr, "%s/%.*s: %s\n", kg_shown_resource(t->ref.kind),
                  KG_STR_ARG(name_of(t)), d->talk.error.text);
    tell_causes(d, t);
    if (cure != NULL) {
        (void)fprintf(stderr, "kubeglean %s: %s\n", d->def->verb->name, cure);
    }
    return KG_EXIT_ERROR;
}

/* One configuration works on old servers and new ones. */
static void tell_version(const struct kg_deeds *d,
                         const struct kg_deed_target *t)
{
    const char *sent = kg_kube_api_version(&d->talk.kube, t->ref.kind);

    if (t->object != NULL && !kg_str_is(t->object->api_version, sent)) {
        begin_line(d, t, kg_node_get(t->object->root, "apiVersion"));
        (void)fprintf(stderr,
                      "sent as %s, which is what this server (%s) has\n", sent,
                      d->talk.kube.server.version);
    }
}

struct telling {
    const struct kg_deeds *d;
    const struct kg_deed_target *t;
};

static void tell_part_dropped(void *data, const struct kg_node *part)
{
    const struct telling *telling = data;

    begin_line(telling->d, telling->t, part);
    (void)fprintf(stderr,
                  "%.*s: this server does not know it, and left it out\n",
                  KG_STR_ARG(part->name));
}

static void tell_dropped(struct kg_deeds *d, const struct kg_deed_target *t)
{
    struct telling telling = {d, t};

    if (d->deed->source == KG_DEED_FILES) {
        kg_object_dropped(t->object, d->talk.answer, tell_part_dropped,
                          &telling);
    }
}

static enum kg_exit tell_done(struct kg_deeds *d,
                              const struct kg_deed_target *t)
{
    enum kg_errc err =
        d->deed == &kg_deed_delete
            ? kg_shown_deleted(&d->shown, t->ref)
            : kg_shown_add(&d->shown, d->talk.answer, d->deed->done);

    if (err == KG_OK) {
        return KG_EXIT_DONE;
    }
    if (d->shown.print.error.code == KG_OK) {
        (void)kg_error_set(&d->shown.print.error, err, 0, "%s",
                           kg_errc_text(err));
    }
    return kg_verb_failed(d->def->verb, &d->shown.print.error);
}

/* --- doing it -------------------------------------------------------------------------- */

static enum kg_exit do_one(struct kg_deeds *d, const struct kg_deed_target *t)
{
    enum kg_errc err;

    do {
        err = d->deed->act(d, t);
    } while (err != KG_OK && kg_talk_may_repeat(&d->talk));
    if (err == KG_ENOTFOUND && d->values.ignore_missing) {
        return KG_EXIT_DONE;
    }
    if (d->deed->source == KG_DEED_FILES) {
        tell_version(d, t);
    }
    if (err != KG_OK) {
        return tell_failed(d, t);
    }
    tell_dropped(d, t);
    return tell_done(d, t);
}

/* Of CronJobs there are two versions. */
static enum kg_errc discover(struct kg_deeds *d)
{
    struct kg_talk *talk = &d->talk;
    enum kg_errc err;

    if (d->def->kind != KG_KUBE_CRONJOB) {
        return KG_OK;
    }
    do {
        err = kg_talk_hear(
            talk, kg_kube_discover(&talk->kube, &talk->req, kg_talk_on_answer));
    } while (err != KG_OK && kg_talk_may_repeat(talk));
    if (err == KG_OK && !talk->kube.server.has_cronjobs) {
        err = kg_error_set(&talk->error, KG_ENOTFOUND, 0,
                           "this server (%s) has no CronJobs",
                           talk->kube.server.version);
    }
    return err;
}

static enum kg_exit do_all(struct kg_deeds *d)
{
    const struct kg_deeds_values *v = &d->values;
    enum kg_exit code = KG_EXIT_DONE;

    if (discover(d) != KG_OK) {
        return kg_verb_failed(d->def->verb, &d->talk.error);
    }
    d->talk.req.how = (struct kg_kube_how){
        .manager = v->manager,
        .dry_run = v->dry_run == KG_DRY_RUN_SERVER,
        .strict = true,
        .propagation = (enum kg_kube_propagation)v->cascade,
    };
    kg_shown_init(&d->shown, (enum kg_shown_form)v->output,
                  d->talk.req.how.dry_run);
    for (size_t i = 0; i < d->n_targets; i++) {
        code = kg_exit_worse(code, do_one(d, &d->targets[i]));
    }
    return kg_shown_end(&d->shown) == KG_OK
               ? code
               : kg_exit_worse(code, KG_EXIT_ERROR);
}

static enum kg_exit talk_to_server(struct kg_deeds *d)
{
    struct kg_error e;
    enum kg_exit code;

    if (kg_talk_begin(&d->talk, &d->config, &e) != KG_OK) {
        return kg_verb_failed(d->def->verb, &e);
    }
    code = do_all(d);
    kg_talk_end(&d->talk);
    return code;
}

static void finish(struct kg_deeds *d)
{
    for (size_t i = 0; i < d->values.files.n_items; i++) {
        kg_objects_finish(&d->files[i]);
    }
    kg_free(d->targets);
    kg_kubeconfig_finish(&d->config);
}

enum kg_exit kg_deeds_do(struct kg_deeds *d, char **names, size_t n_names)
{
    struct kg_error e;
    enum kg_exit code;
    enum kg_errc err;

    if (kg_connect_load(&d->values.connect, &d->config, &e) != KG_OK) {
        return kg_verb_failed(d->def->verb, &e);
    }
    err = n_names > 0 ? take_names(d, names, n_names, &e) : take_files(d, &e);
    code = err == KG_OK ? talk_to_server(d) : kg_verb_failed(d->def->verb, &e);
    finish(d);
    return code;
}
