/* SPDX-License-Identifier: MIT */
#include "body.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "kubeglean/yaml.h"
#include "schema.h"
#include "status.h"

enum { TREE_MAX = 64 * 1024 * 1024 };

static bool is_json(struct kg_str type)
{
    return type.len == 0 || kg_str_is(type, "application/json") ||
           kg_str_ends(type, KG_STR("+json"));
}

static bool is_yaml(struct kg_str type)
{
    return kg_str_is(type, "application/yaml") ||
           kg_str_ends(type, KG_STR("+yaml"));
}

static bool parse_yaml(struct sim_call *c, struct kg_tree *t)
{
    struct kg_node *root;
    struct kg_error e;

    if (kg_yaml_parse_one(c->req->body, "body", t, &root, &e) == KG_OK) {
        t->root = root;
        return true;
    }
    kg_tree_finish(t);
    sim_bad_request(c, "error decoding YAML: error converting YAML to JSON: "
                       "yaml: line 1: did not find expected node content");
    return false;
}

bool sim_body_parse(struct sim_call *c, struct kg_tree *t)
{
    kg_tree_init(t, TREE_MAX);
    if (sim_json_parse(t, c->req->body, NULL) == KG_OK) {
        return true;
    }
    kg_tree_finish(t);
    if (is_yaml(c->req->type)) {
        kg_tree_init(t, TREE_MAX);
        return parse_yaml(c, t);
    }
    sim_bad_request(c,
                    "the object provided is unrecognized (must be of type "
                    "%s): couldn't get version/kind; json parse error",
                    c->kind->kind);
    return false;
}

/* --- fields ---------------------------------------------------------------------- */

struct findings {
    struct kg_buf unknown; /* `unknown field "a", unknown field "b"` */
    struct kg_buf headers;
    char mistyped[300];
};

static void on_unknown(void *data, const char *path)
{
    struct findings *f = data;

    sim_require(kg_buf_addf(&f->unknown, "%sunknown field \"%s\"",
                            kg_buf_len(&f->unknown) > 0 ? ", " : "", path));
    sim_require(kg_buf_addf(
        &f->headers, "Warning: 299 - \"unknown field \\\"%s\\\"\"\r\n", path));
}

static void on_mistyped(void *data, const char *path)
{
    struct findings *f = data;

    (void)snprintf(f->mistyped, sizeof(f->mistyped), "%s", path);
}

/* True: refused, answered. */
static bool refused(struct sim_call *c, struct findings *f)
{
    char *validation = sim_query(c->req->query, "fieldValidation");
    const char *how = validation != NULL ? validation : "Warn";
    bool strict = c->sim->config.modern && strcmp(how, "Strict") == 0;
    bool warn = c->sim->config.modern && strcmp(how, "Warn") == 0;
    bool unknown = kg_buf_len(&f->unknown) > 0;

    if (f->mistyped[0] != '\0') {
        sim_bad_request(c,
                        "%s in version \"%s\" cannot be handled as a %s: "
                        "json: cannot unmarshal field %s",
                        c->kind->kind, c->version, c->kind->kind, f->mistyped);
    } else if (unknown && strict) {
        sim_bad_request(c,
                        "%s in version \"%s\" cannot be handled as a %s: "
                        "strict decoding error: %s",
                        c->kind->kind, c->version, c->kind->kind,
                        kg_buf_cstr(&f->unknown));
    } else if (unknown && warn) {
        (void)snprintf(c->headers, sizeof(c->headers), "%s",
                       kg_buf_cstr(&f->headers));
    }
    kg_free(validation);
    return f->mistyped[0] != '\0' || (unknown && strict);
}

static bool fields_are_good(struct sim_call *c, struct kg_node *root)
{
    struct findings f = {.mistyped = ""};
    struct sim_schema_report report = {on_unknown, on_mistyped, &f};
    bool bad;

    kg_buf_init(&f.unknown, SIM_BODY_MAX);
    kg_buf_init(&f.headers, SIM_BODY_MAX);
    sim_schema_check(c->sim, c->kind, root, &report);
    bad = refused(c, &f);
    if (!bad) {
        sim_schema_prune(c->sim, c->kind, root);
    }
    kg_buf_finish(&f.unknown);
    kg_buf_finish(&f.headers);
    return !bad;
}

/* --- kind ------------------------------------------------------------------------- */

/* What says nothing is taken as the path says. */
static bool kind_is_good(struct sim_call *c, const struct kg_node *root)
{
    struct kg_str kind = kg_node_str(kg_node_get(root, "kind"));
    struct kg_str version = kg_node_str(kg_node_get(root, "apiVersion"));
    char own[64];

    (void)sim_api_version(c->kind, c->version, own);
    if (root->kind == KG_OBJECT &&
        (kind.len == 0 || kg_str_is(kind, c->kind->kind)) &&
        (version.len == 0 || kg_str_is(version, own))) {
        return true;
    }
    sim_bad_request(c,
                    "%.*s in version \"%.*s\" cannot be handled as a %s: "
                    "no kind \"%.*s\" is registered for version \"%.*s\"",
                    KG_STR_ARG(kind), KG_STR_ARG(version), c->kind->kind,
                    KG_STR_ARG(kind), KG_STR_ARG(version));
    return false;
}

bool sim_body_object(struct sim_call *c, struct kg_tree *t)
{
    if (!is_json(c->req->type) && !is_yaml(c->req->type)) {
        sim_fail(c, 415, "UnsupportedMediaType", NULL,
                 "the body of the request was in an unknown format - accepted "
                 "media types include: application/json, application/yaml, "
                 "application/vnd.kubernetes.protobuf");
        return false;
    }
    if (!sim_body_parse(c, t)) {
        return false;
    }
    if (kind_is_good(c, t->root) && fields_are_good(c, t->root)) {
        return true;
    }
    kg_tree_finish(t);
    return false;
}
