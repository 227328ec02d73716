/* SPDX-License-Identifier: MIT */
#include "kubeglean/object.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

enum { CRONJOB_NAME_MAX = 52 }; /* Its Jobs add eleven characters. */

struct reading {
    const struct kg_object_rules *rules;
    struct kg_objects *objects;
    struct kg_error *e;
};

/* "krr.yaml:4:9: ..."; where the part is missing, `at` is what should have it. */
static enum kg_errc refuse(const struct reading *r, const struct kg_node *at,
                           const char *fmt, ...) KG_PRINTF(3, 4);

static enum kg_errc refuse(const struct reading *r, const struct kg_node *at,
                           const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(r->e, KG_ECONFIG, 0, fmt, args);
    va_end(args);
    return kg_error_wrap(r->e, "%s:%u:%u", r->rules->file, at->line,
                         at->column);
}

static enum kg_errc no_memory(const struct reading *r)
{
    return kg_error_set(r->e, KG_ENOMEM, 0, "%s: %s", r->rules->file,
                        kg_errc_text(KG_ENOMEM));
}

/* --- what an object is ------------------------------------------------------ */

static const char *const *versions_of(enum kg_kube_kind kind)
{
    static const char *const job[] = {"batch/v1", NULL};
    static const char *const cronjob[] = {"batch/v1", "batch/v1beta1", NULL};

    return kind == KG_KUBE_CRONJOB ? cronjob : job;
}

/* The member's text, which must be there and not be empty. */
static enum kg_errc need_text(const struct reading *r,
                              const struct kg_node *object, const char *name,
                              struct kg_str *ret_text)
{
    const struct kg_node *n = kg_node_get(object, name);

    if (n == NULL || n->kind == KG_NULL) {
        return refuse(r, object, "%s is missing", name);
    }
    *ret_text = kg_node_str(n);
    return ret_text->len > 0
               ? KG_OK
               : refuse(r, n, "%s: must be a text, and not empty", name);
}

static enum kg_errc check_kind(const struct reading *r,
                               const struct kg_node *root,
                               struct kg_object *ret_object)
{
    enum kg_kube_kind wanted = r->rules->kind;
    struct kg_str kind;
    enum kg_errc err =
        need_text(r, root, "apiVersion", &ret_object->api_version);

    if (err == KG_OK) {
        err = need_text(r, root, "kind", &kind);
    }
    if (err != KG_OK) {
        return err;
    }
    if (!kg_str_is(kind, kg_kube_kind_name(wanted))) {
        return refuse(r, kg_node_get(root, "kind"),
                      "kind: a %s is expected here, not a %.*s",
                      kg_kube_kind_name(wanted), KG_STR_ARG(kind));
    }
    return kg_str_which(ret_object->api_version, versions_of(wanted)) >= 0
               ? KG_OK
               : refuse(r, kg_node_get(root, "apiVersion"),
                        "apiVersion: %.*s has no %s; write batch/v1",
                        KG_STR_ARG(ret_object->api_version),
                        kg_kube_kind_name(wanted));
}

/* --- whose it is ------------------------------------------------------------ */

static enum kg_errc set_namespace(const struct reading *r,
                                  const struct kg_node *metadata,
                                  struct kg_object *ret_object)
{
    const struct kg_object_rules *rules = r->rules;
    const struct kg_node *n = kg_node_get(metadata, "namespace");
    struct kg_str ns = kg_node_str(n);

    ret_object->ref.ns = rules->ns;
    if (n == NULL) {
        return KG_OK;
    }
    if (!kg_str_is_dns_label(ns)) {
        return refuse(r, n, "metadata.namespace: must be " KG_DNS_RULE);
    }
    if (rules->ns_given && !kg_str_eq(ns, rules->ns)) {
        return refuse(r, n,
                      "metadata.namespace: %.*s is not %.*s, which was asked "
                      "for; leave out one of them",
                      KG_STR_ARG(ns), KG_STR_ARG(rules->ns));
    }
    ret_object->ref.ns = ns;
    return KG_OK;
}

const char *kg_object_name_fault(enum kg_kube_kind kind, struct kg_str name)
{
    if (!kg_str_is_dns_subdomain(name)) {
        return "must be lower-case letters and digits, with '-' and '.' within";
    }
    if (kind == KG_KUBE_JOB && !kg_str_is_job_name(name)) {
        return "is too long: at most 63 characters";
    }
    return kind == KG_KUBE_CRONJOB && name.len > CRONJOB_NAME_MAX
               ? "is too long: at most 52 characters, for its Jobs add eleven"
               : NULL;
}

static bool generates_name(const struct reading *r,
                           const struct kg_node *metadata)
{
    return r->rules->may_generate && kg_node_get(metadata, "name") == NULL &&
           kg_node_str(kg_node_get(metadata, "generateName")).len > 0;
}

static enum kg_errc set_name(const struct reading *r,
                             const struct kg_node *metadata,
                             struct kg_object *ret_object)
{
    const struct kg_node *n = kg_node_get(metadata, "name");
    const char *fault;

    if (generates_name(r, metadata)) {
        return KG_OK;
    }
    if (n == NULL) {
        return refuse(r, metadata, "metadata.name is missing");
    }
    if (n->kind != KG_STRING) {
        return refuse(r, n,
                      "metadata.name: must be a text; write it in quotes");
    }
    fault = kg_object_name_fault(r->rules->kind, n->text);
    if (fault != NULL) {
        return refuse(r, n, "metadata.name: \"%.*s\" %s", KG_STR_ARG(n->text),
                      fault);
    }
    ret_object->ref.name = n->text;
    return KG_OK;
}

static enum kg_errc read_object(const struct reading *r,
                                const struct kg_node *root)
{
    struct kg_object *o = &r->objects->items[r->objects->n_items];
    const struct kg_node *metadata = kg_node_get(root, "metadata");
    enum kg_errc err;

    *o = (struct kg_object){.root = root, .ref.kind = r->rules->kind};
    if (root->kind != KG_OBJECT) {
        return refuse(r, root, "a %s is expected here, not this %s",
                      kg_kube_kind_name(r->rules->kind),
                      kg_kind_name(root->kind));
    }
    err = check_kind(r, root, o);
    if (err == KG_OK && (metadata == NULL || metadata->kind != KG_OBJECT)) {
        err = refuse(r, metadata != NULL ? metadata : root,
                     "metadata is missing, or is no object");
    }
    if (err == KG_OK) {
        err = set_namespace(r, metadata, o);
    }
    if (err == KG_OK) {
        err = set_name(r, metadata, o);
    }
    r->objects->n_items++;
    return err;
}

/* --- all of them ------------------------------------------------------------ */

/* Its objects, or NULL: it is one itself. "List", "JobList". */
static const struct kg_node *items_of(const struct kg_node *document)
{
    const struct kg_node *items = kg_node_get(document, "items");
    struct kg_str kind = kg_node_str(kg_node_get(document, "kind"));

    return kg_str_ends(kind, KG_STR("List")) && items != NULL &&
                   items->kind == KG_ARRAY
               ? items
               : NULL;
}

static size_t count(const struct kg_node *documents)
{
    size_t n = 0;

    for (const struct kg_node *d = documents->child; d != NULL; d = d->next) {
        const struct kg_node *items = items_of(d);

        n += items != NULL ? items->n_children : 1;
    }
    return n;
}

static enum kg_errc read_document(const struct reading *r,
                                  const struct kg_node *document)
{
    const struct kg_node *items = items_of(document);
    enum kg_errc err = KG_OK;

    if (items == NULL) {
        return read_object(r, document);
    }
    for (const struct kg_node *i = items->child; err == KG_OK && i != NULL;
         i = i->next) {
        err = read_object(r, i);
    }
    return err;
}

static enum kg_errc read_all(const struct reading *r,
                             const struct kg_node *documents)
{
    size_t n = count(documents);
    enum kg_errc err = KG_OK;

    if (n == 0) {
        return kg_error_set(r->e, KG_ECONFIG, 0, "%s: there is no object in it",
                            r->rules->file);
    }
    r->objects->items = kg_calloc(n, sizeof(*r->objects->items));
    if (r->objects->items == NULL) {
        return no_memory(r);
    }
    for (const struct kg_node *d = documents->child; err == KG_OK && d != NULL;
         d = d->next) {
        err = read_document(r, d);
    }
    return err;
}

enum kg_errc kg_objects_read(struct kg_objects *o, struct kg_str text,
                             const struct kg_object_rules *rules,
                             struct kg_error *e)
{
    struct reading r = {.rules = rules, .objects = o, .e = e};
    struct kg_node *documents;
    enum kg_errc err;

    *o = (struct kg_objects){.n_items = 0};
    kg_tree_init(&o->tree, KG_LIMIT_TREE);
    err = kg_yaml_parse(text, rules->file, &o->tree, &documents, e);
    if (err == KG_OK) {
        err = read_all(&r, documents);
    }
    if (err != KG_OK) {
        kg_objects_finish(o);
    }
    return err;
}

void kg_objects_finish(struct kg_objects *o)
{
    kg_free(o->items);
    kg_tree_finish(&o->tree);
    *o = (struct kg_objects){.n_items = 0};
}
