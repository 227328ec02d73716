/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <stdio.h>

/* One line of whole characters: it may be a proxy's that says this. */
static void copy(char *to, size_t size, struct kg_str from)
{
    int would_be = snprintf(to, size, "%.*s", KG_STR_ARG(from));
    size_t len = would_be > 0 ? strlen(to) : 0;
    size_t at = 0;

    while (at < len) {
        at += kg_str_utf8_span(kg_str_of(to + at, len - at));
        if (at < len) {
            to[at++] = '?';
        }
    }
    for (char *c = to; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    }
}

void kg_kube_status_read(struct kg_kube_status *s, int http,
                         const struct kg_node *body, struct kg_str text)
{
    const struct kg_node *details = kg_node_get(body, "details");
    int64_t seconds = 0;

    *s = (struct kg_kube_status){.http = http};
    if (!kg_str_is(kg_node_str(kg_node_get(body, "kind")), "Status")) {
        text = kg_str_trim(kg_str_cut(&text, '\n'));
        copy(s->message, sizeof(s->message), text);
        return;
    }
    copy(s->reason, sizeof(s->reason),
         kg_node_str(kg_node_get(body, "reason")));
    copy(s->kind, sizeof(s->kind), kg_node_str(kg_node_get(details, "kind")));
    copy(s->message, sizeof(s->message),
         kg_node_str(kg_node_get(body, "message")));
    if (kg_node_int(kg_node_get(details, "retryAfterSeconds"), &seconds) &&
        seconds > 0 && seconds < UINT32_MAX / 1000) {
        s->retry_after_ms = (uint32_t)seconds * 1000;
    }
}

enum kg_errc kg_kube_status_code(const struct kg_kube_status *s)
{
    switch (s->http) {
    case 401:
        return KG_EUNAUTHORIZED;
    case 403:
        return KG_EFORBIDDEN;
    case 404:
        return KG_ENOTFOUND;
    case 409:
        return kg_str_is(kg_str_from(s->reason), "AlreadyExists")
                   ? KG_EEXISTS
                   : KG_ECONFLICT;
    case 410:
        return KG_EGONE;
    case 422:
        return KG_EINVALID;
    case 429:
        return KG_EBUSY;
    default:
        if (s->http >= 500) {
            return KG_ESERVER;
        }
        return s->http >= 400 ? KG_EBADREQUEST : KG_EPROTOCOL;
    }
}

/* What is between `before` and the next quote, or empty. */
static struct kg_str quoted_after(struct kg_str s, const char *before)
{
    struct kg_str word = kg_str_from(before);
    ptrdiff_t at = kg_str_find(s, word);
    struct kg_str rest;

    if (at < 0) {
        return kg_str_of("", 0);
    }
    rest = kg_str_of(s.ptr + at + word.len, s.len - (size_t)at - word.len);
    return kg_str_cut(&rest, '"');
}

/* `... User "x" cannot create resource "jobs" in API group "batch" in the
 * namespace "a"` is "missing right to create jobs.batch in namespace a". */
static void name_missing_right(struct kg_str message, char *out, size_t size)
{
    static const struct kg_str cannot = {"\" cannot ", 9};
    ptrdiff_t at = kg_str_find(message, cannot);
    struct kg_str resource = quoted_after(message, " resource \"");
    struct kg_str group = quoted_after(message, " API group \"");
    struct kg_str ns = quoted_after(message, " the namespace \"");
    struct kg_str verb;

    out[0] = '\0';
    if (at < 0 || resource.len == 0) {
        return;
    }
    verb = kg_str_of(message.ptr + at + cannot.len,
                     message.len - (size_t)at - cannot.len);
    verb = kg_str_cut(&verb, ' ');
    (void)snprintf(
        out, size,
        "missing right to %.*s %.*s%s%.*s %s%.*s: ", KG_STR_ARG(verb),
        KG_STR_ARG(resource), group.len > 0 ? "." : "", KG_STR_ARG(group),
        ns.len > 0 ? "in namespace " : "in the whole cluster", KG_STR_ARG(ns));
}

void kg_kube_status_error(const struct kg_kube_status *s, const char *what,
                          struct kg_error *e)
{
    char hint[KG_KUBE_MESSAGE_MAX] = "";

    if (s->http == 403) {
        name_missing_right(kg_str_from(s->message), hint, sizeof(hint));
    } else if (s->http == 404 && strcmp(s->kind, "namespaces") == 0) {
        (void)snprintf(hint, sizeof(hint), "no such namespace: ");
    }
    (void)kg_error_set(
        e, kg_kube_status_code(s), s->http, "%s: HTTP %d%s%s%s%s%s", what,
        s->http, s->reason[0] != '\0' ? " " : "", s->reason,
        s->message[0] != '\0' || hint[0] != '\0' ? ": " : "", hint, s->message);
}
