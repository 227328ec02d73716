/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <stdio.h>

#include "kubeglean/heap.h"
#include "status.h"

enum {
    LIST_MAX = 512 * 1024 * 1024,
    OLD_LISTS_MAX = 16,
    TOO_LARGE_MS = 3000, /* As long as the real server waits for it. */
    TOKEN_MAX = 1024,
};

/* What was there at a resourceVersion, for the pages that are still to come. */
struct old_list {
    struct kg_queue node;
    struct sim_resource *resource;
    char *ns;
    uint64_t rv;
    struct sim_version **versions;
    size_t n_versions;
};

/* What a page is cut from: versions in order, held by somebody else. */
struct view {
    struct sim_version **versions;
    size_t n;
    uint64_t rv;
    bool own; /* `versions` is to be freed. */
};

/* What was asked. */
struct query {
    struct sim_selector selector;
    int64_t limit;
    uint64_t token_rv; /* UINT64_MAX: of whatever there is now. */
    char *start;       /* "NAME" or "NS/NAME": the first not before it. */
    bool going_on;     /* Came with a token. */
};

bool sim_call_selector(struct sim_call *c, struct sim_selector *ret_selector)
{
    struct kg_error e;

    if (sim_selector_init(
            ret_selector, sim_query(c->req->query, "labelSelector"),
            sim_query(c->req->query, "fieldSelector"), c->kind->go_group,
            c->sim->config.modern, &e) == KG_OK) {
        return true;
    }
    sim_bad_request(c, "%s", e.text);
    return false;
}

/* --- lists that are read in pages -------------------------------------------- */

static void forget(struct old_list *l)
{
    kg_queue_remove(&l->node);
    for (size_t i = 0; i < l->n_versions; i++) {
        sim_version_release(l->versions[i]);
    }
    kg_free(l->versions);
    kg_free(l->ns);
    kg_free(l);
}

void sim_lists_forget(struct sim *sim)
{
    struct kg_queue *node;

    while ((node = kg_queue_head(&sim->old_lists)) != NULL) {
        forget(KG_CONTAINER_OF(node, struct old_list, node));
    }
}

static struct old_list *find_old(struct sim_call *c, uint64_t rv)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &c->sim->old_lists) {
        struct old_list *l = KG_CONTAINER_OF(node, struct old_list, node);

        if (l->rv == rv && l->resource == c->resource &&
            kg_str_is(c->ns, l->ns)) {
            return l;
        }
    }
    return NULL;
}

static void remember(struct sim_call *c, const struct view *v)
{
    struct old_list *l;
    unsigned n = 0;
    struct kg_queue *node;

    if (find_old(c, v->rv) != NULL) {
        return;
    }
    kg_queue_foreach (node, &c->sim->old_lists) {
        n++;
    }
    if (n == OLD_LISTS_MAX) {
        forget(KG_CONTAINER_OF(kg_queue_head(&c->sim->old_lists),
                               struct old_list, node));
    }
    l = kg_calloc(1, sizeof(*l));
    KG_REQUIRE(l != NULL);
    l->resource = c->resource;
    l->ns = sim_cstr(c->ns);
    l->rv = v->rv;
    l->n_versions = v->n;
    l->versions = kg_calloc(v->n, sizeof(struct sim_version *));
    KG_REQUIRE(l->versions != NULL);
    for (size_t i = 0; i < v->n; i++) {
        l->versions[i] = sim_version_hold(v->versions[i]);
    }
    kg_queue_insert_tail(&c->sim->old_lists, &l->node);
}

/* --- tokens -------------------------------------------------------------------- */

static const char url64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct kg_buf *out, struct kg_str s)
{
    for (size_t i = 0; i < s.len; i += 3) {
        unsigned bits = 0;
        size_t n = s.len - i < 3 ? s.len - i : 3;

        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (k < n ? (unsigned char)s.ptr[i + k] : 0u);
        }
        for (size_t k = 0; k <= n; k++) {
            sim_require(kg_buf_addc(out, url64[bits >> (18 - 6 * k) & 63]));
        }
    }
}

static size_t decode(const char *text, char out[TOKEN_MAX])
{
    unsigned bits = 0;
    unsigned n_bits = 0;
    size_t len = 0;

    for (; *text != '\0' && len < TOKEN_MAX; text++) {
        const char *at = strchr(url64, *text);

        if (at == NULL) {
            break;
        }
        bits = bits << 6 | (unsigned)(at - url64);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[len++] = (char)(bits >> n_bits & 0xff);
        }
    }
    return len;
}

/* The token that goes on behind `last`. */
static void put_token(struct sim_call *c, struct kg_buf *out, int64_t rv,
                      const struct sim_version *last, struct kg_str start)
{
    struct kg_buf b;

    kg_buf_init(&b, LIST_MAX);
    sim_require(
        kg_buf_addf(&b, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":\"",
                    (long long)rv));
    if (last == NULL) {
        sim_require(kg_buf_addf(&b, "%.*s", KG_STR_ARG(start)));
    } else {
        if (c->ns.len == 0 && last->ns.len > 0) {
            sim_require(kg_buf_addf(&b, "%.*s/", KG_STR_ARG(last->ns)));
        }
        sim_require(kg_buf_addf(&b, "%.*s", KG_STR_ARG(last->name)));
    }
    sim_require(kg_buf_adds(&b, "\\u0000\"}"));
    encode(out, kg_buf_str(&b));
    kg_buf_finish(&b);
}

static void bad_token(struct sim_call *c, const char *bytes)
{
    unsigned char first = (unsigned char)bytes[0];
    char shown[16];

    if (first >= ' ' && first < 127) {
        (void)snprintf(shown, sizeof(shown), "%c", first);
    } else {
        (void)snprintf(shown, sizeof(shown),
                       c->sim->config.modern ? "\\x%02x" : "\\u%04x", first);
    }
    sim_bad_request(c,
                    "invalid continue token: continue key is not valid: "
                    "invalid character '%s' looking for beginning of value",
                    shown);
}

/* False: it is none; answered. */
static bool take_token(struct sim_call *c, struct query *q, const char *token)
{
    char bytes[TOKEN_MAX] = {0};
    size_t len = decode(token, bytes);
    struct kg_tree t;
    struct kg_str start;

    kg_tree_init(&t, LIST_MAX);
    if (sim_json_parse(&t, kg_str_of(bytes, len), NULL) != KG_OK) {
        kg_tree_finish(&t);
        bad_token(c, bytes);
        return false;
    }
    q->going_on = true;
    q->token_rv = (uint64_t)sim_int(t.root, "rv", -1);
    start = kg_node_str(kg_node_get(t.root, "start"));
    kg_free(q->start);
    q->start = sim_cstr(start); /* Its NUL at the end sorts it behind. */
    kg_tree_finish(&t);
    return true;
}

static void too_old(struct sim_call *c, const struct query *q)
{
    struct kg_buf token;
    struct kg_buf b;

    kg_buf_init(&token, LIST_MAX);
    kg_buf_init(&b, LIST_MAX);
    put_token(c, &token, -1, NULL, kg_str_from(q->start));
    sim_require(kg_buf_addf(
        &b,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{"
        "\"continue\":\"%.*s\"},\"status\":\"Failure\",\"message\":\"The "
        "provided continue parameter is too old to display a consistent list "
        "result. You can start a new list without the continue parameter, or "
        "use the continue token in this response to retrieve the remainder of "
        "the results. Continuing with the provided token results in an "
        "inconsistent list - objects that were created, modified, or deleted "
        "between the time the first chunk was returned and now may show up in "
        "the list.\",\"reason\":\"Expired\",\"code\":410}\n",
        KG_STR_ARG(kg_buf_str(&token))));
    sim_answer(c->conn, 410, "application/json", NULL, kg_buf_str(&b));
    kg_buf_finish(&token);
    kg_buf_finish(&b);
}

/* --- the versions a list is cut from -------------------------------------------- */

static struct view view_now(struct sim_call *c)
{
    struct sim_resource *r = c->resource;
    size_t i = sim_store_seek(r, c->ns, kg_str_of("", 0));
    struct view v = {.rv = r->store->rv, .own = true};

    v.versions =
        kg_alloc((r->n_objects - i + 1) * sizeof(struct sim_version *));
    KG_REQUIRE(v.versions != NULL);
    for (; i < r->n_objects; i++) {
        if (c->ns.len > 0 && !kg_str_eq(r->objects[i]->now->ns, c->ns)) {
            break;
        }
        v.versions[v.n++] = r->objects[i]->now;
    }
    return v;
}

/* False: the token is too old; answered. */
static bool take_view(struct sim_call *c, const struct query *q,
                      struct view *ret_view)
{
    struct old_list *l;

    if (!q->going_on || q->token_rv == UINT64_MAX) {
        *ret_view = view_now(c);
        return true;
    }
    l = find_old(c, q->token_rv);
    if (l == NULL || l->rv < c->sim->store.compacted_rv) {
        too_old(c, q);
        return false;
    }
    *ret_view = (struct view){l->versions, l->n_versions, l->rv, false};
    return true;
}

static bool is_before(struct sim_call *c, const struct sim_version *v,
                      const char *start)
{
    struct kg_str rest = kg_str_from(start);
    int order = 0;

    if (c->ns.len == 0 && c->kind->namespaced) {
        order = kg_str_cmp(v->ns, kg_str_cut(&rest, '/'));
    }
    return order < 0 || (order == 0 && kg_str_cmp(v->name, rest) <= 0);
}

/* Index of the first that the page may have. */
static size_t first_of(struct sim_call *c, const struct query *q,
                       const struct view *v)
{
    size_t low = 0;
    size_t high = q->going_on ? v->n : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_before(c, v->versions[middle], q->start)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* --- writing -------------------------------------------------------------------- */

/* Adds the page's items to `b`; returns the index behind the last of them. */
static size_t put_items(struct kg_buf *b, const struct query *q,
                        const struct view *v, size_t first)
{
    int64_t n = 0;
    size_t i;

    for (i = first; i < v->n && (q->limit <= 0 || n < q->limit); i++) {
        if (!sim_selector_fits(&q->selector, v->versions[i])) {
            continue;
        }
        sim_require(kg_buf_adds(b, n > 0 ? ",{" : "{"));
        sim_require(kg_buf_add(b, v->versions[i]->json));
        n++;
    }
    return i;
}

static bool any_more(const struct query *q, const struct view *v, size_t from)
{
    for (size_t i = from; i < v->n; i++) {
        if (sim_selector_fits(&q->selector, v->versions[i])) {
            return true;
        }
    }
    return false;
}

static void put_metadata(struct sim_call *c, struct kg_buf *b,
                         const struct query *q, const struct view *v,
                         size_t end)
{
    bool selects = q->selector.n_labels + q->selector.n_fields > 0;

    sim_require(kg_buf_addf(b, "\"metadata\":{\"resourceVersion\":\"%llu\"",
                            (unsigned long long)v->rv));
    if (end > 0 && any_more(q, v, end)) {
        sim_require(kg_buf_adds(b, ",\"continue\":\""));
        put_token(c, b, (int64_t)v->rv, v->versions[end - 1], kg_str_of("", 0));
        sim_require(kg_buf_adds(b, "\""));
        remember(c, v);
        if (!selects) {
            sim_require(
                kg_buf_addf(b, ",\"remainingItemCount\":%zu", v->n - end));
        }
    }
    sim_require(kg_buf_adds(b, "},"));
}

static void put_list(struct sim_call *c, const struct query *q,
                     const struct view *v)
{
    char text[64];
    struct kg_buf items;
    struct kg_buf b;
    size_t end;

    kg_buf_init(&items, LIST_MAX);
    kg_buf_init(&b, LIST_MAX);
    end = put_items(&items, q, v, first_of(c, q, v));
    sim_require(kg_buf_addf(&b, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",",
                            c->kind->kind,
                            sim_api_version(c->kind, c->version, text)));
    put_metadata(c, &b, q, v, end);
    sim_require(kg_buf_adds(&b, "\"items\":["));
    sim_require(kg_buf_add(&b, kg_buf_str(&items)));
    sim_require(kg_buf_adds(&b, "]}\n"));
    kg_buf_finish(&items);
    sim_answer(c->conn, 200, "application/json", NULL, kg_buf_str(&b));
    kg_buf_finish(&b);
}

/* --- what is asked ---------------------------------------------------------------- */

static void bad_rv(struct sim_call *c, const char *text)
{
    if (c->sim->config.modern) {
        sim_bad_request(c,
                        "invalid resource version: resourceVersion: Invalid "
                        "value: \"%s\": strconv.ParseUint: parsing \"%s\": "
                        "invalid syntax",
                        text, text);
        return;
    }
    sim_fail(c, 500, NULL, NULL,
             "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: "
             "parsing \"%s\": invalid syntax",
             text, text);
}

static void too_large(struct sim_call *c, uint64_t rv)
{
    struct kg_buf b;

    kg_buf_init(&b, LIST_MAX);
    sim_require(kg_buf_addf(
        &b,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
        "\"status\":\"Failure\",\"message\":\"Timeout: Too large resource "
        "version: %llu, current: %llu\",\"reason\":\"Timeout\",\"details\":{"
        "\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":"
        "\"Too large resource version\"}],\"retryAfterSeconds\":1},"
        "\"code\":504}\n",
        (unsigned long long)rv, (unsigned long long)c->sim->store.rv));
    sim_answer_later(c->conn, TOO_LARGE_MS, 504, "Retry-After: 1\r\n",
                     kg_buf_str(&b));
    kg_buf_finish(&b);
}

/* False: refused, answered. */
static bool take_rv(struct sim_call *c, struct query *q, const char *text)
{
    uint64_t rv = 0;

    if (text == NULL || text[0] == '\0') {
        return true;
    }
    if (!kg_str_to_u64(kg_str_from(text), &rv)) {
        bad_rv(c, text);
        return false;
    }
    if (q->going_on && rv != 0) {
        sim_bad_request(c, "specifying resource version is not allowed when "
                           "using continue");
        return false;
    }
    if (rv > c->sim->store.rv) {
        too_large(c, rv);
        return false;
    }
    if (rv == 0 && !q->going_on) {
        q->limit = 0; /* The watch cache answers, and knows no pages. */
    }
    return true;
}

static bool take_query(struct sim_call *c, struct query *q)
{
    char *token = sim_query(c->req->query, "continue");
    char *rv = sim_query(c->req->query, "resourceVersion");
    bool good = true;

    (void)sim_query_int(c->req->query, "limit", &q->limit);
    if (token != NULL && token[0] != '\0') {
        good = take_token(c, q, token);
    }
    good = good && take_rv(c, q, rv) && sim_call_selector(c, &q->selector);
    kg_free(token);
    kg_free(rv);
    return good;
}

void sim_list(struct sim_call *c)
{
    struct query q = {.limit = 0};
    struct view v;

    if (take_query(c, &q)) {
        if (take_view(c, &q, &v)) {
            put_list(c, &q, &v);
            if (v.own) {
                kg_free(v.versions);
            }
        }
        sim_selector_finish(&q.selector);
    }
    kg_free(q.start);
}
