/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <stdio.h>

enum { TEXT_MAX = 256 * 1024 };

#define JSON "application/json"

void sim_cause(struct sim_causes *all, const char *reason, const char *field,
               const char *fmt, ...)
{
    struct sim_cause *cause;
    va_list args;

    if (all->n == SIM_CAUSES_MAX) {
        return;
    }
    cause = &all->items[all->n++];
    cause->reason = reason;
    (void)snprintf(cause->field, sizeof(cause->field), "%s", field);
    va_start(args, fmt);
    (void)vsnprintf(cause->message, sizeof(cause->message), fmt, args);
    va_end(args);
}

static void add(struct kg_buf *b, const char *text)
{
    sim_require(kg_buf_adds(b, text));
}

static void add_json(struct kg_buf *b, struct kg_str s)
{
    sim_require(kg_buf_add_json(b, s));
}

static void fail_with(struct sim_call *c, int code, const char *reason,
                      const char *details, struct kg_str message)
{
    struct kg_buf b;

    kg_buf_init(&b, TEXT_MAX);
    add(&b, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
            "\"status\":\"Failure\",\"message\":");
    add_json(&b, message);
    if (reason != NULL) {
        sim_require(kg_buf_addf(&b, ",\"reason\":\"%s\"", reason));
    }
    if (details != NULL) {
        sim_require(kg_buf_addf(&b, ",\"details\":%s", details));
    }
    sim_require(kg_buf_addf(&b, ",\"code\":%d}\n", code));
    sim_answer(c->conn, code, JSON, NULL, kg_buf_str(&b));
    kg_buf_finish(&b);
}

void sim_fail(struct sim_call *c, int code, const char *reason,
              const char *details, const char *fmt, ...)
{
    struct kg_buf message;
    va_list args;

    kg_buf_init(&message, TEXT_MAX);
    va_start(args, fmt);
    sim_require(kg_buf_addv(&message, fmt, args));
    va_end(args);
    fail_with(c, code, reason, details, kg_buf_str(&message));
    kg_buf_finish(&message);
}

void sim_bad_request(struct sim_call *c, const char *fmt, ...)
{
    struct kg_buf message;
    va_list args;

    kg_buf_init(&message, TEXT_MAX);
    va_start(args, fmt);
    sim_require(kg_buf_addv(&message, fmt, args));
    va_end(args);
    fail_with(c, 400, "BadRequest", NULL, kg_buf_str(&message));
    kg_buf_finish(&message);
}

void sim_details(struct sim_call *c, struct kg_buf *b, struct kg_str name,
                 const char *kind)
{
    add(b, "{");
    if (name.len > 0) {
        add(b, "\"name\":");
        add_json(b, name);
        add(b, ",");
    }
    if (c->kind->group[0] != '\0') {
        sim_require(kg_buf_addf(b, "\"group\":\"%s\",", c->kind->group));
    }
    sim_require(kg_buf_addf(b, "\"kind\":\"%s\"",
                            kind != NULL ? kind : c->kind->plural));
}

/* "jobs.batch", "pods" */
static const char *qualified(struct sim_call *c, const char *what,
                             char text[128])
{
    const char *group = c->kind->group;

    (void)snprintf(text, 128, "%s%s%s", what, group[0] != '\0' ? "." : "",
                   group);
    return text;
}

static void fail_named(struct sim_call *c, int code, const char *reason,
                       struct kg_str name, const char *what)
{
    struct kg_buf details;
    char text[128];

    kg_buf_init(&details, TEXT_MAX);
    sim_details(c, &details, name, NULL);
    add(&details, "}");
    sim_fail(c, code, reason, kg_buf_cstr(&details), "%s \"%.*s\" %s",
             qualified(c, c->kind->plural, text), KG_STR_ARG(name), what);
    kg_buf_finish(&details);
}

void sim_not_found(struct sim_call *c)
{
    fail_named(c, 404, "NotFound", c->name, "not found");
}

void sim_exists(struct sim_call *c, struct kg_str name)
{
    fail_named(c, 409, "AlreadyExists", name, "already exists");
}

void sim_no_namespace(struct sim_call *c)
{
    struct sim_call of_namespace = *c;

    of_namespace.kind = &sim_kinds[SIM_NAMESPACES];
    of_namespace.name = c->ns;
    sim_not_found(&of_namespace);
}

void sim_conflict(struct sim_call *c, const char *kind, const char *why)
{
    struct kg_buf details;
    char text[128];

    kg_buf_init(&details, TEXT_MAX);
    sim_details(c, &details, c->name, kind);
    add(&details, "}");
    sim_fail(c, 409, "Conflict", kg_buf_cstr(&details),
             "Operation cannot be fulfilled on %s \"%.*s\": %s",
             qualified(c, kind != NULL ? kind : c->kind->plural, text),
             KG_STR_ARG(c->name), why);
    kg_buf_finish(&details);
}

void sim_no_such_path(struct sim_call *c)
{
    sim_fail(c, 404, "NotFound", "{}",
             "the server could not find the requested resource");
}

void sim_no_such_method(struct sim_call *c)
{
    sim_fail(c, 405, "MethodNotAllowed", "{}",
             "the server does not allow this method on the requested "
             "resource");
}

static void add_cause(struct kg_buf *b, const struct sim_cause *cause)
{
    sim_require(
        kg_buf_addf(b, "{\"reason\":\"%s\",\"message\":", cause->reason));
    add_json(b, kg_str_from(cause->message));
    add(b, ",\"field\":");
    add_json(b, kg_str_from(cause->field));
    add(b, "}");
}

void sim_put_causes(struct kg_buf *b, const struct sim_causes *all)
{
    add(b, "\"causes\":[");
    for (size_t i = 0; i < all->n; i++) {
        add(b, i > 0 ? "," : "");
        add_cause(b, &all->items[i]);
    }
    add(b, "]");
}

static void add_message(struct kg_buf *b, const struct sim_causes *all)
{
    add(b, all->n > 1 ? "[" : "");
    for (size_t i = 0; i < all->n; i++) {
        const struct sim_cause *cause = &all->items[i];

        sim_require(kg_buf_addf(b, "%s%s: %s", i > 0 ? ", " : "", cause->field,
                                cause->message));
    }
    add(b, all->n > 1 ? "]" : "");
}

/* `kind` of options is "DeleteOptions.meta.k8s.io". */
static void invalid_details(struct sim_call *c, struct kg_buf *b,
                            const char *kind, struct kg_str name)
{
    struct kg_str rest = kg_str_from(kind);
    struct kg_str first = kg_str_cut(&rest, '.');

    if (kind == NULL) {
        sim_details(c, b, name, c->kind->kind);
        return;
    }
    add(b, "{");
    if (name.len > 0) {
        add(b, "\"name\":");
        add_json(b, name);
        add(b, ",");
    }
    if (rest.len > 0) {
        sim_require(kg_buf_addf(b, "\"group\":\"%.*s\",", KG_STR_ARG(rest)));
    }
    sim_require(kg_buf_addf(b, "\"kind\":\"%.*s\"", KG_STR_ARG(first)));
}

void sim_invalid(struct sim_call *c, const char *kind, struct kg_str name,
                 const struct sim_causes *all)
{
    struct kg_buf details;
    struct kg_buf message;
    char text[128];

    kg_buf_init(&details, TEXT_MAX);
    kg_buf_init(&message, TEXT_MAX);
    invalid_details(c, &details, kind, name);
    add(&details, ",");
    sim_put_causes(&details, all);
    add(&details, "}");
    sim_require(
        kg_buf_addf(&message, "%s \"%.*s\" is invalid: ",
                    kind != NULL ? kind : qualified(c, c->kind->kind, text),
                    KG_STR_ARG(name)));
    add_message(&message, all);
    fail_with(c, 422, "Invalid", kg_buf_cstr(&details), kg_buf_str(&message));
    kg_buf_finish(&details);
    kg_buf_finish(&message);
}

void sim_deleted(struct sim_call *c, const struct sim_version *v)
{
    struct kg_buf b;

    kg_buf_init(&b, TEXT_MAX);
    add(&b, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
            "\"status\":\"Success\",\"details\":");
    sim_details(c, &b, v->name, NULL);
    sim_require(kg_buf_addf(&b, ",\"uid\":\"%.*s\"}}\n", KG_STR_ARG(v->uid)));
    sim_answer(c->conn, 200, JSON, NULL, kg_buf_str(&b));
    kg_buf_finish(&b);
}

const char *sim_api_version(const struct sim_kind *k, const char *version,
                            char text[64])
{
    (void)snprintf(text, 64, "%s%s%s", k->group, k->group[0] != '\0' ? "/" : "",
                   version);
    return text;
}

void sim_put_type(struct kg_buf *b, const struct sim_kind *k,
                  const char *version)
{
    char text[64];

    sim_require(kg_buf_addf(b, "\"kind\":\"%s\",\"apiVersion\":\"%s\",",
                            k->kind, sim_api_version(k, version, text)));
}

void sim_show(struct sim_call *c, int status, const char *headers,
              const struct sim_version *v)
{
    struct kg_buf b;

    kg_buf_init(&b, v->json.len + TEXT_MAX);
    add(&b, "{");
    sim_put_type(&b, c->kind, c->version);
    sim_require(kg_buf_add(&b, v->json));
    add(&b, "\n");
    sim_answer(c->conn, status, JSON, headers != NULL ? headers : c->headers,
               kg_buf_str(&b));
    kg_buf_finish(&b);
}
