/* SPDX-License-Identifier: MIT */
#include "route.h"

#include <stdio.h>

bool kg_serve_target_parse(struct kg_str url,
                           struct kg_serve_target *ret_target)
{
    static const struct kg_str scheme = {"http://", 7};
    struct kg_str rest = url;

    if (kg_str_starts(url, scheme)) {
        const char *slash =
            memchr(url.ptr + scheme.len, '/', url.len - scheme.len);

        if (slash == NULL) {
            return false;
        }
        rest = kg_str_of(slash, (size_t)(url.ptr + url.len - slash));
    }
    if (rest.len == 0 || rest.ptr[0] != '/') {
        return false;
    }
    ret_target->path = kg_str_cut(&rest, '?');
    ret_target->query = rest;
    return true;
}

/* Segment by segment; "*" stands for one that is not empty. */
static bool path_matches(struct kg_str pattern, struct kg_str path,
                         struct kg_str *ret_name)
{
    while (pattern.ptr != NULL && path.ptr != NULL) {
        struct kg_str want = kg_str_cut(&pattern, '/');
        struct kg_str have = kg_str_cut(&path, '/');

        if (kg_str_is(want, "*") && have.len > 0) {
            *ret_name = have;
        } else if (!kg_str_eq(want, have)) {
            return false;
        }
    }
    return pattern.ptr == NULL && path.ptr == NULL;
}

static bool method_matches(const char *want, struct kg_str have)
{
    return kg_str_is(have, want) ||
           (strcmp(want, "GET") == 0 && kg_str_is(have, "HEAD"));
}

static void allow(struct kg_serve_match *m, const char *method)
{
    size_t len = strlen(m->allow);

    (void)snprintf(m->allow + len, sizeof(m->allow) - len, "%s%s%s",
                   len > 0 ? ", " : "", method,
                   strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

struct kg_serve_match kg_serve_route_find(const struct kg_route *routes,
                                          size_t n_routes, struct kg_str method,
                                          struct kg_str path)
{
    struct kg_serve_match m = {0};

    for (size_t i = 0; i < n_routes && m.route == NULL; i++) {
        if (!path_matches(kg_str_from(routes[i].path), path, &m.name)) {
            continue;
        }
        allow(&m, routes[i].method);
        if (method_matches(routes[i].method, method)) {
            m.route = &routes[i];
        }
    }
    return m;
}
