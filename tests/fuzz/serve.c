/* SPDX-License-Identifier: MIT */
/* The request parser reads the same story from bytes at once and one by one,
 * and a route is looked for in whatever was read. */
#include "serve/parser.h"

#include "kubeglean/limits.h"
#include "kubeglean/serve.h"
#include "serve/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Verdicts, and a hash of all that was read. */
struct story {
    uint64_t hash;
    unsigned n_whole;
    unsigned status;
};

static void mix(struct story *s, struct kg_str bytes)
{
    s->hash = s->hash * 31 + kg_str_hash(bytes);
}

static void look_up(const struct kg_serve_parser *p, struct story *s)
{
    struct kg_serve_target target;
    struct kg_serve_match match;

    if (!kg_serve_target_parse(kg_buf_str(&p->url), &target)) {
        return;
    }
    match = kg_serve_route_find(kg_endpoint_routes, KG_ENDPOINT_ROUTES,
                                kg_str_from(kg_serve_parser_method(p)),
                                target.path);
    KG_REQUIRE(match.route == NULL || match.allow[0] != '\0');
    mix(s, match.name);
    mix(s, target.query);
}

static struct story read_in_pieces(struct kg_str rest, size_t piece)
{
    struct story s = {0};
    struct kg_serve_parser p;

    kg_serve_parser_init(&p);
    while (rest.len > 0 && s.status == 0) {
        size_t used = 0;

        switch (kg_serve_parser_feed(
            &p, kg_str_of(rest.ptr, rest.len < piece ? rest.len : piece),
            &used)) {
        case KG_SERVE_MORE:
            break;
        case KG_SERVE_WHOLE:
            s.n_whole++;
            look_up(&p, &s);
            mix(&s, kg_buf_str(&p.body));
            mix(&s, kg_buf_str(&p.token));
            kg_serve_parser_next(&p);
            break;
        case KG_SERVE_REFUSED:
            s.status = p.status;
            KG_REQUIRE(s.status >= 400);
            break;
        }
        KG_REQUIRE(used <= rest.len);
        rest = kg_str_of(rest.ptr + used, rest.len - used);
    }
    kg_serve_parser_finish(&p);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct kg_str bytes = kg_str_of((const char *)data, len);
    struct story at_once = read_in_pieces(bytes, len + 1);
    struct story by_byte = read_in_pieces(bytes, 1);

    KG_REQUIRE(at_once.hash == by_byte.hash);
    KG_REQUIRE(at_once.n_whole == by_byte.n_whole);
    KG_REQUIRE(at_once.status == by_byte.status);
    return 0;
}
