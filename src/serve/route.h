/* Which route a request is for. */
#ifndef KG_SERVE_ROUTE_H
#define KG_SERVE_ROUTE_H

#include "kubeglean/serve.h"

struct kg_serve_target {
    struct kg_str path, query; /* Borrowed from the URL. */
};

/* "/a?b" or "http://host/a?b"; false for any other form. */
KG_MUST_USE bool kg_serve_target_parse(struct kg_str url,
                                       struct kg_serve_target *ret_target);

enum { KG_SERVE_ALLOW_MAX = 64 };

struct kg_serve_match {
    const struct kg_route *route;   /* NULL: none. */
    struct kg_str name;             /* What the route's "*" stands for. */
    char allow[KG_SERVE_ALLOW_MAX]; /* Methods that the path has, as in the
                                       header Allow; "": it is unknown. */
};

struct kg_serve_match kg_serve_route_find(const struct kg_route *routes,
                                          size_t n_routes, struct kg_str method,
                                          struct kg_str path);

#endif /* KG_SERVE_ROUTE_H */
