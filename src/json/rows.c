/* SPDX-License-Identifier: MIT */
/* How a report is known, and where its rows are. */
#include "compile.h"

/* --- match ---------------------------------------------------------------------- */

/* One more path that meets the demand. */
static enum kg_errc add_match(const struct kg_compile *c,
                              const struct kg_node *text, size_t demand)
{
    struct kg_profile *p = c->p;
    struct kg_action action = {.kind = KG_ACT_MATCH,
                               .slot = (uint16_t)p->n_matches,
                               .condition = (uint16_t)demand};
    struct kg_path path;
    enum kg_errc err = kg_compile_path(c, text, false, &path);

    if (err != KG_OK) {
        return err;
    }
    if (p->n_matches == KG_MATCHES_MAX) {
        return kg_compile_fail(c, text, "match: at most %d paths",
                               KG_MATCHES_MAX);
    }
    p->match_text[p->n_matches++] = kg_node_str(text);
    return kg_compile_act(c, text, &path, path.n_steps, action);
}

/* A path that must be there, or a list of which one must. */
static enum kg_errc add_demand(const struct kg_compile *c,
                               const struct kg_node *demand)
{
    size_t number = c->p->n_demands++;
    enum kg_errc err = KG_OK;

    if (demand->kind != KG_ARRAY) {
        return add_match(c, demand, number);
    }
    if (demand->n_children == 0) {
        return kg_compile_fail(c, demand, "match: a path is expected");
    }
    for (const struct kg_node *n = demand->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = add_match(c, n, number);
    }
    return err;
}

enum kg_errc kg_compile_match(const struct kg_compile *c,
                              const struct kg_node *spec)
{
    const struct kg_node *match = kg_node_get(spec, "match");
    enum kg_errc err = KG_OK;

    if (match == NULL) {
        return KG_OK;
    }
    if (match->kind != KG_ARRAY || match->n_children > KG_MATCHES_MAX) {
        return kg_compile_fail(c, match,
                               "match: a list of at most %d paths is expected",
                               KG_MATCHES_MAX);
    }
    for (const struct kg_node *n = match->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = add_demand(c, n);
    }
    return err;
}

/* --- rows ----------------------------------------------------------------------- */

/* Could a value of `inner` lie inside one of `outer`, or be it? */
static bool may_hold(const struct kg_path *outer, const struct kg_path *inner)
{
    for (size_t i = 0; i < outer->n_steps; i++) {
        if (i == inner->n_steps ||
            !kg_step_meets(&outer->steps[i], &inner->steps[i])) {
            return false;
        }
    }
    return true;
}

/* A row inside a row would be read into the other's cells. */
static enum kg_errc refuse_nested(const struct kg_compile *c,
                                  const struct kg_node *text,
                                  const struct kg_path *path)
{
    for (size_t i = 0; i < c->p->n_rows; i++) {
        if (may_hold(&c->p->rows[i], path) || may_hold(path, &c->p->rows[i])) {
            return kg_compile_fail(c, text,
                                   "rows: %.*s and %.*s lead to the same rows, "
                                   "or to rows inside rows",
                                   KG_STR_ARG(c->p->rows_text[i]),
                                   KG_STR_ARG(kg_node_str(text)));
        }
    }
    return KG_OK;
}

static enum kg_errc add_rows(const struct kg_compile *c,
                             const struct kg_node *text)
{
    struct kg_profile *p = c->p;
    struct kg_action holder = {.kind = KG_ACT_ROWS,
                               .slot = (uint16_t)p->n_rows};
    struct kg_action row = {.kind = KG_ACT_ROW, .slot = (uint16_t)p->n_rows};
    struct kg_path path;
    enum kg_errc err = kg_compile_path(c, text, false, &path);

    if (err == KG_OK) {
        err = refuse_nested(c, text, &path);
    }
    if (err != KG_OK) {
        return err;
    }
    p->rows_text[p->n_rows] = kg_node_str(text);
    p->rows[p->n_rows++] = path;
    err = kg_compile_act(c, text, &path, kg_path_certain(&path, 0), holder);
    return err == KG_OK ? kg_compile_act(c, text, &path, path.n_steps, row)
                        : err;
}

enum kg_errc kg_compile_rows(const struct kg_compile *c,
                             const struct kg_node *spec)
{
    const struct kg_node *rows = kg_node_get(spec, "rows");
    enum kg_errc err = KG_OK;

    if (rows == NULL) {
        return kg_compile_fail(c, spec, "rows is missing");
    }
    if (rows->kind != KG_ARRAY) {
        return add_rows(c, rows);
    }
    if (rows->n_children == 0 || rows->n_children > KG_ROWS_MAX) {
        return kg_compile_fail(
            c, rows, "rows: a path, or a list of 1 to %d, is expected",
            KG_ROWS_MAX);
    }
    for (const struct kg_node *n = rows->child; n != NULL && err == KG_OK;
         n = n->next) {
        err = add_rows(c, n);
    }
    return err;
}
